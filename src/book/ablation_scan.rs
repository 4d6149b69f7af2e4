//! How an ablation is scored: by a scan of the validation segments, for a choice is made among its settings.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::dataset::{Crop, Labelled, Validation};
use crate::error::Result;
use crate::evaluate::{PrecisionRecallCurve, Score};
use crate::network::{Classify, ConvNet};
use crate::window::{Normalisation, normalise};

/// All runs are compared at this price: the threshold at which so many of the validation segments
/// without an event are called one. It is a point of each network's curve, read off where all
/// curves can be compared, not a threshold that somebody could have chosen beforehand.
pub const MAX_FALSE_ALARM_SHARE: f64 = 0.03;

/// One scanned segment: the largest probability of an event, and the
/// cluster with the largest sum.
struct Call {
    is_event: bool,
    probability: f64,
    is_right: bool,
}

/// What a network finds in the validation segments, scanned with steps of `hop_s`.
pub(super) struct SegmentScores {
    /// Of the segments with an event, those called at the price of [`MAX_FALSE_ALARM_SHARE`].
    pub found: Score,
    /// Of those found, the cluster right.
    pub right: Score,
    /// Segments without an event.
    pub n_quiet: usize,
    /// Area below precision over recall, all thresholds.
    pub average_precision: f64,
}

/// Scans the validation segments.
pub(super) fn scan_segments(
    network: &ConvNet,
    validation: &Validation,
    crop: &Crop,
    hop_s: f64,
    seed: u64,
) -> Result<SegmentScores> {
    let tested = calls(network, validation, crop, hop_s, seed)?;
    let (events, quiet): (Vec<&Call>, Vec<&Call>) = tested.iter().partition(|call| call.is_event);
    let mut alarms: Vec<f64> = quiet.iter().map(|call| call.probability).collect();
    alarms.sort_by(|a, b| b.total_cmp(a));
    let n_allowed = (MAX_FALSE_ALARM_SHARE * quiet.len() as f64).round() as usize;
    let threshold = alarms.get(n_allowed).copied().unwrap_or(0.5);
    let found = events.iter().filter(|call| call.probability > threshold);
    let n_found = found.clone().count();
    let n_right = found.filter(|call| call.is_right).count();

    let truth: Vec<bool> = tested.iter().map(|call| call.is_event).collect();
    let scores: Vec<f64> = tested.iter().map(|call| call.probability).collect();
    Ok(SegmentScores {
        found: Score::of(n_found, events.len()),
        right: Score::of(n_right, n_found),
        n_quiet: quiet.len(),
        average_precision: PrecisionRecallCurve::new(&truth, &scores)?.average_precision(),
    })
}

/// Scans each segment: all of it where it is noise; of an event the windows that hold its P wave,
/// or begin at most three seconds after it and so hold S. Where the first window begins is random,
/// as it is in a scan.
fn calls(
    network: &ConvNet,
    part: &Labelled,
    crop: &Crop,
    hop_s: f64,
    seed: u64,
) -> Result<Vec<Call>> {
    let n = crop.n_samples;
    let hop = ((hop_s * crop.sampling_rate_hz) as usize).max(1);
    let noise = part.n_classes() - 1;
    let late = (3.0 * crop.sampling_rate_hz) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut calls = Vec::with_capacity(part.n_windows());
    for index in 0..part.n_windows() {
        let class = part.classes()[index];
        let last = part.n_samples() - n;
        let (from, to) = match class == noise {
            true => (0, last),
            false => (
                (crop.onset + 1).saturating_sub(n),
                (crop.onset + late).min(last),
            ),
        };
        let first = (from + rng.random_range(0..hop)).min(to);
        let mut windows = Vec::new();
        for start in (first..=to).step_by(hop) {
            windows.extend(scaled_window(part, index, start, n)?);
        }
        let predictions = network.probabilities(&windows)?;
        let rows = || predictions.chunks_exact(noise + 1);
        let summed = |class: usize| rows().map(|row| row[class]).sum::<f32>();
        let cluster = (0..noise).max_by(|a, b| summed(*a).total_cmp(&summed(*b)));
        let event = |row: &[f32]| row[..noise].iter().map(|p| f64::from(*p)).sum::<f64>();
        calls.push(Call {
            is_event: class != noise,
            probability: rows().map(event).fold(0.0, f64::max),
            is_right: cluster == Some(class),
        });
    }
    Ok(calls)
}

/// Events called at a probability of 0.5 in the window of each segment that begins at `start`, and
/// those of them whose cluster is right.
pub(super) fn called_at(
    network: &ConvNet,
    part: &Labelled,
    start: usize,
) -> Result<(Score, Score)> {
    let noise = part.n_classes() - 1;
    let events: Vec<usize> = (0..part.n_windows())
        .filter(|&i| part.classes()[i] != noise)
        .collect();
    let mut windows = Vec::new();
    for &index in &events {
        windows.extend(scaled_window(part, index, start, network.n_samples())?);
    }
    let predictions = network.probabilities(&windows)?;
    let (mut n_found, mut n_right) = (0, 0);
    for (row, &index) in predictions.chunks_exact(noise + 1).zip(&events) {
        if row[noise] <= 0.5 {
            n_found += 1;
            let cluster = (0..noise).max_by(|a, b| row[*a].total_cmp(&row[*b]));
            n_right += usize::from(cluster == Some(part.classes()[index]));
        }
    }
    Ok((
        Score::of(n_found, events.len()),
        Score::of(n_right, n_found),
    ))
}

/// `n` samples of a segment from `start` on, scaled as the leak-free network's windows.
fn scaled_window(part: &Labelled, index: usize, start: usize, n: usize) -> Result<Vec<f32>> {
    let rows = part.window(index).chunks_exact(part.n_samples());
    let window: Vec<f32> = rows
        .flat_map(|row| &row[start..start + n])
        .copied()
        .collect();
    normalise(&window, Normalisation::Std)
}
