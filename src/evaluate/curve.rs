//! Precision against recall for every threshold.

use serde::{Deserialize, Serialize};

use super::Score;
use crate::error::{Result, fail};

/// What a detector would score if it called everything from `threshold` up an event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    pub threshold: f64,
    pub precision: Score,
    pub recall: Score,
}

/// Precision and recall at each distinct score, from the strictest threshold to the most lenient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecallCurve {
    points: Vec<CurvePoint>,
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
            let point = CurvePoint {
                threshold: scores[ties[0]],
                precision: Score::of(n_hits, n_called),
                recall: Score::of(n_hits, n_events),
            };
            average_precision += (point.recall.value - recall_before) * point.precision.value;
            recall_before = point.recall.value;
            points.push(point);
        }
        Ok(Self {
            points,
            average_precision,
        })
    }

    /// The curve, thresholds falling and recall growing.
    pub fn points(&self) -> &[CurvePoint] {
        &self.points
    }

    /// The area below the steps: each gain of recall times the precision there, without
    /// interpolation. A guess scores the share of events.
    pub fn average_precision(&self) -> f64 {
        self.average_precision
    }

    /// The point of a detector with this threshold; none where it calls nothing an event.
    pub fn at(&self, threshold: f64) -> Option<CurvePoint> {
        let n_called = self.points.partition_point(|p| p.threshold >= threshold);
        n_called.checked_sub(1).map(|last| self.points[last])
    }

    /// The point with the largest F1, the strictest among equals.
    pub fn best_f1(&self) -> CurvePoint {
        let f1 = |p: &CurvePoint| {
            let (precision, recall) = (p.precision.value, p.recall.value);
            // Precision and recall are 0 together: where nothing is hit, F1 is 0.
            if recall == 0.0 {
                0.0
            } else {
                2.0 * precision * recall / (precision + recall)
            }
        };
        // `max_by` keeps the last of equals, so ask from the most lenient on.
        let points = self.points.iter().rev();
        *points
            .max_by(|a, b| f1(a).total_cmp(&f1(b)))
            .expect("a curve has an event, so it has a point")
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
