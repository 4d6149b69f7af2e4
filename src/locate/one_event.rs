//! Whether picks can be of one event.

use std::collections::{BTreeMap, BTreeSet};

use super::picks::{PhasePick, Sorted};
use super::sites::Sites;
use crate::error::{Result, fail};
use crate::time::{Time, between_s};
use crate::travel::Wave;

impl Sorted {
    /// Looks whether all picks can be of one event whose waves take at most `longest_s` to a station: S comes after P at each station,
    /// and no pick comes later after the first than waves could take twice.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] naming the station or the time between.
    pub fn check_one_event(&self, sites: &Sites, longest_s: f64) -> Result<()> {
        // First, for of two events under one name the S of one may come before the P of the other.
        if let [(_, first), .., (_, last)] = &self.picks[..] {
            let apart_s = between_s(first.time, last.time);
            if apart_s > 2.0 * longest_s {
                let what = format!(
                    "picks {apart_s:.1} s apart, where waves take at most {longest_s:.1} s from the grid to a station"
                );
                let remedy = "These are two events under one name: give each a name of its own";
                return Err(fail!(Locate, "picks", what, remedy));
            }
        }
        match self.s_before_p().first_key_value() {
            None => Ok(()),
            Some((site, early_s)) => {
                let what = format!(
                    "S at {} is {early_s:.2} s before its P",
                    sites.all()[*site].id
                );
                let remedy = "Exchange their phases, take out the one that is wrong, or give each of two events a name of its own";
                Err(fail!(Locate, "picks", what, remedy))
            }
        }
    }

    /// Stations where an S comes before the first P, and by how many seconds.
    fn s_before_p(&self) -> BTreeMap<usize, f64> {
        let mut first_p = BTreeMap::<usize, Time>::new();
        let of = |wave| self.picks.iter().filter(move |(_, pick)| pick.wave == wave);
        for (site, pick) in of(Wave::P) {
            let first = first_p.entry(*site).or_insert(pick.time);
            *first = pick.time.min(*first);
        }
        let mut before = BTreeMap::new();
        for (site, pick) in of(Wave::S) {
            if let Some(p) = first_p.get(site).filter(|p| pick.time < **p) {
                before.entry(*site).or_insert(between_s(pick.time, *p));
            }
        }
        before
    }

    /// As [`Sorted::check_one_event`], but the picks of one station may contradict those of the others, or those of several where S comes
    /// before P, if the others have four picks or more at three stations or more. They are returned, and of several stations of which one is
    /// enough the one without which the others' picks last the shortest.
    ///
    /// # Errors
    /// As there, where the others do not agree either.
    pub fn odd_stations(&self, sites: &Sites, longest_s: f64) -> Result<BTreeSet<usize>> {
        let Err(error) = self.check_one_event(sites, longest_s) else {
            return Ok(BTreeSet::new());
        };
        let all: BTreeSet<usize> = self.picks.iter().map(|(site, _)| *site).collect();
        // How long the picks of the others last, if these can be of one event.
        let without = |odd: BTreeSet<usize>| {
            let mut others = self.clone();
            others.picks.retain(|(site, _)| !odd.contains(site));
            let is_enough = all.len() >= 3 + odd.len() && others.picks.len() >= 4;
            let agree = is_enough && others.check_one_event(sites, longest_s).is_ok();
            let [(_, first), .., (_, last)] = &others.picks[..] else {
                return None;
            };
            agree.then(|| (odd, between_s(first.time, last.time)))
        };
        let one = all.iter().filter_map(|site| without([*site].into()));
        let one = one.min_by(|a, b| a.1.total_cmp(&b.1));
        let several = || without(self.s_before_p().into_keys().collect());
        one.or_else(several).map(|(odd, _)| odd).ok_or(error)
    }

    /// Keeps of each wave at each station one pick, the most probable and of these the first, as is right where all picks are of
    /// one event. Returned is how many picks are dropped.
    pub fn drop_doubles(&mut self) -> usize {
        let n_picks = self.picks.len();
        let slot = |(site, pick): &(usize, PhasePick)| (*site, pick.wave == Wave::S);
        let mut best = BTreeMap::<(usize, bool), f64>::new();
        for one in &self.picks {
            let most = best.entry(slot(one)).or_insert(one.1.probability);
            *most = most.max(one.1.probability);
        }
        // What is taken out is kept, once.
        self.picks.retain(|one| {
            let is_best = best.get(&slot(one)) == Some(&one.1.probability);
            is_best && best.remove(&slot(one)).is_some()
        });
        n_picks - self.picks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn a_wave_at_a_station_has_one_pick() {
        let text = "station,phase,time,probability\n\
            XX.A,P,2014-05-01T00:00:06,0.5\nA,P,2014-05-01T00:00:07,0.9\nXX.A..HH,P,2014-05-01T00:00:08,0.9\n\
            A,S,2014-05-01T00:00:09,0.2\n";
        let sites = Sites::from_csv("id,latitude,longitude\nXX.A,1,1\n", "sites").unwrap();
        let mut sorted = Sorted::new(PhasePick::from_csv(text, "picks").unwrap(), &sites).unwrap();
        assert_eq!(sorted.drop_doubles(), 2);
        let kept: Vec<_> = sorted
            .picks
            .iter()
            .map(|(_, pick)| time::iso(pick.time))
            .collect();
        assert!(
            kept[0].contains("00:07") && kept[1].contains("00:09"),
            "{kept:?}"
        );
    }

    #[test]
    fn picks_that_cannot_be_of_one_event_are_refused() {
        let sites = "id,latitude,longitude\nXX.A,1,1\nXX.B,1,1.1\n";
        let sites = Sites::from_csv(sites, "sites").unwrap();
        let check = |rows: &str| {
            let text = format!("station,phase,time\n{rows}");
            let picks = PhasePick::from_csv(&text, "picks").unwrap();
            let checked = Sorted::new(picks, &sites)
                .unwrap()
                .check_one_event(&sites, 10.0);
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(
            check("A,P,2014-05-01T00:00:06\nA,S,2014-05-01T00:00:09\nB,P,2014-05-01T00:00:26\n"),
            Ok(())
        );
        let swapped =
            check("A,S,2014-05-01T00:00:06\nA,P,2014-05-01T00:00:09\nB,P,2014-05-01T00:00:07\n");
        assert!(
            swapped
                .unwrap_err()
                .contains("S at XX.A is 3.00 s before its P")
        );
        let two = check("A,P,2014-05-01T00:00:06\nB,P,2014-05-01T00:00:26.5\n");
        assert!(two.unwrap_err().contains("20.5 s apart"));
        let two = check("A,S,2014-05-01T00:00:06\nA,P,2014-05-01T00:00:26.5\n");
        assert!(two.unwrap_err().contains("20.5 s apart"));
    }

    #[test]
    fn one_station_may_contradict_the_others() {
        let sites =
            "id,latitude,longitude\nXX.A,1,1\nXX.B,1,1.1\nXX.C,1.1,1\nXX.D,1.1,1.1\nXX.E,1,1\n";
        let sites = Sites::from_csv(sites, "sites").unwrap();
        let others = "A,P,2014-05-01T00:00:06\nA,S,2014-05-01T00:00:08\nB,P,2014-05-01T00:00:06\nC,P,2014-05-01T00:00:07\n";
        let odd = |rows: &str| {
            let text = format!("station,phase,time\n{others}{rows}");
            let picks = PhasePick::from_csv(&text, "picks").unwrap();
            Sorted::new(picks, &sites)
                .unwrap()
                .odd_stations(&sites, 10.0)
        };
        assert_eq!(odd("D,P,2014-05-01T00:00:06\n").unwrap(), [].into());
        assert_eq!(
            odd("D,S,2014-05-01T00:00:06\nD,P,2014-05-01T00:00:08\n").unwrap(),
            [3].into()
        );
        // Two have the names exchanged.
        let two = "D,S,2014-05-01T00:00:06\nD,P,2014-05-01T00:00:08\nE,S,2014-05-01T00:00:06\nE,P,2014-05-01T00:00:09\n";
        assert_eq!(odd(two).unwrap(), [3, 4].into());
        assert_eq!(odd("D,P,2014-05-01T00:01:06\n").unwrap(), [3].into());
        // Without A they would last 20 s, and without D 1 s.
        assert_eq!(odd("D,P,2014-05-01T00:00:26.1\n").unwrap(), [3].into());
        let two = "D,P,2014-05-01T00:01:06\nC,S,2014-05-01T00:01:07\n";
        assert!(odd(two).is_err());
    }
}
