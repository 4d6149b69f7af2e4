//! Short-term over long-term average of the energy, and the triggers that it gives.
//!
//! Both ratios follow ObsPy's definitions, after Allen (1978, *BSSA* 68, 1521-1532) and Withers et
//! al. (1998, *BSSA* 88, 95-106), with one addition: after a gap (NaN) the averages start anew.
//!
//! The two averages are computed side by side, as pairs of short and long, which the processor takes
//! as one.

use std::ops::Range;

use crate::error::{Result, fail};

/// Mean energy of the last `n_sta` samples over that of the last `n_lta`. It is 0 until `n_lta`
/// samples are there, and in gaps.
///
/// # Errors
/// [`crate::Error::Detect`] unless `0 < n_sta < n_lta`.
pub fn classic_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    Ok(between_gaps(samples, |stretch, ratios| {
        classic(stretch, n_sta, n_lta, ratios)
    }))
}

/// Recursive averages instead: each new sample counts `1 / n`, what was before fades. The first
/// `n_lta` values are 0, and so are gaps.
///
/// # Errors
/// As [`classic_sta_lta`].
pub fn recursive_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    Ok(between_gaps(samples, |stretch, ratios| {
        Recursive::new(n_sta, n_lta).run(stretch, ratios);
        let n_first = n_lta.min(ratios.len());
        ratios[..n_first].fill(0.0);
    }))
}

/// Spans that begin where the ratio exceeds `on` and last while it exceeds `off`: those of ObsPy's
/// `trigger_onset`, half-open.
///
/// ```
/// use quakebook::detect::triggers;
/// assert_eq!(triggers(&[0.0, 2.0, 4.0, 2.0, 0.5, 2.0], 3.0, 1.0), [2..4]);
/// ```
pub fn triggers(ratios: &[f32], on: f32, off: f32) -> Vec<Range<usize>> {
    let peaks = trigger_peaks(ratios, on, off);
    peaks.into_iter().map(|(span, _)| span).collect()
}

/// The spans of [`triggers`], each with its largest ratio.
pub(super) fn trigger_peaks(ratios: &[f32], on: f32, off: f32) -> Vec<(Range<usize>, f32)> {
    let mut spans: Vec<(Range<usize>, f32)> = Vec::new();
    let mut is_open = false;
    for (i, &ratio) in ratios.iter().enumerate() {
        match spans.last_mut() {
            Some((span, peak)) if is_open && ratio > off => {
                span.end = i + 1;
                *peak = peak.max(ratio);
            }
            _ => {
                is_open = ratio > on;
                if is_open {
                    spans.push((i..i + 1, ratio));
                }
            }
        }
    }
    spans
}

pub(super) fn check(n_sta: usize, n_lta: usize) -> Result<()> {
    match 0 < n_sta && n_sta < n_lta {
        true => Ok(()),
        false => Err(fail!(
            Detect,
            "STA/LTA",
            format!("{n_sta} and {n_lta} samples"),
            "Take a short-term average of 1 sample or more and a longer long-term one"
        )),
    }
}

/// Ratios of each stretch without a gap, as `run` writes them; 0 in gaps.
fn between_gaps(samples: &[f32], run: impl Fn(&[f32], &mut [f32])) -> Vec<f32> {
    let mut all = vec![0.0; samples.len()];
    let mut rest = all.as_mut_slice();
    for stretch in samples.chunk_by(|a, b| a.is_nan() == b.is_nan()) {
        let (ratios, behind) = rest.split_at_mut(stretch.len());
        rest = behind;
        if !stretch[0].is_nan() {
            run(stretch, ratios);
        }
    }
    all
}

/// A short and a long average, or what belongs to them.
type Pair = [f64; 2];

/// From running sums over the last samples; those ratios that have too few of them stay as they are.
fn classic(samples: &[f32], n_sta: usize, n_lta: usize, ratios: &mut [f32]) {
    if samples.len() < n_lta {
        return;
    }
    let (first, newest) = samples.split_at(n_lta);
    let sum = |samples: &[f32]| samples.iter().map(|y| square(*y)).sum::<f64>();
    let (mut short, mut long) = (sum(&first[n_lta - n_sta..]), sum(first));
    let scale = n_lta as f64 / n_sta as f64;
    ratios[n_lta - 1] = ratio([short * scale, long]);
    let oldest = samples[n_lta - n_sta..].iter().zip(samples);
    for ((ratio_here, new), (of_short, of_long)) in
        ratios[n_lta..].iter_mut().zip(newest).zip(oldest)
    {
        let new = square(*new);
        short += new - square(*of_short);
        long += new - square(*of_long);
        *ratio_here = ratio([short * scale, long]);
    }
}

/// Averages that forget: a new one is `share` of the newest energy and what is left of the old average.
struct Recursive {
    share: Pair,
    /// What is left of an average after 1, 2, ... samples.
    left: [Pair; N_AT_ONCE],
    averages: Pair,
}

const N_AT_ONCE: usize = 4;

impl Recursive {
    fn new(n_sta: usize, n_lta: usize) -> Self {
        let share = [1.0 / n_sta as f64, 1.0 / n_lta as f64];
        let left = |i: usize| share.map(|share| (1.0 - share).powi(i as i32 + 1));
        Self {
            share,
            left: std::array::from_fn(left),
            averages: [0.0; 2],
        }
    }

    fn run(&mut self, samples: &[f32], ratios: &mut [f32]) {
        // ObsPy leaves out the first sample.
        let (some, rest) = samples[1..].as_chunks::<N_AT_ONCE>();
        let (ratios_of_some, ratios_of_rest) = ratios[1..].as_chunks_mut::<N_AT_ONCE>();
        for (samples, ratios) in some.iter().zip(ratios_of_some) {
            *ratios = self.next(samples);
        }
        for (sample, ratio) in rest.iter().zip(ratios_of_rest) {
            [*ratio] = self.next(&[*sample]);
        }
    }

    /// The next `N` ratios. An average waits for the one before it; what new samples add to it does
    /// not, and is summed apart, so that only each `N`-th average waits.
    #[inline(always)]
    fn next<const N: usize>(&mut self, samples: &[f32; N]) -> [f32; N] {
        let mut added = [0.0; 2];
        let mut averages = [[0.0; 2]; N];
        for (k, averages) in averages.iter_mut().enumerate() {
            let energy = square(samples[k]);
            for i in 0..2 {
                added[i] = added[i] * self.left[0][i] + energy * self.share[i];
                averages[i] = self.averages[i] * self.left[k][i] + added[i];
            }
        }
        self.averages = averages[N - 1];
        averages.map(ratio)
    }
}

fn square(sample: f32) -> f64 {
    f64::from(sample) * f64::from(sample)
}

/// Without any energy there is nothing to detect.
#[inline(always)]
fn ratio([sta, lta]: Pair) -> f32 {
    // Divided in any case: a question beforehand would keep several divisions from being one.
    let ratio = (sta / lta) as f32;
    if lta > 0.0 { ratio } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the definitions say, sample by sample.
    fn by_hand(samples: &[f32], n_sta: usize, n_lta: usize, is_recursive: bool) -> Vec<f32> {
        let energies: Vec<f64> = samples.iter().map(|y| square(*y)).collect();
        let mean = |end: usize, n: usize| energies[end - n..end].iter().sum::<f64>() / n as f64;
        let (mut short, mut long) = (0.0, 0.0);
        let ratio_at = |i: usize| {
            if is_recursive {
                if i > 0 {
                    short += (energies[i] - short) / n_sta as f64;
                    long += (energies[i] - long) / n_lta as f64;
                }
                return if i < n_lta {
                    0.0
                } else {
                    (short / long) as f32
                };
            }
            match i + 1 >= n_lta {
                true => (mean(i + 1, n_sta) / mean(i + 1, n_lta)) as f32,
                false => 0.0,
            }
        };
        (0..samples.len()).map(ratio_at).collect()
    }

    #[test]
    fn any_length_gives_the_definition_and_a_gap_begins_anew() {
        let samples: Vec<f32> = (0..200)
            .map(|i| ((i * i) as f32 * 0.1).sin() * (1.0 + (i / 50) as f32))
            .collect();
        for n in [0, 1, 2, 19, 20, 21, 22, 23, 24, 25, 200] {
            for is_recursive in [false, true] {
                let ratios = |samples: &[f32]| match is_recursive {
                    true => recursive_sta_lta(samples, 5, 20).unwrap(),
                    false => classic_sta_lta(samples, 5, 20).unwrap(),
                };
                let wanted = by_hand(&samples[..n], 5, 20, is_recursive);
                for (a, b) in ratios(&samples[..n]).iter().zip(&wanted) {
                    assert!((a - b).abs() < 1e-5, "{n}: {a} {b}");
                }
                let gap = [&samples[..60], &[f32::NAN; 3], &samples[..n]].concat();
                let after = &ratios(&gap)[60..];
                assert_eq!(after[..3], [0.0; 3]);
                assert_eq!(after[3..], ratios(&samples[..n]));
            }
        }
    }
}
