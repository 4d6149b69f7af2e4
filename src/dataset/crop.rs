//! Windows cropped from longer segments of record, with the wave anywhere in the window.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::split::{Test, Train, Validation};
use super::{Labelled, Split};
use crate::error::{Result, fail};
use crate::time;
use crate::window::{Normalisation, normalise};

/// How windows are cropped from segments.
///
/// A segment is longer than a window, and every event has its P wave at the same sample of its segment.
///
/// A scan meets a P wave anywhere in its window, so training windows must too. Crops of one segment
/// are windows of one group and share their original: a dataset of segments is divided first and
/// cropped afterwards, by [`Split::cropped`], so no segment lies on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    /// Samples of one component of a window.
    pub n_samples: usize,
    pub sampling_rate_hz: f64,
    /// Sample of an event's segment at which its P wave arrives.
    pub onset: usize,
    /// Samples from a window's start to the P wave. Where several windows are taken of an event
    /// each has its own part of this range.
    pub place: Range<usize>,
    /// Windows of each event that hold its P wave.
    pub n_of_event: usize,
    /// Windows of each segment of noise, each from its own part of the segment.
    pub n_of_noise: usize,
    /// Windows of noise from each event's segment, alternately before its P wave and in its coda.
    /// Both count as noise.
    pub n_beside: usize,
    /// A window before an event ends at least this many samples before its P wave.
    pub before: usize,
    /// A window in the coda begins at least this many samples after the P wave, so that S is past.
    pub coda: usize,
    /// How each window is scaled.
    pub normalisation: Normalisation,
}

impl Crop {
    /// One window of each event and `n_of_noise` of each segment of noise: counted windows should
    /// be independent.
    pub fn once(&self) -> Self {
        Self {
            n_of_event: 1,
            ..self.clone()
        }
    }

    fn check(&self, segment: usize) -> Result<()> {
        let refuse = |name: &str, what: String| {
            let remedy = "Cut longer segments, or crop shorter windows";
            Err(fail!(Dataset, format!("crop.{name}"), what, remedy))
        };
        if self.n_samples == 0 || self.n_samples > segment {
            return refuse(
                "n_samples",
                format!("{} of a segment of {segment}", self.n_samples),
            );
        }
        let place = &self.place;
        let earliest = self.onset.checked_sub(place.end.saturating_sub(1));
        let fits = earliest.is_some()
            && self.onset.saturating_sub(place.start) + self.n_samples <= segment;
        if place.is_empty() || place.end > self.n_samples || !fits {
            return refuse(
                "place",
                format!(
                    "{place:?} in windows of {} samples, P at sample {} of {segment}",
                    self.n_samples, self.onset
                ),
            );
        }
        let room_before = self.n_samples + self.before <= self.onset;
        let room_after = self.onset + self.coda + self.n_samples <= segment;
        if self.n_beside > 0 && !(room_before && (room_after || self.n_beside == 1)) {
            return refuse(
                "n_beside",
                format!("no room for {} windows beside the event", self.n_beside),
            );
        }
        Ok(())
    }

    /// First sample and class of each window of a segment.
    fn starts(
        &self,
        segment: usize,
        class: usize,
        noise: usize,
        rng: &mut ChaCha8Rng,
    ) -> Vec<(usize, usize)> {
        let last = segment - self.n_samples;
        if class == noise {
            let starts = spread(&(0..last + 1), self.n_of_noise, rng);
            return starts.into_iter().map(|start| (start, noise)).collect();
        }
        let places = spread(&self.place, self.n_of_event, rng);
        let mut starts: Vec<_> = places.iter().map(|at| (self.onset - at, class)).collect();
        for number in 0..self.n_beside {
            let range = match number % 2 {
                0 => 0..self.onset - self.before - self.n_samples + 1,
                _ => self.onset + self.coda..last + 1,
            };
            starts.push((rng.random_range(range), noise));
        }
        starts
    }
}

/// `n` random numbers, one from each of `n` equal parts of the range.
fn spread(range: &Range<usize>, n: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let part = range.len() as f64 / n as f64;
    (0..n)
        .map(|i| {
            let offset = (part * (i as f64 + rng.random::<f64>())) as usize;
            range.start + offset.min(range.len() - 1)
        })
        .collect()
}

impl Split {
    /// Windows cropped from the segments of each part: training by `crop`, validation and test by
    /// [`Crop::once`], each part with random places of its own.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where the windows do not fit in the segments;
    /// [`crate::Error::Window`] where one cannot be scaled.
    pub fn cropped(&self, crop: &Crop, seed: u64) -> Result<Self> {
        let once = crop.once();
        Ok(Self {
            train: Train(self.train.crops(crop, seed, 0)?),
            validation: Validation(self.validation.crops(&once, seed, 1)?),
            test: Test(self.test.crops(&once, seed, 2)?),
        })
    }
}

impl Labelled {
    /// Windows cropped from these segments, which must not be scaled yet.
    fn crops(&self, crop: &Crop, seed: u64, stream: u64) -> Result<Self> {
        crop.check(self.n_samples)?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        let mut cropped = Self {
            n_samples: crop.n_samples,
            ..self.subset(&[])
        };
        for index in 0..self.n_windows() {
            let class = self.classes[index];
            let starts = crop.starts(self.n_samples, class, self.n_classes - 1, &mut rng);
            for (start, class) in starts {
                let rows = self.window(index).chunks_exact(self.n_samples);
                let window: Vec<f32> = rows
                    .flat_map(|row| &row[start..start + crop.n_samples])
                    .copied()
                    .collect();
                cropped
                    .samples
                    .extend(normalise(&window, crop.normalisation)?);
                cropped.classes.push(class);
                cropped.groups.push(self.groups[index]);
                let begins = self.times[index];
                let begins = time::of_sample(begins, start, crop.sampling_rate_hz);
                cropped.times.push(begins);
                cropped.originals.push(self.originals[index]);
            }
        }
        Ok(cropped)
    }
}
