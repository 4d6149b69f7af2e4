//! Recorded ground motion: traces with gaps, three-component records, files and filters.

mod assemble;
mod merge;
pub mod mseed;
mod record;
mod trace;

pub use merge::merge;
pub use record::{Record3C, WaveformSource};
pub use trace::{Samples, Segment, StreamId, Trace};
