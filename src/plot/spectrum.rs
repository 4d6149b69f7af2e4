//! What is in a record at which frequency.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, legend};
use super::style::{BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILLION, check, figure, line, px};
use crate::error::{Result, fail};
use crate::waveform::filter::Filter;
use crate::waveform::spectrum::{Psd, Spectrogram};

/// A named curve: frequencies in Hz and decibels.
type Curve = (String, Vec<f64>, Vec<f64>);

const SIZE: (u32, u32) = (660, 400);
const COLOURS: [RGBColor; 7] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK];

/// Power spectral densities over frequency, in decibels relative to `unit` (`counts^2/Hz`).
///
/// # Errors
/// [`crate::Error::Plot`] where a spectrum is empty or not finite.
pub fn power_spectra(spectra: &[(&str, &Psd)], unit: &str) -> Result<Figure> {
    let axis = format!("power (dB relative to 1 {unit})");
    let curves: Vec<Curve> = spectra
        .iter()
        .map(|(name, psd)| (name.to_string(), psd.frequency_hz.clone(), psd.decibel()))
        .collect();
    curves_over_frequency("Power spectral density.", &axis, &curves, None)
}

/// Gains of filters over frequency, in decibels, down to -80 dB.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no filter, or frequencies are not `0 < low < high`.
pub fn filter_responses(filters: &[(&str, &Filter)], low_hz: f64, high_hz: f64) -> Result<Figure> {
    check(
        "frequencies",
        (0.0 < low_hz && low_hz < high_hz).then_some(high_hz),
    )?;
    let n = 400;
    let step = (high_hz / low_hz).ln() / f64::from(n);
    let frequency_hz: Vec<f64> = (0..=n)
        .map(|i| low_hz * (f64::from(i) * step).exp())
        .collect();
    let curves: Vec<Curve> = filters
        .iter()
        .map(|(name, filter)| {
            // A zero of the filter is far below the axis, not at minus infinity.
            let decibel = |f: &f64| 20.0 * filter.gain(*f).max(1e-9).log10();
            let gains = frequency_hz.iter().map(decibel).collect();
            (name.to_string(), frequency_hz.clone(), gains)
        })
        .collect();
    curves_over_frequency("Gain of filters.", "gain (dB)", &curves, Some((-80.0, 5.0)))
}

fn curves_over_frequency(
    caption: &str,
    y_name: &str,
    curves: &[Curve],
    y_range: Option<(f64, f64)>,
) -> Result<Figure> {
    check("curves", curves.iter().map(|curve| curve.1.len() as f64))?;
    let mut pieces = Vec::new();
    for (name, frequency_hz, values) in curves {
        check(name, values.iter().copied())?;
        // Frequency 0 has no place on a logarithmic axis.
        let points = frequency_hz.iter().zip(values.iter());
        let points = points
            .filter(|(f, _)| **f > 0.0)
            .map(|(f, v)| (f.log10(), *v));
        pieces.push(points.collect::<Vec<_>>());
    }
    let xs = || pieces.iter().flatten().map(|point| point.0);
    check("frequencies above 0", xs())?;
    let (low, high) = xs().fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
    let x = Axis::log10("frequency (Hz)", 10f64.powf(low), 10f64.powf(high));
    let y = match y_range {
        Some((low, high)) => Axis::linear(y_name, low, high, 8),
        None => Axis::around(y_name, pieces.iter().flatten().map(|point| point.1), 8),
    };
    let colour = |i: usize| COLOURS[i % COLOURS.len()];
    figure(caption, SIZE, |canvas| {
        let named = curves.iter().enumerate();
        let entries: Vec<_> = named
            .map(|(i, curve)| (curve.0.clone(), Mark::Line, colour(i)))
            .collect();
        let below = legend(canvas, Frame::default().left, &entries)?;
        let mut chart = chart(&below, Frame::default(), &x, &y)?;
        for (i, piece) in pieces.iter().enumerate() {
            // plotters does not clip: what leaves the axis is drawn on its edge.
            let inside = piece.iter().map(|(x, v)| (*x, v.clamp(y.low, y.high)));
            chart.draw_series(LineSeries::new(inside, line(colour(i), 15)))?;
        }
        Ok(())
    })
}

/// Power over time and frequency, in decibels relative to `unit`. Colours run from the 5th
/// percentile to the maximum; where samples were missing, it stays white.
///
/// # Errors
/// [`crate::Error::Plot`] where there are fewer than two times or frequencies, or no power at all.
pub fn spectrogram(spectrogram: &Spectrogram, unit: &str) -> Result<Figure> {
    let (time_s, frequency_hz) = (&spectrogram.time_s, &spectrogram.frequency_hz);
    if time_s.len() < 2 || frequency_hz.len() < 2 {
        return Err(fail!(
            Plot,
            "spectrogram",
            format!("{} times, {} frequencies", time_s.len(), frequency_hz.len()),
            "Take a longer record or shorter segments"
        ));
    }
    let decibel = |power: &f64| 10.0 * power.log10();
    let to_decibel = |row: &Vec<f64>| row.iter().map(decibel).collect();
    let power_db: Vec<Vec<f64>> = spectrogram.power.iter().map(to_decibel).collect();
    let finite = power_db.iter().flatten().filter(|db| db.is_finite());
    let mut sorted: Vec<f64> = finite.copied().collect();
    check("power", sorted.first().copied())?;
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[sorted.len() / 20], sorted[sorted.len() - 1]);
    let share = |db: f64| ((db - low) / (high - low).max(1e-9)).clamp(0.0, 1.0);
    let colour = |share: f64| ViridisRGB.get_color(share);

    figure("Spectrogram.", SIZE, |canvas| {
        let (body, side) = canvas.split_horizontally(px(SIZE.0 - 120));
        let (half_t, half_f) = (
            (time_s[1] - time_s[0]) / 2.0,
            (frequency_hz[1] - frequency_hz[0]) / 2.0,
        );
        let (t_end, f_end) = (
            time_s[time_s.len() - 1],
            frequency_hz[frequency_hz.len() - 1],
        );
        let x = Axis::linear("time (s)", time_s[0] - half_t, t_end + half_t, 8);
        let y = Axis::linear("frequency (Hz)", frequency_hz[0].max(0.0), f_end, 8);
        let mut main = chart(&body, Frame::default(), &x, &y)?;
        for (t, row) in time_s.iter().zip(&power_db) {
            let known = frequency_hz
                .iter()
                .zip(row)
                .filter(|cell| cell.1.is_finite());
            main.draw_series(known.map(|(f, db)| {
                let (f0, f1) = ((f - half_f).max(y.low), (f + half_f).min(y.high));
                let corners = [(t - half_t, f0), (t + half_t, f1)];
                Rectangle::new(corners, colour(share(*db)).filled())
            }))?;
        }
        let scale = Axis::linear(&format!("power (dB relative to 1 {unit})"), low, high, 8);
        let frame = Frame {
            left: 58,
            right: 30,
            ..Frame::default()
        };
        let nothing = Axis {
            ticks: Vec::new(),
            ..Axis::linear("", 0.0, 1.0, 1)
        };
        let mut bar = chart(&side, frame, &nothing, &scale)?;
        let n_steps = 200;
        bar.draw_series((0..n_steps).map(|i| {
            let at = |i: i32| scale.low + (scale.high - scale.low) * f64::from(i) / 200.0;
            let shade = colour(f64::from(i) / f64::from(n_steps));
            Rectangle::new([(0.0, at(i)), (1.0, at(i + 1))], shade.filled())
        }))?;
        Ok(())
    })
}
