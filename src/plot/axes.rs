//! Axes with units, and charts on them.

use chrono::{Datelike, Months, NaiveDate};
use plotters::chart::ChartContext;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;

use super::style::{Backend, Canvas, FAINT, INK, LARGE, Painted, SMALL, line, px};
use super::text::{Align, text};
use crate::time::Time;

pub(super) type Chart<'a, 'b> = ChartContext<'a, Backend<'b>, Cartesian2d<Axis, Axis>>;

/// An axis: its name with the unit, its ends, and where it is labelled.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub name: String,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `low` to `high`, with about `n` labels at round numbers, and never fewer than two: one
    /// alone tells no scale.
    pub fn linear(name: &str, low: f64, high: f64, n: usize) -> Self {
        // A flat range still gets an axis.
        let (low, high) = match high > low {
            true => (low, high),
            false => (low - 0.5, high + 0.5),
        };
        let step = round_step((high - low) / n.max(1) as f64);
        let n_decimals = (-step.log10().floor()).max(0.0) as usize;
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        if last <= first && n < 64 {
            return Self::linear(name, low, high, 2 * n.max(1));
        }
        let ticks = (first..=last)
            .map(|i| i as f64 * step)
            .map(|value| (value, label(value, n_decimals)))
            .collect();
        Self {
            name: name.into(),
            low,
            high,
            ticks,
        }
    }

    /// Around all `values`, with a twentieth of their range on both sides.
    pub fn around(name: &str, values: impl IntoIterator<Item = f64>, n: usize) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let margin = (high - low) / 20.0;
        Self::linear(name, low - margin, high + margin, n)
    }

    /// Decades between two positive numbers; the axis runs over `log10` of its values.
    pub fn log10(name: &str, low: f64, high: f64) -> Self {
        let (low, high) = (low.log10(), high.log10());
        let decades = (low - 1e-9).ceil() as i32..=(high + 1e-9).floor() as i32;
        // Few decades: 2 and 5 are labelled too.
        let digits: &[f64] = match decades.clone().count() {
            0..=2 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let ticks = (low.floor() as i32..=high.ceil() as i32)
            .flat_map(|decade| digits.iter().map(move |digit| digit * 10f64.powi(decade)))
            .filter(|v| (low - 1e-9..=high + 1e-9).contains(&v.log10()))
            .map(|v| (v.log10(), power(v)))
            .collect();
        Self {
            name: name.into(),
            low,
            high,
            ticks,
        }
    }

    /// Dates on an axis of Unix seconds: years, quarters, months or days, as the span allows.
    pub fn dates(start: Time, end: Time) -> Self {
        let n_days = (end - start).num_days();
        if n_days < 2 {
            return Self::hours(start, end);
        }
        let day = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc();
        let mut ticks = Vec::new();
        if n_days > 60 {
            let n_months = [1, 3, 6, 12, 24, 60]
                .into_iter()
                .find(|n| n_days / (30 * i64::from(*n)) <= 8)
                .unwrap_or(120);
            let mut date = NaiveDate::from_ymd_opt(start.year(), 1, 1).unwrap_or_default();
            while day(date) <= end {
                if day(date) >= start {
                    ticks.push((seconds(day(date)), date.format("%Y-%m").to_string()));
                }
                date = date + Months::new(n_months);
            }
        } else {
            let n_between = (n_days / 10).max(1);
            let mut date = start.date_naive();
            while day(date) <= end {
                if day(date) >= start {
                    ticks.push((seconds(day(date)), date.format("%m-%d").to_string()));
                }
                date += chrono::TimeDelta::days(n_between);
            }
        }
        Self {
            name: format!("date, {} to {} (UTC)", start.year(), end.year()),
            low: seconds(start),
            high: seconds(end),
            ticks,
        }
    }

    /// Time of day on an axis of Unix seconds, for up to two days.
    pub fn hours(start: Time, end: Time) -> Self {
        let (low, high) = (seconds(start), seconds(end));
        let step = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0,
        ]
        .into_iter()
        .chain([1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0])
        .find(|step| (high - low) / step <= 11.0)
        .unwrap_or(43_200.0);
        let format = if step < 60.0 { "%H:%M:%S" } else { "%H:%M" };
        let ticks: Vec<(f64, Time)> = ((low / step).ceil() as i64..=(high / step).floor() as i64)
            .map(|i| i as f64 * step)
            .filter_map(|s| Some((s, Time::from_timestamp(s as i64, 0)?)))
            .collect();
        // Room before the first tick may be of the day before.
        let day = ticks.first().map_or(start, |(_, first)| *first);
        let label = |(s, time): (f64, Time)| (s, time.format(format).to_string());
        let ticks = ticks.into_iter().map(label).collect();
        Self {
            name: format!("time on {} (UTC)", day.format("%Y-%m-%d")),
            low,
            high,
            ticks,
        }
    }

    /// The same axis without labels: for panels above another one.
    pub fn bare(mut self) -> Self {
        self.name.clear();
        for (_, label) in &mut self.ticks {
            label.clear();
        }
        self
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.0).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

/// Unix seconds, as axes of time count them.
pub(super) fn seconds(time: Time) -> f64 {
    time.timestamp() as f64 + f64::from(time.timestamp_subsec_nanos()) * 1e-9
}

/// The 1, 2 or 5 times a power of ten nearest above `step`.
fn round_step(step: f64) -> f64 {
    let decade = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * decade)
        .find(|candidate| *candidate >= step * 0.999)
        .unwrap_or(10.0 * decade)
}

/// A number for a tick: fixed decimals, or a power of ten where it is long.
fn label(value: f64, n_decimals: usize) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    match value.abs() {
        v if v >= 1e6 || n_decimals > 4 && v > 0.0 => format!("{value:.1e}"),
        _ => format!("{value:.n_decimals$}"),
    }
}

/// 0.01, 1, 200; powers of ten beyond that.
fn power(value: f64) -> String {
    match value {
        v if (0.000_99..100_001.0).contains(&v) => format!("{}", (v * 1e6).round() / 1e6),
        v => format!("1e{:.0}", v.log10()),
    }
}

/// Sizes of the strips around the plotting area, nominal pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub left: u32,
    pub bottom: u32,
    pub top: u32,
    pub right: u32,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            left: 72,
            bottom: 50,
            top: 10,
            right: 26,
        }
    }
}

/// A chart that fills `canvas`: frame, faint grid, tick labels and axis names.
pub(super) fn chart<'a, 'b>(
    canvas: &'a Canvas<'b>,
    frame: Frame,
    x: &Axis,
    y: &Axis,
) -> Painted<Chart<'a, 'b>> {
    let mut chart = ChartBuilder::on(canvas)
        .margin_top(px(frame.top))
        .margin_right(px(frame.right))
        .margin_left(px(frame.left))
        .margin_bottom(px(frame.bottom))
        .build_cartesian_2d(x.clone(), y.clone())?;
    let (area, (x0, y0)) = (chart.plotting_area(), canvas.get_base_pixel());
    let (columns, rows) = (area.get_x_axis_pixel_range(), area.get_y_axis_pixel_range());
    let (left, right) = (columns.start - x0, columns.end - x0);
    let (top, bottom) = (rows.start - y0, rows.end - y0);
    let tick = px(4) as i32;

    let label = text(SMALL, INK, Align::Centre);
    for (value, name) in &x.ticks {
        let column = area.map_coordinate(&(*value, y.low)).0 - x0;
        let grid = [(column, top), (column, bottom)];
        canvas.draw(&PathElement::new(grid, line(FAINT, 10)))?;
        let mark = [(column, bottom), (column, bottom + tick)];
        canvas.draw(&PathElement::new(mark, line(INK, 10)))?;
        label.draw(canvas, name, (column, bottom + px(13) as i32))?;
    }
    let label = text(SMALL, INK, Align::Right);
    for (value, name) in &y.ticks {
        let row = area.map_coordinate(&(x.low, *value)).1 - y0;
        let grid = [(left, row), (right, row)];
        canvas.draw(&PathElement::new(grid, line(FAINT, 10)))?;
        canvas.draw(&PathElement::new(
            [(left - tick, row), (left, row)],
            line(INK, 10),
        ))?;
        label.draw(canvas, name, (left - px(8) as i32, row))?;
    }
    let name = text(LARGE, INK, Align::Centre);
    let foot = canvas.dim_in_pixel().1 as i32 - px(12) as i32;
    name.draw(canvas, &x.name, ((left + right) / 2, foot))?;
    let side = (px(12) as i32, (top + bottom) / 2);
    name.upward().draw(canvas, &y.name, side)?;
    chart.draw_series([Rectangle::new(
        [(x.low, y.low), (x.high, y.high)],
        line(INK, 10),
    )])?;
    Ok(chart)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::linear("x", -97.6, -97.2, 5);
        assert_eq!(labels(&axis), ["-97.6", "-97.5", "-97.4", "-97.3", "-97.2"]);
        assert_eq!(labels(&Axis::linear("x", -1.0, 1.0, 2)), ["-1", "0", "1"]);
    }

    #[test]
    fn an_axis_has_two_labels_at_least() {
        let axis = Axis::linear("counts", -4900.0, 3900.0, 2);
        assert!(labels(&axis).len() >= 2, "{:?}", labels(&axis));
    }

    #[test]
    fn large_counts_are_written_out() {
        let axis = Axis::linear("counts", -480_000.0, 880_000.0, 4);
        assert_eq!(labels(&axis), ["0", "500000"]);
        assert_eq!(label(2_000_000.0, 0), "2.0e6");
    }

    #[test]
    fn a_flat_range_still_has_an_axis() {
        let axis = Axis::around("x", [3.0, 3.0], 4);
        assert!(axis.low < 3.0 && axis.high > 3.0);
        assert!(axis.ticks.len() > 1);
    }

    #[test]
    fn decades_are_labelled() {
        assert_eq!(
            labels(&Axis::log10("n", 1.0, 1000.0)),
            ["1", "10", "100", "1000"]
        );
        assert_eq!(labels(&Axis::log10("f", 0.5, 5.0)), ["0.5", "1", "2", "5"]);
    }

    #[test]
    fn dates_and_hours_fit_the_span() {
        let time = |text| crate::time::parse(text).unwrap();
        let years = Axis::dates(time("2014-02-15"), time("2016-11-16"));
        assert_eq!(labels(&years)[0], "2014-07");
        assert_eq!(years.ticks.len(), 5);
        let hours = Axis::dates(time("2014-02-16T00:00:00"), time("2014-02-16T10:00:00"));
        assert_eq!(labels(&hours)[1], "01:00");
    }
}
