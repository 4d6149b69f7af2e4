//! The search: the box with the most picks first.

use std::collections::{BTreeSet, BinaryHeap};

use super::boxes::{BoxTimes, SpaceTimeBox};
use super::{AssociateParams, Associated, Picks};
use crate::error::{Result, fail};
use crate::locate::{Locator, Sorted};

/// A kilometre counts as much as the time in which P crosses it.
const SPEED_KM_S: f64 = 6.0;

/// At the beginning origin times are cut into stretches of this length.
const STRETCH_S: f64 = 30.0;

/// Finds the events that picks are of.
///
/// # Errors
/// [`crate::Error::Associate`] where a parameter is impossible or asks for more than the stations can give, or the picks reach
/// over more than 100 years.
pub fn associate(
    locator: &Locator,
    sorted: &Sorted,
    params: &AssociateParams,
) -> Result<Associated> {
    params.check(locator)?;
    let picks = Picks::new(sorted, locator.sites().all().len());
    let span_s = picks.times_s.last().copied().unwrap_or_default();
    if span_s > 100.0 * 366.0 * 86_400.0 {
        let what = format!("they reach over {:.0} years", span_s / (365.25 * 86_400.0));
        return Err(fail!(
            Associate,
            "picks",
            what,
            "Correct their times, or give fewer years"
        ));
    }
    let mut search = Search {
        locator,
        params,
        times: BoxTimes::new(locator),
        seen: vec![0; 2 * locator.sites().all().len()],
        mark: 0,
        waiting: BinaryHeap::new(),
        picks,
        found: Associated::default(),
    };
    search.begin();
    while let Some(next) = search.waiting.pop() {
        search.look(next);
    }
    let mut found = search.found;
    found.n_unused = search
        .picks
        .is_used
        .iter()
        .filter(|is_used| !**is_used)
        .count();
    found
        .events
        .sort_by_key(|event| event.hypocentre.origin_time);
    Ok(found)
}

pub(super) struct Search<'a> {
    pub locator: &'a Locator,
    pub params: &'a AssociateParams,
    pub times: BoxTimes<'a>,
    pub picks: Picks<'a>,
    pub found: Associated,
    waiting: BinaryHeap<SpaceTimeBox>,
    pub seen: Vec<u32>,
    pub mark: u32,
}

impl Search<'_> {
    /// The whole grid, one stretch of time after the other, as far as there are picks.
    fn begin(&mut self) {
        let bounds = self.times.of([0; 3], [0; 3]);
        let longest_s = bounds
            .iter()
            .map(|(_, most)| f64::from(*most))
            .fold(0.0, f64::max);
        let times_s = &self.picks.times_s;
        // Of each pick the stretches in which its earthquake can have been.
        let stretch = |time_s: f64| (time_s / STRETCH_S).floor() as i64;
        let stretches: BTreeSet<i64> = times_s
            .iter()
            .flat_map(|time_s| stretch(time_s - longest_s)..=stretch(*time_s))
            .collect();
        let roots: Vec<_> = stretches
            .into_iter()
            .map(|i| {
                let (start_s, end_s) = (i as f64 * STRETCH_S, (i + 1) as f64 * STRETCH_S);
                let first = times_s.partition_point(|t| *t < start_s);
                let last = times_s.partition_point(|t| *t <= end_s + longest_s);
                (start_s, end_s, first..last)
            })
            .collect();
        for (start_s, end_s, range) in roots {
            let whole = SpaceTimeBox {
                level: [0; 3],
                index: [0; 3],
                start_s,
                end_s,
                picks: Vec::new(),
                n: 0,
            };
            self.wait(whole, &range.collect::<Vec<_>>());
        }
    }

    /// Keeps a box if enough of these picks can come from inside.
    fn wait(&mut self, mut part: SpaceTimeBox, picks: &[usize]) {
        let bounds = self.times.of(part.level, part.index);
        let all = &self.picks;
        let fits = |pick: &usize| {
            let (least_s, most_s) = bounds[all.slots[*pick]];
            let time_s = all.times_s[*pick];
            !all.is_used[*pick]
                && time_s >= part.start_s + f64::from(least_s)
                && time_s <= part.end_s + f64::from(most_s)
        };
        part.picks.extend(picks.iter().copied().filter(fits));
        self.found.n_boxes += 1;
        self.count(&mut part);
        if part.n > 0 {
            self.waiting.push(part);
        }
    }

    /// Counts a box's picks that are not used; 0 where they are not enough.
    fn count(&mut self, part: &mut SpaceTimeBox) {
        self.mark += 1;
        let count = self
            .picks
            .count(part.picks.iter().copied(), &mut self.seen, self.mark);
        part.n = if count.is_enough(self.params) {
            count.n_picks()
        } else {
            0
        };
    }

    fn look(&mut self, mut next: SpaceTimeBox) {
        let is_used = &self.picks.is_used;
        let n_before = next.picks.len();
        next.picks.retain(|pick| !is_used[*pick]);
        if next.picks.len() < n_before {
            let n = next.n;
            self.count(&mut next);
            if next.n < n {
                if next.n > 0 {
                    self.waiting.push(next);
                }
                return;
            }
        }
        let (low, high) = self.times.corners_km(next.level, next.index);
        let sides_km: [f64; 3] = std::array::from_fn(|axis| high[axis] - low[axis]);
        let (axis, longest_km) = (0..3)
            .map(|axis| (axis, sides_km[axis]))
            .fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
        let length_s = next.end_s - next.start_s;
        let is_small = longest_km <= self.params.smallest_km && length_s <= self.params.smallest_s;
        if is_small {
            let middle = std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0);
            self.try_event(&next, middle);
        } else if length_s > self.params.smallest_s && length_s >= longest_km / SPEED_KM_S
            || longest_km <= self.params.smallest_km
        {
            let middle_s = (next.start_s + next.end_s) / 2.0;
            for (start_s, end_s) in [(next.start_s, middle_s), (middle_s, next.end_s)] {
                let half = SpaceTimeBox {
                    start_s,
                    end_s,
                    picks: Vec::new(),
                    ..next
                };
                self.wait(half, &next.picks);
            }
        } else {
            for side in 0..2 {
                let (mut level, mut index) = (next.level, next.index);
                level[axis] += 1;
                index[axis] = 2 * index[axis] + side;
                let half = SpaceTimeBox {
                    level,
                    index,
                    picks: Vec::new(),
                    ..next
                };
                self.wait(half, &next.picks);
            }
        }
    }
}
