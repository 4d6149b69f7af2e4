//! Two or more numbers of each row beside one another.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, legend, spot};
use super::style::{BLUE, FAINT, GREEN, SMALL, VERMILLION, check, figure, line};
use super::text::text;
use crate::error::Result;
use crate::evaluate::Spread;

/// A row: its name, and one number for each series.
pub type Row<'a> = (&'a str, Vec<Spread>);

/// Means in percent of named series, a row for each name; bars reach from the smallest to the largest seed.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no row, or a mean is not finite.
pub fn dumbbells(x_name: &str, series: &[&str], rows: &[Row]) -> Result<Figure> {
    let means = || {
        rows.iter()
            .flat_map(|row| row.1.iter().map(|spread| 100.0 * spread.mean))
    };
    check("means", means())?;
    let widest = rows
        .iter()
        .map(|row| text(SMALL, BLACK, super::text::Align::Left).width(row.0));
    let left = widest.max().unwrap_or(0) as u32 / super::style::SCALE + 40;
    let size = (680, 100 + 34 * rows.len() as u32);
    let caption = "Means over seeds; bars from the smallest to the largest.";
    figure(caption, size, |canvas| {
        let looks = [
            (Mark::Dot, BLUE),
            (Mark::Triangle, VERMILLION),
            (Mark::Block, GREEN),
        ];
        let looks = || looks.into_iter().cycle();
        let entries: Vec<_> = series
            .iter()
            .zip(looks())
            .map(|(name, (mark, colour))| (name.to_string(), mark, colour))
            .collect();
        let below = legend(canvas, left, &entries)?;
        let frame = Frame {
            left,
            ..Frame::default()
        };
        let most = rows
            .iter()
            .flat_map(|row| row.1.iter().map(|spread| 100.0 * spread.max))
            .fold(1.0, f64::max);
        let x = Axis::linear(x_name, 0.0, 1.05 * most, 8);
        let place = |row: usize| -(row as f64);
        let y = Axis {
            name: String::new(),
            low: place(rows.len()) + 0.3,
            high: 0.7,
            ticks: (0..rows.len())
                .map(|row| (place(row), rows[row].0.to_string()))
                .collect(),
        };
        let mut chart = chart(&below, frame, &x, &y)?;
        for (row, (_, spreads)) in rows.iter().enumerate() {
            let of_row = spreads.iter().map(|spread| 100.0 * spread.mean);
            let (low, high) = of_row.fold((f64::MAX, 0.0_f64), |a, v| (a.0.min(v), a.1.max(v)));
            let between = [(low, place(row)), (high, place(row))];
            chart.draw_series([PathElement::new(between, line(FAINT, 60))])?;
            for (number, (spread, (mark, colour))) in spreads.iter().zip(looks()).enumerate() {
                let aside = 0.12 * (number as f64 - (spreads.len() as f64 - 1.0) / 2.0);
                let height = place(row) - aside;
                let bar = [(100.0 * spread.min, height), (100.0 * spread.max, height)];
                chart.draw_series([PathElement::new(bar, line(colour, 20))])?;
                spot(&chart, (100.0 * spread.mean, height), mark, colour, 5)?;
            }
        }
        Ok(())
    })
}
