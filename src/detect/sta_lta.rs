//! The classical detector: short-term over long-term average of the energy.
//!
//! Both ratios follow ObsPy's definitions, after Allen (1978, *BSSA* 68, 1521-1532) and Withers et
//! al. (1998, *BSSA* 88, 95-106), with one addition: after a gap (NaN) the averages start anew.

use std::ops::Range;

use crate::error::{Result, fail};

/// Mean energy of the last `n_sta` samples over that of the last `n_lta`. It is 0 until `n_lta`
/// samples are there, and in gaps.
///
/// # Errors
/// [`crate::Error::Detect`] unless `0 < n_sta < n_lta`.
pub fn classic_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    Ok(piecewise(samples, |piece, ratios| {
        let mut energy = vec![0.0];
        for (i, sample) in piece.iter().enumerate() {
            energy.push(energy[i] + square(*sample));
        }
        for i in n_lta - 1..piece.len() {
            let mean = |n: usize| (energy[i + 1] - energy[i + 1 - n]) / n as f64;
            ratios[i] = ratio(mean(n_sta), mean(n_lta));
        }
    }))
}

/// Recursive averages instead: each new sample counts `1 / n`, what was before fades. The first
/// `n_lta` values are 0, and so are gaps.
///
/// # Errors
/// As [`classic_sta_lta`].
pub fn recursive_sta_lta(samples: &[f32], n_sta: usize, n_lta: usize) -> Result<Vec<f32>> {
    check(n_sta, n_lta)?;
    Ok(piecewise(samples, |piece, ratios| {
        let (share_sta, share_lta) = (1.0 / n_sta as f64, 1.0 / n_lta as f64);
        let (mut sta, mut lta) = (0.0, 0.0);
        // ObsPy leaves out the first sample.
        for (i, sample) in piece.iter().enumerate().skip(1) {
            sta += share_sta * (square(*sample) - sta);
            lta += share_lta * (square(*sample) - lta);
            if i >= n_lta {
                ratios[i] = ratio(sta, lta);
            }
        }
    }))
}

/// Spans that begin where the ratio exceeds `on` and last while it is at least `off`.
///
/// ```
/// use quakebook::detect::triggers;
/// assert_eq!(triggers(&[0.0, 2.0, 4.0, 2.0, 0.5, 2.0], 3.0, 1.0), [2..4]);
/// ```
pub fn triggers(ratios: &[f32], on: f32, off: f32) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut open: Option<usize> = None;
    for (i, ratio) in ratios.iter().enumerate() {
        match open {
            None if *ratio > on => open = Some(i),
            Some(start) if *ratio < off => {
                spans.push(start..i);
                open = None;
            }
            _ => {}
        }
    }
    spans.extend(open.map(|start| start..ratios.len()));
    spans
}

fn check(n_sta: usize, n_lta: usize) -> Result<()> {
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

/// Applies `fill` to each piece between gaps.
fn piecewise(samples: &[f32], fill: impl Fn(&[f32], &mut [f32])) -> Vec<f32> {
    let mut ratios = vec![0.0; samples.len()];
    let mut first = 0;
    for piece in samples.split(|sample| sample.is_nan()) {
        fill(piece, &mut ratios[first..first + piece.len()]);
        first += piece.len() + 1;
    }
    ratios
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
