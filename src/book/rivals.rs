//! Four detectors that score a record second by second, so that they can be compared on it.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::real::REAL_WINDOW_SAMPLES;
use crate::detect::recursive_sta_lta;
use crate::error::Result;
use crate::method::worlds::{self, Recipe};
use crate::method::{Detector, features};
use crate::network::{ConvNet, LogisticRegression, Network};
use crate::time::{self, Time};
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::{BAND_HZ, ORDER, RATE_HZ, Record3C};
use crate::window::{Normalisation, normalise};

/// Scores are of windows of this length, of which one begins each second: an event is found where P lies 1 to 6 s after a
/// window's start ([`crate::evaluate::Claims`]).
pub const JUDGED_S: f64 = 10.0;

/// A trigger finds an event from 1 s before P to 4 s after it: as many seconds as there are windows that do.
const TRIGGER_AFTER_WINDOW_S: f64 = 5.0;

/// The filter of a record made comparable has settled so long after its start.
const SETTLED_S: f64 = 4.0;

/// Windows that are scored at once.
const N_AT_ONCE: usize = 512;

/// Recursive STA/LTA on the second of three components: lengths of the averages, and the band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StaLta {
    pub short_s: f64,
    pub long_s: f64,
    pub low_hz: f64,
    pub high_hz: f64,
}

impl StaLta {
    /// The second largest ratio of the three components at each sample of a record made comparable.
    ///
    /// # Errors
    /// As [`Filter::bandpass`] and [`recursive_sta_lta`].
    pub fn ratios(&self, record: &Record3C) -> Result<Vec<f32>> {
        self.ratios_in_band(&self.in_band(record)?)
    }

    /// A record made comparable, in the trigger's band. Triggers that differ in their averages alone share it.
    ///
    /// # Errors
    /// As [`Filter::bandpass`].
    pub(super) fn in_band(&self, record: &Record3C) -> Result<Record3C> {
        let mut record = record.clone();
        // Comparable records are in the widest band already.
        if (self.low_hz, self.high_hz) != BAND_HZ {
            let rate_hz = record.sampling_rate_hz;
            let filter = Filter::bandpass(ORDER, self.low_hz, self.high_hz, rate_hz)?;
            let rows = record.data.par_iter_mut();
            rows.for_each(|row| *row = filter.apply(row, Pass::Causal));
        }
        Ok(record)
    }

    fn ratios_in_band(&self, record: &Record3C) -> Result<Vec<f32>> {
        let samples = |s: f64| (s * record.sampling_rate_hz).round() as usize;
        let (n_short, n_long) = (samples(self.short_s), samples(self.long_s));
        let rows = record.data.par_iter();
        let ratios = rows.map(|row| recursive_sta_lta(row, n_short, n_long));
        let ratios: Vec<Vec<f32>> = ratios.collect::<Result<_>>()?;
        let second = |i: usize| {
            let mut three = [ratios[0][i], ratios[1][i], ratios[2][i]];
            three.sort_by(f32::total_cmp);
            three[1]
        };
        Ok((0..record.n_samples()).map(second).collect())
    }

    /// The logarithm of the largest ratio of each second, at the start of the window that it stands for.
    ///
    /// The record is one of [`StaLta::in_band`].
    ///
    /// # Errors
    /// As [`recursive_sta_lta`].
    pub(super) fn scores_in_band(&self, record: &Record3C) -> Result<Vec<(Time, f64)>> {
        let second = RATE_HZ as usize;
        let before = time::seconds(TRIGGER_AFTER_WINDOW_S);
        let seconds = self.ratios_in_band(record)?;
        let seconds = seconds.chunks_exact(second).enumerate().map(|(i, ratios)| {
            let largest = ratios.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            let at = time::of_sample(record.start, i * second, RATE_HZ);
            (at - before, f64::from(largest.ln()))
        });
        let settled = (SETTLED_S + TRIGGER_AFTER_WINDOW_S) as usize;
        Ok(seconds.skip(settled).collect())
    }
}

/// What gives a score to a piece of record.
#[derive(Debug)]
pub enum Scorer {
    /// A model that comes with the program.
    Model(Box<Detector>),
    /// A network of windows of ten seconds, each scaled by itself.
    Network(ConvNet),
    StaLta(StaLta),
    /// On the features of a window.
    Logistic(LogisticRegression),
}

/// A detector in a comparison.
#[derive(Debug)]
pub struct Rival {
    pub name: String,
    pub scorer: Scorer,
    /// Chosen elsewhere. All but STA/LTA's are logarithms of odds, that one's of a ratio.
    pub threshold: f64,
}

impl Scorer {
    /// The start and score of each second's window in a record made comparable.
    ///
    /// Where too much is missing, a window has no score.
    ///
    /// # Errors
    /// As [`StaLta::ratios`].
    pub fn scores(&self, record: &Record3C) -> Result<Vec<(Time, f64)>> {
        match self {
            Self::Model(detector) => Ok(worlds::scores(detector, record)),
            Self::Network(network) => {
                let shape = (REAL_WINDOW_SAMPLES, 0.0, Normalisation::Std);
                Ok(windowed(record, shape, |windows| {
                    let logits = network.logits(&windows.concat());
                    let rows = logits.chunks_exact(2);
                    rows.map(|l| f64::from(l[0]) - f64::from(l[1])).collect()
                }))
            }
            Self::StaLta(params) => params.scores_in_band(&params.in_band(record)?),
            Self::Logistic(fitted) => {
                let recipe = Recipe::default();
                let core_s = recipe.lead_s..recipe.lead_s + recipe.core_s;
                let n = (recipe.window_s * RATE_HZ).round() as usize;
                let shape = (n, recipe.lead_s, Normalisation::Noise);
                Ok(windowed(record, shape, |windows| {
                    let windows = windows.par_iter();
                    let scores = windows.map(|w| fitted.log_odds(&features(w, core_s.clone())));
                    scores.collect()
                }))
            }
        }
    }
}

impl Scorer {
    /// [`Scorer::scores`] of a record that is about as long as a window: what is beyond its ends is missing, and no reason to leave
    /// out a window of which enough was recorded.
    ///
    /// # Errors
    /// As [`Scorer::scores`].
    pub fn scores_of_short(&self, record: &Record3C) -> Result<Vec<(Time, f64)>> {
        let n = |s: f64| (s * RATE_HZ) as usize;
        let (before, after) = (n(BEYOND_S.0), n(BEYOND_S.1));
        let missing = |n: usize| std::iter::repeat_n(f32::NAN, n);
        let longer = |row: &Vec<f32>| {
            let row = row.iter().copied();
            missing(before).chain(row).chain(missing(after)).collect()
        };
        let end = record.end();
        let scores = self.scores(&Record3C {
            start: record.start - time::seconds(BEYOND_S.0),
            data: record.data.each_ref().map(longer),
            ..record.clone()
        })?;
        // STA/LTA gives 0 until its long average is there, and beyond the record.
        let long_s = match self {
            Self::StaLta(params) => params.long_s - TRIGGER_AFTER_WINDOW_S,
            _ => 0.0,
        };
        let from = record.start + time::seconds(long_s);
        let inside = |(at, _): &(Time, f64)| *at >= from && *at + time::seconds(DECIDED_S) <= end;
        Ok(scores.into_iter().filter(inside).collect())
    }
}

/// What is missing before and after a short record, in seconds.
const BEYOND_S: (f64, f64) = (10.0, 40.0);

/// So much from a window's start on must have been recorded.
const DECIDED_S: f64 = 10.0;

/// Scores a window each second: samples, seconds from its start to what it decides about, and scale.
fn windowed(
    record: &Record3C,
    (n, lead_s, normalisation): (usize, f64, Normalisation),
    score: impl Fn(&[Vec<f32>]) -> Vec<f64>,
) -> Vec<(Time, f64)> {
    let samples = |s: f64| (s * RATE_HZ).round() as usize;
    let starts: Vec<usize> = (samples(SETTLED_S)..)
        .step_by(samples(1.0))
        .take_while(|first| first + n <= record.n_samples())
        .collect();
    let mut scores = Vec::with_capacity(starts.len());
    for some in starts.chunks(N_AT_ONCE) {
        let window = |first: &usize| {
            let rows = record.data.iter();
            let cut: Vec<f32> = rows
                .flat_map(|row| row[*first..first + n].iter().copied())
                .collect();
            let at = time::of_sample(record.start, first + samples(lead_s), RATE_HZ);
            // Some scales do without what is missing, and refuse where too much is.
            Some((at, normalise(&cut, normalisation).ok()?))
        };
        let (times, windows): (Vec<Time>, Vec<Vec<f32>>) = some.iter().filter_map(window).unzip();
        if !windows.is_empty() {
            scores.extend(times.into_iter().zip(score(&windows)));
        }
    }
    scores
}
