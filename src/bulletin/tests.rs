//! Bulletins of drawn earthquakes.

use super::*;
use crate::locate::tests::{Draws, locator, origin};
use crate::time;
use crate::travel::Wave;

fn picks(locator: &Locator, n_events: usize) -> Sorted {
    let mut draws = Draws::new(31);
    let mut picks = Vec::new();
    for i in 0..n_events {
        let depth_km = 3.0 + 8.0 * draws.uniform();
        let (east, north) = (30.0 * draws.uniform() - 15.0, 30.0 * draws.uniform() - 15.0);
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
    Bulletin::from_picks(
        &mut locator,
        "central_us",
        &sorted,
        &AssociateParams::default(),
        1,
    )
    .unwrap()
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
    assert!(bulletin.to_quakeml().contains("outside the grid"));
    assert!(bulletin.to_csv().lines().nth(3).unwrap().contains(",,,"));
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
