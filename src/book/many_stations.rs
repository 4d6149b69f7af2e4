//! An archive of many simulated stations, to be scanned as a whole: chapter 13.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use rayon::prelude::*;

use super::stored::is_small;
use crate::classroom::{SEED, Synthesis, Truth, World};
use crate::error::Result;
use crate::store::{Product, Store};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};

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
    /// As [`Synthesis::write_day_files`].
    pub fn write(&self, root: &Path) -> Result<()> {
        let truth = Truth::simulate(SEED);
        (0..self.n_stations)
            .into_par_iter()
            .try_for_each(|number| self.write_station(root, number, &truth))
    }

    fn write_station(&self, root: &Path, number: usize, truth: &Truth) -> Result<()> {
        let seed = number as u64 + 1;
        let seen = Truth {
            seed,
            ..truth.seen_from(Self::place_km(number))
        };
        let ground = Synthesis::of_world(&World::paper(seed), Arc::new(seen));
        ground.write_day_files(root, [NETWORK, &Self::code(number), ""], &self.spans, 0.0)
    }
}

fn midnight(n_days_on: u64) -> Time {
    let day = FIRST_DAY + Days::new(n_days_on);
    day.and_time(NaiveTime::MIN).and_utc()
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
    use crate::waveform::{Archive, WaveformSource};

    #[test]
    fn stations_stand_around_the_middle() {
        assert_eq!(ManyStations::place_km(0), (-17.5, -14.0));
        assert_eq!(ManyStations::place_km(29), (17.5, 14.0));
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
