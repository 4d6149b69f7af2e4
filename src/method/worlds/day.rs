//! A day of a drawn world: its earthquakes and its record.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Choosing;
use crate::classroom::{NuisanceKind, Synthesis, Truth, World};
use crate::time::{self, Time, TimeSpan};

/// A day of a world, with its truth.
pub struct Day {
    pub world: World,
    pub truth: Arc<Truth>,
    pub ground: Synthesis,
    pub span: TimeSpan,
}

/// How many earthquakes a world has in a day: from so many to so many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(pub f64, pub f64);

impl Rate {
    /// Benz et al. (2015), *Seismological Research Letters* 86, report hundreds a day near Guthrie.
    pub const SWARM: Self = Self(40.0, 400.0);
    /// After a great earthquake there are thousands, and the waves of one arrive in the coda of another: Shelly (2020),
    /// *Seismological Research Letters* 91, 1971-1978, lists 34,091 of some 12 days at Ridgecrest.
    pub const AFTERSHOCKS: Self = Self(40.0, 4000.0);
}

/// Kinds of disturbances that no window of training holds.
pub const NEVER_TAUGHT: [NuisanceKind; 1] = [NuisanceKind::Footsteps];

impl Day {
    /// Draws the world of a seed and a day of it.
    pub fn of(seed: u64) -> Self {
        Self::in_world(World::draw(seed), Rate::SWARM)
    }

    /// A world on which something is chosen, in which earthquakes have another rate.
    pub fn choosing(world: Choosing, rate: Rate) -> Self {
        Self::in_world(World::draw(world.seed()), rate)
    }

    /// The same without the disturbances that are kept for judging: a station has some that nobody taught.
    pub fn taught(seed: u64, rate: Rate) -> Self {
        let mut world = World::draw(seed);
        world
            .habits
            .retain(|habit| !NEVER_TAUGHT.contains(&habit.kind));
        Self::in_world(world, rate)
    }

    fn in_world(world: World, Rate(low, high): Rate) -> Self {
        let seed = world.seed;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The first stream drew the world.
        rng.set_stream(7);
        let n_events = low * f64::powf(high / low, rng.random());
        let start = Time::UNIX_EPOCH + time::seconds(86_400.0 * 18_000.0);
        let end = start + time::seconds(86_400.0);
        let span = TimeSpan { start, end };
        let truth = Arc::new(Truth::of_world(&world, &span, n_events as usize));
        Self {
            ground: Synthesis::of_world(&world, truth.clone()),
            world,
            truth,
            span,
        }
    }
}
