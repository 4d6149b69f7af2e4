//! Earthquakes and lists of them: one file for each format.

mod event;

pub use event::{Catalog, Event};
