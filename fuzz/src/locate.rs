//! Picks, stations and velocities without the search for places, and without polars.

#[path = "../../src/locate/columns.rs"]
mod columns;
#[path = "../../src/locate/one_event.rs"]
mod one_event;
#[path = "../../src/locate/picks.rs"]
mod picks;
#[path = "../../src/locate/picks_quakeml.rs"]
mod picks_quakeml;
#[path = "../../src/locate/sites.rs"]
mod sites;
#[path = "../../src/locate/velocity.rs"]
mod velocity;

pub use picks::{PhasePick, PickFile, Sorted};
pub use sites::Sites;
pub use velocity::VelocityModel;
