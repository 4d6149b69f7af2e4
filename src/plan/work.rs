//! Work on a shard: its scan, and the files that say what came of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::folder::PROGRAM;
use super::progress::{Failed, Mark, host, running, to_json};
use super::table::{self, Row};
use super::{Inputs, Manifest, Plan, Shard};
use crate::atomic_file::{open_input, read_regular, write_whole};
use crate::error::{Error, Result, fail};
use crate::hash::{Hash, sha256};
use crate::method::Detector;
use crate::time::Utc;
use crate::waveform::Archive;

/// How a shard ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Worked {
    Done(Box<Manifest>),
    /// It was done before: nothing was read.
    Before,
    /// Whoever asked to stop was obeyed; nothing is kept of the shard.
    Stopped,
}

/// Works on the shards of a plan, one after another.
pub struct Worker<'a> {
    plan: &'a Plan,
    archive: PathBuf,
    detector: Detector,
    program_sha256: String,
}

/// Damaged records that a manifest names, at most.
const N_DAMAGED_NAMED: usize = 20;

impl<'a> Worker<'a> {
    /// A worker on the plan; `archive` is where the archive lies here, if it is not where it was planned.
    ///
    /// # Errors
    /// As [`Plan::detector`]; [`Error::Plan`] where there is no such folder; [`Error::Io`] where the program's own
    /// file cannot be read.
    pub fn new(plan: &'a Plan, archive: Option<&Path>) -> Result<Self> {
        let archive = archive.unwrap_or_else(|| plan.archive()).to_path_buf();
        if !archive.is_dir() {
            let remedy = "Say where the archive lies on this machine";
            return Err(fail!(Plan, archive.display(), "no such folder", remedy));
        }
        let program = std::env::current_exe().map_err(Error::io("the program"))?;
        Ok(Self {
            detector: plan.detector()?,
            program_sha256: sha256_of(&program)?.0,
            archive,
            plan,
        })
    }

    /// Works on a shard, if it is not done. An error is kept in the plan's folder, so that [`super::Status`]
    /// tells of it. `is_ended` is asked now and then whether to stop.
    ///
    /// # Errors
    /// As [`Detector::scan`]; [`Error::Io`] where the plan's folder cannot be written.
    pub fn work(&mut self, shard: &Shard, is_ended: &dyn Fn() -> bool) -> Result<Worked> {
        let plan = self.plan;
        if done(plan, shard.index)?.is_some() {
            return Ok(Worked::Before);
        }
        let mark = plan.file("running", shard.index);
        let failed = plan.file("failed", shard.index);
        let mut mark = Mark::set(&mark, &running(shard.index))?;
        match self.scan(shard, &mut mark, is_ended) {
            Ok(Some(manifest)) => {
                // What was told of an earlier try is no longer true.
                let _ = std::fs::remove_file(failed);
                Ok(Worked::Done(Box::new(manifest)))
            }
            Ok(None) => Ok(Worked::Stopped),
            Err(error) => {
                let told = Failed {
                    index: shard.index,
                    id: shard.id.clone(),
                    error: error.to_string(),
                    host: host(),
                    at: Utc::now(),
                };
                // The error itself matters more than that it cannot be kept.
                let _ = write_whole(failed, to_json(&told));
                Err(error)
            }
        }
    }

    fn scan(
        &mut self,
        shard: &Shard,
        mark: &mut Mark,
        is_ended: &dyn Fn() -> bool,
    ) -> Result<Option<Manifest>> {
        let began = Instant::now();
        self.detector.study.station.clone_from(&shard.station);
        let archive = Archive::open_for(&self.archive, &shard.station)?.lenient();
        let mut is_stopped = false;
        let scanned =
            self.detector
                .scan_each(&archive, &shard.span, self.plan.merge(), &mut |_| {
                    mark.beat();
                    is_stopped = is_ended();
                    match is_stopped {
                        true => Err(fail!(Plan, shard.id, "stopped", "Work on it again")),
                        false => Ok(()),
                    }
                });
        if is_stopped {
            return Ok(None);
        }
        let scanned = scanned?;
        let found = &scanned.detections;
        let rows = table::to_csv(&Row::of(&shard.station, found));
        let result_sha256 = sha256(&rows);
        let result = format!("{:07}-{}.csv", shard.index, &result_sha256[..16]);
        write_whole(self.plan.result(shard.index, &result), &rows)?;
        let faults = archive.faults();
        let damaged = faults.iter().take(N_DAMAGED_NAMED);
        let manifest = Manifest {
            index: shard.index,
            id: shard.id.clone(),
            result,
            result_sha256,
            n_detections: found.len(),
            n_windows: scanned.n_windows,
            unscanned: scanned.unscanned.clone(),
            hours: found.hours(),
            n_days: shard.n_days,
            conditions: scanned.conditions.lines(),
            n_damaged: faults.n_all(),
            damaged: damaged.map(ToString::to_string).collect(),
            simulated: found.simulated,
            inputs: inputs(&archive, &self.archive, shard)?,
            weights_sha256: self.plan.weights_sha256().into(),
            program: PROGRAM.into(),
            program_sha256: self.program_sha256.clone(),
            host: host(),
            finished: Utc::now(),
            seconds: began.elapsed().as_secs_f64(),
        };
        // Last: a shard with a manifest is done.
        write_whole(self.plan.file("manifests", shard.index), to_json(&manifest))?;
        Ok(Some(manifest))
    }
}

/// The manifest of a shard that is done, and the bytes of its result, which are what the manifest says.
///
/// # Errors
/// [`Error::Io`] where a file is there that cannot be read.
pub(super) fn done(plan: &Plan, index: usize) -> Result<Option<(Manifest, Vec<u8>)>> {
    let Some(bytes) = read_regular(&plan.file("manifests", index))? else {
        return Ok(None);
    };
    let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
    let Some(manifest) = manifest.filter(|manifest| manifest.index == index) else {
        return Ok(None);
    };
    let bytes = result(plan, &manifest)?;
    Ok(bytes.map(|bytes| (manifest, bytes)))
}

/// The bytes of a result, if they are what the manifest says.
///
/// # Errors
/// [`Error::Io`] where the file is there and cannot be read.
fn result(plan: &Plan, manifest: &Manifest) -> Result<Option<Vec<u8>>> {
    let is_name = manifest
        .result
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if !is_name {
        return Ok(None);
    }
    let bytes = read_regular(&plan.result(manifest.index, &manifest.result))?;
    Ok(bytes.filter(|bytes| sha256(bytes) == manifest.result_sha256))
}

/// The day files that a shard may have read, by what is in them.
fn inputs(archive: &Archive, root: &Path, shard: &Shard) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let mut lines = String::new();
    for path in archive.day_files(&shard.span)? {
        let (sha256, n_bytes) = sha256_of(&path)?;
        let path = path.strip_prefix(root).unwrap_or(&path);
        lines += &format!("{sha256}  {}\n", path.display());
        inputs.n_files += 1;
        inputs.n_bytes += n_bytes;
    }
    inputs.sha256 = sha256(lines);
    Ok(inputs)
}

/// The SHA-256 of a file, and its size.
fn sha256_of(path: &Path) -> Result<(String, u64)> {
    use std::io::Read;
    let mut file = open_input(path)?;
    let (mut hash, mut n_bytes) = (Hash::default(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(Error::io(path))?;
        if n == 0 {
            return Ok((hash.digits(), n_bytes));
        }
        hash.update(&buffer[..n]);
        n_bytes += n as u64;
    }
}
