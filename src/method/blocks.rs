//! The catalog's time in blocks: what trains, what validates, what tests, and what is set aside.

use chrono::{NaiveTime, TimeDelta};

use crate::catalog::Catalog;
use crate::study::Study;
use crate::time::{Time, TimeSpan};

/// Instants at which the training time ends and the test begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeBlocks {
    /// Start of the validation time; what is older trains.
    pub validation: Time,
    /// Start of the test; what is between validates.
    pub test: Time,
}

/// The study's time that was set aside altogether: its scanned hours, and the block of the final
/// scores, [`Study::held_out`].
pub fn held_out(study: &Study) -> [TimeSpan; 2] {
    [study.scanned(), study.held_out]
}

impl TimeBlocks {
    /// Divides the catalog's time so that the study's fractions of the events that are not set aside
    /// train and validate.
    pub fn of(study: &Study, catalog: &Catalog) -> Self {
        let usable = not_held_out(study, catalog);
        let n = usable.len() as f64;
        let at = |share: f64| {
            let event = usable.events().get((share * n).round() as usize);
            event.map_or(study.catalog.end, |event| event.origin_time)
        };
        let choice = &study.split;
        Self {
            validation: at(choice.train_fraction),
            test: at(choice.train_fraction + choice.validation_fraction),
        }
    }

    /// The events of the training time that are not set aside.
    pub fn training_events(&self, study: &Study, catalog: &Catalog) -> Catalog {
        let training_time = TimeSpan {
            start: study.catalog.start,
            end: self.validation,
        };
        not_held_out(study, catalog).during(&training_time)
    }

    /// The validation time.
    pub fn validation_span(&self) -> TimeSpan {
        TimeSpan {
            start: self.validation,
            end: self.test,
        }
    }
}

fn not_held_out(study: &Study, catalog: &Catalog) -> Catalog {
    let spans = held_out(study);
    catalog.filter(|event| !spans.iter().any(|span| span.contains(event.origin_time)))
}

/// The spans of the validation time on which the threshold is chosen, oldest first: whole days spread
/// over it, the study's number of them or a quarter of all where that is less; all of it where it is
/// shorter than two days. What is set aside takes no part.
pub fn validation_days(study: &Study, blocks: &TimeBlocks) -> Vec<TimeSpan> {
    let time = blocks.validation_span();
    let n_days = (time.end - time.start).num_days();
    let spans = match n_days {
        0 | 1 => vec![time],
        _ => spread_days(
            &time,
            (study.method.n_validation_days as i64).min(n_days / 4),
        ),
    };
    let apart = |span: &TimeSpan| {
        let overlaps = |held: &TimeSpan| span.start < held.end && held.start < span.end;
        !held_out(study).iter().any(overlaps)
    };
    spans.into_iter().filter(apart).collect()
}

/// `n` whole days (one at least, and no more than there are), evenly spread over a time that holds one.
pub(crate) fn spread_days(time: &TimeSpan, n: i64) -> Vec<TimeSpan> {
    let midnight = time.start.date_naive().and_time(NaiveTime::MIN).and_utc();
    let first = match midnight < time.start {
        true => midnight + TimeDelta::days(1),
        false => midnight,
    };
    let n_days = (time.end - first).num_days().max(1);
    let n = n.clamp(1, n_days);
    let day = |i: i64| {
        let start = first + TimeDelta::days(i * n_days / n);
        TimeSpan {
            start,
            end: start + TimeDelta::days(1),
        }
    };
    (0..n).map(day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    fn at(text: &str) -> Time {
        time::parse(text).unwrap()
    }

    #[test]
    fn days_are_whole_and_spread() {
        let time = TimeSpan {
            start: at("2015-01-01T12:00:00"),
            end: at("2015-01-22T00:00:00"),
        };
        let days = spread_days(&time, 4);
        let starts: Vec<Time> = days.iter().map(|day| day.start).collect();
        assert_eq!(
            starts,
            ["2015-01-02", "2015-01-07", "2015-01-12", "2015-01-17"].map(at)
        );
        assert!(
            days.iter()
                .all(|day| day.end - day.start == TimeDelta::days(1))
        );
    }

    #[test]
    fn validation_leaves_out_what_is_set_aside() {
        let mut study = Study::oklahoma();
        let blocks = TimeBlocks {
            validation: at("2014-06-20"),
            test: at("2014-08-20"),
        };
        let days = validation_days(&study, &blocks);
        assert!(
            !days.is_empty()
                && days
                    .iter()
                    .all(|day| day.end <= study.held_out.start || study.held_out.end <= day.start)
        );
        study.held_out = TimeSpan {
            start: at("2020-01-01"),
            end: at("2020-02-01"),
        };
        assert_eq!(validation_days(&study, &blocks).len(), 12);
        let short = TimeBlocks {
            test: at("2014-06-20T08:00:00"),
            ..blocks
        };
        assert_eq!(validation_days(&study, &short), [short.validation_span()]);
    }
}
