//! One number over another that was varied, with its spread over seeds.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, legend, spot};
use super::style::{BLUE, GREEN, PURPLE, VERMILLION, check, figure, line};
use crate::error::Result;
use crate::evaluate::Spread;

/// Points `(x, spread)` under a name.
pub type Series<'a> = (&'a str, &'a [(f64, Spread)]);

/// Means in percent over `x`, on an axis that is labelled at the points, and logarithmic where all
/// are positive; bars reach from the smallest to the largest seed. Series stand beside one another, so that no bar
/// covers another, and the whole range of a share is drawn.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no point, or a mean or an x is not finite.
pub fn sweep(x_name: &str, y_name: &str, series: &[Series]) -> Result<Figure> {
    let points = || series.iter().flat_map(|(_, points)| points.iter());
    check("means", points().map(|(_, spread)| spread.mean))?;
    check("values", points().map(|(x, _)| *x))?;
    let logarithmic = points().all(|(x, _)| *x > 0.0);
    let place = |x: f64| if logarithmic { x.log10() } else { x };
    let n_seeds = points().map(|(_, spread)| spread.n).max().unwrap_or(0);
    let caption =
        format!("Means over up to {n_seeds} seeds; bars from the smallest to the largest seed.");
    figure(caption, (640, 400), |canvas| {
        let looks = [
            (Mark::Dot, BLUE),
            (Mark::Triangle, VERMILLION),
            (Mark::Block, GREEN),
            (Mark::Cross, PURPLE),
        ];
        let looks = || looks.into_iter().cycle();
        let entries: Vec<_> = series
            .iter()
            .zip(looks())
            .map(|((name, _), (shape, colour))| (name.to_string(), shape, colour))
            .collect();
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let mut xs: Vec<f64> = points().map(|(x, _)| *x).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let (low, high) = (place(xs[0]), place(xs[xs.len() - 1]));
        let margin = 0.06 * (high - low).max(0.3);
        let x = Axis {
            name: x_name.into(),
            low: low - margin,
            high: high + margin,
            ticks: xs.iter().map(|x| (place(*x), x.to_string())).collect(),
        };
        let y = Axis::linear(y_name, 0.0, 101.0, 5);
        let aside = 0.012 * (x.high - x.low);
        let middle = (series.len() as f64 - 1.0) / 2.0;
        let mut chart = chart(&below, frame, &x, &y)?;
        for (number, ((_, points), (shape, colour))) in series.iter().zip(looks()).enumerate() {
            let place = |x: f64| place(x) + aside * (number as f64 - middle);
            let at = |(x, spread): &(f64, Spread)| (place(*x), 100.0 * spread.mean);
            chart.draw_series(LineSeries::new(points.iter().map(at), line(colour, 10)))?;
            for point in *points {
                let (x, spread) = (place(point.0), point.1);
                let bar = [(x, 100.0 * spread.min), (x, 100.0 * spread.max)];
                chart.draw_series([PathElement::new(bar, line(colour, 20))])?;
                spot(&chart, at(point), shape, colour, 5)?;
            }
        }
        Ok(())
    })
}
