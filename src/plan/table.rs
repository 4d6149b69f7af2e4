//! The detections of many stations as one table.

use serde::{Deserialize, Serialize};

use super::Shard;
use crate::detect::Detections;
use crate::error::{Result, fail};
use crate::station::StationChoice;
use crate::time::Time;
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

/// The rows as CSV, with a header where there is no row too.
pub(super) fn to_csv<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    let written = writer.write_record(COLUMNS);
    let written = written.and_then(|()| rows.into_iter().try_for_each(|row| writer.serialize(row)));
    written.expect("memory takes rows of one length");
    writer.into_inner().expect("memory takes what is flushed")
}

/// Reads what [`to_csv`] wrote; `place` is what an error calls it.
///
/// # Errors
/// [`crate::Error::Plan`] naming the line.
pub(super) fn from_csv(bytes: &[u8], place: &str) -> Result<Vec<Row>> {
    let rows = csv::Reader::from_reader(bytes).into_deserialize();
    rows.map(|row| row.map_err(|error| fail!(Plan, place, error, "Work on the shard again")))
        .collect()
}
