//! Records as a Wood-Anderson seismograph would have drawn them.

use std::f64::consts::{PI, TAU};

use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

use crate::error::{Result, fail};

/// How an instrument is taken off a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulateParams {
    /// Where the instrument answers so many decibels less than at its best, no more is made up for.
    pub water_level_db: f64,
    /// A part of the record that is tapered, half at each end.
    pub taper: f64,
    /// Frequencies where a band begins, is whole, is whole no more, and ends; for records whose long periods are noise.
    pub band_hz: Option<[f64; 4]>,
}

impl Default for SimulateParams {
    /// ObsPy's: 60 dB, 5 %, no band.
    fn default() -> Self {
        Self {
            water_level_db: 60.0,
            taper: 0.05,
            band_hz: None,
        }
    }
}

/// The pendulum's poles in rad/s: period 0.8 s, damping 0.7 (Uhrhammer & Collins 1990, as IASPEI adopted it in 2013). Its two zeros are
/// at 0.
const POLES: [(f64, f64); 2] = [(-5.497_79, 5.608_86), (-5.497_79, -5.608_86)];

/// A record in metres as a Wood-Anderson seismograph that magnifies once draws it.
///
/// `displacement` is what the instrument makes of a metre of ground displacement at a frequency in Hz, as
/// [`crate::station::Response::of_displacement_at`] has it. The arithmetic is that of ObsPy's `simulate_seismometer`: mean and ends
/// are taken off, the spectrum is divided by the instrument's above its water level, and multiplied by the pendulum's.
///
/// # Errors
/// [`crate::Error::Magnitude`] where there are fewer than 8 samples, one is not finite, the response is not known at a frequency, or a
/// parameter is impossible.
pub fn wood_anderson(
    samples: &[f64],
    rate_hz: f64,
    displacement: impl Fn(f64) -> Option<Complex64>,
    params: &SimulateParams,
) -> Result<Vec<f64>> {
    params.check()?;
    let n = samples.len();
    if n < 8 || !(rate_hz.is_finite() && rate_hz > 0.0) || samples.iter().any(|x| !x.is_finite()) {
        let what = format!("{n} samples at {rate_hz} Hz, which must be finite");
        return Err(fail!(
            Magnitude,
            "a record",
            what,
            "Give 8 samples or more without a gap"
        ));
    }
    // Twice the length, so that the end does not run into the beginning.
    let n_fft = 2 * (n + n % 2);
    let frequency = |k: usize| k as f64 * rate_hz / n_fft as f64;
    let response: Option<Vec<Complex64>> = (0..=n_fft / 2)
        // Nothing is known of a frequency of 0 by a pole there.
        .map(|k| {
            if k == 0 {
                Some(displacement(0.0).unwrap_or_default())
            } else {
                displacement(frequency(k))
            }
        })
        .collect();
    let response = response.ok_or_else(|| {
        let what = "the response has no number at some frequency";
        fail!(
            Magnitude,
            "a response",
            what,
            "Give StationXML with poles and zeros (level=response)"
        )
    })?;
    let least = response.iter().map(|r| r.norm()).fold(0.0, f64::max)
        * 10.0_f64.powf(-params.water_level_db / 20.0);
    let mean = samples.iter().sum::<f64>() / n as f64;
    let taper = taper(n, params.taper);
    let mut spectrum: Vec<Complex64> = samples
        .iter()
        .zip(taper)
        .map(|(x, t)| ((x - mean) * t).into())
        .collect();
    spectrum.resize(n_fft, Complex64::default());
    let mut planner = FftPlanner::new();
    planner.plan_fft_forward(n_fft).process(&mut spectrum);
    for (k, response) in response.into_iter().enumerate() {
        let f_hz = frequency(k);
        let inverse = match response.norm() {
            0.0 => Complex64::default(),
            size if size < least => (response * (least / size)).inv(),
            _ => response.inv(),
        };
        let band = params.band_hz.map_or(1.0, |band| within(f_hz, band));
        spectrum[k] *= inverse * pendulum(f_hz) * band;
    }
    let middle = n_fft / 2;
    spectrum[middle] = spectrum[middle].norm().into();
    for k in 1..middle {
        spectrum[n_fft - k] = spectrum[k].conj();
    }
    planner.plan_fft_inverse(n_fft).process(&mut spectrum);
    Ok(spectrum[..n].iter().map(|x| x.re / n_fft as f64).collect())
}

/// What the pendulum makes of displacement.
fn pendulum(f_hz: f64) -> Complex64 {
    let s = Complex64::new(0.0, TAU * f_hz);
    POLES.iter().fold(s * s, |product, (re, im)| {
        product / (s - Complex64::new(*re, *im))
    })
}

/// Cosine ends, as ObsPy's `cosine_taper`: of `part` of all samples, half at each end.
pub(super) fn taper(n: usize, part: f64) -> impl Iterator<Item = f64> {
    let ends = (n as f64 * part / 2.0 + 0.5) as usize;
    let (rise, fall) = (ends.saturating_sub(1).max(1), (n - ends).min(n - 2));
    (0..n).map(move |i| {
        if part == 0.0 {
            1.0
        } else if i <= rise {
            0.5 * (1.0 - (PI * i as f64 / rise as f64).cos())
        } else if i < fall {
            1.0
        } else {
            0.5 * (1.0 + (PI * (fall as f64 - i as f64) / (n - 1 - fall) as f64).cos())
        }
    })
}

/// 1 within a band, with cosine flanks.
fn within(f_hz: f64, [begins, whole, no_more, ends]: [f64; 4]) -> f64 {
    let flank = |part: f64| 0.5 * (1.0 - (PI * part).cos());
    if f_hz < begins || f_hz > ends {
        0.0
    } else if f_hz < whole {
        flank((f_hz - begins) / (whole - begins))
    } else if f_hz > no_more {
        flank((ends - f_hz) / (ends - no_more))
    } else {
        1.0
    }
}

impl SimulateParams {
    fn check(&self) -> Result<()> {
        let is_band = |band: [f64; 4]| {
            band[0] >= 0.0 && band.is_sorted_by(|a, b| a < b) && band[3].is_finite()
        };
        let fits = self.water_level_db > 0.0
            && self.water_level_db.is_finite()
            && (0.0..=1.0).contains(&self.taper)
            && self.band_hz.is_none_or(is_band);
        if fits {
            return Ok(());
        }
        let remedy =
            "Give a positive water level, a taper from 0 to 1, and a band of rising frequencies";
        Err(fail!(Magnitude, "parameters", format!("{self:?}"), remedy))
    }
}

/// The largest amplitude of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Half of the largest peak to peak between two neighbouring turns.
    pub amplitude: f64,
    /// The same of the noise before.
    pub noise: f64,
}

/// The largest amplitude in a range of samples, and that of the noise in another one; `None` where a range is empty or
/// reaches beyond the record.
///
/// ```
/// use quakebook::magnitude::peak;
/// let drawn = [0.1, -0.1, 0.1, 3.0, -1.0, 0.5];
/// let found = peak(&drawn, 0..3, 2..6).unwrap();
/// assert!((found.amplitude - 2.0).abs() < 1e-12 && (found.noise - 0.1).abs() < 1e-12);
/// ```
pub fn peak(
    drawn: &[f64],
    noise: std::ops::Range<usize>,
    signal: std::ops::Range<usize>,
) -> Option<Peak> {
    Some(Peak {
        amplitude: half_swing(drawn.get(signal)?)?,
        noise: half_swing(drawn.get(noise)?)?,
    })
}

/// Half of the largest swing from one turn to the next.
fn half_swing(drawn: &[f64]) -> Option<f64> {
    let (first, last) = (*drawn.first()?, *drawn.last()?);
    let turns = drawn
        .windows(3)
        .filter(|w| (w[1] - w[0]) * (w[2] - w[1]) < 0.0)
        .map(|w| w[1]);
    let mut before = first;
    let mut largest = 0.0_f64;
    for turn in turns.chain([last]) {
        largest = largest.max((turn - before).abs());
        before = turn;
    }
    Some(largest / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seismometer that gives counts in proportion to velocity.
    fn flat(f_hz: f64) -> Option<Complex64> {
        Some(Complex64::new(0.0, TAU * f_hz) * 1e9)
    }

    #[test]
    fn fast_motion_is_drawn_as_it_is() {
        // Far above 1.25 Hz the pendulum stands still and the ground moves: drawn is displacement.
        let (n, rate_hz, f_hz) = (8000, 1000.0, 12.7);
        let velocity = |i: usize| 1e9 * 1e-6 * TAU * f_hz * (TAU * f_hz * i as f64 / rate_hz).cos();
        let samples: Vec<f64> = (0..n).map(velocity).collect();
        let drawn = wood_anderson(&samples, rate_hz, flat, &SimulateParams::default()).unwrap();
        let found = peak(&drawn, 0..10, 2000..6000).unwrap();
        assert!((found.amplitude / (1e-6 * pendulum(f_hz).norm()) - 1.0).abs() < 0.005);
        assert!((pendulum(f_hz).norm() - 1.0).abs() < 0.01);
        // Poles of modulus w and damping h: at w the amplitude is 1 / (2 h).
        let w = POLES[0].0.hypot(POLES[0].1);
        assert!((pendulum(w / TAU).norm() - w / (2.0 * 5.497_79)).abs() < 1e-12);
    }

    #[test]
    fn a_band_leaves_slow_motion_out() {
        let slow: Vec<f64> = (0..4000)
            .map(|i| (TAU * 0.1 * f64::from(i) / 100.0).sin())
            .collect();
        let of = |band_hz| {
            let params = SimulateParams {
                band_hz,
                ..SimulateParams::default()
            };
            peak(
                &wood_anderson(&slow, 100.0, flat, &params).unwrap(),
                0..10,
                1000..3000,
            )
            .unwrap()
            .amplitude
        };
        assert!(of(Some([0.5, 1.0, 20.0, 40.0])) < 0.05 * of(None));
    }

    #[test]
    fn what_cannot_be_simulated_is_refused() {
        let usual = SimulateParams::default();
        let is_refused = |samples: &[f64], rate_hz: f64, params: &SimulateParams| {
            let refused = wood_anderson(samples, rate_hz, flat, params);
            matches!(refused, Err(crate::Error::Magnitude { .. }))
        };
        assert!(is_refused(&[1.0; 7], 100.0, &usual));
        assert!(is_refused(&[f64::NAN; 80], 100.0, &usual));
        assert!(is_refused(&[1.0; 80], 0.0, &usual));
        assert!(is_refused(
            &[1.0; 80],
            100.0,
            &SimulateParams {
                water_level_db: 0.0,
                ..usual
            }
        ));
        let band_hz = Some([1.0, 0.5, 20.0, 40.0]);
        assert!(is_refused(
            &[1.0; 80],
            100.0,
            &SimulateParams { band_hz, ..usual }
        ));
        assert!(wood_anderson(&[1.0; 80], 100.0, |_| None, &usual).is_err());
        assert_eq!(peak(&[1.0; 8], 0..4, 4..9), None);
    }
}
