//! Whether two ways of training differ, by runs of both with the same seeds.

use std::f64::consts::FRAC_2_PI;
use std::fmt;

use super::Spread;

/// The mean difference of pairs, with its 95 % interval and the probability of one as large by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    pub mean: f64,
    pub lower: f64,
    pub upper: f64,
    /// Two-sided, by Student's t of the differences; 1 where there are fewer than two pairs.
    pub p: f64,
    pub n: usize,
}

impl PairedDifference {
    /// Of `with[i] - without[i]`, where both have the seed `i` in common; further values of either are left out.
    ///
    /// ```
    /// use quakebook::evaluate::PairedDifference;
    /// let difference = PairedDifference::of(&[0.92, 0.95, 0.97], &[0.90, 0.92, 0.93]);
    /// assert!((difference.mean - 0.03).abs() < 1e-12);
    /// // scipy.stats.ttest_rel([0.92, 0.95, 0.97], [0.90, 0.92, 0.93]).pvalue
    /// assert!((difference.p - 0.0351).abs() < 1e-4);
    /// ```
    pub fn of(with: &[f64], without: &[f64]) -> Self {
        let pairs = with.iter().zip(without);
        let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
        let spread = Spread::of(&differences);
        let n = differences.len();
        let squares: f64 = differences.iter().map(|x| (x - spread.mean).powi(2)).sum();
        let error = (squares / (n.saturating_sub(1).max(1) * n.max(1)) as f64).sqrt();
        Self {
            mean: spread.mean,
            lower: spread.mean - spread.half,
            upper: spread.mean + spread.half,
            p: match n {
                0 | 1 => 1.0,
                _ => two_sided(spread.mean / error, n - 1),
            },
            n,
        }
    }
}

impl fmt::Display for PairedDifference {
    /// `+3.0 points [0.5, 5.5]`: percent points with the 95 % interval.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [mean, lower, upper] = [self.mean, self.lower, self.upper].map(|x| 100.0 * x);
        write!(f, "{mean:+.1} points [{lower:+.1}, {upper:+.1}]")
    }
}

/// Probabilities of chance, corrected for that many comparisons: Holm (1979, *Scandinavian Journal of Statistics* 6,
/// 65-70). If none of the differences were real, one of the corrected values would be below 0.05 in at most one case of
/// twenty. In the order that they came in.
///
/// ```
/// use quakebook::evaluate::holm;
/// let corrected = holm(&[0.01, 0.04, 0.03]);
/// for (p, wanted) in corrected.iter().zip([0.03, 0.06, 0.06]) {
///     assert!((p - wanted).abs() < 1e-12);
/// }
/// ```
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let n = probabilities.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    let (mut corrected, mut largest) = (vec![1.0; n], 0.0_f64);
    for (place, i) in order.into_iter().enumerate() {
        largest = largest.max((n - place) as f64 * probabilities[i]).min(1.0);
        corrected[i] = largest;
    }
    corrected
}

/// The probability of a Student's t as far from 0 or farther, in either direction (Abramowitz & Stegun 1964, 26.7.3
/// and 26.7.4).
fn two_sided(t: f64, degrees: usize) -> f64 {
    if t.is_nan() {
        return 1.0;
    }
    let angle = (t.abs() / (degrees as f64).sqrt()).atan();
    let cosine = angle.cos();
    // cos + 2/3 cos^3 + ... of odd degrees, 1 + 1/2 cos^2 + ... of even ones, up to the power degrees - 2.
    let is_odd = degrees % 2 == 1;
    let (mut term, mut power) = match is_odd {
        true => (cosine, 1),
        false => (1.0, 0),
    };
    let mut sum = 0.0;
    while power + 2 <= degrees {
        sum += term;
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
        power += 2;
    }
    let inside = match is_odd {
        true => FRAC_2_PI * (angle + angle.sin() * sum),
        false => angle.sin() * sum,
    };
    1.0 - inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_tables() {
        // 2.5 % on each side: Abramowitz & Stegun, table 26.10.
        for (degrees, t) in [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262)] {
            assert!((two_sided(t, degrees) - 0.05).abs() < 1e-4, "{degrees}");
        }
        assert!((two_sided(0.0, 4) - 1.0).abs() < 1e-12);
        assert!(two_sided(f64::INFINITY, 4) < 1e-12);
    }

    #[test]
    fn one_pair_or_none_tells_nothing() {
        assert_eq!(PairedDifference::of(&[0.9], &[0.1]).p, 1.0);
        assert_eq!(PairedDifference::of(&[], &[]).p, 1.0);
        let equal = PairedDifference::of(&[0.9, 0.8], &[0.9, 0.8]);
        assert_eq!((equal.mean, equal.p), (0.0, 1.0));
    }
}
