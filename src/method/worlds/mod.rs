//! The recipe of a detector for any station: it is taught on many simulated worlds.
//!
//! | Step | Function |
//! |---|---|
//! | a world is drawn, and a day of its earthquakes | [`Day::of`] |
//! | segments of its record are cut around earthquakes, disturbances, and anywhere | `segment` |
//! | windows are taken from them, and each gets its class from what stands out | [`windows`] |
//! | a threshold is chosen on hours of other worlds | [`Hour`] |
//! | what was made is judged on sealed worlds, and the opening is written down | [`open`] |

mod day;
mod judged;
pub mod model;
mod purpose;
mod sealed;
mod segment;
mod taught;

pub use day::{Day, Rate};
pub use judged::{Hour, scores};
pub use purpose::{Choosing, Teaching};
pub use sealed::{Opening, open, openings, openings_of_models};
pub use segment::{Arrival, Segment};
pub use taught::{Recipe, windows};
