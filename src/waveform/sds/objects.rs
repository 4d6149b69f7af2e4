//! The files of an archive in a bucket.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::blocks::Blocks;
use super::layout::{DayFile, Layout};
use super::listing::{Held, Strange, StrangeKind};
use super::lock;
use super::sought::Sought;
use super::storage::{INDEX, Part, Storage, Version, index_path};
use crate::bucket::{About, Bucket, Traffic};
use crate::error::{Error, Result};
use crate::hash::sha256;
use crate::waveform::mseed::ReadAt;

/// Objects of which all bytes are in memory: three components of a day and of the one beside it, while they are no more
/// than so many bytes, or two of them.
const N_WHOLE: usize = 6;
const MAX_WHOLE_BYTES: usize = 256 << 20;

/// So few bytes are asked for alone: a look at a record.
const N_ALONE: usize = 4096;

/// Bytes of an index at most: some hundred times that of a day.
const MAX_INDEX_BYTES: u64 = 1 << 20;

/// The names that a listing gave.
type Names = Arc<Vec<String>>;

/// The bytes of an object.
type Content = Arc<Vec<u8>>;

/// The objects below an archive's address. What was listed is remembered until [`Storage::refresh`].
#[derive(Debug)]
pub(super) struct Objects {
    root: PathBuf,
    bucket: Arc<Bucket>,
    names: Mutex<HashMap<(PathBuf, String), Names>>,
    listed: Mutex<HashMap<PathBuf, About>>,
    /// Keys that were met in listings, and that nobody can read.
    odd: Mutex<BTreeSet<String>>,
    /// The last few that were read as a whole; the one asked for last stands last.
    whole: Mutex<Vec<(PathBuf, Version, Content)>>,
    blocks: Blocks,
}

impl Objects {
    pub fn of(root: &Path, bucket: Arc<Bucket>) -> Self {
        Self {
            root: root.into(),
            bucket,
            names: Mutex::default(),
            listed: Mutex::default(),
            odd: Mutex::default(),
            whole: Mutex::default(),
            blocks: Blocks::default(),
        }
    }

    /// The name of a path below the archive's address, with slashes.
    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let names = below.iter().map(|name| name.to_string_lossy());
        names.collect::<Vec<_>>().join("/")
    }

    fn about(&self, path: &Path) -> Option<About> {
        lock(&self.listed).get(path).cloned()
    }

    /// All bytes of an object.
    fn all(&self, path: &Path, about: &About) -> Result<Arc<Vec<u8>>> {
        let version = version_of(about);
        let mut whole = lock(&self.whole);
        let known = whole
            .iter()
            .position(|(known, its, _)| known == path && *its == version);
        let bytes = match known.map(|i| whole.remove(i)) {
            Some((_, _, bytes)) => bytes,
            None => Arc::new(
                self.bucket
                    .read(&self.name(path), about, 0..about.n_bytes)?,
            ),
        };
        whole.push((path.into(), version, bytes.clone()));
        let n_bytes = |whole: &[(PathBuf, Version, Arc<Vec<u8>>)]| -> usize {
            whole.iter().map(|(_, _, bytes)| bytes.len()).sum()
        };
        while whole.len() > N_WHOLE || (whole.len() > 2 && n_bytes(&whole) > MAX_WHOLE_BYTES) {
            whole.remove(0);
        }
        Ok(bytes)
    }
}

/// An object of which some parts are read, each by a request of its own.
struct Parts<'a> {
    objects: &'a Objects,
    path: &'a Path,
    about: About,
    all: Option<Arc<Vec<u8>>>,
}

impl ReadAt for Parts<'_> {
    fn read_at(&mut self, at: usize, n: usize, bytes: &mut Vec<u8>) -> Result<()> {
        if let Some(all) = &self.all {
            return all.as_slice().read_at(at, n, bytes);
        }
        let n_bytes = self.about.n_bytes;
        let from = (at as u64).min(n_bytes);
        let to = from.saturating_add(n as u64).min(n_bytes);
        let name = self.objects.name(self.path);
        let read = |part| self.objects.bucket.read(&name, &self.about, part);
        if n <= N_ALONE {
            bytes.extend(read(from..to)?);
            return Ok(());
        }
        let (blocks, version) = (&self.objects.blocks, version_of(&self.about));
        blocks.append(self.path, version, from..to, bytes, read)
    }

    fn expect_all(&mut self) -> Result<()> {
        self.all = Some(self.objects.all(self.path, &self.about)?);
        Ok(())
    }
}

impl Storage for Objects {
    fn names(&self, folder: &Path, start: &str) -> Result<Arc<Vec<String>>> {
        let key = (folder.to_path_buf(), start.to_string());
        if let Some(names) = lock(&self.names).get(&key) {
            return Ok(names.clone());
        }
        let listed = self.bucket.list(&self.name(folder), start)?;
        lock(&self.odd).extend(listed.odd);
        let mut names = listed.folders;
        let mut known = lock(&self.listed);
        for (name, about) in listed.objects {
            known.insert(folder.join(&name), about);
            names.push(name);
        }
        names.sort();
        let names = Arc::new(names);
        lock(&self.names).insert(key, names.clone());
        Ok(names)
    }

    fn version(&self, path: &Path) -> Option<Version> {
        Some(version_of(&self.about(path)?))
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        part: Part,
    ) -> Result<Option<(Box<dyn ReadAt + 'a>, Version)>> {
        let Some(about) = self.about(path) else {
            return Ok(None);
        };
        let version = version_of(&about);
        let mut parts = Parts {
            objects: self,
            path,
            about,
            all: None,
        };
        if part == Part::Whole {
            parts.expect_all()?;
        }
        Ok(Some((Box::new(parts), version)))
    }

    fn read(&self, path: &Path) -> Result<Option<Arc<Vec<u8>>>> {
        let about = self.about(path);
        about.map(|about| self.all(path, &about)).transpose()
    }

    /// What lies in the folder `index` beside the years. It was made of the file before it was sent here, and so knows
    /// its length, but not its time of change.
    fn stored_index(&self, path: &Path, version: Version) -> Option<Vec<u8>> {
        let root = self.names(&self.root, "").ok()?;
        let has_folder = root.iter().any(|name| name == INDEX);
        let name = self.name(&index_path(&self.root, path).filter(|_| has_folder)?);
        let bytes = self.bucket.find(&name, MAX_INDEX_BYTES).ok()??;
        let (front, index) = bytes.split_at_checked(16)?;
        (front[..8] == version.n_bytes.to_le_bytes()).then(|| index.to_vec())
    }

    fn held(&self, layout: Layout, sought: &Sought, _: &mut dyn FnMut(Error)) -> Result<Held> {
        let mut walk = Walk {
            objects: self,
            layout,
            sought,
            files: Vec::new(),
            misplaced: Vec::new(),
            strange: BTreeMap::new(),
            odd_folders: HashSet::new(),
        };
        walk.folder(&self.root, 0)?;
        let mut strange: Vec<Strange> = walk.strange.into_values().collect();
        let odd = lock(&self.odd);
        strange.extend(Strange::of(
            &self.root,
            StrangeKind::Unreadable,
            odd.iter().cloned(),
        ));
        strange.sort();
        Ok(Held::of(walk.files, walk.misplaced, strange))
    }

    fn refresh(&self) {
        lock(&self.names).clear();
        lock(&self.listed).clear();
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.bucket.traffic())
    }
}

/// A listing of what is sought, as far as the names of folders tell.
struct Walk<'a> {
    objects: &'a Objects,
    layout: Layout,
    sought: &'a Sought,
    files: Vec<DayFile>,
    misplaced: Vec<DayFile>,
    strange: BTreeMap<PathBuf, Strange>,
    /// Folders that were counted, of which each object tells anew.
    odd_folders: HashSet<PathBuf>,
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path, level: usize) -> Result<()> {
        if level < self.layout.n_narrowed(self.sought) {
            for name in self.objects.names(path, "")?.iter() {
                let below = path.join(name);
                if self.objects.about(&below).is_some() || !self.layout.is_folder(level, name) {
                    let is_folder = self.objects.about(&below).is_none();
                    self.note_odd(path, level, &[name], is_folder);
                } else if self.layout.may_hold(level, name, self.sought) {
                    self.folder(&below, level + 1)?;
                }
            }
            return Ok(());
        }
        let n_levels = self.layout.n_folders() - level;
        let listed = self
            .objects
            .bucket
            .list_below(&self.objects.name(path), n_levels)?;
        lock(&self.objects.odd).extend(listed.odd);
        for name in listed.folders {
            let names: Vec<&str> = name.split('/').collect();
            self.note_odd(path, level, &names, true);
        }
        for (name, about) in listed.objects {
            self.object(path, level, &name, about);
        }
        Ok(())
    }

    /// Takes an object by its name below a folder.
    fn object(&mut self, folder: &Path, level: usize, name: &str, about: About) {
        let names: Vec<&str> = name.split('/').collect();
        let folders = &names[..names.len() - 1];
        let is_folder = |(n, name): (usize, &&str)| self.layout.is_folder(level + n, name);
        if level + folders.len() != self.layout.n_folders()
            || !folders.iter().enumerate().all(is_folder)
        {
            self.note_odd(folder, level, &names, false);
            return;
        }
        let path = folder.join(name);
        match self.layout.day_file(path.clone()) {
            Some(file) if self.layout.is_in_place(&self.objects.root, &file) => {
                lock(&self.objects.listed).insert(path, about);
                self.files.push(file);
            }
            Some(file) => self.misplaced.push(file),
            None => self.note_strange(path, StrangeKind::NoDayFile),
        }
    }

    /// Counts what does not belong where it lies, by its names below a folder of a level: as on a disk.
    fn note_odd(&mut self, folder: &Path, level: usize, names: &[&str], is_folder: bool) {
        let mut path = folder.to_path_buf();
        for (n, name) in names.iter().enumerate() {
            let level = level + n;
            let is_folder = is_folder || n + 1 < names.len();
            path.push(name);
            let kind = match level == self.layout.n_folders() {
                true => StrangeKind::NoDayFile,
                false if is_folder && self.layout.is_folder(level, name) => continue,
                false if self.layout.is_odd(level, name, is_folder) => StrangeKind::Elsewhere,
                false => return,
            };
            if !is_folder || self.odd_folders.insert(path.clone()) {
                self.note_strange(path, kind);
            }
            return;
        }
    }

    fn note_strange(&mut self, path: PathBuf, kind: StrangeKind) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return;
        };
        // In an SDS archive other files may lie in other folders.
        let is_channel =
            self.layout != Layout::Sds || folder.extension().is_some_and(|end| end == "D");
        if kind == StrangeKind::NoDayFile && !is_channel {
            return;
        }
        let known = self.strange.entry(folder.into());
        let known = known.or_insert_with(|| Strange::none(folder, kind));
        known.add(name.to_string_lossy().into_owned());
    }
}

fn version_of(about: &About) -> Version {
    let hash = sha256(about.version());
    Version {
        n_bytes: about.n_bytes,
        mark: u64::from_str_radix(&hash[..16], 16).ok(),
    }
}
