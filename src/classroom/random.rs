//! Random numbers that are a pure function of what they are for.

use std::f64::consts::PI;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::instrument::SAMPLING_RATE_HZ;

/// What a random stream is for: streams of different use never meet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Noise = 1,
    Modulation,
    Scatterers,
    Nuisances,
    NuisanceMotion,
    Outages,
}

/// The generator for the `index`-th draw of `part` (a component, a kind). The four numbers fill the 256-bit key
/// of ChaCha side by side, so that two draws can only share a stream if all four agree.
pub(crate) fn stream(seed: u64, purpose: Use, part: u64, index: i64) -> ChaCha8Rng {
    let mut key = [0; 32];
    let words = [seed, purpose as u64, part, index as u64];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A smooth random function of time of about unit deviation: a normal number every `period_s`, joined by half cosines.
pub(crate) fn smooth(seed: u64, part: u64, time_s: f64, period_s: f64) -> f64 {
    let position = time_s / period_s;
    let knot = position.floor();
    let at = |k: f64| normal(&mut stream(seed, Use::Modulation, part, k as i64));
    let weight = 0.5 - 0.5 * (PI * (position - knot)).cos();
    at(knot) * (1.0 - weight) + at(knot + 1.0) * weight
}

/// [`smooth`] at `n` samples of the 100 Hz grid from `first` on: each knot is drawn once.
pub(crate) fn smooth_samples(
    seed: u64,
    part: u64,
    first: i64,
    n: usize,
    period_s: f64,
) -> Vec<f64> {
    let position = |i: i64| i as f64 / SAMPLING_RATE_HZ / period_s;
    let first_knot = position(first).floor() as i64;
    let last_knot = position(first + n as i64).floor() as i64 + 1;
    let knots: Vec<f64> = (first_knot..=last_knot)
        .map(|k| normal(&mut stream(seed, Use::Modulation, part, k)))
        .collect();
    let at = |i: i64| {
        let position = position(i);
        let knot = position.floor();
        let weight = 0.5 - 0.5 * (PI * (position - knot)).cos();
        let k = (knot as i64 - first_knot) as usize;
        knots[k] * (1.0 - weight) + knots[k + 1] * weight
    };
    (first..first + n as i64).map(at).collect()
}
