//! How power is spread over frequency: by Welch's method, and in time as a spectrogram.
//!
//! Segments of equal length, each less its mean and under a Hann window, overlap by half; their
//! periodograms are averaged (Welch, *IEEE Trans. Audio Electroacoust.* 15, 70-73, 1967) or stand
//! side by side. A segment that touches a gap is left out and counted.
//!
//! ```
//! use quakebook::waveform::spectrum;
//! let tone: Vec<f32> = (0..4000).map(|i| (i as f32 * 0.05 * std::f32::consts::TAU).sin()).collect();
//! let psd = spectrum::psd(&tone, 100.0, 400)?;
//! let peak = (0..psd.power.len()).max_by(|&i, &j| psd.power[i].total_cmp(&psd.power[j])).unwrap();
//! assert_eq!(psd.frequency_hz[peak], 5.0);
//! # Ok::<(), quakebook::Error>(())
//! ```

use std::f64::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

use crate::error::{Result, fail};

/// A power spectral density, one-sided.
#[derive(Debug, Clone, PartialEq)]
pub struct Psd {
    pub frequency_hz: Vec<f64>,
    /// Squared units of the samples per hertz, such as counts^2/Hz.
    pub power: Vec<f64>,
    pub n_segments: usize,
    /// Segments left out because samples were missing in them.
    pub n_segments_with_gaps: usize,
}

impl Psd {
    /// `10 log10` of the power, dB relative to 1 squared unit per hertz.
    pub fn decibel(&self) -> Vec<f64> {
        self.power.iter().map(|p| 10.0 * p.log10()).collect()
    }
}

/// Power by time and frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrogram {
    /// Middle of each segment, seconds after the first sample.
    pub time_s: Vec<f64>,
    pub frequency_hz: Vec<f64>,
    /// `power[time][frequency]`, as [`Psd::power`]; NaN where samples were missing.
    pub power: Vec<Vec<f64>>,
}

/// Welch's estimate, from segments of `n_per_segment` samples that overlap by half.
///
/// # Errors
/// [`crate::Error::Waveform`] where there is no whole segment without a gap.
pub fn psd(samples: &[f32], sampling_rate_hz: f64, n_per_segment: usize) -> Result<Psd> {
    let all = spectrogram(samples, sampling_rate_hz, n_per_segment, n_per_segment / 2)?;
    let whole: Vec<&Vec<f64>> = all.power.iter().filter(|p| !p[0].is_nan()).collect();
    if whole.is_empty() {
        return Err(fail!(
            Waveform,
            format!("spectrum of {} samples", samples.len()),
            format!("no {n_per_segment} samples without a gap"),
            "Take shorter segments, or a span without gaps"
        ));
    }
    let power = (0..all.frequency_hz.len())
        .map(|i| whole.iter().map(|p| p[i]).sum::<f64>() / whole.len() as f64)
        .collect();
    Ok(Psd {
        power,
        n_segments: whole.len(),
        n_segments_with_gaps: all.power.len() - whole.len(),
        frequency_hz: all.frequency_hz,
    })
}

/// The periodograms of segments of `n_per_segment` samples, each beginning `n_per_segment -
/// n_overlap` after the last.
///
/// # Errors
/// [`crate::Error::Waveform`] where there are fewer samples than a segment, or the overlap is not
/// shorter than it.
pub fn spectrogram(
    samples: &[f32],
    sampling_rate_hz: f64,
    n_per_segment: usize,
    n_overlap: usize,
) -> Result<Spectrogram> {
    if n_per_segment < 2 || n_overlap >= n_per_segment || samples.len() < n_per_segment {
        return Err(fail!(
            Waveform,
            format!("spectrum of {} samples", samples.len()),
            format!("segments of {n_per_segment} that overlap by {n_overlap}"),
            "Take segments of 2 samples or more, not longer than the record, with a shorter overlap"
        ));
    }
    let n = n_per_segment;
    let periodogram = Periodogram::new(n, sampling_rate_hz);
    let starts = (0..=samples.len() - n).step_by(n - n_overlap);
    Ok(Spectrogram {
        time_s: starts
            .clone()
            .map(|start| (start as f64 + n as f64 / 2.0) / sampling_rate_hz)
            .collect(),
        frequency_hz: (0..=n / 2)
            .map(|i| i as f64 * sampling_rate_hz / n as f64)
            .collect(),
        power: starts
            .map(|start| periodogram.of(&samples[start..start + n]))
            .collect(),
    })
}

struct Periodogram {
    fft: Arc<dyn Fft<f64>>,
    window: Vec<f64>,
    /// To squared units per hertz, for one side of the spectrum.
    scale: f64,
}

impl Periodogram {
    fn new(n: usize, sampling_rate_hz: f64) -> Self {
        let window: Vec<f64> = (0..n)
            .map(|i| 0.5 - 0.5 * (TAU * i as f64 / n as f64).cos())
            .collect();
        let energy: f64 = window.iter().map(|w| w * w).sum();
        Self {
            fft: FftPlanner::new().plan_fft_forward(n),
            scale: 2.0 / (sampling_rate_hz * energy),
            window,
        }
    }

    fn of(&self, samples: &[f32]) -> Vec<f64> {
        let n = samples.len();
        let mean = samples.iter().map(|x| f64::from(*x)).sum::<f64>() / n as f64;
        let mut line: Vec<Complex64> = samples
            .iter()
            .zip(&self.window)
            .map(|(x, w)| Complex64::from(w * (f64::from(*x) - mean)))
            .collect();
        self.fft.process(&mut line);
        (0..=n / 2)
            .map(|i| {
                // Zero and the Nyquist frequency have no mirror image to be added.
                let alone = i == 0 || 2 * i == n;
                line[i].norm_sqr() * self.scale * if alone { 0.5 } else { 1.0 }
            })
            .collect()
    }
}
