//! The readers of `quakebook`, compiled from its own files without the rest of it: they take a minute to
//! build under the fuzzer's instrumentation, the whole library with its neural networks a quarter of
//! an hour.

// What the readers leave unused here the rest of the library uses.
#![allow(dead_code, unused_imports)]

#[path = "../../src/atomic_file/mod.rs"]
pub mod atomic_file;
#[path = "../../src/bucket/mod.rs"]
mod bucket;
#[path = "../../src/catalog/mod.rs"]
pub mod catalog;
#[path = "../../src/code.rs"]
pub mod code;
#[path = "../../src/code_pattern.rs"]
mod code_pattern;
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/geo.rs"]
pub mod geo;
#[path = "../../src/hash.rs"]
mod hash;
pub mod locate;
#[path = "../../src/printable.rs"]
mod printable;
pub mod seisbench;
#[path = "../../src/server/mod.rs"]
pub mod server;
#[path = "../../src/simd.rs"]
mod simd;
#[path = "../../src/simulated.rs"]
mod simulated;
#[path = "../../src/station/mod.rs"]
pub mod station;
#[path = "../../src/study/mod.rs"]
pub mod study;
#[path = "../../src/tables.rs"]
mod tables;
#[path = "../../src/time.rs"]
pub mod time;
#[path = "../../src/tls.rs"]
mod tls;
#[path = "../../src/network/torch_file/mod.rs"]
mod torch_file;
#[path = "../../src/travel/mod.rs"]
pub mod travel;
#[path = "../../src/waveform/mod.rs"]
pub mod waveform;
#[path = "../../src/xml/mod.rs"]
mod xml;

pub use error::{Error, Result};

/// How many tensors the file of saved weights holds.
///
/// # Errors
/// As a picker's weights are read.
pub fn read_weights(path: &std::path::Path) -> Result<usize> {
    let bytes = atomic_file::read_input(path)?;
    torch_file::state_dict_of(&bytes, &path.display().to_string()).map(|dict| dict.len())
}
