//! How far an earthquake stands out of the noise at the station.

use crate::error::Result;
use crate::time::{self, Time, between_s};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::{Record3C, WaveformSource};

/// Where small earthquakes within tens of kilometres have most of their energy.
pub const SIGNAL_BAND_HZ: (f64, f64) = (2.0, 20.0);

/// The noise is that of so many seconds, until so long before the P wave, for a filter and an
/// uncertain travel time smear the onset.
const NOISE_S: f64 = 10.0;
const BEFORE_P_S: f64 = 1.0;

/// The filter has forgotten by then that its record began.
const SETTLING_S: f64 = 5.0;

/// The S waves' peak comes so long after their first arrival, at most.
const AFTER_S_S: f64 = 3.0;

/// Largest amplitude from the P wave until 3 s after the S wave, over the root mean square of the 10 s
/// that end 1 s before P, both in [`SIGNAL_BAND_HZ`]; of the three components the one on which that is largest.
/// Noise alone has about 3.5, the largest of some hundred independent values. None where one of these
/// seconds was not recorded on all three components.
///
/// # Errors
/// As [`WaveformSource::record`], but for what was not recorded; [`crate::Error::Waveform`] where the
/// sampling rate is too low for the band.
pub fn signal_to_noise(
    source: &dyn WaveformSource,
    sampling_rate_hz: f64,
    p: Time,
    s: Time,
) -> Result<Option<f64>> {
    let samples = |seconds: f64| (seconds * sampling_rate_hz).round() as usize;
    let lead_s = SETTLING_S + NOISE_S + BEFORE_P_S;
    let signal_s = between_s(p, s).max(0.0) + AFTER_S_S;
    let start = p - time::seconds(lead_s);
    let record = match source.record(start, samples(lead_s + signal_s)) {
        Ok(record) => record,
        Err(error) if error.unavailable().is_some() => return Ok(None),
        Err(error) => return Err(error),
    };
    if !record.gaps().is_empty() {
        return Ok(None);
    }
    let band = Filter::bandpass(4, SIGNAL_BAND_HZ.0, SIGNAL_BAND_HZ.1, sampling_rate_hz)?;
    // From the first sample on, which is no step then.
    let mut filtered: Record3C = record.remove_mean();
    band.in_place(&mut filtered, Pass::Causal)?;
    let (from, to) = (samples(SETTLING_S), samples(SETTLING_S + NOISE_S));
    let ratios = filtered.data.iter().map(|row| {
        let energy: f64 = row[from..to].iter().map(|v| f64::from(*v).powi(2)).sum();
        let rms = (energy / (to - from) as f64).sqrt();
        let onset = samples(lead_s).min(row.len());
        let peak = row[onset..].iter().fold(0.0f32, |a, v| a.max(v.abs()));
        f64::from(peak) / rms
    });
    // A component without any noise is dead, and tells nothing.
    let largest = ratios.filter(|r| r.is_finite()).fold(0.0, f64::max);
    Ok((largest > 0.0).then_some(largest))
}
