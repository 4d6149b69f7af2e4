//! The folder of a plan.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Finder;
use super::finder::FinderRecord;
use super::held::{self, LeftOut};
use super::progress::to_json;
use super::shard::{Shard, ShardSize};
use crate::atomic_file::{check_room, hold, names, read_regular, write_below};
use crate::error::{Error, Result, fail};
use crate::hash::sha256;
use crate::station::NslcPattern;
use crate::time::Time;
use crate::waveform::{Layout, Place, Sought};

/// What is to be scanned, and how.
pub struct Wanted<'a> {
    /// Where the archive lies.
    pub archive: &'a Place,
    pub finder: &'a Finder,
    /// Only stations of these codes; all where there is none.
    pub stations: &'a [NslcPattern],
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub size: ShardSize,
}

/// A plan that was made: what its file says. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    /// The program and its version.
    program: String,
    archive: PathBuf,
    #[serde(default, skip_serializing_if = "is_default")]
    layout: Layout,
    #[serde(default, skip_serializing_if = "is_default")]
    anonymous: bool,
    size: ShardSize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Time>,
    stations: Vec<String>,
    n_shards: usize,
    n_left_out: usize,
    shards_sha256: String,
    finder: FinderRecord,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A plan in its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    dir: PathBuf,
    header: Header,
}

const HEADER: &str = "plan.toml";
const SHARDS: &str = "shards.jsonl";
const LEFT_OUT: &str = "left_out.txt";
const MODEL: &str = "model";
/// Held while a plan is made.
const LOCK: &str = ".lock";

/// Shards whose files lie in one folder.
pub(super) const N_IN_FOLDER: usize = 1000;

/// The version that makes a plan and works on it.
pub(super) const PROGRAM: &str = concat!("quakebook ", env!("CARGO_PKG_VERSION"));

impl Plan {
    /// Plans a scan of what an archive holds now, and writes the plan's folder.
    ///
    /// A folder that holds the same plan is left as it is, with the work that was done.
    ///
    /// # Errors
    /// [`Error::Io`] where a folder cannot be read or written; [`Error::Plan`] where there is nothing to
    /// scan, or where the folder holds another plan.
    pub fn create(dir: &Path, wanted: &Wanted) -> Result<(Self, Vec<LeftOut>)> {
        let place = wanted.archive.absolute()?;
        let archive = place.root().to_path_buf();
        let sought = Sought {
            streams: wanted.stations.to_vec(),
            from: wanted.from,
            to: wanted.to,
        };
        let least = wanted.finder.makes().least_components();
        let (shards, left_out, ends) = held::shards(&place, sought, wanted.size, least)?;
        if shards.is_empty() {
            return Err(held::nothing(
                &place,
                (wanted.from, wanted.to),
                &left_out,
                ends,
            ));
        }
        let lines: String = shards.iter().map(to_json).collect();
        let header = Header {
            program: PROGRAM.into(),
            archive,
            layout: place.layout(),
            anonymous: place.is_anonymous(),
            size: wanted.size,
            from: wanted.from,
            to: wanted.to,
            stations: wanted.stations.iter().map(ToString::to_string).collect(),
            n_shards: shards.len(),
            n_left_out: left_out.len(),
            shards_sha256: sha256(&lines),
            finder: wanted.finder.record(),
        };
        let plan = Self {
            dir: dir.into(),
            header,
        };
        let (mut known, mut _held) = (Self::known(dir)?, None);
        if known.is_none() {
            Self::check_free(dir)?;
            // Who plans into the same folder meanwhile waits, and then finds this plan; where the file system has no
            // locks, nobody waits.
            _held = hold(&dir.join(LOCK)).ok();
            known = Self::known(dir)?;
        }
        if let Some(known) = known {
            if known.header == plan.header {
                return Ok((known, left_out));
            }
            return Err(fail!(
                Plan,
                dir.join(HEADER).display(),
                "the folder holds another plan, or the archive has changed since it was made",
                "Give this plan a folder of its own"
            ));
        }
        wanted.finder.write(&dir.join(MODEL))?;
        let left: String = left_out.iter().map(|one| format!("{one}\n")).collect();
        write_below(dir, &dir.join(LEFT_OUT), left.as_bytes())?;
        write_below(dir, &dir.join(SHARDS), lines.as_bytes())?;
        // The last file: a plan that has it is whole.
        let text = toml::to_string(&plan.header).expect("a plan's fields are plain TOML");
        write_below(dir, &dir.join(HEADER), text.as_bytes())?;
        Ok((plan, left_out))
    }

    /// Whether a plan can be made in a folder that holds none.
    fn check_free(dir: &Path) -> Result<()> {
        // What an earlier try has left is written anew.
        let is_ours = |name: &String| {
            [MODEL, SHARDS, LEFT_OUT, LOCK].contains(&name.as_str())
                || name.ends_with(".unfinished")
        };
        let what = match dir.exists() {
            true if !dir.is_dir() => "a file, where a folder was expected",
            _ if !names(dir)?.iter().all(is_ours) => "the folder is not empty, and holds no plan",
            _ => return check_room(dir),
        };
        let remedy = "Give the plan a folder of its own; it need not be there yet";
        Err(fail!(Plan, dir.display(), what, remedy))
    }

    /// Opens the plan in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] where its file cannot be read; [`Error::Plan`] where it is no plan, or one of another version
    /// of this program, which might find other events.
    pub fn open(dir: &Path) -> Result<Self> {
        let plan = Self::known(dir)?.ok_or_else(|| {
            let what = "no plan is in this folder";
            let remedy = "Make one with `quakebook plan`";
            fail!(Plan, dir.display(), what, remedy)
        })?;
        match plan.header.program == PROGRAM {
            true => Ok(plan),
            false => Err(fail!(
                Plan,
                dir.join(HEADER).display(),
                format!("the plan is of {}, this is {PROGRAM}", plan.header.program),
                "Work on a plan with the version that made it, or make a new one"
            )),
        }
    }

    fn known(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(HEADER);
        let Some(bytes) = read_regular(&path)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        let header = toml::from_str(&text).map_err(|error| {
            let remedy = "Make a new plan in another folder";
            fail!(Plan, path.display(), error.to_string().trim(), remedy)
        })?;
        Ok(Some(Self {
            dir: dir.into(),
            header,
        }))
    }

    pub fn n_shards(&self) -> usize {
        self.header.n_shards
    }

    /// The archive as it was planned; on another machine it may lie elsewhere.
    pub fn archive(&self) -> &Path {
        &self.header.archive
    }

    /// Where the archive lies: where it was planned, or in another folder or bucket.
    ///
    /// # Errors
    /// As [`Place::of`].
    pub fn place(&self, elsewhere: Option<&Path>) -> Result<Place> {
        let Header {
            archive,
            layout,
            anonymous,
            ..
        } = &self.header;
        Place::of(elsewhere.unwrap_or(archive), *layout, *anonymous)
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn size(&self) -> ShardSize {
        self.header.size
    }

    /// The folder of its detector or picker.
    pub(super) fn model(&self) -> PathBuf {
        self.dir.join(MODEL)
    }

    /// What its file says of its detector or picker.
    pub(super) fn record(&self) -> &FinderRecord {
        &self.header.finder
    }

    /// The SHA-256 of the plan's file.
    pub(super) fn sha256(&self) -> String {
        sha256(toml::to_string(&self.header).expect("a plan's fields are plain TOML"))
    }

    /// All shards, in order.
    ///
    /// # Errors
    /// [`Error::Io`] where they cannot be read, [`Error::Plan`] where they are not those of the plan.
    pub fn shards(&self) -> Result<Vec<Shard>> {
        let path = self.dir.join(SHARDS);
        let bytes = self.lines(&path)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty()).enumerate();
        let shards = lines.map(|(index, line)| self.parsed(line, index, &path));
        let shards: Vec<Shard> = shards.collect::<Result<_>>()?;
        match shards.len() == self.n_shards() {
            true => Ok(shards),
            false => Err(self.changed(&path)),
        }
    }

    /// The file of the shards, as it was written.
    fn lines(&self, path: &Path) -> Result<Vec<u8>> {
        let bytes = read_regular(path)?.unwrap_or_default();
        match sha256(&bytes) == self.header.shards_sha256 {
            true => Ok(bytes),
            false => Err(self.changed(path)),
        }
    }

    /// The shard that a line holds.
    fn parsed(&self, line: &[u8], index: usize, path: &Path) -> Result<Shard> {
        let shard: Option<Shard> = serde_json::from_slice(line).ok();
        let shard = shard.filter(|shard| shard.index == index && shard.is_sound(self.size()));
        shard.ok_or_else(|| self.changed(path))
    }

    /// The shard of a place in the plan.
    ///
    /// # Errors
    /// As [`Plan::shards`], and [`Error::Plan`] where there is no such place.
    pub fn shard(&self, index: usize) -> Result<Shard> {
        let path = self.dir.join(SHARDS);
        if index >= self.n_shards() {
            let what = format!(
                "no shard {index}: the plan has {} of them, counted from 0",
                self.n_shards()
            );
            let remedy = "Give an index below that number";
            return Err(fail!(Plan, self.dir.display(), what, remedy));
        }
        let bytes = self.lines(&path)?;
        let line = bytes.split(|byte| *byte == b'\n').nth(index);
        self.parsed(line.unwrap_or_default(), index, &path)
    }

    /// The shard that is called so.
    ///
    /// # Errors
    /// As [`Plan::shards`], and [`Error::Plan`] where none is.
    pub fn shard_of(&self, id: &str) -> Result<Shard> {
        let shards = self.shards()?;
        shards.into_iter().find(|s| s.id == id).ok_or_else(|| {
            let what = format!("no shard is called {id}");
            let remedy = format!("Each line of {SHARDS} has a shard's `index` and its name, `id`");
            fail!(Plan, self.dir.display(), what, remedy)
        })
    }

    fn changed(&self, path: &Path) -> Error {
        let what = "not the shards that were planned";
        let remedy = "Make a new plan in another folder";
        fail!(Plan, path.display(), what, remedy)
    }

    /// Writes a file of the work whole, while the plan is there; no folder of it may be a link.
    pub(super) fn write(&self, path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
        if !self.dir.join(HEADER).is_file() {
            let what = "the plan is no longer in this folder";
            let remedy = "Make it anew with `quakebook plan`";
            return Err(fail!(Plan, self.dir.display(), what, remedy));
        }
        write_below(&self.dir, path, text.as_ref())
    }

    /// Where a kind of file of a shard lies: `manifests/012/0012345.json`.
    pub(super) fn file(&self, kind: &str, index: usize) -> PathBuf {
        self.folder_of(kind, index).join(Self::file_name(index))
    }

    pub(super) fn file_name(index: usize) -> String {
        format!("{index:07}.json")
    }

    /// The folder of the files of one kind in which a shard's lies, with those of a thousand shards.
    pub(super) fn folder_of(&self, kind: &str, index: usize) -> PathBuf {
        let thousand = index / N_IN_FOLDER;
        self.dir.join(kind).join(format!("{thousand:03}"))
    }
}
