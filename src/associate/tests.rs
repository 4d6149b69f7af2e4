//! Associations whose truth is known.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::error::Error;
use crate::geo::Point;
use crate::locate::tests::{Draws, locator, origin};
use crate::time;
use crate::travel::Wave;

/// Picks with the number of their earthquake, or none.
pub(super) struct Day {
    pub sorted: Sorted,
    pub of_event: Vec<Option<usize>>,
}

/// Earthquakes drawn in space and time, picked at most stations with errors, some picks twice; and picks of nothing.
pub(super) fn day(
    locator: &Locator,
    n_events: usize,
    n_noise: usize,
    length_s: f64,
    seed: u64,
) -> Day {
    let mut draws = Draws::new(seed);
    let mut all = Vec::new();
    for event in 0..n_events {
        let place = [
            50.0 * draws.uniform() - 25.0,
            50.0 * draws.uniform() - 25.0,
            3.0 + 9.0 * draws.uniform(),
        ];
        let (start_s, detected) = (length_s * draws.uniform(), 0.6 + 0.4 * draws.uniform());
        let epicentre = Point::from_local_km(place[0], place[1], locator.centre());
        for (i, site) in locator.sites().all().iter().enumerate() {
            for (wave, error_s) in [(Wave::P, 0.08), (Wave::S, 0.15)] {
                let time_s = locator
                    .travel_time(i, wave, place[2], epicentre.distance_km(site.position))
                    .time_s;
                if draws.uniform() < detected {
                    let picked_s = start_s + time_s + error_s * draws.normal();
                    all.push((picked_s, i, wave, Some(event)));
                    if draws.uniform() < 0.1 {
                        all.push((picked_s + 0.3, i, wave, Some(event)));
                    }
                }
            }
        }
    }
    for _ in 0..n_noise {
        let wave = if draws.uniform() < 0.5 {
            Wave::P
        } else {
            Wave::S
        };
        let site = (draws.uniform() * 11.999) as usize;
        all.push((length_s * draws.uniform(), site, wave, None));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let pick = |(time_s, site, wave, _): &(f64, usize, Wave, Option<usize>)| {
        let pick = PhasePick {
            station: locator.sites().all()[*site].id.clone(),
            wave: *wave,
            time: origin() + time::seconds(*time_s),
            probability: 0.5,
            error_s: f64::NAN,
        };
        (*site, pick)
    };
    Day {
        sorted: Sorted {
            picks: all.iter().map(pick).collect(),
            unknown: BTreeMap::new(),
        },
        of_event: all.iter().map(|(.., event)| *event).collect(),
    }
}

/// For each event that was found the earthquake that most of its picks are of, if more than half are.
fn matched(day: &Day, found: &Associated) -> Vec<Option<usize>> {
    let of = |event: &AssociatedEvent| {
        let mut counts = BTreeMap::<usize, usize>::new();
        for truth in event.picks.iter().filter_map(|pick| day.of_event[*pick]) {
            *counts.entry(truth).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n)?;
        (2 * most.1 > event.picks.len()).then_some(most.0)
    };
    found.events.iter().map(of).collect()
}

#[test]
fn earthquakes_are_told_from_noise() {
    let locator = locator();
    let day = day(&locator, 60, 400, 7200.0, 1);
    let found = associate(&locator, &day.sorted, &AssociateParams::default()).unwrap();
    let matched = matched(&day, &found);
    let true_ones: BTreeSet<usize> = matched.iter().flatten().copied().collect();
    assert!(true_ones.len() >= 58, "{} of 60", true_ones.len());
    assert!(
        matched.len() <= true_ones.len() + 2,
        "{} events",
        matched.len()
    );
    assert!(found.n_doubles > 30, "{}", found.n_doubles);
}

#[test]
fn no_pick_is_used_twice_and_none_is_lost() {
    let locator = locator();
    for seed in 2..8 {
        let day = day(&locator, 40, 300, 1200.0, seed);
        let params = AssociateParams::default();
        let found = associate(&locator, &day.sorted, &params).unwrap();
        let all: Vec<usize> = found
            .events
            .iter()
            .flat_map(|event| event.picks.clone())
            .collect();
        let different: BTreeSet<usize> = all.iter().copied().collect();
        assert_eq!(all.len(), different.len());
        assert_eq!(
            all.len() + found.n_doubles + found.n_unused,
            day.sorted.picks.len()
        );
        for event in &found.events {
            let slots: BTreeSet<_> = event
                .picks
                .iter()
                .map(|p| (day.sorted.picks[*p].0, day.sorted.picks[*p].1.wave as u8))
                .collect();
            assert_eq!(
                slots.len(),
                event.picks.len(),
                "two picks of one wave at one station"
            );
            assert_eq!(event.hypocentre.residuals.len(), event.picks.len());
            assert!(event.hypocentre.n_used() >= params.n_picks);
        }
    }
}

#[test]
fn the_same_picks_later_give_the_same_events_later() {
    let locator = locator();
    let day = day(&locator, 10, 60, 600.0, 9);
    let mut later = day.sorted.clone();
    for (_, pick) in &mut later.picks {
        pick.time += time::seconds(86_400.0 * 30.0);
    }
    let params = AssociateParams::default();
    let (a, b) = (
        associate(&locator, &day.sorted, &params).unwrap(),
        associate(&locator, &later, &params).unwrap(),
    );
    let picks = |found: &Associated| {
        found
            .events
            .iter()
            .map(|event| event.picks.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(picks(&a), picks(&b));
}

#[test]
fn impossible_parameters_are_refused() {
    let locator = locator();
    let sorted = day(&locator, 1, 0, 10.0, 3).sorted;
    let usual = AssociateParams::default();
    for bad in [
        AssociateParams {
            n_picks: 3,
            ..usual
        },
        AssociateParams {
            n_stations: 2,
            ..usual
        },
        AssociateParams {
            n_picks: 25,
            ..usual
        },
        AssociateParams { n_s: 13, ..usual },
        AssociateParams {
            tolerance_s: f64::NAN,
            ..usual
        },
        AssociateParams {
            smallest_km: 0.0,
            ..usual
        },
    ] {
        assert!(matches!(
            associate(&locator, &sorted, &bad),
            Err(Error::Associate { .. })
        ));
    }
}
