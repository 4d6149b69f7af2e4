//! Training, and the threshold within the alarm budget.

use std::path::Path;

use super::detector::{Record, new_network};
use super::folder::keep_catalog;
use super::scanning::{VALIDATION, merge_params};
use super::{Detector, Inputs, TimeBlocks, segment_split, validation_days, windows};
use crate::catalog::Event;
use crate::detect::{ReferenceEvents, Scan, THRESHOLDS, TOLERANCE_S};
use crate::error::Result;
use crate::evaluate::{ConfusionMatrix, smallest_threshold_within};
use crate::study::Study;
use crate::time;
use crate::train::{Run, TrainParams, train};
use crate::window::Windows;

/// A detector, and how it came about.
#[derive(Debug)]
pub struct Fitted {
    pub detector: Detector,
    pub run: Run,
    /// Of the test windows, which neither training nor threshold saw.
    pub test: ConfusionMatrix,
}

/// Trains ConvNetQuake's network on windows cropped from the segments, and chooses its threshold.
///
/// The threshold is the smallest of [`THRESHOLDS`] whose detections without an event of the catalog stay
/// within the study's alarm budget on the [`validation_days`] ([`smallest_threshold_within`]). The study's scanned
/// hours and its held-out block take no part. The folder `dir` keeps everything: a run that was cut off
/// goes on where it stopped, and a finished one is read.
///
/// # Errors
/// [`crate::Error::Dataset`] where a block has no windows, [`crate::Error::Train`] where `dir` holds
/// another run, [`crate::Error::Detect`] where nothing was recorded on the validation days.
pub fn fit(study: &Study, inputs: &Inputs, segments: &Windows, dir: &Path) -> Result<Fitted> {
    let detector = Detector::untrained(study, new_network(study));
    fit_from(detector, inputs, segments, dir)
}

/// Trains the network of `detector` by its study, and chooses its threshold.
pub(super) fn fit_from(
    mut detector: Detector,
    inputs: &Inputs,
    segments: &Windows,
    dir: &Path,
) -> Result<Fitted> {
    let study = detector.study.clone();
    let blocks = TimeBlocks::of(&study, inputs.catalog);
    let split = windows(&study, &segment_split(&study, segments, &blocks)?)?;
    keep_catalog(inputs.catalog, dir)?;
    let run = train(
        &mut detector.network,
        &split.train,
        &split.validation,
        &train_params(&study),
        Some(dir),
    )?;
    match Record::read(dir) {
        Ok(kept) if kept.weights_sha256 == run.weights_sha256 && kept.study == study => {
            detector.threshold = kept.threshold;
            detector.curve = kept.curve;
        }
        _ => {
            let scan = choose_threshold(&mut detector, inputs, &blocks)?;
            scan.write(dir.join(VALIDATION))?;
            detector.record(None).write(dir)?;
        }
    }
    Ok(Fitted {
        test: ConfusionMatrix::of(&detector, &split.test)?,
        detector,
        run,
    })
}

/// Gives the detector the threshold that keeps the alarm budget on the validation days, and returns their scan.
pub(super) fn choose_threshold(
    detector: &mut Detector,
    inputs: &Inputs,
    blocks: &TimeBlocks,
) -> Result<Scan> {
    let study = &detector.study;
    let days = validation_days(study, blocks);
    let scan = detector.scan_spans(inputs.source, &days)?;
    let curve =
        reference(study, inputs)?.curve(&THRESHOLDS, |on| scan.merge(&merge_params(study, on)))?;
    let budget = study.method.max_false_alarms_per_hour();
    let chosen = smallest_threshold_within(&curve, budget);
    detector.threshold = chosen
        .expect("a curve has a point for each threshold")
        .threshold;
    detector.curve = curve;
    Ok(scan)
}

/// How the network is trained: as the study says, in not more epochs than pay.
pub fn train_params(study: &Study) -> TrainParams {
    let params = TrainParams::adam(&study.train, study.seed);
    TrainParams {
        report_every: 0,
        max_epochs: params.max_epochs.min(study.method.max_epochs),
        ..params
    }
}

/// The catalog's events, with their P waves at the station: each should be found.
pub(super) fn reference(study: &Study, inputs: &Inputs) -> Result<ReferenceEvents> {
    let after_s = inputs.p_after_s(study)?;
    let arrival = |event: &Event| event.origin_time + time::seconds(after_s(event));
    let arrivals = inputs.catalog.events().iter().map(arrival).collect();
    ReferenceEvents::at(inputs.catalog.clone(), arrivals, TOLERANCE_S)
}
