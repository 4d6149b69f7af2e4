//! Proportions and rates with 95 % confidence intervals.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Result, fail};

/// The 0.975 quantile of the normal distribution: 95 % lie within this many deviations.
const Z_95: f64 = 1.959_963_984_540_054;
/// What a 95 % interval leaves out on each side.
const TAIL: f64 = 0.025;

/// A proportion with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// From 0 to 1; NaN where `n` is 0.
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// Cases that it was computed on.
    pub n: usize,
}

impl Score {
    /// `n_hits` of `n` with the interval of Wilson (1927, *J. Am. Stat. Assoc.* 22, 209-212), which
    /// stays within 0 and 1 and covers the true value for few cases too. No cases give NaN, from 0 to 1.
    pub fn of(n_hits: usize, n: usize) -> Self {
        if n == 0 {
            return Self {
                value: f64::NAN,
                lower: 0.0,
                upper: 1.0,
                n,
            };
        }
        let cases = n as f64;
        let value = n_hits as f64 / cases;
        let z2 = Z_95 * Z_95;
        let middle = value + z2 / (2.0 * cases);
        let half = Z_95 * (value * (1.0 - value) / cases + z2 / (4.0 * cases * cases)).sqrt();
        let shrink = 1.0 + z2 / cases;
        Self {
            value,
            // At the ends the interval touches 0 and 1 exactly; rounding must not say otherwise.
            lower: if n_hits == 0 {
                0.0
            } else {
                (middle - half) / shrink
            },
            upper: if n_hits == n {
                1.0
            } else {
                (middle + half) / shrink
            },
            n,
        }
    }

    /// False for a score of no cases.
    pub fn is_defined(&self) -> bool {
        self.n > 0
    }

    /// The same cases on another scale, by a growing function.
    pub(super) fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        Self {
            value: scale(self.value),
            lower: scale(self.lower),
            upper: scale(self.upper),
            n: self.n,
        }
    }
}

impl fmt::Display for Score {
    /// `66.7 % [20.8, 93.9] of 3`, or `undefined (n = 0)`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if !self.is_defined() {
            return write!(f, "undefined (n = 0)");
        }
        let [value, lower, upper] = [self.value, self.lower, self.upper].map(|x| 100.0 * x);
        write!(f, "{value:.1} % [{lower:.1}, {upper:.1}] of {}", self.n)
    }
}

/// Events per hour, such as false alarms, with a 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    pub per_hour: f64,
    pub lower_per_hour: f64,
    pub upper_per_hour: f64,
    /// How many were counted.
    pub n: usize,
    pub hours: f64,
}

impl Rate {
    /// `n` in `hours`, with the exact interval for a Poisson count of Garwood (1936, *Biometrika*
    /// 28, 437-442). None in 10 hours still allows 0.37 an hour.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where `hours` is not a positive number.
    pub fn of(n: usize, hours: f64) -> Result<Self> {
        if !(hours > 0.0 && hours.is_finite()) {
            return Err(fail!(
                Evaluate,
                "hours",
                format!("{hours}, expected a positive number"),
                "Give the length of the record that was scanned"
            ));
        }
        // The mean that makes `n` or more, and `n` or fewer, as unlikely as the tail.
        let lower = match n {
            0 => 0.0,
            _ => poisson_mean(n - 1, 1.0 - TAIL),
        };
        Ok(Self {
            per_hour: n as f64 / hours,
            lower_per_hour: lower / hours,
            upper_per_hour: poisson_mean(n, TAIL) / hours,
            n,
            hours,
        })
    }
}

impl fmt::Display for Rate {
    /// `0.40 per hour [0.11, 1.02], 4 in 10.0 h`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{:.2} per hour [{:.2}, {:.2}], {} in {:.1} h",
            self.per_hour, self.lower_per_hour, self.upper_per_hour, self.n, self.hours
        )
    }
}

/// The mean of a Poisson distribution for which `n` or fewer have the given probability.
fn poisson_mean(n: usize, probability: f64) -> f64 {
    // The probability falls with the mean; these ends enclose it for every n, and no term is too small for an f64.
    let (n_f, around) = (n as f64, 10.0 * (n as f64 + 1.0).sqrt() + 10.0);
    let (mut low, mut high) = ((n_f - around).max(0.0), n_f + around);
    for _ in 0..100 {
        let mean = (low + high) / 2.0;
        if poisson_at_most(n, mean) > probability {
            low = mean;
        } else {
            high = mean;
        }
    }
    (low + high) / 2.0
}

/// The probability of `n` or fewer, added up from the largest term down.
fn poisson_at_most(n: usize, mean: f64) -> f64 {
    let log_factorial: f64 = (1..=n).map(|k| (k as f64).ln()).sum();
    let mut term = (n as f64 * mean.ln() - mean - log_factorial).exp();
    let mut sum = term;
    for k in (1..=n).rev() {
        term *= k as f64 / mean;
        sum += term;
    }
    sum
}
