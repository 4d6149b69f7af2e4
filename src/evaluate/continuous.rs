//! A detector on continuous record beside the picks of an analyst or of another program.
//!
//! A *reference event* should be found: a claim counts for it where a window begins so long before its P wave that
//! P lies within the window, from a tenth to six tenths of it. *Free time* holds nothing at all, not even what the
//! other program hardly believed in: a claim there is a false alarm, or an earthquake that is too small for the other
//! program, so its rate is an upper bound. Elsewhere nothing is counted.

use super::{Counts, OperatingPoint};
use crate::error::{Result, fail};
use crate::time::{self, Time, between_s};

/// What is known of a record: in time order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// P waves of the events that should be found.
    pub events: Vec<Time>,
    /// Every wave that anybody may have seen, those of the events among them.
    pub busy: Vec<Time>,
}

/// Nothing is known from so long before an instant of free time until so long after it.
const FREE_BEFORE_S: f64 = 15.0;
const FREE_AFTER_S: f64 = 10.0;

/// P lies from here to here in a window that finds it, in shares of the window.
const FROM: f64 = 0.1;
const TO: f64 = 0.6;

/// Alarms that follow one another so closely are one.
const ONE_ALARM_S: f64 = 10.0;

/// Room at both ends of the record, in which no event is counted.
const ENDS_S: (f64, f64) = (6.0, 10.0);

/// A detector's claims on a record, ready to be judged at any threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// The largest score among the windows that find it, for each event; smallest of all where there is no window.
    pub best: Vec<f64>,
    /// Seconds from the record's start to the P wave of each event.
    pub event_s: Vec<f64>,
    /// Seconds since the record's start and score of each window in free time, in time order.
    pub free: Vec<(f64, f64)>,
    pub free_hours: f64,
}

impl Claims {
    /// From the windows of a scan, in time order: start and score, the larger the more like an event.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where there is no window, or a score is NaN.
    pub fn of(windows: &[(Time, f64)], window_s: f64, known: &Known) -> Result<Self> {
        let (Some(first), Some(last)) = (windows.first(), windows.last()) else {
            let remedy = "Scan a record that is longer than a window";
            return Err(fail!(Evaluate, "claims", "not one window", remedy));
        };
        if let Some((at, _)) = windows.iter().find(|(_, score)| score.is_nan()) {
            let remedy = "Check the weights of the network";
            let place = format!("window at {}", time::iso(*at));
            return Err(fail!(Evaluate, place, "its score is NaN", remedy));
        }
        let (start, end) = (first.0, last.0 + time::seconds(window_s));
        let within = |list: &[Time], from: Time, to: Time| {
            let i = list.partition_point(|t| *t < from);
            list.get(i).is_some_and(|t| *t <= to)
        };
        let counted =
            |p: &&Time| between_s(start, **p) >= ENDS_S.0 && between_s(**p, end) >= ENDS_S.1;
        let best = |p: &Time| {
            let (from, to) = (
                *p - time::seconds(TO * window_s),
                *p - time::seconds(FROM * window_s),
            );
            let i = windows.partition_point(|(t, _)| *t < from);
            let inside = windows[i..].iter().take_while(|(t, _)| *t <= to);
            inside
                .map(|(_, score)| *score)
                .fold(f64::NEG_INFINITY, f64::max)
        };
        let is_free = |second: i64| {
            let at = start + time::seconds(second as f64);
            !within(
                &known.busy,
                at - time::seconds(FREE_BEFORE_S),
                at + time::seconds(FREE_AFTER_S),
            )
        };
        let free: Vec<bool> = (0..between_s(start, end) as i64).map(is_free).collect();
        let free_at = |t: Time| {
            free.get(between_s(start, t) as usize)
                .is_some_and(|free| *free)
        };
        let events = || known.events.iter().filter(counted);
        Ok(Self {
            best: events().map(best).collect(),
            event_s: events().map(|p| between_s(start, *p)).collect(),
            free: windows
                .iter()
                .filter(|(t, _)| free_at(*t))
                .map(|(t, score)| (between_s(start, *t), *score))
                .collect(),
            free_hours: free.iter().filter(|free| **free).count() as f64 / 3600.0,
        })
    }

    /// The claims of several records as those of one: their alarms never meet.
    pub fn joined(all: impl IntoIterator<Item = Self>) -> Self {
        let mut joined = Self {
            best: Vec::new(),
            event_s: Vec::new(),
            free: Vec::new(),
            free_hours: 0.0,
        };
        for mut one in all {
            let last_free = joined.free.last().map(|(t, _)| *t);
            let last_event = joined.event_s.last().copied();
            let last = last_free.into_iter().chain(last_event).reduce(f64::max);
            let after = last.map_or(0.0, |t| t + 100.0 * ONE_ALARM_S);
            joined.best.append(&mut one.best);
            joined.event_s.extend(one.event_s.iter().map(|t| t + after));
            joined
                .free
                .extend(one.free.into_iter().map(|(t, score)| (t + after, score)));
            joined.free_hours += one.free_hours;
        }
        joined
    }

    /// Seconds from the record's start to each false alarm of a threshold.
    pub fn alarms(&self, threshold: f64) -> impl Iterator<Item = f64> {
        let mut before = f64::NEG_INFINITY;
        let claimed = self
            .free
            .iter()
            .filter(move |(_, score)| *score >= threshold);
        claimed.filter_map(move |(t, _)| {
            let is_new = t - std::mem::replace(&mut before, *t) > ONE_ALARM_S;
            is_new.then_some(*t)
        })
    }

    /// Events found and false alarms of a threshold.
    pub fn at(&self, threshold: f64) -> OperatingPoint {
        let found = self.best.iter().filter(|score| **score >= threshold);
        let n_found = found.count();
        OperatingPoint {
            threshold,
            counts: Counts {
                n_found,
                n_counted: self.best.len(),
                n_right: n_found,
                n_false: self.alarms(threshold).count(),
                hours: self.free_hours,
            },
        }
    }

    /// The point with the smallest threshold from which on no larger one has more false alarms an hour than these.
    ///
    /// Where not one alarm is allowed it lies just above the largest score in free time.
    pub fn within(&self, max_per_hour: f64) -> OperatingPoint {
        let mut scores: Vec<f64> = self.free.iter().map(|(_, score)| *score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores.dedup();
        let mut chosen = f64::INFINITY;
        for (i, score) in scores.iter().enumerate() {
            if self.at(*score).counts.n_false as f64 > max_per_hour * self.free_hours {
                // Just above the score that is too much.
                chosen = score.next_up();
                break;
            }
            chosen = scores
                .get(i + 1)
                .map_or(f64::NEG_INFINITY, |next| next.next_up());
        }
        self.at(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Time {
        Time::UNIX_EPOCH + time::seconds(seconds)
    }

    /// A window a second for two minutes; P at 50 s. Two windows find it, two alarms lie in free time and one beside P.
    fn claims() -> Claims {
        let score = |s: i64| match s {
            45 => 0.9,
            47 => 0.6,
            10 | 15 => 0.8,
            42 => 0.99,
            100 => 0.4,
            _ => 0.1,
        };
        let windows: Vec<(Time, f64)> = (0..120).map(|s| (at(s as f64), score(s))).collect();
        let known = Known {
            events: vec![at(50.0)],
            busy: vec![at(50.0)],
        };
        Claims::of(&windows, 10.0, &known).unwrap()
    }

    /// Free is what lies more than 10 s before or 15 s after 50 s: 0 to 39 s and 66 to 128 s of 0 to 128.
    #[test]
    fn events_alarms_and_free_time_by_hand() {
        let claims = claims();
        assert_eq!(claims.best, [0.9]);
        assert_eq!((claims.free_hours * 3600.0).round(), 40.0 + 63.0);
        // 10 and 15 s are one alarm, 100 s the second; 42 s is neither free nor in the place that finds P.
        let counts = |threshold| claims.at(threshold).counts;
        assert_eq!((counts(0.4).n_found, counts(0.4).n_false), (1, 2));
        assert_eq!((counts(0.8).n_found, counts(0.8).n_false), (1, 1));
        assert_eq!((counts(0.95).n_found, counts(0.95).n_false), (0, 0));
    }

    #[test]
    fn the_smallest_threshold_within_a_rate() {
        let claims = claims();
        let per_alarm = 1.0 / claims.free_hours;
        assert_eq!(claims.within(0.0).threshold, 0.8f64.next_up());
        assert_eq!(claims.within(1.01 * per_alarm).threshold, 0.4f64.next_up());
        // Who claims everywhere has one alarm in each span of free time, as alarms that follow one another are one.
        let everywhere = claims.within(2.01 * per_alarm);
        assert_eq!(
            (everywhere.threshold, everywhere.counts.n_false),
            (f64::NEG_INFINITY, 2)
        );
    }

    #[test]
    fn records_are_joined_without_joining_their_alarms() {
        let joined = Claims::joined([claims(), claims()]);
        assert_eq!(joined.at(0.4).counts.n_false, 4);
        assert_eq!(joined.at(0.4).counts.n_counted, 2);
    }

    #[test]
    fn a_score_that_is_no_number_is_refused() {
        let known = Known::default();
        assert!(Claims::of(&[(at(0.0), f64::NAN)], 10.0, &known).is_err());
        assert!(Claims::of(&[], 10.0, &known).is_err());
    }
}
