//! The detector of the chapters, how its threshold was chosen, and what it finds in the scanned hours.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::days::{ScannedDays, validation_scan};
use super::detector::{Detector, merge_params_at, scan_params};
use crate::atomic_file::write_whole;
use crate::detect::{Detections, MergeParams, ReferenceEvents, THRESHOLDS};
use crate::error::Result;
use crate::evaluate::{OperatingPoint, smallest_threshold_within};
use crate::products::{catalog, continuous, kept, kept_as, leak_free_network};
use crate::study::Study;

/// The leak-free network, with the threshold that the budget of false alarms leaves it.
///
/// # Errors
/// As [`leak_free_network`] and [`operating_points`].
pub fn detector(study: &Study) -> Result<Detector> {
    Ok(Detector {
        merge: merge_params(study)?,
        network: leak_free_network(study)?,
        scan: scan_params(study),
    })
}

/// [`smallest_threshold_within`] the study's budget on the validation days, and what follows from it.
///
/// # Errors
/// As [`operating_points`].
pub fn merge_params(study: &Study) -> Result<MergeParams> {
    let points = operating_points(study)?;
    let chosen = smallest_threshold_within(&points, study.method.max_false_alarms_per_hour)
        .expect("a curve has a point for each threshold");
    Ok(merge_params_at(study, chosen.threshold))
}

#[derive(Serialize, Deserialize)]
struct OperatingPoints {
    points: Vec<OperatingPoint>,
}

/// What the leak-free network does on the validation days with each of [`THRESHOLDS`], beside the
/// published catalog. The scanned hours and the held-out month take no part.
///
/// # Errors
/// As [`validation_scan`].
pub fn operating_points(study: &Study) -> Result<Vec<OperatingPoint>> {
    let path = study.derived_dir().join("operating-points.toml");
    let kept: OperatingPoints = kept(&path, || {
        let days = validation_scan(study)?;
        let points = published(study, &days)?.curve(&THRESHOLDS, |on| {
            days.detections(&merge_params_at(study, on))
        })?;
        Ok(OperatingPoints { points })
    })?;
    Ok(kept.points)
}

/// The published events, each of which a detector should find where it was scanned.
fn published(study: &Study, days: &ScannedDays) -> Result<ReferenceEvents> {
    let model = &study.velocity_model;
    Ok(ReferenceEvents::new(&catalog(study)?, days.station, model))
}

/// Where [`detections`] are kept.
pub fn detections_path(study: &Study) -> PathBuf {
    study.derived_dir().join("detections.csv")
}

/// What the [`detector`] finds in the study's continuous record.
///
/// # Errors
/// As [`detector`] and [`continuous`].
pub fn detections(study: &Study) -> Result<Detections> {
    kept_as(
        &detections_path(study),
        |path| Detections::read(path),
        |found, path| write_whole(path, found.to_csv()),
        || detector(study)?.detect(&continuous(study)?),
    )
}
