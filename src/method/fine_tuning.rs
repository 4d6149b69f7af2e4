//! A detector goes on to learn from a few hours of a new station.

use std::path::Path;

use super::detector::new_network;
use super::fit::{choose_threshold, fit_from, reference};
use super::scanning::merge_params;
use super::{Detector, Fitted, Inputs, TimeBlocks};
use crate::error::Result;
use crate::evaluate::OperatingPoint;
use crate::network::{named_weights, set_weights};
use crate::station::StationChoice;
use crate::study::{Onset, Study};
use crate::time::{self, TimeSpan};
use crate::window::Windows;

/// Smaller steps than a training's, or what was learnt before is lost.
const FINE_RATE: f64 = 3e-4;

/// A few hours make few windows: small batches, and an end after few failures.
const BATCH_SIZE: usize = 32;
const PATIENCE: usize = 3;

/// What came of it.
#[derive(Debug)]
pub struct FineTuned {
    pub fitted: Fitted,
    /// On the test time, which neither training nor threshold saw: the detector as it came.
    pub before: OperatingPoint,
    /// And after the training. Both have the threshold that keeps the alarm budget on the same validation time.
    pub after: OperatingPoint,
}

impl Detector {
    /// The study of a fine-tuning: the detector's windows and method, at another station and in another time.
    ///
    /// Nothing of that time is set aside, but what its blocks are ([`TimeBlocks`]).
    ///
    /// # Errors
    /// [`crate::Error::Study`] where such a study cannot be.
    pub fn fine_tuning(
        &self,
        station: &StationChoice,
        time: &TimeSpan,
        onset: Onset,
    ) -> Result<Study> {
        let mut study = self.study.clone();
        study.name = format!("{}-tuned", study.name);
        study.station = station.clone();
        study.catalog.start = time.start;
        study.catalog.end = time.end;
        study.method.onset = onset;
        study.train.learning_rate = FINE_RATE;
        study.train.batch_size = BATCH_SIZE;
        study.train.patience = PATIENCE;
        // What the study would set aside lies before all records.
        let hour = TimeSpan {
            start: time.start - time::seconds(7200.0),
            end: time.start - time::seconds(3600.0),
        };
        (study.scan.start, study.scan.end) = (hour.start, hour.end);
        study.held_out = hour;
        study.checked()
    }
}

/// Goes on with the training of `base`, by a study of [`Detector::fine_tuning`]; its regression stays as it is.
///
/// The folder `dir` is one of [`super::fit`]: [`Detector::read`] reads the detector. The test time is scanned by both, before and
/// after, each with the smallest threshold that keeps the study's alarm budget on the validation time: the score of the
/// step.
///
/// # Errors
/// As [`super::fit`].
pub fn fine_tune(
    base: &Detector,
    study: &Study,
    inputs: &Inputs,
    segments: &Windows,
    dir: &Path,
) -> Result<FineTuned> {
    let blocks = TimeBlocks::of(study, inputs.catalog);
    let mut before = copy(base, study);
    choose_threshold(&mut before, inputs, &blocks)?;
    let fitted = fit_from(copy(base, study), inputs, segments, dir)?;
    Ok(FineTuned {
        before: on_test(&before, inputs, &blocks)?,
        after: on_test(&fitted.detector, inputs, &blocks)?,
        fitted,
    })
}

fn copy(base: &Detector, study: &Study) -> Detector {
    let network = new_network(study);
    set_weights(&network, &named_weights(&base.network))
        .expect("the study has the detector's windows and classes");
    Detector {
        regression: base.regression.clone(),
        picker: base.picker.clone(),
        ..Detector::untrained(study, network)
    }
}

/// What a detector does in the time after the validation.
fn on_test(detector: &Detector, inputs: &Inputs, blocks: &TimeBlocks) -> Result<OperatingPoint> {
    let study = &detector.study;
    let time = TimeSpan {
        start: blocks.test,
        end: study.catalog.end,
    };
    let scan = detector.scan_spans(inputs.source, &[time])?;
    let threshold = detector.threshold;
    let found = scan.merge(&merge_params(study, threshold))?;
    Ok(OperatingPoint {
        threshold,
        counts: reference(study, inputs)?.count(&found),
    })
}
