//! Records of any gain, rate and sensor made comparable: one function, for training and scanning.
//!
//! ```text
//! stuck segments become gaps -> detrend -> resample to RATE_HZ -> band pass -> a dead component replaced
//! ```
//!
//! What remains is amplitude, and that is taken out window by window: one scale for the three
//! components, [`crate::window::Normalisation::Std`]. The response of the sensor is not
//! removed: within the band a velocity sensor is flat, and an accelerometer differs from it by a
//! tilt of the spectrum, which a network can learn to overlook.
//!
//! ```
//! use quakebook::waveform::{Record3C, harmonise};
//! let wave = |i: i32| 5000.0 + 0.3 * (0.2 * i as f32).sin();
//! let record = Record3C {
//!     station: "XX.TEST".into(),
//!     channels: ["EHE", "EHN", "EHZ"].map(String::from),
//!     start: quakebook::time::parse("2020-01-01")?,
//!     sampling_rate_hz: 100.0,
//!     data: [vec![0.0; 3000], (0..3000).map(wave).collect(), (0..3000).map(wave).collect()],
//!     simulated: false,
//! };
//! let made = harmonise(&record)?;
//! assert_eq!((made.record.sampling_rate_hz, made.record.n_samples()), (50.0, 1500));
//! assert_eq!(made.defects.len(), 1, "EHE is dead");
//! # Ok::<(), quakebook::Error>(())
//! ```

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::fmt;

use super::Record3C;
use super::filter::{Filter, Pass};
use super::quality::{ComponentQuality, IDLE_COUNTS, gaps_of, mask, open};
use crate::error::{Result, fail};

/// The rate to which records are brought: enough for the band below, and half of what most stations
/// send, so that a window costs a network half as much.
pub const RATE_HZ: f64 = 50.0;

/// The band in which they are compared: below lies the ocean's noise, above the site's attenuation.
pub const BAND_HZ: (f64, f64) = (1.0, 20.0);

/// Order of each flank of the band pass.
pub(crate) const ORDER: usize = 4;

/// Zero crossings of the interpolating sinc on each side.
const N_CROSSINGS: f64 = 16.0;

/// Share of a sample that is rounding of its time.
pub(crate) const ROUNDING: f64 = 1e-6;

/// What was found in a record, and is worth knowing before its windows are believed.
#[derive(Debug, Clone, PartialEq)]
pub enum Defect {
    /// A component that never moves. It got the samples of the next one that does, so that a
    /// network of three components can be asked at all.
    Dead {
        channel: String,
        replaced_by: String,
    },
    /// Stuck segments of a component that otherwise moves. They are gaps.
    Stuck { channel: String, n_samples: usize },
    /// Samples in clipped peaks. They are left as they are: an earthquake that clips is an earthquake.
    Clipped { channel: String, n_samples: usize },
    /// Steps to the next sample that no motion makes, glitches and other levels. What the filter makes of them stays.
    Jumps { channel: String, n: usize },
    /// A component of whole numbers that moves by [`super::quality::IDLE_COUNTS`] or less.
    Idle { channel: String },
    /// A component so far from zero that four bytes round its motion.
    Coarse { channel: String },
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead {
                channel,
                replaced_by,
            } => write!(f, "{channel} is dead, {replaced_by} stands in for it"),
            Self::Stuck { channel, n_samples } => {
                write!(f, "{channel} stands still for {n_samples} samples")
            }
            Self::Clipped { channel, n_samples } => {
                write!(f, "{channel} clips, or nearly, in {n_samples} samples")
            }
            Self::Jumps { channel, n } => {
                write!(f, "{channel} jumps from one sample to the next, {n} times")
            }
            Self::Idle { channel } => {
                write!(f, "{channel} moves by {IDLE_COUNTS} counts or less")
            }
            Self::Coarse { channel } => {
                write!(
                    f,
                    "{channel} is so far from zero that its motion is rounded"
                )
            }
        }
    }
}

/// A record ready to be cut, and what was wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Harmonised {
    pub record: Record3C,
    pub defects: Vec<Defect>,
}

/// The record without its trend, at [`RATE_HZ`], within [`BAND_HZ`], with three living components.
/// Gaps stay gaps. The filter is causal: what comes before a wave stays before it.
///
/// # Errors
/// [`crate::Error::Waveform`] where the rate is too low for the band, or no component is alive.
pub fn harmonise(record: &Record3C) -> Result<Harmonised> {
    let filter = Filter::bandpass(ORDER, BAND_HZ.0, BAND_HZ.1, RATE_HZ)?;
    if record.sampling_rate_hz <= 2.0 * BAND_HZ.0 {
        return Err(fail!(
            Waveform,
            record.station,
            format!(
                "{} Hz, too slow for {} Hz",
                record.sampling_rate_hz, BAND_HZ.0
            ),
            "Ask for a channel of a higher rate"
        ));
    }
    let quality = record
        .data
        .each_ref()
        .map(|row| ComponentQuality::of(row, record.sampling_rate_hz));
    let defects_of = |of: fn(&ComponentQuality) -> usize, make: fn(String, usize) -> Defect| {
        let found = (0..3).filter(move |i| of(&quality[*i]) > 0);
        found.map(move |i| make(record.channels[i].clone(), of(&quality[i])))
    };
    let clipped = |channel, n_samples| Defect::Clipped { channel, n_samples };
    let stuck = |channel, n_samples| Defect::Stuck { channel, n_samples };
    let mut defects: Vec<Defect> = defects_of(|q| q.n_clipped, clipped).collect();
    defects.extend(defects_of(|q| q.n_stuck, stuck));
    let jumps = |channel, n| Defect::Jumps { channel, n };
    defects.extend(defects_of(|q| q.n_jumps, jumps));
    let idle = |channel, _| Defect::Idle { channel };
    defects.extend(defects_of(|q| usize::from(q.is_idle), idle));
    let coarse = |channel, _| Defect::Coarse { channel };
    defects.extend(defects_of(|q| usize::from(q.is_coarse), coarse));
    let living = quality.map(|q| !q.is_dead);
    let mut moving = record.clone();
    open(&mut moving);
    let mut made = resample(&moving.detrend(), RATE_HZ);
    filter.in_place(&mut made, Pass::Causal)?;
    for row in &mut made.data {
        // The filter rings where it begins anew.
        let gaps = gaps_of(row);
        mask(row, &gaps, Pass::Causal, filter.n_unsettled());
    }
    for dead in (0..3).filter(|i| !living[*i]) {
        // The vertical is last: a horizontal component is the likelier stand-in for another.
        let Some(other) = (0..3).find(|i| living[*i]) else {
            return Err(fail!(
                Waveform,
                record.station,
                "no component moves",
                "Choose another time or station"
            ));
        };
        made.data[dead] = made.data[other].clone();
        defects.push(Defect::Dead {
            channel: record.channels[dead].clone(),
            replaced_by: record.channels[other].clone(),
        });
    }
    Ok(Harmonised {
        record: made,
        defects,
    })
}

/// The record at another sampling rate, from its first sample on, by a sinc under a Hann window that stops
/// what the lower of the two rates cannot hold (Smith & Gossett 1984, doi:10.1109/ICASSP.1984.1172555). A
/// new sample whose nearest old one is missing is missing.
pub fn resample(record: &Record3C, rate_hz: f64) -> Record3C {
    if record.sampling_rate_hz == rate_hz {
        return record.clone();
    }
    let step = record.sampling_rate_hz / rate_hz;
    let n = ((record.n_samples() as f64) / step).round() as usize;
    Record3C {
        data: [0, 1, 2].map(|i| interpolate(&record.data[i], 0.0, step, n, |between| between)),
        sampling_rate_hz: rate_hz,
        ..record.clone()
    }
}

/// `n` samples, `step` old samples apart, the first so many old samples after the first of these.
///
/// `phase` rounds how far a sample lies after an old one, from 0 to 1: most pairs of rates have few such places, and
/// the others would need weights for each.
pub(crate) fn interpolate(
    old: &[f32],
    first: f64,
    step: f64,
    n: usize,
    phase: impl Fn(f64) -> f64,
) -> Vec<f32> {
    // A little below the lower of both Nyquist frequencies.
    interpolate_below(0.95 * (1.0 / step).min(1.0), old, first, step, n, phase)
}

/// The same with the cut-off as a share of the old Nyquist frequency.
pub(crate) fn interpolate_below(
    cutoff: f64,
    old: &[f32],
    first: f64,
    step: f64,
    n: usize,
    phase: impl Fn(f64) -> f64,
) -> Vec<f32> {
    let reach = N_CROSSINGS / cutoff;
    let kernel = |x: f64| {
        let turn = PI * cutoff * x;
        let sinc = if turn == 0.0 { 1.0 } else { turn.sin() / turn };
        sinc * (0.5 + 0.5 * (PI * x / reach).cos())
    };
    let n_side = reach.floor() as usize;
    // Most pairs of rates need few sets of weights: one for each place between two old samples.
    let mut known: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let key_of = |between: f64| (between * 1e9).round() as u64;
    let mut weights_at = |between: f64| -> Vec<f64> {
        let key = key_of(between);
        let taps = (0..=2 * n_side).map(|j| kernel(j as f64 - n_side as f64 - between));
        known.entry(key).or_insert_with(|| taps.collect()).clone()
    };
    let mut last: (u64, Vec<f64>) = (u64::MAX, Vec::new());
    (0..n)
        .map(|i| {
            let at = first + i as f64 * step;
            let is_beyond = at < -ROUNDING || at.round() > old.len() as f64;
            let at = at.max(0.0);
            if is_beyond || !old[(at.round() as usize).min(old.len() - 1)].is_finite() {
                return f32::NAN;
            }
            let whole = at.floor() as usize;
            let between = phase(at - at.floor());
            if last.0 != key_of(between) {
                last = (key_of(between), weights_at(between));
            }
            // Of the taps, those that fall on the record.
            let first = n_side.saturating_sub(whole);
            let taps = last.1[first..]
                .iter()
                .zip(&old[(whole + first - n_side).min(old.len())..]);
            let (mut sum, mut weights) = (0.0, 0.0);
            for (weight, x) in taps.filter(|(_, x)| x.is_finite()) {
                sum += weight * f64::from(*x);
                weights += weight;
            }
            // Weights of what is there: at ends and gaps a constant stays one.
            (sum / weights) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(between: f64) -> f64 {
        between
    }

    #[test]
    fn a_tone_keeps_its_shape_at_another_rate() {
        let tone = |i: usize, rate: f64| (2.0 * PI * 3.0 * i as f64 / rate).sin() as f32;
        for rate in [40.0, 50.0, 80.0, 125.0, 200.0, 250.0] {
            let old: Vec<f32> = (0..(20.0 * rate) as usize).map(|i| tone(i, rate)).collect();
            let new = interpolate(&old, 0.0, rate / 100.0, 2000, exact);
            for (i, x) in new.iter().enumerate().take(1900).skip(100) {
                assert!((x - tone(i, 100.0)).abs() < 2e-3, "{rate} Hz, sample {i}");
            }
            // From between two samples on.
            let later = interpolate(&old, 100.3 * rate / 100.0, rate / 100.0, 1800, exact);
            for (i, x) in later.iter().enumerate() {
                let t_s = (i as f64 + 100.3) / 100.0;
                let expected = (2.0 * PI * 3.0 * t_s).sin() as f32;
                assert!((x - expected).abs() < 2e-3, "{rate} Hz, sample {i}");
            }
        }
    }

    #[test]
    fn what_a_lower_rate_cannot_hold_is_stopped() {
        let old: Vec<f32> = (0..8000)
            .map(|i| (2.0 * PI * 70.0 * f64::from(i) / 200.0).sin() as f32)
            .collect();
        let new = interpolate(&old, 0.0, 2.0, 4000, exact);
        assert!(new[200..3800].iter().all(|x| x.abs() < 0.01));
    }

    /// The sea moves the ground a thousand times as much as what is looked for: 0.2 Hz beside 8 Hz. Where the record begins again no onset is to be seen.
    #[test]
    fn the_end_of_a_gap_is_no_onset() {
        let at = |i: usize| {
            let turn = 2.0 * PI * i as f64 / 100.0;
            (1e5 * (0.2 * turn).sin() + 100.0 * (8.0 * turn).sin()) as f32
        };
        let mut row: Vec<f32> = (0..6000).map(at).collect();
        // It ends and begins where the slow wave is largest.
        row[2100..3325].fill(f32::NAN);
        let record = Record3C {
            station: "XX.SEA".into(),
            channels: ["HHN", "HHE", "HHZ"].map(String::from),
            start: crate::time::Time::UNIX_EPOCH,
            sampling_rate_hz: 100.0,
            data: [row.clone(), row.clone(), row],
            simulated: true,
        };
        let made = harmonise(&record).unwrap().record;
        let after = &made.data[2][1663..];
        let begins = after.iter().position(|x| x.is_finite()).unwrap();
        let largest = |row: &[f32]| row.iter().fold(0.0f32, |a, x| a.max(x.abs()));
        let (first, later) = (
            largest(&after[begins..begins + 50]),
            largest(&after[1000..]),
        );
        assert!(
            first < 1.5 * later,
            "{first} {later}, after {begins} samples"
        );
    }

    #[test]
    fn a_gap_stays_where_it_was() {
        let mut old = vec![1.0; 400];
        old[100..150].fill(f32::NAN);
        let new = interpolate(&old, 0.0, 0.5, 800, exact);
        let missing = |i: &usize| new[*i].is_nan();
        assert_eq!((0..800).filter(missing).count(), 100);
        assert!(
            (0..800)
                .filter(|i| !missing(i))
                .all(|i| (new[i] - 1.0).abs() < 1e-6)
        );
    }
}
