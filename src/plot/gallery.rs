//! Many short records on one page, to be looked at by eye.

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::dashed;
use super::style::{INK, SMALL, VERMILLION, check, figure, px};
use super::text::{Align, text};
use super::waveform::{WIDTH, draw_samples};
use crate::error::Result;

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
            let known = samples.iter().filter(|v| !v.is_nan());
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
