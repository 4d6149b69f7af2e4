//! Windows to events.

use serde::{Deserialize, Serialize};

use super::{Detection, Detections, Scan};
use crate::error::{Result, fail};
use crate::time::{self, between_s};

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
    /// [`crate::Error::Detect`] where thresholds are not `0 < off <= on <= 1`, or `join_s` is
    /// negative; [`crate::Error::Evaluate`] as [`Scan::event_probabilities`].
    pub fn merge(&self, params: &MergeParams) -> Result<Detections> {
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
        let p_event = self.event_probabilities()?;
        let hop_s = self.hop_samples as f64 / self.sampling_rate_hz;
        // Neighbours are a hop apart; half a sample allows for rounding to nanoseconds.
        let reach_s = params.join_s.max(hop_s) + 0.5 / self.sampling_rate_hz;
        let mut events: Vec<Vec<usize>> = Vec::new();
        for i in (0..p_event.len()).filter(|i| p_event[*i] >= off) {
            match events.last_mut() {
                Some(event)
                    if between_s(self.starts[event[event.len() - 1]], self.starts[i])
                        <= reach_s =>
                {
                    event.push(i)
                }
                _ => events.push(vec![i]),
            }
        }
        let opened = |event: &Vec<usize>| event.iter().any(|i| p_event[*i] >= on);
        events.retain(|event| opened(event) && event.len() >= params.min_windows);
        Ok(Detections {
            station: self.station.clone(),
            simulated: self.simulated,
            n_classes: self.n_classes,
            scanned: self.covered(),
            items: events
                .iter()
                .map(|event| self.detection(event, &p_event))
                .collect(),
        })
    }

    fn detection(&self, windows: &[usize], p_event: &[f64]) -> Detection {
        let (first, last) = (windows[0], windows[windows.len() - 1]);
        let window_s = self.window_s();
        let middle_s = |i: usize| between_s(self.starts[first], self.starts[i]) + window_s / 2.0;
        let weight: f64 = windows.iter().map(|i| p_event[*i]).sum();
        let moment: f64 = windows.iter().map(|i| p_event[*i] * middle_s(*i)).sum();
        let summed = |class: usize| -> f32 {
            let of_window = |i: &usize| self.probabilities[i * self.n_classes + class];
            windows.iter().map(of_window).sum()
        };
        let class = (0..self.n_classes - 1)
            .rev()
            .max_by(|a, b| summed(*a).total_cmp(&summed(*b)));
        Detection {
            start: self.starts[first],
            end: self.starts[last] + time::seconds(window_s),
            time: self.starts[first] + time::seconds(moment / weight),
            class: class.unwrap_or(0),
            probability: windows.iter().map(|i| p_event[*i]).fold(0.0, f64::max),
            n_windows: windows.len(),
        }
    }
}
