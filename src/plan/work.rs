//! Work on a shard: its scan or picking, and the files that say what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use chrono::NaiveDate;

use super::folder::PROGRAM;
use super::held::{version_line, versions_sha256};
use super::manifest::{MANIFESTS, RESULTS, result_name};
use super::processor::processor_s;
use super::progress::{FAILED, Failed, Mark, host, running, to_json};
use super::shard::AROUND;
use super::watched::Watched;
use super::{Finder, Inputs, Makes, Manifest, Plan, Shard};
use crate::atomic_file::open_input;
use crate::error::{Error, Result, fail};
use crate::hash::{Hash, sha256};
use crate::pick::Components;
use crate::time::Utc;
use crate::waveform::{Archive, DayFile, Place, Traffic, WaveformSource, is_url};

/// How a shard ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Worked {
    Done(Box<Manifest>),
    /// It was done before: no record was read.
    Before(Box<Manifest>),
    /// Whoever asked to stop was obeyed; nothing is kept of the shard.
    Stopped,
}

/// Works on the shards of a plan, one after another.
pub struct Worker<'a> {
    plan: &'a Plan,
    plan_sha256: String,
    archive: Place,
    /// Whether somebody said where the archive lies here: a copy has times and versions of its own.
    is_copy: bool,
    finder: Finder,
    program_sha256: String,
    does_again: bool,
}

/// Damaged files that a manifest names, at most, each with the first of its damaged records.
const N_DAMAGED_NAMED: usize = 20;

impl<'a> Worker<'a> {
    /// A worker on the plan; `archive` is where the archive lies here, if it is not where it was planned, or has been
    /// copied since. Of a copy the times of change of day files, and the ETags of objects, are not compared.
    ///
    /// # Errors
    /// As [`Plan::finder`]; [`Error::Plan`] where there is no such folder; [`Error::Io`] where the program's own
    /// file cannot be read.
    pub fn new(plan: &'a Plan, archive: Option<&Path>) -> Result<Self> {
        let folder = archive.unwrap_or_else(|| plan.archive());
        if !is_url(folder) && !folder.is_dir() {
            let remedy = "Say where the archive lies on this machine";
            return Err(fail!(Plan, folder.display(), "no such folder", remedy));
        }
        let is_copy = archive.is_some();
        let archive = plan.place(archive)?;
        let program = std::env::current_exe().map_err(Error::io("the program"))?;
        Ok(Self {
            finder: plan.finder()?,
            plan_sha256: plan.sha256(),
            program_sha256: sha256_of(&program)?.0,
            archive,
            is_copy,
            plan,
            does_again: false,
        })
    }

    /// What it makes.
    pub fn makes(&self) -> Makes {
        self.finder.makes()
    }

    /// Requests and bytes so far, of an archive in a bucket.
    pub fn traffic(&self) -> Option<Traffic> {
        self.archive.traffic()
    }

    /// The same worker, which scans what is done once more.
    pub fn again(self) -> Self {
        Self {
            does_again: true,
            ..self
        }
    }

    /// Works on a shard, if it is not done. An error is kept in the plan's folder, so that [`super::Status`]
    /// tells of it. `is_ended` is asked now and then whether to stop.
    ///
    /// A shard is done when the day files that were planned have been read, whatever is in them: what cannot be
    /// scanned is named in its manifest. Where they cannot be read (a disk, a bucket that fails), the shard fails.
    ///
    /// # Errors
    /// As [`Detector::scan`](crate::method::Detector::scan); [`Error::Plan`] where the archive does not hold the day files that were planned;
    /// [`Error::Io`] where the plan's folder cannot be written.
    pub fn work(&mut self, shard: &Shard, is_ended: &(dyn Fn() -> bool + Sync)) -> Result<Worked> {
        let plan = self.plan;
        if !self.does_again {
            let done = done(plan, &self.plan_sha256, shard);
            // What is there and cannot be used is made anew.
            if let Ok(Some((manifest, _))) = done {
                return Ok(Worked::Before(Box::new(manifest)));
            }
        }
        let mark = Mark::set(plan, &running(shard.index))?;
        match self.scan(shard, &mark, is_ended) {
            Ok(Some(manifest)) => {
                // What was told of an earlier try is no longer true.
                let _ = std::fs::remove_file(plan.file(FAILED, shard.index));
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
                let _ = plan.write(&plan.file(FAILED, shard.index), to_json(&told));
                Err(error)
            }
        }
    }

    fn scan(
        &mut self,
        shard: &Shard,
        mark: &Mark,
        is_ended: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Manifest>> {
        let (began, before_s) = (Instant::now(), processor_s());
        let archive = Archive::open_for(self.archive.clone(), &shard.station)?;
        let span = &shard.span;
        let archive = archive.expecting(Some(span.start), Some(span.end));
        let archive = archive.lenient().within_days(AROUND);
        let files = self.planned_files(&archive, shard)?;
        let components = Components(&archive);
        let records: &dyn WaveformSource = match self.finder {
            Finder::Detector(..) => &archive,
            Finder::Picker(..) => &components,
        };
        let source = Watched::new(records, mark, is_ended);
        let found = self.finder.find(&source, shard);
        if source.is_stopped() {
            return Ok(None);
        }
        if let Some(failure) = source.failure() {
            return Err(failure);
        }
        let found = found?;
        archive.note_other_days(&files);
        // A file that went away in between was not scanned as planned.
        archive.refresh();
        self.planned_files(&archive, shard)?;
        let rows = found.rows.to_csv();
        let result_sha256 = sha256(&rows);
        let result = result_name(shard.index, &result_sha256);
        let folder = self.plan.folder_of(RESULTS, shard.index);
        self.plan.write(&folder.join(&result), &rows)?;
        let damaged = archive.faults_by_file();
        let damaged = damaged.iter().take(N_DAMAGED_NAMED);
        let manifest = Manifest {
            plan_sha256: self.plan_sha256.clone(),
            index: shard.index,
            id: shard.id.clone(),
            result,
            result_sha256,
            result_bytes: rows.len() as u64,
            tally: found.tally,
            hours: found.hours,
            n_days: shard.n_days,
            conditions: found.conditions,
            n_damaged: archive.faults().n_all(),
            damaged: damaged.map(ToString::to_string).collect(),
            simulated: found.simulated,
            inputs: inputs(&archive, &self.archive, shard)?,
            weights_sha256: self.plan.record().weights_sha256().into(),
            program: PROGRAM.into(),
            program_sha256: self.program_sha256.clone(),
            host: host(),
            finished: Utc::now(),
            seconds: began.elapsed().as_secs_f64(),
            processor_s: processor_s()
                .zip(before_s)
                .map(|(now, before)| now - before),
        };
        // Last: a shard with a manifest is done.
        let path = self.plan.file(MANIFESTS, shard.index);
        self.plan.write(&path, to_json(&manifest))?;
        Ok(Some(manifest))
    }

    /// The day files of the shard's own days, which must be those that were planned, and as many beside them.
    fn planned_files(&self, archive: &Archive, shard: &Shard) -> Result<Vec<DayFile>> {
        let (earliest, latest) = Shard::reach(&shard.span);
        let mut files = archive.day_files(&shard.span)?;
        files.retain(|file| (earliest..=latest).contains(&file.day));
        let n_within = files.len();
        files.retain(|file| shard.has(file.day, self.plan.size()));
        let n_there = files.len();
        retain_whole_days(&mut files, self.plan.makes().least_components());
        let n_beside = n_within - files.len();
        let (mut n_bytes, mut versions) = (0, Vec::new());
        for file in &files {
            // What is gone has no bytes.
            if let Some(version) = archive.version(&file.path) {
                n_bytes += version.n_bytes;
                versions.push(version_line(file, version));
            }
        }
        let changed = |what: String| {
            let remedy = "Look whether the archive is there (mounted, and whole); if it has changed, make a new plan in another folder";
            Err(fail!(Plan, self.archive.root().display(), what, remedy))
        };
        if (files.len(), n_bytes) != (shard.n_files, shard.n_bytes) {
            let of_what = match self.makes() {
                Makes::Detections => "in those of days with three components",
                Makes::Picks => "in them",
            };
            return changed(format!(
                "{n_there} day files, {n_bytes} bytes {of_what}; {} of {} bytes were planned",
                shard.n_files, shard.n_bytes
            ));
        }
        if !self.is_copy && shard.versions_sha256 != versions_sha256(versions.into_iter()) {
            let what = match self.archive.is_remote() {
                true => "other versions of the objects than were planned, of the same sizes",
                false => "day files of the sizes that were planned, changed since",
            };
            let remedy = "If they are copies of those that were planned, say so by --archive; else make a new plan in another folder";
            return Err(fail!(Plan, self.archive.root().display(), what, remedy));
        }
        match n_beside == shard.n_beside {
            true => Ok(files),
            false => changed(format!(
                "{n_beside} day files beside the shard's own, from {earliest} to {latest}; {} were planned",
                shard.n_beside
            )),
        }
    }
}

/// Keeps the files of days of which so many components are there, as the plan does.
fn retain_whole_days(files: &mut Vec<DayFile>, least_components: usize) {
    let mut components: BTreeMap<NaiveDate, BTreeSet<char>> = BTreeMap::new();
    for file in files.iter() {
        let component = file.stream.band_and_component();
        let of_day = components.entry(file.day).or_default();
        of_day.extend(component.map(|(_, component)| component));
    }
    files.retain(|file| components[&file.day].len() >= least_components);
}

/// The manifest of a shard that is done, and the bytes of its result, which are what the manifest says.
///
/// # Errors
/// As [`Manifest::read`] and [`Manifest::result`].
pub(super) fn done(
    plan: &Plan,
    plan_sha256: &str,
    shard: &Shard,
) -> Result<Option<(Manifest, Vec<u8>)>> {
    let Some(manifest) = Manifest::read(plan, plan_sha256, shard)? else {
        return Ok(None);
    };
    let bytes = manifest.result(plan)?;
    Ok(Some((manifest, bytes)))
}

/// The day files that a shard may have read, by what is in them.
fn inputs(archive: &Archive, place: &Place, shard: &Shard) -> Result<Inputs> {
    let root = place.root();
    let mut inputs = Inputs::default();
    let mut lines = String::new();
    for file in archive.day_files(&shard.span)? {
        let (sha256, n_bytes) = match archive.version(&file.path) {
            // To read all of them once more would cost as much as the scan.
            Some(version) if place.is_remote() => (
                format!("{:016x}", version.mark.unwrap_or(0)),
                version.n_bytes,
            ),
            _ => sha256_of(&file.path)?,
        };
        let path = file.path.strip_prefix(root).unwrap_or(&file.path);
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
