//! Single real earthquakes made harder: in more of their own noise, and in windows that hold only a part of them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::own_noise::{BEFORE_S, OwnNoise};
use super::real::{Picked, picked_dir, read_picked};
use super::rivals::Rival;
use super::stored::{is_small, provenance, read_scores, today};
use super::tuned::rivals;
use crate::display::Table;
use crate::error::Result;
use crate::evaluate::Score;
use crate::store::Store;
use crate::study::Study;
use crate::time::{self, Time, between_s};
use crate::waveform::Record3C;

/// What is called an earthquake under one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub what: String,
    /// Of each detector.
    pub called: Vec<Score>,
}

/// Shares of single records that detectors call an earthquake, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    pub n_records: usize,
    pub n_stations: usize,
    pub detectors: Vec<String>,
    pub rows: Vec<Row>,
    /// True where they were not computed in this run.
    #[serde(skip)]
    pub stored: bool,
}

/// Signal-to-noise ratios, decibels: of the five seconds from P.
const LEVELS_DB: [f64; 7] = [20.0, 12.0, 6.0, 3.0, 0.0, -3.0, -6.0];

/// Thresholds are as low as they can be while so many noise records of a hundred are called an earthquake.
pub const FALSE_SHARE: f64 = 0.05;

/// An earthquake is found by a window that begins so many seconds before P.
const FOUND_S: RangeInclusive<i32> = 1..=6;

/// Where windows of the second table begin, seconds before P.
const BEFORE_P_S: [i32; 9] = [9, 7, 5, 3, 1, -1, -3, -5, -10];

/// S is alone where it comes so long after P; the noise ends this share of the way.
const LEAST_S_MINUS_P_S: f64 = 1.0;
const NOISE_UNTIL: f64 = 0.5;

/// A coda is what is left so long after S.
const CODA_AFTER_S: f64 = 3.0;

type Scores = Vec<(Time, f64)>;

/// What detectors make of records that were made of picked ones.
struct Scored {
    /// The wave of each record that windows begin before, to the second.
    waves: Vec<Time>,
    /// The scores of each detector on each record.
    of: Vec<Vec<Scores>>,
}

impl Scored {
    /// Each record comes with the seconds from P to the wave that windows begin before.
    fn of(rivals: &[Rival], made: &[(Record3C, f64)]) -> Result<Self> {
        let wave = |(record, after_s): &(Record3C, f64)| {
            record.start + time::seconds(BEFORE_S + after_s.round())
        };
        let scores = |rival: &Rival| -> Result<Vec<Scores>> {
            let records = made.iter();
            records
                .map(|(record, _)| rival.scorer.scores(record))
                .collect()
        };
        Ok(Self {
            waves: made.iter().map(wave).collect(),
            of: rivals.iter().map(scores).collect::<Result<_>>()?,
        })
    }

    /// For each record a detector's largest score of the windows that begin so many seconds before the wave.
    fn best(&self, detector: usize, before_s: &RangeInclusive<i32>) -> Vec<f64> {
        let best = |(scores, wave): (&Scores, &Time)| {
            let before = |at| between_s(at, *wave).round() as i32;
            let inside = scores
                .iter()
                .filter(|(at, _)| before_s.contains(&before(*at)));
            let scores = inside.map(|(_, score)| *score);
            scores.fold(f64::NEG_INFINITY, f64::max)
        };
        self.of[detector]
            .iter()
            .zip(&self.waves)
            .map(best)
            .collect()
    }
}

/// Detectors, the records that they are tried on, and thresholds by noise alone.
struct Trial<'a> {
    rivals: &'a [Rival],
    all: Vec<OwnNoise<'a>>,
    /// For each detector the threshold of [`FALSE_SHARE`].
    thresholds: Vec<f64>,
    /// What noise alone does at these, and at the detectors' own.
    noise: [Row; 2],
}

impl<'a> Trial<'a> {
    fn of(rivals: &'a [Rival], picked: &'a [Picked], seed: u64) -> Result<Self> {
        let all = picked.iter().zip(seed..);
        let all: Vec<OwnNoise> = all
            .filter_map(|(one, seed)| OwnNoise::of(one, seed))
            .collect();
        let noise: Vec<_> = all.iter().map(|own| (own.noise(), 0.0)).collect();
        let noise = Scored::of(rivals, &noise)?;
        let of_noise = |i: usize| noise.best(i, &FOUND_S);
        let thresholds: Vec<f64> = (0..rivals.len())
            .map(|i| threshold_of(&of_noise(i), FALSE_SHARE))
            .collect();
        let row = |what: &str, threshold: &dyn Fn(usize) -> f64| Row {
            what: what.into(),
            called: (0..rivals.len())
                .map(|i| share(&of_noise(i), threshold(i)))
                .collect(),
        };
        let noise = [
            row("noise alone", &|i| thresholds[i]),
            row("noise alone, at the thresholds of simulated worlds", &|i| {
                rivals[i].threshold
            }),
        ];
        Ok(Self {
            rivals,
            all,
            thresholds,
            noise,
        })
    }

    /// Scores of what `make` gives: a record and the seconds from P to a wave, or `None` where one is of no use.
    fn scored(&self, make: impl Fn(&OwnNoise) -> Option<(Record3C, f64)>) -> Result<Scored> {
        let made: Vec<(Record3C, f64)> = self.all.iter().filter_map(make).collect();
        Scored::of(self.rivals, &made)
    }

    /// What each detector calls an earthquake by the windows that begin so many seconds before the wave.
    fn row(&self, what: &str, scored: &Scored, before_s: &RangeInclusive<i32>) -> Row {
        let thresholds = self.thresholds.iter().enumerate();
        let called = thresholds.map(|(i, threshold)| share(&scored.best(i, before_s), *threshold));
        Row {
            what: what.into(),
            called: called.collect(),
        }
    }
}

/// The smallest threshold that a share of the scores reaches at most.
fn threshold_of(noise: &[f64], max_share: f64) -> f64 {
    let mut scores = noise.to_vec();
    scores.sort_by(|a, b| b.total_cmp(a));
    let n_allowed = (max_share * scores.len() as f64) as usize;
    scores
        .get(n_allowed)
        .map_or(f64::NEG_INFINITY, |s| s.next_up())
}

fn share(scores: &[f64], threshold: f64) -> Score {
    let n = scores.iter().filter(|score| **score >= threshold).count();
    Score::of(n, scores.len())
}

/// Earthquakes in more and more noise of their own record; without real records [`Shares::stored_noisy`].
///
/// # Errors
/// As [`rivals`] and [`read_picked`].
pub fn noisy(study: &Study) -> Result<Shares> {
    made_or_stored(study, "noisy", Shares::stored_noisy, |trial| {
        let clean = LEVELS_DB[0];
        let mut rows = Vec::new();
        for level in LEVELS_DB {
            // The same earthquakes at each level.
            let scored = trial.scored(|own| {
                own.at(clean)?;
                Some((own.at(level)?, 0.0))
            })?;
            rows.push(trial.row(&format!("{level:+.0} dB"), &scored, &FOUND_S));
        }
        rows.extend(trial.noise.clone());
        Ok(rows)
    })
}

/// Windows that begin at any place before P or after it, S alone and the coda alone; without real records
/// [`Shares::stored_cuts`].
///
/// # Errors
/// As [`noisy`].
pub fn cuts(study: &Study) -> Result<Shares> {
    made_or_stored(study, "cuts", Shares::stored_cuts, |trial| {
        let whole = trial.scored(|own| Some((own.earthquake(), 0.0)))?;
        let begins = |before_s: i32| {
            let what = match before_s > 0 {
                true => format!("window begins {before_s} s before P"),
                false => format!("window begins {} s after P", -before_s),
            };
            trial.row(&what, &whole, &(before_s..=before_s))
        };
        let mut rows: Vec<Row> = BEFORE_P_S.map(begins).into();
        let s_alone = trial.scored(|own| {
            let s_s = own.s_minus_p_s();
            let is_apart = s_s >= LEAST_S_MINUS_P_S;
            is_apart.then(|| (own.without_beginning(NOISE_UNTIL * s_s), s_s))
        })?;
        rows.push(trial.row("S alone: noise in place of P", &s_alone, &FOUND_S));
        let coda = trial.scored(|own| {
            let from_s = own.s_minus_p_s() + CODA_AFTER_S;
            Some((own.without_beginning(from_s), from_s))
        })?;
        let what = format!("coda alone: noise until {CODA_AFTER_S} s after S");
        rows.push(trial.row(&what, &coda, &FOUND_S));
        rows.extend(trial.noise.clone());
        Ok(rows)
    })
}

fn made_or_stored(
    study: &Study,
    name: &str,
    stored: impl Fn() -> Result<Shares>,
    rows: impl Fn(&Trial) -> Result<Vec<Row>>,
) -> Result<Shares> {
    let Some(dir) = picked_dir().filter(|_| !is_small(study)) else {
        return stored();
    };
    Store::of(study).table(name, || {
        let rivals = rivals(study)?;
        let picked = read_picked(&dir.join("ncedc"))?;
        let trial = Trial::of(&rivals, &picked, study.seed)?;
        let stations: BTreeSet<&str> = trial.all.iter().map(OwnNoise::station).collect();
        Ok(Shares {
            made: today(),
            by: format!(
                "cargo run --example real_records, study {}, seed {}",
                study.name, study.seed
            ),
            n_records: trial.all.len(),
            n_stations: stations.len(),
            detectors: rivals.iter().map(|rival| rival.name.clone()).collect(),
            rows: rows(&trial)?,
            stored: false,
        })
    })
}

impl Shares {
    /// What the project keeps of [`noisy`] for readers who have no real records.
    ///
    /// # Errors
    /// As [`Shares::from_toml`].
    pub fn stored_noisy() -> Result<Self> {
        Self::kept(include_str!("../../data/stored/noisy.toml"))
    }

    /// What the project keeps of [`cuts`].
    ///
    /// # Errors
    /// As [`Shares::from_toml`].
    pub fn stored_cuts() -> Result<Self> {
        Self::kept(include_str!("../../data/stored/cuts.toml"))
    }

    fn kept(text: &str) -> Result<Self> {
        Ok(Self {
            stored: true,
            ..Self::from_toml(text)?
        })
    }

    /// Reads what [`Shares::to_toml`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where it is something else.
    pub fn from_toml(text: &str) -> Result<Self> {
        read_scores(text, "data/stored/noisy.toml or cuts.toml")
    }

    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("scores are plain TOML")
    }

    /// A row for each condition, a column for each detector.
    pub fn table(&self, first: &str) -> Table {
        let caption = format!(
            "Called an earthquake, of {} records of {} stations",
            self.n_records, self.n_stations
        );
        let detectors = self.detectors.iter().map(String::as_str);
        let headers: Vec<&str> = [first, "Records"].into_iter().chain(detectors).collect();
        let mut table = Table::new(&caption, &headers);
        for row in &self.rows {
            let n = row.called.first().map_or(0, |score| score.n).to_string();
            let called = row.called.iter().map(|score| {
                let [value, lower, upper] =
                    [score.value, score.lower, score.upper].map(|x| 100.0 * x);
                format!("{value:.0} % [{lower:.0}, {upper:.0}]")
            });
            table = table.row([row.what.clone(), n].into_iter().chain(called));
        }
        table
            .noted("Brackets: 95 % intervals by Wilson.")
            .noted(&provenance(self.stored, &self.made, &self.by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_a_share_of_noise_pass() {
        let noise: Vec<f64> = (0..40).map(f64::from).collect();
        let threshold = threshold_of(&noise, 0.05);
        assert_eq!(threshold, 37f64.next_up());
        assert_eq!(share(&noise, threshold).value, 0.05);
        // Equal scores pass together or not at all.
        assert_eq!(share(&[1.0; 40], threshold_of(&[1.0; 40], 0.05)).value, 0.0);
        assert_eq!(threshold_of(&[], 0.05), f64::NEG_INFINITY);
    }
}
