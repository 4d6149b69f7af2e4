//! A detector at each of its thresholds.

use serde::{Deserialize, Serialize};

use super::{Detections, Matches, MergeParams, Scan};
use crate::error::{Result, fail};
use crate::evaluate::{Rate, Score};

/// Thresholds of probability that are tried where one is chosen.
pub const THRESHOLDS: [f64; 9] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999];

/// What a detector does with one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DetectorPoint {
    pub threshold: f64,
    /// Of the detections, those with an event.
    pub precision: Score,
    /// Of the events that are asked for, those detected.
    pub recall: Score,
    /// Detections without an event.
    pub alarms: Rate,
}

impl DetectorPoint {
    /// Beside a catalog of which only the events for which `is_asked` holds, by their places, count for
    /// the recall; a detection of another event is no false alarm all the same.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where nothing was scanned.
    pub fn of(threshold: f64, matches: &Matches, is_asked: impl Fn(usize) -> bool) -> Result<Self> {
        Ok(Self {
            threshold,
            precision: matches.precision(),
            recall: matches.recall_among(is_asked),
            alarms: matches.false_alarm_rate()?,
        })
    }
}

/// A scan at each of `thresholds`: `merge_at` says how windows become events there, `judge` matches
/// them with the catalog, and `is_asked` is as in [`DetectorPoint::of`].
///
/// Detections, not windows, are judged: the scan is merged anew for each threshold, as it would be in
/// use.
///
/// # Errors
/// As [`Scan::merge`] and `judge`, and [`crate::Error::Detect`] where there is no threshold.
pub fn operating_curve(
    scan: &Scan,
    thresholds: &[f64],
    merge_at: impl Fn(f64) -> MergeParams,
    judge: impl Fn(&Detections) -> Result<Matches>,
    is_asked: impl Fn(usize) -> bool,
) -> Result<Vec<DetectorPoint>> {
    if thresholds.is_empty() {
        return Err(fail!(
            Detect,
            "thresholds",
            "there is none",
            "Give one or more probabilities"
        ));
    }
    let point = |threshold: &f64| {
        let detections = scan.merge(&merge_at(*threshold))?;
        DetectorPoint::of(*threshold, &judge(&detections)?, &is_asked)
    };
    thresholds.iter().map(point).collect()
}
