//! From a small box to an event with all of its picks.

use super::AssociatedEvent;
use super::boxes::SpaceTimeBox;
use super::search::Search;
use crate::locate::{Hypocentre, PhasePick};
use crate::time::between_s;
use crate::travel::Wave;

/// Places and picks settle in two or three rounds.
const N_ROUNDS: usize = 4;

impl Search<'_> {
    /// Locates the picks of a small box, gathers all that fit, and keeps the event where they are enough.
    pub(super) fn try_event(&mut self, small: &SpaceTimeBox, middle: [f64; 3]) {
        let mut chosen = self.one_a_slot(small);
        let mut start = middle;
        let mut hypocentre = None;
        for _ in 0..N_ROUNDS {
            let Ok(found) = self.locator.locate_from(&self.of(&chosen), start) else {
                return;
            };
            let (east, north) = found.epicentre.local_km(self.locator.centre());
            start = [east, north, found.depth_km];
            let fitting = self.gather(&found);
            let is_settled = fitting == chosen;
            hypocentre = Some(found);
            if is_settled {
                break;
            }
            chosen = fitting;
            hypocentre = None;
        }
        let found = match hypocentre {
            Some(found) => Ok(found),
            None => self.locator.locate_from(&self.of(&chosen), start),
        };
        let Ok(hypocentre) = found else { return };
        let counting = chosen
            .iter()
            .zip(&hypocentre.residuals)
            .filter(|(_, r)| r.weight > 0.0);
        self.mark += 1;
        let count = self
            .picks
            .count(counting.map(|(pick, _)| *pick), &mut self.seen, self.mark);
        if count.is_enough(self.params) {
            self.take(chosen, hypocentre);
        }
    }

    fn of(&self, chosen: &[usize]) -> Vec<(usize, PhasePick)> {
        chosen
            .iter()
            .map(|pick| self.picks.sorted.picks[*pick].clone())
            .collect()
    }

    /// Of each station and wave the pick nearest to the middle of the times that the box allows.
    fn one_a_slot(&mut self, small: &SpaceTimeBox) -> Vec<usize> {
        let bounds = self.times.of(small.level, small.index);
        let off_s = |pick: usize| {
            let (least_s, most_s) = bounds[self.picks.slots[pick]];
            let middle_s = (small.start_s + small.end_s + f64::from(least_s + most_s)) / 2.0;
            (self.picks.times_s[pick] - middle_s).abs()
        };
        let mut best = vec![None::<usize>; self.picks.of_slot.len()];
        for pick in &small.picks {
            let held = &mut best[self.picks.slots[*pick]];
            if held.is_none_or(|other| off_s(*pick) < off_s(other)) {
                *held = Some(*pick);
            }
        }
        let mut chosen: Vec<usize> = best.into_iter().flatten().collect();
        chosen.sort_unstable();
        chosen
    }

    /// Of each station and wave the unused pick nearest to its computed time, within the tolerance.
    fn gather(&self, hypocentre: &Hypocentre) -> Vec<usize> {
        let mut fitting: Vec<usize> = self
            .computed(hypocentre)
            .filter_map(|(slot, time_s)| {
                let near = self.within(slot, time_s);
                let off_s = |pick: &usize| (self.picks.times_s[*pick] - time_s).abs();
                near.min_by(|a, b| off_s(a).total_cmp(&off_s(b)))
            })
            .collect();
        fitting.sort_unstable();
        fitting
    }

    /// When each wave comes to each station, in seconds after the first pick.
    fn computed(&self, hypocentre: &Hypocentre) -> impl Iterator<Item = (usize, f64)> {
        let first = self.picks.sorted.picks[0].1.time;
        let origin_s = between_s(first, hypocentre.origin_time);
        let (epicentre, depth_km) = (hypocentre.epicentre, hypocentre.depth_km);
        self.locator
            .sites()
            .all()
            .iter()
            .enumerate()
            .flat_map(move |(i, site)| {
                let distance_km = epicentre.distance_km(site.position);
                [Wave::P, Wave::S].map(|wave| {
                    let time_s = self
                        .locator
                        .travel_time(i, wave, depth_km, distance_km)
                        .time_s;
                    (
                        2 * i + wave as usize,
                        origin_s + time_s + self.locator.terms_s()[i][wave as usize],
                    )
                })
            })
    }

    /// The unused picks of a slot within the tolerance of a time.
    fn within(&self, slot: usize, time_s: f64) -> impl Iterator<Item = usize> {
        let picks = &self.picks.of_slot[slot];
        let earliest_s = time_s - self.params.tolerance_s;
        let first = picks.partition_point(|pick| self.picks.times_s[*pick] < earliest_s);
        let latest_s = time_s + self.params.tolerance_s;
        picks[first..]
            .iter()
            .copied()
            .take_while(move |pick| self.picks.times_s[*pick] <= latest_s)
            .filter(|pick| !self.picks.is_used[*pick])
    }

    /// Uses the event's picks up, and the doubles of them.
    fn take(&mut self, chosen: Vec<usize>, hypocentre: Hypocentre) {
        let times: Vec<(usize, f64)> = self.computed(&hypocentre).collect();
        for pick in &chosen {
            self.picks.is_used[*pick] = true;
        }
        for (slot, time_s) in times {
            if !chosen.iter().any(|pick| self.picks.slots[*pick] == slot) {
                continue;
            }
            let doubles: Vec<usize> = self.within(slot, time_s).collect();
            self.found.n_doubles += doubles.len();
            for pick in doubles {
                self.picks.is_used[pick] = true;
            }
        }
        self.found.events.push(AssociatedEvent {
            picks: chosen,
            hypocentre,
        });
    }
}
