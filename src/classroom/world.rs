//! A simulated world: everything about its ground, its station and its noise that could have been otherwise.
//!
//! A network that is taught in one world learns that world. [`World::draw`] draws another one from priors that are
//! wider than what is known of any one place, each with its source; [`World::paper`] is the world of the paper.
//!
//! A world's waves are made with its true velocity model, while whoever labels them has the [`World::known_model`]
//! alone, as in life.
//!
//! ```
//! use quakebook::classroom::World;
//! let world = World::draw(1);
//! assert_eq!(world, World::draw(1));
//! assert_ne!(world.model, World::draw(2).model);
//! assert_ne!(world.model, world.known_model);
//! ```

use super::branching::{MAX_MW, MIN_MW};
use super::coda::{SCATTERING, Scattering};
use super::greens::{SITE, Site};
use super::noise::NoiseModel;
use super::nuisance::{HABITS, Habit};
use super::recorder::Recorder;
use super::sensor::Sensor;
use super::zones::{ZONES, Zone};
use crate::travel::LayeredModel;

/// What a simulated record is made from, beside its earthquakes.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub seed: u64,
    /// Where earthquakes happen.
    pub zones: Vec<Zone>,
    /// The smallest and the largest moment magnitude.
    pub magnitudes: (f64, f64),
    /// The layers that waves travel through.
    pub model: LayeredModel,
    /// The layers that the region's seismologists believe in.
    pub known_model: LayeredModel,
    pub site: Site,
    pub scattering: Scattering,
    pub noise: NoiseModel,
    /// Signals that are no local earthquakes.
    pub habits: Vec<Habit>,
    pub sensor: Sensor,
    pub recorder: Recorder,
}

impl World {
    /// The world of the paper: central Oklahoma around GS.OK029, whose model is known. The seed draws noise and scatterers.
    pub fn paper(seed: u64) -> Self {
        Self {
            seed,
            zones: ZONES.to_vec(),
            magnitudes: (MIN_MW, MAX_MW),
            model: LayeredModel::central_us(),
            known_model: LayeredModel::central_us(),
            site: SITE,
            scattering: SCATTERING,
            noise: NoiseModel::gs_ok029(),
            habits: HABITS.to_vec(),
            sensor: Sensor::PAPER,
            recorder: Recorder::PAPER,
        }
    }
}
