//! Which folder holds an archive, where one was named that lies above or below it.

use std::path::{Path, PathBuf};

use super::layout::{DayFile, N_FOLDERS};

/// An archive is looked for so many folders below the one that was named.
const N_BELOW: usize = 2;

/// At most this many names of files and folders are looked at: `/` gets an answer at once too.
const N_LOOKED_AT: usize = 20_000;

/// The folder whose day files lie below this one, where that is another folder: `sds` for `sds/2014`, and for the
/// folder in which `sds` lies. `None` where no day file is found.
pub fn archive_near(folder: &Path) -> Option<PathBuf> {
    let real = folder.canonicalize().ok()?;
    let root = DayFiles::below(&real)
        .find(DayFile::is_in_place)?
        .root()?
        .to_path_buf();
    // In the words that the user gave, where that can be.
    let given = folder
        .ancestors()
        .filter(|given| !given.as_os_str().is_empty());
    let mut given = given.filter(|given| given.canonicalize().is_ok_and(|path| path == root));
    let told = match root.strip_prefix(&real) {
        Ok(below) => folder.join(below),
        Err(_) => given.next().map_or_else(|| root.clone(), Path::to_path_buf),
    };
    (root != real).then_some(told)
}

/// The day files below a folder.
struct DayFiles {
    folders: Vec<(PathBuf, usize)>,
    files: Vec<DayFile>,
    n_left: usize,
}

impl DayFiles {
    fn below(folder: &Path) -> Self {
        Self {
            folders: vec![(folder.into(), 0)],
            files: Vec::new(),
            n_left: N_LOOKED_AT,
        }
    }
}

impl Iterator for DayFiles {
    type Item = DayFile;

    fn next(&mut self) -> Option<DayFile> {
        loop {
            if let Some(file) = self.files.pop() {
                return Some(file);
            }
            let (folder, level) = self.folders.pop()?;
            // A folder that may not be read holds nothing for us.
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                self.n_left = self.n_left.checked_sub(1)?;
                let (path, kind) = (entry.path(), entry.file_type().ok()?);
                if kind.is_file() {
                    self.files.extend(DayFile::of(path));
                } else if level < N_FOLDERS + N_BELOW && path.is_dir() {
                    self.folders.push((path, level + 1));
                }
            }
        }
    }
}
