//! The simulated record of the station: noise, earthquakes and nuisances, summed and digitised.
//!
//! A sample is a pure function of seed, component and time: noise comes in blocks of a fixed grid, everything else in motions
//! of a fixed start, and the terms of a sample are always added in the same order, so that ten seconds and ten hours agree bit for bit.
//! Nothing grows with the length of a request but its result.
//!
//! ```
//! use std::sync::Arc;
//! use quakebook::classroom::{Synthesis, Truth};
//! let synthesis = Synthesis::new(7, Arc::new(Truth::from_sources(7, vec![])));
//! let start = 139_250_880_000; // 2014-02-16, in samples of 100 Hz
//! let minute = synthesis.samples(2, start, 6000);
//! assert_eq!(synthesis.samples(2, start + 1000, 10), minute[1000..1010]);
//! ```

use std::ops::Range;
use std::sync::Arc;

use super::earthquake::Medium;
use super::motion::{Cache, Motion};
use super::noise::Noise;
use super::nuisance::{self, Habit, Nuisance};
use super::seismicity::Truth;
use super::sensor::Sensor;
use super::source::Source;
use super::world::World;
use super::{earthquake, instrument, outage};
use crate::time::Time;

/// Samples that are computed at a time.
const CHUNK: usize = 1 << 15;

/// Bound of the stored motions: 8 million samples of 4 bytes, 32 MB.
const CACHE_SAMPLES: usize = 8_000_000;

/// What a stored motion belongs to: the index of a source, or a nuisance's kind and first sample.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Key {
    Earthquake(usize),
    Nuisance(nuisance::NuisanceKind, i64),
}

/// The station's record. Components are indices into [`instrument::CHANNELS`]: HH1 (north), HH2 (east), HHZ (up).
pub struct Synthesis {
    seed: u64,
    truth: Arc<Truth>,
    noise: Noise,
    habits: Vec<Habit>,
    medium: Medium,
    /// First sample and index of each source, oldest first.
    firsts: Vec<(i64, usize)>,
    cache: Cache<Key>,
}

impl Synthesis {
    /// The record of the paper's world.
    pub fn new(seed: u64, truth: Arc<Truth>) -> Self {
        Self::of_world(&World::paper(seed), truth)
    }

    /// The record of a world whose earthquakes are `truth`.
    pub fn of_world(world: &World, truth: Arc<Truth>) -> Self {
        let mut firsts: Vec<(i64, usize)> = truth
            .sources
            .iter()
            .map(earthquake::first_sample)
            .zip(0..)
            .collect();
        firsts.sort_unstable();
        Self {
            seed: world.seed,
            truth,
            noise: Noise::new(world.seed, &world.noise, &world.sensor),
            habits: world.habits.clone(),
            medium: Medium::of(world),
            firsts,
            cache: Cache::new(CACHE_SAMPLES),
        }
    }

    /// `n` samples in counts from sample `first`, counted at 100 Hz since 1970-01-01. Outages are not taken out here.
    ///
    /// # Panics
    /// If `component` is not 0, 1 or 2.
    pub fn samples(&self, component: usize, first: i64, n: usize) -> Vec<i32> {
        let sensor: &Sensor = &self.medium.sensor;
        self.velocities(component, first, n, |v| sensor.counts(component, v))
    }

    /// The same in m/s, as the sensor answers to it, before the digitiser: of a broadband sensor the ground's velocity.
    ///
    /// # Panics
    /// If `component` is not 0, 1 or 2.
    pub fn velocity_m_s(&self, component: usize, first: i64, n: usize) -> Vec<f64> {
        self.velocities(component, first, n, |v| v)
    }

    fn velocities<T>(
        &self,
        component: usize,
        first: i64,
        n: usize,
        convert: impl Fn(f64) -> T,
    ) -> Vec<T> {
        assert!(component < 3, "component {component} of 3: HH1, HH2, HHZ");
        let mut result = Vec::with_capacity(n);
        while result.len() < n {
            let chunk_first = first + result.len() as i64;
            let mut chunk = vec![0.0; CHUNK.min(n - result.len())];
            self.noise.add(component, chunk_first, &mut chunk);
            for motion in self.motions(component, chunk_first, chunk.len()) {
                motion.add(component, chunk_first, &mut chunk);
            }
            result.extend(chunk.into_iter().map(&convert));
        }
        result
    }

    /// Earthquakes by time, then nuisances by kind and time, that reach into the span.
    fn motions(&self, component: usize, first: i64, n: usize) -> Vec<Arc<Motion>> {
        let end = first + n as i64;
        let earliest = first - earthquake::LONGEST_SAMPLES as i64;
        let from = self.firsts.partition_point(|&(t, _)| t <= earliest);
        let to = self.firsts.partition_point(|&(t, _)| t < end);
        let earthquakes = self.firsts[from..to].iter().filter_map(|&(t, index)| {
            let source = &self.truth.sources[index];
            let reaches = t + self.medium.n_samples(source) as i64 > first;
            reaches.then(|| self.motion(index))
        });
        let nuisances = nuisance::between(self.seed, &self.habits, first, end);
        let nuisances = nuisances
            .iter()
            .filter(|n| n.component.is_none_or(|c| c == component))
            .map(|n| {
                let make = || self.medium.sensor.felt(nuisance::motion(self.seed, n));
                self.cache
                    .get(Key::Nuisance(n.kind, n.first_sample()), make)
            });
        earthquakes.chain(nuisances).collect()
    }

    /// The motion of a source at the station, as the sensor answers to it, without noise. The source need not be one of the truth.
    pub fn earthquake(&self, source: &Source) -> Motion {
        earthquake::motion(source, &self.medium)
    }

    /// The same for a source of the truth, by its index; kept for a while.
    pub(crate) fn motion(&self, index: usize) -> Arc<Motion> {
        let make = || self.earthquake(&self.truth.sources[index]);
        self.cache.get(Key::Earthquake(index), make)
    }

    /// The missing samples within `from..to` (samples since 1970): half-open ranges, in order, apart from each other.
    pub fn outages(&self, from: i64, to: i64) -> Vec<Range<i64>> {
        outage::between(self.seed, &self.truth, from, to)
    }

    /// What happens between two times that is no local earthquake, oldest first.
    pub fn nuisances(&self, from: Time, to: Time) -> Vec<Nuisance> {
        let sample = |t: Time| {
            let rate = instrument::SAMPLING_RATE_HZ;
            t.timestamp() * rate as i64
                + (f64::from(t.timestamp_subsec_nanos()) * 1e-9 * rate) as i64
        };
        let mut all = nuisance::between(self.seed, &self.habits, sample(from), sample(to));
        all.sort_by_key(|n| n.start);
        all
    }

    /// Samples of stored motions: never more than the bound and one motion.
    pub fn n_cached_samples(&self) -> usize {
        self.cache.n_samples()
    }
}
