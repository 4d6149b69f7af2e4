//! What real and simulated records look like, in numbers that can be compared.

use super::real::Picked;
use crate::error::Result;
use crate::time;
use crate::waveform::{RATE_HZ, spectrum};

/// Bands of [`slice_spectra`], Hz.
const SLICE_BANDS_HZ: [(f64, f64); 5] = [
    (1.0, 3.0),
    (3.0, 6.0),
    (6.0, 10.0),
    (10.0, 15.0),
    (15.0, 20.0),
];

/// Logarithmic power of a scaled window in five bands from 1 to 20 Hz.
///
/// There is a value for each of `n_slices` equal parts of its time, each component and each band: what
/// nearest neighbours compare. One slice gives a spectrum, many give a coarse spectrogram.
///
/// # Errors
/// [`crate::Error::Waveform`] where a slice has fewer than two samples.
pub fn slice_spectra(window: &[f32], n_slices: usize) -> Result<Vec<f64>> {
    let n = window.len() / 3;
    let mut features = Vec::with_capacity(3 * n_slices * SLICE_BANDS_HZ.len());
    for row in window.chunks_exact(n) {
        for slice in row.chunks_exact((n / n_slices.max(1)).max(1)) {
            let psd = spectrum::psd(slice, RATE_HZ, slice.len().min(RATE_HZ as usize))?;
            let power = |(low, high): (f64, f64)| -> f64 {
                let lines = psd.frequency_hz.iter().zip(&psd.power);
                lines
                    .filter(|(f, _)| (low..high).contains(*f))
                    .map(|(_, p)| p)
                    .sum()
            };
            // A floor far below any noise, for a component that is silent in a slice.
            features.extend(SLICE_BANDS_HZ.map(|band| power(band).max(1e-12).log10()));
        }
    }
    Ok(features)
}

/// What earthquakes look like on a record, for comparing one source of records with another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Character {
    /// Five seconds from P over the noise before, decibels.
    pub signal_to_noise_db: f64,
    /// From P to S.
    pub s_minus_p_s: f64,
    /// Half a second from P over one second from S, both as amplitudes.
    pub p_over_s: f64,
    /// One second from S over what comes before it, as amplitudes: a second, or 0.4 of the time from P to S where that is less.
    pub s_rise: f64,
    /// From P until the amplitude of a second has fallen to a quarter of the largest second's.
    pub duration_s: f64,
    /// Mean frequency of the five seconds from P, weighted by power.
    pub event_hz: f64,
    /// The same of the noise.
    pub noise_hz: f64,
}

impl Character {
    /// Of one record; none where a gap or the record's end is in the way.
    pub fn of(picked: &Picked) -> Option<Self> {
        let record = &picked.record;
        let (p_s, s_s) = (
            time::between_s(record.start, picked.p),
            time::between_s(record.start, picked.s),
        );
        let part = |from_s: f64, to_s: f64| -> Option<[&[f32]; 3]> {
            let range = (from_s.max(0.0) * RATE_HZ) as usize..(to_s * RATE_HZ) as usize;
            let rows = [0, 1, 2].map(|i| record.data[i].get(range.clone()));
            let [Some(a), Some(b), Some(c)] = rows else {
                return None;
            };
            let whole = [a, b, c].iter().all(|row| row.iter().all(|x| !x.is_nan()));
            (whole && !a.is_empty()).then_some([a, b, c])
        };
        let amplitude = |rows: [&[f32]; 3]| {
            let squares: f64 = rows
                .iter()
                .flat_map(|row| row.iter())
                .map(|x| f64::from(x * x))
                .sum();
            (squares / (3 * rows[0].len()) as f64).sqrt()
        };
        let mean_hz = |rows: [&[f32]; 3]| -> Option<f64> {
            let (mut moment, mut power) = (0.0, 0.0);
            for row in rows {
                let psd = spectrum::psd(row, RATE_HZ, RATE_HZ as usize).ok()?;
                moment += psd
                    .frequency_hz
                    .iter()
                    .zip(&psd.power)
                    .map(|(f, p)| f * p)
                    .sum::<f64>();
                power += psd.power.iter().sum::<f64>();
            }
            Some(moment / power)
        };
        let (noise, event) = (part(p_s - 9.0, p_s - 1.0)?, part(p_s, p_s + 5.0)?);
        let seconds: Vec<f64> = (0..15)
            .map_while(|i| Some(amplitude(part(p_s + f64::from(i), p_s + f64::from(i + 1))?)))
            .collect();
        let largest = (0..seconds.len()).max_by(|a, b| seconds[*a].total_cmp(&seconds[*b]))?;
        let fallen = (largest..seconds.len()).find(|i| seconds[*i] < seconds[largest] / 4.0);
        let before_s = (0.4 * (s_s - p_s)).min(1.0);
        // A pick of S may be a little late.
        let before = part(s_s - before_s, s_s - 0.05)?;
        Some(Self {
            signal_to_noise_db: 20.0 * (amplitude(event) / amplitude(noise)).log10(),
            s_minus_p_s: s_s - p_s,
            p_over_s: amplitude(part(p_s, p_s + 0.5)?) / amplitude(part(s_s, s_s + 1.0)?),
            s_rise: amplitude(part(s_s, s_s + 1.0)?) / amplitude(before),
            duration_s: fallen.unwrap_or(seconds.len()) as f64,
            event_hz: mean_hz(event)?,
            noise_hz: mean_hz(noise)?,
        })
    }
}
