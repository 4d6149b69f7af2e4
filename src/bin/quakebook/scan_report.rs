//! What `quakebook scan` tells of a scan.

use std::collections::BTreeMap;

use quakebook::detect::Detection;
use quakebook::method::{AlarmBudget, Detector, Scanned};
use quakebook::time::{self, Time, TimeSpan};
use serde::Serialize;

use crate::output::{self, Damage, Result};

#[derive(Serialize)]
struct Report<'a> {
    station: &'a str,
    simulated: bool,
    from: Time,
    to: Time,
    threshold: f64,
    /// How the threshold came about, where an alarm budget was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<&'a AlarmBudget>,
    n_windows: usize,
    unscanned: &'a BTreeMap<String, usize>,
    hours: f64,
    hop_s: f64,
    /// The part of a window that is decided about; all of it, as a rule.
    core_s: f64,
    detections_per_hour: f64,
    /// Of the scanned time, from 0 to 1.
    share_on: f64,
    /// Sampling rates of records that were made comparable, in hertz, and what was wrong with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recorded_hz: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<String>,
    warnings: &'a [String],
    #[serde(flatten)]
    damage: &'a Damage,
    detections: &'a [Detection],
}

/// What was scanned, and with which budget.
pub struct Scan<'a> {
    pub detector: &'a Detector,
    pub span: &'a TimeSpan,
    pub scanned: &'a Scanned,
    pub budget: Option<&'a AlarmBudget>,
    /// The model's own, without a budget.
    pub usual_threshold: f64,
    /// Windows that are as probable as that, and as the threshold that was chosen.
    pub n_probable: [usize; 2],
    pub damage: &'a Damage,
}

/// A detector that is on for more of the time than this detects something else than earthquakes: in twelve
/// hours of aftershocks at CX.PB01, about 16 detections an hour, it is on for a third.
const MAX_SHARE_ON: f64 = 0.5;

/// Less record than this has one earthquake for most of its time, or none: seconds.
const LEAST_TO_JUDGE_S: f64 = 600.0;

/// Of the windows that the model takes for probable, a threshold that leaves fewer leaves next to nothing.
const LEAST_SHARE_LEFT: f64 = 0.1;

/// Of so many claims the 95 % interval is 0.6 to 8.8 (Poisson); of fewer it says next to nothing.
const LEAST_EXPECTED: f64 = 3.0;

impl Scan<'_> {
    /// On standard error what was scanned and what was wrong; on standard output the result.
    pub fn tell(&self, is_json: bool, out: &std::path::Path) -> Result<()> {
        let (scanned, study) = (self.scanned, &self.detector.study);
        let found = &scanned.detections;
        let warnings = self.warnings();
        let simulated = if found.simulated { " (simulated)" } else { "" };
        output::progress(format!(
            "{} of {}{simulated}, {} to {}, {:.2} hours",
            output::counted(scanned.n_windows, "window"),
            study.station.station,
            time::iso(self.span.start),
            time::iso(self.span.end),
            found.hours()
        ));
        for (reason, n) in &scanned.unscanned {
            let windows = output::counted(*n, "window");
            output::progress(format!("{windows} not scanned: {reason}"));
        }
        let conditions = scanned.conditions.lines();
        conditions.iter().for_each(output::progress);
        if let Some(budget) = self.budget {
            output::progress(in_words(budget));
        }
        for warning in &warnings {
            output::progress(format!("warning: {warning}"));
        }
        if is_json {
            return output::print_json(&Report {
                station: &found.station,
                simulated: found.simulated,
                from: self.span.start,
                to: self.span.end,
                threshold: self.detector.threshold,
                budget: self.budget,
                n_windows: scanned.n_windows,
                unscanned: &scanned.unscanned,
                hours: found.hours(),
                hop_s: study.scan.hop_samples as f64 / study.window.sampling_rate_hz,
                core_s: study.core_s(),
                detections_per_hour: found.per_hour(),
                share_on: found.share_on(),
                recorded_hz: scanned.conditions.rates_hz(),
                conditions,
                warnings: &warnings,
                damage: self.damage,
                detections: &found.items,
            });
        }
        let line = format!(
            "{}, {:.1} an hour, on for {:.1} % of the time, written",
            output::counted(found.len(), "detection"),
            found.per_hour(),
            100.0 * found.share_on()
        );
        output::sum_up(line, out)
    }

    /// What whoever believes the detections should know.
    fn warnings(&self) -> Vec<String> {
        let found = &self.scanned.detections;
        let (share, rate) = (found.share_on(), found.per_hour());
        let always_on = format!(
            "the detector is on for {:.0} % of the time, {rate:.1} detections an hour: it detects the noise. \
             Compare these records with those of the training, raise --threshold above {}, or train with --band",
            100.0 * share,
            self.detector.threshold
        );
        let mut warnings = Vec::new();
        let is_long = 3600.0 * found.hours() >= LEAST_TO_JUDGE_S;
        warnings.extend((is_long && share > MAX_SHARE_ON).then_some(always_on));
        warnings.extend(self.budget.and_then(|budget| self.next_to_nothing(budget)));
        if let Some(budget) = self.budget.filter(|b| b.n_claims > b.n_allowed) {
            warnings.push(format!(
                "even at the largest threshold there are {} claims in the record played backwards, {} are allowed",
                budget.n_claims, budget.n_allowed
            ));
        }
        let expected = |b: &AlarmBudget| b.alarms_per_day * b.hours / 24.0;
        if let Some(budget) = self.budget.filter(|b| expected(b) < LEAST_EXPECTED) {
            warnings.push(format!(
                "{:.2} hours are short for {} false alarms a day: {:.1} are expected in them, and {LEAST_EXPECTED} or more \
                 would tell. Choose the threshold on a longer record",
                budget.hours,
                budget.alarms_per_day,
                expected(budget)
            ));
        }
        warnings
    }

    /// Where a budget has raised the threshold beyond nearly all windows that the model takes for probable.
    fn next_to_nothing(&self, budget: &AlarmBudget) -> Option<String> {
        let [n, n_left] = self.n_probable;
        let is_little = n > 0 && n_left as f64 <= LEAST_SHARE_LEFT * n as f64;
        let why = match budget.threshold > budget.least_threshold {
            true => {
                "the record played backwards holds alarms that are as probable. Allow more of them, or mend the record \
                 (glitches and steps) before"
            }
            false => {
                "where the model was judged, a smaller one gave more alarms. Allow more of them"
            }
        };
        (is_little && budget.threshold > self.usual_threshold).then(|| {
            format!(
                "at this budget {} could be found: of {} as probable as {} or more {n_left} reach the threshold, for {why}",
                if n_left == 0 { "nothing" } else { "next to nothing" },
                output::counted(n, "window"),
                self.usual_threshold
            )
        })
    }
}

/// How the threshold came about.
fn in_words(budget: &AlarmBudget) -> String {
    format!(
        "threshold {} for {} false alarms a day. In {:.2} h of this record played backwards it makes {} claims ({} allowed): \
         {:.2} a day, and 95 % sure at most {:.2}. Where the model was judged, {} was enough for that rate",
        budget.threshold,
        budget.alarms_per_day,
        budget.hours,
        budget.n_claims,
        budget.n_allowed,
        budget.per_day,
        budget.upper_per_day,
        budget.least_threshold
    )
}
