//! What a scan said, and how far it can be trusted.

use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart, seconds};
use super::marks::{Mark, dashed, legend, spot};
use super::style::{BLUE, GREY, INK, ORANGE, SKY, VERMILLION, check, figure, line};
use crate::catalog::Catalog;
use crate::detect::Scan;
use crate::error::Result;
use crate::evaluate::{Calibration, PrecisionRecallCurve};
use crate::time::TimeSpan;

/// The probability that a window holds an event (of any cluster) along the scan, and dashed the
/// `threshold`. Above it a row of marks for each named catalog, the first as triangles.
///
/// # Errors
/// [`crate::Error::Plot`] where no window was classified or a probability is not finite.
pub fn probabilities(scan: &Scan, catalogs: &[(&str, &Catalog)], threshold: f64) -> Result<Figure> {
    let values = scan.event_probabilities()?;
    check("probabilities", values.iter().copied())?;
    let covered = scan.covered();
    // The check has found a window, so there is a span.
    let (start, end) = (covered[0].start, covered[covered.len() - 1].end);
    let looks = [
        (Mark::Triangle, INK),
        (Mark::Dot, ORANGE),
        (Mark::Cross, GREY),
    ];
    let rows: Vec<_> = catalogs
        .iter()
        .zip(looks.into_iter().cycle())
        .map(|((name, catalog), look)| (*name, catalog.during(&TimeSpan { start, end }), look))
        .collect();
    let mut caption = format!("Probability of an event in {} windows", values.len());
    for (name, events, _) in &rows {
        caption += &format!("; {} events {name}", events.len());
    }
    let figure = figure(caption + ".", (700, 320), |canvas| {
        let mut entries = vec![
            ("probability of an event".to_string(), Mark::Line, BLUE),
            (format!("threshold {threshold}"), Mark::Dashed, VERMILLION),
        ];
        for (name, _, (shape, colour)) in &rows {
            entries.push((format!("event {name}"), *shape, *colour));
        }
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        // Some room on both sides: no mark is cut off.
        let room = (end - start) / 60;
        let x = Axis::dates(start - room, end + room);
        let mut y = Axis::linear("probability", 0.0, 1.0, 5);
        y.high = 1.04 + 0.08 * rows.len() as f64;
        let mut chart = chart(&below, frame, &x, &y)?;
        let half_s = scan.window_s() / 2.0;
        chart.draw_series(scan.starts.iter().zip(&values).map(|(start, p)| {
            let t = seconds(*start) + half_s;
            PathElement::new([(t, 0.0), (t, *p)], line(BLUE, 10))
        }))?;
        for (i, (_, events, (shape, colour))) in rows.iter().enumerate() {
            for event in events.events() {
                let at = (seconds(event.origin_time), 1.06 + 0.08 * i as f64);
                spot(&chart, at, *shape, *colour, 5)?;
            }
        }
        dashed(
            &mut chart,
            (x.low, threshold),
            (x.high, threshold),
            VERMILLION,
        )
    })?;
    let sources = catalogs.iter().map(|(_, catalog)| &catalog.source);
    let source = std::iter::once(&scan.station).chain(sources);
    let source: Vec<&str> = source.map(String::as_str).collect();
    let simulated = scan.simulated || catalogs.iter().any(|(_, catalog)| catalog.simulated);
    Ok(figure.sourced(&source.join(", "), simulated))
}

/// Precision over recall for every threshold, with the 95 % band of the precision.
///
/// # Errors
/// [`crate::Error::Plot`] where the curve has no point.
pub fn precision_recall(curve: &PrecisionRecallCurve) -> Result<Figure> {
    let points = curve.points();
    check("precision", points.iter().map(|p| p.precision().value))?;
    let caption = format!(
        "Precision over recall for each threshold, with the 95 % interval of the precision; \
         average precision {:.3}.",
        curve.average_precision()
    );
    figure(caption, (480, 440), |canvas| {
        let entries = [
            ("precision".to_string(), Mark::Line, BLUE),
            ("95 % interval".into(), Mark::Block, SKY),
        ];
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let x = Axis::linear("recall", 0.0, 1.0, 5);
        let y = Axis::linear("precision", 0.0, 1.02, 6);
        let mut chart = chart(&below, frame, &x, &y)?;
        let upper = points
            .iter()
            .map(|p| (p.recall().value, p.precision().upper));
        let lower = points.iter().rev();
        let lower = lower.map(|p| (p.recall().value, p.precision().lower));
        let band: Vec<_> = upper.chain(lower).collect();
        chart.draw_series([Polygon::new(band, SKY.mix(0.35).filled())])?;
        let curve = points
            .iter()
            .map(|p| (p.recall().value, p.precision().value));
        chart.draw_series(LineSeries::new(curve, line(BLUE, 20)))?;
        Ok(())
    })
}

/// The share of events among windows of each stated probability, with 95 % intervals; on the
/// dashed line a probability is what it says.
///
/// # Errors
/// [`crate::Error::Plot`] where every bin is empty.
pub fn reliability(calibration: &Calibration) -> Result<Figure> {
    let bins = || calibration.bins().iter().filter(|bin| bin.observed.n > 0);
    check("bins", bins().map(|bin| bin.mean_probability))?;
    let caption = format!(
        "Reliability: what came true of what was stated, with 95 % intervals; Brier score {:.3}.",
        calibration.brier()
    );
    figure(caption, (480, 440), |canvas| {
        let entries = [
            ("observed".to_string(), Mark::Dot, BLUE),
            ("perfectly calibrated".into(), Mark::Dashed, GREY),
        ];
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let x = Axis::linear("stated probability", 0.0, 1.0, 5);
        let y = Axis::linear("observed share", 0.0, 1.0, 5);
        let mut chart = chart(&below, frame, &x, &y)?;
        dashed(&mut chart, (0.0, 0.0), (1.0, 1.0), GREY)?;
        for bin in bins() {
            let (p, observed) = (bin.mean_probability, bin.observed);
            let whisker = [(p, observed.lower), (p, observed.upper)];
            chart.draw_series([PathElement::new(whisker, line(BLUE, 15))])?;
            spot(&chart, (p, observed.value), Mark::Dot, BLUE, 4)?;
        }
        Ok(())
    })
}
