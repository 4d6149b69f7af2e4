//! Hypocentres whose truth is known.

mod places;

use super::*;
use crate::geo::Point;
use crate::time::{self, Time};
use crate::travel::{LayeredModel, Phase, Wave};

/// A generator of its own, so that these tests draw the same numbers everywhere: PCG with 32 bits (O'Neill 2014).
pub(crate) struct Draws(u64);

impl Draws {
    pub fn new(seed: u64) -> Self {
        Self(
            seed.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    }

    /// From 0 to 1.
    pub fn uniform(&mut self) -> f64 {
        let old = self.0;
        self.0 = old
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        f64::from(shifted.rotate_right((old >> 59) as u32)) / f64::from(u32::MAX)
    }

    /// Normal with variance 1 (Box & Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().max(1e-12).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

pub(crate) fn origin() -> Time {
    time::parse("2014-02-16T00:00:00").unwrap()
}

/// Twelve stations within 40 km, 0 to 500 m high.
pub(crate) fn sites() -> Sites {
    let mut draws = Draws::new(3);
    let site = |i: usize| Site {
        id: format!("XX.S{i:02}"),
        position: Point::from_local_km(
            80.0 * draws.uniform() - 40.0,
            80.0 * draws.uniform() - 40.0,
            Point::new(-97.4, 35.8),
        ),
        elevation_km: 0.5 * draws.uniform(),
    };
    Sites::new((0..12).map(site).collect(), "test").unwrap()
}

pub(crate) fn locator() -> Locator {
    let velocity = LayeredModel::central_us().into();
    Locator::new(sites(), &velocity, LocateParams::default()).unwrap()
}

/// Picks of a point, by its rays rather than by the tables.
pub(super) fn picks_of(
    locator: &Locator,
    place: [f64; 3],
    stations: usize,
    errors: &mut dyn FnMut(usize, Wave) -> f64,
) -> Vec<(usize, PhasePick)> {
    let velocity = VelocityModel::from(LayeredModel::central_us());
    let highest_km = locator.corners_km().0[2];
    let model = velocity.reaching(highest_km).unwrap();
    let epicentre = Point::from_local_km(place[0], place[1], locator.centre());
    let mut picks = Vec::new();
    for (i, site) in locator.sites().all().iter().enumerate().take(stations) {
        let station_km = -site.elevation_km - highest_km;
        let below = model.layers.below(station_km);
        for (wave, phase) in [(Wave::P, Phase::P), (Wave::S, Phase::S)] {
            let depth_km = place[2] - highest_km - station_km;
            let time_s = below.travel_time_s(phase, depth_km, epicentre.distance_km(site.position));
            picks.push((
                i,
                PhasePick {
                    station: site.id.clone(),
                    wave,
                    time: origin() + time::seconds(time_s + errors(i, wave)),
                    probability: 1.0,
                    error_s: f64::NAN,
                },
            ));
        }
    }
    picks
}

/// East, north and down from the truth, km.
fn off_km(locator: &Locator, found: &Hypocentre, place: [f64; 3]) -> [f64; 3] {
    let truth = Point::from_local_km(place[0], place[1], locator.centre());
    let (east, north) = found.epicentre.local_km(truth);
    [east, north, found.depth_km - place[2]]
}

#[test]
fn exact_picks_give_the_exact_place() {
    let locator = locator();
    let mut draws = Draws::new(7);
    let mut off = Vec::new();
    for _ in 0..100 {
        let place = [
            60.0 * draws.uniform() - 30.0,
            60.0 * draws.uniform() - 30.0,
            2.0 + 13.0 * draws.uniform(),
        ];
        let found = locator
            .locate(&picks_of(&locator, place, 12, &mut |_, _| 0.0))
            .unwrap();
        let [east, north, down] = off_km(&locator, &found, place);
        off.push((east.hypot(north), down.abs()));
        assert!(
            east.hypot(north) < 0.2 && down.abs() < 1.0,
            "{place:?}: {east} {north} {down}"
        );
        assert!(found.rms_s < 0.03 && found.limit.is_none());
    }
    off.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(off[50].0 < 0.02, "{:?}", off[50]);
}

#[test]
fn the_ellipse_holds_what_it_says() {
    let locator = locator();
    let params = *locator.params();
    for (n_stations, seed) in [(4, 11), (12, 13)] {
        let (mut draws, mut n_held, mut n_deep, mut n) = (Draws::new(seed), 0, 0, 0);
        for _ in 0..1000 {
            let place = [
                30.0 * draws.uniform() - 15.0,
                30.0 * draws.uniform() - 15.0,
                4.0 + 5.0 * draws.uniform(),
            ];
            let mut noise = |_: usize, wave: Wave| {
                let error_s = if wave == Wave::P {
                    params.p_error_s
                } else {
                    params.s_error_s
                };
                error_s * draws.normal()
            };
            let found = locator
                .locate(&picks_of(&locator, place, n_stations, &mut noise))
                .unwrap();
            if found.limit.is_some() {
                continue;
            }
            let [east, north, down] = off_km(&locator, &found, place);
            n += 1;
            n_held += usize::from(found.ellipse.holds(-east, -north));
            n_deep += usize::from(down.abs() < found.depth_error_km);
        }
        let (held, deep) = (n_held as f64 / n as f64, n_deep as f64 / n as f64);
        println!("{n_stations} stations: ellipse {held:.3}, depth {deep:.3} of {n}");
        assert!(
            (0.63..0.73).contains(&held),
            "{n_stations} stations: {held} of {n}"
        );
        assert!(
            (0.58..0.78).contains(&deep),
            "{n_stations} stations: {deep} of {n}"
        );
    }
}

#[test]
fn a_place_moves_with_its_stations() {
    let here = locator();
    let moved = |site: &Site| Site {
        position: Point::new(
            site.position.longitude_deg + 40.0,
            site.position.latitude_deg,
        ),
        ..site.clone()
    };
    let there = Sites::new(here.sites().all().iter().map(moved).collect(), "test").unwrap();
    let there = Locator::new(
        there,
        &LayeredModel::central_us().into(),
        LocateParams::default(),
    )
    .unwrap();
    let mut draws = Draws::new(5);
    let picks = picks_of(&here, [3.0, -4.0, 6.0], 12, &mut |_, _| {
        0.1 * draws.normal()
    });
    let (a, b) = (here.locate(&picks).unwrap(), there.locate(&picks).unwrap());
    assert!((b.epicentre.longitude_deg - a.epicentre.longitude_deg - 40.0).abs() < 1e-4);
    assert!((b.epicentre.latitude_deg - a.epicentre.latitude_deg).abs() < 1e-4);
    assert!((b.depth_km - a.depth_km).abs() < 0.01);
}

#[test]
fn wrong_picks_do_not_move_the_place() {
    let locator = locator();
    let place = [5.0, 2.0, 6.0];
    let mut draws = Draws::new(17);
    let clean = picks_of(&locator, place, 12, &mut |_, _| 0.05 * draws.normal());
    let mut spoilt = clean.clone();
    spoilt[3].1.time += time::seconds(1.0);
    spoilt[8].1.time -= time::seconds(2.5);
    let (a, b) = (
        locator.locate(&clean).unwrap(),
        locator.locate(&spoilt).unwrap(),
    );
    assert!(
        a.epicentre.distance_km(b.epicentre) < 0.3,
        "{}",
        a.epicentre.distance_km(b.epicentre)
    );
    assert_eq!((b.residuals[3].weight, b.residuals[8].weight), (0.0, 0.0));
    assert!((b.residuals[3].residual_s - 1.0).abs() < 0.2);
}

#[test]
fn an_event_outside_the_grid_is_said() {
    let locator = locator();
    let found = locator
        .locate(&picks_of(&locator, [150.0, 0.0, 8.0], 12, &mut |_, _| 0.0))
        .unwrap();
    assert!(found.is_outside());
    let deep = locator
        .locate(&picks_of(&locator, [0.0, 0.0, 60.0], 12, &mut |_, _| 0.0))
        .unwrap();
    assert_eq!(deep.limit, Some(Limit::Bottom));
    assert!(deep.depth_error_km.is_nan());
}

#[test]
fn too_few_picks_are_refused() {
    let locator = locator();
    let picks = picks_of(&locator, [0.0, 0.0, 5.0], 12, &mut |_, _| 0.0);
    for few in [&picks[..0], &picks[..3], &picks[..4]] {
        assert!(matches!(
            locator.locate(few),
            Err(crate::Error::Locate { .. })
        ));
    }
    let two = Sites::new(sites().all()[..2].to_vec(), "test").unwrap();
    let velocity = LayeredModel::central_us().into();
    assert!(Locator::new(two, &velocity, LocateParams::default()).is_err());
    for bad in [
        LocateParams {
            step_km: 0.0,
            ..LocateParams::default()
        },
        LocateParams {
            p_error_s: f64::NAN,
            ..LocateParams::default()
        },
        LocateParams {
            max_depth_km: -2.0,
            ..LocateParams::default()
        },
        LocateParams {
            max_depth_km: 1e308,
            ..LocateParams::default()
        },
        LocateParams {
            margin_km: 1e5,
            ..LocateParams::default()
        },
    ] {
        assert!(matches!(
            Locator::new(sites(), &velocity, bad),
            Err(crate::Error::Locate { .. })
        ));
    }
}

#[test]
fn a_late_clock_and_soft_ground_are_found() {
    let mut locator = locator();
    let mut draws = Draws::new(23);
    let mut places = Vec::new();
    let mut events = Vec::new();
    let ground_s: Vec<f64> = (0..12).map(|_| 0.15 * draws.normal()).collect();
    for _ in 0..40 {
        let place = [
            30.0 * draws.uniform() - 15.0,
            30.0 * draws.uniform() - 15.0,
            4.0 + 5.0 * draws.uniform(),
        ];
        let mut late = |site: usize, wave: Wave| {
            let clock_s = if site == 5 { 1.0 } else { 0.0 };
            let ground_s = ground_s[site] * if wave == Wave::P { 1.0 } else { 1.7 };
            clock_s + ground_s + 0.03 * draws.normal()
        };
        events.push(picks_of(&locator, place, 12, &mut late));
        places.push(place);
    }
    // Terms and a shift of all places together leave the same residuals: how places lie to one another is what they mend.
    let scatter_km = |located: &Located, locator: &Locator| {
        let off: Vec<[f64; 3]> = located
            .hypocentres
            .iter()
            .zip(&places)
            .map(|(found, place)| off_km(locator, found.as_ref().unwrap(), *place))
            .collect();
        let spread = |axis: usize| {
            let mean = off.iter().map(|o| o[axis]).sum::<f64>() / off.len() as f64;
            off.iter().map(|o| (o[axis] - mean).powi(2)).sum::<f64>() / off.len() as f64
        };
        (spread(0) + spread(1)).sqrt()
    };
    let without = locate_all(&mut locator, &events, 0);
    let without_km = scatter_km(&without, &locator);
    let with = locate_all(&mut locator, &events, 4);
    let with_km = scatter_km(&with, &locator);
    assert!(
        with_km < 0.7 * without_km,
        "{with_km} km with terms, {without_km} km without"
    );
    let [(station, late_s)] = &with.clocks[..] else {
        panic!("{:?}", with.clocks);
    };
    assert_eq!(station, "XX.S05");
    assert!((late_s - 1.0).abs() < 0.3, "{late_s}");
}
