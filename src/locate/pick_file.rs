//! The one door for picks: CSV, QuakeML or Parquet, by how the file begins.

use std::collections::BTreeMap;
use std::path::Path;

use super::picks::{PhasePick, PickFile};
use crate::error::{Result, fail};
use crate::{atomic_file, tables};

/// How a file of Parquet begins, and ends.
const PARQUET: &[u8] = b"PAR1";

impl PickFile {
    /// Reads picks as `quakebook pick` writes them, and the files of others: QuakeML ([`PickFile::from_quakeml`]), Parquet
    /// ([`PickFile::from_parquet`]) or CSV ([`PickFile::from_csv`]).
    ///
    /// # Errors
    /// [`crate::Error::Io`], and as there.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let name = path.as_ref().display().to_string();
        let bytes = atomic_file::read_input(path.as_ref())?;
        if bytes.starts_with(PARQUET) {
            return Self::from_parquet(bytes, &name);
        }
        let text = tables::text_of(bytes)
            .map_err(|what| fail!(Locate, name, what, tables::NO_TEXT_REMEDY))?;
        match text.trim_start().starts_with('<') {
            true => Self::from_quakeml(&text, &name),
            false => Self::from_csv(&text, &name),
        }
    }
}

impl PhasePick {
    /// All picks of a file; see [`PickFile::read`].
    ///
    /// # Errors
    /// As there.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        Ok(PickFile::read(path)?.all())
    }

    /// The picks of each event of a file; see [`PickFile::by_event`].
    ///
    /// # Errors
    /// As [`PickFile::read`] and there.
    pub fn read_events(path: impl AsRef<Path>) -> Result<BTreeMap<String, Vec<Self>>> {
        let name = path.as_ref().display().to_string();
        PickFile::read(path)?.by_event(&name)
    }
}
