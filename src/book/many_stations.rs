//! An archive of many simulated stations, to be scanned as a whole: chapter 13.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use rayon::prelude::*;

use super::stored::is_small;
use crate::classroom::instrument::{CHANNELS, SAMPLING_RATE_HZ};
use crate::classroom::{SEED, Source, Synthesis, Truth, World};
use crate::error::Result;
use crate::geo::Point;
use crate::store::{Product, Store};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Archive, Nslc, Samples, Segment, Trace};

/// Stations on a grid around GS.OK029, all in the classroom's Earth with the classroom's earthquakes, and the spans
/// that they recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct ManyStations {
    pub n_stations: usize,
    pub spans: Vec<TimeSpan>,
}

/// The network's code: that of nobody.
const NETWORK: &str = "XX";

/// Stations in a row from west to east, and the distance between neighbours.
const N_IN_ROW: usize = 6;
const N_ROWS: usize = 5;
const SPACING_KM: f64 = 7.0;

const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2014, 3, 1).expect("a day of the calendar");

impl ManyStations {
    /// Thirty stations that record from five minutes before midnight to five minutes after it, for three weeks; four of them and
    /// three nights where the study is made small.
    pub fn nights(study: &Study) -> Self {
        let (n_stations, n_nights): (usize, u64) = match is_small(study) {
            true => (4, 3),
            false => (N_IN_ROW * N_ROWS, 21),
        };
        let night = |number| {
            let midnight = midnight(number + 1);
            TimeSpan {
                start: midnight - time::seconds(300.0),
                end: midnight + time::seconds(300.0),
            }
        };
        Self {
            n_stations,
            spans: (0..n_nights).map(night).collect(),
        }
    }

    /// One station with six hours in one piece; with one hour where the study is made small.
    pub fn hours(study: &Study) -> Self {
        let n_hours = if is_small(study) { 1.0 } else { 6.0 };
        let start = midnight(0);
        let end = start + time::seconds(3600.0 * n_hours);
        Self {
            n_stations: 1,
            spans: vec![TimeSpan { start, end }],
        }
    }

    /// The code of a station, from `S01` on.
    pub fn code(number: usize) -> String {
        format!("S{:02}", number + 1)
    }

    /// How far a station stands east and north of GS.OK029, in km.
    pub fn place_km(number: usize) -> (f64, f64) {
        let from_middle = |i: usize, n: usize| SPACING_KM * (i as f64 - (n as f64 - 1.0) / 2.0);
        let (row, column) = (number / N_IN_ROW, number % N_IN_ROW);
        (from_middle(column, N_IN_ROW), from_middle(row, N_ROWS))
    }

    /// Writes the day files into an SDS archive in the folder `root`, which need not be there.
    ///
    /// Each station has noise and outages of its own.
    ///
    /// # Errors
    /// As [`Archive::write`].
    pub fn write(&self, root: &Path) -> Result<()> {
        let truth = Truth::simulate(SEED);
        (0..self.n_stations)
            .into_par_iter()
            .try_for_each(|number| self.write_station(root, number, &truth))
    }

    fn write_station(&self, root: &Path, number: usize, truth: &Truth) -> Result<()> {
        let code = Self::code(number);
        let sources = seen_from(&truth.sources, Self::place_km(number));
        let seed = number as u64 + 1;
        let truth = Arc::new(Truth::from_sources(seed, sources));
        let ground = Synthesis::of_world(&World::paper(seed), truth);
        let archive = Archive::create(root, NETWORK, &code, "", "HH*", true)?;
        for (component, channel) in CHANNELS.iter().enumerate() {
            let recorded = self.spans.iter().flat_map(|span| recorded(&ground, span));
            let segment = |samples: Range<i64>| Segment {
                start: at(samples.start),
                samples: Samples::Int32(ground.samples(
                    component,
                    samples.start,
                    (samples.end - samples.start) as usize,
                )),
            };
            archive.write(&[Trace {
                id: Nslc::new(NETWORK, &code, "", channel)?,
                sampling_rate_hz: SAMPLING_RATE_HZ,
                segments: recorded.map(segment).collect(),
            }])?;
        }
        Ok(())
    }
}

fn midnight(n_days_on: u64) -> Time {
    let day = FIRST_DAY + Days::new(n_days_on);
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Samples since 1970.
fn sample(time: Time) -> i64 {
    time.timestamp() * SAMPLING_RATE_HZ as i64
}

fn at(sample: i64) -> Time {
    time::of_sample(Time::UNIX_EPOCH, sample as usize, SAMPLING_RATE_HZ)
}

/// What of a span, whose ends are whole seconds, the station sent.
fn recorded(ground: &Synthesis, span: &TimeSpan) -> Vec<Range<i64>> {
    let (mut from, to) = (sample(span.start), sample(span.end));
    let mut pieces = Vec::new();
    for gap in ground.outages(from, to) {
        pieces.push(from..gap.start);
        from = gap.end;
    }
    pieces.push(from..to);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// A station that stands so many km to the east and north sees each source as far to the west and south.
fn seen_from(sources: &[Source], (east_km, north_km): (f64, f64)) -> Vec<Source> {
    let moved = |source: &Source| {
        let place = Point::from_local_km(-east_km, -north_km, source.epicentre());
        Source {
            longitude_deg: place.longitude_deg,
            latitude_deg: place.latitude_deg,
            ..source.clone()
        }
    };
    sources.iter().map(moved).collect()
}

/// The folders of the two archives, as the store keeps them.
struct Archives {
    /// What is to be written; nothing where they were written before.
    new: Option<[ManyStations; 2]>,
}

const NIGHTS: &str = "sds";
const HOURS: &str = "hours";

impl Product for Archives {
    fn read(_: &Path) -> Result<Self> {
        Ok(Self { new: None })
    }

    fn write(&self, path: &Path) -> Result<()> {
        let names = [NIGHTS, HOURS];
        let new = self.new.iter().flatten();
        new.zip(names)
            .try_for_each(|(stations, name)| stations.write(&path.join(name)))
    }
}

/// The folder with the archives of [`ManyStations::nights`], `sds`, and of [`ManyStations::hours`], `hours`. They are made
/// once.
///
/// # Errors
/// As [`ManyStations::write`] and [`Store::get_or_make`].
pub fn many_stations(study: &Study) -> Result<PathBuf> {
    let store = Store::of(study);
    let name = "many-stations";
    let new = [ManyStations::nights(study), ManyStations::hours(study)];
    store.get_or_make(name, || Ok(Archives { new: Some(new) }))?;
    Ok(store.path(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::WaveformSource;

    #[test]
    fn stations_see_one_earthquake_at_their_own_distances() {
        let (east, north) = ManyStations::place_km(0);
        assert_eq!((east, north), (-17.5, -14.0));
        let mut source = Truth::simulate(SEED).sources[0].clone();
        let station = Point::new(-97.45, 35.80);
        let place = Point::from_local_km(east, north, station);
        (source.longitude_deg, source.latitude_deg) = (-97.40, 35.90);
        let moved = seen_from(std::slice::from_ref(&source), (east, north));
        let km = source.epicentre().distance_km(place);
        assert!((moved[0].epicentre().distance_km(station) - km).abs() < 0.05);
    }

    #[test]
    fn an_archive_holds_what_was_recorded_around_midnight() {
        let folder = tempfile::tempdir().unwrap();
        let span = TimeSpan {
            start: midnight(1) - time::seconds(60.0),
            end: midnight(1) + time::seconds(60.0),
        };
        let stations = ManyStations {
            n_stations: 2,
            spans: vec![span],
        };
        stations.write(folder.path()).unwrap();
        let of = |code: &str| Archive::open(folder.path(), NETWORK, code, "", "HH*").unwrap();
        let [a, b] = ["S01", "S02"].map(|code| of(code).record(span.start, 12_000).unwrap());
        assert!(a.simulated && a.data[0] != b.data[0]);
        let file = "2014/XX/S02/HHZ.D/XX.S02..HHZ.D.2014.061";
        assert!(folder.path().join(file).is_file());
    }
}
