//! Epicentres on the map.

use plotters::prelude::*;

use super::axes::{Axis, Chart, Frame, chart};
use super::marks::{Mark, legend, spot};
use super::style::{
    BLUE, Canvas, GREY, INK, Painted, SMALL, check, class_colour, figure, line, px,
};
use super::text::{Align, text};
use super::{Figure, surroundings};
use crate::catalog::{Catalog, Event};
use crate::cluster::Clusters;
use crate::error::{Result, fail};
use crate::geo::{EARTH_RADIUS_KM, Point};

/// Epicentres, larger with magnitude, in equal scale east and north, with a named station if one is
/// given: Figure 1 of the paper.
///
/// # Errors
/// [`crate::Error::Plot`] where the catalog is empty or a coordinate is not finite.
pub fn epicentres(catalog: &Catalog, station: Option<(&str, Point)>) -> Result<Figure> {
    let caption = format!(
        "Epicentres of {} events; the area of a circle grows with magnitude.",
        catalog.len()
    );
    let map = Map::of(catalog, station)?;
    let figure = figure(caption, map.size, |canvas| {
        let mut chart = map.chart(canvas, magnitude_key(catalog))?;
        for event in catalog.events() {
            circle(&mut chart, event, BLUE)?;
        }
        map.finish(canvas, &chart)
    })?;
    Ok(figure.sourced(&catalog.source, catalog.simulated))
}

/// Epicentres in the colour of their cluster, with centroids and the borders between clusters: Figure 2 of
/// the paper.
///
/// # Errors
/// As [`epicentres`], and where `clusters` were not found on this catalog.
pub fn clusters(
    catalog: &Catalog,
    clusters: &Clusters,
    station: Option<(&str, Point)>,
) -> Result<Figure> {
    clusters_and_faults(catalog, clusters, station, &[])
}

/// As [`clusters`], with named faults as lines between their two ends.
///
/// # Errors
/// As [`clusters`].
pub fn clusters_and_faults(
    catalog: &Catalog,
    clusters: &Clusters,
    station: Option<(&str, Point)>,
    faults: &[(&str, [Point; 2])],
) -> Result<Figure> {
    if clusters.labels.len() != catalog.len() {
        return Err(fail!(
            Plot,
            "clusters",
            format!(
                "{} labels for {} events",
                clusters.labels.len(),
                catalog.len()
            ),
            "Draw the catalog that was clustered"
        ));
    }
    let k = clusters.k();
    let caption = format!("{k} clusters of {} epicentres.", catalog.len());
    let map = Map::of(catalog, station)?;
    let mut entries: Vec<_> = (0..k)
        .map(|i| {
            let name = format!("cluster {} ({} events)", i + 1, clusters.sizes[i]);
            (name, Mark::Dot, class_colour(i, k + 1))
        })
        .collect();
    entries.push(("centroid".into(), Mark::Cross, INK));
    entries.push(("border".into(), Mark::Line, GREY));
    if !faults.is_empty() {
        entries.push(("fault zone".into(), Mark::Line, INK));
    }
    let figure = figure(caption, map.size, |canvas| {
        let mut chart = map.chart(canvas, entries)?;
        map.borders(&mut chart, clusters)?;
        for (event, label) in catalog.events().iter().zip(&clusters.labels) {
            circle(&mut chart, event, class_colour(*label, k + 1))?;
        }
        for centroid in &clusters.centroids {
            let at = (centroid.longitude_deg, centroid.latitude_deg);
            spot(&chart, at, Mark::Cross, INK, 8)?;
        }
        for (name, ends) in faults {
            map.fault(canvas, &mut chart, name, ends)?;
        }
        map.finish(canvas, &chart)
    })?;
    Ok(figure.sourced(&catalog.source, catalog.simulated))
}

/// The two axes, the figure's size and the station.
pub(super) struct Map {
    pub x: Axis,
    pub y: Axis,
    pub size: (u32, u32),
    station: Option<(String, Point)>,
}

/// Nominal pixels around the plotting area; the top holds the scale bar.
const FRAME: Frame = Frame {
    left: 72,
    bottom: 50,
    top: 30,
    right: 22,
};
const WIDTH: u32 = 660;
/// Two lines of legend.
const LEGEND: u32 = 52;

impl Map {
    fn of(catalog: &Catalog, station: Option<(&str, Point)>) -> Result<Self> {
        let magnitudes = catalog.events().iter().map(|event| event.magnitude);
        check("magnitudes", magnitudes)?;
        let points: Vec<Point> = catalog.events().iter().map(Event::epicentre).collect();
        Self::around(points, station)
    }

    /// A map that holds these points and the station.
    pub fn around(mut points: Vec<Point>, station: Option<(&str, Point)>) -> Result<Self> {
        points.extend(station.map(|s| s.1));
        check("longitudes", points.iter().map(|p| p.longitude_deg))?;
        check("latitudes", points.iter().map(|p| p.latitude_deg))?;

        let mut x = Axis::around("longitude (deg)", points.iter().map(|p| p.longitude_deg), 6);
        let mut y = Axis::around("latitude (deg)", points.iter().map(|p| p.latitude_deg), 6);
        // A degree east is shorter than a degree north by the cosine of the latitude. A map that
        // is much wider than high, or the reverse, shows more of the surroundings instead.
        let shrink = ((y.low + y.high) / 2.0).to_radians().cos();
        let ratio = (y.high - y.low) / ((x.high - x.low) * shrink);
        let wanted = ratio.clamp(0.5, 1.0);
        if ratio < wanted {
            y = widened(&y, wanted / ratio);
        } else {
            x = widened(&x, ratio / wanted);
        }
        let inner = f64::from(WIDTH - FRAME.left - FRAME.right);
        let height = (inner * wanted) as u32 + FRAME.top + FRAME.bottom + LEGEND;
        Ok(Self {
            x,
            y,
            size: (WIDTH, height),
            station: station.map(|(name, at)| (name.to_string(), at)),
        })
    }

    pub fn chart<'a, 'b>(
        &self,
        canvas: &'a Canvas<'b>,
        mut entries: Vec<(String, Mark, RGBColor)>,
    ) -> Painted<Chart<'a, 'b>> {
        if let Some((name, _)) = &self.station {
            entries.push((format!("station {name}"), Mark::Triangle, INK));
        }
        if surroundings::towns_on(&self.x, &self.y).next().is_some() {
            entries.push(("town".into(), Mark::Square, INK));
        }
        let strip = legend(canvas, FRAME.left, &entries)?;
        let n_used = canvas.dim_in_pixel().1 - strip.dim_in_pixel().1;
        // The legend may be higher than foreseen: with many clusters.
        let frame = Frame {
            top: FRAME.top + LEGEND.max(n_used / px(1)),
            ..FRAME
        };
        let chart = chart(canvas, frame, &self.x, &self.y)?;
        self.scale_bar(canvas, &chart)?;
        Ok(chart)
    }

    /// A bar of round kilometres above the map's right corner.
    fn scale_bar(&self, canvas: &Canvas, chart: &Chart) -> Painted<()> {
        let area = chart.plotting_area();
        let (right, top) = (
            area.get_x_axis_pixel_range().end,
            area.get_y_axis_pixel_range().start,
        );
        let middle = ((self.y.low + self.y.high) / 2.0).to_radians();
        let width_km = (self.x.high - self.x.low).to_radians() * EARTH_RADIUS_KM * middle.cos();
        let bar_km = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]
            .into_iter()
            .rfind(|km| *km < width_km / 4.0)
            .unwrap_or(0.5);
        let n_pixels = f64::from(area.dim_in_pixel().0) * bar_km / width_km;
        let (left, y) = (right - n_pixels as i32, top - px(12) as i32);
        canvas.draw(&PathElement::new([(left, y), (right, y)], line(INK, 30)))?;
        let style = text(SMALL, INK, Align::Right);
        style.draw(canvas, &format!("{bar_km} km"), (left - px(8) as i32, y))?;
        Ok(())
    }

    /// Where one cluster ends and another begins: the map as a grid, whose cells are filled where a
    /// neighbour has another cluster.
    fn borders(&self, chart: &mut Chart, clusters: &Clusters) -> Painted<()> {
        const N: usize = 360;
        let at = |axis: &Axis, i: f64| axis.low + (axis.high - axis.low) * i / N as f64;
        let label = |column: usize, row: usize| {
            let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
            clusters.assign(Point::new(at(&self.x, x), at(&self.y, y)))
        };
        let labels: Vec<Vec<usize>> = (0..N)
            .map(|column| (0..N).map(|row| label(column, row)).collect())
            .collect();
        let mut cells = Vec::new();
        for column in 0..N - 1 {
            for row in 0..N - 1 {
                let here = labels[column][row];
                let neighbours = [(1, 0), (0, 1), (1, 1)];
                let differs = |(x, y): (usize, usize)| here != labels[column + x][row + y];
                if neighbours.into_iter().any(differs) {
                    let corner = |add: usize| {
                        let (x, y) = ((column + add) as f64, (row + add) as f64);
                        (at(&self.x, x), at(&self.y, y))
                    };
                    cells.push(Rectangle::new([corner(0), corner(1)], GREY.filled()));
                }
            }
        }
        chart.draw_series(cells)?;
        Ok(())
    }

    /// A fault as a line, named at its northern end.
    fn fault(
        &self,
        canvas: &Canvas,
        chart: &mut Chart,
        name: &str,
        ends: &[Point; 2],
    ) -> Painted<()> {
        let on_map = ends.map(|end| (end.longitude_deg, end.latitude_deg));
        chart.draw_series([PathElement::new(on_map, line(INK, 30))])?;
        let north = if on_map[0].1 > on_map[1].1 { 0 } else { 1 };
        let (x, y) = chart.backend_coord(&on_map[north]);
        let (x0, y0) = canvas.get_base_pixel();
        // A letter is half as wide as it is high: a name at the frame moves inside.
        let half_width = (px(SMALL) * name.len() as u32 / 4) as i32;
        let frame = [self.x.low, self.x.high].map(|x| chart.backend_coord(&(x, on_map[north].1)).0);
        let x = x.min(frame[1] - half_width).max(frame[0] + half_width);
        let style = text(SMALL, INK, Align::Centre);
        style.draw(canvas, name, (x - x0, y - y0 - px(20) as i32))
    }

    /// What stands above all events: towns, a small map of the state, and the station.
    fn finish(&self, canvas: &Canvas, chart: &Chart) -> Painted<()> {
        surroundings::inset(canvas, chart, &self.x, &self.y)?;
        surroundings::towns(canvas, chart, &self.x, &self.y)?;
        let Some((_, at)) = &self.station else {
            return Ok(());
        };
        let at = (at.longitude_deg, at.latitude_deg);
        spot(chart, at, Mark::Triangle, WHITE, 9)?;
        spot(chart, at, Mark::Triangle, INK, 7)
    }
}

/// The axis, `factor` times as long around the same middle.
pub(super) fn widened(axis: &Axis, factor: f64) -> Axis {
    let (middle, half) = (
        (axis.low + axis.high) / 2.0,
        (axis.high - axis.low) / 2.0 * factor,
    );
    Axis::linear(&axis.name, middle - half, middle + half, 6)
}

/// Nominal radius of a circle: its area grows by the same factor with each magnitude.
fn radius(magnitude: f64) -> f64 {
    2.0 * 1.45f64.powf(magnitude.clamp(-1.0, 8.0) - 1.0)
}

fn circle(chart: &mut Chart, event: &Event, colour: RGBColor) -> Painted<()> {
    let at = (event.longitude_deg, event.latitude_deg);
    let r = (radius(event.magnitude) * f64::from(px(1))).round() as i32;
    chart.draw_series([
        Circle::new(at, r, colour.mix(0.55).filled()),
        Circle::new(at, r, line(colour, 5)),
    ])?;
    Ok(())
}

/// A circle for each whole magnitude that there is.
fn magnitude_key(catalog: &Catalog) -> Vec<(String, Mark, RGBColor)> {
    let magnitudes = catalog.events().iter().map(|event| event.magnitude);
    let (low, high) = magnitudes.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), m| {
        (low.min(m), high.max(m))
    });
    // A few only: whole magnitudes, or the smallest where there is none between.
    let whole: Vec<f64> = (low.ceil() as i64..=high.floor() as i64)
        .map(|m| m as f64)
        .take(8)
        .collect();
    let shown = if whole.is_empty() { vec![low] } else { whole };
    let sized = |m: f64| Mark::Sized(radius(m).round().max(1.0) as u32);
    shown
        .into_iter()
        .map(|m| (format!("magnitude {m}"), sized(m), BLUE))
        .collect()
}
