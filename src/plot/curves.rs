//! Lines and points of any two numbers, and the way down a valley.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Chart, Frame, chart};
use super::map::widened;
use super::marks::{Mark, legend, name_above, spot};
use super::style::{
    BLUE, Canvas, GREEN, GREY, INK, ORANGE, PURPLE, Painted, VERMILLION, check, figure, line, px,
};
use crate::error::Result;

const SIZE: (u32, u32) = (660, 380);
const PLAN: (u32, u32) = (600, 560);
pub(super) const COLOURS: [RGBColor; 6] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, GREY];

/// `(x, y)` under a name.
pub type Points<'a> = (&'a str, &'a [(f64, f64)]);

/// Named lines, and named points on top of them.
///
/// The axes hold all points with some room, or all of the lines where there are no points; what leaves them is not
/// drawn.
///
/// # Errors
/// [`crate::Error::Plot`] where there is nothing, or a number is not finite.
pub fn curves(x_name: &str, y_name: &str, lines: &[Points], points: &[Points]) -> Result<Figure> {
    let none = &[];
    drawn(x_name, y_name, lines, points, none, SIZE, |_, axes| axes)
}

/// The same for shares, 0 to 1: the axis has both ends, whatever the lines reach.
///
/// # Errors
/// As [`curves`].
pub fn shares(x_name: &str, y_name: &str, lines: &[Points]) -> Result<Figure> {
    let whole = |_: &Canvas, [x, y]: [Axis; 2]| [x, Axis::linear(&y.name, -0.02, 1.02, 5)];
    drawn(x_name, y_name, lines, &[], &[], SIZE, whole)
}

/// The same with one scale along both axes, as on a map in kilometres, and names above places of it.
///
/// # Errors
/// As [`curves`].
pub fn plan(
    x_name: &str,
    y_name: &str,
    lines: &[Points],
    points: &[Points],
    names: &[(String, (f64, f64))],
) -> Result<Figure> {
    let fit = |canvas: &Canvas, [x, y]: [Axis; 2]| {
        let frame = Frame::default();
        let (width, height) = canvas.dim_in_pixel();
        let width = f64::from(width - px(frame.left + frame.right));
        let height = f64::from(height - px(frame.top + frame.bottom));
        let ratio = (y.high - y.low) / height / ((x.high - x.low) / width);
        match ratio < 1.0 {
            true => [x, widened(&y, 1.0 / ratio)],
            false => [widened(&x, ratio), y],
        }
    };
    drawn(x_name, y_name, lines, points, names, PLAN, fit)
}

fn drawn(
    x_name: &str,
    y_name: &str,
    lines: &[Points],
    points: &[Points],
    names: &[(String, (f64, f64))],
    size: (u32, u32),
    fit: impl Fn(&Canvas, [Axis; 2]) -> [Axis; 2],
) -> Result<Figure> {
    let scale = if points.is_empty() { lines } else { points };
    let room = if points.is_empty() { 0.0 } else { 0.3 };
    let axes = axes(x_name, y_name, &[lines, points].concat(), scale, room)?;
    figure(format!("{y_name} over {x_name}."), size, |canvas| {
        let dots = [(Mark::Dot, INK), (Mark::Triangle, ORANGE)];
        let dots = || dots.into_iter().cycle();
        let named = |name: &str, mark, colour| (name.to_string(), mark, colour);
        let of_lines = lines.iter().zip(COLOURS.iter().cycle());
        let of_lines = of_lines.map(|((name, _), colour)| named(name, Mark::Line, *colour));
        let of_points = points.iter().zip(dots());
        let of_points = of_points.map(|((name, _), (mark, colour))| named(name, mark, colour));
        let entries: Vec<_> = of_lines.chain(of_points).collect();
        let below = legend(canvas, Frame::default().left, &entries)?;
        let [x, y] = fit(&below, axes.clone());
        let mut chart = chart(&below, Frame::default(), &x, &y)?;
        for ((_, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            draw_line(&mut chart, &x, &y, points, *colour, 20)?;
        }
        for ((_, points), (mark, colour)) in points.iter().zip(dots()) {
            for at in points.iter() {
                spot(&chart, *at, mark, colour, 4)?;
            }
        }
        for (name, at) in names.iter().filter(|(_, at)| is_inside(&x, &y, at)) {
            name_above(&chart, *at, name)?;
        }
        Ok(())
    })
}

/// A curve, and walks on it whose steps are points in their order, joined by lines.
///
/// # Errors
/// As [`curves`].
pub fn descent(
    x_name: &str,
    y_name: &str,
    curve: &[(f64, f64)],
    walks: &[Points],
) -> Result<Figure> {
    let valley = [("", curve)];
    let [x, y] = axes(x_name, y_name, &[&valley, walks].concat(), &valley, 0.0)?;
    figure(format!("{y_name} over {x_name}."), SIZE, |canvas| {
        let colours = || COLOURS[..5].iter().cycle();
        let entries: Vec<_> = walks
            .iter()
            .zip(colours())
            .map(|((name, _), colour)| (name.to_string(), Mark::Dot, *colour))
            .collect();
        let below = legend(canvas, Frame::default().left, &entries)?;
        let mut chart = chart(&below, Frame::default(), &x, &y)?;
        draw_line(&mut chart, &x, &y, curve, INK, 15)?;
        for ((_, steps), colour) in walks.iter().zip(colours()) {
            draw_line(&mut chart, &x, &y, steps, *colour, 10)?;
            for at in steps.iter().filter(|at| is_inside(&x, &y, at)) {
                spot(&chart, *at, Mark::Dot, *colour, 4)?;
            }
        }
        Ok(())
    })
}

/// Axes around what sets the scale; everything is checked.
fn axes(
    x_name: &str,
    y_name: &str,
    all: &[Points],
    scale: &[Points],
    room: f64,
) -> Result<[Axis; 2]> {
    for (name, points) in all {
        check(name, points.iter().flat_map(|(x, y)| [*x, *y]))?;
    }
    check(y_name, scale.iter().map(|(_, points)| points.len() as f64))?;
    let of = |pick: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        scale.iter().flat_map(|(_, p)| p.iter().map(pick)).collect()
    };
    let ys = of(|p| p.1);
    let (low, high) = ys
        .iter()
        .fold((f64::MAX, f64::MIN), |a, v| (a.0.min(*v), a.1.max(*v)));
    let more = room * (high - low);
    Ok([
        Axis::around(x_name, of(|p| p.0), 8),
        Axis::around(y_name, [low - more, high + more], 5),
    ])
}

fn is_inside(x: &Axis, y: &Axis, at: &(f64, f64)) -> bool {
    (x.low..=x.high).contains(&at.0) && (y.low..=y.high).contains(&at.1)
}

/// A line without what leaves the axes, which plotters would draw.
pub(super) fn draw_line(
    chart: &mut Chart,
    x: &Axis,
    y: &Axis,
    points: &[(f64, f64)],
    colour: RGBColor,
    tenths: u32,
) -> Painted<()> {
    let pieces = points.split(|at| !is_inside(x, y, at));
    for piece in pieces.filter(|piece| piece.len() > 1) {
        chart.draw_series([PathElement::new(piece.to_vec(), line(colour, tenths))])?;
    }
    Ok(())
}
