//! The names in an archive's folders: read once, and then only where a folder has changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::lock;
use crate::atomic_file;
use crate::error::Result;

/// A folder that was changed so shortly ago may change once more within one tick of the file system's clock.
const SETTLED: Duration = Duration::from_secs(2);

/// Folders that are remembered: fifty years of eight channels, some 20 MB.
const N_KNOWN: usize = 500;

/// Whether a folder that changes once more gets another time of change.
pub(super) fn has_settled(changed: SystemTime) -> bool {
    changed.elapsed().is_ok_and(|age| age >= SETTLED)
}

#[derive(Debug, Default)]
pub(super) struct Folders(Mutex<HashMap<PathBuf, Known>>);

/// A folder as it was when it was read.
#[derive(Debug)]
struct Known {
    changed: SystemTime,
    names: Arc<Vec<String>>,
}

impl Folders {
    /// The names that are in a folder now, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// As [`atomic_file::names`].
    pub fn names(&self, folder: &Path) -> Result<Arc<Vec<String>>> {
        let changed = folder.metadata().and_then(|data| data.modified()).ok();
        let mut known = lock(&self.0);
        if let Some(known) = known.get(folder)
            && changed == Some(known.changed)
        {
            return Ok(known.names.clone());
        }
        let names = Arc::new(atomic_file::names(folder)?);
        known.remove(folder);
        if let Some(changed) = changed.filter(|changed| has_settled(*changed)) {
            if known.len() == N_KNOWN {
                known.clear();
            }
            let names = names.clone();
            known.insert(folder.into(), Known { changed, names });
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in a folder whose time of change is set.
    fn add(folder: &Path, name: &str, changed: SystemTime) {
        std::fs::write(folder.join(name), "").unwrap();
        let folder = std::fs::File::open(folder).unwrap();
        folder.set_modified(changed).unwrap();
    }

    #[test]
    fn only_a_changed_folder_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::default();
        let n = || folders.names(folder.path()).unwrap().len();
        let long_ago = SystemTime::now() - Duration::from_hours(1);
        add(folder.path(), "a", long_ago);
        assert_eq!(n(), 1);
        // Behind its time nothing is seen, and so nothing was read.
        add(folder.path(), "b", long_ago);
        assert_eq!(n(), 1);
        add(folder.path(), "c", long_ago + Duration::from_secs(1));
        assert_eq!(n(), 3);
        let path = folder.path().to_path_buf();
        drop(folder);
        assert!(folders.names(&path).unwrap().is_empty());
    }

    #[test]
    fn a_folder_changed_just_now_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::default();
        let now = SystemTime::now();
        for (n, name) in ["a", "b", "c"].into_iter().enumerate() {
            add(folder.path(), name, now);
            assert_eq!(folders.names(folder.path()).unwrap().len(), n + 1);
        }
    }
}
