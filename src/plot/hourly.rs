//! Counts of each hour, several beside one another.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::comparison::LOOKS;
use super::marks::Mark;
use super::marks::{legend, spot};
use super::style::{INK, check, figure, line};
use crate::error::Result;

/// Named counts of each hour from the first on: the first series in black, thick.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no series, or one is empty.
pub fn hourly_counts(series: &[(&str, &[usize])]) -> Result<Figure> {
    check(
        "series",
        series.iter().map(|(_, counts)| counts.len() as f64),
    )?;
    for (name, counts) in series {
        check(name, counts.iter().map(|n| *n as f64))?;
    }
    let n_hours = series
        .iter()
        .map(|(_, counts)| counts.len())
        .max()
        .unwrap_or(0);
    let most = series.iter().flat_map(|(_, counts)| counts.iter()).max();
    let most = most.copied().unwrap_or(0) as f64;
    let caption = "Picks and claims in each hour of the record.";
    figure(caption, (700, 400), |canvas| {
        let looks = || std::iter::once((INK, Mark::Block)).chain(LOOKS.into_iter().cycle());
        let entries: Vec<_> = series
            .iter()
            .zip(looks())
            .map(|((name, _), (colour, mark))| (name.to_string(), mark, colour))
            .collect();
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let x = Axis::linear("hour of the record", 0.0, n_hours as f64, n_hours);
        let y = Axis::linear("in an hour", 0.0, 1.05 * most, 5);
        let mut chart = chart(&below, frame, &x, &y)?;
        for (i, ((_, counts), (colour, mark))) in series.iter().zip(looks()).enumerate() {
            let middle = |(hour, n): (usize, &usize)| (hour as f64 + 0.5, *n as f64);
            let points = || counts.iter().enumerate().map(middle);
            let width = if i == 0 { 25 } else { 12 };
            chart.draw_series(LineSeries::new(points(), line(colour, width)))?;
            for point in points() {
                spot(&chart, point, mark, colour, 4)?;
            }
        }
        Ok(())
    })
}
