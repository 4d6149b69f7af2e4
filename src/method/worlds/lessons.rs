//! Lessons for a picker: stretches of a world's record in which the onsets are known, and windows of them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Day, Rate, Teaching, TrueOnset};
use crate::classroom::instrument::STATION;
use crate::classroom::source::Source;
use crate::error::Result;
use crate::network::{PHASENET_CLASSES, PHASENET_SAMPLES};
use crate::pick::{PickParams, PickedPhase, prepared_rows, scale_window};
use crate::time;

/// What a picker for any station learns to see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PickRecipe {
    /// Half of all analysts see a P wave, or an S wave, that stands out so far ([`TrueOnset::ratio`]).
    pub p_ratio: f64,
    pub s_ratio: f64,
    /// The odds that an analyst sees a wave rise with this power of how far it stands out.
    pub steepness: f64,
    /// Standard deviation of the bell around an onset that the network is to draw, in seconds: that of Zhu & Beroza (2019).
    pub width_s: f64,
    /// Stretches of a world around earthquakes, around disturbances, and anywhere.
    pub n_stretches: [usize; 3],
    /// Around the strongest of so many earthquakes: most are too small to be seen.
    pub strongest_of: usize,
}

impl Default for PickRecipe {
    fn default() -> Self {
        Self {
            p_ratio: 4.0,
            s_ratio: 6.0,
            steepness: 2.5,
            width_s: 0.1,
            n_stretches: [24, 6, 2],
            strongest_of: 3,
        }
    }
}

impl PickRecipe {
    /// How far a wave stands out beside what half of all analysts ask for.
    pub fn prominence(&self, onset: &TrueOnset) -> f64 {
        onset.ratio
            / match onset.phase {
                PickedPhase::P => self.p_ratio,
                PickedPhase::S => self.s_ratio,
            }
    }

    /// The share of analysts who see a wave, from 0 to 1.
    pub fn seen_by(&self, onset: &TrueOnset) -> f64 {
        let odds = self.prominence(onset).powf(self.steepness);
        // Infinite odds are certain.
        1.0 - 1.0 / (1.0 + odds)
    }
}

/// A stretch begins so long before an earthquake, and lasts so long.
const BEFORE_S: f64 = 35.0;
const LENGTH_S: f64 = 110.0;

/// The filter has settled so long after a stretch's start.
const SETTLED_S: f64 = 3.0;

/// A wave that fewer analysts see is left to be found by chance, and draws no bell.
const LEAST_SEEN: f64 = 0.02;

/// Shares of the windows of which the network gets the vertical component alone, and of those that lack one horizontal component.
const VERTICAL_ALONE: f64 = 0.1;
const ONE_LOST: f64 = 0.05;

/// A stretch of record as the picker's windows see it, before they are scaled, and the onsets in it.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Vertical, north and east; NaN where nothing was recorded.
    rows: [Vec<f32>; 3],
    /// Phase, sample, and the share of analysts who see it.
    onsets: Vec<(PickedPhase, f64, f64)>,
}

/// A window `(3, 3001)` and the probabilities `(3, 3001)` of P, S and noise that the network is to give.
pub type Exercise = (Vec<f32>, Vec<f32>);

/// The stretches of a world.
///
/// # Errors
/// As [`Day::segment`].
pub fn lessons(
    world: Teaching,
    recipe: &PickRecipe,
    rate: Rate,
    params: &PickParams,
) -> Result<Vec<Lesson>> {
    let seed = world.seed();
    let day = Day::taught(seed, rate);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(10);
    let [n_events, n_disturbances, n_anywhere] = recipe.n_stretches;
    let mut starts = Vec::new();
    let sources = &day.truth.sources;
    for _ in 0..n_events {
        let some = (0..recipe.strongest_of).map(|_| &sources[rng.random_range(0..sources.len())]);
        let strongest = some.max_by(|a, b| strength(a).total_cmp(&strength(b)));
        starts.extend(strongest.map(|source| source.origin_time));
    }
    let disturbances = day.ground.nuisances(day.span.start, day.span.end);
    let day_s = time::between_s(day.span.start, day.span.end);
    for i in 0..n_disturbances + n_anywhere {
        let anywhere = day.span.start + time::seconds(rng.random_range(0.0..day_s));
        starts.push(match i < n_disturbances && !disturbances.is_empty() {
            true => {
                let one = &disturbances[rng.random_range(0..disturbances.len())];
                one.start + time::seconds(rng.random_range(0.0..one.duration_s.max(1.0)))
            }
            false => anywhere,
        });
    }
    let before = time::seconds(BEFORE_S);
    let lesson = |start| Lesson::of(&day, start - before, recipe, params);
    starts.into_iter().map(lesson).collect()
}

/// How large the waves of an earthquake are at the station, as a logarithm: magnitude, and spreading with a little attenuation.
fn strength(source: &Source) -> f64 {
    source.mw - 1.5 * source.hypocentral_distance_km(STATION).max(1.0).log10()
}

impl Lesson {
    fn of(day: &Day, start: time::Time, recipe: &PickRecipe, params: &PickParams) -> Result<Self> {
        let segment = day.segment(start, LENGTH_S)?;
        let seen = |onset: &TrueOnset| {
            let sample = onset.at_s * params.sampling_rate_hz();
            (onset.phase, sample, recipe.seen_by(onset))
        };
        let onsets = segment.onsets.iter().map(seen);
        Ok(Self {
            rows: prepared_rows(&segment.counts, params)?,
            onsets: onsets.filter(|(_, _, share)| *share > LEAST_SEEN).collect(),
        })
    }

    /// A window of the stretch, half of the time with a wave that most see anywhere in it, else at random: noise, codas, an S wave
    /// alone, onsets at the edges.
    pub fn exercise(
        &self,
        recipe: &PickRecipe,
        params: &PickParams,
        rng: &mut ChaCha8Rng,
    ) -> Exercise {
        let settled = SETTLED_S * params.sampling_rate_hz();
        let last = (self.rows[0].len() - PHASENET_SAMPLES) as f64;
        let clear: Vec<f64> = self
            .onsets
            .iter()
            .filter(|(_, _, share)| *share >= 0.5)
            .map(|(_, sample, _)| *sample)
            .collect();
        let start = match !clear.is_empty() && rng.random_bool(0.5) {
            true => {
                let onset = clear[rng.random_range(0..clear.len())];
                onset - rng.random_range(0.0..PHASENET_SAMPLES as f64)
            }
            false => rng.random_range(settled..last),
        };
        let start = start.clamp(settled, last) as usize;
        let mut window = vec![0.0; 3 * PHASENET_SAMPLES];
        let lost = lost(rng);
        for (i, row) in window.chunks_exact_mut(PHASENET_SAMPLES).enumerate() {
            let samples = &self.rows[i][start..start + PHASENET_SAMPLES];
            // Of a component that is not there the picker gives zeros too.
            if !lost[i] && samples.iter().all(|y| y.is_finite()) {
                row.copy_from_slice(samples);
                scale_window(row, params);
            }
        }
        let width = recipe.width_s * params.sampling_rate_hz();
        (window, self.wanted(start, width))
    }

    /// The probabilities of P, S and noise of a window that begins with a sample: a bell of some samples' deviation around each
    /// onset, as high as the share of analysts who see it.
    fn wanted(&self, start: usize, width: f64) -> Vec<f32> {
        let n = PHASENET_SAMPLES;
        let mut wanted = vec![0.0_f32; PHASENET_CLASSES * n];
        let (waves, noise) = wanted.split_at_mut(2 * n);
        for (phase, sample, share) in &self.onsets {
            let row = &mut waves[*phase as usize * n..][..n];
            let at = sample - start as f64;
            let reach = 4.0 * width;
            let first = (at - reach).clamp(0.0, n as f64) as usize;
            let end = (at + reach).clamp(0.0, n as f64) as usize;
            for (i, p) in row.iter_mut().enumerate().take(end).skip(first) {
                let bell = share * (-((i as f64 - at) / width).powi(2) / 2.0).exp();
                // Of two bells the higher one.
                *p = p.max(bell as f32);
            }
        }
        let (p, s) = waves.split_at_mut(n);
        for ((p, s), noise) in p.iter_mut().zip(s).zip(noise) {
            // P and S of two earthquakes at once: together they are certain, and no more.
            let sum = (*p + *s).max(1.0);
            *p /= sum;
            *s /= sum;
            *noise = 1.0 - *p - *s;
        }
        wanted
    }
}

/// Which of vertical, north and east the network does not get.
fn lost(rng: &mut ChaCha8Rng) -> [bool; 3] {
    let (share, is_north) = (rng.random_range(0.0..1.0), rng.random_bool(0.5));
    if share < VERTICAL_ALONE {
        [false, true, true]
    } else if share < VERTICAL_ALONE + ONE_LOST {
        [false, is_north, !is_north]
    } else {
        [false; 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(onsets: Vec<(PickedPhase, f64, f64)>) -> Lesson {
        let wave = |i: usize| 50.0 + (i as f32 * 0.3).sin();
        Lesson {
            rows: [0, 1, 2].map(|_| (0..11_000).map(wave).collect()),
            onsets,
        }
    }

    /// By hand: a bell of deviation 10 samples around sample 150.5 of the window, seen by 80 %.
    #[test]
    fn bells_stand_where_the_onsets_are() {
        let n = PHASENET_SAMPLES;
        let onsets = vec![
            (PickedPhase::P, 1150.5, 0.8),
            (PickedPhase::S, 1160.0, 1.0),
            (PickedPhase::S, 999.0, 1.0),
            (PickedPhase::S, 900.0, 1.0),
        ];
        let wanted = lesson(onsets).wanted(1000, 10.0);
        let p = 0.8 * (-0.5_f64 * 0.05 * 0.05).exp();
        let s = (-0.5_f64 * 0.9 * 0.9).exp();
        assert!((f64::from(wanted[151]) - p / (p + s)).abs() < 1e-6);
        assert!((f64::from(wanted[n + 151]) - s / (p + s)).abs() < 1e-6);
        assert!((wanted[2 * n + 151]).abs() < 1e-6);
        // The foot of one just before the window, nothing of the one long before it.
        assert!((f64::from(wanted[n]) - (-0.5_f64 * 0.01).exp()).abs() < 1e-6);
        for i in 0..n {
            let sum = wanted[i] + wanted[n + i] + wanted[2 * n + i];
            assert!((sum - 1.0).abs() < 1e-6 && wanted[i] >= 0.0);
        }
        assert_eq!(
            (wanted[2000], wanted[n + 2000], wanted[2 * n + 2000]),
            (0.0, 0.0, 1.0)
        );
    }

    #[test]
    fn half_of_all_see_what_is_asked_for() {
        let recipe = PickRecipe::default();
        let seen = |phase, ratio| {
            recipe.seen_by(&TrueOnset {
                phase,
                at_s: 0.0,
                ratio,
            })
        };
        assert_eq!(seen(PickedPhase::P, 4.0), 0.5);
        assert_eq!(seen(PickedPhase::S, 6.0), 0.5);
        // Odds of 2^2.5.
        assert!((seen(PickedPhase::P, 8.0) - 5.656_854 / 6.656_854).abs() < 1e-6);
        assert_eq!(
            (
                seen(PickedPhase::P, 0.0),
                seen(PickedPhase::S, f64::INFINITY)
            ),
            (0.0, 1.0)
        );
    }

    #[test]
    fn exercises_hold_waves_everywhere_and_none() {
        let params = PickParams::from_json("{}").unwrap();
        let lesson = lesson(vec![
            (PickedPhase::P, 5500.0, 0.9),
            (PickedPhase::S, 5900.0, 0.1),
        ]);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let recipe = PickRecipe::default();
        let (mut places, mut n_without, mut n_vertical) = (Vec::new(), 0, 0);
        for _ in 0..400 {
            let (window, wanted) = lesson.exercise(&recipe, &params, &mut rng);
            assert!(window.iter().all(|y| y.is_finite()));
            let is_still = |i: usize| {
                window[i * PHASENET_SAMPLES..][..PHASENET_SAMPLES]
                    .iter()
                    .all(|y| *y == 0.0)
            };
            assert!(!is_still(0));
            n_vertical += usize::from(is_still(1) && is_still(2));
            match (0..PHASENET_SAMPLES).find(|i| wanted[*i] > 0.85) {
                Some(place) => places.push(place),
                None => n_without += 1,
            }
        }
        let n_in =
            |from: usize, to: usize| places.iter().filter(|i| (from..to).contains(*i)).count();
        assert!(n_in(0, 750) > 30 && n_in(2250, 3001) > 30 && n_in(750, 2250) > 60);
        assert!(n_without > 80, "{n_without}");
        assert!((15..80).contains(&n_vertical), "{n_vertical}");
    }
}
