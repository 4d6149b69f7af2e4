//! How the day files of an archive are named, and in which folders they lie.
//!
//! An empty location is written as nothing; archives from elsewhere that write `--` or two blanks are read as well.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::sought::Sought;
use crate::code::Code;
use crate::waveform::Nslc;

/// Years that a day file can have: those that a header of miniSEED 2 may name.
pub(super) const YEARS: RangeInclusive<i32> = 1900..=2100;

/// How the day files of an archive are named, each the record of one channel on one day (UTC).
///
/// Those of data centres are as their pages say; they were not tried on the real buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY` (SeisComP Data Structure 1.0,
    /// <https://seiscomp.de/seiscomp3/doc/applications/slarchive/SDS.html>).
    #[default]
    Sds,
    /// `YEAR/YEAR_DAY/NETSTA__CHANLC_YEARDAY.ms` below `s3://scedc-pds/continuous_waveforms`: network 2, station 5,
    /// channel 3 and location 2 letters, filled up with `_` (Southern California Earthquake Data Center,
    /// <https://scedc.caltech.edu/cloud/>).
    Scedc,
    /// `NET/YEAR/YEAR.DAY/STA.NET.CHAN.LOC.D.YEAR.DAY` below `s3://ncedc-pds/continuous_waveforms` (Northern
    /// California Earthquake Data Center, <https://ncedc.org/db/cloud.html>).
    Ncedc,
}

impl Layout {
    pub const ALL: [Self; 3] = [Self::Sds, Self::Scedc, Self::Ncedc];

    /// Folders between an archive's root and a day file.
    pub(super) fn n_folders(self) -> usize {
        match self {
            Self::Sds => N_FOLDERS,
            Self::Scedc => 2,
            Self::Ncedc => 3,
        }
    }

    /// The folder of a stream's day file.
    pub(super) fn folder_of(self, root: &Path, stream: &Nslc, day: NaiveDate) -> PathBuf {
        let (year, number) = (day.year(), day.ordinal());
        match self {
            Self::Sds => folder_of(root, stream, 'D', year),
            Self::Scedc => root.join(format!("{year}/{year}_{number:03}")),
            Self::Ncedc => root.join(format!("{}/{year}/{year}.{number:03}", stream.network())),
        }
    }

    /// What the names of a station's day files begin with, in the folder of a day or a channel.
    pub(super) fn start_of(self, network: &Code, station: &Code) -> String {
        match self {
            Self::Sds => format!("{network}.{station}."),
            Self::Scedc => format!("{:_<2}{:_<5}", network.as_str(), station.as_str()),
            Self::Ncedc => format!("{station}.{network}."),
        }
    }

    /// What the file of a stream's day may be called, the usual name first.
    pub(super) fn names_of(self, stream: &Nslc, day: NaiveDate) -> Vec<String> {
        let (year, number) = (day.year(), day.ordinal());
        let [net, sta, loc, cha] = [
            stream.network(),
            stream.station(),
            stream.location(),
            stream.channel(),
        ]
        .map(Code::as_str);
        let locations = written(loc);
        match self {
            Self::Sds => names_of(stream, 'D', day).collect(),
            Self::Scedc => vec![format!(
                "{net:_<2}{sta:_<5}{cha:_<3}{loc:_<2}_{year}{number:03}.ms"
            )],
            Self::Ncedc => locations
                .map(|loc| format!("{sta}.{net}.{cha}.{loc}.D.{year}.{number:03}"))
                .collect(),
        }
    }

    /// The day file that a name tells of; `None` where it does not belong to an archive of this layout.
    pub(super) fn day_file(self, path: PathBuf) -> Option<DayFile> {
        let name = path.file_name()?.to_str()?;
        let (codes, year, day) = match self {
            Self::Sds => {
                let [net, sta, loc, cha, "D", year, day] = name.split('.').collect::<Vec<_>>()[..]
                else {
                    return None;
                };
                ([net, sta, loc, cha], year, day)
            }
            Self::Scedc => {
                let name = name
                    .strip_suffix(".ms")
                    .filter(|name| name.len() == 20 && name.is_ascii())?;
                let code = |from: usize, to: usize| name[from..to].trim_end_matches('_');
                let codes = [code(0, 2), code(2, 7), code(10, 12), code(7, 10)];
                (&name[12..13] == "_").then_some((codes, &name[13..17], &name[17..]))?
            }
            Self::Ncedc => {
                let [sta, net, cha, loc, "D", year, day] = name.split('.').collect::<Vec<_>>()[..]
                else {
                    return None;
                };
                ([net, sta, loc, cha], year, day)
            }
        };
        // No reader of an archive would find `.47` for `.047`.
        let number = |text: &str, n: usize| {
            let is_number = text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| text.parse::<u16>().ok()).flatten()
        };
        let year = i32::from(number(year, 4)?);
        let day = u32::from(number(day, 3)?);
        let day = NaiveDate::from_yo_opt(year, day).filter(|_| YEARS.contains(&year))?;
        let [network, station, location, channel] = codes;
        let stream = Nslc::new(network, station, location, channel).ok()?;
        // A reader looks for names as they are written here.
        let is_found =
            stream.is_complete() && self.names_of(&stream, day).iter().any(|n| n == name);
        is_found.then_some(DayFile { stream, day, path })
    }

    /// Whether a name can be that of a folder of its level: a year, a network, a station, a day, or a channel with its
    /// type. Little else is walked where a link leads out of the archive.
    pub(super) fn is_folder(self, level: usize, name: &str) -> bool {
        let is_code = |name: &str| Code::needed(name).is_ok();
        match (self, level) {
            (Self::Sds | Self::Scedc, 0) | (Self::Ncedc, 1) => year_of(name).is_some(),
            (Self::Sds, 1 | 2) | (Self::Ncedc, 0) => is_code(name),
            // Without its type it is a mistake, and what lies there is named.
            (Self::Sds, _) => is_code(name.strip_suffix(".D").unwrap_or(name)),
            (Self::Scedc, _) => day_of(name, '_').is_some(),
            (Self::Ncedc, _) => day_of(name, '.').is_some(),
        }
    }

    /// Whether what lies in a folder above those of day files, and is no folder of its level, is a mistake that a plan
    /// tells of. Beside the years other things may lie, such as an index; beside waveforms SDS has other types of data.
    pub(super) fn is_odd(self, level: usize, name: &str, is_folder: bool) -> bool {
        if !is_folder {
            return self.day_file(name.into()).is_some();
        }
        match (self, level) {
            _ if name.starts_with('.') => false,
            (_, 0) => name.starts_with(|c: char| c.is_ascii_digit()),
            (Self::Sds, 3) => !Path::new(name)
                .extension()
                .is_some_and(|kind| ["E", "C", "R", "T", "L", "O"].iter().any(|k| kind == *k)),
            _ => true,
        }
    }

    /// Whether files that are sought may lie below a folder of its level, so far as its name tells.
    pub(super) fn may_hold(self, level: usize, name: &str, sought: &Sought) -> bool {
        let has_year = |name: &str| {
            year_of(name).is_some_and(|year| {
                let first = NaiveDate::from_ymd_opt(year, 1, 1);
                let last = NaiveDate::from_ymd_opt(year, 12, 31);
                first
                    .zip(last)
                    .is_some_and(|(first, last)| sought.has_days(first, last))
            })
        };
        let has_day =
            |name: &str, dot: char| day_of(name, dot).is_some_and(|day| sought.has_days(day, day));
        match (self, level) {
            (Self::Sds | Self::Scedc, 0) | (Self::Ncedc, 1) => has_year(name),
            (Self::Sds, 1) | (Self::Ncedc, 0) => sought.has_network(name),
            (Self::Sds, 2) => sought.has_station(name),
            (Self::Sds, _) => true,
            (Self::Scedc, _) => has_day(name, '_'),
            (Self::Ncedc, _) => has_day(name, '.'),
        }
    }

    /// Levels of folders by whose names a listing is narrowed.
    pub(super) fn n_narrowed(self, sought: &Sought) -> usize {
        let has_times = sought.from.is_some() || sought.to.is_some();
        let has_stations = !sought.streams.is_empty();
        match self {
            Self::Sds if has_stations => 3,
            Self::Sds => usize::from(has_times),
            Self::Scedc if has_times => 2,
            Self::Scedc => 0,
            Self::Ncedc if has_times => 3,
            Self::Ncedc => usize::from(has_stations),
        }
    }

    /// The layout, as a message names it.
    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Self::Sds => "YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY",
            Self::Scedc => "YEAR/YEAR_DAY/NETSTA__CHANLC_YEARDAY.ms",
            Self::Ncedc => "NET/YEAR/YEAR.DAY/STA.NET.CHAN.LOC.D.YEAR.DAY",
        }
    }

    /// Whether a day file lies in the folder of what it is called after.
    pub(super) fn is_in_place(self, root: &Path, file: &DayFile) -> bool {
        file.path.parent() == Some(&self.folder_of(root, &file.stream, file.day))
    }
}

fn year_of(name: &str) -> Option<i32> {
    name.parse().ok().filter(|year| YEARS.contains(year))
}

/// The day of a folder such as `2016_183`.
fn day_of(name: &str, dot: char) -> Option<NaiveDate> {
    let (year, day) = name.split_once(dot).filter(|(_, day)| day.len() == 3)?;
    NaiveDate::from_yo_opt(year_of(year)?, day.parse().ok()?)
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sds => "sds",
            Self::Scedc => "scedc",
            Self::Ncedc => "ncedc",
        })
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |layout: &Self| layout.to_string() == text;
        let expected = || "expected sds, scedc or ncedc".into();
        Self::ALL.into_iter().find(named).ok_or_else(expected)
    }
}

/// The file of a stream's day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DayFile {
    pub stream: Nslc,
    pub day: NaiveDate,
    pub path: PathBuf,
}

impl DayFile {
    /// A file of the SDS layout; `None` where it does not belong to such an archive.
    pub fn of(path: PathBuf) -> Option<Self> {
        Layout::Sds.day_file(path)
    }

    /// The folder of the SDS archive in which the file lies, if it is in place.
    pub fn root(&self) -> Option<&Path> {
        let root = self.path.ancestors().nth(N_FOLDERS + 1)?;
        Layout::Sds.is_in_place(root, self).then_some(root)
    }

    /// Whether it lies in the folder of its year, station and channel in an SDS archive.
    pub fn is_in_place(&self) -> bool {
        self.root().is_some()
    }

    /// What is wrong where it does not lie in its folder.
    pub fn what_is_misplaced(&self, layout: Layout) -> String {
        let folder = layout.folder_of(Path::new(""), &self.stream, self.day);
        format!(
            "a day file of {} in another folder than {}, and so not read: move it there, or name it after what it holds",
            self.stream,
            folder.display()
        )
    }
}

/// Folders between an SDS archive's root and a day file: year, network, station and channel.
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
    if usual.symlink_metadata().is_ok() {
        return usual;
    }
    let there = possible.find(|other| other.symlink_metadata().is_ok());
    there.unwrap_or(usual)
}

/// How a location may be written, the usual way first.
fn written(location: &str) -> impl Iterator<Item = &str> {
    let others: &[&str] = if location.is_empty() {
        &["--", "  "]
    } else {
        &[]
    };
    [location].into_iter().chain(others.iter().copied())
}

/// What the file of a stream's day may be called, the usual name first.
pub(super) fn names_of(stream: &Nslc, kind: char, day: NaiveDate) -> impl Iterator<Item = String> {
    written(stream.location()).map(move |location| {
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
mod tests;
