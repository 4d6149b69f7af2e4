//! Whether of the windows that are called events with 80 %, 80 % are.

use serde::{Deserialize, Serialize};

use super::Score;
use super::curve::check_cases;
use crate::error::{Result, fail};

/// The windows whose probability lies in `[lower, upper)`, the last bin with its upper end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    pub lower: f64,
    pub upper: f64,
    /// Mean of the stated probabilities; NaN in an empty bin.
    pub mean_probability: f64,
    /// The share that was true, and `n`, the windows of the bin.
    pub observed: Score,
}

/// Stated probabilities beside what came true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    bins: Vec<ReliabilityBin>,
    expected_error: f64,
    brier: f64,
}

impl Calibration {
    /// From `truth[i]` and its stated probability, in `n_bins` bins of equal width.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where lengths differ, there is no case or no bin, or a
    /// probability is not in 0 to 1.
    pub fn new(truth: &[bool], probabilities: &[f64], n_bins: usize) -> Result<Self> {
        check_cases("calibration", truth, probabilities)?;
        let in_range = |p: &f64| (0.0..=1.0).contains(p);
        let what = match probabilities.iter().position(|p| !in_range(p)) {
            Some(i) => Some(format!("probability {} of case {i}", probabilities[i])),
            None if truth.is_empty() => Some("no case".to_string()),
            None if n_bins == 0 => Some("0 bins".to_string()),
            None => None,
        };
        if let Some(what) = what {
            return Err(fail!(
                Evaluate,
                "calibration",
                what,
                "Give probabilities from 0 to 1 and 1 bin or more"
            ));
        }
        let n = truth.len() as f64;
        let mut bins = Vec::with_capacity(n_bins);
        let mut expected_error = 0.0;
        let bin_of = |p: f64| ((p * n_bins as f64) as usize).min(n_bins - 1);
        for bin in 0..n_bins {
            let cases = truth.iter().zip(probabilities);
            let members: Vec<(bool, f64)> = cases
                .filter(|(_, p)| bin_of(**p) == bin)
                .map(|(t, p)| (*t, *p))
                .collect();
            let n_true = members.iter().filter(|(is_true, _)| *is_true).count();
            let observed = Score::of(n_true, members.len());
            let stated = members.iter().map(|(_, p)| p).sum::<f64>();
            if !members.is_empty() {
                expected_error += (n_true as f64 - stated).abs() / n;
            }
            bins.push(ReliabilityBin {
                lower: bin as f64 / n_bins as f64,
                upper: (bin + 1) as f64 / n_bins as f64,
                mean_probability: stated / members.len() as f64,
                observed,
            });
        }
        let cases = truth.iter().zip(probabilities);
        let squares = cases.map(|(t, p)| (p - f64::from(u8::from(*t))).powi(2));
        Ok(Self {
            bins,
            expected_error,
            brier: squares.sum::<f64>() / n,
        })
    }

    /// The reliability diagram, from 0 to 1.
    pub fn bins(&self) -> &[ReliabilityBin] {
        &self.bins
    }

    /// Mean distance of what was stated from what came true, bins weighted by their windows (Naeini,
    /// Cooper & Hauskrecht 2015, *Proc. AAAI*, 2901-2907). It depends on the bins.
    pub fn expected_calibration_error(&self) -> f64 {
        self.expected_error
    }

    /// Mean squared distance of probability and outcome (Brier 1950, *Mon. Weather Rev.* 78, 1-3; the
    /// form for one outcome, from 0 to 1).
    pub fn brier(&self) -> f64 {
        self.brier
    }
}

/// The probability that each window holds any event: the sum of all classes but the last, noise.
/// `probabilities` has the shape `(n_windows, n_classes)`, row by row.
///
/// # Errors
/// [`crate::Error::Evaluate`] where the length is no multiple of `n_classes`, or a value is not finite.
pub fn event_probability(n_classes: usize, probabilities: &[f32]) -> Result<Vec<f64>> {
    let rows = rows(n_classes, probabilities)?;
    let event = |row: &[f32]| row[..n_classes - 1].iter().map(|p| f64::from(*p)).sum();
    Ok(rows.map(event).map(|p: f64| p.min(1.0)).collect())
}

/// Each window's most probable class (the first among equals) and its probability: the pair that a
/// reliability diagram of a classifier wants. Shape as in [`event_probability`].
///
/// # Errors
/// As [`event_probability`].
pub fn top_class(n_classes: usize, probabilities: &[f32]) -> Result<Vec<(usize, f64)>> {
    let top = |row: &[f32]| {
        let mut best = (0, row[0]);
        for (class, p) in row.iter().enumerate() {
            if *p > best.1 {
                best = (class, *p);
            }
        }
        (best.0, f64::from(best.1))
    };
    Ok(rows(n_classes, probabilities)?.map(top).collect())
}

/// The temperature T for which softmax(logits / T) fits `truth` best in mean log-likelihood (Guo,
/// Pleiss, Sun & Weinberger 2017, *Proc. ICML*, section 4.2), from 0.05 to 20; above 1 the network
/// was too sure. Fit it on the validation part, never on the test. It changes no window's class.
///
/// # Errors
/// [`crate::Error::Evaluate`] where `truth` does not fit the shape of `probabilities`.
pub fn fit_temperature(n_classes: usize, truth: &[usize], probabilities: &[f32]) -> Result<f64> {
    let n_windows = rows(n_classes, probabilities)?.len();
    if truth.is_empty() || truth.len() != n_windows || truth.iter().any(|t| *t >= n_classes) {
        return Err(fail!(
            Evaluate,
            "temperature",
            format!(
                "{} targets for {n_windows} windows of {n_classes} classes",
                truth.len()
            ),
            "Give one target below n_classes for each window"
        ));
    }
    let loss = |log_temperature: f64| {
        let scaled = probabilities.chunks_exact(n_classes).zip(truth);
        let losses = scaled.map(|(row, t)| -scale(row, log_temperature.exp())[*t].max(1e-300).ln());
        losses.sum::<f64>()
    };
    // The loss has one minimum in 1 / T, hence in ln T: golden section finds it.
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.05f64.ln(), 20f64.ln());
    for _ in 0..60 {
        let inner = (high - golden * (high - low), low + golden * (high - low));
        if loss(inner.0) < loss(inner.1) {
            high = inner.1;
        } else {
            low = inner.0;
        }
    }
    Ok(((low + high) / 2.0).exp())
}

/// Probabilities at another temperature, see [`fit_temperature`]; shape as given.
///
/// # Errors
/// [`crate::Error::Evaluate`] where the temperature is not positive or the shape does not fit.
pub fn at_temperature(
    n_classes: usize,
    probabilities: &[f32],
    temperature: f64,
) -> Result<Vec<f32>> {
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(fail!(
            Evaluate,
            "temperature",
            format!("{temperature}, expected a positive number"),
            "Take it from fit_temperature"
        ));
    }
    let rows = rows(n_classes, probabilities)?;
    Ok(rows
        .flat_map(|row| scale(row, temperature))
        .map(|p| p as f32)
        .collect())
}

/// softmax(ln p / T): the logits are known but for a constant, and softmax does not feel it.
fn scale(row: &[f32], temperature: f64) -> Vec<f64> {
    // The smallest positive f32 stands for 0, whose logarithm would swallow the rest.
    let logs = row.iter().map(|p| f64::from(p.max(f32::MIN_POSITIVE)).ln());
    let logits: Vec<f64> = logs.map(|log| log / temperature).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

fn rows(n_classes: usize, probabilities: &[f32]) -> Result<std::slice::ChunksExact<'_, f32>> {
    if n_classes == 0 || !probabilities.len().is_multiple_of(n_classes) {
        return Err(fail!(
            Evaluate,
            "probabilities",
            format!(
                "{} values do not make rows of {n_classes}",
                probabilities.len()
            ),
            "Give n_classes probabilities for each window"
        ));
    }
    // The minimum of NaN and 1 is 1: what is not finite must end here.
    if let Some(i) = probabilities.iter().position(|p| !p.is_finite()) {
        return Err(fail!(
            Evaluate,
            format!("window {}", i / n_classes),
            format!("expected a finite probability, found {}", probabilities[i]),
            "Look for NaN in the windows and the weights"
        ));
    }
    Ok(probabilities.chunks_exact(n_classes))
}
