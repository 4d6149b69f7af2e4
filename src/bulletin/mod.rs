//! A catalog with its phases: events, the picks that they are made of, how well they fit, and who made what.
//!
//! [`Bulletin::from_picks`] runs the chain: picks are associated, and located with station terms. [`Bulletin::measure`] gives magnitudes.
//!
//! | Written as | By |
//! |---|---|
//! | QuakeML 1.2 with picks, origins, arrivals, residuals, weights, uncertainties, magnitudes | [`Bulletin::to_quakeml`] |
//! | CSV, an event a row, which [`Catalog::read`] takes as a catalog | [`Bulletin::to_csv`] |
//! | CSV, a pick a row | [`Bulletin::arrivals_csv`] |
//! | a catalog without phases | [`Bulletin::to_catalog`] |

#[cfg(test)]
mod doubt_tests;
mod odd_sizes;
mod quakeml;
mod records;
mod responses;
mod rows;
mod sizes;
#[cfg(test)]
mod tests;
mod unexplained;

use std::collections::BTreeSet;
use std::path::Path;

pub use odd_sizes::OddSize;
pub use sizes::{Sizes, Unmeasured, Without};
pub use unexplained::SeldomFits;

use crate::associate::{AssociateParams, Checked, ExchangeTest, associate_checked};
use crate::atomic_file;
use crate::catalog::{Catalog, Event};
use crate::error::{Error, Result, fail};
use crate::locate::{
    Fault, Hypocentre, Limit, Locator, PhasePick, Sorted, StationFault, StationTerm, locate_all,
    station_faults,
};
use crate::magnitude::{EventMagnitude, median};
use crate::travel::Wave;
use unexplained::Unexplained;

/// One earthquake with its phases.
#[derive(Debug, Clone, PartialEq)]
pub struct BulletinEvent {
    /// Its origin time, `20140824T000108.920`, and a number where another has the same.
    pub id: String,
    pub hypocentre: Hypocentre,
    /// In the order of the hypocentre's residuals.
    pub picks: Vec<PhasePick>,
    /// The local one, which is the event's in a catalog.
    pub magnitude: Option<EventMagnitude>,
    pub moment_magnitude: Option<EventMagnitude>,
    /// Picks that come between its first and its last, and are of no event ([`BulletinEvent::is_doubtful`]); none where only picks of
    /// events are known.
    pub n_beside: Option<usize>,
}

/// Earthquakes of one network, by origin time.
#[derive(Debug, Clone, PartialEq)]
pub struct Bulletin {
    pub events: Vec<BulletinEvent>,
    /// The name of the velocity model.
    pub velocity_model: String,
    /// The stations' terms that were taken off.
    pub terms: Vec<StationTerm>,
    /// Stations whose clock seems to be late, and by how many seconds.
    pub clocks: Vec<(String, f64)>,
    /// Stations whose waves come late or early, P otherwise than S.
    pub odd_terms: Vec<StationTerm>,
    /// Stations whose picks fit the events of the others with a constant shift, or with P and S exchanged.
    pub faults: Vec<StationFault>,
    pub simulated: bool,
}

/// What became of the picks, and of what they seemed to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Account {
    pub n_picks: usize,
    pub n_associated: usize,
    pub n_doubles: usize,
    pub n_unused: usize,
    /// Events that the last location left without a place.
    pub n_not_located: usize,
    /// Events of which the last location uses fewer picks than an event must have: they are left out.
    pub n_too_few: usize,
    /// Events beyond the sides of the grid: they stay in the bulletin, and their places are not known.
    pub n_outside: usize,
    /// Events at the top and at the bottom of the grid: the depths of these are not known.
    pub n_at_top: usize,
    pub n_at_bottom: usize,
    /// Events that are doubtful ([`BulletinEvent::is_doubtful`]).
    pub n_doubtful: usize,
    /// Stations whose picks fit events much less often than those of the others.
    pub seldom: Vec<SeldomFits>,
    /// What the picks give with P and S exchanged.
    pub exchange: ExchangeTest,
}

/// Where residuals are so many times as large as the errors of picks and model, one of these is wrong, or the event is. In the swarm at
/// Bardarbunga with picks of PhaseNet and a published model they are 1 to 2.5 times as large in 25 of 28 events, and 3.5 to 5.5 times in
/// three.
pub const LARGE_MISFIT: f64 = 3.0;

impl BulletinEvent {
    /// Whether it may be of chance, or a part of an earthquake that was elsewhere, as outside the grid: it explains no more than half of the
    /// picks that come while its waves do, or its residuals are three times as large as the errors or more.
    pub fn is_doubtful(&self) -> bool {
        let used = self.hypocentre.n_used();
        self.n_beside.is_some_and(|n| n >= used) || self.hypocentre.misfit >= LARGE_MISFIT
    }
}

impl Bulletin {
    /// Associates picks, and locates the events `n_rounds` times with the stations' terms. The terms stay in the locator. The
    /// parameters hold for the last location too. Picks of stations that contradict the others are left out; [`Bulletin::faults`] names them.
    ///
    /// # Errors
    /// As [`crate::associate::associate`].
    pub fn from_picks(
        locator: &mut Locator,
        velocity_model: &str,
        sorted: &Sorted,
        params: &AssociateParams,
        n_rounds: usize,
    ) -> Result<(Self, Account)> {
        let Checked {
            events,
            n_doubles,
            exchange,
            faults,
        } = associate_checked(locator, sorted, params, n_rounds > 0)?;
        let picks = events.into_iter().map(|(_, picks)| picks).collect();
        let (mut bulletin, not_located) = Self::of_events(locator, velocity_model, picks, n_rounds);
        bulletin.set_faults(faults);
        let n_located = bulletin.events.len();
        bulletin
            .events
            .retain(|event| is_enough(event, locator, params));
        let n_associated = bulletin.events.iter().map(|event| event.picks.len()).sum();
        let left_out = bulletin.faults.iter().filter(|fault| fault.is_left_out);
        let unexplained = Unexplained::of(
            sorted,
            &bulletin.events,
            locator.sites(),
            params.tolerance_s,
            &left_out.map(|fault| fault.station.as_str()).collect(),
        );
        for event in &mut bulletin.events {
            event.n_beside = Some(unexplained.n_beside(event));
        }
        let n_picks = sorted.picks.len();
        let account = Account {
            n_picks,
            n_associated,
            n_doubles,
            n_unused: n_picks - n_doubles - n_associated,
            n_not_located: not_located.len(),
            n_too_few: n_located - bulletin.events.len(),
            n_outside: bulletin.n_at(Limit::Side),
            n_at_top: bulletin.n_at(Limit::Top),
            n_at_bottom: bulletin.n_at(Limit::Bottom),
            n_doubtful: bulletin.events.iter().filter(|e| e.is_doubtful()).count(),
            seldom: unexplained.seldom(),
            exchange,
        };
        Ok((bulletin, account))
    }

    /// As [`Bulletin::of_events`], and where a station contradicts the others ([`station_faults`], by `all` picks, oldest first), the
    /// events are located again without its picks, if four of three stations or more are left. With rounds of terms a clock's shift is
    /// taken off instead. The last number is that of the picks that were left out.
    pub fn of_checked_events(
        locator: &mut Locator,
        velocity_model: &str,
        mut picks: Vec<Vec<(usize, PhasePick)>>,
        all: &[(usize, PhasePick)],
        n_rounds: usize,
    ) -> (Self, Vec<(usize, Error)>, usize) {
        let located = locate_all(locator, &picks, 0).hypocentres.into_iter();
        let events = located.zip(picks.iter().cloned());
        let events = events.filter_map(|(hypocentre, picks)| Some((hypocentre.ok()?, picks)));
        let mut faults = station_faults(locator, all, &events.collect::<Vec<_>>());
        for fault in &mut faults {
            fault.is_left_out = n_rounds == 0 || fault.fault == Fault::Exchanged;
        }
        let is_left_out = |(site, _): &(usize, PhasePick)| {
            let station = &locator.sites().all()[*site].id;
            let mut faults = faults.iter().filter(|fault| fault.is_left_out);
            faults.any(|fault| fault.station == *station)
        };
        let mut n_left_out = 0;
        for event in &mut picks {
            let others: Vec<_> = event.iter().filter(|pick| !is_left_out(pick)).collect();
            let sites: BTreeSet<usize> = others.iter().map(|(site, _)| *site).collect();
            if others.len() >= 4 && sites.len() >= 3 {
                n_left_out += event.len() - others.len();
                event.retain(|pick| !is_left_out(pick));
            }
        }
        let (mut bulletin, not_located) = Self::of_events(locator, velocity_model, picks, n_rounds);
        bulletin.set_faults(faults);
        (bulletin, not_located, n_left_out)
    }

    /// A clock that they name is not told twice.
    fn set_faults(&mut self, faults: Vec<StationFault>) {
        for fault in &faults {
            self.clocks.retain(|(station, _)| *station != fault.station);
            self.odd_terms.retain(|term| term.station != fault.station);
            if let Fault::Clock { late_s } = fault.fault {
                self.clocks.push((fault.station.clone(), late_s));
            }
        }
        self.faults = faults;
    }

    /// Locates events whose picks are known; beside them the indices of those that have no place, and why.
    pub fn of_events(
        locator: &mut Locator,
        velocity_model: &str,
        picks: Vec<Vec<(usize, PhasePick)>>,
        n_rounds: usize,
    ) -> (Self, Vec<(usize, Error)>) {
        let located = locate_all(locator, &picks, n_rounds);
        let (mut events, mut not_located) = (Vec::new(), Vec::new());
        for (index, (hypocentre, picks)) in located.hypocentres.into_iter().zip(picks).enumerate() {
            match hypocentre {
                Ok(hypocentre) => events.push(BulletinEvent {
                    id: String::new(),
                    hypocentre,
                    picks: picks.into_iter().map(|(_, pick)| pick).collect(),
                    magnitude: None,
                    moment_magnitude: None,
                    n_beside: None,
                }),
                Err(why) => not_located.push((index, why)),
            }
        }
        events.sort_by_key(|event| event.hypocentre.origin_time);
        name(&mut events);
        let bulletin = Self {
            events,
            velocity_model: velocity_model.into(),
            terms: located.terms,
            clocks: located.clocks,
            odd_terms: located.odd,
            faults: Vec::new(),
            simulated: false,
        };
        (bulletin, not_located)
    }

    /// By how many times the residuals exceed what the errors of picks and model say, in the median of the events; none without events.
    pub fn misfit(&self) -> Option<f64> {
        median(self.events.iter().map(|event| event.hypocentre.misfit))
    }

    /// How many events lie at an end of the grid.
    pub fn n_at(&self, limit: Limit) -> usize {
        let events = self.events.iter();
        events
            .filter(|event| event.hypocentre.limit == Some(limit))
            .count()
    }

    /// The events without their phases, with local magnitudes; those outside the grid have no place.
    pub fn to_catalog(&self) -> Catalog {
        self.catalog_by(|event| event.magnitude.as_ref())
    }

    /// As [`Bulletin::to_catalog`], with moment magnitudes.
    pub fn to_moment_catalog(&self) -> Catalog {
        self.catalog_by(|event| event.moment_magnitude.as_ref())
    }

    fn catalog_by(&self, size: impl Fn(&BulletinEvent) -> Option<&EventMagnitude>) -> Catalog {
        let event = |event: &BulletinEvent| {
            let Hypocentre {
                origin_time,
                epicentre,
                depth_km,
                ..
            } = event.hypocentre;
            let is_outside = event.hypocentre.is_outside();
            let place = |value: f64| if is_outside { f64::NAN } else { value };
            Event {
                id: event.id.clone(),
                origin_time,
                longitude_deg: place(epicentre.longitude_deg),
                latitude_deg: place(epicentre.latitude_deg),
                depth_km: (!is_outside).then_some(depth_km),
                magnitude: size(event).map_or(f64::NAN, |magnitude| magnitude.value),
                magnitude_type: size(event).map_or_else(String::new, |m| m.kind.name().into()),
                event_type: "earthquake".into(),
            }
        };
        Catalog::new(
            "quakebook",
            self.simulated,
            self.events.iter().map(event).collect(),
        )
    }

    /// Writes a file: QuakeML where its name ends in `.xml`, an event a row where it ends in `.csv`.
    ///
    /// # Errors
    /// [`crate::Error::Io`]; [`crate::Error::Catalog`] for any other ending.
    pub fn write(&self, path: &Path) -> Result<()> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        let text = match ending.to_str() {
            Some("xml") => self.to_quakeml(),
            Some("csv") => self.to_csv(),
            _ => {
                let what = "no format of a bulletin belongs to this extension";
                return Err(fail!(
                    Catalog,
                    path.display(),
                    what,
                    "Name the file .xml (QuakeML) or .csv"
                ));
            }
        };
        atomic_file::write_result(path, text)
    }
}

/// Whether so many picks count in the location as an event must have.
fn is_enough(event: &BulletinEvent, locator: &Locator, params: &AssociateParams) -> bool {
    let all = event.picks.iter().zip(&event.hypocentre.residuals);
    let used: Vec<&PhasePick> = all
        .filter(|(_, of)| of.weight > 0.0)
        .map(|(pick, _)| pick)
        .collect();
    let sites: BTreeSet<_> = used
        .iter()
        .map(|pick| locator.sites().find(&pick.station))
        .collect();
    let n_p = used.iter().filter(|pick| pick.wave == Wave::P).count();
    used.len() >= params.n_picks
        && n_p >= params.n_p
        && used.len() - n_p >= params.n_s
        && sites.len() >= params.n_stations
}

/// Events are named by their time to the millisecond.
fn name(events: &mut [BulletinEvent]) {
    let mut last = (String::new(), 1);
    for event in events {
        let id = event
            .hypocentre
            .origin_time
            .format("%Y%m%dT%H%M%S%.3f")
            .to_string();
        last = match id == last.0 {
            true => (id, last.1 + 1),
            false => (id, 1),
        };
        event.id = match last.1 {
            1 => last.0.clone(),
            n => format!("{}-{n}", last.0),
        };
    }
}
