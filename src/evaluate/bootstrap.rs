//! Intervals of statistics that have no formula for one.

use std::fmt;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::error::{Result, fail};

/// A statistic with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// Cases that it was computed on.
    pub n: usize,
}

impl fmt::Display for Interval {
    /// `0.031 [0.022, 0.045] of 400`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self {
            value,
            lower,
            upper,
            n,
        } = self;
        write!(f, "{value:.3} [{lower:.3}, {upper:.3}] of {n}")
    }
}

/// The percentile bootstrap (Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, chapter 13): `statistic` of
/// the cases `0..n`, and the 2.5 and 97.5 percentiles of the statistic of `n_resamples` draws of `n`
/// cases with replacement. `statistic` gets the indices of the drawn cases. Resamples on which it is not finite
/// are left out.
///
/// Cases must be independent: where several windows are of one event, draw events.
///
/// # Errors
/// [`crate::Error::Evaluate`] where there is no case, or the statistic is finite on fewer than half of
/// the resamples.
///
/// ```
/// let values = [2.0, 4.0, 6.0, 8.0];
/// let mean = |cases: &[usize]| cases.iter().map(|i| values[*i]).sum::<f64>() / 4.0;
/// let interval = quakebook::evaluate::bootstrap(4, 1000, 1, mean)?;
/// assert_eq!(interval.value, 5.0);
/// assert!(interval.lower >= 2.0 && interval.lower < 4.0 && interval.upper > 6.0);
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn bootstrap(
    n: usize,
    n_resamples: usize,
    seed: u64,
    statistic: impl Fn(&[usize]) -> f64,
) -> Result<Interval> {
    let all: Vec<usize> = (0..n).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Vec::with_capacity(n_resamples);
    let mut drawn = all.clone();
    for _ in 0..if n > 0 { n_resamples } else { 0 } {
        drawn.fill_with(|| rng.random_range(0..n));
        values.push(statistic(&drawn));
    }
    values.retain(|value| value.is_finite());
    if values.is_empty() || 2 * values.len() < n_resamples {
        return Err(fail!(
            Evaluate,
            "bootstrap",
            format!(
                "{n} cases, {} of {n_resamples} resamples of use",
                values.len()
            ),
            "Give more cases"
        ));
    }
    values.sort_by(f64::total_cmp);
    Ok(Interval {
        value: statistic(&all),
        lower: quantile(&values, 0.025),
        upper: quantile(&values, 0.975),
        n,
    })
}

/// Between the two nearest of sorted values, linearly: the rule of NumPy and of R's type 7.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpys() {
        // np.quantile([1, 2, 4, 8], [0.025, 0.5, 0.975])
        let values = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.025, 1.075), (0.5, 3.0), (0.975, 7.7)] {
            assert!((quantile(&values, share) - expected).abs() < 1e-12);
        }
    }
}
