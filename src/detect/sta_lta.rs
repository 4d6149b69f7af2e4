//! Short-term over long-term average of the energy, and the triggers that it gives.
//!
//! Both ratios follow ObsPy's definitions, after Allen (1978, *BSSA* 68, 1521-1532) and Withers et
//! al. (1998, *BSSA* 88, 95-106), with one addition: after a gap (NaN) the averages start anew. A
//! sample goes in and a ratio comes out, so that memory is that of the two averages, however long
//! the record.

use std::collections::VecDeque;
use std::ops::Range;

use crate::error::{Result, fail};

/// Mean energy of the last `n_sta` samples over that of the last `n_lta`. It is 0 until `n_lta`
/// samples are there, and in gaps.
///
/// # Errors
/// [`crate::Error::Detect`] unless `0 < n_sta < n_lta`.
pub fn classic_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    let mut ratio = Classic::new(n_sta, n_lta);
    Ok(samples.iter().map(|sample| ratio.next(*sample)).collect())
}

/// Recursive averages instead: each new sample counts `1 / n`, what was before fades. The first
/// `n_lta` values are 0, and so are gaps.
///
/// # Errors
/// As [`classic_sta_lta`].
pub fn recursive_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    let mut ratio = Recursive::new(n_sta, n_lta);
    Ok(samples.iter().map(|sample| ratio.next(*sample)).collect())
}

/// Spans that begin where the ratio exceeds `on` and last while it exceeds `off`: those of ObsPy's
/// `trigger_onset`, half-open.
///
/// ```
/// use quakebook::detect::triggers;
/// assert_eq!(triggers(&[0.0, 2.0, 4.0, 2.0, 0.5, 2.0], 3.0, 1.0), [2..4]);
/// ```
pub fn triggers(ratios: &[f32], on: f32, off: f32) -> Vec<Range<usize>> {
    let ratios = ratios.iter().copied();
    let peaks = trigger_peaks(ratios, on, off);
    peaks.into_iter().map(|(span, _)| span).collect()
}

/// The spans of [`triggers`], each with its largest ratio.
pub(super) fn trigger_peaks(
    ratios: impl Iterator<Item = f32>,
    on: f32,
    off: f32,
) -> Vec<(Range<usize>, f32)> {
    let mut spans: Vec<(Range<usize>, f32)> = Vec::new();
    let mut is_open = false;
    for (i, ratio) in ratios.enumerate() {
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

/// Sums over the last samples.
struct Classic {
    n_sta: usize,
    n_lta: usize,
    /// The last `n_lta` energies.
    energies: VecDeque<f64>,
    short: f64,
    long: f64,
}

impl Classic {
    fn new(n_sta: usize, n_lta: usize) -> Self {
        Self {
            n_sta,
            n_lta,
            energies: VecDeque::with_capacity(n_lta + 1),
            short: 0.0,
            long: 0.0,
        }
    }

    fn next(&mut self, sample: f32) -> f32 {
        if sample.is_nan() {
            *self = Self::new(self.n_sta, self.n_lta);
            return 0.0;
        }
        let energy = square(sample);
        self.energies.push_back(energy);
        self.short += energy;
        self.long += energy;
        let n = self.energies.len();
        if n > self.n_sta {
            self.short -= self.energies[n - 1 - self.n_sta];
        }
        if n > self.n_lta {
            self.long -= self.energies.pop_front().unwrap_or_default();
        }
        match n >= self.n_lta {
            true => ratio(
                self.short / self.n_sta as f64,
                self.long / self.n_lta as f64,
            ),
            false => 0.0,
        }
    }
}

/// Averages that forget.
pub(super) struct Recursive {
    n_sta: usize,
    n_lta: usize,
    /// Samples since the record or the last gap.
    n: usize,
    short: f64,
    long: f64,
}

impl Recursive {
    pub(super) fn new(n_sta: usize, n_lta: usize) -> Self {
        Self {
            n_sta,
            n_lta,
            n: 0,
            short: 0.0,
            long: 0.0,
        }
    }

    pub(super) fn next(&mut self, sample: f32) -> f32 {
        if sample.is_nan() {
            *self = Self::new(self.n_sta, self.n_lta);
            return 0.0;
        }
        // ObsPy leaves out the first sample.
        if self.n > 0 {
            let energy = square(sample);
            self.short += (energy - self.short) / self.n_sta as f64;
            self.long += (energy - self.long) / self.n_lta as f64;
        }
        self.n += 1;
        match self.n > self.n_lta {
            true => ratio(self.short, self.long),
            false => 0.0,
        }
    }
}

fn square(sample: f32) -> f64 {
    f64::from(sample) * f64::from(sample)
}

/// Without any energy there is nothing to detect.
fn ratio(sta: f64, lta: f64) -> f32 {
    match lta > 0.0 {
        true => (sta / lta) as f32,
        false => 0.0,
    }
}
