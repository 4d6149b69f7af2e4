//! A trace and its labels.

use std::collections::BTreeMap;

use crate::time::Time;

/// The part of a division to which a trace belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    Train,
    /// The validation, which SeisBench calls `dev`.
    Dev,
    Test,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Train, Self::Dev, Self::Test];

    /// What stands in the column `split`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        }
    }
}

/// What the samples of a dataset are, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataFormat {
    /// `velocity`.
    pub measurement: Option<String>,
    /// `counts`.
    pub unit: Option<String>,
    /// `not restituted`.
    pub instrument_response: Option<String>,
}

/// What is known of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Time of the first sample.
    pub start: Option<Time>,
    pub sampling_rate_hz: f64,
    /// A letter for each component, such as `ZNE`.
    pub components: String,
    pub part: Option<Part>,
    /// All other columns that are not empty, such as `station_code`.
    pub columns: BTreeMap<String, String>,
}

/// A trace of one or more components.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledTrace {
    pub labels: Labels,
    /// Row by row, of shape `(components, n_samples)`.
    pub samples: Vec<f32>,
}

const BEFORE_PHASE: &str = "trace_";
const AFTER_PHASE: &str = "_arrival_sample";

impl Labels {
    /// Labels of which nothing more is known.
    pub fn new(components: &str, sampling_rate_hz: f64) -> Self {
        Self {
            start: None,
            sampling_rate_hz,
            components: components.into(),
            part: None,
            columns: BTreeMap::new(),
        }
    }

    /// The phases that have an arrival, as columns such as `trace_P_arrival_sample` name them, with the
    /// sample at which they arrive.
    pub fn arrivals(&self) -> Vec<(&str, f64)> {
        let arrivals = self.columns.iter().filter_map(|(column, value)| {
            let phase = column
                .strip_prefix(BEFORE_PHASE)?
                .strip_suffix(AFTER_PHASE)?;
            let sample: f64 = value.parse().ok()?;
            sample.is_finite().then_some((phase, sample))
        });
        arrivals.collect()
    }

    /// Says at which sample a phase arrives; it may lie between two.
    pub fn set_arrival(&mut self, phase: &str, sample: f64) {
        let column = format!("{BEFORE_PHASE}{phase}{AFTER_PHASE}");
        self.columns.insert(column, sample.to_string());
    }
}
