//! An impulse between two samples of a series.

use std::f64::consts::PI;
use std::sync::LazyLock;

use rustfft::num_complex::Complex64;

/// Half the length of an impulse's interpolator.
const REACH: i64 = 8;
const FRACTIONS: usize = 256;

/// Hann-windowed sinc functions at 256 places between two samples: a shift is right within 0.02 ms.
static SINC: LazyLock<Vec<[f64; 2 * REACH as usize]>> = LazyLock::new(|| {
    let tap = |fraction: f64, j: usize| {
        let x = j as f64 - (REACH - 1) as f64 - fraction;
        let sinc = if x == 0.0 {
            1.0
        } else {
            (PI * x).sin() / (PI * x)
        };
        sinc * (0.5 * PI * x / REACH as f64).cos().powi(2)
    };
    (0..FRACTIONS)
        .map(|i| std::array::from_fn(|j| tap(i as f64 / FRACTIONS as f64, j)))
        .collect()
});

/// Adds a band-limited impulse at a position between samples.
pub(super) fn put_impulse(series: &mut [Complex64], position: f64, amplitude: f64) {
    let steps = (position * FRACTIONS as f64).round() as i64;
    let (whole, fraction) = (
        steps.div_euclid(FRACTIONS as i64),
        steps.rem_euclid(FRACTIONS as i64),
    );
    let start = whole - REACH + 1;
    for (j, tap) in SINC[fraction as usize].iter().enumerate() {
        if let Some(value) = usize::try_from(start + j as i64)
            .ok()
            .and_then(|i| series.get_mut(i))
        {
            value.re += amplitude * tap;
        }
    }
}

#[cfg(test)]
mod tests {
    use rustfft::FftPlanner;

    use super::*;

    #[test]
    fn an_impulse_between_samples_has_the_spectrum_of_a_delay() {
        let n = 256;
        let mut series = vec![Complex64::ZERO; n];
        put_impulse(&mut series, 100.25, 2.0);
        FftPlanner::new().plan_fft_forward(n).process(&mut series);
        for k in [0, 10, 50, 90] {
            let want = Complex64::from_polar(2.0, -2.0 * PI * k as f64 * 100.25 / n as f64);
            assert!((series[k] - want).norm() < 0.02, "{k} {} {want}", series[k]);
        }
    }
}
