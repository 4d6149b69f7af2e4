//! Detecting induced earthquakes with a neural network, as a notebook one can rerun.
//!
//! `quakebook` redoes, section by section, a paper after ConvNetQuake (Perol, Gharbi & Denolle,
//! *Science Advances* 4(2), e1700578, 2018): the work is done here, the story is told in `notebooks/`.
//!
//! Data flows one way, and each module has one responsibility:
//!
//! ```text
//! study -> catalog -> cluster --+
//!                               +-> window -> dataset -> network -> train -> evaluate
//! data_centre -> waveform ------+                                     |
//!       +---- (continuous record) ------------------> detect <--------+
//!
//! study -> method (the recipe of a detector) -> store (what was made, kept) -> { book, program }
//! ```
//!
//! `ARCHITECTURE.md` has all modules in the order in which they may import each other.
//!
//! [`fdsn`] asks a data centre for events, stations and waveforms. [`data_centre`] connects a study to
//! one; the default is the simulated region of [`classroom`], served on loopback: it needs no network.

pub mod associate;
pub mod atomic_file;
pub mod book;
mod bucket;
pub mod bulletin;
pub mod catalog;
pub mod classroom;
pub mod cluster;
mod code;
mod code_pattern;
pub mod data_centre;
pub mod dataset;
pub mod detect;
pub mod display;
pub mod error;
pub mod evaluate;
pub mod fdsn;
pub mod geo;
mod hash;
pub mod locate;
pub mod magnitude;
pub mod method;
pub mod network;
pub mod pick;
pub mod plan;
pub mod plot;
pub mod prelude;
pub mod printable;
pub mod provenance;
pub mod server;
mod simd;
mod simulated;
pub mod station;
pub mod store;
pub mod study;
mod tables;
pub mod time;
mod tls;
pub mod train;
pub mod travel;
pub mod waveform;
pub mod window;
mod xml;

pub use error::{Error, Result, Unavailable};
