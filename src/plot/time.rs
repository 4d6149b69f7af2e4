//! Seismicity in time, and by magnitude.

use chrono::{Datelike, Months, NaiveDate};
use plotters::prelude::*;

use super::Figure;
use super::axes::{Axis, Frame, chart, seconds};
use super::curves::COLOURS;
use super::marks::{Mark, dashed, legend, spot};
use super::style::{BLUE, INK, SKY, VERMILLION, check, figure, line};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::time::Time;

const SIZE: (u32, u32) = (680, 340);

/// Magnitude of each event at its time.
///
/// # Errors
/// [`crate::Error::Plot`] where the catalog is empty or a magnitude is not finite.
pub fn magnitudes_in_time(catalog: &Catalog) -> Result<Figure> {
    let (start, end) = span(catalog)?;
    let magnitudes = || catalog.events().iter().map(|event| event.magnitude);
    let caption = format!("Magnitudes of {} events in time.", catalog.len());
    let figure = figure(caption, SIZE, |canvas| {
        // Some room on both sides: no circle lies on the frame.
        let room = (end - start) / 50;
        let x = Axis::dates(start - room, end + room);
        let y = Axis::around("magnitude", magnitudes(), 6);
        let mut chart = chart(canvas, Frame::default(), &x, &y)?;
        chart.draw_series(catalog.events().iter().map(|event| {
            let at = (seconds(event.origin_time), event.magnitude);
            Circle::new(at, 4, BLUE.mix(0.6).filled())
        }))?;
        Ok(())
    })?;
    Ok(figure.sourced(&catalog.source, catalog.simulated))
}

/// Magnitudes of several catalogs at their times, the last on top. Events without a magnitude are left out.
///
/// # Errors
/// [`crate::Error::Plot`] where no event has a magnitude.
pub fn magnitudes_of(catalogs: &[(&str, &Catalog)]) -> Result<Figure> {
    let known = |catalog: &Catalog| -> Vec<(Time, f64)> {
        let events = catalog.events().iter();
        let sized = events.filter(|event| event.magnitude.is_finite());
        sized
            .map(|event| (event.origin_time, event.magnitude))
            .collect()
    };
    let all: Vec<Vec<(Time, f64)>> = catalogs.iter().map(|(_, c)| known(c)).collect();
    check("magnitudes", all.iter().flatten().map(|(_, m)| *m))?;
    let times = || all.iter().flatten().map(|(time, _)| *time);
    let (start, end) = (
        times().min().unwrap_or_default(),
        times().max().unwrap_or_default(),
    );
    let figure = figure("Magnitudes in time.", SIZE, |canvas| {
        let named = |(i, (name, _)): (usize, &(&str, &Catalog))| {
            (name.to_string(), Mark::Dot, COLOURS[i % COLOURS.len()])
        };
        let entries: Vec<_> = catalogs.iter().enumerate().map(named).collect();
        let below = legend(canvas, Frame::default().left, &entries)?;
        let room = (end - start) / 50;
        let x = Axis::dates(start - room, end + room);
        let y = Axis::around("magnitude", all.iter().flatten().map(|(_, m)| *m), 6);
        let chart = chart(&below, Frame::default(), &x, &y)?;
        for (i, events) in all.iter().enumerate() {
            for (time, magnitude) in events {
                let r = (5 - i.min(3)) as u32;
                spot(
                    &chart,
                    (seconds(*time), *magnitude),
                    Mark::Dot,
                    COLOURS[i % COLOURS.len()],
                    r,
                )?;
            }
        }
        Ok(())
    })?;
    Ok(sourced(
        figure,
        catalogs.iter().map(|(_, catalog)| *catalog),
    ))
}

/// The source of a figure of several catalogs.
fn sourced<'a>(figure: Figure, catalogs: impl Iterator<Item = &'a Catalog> + Clone) -> Figure {
    let sources: Vec<&str> = catalogs.clone().map(|c| c.source.as_str()).collect();
    let simulated = catalogs.clone().any(|catalog| catalog.simulated);
    figure.sourced(&sources.join(", "), simulated)
}

/// Events of at least each magnitude, of several catalogs, each with the line of its b-value from its magnitude of completeness on, as
/// in [`frequency_magnitude`]. Events without a magnitude do not count.
///
/// # Errors
/// As [`magnitudes_of`], [`Catalog::completeness`] and [`Catalog::b_value`].
pub fn frequency_magnitudes(catalogs: &[(&str, &Catalog)]) -> Result<Figure> {
    let tenth = |magnitude: f64| (magnitude * 10.0).round() as i64;
    let counted = |(_, catalog): &(&str, &Catalog)| -> Result<(Vec<i64>, f64, f64)> {
        let magnitudes = catalog.events().iter().map(|event| event.magnitude);
        let tenths = magnitudes.filter(|m| m.is_finite()).map(tenth).collect();
        let completeness = catalog.completeness()?;
        Ok((tenths, completeness, catalog.b_value(completeness)?.b))
    };
    let all: Vec<(Vec<i64>, f64, f64)> = catalogs.iter().map(counted).collect::<Result<_>>()?;
    let tenths = || all.iter().flat_map(|(tenths, ..)| tenths).copied();
    check("magnitudes", tenths().map(|m| m as f64))?;
    let n_from = |of: &[i64], m: i64| of.iter().filter(|tenth| **tenth >= m).count() as f64;
    let (low, high) = tenths().fold((i64::MAX, i64::MIN), |(low, high), m| {
        (low.min(m), high.max(m))
    });
    let most = all.iter().map(|(tenths, ..)| tenths.len()).max();
    let caption = "Events of at least each magnitude; lines: b above completeness.";
    let figure = figure(caption, (620, 440), |canvas| {
        let colour = |i: usize| COLOURS[i % COLOURS.len()];
        let named = catalogs.iter().zip(&all).enumerate();
        let entries: Vec<_> = named
            .map(|(i, ((name, _), (.., b)))| (format!("{name}, b = {b:.2}"), Mark::Dot, colour(i)))
            .collect();
        let below = legend(canvas, Frame::default().left, &entries)?;
        let (left, right) = ((low - 1) as f64 / 10.0, (high + 2) as f64 / 10.0);
        let x = Axis::linear("magnitude", left, right, 8);
        let most = most.unwrap_or_default() as f64;
        let y = Axis::log10("events of at least this magnitude", 0.8, most * 1.5);
        let mut chart = chart(&below, Frame::default(), &x, &y)?;
        for (i, (tenths, completeness, b)) in all.iter().enumerate() {
            let top = n_from(tenths, tenth(*completeness)).log10();
            let end = x.high.min(completeness + top / b.max(1e-6));
            let on_line = |m: f64| (m, top - b * (m - completeness));
            let ends = [*completeness, end].map(on_line);
            chart.draw_series(LineSeries::new(ends, line(colour(i), 15)))?;
            for m in low..=high {
                let n = n_from(tenths, m);
                if n > 0.0 {
                    let at = (m as f64 / 10.0, n.log10());
                    spot(&chart, at, Mark::Dot, colour(i), 3)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(sourced(
        figure,
        catalogs.iter().map(|(_, catalog)| *catalog),
    ))
}

/// Events in each calendar month.
///
/// # Errors
/// As [`magnitudes_in_time`].
pub fn monthly_counts(catalog: &Catalog) -> Result<Figure> {
    let (start, end) = span(catalog)?;
    let mut months = Vec::new();
    let mut month = first_of_month(start);
    while month <= end {
        let next = month + Months::new(1);
        let of_month = |time: Time| month <= time && time < next;
        let events = catalog.events().iter();
        let n = events.filter(|event| of_month(event.origin_time)).count();
        months.push((month, next, n));
        month = next;
    }
    let highest = months.iter().map(|month| month.2).max().unwrap_or(0) as f64;
    let caption = format!("Events in each month, {} in all.", catalog.len());
    let figure = figure(caption, SIZE, |canvas| {
        let x = Axis::dates(first_of_month(start), month);
        let y = Axis::linear("events in a month", 0.0, highest * 1.05, 6);
        let mut chart = chart(canvas, Frame::default(), &x, &y)?;
        chart.draw_series(months.iter().map(|(from, to, n)| {
            let (left, right) = (seconds(*from), seconds(*to));
            let gap = (right - left) * 0.08;
            let corners = [(left + gap, 0.0), (right - gap, *n as f64)];
            Rectangle::new(corners, BLUE.filled())
        }))?;
        Ok(())
    })?;
    Ok(figure.sourced(&catalog.source, catalog.simulated))
}

/// Events of each tenth of magnitude and of at least each magnitude, with the line of
/// Gutenberg & Richter (1944, *BSSA* 34, 185-188), log10 N = a - b M, that has `b_value` and meets
/// the count at the magnitude of completeness `completeness`.
///
/// # Errors
/// As [`magnitudes_in_time`], and where no event is at least as large as `completeness`.
pub fn frequency_magnitude(catalog: &Catalog, completeness: f64, b_value: f64) -> Result<Figure> {
    span(catalog)?;
    check("completeness and b-value", [completeness, b_value])?;
    let tenth = |magnitude: f64| (magnitude * 10.0).round() as i64;
    let tenths: Vec<i64> = catalog
        .events()
        .iter()
        .map(|e| tenth(e.magnitude))
        .collect();
    let n_from = |m: i64| tenths.iter().filter(|tenth| **tenth >= m).count();
    let n_of = |m: i64| tenths.iter().filter(|tenth| **tenth == m).count();
    let (low, high) = tenths.iter().fold((i64::MAX, i64::MIN), |(low, high), m| {
        (low.min(*m), high.max(*m))
    });
    let n_complete = n_from(tenth(completeness)) as f64;
    check(
        "events above completeness",
        (n_complete > 0.0).then_some(n_complete),
    )?;

    let caption = format!(
        "Events of each magnitude, and of at least each; line: b = {b_value:.2} above \
         {completeness:.1} ({n_complete} events)."
    );
    let figure = figure(caption, (560, 420), |canvas| {
        let entries = [
            ("at least this magnitude".to_string(), Mark::Dot, BLUE),
            ("this magnitude".into(), Mark::Triangle, SKY),
            (format!("b = {b_value:.2}"), Mark::Line, VERMILLION),
        ];
        let below = legend(canvas, Frame::default().left, &entries)?;
        let x = Axis::linear(
            "magnitude",
            (low - 1) as f64 / 10.0,
            (high + 2) as f64 / 10.0,
            8,
        );
        let y = Axis::log10("number of events", 0.8, catalog.len() as f64 * 1.5);
        let mut chart = chart(&below, Frame::default(), &x, &y)?;
        let end = (x.high).min(completeness + n_complete.log10() / b_value.max(1e-6));
        let on_line = |m: f64| (m, n_complete.log10() - b_value * (m - completeness));
        chart.draw_series(LineSeries::new(
            [completeness, end].map(on_line),
            line(VERMILLION, 20),
        ))?;
        for m in low..=high {
            let series = [(n_of(m), Mark::Triangle, SKY), (n_from(m), Mark::Dot, BLUE)];
            for (n, shape, colour) in series.into_iter().filter(|(n, ..)| *n > 0) {
                spot(
                    &chart,
                    (m as f64 / 10.0, (n as f64).log10()),
                    shape,
                    colour,
                    3,
                )?;
            }
        }
        let foot = (completeness, y.low);
        dashed(&mut chart, foot, (completeness, y.high), INK)
    })?;
    Ok(figure.sourced(&catalog.source, catalog.simulated))
}

/// First and last origin time.
fn span(catalog: &Catalog) -> Result<(Time, Time)> {
    check("magnitudes", catalog.events().iter().map(|e| e.magnitude))?;
    let events = catalog.events();
    Ok((events[0].origin_time, events[events.len() - 1].origin_time))
}

fn first_of_month(time: Time) -> Time {
    NaiveDate::from_ymd_opt(time.year(), time.month(), 1)
        .unwrap_or_default()
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
}
