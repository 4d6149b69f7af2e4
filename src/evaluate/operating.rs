//! A detector at one of its thresholds, and the one rule that chooses among them.

use std::ops::Add;

use serde::{Deserialize, Serialize};

use super::{Rate, Score};
use crate::error::Result;

/// What a detector found on one record or several.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Events that must be found, and were.
    pub n_found: usize,
    /// Events that must be found, and could.
    pub n_counted: usize,
    /// Detections at an event of any size.
    pub n_right: usize,
    /// Detections at no event at all: false alarms.
    pub n_false: usize,
    /// Hours scanned; 0 where single windows were judged.
    pub hours: f64,
}

impl Counts {
    /// Of the events that must be found, those found.
    pub fn recall(&self) -> Score {
        Score::of(self.n_found, self.n_counted)
    }

    /// Of the detections, those at an event of any size.
    pub fn precision(&self) -> Score {
        Score::of(self.n_right, self.n_right + self.n_false)
    }

    /// False alarms an hour.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where no hours were scanned.
    pub fn false_alarms(&self) -> Result<Rate> {
        Rate::of(self.n_false, self.hours)
    }

    /// Whether there are at most so many false alarms an hour.
    pub fn keeps_to(&self, max_per_hour: f64) -> bool {
        self.n_false as f64 <= max_per_hour * self.hours
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            n_found: self.n_found + other.n_found,
            n_counted: self.n_counted + other.n_counted,
            n_right: self.n_right + other.n_right,
            n_false: self.n_false + other.n_false,
            hours: self.hours + other.hours,
        }
    }
}

/// A threshold, and what a detector does with it: one point of its operating curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    pub threshold: f64,
    pub counts: Counts,
}

impl OperatingPoint {
    /// As [`Counts::recall`].
    pub fn recall(&self) -> Score {
        self.counts.recall()
    }

    /// As [`Counts::precision`].
    pub fn precision(&self) -> Score {
        self.counts.precision()
    }

    /// As [`Counts::false_alarms`].
    ///
    /// # Errors
    /// As [`Counts::false_alarms`].
    pub fn false_alarms(&self) -> Result<Rate> {
        self.counts.false_alarms()
    }
}

/// The point with the smallest threshold whose false alarms stay within a budget.
///
/// This is the project's one rule for a threshold: somebody looks at each detection, and can look at
/// `max_per_hour` false alarms an hour. Give it the curve of a *validation* record, never that of the
/// record that judges.
///
/// Every larger threshold of the curve must keep to the budget too: a lucky dip below it is not taken.
/// Where even the largest threshold exceeds the budget, that one is taken ([`Counts::keeps_to`] tells). `None` for an empty curve.
/// The points may come in any order.
///
/// ```
/// use quakebook::evaluate::{Counts, OperatingPoint, smallest_threshold_within};
/// let at = |threshold, n_false| OperatingPoint {
///     threshold,
///     counts: Counts { n_false, hours: 10.0, ..Counts::default() },
/// };
/// let curve = [at(0.9, 0), at(0.7, 4), at(0.5, 5), at(0.3, 90)];
/// let chosen = smallest_threshold_within(&curve, 0.5).unwrap();
/// assert_eq!(chosen.threshold, 0.5);
/// ```
pub fn smallest_threshold_within(
    curve: &[OperatingPoint],
    max_per_hour: f64,
) -> Option<OperatingPoint> {
    let mut falling = curve.to_vec();
    falling.sort_by(|a, b| b.threshold.total_cmp(&a.threshold));
    let is_within = |point: &&OperatingPoint| point.counts.keeps_to(max_per_hour);
    let smallest = falling.iter().take_while(is_within).last();
    smallest.or(falling.first()).copied()
}

/// Recall at a rate of false alarms, so that detectors can be compared at the same one: that of the point which
/// [`smallest_threshold_within`] takes. Of a curve without a point within the rate it is none of the events.
///
/// The record holds a whole number of false alarms: the nearest. One a day is one in a day that lacks a minute, too.
///
/// ```
/// use quakebook::evaluate::{Counts, OperatingPoint, recall_at_rate};
/// let at = |threshold, n_found, n_false| OperatingPoint {
///     threshold,
///     counts: Counts { n_found, n_counted: 8, n_false, hours: 23.9, ..Counts::default() },
/// };
/// let curve = [at(9.0, 2, 0), at(5.0, 6, 1), at(3.0, 8, 40)];
/// assert_eq!(recall_at_rate(&curve, 1.0 / 24.0).value, 0.75);
/// assert_eq!(recall_at_rate(&curve[2..], 1.0).value, 0.0);
/// ```
pub fn recall_at_rate(curve: &[OperatingPoint], max_per_hour: f64) -> Score {
    let n_allowed = |point: &OperatingPoint| (max_per_hour * point.counts.hours).round();
    let Some(first) = curve.first().filter(|point| point.counts.hours > 0.0) else {
        return Score::of(0, 0);
    };
    // Half an alarm more allows no further one.
    let rate = (n_allowed(first) + 0.5) / first.counts.hours;
    match smallest_threshold_within(curve, rate) {
        Some(point) if point.counts.n_false as f64 <= n_allowed(&point) => point.recall(),
        _ => Score::of(0, first.counts.n_counted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(threshold: f64, n_false: usize) -> OperatingPoint {
        OperatingPoint {
            threshold,
            counts: Counts {
                n_false,
                hours: 10.0,
                ..Counts::default()
            },
        }
    }

    #[test]
    fn the_smallest_threshold_within_the_budget() {
        let mut curve = [at(0.1, 80), at(0.3, 5), at(0.5, 4), at(0.9, 0)];
        let chosen = |curve: &[OperatingPoint], budget| {
            smallest_threshold_within(curve, budget).map(|point| point.threshold)
        };
        assert_eq!(chosen(&curve, 0.5), Some(0.3));
        assert_eq!(chosen(&curve, 0.49), Some(0.5));
        assert_eq!(chosen(&curve, 0.0), Some(0.9));
        assert_eq!(chosen(&curve, 8.0), Some(0.1));
        curve.reverse();
        assert_eq!(chosen(&curve, 0.5), Some(0.3), "whatever the order");
    }

    #[test]
    fn a_dip_below_the_budget_is_passed_over() {
        let curve = [at(0.1, 3), at(0.3, 9), at(0.5, 4)];
        let chosen = smallest_threshold_within(&curve, 0.5).unwrap();
        assert_eq!(chosen.threshold, 0.5);
    }

    #[test]
    fn where_no_threshold_is_within_the_largest() {
        let chosen = smallest_threshold_within(&[at(0.1, 90), at(0.9, 6)], 0.5).unwrap();
        assert_eq!(chosen.threshold, 0.9);
        assert!(!chosen.counts.keeps_to(0.5) && chosen.counts.keeps_to(0.6));
        assert_eq!(smallest_threshold_within(&[], 0.5), None);
    }

    #[test]
    fn counts_add_up_and_give_scores() {
        let one = Counts {
            n_found: 3,
            n_counted: 4,
            n_right: 5,
            n_false: 1,
            hours: 2.0,
        };
        let two = one + one;
        assert_eq!((two.recall().value, two.recall().n), (0.75, 8));
        assert_eq!(two.precision().n, 12);
        assert_eq!(two.false_alarms().unwrap().per_hour, 0.5);
        assert!(Counts::default().false_alarms().is_err(), "nothing scanned");
    }
}
