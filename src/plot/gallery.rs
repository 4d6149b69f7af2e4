//! Many short records on one page, to be looked at by eye.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::dashed;
use super::style::{BLUE, INK, SMALL, VERMILLION, check, figure, line, px};
use super::text::{Align, text};
use super::waveform::{WIDTH, draw_samples};
use crate::error::Result;
use crate::time::{Time, between_s};
use crate::waveform::Record3C;

const CELL: u32 = 84;
const FOOT: u32 = 46;

/// Named segments of one component, each scaled by its own largest value, `n_columns` beside one another and
/// row by row; dashed: `mark_s` after each start. NaN leaves a gap.
///
/// # Errors
/// [`crate::Error::Plot`] where there is none, or one is empty.
pub fn gallery(
    segments: &[(String, Vec<f32>)],
    sampling_rate_hz: f64,
    mark_s: f64,
    n_columns: usize,
) -> Result<Figure> {
    check("segments", segments.iter().map(|s| s.1.len() as f64))?;
    for (name, samples) in segments {
        check(name, samples.first().map(|_| 0.0))?;
    }
    let n_columns = n_columns.max(1);
    let n_rows = segments.len().div_ceil(n_columns);
    let longest = segments.iter().map(|s| s.1.len()).max().unwrap_or(0);
    let x = Axis::linear("time (s)", 0.0, longest as f64 / sampling_rate_hz, 4);
    let size = (WIDTH, n_rows as u32 * CELL + FOOT);
    figure("Segments of the vertical component.", size, |canvas| {
        for (i, (name, samples)) in segments.iter().enumerate() {
            let (column, row) = (i % n_columns, i / n_columns);
            let lowest = i + n_columns >= segments.len();
            let width = px(WIDTH) / n_columns as u32;
            let height = px(CELL) + if lowest { px(FOOT) } else { 0 };
            let corner = (
                (column as u32 * width) as i32,
                (row as u32 * px(CELL)) as i32,
            );
            let cell = canvas.clone().shrink(corner, (width, height));
            let (head, body) = cell.split_vertically(px(18));
            text(SMALL, INK, Align::Left).draw(&head, name, (px(14) as i32, px(11) as i32))?;
            let known = samples.iter().filter(|v| v.is_finite());
            let largest = known.fold(f32::MIN_POSITIVE, |a, v| a.max(v.abs()));
            let scaled: Vec<f32> = samples.iter().map(|v| v / largest).collect();
            let y = Axis {
                ticks: Vec::new(),
                ..Axis::linear("", -1.1, 1.1, 1)
            };
            let frame = Frame {
                left: 14,
                right: 8,
                top: 2,
                bottom: if lowest { FOOT } else { 4 },
            };
            let x = if lowest { x.clone() } else { x.clone().bare() };
            let mut chart = chart(&body, frame, &x, &y)?;
            let right = scaled.len() as f64 / sampling_rate_hz;
            draw_samples(&mut chart, 0.0, right, &scaled, INK)?;
            dashed(&mut chart, (mark_s, y.low), (mark_s, y.high), VERMILLION)?;
        }
        Ok(())
    })
}

/// A short record on a page: its title, its three components, and an instant to mark.
pub type Shown = (String, Record3C, Option<Time>);

/// Named records of three components, two beside one another; all components of a record are on one scale, its own.
/// Upright: an instant of each, such as the arrival of P. Figure 12 of the paper, where they are detections.
///
/// # Errors
/// [`crate::Error::Plot`] where there is none, or one has no sample.
pub fn records(shown: &[Shown]) -> Result<Figure> {
    check("records", shown.iter().map(|s| s.1.n_samples() as f64))?;
    for (name, record, _) in shown {
        let values = record.data.iter().flatten().filter(|v| v.is_finite());
        check(name, values.take(1).map(|_| 0.0))?;
    }
    const TALL: u32 = 150;
    let n_rows = shown.len().div_ceil(2) as u32;
    let figure = figure(
        "Records of three components.",
        (WIDTH, n_rows * TALL),
        |canvas| {
            let cells = canvas.split_evenly((n_rows as usize, 2));
            for ((title, record, mark), cell) in shown.iter().zip(&cells) {
                let (head, body) = cell.split_vertically(px(22));
                text(SMALL, INK, Align::Left).draw(&head, title, (px(16) as i32, px(13) as i32))?;
                let duration_s = record.n_samples() as f64 / record.sampling_rate_hz;
                let x = Axis::linear("s", 0.0, duration_s, 6);
                // The first component above the others, each a line high.
                let middle = |i: usize| 2.0 - i as f64;
                let y = Axis {
                    name: String::new(),
                    low: -0.6,
                    high: 2.6,
                    ticks: (0..3)
                        .map(|i| (middle(i), record.channels[i].clone()))
                        .collect(),
                };
                let frame = Frame {
                    left: 46,
                    right: 10,
                    top: 2,
                    bottom: 42,
                };
                let mut chart = chart(&body, frame, &x, &y)?;
                let means = [0, 1, 2].map(|i| mean(&record.data[i]));
                let away = (0..3).flat_map(|i| {
                    let known = record.data[i].iter().filter(|v| v.is_finite());
                    known.map(move |v| (v - means[i]).abs())
                });
                let largest = away.fold(f32::MIN_POSITIVE, f32::max);
                for (i, data) in record.data.iter().enumerate() {
                    let scaled = |v: &f32| 0.55 * (v - means[i]) / largest + middle(i) as f32;
                    let samples: Vec<f32> = data.iter().map(scaled).collect();
                    draw_samples(&mut chart, 0.0, duration_s, &samples, BLUE)?;
                }
                let at = mark.map(|mark| between_s(record.start, mark));
                if let Some(at) = at.filter(|at| (0.0..=duration_s).contains(at)) {
                    let upright = [(at, y.low), (at, y.high)];
                    chart.draw_series([PathElement::new(upright, line(VERMILLION, 15))])?;
                }
            }
            Ok(())
        },
    )?;
    let first = &shown[0].1;
    let simulated = shown.iter().any(|s| s.1.simulated);
    Ok(figure.sourced(&first.station, simulated))
}

fn mean(samples: &[f32]) -> f32 {
    let known = samples.iter().filter(|v| v.is_finite());
    let (sum, n) = known.fold((0.0, 0), |(sum, n), v| (sum + f64::from(*v), n + 1));
    (sum / f64::from(n.max(1))) as f32
}
