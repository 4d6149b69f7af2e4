//! One table of what the shards found.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::table::{self, Row};
use super::work::done;
use super::{Manifest, Plan, Shard};
use crate::error::{Result, fail};
use crate::hash::{Hash, sha256};

/// The detections of all shards that are done, sorted by station and time, and what they were made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Collected {
    pub rows: Vec<Row>,
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
    /// Files of the plan's folder that are not what they should be: their shards are missing.
    pub spoilt: Vec<String>,
    pub n_detections: usize,
    pub n_windows: usize,
    pub unscanned: BTreeMap<String, usize>,
    pub hours: f64,
    pub n_days: usize,
    pub n_damaged: usize,
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
    /// SHA-256 of the table as CSV: two tables are the same where it is.
    pub table_sha256: String,
}

/// How a shard's detections came about, and they themselves.
type Found = (Manifest, Vec<Row>);

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
        spoilt: Vec::new(),
        n_detections: 0,
        n_windows: 0,
        unscanned: BTreeMap::new(),
        hours: 0.0,
        n_days: 0,
        n_damaged: 0,
        simulated: false,
        n_input_files: 0,
        n_input_bytes: 0,
        inputs_sha256: String::new(),
        weights_sha256: plan.weights_sha256().into(),
        program: super::folder::PROGRAM.into(),
        program_sha256: Vec::new(),
        table_sha256: String::new(),
    };
    let (mut rows, mut inputs) = (Vec::new(), Hash::default());
    for (shard, one) in shards.into_iter().zip(all) {
        match one {
            Ok(Some((manifest, found))) => {
                summary.add(&shard, &manifest);
                inputs.update(manifest.inputs.sha256 + "\n");
                rows.extend(found);
                continue;
            }
            Ok(None) => {}
            Err(error) => summary.spoilt.push(error.to_string()),
        }
        summary.missing_ids.push(shard.id);
    }
    rows.sort_by(|a: &Row, b| a.key().cmp(&b.key()));
    summary.program_sha256.sort();
    summary.program_sha256.dedup();
    summary.inputs_sha256 = inputs.digits();
    summary.table_sha256 = sha256(table::to_csv(&rows));
    Ok(Collected { rows, summary })
}

/// What a shard found, if it is done.
fn one(plan: &Plan, plan_sha256: &str, shard: &Shard) -> Result<Option<Found>> {
    let Some((manifest, bytes)) = done(plan, plan_sha256, shard)? else {
        return Ok(None);
    };
    let rows = table::from_csv(&bytes, &manifest.result)?;
    let are_its = rows.iter().all(|row| row.is_of(shard));
    match are_its && rows.len() == manifest.n_detections {
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
        self.n_detections += manifest.n_detections;
        self.n_windows += manifest.n_windows;
        for (reason, n) in &manifest.unscanned {
            *self.unscanned.entry(reason.clone()).or_insert(0) += n;
        }
        self.hours += manifest.hours;
        self.n_days += manifest.n_days;
        self.n_damaged += manifest.n_damaged;
        self.simulated |= manifest.simulated;
        self.n_input_files += shard.n_files;
        self.n_input_bytes += shard.n_bytes;
        self.program_sha256.push(manifest.program_sha256.clone());
    }
}

impl Collected {
    /// The table as CSV: its columns are the fields of [`Row`].
    pub fn to_csv(&self) -> Vec<u8> {
        table::to_csv(&self.rows)
    }
}
