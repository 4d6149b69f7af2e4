//! How near a picker's onsets lie to the truth of simulated records, and to the onsets of others on real ones: chapter 14.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::known_onsets::{KnownOnset, KnownRecord};
use super::onset_records::{OnsetRecord, california, chile, dike};
use super::residuals::{NEAR_S, Onset, Residuals, ResidualsRow, residuals_table};
use super::stored::{is_small, provenance, read_scores, today};
use crate::display::Table;
use crate::error::{Result, fail};
use crate::pick::{Origin, Pick, Picker, classical_onsets};
use crate::study::{Study, real_data_dir};
use crate::time::{between_s, seconds};
use crate::waveform::Record3C;

/// What the two pickers are called in tables.
pub const NETWORK: &str = "network";
pub const CLASSICAL: &str = "STA/LTA and AIC";
const PUBLISHED: &str = "PhaseNet, published";

fn onsets(picker: &Picker, record: &Record3C) -> Result<Vec<Onset>> {
    let picks = picker.pick_record(record, Origin::Epoch)?.picks;
    Ok(picks.iter().map(|pick| (pick.phase, pick.time)).collect())
}

/// The residuals of the network and of the classical picker on simulated records. Judged are clear onsets alone.
///
/// # Errors
/// As [`Picker::pick_record`] and [`classical_onsets`].
pub fn known_residuals(picker: &Picker, records: &[KnownRecord]) -> Result<[Residuals; 2]> {
    let both = |known: &KnownRecord| {
        Ok([
            onsets(picker, &known.record)?,
            classical_onsets(&known.record)?,
        ])
    };
    let found: Vec<[Vec<Onset>; 2]> = records.par_iter().map(both).collect::<Result<_>>()?;
    let mut residuals = [Residuals::default(), Residuals::default()];
    for (known, picks) in records.iter().zip(&found) {
        let plain = |onset: &KnownOnset| (onset.phase, onset.time);
        let clear: Vec<Onset> = known.clear().map(plain).collect();
        let all: Vec<Onset> = known.onsets.iter().map(plain).collect();
        for (residuals, picks) in residuals.iter_mut().zip(picks) {
            residuals.add(&clear, &all, picks);
        }
    }
    Ok(residuals)
}

/// What becomes of picks where each record is read from 0.3 s later on: for windows that begin with the record at several hops, and for
/// windows on the grid since 1970.
///
/// The first 32 s of a record are left out: there one window more begins, wherever the record does.
///
/// # Errors
/// As [`Picker::pick_record`]; [`crate::Error::Pick`] where a hop is none.
pub fn shifted_table(picker: &Picker, records: &[KnownRecord], hops_s: &[f64]) -> Result<Table> {
    let headers = [
        "Windows begin",
        "Every (s)",
        "Picks",
        "The same",
        "Moved",
        "Gone",
    ];
    let mut table = Table::new("Records that are read from 0.3 s later on", &headers);
    for (origin, name) in [
        (Origin::Record, "with the record"),
        (Origin::Epoch, "at multiples since 1970"),
    ] {
        for hop_s in hops_s {
            let mut picker = picker.clone();
            let set = picker.params_mut().set_hop_s(*hop_s);
            set.map_err(|what| {
                fail!(
                    Pick,
                    format!("a hop of {hop_s} s"),
                    what,
                    "Take another one"
                )
            })?;
            let pairs = records.par_iter().map(|known| {
                let later = known.record.slice(SHIFT..known.record.n_samples())?;
                let of = |record: &Record3C| {
                    let mut picks = picker.pick_record(record, origin)?.picks;
                    let from = known.record.start + seconds(AFTER_S);
                    picks.retain(|pick| pick.time >= from);
                    Ok::<_, crate::Error>(picks)
                };
                Ok([of(&known.record)?, of(&later)?])
            });
            let pairs: Vec<[Vec<Pick>; 2]> = pairs.collect::<Result<_>>()?;
            let (mut n, mut n_same, mut n_moved) = (0, 0, 0);
            for [whole, later] in &pairs {
                for pick in whole {
                    let of_phase = later.iter().filter(|other| other.phase == pick.phase);
                    let away = of_phase.map(|other| between_s(pick.time, other.time).abs());
                    let nearest_s = away.fold(f64::INFINITY, f64::min);
                    n += 1;
                    n_same += usize::from(nearest_s < 0.001);
                    n_moved += usize::from((0.001..=NEAR_S).contains(&nearest_s));
                }
            }
            let counts = [n, n_same, n_moved, n - n_same - n_moved].map(|n| n.to_string());
            let names = [name.to_string(), hop_s.to_string()];
            table = table.row(names.into_iter().chain(counts));
        }
    }
    Ok(table.noted(
        "Simulated data. The same: a pick of the phase at the same sample. Moved: at another one within 0.5 s. Gone: none.",
    ))
}

/// 0.3 s, and what of a record is left out.
const SHIFT: usize = 30;
const AFTER_S: f64 = 32.0;

/// Rows of pickers on real records, and where these are from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnsetScores {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    /// The network's weights.
    pub weights: String,
    pub rows: Vec<ResidualsRow>,
    /// True where they were not computed in this run.
    #[serde(skip)]
    pub stored: bool,
}

impl OnsetScores {
    /// Reads what [`OnsetScores::to_toml`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where it is something else.
    pub fn from_toml(text: &str) -> Result<Self> {
        read_scores(text, "data/stored/onsets.toml")
    }

    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("scores are plain TOML")
    }

    /// The scores that the project keeps for readers who have no real records.
    ///
    /// # Errors
    /// As [`OnsetScores::from_toml`].
    pub fn stored() -> Result<Self> {
        let stored = Self::from_toml(include_str!("../../data/stored/onsets.toml"))?;
        Ok(Self {
            stored: true,
            ..stored
        })
    }

    /// A row for each picker, reference and phase.
    pub fn table(&self) -> Table {
        residuals_table("Onsets on real records", &self.rows)
            .noted(&format!("The network is {}.", self.weights))
            .noted(&provenance(self.stored, &self.made, &self.by))
    }

    /// The row of a picker beside the first reference whose name begins so.
    pub fn row(&self, reference: &str, picker: &str, phase: &str) -> Option<&ResidualsRow> {
        let of = |row: &&ResidualsRow| {
            row.reference.starts_with(reference) && row.picker == picker && row.phase == phase
        };
        self.rows.iter().find(of)
    }
}

/// The reader's folder with all three sets of records.
fn dir() -> Option<PathBuf> {
    let is_whole = |dir: &PathBuf| {
        let lists = [
            "ncedc/picks.csv",
            "dike/picks_phasenet.csv",
            "iquique/picks_phasenet_PB01.csv",
        ];
        lists.iter().all(|list| dir.join(list).is_file())
    };
    real_data_dir().filter(is_whole)
}

/// A picker's onsets on real records beside those of others; without the records [`OnsetScores::stored`].
///
/// `weights` names the picker's.
///
/// # Errors
/// As [`Picker::pick_record`], [`classical_onsets`], and where a file is broken.
pub fn onset_scores(study: &Study, picker: &Picker, weights: &str) -> Result<OnsetScores> {
    let Some(dir) = dir().filter(|_| !is_small(study)) else {
        return OnsetScores::stored();
    };
    compute(picker, weights, &dir)
}

fn compute(picker: &Picker, weights: &str, dir: &Path) -> Result<OnsetScores> {
    let sets = [
        ("California: an analyst", california(&dir.join("ncedc"))?),
        ("Iceland: QuakeMigrate", dike(&dir.join("dike"))?),
        ("Chile: PhaseNet, from 0.5 on", chile(&dir.join("iquique"))?),
    ];
    let mut rows = Vec::new();
    for (reference, records) in &sets {
        let mut residuals = [(); 3].map(|()| Residuals::default());
        for one in records {
            let found = [
                onsets(picker, &one.record)?,
                classical_onsets(&one.record)?,
                one.published.clone(),
            ];
            for (residuals, picks) in residuals.iter_mut().zip(&found) {
                residuals.add(&one.onsets, &one.unjudged, picks);
            }
        }
        let has_published = |one: &OnsetRecord| !one.published.is_empty();
        let n = if records.iter().any(has_published) {
            3
        } else {
            2
        };
        let names = [NETWORK, CLASSICAL, PUBLISHED];
        for (residuals, name) in residuals.iter().zip(names).take(n) {
            rows.extend(residuals.rows(reference, name));
        }
    }
    Ok(OnsetScores {
        made: today(),
        by: "cargo run --example onset_scores".into(),
        weights: weights.into(),
        rows,
        stored: false,
    })
}
