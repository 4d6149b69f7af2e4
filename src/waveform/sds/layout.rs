//! Where day files lie: `YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY`.
//!
//! An empty location is written as nothing; archives from elsewhere that write `--` are read as well.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};

use crate::waveform::Nslc;

/// Years that a day file can have: those that a header of miniSEED 2 may name.
pub(super) const YEARS: RangeInclusive<i32> = 1900..=2100;

/// The file of a stream's day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DayFile {
    pub stream: Nslc,
    pub day: NaiveDate,
    pub path: PathBuf,
}

impl DayFile {
    /// `None` where the file does not belong to an archive.
    pub fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let [network, station, location, channel, "D", year, day] =
            name.split('.').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        // No reader of an archive would find `.47` for `.047`.
        let number = |text: &str, n: usize| {
            let is_number = text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u16>().ok()).flatten()
        };
        let year = i32::from(number(year, 4)?);
        let day = u32::from(number(day, 3)?);
        let day = NaiveDate::from_yo_opt(year, day).filter(|_| YEARS.contains(&year))?;
        let stream = Nslc::new(network, station, location, channel).ok()?;
        stream.is_complete().then_some(Self { stream, day, path })
    }

    /// The folder of the archive in which the file lies, if it is in place.
    pub fn root(&self) -> Option<&Path> {
        let root = self.path.ancestors().nth(N_FOLDERS + 1)?;
        let folder = folder_of(root, &self.stream, 'D', self.day.year());
        (self.path.parent() == Some(&folder)).then_some(root)
    }

    /// Whether it lies in the folder of its year, station and channel.
    pub fn is_in_place(&self) -> bool {
        self.root().is_some()
    }

    /// What is wrong where it does not.
    pub fn what_is_misplaced(&self) -> String {
        let folder = folder_of(Path::new(""), &self.stream, 'D', self.day.year());
        format!(
            "a day file of {} in another folder than {}, and so not read: move it there, or name it after what it holds",
            self.stream,
            folder.display()
        )
    }
}

/// Folders between an archive's root and a day file: year, network, station and channel.
pub(super) const N_FOLDERS: usize = 4;

/// The folder of a stream's day files of one year and type of data.
pub(super) fn folder_of(root: &Path, stream: &Nslc, kind: char, year: i32) -> PathBuf {
    let (network, station, channel) = (stream.network(), stream.station(), stream.channel());
    root.join(format!("{year}/{network}/{station}/{channel}.{kind}"))
}

/// Where a stream's day of one of SDS's types of data lies, or would lie.
pub(super) fn path_of(root: &Path, stream: &Nslc, kind: char, day: NaiveDate) -> PathBuf {
    let folder = folder_of(root, stream, kind, day.year());
    let mut possible = names_of(stream, kind, day).map(|name| folder.join(name));
    let usual = possible.next().unwrap_or_default();
    match possible.next() {
        Some(other) if usual.symlink_metadata().is_err() && other.symlink_metadata().is_ok() => {
            other
        }
        _ => usual,
    }
}

/// What the file of a stream's day may be called, the usual name first.
pub(super) fn names_of(stream: &Nslc, kind: char, day: NaiveDate) -> impl Iterator<Item = String> {
    let dashes = stream.location().is_empty().then_some("--");
    let locations = [stream.location().as_str()].into_iter().chain(dashes);
    locations.map(move |location| {
        format!(
            "{}.{}.{location}.{}.{kind}.{}.{:03}",
            stream.network(),
            stream.station(),
            stream.channel(),
            day.year(),
            day.ordinal()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_file_is_known_by_its_name() {
        let file = DayFile::of("x/GS.OK029..HHZ.D.2014.047".into()).unwrap();
        assert_eq!(file.stream.to_string(), "GS.OK029..HHZ");
        assert_eq!(file.day.to_string(), "2014-02-16");
        let dashes = DayFile::of("x/GS.OK029.--.HHZ.D.2014.047".into()).unwrap();
        assert_eq!(dashes.stream, file.stream);
        for name in [
            "GS.OK029.00.HHZ.D.2014.400",
            "GS.OK029.HHZ.D.2014.047",
            "ledger.csv",
            "GS.../../evil.00.HHZ.D.2014.047",
            "GS.OK029.00.HH\n.D.2014.047",
            ".OK029.00.HHZ.D.2014.047",
            "GS.OK029.00.HHZ.D.262142.365",
            "GS.OK029.00.HHZ.D.-1.365",
            "GS.OK029.00.HHZ.D.2014.47",
            "GS.OK029.00.HHZ.D.2014.+47",
            "GS.OK029.00.HHZ.D.02014.047",
        ] {
            assert!(DayFile::of(name.into()).is_none(), "{name}");
        }
    }
}
