//! Where the files of an archive lie: what a reader asks of a folder on a disk, or of a bucket.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::layout::Layout;
use super::listing::Held;
use super::sought::Sought;
use crate::bucket::Traffic;
use crate::error::{Error, Result};
use crate::waveform::mseed::ReadAt;

/// The files below an archive's root, each by its whole path or address.
pub(crate) trait Storage: Debug + Send + Sync {
    /// The names in a folder that begin with `start`, and maybe others, sorted; none where there is no such folder.
    fn names(&self, folder: &Path, start: &str) -> Result<Arc<Vec<String>>>;

    /// Which version of a file is there now; `None` where there is none.
    fn version(&self, path: &Path) -> Option<Version>;

    /// Opens a regular file; `None` where there is none.
    fn open<'a>(
        &'a self,
        path: &'a Path,
        part: Part,
    ) -> Result<Option<(Box<dyn ReadAt + 'a>, Version)>>;

    /// The bytes of a regular file; `None` where there is none.
    fn read(&self, path: &Path) -> Result<Option<Arc<Vec<u8>>>>;

    /// The bytes of an index that is stored of just this file.
    fn stored_index(&self, path: &Path, version: Version) -> Option<Vec<u8>>;

    /// Keeps an index for the next process, where that can be.
    fn store_index(&self, _path: &Path, _version: Version, _index: &[u8]) {}

    /// Removes an index that does not fit its file, where that can be.
    fn remove_index(&self, _path: &Path) {}

    /// The day files that are sought, and maybe others; `unread` is told of folders that may not be read.
    fn held(&self, layout: Layout, sought: &Sought, unread: &mut dyn FnMut(Error)) -> Result<Held>;

    /// Looks anew at what was listed.
    fn refresh(&self) {}

    /// Whether every look at it is a request.
    fn is_remote(&self) -> bool {
        false
    }

    /// Requests and bytes, where there are such.
    fn traffic(&self) -> Option<Traffic> {
        None
    }
}

/// How much of a file will be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Much of it, or it is not known.
    Whole,
    /// Some minutes.
    Piece,
}

/// Other values are another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Version {
    pub n_bytes: u64,
    /// On a disk, when it was changed, in nanoseconds since 1970; `None` where the file system knows no such time. In a
    /// bucket, some bytes of the hash of what it calls the version.
    pub mark: Option<u64>,
}

/// The largest day file that is read: larger ones would not fit in memory.
const MAX_BYTES: u64 = 4 << 30;

impl Version {
    /// Why a file is passed over, where it is too large.
    pub fn why_too_large(&self) -> Option<String> {
        let n_bytes = self.n_bytes;
        (n_bytes > MAX_BYTES)
            .then(|| format!("a day file of {n_bytes} bytes: not read, for it has more than 4 GiB"))
    }

    /// That of a file on a disk.
    pub fn of(data: &std::fs::Metadata) -> Self {
        let changed = data.modified().ok();
        let since_1970 = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            n_bytes: data.len(),
            mark: since_1970.and_then(|time| time.as_nanos().try_into().ok()),
        }
    }
}

/// What an index is called that is stored in an archive's folder `index`.
pub(super) fn index_name(path: &Path) -> Option<String> {
    Some(format!("{}.index", path.file_name()?.to_str()?))
}

/// Its day files are indexed on disk if an archive has this folder.
pub(super) const INDEX: &str = "index";

/// Where an index of a day file is stored.
pub(super) fn index_path(root: &Path, path: &Path) -> Option<PathBuf> {
    Some(root.join(INDEX).join(index_name(path)?))
}
