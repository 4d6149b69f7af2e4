//! Simulated records whose onsets of P and S are known to the sample: chapter 14.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::stored::is_small;
use crate::classroom::Source;
use crate::classroom::instrument::{CHANNELS, SAMPLING_RATE_HZ, STATION};
use crate::error::Result;
use crate::method::worlds::Day;
use crate::pick::PickedPhase;
use crate::study::Study;
use crate::time::{self, Time, between_s};
use crate::travel::Phase;
use crate::waveform::Record3C;
use crate::waveform::filter::{Filter, Pass};

/// A record around an earthquake, and all onsets in it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownRecord {
    pub record: Record3C,
    /// In time order.
    pub onsets: Vec<KnownOnset>,
    /// The hypocentral distance of the earthquake that the record is cut around, and its moment magnitude.
    pub distance_km: f64,
    pub magnitude: f64,
}

/// When a wave truly arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownOnset {
    pub phase: PickedPhase,
    pub time: Time,
    /// Amplitude behind it over that before it, from 1 to 20 Hz: of P on the vertical component, of S on the louder horizontal one. NaN
    /// where the record holds too little of either.
    pub ratio: f64,
}

/// The seeds of these worlds lie apart from those on which detectors are taught, chosen and judged.
const WORLDS: u64 = 1 << 36;

/// Worlds, one record of each.
const N_WORLDS: u64 = 150;
const N_WORLDS_OF_SMALL: u64 = 8;

/// A record's length, and between which seconds of it P of its earthquake arrives.
const LENGTH_S: f64 = 90.0;
const P_S: (f64, f64) = (35.0, 60.0);

/// Its earthquake is one of this share of the day's earthquakes, the largest.
const LARGEST: f64 = 0.25;

/// Onsets whose amplitude grows by less than this are judged by nobody.
pub const LEAST_RATIO: f64 = 2.0;

/// Amplitudes are those of so long before an onset and so long after it.
const BEFORE_S: (f64, f64) = (3.0, 0.1);
const AFTER_S: f64 = 1.0;

impl KnownRecord {
    /// Simulates a record of a drawn world.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where a component cannot be filtered.
    fn of(seed: u64) -> Result<Self> {
        let day = Day::of(seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The first stream drew the world, the seventh its day.
        rng.set_stream(8);
        let mut largest: Vec<&Source> = day.truth.sources.iter().collect();
        largest.sort_by(|a, b| b.mw.total_cmp(&a.mw));
        let n = ((LARGEST * largest.len() as f64) as usize).max(1);
        let source = largest[rng.random_range(0..n)];
        let arrival = |source: &Source, phase| {
            let distance_km = source.distance_km(STATION);
            let travel_s = day
                .world
                .model
                .travel_time_s(phase, source.depth_km, distance_km);
            source.origin_time + time::seconds(travel_s)
        };
        let around = arrival(source, Phase::P) - time::seconds(rng.random_range(P_S.0..P_S.1));
        let first = (around.timestamp_millis() as f64 / 1e3 * SAMPLING_RATE_HZ).round() as i64;
        let n = (LENGTH_S * SAMPLING_RATE_HZ) as usize;
        let row = |c: usize| day.ground.samples(c, first, n);
        let record = Record3C {
            station: "drawn".into(),
            channels: CHANNELS.map(String::from),
            start: time::of_sample(Time::UNIX_EPOCH, first as usize, SAMPLING_RATE_HZ),
            sampling_rate_hz: SAMPLING_RATE_HZ,
            data: [0, 1, 2].map(|c| row(c).into_iter().map(|v| v as f32).collect()),
            simulated: true,
        };
        let band = Filter::bandpass(4, 1.0, 20.0, SAMPLING_RATE_HZ)?;
        let filtered = band.record(&record.remove_mean(), Pass::Causal)?;
        let mut onsets = Vec::new();
        for one in &day.truth.sources {
            for (phase, wave) in [(PickedPhase::P, Phase::P), (PickedPhase::S, Phase::S)] {
                let time = arrival(one, wave);
                if (record.start..record.end()).contains(&time) {
                    let ratio = ratio(&filtered, phase, time);
                    onsets.push(KnownOnset { phase, time, ratio });
                }
            }
        }
        onsets.sort_by_key(|onset| onset.time);
        Ok(Self {
            record,
            onsets,
            distance_km: source.hypocentral_distance_km(STATION),
            magnitude: source.mw,
        })
    }

    /// Onsets at which the amplitude at least doubles.
    pub fn clear(&self) -> impl Iterator<Item = &KnownOnset> {
        let onsets = self.onsets.iter();
        onsets.filter(|onset| onset.ratio >= LEAST_RATIO)
    }
}

/// How much the amplitude of a filtered record grows at an onset.
fn ratio(record: &Record3C, phase: PickedPhase, onset: Time) -> f64 {
    let sample = |s: f64| {
        let at = between_s(record.start, onset) + s;
        (at * record.sampling_rate_hz).round() as i64
    };
    let rms = |row: &[f32], from_s: f64, to_s: f64| {
        let part = usize::try_from(sample(from_s)).ok();
        let part = part.and_then(|from| row.get(from..sample(to_s) as usize));
        part.map_or(f64::NAN, |part| {
            let squares: f64 = part.iter().map(|x| f64::from(*x).powi(2)).sum();
            (squares / part.len() as f64).sqrt()
        })
    };
    let of_row = |row: &Vec<f32>| rms(row, 0.0, AFTER_S) / rms(row, -BEFORE_S.0, -BEFORE_S.1);
    match phase {
        PickedPhase::P => of_row(&record.data[2]),
        PickedPhase::S => of_row(&record.data[0]).max(of_row(&record.data[1])),
    }
}

/// Records of drawn worlds in which nobody was taught, one of each: 150, fewer where the study is made small.
///
/// # Errors
/// [`crate::Error::Waveform`] where a component cannot be filtered.
pub fn known_records(study: &Study) -> Result<Vec<KnownRecord>> {
    let n = if is_small(study) {
        N_WORLDS_OF_SMALL
    } else {
        N_WORLDS
    };
    let records = (0..n).into_par_iter().map(|i| KnownRecord::of(WORLDS + i));
    records.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_that_of_the_amplitudes() {
        let row = |loud: f32| -> Vec<f32> {
            let size = |i: usize| if i < 500 { 1.0 } else { loud };
            (0..1000)
                .map(|i| size(i) * if i % 2 == 0 { 1.0 } else { -1.0 })
                .collect()
        };
        let record = Record3C {
            station: "XX.MADE.".into(),
            channels: CHANNELS.map(String::from),
            start: Time::UNIX_EPOCH,
            sampling_rate_hz: 100.0,
            data: [row(7.0), row(3.0), row(5.0)],
            simulated: true,
        };
        let at = |s: f64| Time::UNIX_EPOCH + time::seconds(s);
        assert!((ratio(&record, PickedPhase::P, at(5.0)) - 5.0).abs() < 1e-9);
        assert!((ratio(&record, PickedPhase::S, at(5.0)) - 7.0).abs() < 1e-9);
        assert!(ratio(&record, PickedPhase::P, at(1.0)).is_nan());
        assert!(ratio(&record, PickedPhase::P, at(9.5)).is_nan());
    }

    #[test]
    fn amplitudes_grow_where_the_waves_arrive() {
        let known = KnownRecord::of(WORLDS).unwrap();
        assert_eq!(known.record.n_samples(), 9000);
        let p = known.onsets.iter().filter(|o| o.phase == PickedPhase::P);
        let (start, mut p) = (known.record.start, p);
        assert!(p.any(|onset| (P_S.0..P_S.1).contains(&between_s(start, onset.time))));
    }
}
