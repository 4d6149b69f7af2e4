//! How a shard's detections came about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// What a shard's detections were made of, and what could not be scanned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub index: usize,
    pub id: String,
    /// The file of its detections, in the folder of results, and the SHA-256 of that.
    pub result: String,
    pub result_sha256: String,
    pub n_detections: usize,
    pub n_windows: usize,
    /// Windows that could not be classified, by reason.
    pub unscanned: BTreeMap<String, usize>,
    pub hours: f64,
    /// Station-days, as the plan counts them.
    pub n_days: usize,
    /// What was met in the records, in sentences.
    pub conditions: Vec<String>,
    /// Damaged records: how many, and the first of them.
    pub n_damaged: usize,
    pub damaged: Vec<String>,
    pub simulated: bool,
    pub inputs: Inputs,
    pub weights_sha256: String,
    /// The program's version, and the SHA-256 of its file.
    pub program: String,
    pub program_sha256: String,
    pub host: String,
    pub finished: Time,
    /// What the shard took, in seconds of the clock.
    pub seconds: f64,
}

/// The day files that a shard may have read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    pub n_files: usize,
    pub n_bytes: u64,
    /// SHA-256 of the lines `SHA256  PATH` that `sha256sum` prints for the files in the archive's folder, sorted by path.
    pub sha256: String,
}
