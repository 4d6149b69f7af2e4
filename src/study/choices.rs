//! What the paper chose, step by step.

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// How epicentres are clustered (section 2.2 of the paper).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterChoice {
    pub k: usize,
    pub n_replicates: usize,
}

/// How windows are cut (sections 2.3.1 and 2.3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowChoice {
    pub n_samples: usize,
    pub sampling_rate_hz: f64,
    /// Consecutive noise windows from the middle between two events.
    pub n_noise_per_gap: usize,
}

/// Noise added to copies, as a fraction of each window's maximum (section 2.4.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentChoice {
    pub noise_levels: Vec<f64>,
}

/// Parts of the data; what training and validation leave is the test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitChoice {
    pub train_fraction: f64,
    pub validation_fraction: f64,
}

/// The training loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainChoice {
    pub max_epochs: usize,
    pub batch_size: usize,
    pub learning_rate: f64,
    /// L2 penalty on the weights.
    pub weight_decay: f64,
    /// Stop after so many validation failures in a row.
    pub patience: usize,
}

/// The hours to scan (section 3) and the step between windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanChoice {
    pub start: Time,
    pub end: Time,
    /// Step of the overlapping scan, in samples; the paper's own step is the window itself.
    pub hop_samples: usize,
}
