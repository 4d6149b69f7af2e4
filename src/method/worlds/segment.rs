//! A segment of a world's record, and how far each earthquake stands out in it.

use std::ops::Range;

use super::Day;
use crate::classroom::instrument::{CHANNELS, SAMPLING_RATE_HZ, STATION};
use crate::classroom::source::Source;
use crate::error::Result;
use crate::pick::PickedPhase;
use crate::time::{self, Time, between_s};
use crate::travel::{LayeredModel, Phase};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::{BAND_HZ, Record3C, harmonise};

/// An earthquake whose P wave arrives within a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Seconds after the segment's start, by the model that is believed in.
    pub p_s: f64,
    pub s_s: f64,
    /// Largest amplitude of P over the root mean square of all else around it, of the component on which that is largest; and
    /// the same of S. In the band of [`harmonise`].
    pub p_ratio: f64,
    pub s_ratio: f64,
}

/// A wave that reaches the station within a segment, when it truly does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueOnset {
    pub phase: PickedPhase,
    /// Seconds after the segment's start.
    pub at_s: f64,
    /// How far it stands out: [`Arrival::p_ratio`] or [`Arrival::s_ratio`].
    pub ratio: f64,
}

/// A piece of record and the earthquakes in it.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Comparable with all others.
    pub record: Record3C,
    /// As it was recorded.
    pub counts: Record3C,
    pub arrivals: Vec<Arrival>,
    /// All waves within it, also those of earthquakes whose P wave comes before it.
    pub onsets: Vec<TrueOnset>,
}

/// P and S are compared with what else there is from so long before them to so long after.
const AROUND_S: (f64, f64) = (4.0, 2.0);
/// The largest amplitude comes within so long after the onset.
const PEAK_S: f64 = 3.0;

/// No wave travels longer.
const LONGEST_TRAVEL_S: f64 = 300.0;

impl Day {
    /// The segment of `length_s` seconds from a time on.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] where no component moves.
    pub fn segment(&self, start: Time, length_s: f64) -> Result<Segment> {
        let first = (start.timestamp_millis() as f64 / 1e3 * SAMPLING_RATE_HZ).round() as i64;
        let start = time::of_sample(Time::UNIX_EPOCH, first as usize, SAMPLING_RATE_HZ);
        let n = (length_s * SAMPLING_RATE_HZ).round() as usize;
        let counts: [Vec<i32>; 3] = std::array::from_fn(|c| self.ground.samples(c, first, n));
        let data = counts.map(|row| row.into_iter().map(|v| v as f32).collect::<Vec<f32>>());
        let band = Filter::bandpass(4, BAND_HZ.0, BAND_HZ.1, SAMPLING_RATE_HZ)?;
        let (mut arrivals, mut onsets) = (Vec::new(), Vec::new());
        let is_within = |s: f64| (0.0..length_s).contains(&s);
        for (index, source) in self.truth.sources.iter().enumerate() {
            let origin_s = between_s(start, source.origin_time);
            if !(-LONGEST_TRAVEL_S..length_s).contains(&origin_s) {
                continue;
            }
            let (p_s, s_s) = times(source, &self.world.model, start);
            if !(is_within(p_s) || is_within(s_s)) {
                continue;
            }
            let motion = self.ground.motion(index);
            let clean: [Vec<f32>; 3] = std::array::from_fn(|c| {
                let mut row = vec![0.0; n];
                motion.add(c, first, &mut row);
                let gain = self.world.sensor.counts_per_m_s[c];
                row.into_iter().map(|v| (v * gain) as f32).collect()
            });
            let [mut p_ratio, mut s_ratio] = [0.0f64; 2];
            for (row, clean) in data.iter().zip(&clean) {
                let rest: Vec<f32> = row.iter().zip(clean).map(|(all, own)| all - own).collect();
                let rest = band.apply(&without_mean(&rest), Pass::Causal);
                let own = band.apply(clean, Pass::Causal);
                let ratio = |at_s: f64, peak_s: f64| {
                    let peak = part(&own, at_s..at_s + peak_s)
                        .iter()
                        .fold(0.0f32, |a, v| a.max(v.abs()));
                    let around = part(&rest, at_s - AROUND_S.0..at_s + AROUND_S.1);
                    let power: f64 = around.iter().map(|v| f64::from(*v).powi(2)).sum();
                    f64::from(peak) / (power / around.len().max(1) as f64).sqrt().max(1e-3)
                };
                p_ratio = p_ratio.max(ratio(p_s, PEAK_S.min(s_s - p_s)));
                s_ratio = s_ratio.max(ratio(s_s, PEAK_S));
            }
            let waves = [
                (PickedPhase::P, p_s, p_ratio),
                (PickedPhase::S, s_s, s_ratio),
            ];
            onsets.extend(waves.map(|(phase, at_s, ratio)| TrueOnset { phase, at_s, ratio }));
            if !(SETTLED_S..length_s).contains(&p_s) {
                continue;
            }
            let (p_s, s_s) = times(source, &self.world.known_model, start);
            arrivals.push(Arrival {
                p_s,
                s_s,
                p_ratio,
                s_ratio,
            });
        }
        onsets.retain(|onset| is_within(onset.at_s));
        let recorder = &self.world.recorder;
        let counts = Record3C {
            station: "drawn".into(),
            channels: CHANNELS.map(String::from),
            start,
            sampling_rate_hz: recorder.rate_hz,
            data: data.map(|row| recorder.record(row)),
            simulated: true,
        };
        Ok(Segment {
            record: harmonise(&counts)?.record,
            counts,
            arrivals,
            onsets,
        })
    }
}

/// The filters have settled so long after a segment's start.
pub(super) const SETTLED_S: f64 = 4.0;

/// P and S at the station, in seconds after a time.
fn times(source: &Source, model: &LayeredModel, start: Time) -> (f64, f64) {
    let at = |phase| {
        let travel_s = model.travel_time_s(phase, source.depth_km, source.distance_km(STATION));
        between_s(start, source.origin_time) + travel_s
    };
    (at(Phase::P), at(Phase::S))
}

fn without_mean(row: &[f32]) -> Vec<f32> {
    let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / row.len().max(1) as f64;
    row.iter().map(|v| v - mean as f32).collect()
}

/// The samples of a span in seconds, as far as there are any.
fn part(row: &[f32], span_s: Range<f64>) -> &[f32] {
    let sample = |s: f64| ((s * SAMPLING_RATE_HZ).round().max(0.0) as usize).min(row.len());
    &row[sample(span_s.start)..sample(span_s.end)]
}
