//! How what a shard made came about.

use serde::{Deserialize, Serialize};

use super::{Plan, Shard, Tally};
use crate::atomic_file::read_regular;
use crate::error::{Error, Result, fail};
use crate::hash::sha256;
use crate::time::Time;

/// What a shard's detections or picks were made of, and what could not be scanned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The SHA-256 of the plan's file: of what was to be scanned, and how.
    pub plan_sha256: String,
    pub index: usize,
    pub id: String,
    /// The file of what it found, in the folder of results, and the SHA-256 of that.
    pub result: String,
    pub result_sha256: String,
    pub result_bytes: u64,
    /// Its fields stand among those of the manifest.
    #[serde(flatten)]
    pub tally: Tally,
    pub hours: f64,
    /// Station-days, as the plan counts them.
    pub n_days: usize,
    /// What was met in the records, in sentences.
    pub conditions: Vec<String>,
    /// Damaged records: how many, and the first of each file and kind.
    pub n_damaged: usize,
    pub damaged: Vec<String>,
    pub simulated: bool,
    pub inputs: Inputs,
    pub weights_sha256: String,
    /// The program's version, and the SHA-256 of its file.
    pub program: String,
    pub program_sha256: String,
    pub host: String,
    pub finished: Time,
    /// What the shard took, in seconds of the clock, and of the processor by all threads of the process; none where the
    /// system does not tell.
    pub seconds: f64,
    pub processor_s: Option<f64>,
}

/// The day files that a shard may have read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    pub n_files: usize,
    pub n_bytes: u64,
    /// SHA-256 of the lines `SHA256  PATH` that `sha256sum` prints for the files in the archive's folder, sorted by path.
    /// Of objects in a bucket the beginning of the SHA-256 of their ETag stands in place of their own.
    pub sha256: String,
}

impl Manifest {
    /// The manifest of a shard; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read; [`Error::Plan`] where it is none, or that of another shard or plan.
    pub(super) fn read(plan: &Plan, plan_sha256: &str, shard: &Shard) -> Result<Option<Self>> {
        let path = plan.file(MANIFESTS, shard.index);
        let Some(bytes) = read_regular(&path)? else {
            return Ok(None);
        };
        let refuse = |what: &str| {
            let remedy = "Work on the shard again";
            Err(fail!(Plan, path.display(), what, remedy))
        };
        let Ok(manifest) = serde_json::from_slice::<Self>(&bytes) else {
            return refuse("not a manifest");
        };
        if manifest.plan_sha256 != plan_sha256 {
            return refuse("the manifest of another plan");
        }
        let is_its = (manifest.index, &manifest.id) == (shard.index, &shard.id)
            && manifest.result == result_name(shard.index, &manifest.result_sha256)
            && manifest.tally.makes() == plan.makes();
        match is_its {
            true => Ok(Some(manifest)),
            false => refuse("the manifest of another shard"),
        }
    }

    /// The bytes of its result.
    ///
    /// # Errors
    /// [`Error::Io`] where they cannot be read; [`Error::Plan`] where they are others.
    pub(super) fn result(&self, plan: &Plan) -> Result<Vec<u8>> {
        let path = plan.folder_of(RESULTS, self.index).join(&self.result);
        let bytes = read_regular(&path)?.filter(|bytes| sha256(bytes) == self.result_sha256);
        bytes.ok_or_else(|| no_result(&path))
    }
}

impl Plan {
    /// The manifests of the shards that are done, in the order of the shards.
    ///
    /// # Errors
    /// As [`Plan::shards`]; [`Error::Plan`] where one is not that of its shard.
    pub fn manifests(&self) -> Result<Vec<Manifest>> {
        let (shards, plan_sha256) = (self.shards()?, self.sha256());
        let manifests = shards.iter();
        let manifests =
            manifests.filter_map(|shard| Manifest::read(self, &plan_sha256, shard).transpose());
        manifests.collect()
    }
}

pub(super) const MANIFESTS: &str = "manifests";
pub(super) const RESULTS: &str = "results";

/// The name of a result: its content decides it.
pub(super) fn result_name(index: usize, result_sha256: &str) -> String {
    let short = result_sha256.get(..16).unwrap_or_default();
    format!("{index:07}-{short}.csv")
}

/// A manifest's result is not there, or is another.
pub(super) fn no_result(path: &std::path::Path) -> Error {
    let what = "not the result that the shard's manifest names";
    fail!(Plan, path.display(), what, "Work on the shard again")
}
