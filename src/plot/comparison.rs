//! Detectors beside one another, and what each of them looks at.

use plotters::prelude::*;

use super::axes::{Axis, Frame, chart};
use super::marks::{Mark, dashed, legend, spot};
use super::style::{
    BLUE, Canvas, GREEN, INK, LARGE, ORANGE, Painted, SKY, VERMILLION, check, figure, line, px,
};
use super::text::{Align, text};
use super::{Figure, Interactive};
use crate::detect::Comparison;
use crate::error::{Result, fail};
use crate::evaluate::{Counts, OperatingPoint};

/// Colour and shape of each detector in turn, so that either is enough to tell them apart.
pub(super) const LOOKS: [(RGBColor, Mark); 5] = [
    (BLUE, Mark::Dot),
    (VERMILLION, Mark::Triangle),
    (GREEN, Mark::Block),
    (ORANGE, Mark::Cross),
    (SKY, Mark::Dot),
];

/// A curve of more points is drawn as a line alone.
const N_MARKED: usize = 100;

/// Recall over false alarms an hour as each detector's threshold moves; large marks with 95 %
/// intervals where it was set beforehand. None at all has no place on a logarithmic axis: it stands
/// on the left edge, labelled 0.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no detector.
pub fn recall_and_false_alarms(comparison: &Comparison) -> Result<Figure> {
    recall_over("false alarms an hour", comparison)
}

/// As [`recall_and_false_alarms`], beside a reference that may lack earthquakes: what it lacks is an alarm, and need not
/// be a false one.
///
/// # Errors
/// As [`recall_and_false_alarms`].
pub fn recall_and_alarms(comparison: &Comparison) -> Result<Figure> {
    recall_over("alarms an hour", comparison)
}

fn recall_over(rate: &str, comparison: &Comparison) -> Result<Figure> {
    let all = &comparison.results;
    check("detectors", all.iter().map(|c| c.counts.hours))?;
    let hours = all.iter().map(|c| c.counts.hours).fold(0.0, f64::max);
    let (low, high) = (0.3 / hours, 30.0);
    let per_hour = |counts: &Counts| counts.n_false as f64 / counts.hours;
    let column = |rate: f64| rate.clamp(low, high).log10();
    let caption = format!(
        "Recall of the earthquakes at least {} times above the noise, over {rate}, as each \
         detector's threshold moves, in {hours:.1} h; large marks with 95 % intervals: the threshold that was \
         chosen on other hours. On the left edge there is no false alarm.",
        comparison.min_ratio
    );
    let figure = figure(caption, (700, 460), |canvas| {
        let looks = LOOKS.iter().cycle();
        let entries: Vec<_> = all
            .iter()
            .zip(looks.clone())
            .map(|(c, (colour, mark))| (c.name.clone(), *mark, *colour))
            .collect();
        let frame = Frame::default();
        let below = legend(canvas, frame.left, &entries)?;
        let mut x = Axis::log10(rate, low, high);
        x.ticks.retain(|tick| tick.0 > x.low + 0.2);
        x.ticks.insert(0, (x.low, "0".into()));
        let y = Axis::linear("recall", 0.0, 1.0, 5);
        let mut chart = chart(&below, frame, &x, &y)?;
        for (result, (colour, mark)) in all.iter().zip(looks) {
            // Beyond the axis a curve ends: it is not drawn along its edge.
            let inside =
                |p: &&OperatingPoint| per_hour(&p.counts) <= high && p.counts.recall().is_defined();
            let curve: Vec<(f64, f64)> = result
                .curve
                .iter()
                .filter(inside)
                .map(|p| (column(per_hour(&p.counts)), p.counts.recall().value))
                .collect();
            // A curve of all scores has too many points for a mark each.
            for point in curve.iter().filter(|_| curve.len() <= N_MARKED) {
                spot(&chart, *point, *mark, *colour, 2)?;
            }
            chart.draw_series(LineSeries::new(curve, line(*colour, 18)))?;
            let (recall, rate) = (result.counts.recall(), result.counts.false_alarms());
            let (true, Ok(rate)) = (recall.is_defined(), rate) else {
                continue;
            };
            let at = (column(rate.per_hour), recall.value);
            let whiskers = [
                [(at.0, recall.lower), (at.0, recall.upper)],
                [
                    (column(rate.lower_per_hour), at.1),
                    (column(rate.upper_per_hour), at.1),
                ],
            ];
            for whisker in whiskers {
                chart.draw_series([PathElement::new(whisker, line(*colour, 12))])?;
            }
            spot(&chart, at, *mark, *colour, 8)?;
        }
        Ok(())
    })?;
    let figure = figure.answering(Interactive::operating(comparison));
    Ok(figure.sourced(&comparison.station, comparison.simulated))
}

/// One component, and under it how like a template each segment of it is; dashed, a level with its name.
///
/// # Errors
/// [`crate::Error::Plot`] where a list is empty or a value is not finite.
pub fn correlation(
    samples: &[f32],
    coefficients: &[f32],
    sampling_rate_hz: f64,
    level: (&str, f64),
) -> Result<Figure> {
    let numbers = |values: &[f32]| -> Vec<f64> { values.iter().map(|v| f64::from(*v)).collect() };
    let (record, likeness) = (numbers(samples), numbers(coefficients));
    check("samples", record.iter().copied())?;
    check("coefficients", likeness.iter().copied())?;
    let x = Axis::linear("time (s)", 0.0, samples.len() as f64 / sampling_rate_hz, 10);
    let caption =
        "A minute of record, and its correlation with the template that begins at each sample.";
    figure(caption, (700, 380), |canvas| {
        let entries = [
            ("record".to_string(), Mark::Line, INK),
            ("correlation with the template".into(), Mark::Line, BLUE),
            (level.0.into(), Mark::Dashed, VERMILLION),
        ];
        let below = legend(canvas, 84, &entries)?;
        let (upper, lower) = below.split_vertically(px(150));
        let frame = Frame {
            left: 84,
            ..Frame::default()
        };
        let draw =
            |canvas: &Canvas, bottom, y: &Axis, values: &[f64], colour, level: Option<f64>| {
                let x = if bottom > 10 {
                    x.clone()
                } else {
                    x.clone().bare()
                };
                let mut chart = chart(canvas, Frame { bottom, ..frame }, &x, y)?;
                let points = values.iter().enumerate();
                let points = points.map(|(i, v)| (i as f64 / sampling_rate_hz, *v));
                chart.draw_series(LineSeries::new(points, line(colour, 10)))?;
                match level {
                    Some(level) => dashed(&mut chart, (x.low, level), (x.high, level), VERMILLION),
                    None => Ok(()),
                }
            };
        let counts = Axis::around("counts", record.iter().copied(), 4);
        draw(&upper, 6, &counts, &record, INK, None)?;
        let unit = Axis::linear("correlation", -1.0, 1.0, 4);
        draw(&lower, 50, &unit, &likeness, BLUE, Some(level.1))
    })
}

/// An image of `n_rows` rows, the lowest frequency first: its values, and beside it what is kept for
/// the fingerprint: white where nothing, else blue where a Haar coefficient is anomalously large and
/// vermillion where it is anomalously small. `signs` has a sign for each value. The image spans `length_s` seconds and
/// the frequencies of `band_hz`.
///
/// # Errors
/// [`crate::Error::Plot`] where the sizes disagree or a value is not finite.
pub fn fingerprint(
    image: &[f32],
    signs: &[i8],
    n_rows: usize,
    length_s: f64,
    band_hz: [f64; 2],
) -> Result<Figure> {
    check("image's axes", [length_s, band_hz[0], band_hz[1]])?;
    check("image", image.iter().map(|v| f64::from(*v)))?;
    if n_rows == 0 || !image.len().is_multiple_of(n_rows) || signs.len() != image.len() {
        return Err(fail!(
            Plot,
            "fingerprint",
            format!(
                "{} values, {} signs, {n_rows} rows",
                image.len(),
                signs.len()
            ),
            "Give a sign for each value of an image with whole rows"
        ));
    }
    let n_columns = image.len() / n_rows;
    let decibels: Vec<f64> = image
        .iter()
        .map(|v| 10.0 * f64::from(*v).max(1e-30).log10())
        .collect();
    let mut sorted = decibels.clone();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[sorted.len() / 20], sorted[sorted.len() - 1]);
    let shade =
        |db: f64| ViridisRGB.get_color(((db - low) / (high - low).max(1e-9)).clamp(0.0, 1.0));
    let caption = "A spectral image, and the signs of its most anomalous Haar coefficients.";
    figure(caption, (700, 300), |canvas| {
        let entries = [
            ("anomalously large".to_string(), Mark::Block, BLUE),
            ("anomalously small".into(), Mark::Block, VERMILLION),
        ];
        let below = legend(canvas, 400, &entries)?;
        let (left, right) = below.split_horizontally(px(350));
        let paint = |canvas: &Canvas,
                     name: &str,
                     [x, y]: &[Axis; 2],
                     colour: &dyn Fn(usize) -> Option<RGBColor>|
         -> Painted<()> {
            let frame = Frame {
                top: 30,
                ..Frame::default()
            };
            let mut chart = chart(canvas, frame, x, y)?;
            let step = [
                (x.high - x.low) / n_columns as f64,
                (y.high - y.low) / n_rows as f64,
            ];
            let cells = (0..n_rows * n_columns).filter_map(|i| {
                let (row, column) = ((i / n_columns) as f64, (i % n_columns) as f64);
                let corner =
                    |column: f64, row: f64| (x.low + column * step[0], y.low + row * step[1]);
                let corners = [corner(column, row), corner(column + 1.0, row + 1.0)];
                Some(Rectangle::new(corners, colour(i)?.filled()))
            });
            chart.draw_series(cells)?;
            let middle = canvas.dim_in_pixel().0 as i32 / 2;
            text(LARGE, INK, Align::Centre).draw(canvas, name, (middle, px(14) as i32))
        };
        let of_waves = [
            Axis::linear("time (s)", 0.0, length_s, 6),
            Axis::linear("frequency (Hz)", band_hz[0], band_hz[1], 4),
        ];
        let of_coefficients = [
            Axis::linear("coefficient across", 0.0, n_columns as f64, 6),
            Axis::linear("coefficient down", 0.0, n_rows as f64, 6),
        ];
        let of_image = |i: usize| Some(shade(decibels[i]));
        paint(&left, "spectral image", &of_waves, &of_image)?;
        let of_signs = |i: usize| match signs[i] {
            0 => None,
            sign if sign > 0 => Some(BLUE),
            _ => Some(VERMILLION),
        };
        paint(&right, "what is kept", &of_coefficients, &of_signs)
    })
}
