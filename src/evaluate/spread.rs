//! The same measurement from several seeds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Two-sided 95 % quantiles of Student's t for 1, 2, ... degrees of freedom (Abramowitz & Stegun
/// 1964, table 26.10).
const T_95: [f64; 9] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262,
];

/// Mean and spread of one number over seeds: how much of a difference is luck of the training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub mean: f64,
    /// Smallest and largest of the seeds.
    pub min: f64,
    pub max: f64,
    /// Half of the 95 % interval of the mean by Student's t; infinite for one seed.
    pub half: f64,
    pub n: usize,
}

impl Spread {
    /// Of values of several seeds; NaN of none. More than ten count as ten in the choice of t, which
    /// errs on the wide side.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let half = match n {
            0 | 1 => f64::INFINITY,
            _ => T_95[(n - 2).min(T_95.len() - 1)] * (squares / ((n - 1) * n) as f64).sqrt(),
        };
        Self {
            mean,
            min: values.iter().copied().fold(f64::NAN, f64::min),
            max: values.iter().copied().fold(f64::NAN, f64::max),
            half,
            n,
        }
    }
}

impl Spread {
    /// The 95 % interval of the mean of a share: cut off at 0 and 1, which no share is beyond.
    pub fn interval(&self) -> (f64, f64) {
        let [lower, upper] = [self.mean - self.half, self.mean + self.half];
        (lower.max(0.0), upper.min(1.0))
    }
}

impl fmt::Display for Spread {
    /// `93.1 % [91.1, 95.1]`: mean and 95 % interval of a share; of one seed the mean alone.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (lower, upper) = self.interval();
        let [mean, lower, upper] = [self.mean, lower, upper].map(|x| 100.0 * x);
        match self.half.is_finite() {
            true => write!(f, "{mean:.1} % [{lower:.1}, {upper:.1}]"),
            false => write!(f, "{mean:.1} %"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_seeds_by_hand() {
        // Std 0.02, of the mean 0.02 / sqrt(3), times 4.303.
        let spread = Spread::of(&[0.90, 0.92, 0.94]);
        assert!((spread.mean - 0.92).abs() < 1e-12);
        assert!((spread.half - 0.049_687).abs() < 1e-5, "{}", spread.half);
        assert_eq!((spread.min, spread.max), (0.90, 0.94));
        assert_eq!(spread.to_string(), "92.0 % [87.0, 97.0]");
        assert_eq!(
            Spread::of(&[0.8, 1.0]).interval().1,
            1.0,
            "no share is larger"
        );
        assert_eq!(Spread::of(&[0.5]).to_string(), "50.0 %");
        assert!(Spread::of(&[]).mean.is_nan());
    }
}
