//! The list of what was detected, in memory and on disk.

use std::ops::Range;
use std::path::Path;

use polars::prelude::{Column, DataFrame};
use serde::{Deserialize, Serialize};

use super::MatchedDetections;
use crate::catalog::{Catalog, Event};
use crate::error::{Result, fail};
use crate::time::{self, Time, TimeSpan, between_s};
use crate::waveform::Record3C;

/// One detected event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Start of its first window.
    pub start: Time,
    /// End of its last window.
    pub end: Time,
    /// Where in between the waves most likely are.
    pub time: Time,
    /// Cluster, from 0.
    pub class: usize,
    /// The largest probability of an event among its windows.
    pub probability: f64,
    pub n_windows: usize,
}

/// Detected events in time order, and what was scanned for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Detections {
    pub station: String,
    /// True where the record was simulated.
    pub simulated: bool,
    /// Clusters and, last, noise.
    pub n_classes: usize,
    /// The spans in which an event could be detected at all.
    pub scanned: Vec<TimeSpan>,
    pub items: Vec<Detection>,
}

impl Detections {
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The detections as events of a catalog, each `before_s` before its time: labels for a training
    /// where nobody has made a better catalog. Places and magnitudes are NaN.
    pub fn to_catalog(&self, before_s: f64) -> Catalog {
        let event = |(i, detection): (usize, &Detection)| {
            let time = detection.time - time::seconds(before_s);
            Event::at_time(format!("detection {}", i + 1), time, "detection")
        };
        let events = self.items.iter().enumerate().map(event);
        Catalog::new("detections", self.simulated, events.collect())
    }

    /// Spans of a record's samples as detections, such as the [`triggers`](super::triggers) of
    /// STA/LTA; those at most `join_s` apart are one, for the S wave triggers anew.
    ///
    /// There is one class, `event`, and each probability is 1: a trigger tells neither. The time is
    /// the trigger's, where the waves set in.
    pub fn from_triggers(record: &Record3C, spans: &[Range<usize>], join_s: f64) -> Self {
        let at = |sample| time::of_sample(record.start, sample, record.sampling_rate_hz);
        let mut items: Vec<Detection> = Vec::new();
        for span in spans {
            let (start, end) = (at(span.start), at(span.end));
            match items.last_mut() {
                Some(last) if between_s(last.end, start) <= join_s => {
                    last.end = end;
                    last.n_windows += 1;
                }
                _ => items.push(Detection {
                    start,
                    end,
                    time: start,
                    class: 0,
                    probability: 1.0,
                    n_windows: 1,
                }),
            }
        }
        let gaps = record.gaps();
        let starts = std::iter::once(0).chain(gaps.iter().map(|gap| gap.end));
        let ends = gaps.iter().map(|gap| gap.start);
        let ends = ends.chain([record.n_samples()]);
        let scanned = starts.zip(ends).filter(|(start, end)| start < end);
        Self {
            station: record.station.clone(),
            simulated: record.simulated,
            n_classes: 2,
            scanned: scanned
                .map(|(start, end)| TimeSpan {
                    start: at(start),
                    end: at(end),
                })
                .collect(),
            items,
        }
    }

    /// Hours that were scanned, gaps left out.
    pub fn hours(&self) -> f64 {
        let seconds = self.scanned.iter().map(|s| between_s(s.start, s.end));
        // A sum of nothing is -0.
        (0.0 + seconds.sum::<f64>()) / 3600.0
    }

    /// Detections an hour; 0 where nothing was scanned.
    pub fn per_hour(&self) -> f64 {
        let hours = self.hours();
        if hours > 0.0 {
            self.len() as f64 / hours
        } else {
            0.0
        }
    }

    /// The share of the scanned time that lies in a detection, from 0 to 1. An event lasts seconds: a
    /// detector that is on for much of the time detects the noise.
    pub fn share_on(&self) -> f64 {
        let (mut on_s, mut until) = (0.0, Time::MIN_UTC);
        // Those that were parted overlap by a window.
        for detection in &self.items {
            let start = detection.start.max(until);
            on_s += between_s(start, detection.end).max(0.0);
            until = until.max(detection.end);
        }
        let scanned_s = 3600.0 * self.hours();
        if scanned_s > 0.0 {
            (on_s / scanned_s).min(1.0)
        } else {
            0.0
        }
    }

    /// Detections of each cluster.
    pub fn class_counts(&self) -> Vec<usize> {
        let of = |class| self.items.iter().filter(|d| d.class == class).count();
        (0..self.n_classes.saturating_sub(1)).map(of).collect()
    }

    /// One row a detection, times as ISO 8601 text, clusters from 1.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where polars refuses the columns.
    pub fn to_frame(&self) -> Result<DataFrame> {
        let texts = |value: fn(&Detection) -> Time| -> Vec<String> {
            self.items.iter().map(|d| time::iso(value(d))).collect()
        };
        let counts = |value: fn(&Detection) -> usize| -> Vec<u64> {
            self.items.iter().map(|d| value(d) as u64).collect()
        };
        let probabilities: Vec<f64> = self.items.iter().map(|d| d.probability).collect();
        let columns = vec![
            Column::new("start".into(), texts(|d| d.start)),
            Column::new("end".into(), texts(|d| d.end)),
            Column::new("time".into(), texts(|d| d.time)),
            Column::new("cluster".into(), counts(|d| d.class + 1)),
            Column::new("probability".into(), probabilities),
            Column::new("n_windows".into(), counts(|d| d.n_windows)),
        ];
        DataFrame::new(self.len(), columns)
            .map_err(|error| fail!(Detect, "frame", error, "Report this with the detections"))
    }

    /// The rows as CSV; see [`MatchedDetections::to_csv`].
    pub fn to_csv(&self) -> String {
        MatchedDetections::unmatched(self).to_csv()
    }

    /// Reads what [`Detections::to_csv`] or [`MatchedDetections::to_csv`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] naming the line.
    pub fn from_csv(text: &str) -> Result<Self> {
        Ok(MatchedDetections::from_csv(text)?.detections)
    }

    /// The detections as QuakeML; see [`MatchedDetections::to_quakeml`].
    pub fn to_quakeml(&self) -> String {
        MatchedDetections::unmatched(self).to_quakeml()
    }

    /// Reads what [`Detections::to_quakeml`] or [`MatchedDetections::to_quakeml`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] naming the byte or the event.
    pub fn from_quakeml(text: &str) -> Result<Self> {
        Ok(MatchedDetections::from_quakeml(text)?.detections)
    }

    /// Writes a file: QuakeML where its name ends in `.xml`, `.qml` or `.quakeml`, else CSV.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        MatchedDetections::unmatched(self).write(path)
    }

    /// Reads a file of [`Detections::write`] or [`MatchedDetections::write`].
    ///
    /// # Errors
    /// [`crate::Error::Io`], and as [`Detections::from_csv`] or [`Detections::from_quakeml`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Ok(MatchedDetections::read(path)?.detections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_close_together_are_one_detection() {
        let mut record = Record3C {
            station: "made up".into(),
            channels: ["HH1", "HH2", "HHZ"].map(String::from),
            start: time::parse("2014-02-16").unwrap(),
            sampling_rate_hz: 10.0,
            data: [(); 3].map(|()| vec![1.0; 1000]),
            simulated: true,
        };
        record.data[1][600..650].fill(f32::NAN);
        let found = Detections::from_triggers(&record, &[10..20, 40..50, 200..210], 2.0);
        assert_eq!(found.len(), 2);
        assert_eq!(found.items[0].n_windows, 2);
        assert_eq!(between_s(record.start, found.items[0].end), 5.0);
        assert_eq!(found.class_counts(), [2]);
        assert!((found.hours() * 3600.0 - 95.0).abs() < 1e-9);
        assert_eq!(found.scanned.len(), 2);
    }
}
