//! Located earthquakes with their errors: on the map, and in depth.

use plotters::prelude::*;

use super::axes::{Axis, Frame, chart};
use super::curves::draw_line;
use super::map::Map;
use super::marks::{Mark, legend, name_above, spot};
use super::style::{BLUE, INK, ORANGE, check, figure, line};
use super::{Figure, surroundings};
use crate::bulletin::Bulletin;
use crate::catalog::{Catalog, Event};
use crate::error::Result;
use crate::geo::Point;
use crate::locate::{Hypocentre, Sites};

/// What the name of a station takes above it.
const NAME_DEG: f64 = 0.025;

/// Points of an ellipse's line.
const N_AROUND: usize = 48;

/// Epicentres with the ellipses that hold them with 68 %, the stations, and where the earthquakes truly were, if that is known.
/// Events outside the grid, whose places are not known, are left out.
///
/// # Errors
/// [`crate::Error::Plot`] where there is no event with a place, or a true place is not finite.
pub fn located(bulletin: &Bulletin, sites: &Sites, truth: Option<&Catalog>) -> Result<Figure> {
    let events = placed(bulletin);
    check("events", events.iter().map(|h| h.depth_km))?;
    // With room for their names.
    let stations = sites.all().iter().flat_map(|site| {
        let Point {
            longitude_deg,
            latitude_deg,
        } = site.position;
        [0.0, NAME_DEG].map(|more| Point::new(longitude_deg, latitude_deg + more))
    });
    let map = Map::around(epicentres(&events).chain(stations).collect(), None)?;
    let mut entries = vec![("found, with 68 % ellipse".to_string(), Mark::Dot, BLUE)];
    let truth = truth.map_or(&[][..], Catalog::events);
    if !truth.is_empty() {
        entries.push(("true epicentre".into(), Mark::Dot, ORANGE));
    }
    entries.push(("station".into(), Mark::Triangle, INK));
    let caption = format!(
        "{} located earthquakes with 68 % ellipses, and {} stations.",
        events.len(),
        sites.all().len()
    );
    let figure = figure(caption, map.size, |canvas| {
        let mut chart = map.chart(canvas, entries)?;
        let (x, y) = (map.x.clone(), map.y.clone());
        let is_inside =
            |at: &(f64, f64)| (x.low..=x.high).contains(&at.0) && (y.low..=y.high).contains(&at.1);
        for h in &events {
            draw_line(&mut chart, &x, &y, &around(h), BLUE, 8)?;
        }
        for h in &events {
            spot(&chart, on_map(h.epicentre), Mark::Dot, BLUE, 2)?;
        }
        let true_places = truth.iter().map(Event::epicentre).map(on_map);
        for at in true_places.filter(is_inside) {
            spot(&chart, at, Mark::Dot, ORANGE, 1)?;
        }
        surroundings::towns(canvas, &chart, &map.x, &map.y)?;
        for site in sites.all() {
            spot(&chart, on_map(site.position), Mark::Triangle, WHITE, 7)?;
            spot(&chart, on_map(site.position), Mark::Triangle, INK, 5)?;
            name_above(&chart, on_map(site.position), site.code())?;
        }
        Ok(())
    })?;
    Ok(figure.sourced(MADE, bulletin.simulated))
}

/// What figures call the source of a bulletin.
const MADE: &str = "quakebook's own catalog";

/// Depths below sea level from west to east, with standard errors, and the true ones, if they are known.
///
/// # Errors
/// As [`located`].
pub fn depth_section(bulletin: &Bulletin, truth: Option<&Catalog>) -> Result<Figure> {
    let events = placed(bulletin);
    check("events", events.iter().map(|h| h.depth_km))?;
    let n = events.len() as f64;
    let mean = |of: fn(Point) -> f64| epicentres(&events).map(of).sum::<f64>() / n;
    let centre = Point::new(mean(|p| p.longitude_deg), mean(|p| p.latitude_deg));
    let east_km = |place: Point| place.local_km(centre).0;
    let true_places: Vec<(f64, f64)> = truth
        .map_or(&[][..], Catalog::events)
        .iter()
        .filter_map(|event| Some((east_km(event.epicentre()), event.depth_km?)))
        .collect();
    check(
        "true places",
        [0.0]
            .into_iter()
            .chain(true_places.iter().flat_map(|(x, y)| [*x, *y])),
    )?;
    let x = Axis::around("km east of the middle", epicentres(&events).map(east_km), 8);
    let depths = events.iter().map(|h| h.depth_km);
    let deepest = depths.clone().chain(true_places.iter().map(|p| p.1));
    let deepest_km = deepest.fold(1.0, f64::max);
    let shallowest_km = depths.fold(0.0, f64::min);
    let y = Axis::linear(
        "depth below sea level (km)",
        shallowest_km,
        1.1 * deepest_km,
        6,
    );
    // Down is down.
    let y = Axis {
        low: y.high,
        high: y.low,
        ..y
    };
    let mut entries = vec![("found, with standard errors".to_string(), Mark::Dot, BLUE)];
    if !true_places.is_empty() {
        entries.push(("true hypocentre".into(), Mark::Dot, ORANGE));
    }
    let caption = format!("Depths of {} earthquakes from west to east.", events.len());
    let figure = figure(caption, (660, 400), |canvas| {
        let below = legend(canvas, Frame::default().left, &entries)?;
        let mut chart = chart(&below, Frame::default(), &x, &y)?;
        let within =
            |value: f64, axis: &Axis| value.clamp(axis.low.min(axis.high), axis.low.max(axis.high));
        for h in &events {
            let (east, down) = (east_km(h.epicentre), h.depth_km);
            let across = [-1.0, 1.0].map(|s| (within(east + s * h.east_error_km, &x), down));
            let mut bars = vec![across];
            // NaN where the depth stands at a limit of the grid.
            if h.depth_error_km.is_finite() {
                bars.push([-1.0, 1.0].map(|s| (east, within(down + s * h.depth_error_km, &y))));
            }
            let bars = bars
                .into_iter()
                .map(|bar| PathElement::new(bar, line(BLUE.mix(0.5), 10)));
            chart.draw_series(bars)?;
        }
        for h in &events {
            spot(
                &chart,
                (east_km(h.epicentre), h.depth_km),
                Mark::Dot,
                BLUE,
                3,
            )?;
        }
        for at in true_places.iter().filter(|at| within(at.0, &x) == at.0) {
            spot(&chart, *at, Mark::Dot, ORANGE, 2)?;
        }
        Ok(())
    })?;
    Ok(figure.sourced(MADE, bulletin.simulated))
}

fn placed(bulletin: &Bulletin) -> Vec<&Hypocentre> {
    let all = bulletin.events.iter().map(|event| &event.hypocentre);
    all.filter(|h| !h.is_outside()).collect()
}

fn epicentres<'a>(events: &'a [&Hypocentre]) -> impl Iterator<Item = Point> + Clone + 'a {
    events.iter().map(|h| h.epicentre)
}

fn on_map(place: Point) -> (f64, f64) {
    (place.longitude_deg, place.latitude_deg)
}

/// The line of an event's ellipse.
fn around(h: &Hypocentre) -> Vec<(f64, f64)> {
    let (sin, cos) = h.ellipse.azimuth_deg.to_radians().sin_cos();
    let at = |i: usize| {
        let angle = i as f64 / N_AROUND as f64 * std::f64::consts::TAU;
        let (along, across) = (
            h.ellipse.major_km * angle.cos(),
            h.ellipse.minor_km * angle.sin(),
        );
        let (east, north) = (along * sin + across * cos, along * cos - across * sin);
        on_map(Point::from_local_km(east, north, h.epicentre))
    };
    (0..=N_AROUND).map(at).collect()
}
