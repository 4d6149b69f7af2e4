//! One network, one threshold: the detector that chapters 5, 8 and 9 judge.

use crate::detect::{self, Detections, MergeParams, Scan, ScanParams};
use crate::error::Result;
use crate::network::ConvNet;
use crate::products::LEAK_FREE_NORMALISATION;
use crate::study::Study;
use crate::waveform::Record3C;

/// One network, how it scans, and how its windows become events: the same in chapters 5, 8 and 9.
#[derive(Debug)]
pub struct Detector {
    pub network: ConvNet,
    pub scan: ScanParams,
    pub merge: MergeParams,
}

impl Detector {
    /// The probabilities of every window of a record.
    ///
    /// # Errors
    /// As [`detect::scan`].
    pub fn scan(&self, record: &Record3C) -> Result<Scan> {
        detect::scan(&self.network, record, &self.scan)
    }

    /// The events that it detects in a record.
    ///
    /// # Errors
    /// As [`detect::scan`].
    pub fn detect(&self, record: &Record3C) -> Result<Detections> {
        self.scan(record)?.merge(&self.merge)
    }
}

/// How the leak-free network scans: the study's hop, its own scale.
pub fn scan_params(study: &Study) -> ScanParams {
    ScanParams {
        hop_samples: study.scan.hop_samples,
        normalisation: LEAK_FREE_NORMALISATION,
    }
}

/// Windows at least `on` probable begin an event, which lasts while they are half as probable, and
/// windows that overlap are one event.
pub fn merge_params_at(study: &Study, on: f64) -> MergeParams {
    MergeParams {
        on,
        off: on / 2.0,
        join_s: study.window.n_samples as f64 / study.window.sampling_rate_hz,
        min_windows: 1,
    }
}
