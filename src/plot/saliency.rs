//! What a network's answer leans on, and what its first layer listens to.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend, spot};
use super::style::{
    BLUE, GREEN, GREY, INK, LARGE, ORANGE, PURPLE, SMALL, VERMILLION, check, figure, line, px,
};
use super::text::{Align, text};
use super::waveform::{FOOT, WIDTH, draw_samples, panels, stacked_on};
use crate::error::Result;
use crate::network::{Aligned, FirstFilters};

const PANEL: u32 = 96;
const HEAD: u32 = 26;
const COLOURS: [RGBColor; 5] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE];

/// A window's three components and under them its maps over time, each as bars in units of its own
/// mean, with named instants (seconds after the start) as dashed lines.
///
/// # Errors
/// [`crate::Error::Plot`] where a component or a map is empty or not finite.
pub fn saliency(
    samples: &[f32],
    channels: &[String; 3],
    sampling_rate_hz: f64,
    maps: &[(&str, &[f64])],
    instants_s: &[(f64, &str)],
) -> Result<Figure> {
    check("window", samples.iter().map(|v| f64::from(*v)))?;
    for (name, map) in maps {
        check(name, map.iter().copied())?;
    }
    let n = samples.len() / 3;
    let duration_s = n as f64 / sampling_rate_hz;
    let in_means = |map: &[f64]| -> Vec<f64> {
        let mean = map.iter().map(|v| v.abs()).sum::<f64>() / map.len() as f64;
        map.iter()
            .map(|v| v / mean.max(f64::MIN_POSITIVE))
            .collect()
    };
    let bars: Vec<Vec<f64>> = maps.iter().map(|(_, map)| in_means(map)).collect();
    let n_panels = 3 + bars.len();
    let size = (WIDTH, n_panels as u32 * PANEL + FOOT + HEAD);
    figure("A window and what the answer leans on.", size, |canvas| {
        let (head, body) = canvas.split_vertically(px(HEAD));
        let panels = panels(&body, n_panels);
        let x = Axis::linear("time after the window's start (s)", 0.0, duration_s, 10);
        for (i, panel) in panels.iter().enumerate() {
            let row = samples.get(i * n..(i + 1) * n).filter(|_| i < 3);
            let y = match row {
                Some(row) => Axis::around(&channels[i], row.iter().map(|v| f64::from(*v)), 3),
                None => Axis::around(maps[i - 3].0, bars[i - 3].iter().copied().chain([0.0]), 3),
            };
            let mut chart = stacked_on(panel, i + 1 == n_panels, &x, &y)?;
            match row {
                Some(row) => draw_samples(&mut chart, 0.0, duration_s, row, INK)?,
                None => {
                    let bars = &bars[i - 3];
                    let width = duration_s / bars.len() as f64;
                    let colour = COLOURS[(i - 3) % COLOURS.len()];
                    chart.draw_series(bars.iter().enumerate().map(|(bin, height)| {
                        let from = bin as f64 * width;
                        Rectangle::new([(from, 0.0), (from + width, *height)], colour.filled())
                    }))?;
                }
            }
            for (at, name) in instants_s {
                dashed(&mut chart, (*at, y.low), (*at, y.high), ORANGE)?;
                if i == 0 {
                    let column = chart.backend_coord(&(*at, 0.0)).0;
                    text(LARGE, INK, Align::Centre).draw(&head, name, (column, px(16) as i32))?;
                }
            }
        }
        Ok(())
    })
}

/// Means of many maps around instants: a panel for each named instant (`P`, `S`), in it a curve with its 95 %
/// band for each of the named maps. Dashed: the instant, and 1, what an even map has.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no panel or curve, or one is empty or not finite.
pub fn saliency_aligned(names: &[&str], instants: &[(&str, &[Aligned])]) -> Result<Figure> {
    check("instants", instants.iter().map(|_| 0.0))?;
    check("maps", names.iter().map(|_| 0.0))?;
    let curves = || instants.iter().flat_map(|instant| instant.1);
    for aligned in curves() {
        check(
            "maps",
            aligned.mean.iter().chain(&aligned.half_width).copied(),
        )?;
    }
    let tops = curves().flat_map(|a| a.mean.iter().zip(&a.half_width).map(|(m, h)| m + h));
    let top = tops.fold(1.0, f64::max);
    figure(
        "Means of maps around the arrivals.",
        (WIDTH, 320),
        |canvas| {
            let entries: Vec<_> = names
                .iter()
                .zip(COLOURS)
                .map(|(name, colour)| (name.to_string(), Mark::Line, colour))
                .collect();
            let body = legend(canvas, Frame::default().left, &entries)?;
            let parts = body.split_evenly((1, instants.len()));
            for ((instant, maps), part) in instants.iter().zip(&parts) {
                let lags = || maps.iter().flat_map(|a| &a.lag_s);
                let (low, high) =
                    lags().fold((f64::MAX, f64::MIN), |(l, h), t| (l.min(*t), h.max(*t)));
                let x = Axis::linear(&format!("time after {instant} (s)"), low, high, 6);
                let y = Axis::linear("share of the map, 1 = even", 0.0, top * 1.05, 5);
                let mut chart = chart(part, Frame::default(), &x, &y)?;
                for (aligned, colour) in maps.iter().zip(COLOURS) {
                    let at = |i: usize, sign: f64| {
                        let value = aligned.mean[i] + sign * aligned.half_width[i];
                        (aligned.lag_s[i], value.max(0.0))
                    };
                    let n = aligned.lag_s.len();
                    let upper = (0..n).map(|i| at(i, 1.0));
                    let band: Vec<_> = upper.chain((0..n).rev().map(|i| at(i, -1.0))).collect();
                    chart.draw_series([Polygon::new(band, colour.mix(0.2).filled())])?;
                    let middle = (0..n).map(|i| at(i, 0.0));
                    chart.draw_series(LineSeries::new(middle, line(colour, 18)))?;
                }
                dashed(&mut chart, (0.0, y.low), (0.0, y.high), INK)?;
                dashed(&mut chart, (low, 1.0), (high, 1.0), GREY)?;
            }
            Ok(())
        },
    )
}

/// Gains of the first convolution's filters over frequency, a row a filter, a panel for each component; rows
/// in the order of the frequency that they pass best, all components together, which a dot marks. Colours are linear,
/// from 0 to the largest gain of the row's own filter, so that rows can be compared in shape.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no filter.
pub fn first_filters(
    filters: &FirstFilters,
    channels: &[String; 3],
    sampling_rate_hz: f64,
) -> Result<Figure> {
    check("filters", (0..filters.len()).map(|i| i as f64))?;
    let nyquist_hz = sampling_rate_hz / 2.0;
    let n_steps = 50;
    let step_hz = nyquist_hz / f64::from(n_steps);
    let middles: Vec<f64> = (0..n_steps)
        .map(|i| (f64::from(i) + 0.5) * step_hz)
        .collect();
    let order = filters.by_peak(&middles, sampling_rate_hz);
    let gain = |filter: usize, component: usize, f: f64| {
        filters.gain(filter, component, f, sampling_rate_hz)
    };
    let largest_of = |filter: usize| {
        let all = (0..3).flat_map(|c| middles.iter().map(move |f| (c, *f)));
        all.map(|(c, f)| gain(filter, c, f))
            .fold(f64::MIN_POSITIVE, f64::max)
    };
    let peak_hz = |filter: usize| {
        let joint = |f: &f64| filters.joint_gain(filter, *f, sampling_rate_hz);
        let best = middles.iter().max_by(|a, b| joint(a).total_cmp(&joint(b)));
        best.copied().unwrap_or(0.0)
    };
    let n_rows = order.len() as f64;
    figure(
        "Gain of the first convolution's filters.",
        (WIDTH, 380),
        |canvas| {
            let (body, side) = canvas.split_horizontally(px(WIDTH - 96));
            let parts = body.split_evenly((1, 3));
            for (component, part) in parts.iter().enumerate() {
                let (head, below) = part.split_vertically(px(24));
                let middle = (part.dim_in_pixel().0 / 2 + px(24)) as i32;
                text(SMALL, INK, Align::Centre).draw(
                    &head,
                    &channels[component],
                    (middle, px(14) as i32),
                )?;
                let x = Axis::linear("frequency (Hz)", 0.0, nyquist_hz, 4);
                let y = Axis::linear(
                    if component == 0 {
                        "filter, by peak"
                    } else {
                        ""
                    },
                    0.0,
                    n_rows,
                    6,
                );
                let frame = Frame {
                    left: 58,
                    right: 10,
                    ..Frame::default()
                };
                let mut chart = chart(&below, frame, &x, &y)?;
                let cells = order.iter().enumerate().flat_map(|(row, filter)| {
                    let largest = largest_of(*filter);
                    middles
                        .iter()
                        .map(move |f| (row as f64, *f, gain(*filter, component, *f) / largest))
                });
                chart.draw_series(cells.map(|(row, f, gain)| {
                    let corners = [(f - step_hz / 2.0, row), (f + step_hz / 2.0, row + 1.0)];
                    Rectangle::new(corners, ViridisRGB.get_color(gain).filled())
                }))?;
                for (row, filter) in order.iter().enumerate() {
                    let at = (peak_hz(*filter), row as f64 + 0.5);
                    spot(&chart, at, Mark::Dot, VERMILLION, 3)?;
                }
            }
            let scale = Axis::linear("gain, of the filter's largest", 0.0, 1.0, 6);
            let nothing = Axis {
                ticks: Vec::new(),
                ..Axis::linear("", 0.0, 1.0, 1)
            };
            let frame = Frame {
                left: 58,
                top: 34,
                right: 14,
                ..Frame::default()
            };
            let mut bar = chart(&side, frame, &nothing, &scale)?;
            bar.draw_series((0..200).map(|i| {
                let at = |i: i32| f64::from(i) / 200.0;
                let shade = ViridisRGB.get_color(f64::from(i) / 200.0);
                Rectangle::new([(0.0, at(i)), (1.0, at(i + 1))], shade.filled())
            }))?;
            Ok(())
        },
    )
}
