//! Results that are too large to be held in memory before they are written.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{beside, check_room, folder_of, make_folder, sync_folder};
use crate::error::{Error, Result};

/// A result that is written piece by piece, and appears whole under its name, as by [`super::write_result`]:
/// dropped before [`ResultWriter::finish`], it leaves what was there before.
///
/// ```
/// use quakebook::atomic_file::ResultWriter;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("windows.csv");
/// let mut writer = ResultWriter::create(&path)?;
/// writer.write("start,probability\n")?;
/// assert!(!path.exists());
/// writer.finish()?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "start,probability\n");
/// # Ok::<(), quakebook::Error>(())
/// ```
pub struct ResultWriter {
    path: PathBuf,
    target: Target,
}

enum Target {
    /// Beside its place, under another name.
    File(BufWriter<tempfile::NamedTempFile>),
    /// A pipe or a device, which is written into as it is.
    Other(BufWriter<File>),
}

impl ResultWriter {
    /// # Errors
    /// [`Error::Io`] naming the path.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let place = match std::fs::metadata(path) {
            Ok(there) if !there.is_file() => {
                let file = File::options().write(true).open(path);
                let target = Target::Other(BufWriter::new(file.map_err(Error::io(path))?));
                let path = path.to_path_buf();
                return Ok(Self { path, target });
            }
            Ok(_) => path.canonicalize().map_err(Error::io(path))?,
            // A link that leads to nothing: what it leads to is made.
            Err(_) => match std::fs::read_link(path) {
                Ok(target) => folder_of(path).join(target),
                Err(_) => path.to_path_buf(),
            },
        };
        let folder = folder_of(&place);
        make_folder(folder)?;
        let file = beside(folder).map_err(Error::io(&place))?;
        Ok(Self {
            path: place,
            target: Target::File(BufWriter::new(file)),
        })
    }

    /// # Errors
    /// [`Error::Io`] naming the path.
    pub fn write(&mut self, text: &str) -> Result<()> {
        let bytes = text.as_bytes();
        let written = match &mut self.target {
            Target::File(file) => file.write_all(bytes),
            Target::Other(file) => file.write_all(bytes),
        };
        written.map_err(Error::io(&self.path))
    }

    /// # Errors
    /// [`Error::Io`] naming the path; the old file is then as it was.
    pub fn finish(self) -> Result<()> {
        let path = self.path;
        let written = match self.target {
            Target::Other(mut file) => file.flush(),
            Target::File(file) => file
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)
                .and_then(|file| {
                    file.as_file().sync_all()?;
                    file.persist(&path).map_err(|error| error.error)?;
                    sync_folder(folder_of(&path))
                }),
        };
        written.map_err(Error::io(&path))
    }
}

/// Whether a result can be written to a path, asked before the work that it is the result of. Nothing stays there.
///
/// # Errors
/// [`Error::Io`] naming the path, as [`super::write_result`] would.
pub fn check_result(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let target = std::fs::read_link(path).map(|target| folder_of(path).join(target));
    match std::fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(Error::io(path)(ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() => Ok(()),
        _ => check_room(folder_of(target.as_deref().unwrap_or(path))),
    }
}
