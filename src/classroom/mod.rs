//! (classroom)

mod branching;
pub mod coda;
pub mod earthquake;
pub mod greens;
pub mod instrument;
pub mod motion;
pub mod noise;
pub mod nuisance;
pub mod outage;
pub mod published;
mod random;
pub mod seismicity;
pub mod source;
pub mod synthesis;
pub mod zones;

pub use motion::Motion;
pub use nuisance::{Nuisance, NuisanceKind};
pub use published::Link;
pub use seismicity::{SEED, Source, Truth};
pub use synthesis::Synthesis;
pub use zones::{ZONES, Zone};
