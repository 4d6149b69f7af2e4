//! Which streams an archive has, where the wanted ones are not among them.

use super::{Archive, Listing};
use crate::error::{Result, fail};
use crate::waveform::Nslc;

/// Streams that are told; more are counted.
const N_TOLD: usize = 12;

impl Archive {
    /// Refuses an archive without a day file of the station's channels.
    ///
    /// # Errors
    /// [`crate::Error::Waveform`] naming what was sought and the streams that there are, where none
    /// matches; [`crate::Error::Io`] where a folder cannot be read.
    pub fn check_streams(&self) -> Result<()> {
        let files = Listing::default().day_files(&self.root, 0..=i32::MAX, &|_| true)?;
        let mut streams: Vec<&Nslc> = files.iter().map(|file| &file.stream).collect();
        streams.dedup();
        let is_wanted = |stream: &&&Nslc| self.stream(stream.channel()).as_ref() == Some(**stream);
        if streams.iter().any(|stream| is_wanted(&stream)) {
            return Ok(());
        }
        let told = streams.iter().take(N_TOLD).map(ToString::to_string);
        let told = told.collect::<Vec<_>>().join(", ");
        let there = match streams.len() {
            0 => "there is no day file at all".into(),
            n if n > N_TOLD => format!("there are {told} and {} more", n - N_TOLD),
            _ => format!("there are {told}"),
        };
        let choice = &self.choice;
        Err(fail!(
            Waveform,
            self.root.display(),
            format!(
                "no day file of {}.{}.{}.{}; {there}",
                choice.network, choice.station, choice.location, choice.channels
            ),
            "Choose one of the archive's stations and channels, and its location as it is written there"
        ))
    }
}
