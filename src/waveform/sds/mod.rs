//! A folder of day files in the SDS layout, `YEAR/NET/STA/CHAN.D/NET.STA.LOC.CHAN.D.YEAR.DAY`
//! (SeisComP Data Structure), each a file of miniSEED.
//!
//! Beside the years lies `ledger/`, one file a stream and year: what was asked of a data centre,
//! what arrived, and what is missing and why. `index/` says where in each day file a time lies: the first
//! reader writes it, if there is such a folder, and you may remove it at any time.
//!
//! | What | Where |
//! |---|---|
//! | where an archive lies | `place`; what a reader asks there is `storage`, of a disk `disk`, of a bucket `objects`, with `blocks` |
//! | names of day files | `layout`, and all that there are `listing`, `held`, `nearby`; `sought` |
//! | which lie around a span | `around`, with `folders` |
//! | reading them | `days`, with `index`, `extents` and `cut` |
//! | writing them | `write`, and records as they came `add`, with `existing`, `contradictions` and `records` |
//! | the account of a download | `log`, its text `log_csv`, and its files `log_files`; `cover` |

mod add;
mod around;
mod blocks;
mod contradictions;
mod cover;
mod cut;
mod days;
mod disk;
mod existing;
mod extents;
mod folders;
mod held;
mod index;
mod layout;
mod listing;
mod log;
mod log_csv;
mod log_files;
mod met;
mod nearby;
mod nothing;
mod objects;
mod only;
mod place;
mod records;
mod sought;
mod source;
mod storage;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, TimeDelta};

use crate::atomic_file::{self, write_whole};
use crate::bucket::{Traffic, is_url};
use crate::code_pattern::{NslcPattern, StationChoice};
use crate::error::{Error, Result, fail};
use crate::time::Time;
use crate::waveform::mseed::Faults;
use crate::waveform::{Nslc, Trace};

pub use add::Added;
pub(crate) use cover::cover;
pub(crate) use cut::{Last, cut};
pub(crate) use days::Days;
pub(crate) use layout::DayFile;
pub use layout::Layout;
pub(crate) use listing::{DayFiles, Listing, StrangeKind};
pub use log::{DownloadLog, DownloadOutcome, LogEntry, MissingSpan};
pub use met::FileFaults;
pub use nearby::archive_near;
pub(crate) use nothing::without_day_files;
pub(crate) use only::FAST_BANDS;
pub use place::Place;
pub(crate) use sought::Sought;
use storage::Storage;
pub(crate) use storage::Version;

/// One station's day files.
///
/// A record costs the decoding of the miniSEED records that it lies in, not of their day: where those lie
/// is looked up once a file, or, with a folder `index`, once and for all: [`Archive::create`] makes one,
/// and an archive from elsewhere stays as it is until it is given one. What it is made of is verified;
/// damage elsewhere in a day file is met when that is asked for, or by [`Archive::traces`]. A day file that
/// is out of order or whose records do not say how long they are is decoded as a whole, and kept while it
/// is among the last few that were asked for.
///
/// A day file holds the records of its own stream; others in it are an error. Only regular files are
/// read: a link or a pipe in place of one is an error.
#[derive(Debug)]
pub struct Archive {
    root: PathBuf,
    choice: StationChoice,
    simulated: AtomicBool,
    layout: Layout,
    storage: Arc<dyn Storage>,
    days: Days,
    /// What of a bucket is listed.
    sought: Sought,
    /// How far a record may reach out of the day whose file holds it.
    n_days_around: u64,
}

/// Whole days are given with the next one where a span ends so shortly before it.
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
    /// [`crate::Error::Waveform`] where there is no such folder, or a text is no code.
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

    /// [`Archive::open`] for the station of a study; a [`Place`] may be in a bucket too.
    ///
    /// # Errors
    /// As [`Archive::open`]; [`crate::Error::Storage`] where a bucket cannot be listed.
    pub fn open_for(place: impl Into<Place>, of: &StationChoice) -> Result<Self> {
        let place = place.into();
        if !place.is_remote() && !place.root.is_dir() {
            return Err(no_folder(&place.root));
        }
        let storage = place.storage();
        Ok(Self {
            simulated: match place.is_remote() {
                true => has_mark(&*storage, &place.root)?.into(),
                false => is_simulated(&place.root).into(),
            },
            days: Days::of(storage.clone()),
            storage,
            layout: place.layout,
            root: place.root,
            choice: of.clone(),
            n_days_around: around::N_DAYS_AROUND,
            sought: Sought {
                streams: vec![NslcPattern::from(of)],
                ..Sought::default()
            },
        })
    }

    /// The same archive, of which a time is told that will be asked for, if it is known. Of an archive in a bucket no
    /// more is listed and read than that needs.
    pub fn expecting(self, from: Option<Time>, to: Option<Time>) -> Self {
        let sought = Sought {
            from,
            to,
            ..self.sought
        };
        let days = match sought.span() {
            Some(span) => self.days.expecting(self.layout, span),
            None => self.days,
        };
        Self {
            days,
            sought,
            ..self
        }
    }

    /// Requests and bytes so far, of an archive in a bucket; those of other readers of the same [`Place`] count too.
    pub fn traffic(&self) -> Option<Traffic> {
        self.storage.traffic()
    }

    /// Looks anew at what lies in a bucket. On a disk every look is a new one.
    pub(crate) fn refresh(&self) {
        self.storage.refresh();
    }

    /// Which version of a file of the archive is there now, where its storage knows versions by more than times.
    pub(crate) fn version(&self, path: &Path) -> Option<Version> {
        self.storage.version(path)
    }

    /// The same archive, passing over what is damaged: a damaged record becomes a gap, and so does a
    /// time for which two records give different samples. [`Archive::faults`] lists them.
    pub fn lenient(self) -> Self {
        Self {
            days: self.days.lenient(),
            ..self
        }
    }

    /// The same archive, where records reach at most so many days out of the day whose file holds them. Those that lie
    /// farther away are not read; a lenient archive names their file.
    pub(crate) fn within_days(self, n_days_around: u64) -> Self {
        Self {
            n_days_around,
            ..self
        }
    }

    /// Whether its records are simulated.
    pub fn is_simulated(&self) -> bool {
        self.simulated.load(Ordering::Relaxed)
    }

    /// Marks an archive without day files as simulated: of what is put into a new one it may be the first answer
    /// that tells.
    pub(crate) fn mark_if_empty(&self) -> Result<()> {
        if !self.is_simulated() && self.held_streams()?.is_empty() {
            mark(&self.root)?;
            self.simulated.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What was wrong in the records that a lenient archive has read so far, and in the day files that
    /// were written to.
    pub fn faults(&self) -> Faults {
        self.days.faults()
    }

    /// The same by file and kind: what is told of an archive of which much is damaged.
    pub fn faults_by_file(&self) -> Vec<FileFaults> {
        self.days.faults_by_file()
    }

    /// Opens an archive after making its folder, with one for the index. Simulated records are marked
    /// for ever: every record that is read from it says so. An archive that is there may be read-only.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where the folder cannot be made or marked; [`crate::Error::Waveform`] where it is within
    /// another archive; else as [`Archive::open`].
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
        let index = root.join(storage::INDEX);
        if is_url(root) || (root.exists() && !root.is_dir()) {
            return Err(no_folder(root));
        }
        if let Some(archive) = archive_near(root).filter(|archive| !archive.starts_with(root)) {
            let archive = archive.display();
            return Err(fail!(
                Waveform,
                root.display(),
                format!("this folder lies within the archive {archive}"),
                format!("Give {archive}")
            ));
        }
        if !root.is_dir() {
            atomic_file::make_folder(&index)?;
        } else if !index.is_dir() {
            // Without the right to write it is looked through each time.
            let _ = std::fs::create_dir(&index);
        }
        if simulated {
            mark(root)?;
        }
        Self::open_for(root, of)
    }

    /// Where a stream's day lies.
    pub fn day_file(&self, stream: &Nslc, day: NaiveDate) -> PathBuf {
        self.file(stream, 'D', day)
    }

    /// A stream's day of one of SDS's types of data.
    fn file(&self, stream: &Nslc, kind: char, day: NaiveDate) -> PathBuf {
        layout::path_of(&self.root, stream, kind, day)
    }

    /// What the archive holds of the station from `start` until `end`, in whole day files: sorted
    /// and joined, across midnight too.
    ///
    /// # Errors
    /// As [`crate::waveform::mseed::read_file`]; [`crate::Error::Waveform`] where two day files
    /// contradict each other, or one holds records of another stream.
    pub fn traces(&self, start: Time, end: Time) -> Result<Vec<Trace>> {
        // What goes on after midnight belongs to it.
        let end = end.checked_add_signed(MIDNIGHT_MARGIN).unwrap_or(end);
        let mut traces = Vec::new();
        for stream in self.channels(start, end)? {
            let files = self.files_around(&stream, start, end)?;
            traces.extend(self.days.whole(&stream, &files, start, end)?);
        }
        Ok(traces)
    }

    /// Keeps other processes from writing until the value is dropped; killed processes keep no one.
    fn lock_folder(&self) -> Result<File> {
        if self.storage.is_remote() || self.layout != Layout::Sds {
            let what =
                "an archive that is only read: in a bucket, or in the layout of a data centre";
            let remedy = "Write into a folder in the SDS layout, and copy that to the bucket";
            return Err(fail!(Waveform, self.root.display(), what, remedy));
        }
        atomic_file::lock(&self.root.join(LOCK))
    }
}

fn mark(root: &Path) -> Result<()> {
    let mark = root.join(SIMULATED_MARK);
    match mark.symlink_metadata().is_ok_and(|mark| mark.is_file()) {
        true => Ok(()),
        false => write_whole(mark, "The records below are simulated.\n"),
    }
}

/// Why a path is no archive that is there.
pub(crate) fn no_folder(path: &Path) -> Error {
    if is_url(path) {
        let what = "an address, where a folder was expected: an archive in a bucket is only read, by `quakebook scan`, `plan` and `work`";
        let remedy = "Give a folder, and copy what is in it to the bucket afterwards";
        return fail!(Waveform, path.display(), what, remedy);
    }
    let what = match path.exists() {
        true => "a file, a pipe or a device, where a folder was expected",
        false => "no such folder",
    };
    fail!(
        Waveform,
        path.display(),
        what,
        "Give the folder that holds the archive's years, such as 2014"
    )
}

/// Whether the root of an archive in a bucket has the mark.
fn has_mark(storage: &dyn Storage, root: &Path) -> Result<bool> {
    let names = storage.names(root, "")?;
    Ok(names.iter().any(|name| name == SIMULATED_MARK))
}

/// Whether the records below a folder are simulated; a mark of any kind says so.
pub(crate) fn is_simulated(root: &Path) -> bool {
    root.join(SIMULATED_MARK).symlink_metadata().is_ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves whole entries behind: they are as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
