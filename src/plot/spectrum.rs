//! What is in a record at which frequency.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend};
use super::style::{
    BLUE, Canvas, GREEN, GREY, INK, LARGE, ORANGE, PURPLE, Painted, SKY, VERMILLION, check, figure,
    line, px,
};
use super::text::{Align, text};
use super::waveform::finite;
use crate::error::{Result, fail};
use crate::waveform::filter::Filter;
use crate::waveform::spectrum::{Psd, Spectrogram};

/// A named curve: frequencies in Hz and decibels.
type Curve = (String, Vec<f64>, Vec<f64>);

const SIZE: (u32, u32) = (660, 400);
const COLOURS: [RGBColor; 8] = [BLUE, VERMILLION, GREEN, GREY, INK, PURPLE, ORANGE, SKY];

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

/// Gains of filters over frequency, in decibels. What is below -80 dB is not drawn.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no filter, or frequencies are not `0 < low < high`.
pub fn filter_responses(filters: &[(&str, &Filter)], low_hz: f64, high_hz: f64) -> Result<Figure> {
    check(
        "frequencies",
        (0.0 < low_hz && low_hz < high_hz).then_some(high_hz),
    )?;
    let n = 160;
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
            // plotters does not clip: what leaves the axis is left out.
            let outside = |(_, v): &(f64, f64)| *v < y.low || *v > y.high;
            for inside in piece.split(outside).filter(|inside| !inside.is_empty()) {
                chart.draw_series([PathElement::new(inside.to_vec(), line(colour(i), 15))])?;
            }
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
    spectrogram_below(None, spectrogram, unit)
}

/// As [`spectrogram`], below the waveform that it was computed of, in which `marks` name instants in seconds
/// after its start.
///
/// # Errors
/// As [`spectrogram()`], and where no sample was recorded.
pub fn waveform_and_spectrogram(
    samples: &[f32],
    sampling_rate_hz: f64,
    marks: &[(f64, &str)],
    spectrogram: &Spectrogram,
    unit: &str,
) -> Result<Figure> {
    check("waveform", finite(samples).take(1))?;
    let above = Above {
        samples,
        duration_s: samples.len() as f64 / sampling_rate_hz,
        marks,
    };
    spectrogram_below(Some(above), spectrogram, unit)
}

/// The waveform above a spectrogram.
struct Above<'a> {
    samples: &'a [f32],
    duration_s: f64,
    marks: &'a [(f64, &'a str)],
}

const ABOVE: u32 = 160;

impl Above<'_> {
    fn draw(&self, canvas: &Canvas, x: &Axis) -> Painted<()> {
        let (head, below) = canvas.split_vertically(px(26));
        let frame = Frame {
            bottom: 8,
            top: 2,
            ..Frame::default()
        };
        let y = Axis::around("counts", finite(self.samples), 4);
        let mut chart = chart(&below, frame, &x.clone().bare(), &y)?;
        // The axis is the spectrogram's, which begins and ends with whole segments.
        let step = self.duration_s / self.samples.len() as f64;
        let points = self.samples.iter().enumerate();
        let points: Vec<(f64, f64)> = points
            .map(|(i, v)| (i as f64 * step, f64::from(*v)))
            .filter(|(t, v)| (x.low..=x.high).contains(t) && v.is_finite())
            .collect();
        chart.draw_series([PathElement::new(points, line(INK, 10))])?;
        for (t, name) in self.marks {
            dashed(&mut chart, (*t, y.low), (*t, y.high), VERMILLION)?;
            let column = chart.backend_coord(&(*t, 0.0)).0 - canvas.get_base_pixel().0;
            let style = text(LARGE, VERMILLION, Align::Centre);
            style.draw(&head, name, (column, px(15) as i32))?;
        }
        Ok(())
    }
}

fn spectrogram_below(
    above: Option<Above>,
    spectrogram: &Spectrogram,
    unit: &str,
) -> Result<Figure> {
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

    let head = if above.is_some() { ABOVE } else { 0 };
    figure("Spectrogram.", (SIZE.0, SIZE.1 + head), |canvas| {
        let (top, below) = canvas.split_vertically(px(head));
        let (body, side) = below.split_horizontally(px(SIZE.0 - 120));
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
        if let Some(above) = &above {
            let (left, _) = top.split_horizontally(px(SIZE.0 - 120));
            above.draw(&left, &x)?;
        }
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
