//! What the detector finds in the hours that the paper scans.

use crate::detect::Detections;
use crate::error::Result;
use crate::store::{Store, continuous, detector};
use crate::study::Study;

/// What the study's detector finds in its continuous record; kept as `detections.csv`.
///
/// # Errors
/// As [`detector`] and [`continuous`].
pub fn detections(study: &Study) -> Result<Detections> {
    Store::of(study).get_or_make("detections.csv", || {
        detector(study)?.detect(&continuous(study)?)
    })
}
