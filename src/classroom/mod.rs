//! A simulated region with a known truth: its earthquakes, catalog, station and records.
//!
//! The waveforms of GS.OK029 cannot travel with this project, so the default data centre is
//! simulated, and says so everywhere. It answers the FDSN requests of a real one, so that the
//! notebooks' cells are the same for both; and as its truth is known, what a catalog lacks and
//! what a detector misses can be counted.
//!
//! ```text
//! Truth (every source) -> published catalog --------------> event service
//!       \-> Synthesis (a pure function of seed, channel, time) -> dataselect
//! ```
//!
//! [`SeismicNetwork`] is twelve such stations with the same earthquakes.
//!
//! ```
//! use quakebook::classroom::{Classroom, SEED};
//! let classroom = Classroom::new(SEED);
//! assert!(classroom.published().len() < classroom.truth().len());
//! ```

mod branching;
mod channels;
pub mod coda;
mod day_files;
pub mod earthquake;
pub mod greens;
mod ground;
pub mod instrument;
pub mod motion;
pub mod network;
pub mod noise;
pub mod nuisance;
pub mod outage;
mod pieces;
mod priors;
pub mod published;
mod random;
pub mod recorder;
pub mod seismicity;
pub mod sensor;
pub mod source;
pub mod synthesis;
pub mod world;
pub mod zones;

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::station::Inventory;
use crate::time::Time;
use crate::waveform::Nslc;
use ground::Ground;

pub use motion::Motion;
pub use network::{NetworkStation, SeismicNetwork};
pub use nuisance::{Nuisance, NuisanceKind};
pub(crate) use pieces::Piece;
pub use published::Link;
pub use seismicity::{SEED, Truth};
pub use source::Source;
pub use synthesis::Synthesis;
pub use world::World;
pub use zones::{ZONES, Zone};

/// The simulated region as a data centre has it: catalogs, one station and its records.
#[derive(Clone)]
pub struct Classroom {
    truth: Arc<Catalog>,
    published: Arc<Catalog>,
    ground: Arc<dyn Ground>,
}

impl Classroom {
    /// Simulates the region; the same seed gives the same data.
    pub fn new(seed: u64) -> Self {
        let truth = Arc::new(Truth::simulate(seed));
        Self {
            truth: Arc::new(truth.catalog()),
            published: Arc::new(truth.published()),
            ground: Arc::new(Synthesis::new(seed, truth)),
        }
    }

    /// Every simulated event.
    pub fn truth(&self) -> &Arc<Catalog> {
        &self.truth
    }

    /// The events that a seismic network would have published: with errors, without the smallest.
    pub fn published(&self) -> &Arc<Catalog> {
        &self.published
    }

    /// The simulated station and its channels.
    pub fn inventory() -> Inventory {
        channels::inventory()
    }

    /// What was recorded of the wanted channels from `start` to `end`, both included.
    pub(crate) fn pieces(
        &self,
        wanted: &dyn Fn(&Nslc) -> bool,
        start: Time,
        end: Time,
    ) -> Vec<Piece> {
        pieces::pieces(&self.ground, wanted, start, end)
    }
}
