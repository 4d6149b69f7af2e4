//! Recorded ground motion: traces with gaps, three-component records, files and filters.

mod archive;
mod assemble;
pub mod filter;
mod merge;
pub mod mseed;
mod record;
pub mod spectrum;
mod trace;

pub use archive::Archive;
pub(crate) use archive::replace_file;
pub(crate) use assemble::{NO_COMPONENT, NO_SAMPLE};
pub use merge::merge;
pub use record::{Record3C, WaveformSource};
pub use trace::{Samples, Segment, StreamId, Trace};
