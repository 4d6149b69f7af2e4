//! Which streams and day files an archive holds around a span.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::{Archive, DayFile, layout};
use crate::error::Result;
use crate::time::{Time, TimeSpan};
use crate::waveform::Nslc;

/// A record may reach so many days out of the day whose file holds it: at 0.1 Hz a record of 4096 bytes
/// lasts most of a day.
pub(super) const N_DAYS_AROUND: u64 = 8;

impl Archive {
    /// The station's streams with day files in a span's years, sorted.
    pub(super) fn channels(&self, start: Time, end: Time) -> Result<BTreeSet<Nslc>> {
        let around = TimeDelta::days(self.n_days_around as i64);
        let first = start.checked_sub_signed(around).unwrap_or(start);
        let last = end.checked_add_signed(around).unwrap_or(end);
        let years = self.years()?;
        let within = |year: &&i32| (first.year()..=last.year()).contains(*year);
        let mut channels = BTreeSet::new();
        for year in years.iter().filter(within) {
            channels.extend(self.channels_of(*year)?);
        }
        Ok(channels)
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
        let most = chrono::Days::new(self.n_days_around);
        let earliest = first.checked_sub_days(most).unwrap_or(first);
        let latest = last.checked_add_days(most).unwrap_or(last);
        // Day files are of years that a miniSEED header can name.
        let (from, to) = (layout::YEARS.start(), layout::YEARS.end());
        let mut years = BTreeMap::new();
        for year in earliest.year().max(*from)..=latest.year().min(*to) {
            let folder = layout::folder_of(&self.root, stream, 'D', year);
            let names = self.folders.names(&folder)?;
            years.insert(year, (folder, names));
        }
        let there = |day: NaiveDate| {
            let (folder, names) = years.get(&day.year())?;
            let mut possible = layout::names_of(stream, 'D', day);
            let name = possible.find(|name| names.binary_search(name).is_ok())?;
            Some(folder.join(name))
        };
        let before = around().find_map(|n| there(first.checked_sub_days(n)?));
        let after = around().find_map(|n| there(last.checked_add_days(n)?));
        let begin = years
            .keys()
            .next()
            .and_then(|y| NaiveDate::from_yo_opt(*y, 1));
        let days = first.max(begin.unwrap_or(first)).iter_days();
        let days = days.take_while(|day| *day <= last && day.year() <= *to);
        let within = days.filter_map(there);
        Ok(before.into_iter().chain(within).chain(after).collect())
    }

    /// The station's day files that may reach into a span, sorted by path.
    pub(crate) fn day_files(&self, span: &TimeSpan) -> Result<Vec<DayFile>> {
        let mut files = Vec::new();
        for stream in self.channels(span.start, span.end)? {
            let around = self.files_around(&stream, span.start, span.end)?;
            files.extend(around.into_iter().filter_map(DayFile::of));
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The smallest sampling rate at a time, or else around it; infinite where there is no record.
    pub(super) fn rate_hz(&self, time: Time, channels: &BTreeSet<Nslc>) -> Result<f64> {
        let mut smallest = f64::INFINITY;
        for stream in channels {
            let file = self.day_file(stream, time.date_naive());
            if let Some(rate) = self.days.rate_hz(stream, &file)? {
                smallest = smallest.min(rate);
            }
        }
        if smallest.is_infinite() {
            for stream in channels {
                for file in self.files_around(stream, time, time)? {
                    let rate = self.days.rate_hz(stream, &file)?;
                    smallest = rate.map_or(smallest, |rate| smallest.min(rate));
                }
            }
        }
        Ok(smallest.max(1e-3))
    }

    /// The years that have a folder in the archive.
    pub(super) fn years(&self) -> Result<Vec<i32>> {
        let names = self.folders.names(&self.root)?;
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
        let names = self.folders.names(&dir)?;
        let channels = names.iter().filter_map(|name| name.strip_suffix(".D"));
        Ok(channels
            .filter_map(|channel| self.stream(channel))
            .collect())
    }
}
