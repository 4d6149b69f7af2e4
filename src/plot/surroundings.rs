//! What lies around the epicentres of a map: towns, and the state that the map is a piece of.

use std::ops::RangeInclusive;

use plotters::prelude::*;

use super::axes::{Axis, Chart};
use super::marks::{Mark, mark};
use super::style::{Canvas, FAINT, GREY, INK, Painted, SMALL, VERMILLION, line, px};
use super::text::{Align, text};

/// Towns of the paper's box: degrees east and north to 0.01, after the gazetteer of the U.S. Census Bureau (2020).
const TOWNS: [(&str, (f64, f64)); 4] = [
    ("Guthrie", (-97.43, 35.88)),
    ("Crescent", (-97.59, 35.95)),
    ("Langston", (-97.26, 35.94)),
    ("Coyle", (-97.24, 35.95)),
];

/// The border of Oklahoma, degrees east and north. North, west and east it is straight: 37 and 36.5 degrees north, 103 and
/// 100 degrees west. In the south the Red River is drawn by points to a tenth of a degree: enough for a small map.
const OKLAHOMA: [(f64, f64); 17] = [
    (-103.0, 37.0),
    (-94.6, 37.0),
    (-94.6, 36.5),
    (-94.4, 35.4),
    (-94.5, 33.6),
    (-95.2, 33.9),
    (-95.8, 33.8),
    (-96.5, 33.8),
    (-96.9, 33.9),
    (-97.2, 33.8),
    (-97.7, 34.0),
    (-98.1, 34.1),
    (-98.6, 34.2),
    (-99.2, 34.3),
    (-100.0, 34.6),
    (-100.0, 36.5),
    (-103.0, 36.5),
];
const EAST: RangeInclusive<f64> = -103.0..=-94.4;
const NORTH: RangeInclusive<f64> = 33.6..=37.0;

/// Nominal pixels of the small map for each degree north, and around it.
const DEGREE: f64 = 14.0;
const MARGIN: u32 = 6;

/// Names and places of the towns on the map.
pub(super) fn towns_on(x: &Axis, y: &Axis) -> impl Iterator<Item = (&'static str, (f64, f64))> {
    let (x, y) = (x.low..x.high, y.low..y.high);
    let is_on_map = move |at: &(f64, f64)| x.contains(&at.0) && y.contains(&at.1);
    TOWNS.into_iter().filter(move |(_, at)| is_on_map(at))
}

/// The towns on the map, each with its name.
pub(super) fn towns(canvas: &Canvas, chart: &Chart, x: &Axis, y: &Axis) -> Painted<()> {
    let (x0, y0) = canvas.get_base_pixel();
    for (name, at) in towns_on(x, y) {
        let (column, row) = chart.backend_coord(&at);
        let (column, row) = (column - x0, row - y0);
        let (half, gap) = (px(3) as i32, px(6) as i32);
        mark(canvas, (column, row), Mark::Square, INK, 3)?;
        let style = text(SMALL, INK, Align::Left);
        let (right, up) = (
            column + gap + style.width(name) + half,
            px(SMALL) as i32 * 2 / 3,
        );
        let behind = [(column + gap - half, row - up), (right, row + up)];
        canvas.draw(&Rectangle::new(behind, WHITE.mix(0.7).filled()))?;
        style.draw(canvas, name, (column + gap, row))?;
    }
    Ok(())
}

/// The state in a corner of the map, with the place of the map in it; nothing where the map lies elsewhere.
pub(super) fn inset(canvas: &Canvas, chart: &Chart, x: &Axis, y: &Axis) -> Painted<()> {
    let middle = ((x.low + x.high) / 2.0, (y.low + y.high) / 2.0);
    if !EAST.contains(&middle.0) || !NORTH.contains(&middle.1) {
        return Ok(());
    }
    let shrink = ((NORTH.start() + NORTH.end()) / 2.0).to_radians().cos();
    let n_pixels = |degrees: f64| (degrees * DEGREE * f64::from(px(1))).round() as i32;
    let size = (
        n_pixels((EAST.end() - EAST.start()) * shrink),
        n_pixels(NORTH.end() - NORTH.start()),
    );
    let area = chart.plotting_area();
    let corner = (
        area.get_x_axis_pixel_range().end,
        area.get_y_axis_pixel_range().end,
    );
    let margin = px(MARGIN) as i32;
    let left_top = (
        corner.0 - size.0 - 2 * margin,
        corner.1 - size.1 - 2 * margin,
    );
    let place = |at: (f64, f64)| {
        let (east, south) = ((at.0 - EAST.start()) * shrink, NORTH.end() - at.1);
        (
            left_top.0 + margin + n_pixels(east),
            left_top.1 + margin + n_pixels(south),
        )
    };
    canvas.draw(&Rectangle::new([left_top, corner], WHITE.filled()))?;
    canvas.draw(&Rectangle::new([left_top, corner], line(GREY, 8)))?;
    let border = OKLAHOMA.map(place).to_vec();
    canvas.draw(&Polygon::new(border.clone(), FAINT.filled()))?;
    let closed = [border.clone(), vec![border[0]]].concat();
    canvas.draw(&PathElement::new(closed, line(GREY, 10)))?;
    let here = [place((x.low, y.high)), place((x.high, y.low))];
    canvas.draw(&Rectangle::new(here, VERMILLION.filled()))?;
    let name = text(SMALL, INK, Align::Centre);
    name.draw(canvas, "Oklahoma", place((-97.2, 35.0)))
}
