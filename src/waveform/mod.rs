//! Recorded ground motion: traces with gaps, three-component records, files and filters.
//!
//! | What | Where |
//! |---|---|
//! | one channel, as it was recorded, with its gaps | [`Trace`], [`Segment`], [`merge`] |
//! | three components on one time grid, gaps NaN | [`Record3C`], [`Record3C::from_traces`] |
//! | turned to east, north and up | [`Record3C::rotated`] |
//! | where records come from | [`WaveformSource`]: [`Archive`], [`crate::fdsn::Client`] |
//! | files | [`mseed`], [`slist`], [`Archive`] |
//! | filters | [`filter::Filter`] |
//! | one rule of data quality: missing, stuck, dead, clipped | [`quality`] |
//! | records of other gains, rates and sensors | [`harmonise()`] |
//! | power by frequency | [`spectrum::psd`], [`spectrum::spectrogram`] |
//!
//! Samples are counts until a filter or a scale changes them, and a gap stays a gap: nothing here
//! fills it with a number.

mod assemble;
pub mod filter;
mod harmonise;
mod merge;
pub mod mseed;
mod noise_models;
pub mod quality;
mod record;
mod samples;
mod sds;
pub mod slist;
pub mod spectrum;
mod trace;

pub use crate::bucket::{Traffic, is_url};
pub use crate::code::{BadCode, Code, Nslc};
pub use harmonise::{BAND_HZ, Defect, Harmonised, RATE_HZ, harmonise, resample};
pub(crate) use harmonise::{ORDER, ROUNDING, interpolate, interpolate_below};
pub use merge::merge;
pub use noise_models::{new_high_noise_model, new_low_noise_model};
pub use record::{Record3C, WaveformSource};
pub use sds::{
    Added, Archive, DownloadLog, DownloadOutcome, FileFaults, Layout, LogEntry, MissingSpan, Place,
    archive_near,
};
pub(crate) use sds::{
    DayFile, DayFiles, Days, FAST_BANDS, Last, Listing, Sought, StrangeKind, Version, cover, cut,
    is_simulated, without_day_files,
};
pub use trace::{Samples, Segment, Trace};
