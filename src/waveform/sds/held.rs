//! What an archive holds instead, where nothing that was sought is there.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};

use super::layout::{self, DayFile, Layout};
use super::listing::Held;
use super::nothing::{named, names_of, without_day_files};
use super::{Archive, DayFiles};
use crate::code_pattern::NslcPattern;
use crate::error::{Error, Result, fail};
use crate::time::{self, TimeSpan};
use crate::waveform::Nslc;
use crate::waveform::assemble::has_three_components;
use crate::waveform::mseed::{Fault, FaultKind};

/// The extent of a file is known to within one interval of its samples.
const NEAR: TimeDelta = TimeDelta::seconds(1);

impl Archive {
    /// Every stream with day files in the folder, of any station, sorted; in a bucket, of this station.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read.
    pub fn held_streams(&self) -> Result<Vec<Nslc>> {
        let streams = self.listed()?;
        Ok(streams
            .iter()
            .map(|files| files[0].stream.clone())
            .collect())
    }

    /// The day files of every stream; of a bucket, those of the station around the time that was told.
    pub(super) fn held_files(&self, unread: &mut dyn FnMut(Error)) -> Result<Held> {
        self.storage.held(self.layout, &self.sought, unread)
    }

    /// The day files of every stream. Those of the station, or in its folders, that lie in another channel's folder
    /// are faults.
    fn listed(&self) -> Result<Vec<DayFiles>> {
        // Reading tells of a folder that may not be read.
        let held = self.held_files(&mut |_| ())?;
        let ours = held
            .misplaced
            .into_iter()
            .filter(|file| self.is_of_station(file));
        let faults = ours.map(|file| misplaced_fault(file, self.layout));
        faults.for_each(|fault| self.days.note_of_day(fault));
        Ok(held.streams.to_vec())
    }

    /// Whether a day file is called after the station, or lies in its folders.
    fn is_of_station(&self, file: &DayFile) -> bool {
        let of = &self.choice;
        let is_called =
            (file.stream.network(), file.stream.station()) == (&of.network, &of.station);
        let mut folders = file.path.ancestors().skip(2).filter_map(Path::file_name);
        is_called
            || [&of.station, &of.network]
                .iter()
                .all(|code| folders.next().is_some_and(|folder| folder == code.as_str()))
    }

    /// What was sought and what is there.
    ///
    /// `sought CX.PB01..hh*; the archive has CX.PB01..HHE, ...`; where it has the channels, but at other times than
    /// in `span`, it says so, and at which.
    ///
    /// # Errors
    /// As [`Archive::held_streams`].
    pub fn sought_and_held(&self, span: Option<&TimeSpan>) -> Result<String> {
        let (sought, all) = (NslcPattern::from(&self.choice), self.listed()?);
        let is_sought = |files: &&DayFiles| sought.admits(&files[0].stream);
        let ours: Vec<&DayFiles> = all.iter().filter(is_sought).collect();
        if ours.is_empty() {
            return Ok(match all.len() {
                0 if self.storage.is_remote() => {
                    format!("sought {sought}; the archive has no day file of it at these times")
                }
                0 => format!(
                    "sought {sought}; the archive has no day file (a link is none; the folder is that of the years)"
                ),
                _ => format!("sought {sought}; the archive has {}", names_of(&all)),
            });
        }
        let held = named(ours.iter().map(|files| days_of(files)));
        let Some(span) = span else {
            return Ok(format!("sought {sought}; the archive has {held}"));
        };
        let is_near = |file: &DayFile| {
            let near = self.reach(file.day);
            near.start < span.end && span.start < near.end
        };
        let (from, to) = (time::iso(span.start), time::iso(span.end));
        Ok(match ours.iter().any(|files| files.iter().any(is_near)) {
            true => format!("sought {sought} from {from} to {to}; the archive has {held}"),
            false => format!(
                "the channels are there, but not at this time: sought {sought} from {from} to {to}; the archive has {held}"
            ),
        })
    }

    /// # Errors
    /// [`crate::Error::Waveform`] where the folder is no archive, or where the streams that were sought, at any time,
    /// are none of the archive or have no three components; it says what was sought and what is there.
    pub fn check_sought(&self) -> Result<()> {
        let sought = NslcPattern::from(&self.choice);
        let held = self.held_streams()?;
        let ours: Vec<&Nslc> = held.iter().filter(|held| sought.admits(held)).collect();
        if has_three_components(&ours) {
            return Ok(());
        }
        let told = self.sought_and_held(None)?;
        let (what, remedy) = match held.is_empty() {
            true => without_day_files(&self.root, self.layout),
            false if ours.is_empty() => (
                told,
                "Give the codes as the archive has them: capital and small letters differ".into(),
            ),
            false => (
                format!("three components of one band are needed, such as HHE, HHN and HHZ: {told}"),
                "Fetch the components that are missing, or give channels of which all three are there".into(),
            ),
        };
        Err(fail!(Waveform, self.root.display(), what, remedy))
    }

    /// The parts of a span into which records of the station's day files may reach.
    pub(super) fn spans_of_files(&self, span: &TimeSpan) -> Result<Vec<TimeSpan>> {
        let mut days = BTreeSet::new();
        let (first, last) = self.days_around(span.start, span.end);
        if self.layout != Layout::Sds {
            let files = self.files_of_days(first, last)?;
            days.extend(files.into_iter().map(|file| file.day));
            return Ok(self.reached(days, span));
        }
        let years = self.years()?.into_iter();
        let years: Vec<i32> = years
            .filter(|year| (first.year()..=last.year()).contains(year))
            .collect();
        for stream in self.channels(span.start, span.end)? {
            for year in &years {
                let folder = layout::folder_of(&self.root, &stream, 'D', *year);
                let names = self.storage.names(&folder, "")?;
                let files = names.iter().map(|name| folder.join(name));
                let files = files.filter_map(DayFile::of);
                days.extend(
                    files
                        .filter(|file| file.stream == stream)
                        .map(|file| file.day),
                );
            }
        }
        Ok(self.reached(days, span))
    }

    /// The parts of a span into which records of days may reach.
    fn reached(&self, days: BTreeSet<NaiveDate>, span: &TimeSpan) -> Vec<TimeSpan> {
        let mut spans: Vec<TimeSpan> = Vec::new();
        for near in days.into_iter().map(|day| self.reach(day)) {
            let (start, end) = (near.start.max(span.start), near.end.min(span.end));
            match spans.last_mut() {
                _ if start > end => {}
                Some(last) if start <= last.end => last.end = end,
                _ => spans.push(TimeSpan { start, end }),
            }
        }
        spans
    }

    /// The time into which records of a day's file may reach.
    fn reach(&self, day: NaiveDate) -> TimeSpan {
        let midnight = day.and_time(NaiveTime::MIN).and_utc();
        let days = |n: u64| TimeDelta::days(n as i64);
        TimeSpan {
            start: midnight - days(self.n_days_around),
            end: midnight + days(self.n_days_around + 1),
        }
    }

    /// Notes as faults the day files of which records lie out of reach of their day, as far as the reader has met them.
    pub(crate) fn note_other_days(&self, files: &[DayFile]) {
        let outside = files.iter().filter_map(|file| {
            let (first, last) = self.days.extent(&file.path)?;
            let reach = self.reach(file.day);
            let time = match (first < reach.start - NEAR, reach.end + NEAR < last) {
                (true, _) => first,
                (false, true) => last,
                (false, false) => return None,
            };
            Some(Fault {
                what: format!(
                    "records of {}, in the day file of {}: not read",
                    time.date_naive(),
                    file.day
                ),
                file: file.path.display().to_string(),
                byte: 0,
                n_bytes: 0,
                stream: Some(file.stream.clone()),
                time: Some(time),
                kind: FaultKind::OtherTime,
            })
        });
        outside.for_each(|fault| self.days.note_of_day(fault));
    }
}

/// `CX.PB01..HHZ of 2014-05-01 to 2014-05-03 (3 days)`
fn days_of(files: &DayFiles) -> String {
    let (first, last) = (&files[0], &files[files.len() - 1]);
    let stream = &first.stream;
    match files.len() {
        1 => format!("{stream} of {}", first.day),
        n => format!("{stream} of {} to {} ({n} days)", first.day, last.day),
    }
}

fn misplaced_fault(file: DayFile, layout: Layout) -> Fault {
    Fault {
        what: file.what_is_misplaced(layout),
        file: file.path.display().to_string(),
        byte: 0,
        n_bytes: 0,
        stream: None,
        time: None,
        kind: FaultKind::OtherStream,
    }
}
