//! What a network said of every window of a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Scanner;
use crate::error::{Result, fail};
use crate::evaluate::{event_probability, top_class};
use crate::network::Classify;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::Record3C;
use crate::window::{Normalisation, Reason};

/// How a record is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanParams {
    /// Samples from one window to the next. The paper's windows do not overlap: `n_samples`.
    pub hop_samples: usize,
    /// As the network's training windows were scaled.
    pub normalisation: Normalisation,
}

impl ScanParams {
    /// # Errors
    /// [`crate::Error::Detect`] where the hop or the rate is 0, [`crate::Error::Window`] where a fixed scale is 0.
    pub(super) fn check(&self, sampling_rate_hz: f64) -> Result<()> {
        if self.hop_samples == 0 {
            return Err(fail!(
                Detect,
                "hop_samples",
                "0, expected 1 or more",
                "Take the window's length for windows that do not overlap"
            ));
        }
        if !(sampling_rate_hz > 0.0 && sampling_rate_hz.is_finite()) {
            return Err(fail!(
                Detect,
                "sampling_rate_hz",
                format!("{sampling_rate_hz}, expected a positive number"),
                "Give the rate of the network's training windows"
            ));
        }
        self.normalisation.check()
    }
}

/// What a network said of each window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// `GS.OK029.00`; empty where the source gave no record at all.
    pub station: String,
    /// True where the record was simulated.
    pub simulated: bool,
    pub sampling_rate_hz: f64,
    /// Samples of one component of a window.
    pub n_samples: usize,
    pub hop_samples: usize,
    /// Clusters and, last, noise.
    pub n_classes: usize,
    /// Start of each window that was classified, in order.
    pub starts: Vec<Time>,
    /// `(n_windows, n_classes)`, row by row.
    pub probabilities: Vec<f32>,
    /// Windows that touch a gap, and so were not classified.
    pub n_in_gaps: usize,
    /// Windows with a dead or stuck component, and so not classified.
    #[serde(alias = "n_flat")]
    pub n_stuck: usize,
    /// The ledger: all windows that were not classified, in order, and why.
    pub unscanned: Vec<Unscanned>,
    /// Windows that were classified although a component is clipped: the largest earthquakes
    /// overdrive a digitiser, and must not be lost for it.
    pub n_clipped: usize,
    /// Samples at the end, too few for one more window.
    pub n_samples_left: usize,
}

/// Neighbouring windows that were not classified, for one reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unscanned {
    /// Start of the first window.
    pub start: Time,
    pub n_windows: usize,
    pub reason: Reason,
}

/// Classifies the windows of `record`, one every `hop_samples`, from its first sample on. A window
/// that touches a gap, or has a dead or stuck component, is counted, not classified.
///
/// The record is in memory, and so is the result. For months of record see [`Scanner`].
///
/// # Errors
/// As [`Scanner::over`].
pub fn scan(network: &dyn Classify, record: &Record3C, params: &ScanParams) -> Result<Scan> {
    Scanner::over(
        network,
        record,
        record.start,
        record.n_samples(),
        record.sampling_rate_hz,
        params,
    )?
    .collect_scan()
}

impl Scan {
    /// Windows classified.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Length of a window in seconds.
    pub fn window_s(&self) -> f64 {
        self.n_samples as f64 / self.sampling_rate_hz
    }

    /// Each window's most probable class, the first among equals.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where a probability is NaN.
    pub fn classes(&self) -> Result<Vec<usize>> {
        let top = top_class(self.n_classes, &self.probabilities)?;
        Ok(top.into_iter().map(|(class, _)| class).collect())
    }

    /// Windows of each most probable class, noise last: Table 1 of the paper.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.n_classes];
        for row in self.probabilities.chunks_exact(self.n_classes.max(1)) {
            let top = (0..row.len())
                .rev()
                .max_by(|a, b| row[*a].total_cmp(&row[*b]));
            counts[top.unwrap_or(0)] += 1;
        }
        counts
    }

    /// Each window's probability of an event of any cluster.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where the probabilities are no multiple of the classes.
    pub fn event_probabilities(&self) -> Result<Vec<f64>> {
        event_probability(self.n_classes, &self.probabilities)
    }

    /// Each window's probability of an event, from that of noise where it is near 1: there an `f32` holds the
    /// probability of noise to seven digits, and what it leaves for an event to none.
    ///
    /// # Errors
    /// As [`Scan::event_probabilities`].
    pub fn fine_event_probabilities(&self) -> Result<Vec<f64>> {
        let mut all = self.event_probabilities()?;
        let rows = self.probabilities.chunks_exact(self.n_classes);
        for (p, row) in all.iter_mut().zip(rows).filter(|(p, _)| **p > 0.5) {
            *p = row.last().map_or(*p, |noise| 1.0 - f64::from(*noise));
        }
        Ok(all)
    }

    /// The same scan with some of its windows, by index.
    pub(crate) fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.len()).filter(|i| keep(*i)).collect();
        let row = |i: &usize| &self.probabilities[i * self.n_classes..(i + 1) * self.n_classes];
        Self {
            starts: kept.iter().map(|i| self.starts[*i]).collect(),
            probabilities: kept.iter().flat_map(row).copied().collect(),
            unscanned: Vec::new(),
            station: self.station.clone(),
            ..*self
        }
    }

    /// The same scan, of windows that decide about a part of themselves: `n_samples` from so many seconds after
    /// their start on. Starts are from then on those of the parts.
    pub(crate) fn of_cores(mut self, lead_s: f64, n_samples: usize) -> Self {
        let lead = time::seconds(lead_s);
        self.starts.iter_mut().for_each(|start| *start += lead);
        let unscanned = self.unscanned.iter_mut();
        unscanned.for_each(|unscanned| unscanned.start += lead);
        Self { n_samples, ..self }
    }

    /// The spans that windows cover, joined where they touch: between them lie gaps.
    pub fn covered(&self) -> Vec<TimeSpan> {
        let mut spans = Vec::new();
        self.cover(&mut spans);
        spans
    }

    /// Adds the spans that windows cover to those of an earlier piece of the same record.
    pub(super) fn cover(&self, spans: &mut Vec<TimeSpan>) {
        let window = time::seconds(self.window_s());
        for start in &self.starts {
            let end = *start + window;
            match spans.last_mut() {
                Some(span) if *start <= span.end => span.end = span.end.max(end),
                _ => spans.push(TimeSpan { start: *start, end }),
            }
        }
    }

    /// Windows that were not classified, by kind of reason, in alphabetical order.
    pub fn unscanned_counts(&self) -> Vec<(String, usize)> {
        let mut counts = BTreeMap::new();
        for unscanned in &self.unscanned {
            let kind = unscanned.reason.kind().to_string();
            *counts.entry(kind).or_insert(0) += unscanned.n_windows;
        }
        counts.into_iter().collect()
    }

    /// The same scan with one window in `n`: what a longer hop would have seen. Gaps are counted as
    /// they were.
    ///
    /// # Panics
    /// Where `n` is 0.
    pub fn every(&self, n: usize) -> Self {
        let hop_s = self.hop_samples as f64 / self.sampling_rate_hz;
        let first = self.starts.first().copied();
        let step = |start: Time| first.map_or(0.0, |first| time::between_s(first, start) / hop_s);
        let kept = |i: &usize| (step(self.starts[*i]).round() as usize).is_multiple_of(n);
        let kept: Vec<usize> = (0..self.len()).filter(kept).collect();
        let row = |i: &usize| &self.probabilities[i * self.n_classes..(i + 1) * self.n_classes];
        Self {
            hop_samples: self.hop_samples * n,
            starts: kept.iter().map(|i| self.starts[*i]).collect(),
            probabilities: kept.iter().flat_map(row).copied().collect(),
            ..self.clone()
        }
    }

    /// Appends the next piece of the same record.
    pub fn append(&mut self, piece: Self) {
        if self.station.is_empty() {
            self.station = piece.station;
        }
        self.simulated |= piece.simulated;
        self.starts.extend(piece.starts);
        self.probabilities.extend(piece.probabilities);
        self.n_in_gaps += piece.n_in_gaps;
        self.n_stuck += piece.n_stuck;
        self.n_clipped += piece.n_clipped;
        for unscanned in piece.unscanned {
            self.note(unscanned);
        }
    }

    /// Counts windows that were not classified.
    pub(super) fn skip(&mut self, start: Time, n_windows: usize, reason: Reason) {
        match reason {
            Reason::Gap { .. } => self.n_in_gaps += n_windows,
            Reason::Dead | Reason::Stuck => self.n_stuck += n_windows,
            _ => {}
        }
        self.note(Unscanned {
            start,
            n_windows,
            reason,
        });
    }

    /// Windows that follow each other and fail for the same reason are one entry of the ledger.
    fn note(&mut self, next: Unscanned) {
        let hop_s = self.hop_samples as f64 / self.sampling_rate_hz;
        if let Some(last) = self.unscanned.last_mut() {
            let follows_s = time::between_s(last.start, next.start) - last.n_windows as f64 * hop_s;
            if last.reason == next.reason && follows_s.abs() < hop_s / 2.0 {
                last.n_windows += next.n_windows;
                return;
            }
        }
        self.unscanned.push(next);
    }
}
