//! Scores on single real records: computed where the reader has such records, else stored ones.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::crossval::{Evaluation, N_FOLDS, TrainingData, evaluations};
use super::halves::{Halves, halves};
use super::real::{picked_dir, read_picked};
use super::stored::{is_small, provenance, read_scores, today};
use super::transfer::pretrained;
use super::tuned::rivals;
use crate::display::Table;
use crate::error::Result;
use crate::store::Store;
use crate::study::Study;

/// All scores on single real records, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RealScores {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    pub n_records: usize,
    pub n_stations: usize,
    pub evaluations: Vec<Evaluation>,
    /// The four detectors, each with one threshold from the other stations.
    pub halves: Vec<Halves>,
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
        read_scores(text, "data/stored/real-records.toml")
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

    /// Where the numbers are from, for notes of tables.
    pub fn provenance(&self) -> String {
        provenance(self.stored, &self.made, &self.by)
    }

    /// A row for each way to decide: half records right.
    pub fn table(&self) -> Table {
        let caption = format!(
            "{} records of {} stations, each decided without its own station",
            self.n_records, self.n_stations
        );
        let mut table = Table::new(&caption, &["Decided by", "Seeds", "Half records right"]);
        for one in &self.halves {
            let name = format!("{}, one threshold", one.detector);
            table = table.row([name, "1".into(), one.right.to_string()]);
        }
        for of in self.evaluations.chunk_by(|a, b| a.training == b.training) {
            let mut right = of[0].records.to_string();
            if let (Some((_, least, most)), true) =
                (self.records_right(of[0].training), of.len() > 1)
            {
                right = format!(
                    "{:.1} to {:.1} % of {}",
                    100.0 * least,
                    100.0 * most,
                    of[0].records.n
                );
            }
            table = table.row([of[0].training.name().into(), of.len().to_string(), right]);
        }
        table
            .noted(&format!(
                "A half record is the earthquake, or the noise before it. Stations are in {N_FOLDS} folds; thresholds, neighbours and networks come from the other folds. Brackets: 95 % interval by Wilson; where there are several seeds, the smallest and the largest."
            ))
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

/// Seeds of the cross-validation.
const N_SEEDS: usize = 3;

/// The scores on the reader's real records; without them [`RealScores::stored`].
///
/// # Errors
/// As [`read_picked`], [`pretrained`], [`evaluations`] and [`rivals`].
pub fn real_scores(study: &Study) -> Result<RealScores> {
    let Some(dir) = picked_dir().filter(|_| !is_small(study)) else {
        return RealScores::stored();
    };
    Store::of(study).table("real-scores", || made_from(study, &dir))
}

fn made_from(study: &Study, dir: &Path) -> Result<RealScores> {
    let seeds: Vec<u64> = (0..N_SEEDS as u64).map(|i| study.seed + i).collect();
    let picked = read_picked(&dir.join("ncedc"))?;
    let stations: BTreeSet<&String> = picked.iter().map(|one| &one.station).collect();
    let classroom = pretrained(study)?;
    Ok(RealScores {
        made: today(),
        by: format!(
            "cargo run --example real_records, study {}, seeds {seeds:?}",
            study.name
        ),
        n_records: picked.len(),
        n_stations: stations.len(),
        evaluations: evaluations(study, &picked, &classroom, &seeds)?,
        halves: halves(&rivals(study)?, &picked, study.seed)?,
        stored: false,
    })
}
