//! Stations with wrong clocks and names, and picks that give no event.

use super::tests::day;
use super::*;
use crate::locate::tests::{Draws, locator};
use crate::locate::{Fault, Locator, Sorted};
use crate::time;
use crate::travel::Wave;

/// Forty earthquakes in ten minutes, and noise.
fn swarm(locator: &Locator) -> Sorted {
    day(locator, 40, 150, 600.0, 5).sorted
}

fn checked(locator: &Locator, sorted: &Sorted) -> Checked {
    associate_checked(locator, sorted, &AssociateParams::default(), false).unwrap()
}

/// The picks of some stations are changed.
fn with(
    sorted: &Sorted,
    is_meant: impl Fn(usize) -> bool,
    change: impl Fn(&mut PhasePick),
) -> Sorted {
    let mut picks = sorted.picks.clone();
    for (_, pick) in picks.iter_mut().filter(|(site, _)| is_meant(*site)) {
        change(pick);
    }
    picks.sort_by_key(|(site, pick)| (pick.time, *site, pick.wave == Wave::S));
    Sorted {
        picks,
        ..sorted.clone()
    }
}

fn exchange(pick: &mut PhasePick) {
    pick.wave = match pick.wave {
        Wave::P => Wave::S,
        Wave::S => Wave::P,
    };
}

/// Without the picks of station 3.
fn without_it(sorted: &Sorted) -> Sorted {
    let mut others = sorted.clone();
    others.picks.retain(|(site, _)| *site != 3);
    others
}

#[test]
fn nothing_is_told_of_sound_stations() {
    let locator = locator();
    for seed in 1..4 {
        let sorted = day(&locator, 40, 150, 600.0, seed).sorted;
        let checked = checked(&locator, &sorted);
        assert_eq!(checked.faults, []);
        let test = checked.exchange;
        assert!(2 * test.n_as_named > 3 * test.n_exchanged, "{test:?}");
    }
}

#[test]
fn exchanged_phases_show_in_a_swarm() {
    let locator = locator();
    let sorted = with(&swarm(&locator), |_| true, exchange);
    let checked = checked(&locator, &sorted);
    // So dense that neighbouring picks of a station tell nothing, and wrong events are found.
    assert!(!checked.events.is_empty());
    assert!(checked.exchange.is_likely(), "{:?}", checked.exchange);
}

#[test]
fn names_by_chance_are_not_exchanged_ones() {
    let locator = locator();
    let swarm = swarm(&locator);
    for seed in 0..4 {
        let draws = std::cell::RefCell::new(Draws::new(seed));
        let draw = |pick: &mut PhasePick| {
            if draws.borrow_mut().uniform() < 0.5 {
                exchange(pick);
            }
        };
        let checked = checked(&locator, &with(&swarm, |_| true, draw));
        assert!(!checked.exchange.is_likely(), "{:?}", checked.exchange);
    }
}

#[test]
fn a_clock_is_named_and_the_rest_is_as_without_it() {
    let locator = locator();
    let swarm = swarm(&locator);
    let alone = checked(&locator, &without_it(&swarm));
    for late_s in [1.0, 2.0, 5.0, 10.0, 60.0, -1.0, -5.0, 3600.0] {
        let late = |pick: &mut PhasePick| pick.time += time::seconds(late_s);
        let checked = checked(&locator, &with(&swarm, |site| site == 3, late));
        let [fault] = &checked.faults[..] else {
            panic!("{late_s}: {:?}", checked.faults);
        };
        assert_eq!(fault.station, locator.sites().all()[3].id);
        let Fault::Clock { late_s: told_s } = fault.fault else {
            panic!("{fault:?}");
        };
        assert!((told_s - late_s).abs() < 0.15, "{fault:?}");
        assert!(fault.is_left_out && fault.n_mended > 2 * fault.n_as_told);
        assert_eq!(
            format!("{:?}", checked.events),
            format!("{:?}", alone.events)
        );
    }
}

#[test]
fn terms_keep_a_clock_within_the_tolerance() {
    let locator = locator();
    let params = AssociateParams {
        tolerance_s: 1.5,
        ..AssociateParams::default()
    };
    let late = |pick: &mut PhasePick| pick.time += time::seconds(1.2);
    let sorted = with(&swarm(&locator), |site| site == 3, late);
    let checked = associate_checked(&locator, &sorted, &params, true).unwrap();
    assert!(checked.faults.len() == 1 && !checked.faults[0].is_left_out);
    assert!(
        checked
            .events
            .iter()
            .any(|(_, picks)| picks.iter().any(|(site, _)| *site == 3))
    );
}

#[test]
fn a_station_with_exchanged_phases_is_left_out() {
    let locator = locator();
    let swarm = swarm(&locator);
    let checked_one = checked(&locator, &with(&swarm, |site| site == 3, exchange));
    let [fault] = &checked_one.faults[..] else {
        panic!("{:?}", checked_one.faults);
    };
    assert_eq!(fault.station, locator.sites().all()[3].id);
    assert_eq!(fault.fault, Fault::Exchanged);
    let alone = checked(&locator, &without_it(&swarm));
    assert_eq!(
        format!("{:?}", checked_one.events),
        format!("{:?}", alone.events)
    );
}

#[test]
fn what_picks_lack_is_named() {
    let locator = locator();
    let usual = AssociateParams::default();
    let sorted = day(&locator, 1, 0, 10.0, 3).sorted;
    let of = |keep: &dyn Fn(usize, &PhasePick) -> bool, params: &AssociateParams| {
        let mut kept = sorted.clone();
        kept.picks.retain(|(site, pick)| keep(*site, pick));
        assert_eq!(associate(&locator, &kept, params).unwrap().events, []);
        Lacking::of(&locator, &kept, params)
    };
    let lacking = of(&|_, pick| pick.wave == Wave::P, &usual);
    assert_eq!(
        lacking,
        Lacking::Wave {
            wave: Wave::S,
            n_stations: 0
        }
    );
    let lacking = of(&|_, pick| pick.wave == Wave::S, &usual);
    assert_eq!(
        lacking,
        Lacking::Wave {
            wave: Wave::P,
            n_stations: 0
        }
    );
    let lacking = of(&|site, _| site < 2, &usual);
    assert_eq!(lacking, Lacking::Stations { n_stations: 2 });
    let many = AssociateParams {
        n_picks: 24,
        ..usual
    };
    let Lacking::Together { n_p, n_s, .. } = of(&|_, _| true, &many) else {
        panic!("fewer than 24 picks come together");
    };
    assert!((12..24).contains(&(n_p + n_s)));
    // Nothing agrees within a hundredth of a second.
    let strict = AssociateParams {
        tolerance_s: 0.01,
        n_picks: 10,
        ..usual
    };
    assert_eq!(of(&|_, _| true, &strict), Lacking::Agreement);
}
