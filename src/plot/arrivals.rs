//! Where in their windows the waves arrive.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend};
use super::style::{BLUE, INK, SMALL, VERMILLION, check, figure, line, px};
use super::text::{Align, text};
use crate::error::Result;

const WIDTH: u32 = 660;
const PANEL: u32 = 130;
/// What the lowest panel's labels take.
const FOOT: u32 = 46;
const N_BINS_PER_S: f64 = 4.0;

/// How many windows have their P and S waves how long after their start, a panel for each named rule
/// that sets the start: `(name, seconds to P, seconds to S)`. Dashed: the window's two ends, 0 and `window_s`.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no rule, or a rule's times are none or not finite.
pub fn arrivals(rules: &[(&str, &[f64], &[f64])], window_s: f64) -> Result<Figure> {
    check("rules", rules.iter().map(|_| window_s))?;
    for (name, p_s, s_s) in rules {
        check(name, p_s.iter().copied())?;
        check(name, s_s.iter().copied())?;
    }
    let times = || rules.iter().flat_map(|rule| rule.1.iter().chain(rule.2));
    let low = times().fold(0.0, |low: f64, t| low.min(*t)).floor() - 0.5;
    let high = times().fold(window_s, |high, t| high.max(*t)).ceil() + 0.5;
    let n_bins = ((high - low) * N_BINS_PER_S).round() as usize;
    let counts = |values: &[f64]| {
        let mut counts = vec![0.0; n_bins];
        for value in values {
            let bin = ((value - low) * N_BINS_PER_S) as usize;
            counts[bin.min(n_bins - 1)] += 1.0;
        }
        counts
    };
    let height = rules.len() as u32 * PANEL + FOOT + 30;
    let caption = "Arrival of P and S after the start of the window; dashed: its two ends.";
    figure(caption, (WIDTH, height), |canvas| {
        let entries = [("P", BLUE), ("S", VERMILLION)];
        let entries = entries.map(|(name, colour)| (name.to_string(), Mark::Line, colour));
        let body = legend(canvas, Frame::default().left, &entries)?;
        let strip = (body.dim_in_pixel().1 - px(FOOT)) / rules.len() as u32;
        let breaks: Vec<i32> = (1..rules.len() as u32)
            .map(|i| (i * strip) as i32)
            .collect();
        let panels = body.split_by_breakpoints([] as [i32; 0], breaks);
        for (i, ((name, p_s, s_s), panel)) in rules.iter().zip(&panels).enumerate() {
            let (head, below) = panel.split_vertically(px(22));
            let style = text(SMALL, INK, Align::Left);
            let at = (px(Frame::default().left) as i32, px(12) as i32);
            style.draw(&head, name, at)?;
            let series = [(counts(p_s), BLUE), (counts(s_s), VERMILLION)];
            let highest = series
                .iter()
                .flat_map(|s| &s.0)
                .fold(1.0, |a: f64, b| a.max(*b));
            let y = Axis::linear("windows", 0.0, highest * 1.08, 3);
            let x = Axis::linear("time after the window's start (s)", low, high, 10);
            let lowest = i + 1 == rules.len();
            let frame = Frame {
                bottom: if lowest { FOOT + 6 } else { 6 },
                ..Frame::default()
            };
            let x = if lowest { x } else { x.bare() };
            let mut chart = chart(&below, frame, &x, &y)?;
            for (counts, colour) in &series {
                chart.draw_series(LineSeries::new(steps(counts, low), line(*colour, 16)))?;
            }
            for end in [0.0, window_s] {
                dashed(&mut chart, (end, 0.0), (end, y.high), INK)?;
            }
        }
        Ok(())
    })
}

/// The outline of a histogram: two points a bin, from `low` on.
fn steps(counts: &[f64], low: f64) -> Vec<(f64, f64)> {
    let edge = |i: usize| low + i as f64 / N_BINS_PER_S;
    let bins = counts.iter().enumerate();
    bins.flat_map(|(i, n)| [(edge(i), *n), (edge(i + 1), *n)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_both_edges_of_each_bin() {
        let expected = [(-0.5, 3.0), (-0.25, 3.0), (-0.25, 1.0), (0.0, 1.0)];
        assert_eq!(steps(&[3.0, 1.0], -0.5), expected);
    }
}
