//! Tests of what maps seem to tell: hidden stretches filled with noise and weighed by their energy, networks that
//! learnt labels without meaning, and the network's score beside that of a trigger.

use super::ablations::{run_crop, run_split, trained_network, usual_network};
use crate::dataset::{Dataset, Labelled, Split};
use crate::detect::recursive_sta_lta;
use crate::error::Result;
use crate::network::{Classify, ConvNet, Segment};
use crate::store::{segment_split, segments, time_blocks};
use crate::study::Study;
use crate::waveform::filter::{Filter, Pass};
use crate::window::{Normalisation, normalise};

/// Networks of each kind, by their seeds.
pub const N_EXPLAINED: u64 = 3;

/// Small networks as those of the ablations with the P wave anywhere, [`N_EXPLAINED`] seeds.
///
/// # Errors
/// As [`segment_split`] and [`train()`](crate::train::train()).
pub fn small_networks(study: &Study) -> Result<Vec<ConvNet>> {
    let segments = segment_split(study)?;
    let crop = run_crop(study, window_s(study));
    let train = |seed| usual_network(study, &run_split(&segments, &crop, seed)?, seed);
    seeds(study).map(train).collect()
}

/// The same trained on segments whose classes were dealt out anew at random: there is nothing to learn.
///
/// # Errors
/// As [`small_networks`].
pub fn networks_of_shuffled_labels(study: &Study) -> Result<Vec<ConvNet>> {
    let all = segments(study)?;
    let blocks = time_blocks(study)?;
    let crop = run_crop(study, window_s(study));
    let train = |seed| {
        let data = Dataset::from_windows(&all.windows, all.n_samples, all.n_classes)?;
        let shuffled = data.with_shuffled_classes(seed);
        let split: Split = shuffled.split_at(blocks.validation, blocks.test)?;
        let split = run_split(&split, &crop, seed)?;
        trained_network(study, &split, super::ablations::N_EPOCHS, seed)
    };
    seeds(study).map(train).collect()
}

fn seeds(study: &Study) -> std::ops::Range<u64> {
    study.seed..study.seed + N_EXPLAINED
}

fn window_s(study: &Study) -> f64 {
    study.window.n_samples as f64 / study.window.sampling_rate_hz
}

/// How what is hidden is filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill<'a> {
    /// Silence.
    Zero,
    /// Noise of these windows, in turn, as loud in each component as the quietest second of the window it is put into.
    Noise(&'a [f32]),
}

/// Falls of the log-odds of an event where bins of a window are hidden, and the share of the window's energy that each
/// bin holds: a row a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden {
    pub falls: Vec<Vec<f64>>,
    pub energies: Vec<Vec<f64>>,
}

/// Hides each bin of `bin_samples` in turn, in all components, of windows `(n_windows, 3, n_samples)`.
///
/// # Errors
/// As [`Classify::probabilities`].
pub fn hidden(
    network: &dyn Classify,
    windows: &[f32],
    bin_samples: usize,
    rate_hz: f64,
    fill: Fill,
) -> Result<Hidden> {
    let n = network.n_samples();
    let bins = Segment {
        n_samples: bin_samples,
        hop_samples: bin_samples,
    };
    let starts = bins.starts(n);
    let mut all = Hidden {
        falls: Vec::new(),
        energies: Vec::new(),
    };
    for (number, window) in windows.chunks_exact(3 * n).enumerate() {
        let filled = filling(window, number, n, rate_hz, fill);
        let mut changed = window.to_vec();
        for start in &starts {
            let first = changed.len();
            changed.extend_from_slice(window);
            for component in 0..3 {
                let here = component * n + start..component * n + start + bin_samples;
                changed[first + here.start..first + here.end].copy_from_slice(&filled[here]);
            }
        }
        let odds: Vec<f64> = network
            .probabilities(&changed)?
            .chunks_exact(network.n_classes())
            .map(log_odds)
            .collect();
        all.falls
            .push(odds[1..].iter().map(|without| odds[0] - without).collect());
        let energy = |start: &usize| -> f64 {
            let rows = window.chunks_exact(n);
            let inside = rows.flat_map(|row| &row[*start..start + bin_samples]);
            inside.map(|x| f64::from(*x).powi(2)).sum()
        };
        let energies: Vec<f64> = starts.iter().map(energy).collect();
        let whole = energies.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        all.energies
            .push(energies.into_iter().map(|energy| energy / whole).collect());
    }
    Ok(all)
}

/// Log-odds of an event from the probabilities of one window.
fn log_odds(row: &[f32]) -> f64 {
    let noise = row.len() - 1;
    let ln = |p: f32| f64::from(p.max(f32::MIN_POSITIVE)).ln();
    ln(row[..noise].iter().sum()) - ln(row[noise])
}

/// A whole window of what hidden bins are filled with.
fn filling(window: &[f32], number: usize, n: usize, rate_hz: f64, fill: Fill) -> Vec<f32> {
    let Fill::Noise(noises) = fill else {
        return vec![0.0; window.len()];
    };
    let n_noises = (noises.len() / window.len()).max(1);
    let first = number % n_noises * window.len();
    let noise = &noises[first..first + window.len()];
    let loudness = |row: &[f32]| {
        let energy: f64 = row.iter().map(|x| f64::from(*x).powi(2)).sum();
        (energy / row.len().max(1) as f64).sqrt()
    };
    let rows = window.chunks_exact(n).zip(noise.chunks_exact(n));
    let row = |(own, noise): (&[f32], &[f32])| {
        let seconds = own.chunks_exact((rate_hz as usize).max(1));
        let quietest = seconds.map(loudness).fold(f64::INFINITY, f64::min);
        let scale = (quietest / loudness(noise).max(f64::MIN_POSITIVE)) as f32;
        noise.iter().map(|x| x * scale).collect::<Vec<f32>>()
    };
    rows.flat_map(row).collect()
}

/// A window's score by the network and by a trigger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoScores {
    /// Whether an event's P wave is in the window, two seconds or more before its end.
    pub is_event: bool,
    /// Log-odds of an event.
    pub network: f64,
    /// Logarithm of the largest STA/LTA ratio in the window that two of three components reached.
    pub trigger: f64,
}

/// STA and LTA in seconds, and the band in Hz. The long average fits before the first window of a segment.
const TRIGGER: (f64, f64, f64, f64) = (0.5, 10.0, 2.0, 15.0);

/// The network's and a trigger's score of windows of segments, one every two seconds, without those that begin less
/// than the long average after their segment does or hold an event's coda alone.
///
/// # Errors
/// As [`Classify::probabilities`] and [`recursive_sta_lta`].
pub fn two_scores(
    study: &Study,
    network: &dyn Classify,
    part: &Labelled,
) -> Result<Vec<TwoScores>> {
    let rate_hz = study.window.sampling_rate_hz;
    let samples = |seconds: f64| (seconds * rate_hz).round() as usize;
    let (sta_s, lta_s, low_hz, high_hz) = TRIGGER;
    let band = Filter::bandpass(4, low_hz, high_hz, rate_hz)?;
    let (n, n_segment) = (network.n_samples(), part.n_samples());
    let (noise, onset) = (part.n_classes() - 1, run_crop(study, window_s(study)).onset);
    let mut scores = Vec::new();
    for index in 0..part.n_windows() {
        let rows: Vec<&[f32]> = part.window(index).chunks_exact(n_segment).collect();
        let mut ratios = Vec::new();
        for row in &rows {
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            let centred: Vec<f32> = row.iter().map(|x| x - mean).collect();
            let banded = band.apply(&centred, Pass::Causal);
            ratios.push(recursive_sta_lta(&banded, samples(sta_s), samples(lta_s))?);
        }
        let is_quiet = part.classes()[index] == noise;
        let (mut windows, mut of_windows) = (Vec::new(), Vec::new());
        for start in (samples(lta_s)..=n_segment - n).step_by(samples(2.0)) {
            let holds_p =
                !is_quiet && (start..(start + n).saturating_sub(samples(2.0))).contains(&onset);
            if !is_quiet && !holds_p && start + n > onset {
                continue;
            }
            let cut: Vec<f32> = rows
                .iter()
                .flat_map(|row| &row[start..start + n])
                .copied()
                .collect();
            windows.extend(normalise(&cut, Normalisation::Std)?);
            let peak =
                |ratio: &Vec<f32>| ratio[start..start + n].iter().copied().fold(0.0, f32::max);
            let mut peaks: Vec<f32> = ratios.iter().map(peak).collect();
            peaks.sort_by(f32::total_cmp);
            of_windows.push((holds_p, f64::from(peaks[1].max(1e-3)).ln()));
        }
        let probabilities = network.probabilities(&windows)?;
        let rows = probabilities.chunks_exact(noise + 1);
        scores.extend(
            rows.zip(of_windows)
                .map(|(row, (is_event, trigger))| TwoScores {
                    is_event,
                    network: log_odds(row),
                    trigger,
                }),
        );
    }
    Ok(scores)
}
