//! What an archive has beside what was sought, for who finds nothing.

use super::{Archive, DayFiles, Listing};
use crate::code_pattern::NslcPattern;
use crate::error::{Result, fail};
use crate::waveform::Nslc;

/// Streams that a message names; more are counted.
const N_NAMED: usize = 12;

impl Archive {
    /// Every stream of which the folder has day files, of any station, sorted.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read.
    pub fn held_streams(&self) -> Result<Vec<Nslc>> {
        // Reading tells of a folder that may not be read.
        let streams = Listing::of(&self.root).streams(&mut |_| ())?;
        let first = |days: &DayFiles| days.first().map(|file| file.stream.clone());
        Ok(streams.iter().filter_map(first).collect())
    }

    /// What was sought and what is there: `sought CX.PB01..hh*; the archive has CX.PB01..HHE, ...`.
    ///
    /// # Errors
    /// As [`Archive::held_streams`].
    pub fn sought_and_held(&self) -> Result<String> {
        let held = self.held_streams()?;
        let mut names: Vec<String> = held.iter().take(N_NAMED).map(Nslc::to_string).collect();
        match held.len() {
            0 => names.push("no day file (a link is none)".into()),
            n if n > N_NAMED => names.push(format!("{} more", n - N_NAMED)),
            _ => {}
        }
        let sought = NslcPattern::from(&self.choice);
        Ok(format!(
            "sought {sought}; the archive has {}",
            names.join(", ")
        ))
    }

    /// # Errors
    /// [`crate::Error::Waveform`] where no stream of the archive, at any time, is one that was sought; it says
    /// what was sought and what is there.
    pub fn check_sought(&self) -> Result<()> {
        let sought = NslcPattern::from(&self.choice);
        if self.held_streams()?.iter().any(|held| sought.admits(held)) {
            return Ok(());
        }
        Err(fail!(
            Waveform,
            self.root.display(),
            self.sought_and_held()?,
            "Give the codes as the archive has them: capital and small letters differ"
        ))
    }
}
