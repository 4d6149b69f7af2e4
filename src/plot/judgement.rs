//! How good a detector is: every threshold, every size of earthquake, every probability.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend, spot};
use super::style::{BLUE, GREY, ORANGE, SKY, VERMILLION, check, figure, line};
use crate::error::Result;
use crate::evaluate::{BinScore, Calibration, OperatingPoint, Score};

/// Precision over recall of a detector at each of its thresholds, with the 95 % band of the precision,
/// and a cross with the intervals of both at the threshold that was chosen beforehand.
///
/// Thresholds at which one of the two is undefined, for nothing was found, have no point.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no threshold at all.
pub fn operating_curve(points: &[OperatingPoint], chosen: &OperatingPoint) -> Result<Figure> {
    check("thresholds", points.iter().map(|p| p.threshold))?;
    let defined = |p: &&OperatingPoint| p.precision().is_defined() && p.recall().is_defined();
    let points: Vec<&OperatingPoint> = points.iter().filter(defined).collect();
    // A detector that finds nothing has a curve without points, which is a finding too.
    // Each axis begins where its numbers do.
    let low = |values: Vec<f64>| {
        let lowest = values.into_iter().fold(0.9, f64::min);
        ((lowest - 0.01) * 20.0).floor().max(0.0) / 20.0
    };
    let shown = Some(chosen).filter(defined);
    let recalls = points.iter().map(|p| p.recall().value);
    let low_recall = low(recalls.chain(shown.map(|p| p.recall().lower)).collect());
    let precisions = points.iter().copied().chain(shown);
    let low_precision = low(precisions.map(|p| p.precision().lower).collect());
    let caption = format!(
        "Precision over recall of detections at {} thresholds, with 95 % intervals; the cross is the \
         threshold {} that was chosen beforehand.",
        points.len(),
        chosen.threshold
    );
    figure(caption, (520, 460), |canvas| {
        let entries = [
            ("precision".to_string(), Mark::Line, BLUE),
            ("95 % interval".into(), Mark::Block, SKY),
            ("chosen beforehand".into(), Mark::Cross, VERMILLION),
        ];
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let x = Axis::linear("recall", low_recall, 1.01, 5);
        let y = Axis::linear("precision", low_precision, 1.01, 5);
        let mut chart = chart(&below, frame, &x, &y)?;
        let of = |p: &OperatingPoint, score: fn(&Score) -> f64| {
            (p.recall().value, score(&p.precision()))
        };
        let upper = points.iter().map(|p| of(p, |s| s.upper.min(1.01)));
        let lower = points.iter().rev().map(|p| of(p, |s| s.lower));
        let band: Vec<_> = upper.chain(lower).collect();
        if !band.is_empty() {
            chart.draw_series([Polygon::new(band, SKY.mix(0.35).filled())])?;
        }
        let curve = points.iter().map(|p| of(p, |s| s.value));
        chart.draw_series(LineSeries::new(curve, line(BLUE, 20)))?;
        for p in &points {
            spot(&chart, of(p, |s| s.value), Mark::Dot, BLUE, 2)?;
        }
        if !defined(&chosen) {
            return Ok(());
        }
        let (recall, precision) = (chosen.recall(), chosen.precision());
        let at = (recall.value, precision.value);
        for arm in [
            [(recall.lower, at.1), (recall.upper, at.1)],
            [(at.0, precision.lower), (at.0, precision.upper)],
        ] {
            chart.draw_series([PathElement::new(arm, line(VERMILLION, 15))])?;
        }
        spot(&chart, at, Mark::Cross, VERMILLION, 6)
    })
}

/// The share of events in each bin that were detected, with 95 % intervals, over the bins' logarithm where
/// `logarithmic`, and dashed the value from which on an analyst sees events, where one is given. The number
/// at each bin is that of its events.
///
/// # Errors
/// [`crate::Error::Plot`] where every bin is empty, or one has a logarithm and an end that is not positive.
pub fn recall_by(
    name: &str,
    bins: &[BinScore],
    logarithmic: bool,
    visible_from: Option<f64>,
) -> Result<Figure> {
    let full = || bins.iter().filter(|bin| bin.score.is_defined());
    let scaled = |v: f64| if logarithmic { v.log10() } else { v };
    check(
        "bins",
        full().flat_map(|bin| [scaled(bin.lower), scaled(bin.upper)]),
    )?;
    let n: usize = full().map(|bin| bin.score.n).sum();
    let caption = format!("Share of {n} events detected, by {name}, with 95 % intervals.");
    figure(caption, (620, 360), |canvas| {
        let mut entries = vec![("recall".to_string(), Mark::Dot, BLUE)];
        if let Some(value) = visible_from {
            entries.push((
                format!("an analyst sees from {value} on"),
                Mark::Dashed,
                VERMILLION,
            ));
        }
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let low = full().map(|b| b.lower).fold(f64::INFINITY, f64::min);
        let high = full().map(|b| b.upper).fold(f64::NEG_INFINITY, f64::max);
        let x = match logarithmic {
            true => Axis::log10(name, low, high),
            false => Axis::linear(name, low, high, 8),
        };
        let y = Axis::linear("recall", 0.0, 1.08, 5);
        let mut chart = chart(&below, frame, &x, &y)?;
        if let Some(value) = visible_from {
            let at = scaled(value);
            dashed(&mut chart, (at, y.low), (at, y.high), VERMILLION)?;
        }
        for bin in full() {
            let (from, to) = (scaled(bin.lower), scaled(bin.upper));
            let (middle, score) = ((from + to) / 2.0, bin.score);
            let level = [(from, score.value), (to, score.value)];
            chart.draw_series([PathElement::new(level, line(SKY, 30))])?;
            let whisker = [(middle, score.lower), (middle, score.upper)];
            chart.draw_series([PathElement::new(whisker, line(BLUE, 15))])?;
            spot(&chart, (middle, score.value), Mark::Dot, BLUE, 4)?;
            super::text::text(super::style::SMALL, GREY, super::text::Align::Centre).draw(
                &chart.plotting_area().strip_coord_spec(),
                &score.n.to_string(),
                local(&chart, (middle, 1.045)),
            )?;
        }
        Ok(())
    })
}

/// A point of the chart in pixels of its plotting area.
fn local(chart: &super::axes::Chart, at: (f64, f64)) -> (i32, i32) {
    let area = chart.plotting_area().strip_coord_spec();
    let (x0, y0) = area.get_base_pixel();
    let (x, y) = chart.backend_coord(&at);
    (x - x0, y - y0)
}

/// Reliability diagrams over one another: what came true of what was stated, with 95 % intervals; on the
/// dashed line a probability is what it says. Above each bin stands its number of windows, a row for each
/// diagram.
///
/// # Errors
/// [`crate::Error::Plot`] where there is none, or one has only empty bins.
pub fn reliabilities(calibrations: &[(&str, &Calibration)]) -> Result<Figure> {
    let full = |c: &Calibration| -> Vec<(f64, Score)> {
        let bins = c.bins().iter().filter(|bin| bin.observed.is_defined());
        bins.map(|bin| (bin.mean_probability, bin.observed))
            .collect()
    };
    check("calibrations", calibrations.iter().map(|(_, c)| c.brier()))?;
    for (name, calibration) in calibrations {
        check(name, full(calibration).iter().map(|bin| bin.0))?;
    }
    let errors: Vec<String> = calibrations
        .iter()
        .map(|(name, c)| format!("{name} {:.4}", c.expected_calibration_error()))
        .collect();
    let caption = format!(
        "Reliability: what came true of what was stated, with 95 % intervals; above, how many windows each bin \
         has; expected calibration error: {}.",
        errors.join(", ")
    );
    let looks = [
        (Mark::Dot, ORANGE),
        (Mark::Triangle, BLUE),
        (Mark::Cross, GREY),
    ];
    figure(caption, (500, 460), |canvas| {
        let looks = || calibrations.iter().zip(looks.into_iter().cycle());
        let mut entries = vec![("perfectly calibrated".to_string(), Mark::Dashed, GREY)];
        entries.extend(looks().map(|((name, _), look)| (name.to_string(), look.0, look.1)));
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let x = Axis::linear("stated probability", 0.0, 1.0, 5);
        let top = 1.0 + 0.08 * calibrations.len() as f64;
        let y = Axis {
            high: top + 0.02,
            ..Axis::linear("observed share", 0.0, 1.0, 5)
        };
        let mut chart = chart(&below, frame, &x, &y)?;
        dashed(&mut chart, (0.0, 0.0), (1.0, 1.0), GREY)?;
        for (row, ((_, calibration), (shape, colour))) in looks().enumerate() {
            for bin in calibration.bins().iter().filter(|b| b.observed.n > 0) {
                let middle = (bin.lower + bin.upper) / 2.0;
                let at = local(&chart, (middle, top - 0.04 - 0.08 * row as f64));
                let count = bin.observed.n.to_string();
                super::text::text(super::style::SMALL, colour, super::text::Align::Centre).draw(
                    &chart.plotting_area().strip_coord_spec(),
                    &count,
                    at,
                )?;
            }
            let bins = full(calibration);
            let path = bins.iter().map(|(p, observed)| (*p, observed.value));
            chart.draw_series(LineSeries::new(path, line(colour.mix(0.6), 10)))?;
            for (p, observed) in bins {
                let whisker = [(p, observed.lower), (p, observed.upper)];
                chart.draw_series([PathElement::new(whisker, line(colour, 12))])?;
                spot(&chart, (p, observed.value), shape, colour, 4)?;
            }
        }
        Ok(())
    })
}
