//! What a bulletin leaves unexplained: picks that come with an event and fit none, and stations whose picks seldom fit one.
//!
//! A place inside the network can be found for some of the picks of an earthquake outside of it, and for none of the picks of a station
//! whose coordinates are wrong. Residuals do not show it, for what does not fit has none; what is left over does.

use std::collections::BTreeSet;

use super::BulletinEvent;
use crate::locate::{PhasePick, Sites, Sorted};
use crate::time::{Time, seconds};

/// By chance fewer than a fifth of so many picks fit, where all of them should, once in a hundred times or less (Poisson).
const FEWEST_EXPECTED: f64 = 5.0;
const SELDOM: f64 = 0.2;

/// A station whose picks fit events much less often than those of the other stations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SeldomFits {
    pub station: String,
    pub n_picks: usize,
    /// Of them in events.
    pub n_associated: usize,
    /// Of the other stations together.
    pub n_picks_of_others: usize,
    pub n_associated_of_others: usize,
}

/// Picks by what became of them.
pub(super) struct Unexplained<'a> {
    sites: &'a Sites,
    /// Of no event, and no double of an event's pick: site, and the pick, oldest first.
    free: Vec<(usize, &'a PhasePick)>,
    /// Of each site the picks in events.
    n_associated: Vec<usize>,
}

impl<'a> Unexplained<'a> {
    /// A pick within `tolerance_s` of one of its station and wave that is of an event is a double of it. Stations in `left_out` are told of
    /// elsewhere.
    pub fn of(
        sorted: &'a Sorted,
        events: &[BulletinEvent],
        sites: &'a Sites,
        tolerance_s: f64,
        left_out: &BTreeSet<&str>,
    ) -> Self {
        let mut used = vec![[BTreeSet::new(), BTreeSet::new()]; sites.all().len()];
        let mut n_associated = vec![0; used.len()];
        for pick in events.iter().flat_map(|event| &event.picks) {
            if let Some(site) = sites.find(&pick.station) {
                used[site][pick.wave as usize].insert(pick.time);
                n_associated[site] += 1;
            }
        }
        let near = seconds(tolerance_s);
        let is_free = |(site, pick): &(usize, &PhasePick)| {
            let (from, to) = (pick.time - near, pick.time + near);
            let mut of_events = used[*site][pick.wave as usize].range(from..=to);
            of_events.next().is_none() && !left_out.contains(sites.all()[*site].id.as_str())
        };
        let all = sorted.picks.iter().map(|(site, pick)| (*site, pick));
        Self {
            sites,
            free: all.filter(is_free).collect(),
            n_associated,
        }
    }

    /// How many waves come to the stations between the first and the last pick that place an event, and are neither of it nor of
    /// another one: picks of one wave at one station count once.
    pub fn n_beside(&self, event: &BulletinEvent) -> usize {
        let both = event.picks.iter().zip(&event.hypocentre.residuals);
        let placing = both.filter(|(_, of)| of.weight > 0.0);
        let times: Vec<Time> = placing.map(|(pick, _)| pick.time).collect();
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
            return 0;
        };
        let wave = |site: usize, pick: &PhasePick| (site, pick.wave as usize);
        let own = event.picks.iter();
        let own = own.filter_map(|pick| Some(wave(self.sites.find(&pick.station)?, pick)));
        let own: BTreeSet<_> = own.collect();
        let begin = self.free.partition_point(|(_, pick)| pick.time < *first);
        let end = self.free.partition_point(|(_, pick)| pick.time <= *last);
        let beside = self.free[begin..end]
            .iter()
            .map(|(site, pick)| wave(*site, pick));
        beside.collect::<BTreeSet<_>>().difference(&own).count()
    }

    /// Stations of which a fifth or less of the picks are in events that would be if they fitted as often as the others'.
    pub fn seldom(&self) -> Vec<SeldomFits> {
        let mut n_free = vec![0; self.n_associated.len()];
        for (site, _) in &self.free {
            n_free[*site] += 1;
        }
        let (all_free, all_associated): (usize, usize) =
            (n_free.iter().sum(), self.n_associated.iter().sum());
        let of_site = self.sites.all().iter().zip(&n_free).zip(&self.n_associated);
        let seldom = of_site.filter_map(|((site, free), associated)| {
            let fits = SeldomFits {
                station: site.id.clone(),
                n_picks: free + associated,
                n_associated: *associated,
                n_picks_of_others: all_free + all_associated - free - associated,
                n_associated_of_others: all_associated - associated,
            };
            fits.is_told().then_some(fits)
        });
        seldom.collect()
    }
}

impl SeldomFits {
    fn is_told(&self) -> bool {
        let rate = self.n_associated_of_others as f64 / self.n_picks_of_others as f64;
        let expected = rate * self.n_picks as f64;
        expected >= FEWEST_EXPECTED && self.n_associated as f64 <= SELDOM * expected
    }
}
