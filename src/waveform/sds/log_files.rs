//! An archive's ledger on disk.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};

use super::Archive;
use super::cover::cover;
use super::log::{DownloadLog, LogEntry, MissingSpan};
use super::storage::INDEX;
use crate::atomic_file::{self, write_below};
use crate::code_pattern::StationChoice;
use crate::error::Result;
use crate::time::{Time, TimeSpan};
use crate::waveform::merge::merge_layers;
use crate::waveform::{Nslc, Trace, mseed};

const FOLDER: &str = "ledger";

/// SDS's types of data that are written here: waveforms, and what contradicts them.
const KINDS: [char; 2] = ['D', 'O'];

impl Archive {
    /// The account of a stream over a span's years. An archive without a ledger is looked through:
    /// what its files hold has arrived.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file cannot be read.
    pub fn download_log(&self, stream: &Nslc, span: TimeSpan) -> Result<DownloadLog> {
        let mut all = DownloadLog::default();
        for year in years(span) {
            let (of_year, _) = self.log_of(stream, year)?;
            all.n_unreadable += of_year.n_unreadable;
            for entry in of_year.entries() {
                all.push(entry.clone());
            }
        }
        Ok(all)
    }

    /// What the archive does not hold of its channels in a span, and why. A channel that is neither
    /// in the ledger nor in the years' folders is not known to be missing.
    ///
    /// # Errors
    /// As [`Archive::download_log`].
    pub fn missing(&self, span: TimeSpan) -> Result<Vec<MissingSpan>> {
        let mut missing = Vec::new();
        for stream in self.streams(span)? {
            let ledger = self.download_log(&stream, span)?;
            missing.extend(ledger.missing(span).into_iter().map(|entry| MissingSpan {
                stream: stream.clone(),
                entry,
            }));
        }
        Ok(missing)
    }

    /// The streams with files or a ledger in the span's years.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a folder cannot be read.
    pub fn streams(&self, span: TimeSpan) -> Result<Vec<Nslc>> {
        let mut channels = BTreeSet::new();
        for year in years(span) {
            channels.extend(self.channels_of(year)?);
            let StationChoice {
                network,
                station,
                location,
                ..
            } = &self.choice;
            let before = format!("{network}.{station}.{location}.");
            let after = format!(".{year}.csv");
            for name in atomic_file::names(&self.root.join(FOLDER))? {
                if let Some(channel) = name
                    .strip_prefix(&before)
                    .and_then(|name| name.strip_suffix(&after))
                    && let Some(stream) = self.stream(channel)
                {
                    channels.insert(stream);
                }
            }
        }
        Ok(channels.into_iter().collect())
    }

    /// Makes the ledger's files of a span, so that what is asked from now on is told from what the
    /// archive held before; forgets what was written into files that are gone; and removes what
    /// killed processes left unfinished.
    pub(crate) fn open_log(&self, stream: &Nslc, span: TimeSpan) -> Result<()> {
        let _locked = self.lock_folder()?;
        atomic_file::remove_unfinished(&self.root.join(FOLDER));
        // A process that is writing an index now does without it.
        atomic_file::remove_unfinished(&self.root.join(INDEX));
        for year in years(span) {
            let path = self.log_file(stream, year);
            let (ledger, is_new) = self.log_of(stream, year)?;
            if is_new {
                write_below(&self.root, &path, ledger.to_csv().as_bytes())?;
            }
            for file in days(year)
                .take(1)
                .flat_map(|day| KINDS.map(|k| self.file(stream, k, day)))
            {
                file.parent().map(atomic_file::remove_unfinished);
            }
        }
        Ok(())
    }

    /// The account of a year, without what was written into files that are gone; and whether the file
    /// says otherwise.
    fn log_of(&self, stream: &Nslc, year: i32) -> Result<(DownloadLog, bool)> {
        let known = DownloadLog::read(&self.log_file(stream, year))?;
        let mut ledger = match &known {
            Some(ledger) => ledger.clone(),
            None => self.look_through(stream, year)?,
        };
        for day in days(year) {
            if !self.day_file(stream, day).is_file() {
                ledger.forget_files(of_day(day));
            }
        }
        let is_new = known.as_ref() != Some(&ledger);
        Ok((ledger, is_new))
    }

    /// Writes down what became of a span within one year.
    pub(crate) fn account(
        &self,
        stream: &Nslc,
        span: TimeSpan,
        entries: Vec<LogEntry>,
    ) -> Result<()> {
        let _locked = self.lock_folder()?;
        let path = self.log_file(stream, span.start.year());
        let mut ledger = DownloadLog::read(&path)?.unwrap_or_default();
        ledger.record(span, entries);
        write_below(&self.root, &path, ledger.to_csv().as_bytes())
    }

    /// Forgets what is said to be there of a day, where its file no longer holds it.
    pub(super) fn forget_damaged(
        &self,
        stream: &Nslc,
        day: NaiveDate,
        held: &[Trace],
    ) -> Result<()> {
        let path = self.log_file(stream, day.year());
        let Some(mut ledger) = DownloadLog::read(&path)? else {
            return Ok(());
        };
        let mut held = cover(held, of_day(day));
        held.retain(|entry| entry.outcome.is_there());
        ledger.keep_held(of_day(day), &held);
        write_below(&self.root, &path, ledger.to_csv().as_bytes())
    }

    fn log_file(&self, stream: &Nslc, year: i32) -> PathBuf {
        self.root.join(FOLDER).join(format!("{stream}.{year}.csv"))
    }

    /// The station's stream of that channel, if its code is one and was chosen.
    pub(super) fn stream(&self, channel: &str) -> Option<Nslc> {
        let StationChoice {
            network,
            station,
            location,
            channels,
        } = &self.choice;
        let stream = Nslc::new(network, station, location, channel).ok()?;
        (channels.admits(channel) && stream.is_complete()).then_some(stream)
    }

    /// What a year's day files hold.
    fn look_through(&self, stream: &Nslc, year: i32) -> Result<DownloadLog> {
        let mut ledger = DownloadLog::default();
        // A day's last record may reach into the next.
        let mut day_before: Vec<Trace> = Vec::new();
        for day in days(year) {
            let file = self.day_file(stream, day);
            let of_this = match atomic_file::read_regular(&file)? {
                // What is damaged is not there: it will be asked for.
                Some(bytes) => {
                    let inspected = mseed::read_lenient(&bytes, &file.display().to_string());
                    self.days.note(&inspected.faults);
                    let traces = inspected.traces.into_iter();
                    traces.filter(|trace| trace.id == *stream).collect()
                }
                None => Vec::new(),
            };
            let both = day_before.iter().chain(&of_this).cloned().collect();
            for entry in cover(&merge_layers(both).0, of_day(day)) {
                if entry.outcome.is_there() {
                    ledger.push(entry);
                }
            }
            day_before = of_this;
        }
        Ok(ledger)
    }
}

fn years(span: TimeSpan) -> std::ops::RangeInclusive<i32> {
    let last = (span.end - TimeDelta::nanoseconds(1)).max(span.start);
    span.start.year()..=last.year()
}

fn days(year: i32) -> impl Iterator<Item = NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1);
    first
        .into_iter()
        .flat_map(|day| day.iter_days())
        .take_while(move |day| day.year() == year)
}

fn of_day(day: NaiveDate) -> TimeSpan {
    let midnight = |day: NaiveDate| -> Time { day.and_time(NaiveTime::MIN).and_utc() };
    TimeSpan {
        start: midnight(day),
        end: midnight(day + TimeDelta::days(1)),
    }
}
