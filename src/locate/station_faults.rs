//! Stations whose picks fit the events of the others with a constant shift, or with P and S exchanged.
//!
//! A station whose clock is off by more than the tolerance of an association has picks that join no event, or wrong ones; so its
//! residuals say nothing. Here each event is located without the station's picks, and all of its picks are held against
//! the arrivals that are computed so.

use rayon::prelude::*;

use super::grid::Locator;
use super::hypocentre::Hypocentre;
use super::picks::PhasePick;
use super::robust::median;
use crate::time::{Time, between_s};
use crate::travel::Wave;

/// So many events are looked at, evenly chosen: each is located once more for each of its stations.
const MOST_EVENTS: usize = 200;

/// An event needs so many picks of other stations.
const FEWEST_PICKS: usize = 6;

/// A pick is of an arrival within this: errors of picks and of the model are smaller.
const NEAR_S: f64 = 0.5;

/// Clocks are off by an hour at most, which is a wrong time zone; smaller shifts than [`LEAST_S`] show in the residuals.
const MOST_S: f64 = 4000.0;
const LEAST_S: f64 = 0.9;

/// Shifts of one clock lie within this.
const SPREAD_S: f64 = 0.6;

/// Around a shift the lags of chance are counted so far.
const AROUND_S: f64 = 30.0;

/// Fewer arrivals say nothing.
const FEWEST_ARRIVALS: usize = 5;

/// Where more than one in so many stations seems to be wrong, it is something else, as the model.
const ONE_IN: usize = 3;

/// What is wrong with a station's picks.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// They come late by so many seconds.
    Clock { late_s: f64 },
    /// P is called S, and S is called P.
    Exchanged,
}

/// A station whose picks seem to be wrong, by the events of the others.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct StationFault {
    pub station: String,
    pub fault: Fault,
    /// How many arrivals the picks fit as they are, and with the fault taken off.
    pub n_as_told: usize,
    pub n_mended: usize,
    /// Whether the events were made without the station's picks.
    pub is_left_out: bool,
}

/// Looks at each station of a network: `picks` are those of all stations, oldest first, `events` what they were found to be of.
///
/// A fault is told where its removal makes picks fit five arrivals or more, more than twice as many as before, and far more than chance. Nothing
/// is told where that is so for more than a third of the stations.
pub fn station_faults(
    locator: &Locator,
    picks: &[(usize, PhasePick)],
    events: &[(Hypocentre, Vec<(usize, PhasePick)>)],
) -> Vec<StationFault> {
    let Some((_, first)) = picks.first() else {
        return Vec::new();
    };
    let mut times_s = vec![[Vec::new(), Vec::new()]; locator.sites().all().len()];
    for (site, pick) in picks {
        times_s[*site][pick.wave as usize].push(between_s(first.time, pick.time));
    }
    let step = events.len().div_ceil(MOST_EVENTS).max(1);
    let events: Vec<_> = events.iter().step_by(step).collect();
    let look = |(site, times_s): (usize, &[Vec<f64>; 2])| {
        if times_s[0].len() + times_s[1].len() < FEWEST_ARRIVALS {
            return None;
        }
        let arrivals = events.iter().filter_map(|(hypocentre, picks)| {
            arrivals_s(locator, site, hypocentre, picks, first.time)
        });
        let station = Station {
            times_s,
            arrivals_s: arrivals.collect(),
        };
        let [exchanged, clock] = [station.exchanged(), station.clock()];
        let (fault, n_as_told, n_mended) = [exchanged, clock]
            .into_iter()
            .flatten()
            .max_by_key(|(.., n)| *n)?;
        Some(StationFault {
            station: locator.sites().all()[site].id.clone(),
            fault,
            n_as_told,
            n_mended,
            is_left_out: false,
        })
    };
    let faults: Vec<StationFault> = times_s.par_iter().enumerate().filter_map(look).collect();
    let n_with_picks = times_s
        .iter()
        .filter(|[p, s]| p.len() + s.len() > 0)
        .count();
    match ONE_IN * faults.len() > n_with_picks {
        true => Vec::new(),
        false => faults,
    }
}

/// When P and S of an event come to a station, by the picks of the others, in seconds after a time.
fn arrivals_s(
    locator: &Locator,
    site: usize,
    hypocentre: &Hypocentre,
    picks: &[(usize, PhasePick)],
    first: Time,
) -> Option<[f64; 2]> {
    let others: Vec<_> = picks.iter().filter(|(s, _)| *s != site).cloned().collect();
    if others.len() < FEWEST_PICKS {
        return None;
    }
    let again;
    let hypocentre = match others.len() < picks.len() {
        false => hypocentre,
        true => {
            let (east, north) = hypocentre.epicentre.local_km(locator.centre());
            again = locator
                .locate_below(&others, [east, north, hypocentre.depth_km])
                .ok()?;
            &again
        }
    };
    if hypocentre.is_outside() {
        return None;
    }
    let origin_s = between_s(first, hypocentre.origin_time);
    let place = locator.sites().all()[site].position;
    let distance_km = hypocentre.epicentre.distance_km(place);
    Some([Wave::P, Wave::S].map(|wave| {
        let time = locator.travel_time(site, wave, hypocentre.depth_km, distance_km);
        origin_s + time.time_s + locator.terms_s()[site][wave as usize]
    }))
}

/// The picks of one station, and the arrivals that the others' events have there, each for P and S.
struct Station<'a> {
    times_s: &'a [Vec<f64>; 2],
    arrivals_s: Vec<[f64; 2]>,
}

/// A fault, and how many arrivals fit without and with its removal.
type Found = (Fault, usize, usize);

impl Station<'_> {
    /// How many arrivals have a pick; `named` says by which name a wave's picks go.
    fn n_fitting(&self, arrivals_s: &[[f64; 2]], named: [usize; 2]) -> usize {
        let both = arrivals_s
            .iter()
            .flat_map(|both| [(0, both[0]), (1, both[1])]);
        both.filter(|(wave, at_s)| {
            let near = self.within(named[*wave], at_s - NEAR_S, at_s + NEAR_S);
            !near.is_empty()
        })
        .count()
    }

    fn within(&self, wave: usize, from_s: f64, to_s: f64) -> &[f64] {
        let times_s = &self.times_s[wave];
        let from = times_s.partition_point(|t| *t < from_s);
        let to = times_s.partition_point(|t| *t <= to_s);
        &times_s[from..to]
    }

    /// Where S comes so shortly after P that a pick would be of both, names say nothing.
    fn exchanged(&self) -> Option<Found> {
        let apart = |both: &&[f64; 2]| both[1] - both[0] > 2.0 * NEAR_S;
        let apart: Vec<[f64; 2]> = self.arrivals_s.iter().filter(apart).copied().collect();
        let n_as_told = self.n_fitting(&apart, [0, 1]);
        let n_exchanged = self.n_fitting(&apart, [1, 0]);
        (n_exchanged >= FEWEST_ARRIVALS && n_exchanged > 2 * n_as_told).then_some((
            Fault::Exchanged,
            n_as_told,
            n_exchanged,
        ))
    }

    /// The shift that most picks have against arrivals of their wave.
    fn clock(&self) -> Option<Found> {
        let mut lags_s: Vec<(f64, usize)> = Vec::new();
        for both in &self.arrivals_s {
            for (wave, at_s) in both.iter().enumerate() {
                let near = self.within(wave, at_s - MOST_S, at_s + MOST_S);
                lags_s.extend(near.iter().map(|time_s| (time_s - at_s, wave)));
            }
        }
        lags_s.sort_by(|a, b| a.0.total_cmp(&b.0));
        let until = |to_s: f64| lags_s.partition_point(|(lag_s, _)| *lag_s <= to_s);
        let (from, n) = lags_s
            .iter()
            .enumerate()
            .map(|(from, (lag_s, _))| (from, until(lag_s + SPREAD_S) - from))
            .fold((0, 0), |a, b| if b.1 > a.1 { b } else { a });
        let most = &lags_s[from..from + n];
        let late_s = median(&mut most.iter().map(|(lag_s, _)| *lag_s).collect::<Vec<_>>());
        let n_around = until(late_s + AROUND_S) - until(late_s - AROUND_S) - n;
        let by_chance = n_around as f64 * SPREAD_S / (2.0 * AROUND_S - SPREAD_S);
        let n_as_told = until(SPREAD_S / 2.0) - until(-SPREAD_S / 2.0);
        let n_s = most.iter().filter(|(_, wave)| *wave == 1).count();
        // A clock is off for both waves, where both are picked.
        let n_picks = self.times_s.each_ref().map(Vec::len);
        let has_both = 5 * n_picks[0].min(n_picks[1]) >= n_picks[0].max(n_picks[1]);
        let is_of_both = !has_both || 5 * n_s.min(n - n_s) >= n;
        let is_clock = n >= FEWEST_ARRIVALS
            && late_s.abs() > LEAST_S
            && n > 2 * n_as_told
            && n as f64 > by_chance + 6.0 * by_chance.sqrt() + FEWEST_ARRIVALS as f64
            && is_of_both;
        is_clock.then_some((Fault::Clock { late_s }, n_as_told, n))
    }
}
