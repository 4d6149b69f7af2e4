//! Which picks belong together: from picks of a network to earthquakes.
//!
//! # How
//! The method is that of PyOcto (Münchmeyer 2024, *Seismica* 3(1), doi:10.26443/seismica.v3i1.1130). All places of the grid and all
//! times are one box. From the times that a wave takes from its nearest and its farthest corner follows which picks can come from
//! inside. A box with too few of them is dropped, any other is halved; what is left of a few kilometres and a second is located,
//! gathers all picks that fit its computed times, and is an event where these are enough. Here the box with the most picks
//! is always taken first, so that the event with the most picks gets them before a smaller one can (PyOcto goes through the boxes of a
//! stretch of time depth first).
//!
//! Why this one: it needs no number of events (as a mixture, GaMMA, does), its cost grows with the events rather than with the nodes of
//! a grid (as REAL's does), and it allows any model whose times can be computed.
//!
//! A pick is used once at most. A second pick of the same wave at the same station within the tolerance is a double: it is used up
//! together with the first. Picks that fit, but whose weight in the location is 0, stay with the event and do not count.
//!
//! ```
//! use quakebook::associate::{AssociateParams, associate};
//! use quakebook::locate::{LocateParams, Locator, PhasePick, Sites, Sorted};
//! use quakebook::travel::LayeredModel;
//! let sites = "id,latitude,longitude\nA,35.70,-97.40\nB,35.90,-97.40\nC,35.80,-97.25\nD,35.82,-97.55\n";
//! let sites = Sites::from_csv(sites, "sites.csv")?;
//! let picks = "station,phase,time\n\
//!     A,P,2014-02-16T00:00:02.06\nA,S,2014-02-16T00:00:03.57\nB,P,2014-02-16T00:00:02.06\nB,S,2014-02-16T00:00:03.57\n\
//!     C,P,2014-02-16T00:00:02.42\nC,S,2014-02-16T00:00:04.20\nD,P,2014-02-16T00:00:02.44\nA,P,2014-02-16T00:00:31\n";
//! let sorted = Sorted::new(PhasePick::from_csv(picks, "picks.csv")?, &sites)?;
//! let locator = Locator::new(sites, &LayeredModel::central_us().into(), LocateParams::default())?;
//! let found = associate(&locator, &sorted, &AssociateParams::default())?;
//! assert_eq!(found.events.len(), 1);
//! assert_eq!((found.events[0].picks.len(), found.n_unused), (7, 1));
//! # Ok::<(), quakebook::Error>(())
//! ```

mod boxes;
#[cfg(test)]
mod check_tests;
mod checked;
mod event;
mod exchanged;
mod lacking;
mod search;
#[cfg(test)]
mod tests;

use crate::error::{Result, fail};
use crate::locate::{Hypocentre, Locator, PhasePick, Sorted};
use crate::time::between_s;

pub use checked::{Checked, associate_checked};
pub use exchanged::ExchangeTest;
pub use lacking::Lacking;
pub use search::associate;

/// What makes picks an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AssociateParams {
    /// Picks whose weight is not 0, at least.
    pub n_picks: usize,
    pub n_p: usize,
    pub n_s: usize,
    pub n_stations: usize,
    /// A pick fits an event if it comes within this of its computed time.
    pub tolerance_s: f64,
    /// Boxes are halved until no side is longer.
    pub smallest_km: f64,
    pub smallest_s: f64,
}

impl Default for AssociateParams {
    /// Six picks, two of them P and two S, at three stations, each within a second; boxes of 4 km and 1 s.
    fn default() -> Self {
        Self {
            n_picks: 6,
            n_p: 2,
            n_s: 2,
            n_stations: 3,
            tolerance_s: 1.0,
            smallest_km: 4.0,
            smallest_s: 1.0,
        }
    }
}

/// Picks that are of one earthquake, and where it was.
#[derive(Debug, Clone, PartialEq)]
pub struct AssociatedEvent {
    /// Which of the sorted picks, oldest first; [`Hypocentre::residuals`] has the same order.
    pub picks: Vec<usize>,
    pub hypocentre: Hypocentre,
}

/// What became of all picks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Associated {
    /// By origin time.
    pub events: Vec<AssociatedEvent>,
    /// Second picks of a wave that an event has a pick of.
    pub n_doubles: usize,
    /// Picks of no event.
    pub n_unused: usize,
    /// Boxes that were looked at.
    pub n_boxes: usize,
}

impl AssociateParams {
    /// Within half a minute nearly any pick fits.
    pub const TOLERANCES_S: std::ops::RangeInclusive<f64> = 0.01..=30.0;

    /// # Errors
    /// [`crate::Error::Associate`] naming the parameter that cannot serve, or of which the locator has too few stations.
    pub fn check(&self, locator: &Locator) -> Result<()> {
        let wrong = |what: String, remedy: &str| Err(fail!(Associate, "parameters", what, remedy));
        let lengths = [
            ("smallest_km", self.smallest_km),
            ("smallest_s", self.smallest_s),
        ];
        if let Some((name, value)) = lengths
            .into_iter()
            .find(|(_, v)| !(v.is_finite() && *v >= 0.01))
        {
            return wrong(format!("{name} is {value}"), "Give 0.01 or more");
        }
        if !Self::TOLERANCES_S.contains(&self.tolerance_s) {
            let what = format!("tolerance_s is {}", self.tolerance_s);
            return wrong(what, "Give 0.01 to 30");
        }
        if self.n_picks < 4 || self.n_stations < 3 {
            let what = format!(
                "n_picks is {} and n_stations {}",
                self.n_picks, self.n_stations
            );
            return wrong(
                what,
                "Four unknowns need four picks or more, at three stations or more",
            );
        }
        let n_sites = locator.sites().all().len();
        if self.n_stations > n_sites
            || self.n_picks > 2 * n_sites
            || self.n_p.max(self.n_s) > n_sites
        {
            let what = format!(
                "{} picks ({} P, {} S) at {} stations are asked for, and there are {n_sites} stations",
                self.n_picks, self.n_p, self.n_s, self.n_stations
            );
            return wrong(what, "Ask for at most one P and one S a station");
        }
        Ok(())
    }
}

/// How many picks, P, S and stations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    n_p: usize,
    n_s: usize,
    n_stations: usize,
}

impl Count {
    fn is_enough(self, params: &AssociateParams) -> bool {
        self.n_picks() >= params.n_picks
            && self.n_p >= params.n_p
            && self.n_s >= params.n_s
            && self.n_stations >= params.n_stations
    }

    fn n_picks(self) -> usize {
        self.n_p + self.n_s
    }
}

/// The sorted picks as the search needs them.
struct Picks<'a> {
    sorted: &'a Sorted,
    /// Seconds after the first pick.
    times_s: Vec<f64>,
    /// Twice the station's index, and one more for S.
    slots: Vec<usize>,
    /// Of each slot the picks, oldest first.
    of_slot: Vec<Vec<usize>>,
    is_used: Vec<bool>,
}

impl<'a> Picks<'a> {
    fn new(sorted: &'a Sorted, n_sites: usize) -> Self {
        let first = sorted
            .picks
            .first()
            .map(|(_, pick)| pick.time)
            .unwrap_or_default();
        let since = |(_, pick): &(usize, PhasePick)| between_s(first, pick.time);
        let slots: Vec<usize> = sorted
            .picks
            .iter()
            .map(|(site, pick)| 2 * site + pick.wave as usize)
            .collect();
        let mut of_slot = vec![Vec::new(); 2 * n_sites];
        for (pick, slot) in slots.iter().enumerate() {
            of_slot[*slot].push(pick);
        }
        Self {
            sorted,
            times_s: sorted.picks.iter().map(since).collect(),
            slots,
            of_slot,
            is_used: vec![false; sorted.picks.len()],
        }
    }

    /// How many different slots the picks have; `seen` is room for one entry a slot, which are all below `mark`.
    fn count(&self, picks: impl Iterator<Item = usize>, seen: &mut [u32], mark: u32) -> Count {
        let mut count = Count::default();
        for pick in picks {
            let slot = self.slots[pick];
            if seen[slot] == mark {
                continue;
            }
            count.n_stations += usize::from(seen[slot ^ 1] != mark);
            seen[slot] = mark;
            match slot % 2 {
                0 => count.n_p += 1,
                _ => count.n_s += 1,
            }
        }
        count
    }
}
