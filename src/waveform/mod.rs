//! Recorded ground motion: traces with gaps, three-component records, files and filters.

mod record;
mod trace;

pub use record::{Record3C, WaveformSource};
pub use trace::{Samples, Segment, StreamId, Trace};
