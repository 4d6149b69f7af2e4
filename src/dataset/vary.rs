//! Variations of the training windows: records that a station could have made.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{Labelled, Train};
use crate::error::{Result, fail};
use crate::window::{Normalisation, normalise_again};

/// How a copy of a window differs from the window.
///
/// A common factor for all components is not a variation: where each window is scaled by itself, scaling
/// removes it. A shift in time is a matter of where a window is cropped, see [`super::Crop`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Variation {
    /// Gaussian noise of mean 0; its deviation is `level` times the largest absolute value.
    Gaussian { level: f64 },
    /// Noise that the station recorded, a noise window of the training part, at a ratio of the root
    /// mean squares of window and noise drawn between the two, evenly in its logarithm.
    StationNoise { min_snr: f64, max_snr: f64 },
    /// Each component times a factor of its own between `1 / most` and `most`, drawn evenly in its
    /// logarithm.
    Gains { most: f64 },
    /// One component, drawn anew for each window, is silent.
    Dropout,
    /// Noise windows only: one component jumps, by 3 to 300 times the window's root mean square, and
    /// falls back within 1 to `longest` samples, both drawn evenly in their logarithms. The ground
    /// moves all components; a digitiser's spike or a sensor's glitch does not.
    Glitch { longest: usize },
}

impl Variation {
    fn check(self) -> Result<()> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let (good, wanted) = match self {
            Self::Gaussian { level } => (positive(level), "a positive level"),
            Self::StationNoise { min_snr, max_snr } => (
                positive(min_snr) && positive(max_snr) && min_snr <= max_snr,
                "positive ratios, the smaller first",
            ),
            Self::Gains { most } => (positive(most) && most >= 1.0, "a factor of 1 or more"),
            Self::Dropout => (true, ""),
            Self::Glitch { longest } => (longest > 0, "1 sample or more"),
        };
        match good {
            true => Ok(()),
            false => Err(fail!(
                Dataset,
                format!("{self:?}"),
                format!("expected {wanted}"),
                "Correct this variation"
            )),
        }
    }
}

/// The training windows, followed by a varied copy of each (of each window of noise by
/// [`Variation::Glitch`]) for each of `variations`, scaled again as they were.
///
/// As [`super::augment`] it takes the training part alone.
///
/// # Errors
/// [`crate::Error::Dataset`] where a variation's number is out of range, or station noise is asked
/// for and the part holds none; [`crate::Error::Window`] where a copy cannot be scaled.
pub fn vary(
    train: &Train,
    variations: &[Variation],
    scale: Normalisation,
    seed: u64,
) -> Result<Train> {
    let mut all = train.0.clone();
    for (stream, variation) in variations.iter().enumerate() {
        variation.check()?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        all.append(copies(&train.0, *variation, scale, &mut rng)?);
    }
    Ok(Train(all))
}

fn copies(
    data: &Labelled,
    variation: Variation,
    scale: Normalisation,
    rng: &mut ChaCha8Rng,
) -> Result<Labelled> {
    let n = data.n_samples;
    let is_noise = |index: &usize| data.classes[*index] + 1 == data.n_classes;
    let noise: Vec<usize> = (0..data.n_windows()).filter(is_noise).collect();
    if noise.is_empty() && matches!(variation, Variation::StationNoise { .. }) {
        return Err(fail!(
            Dataset,
            "station noise",
            "the training part holds no window of noise",
            "Cut noise windows too"
        ));
    }
    let mut copies = match variation {
        Variation::Glitch { .. } => data.subset(&noise),
        _ => data.clone(),
    };
    for (index, window) in copies.samples.chunks_exact_mut(3 * n).enumerate() {
        match variation {
            Variation::Gaussian { level } => {
                let peak = window.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
                for x in window.iter_mut() {
                    let unit: f32 = rng.sample(StandardNormal);
                    *x += level as f32 * peak * unit;
                }
            }
            Variation::StationNoise { min_snr, max_snr } => {
                let other = loop {
                    let other = noise[rng.random_range(0..noise.len())];
                    // Added to itself a window would only grow.
                    if other != index || noise.len() == 1 {
                        break other;
                    }
                };
                let other = data.window(other);
                let snr = between(min_snr, max_snr, rng);
                let factor = (rms(window) / rms(other) / snr) as f32;
                window
                    .iter_mut()
                    .zip(other)
                    .for_each(|(x, y)| *x += factor * y);
            }
            Variation::Gains { most } => {
                for row in window.chunks_exact_mut(n) {
                    let factor = between(1.0 / most, most, rng) as f32;
                    row.iter_mut().for_each(|x| *x *= factor);
                }
            }
            Variation::Dropout => {}
            Variation::Glitch { longest } => {
                let sign = if rng.random() { 1.0 } else { -1.0 };
                let size = sign * rms(window) * between(3.0, 300.0, rng);
                let length = between(1.0, longest as f64, rng);
                let start = rng.random_range(0..n);
                let row = &mut window[rng.random_range(0..3) * n..][..n];
                for (i, x) in row[start..].iter_mut().enumerate() {
                    *x += (size * (-5.0 * i as f64 / length).exp()) as f32;
                }
            }
        }
        normalise_again(window, scale)?;
        if variation == Variation::Dropout {
            // After the scale, which refuses a silent component.
            let component = rng.random_range(0..3);
            window[component * n..(component + 1) * n].fill(0.0);
        }
    }
    Ok(copies)
}

/// A number between two, drawn evenly in its logarithm.
fn between(min: f64, max: f64, rng: &mut ChaCha8Rng) -> f64 {
    min * (max / min).powf(rng.random::<f64>())
}

fn rms(window: &[f32]) -> f64 {
    let sum: f64 = window.iter().map(|x| f64::from(*x).powi(2)).sum();
    (sum / window.len() as f64).sqrt()
}
