//! Marks in charts, and the legends that name them.

use plotters::prelude::*;

use super::axes::Chart;
use super::style::{Canvas, INK, Painted, SMALL, line, px};
use super::text::{Align, text};

/// How a legend's entry is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Line,
    Dashed,
    Dot,
    /// A dot of this nominal radius, whatever is asked for: a key of sizes.
    Sized(u32),
    Triangle,
    Cross,
    Block,
    /// Hollow: a town.
    Square,
}

/// Draws a mark of nominal radius `r` at a pixel.
pub(super) fn mark(
    canvas: &Canvas,
    at: (i32, i32),
    mark: Mark,
    colour: RGBColor,
    r: u32,
) -> Painted<()> {
    let r = px(r) as i32;
    let (x, y) = at;
    match mark {
        Mark::Line => canvas.draw(&PathElement::new(
            [(x - 2 * r, y), (x + 2 * r, y)],
            line(colour, 20),
        ))?,
        Mark::Dashed => {
            for dash in [-3, 0, 3] {
                let middle = x + dash * r / 2;
                canvas.draw(&PathElement::new(
                    [(middle - r / 2, y), (middle + r / 2, y)],
                    line(colour, 20),
                ))?;
            }
        }
        Mark::Dot => canvas.draw(&Circle::new(at, r, colour.filled()))?,
        Mark::Sized(r) => canvas.draw(&Circle::new(at, px(r) as i32, colour.filled()))?,
        Mark::Triangle => {
            let corners = [(x - r, y + r), (x + r, y + r), (x, y - r)];
            canvas.draw(&Polygon::new(corners, colour.filled()))?;
        }
        Mark::Cross => canvas.draw(&Cross::new(at, r, line(colour, 25)))?,
        Mark::Block => canvas.draw(&Rectangle::new(
            [(x - r, y - r), (x + r, y + r)],
            colour.filled(),
        ))?,
        Mark::Square => {
            let corners = [(x - r, y - r), (x + r, y + r)];
            canvas.draw(&Rectangle::new(corners, WHITE.filled()))?;
            canvas.draw(&Rectangle::new(corners, line(colour, 12)))?;
        }
    }
    Ok(())
}

/// Draws a mark at a point of the chart.
pub(super) fn spot(
    chart: &Chart,
    at: (f64, f64),
    shape: Mark,
    colour: RGBColor,
    r: u32,
) -> Painted<()> {
    let area = chart.plotting_area().strip_coord_spec();
    let (x0, y0) = area.get_base_pixel();
    let (x, y) = chart.backend_coord(&at);
    mark(&area, (x - x0, y - y0), shape, colour, r)
}

/// Writes a name above a point of the chart.
pub(super) fn name_above(chart: &Chart, at: (f64, f64), name: &str) -> Painted<()> {
    let area = chart.plotting_area().strip_coord_spec();
    let (x0, y0) = area.get_base_pixel();
    let (x, y) = chart.backend_coord(&at);
    let style = text(SMALL, INK, Align::Centre);
    style.draw(&area, name, (x - x0, y - y0 - px(14) as i32))
}

/// A legend in a strip of its own above the plot, so that it never covers data; what is below the
/// strip is returned. Entries that do not fit in a line go to the next.
pub(super) fn legend<'b>(
    canvas: &Canvas<'b>,
    left: u32,
    entries: &[(String, Mark, RGBColor)],
) -> Painted<Canvas<'b>> {
    let style = text(SMALL, INK, Align::Left);
    let width = canvas.dim_in_pixel().0 as i32;
    let (pitch, left) = (px(22) as i32, px(left) as i32);
    let (mut x, mut y) = (left, pitch / 2 + px(4) as i32);
    for (name, shape, colour) in entries {
        let n_text = style.width(name);
        if x > left && x + px(26) as i32 + n_text > width {
            (x, y) = (left, y + pitch);
        }
        mark(canvas, (x + px(10) as i32, y), *shape, *colour, 5)?;
        style.draw(canvas, name, (x + px(24) as i32, y))?;
        x += px(24 + 18) as i32 + n_text;
    }
    let strip = if entries.is_empty() { 0 } else { y + pitch / 2 };
    Ok(canvas.split_vertically(strip).1)
}

/// A dashed line between two points of the chart.
pub(super) fn dashed(
    chart: &mut Chart,
    from: (f64, f64),
    to: (f64, f64),
    colour: RGBColor,
) -> Painted<()> {
    let series = DashedLineSeries::new([from, to], px(6), px(4), line(colour, 15));
    chart.draw_series(series)?;
    Ok(())
}
