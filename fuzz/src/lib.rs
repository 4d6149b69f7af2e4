//! The readers of `quakebook`, compiled from its own files without the rest of it: they take a minute to
//! build under the fuzzer's instrumentation, the whole library with its neural networks a quarter of
//! an hour.

// What the readers leave unused here the rest of the library uses.
#![allow(dead_code, unused_imports)]

#[path = "../../src/catalog/mod.rs"]
pub mod catalog;
#[path = "../../src/disk.rs"]
mod atomic_file;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/geo.rs"]
pub mod geo;
#[path = "../../src/lanes.rs"]
mod simd;
#[path = "../../src/station/mod.rs"]
pub mod station;
#[path = "../../src/study.rs"]
pub mod study;
#[path = "../../src/time.rs"]
pub mod time;
#[path = "../../src/waveform/mod.rs"]
pub mod waveform;
#[path = "../../src/xml.rs"]
mod xml;

pub use error::{Error, Result};
