//! Recall at given rates of false alarms, with intervals that draw whole blocks of record.
//!
//! Earthquakes come in sequences, and false alarms in runs: cases that are drawn one by one would make an interval
//! too narrow. So the bootstrap draws blocks of time, each with its events and its alarms.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Claims, Interval, OperatingPoint, Score, bootstrap};
use crate::error::{Result, fail};

/// Recall at a threshold, with the 95 % interval of drawn blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RecallAtRate {
    pub point: OperatingPoint,
    pub lower: f64,
    pub upper: f64,
}

impl RecallAtRate {
    /// The recall, with the interval of drawn blocks in place of Wilson's.
    pub fn recall(&self) -> Score {
        let (lower, upper) = (self.lower, self.upper);
        Score {
            lower,
            upper,
            ..self.point.recall()
        }
    }
}

impl fmt::Display for RecallAtRate {
    /// `66.7 % [20.8, 93.9] of 3`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.recall().fmt(f)
    }
}

/// One block of record.
#[derive(Debug, Clone, Default)]
struct Block {
    n_events: usize,
    hours: f64,
    /// Events found above each threshold, and false alarms at it or above.
    n_found: Vec<usize>,
    n_false: Vec<usize>,
}

/// A detector's claims, counted in blocks of time at every threshold that matters.
#[derive(Debug, Clone)]
pub struct Blocks<'a> {
    claims: &'a Claims,
    block_s: f64,
    /// Scores of free time, falling.
    thresholds: Vec<f64>,
    blocks: Vec<Block>,
}

/// Draws of each interval.
const N_DRAWS: usize = 1000;

/// A draw of quiet blocks goes down to a threshold that has so many times the alarms on the whole record.
const BEYOND: f64 = 3.0;

impl<'a> Blocks<'a> {
    /// Counts claims in blocks of `block_s` seconds, for rates up to `max_per_hour`.
    pub fn of(claims: &'a Claims, block_s: f64, max_per_hour: f64) -> Self {
        let mut scores: Vec<f64> = claims.free.iter().map(|(_, score)| *score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores.dedup();
        let most = (BEYOND * max_per_hour * claims.free_hours).ceil() as usize + 1;
        let mut blocks: Vec<Block> = Vec::new();
        let at = |t: f64| (t / block_s) as usize;
        let last = claims.free.iter().map(|(t, _)| *t);
        let last = last.chain(claims.event_s.iter().copied());
        blocks.resize(last.fold(0, |n, t| n.max(at(t) + 1)), Block::default());
        for t in &claims.event_s {
            blocks[at(*t)].n_events += 1;
        }
        let hours = claims.free_hours / claims.free.len().max(1) as f64;
        for (t, _) in &claims.free {
            blocks[at(*t)].hours += hours;
        }
        let mut thresholds = Vec::new();
        for score in scores {
            thresholds.push(score);
            for block in &mut blocks {
                block.n_found.push(0);
                block.n_false.push(0);
            }
            let i = thresholds.len() - 1;
            for (t, best) in claims.event_s.iter().zip(&claims.best) {
                blocks[at(*t)].n_found[i] += usize::from(*best > score);
            }
            let mut n_false = 0;
            for t in claims.alarms(score) {
                blocks[at(t)].n_false[i] += 1;
                n_false += 1;
            }
            if n_false > most {
                break;
            }
        }
        // Who has no event and no free time tells nothing.
        blocks.retain(|block| block.n_events > 0 || block.hours > 0.0);
        Self {
            claims,
            block_s,
            thresholds,
            blocks,
        }
    }

    /// How many blocks are drawn from.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Where there is nothing to draw from.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// [`Claims::within`], with the interval of draws in each of which the threshold is chosen anew.
    ///
    /// # Errors
    /// As [`bootstrap`].
    pub fn within(&self, max_per_hour: f64, seed: u64) -> Result<RecallAtRate> {
        let recall = |drawn: &[usize]| self.recall_of(drawn, max_per_hour);
        let interval = bootstrap(self.len(), N_DRAWS, seed, recall)?;
        Ok(RecallAtRate {
            point: self.claims.within(max_per_hour),
            lower: interval.lower,
            upper: interval.upper,
        })
    }

    /// Recall at a rate less that of another detector on the same record, each at its own threshold. Both get the same
    /// draws, so that what makes a block easy or hard for both does not widen the interval.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where the blocks are not those of the same record; else as [`bootstrap`].
    pub fn difference(&self, other: &Self, max_per_hour: f64, seed: u64) -> Result<Interval> {
        let same = |(a, b): (&Block, &Block)| a.n_events == b.n_events && a.hours == b.hours;
        if self.len() != other.len() || !self.blocks.iter().zip(&other.blocks).all(same) {
            let what = format!("{} blocks and {} others", self.len(), other.len());
            let remedy = "Give both detectors the same windows";
            return Err(fail!(Evaluate, "paired difference", what, remedy));
        }
        bootstrap(self.len(), N_DRAWS, seed, |drawn| {
            self.recall_of(drawn, max_per_hour) - other.recall_of(drawn, max_per_hour)
        })
    }

    /// Recall on drawn blocks, at the smallest threshold that keeps to a rate on them.
    fn recall_of(&self, drawn: &[usize], max_per_hour: f64) -> f64 {
        let drawn = || drawn.iter().map(|i| &self.blocks[*i]);
        let hours: f64 = drawn().map(|block| block.hours).sum();
        let n_events: usize = drawn().map(|block| block.n_events).sum();
        let too_many = |i: &usize| {
            let n: usize = drawn().map(|block| block.n_false[*i]).sum();
            n as f64 > max_per_hour * hours
        };
        let n = self.thresholds.len();
        let i = (0..n).find(too_many).unwrap_or(n.saturating_sub(1));
        let n_found: usize = drawn().filter_map(|block| block.n_found.get(i)).sum();
        n_found as f64 / n_events as f64
    }

    /// [`Claims::at`] with an interval.
    ///
    /// # Errors
    /// As [`bootstrap`].
    pub fn at(&self, threshold: f64, seed: u64) -> Result<RecallAtRate> {
        let events = || self.claims.event_s.iter().zip(&self.claims.best);
        let n_blocks = events().fold(0, |n, (t, _)| n.max((t / self.block_s) as usize + 1));
        let mut found = vec![(0, 0); n_blocks];
        for (t, best) in events() {
            let (n_found, n) = &mut found[(t / self.block_s) as usize];
            *n_found += usize::from(*best >= threshold);
            *n += 1;
        }
        let recall = |drawn: &[usize]| {
            let sum = |of: fn(&(usize, usize)) -> usize| -> usize {
                drawn.iter().map(|i| of(&found[*i])).sum()
            };
            sum(|(n_found, _)| *n_found) as f64 / sum(|(_, n)| *n) as f64
        };
        let interval = bootstrap(n_blocks, N_DRAWS, seed, recall)?;
        Ok(RecallAtRate {
            point: self.claims.at(threshold),
            lower: interval.lower,
            upper: interval.upper,
        })
    }

    /// A point for each number of false alarms up to a rate: the one with most events.
    pub fn curve(&self, max_per_hour: f64) -> Vec<OperatingPoint> {
        let n_false = |i: usize| -> usize { self.blocks.iter().map(|b| b.n_false[i]).sum() };
        let mut curve = vec![self.claims.within(0.0)];
        for (i, threshold) in self.thresholds.iter().enumerate() {
            if n_false(i) as f64 > max_per_hour * self.claims.free_hours {
                break;
            }
            // Down to just above the next score there are no more alarms, and perhaps more events.
            let next = self.thresholds.get(i + 1);
            let point = self
                .claims
                .at(next.map_or(*threshold, |next| next.next_up()));
            match curve.last_mut() {
                Some(last) if last.counts.n_false == point.counts.n_false => *last = point,
                _ => curve.push(point),
            }
        }
        curve
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four quarters of an hour. In the first two an event each is found at 0.9; in the others there are two alarms of 0.8 and
    /// 0.7, and an event of 0.75 each.
    fn claims() -> Claims {
        let free = (0..3600).filter(|t| t % 900 > 100);
        let score = |t: i32| match t {
            2000 => 0.8,
            3000 => 0.7,
            _ => 0.1,
        };
        Claims {
            best: vec![0.9, 0.9, 0.75, 0.75],
            event_s: vec![50.0, 950.0, 1850.0, 2750.0],
            free: free.map(|t| (f64::from(t), score(t))).collect(),
            free_hours: 0.888,
        }
    }

    #[test]
    fn a_draw_of_the_whole_record_is_the_record() {
        let claims = claims();
        let blocks = Blocks::of(&claims, 900.0, 10.0);
        assert_eq!(blocks.len(), 4);
        for rate in [0.0, 1.2, 2.4] {
            let found = blocks.within(rate, 1).unwrap();
            assert_eq!(found.point, claims.within(rate));
            let value = found.point.recall().value;
            assert!(found.lower <= value && value <= found.upper, "{found}");
        }
        assert_eq!(blocks.within(0.0, 1).unwrap().point.counts.n_found, 2);
        assert_eq!(blocks.within(1.2, 1).unwrap().point.counts.n_found, 4);
    }

    #[test]
    fn blocks_that_differ_make_the_interval_wide() {
        let claims = claims();
        let at = Blocks::of(&claims, 900.0, 10.0).at(0.8, 1).unwrap();
        assert_eq!(at.point.recall().value, 0.5);
        assert_eq!((at.lower, at.upper), (0.0, 1.0));
    }

    #[test]
    fn differences_are_of_the_same_draws() {
        let (better, worse) = (
            claims(),
            Claims {
                best: vec![0.9, 0.9, 0.75, 0.05],
                ..claims()
            },
        );
        let [better, worse] = [&better, &worse].map(|claims| Blocks::of(claims, 900.0, 10.0));
        let difference = better.difference(&worse, 1.2, 1).unwrap();
        assert_eq!(difference.value, 0.25);
        // No draw has the other detector in front.
        assert!(difference.lower >= 0.0 && difference.upper <= 1.0);
        assert_eq!(better.difference(&better, 1.2, 1).unwrap().upper, 0.0);
        let longer = claims();
        let longer = Blocks::of(&longer, 1800.0, 10.0);
        assert!(better.difference(&longer, 1.2, 1).is_err());
    }

    #[test]
    fn a_curve_has_a_point_for_each_number_of_alarms() {
        let claims = claims();
        let curve = Blocks::of(&claims, 900.0, 10.0).curve(3.0);
        let counts = curve.iter().map(|p| (p.counts.n_false, p.counts.n_found));
        assert_eq!(counts.collect::<Vec<_>>(), [(0, 2), (1, 4), (2, 4)]);
    }
}
