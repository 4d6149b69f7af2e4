//! Short-term over long-term average of the energy, and the triggers that it gives.
//!
//! Both ratios follow ObsPy's definitions, after Allen (1978, *BSSA* 68, 1521-1532) and Withers et
//! al. (1998, *BSSA* 88, 95-106), with one addition: after a gap (NaN) the averages start anew.
//!
//! An average waits for the one before it. Written out over four samples, it waits for the fourth before it
//! alone, so that the processor takes four averages, as four energies and four ratios, as one.

use std::ops::Range;

use crate::error::{Result, fail};
use crate::simd::{self, multiply_add};

/// Mean energy of the last `n_sta` samples over that of the last `n_lta`. It is 0 until `n_lta`
/// samples are there, and in gaps.
///
/// # Errors
/// [`crate::Error::Detect`] unless `0 < n_sta < n_lta`.
pub fn classic_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    Ok(between_gaps(samples, |segment, ratios| {
        classic(segment, n_sta, n_lta, ratios)
    }))
}

/// Recursive averages instead: each new sample counts `1 / n`, what was before fades. The first
/// `n_lta` values are 0, and so are gaps.
///
/// # Errors
/// As [`classic_sta_lta`].
pub fn recursive_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    Ok(between_gaps(samples, |segment, ratios| {
        recursive(segment, n_sta, n_lta, ratios)
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

/// Ratios of each segment without a gap, as `run` appends them; 0 in gaps. `run` returns what its long average
/// has become, which is not finite where a ratio met a gap: none ever leaves an average.
fn between_gaps(samples: &[f32], run: impl Fn(&[f32], &mut Vec<f32>) -> f64) -> Vec<f32> {
    let mut ratios = Vec::with_capacity(samples.len() + BLOCK);
    // The recursive average leaves out the first sample.
    let is_recorded = samples.first().is_some_and(|y| y.is_finite());
    if is_recorded && run(samples, &mut ratios).is_finite() {
        return ratios;
    }
    ratios.clear();
    for segment in samples.chunk_by(|a, b| a.is_finite() == b.is_finite()) {
        if !segment[0].is_finite() {
            ratios.resize(ratios.len() + segment.len(), 0.0);
        } else {
            run(segment, &mut ratios);
        }
    }
    ratios
}

/// From running means over the last samples; those ratios that have too few of them are 0. For what this
/// and [`recursive`] return see [`between_gaps`].
fn classic(samples: &[f32], n_sta: usize, n_lta: usize, ratios: &mut Vec<f32>) -> f64 {
    let Some((first, newest)) = samples.split_at_checked(n_lta) else {
        // Too few for a ratio, with or without a gap.
        ratios.resize(ratios.len() + samples.len(), 0.0);
        return 0.0;
    };
    let sum = |n: usize| {
        let energies = first[n_lta - n..].iter().map(|y| square(*y));
        Sum::new(energies.sum(), 1.0)
    };
    let sums = [sum(n_sta), sum(n_lta)];
    let scale = n_lta as f64 / n_sta as f64;
    ratios.resize(ratios.len() + n_lta - 1, 0.0);
    ratios.push(ratio(scale, sums[0].last[3], sums[1].last[3]));
    // What has left a sum comes out of it as what is new goes in.
    let lost = [&samples[n_lta - n_sta..], samples];
    follow::<true>(sums, scale, newest, lost, ratios)
}

/// From averages that forget: of an old one `1 - 1 / n` is left, and `1 / n` of the new energy comes to it.
fn recursive(samples: &[f32], n_sta: usize, n_lta: usize, ratios: &mut Vec<f32>) -> f64 {
    let sums = [n_sta, n_lta].map(|n| Sum::new(0.0, 1.0 - 1.0 / n as f64));
    let scale = n_lta as f64 / n_sta as f64;
    let start = ratios.len();
    // ObsPy leaves out the first sample.
    let new = &samples[1..];
    ratios.push(0.0);
    let end = follow::<false>(sums, scale, new, [new; 2], ratios);
    let n_first = n_lta.min(samples.len());
    ratios[start..start + n_first].fill(0.0);
    end
}

/// A sum of energies that goes on with each sample: an average times its number of samples.
struct Sum {
    /// After each of the last four samples.
    last: [f64; 4],
    /// What is left of it after one sample, after two, three and four.
    left: [f64; 4],
}

impl Sum {
    /// `left` of it is left after each sample: all, unless `now` is 0.
    fn new(now: f64, left: f64) -> Self {
        Self {
            last: [now; 4],
            left: [1, 2, 3, 4].map(|samples| left.powi(samples)),
        }
    }

    /// After each of four samples more. `gains` are what comes with each sample: with one that is not needed,
    /// with the three before those four, and with the four.
    #[inline(always)]
    fn next<const FUSED: bool>(&mut self, gains: &[f64; 8]) -> [f64; 4] {
        let [once, twice, thrice, four] = self.left;
        for k in 0..4 {
            let mut sum = gains[k + 4];
            sum = multiply_add::<FUSED>(once, gains[k + 3], sum);
            sum = multiply_add::<FUSED>(twice, gains[k + 2], sum);
            sum = multiply_add::<FUSED>(thrice, gains[k + 1], sum);
            self.last[k] = multiply_add::<FUSED>(four, self.last[k], sum);
        }
        self.last
    }
}

/// Appends the ratios of a short and a long sum, times `scale`, as they follow new samples, and if `LOSING`
/// lose old ones. Returns the long sum after the last block, which may be longer than the samples: it tells
/// gaps.
fn follow<const LOSING: bool>(
    sums: [Sum; 2],
    scale: f64,
    new: &[f32],
    lost: [&[f32]; 2],
    ratios: &mut Vec<f32>,
) -> f64 {
    simd::dispatch!(fused follow_as<const LOSING: bool>(
        sums: [Sum; 2], scale: f64, new: &[f32], lost: [&[f32]; 2], ratios: &mut Vec<f32>
    ) -> f64)
}

/// Samples of a block, a multiple of four; what is known of them stays in the cache.
const BLOCK: usize = 256;

/// Inlined, so that [`simd::dispatch`] compiles it for the processor.
#[inline(always)]
fn follow_as<const FUSED: bool, const LOSING: bool>(
    [mut short, mut long]: [Sum; 2],
    scale: f64,
    new: &[f32],
    lost: [&[f32]; 2],
    ratios: &mut Vec<f32>,
) -> f64 {
    // What comes to each with the samples of a block, after what came with the four before.
    let mut gains = [[0.0; 4 + BLOCK]; 2];
    let n_ratios = ratios.len() + new.len();
    for start in (0..new.len()).step_by(BLOCK) {
        let here = start..new.len().min(start + BLOCK);
        let (new, lost) = (&new[here.clone()], lost.map(|lost| &lost[here.clone()]));
        let [of_sta, of_lta] = gains.each_mut().map(|gains| &mut gains[4..]);
        let lost = lost[0].iter().zip(lost[1]);
        for (((sta, lta), new), lost) in of_sta.iter_mut().zip(of_lta).zip(new).zip(lost) {
            *sta = square(*new);
            if LOSING {
                *lta = *sta - square(*lost.1);
                *sta -= square(*lost.0);
            }
        }
        // Where nothing is lost, both gain the same.
        let [of_sta, of_lta] = [&gains[0], &gains[usize::from(LOSING)]];
        let (stas, ltas) = (of_sta.array_windows::<8>(), of_lta.array_windows::<8>());
        for (stas, ltas) in stas.step_by(4).zip(ltas.step_by(4)) {
            let (sta, lta) = (short.next::<FUSED>(stas), long.next::<FUSED>(ltas));
            let four: [f32; 4] = std::array::from_fn(|k| ratio(scale, sta[k], lta[k]));
            ratios.extend_from_slice(&four);
        }
        for gains in &mut gains {
            gains.copy_within(BLOCK.., 0);
        }
    }
    // The last block may have places left over: what stands there is nobody's.
    ratios.truncate(n_ratios);
    long.last[3]
}

#[inline(always)]
fn square(sample: f32) -> f64 {
    f64::from(sample) * f64::from(sample)
}

/// Without any energy there is nothing to detect.
#[inline(always)]
fn ratio(scale: f64, short: f64, long: f64) -> f32 {
    // Divided in any case: a question beforehand would keep several divisions from being one.
    let ratio = (scale * short / long) as f32;
    if long > 0.0 { ratio } else { 0.0 }
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
