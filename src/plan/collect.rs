//! One table of what the shards found.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::table::{self, Row, Rows};
use super::work::done;
use super::{Makes, Manifest, Plan, Shard, Tally};
use crate::error::{Result, fail};
use crate::hash::{Hash, sha256};
use crate::pick::{Columns, PickTable};
use crate::station::NslcPattern;

/// What all shards found that are done, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    /// Detections, sorted by station and time; none of a plan of picks.
    pub rows: Vec<Row>,
    /// Picks, sorted by time and station; none of a plan of detections.
    pub picks: PickTable,
    pub summary: Summary,
}

/// What a table was made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub plan_sha256: String,
    pub n_shards: usize,
    pub n_done: usize,
    /// Indices of shards that are not in the table, and their names.
    pub missing: Vec<usize>,
    pub missing_ids: Vec<String>,
    /// Stations of which nothing could be used, in no shard.
    pub without: Vec<String>,
    /// Files of the plan's folder that are not what they should be: their shards are missing.
    pub spoilt: Vec<String>,
    #[serde(flatten)]
    pub tally: Tally,
    pub hours: f64,
    pub n_days: usize,
    /// Damaged records: how many, where a day file that two shards read counts twice; and what the manifests say of the first
    /// of each file and kind, each once.
    pub n_damaged: usize,
    pub damaged: BTreeSet<String>,
    pub simulated: bool,
    /// Day files of the shards' own days, and their bytes: each counts once. Those beside are read by several shards.
    pub n_input_files: usize,
    pub n_input_bytes: u64,
    /// SHA-256 of the shards' input hashes, one a line, in order.
    pub inputs_sha256: String,
    pub weights_sha256: String,
    pub program: String,
    /// The program files that worked: more than one where it was built anew, or on several machines.
    pub program_sha256: Vec<String>,
    /// SHA-256 of the table as CSV, of picks in the default columns: two tables are the same where it is.
    pub table_sha256: String,
}

/// How what a shard found came about, and it itself.
type Found = (Manifest, Rows);

/// Collects what is done of a plan.
///
/// # Errors
/// As [`Plan::shards`].
pub fn collect(plan: &Plan) -> Result<Collected> {
    let (shards, plan_sha256) = (plan.shards()?, plan.sha256());
    let all: Vec<Result<Option<Found>>> = shards
        .par_iter()
        .map(|shard| one(plan, &plan_sha256, shard))
        .collect();
    let missing = (0..all.len()).filter(|index| !matches!(all[*index], Ok(Some(_))));
    let mut summary = Summary {
        plan_sha256,
        n_shards: plan.n_shards(),
        n_done: 0,
        missing: missing.collect(),
        missing_ids: Vec::new(),
        without: Vec::new(),
        spoilt: Vec::new(),
        tally: Tally::none(plan.makes()),
        hours: 0.0,
        n_days: 0,
        n_damaged: 0,
        damaged: BTreeSet::new(),
        simulated: false,
        n_input_files: 0,
        n_input_bytes: 0,
        inputs_sha256: String::new(),
        weights_sha256: plan.record().weights_sha256().into(),
        program: super::folder::PROGRAM.into(),
        program_sha256: Vec::new(),
        table_sha256: String::new(),
    };
    let mut hours_of: BTreeMap<String, f64> = BTreeMap::new();
    let (mut rows, mut picks, mut inputs) = (Vec::new(), PickTable::default(), Hash::default());
    for (shard, one) in shards.into_iter().zip(all) {
        match one {
            Ok(Some((manifest, found))) => {
                summary.add(&shard, &manifest);
                let station = NslcPattern::from(&shard.station).to_string();
                *hours_of.entry(station).or_insert(0.0) += manifest.hours;
                inputs.update(manifest.inputs.sha256 + "\n");
                match found {
                    Rows::Detections(found) => rows.extend(found),
                    Rows::Picks(found) => picks.picks.extend(found),
                }
                continue;
            }
            Ok(None) => {}
            Err(error) => summary.spoilt.push(error.to_string()),
        }
        summary.missing_ids.push(shard.id);
    }
    rows.sort_by(|a: &Row, b| a.key().cmp(&b.key()));
    hours_of.retain(|_, hours| *hours == 0.0);
    summary.without = hours_of.into_keys().collect();
    summary.program_sha256.sort();
    summary.program_sha256.dedup();
    summary.inputs_sha256 = inputs.digits();
    picks.sort();
    picks.simulated = summary.simulated;
    let mut collected = Collected {
        rows,
        picks,
        summary,
    };
    collected.summary.table_sha256 = sha256(collected.to_csv());
    Ok(collected)
}

/// What a shard found, if it is done.
fn one(plan: &Plan, plan_sha256: &str, shard: &Shard) -> Result<Option<Found>> {
    let Some((manifest, bytes)) = done(plan, plan_sha256, shard)? else {
        return Ok(None);
    };
    let rows = Rows::from_csv(plan.makes(), &bytes, &manifest.result)?;
    match rows.are_of(shard) && rows.len() == manifest.tally.n() {
        true => Ok(Some((manifest, rows))),
        false => Err(fail!(
            Plan,
            manifest.result,
            "rows of another shard than its manifest's",
            "Work on the shard again"
        )),
    }
}

impl Summary {
    fn add(&mut self, shard: &Shard, manifest: &Manifest) {
        self.n_done += 1;
        self.tally.add(&manifest.tally);
        self.hours += manifest.hours;
        self.n_days += manifest.n_days;
        self.n_damaged += manifest.n_damaged;
        self.damaged.extend(manifest.damaged.iter().cloned());
        self.simulated |= manifest.simulated;
        self.n_input_files += shard.n_files;
        self.n_input_bytes += shard.n_bytes;
        self.program_sha256.push(manifest.program_sha256.clone());
    }
}

impl Collected {
    /// What the plan's shards make.
    pub fn makes(&self) -> Makes {
        self.summary.tally.makes()
    }

    /// The table as CSV: the columns of detections are the fields of [`Row`], those of picks [`Columns::default`].
    pub fn to_csv(&self) -> Vec<u8> {
        match self.makes() {
            Makes::Detections => table::to_csv(&self.rows),
            Makes::Picks => self.picks.to_csv(Columns::default()).into_bytes(),
        }
    }
}
