//! A folder of day files in the SDS layout, `YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY`
//! (SeisComP Data Structure), each a file of miniSEED.
//!
//! Beside the years lies `ledger/`, one file a stream and year: what was asked of a data centre,
//! what arrived, and what is missing and why. `index/` says where in each day file a time lies: it is written by
//! whoever looks first, if there is such a folder, and may be removed at any time.

mod add;
mod index;
mod log;
mod log_files;
mod part;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::atomic_file::{self, write_below, write_whole};
use crate::code_pattern::StationChoice;
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::merge::{merge_layers, without_contradictions};
use crate::waveform::mseed::Fault;
use crate::waveform::{Nslc, Record3C, Segment, Trace, WaveformSource, merge, mseed};

use index::Indices;

pub use add::Added;
pub(crate) use log::cover;
pub use log::{Entry, Ledger, Missing, Outcome};

/// One station's day files.
///
/// A record costs the decoding of the miniSEED records that it lies in, not of their day: where those lie
/// is looked up once a file, or, with a folder `index`, once and for all: [`Archive::create`] makes one,
/// and an archive from elsewhere stays as it is until it is given one. What it is made of is verified;
/// damage elsewhere in a day file is met when that is asked for, or by [`Archive::traces`]. A day file that
/// is out of order or whose records do not say how long they are, and every one of a lenient archive, is
/// decoded as a whole, and kept while it is among the last few that were asked for.
#[derive(Debug)]
pub struct Archive {
    root: PathBuf,
    choice: StationChoice,
    simulated: bool,
    lenient: bool,
    decoded: Mutex<Vec<(PathBuf, Day)>>,
    indices: Indices,
    faults: Mutex<Vec<Fault>>,
}

/// The traces of one day file.
type Day = Arc<Vec<Trace>>;

/// Three components of two days: a record across midnight, or windows on either side of it.
const N_DECODED: usize = 6;

/// A day file may begin so long before midnight: digitisers do not start a record then.
const MIDNIGHT_MARGIN: TimeDelta = TimeDelta::minutes(10);

/// Whoever writes holds this file locked.
const LOCK: &str = ".lock";

/// Says in an archive's root that its records are simulated.
const SIMULATED_MARK: &str = "SIMULATED.txt";

impl Archive {
    /// The archive in the folder `root`, for one station. `channels` are codes with wildcards, one
    /// or more: `HH*`, `HH?` or `HHE,HHN,HHZ`; an empty location is `""` or `"--"`.
    ///
    /// # Errors
    /// [`Error::Waveform`] where there is no such folder.
    pub fn open(
        root: impl AsRef<Path>,
        network: &str,
        station: &str,
        location: &str,
        channels: &str,
    ) -> Result<Self> {
        let of = StationChoice::new(network, station, location, channels)?;
        Self::open_for(root, &of)
    }

    /// [`Archive::open`] for the station of a study.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_for(root: impl AsRef<Path>, of: &StationChoice) -> Result<Self> {
        let root = root.as_ref().to_path_buf();
        if !root.is_dir() {
            return Err(fail!(
                Waveform,
                root.display(),
                "no such folder",
                "Give the folder that holds the archive's years, or make one by Archive::create"
            ));
        }
        Ok(Self {
            simulated: is_simulated(&root),
            indices: Indices::of(&root),
            root,
            choice: of.clone(),
            lenient: false,
            decoded: Mutex::default(),
            faults: Mutex::default(),
        })
    }

    /// The same archive, passing over what is damaged: a damaged record becomes a gap, and so does a
    /// time for which two records give different samples. [`Archive::faults`] lists them.
    pub fn lenient(self) -> Self {
        Self {
            lenient: true,
            ..self
        }
    }

    /// Whether its records are simulated.
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// What was wrong in the day files that a lenient archive has read so far.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }

    /// Opens an archive after making its folder, with one for the index. Simulated records are marked
    /// for ever: every record that is read from it says so.
    ///
    /// # Errors
    /// [`Error::Io`] where the folder cannot be made.
    pub fn create(
        root: impl AsRef<Path>,
        network: &str,
        station: &str,
        location: &str,
        channels: &str,
        simulated: bool,
    ) -> Result<Self> {
        let of = StationChoice::new(network, station, location, channels)?;
        Self::create_for(root, &of, simulated)
    }

    /// [`Archive::create`] for the station of a study.
    ///
    /// # Errors
    /// As [`Archive::create`].
    pub fn create_for(root: impl AsRef<Path>, of: &StationChoice, simulated: bool) -> Result<Self> {
        let root = root.as_ref();
        // One that is there may be read without the right to write to it.
        if !root.is_dir() {
            atomic_file::make_folder(&root.join(index::FOLDER))?;
        } else if !root.join(index::FOLDER).is_dir() {
            let _ = std::fs::create_dir(root.join(index::FOLDER));
        }
        let mark = root.join(SIMULATED_MARK);
        let is_marked = mark.symlink_metadata().is_ok_and(|mark| mark.is_file());
        if simulated && !is_marked {
            write_whole(mark, "The records below are simulated.\n")?;
        }
        Self::open_for(root, of)
    }

    /// Where a stream's day lies.
    pub fn day_file(&self, id: &Nslc, day: NaiveDate) -> PathBuf {
        self.file(id, 'D', day)
    }

    /// A stream's day of one of SDS's types of data.
    fn file(&self, id: &Nslc, kind: char, day: NaiveDate) -> PathBuf {
        let (network, station) = (id.network(), id.station());
        let (location, channel) = (id.location(), id.channel());
        let (year, day) = (day.year(), day.ordinal());
        self.root.join(format!(
            "{year}/{network}/{station}/{channel}.{kind}/{network}.{station}.{location}.{channel}.{kind}.{year}.{day:03}"
        ))
    }

    /// What the archive holds of the station from `start` until `end`, in whole day files: sorted
    /// and joined, across midnight too.
    ///
    /// # Errors
    /// As [`mseed::read_file`].
    pub fn traces(&self, start: Time, end: Time) -> Result<Vec<Trace>> {
        let days = self.days(start, end, |file| self.decode(file))?;
        let pieces = days.iter().flat_map(|day| day.iter().cloned()).collect();
        if self.lenient {
            return Ok(without_contradictions(merge_layers(pieces).0));
        }
        merge(pieces)
    }

    /// Adds traces to their day files and returns the files that were written. A file is replaced
    /// whole, by renaming, so that whatever interrupts it leaves the old or the new one.
    ///
    /// # Errors
    /// [`Error::Io`] where a file cannot be written; [`Error::Waveform`] where an existing file is
    /// damaged, or holds other samples for the same time.
    pub fn write(&self, traces: &[Trace]) -> Result<Vec<PathBuf>> {
        if let Some(trace) = traces.iter().find(|trace| !trace.id.is_complete()) {
            return Err(fail!(
                Waveform,
                &trace.id,
                "a network, a station or a channel without a code",
                "Give the trace all codes; only the location may be empty"
            ));
        }
        let _locked = self.lock_folder()?;
        let mut days: Vec<(PathBuf, Trace)> = traces
            .iter()
            .flat_map(by_day)
            .map(|(day, trace)| (self.day_file(&trace.id, day), trace))
            .collect();
        days.sort_by(|a, b| a.0.cmp(&b.0));
        let mut written = Vec::new();
        for of_file in days.chunk_by(|a, b| a.0 == b.0) {
            let path = &of_file[0].0;
            let mut pieces = match atomic_file::read_regular(path)? {
                Some(bytes) => mseed::read(&bytes, &path.display().to_string())?,
                None => Vec::new(),
            };
            pieces.extend(of_file.iter().map(|(_, trace)| trace.clone()));
            write_below(&self.root, path, &mseed::write(&merge(pieces)?)?)?;
            self.forget(path);
            written.push(path.clone());
        }
        Ok(written)
    }

    /// What `read` gives of the day files that reach into the span.
    fn days(
        &self,
        start: Time,
        end: Time,
        read: impl Fn(PathBuf) -> Result<Day>,
    ) -> Result<Vec<Day>> {
        let (first, last) = (start.date_naive(), (end + MIDNIGHT_MARGIN).date_naive());
        let before = first - TimeDelta::days(1);
        let mut channels = BTreeSet::new();
        for year in before.year()..=last.year() {
            channels.extend(self.channels_of(year)?);
        }
        let mut days = Vec::new();
        for stream in channels {
            for day in first.iter_days().take_while(|day| *day <= last) {
                let of_day = read(self.day_file(&stream, day))?;
                // The day before may end with a record that reaches over midnight.
                let reaches_back = of_day.iter().any(|t| t.start().is_some_and(|t| t <= start));
                if day == first && !reaches_back {
                    days.push(read(self.day_file(&stream, before))?);
                }
                days.push(of_day);
            }
        }
        days.retain(|day| !day.is_empty());
        Ok(days)
    }

    /// The smallest sampling rate of the records around a time, or else of its day; infinite where there is
    /// none.
    fn rate_around(&self, time: Time) -> Result<f64> {
        let mut days = self.days(time, time, |file| self.part(file, time, time))?;
        if days.is_empty() {
            days = self.days(time, time, |file| self.decode(file))?;
        }
        let traces = days.iter().flat_map(|day| day.iter());
        let rates = traces.map(|trace| trace.sampling_rate_hz);
        Ok(rates.fold(f64::INFINITY, f64::min).max(1e-3))
    }

    /// The year's channels of the station that match, sorted.
    fn channels_of(&self, year: i32) -> Result<Vec<Nslc>> {
        let dir = self
            .root
            .join(year.to_string())
            .join(self.choice.network.as_str())
            .join(self.choice.station.as_str());
        let names = atomic_file::names(&dir)?;
        let channels = names.iter().filter_map(|name| name.strip_suffix(".D"));
        Ok(channels
            .filter_map(|channel| self.stream(channel))
            .collect())
    }

    /// A day file, empty where there is none.
    fn decode(&self, path: PathBuf) -> Result<Day> {
        let mut decoded = lock(&self.decoded);
        // The one asked for last stands last.
        let day = match decoded.iter().position(|(p, _)| *p == path) {
            Some(i) => decoded.remove(i).1,
            None => match self.read_day(&path)? {
                Some(day) => Arc::new(day),
                None => return Ok(Day::default()),
            },
        };
        if decoded.len() == N_DECODED {
            decoded.remove(0);
        }
        decoded.push((path, day.clone()));
        Ok(day)
    }

    fn read_day(&self, path: &Path) -> Result<Option<Vec<Trace>>> {
        let Some(bytes) = atomic_file::read_regular(path)? else {
            return Ok(None);
        };
        if !self.lenient {
            return mseed::read(&bytes, &path.display().to_string()).map(Some);
        }
        let inspected = mseed::read_lenient(&bytes, &path.display().to_string());
        let mut faults = lock(&self.faults);
        // A day that fell out of the few that are kept is read again.
        for fault in inspected.faults {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Ok(Some(without_contradictions(inspected.traces)))
    }

    /// A day file that was replaced is read anew.
    fn forget(&self, path: &Path) {
        lock(&self.decoded).retain(|(decoded, _)| decoded != path);
    }

    /// Keeps other processes from writing until the value is dropped; killed processes keep no one.
    fn lock_folder(&self) -> Result<File> {
        atomic_file::lock(&self.root.join(LOCK))
    }
}

/// Whether the records below a folder are simulated; a mark of any kind says so.
pub(crate) fn is_simulated(root: &Path) -> bool {
    root.join(SIMULATED_MARK).symlink_metadata().is_ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves whole entries behind: they are as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WaveformSource for Archive {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        // The rate is in the files, and then the end is known.
        let rate = match self.indexed_rate(start.date_naive())? {
            Some(rate) => rate,
            None => self.rate_around(start)?,
        };
        let end = start + time::seconds((n_samples as f64 / rate).min(1e9));
        let days = self.days(start, end, |file| self.part(file, start, end))?;
        let traces: Vec<&Trace> = days.iter().flat_map(|day| day.iter()).collect();
        let record = Record3C::assemble(&traces, start, n_samples)?;
        Ok(Record3C {
            simulated: self.simulated,
            ..record
        })
    }
}

/// The pieces of a trace by the day of their samples' times.
fn by_day(trace: &Trace) -> Vec<(NaiveDate, Trace)> {
    let rate = trace.sampling_rate_hz;
    let mut pieces = Vec::new();
    for segment in &trace.segments {
        let n = segment.samples.len();
        let mut from = 0;
        while from < n {
            let start = time::of_sample(segment.start, from, rate);
            let day = start.date_naive();
            let midnight = (day + TimeDelta::days(1))
                .and_time(chrono::NaiveTime::MIN)
                .and_utc();
            let to = (time::between_s(segment.start, midnight) * rate - 1e-6).ceil() as usize;
            let to = to.clamp(from + 1, n);
            let samples = segment.samples.slice(from..to);
            let piece = Trace {
                id: trace.id.clone(),
                sampling_rate_hz: rate,
                segments: vec![Segment { start, samples }],
            };
            pieces.push((day, piece));
            from = to;
        }
    }
    pieces
}
