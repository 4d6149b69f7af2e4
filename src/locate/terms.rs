//! What picks of one station have in common: its ground, its clock.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::grid::Locator;
use super::hypocentre::Hypocentre;
use super::picks::PhasePick;
use super::robust::median;
use crate::error::Result;
use crate::travel::Wave;

/// What picks of one wave come late at one station, against the model.
#[derive(Debug, Clone, PartialEq)]
pub struct StationTerm {
    pub station: String,
    pub wave: Wave,
    pub term_s: f64,
    pub n_picks: usize,
}

/// Events with their places, and what they say of the stations.
#[derive(Debug)]
pub struct Located {
    /// In the order of the events.
    pub hypocentres: Vec<Result<Hypocentre>>,
    /// What the last round took off, of stations with five picks or more. None where there was no round.
    pub terms: Vec<StationTerm>,
    /// Stations whose clock seems to be wrong, and by how much it is late.
    pub clocks: Vec<(String, f64)>,
    /// Terms that are larger than ground and model make them, of at most a third of the stations, whose clocks seem to be right: where P and S
    /// are late by different times, a station stands elsewhere.
    pub odd: Vec<StationTerm>,
}

/// Fewer picks give no term.
const FEWEST_PICKS: usize = 5;

/// Events with a wider gap are badly known, and give no term.
const WIDEST_GAP_DEG: f64 = 220.0;

/// Ground and model make P and S late by less than this, and S by more than P.
const CLOCK_S: f64 = 0.5;
const ODD_S_S: f64 = 1.0;

/// Where terms of more than one in so many stations are odd, it is the model.
const ONE_IN: usize = 3;

/// Locates many events; `n_rounds` times with the stations' terms that the round before found (0: without terms).
///
/// A term is the median residual of a station's picks. The mean of the P terms is taken off, for it is one with the origin
/// times; a term farther than half a second from their median is a clock's, and does not count in it. The terms stay in the locator.
pub fn locate_all(
    locator: &mut Locator,
    events: &[Vec<(usize, PhasePick)>],
    n_rounds: usize,
) -> Located {
    let all = |locator: &Locator| -> Vec<Result<Hypocentre>> {
        events
            .par_iter()
            .map(|picks| locator.locate(picks))
            .collect()
    };
    let mut hypocentres = all(locator);
    let mut late = Late::of(locator, events, &hypocentres);
    let mut terms = Vec::new();
    for _ in 0..n_rounds {
        late.set(locator);
        terms = late.terms(locator);
        hypocentres = all(locator);
        late = Late::of(locator, events, &hypocentres);
    }
    Located {
        terms,
        clocks: late.clocks(locator),
        odd: late.odd(locator),
        hypocentres,
    }
}

/// For each station and wave the median of how late picks are, the present term included, and their number.
struct Late(Vec<[(f64, usize); 2]>);

impl Late {
    fn of(
        locator: &Locator,
        events: &[Vec<(usize, PhasePick)>],
        hypocentres: &[Result<Hypocentre>],
    ) -> Self {
        let mut late_s = vec![[Vec::new(), Vec::new()]; locator.sites().all().len()];
        for (picks, hypocentre) in events.iter().zip(hypocentres) {
            let Ok(hypocentre) = hypocentre else { continue };
            if hypocentre.limit.is_some() || hypocentre.gap_deg > WIDEST_GAP_DEG {
                continue;
            }
            for ((site, pick), of) in picks.iter().zip(&hypocentre.residuals) {
                let wave = pick.wave as usize;
                late_s[*site][wave].push(of.residual_s + locator.terms_s[*site][wave]);
            }
        }
        let of = |all: &mut Vec<f64>| match all.len() {
            n if n >= FEWEST_PICKS => (median(all), n),
            n => (0.0, n),
        };
        let mut late = Self(
            late_s
                .iter_mut()
                .map(|both| [of(&mut both[0]), of(&mut both[1])])
                .collect(),
        );
        let p = late.0.iter().map(|both| both[0]);
        let known = p.filter(|(_, n)| *n >= FEWEST_PICKS);
        let mut known: Vec<f64> = known.map(|(term, _)| term).collect();
        if !known.is_empty() {
            let median_s = median(&mut known);
            known.retain(|term| (term - median_s).abs() <= CLOCK_S);
            let mean_s = known.iter().sum::<f64>() / known.len() as f64;
            let all = late.0.iter_mut().flatten();
            all.filter(|(_, n)| *n >= FEWEST_PICKS)
                .for_each(|(term, _)| *term -= mean_s);
        }
        late
    }

    fn set(&self, locator: &mut Locator) {
        locator.terms_s = self
            .0
            .iter()
            .map(|both| both.map(|(term, _)| term))
            .collect();
    }

    fn terms(&self, locator: &Locator) -> Vec<StationTerm> {
        let mut terms = Vec::new();
        for (both, site) in self.0.iter().zip(locator.sites().all()) {
            for (wave, (term_s, n_picks)) in [Wave::P, Wave::S].into_iter().zip(*both) {
                if n_picks >= FEWEST_PICKS {
                    let station = site.id.clone();
                    terms.push(StationTerm {
                        station,
                        wave,
                        term_s,
                        n_picks,
                    });
                }
            }
        }
        terms
    }

    /// Large terms of stations whose clocks seem to be right.
    fn odd(&self, locator: &Locator) -> Vec<StationTerm> {
        let clocks = self.clocks(locator);
        let is_odd = |term: &StationTerm| {
            let most_s = match term.wave {
                Wave::P => CLOCK_S,
                Wave::S => ODD_S_S,
            };
            let is_clock = clocks.iter().any(|(station, _)| *station == term.station);
            term.term_s.abs() > most_s && !is_clock
        };
        let terms = self.terms(locator);
        let stations = |terms: &[StationTerm]| {
            let all = terms.iter().map(|term| term.station.clone());
            all.collect::<BTreeSet<_>>().len()
        };
        let n_stations = stations(&terms);
        let odd: Vec<StationTerm> = terms.into_iter().filter(is_odd).collect();
        match ONE_IN * stations(&odd) > n_stations {
            true => Vec::new(),
            false => odd,
        }
    }

    /// Where P is late or early by [`CLOCK_S`], and S, where it was picked, by as much within half of that.
    fn clocks(&self, locator: &Locator) -> Vec<(String, f64)> {
        let is_clock = |[(p, n_p), (s, n_s)]: &[(f64, usize); 2]| {
            let agrees = *n_s < FEWEST_PICKS || (s - p).abs() < CLOCK_S / 2.0;
            *n_p >= FEWEST_PICKS && p.abs() > CLOCK_S && agrees
        };
        let off = self
            .0
            .iter()
            .zip(locator.sites().all())
            .filter(|(both, _)| is_clock(both));
        off.map(|(both, site)| (site.id.clone(), both[0].0))
            .collect()
    }
}
