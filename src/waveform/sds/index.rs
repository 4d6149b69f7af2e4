//! The index of each day file: made once, then kept in memory, and in the archive's folder `index` where it has
//! one, for whoever opens the archive next.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::lock;
use crate::atomic_file;
use crate::error::{Error, Result};
use crate::waveform::mseed::Index;

/// Its day files are indexed on disk if an archive has this folder.
pub(super) const FOLDER: &str = "index";

/// Day files whose index is in memory: three components of a hundred days, some 20 MB.
const N_KNOWN: usize = 300;

/// A file that was changed so shortly ago may be changed once more within one tick of the file system's clock,
/// so that its new time does not tell; its index is not written.
const SETTLED: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Indices {
    folder: PathBuf,
    known: Mutex<HashMap<PathBuf, Known>>,
}

/// The index of a file, if it can have one, and of what file it is.
#[derive(Debug, Clone)]
struct Known {
    version: Version,
    index: Option<Arc<Index>>,
}

/// Other values are another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    n_bytes: u64,
    /// When it was changed, since 1970; `None` where the file system knows no such time.
    changed_ns: Option<u64>,
}

impl Version {
    pub fn of(data: &Metadata) -> Self {
        let changed = data.modified().ok();
        let since_1970 = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            n_bytes: data.len(),
            changed_ns: since_1970.and_then(|time| time.as_nanos().try_into().ok()),
        }
    }

    /// What an index on disk begins with; `None` for a file whose index must not be there.
    fn front(&self) -> Option<[[u8; 8]; 2]> {
        let changed_ns = self.changed_ns?;
        let age = SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_nanos(changed_ns));
        let has_settled = age.is_ok_and(|age| age >= SETTLED);
        has_settled.then(|| [self.n_bytes, changed_ns].map(u64::to_le_bytes))
    }
}

impl Indices {
    pub fn of(root: &Path) -> Self {
        Self {
            folder: root.join(FOLDER),
            known: Mutex::default(),
        }
    }

    /// The index of a day file, if it is in memory; `None` in it where the file cannot have one.
    pub fn known(&self, path: &Path, data: &Metadata) -> Option<Option<Arc<Index>>> {
        let known = lock(&self.known);
        let known = known.get(path)?;
        (known.version == Version::of(data)).then(|| known.index.clone())
    }

    /// The index of an open day file, made where it is not known.
    pub fn get(&self, path: &Path, file: &mut File, data: &Metadata) -> Result<Option<Arc<Index>>> {
        if let Some(index) = self.known(path, data) {
            return Ok(index);
        }
        let version = Version::of(data);
        let stored = self.read(path, version);
        if let Some(index) = stored.and_then(|stored| stored.completed(&mut *file)) {
            let index = Some(Arc::new(index));
            self.keep(path, version, index.clone());
            return Ok(index);
        }
        let index = Index::of(file, data.len() as usize).map_err(Error::io(path))?;
        let index = index.map(Arc::new);
        if let Some(index) = &index {
            self.write(path, version, index);
        }
        self.keep(path, version, index.clone());
        Ok(index)
    }

    /// An index that does not fit its file, which was changed behind its time and length.
    pub fn forget(&self, path: &Path) {
        lock(&self.known).remove(path);
        if let Some(stored) = self.stored(path) {
            // There may be none, or no right to remove it: then it is found wrong again.
            let _ = std::fs::remove_file(stored);
        }
    }

    fn keep(&self, path: &Path, version: Version, index: Option<Arc<Index>>) {
        let mut known = lock(&self.known);
        if known.len() == N_KNOWN {
            known.clear();
        }
        known.insert(path.to_path_buf(), Known { version, index });
    }

    fn stored(&self, path: &Path) -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        Some(self.folder.join(format!("{name}.index")))
    }

    /// What is stored of just this file.
    fn read(&self, path: &Path, version: Version) -> Option<Index> {
        let bytes = atomic_file::read_regular(&self.stored(path)?).ok()??;
        let index = bytes.strip_prefix(version.front()?.as_flattened())?;
        Index::from_bytes(index, version.n_bytes)
    }

    /// Keeps the index for the next process, if the archive has the folder. A read-only archive is looked through
    /// each time.
    fn write(&self, path: &Path, version: Version, index: &Index) {
        let folder = self.folder.symlink_metadata();
        if folder.is_ok_and(|folder| folder.is_dir())
            && let (Some(stored), Some(front)) = (self.stored(path), version.front())
        {
            let bytes = [front.as_flattened(), &index.to_bytes()].concat();
            let _ = atomic_file::write_unsynced(&stored, &bytes);
        }
    }
}
