//! All scores on real records: computed where the reader has such records, else stored ones.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::crossval::{Evaluation, N_FOLDS, TrainingData, evaluations};
use super::real::{iquique_dir, picked_dir, read_picked};
use super::transfer::pretrained;
use super::triggers::{TriggerScore, trigger_scores};
use crate::display::Table;
use crate::error::{Result, fail};
use crate::store::Store;
use crate::study::Study;

/// All scores on real records, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RealScores {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    pub n_records: usize,
    pub n_stations: usize,
    pub evaluations: Vec<Evaluation>,
    pub triggers: Vec<TriggerScore>,
    /// True where they were not computed in this run.
    #[serde(skip)]
    pub stored: bool,
}

impl RealScores {
    /// Reads what [`RealScores::to_toml`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where it is something else.
    pub fn from_toml(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let remedy = "Delete the file and make it anew";
            fail!(
                Evaluate,
                "scores on real records",
                error.to_string().trim(),
                remedy
            )
        })
    }

    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("scores are plain TOML")
    }

    /// The scores that the project keeps for readers who have no real records.
    ///
    /// # Errors
    /// As [`RealScores::from_toml`].
    pub fn stored() -> Result<Self> {
        let stored = Self::from_toml(include_str!("../../data/stored/real-records.toml"))?;
        Ok(Self {
            stored: true,
            ..stored
        })
    }

    /// `computed in this run` or `STORED: computed on 2026-01-31 by ...`, for notes of tables.
    pub fn provenance(&self) -> String {
        match self.stored {
            true => format!(
                "STORED, not of this run: computed on {} by {}.",
                self.made, self.by
            ),
            false => format!("Computed from the records on {}.", self.made),
        }
    }
}

impl RealScores {
    /// A row for each evaluation.
    pub fn table(&self) -> Table {
        let caption = format!(
            "{} records of {} stations, tested in {N_FOLDS} folds of stations",
            self.n_records, self.n_stations
        );
        let headers = [
            "Decided by",
            "Seed",
            "Windows right",
            "Half records right",
            "Earthquakes found",
            "Noise left alone",
        ];
        let mut table = Table::new(&caption, &headers);
        for v in &self.evaluations {
            let scores =
                [v.windows, v.records, v.earthquakes, v.noise].map(|score| score.to_string());
            let name = [v.training.name().to_string(), v.seed.to_string()];
            table = table.row(name.into_iter().chain(scores));
        }
        table.noted("Brackets: 95 % interval by Wilson; windows of one record are not independent, so theirs are too narrow.").noted(&self.provenance())
    }

    /// A row for each network beside the triggers.
    pub fn trigger_table(&self) -> Table {
        let headers = [
            "Network trained on",
            "Windows: precision",
            "Windows: recall",
            "Record: precision",
            "Record: recall",
            "Beside the triggers",
        ];
        let mut table = Table::new(
            "Agreement with the triggers of the last four hours",
            &headers,
        );
        for t in &self.triggers {
            let scores = [
                t.window_precision,
                t.window_recall,
                t.scan_precision,
                t.scan_recall,
            ]
            .map(|score| score.to_string());
            table = table.row(
                [t.training.clone()]
                    .into_iter()
                    .chain(scores)
                    .chain([t.beside.to_string()]),
            );
        }
        table
            .noted("Triggers are machine labels, not truth.")
            .noted(&self.provenance())
    }

    /// Share of half records right with each seed: mean, smallest and largest.
    pub fn records_right(&self, training: TrainingData) -> Option<(f64, f64, f64)> {
        let of = self.evaluations.iter().filter(|v| v.training == training);
        let shares: Vec<f64> = of.map(|v| v.records.value).collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let least = shares.iter().copied().min_by(f64::total_cmp)?;
        Some((mean, least, shares.iter().copied().max_by(f64::total_cmp)?))
    }
}

/// Seeds of the cross-validation: three with the paper's study, one where little is trained.
pub fn n_real_seeds(study: &Study) -> usize {
    study.train.max_epochs.div_ceil(20).min(3)
}

/// The scores on the reader's real records with `n_seeds` seeds; without them [`RealScores::stored`].
///
/// # Errors
/// As [`read_picked`], [`pretrained`] and [`evaluations`].
pub fn real_scores(study: &Study, n_seeds: usize) -> Result<RealScores> {
    let Some(dir) = picked_dir() else {
        return RealScores::stored();
    };
    let name = format!("real-scores-{n_seeds}");
    Store::of(study).table(&name, || made_from(study, &dir, n_seeds))
}

fn made_from(study: &Study, dir: &Path, n_seeds: usize) -> Result<RealScores> {
    let seeds: Vec<u64> = (0..n_seeds as u64).map(|i| study.seed + i).collect();
    let picked = read_picked(&dir.join("ncedc"))?;
    let stations: BTreeSet<&String> = picked.iter().map(|one| &one.station).collect();
    let classroom = pretrained(study)?;
    Ok(RealScores {
        made: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        by: format!(
            "book::real_scores(&study, {n_seeds}), study {}, seeds {seeds:?}",
            study.name
        ),
        n_records: picked.len(),
        n_stations: stations.len(),
        evaluations: evaluations(study, &picked, &classroom, &seeds)?,
        triggers: match iquique_dir() {
            Some(dir) => trigger_scores(study, &dir, &classroom)?,
            None => Vec::new(),
        },
        stored: false,
    })
}
