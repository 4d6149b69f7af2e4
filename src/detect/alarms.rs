//! What a classical detector gives: times with a score, and what of the record it could not use.

use std::ops::Range;

use super::{Detection, Detections};
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan, between_s};
use crate::waveform::Record3C;
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::quality::{ComponentQuality, filter_counts};

/// A span in which a detector saw something, and how much it stood out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alarm {
    pub start: Time,
    pub end: Time,
    /// Where in between the waves most likely are.
    pub time: Time,
    /// In the detector's own unit: a ratio, deviations, a share of votes.
    pub score: f64,
}

/// Alarms in time order, down to a low score: one scan serves every threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarms {
    pub station: String,
    /// True where the record was simulated.
    pub simulated: bool,
    /// The spans in which an event could be detected at all.
    pub scanned: Vec<TimeSpan>,
    pub items: Vec<Alarm>,
    pub condition: DataQuality,
}

impl Alarms {
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The alarms whose score is `threshold` or more, as detections of one class. A score is no
    /// probability, so that each probability is 1.
    pub fn at_least(&self, threshold: f64) -> Detections {
        let loud = self.items.iter().filter(|alarm| alarm.score >= threshold);
        Detections {
            station: self.station.clone(),
            simulated: self.simulated,
            n_classes: 2,
            scanned: self.scanned.clone(),
            items: loud
                .map(|alarm| Detection {
                    start: alarm.start,
                    end: alarm.end,
                    time: alarm.time,
                    class: 0,
                    probability: 1.0,
                    n_windows: 1,
                })
                .collect(),
        }
    }

    /// Scores from the largest down: the thresholds at which the list of detections changes.
    pub fn scores(&self) -> Vec<f64> {
        let mut scores: Vec<f64> = self.items.iter().map(|alarm| alarm.score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores
    }
}

/// Of alarms nearer than `separation_s` only the one with the largest score, the earlier among
/// equals; in time order.
pub(super) fn suppress_neighbours(mut alarms: Vec<Alarm>, separation_s: f64) -> Vec<Alarm> {
    alarms.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.time.cmp(&b.time)));
    let mut kept: std::collections::BTreeMap<Time, Alarm> = std::collections::BTreeMap::new();
    for alarm in alarms {
        let before = kept.range(..=alarm.time).next_back();
        let after = kept.range(alarm.time..).next();
        let near = |other: Option<(&Time, &Alarm)>| {
            other.is_some_and(|(at, _)| between_s(*at, alarm.time).abs() < separation_s)
        };
        if !near(before) && !near(after) {
            kept.insert(alarm.time, alarm);
        }
    }
    kept.into_values().collect()
}

/// What of a record no detector can use, by [`crate::waveform::quality`], before any filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataQuality {
    pub channels: [String; 3],
    pub n_samples: usize,
    /// Samples that were not recorded, of each component.
    pub n_missing: [usize; 3],
    /// Samples in stuck segments, of each component. They are gaps to a detector.
    pub n_stuck: [usize; 3],
    /// Components that were recorded and never moved.
    pub dead: [bool; 3],
    /// Samples in clipped peaks, of each component. They are scanned: their times are right.
    pub n_clipped: [usize; 3],
    /// Samples in segments between gaps that were too short for the detector.
    pub n_too_short: usize,
}

impl DataQuality {
    pub fn of(record: &Record3C) -> Self {
        let of = record
            .data
            .each_ref()
            .map(|row| ComponentQuality::of(row, record.sampling_rate_hz));
        Self {
            channels: record.channels.clone(),
            n_samples: record.n_samples(),
            n_missing: of.map(|component| component.n_missing),
            n_stuck: of.map(|component| component.n_stuck),
            dead: of.map(|component| component.is_dead),
            n_clipped: of.map(|component| component.n_clipped),
            n_too_short: 0,
        }
    }

    /// The components that moved, by their places.
    pub fn live(&self) -> Vec<usize> {
        (0..3).filter(|i| !self.dead[*i]).collect()
    }

    /// The same with an error where fewer than `n` components moved.
    pub(super) fn with_live(self, n: usize, station: &str) -> Result<Self> {
        match self.live().len() {
            n_live if n_live >= n => Ok(self),
            n_live => Err(fail!(
                Detect,
                station,
                format!("{n_live} components that move, {n} are needed"),
                "Ask for fewer components, or scan a time when the station worked"
            )),
        }
    }
}

/// The frequencies a detector listens to, and every how many of the filtered samples it keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    pub low_hz: f64,
    pub high_hz: f64,
    /// Samples after the filter. The record's rate must be a multiple of it.
    pub rate_hz: f64,
}

impl Band {
    /// Order of the Butterworth filter's flanks.
    const ORDER: usize = 4;

    /// Band-passed forward in time, so that nothing is heard before it happens; then thinned. After
    /// each gap the filter starts anew. The record holds counts: what is stuck becomes a gap first.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where the record's rate is no multiple of the band's;
    /// [`crate::Error::Waveform`] where the band does not fit below half of it.
    pub fn of(&self, record: &Record3C) -> Result<Record3C> {
        let every = (record.sampling_rate_hz / self.rate_hz).round();
        if every < 1.0 || (record.sampling_rate_hz / self.rate_hz - every).abs() > 1e-9 {
            return Err(fail!(
                Detect,
                record.station,
                format!(
                    "{} samples a second, expected a multiple of {}",
                    record.sampling_rate_hz, self.rate_hz
                ),
                "Choose another rate_hz for the band, or resample the record"
            ));
        }
        let filter = Filter::bandpass(
            Self::ORDER,
            self.low_hz,
            self.high_hz,
            record.sampling_rate_hz,
        )?;
        let mut banded = record.clone();
        filter_counts(&filter, &mut banded, Pass::Causal)?;
        if every > 1.0 {
            // A gap shorter than a step must not vanish.
            let first = |step: &[f32]| match step.iter().any(|y| !y.is_finite()) {
                true => f32::NAN,
                false => step[0],
            };
            for row in &mut banded.data {
                *row = row.chunks(every as usize).map(first).collect();
            }
            banded.sampling_rate_hz = self.rate_hz;
        }
        Ok(banded)
    }
}

/// A range of samples as a span of time.
pub(super) fn span(record: &Record3C, samples: &Range<usize>) -> TimeSpan {
    let at = |sample| time::of_sample(record.start, sample, record.sampling_rate_hz);
    TimeSpan {
        start: at(samples.start),
        end: at(samples.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(time_s: f64, score: f64) -> Alarm {
        let at = |s| time::parse("2014-02-16").unwrap() + time::seconds(s);
        Alarm {
            start: at(time_s - 1.0),
            end: at(time_s + 1.0),
            time: at(time_s),
            score,
        }
    }

    #[test]
    fn the_loudest_of_a_neighbourhood_stays() {
        let all = vec![
            alarm(0.0, 1.0),
            alarm(3.0, 5.0),
            alarm(6.0, 4.0),
            alarm(9.0, 3.0),
        ];
        let kept = suppress_neighbours(all, 5.0);
        assert_eq!(kept.iter().map(|a| a.score).collect::<Vec<_>>(), [5.0, 3.0]);
    }
}
