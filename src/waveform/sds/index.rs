//! The index of each day file: made once, then kept in memory, and in the archive's folder `index` where it has
//! one, for whoever opens the archive next.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use super::lock;
use super::storage::{Part, Storage, Version};
use crate::error::Result;
use crate::time::Time;
use crate::waveform::mseed::{Index, ReadAt};

/// Day files whose index is in memory: three components of a hundred days, some 20 MB.
const N_KNOWN: usize = 300;

/// Neighbouring pieces are asked for next: the places are so far beside a piece.
const BESIDE: TimeDelta = TimeDelta::hours(1);

#[derive(Debug)]
pub(crate) struct Indices {
    storage: Arc<dyn Storage>,
    known: Mutex<HashMap<PathBuf, Known>>,
}

/// The index of a file, if it can have one, and of what file it is.
#[derive(Debug, Clone)]
struct Known {
    version: Version,
    index: Option<Arc<Index>>,
}

impl Indices {
    pub fn of(storage: Arc<dyn Storage>) -> Self {
        Self {
            storage,
            known: Mutex::default(),
        }
    }

    /// The index of a day file, if it is in memory; `None` in it where the file cannot have one.
    pub fn known(&self, path: &Path, version: Version) -> Option<Option<Arc<Index>>> {
        let known = lock(&self.known);
        let known = known.get(path)?;
        (known.version == version).then(|| known.index.clone())
    }

    /// The index of an open day file, made where it is not known. Where a piece is needed of a file in a bucket, it may
    /// be of some places around a span alone.
    pub fn get(
        &self,
        path: &Path,
        file: &mut dyn ReadAt,
        version: Version,
        (part, span): (Part, (Time, Time)),
    ) -> Result<Option<Arc<Index>>> {
        let n_bytes = version.n_bytes as usize;
        let known = self.known(path, version);
        if let Some(index) = &known {
            let is_near =
                |index: &Arc<Index>| index.knows(span.0, span.1) || !index.reaches(span.0, span.1);
            if index.as_ref().is_none_or(is_near) {
                return Ok(index.clone());
            }
        }
        let stored = self.storage.stored_index(path, version);
        let stored = stored.and_then(|bytes| Index::from_bytes(&bytes, version.n_bytes));
        if let Some(index) = stored.and_then(|stored| stored.completed(file)) {
            let index = Some(Arc::new(index));
            self.keep(path, version, index.clone());
            return Ok(index);
        }
        if part == Part::Piece
            && self.storage.is_remote()
            && let Some(index) = Index::around(file, n_bytes, widened(span))?
        {
            let index = match known.flatten() {
                Some(known) => index.with(&known),
                None => index,
            };
            let index = Some(Arc::new(index));
            self.keep(path, version, index.clone());
            return Ok(index);
        }
        let index = Index::of(file, n_bytes)?;
        let index = index.map(Arc::new);
        if let Some(index) = &index {
            self.storage.store_index(path, version, &index.to_bytes());
        }
        self.keep(path, version, index.clone());
        Ok(index)
    }

    /// An index that does not fit its file, which was changed behind its time and length.
    pub fn forget(&self, path: &Path) {
        lock(&self.known).remove(path);
        self.storage.remove_index(path);
    }

    fn keep(&self, path: &Path, version: Version, index: Option<Arc<Index>>) {
        let mut known = lock(&self.known);
        if known.len() == N_KNOWN {
            known.clear();
        }
        known.insert(path.to_path_buf(), Known { version, index });
    }
}

/// A span with what lies beside it.
fn widened((start, end): (Time, Time)) -> (Time, Time) {
    (
        start.checked_sub_signed(BESIDE).unwrap_or(start),
        end.checked_add_signed(BESIDE).unwrap_or(end),
    )
}
