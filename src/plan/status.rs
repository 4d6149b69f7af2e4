//! How far the work on a plan is.

use std::collections::BTreeSet;
use std::fs::Metadata;

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::manifest::{MANIFESTS, RESULTS, no_result};
use super::progress::{FAILED, Failed, RUNNING, Running, is_alive};
use super::{Makes, Manifest, Plan, Shard, Tally};
use crate::atomic_file::{names, read_regular};
use crate::error::Result;

/// What is done of a plan, and what is not.
///
/// A shard is done that has a manifest, and beside it the result that this names, as long as it says. The result is read
/// when it is collected, or worked on again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    pub n_shards: usize,
    pub n_done: usize,
    /// Nobody works on them, and nobody has failed.
    pub n_missing: usize,
    #[serde(flatten)]
    pub tally: Tally,
    /// Names of done shards of which not one window could be scanned: their manifests say why.
    pub without_windows: Vec<String>,
    /// Indices of all shards that are not done.
    pub not_done: Vec<usize>,
    /// Hours scanned, and station-days of what is done.
    pub hours: f64,
    pub n_days: usize,
    /// Seconds that the done shards took, added up.
    pub seconds: f64,
    /// Station-days an hour, if all who work now go on as those did who worked on what is done; `None` where
    /// nobody works, or nothing is done.
    pub days_per_hour: Option<f64>,
    /// Until the rest is done, in seconds.
    pub left_s: Option<f64>,
    pub n_damaged: usize,
    pub running: Vec<Running>,
    /// Marks of workers who were killed: of this machine those that no process holds, else those who have been silent for
    /// three minutes.
    pub killed: Vec<Running>,
    pub failed: Vec<Failed>,
    /// Files of the plan's folder that are not what they should be: their shards are not done.
    pub spoilt: Vec<String>,
}

/// What the folders of a thousand shards hold.
#[derive(Default)]
struct Part {
    done: Vec<Manifest>,
    running: Vec<(Running, bool)>,
    failed: Vec<Failed>,
    spoilt: Vec<String>,
}

impl Status {
    /// Counts the files of a plan's folder.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read, and as [`Plan::shards`].
    pub fn of(plan: &Plan) -> Result<Self> {
        let shards = plan.shards()?;
        let plan_sha256 = plan.sha256();
        let thousands = shards.par_chunks(super::folder::N_IN_FOLDER);
        let parts: Vec<Part> = thousands
            .map(|shards| Part::of(plan, &plan_sha256, shards))
            .collect::<Result<_>>()?;
        let mut status = Self::none(plan.makes(), shards.len());
        let mut is_known = vec![false; shards.len()];
        for part in &parts {
            for manifest in &part.done {
                is_known[manifest.index] = true;
                status.add(manifest);
            }
        }
        let not_done = (0..shards.len()).filter(|index| !is_known[*index]);
        status.not_done = not_done.collect();
        for part in parts {
            for (running, is_alive) in part.running {
                match (is_known[running.index], is_alive) {
                    (true, _) => {}
                    (false, true) => {
                        is_known[running.index] = true;
                        status.running.push(running);
                    }
                    (false, false) => status.killed.push(running),
                }
            }
            for failed in part.failed {
                if !std::mem::replace(&mut is_known[failed.index], true) {
                    status.failed.push(failed);
                }
            }
            status.spoilt.extend(part.spoilt);
        }
        status.n_missing = is_known.iter().filter(|known| !**known).count();
        let missing = shards.iter().filter(|shard| !is_known[shard.index]);
        status.tell_rate(missing.map(|shard| shard.n_days).sum(), &shards);
        Ok(status)
    }

    /// That of a plan on which nobody has worked.
    fn none(makes: Makes, n_shards: usize) -> Self {
        Self {
            n_shards,
            n_done: 0,
            n_missing: 0,
            tally: Tally::none(makes),
            without_windows: Vec::new(),
            not_done: Vec::new(),
            hours: 0.0,
            n_days: 0,
            seconds: 0.0,
            days_per_hour: None,
            left_s: None,
            n_damaged: 0,
            running: Vec::new(),
            killed: Vec::new(),
            failed: Vec::new(),
            spoilt: Vec::new(),
        }
    }

    fn add(&mut self, manifest: &Manifest) {
        self.n_done += 1;
        self.tally.add(&manifest.tally);
        if manifest.hours == 0.0 {
            self.without_windows.push(manifest.id.clone());
        }
        self.hours += manifest.hours;
        self.n_days += manifest.n_days;
        self.seconds += manifest.seconds;
        self.n_damaged += manifest.n_damaged;
    }

    fn tell_rate(&mut self, days_left: usize, shards: &[Shard]) {
        if self.seconds > 0.0 && !self.running.is_empty() {
            let at_work = self.running.iter().map(|r| shards[r.index].n_days);
            let at_work: usize = at_work.sum();
            let per_s = self.n_days as f64 / self.seconds * self.running.len() as f64;
            self.days_per_hour = Some(3600.0 * per_s);
            // Those at work are half way, on the average.
            self.left_s = Some((days_left as f64 + at_work as f64 / 2.0) / per_s);
        }
    }

    /// Whether every shard is done.
    pub fn is_complete(&self) -> bool {
        self.n_done == self.n_shards
    }
}

impl Part {
    /// Of shards that follow one another and share their folders.
    fn of(plan: &Plan, plan_sha256: &str, shards: &[Shard]) -> Result<Self> {
        let mut part = Self::default();
        let Some(first) = shards.first() else {
            return Ok(part);
        };
        let names_of = |kind: &str| -> Result<BTreeSet<String>> {
            Ok(names(&plan.folder_of(kind, first.index))?
                .into_iter()
                .collect())
        };
        let manifests = names_of(MANIFESTS)?;
        let (running, failed) = (names_of(RUNNING)?, names_of(FAILED)?);
        for shard in shards {
            let name = Plan::file_name(shard.index);
            if manifests.contains(&name) {
                match Manifest::read(plan, plan_sha256, shard) {
                    Ok(None) => {}
                    Ok(Some(manifest)) => {
                        let folder = plan.folder_of(RESULTS, shard.index);
                        let path = folder.join(&manifest.result);
                        let about = path.symlink_metadata();
                        let is_there = |about: Metadata| {
                            about.is_file() && about.len() == manifest.result_bytes
                        };
                        match about.is_ok_and(is_there) {
                            true => part.done.push(manifest),
                            false => part.spoilt.push(no_result(&path).to_string()),
                        }
                    }
                    Err(error) => part.spoilt.push(error.to_string()),
                }
            }
            // A mark that is being replaced, or that nobody of ours wrote, says nothing.
            if running.contains(&name)
                && let Some(running) = read::<Running>(plan, RUNNING, shard.index)
                && running.index == shard.index
            {
                let is_alive = is_alive(&plan.file(RUNNING, shard.index), &running.host);
                part.running.push((running, is_alive));
            }
            if failed.contains(&name)
                && let Some(failed) = read::<Failed>(plan, FAILED, shard.index)
                && (failed.index, &failed.id) == (shard.index, &shard.id)
            {
                part.failed.push(failed);
            }
        }
        Ok(part)
    }
}

fn read<T: DeserializeOwned>(plan: &Plan, kind: &str, index: usize) -> Option<T> {
    let bytes = read_regular(&plan.file(kind, index)).ok()??;
    serde_json::from_slice(&bytes).ok()
}
