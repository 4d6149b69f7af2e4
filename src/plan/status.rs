//! How far the work on a plan is.

use std::time::SystemTime;

use rayon::prelude::*;
use serde::Serialize;

use super::progress::{Failed, Running, SILENT};
use super::{Manifest, Plan};
use crate::atomic_file::{names, read_regular};
use crate::error::Result;

/// What is done of a plan, and what is not.
///
/// Manifests are counted by what they say; that the results beside them are whole is looked at when they are
/// collected, or worked on again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    pub n_shards: usize,
    pub n_done: usize,
    /// Nobody works on them, and nobody has failed.
    pub n_missing: usize,
    pub n_detections: usize,
    /// Hours scanned, and station-days of what is done.
    pub hours: f64,
    pub n_days: usize,
    /// Seconds that the done shards took, added up.
    pub seconds: f64,
    /// Station-days an hour, if all who work now go on as those did who worked on what is done.
    pub days_per_hour: Option<f64>,
    /// Until the rest is done, in seconds.
    pub left_s: Option<f64>,
    pub n_damaged: usize,
    pub running: Vec<Running>,
    /// Marks of workers who have been silent for three minutes: they were killed.
    pub killed: Vec<Running>,
    pub failed: Vec<Failed>,
}

/// What one folder of a thousand shards holds.
#[derive(Default)]
struct Part {
    done: Vec<(usize, usize)>,
    n_detections: usize,
    hours: f64,
    seconds: f64,
    n_damaged: usize,
    running: Vec<(Running, bool)>,
    failed: Vec<Failed>,
}

impl Status {
    /// Counts the files of a plan's folder.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read, and as [`Plan::shards`].
    pub fn of(plan: &Plan) -> Result<Self> {
        let shards = plan.shards()?;
        let parts: Vec<Part> = (0..plan.n_folders())
            .into_par_iter()
            .map(|thousand| Part::of(plan, thousand))
            .collect::<Result<_>>()?;
        let mut is_known = vec![false; shards.len()];
        let mut status = Self {
            n_shards: shards.len(),
            n_done: 0,
            n_missing: 0,
            n_detections: 0,
            hours: 0.0,
            n_days: 0,
            seconds: 0.0,
            days_per_hour: None,
            left_s: None,
            n_damaged: 0,
            running: Vec::new(),
            killed: Vec::new(),
            failed: Vec::new(),
        };
        for part in &parts {
            status.n_detections += part.n_detections;
            status.hours += part.hours;
            status.seconds += part.seconds;
            status.n_damaged += part.n_damaged;
            for (index, n_days) in &part.done {
                is_known[*index] = true;
                status.n_done += 1;
                status.n_days += n_days;
            }
        }
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
        }
        status.n_missing = is_known.iter().filter(|known| !**known).count();
        let days_left: usize = shards
            .iter()
            .filter(|shard| !is_known[shard.index])
            .map(|shard| shard.n_days)
            .sum();
        let at_work: usize = status
            .running
            .iter()
            .map(|running| shards[running.index].n_days)
            .sum();
        if status.seconds > 0.0 && !status.running.is_empty() {
            let per_s = status.n_days as f64 / status.seconds * status.running.len() as f64;
            status.days_per_hour = Some(3600.0 * per_s);
            // Those at work are half way, on the average.
            status.left_s = Some((days_left as f64 + at_work as f64 / 2.0) / per_s);
        }
        Ok(status)
    }

    /// Whether every shard is done.
    pub fn is_complete(&self) -> bool {
        self.n_done == self.n_shards
    }
}

impl Part {
    fn of(plan: &Plan, thousand: usize) -> Result<Self> {
        let mut part = Self::default();
        let n_shards = plan.n_shards();
        // A file that is being replaced, or that nobody of ours wrote, says nothing.
        let read = |kind: &str| -> Result<Vec<(std::path::PathBuf, Vec<u8>)>> {
            let folder = plan.folder(kind, thousand);
            let mut files = Vec::new();
            for name in names(&folder)?
                .iter()
                .filter(|name| name.ends_with(".json"))
            {
                let path = folder.join(name);
                if let Some(bytes) = read_regular(&path)? {
                    files.push((path, bytes));
                }
            }
            Ok(files)
        };
        for (_, bytes) in read("manifests")? {
            let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
            if let Some(manifest) = manifest.filter(|manifest| manifest.index < n_shards) {
                part.done.push((manifest.index, manifest.n_days));
                part.n_detections += manifest.n_detections;
                part.hours += manifest.hours;
                part.seconds += manifest.seconds;
                part.n_damaged += manifest.n_damaged;
            }
        }
        for (path, bytes) in read("running")? {
            let running: Option<Running> = serde_json::from_slice(&bytes).ok();
            let age = path
                .metadata()
                .and_then(|about| about.modified())
                .ok()
                .and_then(|said| SystemTime::now().duration_since(said).ok());
            if let Some(running) = running.filter(|running| running.index < n_shards) {
                // A clock that is ahead is no sign of death.
                part.running
                    .push((running, age.is_none_or(|age| age < SILENT)));
            }
        }
        for (_, bytes) in read("failed")? {
            let failed: Option<Failed> = serde_json::from_slice(&bytes).ok();
            part.failed
                .extend(failed.filter(|failed| failed.index < n_shards));
        }
        Ok(part)
    }
}
