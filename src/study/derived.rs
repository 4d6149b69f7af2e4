//! The folder of a study's products.

use std::path::{Path, PathBuf};

use super::Study;
use crate::atomic_file::{make_folder, names, write_whole};
use crate::error::Result;

/// The file that marks the folder of all studies' products as made by this library. `cargo xtask` removes
/// that folder only if it holds the marker.
const MARKER: &str = ".quakebook";

const MARKER_TEXT: &str =
    "quakebook made this folder. `cargo xtask` may remove it with everything in it.\n";

impl Study {
    /// Makes [`Study::derived_dir`], where this study's products go, and returns it.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) naming the folder.
    pub(crate) fn make_derived_dir(&self) -> Result<PathBuf> {
        let dir = self.derived_dir();
        mark_as_ours(dir.parent().unwrap_or(&dir))?;
        make_folder(&dir)?;
        Ok(dir)
    }
}

/// Makes a folder and marks it. A folder that has other files already stays unmarked: they may be anyone's.
fn mark_as_ours(folder: &Path) -> Result<()> {
    make_folder(folder)?;
    match names(folder)?.is_empty() {
        true => write_whole(folder.join(MARKER), MARKER_TEXT),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_folder_is_marked() {
        let scratch = tempfile::tempdir().unwrap();
        let (new, old) = (scratch.path().join("a/new"), scratch.path().join("old"));
        std::fs::create_dir(&old).unwrap();
        std::fs::write(old.join("thesis"), "years").unwrap();
        for _ in 0..2 {
            mark_as_ours(&new).unwrap();
            mark_as_ours(&old).unwrap();
        }
        assert_eq!(names(&new).unwrap(), [MARKER]);
        assert_eq!(names(&old).unwrap(), ["thesis"]);
    }
}
