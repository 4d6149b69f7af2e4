//! What does not fit is told: earthquakes outside, stations at wrong places, velocities that are wrong.

use super::tests::{made, picks, picks_of};
use super::*;
use crate::locate::tests::{locator, sites};
use crate::locate::{LocateParams, Site, Sites};
use crate::travel::LayeredModel;

#[test]
fn nothing_is_told_of_what_fits() {
    let mut locator = locator();
    let sorted = picks(&locator, 12);
    let (bulletin, account) = made(&mut locator, &sorted, 0);
    assert_eq!((bulletin.events.len(), account.n_doubtful), (12, 0));
    assert_eq!(account.seldom, []);
    assert!(bulletin.misfit().unwrap() < 1.5);
    assert!(bulletin.events.iter().all(|of| of.n_beside == Some(0)));
}

#[test]
fn an_earthquake_far_outside_is_no_event_without_a_mark() {
    let velocity = LayeredModel::central_us().into();
    let wide = LocateParams {
        margin_km: 250.0,
        ..LocateParams::default()
    };
    let wide = Locator::new(sites(), &velocity, wide).unwrap();
    let mut direction = 0.0_f64;
    let sorted = picks_of(&wide, 40, |draws| {
        direction += 0.7;
        let away_km = 140.0 + 80.0 * draws.uniform();
        [
            away_km * direction.sin(),
            away_km * direction.cos(),
            5.0 + 5.0 * draws.uniform(),
        ]
    });
    let (bulletin, account) = made(&mut locator(), &sorted, 0);
    let is_marked =
        |event: &&BulletinEvent| event.is_doubtful() || event.hypocentre.limit.is_some();
    let n_marked = bulletin.events.iter().filter(is_marked).count();
    assert!(account.n_doubtful > 0, "{account:?}");
    assert_eq!(n_marked, bulletin.events.len());
}

#[test]
fn a_station_at_a_wrong_place_is_named() {
    let true_ones = locator();
    let sorted = picks(&true_ones, 20);
    let moved = |(i, site): (usize, &Site)| {
        let mut site = site.clone();
        if i == 4 {
            site.position.latitude_deg += 1.0;
        }
        site
    };
    let moved = true_ones.sites().all().iter().enumerate().map(moved);
    let moved = Sites::new(moved.collect(), "moved").unwrap();
    let velocity = LayeredModel::central_us().into();
    let mut locator = Locator::new(moved, &velocity, LocateParams::default()).unwrap();
    let (bulletin, account) = made(&mut locator, &sorted, 0);
    assert_eq!(bulletin.events.len(), 20);
    let named: Vec<&str> = account.seldom.iter().map(|s| s.station.as_str()).collect();
    let is_named =
        |id: &str| named.contains(&id) || bulletin.faults.iter().any(|f| f.station == id);
    assert!(is_named("XX.S04"), "{account:?} {:?}", bulletin.faults);
    assert!(named.iter().all(|id| *id == "XX.S04"), "{named:?}");
}

#[test]
fn picks_of_another_year_are_named_by_their_station() {
    let mut locator = locator();
    let mut sorted = picks(&locator, 12);
    for (_, pick) in sorted.picks.iter_mut().filter(|(site, _)| *site == 7) {
        pick.time += crate::time::seconds(365.0 * 86400.0);
    }
    sorted.picks.sort_by_key(|(_, pick)| pick.time);
    let (bulletin, account) = made(&mut locator, &sorted, 0);
    assert_eq!(bulletin.events.len(), 12);
    let [seldom] = &account.seldom[..] else {
        panic!("{account:?}")
    };
    assert_eq!(
        (seldom.station.as_str(), seldom.n_picks, seldom.n_associated),
        ("XX.S07", 24, 0)
    );
    assert_eq!(seldom.n_associated_of_others, 12 * 22);
}

#[test]
fn slow_velocities_show_in_the_residuals() {
    let sorted = picks(&locator(), 12);
    let text = "depth,vp,vs\n-2,4.0,2.2\n8,4.6,2.5\n";
    let slow = crate::locate::VelocityModel::from_csv(text, "slow.csv", false).unwrap();
    let mut slow = Locator::new(sites(), &slow, LocateParams::default()).unwrap();
    let (bulletin, _) = made(&mut slow, &sorted, 0);
    assert!(!bulletin.events.is_empty());
    assert!(bulletin.misfit().unwrap() > 3.0, "{:?}", bulletin.misfit());
}
