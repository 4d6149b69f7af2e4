//! One measure for every detector: which events it finds, and how many false alarms it gives.

use super::{Alarms, ReferenceEvents};
use crate::evaluate::{Counts, OperatingPoint};
use crate::waveform::Record3C;

/// One detector in the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorResult {
    pub name: String,
    /// What it must know before it can detect anything.
    pub needs: String,
    /// Chosen on other records.
    pub threshold: f64,
    /// What it does there on the tested record.
    pub counts: Counts,
    /// What other thresholds would have done.
    pub curve: Vec<OperatingPoint>,
    /// Seconds of computing for the tested record.
    pub seconds: f64,
}

/// Detectors on the same record, against the same events.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub station: String,
    pub simulated: bool,
    /// Signal-to-noise ratio from which on an event must be found; 0 where every event must.
    pub min_ratio: f64,
    pub results: Vec<DetectorResult>,
}

impl DetectorResult {
    /// A detector whose alarms have a score: every score that occurs is a threshold of its curve.
    pub fn of_alarms(
        name: &str,
        needs: &str,
        reference: &ReferenceEvents,
        alarms: &Alarms,
        threshold: f64,
        seconds: f64,
    ) -> Self {
        Self {
            name: name.into(),
            needs: needs.into(),
            threshold,
            counts: reference.count(&alarms.at_least(threshold)),
            curve: reference.curve_of(alarms),
            seconds,
        }
    }
}

impl Comparison {
    /// A comparison without results yet.
    pub fn new(record: &Record3C, reference: &ReferenceEvents) -> Self {
        Self {
            station: record.station.clone(),
            simulated: record.simulated || reference.events.simulated,
            min_ratio: reference.min_ratio.unwrap_or(0.0),
            results: Vec::new(),
        }
    }
}
