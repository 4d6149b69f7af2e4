//! An SDS archive as a data centre.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::{DataCentre, Portion, Server};
use crate::catalog::Catalog;
use crate::error::{Error, Result, fail};
use crate::station::{ChannelEpoch, Epoch, Inventory, NetworkEpoch, StationEpoch};
use crate::time::{self, Time};
use crate::waveform::{Nslc, Samples, Segment, Trace, is_simulated, mseed};

/// A folder of day files in the SDS layout (see [`crate::waveform::Archive`]), of any number of
/// stations, to be served on loopback.
///
/// Beside the years the folder may hold `catalog.xml`, `catalog.csv` or `catalog.txt` in any format
/// of [`Catalog::read`], which the event service then serves, and `stations.txt` or `stations.xml`
/// for the station service. Without a station file the service tells what the day files tell: codes,
/// sampling rates and days. Coordinates are then NaN, and in StationXML 0 with an uncertainty of the whole
/// globe, for nobody knows them.
///
/// The folder is looked through at each request: an archive that grows is served as it is.
#[derive(Debug, Clone)]
pub struct ServedArchive {
    root: PathBuf,
    catalog: Option<Arc<Catalog>>,
    stations: Option<Inventory>,
    decoded: Arc<Decoded>,
}

/// The site of a station of which only day files are known.
const UNKNOWN_SITE: &str = "position unknown: the archive has no station file";

/// A day file may begin or end a record's length beside midnight.
const MIDNIGHT_MARGIN: TimeDelta = TimeDelta::minutes(10);

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
            decoded: Arc::default(),
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

    /// The day files of the wanted streams, by stream and day.
    fn day_files(&self, wanted: &dyn Fn(&Nslc) -> bool) -> Result<Vec<DayFile>> {
        let mut files = Vec::new();
        for year in folders(&self.root)? {
            if year
                .file_name()
                .and_then(|n| n.to_str())
                .is_none_or(|n| n.parse::<u16>().is_err())
            {
                continue;
            }
            for network in folders(&year)? {
                for station in folders(&network)? {
                    for channel in folders(&station)? {
                        files.extend(entries(&channel)?.into_iter().filter_map(DayFile::of));
                    }
                }
            }
        }
        files.retain(|file| wanted(&file.id));
        files.sort_by(|a, b| (&a.id, a.day).cmp(&(&b.id, b.day)));
        Ok(files)
    }

    /// What the day files tell of their stations.
    fn inventory_of_files(&self) -> Result<Inventory> {
        let mut channels: BTreeMap<Nslc, Vec<DayFile>> = BTreeMap::new();
        for file in self.day_files(&|_| true)? {
            channels.entry(file.id.clone()).or_default().push(file);
        }
        let mut networks: Vec<NetworkEpoch> = Vec::new();
        for (id, files) in channels {
            let days = Epoch {
                start: Some(midnight(files[0].day)),
                end: Some(midnight(files[files.len() - 1].day + TimeDelta::days(1))),
            };
            let traces = self.decoded.day(&files[0].path)?;
            let channel = ChannelEpoch {
                location: id.location().clone(),
                code: id.channel().clone(),
                latitude_deg: f64::NAN,
                longitude_deg: f64::NAN,
                elevation_m: f64::NAN,
                depth_m: Some(f64::NAN),
                sampling_rate_hz: traces.first().map(|trace| trace.sampling_rate_hz),
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
        let first = (start - MIDNIGHT_MARGIN).date_naive();
        let last = (end + MIDNIGHT_MARGIN).date_naive();
        let files = self.day_files(wanted)?.into_iter();
        let portions = files.filter(|file| (first..=last).contains(&file.day));
        Ok(portions
            .map(|file| {
                let decoded = self.decoded.clone();
                let portion: Portion = Box::new(move || {
                    let day = decoded.day(&file.path)?;
                    let traces: Vec<Trace> =
                        day.iter().map(|trace| cut(trace, start, end)).collect();
                    mseed::write(&traces)
                });
                portion
            })
            .collect())
    }
}

/// `NET.STA.LOC.CHAN.D.YEAR.DAY`.
#[derive(Debug)]
struct DayFile {
    id: Nslc,
    day: NaiveDate,
    path: PathBuf,
}

impl DayFile {
    /// `None` for a file that is none of an archive.
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let [network, station, location, channel, "D", year, day] =
            name.split('.').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let day = NaiveDate::from_yo_opt(year.parse().ok()?, day.parse().ok()?)?;
        let id = Nslc::new(network, station, location, channel).ok()?;
        if !id.is_complete() {
            return None;
        }
        Some(Self { id, day, path })
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

fn midnight(day: NaiveDate) -> Time {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The last day files that were asked for: many short requests of one day cost one decoding.
#[derive(Debug, Default)]
struct Decoded(Mutex<Vec<Day>>);

/// A day file's traces, as they were when it was last written.
#[derive(Debug)]
struct Day {
    path: PathBuf,
    written: Option<SystemTime>,
    traces: Arc<Vec<Trace>>,
}

/// Three components of two days.
const N_DECODED: usize = 6;

impl Decoded {
    fn day(&self, path: &Path) -> Result<Arc<Vec<Trace>>> {
        let written = std::fs::metadata(path)
            .and_then(|file| file.modified())
            .ok();
        // A panic elsewhere leaves whole entries behind: they are as good as before.
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The one asked for last stands last.
        let day = match days.iter().position(|day| day.path == path) {
            Some(i) => Some(days.remove(i)).filter(|day| day.written == written),
            None => None,
        };
        let day = match day {
            Some(day) => day,
            None => Day {
                path: path.into(),
                written,
                traces: Arc::new(mseed::read_file(path)?),
            },
        };
        let traces = day.traces.clone();
        if days.len() == N_DECODED {
            days.remove(0);
        }
        days.push(day);
        Ok(traces)
    }
}

/// The samples from `start` to `end`, both included.
fn cut(trace: &Trace, start: Time, end: Time) -> Trace {
    let rate = trace.sampling_rate_hz;
    let segments = trace.segments.iter().filter_map(|segment| {
        // A millionth of a sample allows for times that are rounded to nanoseconds.
        let from = (time::between_s(segment.start, start) * rate - 1e-6).ceil();
        let to = (time::between_s(segment.start, end) * rate + 1e-6).floor() + 1.0;
        let from = from.max(0.0) as usize;
        let to = to.clamp(0.0, segment.samples.len() as f64) as usize;
        (from < to).then(|| Segment {
            start: time::of_sample(segment.start, from, rate),
            samples: match &segment.samples {
                Samples::Int32(v) => Samples::Int32(v[from..to].to_vec()),
                Samples::Float32(v) => Samples::Float32(v[from..to].to_vec()),
                Samples::Float64(v) => Samples::Float64(v[from..to].to_vec()),
            },
        })
    });
    Trace {
        id: trace.id.clone(),
        sampling_rate_hz: rate,
        segments: segments.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_file_is_known_by_its_name() {
        let file = DayFile::of("x/GS.OK029..HHZ.D.2014.047".into()).unwrap();
        assert_eq!(file.id.to_string(), "GS.OK029..HHZ");
        assert_eq!(file.day.to_string(), "2014-02-16");
        let dashes = DayFile::of("x/GS.OK029.--.HHZ.D.2014.047".into()).unwrap();
        assert_eq!(dashes.id, file.id);
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

    #[test]
    fn both_ends_belong_to_a_cut() {
        let at = |text| time::parse(text).unwrap();
        let trace = Trace {
            id: DayFile::of("A.B..HHZ.D.2014.047".into()).unwrap().id,
            sampling_rate_hz: 100.0,
            segments: vec![
                Segment {
                    start: at("2014-02-16T00:00:00.003"),
                    samples: Samples::Int32((0..100).collect()),
                },
                Segment {
                    start: at("2014-02-16T00:01:00"),
                    samples: Samples::Int32((0..100).collect()),
                },
            ],
        };
        let part = cut(
            &trace,
            at("2014-02-16T00:00:00.503"),
            at("2014-02-16T00:01:00.010"),
        );
        assert_eq!(part.segments[0].start, at("2014-02-16T00:00:00.503"));
        assert_eq!(part.segments[0].samples.len(), 50);
        assert_eq!(part.segments[1].samples, Samples::Int32(vec![0, 1]));
        assert!(
            cut(&trace, at("2014-02-17"), at("2014-02-18"))
                .segments
                .is_empty()
        );
        assert!(
            cut(&trace, at("2014-02-14"), at("2014-02-15"))
                .segments
                .is_empty()
        );
    }
}
