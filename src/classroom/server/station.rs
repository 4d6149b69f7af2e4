//! The station service: text and StationXML 1.1, of one station.

use axum::extract::State;

use super::channels::{CHANNELS, Channel, LOCATION, NETWORK, STATION, epoch};
use super::query::{BOX, COMMON, Known, Query, Refusal, STREAM};
use super::{Answer, Asked, Served, stationxml, text, xml};
use crate::classroom::instrument;
use crate::time::Time;

pub(super) const SITE: &str = "OK029, Oklahoma (simulated)";

/// Beside the common ones, the streams and the box. Nothing here is restricted.
const OWN: [Known; 2] = [
    ("level", "level", "xs:string"),
    ("includerestricted", "includerestricted", "xs:boolean"),
];

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(STREAM).chain(BOX).chain(OWN)
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Network,
    Station,
    Channel,
    Response,
}

pub(super) async fn query(State(_): State<Served>, asked: Asked) -> Answer {
    let query = Query::new(&asked.0, known())?;
    let level = match query.text("level").unwrap_or("station") {
        "network" => Level::Network,
        "station" => Level::Station,
        "channel" => Level::Channel,
        "response" => Level::Response,
        other => return Err(Refusal::bad(format!("level={other}: not a level"))),
    };
    let channels = select(&query)?;
    if channels.is_empty() {
        return Err(query.nothing());
    }
    match query.text("format").unwrap_or("xml") {
        "xml" => Ok(xml(stationxml::write(level, &channels))),
        "text" if level == Level::Response => Err(Refusal::bad(
            "a response has no text form: ask for format=xml",
        )),
        "text" => Ok(text(rows(level, &channels))),
        other => Err(Refusal::bad(format!(
            "format={other}: xml and text are served"
        ))),
    }
}

fn select(query: &Query) -> Result<Vec<Channel>, Refusal> {
    let (first, last) = epoch();
    let in_time = query.time("starttime")?.is_none_or(|start| start < last)
        && query.time("endtime")?.is_none_or(|end| first < end);
    let mut in_box = true;
    for (degrees, least, most) in [
        (
            instrument::STATION.latitude_deg,
            "minlatitude",
            "maxlatitude",
        ),
        (
            instrument::STATION.longitude_deg,
            "minlongitude",
            "maxlongitude",
        ),
    ] {
        in_box &= query.number(least)?.is_none_or(|least| least <= degrees)
            && query.number(most)?.is_none_or(|most| degrees <= most);
    }
    let admitted = CHANNELS
        .into_iter()
        .filter(|channel| channel.admitted(query));
    Ok(admitted.filter(|_| in_time && in_box).collect())
}

/// The text form of FDSN Web Service Specifications 1.2.
fn rows(level: Level, channels: &[Channel]) -> String {
    let point = instrument::STATION;
    let (latitude, longitude) = (point.latitude_deg, point.longitude_deg);
    let elevation = instrument::ELEVATION_M;
    let (start, end) = epoch();
    let (start, end) = (plain(start), plain(end));
    match level {
        Level::Network => format!(
            "#Network | Description | StartTime | EndTime | TotalStations\n\
             {NETWORK}|Simulated network|{start}|{end}|1\n"
        ),
        Level::Station => format!(
            "#Network | Station | Latitude | Longitude | Elevation | SiteName | StartTime | EndTime\n\
             {NETWORK}|{STATION}|{latitude}|{longitude}|{elevation}|{SITE}|{start}|{end}\n"
        ),
        Level::Channel | Level::Response => {
            let row = |channel: &Channel| {
                format!(
                    "{NETWORK}|{STATION}|{LOCATION}|{}|{latitude}|{longitude}|{elevation}|0|{}|{}|\
                     Simulated broadband|{}|1|m/s|{}|{start}|{end}\n",
                    channel.code,
                    instrument::AZIMUTHS_DEG[channel.component],
                    instrument::DIPS_DEG[channel.component],
                    instrument::SENSITIVITY_COUNTS_PER_M_S,
                    channel.sampling_rate_hz(),
                )
            };
            let rows: String = channels.iter().map(row).collect();
            format!(
                "#Network | Station | Location | Channel | Latitude | Longitude | Elevation | Depth | \
                 Azimuth | Dip | SensorDescription | Scale | ScaleFreq | ScaleUnits | SampleRate | \
                 StartTime | EndTime\n{rows}"
            )
        }
    }
}

/// A time without fraction and `Z`.
pub(super) fn plain(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}
