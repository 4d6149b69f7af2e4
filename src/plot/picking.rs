//! A record, and below it what was computed for each of its samples.

use plotters::prelude::*;

use super::Figure;
use super::axes::Axis;
use super::marks::{Mark, dashed, legend};
use super::style::{BLUE, GREY, INK, LARGE, VERMILLION, check, figure, line, px};
use super::text::{Align, text};
use super::waveform::{FOOT, FRAME, WIDTH, axis_name, draw_samples, finite, stacked_on};
use crate::error::Result;
use crate::time::{self, Time};
use crate::waveform::Record3C;

const HEAD: u32 = 26;
const COMPONENT: u32 = 112;
const LEGEND: u32 = 26;
const CURVES: u32 = 150;
const COLOURS: [RGBColor; 3] = [BLUE, VERMILLION, GREY];

/// The three components on one scale, and below them up to three named curves with a value for each sample, NaN where there is none.
/// Named instants are upright lines.
///
/// # Errors
/// [`crate::Error::Plot`] where the record or a curve has no value, or there is no curve.
pub fn record_and_curves(
    record: &Record3C,
    y_name: &str,
    curves: &[(&str, &[f32])],
    marks: &[(Time, &str)],
) -> Result<Figure> {
    check("record", record.data.iter().flat_map(|row| finite(row)))?;
    check("curves", curves.iter().map(|curve| curve.1.len() as f64))?;
    for (name, values) in curves {
        check(name, finite(values))?;
    }
    let to_x = |t: Time| time::between_s(record.start, t);
    let end_s = to_x(record.end());
    let x = Axis::linear("time after the start (s)", 0.0, end_s, 10);
    let all: Vec<f64> = record.data.iter().flat_map(|row| finite(row)).collect();
    let caption = format!(
        "{} from {}, and {y_name} of each sample.",
        record.station,
        record.start.format("%Y-%m-%d %H:%M:%S")
    );
    let height = HEAD + 3 * COMPONENT + LEGEND + CURVES + FOOT;
    let figure = figure(caption, (WIDTH, height), |canvas| {
        let (head, body) = canvas.split_vertically(px(HEAD));
        let (above, below) = body.split_vertically(px(3 * COMPONENT));
        let strips = [px(COMPONENT) as i32, px(2 * COMPONENT) as i32];
        let panels = above.split_by_breakpoints([] as [i32; 0], strips);
        for (i, panel) in panels.iter().enumerate() {
            let y = Axis::around(&axis_name(&record.channels[i]), all.iter().copied(), 3);
            let mut chart = stacked_on(panel, false, &x, &y)?;
            draw_samples(&mut chart, 0.0, end_s, &record.data[i], INK)?;
            for (t, name) in marks {
                let at = to_x(*t);
                dashed(&mut chart, (at, y.low), (at, y.high), VERMILLION)?;
                if i == 0 {
                    let column = chart.backend_coord(&(at, 0.0)).0;
                    let style = text(LARGE, VERMILLION, Align::Centre);
                    style.draw(&head, name, (column, px(16) as i32))?;
                }
            }
        }
        let named = |((name, _), colour): (&(&str, &[f32]), &RGBColor)| {
            (name.to_string(), Mark::Line, *colour)
        };
        let entries: Vec<_> = curves
            .iter()
            .zip(COLOURS.iter().cycle())
            .map(named)
            .collect();
        let rest = legend(&below, FRAME.left, &entries)?;
        let values = curves.iter().flat_map(|(_, values)| finite(values));
        let y = Axis::around(y_name, values, 4);
        let mut chart = stacked_on(&rest, true, &x, &y)?;
        for at in marks.iter().map(|(t, _)| to_x(*t)) {
            dashed(&mut chart, (at, y.low), (at, y.high), INK)?;
        }
        for ((_, values), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            let points = values.iter().enumerate();
            let points = points.map(|(i, v)| (i as f64 / record.sampling_rate_hz, f64::from(*v)));
            let points: Vec<(f64, f64)> = points.collect();
            let pieces = points.split(|(_, value)| !value.is_finite());
            let pieces = pieces.filter(|piece| piece.len() > 1);
            chart.draw_series(
                pieces.map(|piece| PathElement::new(piece.to_vec(), line(*colour, 18))),
            )?;
        }
        Ok(())
    })?;
    Ok(figure.sourced(&record.station, record.simulated))
}
