//! A filter that slides: over samples of a record, and in a drawing of boxes.

use plotters::prelude::*;

use super::Figure;
use super::axes::Axis;
use super::marks::{Mark, legend, spot};
use super::style::{
    BLUE, Canvas, FAINT, GREEN, GREY, INK, ORANGE, Painted, SKY, SMALL, VERMILLION, check, figure,
    line, px,
};
use super::text::{Align, text};
use super::waveform::{FOOT, FRAME, PANEL, WIDTH, panels, stacked_on};
use crate::error::{Result, fail};

const COLOURS: [RGBColor; 3] = [VERMILLION, GREEN, ORANGE];

/// Samples above what a filter of `n_weights` makes of them: output `i` is made of the samples `i` to
/// `i + n_weights - 1`. `places` are outputs to show, each in a colour, with the samples that the filter covers there.
///
/// # Errors
/// [`crate::Error::Plot`] where a number is not finite, or there are not `samples.len() - n_weights + 1` outputs.
pub fn sliding_filter(
    samples: &[f32],
    outputs: &[f32],
    n_weights: usize,
    places: &[usize],
) -> Result<Figure> {
    let finite = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    check("samples", finite(samples))?;
    check("outputs", finite(outputs))?;
    if outputs.len() + n_weights != samples.len() + 1 {
        return Err(fail!(
            Plot,
            "outputs",
            format!(
                "{}, expected one for each of the {} places of {n_weights} weights",
                outputs.len(),
                (samples.len() + 1).saturating_sub(n_weights)
            ),
            "Give the outputs of a filter without padding, of stride 1"
        ));
    }
    let caption = format!(
        "A filter of {n_weights} weights slides over {} samples.",
        samples.len()
    );
    figure(caption, (WIDTH, 26 + 2 * (PANEL + 40) + FOOT), |canvas| {
        let entries: Vec<_> = places
            .iter()
            .zip(COLOURS.iter().cycle())
            .map(|(place, colour)| (format!("place {place}"), Mark::Block, *colour))
            .collect();
        let below = legend(canvas, FRAME.left, &entries)?;
        let rows = panels(&below, 2);
        let x = Axis::linear("sample", -0.5, samples.len() as f64 - 0.5, 10);
        let middle = (n_weights as f64 - 1.0) / 2.0;
        for (i, (name, values)) in [("input", samples), ("output", outputs)].iter().enumerate() {
            let y = Axis::around(name, finite(values), 4);
            let mut chart = stacked_on(&rows[i], i == 1, &x, &y)?;
            for (place, colour) in places.iter().zip(COLOURS.iter().cycle()) {
                let (first, last) = (*place as f64 - 0.5, (place + n_weights) as f64 - 0.5);
                let corners = match i {
                    0 => [(first, y.low), (last, y.high)],
                    _ => [(first + middle, y.low), (first + middle + 1.0, y.high)],
                };
                chart.draw_series([Rectangle::new(corners, colour.mix(0.35).filled())])?;
            }
            let shift = if i == 0 { 0.0 } else { middle };
            let points: Vec<(f64, f64)> = finite(values)
                .into_iter()
                .enumerate()
                .map(|(j, v)| (j as f64 + shift, v))
                .collect();
            chart.draw_series([PathElement::new(points.clone(), line(BLUE, 10))])?;
            for at in points {
                spot(&chart, at, Mark::Dot, BLUE, 2)?;
            }
        }
        Ok(())
    })
}

/// How a filter of `kernel` weights moves over samples: one band for each `(kernel, stride, padding)`.
///
/// Above stand `n_input` samples, with zeros put before and after them in grey; below what comes out, and lines to the
/// samples that the first, second and last output are made of.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no band, a stride is 0, or a filter is longer than its samples.
pub fn strides(n_input: usize, bands: &[(usize, usize, usize)]) -> Result<Figure> {
    check("bands", bands.iter().map(|band| band.0 as f64))?;
    for (kernel, stride, padding) in bands {
        if *kernel == 0 || *stride == 0 || *kernel > n_input + 2 * padding {
            return Err(fail!(
                Plot,
                "bands",
                format!("kernel {kernel}, stride {stride}, padding {padding} on {n_input} samples"),
                "Give a filter that fits in the samples, and a stride of 1 or more"
            ));
        }
    }
    const BAND: u32 = 150;
    let size = (WIDTH, bands.len() as u32 * BAND);
    let caption = format!("A filter slides over {n_input} samples.");
    figure(caption, size, |canvas| {
        let rows = canvas.split_evenly((bands.len(), 1));
        for (row, band) in rows.iter().zip(bands) {
            draw_band(row, n_input, *band)?;
        }
        Ok(())
    })
}

fn draw_band(
    canvas: &Canvas,
    n_input: usize,
    (kernel, stride, padding): (usize, usize, usize),
) -> Painted<()> {
    let n_padded = n_input + 2 * padding;
    let n_out = (n_padded - kernel) / stride + 1;
    let title = format!(
        "kernel {kernel}, stride {stride}, padding {padding}: {n_input} samples in, {n_out} out"
    );
    text(SMALL, INK, Align::Left).draw(canvas, &title, (px(20) as i32, px(16) as i32))?;
    let side = (px(WIDTH - 120) as i32 / n_padded as i32).min(px(40) as i32);
    let (left, half) = (
        px(WIDTH) as i32 / 2 - side * n_padded as i32 / 2,
        side * 2 / 5,
    );
    let (top, bottom) = (px(50) as i32, px(122) as i32);
    let x = |i: f64| left + (side as f64 * (i + 0.5)) as i32;
    // An output stands below the middle of what it is made of.
    let x_out = |o: usize| x((o * stride) as f64 + (kernel as f64 - 1.0) / 2.0);
    let mut shown = vec![0, 1, n_out - 1];
    shown.retain(|o| *o < n_out);
    shown.dedup();
    for (o, colour) in shown.iter().zip(COLOURS) {
        for k in 0..kernel {
            let ends = [
                (x((o * stride + k) as f64), top + half),
                (x_out(*o), bottom - half),
            ];
            canvas.draw(&PathElement::new(ends, line(colour, 12)))?;
        }
    }
    let box_ = |at: (i32, i32), ground: RGBColor, label: &str| -> Painted<()> {
        let corners = [(at.0 - half, at.1 - half), (at.0 + half, at.1 + half)];
        canvas.draw(&Rectangle::new(corners, ground.filled()))?;
        canvas.draw(&Rectangle::new(corners, line(GREY, 10)))?;
        text(SMALL, INK, Align::Centre).draw(canvas, label, at)
    };
    for i in 0..n_padded {
        let is_padding = i < padding || i >= padding + n_input;
        let (ground, label) = match is_padding {
            true => (FAINT, "0".to_string()),
            false => (SKY, (i + 1 - padding).to_string()),
        };
        box_((x(i as f64), top), ground, &label)?;
    }
    for o in 0..n_out {
        let which = shown.iter().position(|s| *s == o);
        let ground = which.map_or(WHITE, |i| COLOURS[i]);
        box_((x_out(o), bottom), ground, &(o + 1).to_string())?;
    }
    Ok(())
}
