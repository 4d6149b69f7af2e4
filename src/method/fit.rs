//! Training, and the threshold within the alarm budget.

use std::path::Path;

use super::detector::{Record, merge_params, new_network, scan_spans};
use super::{Detector, Inputs, TimeBlocks, segment_split, validation_days, windows};
use crate::detect::{DetectorPoint, operating_curve};
use crate::error::Result;
use crate::evaluate::ConfusionMatrix;
use crate::network::Classify;
use crate::study::Study;
use crate::train::{Run, TrainParams, train};
use crate::window::Windows;

/// Thresholds that are tried. They crowd at 1, where a network that saw one event window in four
/// puts nearly everything that is an event.
pub const THRESHOLDS: [f64; 17] = [
    0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998,
    0.9999,
];

/// An event's P wave may arrive so long before its detection: a detector may have seen the S wave
/// alone, which in a region of 30 km comes up to 5 s later.
pub const TOLERANCE_S: f64 = 5.0;

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
/// The threshold is the smallest of [`THRESHOLDS`] from which on upwards the detections without an event
/// of the catalog stay within the study's alarm budget on the [`validation_days`]. The study's scanned
/// hours and its held-out block take no part. The folder `dir` keeps everything: a run that was cut off
/// goes on where it stopped, and a finished one is read.
///
/// # Errors
/// [`crate::Error::Dataset`] where a block has no windows, [`crate::Error::Train`] where `dir` holds
/// another run, [`crate::Error::Evaluate`] where nothing was recorded on the validation days.
pub fn fit(study: &Study, inputs: &Inputs, segments: &Windows, dir: &Path) -> Result<Fitted> {
    let blocks = TimeBlocks::of(study, inputs.catalog);
    let split = windows(study, &segment_split(study, segments, &blocks)?)?;
    let mut network = new_network(study);
    let params = train_params(study);
    let run = train(
        &mut network,
        &split.train,
        &split.validation,
        &params,
        Some(dir),
    )?;
    let record = match Record::read(dir) {
        Ok(kept) if kept.weights_sha256 == run.weights_sha256 && kept.study == *study => kept,
        _ => {
            let curve = validation_curve(study, inputs, &network, &blocks)?;
            let budget = study.method.max_false_alarms_per_hour;
            let record = Record {
                weights_sha256: run.weights_sha256.clone(),
                threshold: within_budget(&curve, budget)
                    .unwrap_or(THRESHOLDS[THRESHOLDS.len() - 1]),
                curve,
                study: study.clone(),
            };
            record.write(dir)?;
            record
        }
    };
    Ok(Fitted {
        test: ConfusionMatrix::of(&network, &split.test)?,
        detector: Detector::of(record, network),
        run,
    })
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

/// What each threshold does on the validation days, beside the catalog.
fn validation_curve(
    study: &Study,
    inputs: &Inputs,
    network: &dyn Classify,
    blocks: &TimeBlocks,
) -> Result<Vec<DetectorPoint>> {
    let days = validation_days(study, blocks);
    let scan = scan_spans(network, inputs.source, study, &days)?;
    let p_after_s = inputs.p_after_s(study)?;
    operating_curve(
        &scan,
        &THRESHOLDS,
        |on| merge_params(study, on),
        |found| found.match_(inputs.catalog, &p_after_s, TOLERANCE_S),
        |_| true,
    )
}

/// The smallest threshold from which on upwards false alarms stay within the budget.
fn within_budget(curve: &[DetectorPoint], per_hour: f64) -> Option<f64> {
    let mut falling = curve.to_vec();
    falling.sort_by(|a, b| b.threshold.total_cmp(&a.threshold));
    let within = |point: &&DetectorPoint| point.alarms.per_hour <= per_hour;
    let smallest = falling.iter().take_while(within).last();
    smallest.or(falling.first()).map(|point| point.threshold)
}
