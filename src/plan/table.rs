//! What shards found, as rows of a table.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Makes, Shard};
use crate::detect::Detections;
use crate::error::{Result, fail};
use crate::pick::Pick;
use crate::station::StationChoice;
use crate::time::{Time, seconds};
use crate::waveform::Code;

/// A detection at a station: a row of the table.
///
/// Times are UTC, to the nanosecond; numbers are written so that they are read back bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub network: Code,
    pub station: Code,
    pub location: Code,
    /// The channels' codes with wildcards, as in `HH?`.
    pub channels: String,
    /// Start of the event's first window or, where a window decides about a part of itself, of that part.
    pub start: Time,
    /// End of its last one.
    pub end: Time,
    /// Where in between the waves most likely are.
    pub time: Time,
    /// Cluster, from 1.
    pub cluster: usize,
    /// The largest probability of an event among its windows.
    pub probability: f64,
    pub n_windows: usize,
    /// True where the record was simulated.
    pub simulated: bool,
}

impl Row {
    /// The rows of a station's detections, in their order.
    pub(super) fn of(station: &StationChoice, found: &Detections) -> Vec<Self> {
        let row = |detection: &crate::detect::Detection| Self {
            network: station.network.clone(),
            station: station.station.clone(),
            location: station.location.clone(),
            channels: station.channels.to_string(),
            start: detection.start,
            end: detection.end,
            time: detection.time,
            cluster: detection.class + 1,
            probability: detection.probability,
            n_windows: detection.n_windows,
            simulated: found.simulated,
        };
        found.items.iter().map(row).collect()
    }

    /// Whether it is a detection of a shard: of its station, and beginning in its span.
    pub(super) fn is_of(&self, shard: &Shard) -> bool {
        let of = &shard.station;
        (&self.network, &self.station, &self.location) == (&of.network, &of.station, &of.location)
            && self.channels == of.channels.to_string()
            && shard.span.contains(self.start)
    }

    /// What the table is sorted by: the station, then the time.
    pub(super) fn key(&self) -> impl Ord + '_ {
        let station = (&self.network, &self.station, &self.location, &self.channels);
        (station, self.start, self.end)
    }
}

const COLUMNS: [&str; 11] = [
    "network",
    "station",
    "location",
    "channels",
    "start",
    "end",
    "time",
    "cluster",
    "probability",
    "n_windows",
    "simulated",
];

/// The columns of a shard's picks: the fields of [`Pick`].
const PICK_COLUMNS: [&str; 8] = [
    "station",
    "band",
    "phase",
    "time",
    "start",
    "end",
    "probability",
    "n_components",
];

/// A pick belongs to the span in which its nearest sample lies, of samples that are counted since 1970; no network has slower ones.
const SAMPLE_S: f64 = 0.1;

/// What a shard found, with all that is known of it.
pub(super) enum Rows {
    Detections(Vec<Row>),
    Picks(Vec<Pick>),
}

impl Rows {
    /// As CSV, which [`Rows::from_csv`] reads back bit for bit.
    pub fn to_csv(&self) -> Vec<u8> {
        match self {
            Self::Detections(rows) => to_csv(rows),
            Self::Picks(picks) => csv_of(&PICK_COLUMNS, picks),
        }
    }

    /// Reads the rows of a shard; `place` is what an error calls them.
    ///
    /// # Errors
    /// [`crate::Error::Plan`] naming the line.
    pub fn from_csv(makes: Makes, bytes: &[u8], place: &str) -> Result<Self> {
        Ok(match makes {
            Makes::Detections => Self::Detections(of_csv(bytes, place)?),
            Makes::Picks => Self::Picks(of_csv(bytes, place)?),
        })
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Detections(rows) => rows.len(),
            Self::Picks(picks) => picks.len(),
        }
    }

    /// Whether all of them are of a shard's station and in its span.
    pub fn are_of(&self, shard: &Shard) -> bool {
        match self {
            Self::Detections(rows) => rows.iter().all(|row| row.is_of(shard)),
            Self::Picks(picks) => {
                let of = &shard.station;
                let station = [&of.network, &of.station, &of.location].map(|code| code.as_str());
                let (station, channels) = (station.join("."), of.channels.to_string());
                let band = channels.trim_end_matches('?');
                let (start, end) = (
                    shard.span.start - seconds(SAMPLE_S),
                    shard.span.end + seconds(SAMPLE_S),
                );
                let is_of = |pick: &Pick| {
                    pick.station == station
                        && pick.band == band
                        && (start..end).contains(&pick.time)
                };
                picks.iter().all(is_of)
            }
        }
    }
}

/// Detections as CSV.
pub(super) fn to_csv(rows: &[Row]) -> Vec<u8> {
    csv_of(&COLUMNS, rows)
}

/// The rows as CSV, with a header where there is no row too.
fn csv_of<T: Serialize>(columns: &[&str], rows: &[T]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    let written = writer.write_record(columns);
    let written = written.and_then(|()| rows.iter().try_for_each(|row| writer.serialize(row)));
    written.expect("memory takes rows of one length");
    writer.into_inner().expect("memory takes what is flushed")
}

/// Reads what [`csv_of`] wrote.
fn of_csv<T: DeserializeOwned>(bytes: &[u8], place: &str) -> Result<Vec<T>> {
    let rows = csv::Reader::from_reader(bytes).into_deserialize();
    rows.map(|row| row.map_err(|error| fail!(Plan, place, error, "Work on the shard again")))
        .collect()
}
