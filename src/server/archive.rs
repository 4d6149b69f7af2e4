//! An SDS archive as a data centre.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};

use super::{DataCentre, Portion, Server};
use crate::catalog::Catalog;
use crate::error::{Result, fail};
use crate::station::{ChannelEpoch, Epoch, Inventory, NetworkEpoch, StationEpoch};
use crate::time::Time;
use crate::waveform::{Days, Last, Listing, Nslc, cut, is_simulated, mseed};

/// A folder of day files in the SDS layout (see [`crate::waveform::Archive`]), of any number of
/// stations, to be served on loopback.
///
/// Beside the years the folder may hold `catalog.xml`, `catalog.csv` or `catalog.txt` in any format
/// of [`Catalog::read`], which the event service then serves, and `stations.txt` or `stations.xml`
/// for the station service. Without a station file the service tells what the day files tell: codes,
/// sampling rates and days. Coordinates are then NaN, and in StationXML 0 with an uncertainty of the whole
/// globe, for nobody knows them.
///
/// The folder is looked through at each request: an archive that grows is served as it is. Damaged
/// records and those in another stream's day file are left out; a sample that lies in two day files is
/// sent once.
#[derive(Debug, Clone)]
pub struct ServedArchive {
    root: PathBuf,
    catalog: Option<Arc<Catalog>>,
    stations: Option<Inventory>,
    days: Arc<Days>,
    listing: Arc<Listing>,
}

/// The site of a station of which only day files are known.
const UNKNOWN_SITE: &str = "position unknown: the archive has no station file";

/// Years of which day files can be.
const YEARS: RangeInclusive<i32> = 1900..=2100;

/// A record may lie in the file of a day so many days away.
const N_DAYS_AROUND: i64 = 8;

impl ServedArchive {
    /// The archive in a folder, with the catalog and the stations that lie in it.
    ///
    /// # Errors
    /// [`Error::Server`] where there is no such folder; what is wrong with its catalog or its
    /// station file.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        if !root.is_dir() {
            return Err(fail!(
                Server,
                root.display(),
                "no such folder",
                "Give the folder that holds the archive's years"
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
            days: Arc::new(Days::of(root).lenient()),
            listing: Arc::default(),
        };
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

    /// Starts the services on a port of loopback; 0 takes a free one. They run as long as the
    /// process.
    ///
    /// # Errors
    /// [`Error::Server`] where the port is taken.
    pub fn start(self, port: u16) -> Result<Server> {
        super::start(Arc::new(self), port)
    }

    /// What the day files tell of their stations.
    fn inventory_of_files(&self) -> Result<Inventory> {
        let files = self.listing.day_files(&self.root, YEARS, &|_| true)?;
        let mut networks: Vec<NetworkEpoch> = Vec::new();
        for files in files.chunk_by(|a, b| a.stream == b.stream) {
            let id = &files[0].stream;
            let days = Epoch {
                start: Some(midnight(files[0].day)),
                end: Some(midnight(files[files.len() - 1].day + TimeDelta::days(1))),
            };
            // A file that cannot be read tells no rate.
            let rate_hz = self.days.rate_hz(id, &files[0].path).ok().flatten();
            let channel = ChannelEpoch {
                location: id.location().clone(),
                code: id.channel().clone(),
                latitude_deg: f64::NAN,
                longitude_deg: f64::NAN,
                elevation_m: f64::NAN,
                depth_m: Some(f64::NAN),
                sampling_rate_hz: rate_hz,
                epoch: days,
                ..ChannelEpoch::default()
            };
            // Streams come sorted: a network or station that is not the last one is new.
            if networks
                .last()
                .is_none_or(|network| &network.code != id.network())
            {
                networks.push(NetworkEpoch {
                    code: id.network().clone(),
                    ..NetworkEpoch::default()
                });
            }
            let network = networks.last_mut().expect("a network was just pushed");
            if network
                .stations
                .last()
                .is_none_or(|station| &station.code != id.station())
            {
                network.stations.push(StationEpoch {
                    code: id.station().clone(),
                    site: UNKNOWN_SITE.into(),
                    latitude_deg: f64::NAN,
                    longitude_deg: f64::NAN,
                    elevation_m: f64::NAN,
                    ..StationEpoch::default()
                });
            }
            let station = network
                .stations
                .last_mut()
                .expect("a station was just pushed");
            station.channels.push(channel);
        }
        Ok(Inventory {
            source: "the names of day files".into(),
            simulated: self.simulated(),
            networks,
        })
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

    fn inventory(&self) -> Result<Inventory> {
        match &self.stations {
            Some(inventory) => Ok(inventory.clone()),
            None => self.inventory_of_files(),
        }
    }

    fn portions(
        &self,
        wanted: &dyn Fn(&Nslc) -> bool,
        start: Time,
        end: Time,
    ) -> Result<Vec<Portion>> {
        let around = TimeDelta::days(N_DAYS_AROUND);
        let first = start.checked_sub_signed(around).unwrap_or(start);
        let last = end.checked_add_signed(around).unwrap_or(end);
        let years = first.year()..=last.year();
        let files = self.listing.day_files(&self.root, years, wanted)?;
        let mut portions: Vec<Portion> = Vec::new();
        for of_stream in files.chunk_by(|a, b| a.stream == b.stream) {
            for (number, file) in of_stream.iter().enumerate() {
                // A file stands for the time from its day until that of the next.
                let from = match number {
                    0 => start,
                    _ => midnight(file.day).max(start),
                };
                let next = of_stream.get(number + 1).map(|next| midnight(next.day));
                let (until, last) = match next {
                    Some(next) if next <= end => (next, Last::Excluded),
                    _ => (end, Last::Included),
                };
                if from > until || (from == until && last == Last::Excluded) {
                    continue;
                }
                let around = number.saturating_sub(2)..of_stream.len().min(number + 3);
                let files = of_stream[around].iter().map(|file| file.path.clone());
                let (days, stream) = (self.days.clone(), file.stream.clone());
                let files: Vec<PathBuf> = files.collect();
                portions.push(Box::new(move || {
                    let day = days.span(&stream, &files, from, until)?;
                    let traces = day.iter().map(|trace| cut(trace, from, until, last));
                    mseed::write(&traces.collect::<Vec<_>>())
                }));
            }
        }
        Ok(portions)
    }
}

fn midnight(day: NaiveDate) -> Time {
    day.and_time(NaiveTime::MIN).and_utc()
}
