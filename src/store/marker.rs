//! The marker that says whose the folder of products is.

use std::path::Path;

use crate::atomic_file::{make_folder, names, write_whole};
use crate::error::Result;

/// The file that marks the folder of all studies' products as made by this library. `cargo xtask` removes
/// that folder only if it holds the marker.
const MARKER: &str = ".quakebook";

const MARKER_TEXT: &str =
    "quakebook made this folder. `cargo xtask` may remove it with everything in it.\n";

/// Makes a folder and marks it. A folder that has other files already stays unmarked: they may be anyone's.
pub(super) fn mark_as_ours(folder: &Path) -> Result<()> {
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
