//! Windows to events.

use serde::{Deserialize, Serialize};

use super::{Detection, Detections, Scan};
use crate::error::{Result, fail};
use crate::time::{self, Time, between_s};

/// How windows become events.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MergeParams {
    /// An event needs one window at least this probable.
    pub on: f64,
    /// It lasts over neighbouring windows at least this probable: the lower threshold keeps one
    /// event whole where the probability flickers around the upper one.
    pub off: f64,
    /// Runs of windows whose starts are at most so far apart are one event: as a rule the window's
    /// length, for so long the same earthquake stays in sight.
    pub join_s: f64,
    /// Fewer windows are no event: with overlap an earthquake is seen several times.
    pub min_windows: usize,
}

impl Default for MergeParams {
    /// On at 0.5, off at 0.3, joined within 10 s, one window is enough.
    fn default() -> Self {
        Self {
            on: 0.5,
            off: 0.3,
            join_s: 10.0,
            min_windows: 1,
        }
    }
}

impl Scan {
    /// Joins windows to events by two thresholds, as a trigger with hysteresis does (the same rule
    /// that opens and closes STA/LTA triggers, Withers et al. 1998, *BSSA* 88, 95-106).
    ///
    /// The class is the cluster with the largest summed probability over the event's windows. The
    /// time is the mean of the windows' middles weighted by probability: a short arrival is seen by all
    /// windows that hold it, and these lie evenly around it. With windows that do not overlap it is
    /// no better than the window's length.
    ///
    /// # Errors
    /// As [`Merger::new`], and [`crate::Error::Evaluate`] as [`Scan::event_probabilities`].
    pub fn merge(&self, params: &MergeParams) -> Result<Detections> {
        let mut merger = Merger::new(params)?;
        merger.push(self)?;
        Ok(merger.finish())
    }
}

/// [`Scan::merge`] for a scan that comes in pieces: it keeps one open event, and the events done.
#[derive(Debug, Clone)]
pub struct Merger {
    params: MergeParams,
    open: Option<Open>,
    done: Detections,
}

/// Probabilities that are tried as thresholds of a network.
///
/// They crowd at 1, where a network that saw one event window in four puts nearly everything that is
/// an event.
pub const THRESHOLDS: [f64; 17] = [
    0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998,
    0.9999,
];

/// An event to which windows may still be added: sums over its windows, not the windows.
#[derive(Debug, Clone)]
struct Open {
    first: Time,
    last: Time,
    window_s: f64,
    n_windows: usize,
    largest: f64,
    /// Sum of probabilities, and of probability times the middle's seconds after `first`.
    weight: f64,
    moment: f64,
    /// Summed probability of each cluster.
    of_class: Vec<f64>,
}

impl Merger {
    /// # Errors
    /// [`crate::Error::Detect`] where thresholds are not `0 < off <= on <= 1`, or `join_s` is
    /// negative.
    pub fn new(params: &MergeParams) -> Result<Self> {
        let (on, off) = (params.on, params.off);
        if !(0.0 < off && off <= on && on <= 1.0) {
            return Err(fail!(
                Detect,
                "thresholds",
                format!("on {on}, off {off}, expected 0 < off <= on <= 1"),
                "Lower the second threshold or raise the first"
            ));
        }
        if params.join_s.is_nan() || params.join_s < 0.0 {
            return Err(fail!(
                Detect,
                "join_s",
                format!("{}, expected 0 or more", params.join_s),
                "Take the window's length"
            ));
        }
        Ok(Self {
            params: *params,
            open: None,
            done: Detections {
                station: String::new(),
                simulated: false,
                n_classes: 0,
                scanned: Vec::new(),
                items: Vec::new(),
            },
        })
    }

    /// Adds the next piece of the scan.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] as [`Scan::event_probabilities`].
    pub fn push(&mut self, piece: &Scan) -> Result<()> {
        let p_event = piece.event_probabilities()?;
        if self.done.station.is_empty() {
            self.done.station.clone_from(&piece.station);
        }
        self.done.simulated |= piece.simulated;
        self.done.n_classes = piece.n_classes;
        piece.cover(&mut self.done.scanned);
        let hop_s = piece.hop_samples as f64 / piece.sampling_rate_hz;
        // Neighbours are a hop apart; half a sample allows for rounding to nanoseconds.
        let reach_s = self.params.join_s.max(hop_s) + 0.5 / piece.sampling_rate_hz;
        let off = self.params.off;
        for i in (0..p_event.len()).filter(|i| p_event[*i] >= off) {
            let start = piece.starts[i];
            let row = &piece.probabilities[i * piece.n_classes..(i + 1) * piece.n_classes];
            let goes_on = |open: &Open| between_s(open.last, start) <= reach_s;
            if !self.open.as_ref().is_some_and(goes_on) {
                self.close();
            }
            self.open
                .get_or_insert_with(|| Open::at(start, piece))
                .add(start, p_event[i], row);
        }
        Ok(())
    }

    /// All events, in time order.
    pub fn finish(mut self) -> Detections {
        self.close();
        self.done
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take()
            && open.largest >= self.params.on
            && open.n_windows >= self.params.min_windows
        {
            self.done.items.push(open.detection());
        }
    }
}

impl Open {
    fn at(first: Time, piece: &Scan) -> Self {
        Self {
            first,
            last: first,
            window_s: piece.window_s(),
            n_windows: 0,
            largest: 0.0,
            weight: 0.0,
            moment: 0.0,
            of_class: vec![0.0; piece.n_classes - 1],
        }
    }

    fn add(&mut self, start: Time, p_event: f64, row: &[f32]) {
        self.last = start;
        self.n_windows += 1;
        self.largest = self.largest.max(p_event);
        self.weight += p_event;
        self.moment += p_event * (between_s(self.first, start) + self.window_s / 2.0);
        for (sum, p) in self.of_class.iter_mut().zip(row) {
            *sum += f64::from(*p);
        }
    }

    fn detection(&self) -> Detection {
        let of = &self.of_class;
        let class = (0..of.len()).rev().max_by(|a, b| of[*a].total_cmp(&of[*b]));
        Detection {
            start: self.first,
            end: self.last + time::seconds(self.window_s),
            time: self.first + time::seconds(self.moment / self.weight),
            class: class.unwrap_or(0),
            probability: self.largest,
            n_windows: self.n_windows,
        }
    }
}
