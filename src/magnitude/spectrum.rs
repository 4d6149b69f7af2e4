//! The displacement spectrum of S at one station, where it stands above the noise.

use std::ops::Range;
use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

use super::amplitude::is_clipped;
use super::arrivals::Arrivals;
use super::no_amplitude::NoAmplitude;
use super::simulate::taper;
use crate::time::{self, Time, between_s};
use crate::waveform::Record3C;

/// Where the spectrum of S is taken, and which of its frequencies count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumParams {
    /// The window begins so long before S...
    pub before_s_s: f64,
    /// ...and ends so long after it, or as long as S comes after P where that is more. Of other earthquakes see [`Arrivals`].
    pub after_s_s: f64,
    /// The window of the noise, which is as long, ends so long before P.
    pub before_p_s: f64,
    /// The lowest and the highest frequency. Lower than 1.5 periods of the window, or higher than 0.8 of Nyquist's, none counts.
    pub band_hz: [f64; 2],
    /// A frequency counts from so many times the noise on.
    pub least_ratio: f64,
    /// The frequencies that count reach so far, or there is no spectrum.
    pub least_octaves: f64,
}

impl Default for SpectrumParams {
    fn default() -> Self {
        Self {
            before_s_s: 0.3,
            after_s_s: 4.0,
            before_p_s: 0.5,
            band_hz: [0.5, 40.0],
            least_ratio: 3.0,
            least_octaves: 1.5,
        }
    }
}

/// The spectrum of displacement on all three components together.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Eight an octave, rising, without a gap.
    pub frequency_hz: Vec<f64>,
    /// The root of the three components' power, less that of the noise: m/Hz, which is m s.
    pub displacement_m_s: Vec<f64>,
}

const BINS_AN_OCTAVE: f64 = 8.0;

/// So many times as long as the window is the transform, so that each bin holds several of its lines.
const PADDING: usize = 8;

/// The spectrum of S, where it stands above the noise before P: the longest run of frequencies that do.
///
/// `response` gives that of a channel to displacement, by its code; see [`super::wood_anderson`].
///
/// # Errors
/// [`NoAmplitude`], which is no fault of the program's.
pub fn s_spectrum<R: Fn(f64) -> Option<Complex64>>(
    record: &Record3C,
    arrivals: &Arrivals,
    response: impl Fn(&str) -> Option<R>,
    params: &SpectrumParams,
) -> Result<Spectrum, NoAmplitude> {
    let alone = arrivals.alone(params.before_p_s, params.after_s_s)?;
    let begins = arrivals.s - time::seconds(params.before_s_s);
    let windows = windows(record, alone.begins, begins, alone.ends);
    let (noise, signal) = windows.ok_or(NoAmplitude::NoRecord)?;
    let bins = Bins::new(record.sampling_rate_hz, signal.len(), params);
    let (mut noise_power, mut power) = (vec![0.0; bins.ranges.len()], vec![0.0; bins.ranges.len()]);
    for (channel, row) in record.channels.iter().zip(&record.data) {
        if is_clipped(row, signal.clone(), record.sampling_rate_hz) {
            return Err(NoAmplitude::Clipped);
        }
        let displacement = response(channel).ok_or(NoAmplitude::NoResponse)?;
        for (window, sum) in [(&noise, &mut noise_power), (&signal, &mut power)] {
            let samples = row.get(window.clone()).ok_or(NoAmplitude::NoRecord)?;
            if samples.iter().any(|x| !x.is_finite()) {
                return Err(NoAmplitude::Gap);
            }
            bins.add(samples, &displacement, sum)?;
        }
    }
    let counts = |(signal, noise): (&f64, &f64)| {
        signal.is_finite() && *signal > 0.0 && *signal >= params.least_ratio.powi(2) * noise
    };
    let counts: Vec<bool> = power.iter().zip(&noise_power).map(counts).collect();
    let run = longest_run(&counts);
    if (run.len() as f64) < params.least_octaves * BINS_AN_OCTAVE {
        return Err(alone.noise());
    }
    let both = power[run.clone()].iter().zip(&noise_power[run.clone()]);
    Ok(Spectrum {
        frequency_hz: bins.frequency_hz[run].to_vec(),
        displacement_m_s: both
            .map(|(signal, noise)| (signal - noise).sqrt())
            .collect(),
    })
}

/// Samples of the noise until a time, and of S from one time until another.
fn windows(
    record: &Record3C,
    noise_ends: Time,
    begins: Time,
    ends: Time,
) -> Option<(Range<usize>, Range<usize>)> {
    let sample = |at: Time| {
        let sample = between_s(record.start, at) * record.sampling_rate_hz;
        (sample >= 0.0).then_some(sample.round() as usize)
    };
    let (noise_ends, first, last) = (sample(noise_ends)?, sample(begins)?, sample(ends)?);
    let noise_begins = noise_ends.checked_sub(last.checked_sub(first)?)?;
    (last > first && last <= record.n_samples()).then_some((noise_begins..noise_ends, first..last))
}

/// Bands of equal width on a logarithmic scale, and the transform's lines in each.
struct Bins {
    rate_hz: f64,
    /// Of noise and signal on all components alike.
    fft: Arc<dyn Fft<f64>>,
    frequency_hz: Vec<f64>,
    ranges: Vec<Range<usize>>,
}

impl Bins {
    fn new(rate_hz: f64, n_samples: usize, params: &SpectrumParams) -> Self {
        let n_fft = (PADDING * n_samples).next_power_of_two();
        let per_hz = n_fft as f64 / rate_hz;
        let low_hz = params.band_hz[0].max(1.5 * rate_hz / n_samples as f64);
        let high_hz = params.band_hz[1].min(0.8 * rate_hz / 2.0);
        let n_bins = BINS_AN_OCTAVE * (high_hz / low_hz).max(1.0).log2();
        let edge = |bin: usize| low_hz * (bin as f64 / BINS_AN_OCTAVE).exp2();
        let line = |f_hz: f64| (f_hz * per_hz).ceil() as usize;
        let bins = 0..n_bins as usize;
        Self {
            rate_hz,
            fft: FftPlanner::new().plan_fft_forward(n_fft),
            frequency_hz: bins
                .clone()
                .map(|bin| (edge(bin) * edge(bin + 1)).sqrt())
                .collect(),
            ranges: bins
                .map(|bin| line(edge(bin))..line(edge(bin + 1)))
                .collect(),
        }
    }

    /// Adds the mean power of each bin's lines.
    fn add(
        &self,
        samples: &[f32],
        displacement: impl Fn(f64) -> Option<Complex64>,
        sum: &mut [f64],
    ) -> Result<(), NoAmplitude> {
        let n = samples.len();
        let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
        let mut spectrum: Vec<Complex64> = samples
            .iter()
            .zip(taper(n, 0.05))
            .map(|(x, t)| ((f64::from(*x) - mean) * t).into())
            .collect();
        let n_fft = self.fft.len();
        spectrum.resize(n_fft, Complex64::default());
        self.fft.process(&mut spectrum);
        for (lines, sum) in self.ranges.iter().zip(sum) {
            let mut power = 0.0;
            for k in lines.clone() {
                let f_hz = k as f64 * self.rate_hz / n_fft as f64;
                let response = displacement(f_hz).filter(|response| response.norm() > 0.0);
                let response = response.ok_or(NoAmplitude::NoResponse)?;
                power += (spectrum[k] / response / self.rate_hz).norm_sqr();
            }
            *sum += power / lines.len() as f64;
        }
        Ok(())
    }
}

/// The longest run of bins that count; the first of several.
fn longest_run(counts: &[bool]) -> Range<usize> {
    let mut longest = 0..0;
    let mut begin = 0;
    for run in counts.chunk_by(|a, b| a == b) {
        let end = begin + run.len();
        if run[0] && run.len() > longest.len() {
            longest = begin..end;
        }
        begin = end;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found() {
        assert_eq!(longest_run(&[]), 0..0);
        assert_eq!(longest_run(&[false, false]), 0..0);
        assert_eq!(longest_run(&[true, false, true, true, false, true]), 2..4);
        assert_eq!(longest_run(&[true, true]), 0..2);
    }

    /// By hand: bins of an eighth of an octave from 1.5 / 4.3 s on, or from 0.5 Hz, which is higher.
    #[test]
    fn bins_rise_and_hold_lines() {
        let bins = Bins::new(100.0, 430, &SpectrumParams::default());
        assert_eq!(bins.fft.len(), 4096);
        // log2(40 / 0.5) is 6.32 octaves.
        assert_eq!(bins.ranges.len(), 50);
        assert!((bins.frequency_hz[0] - 0.5 * (1.0 / 16.0_f64).exp2()).abs() < 1e-12);
        assert!(bins.ranges.iter().all(|lines| !lines.is_empty()));
        assert!(bins.ranges.windows(2).all(|w| w[0].end == w[1].start));
        // Slow records have no bins, which is no fault.
        assert!(
            Bins::new(1.0, 10, &SpectrumParams::default())
                .ranges
                .is_empty()
        );
    }
}
