//! The recipe of a detector for any station: it is taught on many simulated worlds.
//!
//! | Step | Function |
//! |---|---|
//! | a world is drawn, and a day of its earthquakes | [`Day::of`] |
//! | segments of its record are cut around earthquakes, disturbances, and anywhere | `segment` |
//! | windows are taken from them, and each gets its class from what stands out | [`windows`] |
//! | a threshold is chosen on hours of other worlds | [`Hour`] |
//! | what was made is judged on sealed worlds, and the opening is written down | [`open`] |
//!
//! A picker for any station is taught on the same worlds: [`lessons`] cut stretches of record with their onsets, and [`picker`] teaches,
//! chooses its thresholds and judges it.

mod day;
mod judged;
mod lessons;
pub mod model;
pub mod picker;
mod purpose;
mod sealed;
mod segment;
mod taught;

pub use day::{Day, Rate};
pub use judged::{Hour, scores};
pub use lessons::{Exercise, Lesson, PickRecipe, lessons};
pub use purpose::{Choosing, Teaching};
pub use sealed::{Opening, open, openings, openings_of_models};
pub use segment::{Arrival, Segment, TrueOnset};
pub use taught::{Recipe, windows};
