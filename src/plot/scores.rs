//! A record, and below it what several detectors made of each second.

use plotters::prelude::*;

use super::Figure;
use super::axes::Axis;
use super::marks::dashed;
use super::style::{BLUE, INK, SMALL, VERMILLION, check, figure, line, px};
use super::text::{Align, text};
use super::waveform::{FOOT, PANEL, WIDTH, draw_samples, finite, panels, stacked_on};
use crate::error::Result;
use crate::time::{self, Time};
use crate::waveform::Record3C;

/// Height of a detector's panel, with its name above.
const LOW: u32 = 96;
const HEAD: u32 = 20;

/// The vertical component, and a panel for each named list of scores, which are counted from the detector's threshold:
/// dashed across is 0. Upright dashes are `marks`.
///
/// The record is in units of its median amplitude and compressed by asinh, which is the logarithm of what is large: beside a large
/// earthquake a small one can be seen.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no sample, no list, or a list is empty.
pub fn record_and_scores(
    record: &Record3C,
    scores: &[(&str, &[(Time, f64)])],
    marks: &[Time],
) -> Result<Figure> {
    check("samples", finite(&record.data[2]))?;
    check("lists", scores.iter().map(|s| s.1.len() as f64))?;
    for (name, of) in scores {
        check(name, of.iter().map(|(_, score)| *score))?;
    }
    let samples = compressed(&record.data[2]);
    let to_x = |t: Time| time::between_s(record.start, t);
    let x = Axis::linear("time after the start (s)", 0.0, to_x(record.end()), 10);
    let caption = format!(
        "The vertical component of {}, and the scores of detectors.",
        record.station
    );
    let size = (WIDTH, PANEL + scores.len() as u32 * LOW + FOOT);
    let figure = figure(caption, size, |canvas| {
        let (top, below) = canvas.split_vertically(px(PANEL));
        let y = Axis::around("asinh", finite(&samples), 4);
        let mut chart = stacked_on(&top, false, &x, &y)?;
        draw_samples(&mut chart, 0.0, x.high, &samples, INK)?;
        for at in marks.iter().map(|t| to_x(*t)) {
            dashed(&mut chart, (at, y.low), (at, y.high), VERMILLION)?;
        }
        let panels = panels(&below, scores.len());
        for (i, (name, of)) in scores.iter().enumerate() {
            let (head, body) = panels[i].split_vertically(px(HEAD));
            text(SMALL, INK, Align::Left).draw(&head, name, (px(84) as i32, px(13) as i32))?;
            let values = of.iter().map(|(_, score)| *score);
            let y = Axis::around("score", values.chain([0.0]), 3);
            let mut chart = stacked_on(&body, i + 1 == scores.len(), &x, &y)?;
            let points = of.iter().map(|(at, score)| (to_x(*at), *score));
            let inside = points.filter(|(at, _)| (x.low..=x.high).contains(at));
            chart.draw_series(LineSeries::new(inside, line(BLUE, 14)))?;
            dashed(&mut chart, (x.low, 0.0), (x.high, 0.0), INK)?;
            for at in marks.iter().map(|t| to_x(*t)) {
                dashed(&mut chart, (at, y.low), (at, y.high), VERMILLION)?;
            }
        }
        Ok(())
    })?;
    Ok(figure.sourced(&record.station, record.simulated))
}

fn compressed(samples: &[f32]) -> Vec<f32> {
    let mut sizes: Vec<f32> = samples.iter().map(|x| x.abs()).collect();
    sizes.retain(|size| *size > 0.0);
    sizes.sort_by(f32::total_cmp);
    let unit = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    samples.iter().map(|x| (x / unit).asinh()).collect()
}
