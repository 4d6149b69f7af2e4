//! A threshold for a number of false alarms a day, from the record's own noise.

use super::Detector;
use super::backwards::Backwards;
use super::prepared::Prepared;
use super::scanning::merge_params;
use crate::detect::{Detection, Detections, MergeParams, Merger, Scan};
use crate::error::{Result, fail};
use crate::evaluate::{Rate, smallest_threshold_within};
use crate::study::Study;
use crate::time::{self, TimeSpan};
use crate::waveform::WaveformSource;

/// How a threshold came about.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct AlarmBudget {
    /// What was asked for: false alarms a day.
    pub alarms_per_day: f64,
    pub threshold: f64,
    /// The smallest threshold that kept the budget where the model was judged; the threshold is no smaller.
    pub least_threshold: f64,
    /// Hours that were scanned backwards.
    pub hours: f64,
    /// Claims there that the budget allows, and those at the threshold; one that lasts longer than twice a core
    /// counts as several.
    pub n_allowed: usize,
    pub n_claims: usize,
    /// Claims a day at the threshold, and the end of the 95 % interval of their rate.
    pub per_day: f64,
    pub upper_per_day: f64,
}

/// Thresholds are tried so far apart, as logarithms of the odds: 2 % in the odds of noise.
const STEP: f64 = 0.02;

/// Nearer to 1 an `f64` does not tell probabilities apart.
const MAX_LOG_ODDS: f64 = 32.0;

impl Detector {
    /// Scans a span with time reversed: what is claimed there is no earthquake, whose waves begin with a weaker one
    /// and end in a coda. `each` is shown the pieces, in which time runs from the span's end to its start.
    ///
    /// # Errors
    /// As [`Detector::scan`], and those of `each`.
    pub fn scan_backwards(
        &self,
        source: &dyn WaveformSource,
        span: &TimeSpan,
        each: &mut dyn FnMut(&Scan) -> Result<()>,
    ) -> Result<()> {
        let rate_hz = self.study.window.sampling_rate_hz;
        let backwards = Backwards::new(source, span, rate_hz);
        let prepared = Prepared::new(&backwards, &self.study)?;
        let span = backwards.span(span);
        let (mut n_windows, mut n_unscanned) = (0, 0);
        for piece in self.pieces(&prepared, &span)? {
            let piece = piece?;
            n_windows += piece.len();
            n_unscanned += piece
                .unscanned
                .iter()
                .map(|skipped| skipped.n_windows)
                .sum::<usize>();
            each(&piece)?;
        }
        let conditions = prepared.conditions(&span);
        conditions.check(n_windows, n_unscanned, &span)
    }

    /// The smallest threshold whose claims in the span played backwards keep to a number of false alarms a day, and
    /// which kept to it where the model was judged ([`Detector::curve`]).
    ///
    /// The record's noise tells what it makes the detector claim; that no one has looked for its earthquakes does
    /// not matter. What a few hours can tell is little: [`AlarmBudget::upper_per_day`].
    ///
    /// In noise there are as many claims backwards as forwards. In a sequence there are more: a coda played backwards
    /// grows, and ends in an S and a P wave. In a simulated one of 300 earthquakes a day there were three to five
    /// times as many as false alarms forwards, and as many where no earthquake was within a minute. A threshold
    /// chosen in a sequence is therefore higher than it need be, never lower. A picker knows that S follows P, so a detector that it has a vote in
    /// claims few of them: `regional` none in 12 h of CX.PB01 at its own threshold, where forwards there are 12 alarms. There the curve decides.
    ///
    /// # Errors
    /// As [`Detector::scan_backwards`]; [`crate::Error::Detect`] where not one window could be scanned.
    pub fn alarm_budget(
        &self,
        source: &dyn WaveformSource,
        span: &TimeSpan,
        merge: &MergeParams,
        alarms_per_day: f64,
    ) -> Result<AlarmBudget> {
        let of_curve = smallest_threshold_within(&self.curve, alarms_per_day / 24.0);
        let least = of_curve.map_or(self.threshold, |point| point.threshold);
        let mut claims: Option<Scan> = None;
        let mut hours = Merger::new(&with(merge, 1.0, &self.study))?;
        self.scan_backwards(source, span, &mut |piece| {
            let p = self.event_probabilities(piece)?;
            hours.push_as(piece, &p);
            let off = with(merge, least, &self.study).off;
            let probable = piece.only(|i| p[i] >= off);
            match &mut claims {
                Some(claims) => claims.append(probable),
                None => claims = Some(probable),
            }
            Ok(())
        })?;
        let hours = hours.finish().hours();
        let n_allowed = (alarms_per_day * hours / 24.0).floor() as usize;
        let (mut threshold, mut n_claims) = (least, 0);
        if let Some(claims) = &claims {
            let p = self.event_probabilities(claims)?;
            let n_at = |on: f64| -> Result<usize> {
                let mut merger = Merger::new(&with(merge, on, &self.study))?;
                merger.push_as(claims, &p);
                Ok(n_claims_of(&merger.finish(), 2.0 * self.study.core_s()))
            };
            let largest = log_odds(p.iter().copied().fold(least, f64::max));
            let top = (largest.min(MAX_LOG_ODDS) / STEP).ceil() as i64;
            // From above every claim down: what is above a lucky dip counts too.
            let steps = (0..).map(|step: i64| odds((top + 1 - step) as f64 * STEP).max(least));
            for (step, on) in steps.enumerate() {
                let n = n_at(on)?;
                // Where even the largest threshold is not within the budget, it is taken.
                if n > n_allowed && step > 0 {
                    break;
                }
                (threshold, n_claims) = (on, n);
                if on == least {
                    break;
                }
            }
        }
        if hours == 0.0 {
            return Err(fail!(
                Detect,
                time::iso(span.start),
                "not one window could be scanned backwards",
                "Without an alarm budget the scan says why"
            ));
        }
        let rate = Rate::of(n_claims, hours)?;
        Ok(AlarmBudget {
            alarms_per_day,
            threshold,
            least_threshold: least,
            hours,
            n_allowed,
            n_claims,
            per_day: 24.0 * rate.per_hour,
            upper_per_day: 24.0 * rate.upper_per_hour,
        })
    }
}

/// The claims, of which one that lasts longer than an earthquake counts as several: a detector that is always on
/// claims once.
fn n_claims_of(found: &Detections, longest_s: f64) -> usize {
    let length_s = |claim: &Detection| time::between_s(claim.start, claim.end);
    let n_of = |claim: &Detection| ((length_s(claim) / longest_s) as usize).max(1);
    found.items.iter().map(n_of).sum()
}

/// The merging at another threshold.
fn with(merge: &MergeParams, on: f64, study: &Study) -> MergeParams {
    MergeParams {
        join_s: merge.join_s,
        longest_s: merge.longest_s,
        ..merge_params(study, on)
    }
}

/// The logarithm of a probability's odds.
fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// The probability at the logarithm of its odds.
fn odds(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
