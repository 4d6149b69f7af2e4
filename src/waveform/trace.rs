//! One channel's samples, with its gaps.

use std::ops::Range;

use crate::code::Nslc;
use crate::time::{self, Time};

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

    /// The samples of a range.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        match self {
            Self::Int32(v) => Self::Int32(v[range].to_vec()),
            Self::Float32(v) => Self::Float32(v[range].to_vec()),
            Self::Float64(v) => Self::Float64(v[range].to_vec()),
        }
    }

    pub(crate) fn truncate(&mut self, n: usize) {
        match self {
            Self::Int32(v) => v.truncate(n),
            Self::Float32(v) => v.truncate(n),
            Self::Float64(v) => v.truncate(n),
        }
    }

    /// The samples as little-endian numbers of their type, some at a time.
    pub(crate) fn for_le_bytes(&self, mut take: impl FnMut(&[u8])) {
        const N: usize = 4096;
        let mut bytes = Vec::with_capacity(N * 8);
        macro_rules! each_chunk {
            ($v:expr) => {
                for chunk in $v.chunks(N) {
                    bytes.clear();
                    for x in chunk {
                        bytes.extend_from_slice(&x.to_le_bytes());
                    }
                    take(&bytes);
                }
            };
        }
        match self {
            Self::Int32(v) => each_chunk!(v),
            Self::Float32(v) => each_chunk!(v),
            Self::Float64(v) => each_chunk!(v),
        }
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
    pub id: Nslc,
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
