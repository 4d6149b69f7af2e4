//! Weights of residuals, so that a wrong pick does not move the place.

/// Where Tukey's biweight becomes zero, in standard errors: 95 % efficient where errors are normal (Holland & Welsch 1977,
/// *Communications in Statistics* A6, 813-827).
const ZERO_AT: f64 = 4.685;

/// Where Huber's weight begins to fall; 95 % efficient too.
const HUBER: f64 = 1.345;

/// Normal errors have this standard deviation for a median absolute one of 1.
const OF_MEDIAN: f64 = 1.4826;

/// The weight of a residual of `u` standard errors: `(1 - (u / c)^2)^2`, 0 beyond c.
pub(super) fn biweight(u: f64) -> f64 {
    let v = (u / ZERO_AT).powi(2);
    if v < 1.0 { (1.0 - v).powi(2) } else { 0.0 }
}

/// How fast `u * biweight(u)` grows.
pub(super) fn biweight_slope(u: f64) -> f64 {
    let v = (u / ZERO_AT).powi(2);
    if v < 1.0 {
        (1.0 - v) * (1.0 - 5.0 * v)
    } else {
        0.0
    }
}

/// The weight that never becomes zero, by which a search begins.
pub(super) fn huber(u: f64) -> f64 {
    (HUBER / u.abs()).min(1.0)
}

/// By how much residuals in standard errors exceed what was assumed: 1 or more, by their median. Of few residuals 1.
pub(super) fn scale(residuals: &[f64], n_parameters: usize) -> f64 {
    let n_free = residuals.len().saturating_sub(n_parameters);
    if n_free < 3 {
        return 1.0;
    }
    let mut sizes: Vec<f64> = residuals.iter().map(|u| u.abs()).collect();
    // A fit of p parameters leaves the residuals smaller than the errors.
    let fitted = (residuals.len() as f64 / n_free as f64).sqrt();
    (OF_MEDIAN * median(&mut sizes) * fitted).max(1.0)
}

/// The median; the lower of two in the middle.
pub(super) fn median(values: &mut [f64]) -> f64 {
    match values.len() {
        0 => f64::NAN,
        n => *values.select_nth_unstable_by((n - 1) / 2, f64::total_cmp).1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_by_hand() {
        assert_eq!(
            (biweight(0.0), biweight(ZERO_AT), biweight(9.0)),
            (1.0, 0.0, 0.0)
        );
        // Half way to zero: (1 - 1/4)^2.
        assert!((biweight(ZERO_AT / 2.0) - 0.5625).abs() < 1e-12);
        let (u, h) = (1.7, 1e-6);
        let by = ((u + h) * biweight(u + h) - (u - h) * biweight(u - h)) / (2.0 * h);
        assert!((biweight_slope(u) - by).abs() < 1e-8);
        assert_eq!((huber(1.0), huber(-2.69)), (1.0, 0.5));
        assert_eq!(median(&mut [3.0, 1.0, 2.0, 9.0]), 2.0);
        // Five parameters fewer than ten residuals of size 2: 1.4826 * 2 * sqrt(10 / 5).
        assert!((scale(&[2.0; 10], 5) - OF_MEDIAN * 2.0 * 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!((scale(&[9.0; 6], 4), scale(&[0.1; 10], 4)), (1.0, 1.0));
    }
}
