//! One channel's samples, with its gaps.

use std::fmt;

use crate::time::{self, Time};

/// Network, station, location and channel codes: `GS.OK029.00.HHZ`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    pub network: String,
    pub station: String,
    pub location: String,
    pub channel: String,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}.{}",
            self.network, self.station, self.location, self.channel
        )
    }
}

/// Samples in the type in which they were recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    Int32(Vec<i32>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
}

impl Samples {
    pub fn len(&self) -> usize {
        match self {
            Self::Int32(v) => v.len(),
            Self::Float32(v) => v.len(),
            Self::Float64(v) => v.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Samples without a gap, the first at `start`.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub start: Time,
    pub samples: Samples,
}

/// One channel: segments in time order, none overlapping; between two of them lies a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    pub id: StreamId,
    pub sampling_rate_hz: f64,
    pub segments: Vec<Segment>,
}

impl Trace {
    /// Samples of all segments together.
    pub fn n_samples(&self) -> usize {
        self.segments.iter().map(|s| s.samples.len()).sum()
    }

    /// Time of the first sample.
    pub fn start(&self) -> Option<Time> {
        self.segments.first().map(|s| s.start)
    }

    /// Time of the last sample.
    pub fn last(&self) -> Option<Time> {
        self.segments.last().map(|s| {
            time::of_sample(
                s.start,
                s.samples.len().saturating_sub(1),
                self.sampling_rate_hz,
            )
        })
    }
}
