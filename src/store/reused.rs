//! Says what of an earlier run is used again, once in each process.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::time::Time;

/// Products that this process has made, or has spoken of.
static KNOWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Remembers a product; whether it was unknown.
pub(super) fn remember(path: &Path) -> bool {
    // A panic while the lock was held left the set whole.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.insert(path.into())
}

/// A line for the eyes alone about a product that lay there already: what it is, and when it was made.
pub(super) fn tell(path: &Path) {
    if !remember(path) {
        return;
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let made = path.metadata().and_then(|about| about.modified());
    let made = made.unwrap_or(SystemTime::UNIX_EPOCH);
    let made = Time::from(made).format("%Y-%m-%d %H:%M");
    println!("» {name}: used again, made {made} UTC");
}
