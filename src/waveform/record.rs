//! Three components on one time grid.

use std::ops::Range;

use crate::error::Result;
use crate::time::{self, Time};

/// Three components of one station on a common grid.
///
/// Arrays have shape `(3, n_samples)`: the components in the order of `channels`, vertical last as
/// in `HH1, HH2, HHZ` or `HHE, HHN, HHZ`. A sample that was not recorded is NaN, never zero, so
/// that no computation takes a gap for ground motion; [`Record3C::gaps`] lists them.
#[derive(Debug, Clone, PartialEq)]
pub struct Record3C {
    /// `GS.OK029.00`.
    pub station: String,
    pub channels: [String; 3],
    /// Time of sample 0.
    pub start: Time,
    pub sampling_rate_hz: f64,
    /// Counts, or what a filter made of them.
    pub data: [Vec<f32>; 3],
    /// Simulated records say so in every figure.
    pub simulated: bool,
}

impl Record3C {
    pub fn n_samples(&self) -> usize {
        self.data[0].len()
    }

    /// Time just after the last sample: start + n / rate.
    pub fn end(&self) -> Time {
        time::of_sample(self.start, self.n_samples(), self.sampling_rate_hz)
    }

    /// The sample ranges, half-open and in order, in which any component is missing.
    pub fn gaps(&self) -> Vec<Range<usize>> {
        let mut gaps: Vec<Range<usize>> = Vec::new();
        for i in (0..self.n_samples()).filter(|&i| self.data.iter().any(|c| c[i].is_nan())) {
            match gaps.last_mut() {
                Some(gap) if gap.end == i => gap.end = i + 1,
                _ => gaps.push(i..i + 1),
            }
        }
        gaps
    }
}

/// Where three-component records come from: a data centre, an archive on disk, the classroom.
pub trait WaveformSource {
    /// `n_samples` of the three components from the first sample at or after `start` (to within
    /// half a sample). What is missing is NaN; nothing at all is an error.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where there is no sample in the span, or a component is absent;
    /// [`crate::Error::Request`] or [`crate::Error::Io`] where the source cannot be asked.
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C>;
}
