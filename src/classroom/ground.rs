//! What the recorder needs to know of the ground, so that tests can give another one.

use std::ops::Range;

use super::Synthesis;

/// Ground motion as the recorder counts it, a pure function of component and time.
pub(super) trait Ground: Send + Sync {
    /// Samples of component `component` (an index into [`CHANNELS`](super::instrument::CHANNELS)), in counts.
    /// `first` counts samples at [`SAMPLING_RATE_HZ`](super::instrument::SAMPLING_RATE_HZ) since 1970.
    fn samples(&self, component: usize, first: i64, n: usize) -> Vec<i32>;

    /// The missing sample ranges between `from` and `to`, in order.
    fn outages(&self, from: i64, to: i64) -> Vec<Range<i64>>;
}

impl Ground for Synthesis {
    fn samples(&self, component: usize, first: i64, n: usize) -> Vec<i32> {
        Synthesis::samples(self, component, first, n)
    }

    fn outages(&self, from: i64, to: i64) -> Vec<Range<i64>> {
        Synthesis::outages(self, from, to)
    }
}
