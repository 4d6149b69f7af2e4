//! What a bulletin leaves unexplained: picks that come with an event and fit none, and stations whose picks seldom fit one.
//!
//! A place inside the network can be found for some of the picks of an earthquake outside of it, and for none of the picks of a station
//! whose coordinates are wrong. Residuals do not show it, for what does not fit has none; what is left over does.

use std::collections::BTreeSet;

use super::{Bulletin, BulletinEvent};
use crate::locate::{PhasePick, Sites, Sorted};
use crate::time::{Time, seconds};

/// Told of a station whose picks place events at most half as often as those of the others, if that comes by chance once in a thousand stations
/// or less. In the swarm at Bardarbunga the rates of twelve stations are 0.9 to 1.2 times that of the others; of one that is moved by 22 km
/// 0.53 times, which is just not told.
const SELDOM: f64 = 0.5;
const BY_CHANCE: f64 = 1e-3;

/// A station whose picks place events much less often than those of the other stations.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SeldomFits {
    pub station: String,
    pub n_picks: usize,
    /// Of them in events, with a weight.
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
    /// Of each site the picks in events, and those of them that have a weight.
    n_of_events: Vec<usize>,
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
        for pick in events.iter().flat_map(|event| &event.picks) {
            if let Some(site) = sites.find(&pick.station) {
                used[site][pick.wave as usize].insert(pick.time);
            }
        }
        let [n_of_events, n_associated] = counts(events, sites);
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
            n_of_events,
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

    /// Stations whose picks place events at most half as often as those of the others.
    pub fn seldom(&self) -> Vec<SeldomFits> {
        let mut n_picks = self.n_of_events.clone();
        for (site, _) in &self.free {
            n_picks[*site] += 1;
        }
        seldom(self.sites, &n_picks, &self.n_associated)
    }
}

impl Bulletin {
    /// Of events whose picks are known: stations whose picks place them at most half as often as those of the others.
    pub fn seldom(&self, sites: &Sites) -> Vec<SeldomFits> {
        let [n_picks, n_placing] = counts(&self.events, sites);
        seldom(sites, &n_picks, &n_placing)
    }
}

/// Of each station the picks in events, and those of them that have a weight.
fn counts(events: &[BulletinEvent], sites: &Sites) -> [Vec<usize>; 2] {
    let (mut n_picks, mut n_placing) = (vec![0; sites.all().len()], vec![0; sites.all().len()]);
    for event in events {
        for (pick, of) in event.picks.iter().zip(&event.hypocentre.residuals) {
            if let Some(site) = sites.find(&pick.station) {
                n_picks[site] += 1;
                n_placing[site] += usize::from(of.weight > 0.0);
            }
        }
    }
    [n_picks, n_placing]
}

/// By the picks of each station, and how many of them place events.
fn seldom(sites: &Sites, n_picks: &[usize], n_associated: &[usize]) -> Vec<SeldomFits> {
    let (all, all_associated): (usize, usize) = (n_picks.iter().sum(), n_associated.iter().sum());
    let of_site = sites.all().iter().zip(n_picks).zip(n_associated);
    let seldom = of_site.filter_map(|((site, n_picks), n_associated)| {
        let fits = SeldomFits {
            station: site.id.clone(),
            n_picks: *n_picks,
            n_associated: *n_associated,
            n_picks_of_others: all - n_picks,
            n_associated_of_others: all_associated - n_associated,
        };
        fits.is_told().then_some(fits)
    });
    seldom.collect()
}

impl SeldomFits {
    fn is_told(&self) -> bool {
        let rate = self.n_associated_of_others as f64 / self.n_picks_of_others as f64;
        let expected = rate * self.n_picks as f64;
        self.n_associated as f64 <= SELDOM * expected
            && at_most(self.n_associated, expected) <= BY_CHANCE
    }
}

/// The probability of at most `n` events of which `expected` are expected (Poisson).
fn at_most(n: usize, expected: f64) -> f64 {
    let mut term = (-expected).exp();
    let mut sum = term;
    for i in 1..=n {
        term *= expected / i as f64;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_by_hand() {
        // e^-2 (1 + 2 + 2).
        assert!((at_most(2, 2.0) - 5.0 * (-2.0_f64).exp()).abs() < 1e-12);
        let fits = |n_picks, n_associated| SeldomFits {
            station: "A".into(),
            n_picks,
            n_associated,
            n_picks_of_others: 200,
            n_associated_of_others: 140,
        };
        // 35 of 50 are expected: 16 are few, 18 more than half, and of 7 none can be by chance.
        assert!(fits(50, 16).is_told() && !fits(50, 18).is_told());
        assert!(!fits(7, 0).is_told() && fits(10, 0).is_told());
    }
}
