//! An SDS archive as a data centre.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};

use super::faults::Faults;
use super::{DataCentre, Portions, Selection, Server};
use crate::catalog::Catalog;
use crate::error::{Error, Result, fail};
use crate::station::Inventory;
use crate::time::Time;
use crate::waveform::{
    DayFile, DayFiles, Days, Last, Layout, Listing, Place, Trace, cut, is_simulated, mseed,
};

/// A folder of day files in the SDS layout (see [`crate::waveform::Archive`]), of any number of
/// stations, to be served on loopback.
///
/// Beside the years the folder may hold `catalog.xml`, `catalog.csv` or `catalog.txt` in any format
/// of [`Catalog::read`], which the event service then serves, and `stations.txt` or `stations.xml`
/// for the station service. Without a station file the station service has nothing to tell: day files hold no
/// coordinates, and neither a client nor FDSN's formats know a channel without them.
///
/// An archive that grows is served as it is: what has changed in its folders is read again at the next request.
/// Damaged records and those in another stream's day file are left out, and so are links, pipes and files that may
/// not be read; [`Server::faults`] names them. A sample that lies in two day files is sent once.
#[derive(Debug, Clone)]
pub struct ServedArchive {
    root: PathBuf,
    catalog: Option<Arc<Catalog>>,
    stations: Option<Inventory>,
    days: Arc<Days>,
    listing: Arc<Listing>,
    faults: Arc<Faults>,
}

/// What an archive has to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    pub n_streams: usize,
    pub n_day_files: usize,
    /// `None` without a catalog file.
    pub n_events: Option<usize>,
    /// Epochs of channels; `None` without a station file.
    pub n_channels: Option<usize>,
}

impl ServedArchive {
    /// The archive in a folder, with the catalog and the stations that lie in it.
    ///
    /// # Errors
    /// [`Error::Server`] where there is no such folder; [`Error::Io`] where it may not be read; what is
    /// wrong with its catalog or its station file.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        if !root.is_dir() {
            let what = match root.exists() {
                true => "a file, a pipe or a device, where a folder was expected",
                false => "no such folder",
            };
            return Err(fail!(
                Server,
                root.display(),
                what,
                "Give the folder that holds the archive's years, such as 2014"
            ));
        }
        let first = |names: &[&str]| {
            let mut paths = names.iter().map(|name| root.join(name));
            paths.find(|path| path.is_file())
        };
        let mut archive = Self {
            root: root.into(),
            catalog: None,
            stations: None,
            days: Arc::new(Days::of(Place::from(root).storage()).lenient()),
            listing: Arc::new(Listing::of(root, Layout::Sds)),
            faults: Arc::default(),
        };
        archive.streams()?;
        if let Some(path) = first(&["catalog.xml", "catalog.csv", "catalog.txt"]) {
            archive = archive.with_catalog(path)?;
        }
        if let Some(path) = first(&["stations.xml", "stations.txt"]) {
            archive = archive.with_stations(path)?;
        }
        Ok(archive)
    }

    /// The same archive with the events of another catalog file.
    ///
    /// # Errors
    /// As [`Catalog::read`].
    pub fn with_catalog(mut self, path: impl AsRef<Path>) -> Result<Self> {
        self.catalog = Some(Arc::new(Catalog::read(path)?));
        Ok(self)
    }

    /// The same archive with the stations of another file, StationXML or FDSN text.
    ///
    /// # Errors
    /// As [`Inventory::read`].
    pub fn with_stations(mut self, path: impl AsRef<Path>) -> Result<Self> {
        self.stations = Some(Inventory::read(path)?);
        Ok(self)
    }

    /// What there is to serve now.
    ///
    /// # Errors
    /// [`Error::Io`] where the folder cannot be read.
    pub fn contents(&self) -> Result<Contents> {
        let streams = self.streams()?;
        let stations = self.stations.as_ref();
        Ok(Contents {
            n_streams: streams.len(),
            n_day_files: streams.iter().map(Vec::len).sum(),
            n_events: self.catalog.as_ref().map(|catalog| catalog.len()),
            n_channels: stations.map(|stations| stations.channels().count()),
        })
    }

    /// Starts the services on a port of loopback; 0 takes a free one. They run as long as the
    /// process, or until [`Server::stop`].
    ///
    /// # Errors
    /// [`Error::Server`] where the port is taken.
    pub fn start(self, port: u16) -> Result<Server> {
        super::start(Arc::new(self), port)
    }

    fn streams(&self) -> Result<Arc<Vec<DayFiles>>> {
        let held = self.listing.held(&mut |error| self.faults.note(error))?;
        for file in &held.misplaced {
            let (path, what) = (file.path.display(), file.what_is_misplaced(Layout::Sds));
            self.faults.note(format!("left out: {path}: {what}"));
        }
        Ok(held.streams)
    }
}

impl DataCentre for ServedArchive {
    fn simulated(&self) -> bool {
        is_simulated(&self.root)
    }

    fn catalogs(&self) -> Vec<(&'static str, Arc<Catalog>)> {
        let catalog = self.catalog.iter().cloned();
        catalog.map(|catalog| ("archive", catalog)).collect()
    }

    fn inventory(&self) -> Option<Inventory> {
        self.stations.clone()
    }

    fn waveforms(&self, selections: Vec<Selection>) -> Result<Portions> {
        // One look at the folder for all selections.
        let streams = self.streams()?;
        let archive = self.clone();
        let portions = selections.into_iter().flat_map(move |selection| {
            let (archive, streams) = (archive.clone(), streams.clone());
            let parts = parts(&streams, &selection).into_iter();
            parts.map(move |part| archive.portion(&streams[part.stream], &part, &selection))
        });
        Ok(Box::new(portions))
    }

    fn faults(&self) -> Vec<String> {
        let faults = self.days.faults();
        let faults = faults.iter().map(|fault| format!("left out: {fault}"));
        self.faults.list().into_iter().chain(faults).collect()
    }
}

/// A record may lie in the file of another day: so many files before and after are looked into.
const N_AROUND: usize = 2;

/// A part of a stream's record: it stands for the time from the day of one file until that of the next.
struct Part {
    stream: usize,
    file: usize,
}

/// The parts of a selection, stream after stream.
fn parts(streams: &[DayFiles], selection: &Selection) -> Vec<Part> {
    let (first, last) = (selection.start.date_naive(), selection.end.date_naive());
    let mut parts = Vec::new();
    for (stream, files) in streams.iter().enumerate() {
        if selection.streams.admits(&files[0].stream) {
            // What lies before the first file's day belongs to that file.
            let from = files.partition_point(|file| file.day <= first).max(1) - 1;
            let to = files.partition_point(|file| file.day <= last).max(1);
            parts.extend((from..to).map(|file| Part { stream, file }));
        }
    }
    parts
}

impl ServedArchive {
    /// The samples of a part within a selection's span.
    fn portion(&self, files: &[DayFile], part: &Part, within: &Selection) -> Result<Vec<u8>> {
        let file = &files[part.file];
        let from = match part.file {
            0 => within.start,
            _ => midnight(file.day).max(within.start),
        };
        let next = files.get(part.file + 1).map(|next| midnight(next.day));
        let (until, last) = match next {
            Some(next) if next <= within.end => (next, Last::Excluded),
            _ => (within.end, Last::Included),
        };
        if from > until || (from == until && last == Last::Excluded) {
            return Ok(Vec::new());
        }
        let around = part.file.saturating_sub(N_AROUND)..files.len().min(part.file + 1 + N_AROUND);
        let day = self.day(&files[around], from..until)?;
        let mut bytes = Vec::new();
        for trace in day.iter() {
            match mseed::write(&[cut(trace, from, until, last)]) {
                Ok(written) => bytes.extend(written),
                Err(error) => self.faults.note(format!("left out: {error}")),
            }
        }
        Ok(bytes)
    }

    /// The traces of day files of one stream; a file that cannot be read is left out.
    fn day(&self, files: &[DayFile], span: Range<Time>) -> Result<Arc<Vec<Trace>>> {
        let stream = &files[0].stream;
        let mut paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
        loop {
            match self.days.span(stream, &paths, span.start, span.end) {
                Err(Error::Io { path, source }) if paths.contains(&path) => {
                    paths.retain(|other| *other != path);
                    self.faults
                        .note(format!("left out: {}: {source}", path.display()));
                }
                day => return day,
            }
        }
    }
}

fn midnight(day: NaiveDate) -> Time {
    day.and_time(NaiveTime::MIN).and_utc()
}
