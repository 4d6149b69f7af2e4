//! Who works on a shard now, and which ones failed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::error::Result;
use crate::time::{Time, Utc};

/// A shard that somebody works on, or worked on when they were killed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    pub index: usize,
    pub host: String,
    pub process: u32,
    pub started: Time,
}

/// A shard that could not be scanned when it was last tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    pub index: usize,
    pub id: String,
    pub error: String,
    pub host: String,
    pub at: Time,
}

/// A worker says so often that it is alive.
const BEAT_EVERY: Duration = Duration::from_secs(20);

/// Who has said nothing for so long was killed.
const SILENT: Duration = Duration::from_secs(180);

/// A mark that is so young may not be locked yet.
const YOUNG: Duration = Duration::from_secs(1);

/// The mark of a shard that is worked on. It is taken away with the value; that of a killed process stays, and
/// grows old. The worker holds it locked, so that others on its machine know at once.
pub(super) struct Mark {
    path: PathBuf,
    /// `None` where the file system has no locks.
    _held: Option<File>,
    said: Mutex<Instant>,
}

pub(super) const RUNNING: &str = "running";
pub(super) const FAILED: &str = "failed";

impl Mark {
    /// # Errors
    /// [`crate::Error::Io`] where the plan's folder cannot be written.
    pub fn set(plan: &Plan, running: &Running) -> Result<Self> {
        let path = plan.file(RUNNING, running.index);
        plan.write(&path, to_json(running))?;
        let file = File::open(&path).ok();
        Ok(Self {
            _held: file.filter(|file| file.lock().is_ok()),
            said: Instant::now().into(),
            path,
        })
    }

    /// Says that the worker is alive, if it is time to.
    pub fn beat(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= BEAT_EVERY {
            *said = Instant::now();
            // Who cannot say so looks killed, which does no harm: shards may be worked on twice.
            let file = std::fs::File::options().write(true).open(&self.path);
            let _ = file.and_then(|file| file.set_modified(SystemTime::now()));
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether the worker of a mark lives: on this machine it holds its mark locked; on another one it has touched it of
/// late. A clock that is ahead is no sign of death.
pub(super) fn is_alive(mark: &Path, of_host: &str) -> bool {
    let said = mark.metadata().and_then(|about| about.modified()).ok();
    let age = said.and_then(|said| SystemTime::now().duration_since(said).ok());
    let Some(age) = age.filter(|age| *age > YOUNG) else {
        return true;
    };
    let is_free = || File::open(mark).is_ok_and(|file| file.try_lock_shared().is_ok());
    age < SILENT && !(of_host == host() && is_free())
}

pub(super) fn running(index: usize) -> Running {
    Running {
        index,
        host: host(),
        process: std::process::id(),
        started: Utc::now(),
    }
}

/// The name of this machine, as far as it can be had.
pub(super) fn host() -> String {
    let read = std::fs::read_to_string("/etc/hostname").ok();
    let named = std::env::var("HOSTNAME").ok().or(read);
    let name = named.map(|name| name.trim().to_string());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("plain fields are JSON");
    text + "\n"
}
