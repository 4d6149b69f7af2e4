//! Copies with added noise.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{Labelled, Train};
use crate::error::{Result, fail};
use crate::window::{Normalisation, normalise_again};

/// The noise added to a copy, in units of level times the window's largest absolute value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedNoise {
    /// Uniform on `[0, 1)`, MATLAB's `rand`, which the paper used: it also lifts the window by half the level.
    Uniform,
    /// Gaussian of mean 0 and standard deviation 1, which the paper's text speaks of.
    Gaussian,
}

/// How copies are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Augment {
    pub noise: AddedNoise,
    /// One copy of each window for each level, a fraction of the window's largest absolute value.
    pub levels: Vec<f64>,
    /// How a copy is normalised again; `None` leaves it as it is.
    pub renormalise: Option<Normalisation>,
}

impl Augment {
    /// The paper's copies: uniform noise, all 3 components together scaled to `[0, 1]` again.
    pub fn as_the_paper(levels: &[f64]) -> Self {
        Self {
            noise: AddedNoise::Uniform,
            levels: levels.to_vec(),
            renormalise: Some(Normalisation::MinMaxJoint),
        }
    }

    /// Gaussian noise of mean 0, the copies normalised as the windows were.
    pub fn gaussian(levels: &[f64], normalisation: Normalisation) -> Self {
        Self {
            noise: AddedNoise::Gaussian,
            levels: levels.to_vec(),
            renormalise: Some(normalisation),
        }
    }
}

/// The training windows followed by a noisy copy of each for each level.
///
/// It takes the training part alone: a copy of a tested window cannot get into the training.
///
/// # Errors
/// [`crate::Error::Dataset`] where a level is not a positive number; [`crate::Error::Window`] where
/// a copy cannot be normalised.
pub fn augment(train: &Train, augment: &Augment, seed: u64) -> Result<Train> {
    with_copies(&train.0, augment, seed).map(Train)
}

/// `data` followed by its copies, level after level.
pub(super) fn with_copies(data: &Labelled, augment: &Augment, seed: u64) -> Result<Labelled> {
    if let Some(level) = augment
        .levels
        .iter()
        .find(|l| !(**l > 0.0 && l.is_finite()))
    {
        return Err(fail!(
            Dataset,
            "augment.levels",
            format!("{level}, expected a positive number"),
            "Give each level as a fraction of the maximum, like 0.02"
        ));
    }
    let mut all = data.clone();
    for (stream, &level) in augment.levels.iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        let mut copies = data.clone();
        for window in copies.samples.chunks_exact_mut(3 * data.n_samples) {
            let peak = window.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
            let amplitude = level as f32 * peak;
            for x in window.iter_mut() {
                let unit: f32 = match augment.noise {
                    AddedNoise::Uniform => rng.random(),
                    AddedNoise::Gaussian => rng.sample(StandardNormal),
                };
                *x += amplitude * unit;
            }
            if let Some(normalisation) = augment.renormalise {
                normalise_again(window, normalisation)?;
            }
        }
        all.append(copies);
    }
    Ok(all)
}
