//! The files of an archive on a disk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::folders::{Folders, has_settled};
use super::layout::Layout;
use super::listing::{Held, Listing};
use super::sought::Sought;
use super::storage::{INDEX, Part, Storage, Version, index_path};
use crate::atomic_file::{self, open_regular, read_regular};
use crate::error::{Error, Result};
use crate::waveform::mseed::ReadAt;

/// A folder on a disk. Only regular files are read, and links to folders followed.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    folders: Folders,
}

impl Disk {
    pub fn of(root: &Path) -> Self {
        Self {
            root: root.into(),
            folders: Folders::default(),
        }
    }
}

/// An open file.
struct Opened<'a> {
    file: File,
    path: &'a Path,
}

impl ReadAt for Opened<'_> {
    fn read_at(&mut self, at: usize, n: usize, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.reserve(n);
        let sought = self.file.seek(SeekFrom::Start(at as u64));
        sought
            .and_then(|_| self.file.by_ref().take(n as u64).read_to_end(bytes))
            .map_err(Error::io(self.path))?;
        Ok(())
    }
}

impl Storage for Disk {
    fn names(&self, folder: &Path, _start: &str) -> Result<Arc<Vec<String>>> {
        self.folders.names(folder)
    }

    fn version(&self, path: &Path) -> Option<Version> {
        let data = path.symlink_metadata().ok()?;
        let version = Version::of(&data);
        // What is no file has no bytes.
        let n_bytes = if data.is_file() { version.n_bytes } else { 0 };
        Some(Version { n_bytes, ..version })
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        _part: Part,
    ) -> Result<Option<(Box<dyn ReadAt + 'a>, Version)>> {
        let Some((file, about)) = open_regular(path)? else {
            return Ok(None);
        };
        let version = Version::of(&about);
        Ok(Some((Box::new(Opened { file, path }), version)))
    }

    fn read(&self, path: &Path) -> Result<Option<Arc<Vec<u8>>>> {
        Ok(read_regular(path)?.map(Arc::new))
    }

    fn stored_index(&self, path: &Path, version: Version) -> Option<Vec<u8>> {
        let stored = index_path(&self.root, path)?;
        let bytes = atomic_file::read_regular(&stored).ok()??;
        let index = bytes.strip_prefix(front(version)?.as_flattened())?;
        Some(index.to_vec())
    }

    /// Where the archive has the folder. A read-only archive is looked through each time.
    fn store_index(&self, path: &Path, version: Version, index: &[u8]) {
        let folder = self.root.join(INDEX).symlink_metadata();
        if folder.is_ok_and(|folder| folder.is_dir())
            && let (Some(stored), Some(front)) = (index_path(&self.root, path), front(version))
        {
            let bytes = [front.as_flattened(), index].concat();
            let _ = atomic_file::write_unsynced(&stored, &bytes);
        }
    }

    fn remove_index(&self, path: &Path) {
        if let Some(stored) = index_path(&self.root, path) {
            // There may be none, or no right to remove it: then it is found wrong again.
            let _ = std::fs::remove_file(stored);
        }
    }

    fn held(&self, layout: Layout, _: &Sought, unread: &mut dyn FnMut(Error)) -> Result<Held> {
        Listing::of(&self.root, layout).held(unread)
    }
}

/// What an index on disk begins with; `None` for a file whose index must not be there.
fn front(version: Version) -> Option<[[u8; 8]; 2]> {
    let changed_ns = version.mark?;
    has_settled(UNIX_EPOCH + Duration::from_nanos(changed_ns))
        .then(|| [version.n_bytes, changed_ns].map(u64::to_le_bytes))
}
