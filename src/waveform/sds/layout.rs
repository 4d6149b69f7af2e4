//! Where day files lie: `YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY`.
//!
//! An empty location is written as nothing; archives from elsewhere that write `--` are read as well.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use chrono::{Datelike, NaiveDate};

use super::lock;
use crate::error::{Error, Result};
use crate::waveform::Nslc;

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
        let day = NaiveDate::from_yo_opt(year.parse().ok()?, day.parse().ok()?)?;
        let stream = Nslc::new(network, station, location, channel).ok()?;
        stream.is_complete().then_some(Self { stream, day, path })
    }
}

/// Where a stream's day of one of SDS's types of data lies, or would lie.
pub(super) fn path_of(root: &Path, stream: &Nslc, kind: char, day: NaiveDate) -> PathBuf {
    let (network, station) = (stream.network(), stream.station());
    let (location, channel) = (stream.location(), stream.channel());
    let (year, day) = (day.year(), day.ordinal());
    let folder = root.join(format!("{year}/{network}/{station}/{channel}.{kind}"));
    let named = |location: &str| {
        folder.join(format!(
            "{network}.{station}.{location}.{channel}.{kind}.{year}.{day:03}"
        ))
    };
    let usual = named(location);
    if location.is_empty() && usual.symlink_metadata().is_err() {
        let dashed = named("--");
        if dashed.symlink_metadata().is_ok() {
            return dashed;
        }
    }
    usual
}

/// The day files below a folder; a folder that has not changed is not read again.
#[derive(Debug, Default)]
pub(crate) struct Listing(Mutex<HashMap<PathBuf, Listed>>);

/// Files of one folder, as they were when it was last changed.
#[derive(Debug)]
struct Listed {
    changed: SystemTime,
    files: Arc<Vec<DayFile>>,
}

/// A folder that was changed so shortly ago may change once more within one tick of the file system's clock.
const SETTLED: Duration = Duration::from_secs(2);

impl Listing {
    /// The day files of the wanted streams in these years, by stream and day.
    ///
    /// # Errors
    /// [`Error::Io`] where a folder cannot be read.
    pub fn day_files(
        &self,
        root: &Path,
        years: RangeInclusive<i32>,
        wanted: &dyn Fn(&Nslc) -> bool,
    ) -> Result<Vec<DayFile>> {
        let is_wanted = |year: &PathBuf| {
            let name = year.file_name().and_then(|name| name.to_str());
            let year = name.and_then(|name| name.parse::<u16>().ok());
            year.is_some_and(|year| years.contains(&i32::from(year)))
        };
        let mut files = Vec::new();
        for year in folders(root)?.into_iter().filter(is_wanted) {
            for network in folders(&year)? {
                for station in folders(&network)? {
                    for channel in folders(&station)? {
                        let of_channel = self.files(channel)?;
                        let of_channel = of_channel.iter().filter(|file| wanted(&file.stream));
                        files.extend(of_channel.cloned());
                    }
                }
            }
        }
        files.sort_by(|a, b| (&a.stream, a.day).cmp(&(&b.stream, b.day)));
        Ok(files)
    }

    fn files(&self, folder: PathBuf) -> Result<Arc<Vec<DayFile>>> {
        let data = folder.metadata().map_err(Error::io(&folder))?;
        let changed = data.modified().map_err(Error::io(&folder))?;
        if let Some(listed) = lock(&self.0).get(&folder)
            && listed.changed == changed
        {
            return Ok(listed.files.clone());
        }
        let files: Vec<_> = entries(&folder)?
            .into_iter()
            .filter_map(DayFile::of)
            .collect();
        let files = Arc::new(files);
        if changed.elapsed().is_ok_and(|age| age >= SETTLED) {
            let files = files.clone();
            lock(&self.0).insert(folder, Listed { changed, files });
        }
        Ok(files)
    }
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = entries(path)?;
    found.retain(|path| path.is_dir());
    Ok(found)
}

fn entries(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path).map_err(Error::io(path))?;
    entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(Error::io(path)))
        .collect()
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
        ] {
            assert!(DayFile::of(name.into()).is_none(), "{name}");
        }
    }
}
