//! (classroom)

mod branching;
pub mod published;
pub mod seismicity;
pub mod zones;

pub use published::Link;
pub use seismicity::{SEED, Source, Truth};
pub use zones::{ZONES, Zone};
