//! The list of what was detected, in memory and on disk.

use std::ops::Range;
use std::path::Path;

use polars::prelude::{Column, DataFrame};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, fail};
use crate::study::TimeSpan;
use crate::time::{self, Time, between_s};
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

/// What the first line of a file holds beside the rows.
#[derive(Serialize, Deserialize)]
struct Head {
    station: String,
    simulated: bool,
    n_classes: usize,
    scanned: Vec<TimeSpan>,
}

const COLUMNS: &str = "start,end,time,cluster,probability,n_windows";

impl Detections {
    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
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
        seconds.sum::<f64>() / 3600.0
    }

    /// Detections of each cluster.
    pub fn class_counts(&self) -> Vec<usize> {
        let of = |class| self.items.iter().filter(|d| d.class == class).count();
        (0..self.n_classes.saturating_sub(1)).map(of).collect()
    }

    /// One row a detection, times as ISO 8601 text, clusters from 1.
    ///
    /// # Errors
    /// [`Error::Detect`] where polars refuses the columns.
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

    /// The rows as CSV, clusters from 1, after one comment line that holds the rest as JSON.
    pub fn to_csv(&self) -> String {
        let head = Head {
            station: self.station.clone(),
            simulated: self.simulated,
            n_classes: self.n_classes,
            scanned: self.scanned.clone(),
        };
        let head = serde_json::to_string(&head).expect("a head is plain JSON");
        let mut text = format!("# {head}\n{COLUMNS}\n");
        for d in &self.items {
            text += &format!(
                "{},{},{},{},{},{}\n",
                nanoseconds(d.start),
                nanoseconds(d.end),
                nanoseconds(d.time),
                d.class + 1,
                d.probability,
                d.n_windows
            );
        }
        text
    }

    /// Reads what [`Detections::to_csv`] wrote.
    ///
    /// # Errors
    /// [`Error::Detect`] naming the line.
    pub fn from_csv(text: &str) -> Result<Self> {
        let broken = |line: usize, what: &str| {
            fail!(
                Detect,
                format!("CSV line {line}"),
                what,
                "Write the file again with Detections::write"
            )
        };
        let mut lines = text.lines();
        let head = lines.next().and_then(|line| line.strip_prefix("# "));
        let head: Head = head
            .and_then(|json| serde_json::from_str(json).ok())
            .ok_or_else(|| broken(1, "expected a comment with station and scanned spans"))?;
        if lines.next() != Some(COLUMNS) {
            return Err(broken(2, &format!("expected the columns {COLUMNS}")));
        }
        let mut items = Vec::new();
        for (i, line) in lines.enumerate() {
            let item = parse_row(line, head.n_classes);
            items.push(item.ok_or_else(|| broken(i + 3, &format!("not a detection: {line:?}")))?);
        }
        Ok(Self {
            station: head.station,
            simulated: head.simulated,
            n_classes: head.n_classes,
            scanned: head.scanned,
            items,
        })
    }

    /// Writes the CSV to a file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        std::fs::write(&path, self.to_csv()).map_err(Error::io(&path))
    }

    /// Reads a CSV file.
    ///
    /// # Errors
    /// [`Error::Io`], and as [`Detections::from_csv`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        Self::from_csv(&text)
    }
}

/// Nanoseconds, so that reading gives back the same instant.
fn nanoseconds(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
}

fn parse_row(line: &str, n_classes: usize) -> Option<Detection> {
    let cells: Vec<&str> = line.split(',').collect();
    let [start, end, time_, cluster, probability, n_windows] = cells.as_slice() else {
        return None;
    };
    let cluster: usize = cluster.parse().ok()?;
    (1..n_classes).contains(&cluster).then_some(())?;
    Some(Detection {
        start: time::parse(start).ok()?,
        end: time::parse(end).ok()?,
        time: time::parse(time_).ok()?,
        class: cluster - 1,
        probability: probability.parse().ok()?,
        n_windows: n_windows.parse().ok()?,
    })
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
