//! A long record as a drum writes it: line under line.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart, seconds};
use super::marks::{Mark, legend, spot};
use super::style::{BLUE, INK, ORANGE, VERMILLION, check, figure};
use super::waveform::{WIDTH, draw_samples, finite};
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::Record3C;

/// Nominal height of one line.
const LINE: u32 = 24;
/// A line may reach so far into its neighbours, in heights of a line.
const REACH: f32 = 0.95;

/// One component (0, 1 or 2) as lines of `minutes` under one another: what seismologists call a helicorder or a day
/// plot. `limit` in the record's unit is half a line's height; what is larger is cut off just beyond it. Each named
/// list of instants gets marks of its own, above the place in the line. A gap stays white.
///
/// # Errors
/// [`crate::Error::Plot`] where the component has no sample, or `minutes` or `limit` is not positive.
pub fn helicorder(
    record: &Record3C,
    component: usize,
    minutes: f64,
    limit: f64,
    marks: &[(&str, Vec<Time>)],
) -> Result<Figure> {
    let data = record.data.get(component).map_or(&[][..], Vec::as_slice);
    check("component", finite(data).take(1))?;
    if !(minutes > 0.0 && limit > 0.0) {
        return Err(fail!(
            Plot,
            "helicorder",
            format!("{minutes} minutes a line, limit {limit}"),
            "Give positive numbers"
        ));
    }
    let n_line = ((minutes * 60.0 * record.sampling_rate_hz).round() as usize).max(1);
    let lines: Vec<&[f32]> = data.chunks(n_line).collect();
    let n_lines = lines.len();
    let line_s = n_line as f64 / record.sampling_rate_hz;
    let middle = |line: usize| -(line as f64) - 0.5;
    let start = |line: usize| record.start + time::seconds(line as f64 * line_s);
    let caption = format!(
        "Channel {} of {} from {}, {minutes} minutes a line.",
        record.channels[component.min(2)],
        record.station,
        record.start.format("%Y-%m-%d %H:%M"),
    );
    let size = (WIDTH, n_lines as u32 * LINE + 110);
    let figure = figure(caption, size, |canvas| {
        let looks = [
            (Mark::Triangle, VERMILLION),
            (Mark::Dot, ORANGE),
            (Mark::Cross, INK),
        ];
        let looks = || looks.into_iter().cycle();
        let entries: Vec<_> = marks
            .iter()
            .zip(looks())
            .map(|((name, at), (mark, colour))| (format!("{name} ({})", at.len()), mark, colour))
            .collect();
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let x = Axis::linear("minutes", 0.0, minutes, 10);
        let label = |i: usize| (middle(i), start(i).format("%H:%M").to_string());
        let y = Axis {
            name: "line begins at (UTC)".into(),
            low: -(n_lines as f64) - 0.3,
            high: 0.6,
            ticks: (0..n_lines).map(label).collect(),
        };
        let mut chart = chart(&below, frame, &x, &y)?;
        for (i, samples) in lines.iter().enumerate() {
            let reach = |v: &f32| (v / limit as f32 / 2.0).clamp(-REACH, REACH);
            let moved: Vec<f32> = samples
                .iter()
                .map(|v| reach(v) + middle(i) as f32)
                .map(|v| v.clamp(y.low as f32, y.high as f32))
                .collect();
            let right = minutes * samples.len() as f64 / n_line as f64;
            let colour = if i % 2 == 0 { BLUE } else { INK };
            draw_samples(&mut chart, 0.0, right, &moved, colour)?;
        }
        for ((_, instants), (mark, colour)) in marks.iter().zip(looks()) {
            for at in instants {
                let after_s = seconds(*at) - seconds(record.start);
                let line = (after_s / line_s).floor();
                if (0.0..n_lines as f64).contains(&line) {
                    let minute = (after_s - line * line_s) / 60.0;
                    let height = middle(line as usize) + 0.62;
                    spot(&chart, (minute, height), mark, WHITE, 6)?;
                    spot(&chart, (minute, height), mark, colour, 4)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(figure.sourced(&record.station, record.simulated))
}
