//! From when until when day files reach, so that those beside a span need not be opened.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::lock;
use super::storage::Version;
use crate::time::Time;

/// Files that are remembered: fifty years of eight channels, some 30 MB.
const N_KNOWN: usize = 150_000;

#[derive(Debug, Default)]
pub(super) struct Extents(Mutex<HashMap<PathBuf, Extent>>);

#[derive(Debug)]
struct Extent {
    version: Version,
    /// To within one sample; `None` where the file has no sample.
    span: Option<(Time, Time)>,
}

impl Extents {
    /// Whether the file, in the version that it has now, is known to have no sample from `start` until `end`.
    pub fn is_beside(
        &self,
        path: &Path,
        (start, end): (Time, Time),
        version: impl FnOnce() -> Option<Version>,
    ) -> bool {
        let is_beside = |(first, last)| last < start || end < first;
        lock(&self.0).get(path).is_some_and(|extent| {
            // Asked second: most files reach into the span, and are opened anyway.
            extent.span.is_none_or(is_beside) && version() == Some(extent.version)
        })
    }

    /// From when until when a file reaches, where it was read and has a sample.
    pub fn of(&self, path: &Path) -> Option<(Time, Time)> {
        lock(&self.0).get(path)?.span
    }

    /// Remembers what a version of the file holds.
    pub fn keep(&self, path: &Path, version: Version, span: Option<(Time, Time)>) {
        let mut known = lock(&self.0);
        let extent = Extent { version, span };
        match known.get_mut(path) {
            Some(old) => *old = extent,
            None => {
                if known.len() == N_KNOWN {
                    known.clear();
                }
                known.insert(path.into(), extent);
            }
        }
    }
}
