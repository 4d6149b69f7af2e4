//! Windows of equal length, cut from records: what a network looks at.

use crate::time::Time;

/// How amplitudes are scaled before a network sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Each component to `[0, 1]` by its own minimum and maximum, as the paper did: it breaks the
    /// amplitude ratio between components, and jumps where they meet.
    MinMaxPerComponent,
    /// The three components together to `[0, 1]`, as the paper says it should be done.
    MinMaxJoint,
    /// Each component's mean removed, then one scale for all three: their standard deviation.
    Deviation,
    /// Each component's mean removed, then one scale for all three: the largest absolute value.
    Peak,
}

/// What a window holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// An event of the catalog, by its identifier.
    Event { id: String },
    /// Noise of the gap after the event `after`; the windows of one gap are one group.
    Noise { after: String },
}

/// One window: `(3, n_samples)` row by row, component after component.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Time of the first sample.
    pub start: Time,
    /// `3 * n_samples` values: all of component 0, then 1, then 2.
    pub samples: Vec<f32>,
    /// Cluster of the event, from 0; noise has the number of clusters.
    pub class: usize,
    pub origin: Origin,
}
