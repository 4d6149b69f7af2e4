//! Which streams and day files an archive holds around a span.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::layout::Layout;
use super::{Archive, DayFile, layout};
use crate::code_pattern::NslcPattern;
use crate::error::Result;
use crate::time::{Time, TimeSpan};
use crate::waveform::Nslc;

/// A record may reach so many days out of the day whose file holds it: at 0.1 Hz a record of 4096 bytes
/// lasts most of a day.
pub(super) const N_DAYS_AROUND: u64 = 8;

impl Archive {
    /// The station's streams with day files around a span, sorted.
    pub(super) fn channels(&self, start: Time, end: Time) -> Result<BTreeSet<Nslc>> {
        let (first, last) = self.days_around(start, end);
        if self.layout != Layout::Sds {
            let files = self.files_of_days(first, last)?;
            return Ok(files.into_iter().map(|file| file.stream).collect());
        }
        let years = self.years()?;
        let within = |year: &&i32| (first.year()..=last.year()).contains(*year);
        let mut channels = BTreeSet::new();
        for year in years.iter().filter(within) {
            channels.extend(self.channels_of(*year)?);
        }
        Ok(channels)
    }

    /// The first and last day whose files may reach into a span.
    pub(super) fn days_around(&self, start: Time, end: Time) -> (NaiveDate, NaiveDate) {
        let around = TimeDelta::days(self.n_days_around as i64);
        let first = start.checked_sub_signed(around).unwrap_or(start);
        let last = end.checked_add_signed(around).unwrap_or(end);
        (first.date_naive(), last.date_naive())
    }

    /// The station's day files of days, where each day has a folder.
    pub(super) fn files_of_days(&self, first: NaiveDate, last: NaiveDate) -> Result<Vec<DayFile>> {
        let of = &self.choice;
        let start = self.layout.start_of(&of.network, &of.station);
        let sought = NslcPattern::from(of);
        let any = Nslc::new(&of.network, &of.station, "", "")?;
        let mut files = Vec::new();
        for day in days(first, last) {
            let folder = self.layout.folder_of(&self.root, &any, day);
            let names = self.storage.names(&folder, &start)?;
            let found = names
                .iter()
                .filter_map(|name| self.layout.day_file(folder.join(name)));
            files.extend(found.filter(|file| file.day == day && sought.admits(&file.stream)));
        }
        Ok(files)
    }

    /// The file of a stream's day, if there is one.
    fn file_there(&self, stream: &Nslc, day: NaiveDate) -> Result<Option<PathBuf>> {
        self.files_there(stream)(day)
    }

    /// Looks for the files of a stream's days. Each folder is looked into once.
    fn files_there(&self, stream: &Nslc) -> impl FnMut(NaiveDate) -> Result<Option<PathBuf>> {
        let start = self.layout.start_of(stream.network(), stream.station());
        let mut known: Option<(PathBuf, Arc<Vec<String>>)> = None;
        move |day| {
            // Day files are of years that a miniSEED header can name.
            if !layout::YEARS.contains(&day.year()) {
                return Ok(None);
            }
            let folder = self.layout.folder_of(&self.root, stream, day);
            let names = match &known {
                Some((known, names)) if *known == folder => names.clone(),
                _ => self.storage.names(&folder, &start)?,
            };
            let mut possible = self.layout.names_of(stream, day).into_iter();
            let name = possible.find(|name| names.binary_search(name).is_ok());
            let path = name.map(|name| folder.join(name));
            known = Some((folder, names));
            Ok(path)
        }
    }

    /// The day files of a stream that may reach into a span: of its days, and the next ones before and
    /// after.
    pub(super) fn files_around(
        &self,
        stream: &Nslc,
        start: Time,
        end: Time,
    ) -> Result<Vec<PathBuf>> {
        let (first, last) = (start.date_naive(), end.date_naive());
        let around = || (1..=self.n_days_around).map(chrono::Days::new);
        let mut there = self.files_there(stream);
        let mut next = |days: &mut dyn Iterator<Item = NaiveDate>| -> Result<Option<PathBuf>> {
            for day in days {
                if let Some(path) = there(day)? {
                    return Ok(Some(path));
                }
            }
            Ok(None)
        };
        let before = next(&mut around().filter_map(|n| first.checked_sub_days(n)))?;
        let after = next(&mut around().filter_map(|n| last.checked_add_days(n)))?;
        let mut files: Vec<PathBuf> = before.into_iter().collect();
        for day in days(first, last) {
            files.extend(there(day)?);
        }
        files.extend(after);
        Ok(files)
    }

    /// The station's day files that may reach into a span, but those that are too large to be read; sorted by path.
    pub(crate) fn day_files(&self, span: &TimeSpan) -> Result<Vec<DayFile>> {
        let mut files = Vec::new();
        for stream in self.channels(span.start, span.end)? {
            let around = self.files_around(&stream, span.start, span.end)?;
            files.extend(
                around
                    .into_iter()
                    .filter_map(|path| self.layout.day_file(path)),
            );
        }
        let is_too_large = |file: &DayFile| {
            let version = self.storage.version(&file.path);
            version.is_some_and(|version| version.why_too_large().is_some())
        };
        files.retain(|file| !is_too_large(file));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The smallest sampling rate at a time, or else around it; infinite where there is no record.
    pub(super) fn rate_hz(&self, time: Time, channels: &BTreeSet<Nslc>) -> Result<f64> {
        let mut smallest = f64::INFINITY;
        for stream in channels {
            let file = self.file_there(stream, time.date_naive())?;
            let rate = file.map(|file| self.days.rate_hz(stream, &file, time));
            if let Some(rate) = rate.transpose()?.flatten() {
                smallest = smallest.min(rate);
            }
        }
        if smallest.is_infinite() {
            for stream in channels {
                for file in self.files_around(stream, time, time)? {
                    let rate = self.days.rate_hz(stream, &file, time)?;
                    smallest = rate.map_or(smallest, |rate| smallest.min(rate));
                }
            }
        }
        Ok(smallest.max(1e-3))
    }

    /// The years that have a folder in the archive.
    pub(super) fn years(&self) -> Result<Vec<i32>> {
        let names = self.storage.names(&self.root, "")?;
        let years = names.iter().filter_map(|name| name.parse::<u16>().ok());
        Ok(years.map(i32::from).collect())
    }

    /// The year's channels of the station that match, sorted.
    pub(super) fn channels_of(&self, year: i32) -> Result<Vec<Nslc>> {
        let dir = self
            .root
            .join(year.to_string())
            .join(self.choice.network.as_str())
            .join(self.choice.station.as_str());
        let names = self.storage.names(&dir, "")?;
        let channels = names.iter().filter_map(|name| name.strip_suffix(".D"));
        Ok(channels
            .filter_map(|channel| self.stream(channel))
            .collect())
    }
}

/// The days from one to another that a day file can have.
fn days(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let (from, to) = (*layout::YEARS.start(), *layout::YEARS.end());
    let begin = NaiveDate::from_yo_opt(from, 1).unwrap_or(first);
    let days = first.max(begin).iter_days();
    days.take_while(move |day| *day <= last && day.year() <= to)
}
