//! Numbers of arrivals, before there are windows: chapters 3b and 6.

use crate::catalog::{Catalog, Event};
use crate::data_centre;
use crate::error::Result;
use crate::geo::Point;
use crate::store;
use crate::study::Study;
use crate::time::between_s;
use crate::travel::{LayeredModel, Phase};

/// For each event of the catalog the distance from the hypocentre to the station in km, and the seconds between P and S.
///
/// The distance is the catalog's, with its errors. The seconds are those that the station records: in the simulation by
/// the true hypocentre. With real data the catalog's hypocentre gives both, so nothing scatters.
///
/// # Errors
/// As [`store::catalog`] and [`data_centre::station`].
pub fn s_minus_p(study: &Study) -> Result<Vec<(f64, f64)>> {
    let catalog = store::catalog(study)?;
    let station = data_centre::station(study)?.position();
    let truth = match data_centre::is_simulated(study) {
        true => data_centre::truth(study),
        false => catalog.clone(),
    };
    Ok(pairs(&catalog, &truth, station, &study.velocity_model))
}

fn pairs(
    catalog: &Catalog,
    truth: &Catalog,
    station: Point,
    model: &LayeredModel,
) -> Vec<(f64, f64)> {
    let away_s = |a: &Event, b: &Event| between_s(a.origin_time, b.origin_time).abs();
    let pair = |listed: &Event| {
        let real = truth
            .events()
            .iter()
            .min_by(|a, b| away_s(a, listed).total_cmp(&away_s(b, listed)))?;
        let [p_s, s_s] =
            [Phase::P, Phase::S].map(|phase| real.travel_time_s(model, phase, station));
        let depth_km = listed.depth_km.filter(|depth| depth.is_finite())?;
        let km = listed.epicentre().distance_km(station).hypot(depth_km);
        Some((km, s_s - p_s)).filter(|(km, s)| km.is_finite() && s.is_finite())
    };
    catalog.events().iter().filter_map(pair).collect()
}

/// ConvNetQuake's program divides the way from the hypocentre by this speed (`create_dataset_events.py`).
const CONVNETQUAKE_KM_S: f64 = 5.0;

/// Of the catalog's events those whose P wave comes before ConvNetQuake's window begins, and all.
///
/// Its window begins after the origin time by the straight way from the hypocentre, with the station's height, at 5 km/s.
/// P is that of the true hypocentre in the simulation, else that of the catalog's, through the study's model.
///
/// # Errors
/// As [`s_minus_p`].
pub fn convnetquake_without_p(study: &Study) -> Result<(usize, usize)> {
    let catalog = store::catalog(study)?;
    let station = data_centre::station(study)?;
    let (site, up_km) = (station.position(), station.elevation_m / 1000.0);
    let truth = match data_centre::is_simulated(study) {
        true => data_centre::truth(study),
        false => catalog.clone(),
    };
    let begins_after_p = |listed: &&Event| {
        let depth_km = listed.depth_km.unwrap_or(5.0) + up_km;
        let way_km = listed.epicentre().distance_km(site).hypot(depth_km);
        let away_s = |e: &Event| between_s(e.origin_time, listed.origin_time).abs();
        let real = truth
            .events()
            .iter()
            .min_by(|a, b| away_s(a).total_cmp(&away_s(b)));
        real.is_some_and(|real| {
            let p_s = between_s(listed.origin_time, real.origin_time)
                + real.travel_time_s(&study.velocity_model, Phase::P, site);
            p_s < way_km / CONVNETQUAKE_KM_S
        })
    };
    let n = catalog.events().iter().filter(begins_after_p).count();
    Ok((n, catalog.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn seconds_are_those_of_the_true_hypocentre() {
        let (station, model) = (Point::new(-97.45, 35.80), LayeredModel::central_us());
        let event = |second: f64, depth_km: f64, latitude_deg: f64| Event {
            longitude_deg: -97.45,
            latitude_deg,
            depth_km: Some(depth_km),
            ..Event::at_time(
                "",
                time::parse("2014-03-01").unwrap() + time::seconds(second),
                "",
            )
        };
        let catalog = |events: &[Event]| Catalog::new("made up", true, events.to_vec());
        let truth = catalog(&[event(0.0, 3.0, 35.80), event(500.0, 9.0, 35.80)]);
        let listed = catalog(&[event(500.4, 4.0, 35.80)]);
        let found = pairs(&listed, &truth, station, &model);
        let s_p = |depth_km| {
            model.travel_time_s(Phase::S, depth_km, 0.0)
                - model.travel_time_s(Phase::P, depth_km, 0.0)
        };
        assert_eq!(found.len(), 1);
        assert!((found[0].0 - 4.0).abs() < 1e-9);
        assert!((found[0].1 - s_p(9.0)).abs() < 1e-9);
    }
}
