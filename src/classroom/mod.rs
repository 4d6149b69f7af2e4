//! A data centre in the box: a simulated region with a known truth, served on loopback.
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
//! ```
//! use quakebook::{classroom::{self, Classroom}, fdsn::Client, study::Study};
//! let study = Study::oklahoma();
//! let classroom = Classroom::of_process(classroom::SEED).unwrap();
//! assert!(classroom.base_url().starts_with("http://127.0.0.1:"));
//! let published = Client::for_study(&study).unwrap().fetch_events(&study).unwrap();
//! assert!(published.simulated && published.len() < classroom.truth().len());
//! ```

pub mod branching;
mod centre;
mod channels;
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

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::Catalog;
use crate::error::Result;
use crate::fdsn::Provider;
use crate::server;

pub use motion::Motion;
pub use nuisance::{Nuisance, NuisanceKind};
pub use published::Link;
pub use seismicity::{SEED, Source, Truth};
pub use synthesis::Synthesis;
pub use zones::{ZONES, Zone};

/// A running data centre. It runs as long as its process.
#[derive(Debug, Clone)]
pub struct Classroom {
    base_url: String,
    truth: Arc<Catalog>,
    published: Arc<Catalog>,
}

impl Classroom {
    /// Starts a data centre on a free port of loopback.
    ///
    /// # Errors
    /// [`crate::Error::Server`] where no port or thread can be had.
    pub fn start(seed: u64) -> Result<Self> {
        Self::start_on(seed, 0)
    }

    /// Starts a data centre on a port of loopback; 0 takes a free one.
    ///
    /// # Errors
    /// [`crate::Error::Server`] where the port is taken.
    pub fn start_on(seed: u64, port: u16) -> Result<Self> {
        let simulated = Arc::new(Truth::simulate(seed));
        let truth = Arc::new(simulated.catalog());
        let published = Arc::new(simulated.published());
        let centre = centre::Centre {
            truth: truth.clone(),
            published: published.clone(),
            ground: Arc::new(Synthesis::new(seed, simulated)),
        };
        let server = server::start(Arc::new(centre), port)?;
        Ok(Self {
            base_url: server.base_url().into(),
            truth,
            published,
        })
    }

    /// The data centre of this process and seed, started when it is first asked for.
    ///
    /// # Errors
    /// As [`Classroom::start`].
    pub fn of_process(seed: u64) -> Result<Self> {
        static RUNNING: Mutex<BTreeMap<u64, Classroom>> = Mutex::new(BTreeMap::new());
        // A panic while the lock was held left the map whole: an entry is made in one step.
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(classroom) = running.get(&seed) {
            return Ok(classroom.clone());
        }
        let classroom = Self::start(seed)?;
        running.insert(seed, classroom.clone());
        Ok(classroom)
    }

    /// `http://127.0.0.1:PORT`, before `/fdsnws/`: what ObsPy's `Client` takes.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The address as a provider of [`crate::fdsn::Client`].
    pub fn provider(&self) -> Provider {
        Provider::at("classroom", &self.base_url, true)
    }

    /// Every simulated event.
    pub fn truth(&self) -> Catalog {
        Catalog::clone(&self.truth)
    }

    /// The events that the event service serves: with errors, and without the smallest.
    pub fn published(&self) -> Catalog {
        Catalog::clone(&self.published)
    }
}

/// Ground motion as the recorder counts it, a pure function of component and time.
trait Ground: Send + Sync {
    /// Samples of component `component` (an index into [`instrument::CHANNELS`]), in counts.
    /// `first` counts samples at [`instrument::SAMPLING_RATE_HZ`] since 1970.
    fn samples(&self, component: usize, first: i64, n: usize) -> Vec<i32>;

    /// The missing sample ranges between `from` and `to`, in order.
    fn outages(&self, from: i64, to: i64) -> Vec<Range<i64>>;
}

impl Ground for Synthesis {
    fn samples(&self, component: usize, first: i64, n: usize) -> Vec<i32> {
        Synthesis::samples(self, component, first, n)
    }

    fn outages(&self, from: i64, to: i64) -> Vec<Range<i64>> {
        Synthesis::outages(self, from, to)
    }
}
