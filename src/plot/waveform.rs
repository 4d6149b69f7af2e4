//! Records, windows and the vectors that networks see.

use plotters::prelude::*;

use super::axes::{Axis, Chart, Frame, chart, seconds};
use super::marks::{Mark, dashed, legend, spot};
use super::style::{
    BLUE, Canvas, INK, LARGE, Painted, SMALL, VERMILLION, check, class_colour, class_name, figure,
    line, px,
};
use super::text::{Align, text};
use super::{Figure, Interactive};
use crate::catalog::Catalog;
use crate::detect::Detections;
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::Record3C;

pub(super) const WIDTH: u32 = 700;
pub(super) const PANEL: u32 = 120;
pub(super) const FRAME: Frame = Frame {
    left: 84,
    bottom: 6,
    top: 10,
    right: 34,
};
/// What the lowest panel's labels take.
pub(super) const FOOT: u32 = 46;

/// The three components under one another on one scale, with named instants (arrivals of P and S, an
/// origin) as upright lines; in a record of more than two minutes the lines stand at the top only, so that
/// they hide nothing. A long record is drawn by its extremes in each column of pixels; a gap stays white.
///
/// # Errors
/// [`crate::Error::Plot`] where the record has no samples at all.
pub fn record(record: &Record3C, marks: &[(Time, &str)]) -> Result<Figure> {
    let all = record.data.iter().flat_map(|data| finite(data));
    let (low, high) = extremes(all);
    let figure = panels_of(record, marks, false, |_| vec![low, high])?;
    Ok(figure.answering(Interactive::wave(record, marks)))
}

/// As [`record()`], each component on a scale of its own and with its name inside: for versions of one component that
/// differ in size.
///
/// # Errors
/// As [`record()`].
pub fn record_on_own_scales(record: &Record3C, marks: &[(Time, &str)]) -> Result<Figure> {
    panels_of(record, marks, true, |i| finite(&record.data[i]).collect())
}

pub(super) fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

/// The components, each on an axis around the values that `scale` gives for it. A long name has no room beside the axis of
/// a panel: it stands inside.
fn panels_of(
    record: &Record3C,
    marks: &[(Time, &str)],
    named_inside: bool,
    scale: impl Fn(usize) -> Vec<f64>,
) -> Result<Figure> {
    let caption = format!(
        "{} from {}, {} Hz.",
        record.station,
        record.start.format("%Y-%m-%d %H:%M:%S"),
        record.sampling_rate_hz
    );
    check_record(record)?;
    let (start, end) = (record.start, record.end());
    let duration_s = time::between_s(start, end);
    let is_long = duration_s > 120.0;
    let x = match is_long {
        true => Axis::dates(start, end),
        false => Axis::linear("time after the start (s)", 0.0, duration_s, 10),
    };
    let to_x = |t: Time| match is_long {
        true => seconds(t),
        false => time::between_s(start, t),
    };
    let figure = figure(caption, (WIDTH, 3 * PANEL + FOOT + 26), |canvas| {
        let (head, body) = canvas.split_vertically(px(26));
        let panels = panels(&body, 3);
        for (i, data) in record.data.iter().enumerate() {
            let channel = &record.channels[i];
            let name = match named_inside {
                true => "counts".to_string(),
                false => axis_name(channel),
            };
            let y = Axis::around(&name, scale(i), 4);
            let mut chart = stacked(&panels, i, &x, &y)?;
            draw_samples(&mut chart, to_x(start), to_x(end), data, INK)?;
            if named_inside {
                let corner = (px(FRAME.left + 8) as i32, px(FRAME.top + 12) as i32);
                text(LARGE, INK, Align::Left).draw(&panels[i], channel, corner)?;
            }
            let foot = if is_long {
                y.high - (y.high - y.low) * 0.15
            } else {
                y.low
            };
            for (t, _) in marks {
                let at = to_x(*t);
                dashed(&mut chart, (at, foot), (at, y.high), VERMILLION)?;
            }
            if i == 0 {
                for (t, name) in marks {
                    let column = chart.backend_coord(&(to_x(*t), 0.0)).0;
                    let style = text(LARGE, VERMILLION, Align::Centre);
                    style.draw(&head, name, (column, px(16) as i32))?;
                }
            }
        }
        Ok(())
    })?;
    Ok(figure.sourced(&record.station, record.simulated))
}

/// Named windows as the perceptron sees them, the three components end to end, one under another,
/// with dashed lines where components meet: the jump of Figure 3 of the paper, and its noisy
/// copies of Figures 8 and 9.
///
/// # Errors
/// [`crate::Error::Plot`] where there is none, or a vector is empty or not finite.
pub fn vectors(vectors: &[(&str, &[f32])]) -> Result<Figure> {
    vectors_in("amplitude", vectors)
}

/// As [`vectors`], with the unit of the samples on the axis.
///
/// # Errors
/// As [`vectors`].
pub fn vectors_in(unit: &str, vectors: &[(&str, &[f32])]) -> Result<Figure> {
    check(
        "vectors",
        vectors.iter().map(|vector| vector.1.len() as f64),
    )?;
    for (name, samples) in vectors {
        check(name, samples.iter().map(|v| f64::from(*v)))?;
    }
    let longest = vectors
        .iter()
        .map(|vector| vector.1.len())
        .max()
        .unwrap_or(0);
    let height = vectors.len() as u32 * (PANEL + 24) + FOOT;
    let caption = "Three components end to end; dashed: where they meet.";
    figure(caption, (WIDTH, height), |canvas| {
        let panels = panels(canvas, vectors.len());
        for (i, (name, samples)) in vectors.iter().enumerate() {
            let (head, below) = panels[i].split_vertically(px(24));
            let style = text(SMALL, INK, Align::Left);
            let at = (px(FRAME.left) as i32, px(13) as i32);
            style.draw(&head, name, at)?;
            let x = Axis::linear("sample", 0.0, longest as f64, 10);
            let y = Axis::around(unit, finite(samples), 4);
            let mut chart = stacked_on(&below, i + 1 == vectors.len(), &x, &y)?;
            draw_samples(&mut chart, 0.0, samples.len() as f64, samples, BLUE)?;
            for joint in [1, 2].map(|n| (n * samples.len() / 3) as f64) {
                dashed(&mut chart, (joint, y.low), (joint, y.high), VERMILLION)?;
            }
        }
        Ok(())
    })
}

/// Detections as coloured bands behind the record's vertical component, catalog events as
/// triangles above it: Figure 12 of the paper.
///
/// # Errors
/// As [`record()`].
pub fn detections(record: &Record3C, detections: &Detections, catalog: &Catalog) -> Result<Figure> {
    check_record(record)?;
    let (start, end) = (record.start, record.end());
    let during = |t: Time| start <= t && t < end;
    let events = catalog.events().iter().filter(|e| during(e.origin_time));
    let events: Vec<_> = events.collect();
    let shown = detections.items.iter();
    let shown: Vec<_> = shown.filter(|d| d.start < end && d.end > start).collect();
    let n_classes = detections.n_classes;
    let mut entries = vec![("event of the catalog".to_string(), Mark::Triangle, INK)];
    for class in 0..n_classes.saturating_sub(1) {
        let n = shown.iter().filter(|d| d.class == class).count();
        let name = format!("class {} ({n})", class_name(class, n_classes));
        entries.push((name, Mark::Block, class_colour(class, n_classes)));
    }
    let caption = format!(
        "{} detections and {} catalog events on {}.",
        shown.len(),
        events.len(),
        record.station
    );
    let figure = figure(caption, (WIDTH, 300), |canvas| {
        let below = legend(canvas, FRAME.left, &entries)?;
        let (x, data) = (Axis::dates(start, end), &record.data[2]);
        let mut y = Axis::around(&axis_name(&record.channels[2]), finite(data), 4);
        let room = (y.high - y.low) * 0.12;
        y.high += room;
        let mut chart = stacked_on(&below, true, &x, &y)?;
        // A detection of ten seconds in ten hours is less than a pixel wide: two at least.
        let pixel = (x.high - x.low) / f64::from(chart.plotting_area().dim_in_pixel().0);
        for detection in &shown {
            let colour = class_colour(detection.class, n_classes);
            let (from, to) = (seconds(detection.start), seconds(detection.end));
            let to = to.max(from + 3.0 * pixel).min(x.high);
            let corners = [(from.max(x.low), y.low), (to, y.high)];
            chart.draw_series([Rectangle::new(corners, colour.mix(0.45).filled())])?;
        }
        draw_samples(&mut chart, x.low, x.high, data, INK)?;
        for event in &events {
            let at = (seconds(event.origin_time), y.high - room / 2.0);
            spot(&chart, at, Mark::Triangle, WHITE, 7)?;
            spot(&chart, at, Mark::Triangle, INK, 5)?;
        }
        Ok(())
    })?;
    let simulated = record.simulated || catalog.simulated;
    Ok(figure.sourced(
        &format!("{}, {}", record.station, catalog.source),
        simulated,
    ))
}

pub(super) fn axis_name(channel: &str) -> String {
    format!("{channel} (counts)")
}

pub(super) fn finite(samples: &[f32]) -> impl Iterator<Item = f64> {
    let values = samples.iter().map(|value| f64::from(*value));
    values.filter(|value| value.is_finite())
}

fn check_record(record: &Record3C) -> Result<()> {
    match record.data.iter().any(|data| finite(data).next().is_some()) {
        true => Ok(()),
        false => Err(fail!(
            Plot,
            format!("record {}", record.station),
            "no sample was recorded",
            "Choose a span outside the gaps"
        )),
    }
}

/// `n` strips of equal height, the last higher by the labels of its axis.
pub(super) fn panels<'b>(canvas: &Canvas<'b>, n: usize) -> Vec<Canvas<'b>> {
    let height = (canvas.dim_in_pixel().1 - px(FOOT)) / n.max(1) as u32;
    let breaks: Vec<i32> = (1..n).map(|i| (i as u32 * height) as i32).collect();
    canvas.split_by_breakpoints([] as [i32; 0], breaks)
}

pub(super) fn stacked<'a, 'b>(
    panels: &'a [Canvas<'b>],
    i: usize,
    x: &Axis,
    y: &Axis,
) -> Painted<Chart<'a, 'b>> {
    stacked_on(&panels[i], i + 1 == panels.len(), x, y)
}

/// A chart whose horizontal axis is labelled only in the lowest panel.
pub(super) fn stacked_on<'a, 'b>(
    panel: &'a Canvas<'b>,
    lowest: bool,
    x: &Axis,
    y: &Axis,
) -> Painted<Chart<'a, 'b>> {
    match lowest {
        true => {
            let bottom = FRAME.bottom + FOOT;
            chart(panel, Frame { bottom, ..FRAME }, x, y)
        }
        false => chart(panel, FRAME, &x.clone().bare(), y),
    }
}

/// Samples evenly from `left` to `right`; NaN leaves a gap. Where many samples share a column of
/// pixels, the column shows their extremes, joined to its neighbours.
pub(super) fn draw_samples(
    chart: &mut Chart,
    left: f64,
    right: f64,
    samples: &[f32],
    colour: RGBColor,
) -> Painted<()> {
    let n_columns = chart.plotting_area().dim_in_pixel().0 as usize;
    let step = (right - left) / samples.len().max(1) as f64;
    if samples.len() > 2 * n_columns {
        let column = (right - left) / n_columns as f64;
        let mut before: Option<(f64, f64)> = None;
        let mut columns = Vec::with_capacity(n_columns);
        for (i, extremes) in envelope(samples, n_columns).into_iter().enumerate() {
            if let Some((low, high)) = extremes {
                let (from, to) = match before {
                    Some((l, h)) => (low.min(h), high.max(l)),
                    None => (low, high),
                };
                let x = left + (i as f64 + 0.5) * column;
                columns.push(PathElement::new([(x, from), (x, to)], line(colour, 5)));
            }
            before = extremes;
        }
        chart.draw_series(columns)?;
        return Ok(());
    }
    let points: Vec<(f64, f64)> = samples
        .iter()
        .enumerate()
        .map(|(i, value)| (left + i as f64 * step, f64::from(*value)))
        .collect();
    let pieces = points.split(|point| !point.1.is_finite());
    chart.draw_series(
        pieces
            .filter(|piece| !piece.is_empty())
            .map(|piece| PathElement::new(piece.to_vec(), line(colour, 10))),
    )?;
    Ok(())
}

/// Smallest and largest sample of each of `n_columns` equal parts; none where all are missing.
fn envelope(samples: &[f32], n_columns: usize) -> Vec<Option<(f64, f64)>> {
    (0..n_columns)
        .map(|i| {
            let part = i * samples.len() / n_columns..(i + 1) * samples.len() / n_columns;
            finite(&samples[part]).fold(None, |extremes, value| match extremes {
                None => Some((value, value)),
                Some((low, high)) => Some((value.min(low), value.max(high))),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_keeps_extremes_and_gaps() {
        let samples = [1.0, -2.0, f32::NAN, f32::NAN, 0.5, f32::NAN];
        let expected = [Some((-2.0, 1.0)), None, Some((0.5, 0.5))];
        assert_eq!(envelope(&samples, 3), expected);
    }

    #[test]
    fn no_sample_is_lost_between_columns() {
        let mut samples = vec![0.0; 1003];
        for spike in [0, 333, 502, 1002] {
            samples[spike] = 1.0;
            let found = envelope(&samples, 7).into_iter().flatten();
            assert!(found.map(|(_, high)| high).fold(0.0, f64::max) == 1.0);
            samples[spike] = 0.0;
        }
    }
}
