//! The amplitude of an earthquake at one station.

use std::ops::Range;

use rustfft::num_complex::Complex64;

use super::arrivals::Arrivals;
use super::no_amplitude::NoAmplitude;
use super::simulate::{SimulateParams, peak, wood_anderson};
use crate::time::{Time, between_s};
use crate::waveform::Record3C;
use crate::waveform::quality::ComponentQuality;

/// Where an amplitude is looked for, and when it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AmplitudeParams {
    pub simulate: SimulateParams,
    /// The window begins so long before P...
    pub before_p_s: f64,
    /// ...and ends so long after S, or as long as S comes after P where that is more. Of other earthquakes see [`Arrivals`].
    pub after_s_s: f64,
    /// An amplitude is that of an earthquake from so many times the noise on.
    pub least_ratio: f64,
}

impl Default for AmplitudeParams {
    fn default() -> Self {
        Self {
            simulate: SimulateParams::default(),
            before_p_s: 0.5,
            after_s_s: 5.0,
            least_ratio: 3.0,
        }
    }
}

/// The largest Wood-Anderson amplitude in metres around P and S: the geometric mean of the two horizontal components.
///
/// The noise is measured in a window of the same length that ends where that of P begins, or in as much of it as was recorded, at
/// least a second. `response` gives that of a channel to displacement, by its code; see [`wood_anderson`].
///
/// # Errors
/// [`NoAmplitude`], which is no fault of the program's.
pub fn horizontal_amplitude<R: Fn(f64) -> Option<Complex64>>(
    record: &Record3C,
    arrivals: &Arrivals,
    response: impl Fn(&str) -> Option<R>,
    params: &AmplitudeParams,
) -> Result<f64, NoAmplitude> {
    let alone = arrivals.alone(params.before_p_s, params.after_s_s)?;
    let windows = windows(record, alone.begins, alone.ends);
    let (noise, signal) = windows.ok_or(NoAmplitude::NoRecord)?;
    let mut product = 1.0;
    for (channel, row) in record.channels.iter().zip(&record.data).take(2) {
        if row.iter().any(|x| !x.is_finite()) {
            return Err(NoAmplitude::Gap);
        }
        if is_clipped(row, signal.clone(), record.sampling_rate_hz) {
            return Err(NoAmplitude::Clipped);
        }
        let samples: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        let displacement = response(channel).ok_or(NoAmplitude::NoResponse)?;
        let drawn = wood_anderson(
            &samples,
            record.sampling_rate_hz,
            displacement,
            &params.simulate,
        )
        .map_err(|_| NoAmplitude::NoResponse)?;
        let found = peak(&drawn, noise.clone(), signal.clone()).ok_or(NoAmplitude::NoRecord)?;
        if found.amplitude.is_nan()
            || found.amplitude < params.least_ratio * found.noise
            || found.amplitude == 0.0
        {
            return Err(alone.noise());
        }
        product *= found.amplitude;
    }
    Ok(product.sqrt())
}

/// Whether the sensor was driven beyond what it can tell within these samples: then no amplitude is large enough.
pub(super) fn is_clipped(row: &[f32], signal: Range<usize>, rate_hz: f64) -> bool {
    let part = row.get(signal).unwrap_or_default();
    ComponentQuality::of(part, rate_hz).n_clipped > 0
}

/// Samples of the noise and of the earthquake.
fn windows(record: &Record3C, begins: Time, ends: Time) -> Option<(Range<usize>, Range<usize>)> {
    let rate_hz = record.sampling_rate_hz;
    let [first, last] = [begins, ends].map(|at| (between_s(record.start, at) * rate_hz).round());
    if !(first >= rate_hz && last > first && last <= record.n_samples() as f64) {
        return None;
    }
    let (first, last) = (first as usize, last as usize);
    Some((first.saturating_sub(last - first)..first, first..last))
}
