//! A folder for a test, removed at its end.

use std::fs;
use std::path::{Path, PathBuf};

/// A new folder, removed when the value is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// `name` must be another one in each test.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("quakebook-{name}-{}", std::process::id()));
        fs::create_dir(&folder).expect("the folder is new, as its name has this process's id");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is harmed by a folder that stays in the folder of temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
