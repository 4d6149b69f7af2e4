//! The station service: FDSN text and StationXML.

use super::query::{BOX, COMMON, Kind, Known, Query, STREAM, TIMES, shown};
use super::refusal::Refusal;
use super::{Answer, DataCentre};
use crate::station::{Epoch, Inventory, Level};
use crate::time::Time;

/// Beside the common ones, the streams and the box. Nothing here is restricted.
const OWN: [Known; 2] = [
    ("level", "level", Kind::Word),
    ("includerestricted", "includerestricted", Kind::Flag),
];

const NO_STATIONS: &str = "nothing is known of the stations: \
    put stations.xml or stations.txt beside the archive's years, or name one by --stations";

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    let choices = TIMES.into_iter().chain(STREAM).chain(BOX);
    COMMON.into_iter().chain(choices).chain(OWN)
}

pub(super) fn query(centre: &dyn DataCentre, text: &str) -> Result<Answer, Refusal> {
    let query = Query::parse(text, known())?;
    let level = match query.word("level").unwrap_or("station") {
        "network" => Some(Level::Network),
        "station" => Some(Level::Station),
        "channel" => Some(Level::Channel),
        "response" => None,
        other => {
            let what = format!(
                "level={}: not a level: network, station, channel or response",
                shown(other)
            );
            return Err(Refusal::bad(what));
        }
    };
    let Some(mut inventory) = centre.inventory() else {
        return Err(query.nothing(NO_STATIONS));
    };
    select(&query, &mut inventory);
    if inventory.networks.is_empty() {
        return Err(query.nothing("no station or channel matches the query"));
    }
    match (query.word("format").unwrap_or("xml"), level) {
        ("xml", None) => Ok(Answer::xml(inventory.to_stationxml())),
        ("xml", Some(level)) => {
            shorten(&mut inventory, level);
            Ok(Answer::xml(inventory.to_stationxml()))
        }
        ("text", Some(level)) => Ok(Answer::text(inventory.to_fdsn_text(level))),
        ("text", None) => Err(Refusal::bad(
            "a response has no text form: ask for format=xml",
        )),
        (other, _) => Err(Refusal::bad(format!(
            "format={}: xml and text are served",
            shown(other)
        ))),
    }
}

/// Leaves what the query asks for.
fn select(query: &Query, inventory: &mut Inventory) {
    let (start, end) = (query.time("starttime"), query.time("endtime"));
    let limits = [
        (query.number("minlatitude"), query.number("maxlatitude")),
        (query.number("minlongitude"), query.number("maxlongitude")),
    ];
    let in_box = |latitude_deg: f64, longitude_deg: f64| {
        let degrees = [latitude_deg, longitude_deg];
        degrees.iter().zip(limits).all(|(degrees, (least, most))| {
            least.is_none_or(|least| least <= *degrees) && most.is_none_or(|most| *degrees <= most)
        })
    };
    // A station without known channels is an answer only where no channel is asked for.
    let any_channel = query.codes("channel").is_none() && query.codes("location").is_none();
    for network in &mut inventory.networks {
        network.stations.retain_mut(|station| {
            let untold = station.channels.is_empty();
            station.channels.retain(|channel| {
                query.admits("location", &channel.location)
                    && query.admits("channel", &channel.code)
                    && overlaps(channel.epoch, start, end)
                    && in_box(channel.latitude_deg, channel.longitude_deg)
            });
            query.admits("station", &station.code)
                && overlaps(station.epoch, start, end)
                && in_box(station.latitude_deg, station.longitude_deg)
                && (!station.channels.is_empty() || (untold && any_channel))
        });
    }
    inventory
        .networks
        .retain(|network| query.admits("network", &network.code) && !network.stations.is_empty());
}

/// Leaves out what the level does not tell.
fn shorten(inventory: &mut Inventory, level: Level) {
    for network in &mut inventory.networks {
        if level == Level::Network {
            network.stations.clear();
        }
        for station in &mut network.stations {
            if level == Level::Station {
                station.channels.clear();
            }
            for channel in &mut station.channels {
                if let Some(response) = &mut channel.response {
                    response.stages.clear();
                }
            }
        }
    }
}

fn overlaps(epoch: Epoch, start: Option<Time>, end: Option<Time>) -> bool {
    let begins = epoch.start.zip(end).is_none_or(|(begin, end)| begin < end);
    let ends = epoch.end.zip(start).is_none_or(|(end, start)| start < end);
    begins && ends
}
