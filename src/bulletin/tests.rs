//! Bulletins of drawn earthquakes.

use super::*;
use crate::locate::tests::{Draws, locator, origin};
use crate::time;
use crate::travel::Wave;

pub(super) fn picks(locator: &Locator, n_events: usize) -> Sorted {
    picks_of(locator, n_events, |draws| {
        let depth_km = 3.0 + 8.0 * draws.uniform();
        let (east, north) = (30.0 * draws.uniform() - 15.0, 30.0 * draws.uniform() - 15.0);
        [east, north, depth_km]
    })
}

/// Every 100 s an earthquake at a place that is drawn: km east and north of the centre, and depth.
pub(super) fn picks_of(
    locator: &Locator,
    n_events: usize,
    mut place: impl FnMut(&mut Draws) -> [f64; 3],
) -> Sorted {
    let mut draws = Draws::new(31);
    let mut picks = Vec::new();
    for i in 0..n_events {
        let [east, north, depth_km] = place(&mut draws);
        let epicentre = crate::geo::Point::from_local_km(east, north, locator.centre());
        for (site, at) in locator.sites().all().iter().enumerate() {
            for wave in [Wave::P, Wave::S] {
                let time =
                    locator.travel_time(site, wave, depth_km, epicentre.distance_km(at.position));
                picks.push(PhasePick {
                    station: format!("{}.00.HH", at.id),
                    wave,
                    time: origin()
                        + time::seconds(100.0 * i as f64 + time.time_s + 0.05 * draws.normal()),
                    probability: 0.9,
                    error_s: 0.05,
                });
            }
        }
    }
    Sorted::new(picks, locator.sites()).unwrap()
}

fn bulletin() -> (Bulletin, Account) {
    let mut locator = locator();
    let sorted = picks(&locator, 5);
    made(&mut locator, &sorted, 1)
}

pub(super) fn made(locator: &mut Locator, sorted: &Sorted, n_rounds: usize) -> (Bulletin, Account) {
    let params = AssociateParams::default();
    Bulletin::from_picks(locator, "central_us", sorted, &params, n_rounds).unwrap()
}

#[test]
fn a_bulletin_is_read_as_a_catalog_in_both_forms() {
    let (bulletin, account) = bulletin();
    assert_eq!(
        (account.n_picks, account.n_associated, account.n_unused),
        (120, 120, 0)
    );
    let expected = bulletin.to_catalog();
    assert_eq!(expected.len(), 5);
    for text in [bulletin.to_csv(), bulletin.to_quakeml()] {
        let read = Catalog::from_text(&text, "bulletin").unwrap();
        assert_eq!(read.len(), 5);
        for (a, b) in read.events().iter().zip(expected.events()) {
            assert!((a.longitude_deg - b.longitude_deg).abs() < 1e-5);
            assert!((a.latitude_deg - b.latitude_deg).abs() < 1e-5);
            assert!((a.depth_km.unwrap() - b.depth_km.unwrap()).abs() < 1e-3);
            assert!(time::between_s(b.origin_time, a.origin_time).abs() < 1e-5);
        }
    }
    let arrivals = PhasePick::from_csv(&bulletin.arrivals_csv(), "arrivals").unwrap();
    assert_eq!(arrivals.len(), 120);
}

#[test]
fn an_event_outside_has_no_place_in_the_catalog() {
    let (mut bulletin, _) = bulletin();
    bulletin.events[2].hypocentre.limit = Some(crate::locate::Limit::Side);
    assert_eq!(bulletin.to_catalog().with_places().len(), 4);
    let quakeml = bulletin.to_quakeml();
    assert!(quakeml.contains("outside the grid"));
    assert_eq!(quakeml.matches(">rejected<").count(), 1);
    // Of each of the other four: time, latitude, longitude, depth; of that one the time alone. And each pick's.
    assert_eq!(quakeml.matches("<uncertainty>").count(), 4 * 4 + 1 + 120);
    assert!(bulletin.to_csv().lines().nth(3).unwrap().contains(",,,"));
}

#[test]
fn what_an_event_must_have_holds_after_the_last_location() {
    let (bulletin, _) = bulletin();
    let (locator, params) = (locator(), AssociateParams::default());
    let mut event = bulletin.events[0].clone();
    assert!(is_enough(&event, &locator, &params));
    // Picks come in the order of time: all S but one lose their weight.
    let s: Vec<usize> = (0..24)
        .filter(|i| event.picks[*i].wave == Wave::S)
        .collect();
    s[1..]
        .iter()
        .for_each(|i| event.hypocentre.residuals[*i].weight = 0.0);
    assert!(!is_enough(&event, &locator, &params));
    assert!(is_enough(
        &event,
        &locator,
        &AssociateParams { n_s: 1, ..params }
    ));
}

#[test]
fn arrivals_keep_their_errors() {
    let (mut bulletin, _) = bulletin();
    bulletin.events[0].picks[0].error_s = f64::NAN;
    let again = PhasePick::from_csv(&bulletin.arrivals_csv(), "arrivals").unwrap();
    assert!(again[0].error_s.is_nan());
    assert!(again[1..].iter().all(|pick| pick.error_s == 0.05));
}

#[test]
fn a_depth_of_nothing_has_no_sign() {
    let (mut bulletin, _) = bulletin();
    bulletin.events[0].hypocentre.depth_km = -1e-5;
    let text = bulletin.to_csv() + &bulletin.to_quakeml();
    assert!(!text.contains(",-0.000,") && !text.contains("<value>-0</value>"));
    bulletin.events[0].hypocentre.depth_km = -0.5;
    assert!(bulletin.to_csv().contains(",-0.500,"));
}

#[test]
fn events_of_one_time_have_their_own_names() {
    let (mut bulletin, _) = bulletin();
    let again = bulletin.events[0].clone();
    bulletin.events.insert(1, again);
    name(&mut bulletin.events);
    assert_eq!(
        bulletin.events[1].id,
        format!("{}-2", bulletin.events[0].id)
    );
}
