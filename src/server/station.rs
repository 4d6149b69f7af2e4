//! The station service: FDSN text and StationXML.

use axum::extract::State;

use super::query::{BOX, COMMON, Known, Query, QueryError, STREAM};
use super::{Centre, Parameters, QueryResult, text, xml};
use crate::station::{Epoch, Inventory, Level};
use crate::time::Time;

/// Beside the common ones, the streams and the box. Nothing here is restricted.
const OWN: [Known; 2] = [
    ("level", "level", "xs:string"),
    ("includerestricted", "includerestricted", "xs:boolean"),
];

pub(super) fn known() -> impl Iterator<Item = Known> + Clone {
    COMMON.into_iter().chain(STREAM).chain(BOX).chain(OWN)
}

pub(super) async fn query(State(centre): State<Centre>, parameters: Parameters) -> QueryResult {
    let query = Query::new(&parameters.0, known())?;
    let level = match query.text("level").unwrap_or("station") {
        "network" => Some(Level::Network),
        "station" => Some(Level::Station),
        "channel" => Some(Level::Channel),
        "response" => None,
        other => return Err(QueryError::bad(format!("level={other}: not a level"))),
    };
    let mut inventory = centre
        .inventory()
        .map_err(|error| QueryError::fault(&error))?;
    select(&query, &mut inventory)?;
    if inventory.networks.is_empty() {
        return Err(query.nothing());
    }
    match (query.text("format").unwrap_or("xml"), level) {
        ("xml", None) => Ok(xml(stationxml(&inventory))),
        ("xml", Some(level)) => {
            shorten(&mut inventory, level);
            Ok(xml(stationxml(&inventory)))
        }
        ("text", Some(level)) => Ok(text(inventory.to_fdsn_text(level))),
        ("text", None) => Err(QueryError::bad(
            "a response has no text form: ask for format=xml",
        )),
        (other, _) => Err(QueryError::bad(format!(
            "format={other}: xml and text are served"
        ))),
    }
}

/// Leaves what the query asks for. A place that nobody knows lies in no box.
fn select(query: &Query, inventory: &mut Inventory) -> Result<(), QueryError> {
    let (start, end) = (query.time("starttime")?, query.time("endtime")?);
    let limits = [
        (query.number("minlatitude")?, query.number("maxlatitude")?),
        (query.number("minlongitude")?, query.number("maxlongitude")?),
    ];
    let in_box = |latitude_deg: f64, longitude_deg: f64| {
        let degrees = [latitude_deg, longitude_deg];
        degrees.iter().zip(limits).all(|(degrees, (least, most))| {
            least.is_none_or(|least| least <= *degrees) && most.is_none_or(|most| *degrees <= most)
        })
    };
    // A station of which no channel is told is there where no channel is asked for.
    let any_channel = query.text("channel").is_none() && query.text("location").is_none();
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
    Ok(())
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

/// StationXML has no word for a place that nobody knows, and clients refuse a station without one: it
/// is told as 0, give or take all that there is.
fn stationxml(inventory: &Inventory) -> String {
    let mut text = inventory.to_stationxml();
    for (name, most) in [
        ("Latitude", 90),
        ("Longitude", 180),
        ("Elevation", 9000),
        ("Depth", 9000),
    ] {
        text = text.replace(
            &format!("<{name}>NaN</{name}>"),
            &format!("<{name} plusError=\"{most}\" minusError=\"{most}\">0</{name}>"),
        );
    }
    text
}

fn overlaps(epoch: Epoch, start: Option<Time>, end: Option<Time>) -> bool {
    let begins = epoch.start.zip(end).is_none_or(|(begin, end)| begin < end);
    let ends = epoch.end.zip(start).is_none_or(|(end, start)| start < end);
    begins && ends
}
