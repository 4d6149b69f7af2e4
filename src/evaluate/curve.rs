//! Precision against recall for every threshold.

use serde::{Deserialize, Serialize};

use super::{Counts, OperatingPoint};
use crate::error::{Result, fail};

/// Precision and recall at each distinct score, from the strictest threshold to the most lenient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecallCurve {
    points: Vec<OperatingPoint>,
    average_precision: f64,
}

impl PrecisionRecallCurve {
    /// From `truth[i]`, whether case `i` is an event, and its score, such as a probability: the
    /// larger, the more like an event. Equal scores are one threshold.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where lengths differ, a score is not finite, or no case is an
    /// event, for then there is no recall.
    pub fn new(truth: &[bool], scores: &[f64]) -> Result<Self> {
        check_cases("precision-recall curve", truth, scores)?;
        let n_events = truth.iter().filter(|is_event| **is_event).count();
        if n_events == 0 {
            return Err(fail!(
                Evaluate,
                "precision-recall curve",
                format!("no event among {} cases", truth.len()),
                "Evaluate on windows that hold events too"
            ));
        }
        let mut order: Vec<usize> = (0..truth.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));

        let (mut points, mut average_precision) = (Vec::new(), 0.0);
        let (mut n_called, mut n_hits, mut recall_before) = (0, 0, 0.0);
        for ties in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
            n_called += ties.len();
            n_hits += ties.iter().filter(|i| truth[**i]).count();
            let point = OperatingPoint {
                threshold: scores[ties[0]],
                counts: Counts {
                    n_found: n_hits,
                    n_counted: n_events,
                    n_right: n_hits,
                    n_false: n_called - n_hits,
                    hours: 0.0,
                },
            };
            let recall = point.recall().value;
            average_precision += (recall - recall_before) * point.precision().value;
            recall_before = recall;
            points.push(point);
        }
        Ok(Self {
            points,
            average_precision,
        })
    }

    /// The curve, thresholds falling and recall growing.
    pub fn points(&self) -> &[OperatingPoint] {
        &self.points
    }

    /// The area below the steps: each gain of recall times the precision there, without
    /// interpolation. A guess scores the share of events.
    pub fn average_precision(&self) -> f64 {
        self.average_precision
    }

    /// The point of a detector with this threshold; none where it calls nothing an event.
    pub fn at(&self, threshold: f64) -> Option<OperatingPoint> {
        let n_called = self.points.partition_point(|p| p.threshold >= threshold);
        n_called.checked_sub(1).map(|last| self.points[last])
    }
}

/// One finite score for each case.
pub(super) fn check_cases(place: &str, truth: &[bool], scores: &[f64]) -> Result<()> {
    if truth.len() != scores.len() {
        return Err(fail!(
            Evaluate,
            place,
            format!("{} cases, {} scores", truth.len(), scores.len()),
            "Give one score for each case"
        ));
    }
    match scores.iter().position(|score| !score.is_finite()) {
        Some(i) => Err(fail!(
            Evaluate,
            place,
            format!("score {} of case {i}", scores[i]),
            "Look for NaN in the windows and the weights"
        )),
        None => Ok(()),
    }
}
