//! A real earthquake with more of its own record's noise: before it, on top of it, or in place of its first wave.
//!
//! The noise before P is played forwards, backwards, forwards and so on: it joins itself without a step, and keeps the
//! spectrum of the station.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::real::{GUARD_S, Picked, SETTLE_S};
use crate::time::{self, between_s};
use crate::waveform::{RATE_HZ, Record3C};

/// What is made has so much before P and after it: room for the longest average of a trigger and the longest window.
pub(super) const BEFORE_S: f64 = 70.0;
const AFTER_S: f64 = 45.0;

/// Less noise than this repeats itself too soon.
const LEAST_NOISE_S: f64 = 10.0;

/// The signal is measured from P for so long.
const SIGNAL_S: f64 = 5.0;

/// Noise gives way to the record within this time.
const FADE_S: f64 = 0.2;

/// An earthquake and the noise before it, on one record.
pub(super) struct OwnNoise<'a> {
    picked: &'a Picked,
    /// Samples of whole noise before P.
    noise: Range<usize>,
    p: usize,
    s: usize,
    /// From where the noise that is added is played.
    shift: usize,
}

fn samples(seconds: f64) -> usize {
    (seconds * RATE_HZ).round() as usize
}

impl<'a> OwnNoise<'a> {
    /// `None` where the noise before P is too short, or the record ends too early.
    pub fn of(picked: &'a Picked, seed: u64) -> Option<Self> {
        let record = &picked.record;
        let at = |t| samples(between_s(record.start, t));
        let (p, s) = (at(picked.p), at(picked.s));
        // A record that was triggered is padded before it begins: a gap.
        let gaps = record.gaps();
        let before = gaps.iter().rfind(|gap| gap.start < p);
        let from = before.map_or(0, |gap| gap.end) + samples(SETTLE_S);
        let noise = from..p.saturating_sub(samples(GUARD_S));
        let is_long = noise.len() >= samples(LEAST_NOISE_S);
        let is_whole = s > p && p + samples(AFTER_S) <= record.n_samples();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (is_long && is_whole).then(|| Self {
            shift: rng.random_range(0..2 * noise.len()),
            picked,
            noise,
            p,
            s,
        })
    }

    pub fn station(&self) -> &str {
        &self.picked.station
    }

    /// Seconds from P to S.
    pub fn s_minus_p_s(&self) -> f64 {
        (self.s - self.p) as f64 / RATE_HZ
    }

    /// The earthquake as it was recorded, with noise long before it.
    pub fn earthquake(&self) -> Record3C {
        self.made(|row, i| match i < self.noise.start as i64 {
            true => row[self.reflected(i)],
            false => row[i as usize],
        })
    }

    /// No earthquake: the noise alone, and other noise than before P.
    pub fn noise(&self) -> Record3C {
        self.made(|row, i| self.added(row, i))
    }

    /// The earthquake with noise added, until its signal-to-noise ratio is `decibels`. `None` where it is lower already.
    pub fn at(&self, decibels: f64) -> Option<Record3C> {
        let signal = self.power(self.p..self.p + samples(SIGNAL_S));
        let noise = self.power(self.noise.clone());
        let more = signal / 10f64.powf(decibels / 10.0) / noise - 1.0;
        // Of a record with a gap the power is not known.
        let scale = Some(more).filter(|more| *more >= 0.0)?.sqrt() as f32;
        let quiet = self.earthquake();
        let loud = self.noise();
        let mixed = |c: usize| {
            let rows = quiet.data[c].iter().zip(&loud.data[c]);
            rows.map(|(x, noise)| x + scale * noise).collect()
        };
        Some(Record3C {
            data: [0, 1, 2].map(mixed),
            ..quiet.clone()
        })
    }

    /// The earthquake from `after_p_s` on, and noise until then.
    pub fn without_beginning(&self, after_p_s: f64) -> Record3C {
        let from = self.p as f64 + after_p_s * RATE_HZ;
        self.made(|row, i| {
            let share = ((i as f64 - from) / (FADE_S * RATE_HZ) + 1.0).clamp(0.0, 1.0) as f32;
            let noise = row[self.reflected(i)];
            match share {
                0.0 => noise,
                _ => share * row[i as usize] + (1.0 - share) * noise,
            }
        })
    }

    /// A record around P; `sample` gets a component and a place in the picked record, which may lie before it.
    fn made(&self, sample: impl Fn(&[f32], i64) -> f32) -> Record3C {
        let p = self.p as i64;
        let places = || p - samples(BEFORE_S) as i64..p + samples(AFTER_S) as i64;
        let row = |row: &Vec<f32>| places().map(|i| sample(row, i)).collect();
        let record = &self.picked.record;
        Record3C {
            start: self.picked.p - time::seconds(BEFORE_S),
            data: record.data.each_ref().map(row),
            ..record.clone()
        }
    }

    /// Where the noise is played forwards and backwards, the place whose sample stands for any other.
    fn reflected(&self, i: i64) -> usize {
        let n = self.noise.len() as i64;
        let place = (i - self.noise.start as i64).rem_euclid(2 * n);
        let place = if place < n { place } else { 2 * n - 1 - place };
        self.noise.start + place as usize
    }

    fn added(&self, row: &[f32], i: i64) -> f32 {
        row[self.reflected(i + self.shift as i64)]
    }

    /// The mean square of the three components.
    fn power(&self, span: Range<usize>) -> f64 {
        let rows = self.picked.record.data.iter();
        let values = rows.flat_map(|row| row[span.clone()].iter());
        let squares: f64 = values.map(|x| f64::from(*x) * f64::from(*x)).sum();
        squares / (3 * span.len()) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::Record3C;

    /// Ninety seconds: noise that alternates between 1 and -1, and from 30 s on a wave ten times as large. S at 33 s.
    fn picked() -> Picked {
        let start = time::parse("2020-01-01").unwrap();
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let size = |i: usize| if i < 1500 { 1.0 } else { 10.0 };
        let row: Vec<f32> = (0..4500).map(|i| sign(i) * size(i)).collect();
        Picked {
            name: "made".into(),
            station: "XX.MADE".into(),
            record: Record3C {
                station: "XX.MADE".into(),
                channels: ["HHE", "HHN", "HHZ"].map(String::from),
                start,
                sampling_rate_hz: RATE_HZ,
                data: [row.clone(), row.clone(), row],
                simulated: true,
            },
            p: start + time::seconds(30.0),
            s: start + time::seconds(33.0),
            faults: Vec::new(),
        }
    }

    fn rms(record: &Record3C, from_s: f64, to_s: f64) -> f64 {
        let row = &record.data[2][samples(BEFORE_S + from_s)..samples(BEFORE_S + to_s)];
        let squares: f64 = row.iter().map(|x| f64::from(x * x)).sum();
        (squares / row.len() as f64).sqrt()
    }

    #[test]
    fn an_earthquake_has_noise_long_before_it() {
        let picked = picked();
        let own = OwnNoise::of(&picked, 1).unwrap();
        let made = own.earthquake();
        assert_eq!(between_s(made.start, picked.p), BEFORE_S);
        assert_eq!(made.n_samples(), samples(BEFORE_S + AFTER_S));
        assert_eq!(rms(&made, -70.0, -0.1), 1.0);
        assert_eq!(rms(&made, 0.0, 45.0), 10.0);
        assert_eq!(rms(&own.noise(), -70.0, 45.0), 1.0);
    }

    #[test]
    fn noise_is_added_up_to_a_ratio() {
        let picked = picked();
        let own = OwnNoise::of(&picked, 1).unwrap();
        // The earthquake stands 20 dB above its noise.
        assert!(own.at(20.1).is_none());
        assert!(own.at(20.0).is_some_and(|made| made == own.earthquake()));
        // At 0 dB added noise has 99 times the power. It has the sign of the old noise or the other.
        let made = own.at(0.0).unwrap();
        let added = 99f64.sqrt();
        let found = rms(&made, -60.0, -1.0);
        assert!((found - added).abs() < 1.0 + 1e-4, "{found}");
    }

    #[test]
    fn noise_takes_the_place_of_a_beginning() {
        let picked = picked();
        let made = OwnNoise::of(&picked, 1).unwrap().without_beginning(2.0);
        assert_eq!(rms(&made, -70.0, 1.7), 1.0);
        assert_eq!(rms(&made, 2.0, 45.0), 10.0);
    }

    #[test]
    fn too_little_noise_is_none() {
        let mut picked = picked();
        for row in &mut picked.record.data {
            row[..1000].fill(f32::NAN);
        }
        assert!(OwnNoise::of(&picked, 1).is_none());
        picked.record = picked.record.slice(0..3000).unwrap();
        assert!(OwnNoise::of(&picked, 1).is_none());
    }
}
