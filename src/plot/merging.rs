//! From windows to events: what the step of a scan does, and what merging does.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend, spot};
use super::style::{BLUE, GREY, INK, ORANGE, VERMILLION, check, figure, line};
use super::waveform::{FOOT, PANEL, WIDTH, draw_samples, finite, panels, stacked};
use crate::detect::{Detections, Scan};
use crate::error::Result;
use crate::time::between_s;
use crate::waveform::Record3C;

/// One record under several scans: the vertical component, and below it for each named scan its
/// windows as bars from their start to their end, as high as their probability of an event. Filled: windows
/// at least `threshold` probable. The mark on top of a scan's panel is the time of each detection.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no scan, or the record has no sample.
pub fn windows_of_scans(
    record: &Record3C,
    scans: &[(&str, &Scan, &Detections)],
    threshold: f64,
) -> Result<Figure> {
    check("record", finite(&record.data[2]))?;
    check("scans", scans.iter().map(|s| s.1.len() as f64))?;
    let length_s = between_s(record.start, record.end());
    let n_events = scans
        .iter()
        .map(|s| format!("{}: {} events", s.0, s.2.len()));
    let caption = format!(
        "{} from {} under the windows of {} scans; {}.",
        record.channels[2],
        record.start.format("%Y-%m-%d %H:%M:%S"),
        scans.len(),
        n_events.collect::<Vec<_>>().join(", ")
    );
    let n_panels = scans.len() + 1;
    let figure = figure(
        caption,
        (WIDTH, 26 + PANEL * n_panels as u32 + FOOT),
        |canvas| {
            let entries = [
                (
                    format!("window of probability {threshold} or more"),
                    Mark::Block,
                    ORANGE,
                ),
                ("other window".into(), Mark::Line, GREY),
                ("event".into(), Mark::Triangle, VERMILLION),
            ];
            let below = legend(canvas, 84, &entries)?;
            let panels = panels(&below, n_panels);
            let x = Axis::linear("time after the start (s)", 0.0, length_s, 10);
            let y = Axis::around("counts", finite(&record.data[2]), 4);
            let mut trace = stacked(&panels, 0, &x, &y)?;
            draw_samples(&mut trace, 0.0, length_s, &record.data[2], INK)?;
            for (i, (name, scan, found)) in scans.iter().enumerate() {
                let y = Axis::linear(name, 0.0, 1.25, 3);
                let mut chart = stacked(&panels, i + 1, &x, &y)?;
                let p_event = scan.event_probabilities().unwrap_or_default();
                for (start, p) in scan.starts.iter().zip(p_event) {
                    let from = between_s(record.start, *start);
                    let to = from + scan.window_s();
                    if to <= 0.0 || from >= length_s {
                        continue;
                    }
                    let ends = [(from.max(0.0), 0.0), (to.min(length_s), p.max(0.01))];
                    if p >= threshold {
                        chart.draw_series([Rectangle::new(ends, ORANGE.mix(0.25).filled())])?;
                    }
                    let colour = if p >= threshold { ORANGE } else { GREY };
                    chart.draw_series([Rectangle::new(ends, line(colour, 10))])?;
                }
                dashed(
                    &mut chart,
                    (0.0, threshold),
                    (length_s, threshold),
                    VERMILLION,
                )?;
                for detection in &found.items {
                    let t = between_s(record.start, detection.time);
                    if (0.0..length_s).contains(&t) {
                        spot(&chart, (t, 1.13), Mark::Triangle, VERMILLION, 5)?;
                    }
                }
            }
            Ok(())
        },
    )?;
    Ok(figure.sourced(&record.station, record.simulated))
}

/// Counts over the step of a scan: of each step in seconds the windows that are called an event and the events after
/// merging, and dashed how many earthquakes there were to see.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no count, or a step is not positive.
pub fn counts_by_hop(counts: &[(f64, usize, usize)], n_true: usize) -> Result<Figure> {
    check("hops", counts.iter().map(|c| c.0.log10()))?;
    let caption =
        "Windows called an event, and events after merging, over the step between windows.";
    figure(caption, (560, 380), |canvas| {
        let entries = [
            (
                "windows called an event".to_string(),
                Mark::Triangle,
                ORANGE,
            ),
            ("events after merging".into(), Mark::Dot, BLUE),
            (format!("{n_true} earthquakes"), Mark::Dashed, VERMILLION),
        ];
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let hops = || counts.iter().map(|c| c.0);
        let (low, high) = (
            hops().fold(f64::INFINITY, f64::min),
            hops().fold(0.0, f64::max),
        );
        let x = Axis::log10("step (s)", low / 1.15, high * 1.15);
        // A count of none lies on the lower edge.
        let largest = counts
            .iter()
            .map(|c| c.1.max(c.2))
            .max()
            .unwrap_or(1)
            .max(n_true);
        let y = Axis::log10("count", 0.8, largest.max(2) as f64 * 1.5);
        let mut chart = chart(&below, frame, &x, &y)?;
        let level = |n: usize| (n as f64).max(0.8).log10();
        dashed(
            &mut chart,
            (x.low, level(n_true)),
            (x.high, level(n_true)),
            VERMILLION,
        )?;
        for (shape, colour, of) in [(Mark::Triangle, ORANGE, 0), (Mark::Dot, BLUE, 1)] {
            let points: Vec<(f64, f64)> = counts
                .iter()
                .map(|c| (c.0.log10(), level([c.1, c.2][of])))
                .collect();
            chart.draw_series(LineSeries::new(points.clone(), line(colour, 15)))?;
            for at in points {
                spot(&chart, at, shape, colour, 4)?;
            }
        }
        Ok(())
    })
}
