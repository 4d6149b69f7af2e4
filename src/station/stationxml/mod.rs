//! StationXML 1.0, 1.1 and 1.2 (FDSN, <https://docs.fdsn.org/projects/stationxml>), read channel by
//! channel.

mod response;
mod shape;
mod write;

use std::io::BufRead;

use shape::SHAPE;

use super::{
    ChannelEpoch, Epoch, Inventory, NetworkEpoch, StationEpoch, location_code, need_number,
    needed_code, read_angle, read_degrees, read_number, read_rate, read_time,
};
use crate::code::Code;
use crate::error::{Result, fail};
use crate::xml::{self, Broken, Element, Part};

/// Follows the source of what is simulated.
const SIMULATED: &str = "(simulated)";

impl Inventory {
    /// Reads StationXML of any level; `name` is what errors call it. A channel without a position
    /// takes its station's.
    ///
    /// # Errors
    /// [`crate::Error::Station`] where the text is not whole XML (naming the byte), not StationXML
    /// of version 1, or where a code is absent or a value not what it should be (naming the
    /// channel).
    pub fn from_stationxml(text: &str, name: &str) -> Result<Self> {
        Self::stream_stationxml(text.as_bytes(), name)
    }

    /// Reads StationXML from a file or an answer that need not be in memory.
    pub(super) fn stream_stationxml(source: impl BufRead, name: &str) -> Result<Self> {
        let mut document = Document {
            name: name.to_string(),
            inventory: Self {
                source: name.to_string(),
                simulated: false,
                networks: Vec::new(),
            },
            open: Vec::new(),
        };
        match xml::walk(source, &SHAPE, |part| document.take(part)) {
            Ok(()) => Ok(document.inventory),
            Err(Stop::Content(error)) => Err(error),
            Err(Stop::Broken(broken)) => Err(fail!(
                Station,
                format!("{name}, byte {}", broken.byte),
                broken.what,
                "Give a whole document of StationXML 1; an answer that was cut short can be fetched again"
            )),
        }
    }
}

/// Why reading stopped.
enum Stop {
    Broken(Broken),
    Content(crate::Error),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<crate::Error> for Stop {
    fn from(error: crate::Error) -> Self {
        Self::Content(error)
    }
}

/// A document as far as it was read.
struct Document {
    name: String,
    inventory: Inventory,
    /// The containers that are open, outermost first, by their names.
    open: Vec<&'static str>,
}

impl Document {
    fn take(&mut self, part: Part) -> std::result::Result<(), Stop> {
        match part {
            Part::Open(element) => {
                match (self.open.len(), element.name) {
                    (0, _) => self.check_version(element)?,
                    (1, "Network") => {
                        let network = self.network(element)?;
                        self.inventory.networks.push(network);
                    }
                    (2, "Station") => {
                        let station = self.station(element)?;
                        self.last_network()?.stations.push(station);
                    }
                    (_, other) => {
                        let what = format!("<{other}> where none belongs");
                        return Err(fail!(Station, self.place(), what, MALFORMED).into());
                    }
                }
                self.open.push(element.name);
            }
            Part::Whole(element) => match self.open.len() {
                1 => self.of_document(element),
                2 => self.of_network(element)?,
                _ => self.of_station(element)?,
            },
            Part::Close => {
                if self.open.len() == 3 {
                    self.check_position()?;
                }
                self.open.pop();
            }
        }
        Ok(())
    }

    fn check_version(&self, root: &Element) -> Result<()> {
        let version = root.attribute("schemaVersion").unwrap_or("1");
        if version == "1" || version.starts_with("1.") {
            return Ok(());
        }
        Err(fail!(
            Station,
            self.name,
            format!("StationXML of version {version:?}, where 1.0, 1.1 or 1.2 was expected"),
            "Ask the data centre for StationXML 1"
        ))
    }

    fn check_position(&mut self) -> Result<()> {
        let place = self.place();
        let station = self.last_station()?;
        let position = [
            station.latitude_deg,
            station.longitude_deg,
            station.elevation_m,
        ];
        match position.iter().any(|number| number.is_nan()) {
            true => Err(fail!(
                Station,
                place,
                "a station without latitude, longitude and elevation",
                MALFORMED
            )),
            false => Ok(()),
        }
    }

    fn of_document(&mut self, element: &Element) {
        if element.name == "Source" {
            let text = element.text();
            self.inventory.simulated = text.ends_with(SIMULATED);
            self.inventory.source = text.trim_end_matches(SIMULATED).trim().to_string();
        }
    }

    fn of_network(&mut self, element: &Element) -> Result<()> {
        let network = self.last_network()?;
        match element.name {
            "Description" => network.description = element.text().to_string(),
            "TotalNumberStations" => network.n_stations = element.text().parse().ok(),
            _ => {}
        }
        Ok(())
    }

    fn of_station(&mut self, element: &Element) -> Result<()> {
        let place = self.place();
        let station = self.last_station()?;
        let text = element.text();
        match element.name {
            "Latitude" => station.latitude_deg = read_degrees(&place, text, 90.0)?,
            "Longitude" => station.longitude_deg = read_degrees(&place, text, 180.0)?,
            "Elevation" => station.elevation_m = need_number(&place, text)?,
            "Site" => station.site = element.text_at("Name").unwrap_or("").to_string(),
            "Channel" => {
                let channel = channel(&place, element, station)?;
                station.channels.push(channel);
            }
            _ => {}
        }
        Ok(())
    }

    fn network(&self, element: &Element) -> Result<NetworkEpoch> {
        Ok(NetworkEpoch {
            code: code(&self.name, element)?,
            epoch: epoch(&self.name, element)?,
            ..NetworkEpoch::default()
        })
    }

    /// A station that has told no position yet stands nowhere.
    fn station(&self, element: &Element) -> Result<StationEpoch> {
        let place = self.place();
        Ok(StationEpoch {
            code: code(&place, element)?,
            epoch: epoch(&place, element)?,
            latitude_deg: f64::NAN,
            longitude_deg: f64::NAN,
            elevation_m: f64::NAN,
            ..StationEpoch::default()
        })
    }

    fn last_network(&mut self) -> Result<&mut NetworkEpoch> {
        let place = self.place();
        let last = self.inventory.networks.last_mut();
        last.ok_or_else(|| fail!(Station, place, "a station in no network", MALFORMED))
    }

    fn last_station(&mut self) -> Result<&mut StationEpoch> {
        let place = self.place();
        let last = self.last_network()?.stations.last_mut();
        last.ok_or_else(|| fail!(Station, place, "a channel in no station", MALFORMED))
    }

    /// Where reading is: `name, GS.OK029`.
    fn place(&self) -> String {
        let network = self
            .inventory
            .networks
            .last()
            .filter(|_| self.open.len() > 1);
        let station = network
            .and_then(|network| network.stations.last())
            .filter(|_| self.open.len() > 2);
        match (network, station) {
            (Some(network), Some(station)) => {
                format!("{}, {}.{}", self.name, network.code, station.code)
            }
            (Some(network), None) => format!("{}, {}", self.name, network.code),
            _ => self.name.clone(),
        }
    }
}

const MALFORMED: &str = "This is not StationXML as its schema has it: ask the data centre again";

fn code(place: &str, element: &Element) -> Result<Code> {
    match element.attribute("code").map(str::trim) {
        Some(code) => needed_code(place, code),
        None => {
            let what = format!("a <{}> without a code", element.name);
            Err(fail!(Station, place, what, MALFORMED))
        }
    }
}

fn epoch(place: &str, element: &Element) -> Result<Epoch> {
    let time = |name: &str| {
        let text = element.attribute(name).unwrap_or("");
        read_time(&format!("{place}, {name}"), text)
    };
    Ok(Epoch {
        start: time("startDate")?,
        end: time("endDate")?,
    })
}

fn channel(place: &str, element: &Element, station: &StationEpoch) -> Result<ChannelEpoch> {
    let code = code(place, element)?;
    let location = location_code(place, element.attribute("locationCode").unwrap_or(""))?;
    let place = format!("{place}.{location}.{code}");
    let text = |name: &str| element.text_at(name).unwrap_or("");
    let number = |name: &str| read_number(&format!("{place}, {name}"), text(name));
    let degrees = |name: &str, limit_deg: f64, else_deg: f64| match text(name) {
        "" => Ok(else_deg),
        text => read_degrees(&format!("{place}, {name}"), text, limit_deg),
    };
    let sensor = |name: &str| element.text_at(&format!("Sensor/{name}"));
    let of_ratio = |part: &str| number_at(&place, element, &format!("SampleRateRatio/{part}"));
    let rate_place = format!("{place}, SampleRate");
    let sampling_rate_hz = match read_rate(&rate_place, text("SampleRate"))? {
        Some(rate_hz) => Some(rate_hz),
        None => match (of_ratio("NumberSamples")?, of_ratio("NumberSeconds")?) {
            (Some(n_samples), Some(seconds)) if seconds > 0.0 => {
                read_rate(&rate_place, &(n_samples / seconds).to_string())?
            }
            _ => None,
        },
    };
    let angle =
        |name: &str, limit_deg| read_angle(&format!("{place}, {name}"), text(name), limit_deg);
    let response = element.child("Response");
    Ok(ChannelEpoch {
        latitude_deg: degrees("Latitude", 90.0, station.latitude_deg)?,
        longitude_deg: degrees("Longitude", 180.0, station.longitude_deg)?,
        elevation_m: number("Elevation")?.unwrap_or(station.elevation_m),
        depth_m: number("Depth")?,
        azimuth_deg: angle("Azimuth", 360.0)?,
        dip_deg: angle("Dip", 90.0)?,
        sampling_rate_hz,
        sensor: sensor("Description")
            .or(sensor("Type"))
            .unwrap_or("")
            .to_string(),
        epoch: epoch(&place, element)?,
        response: response.map(|r| response::read(&place, r)).transpose()?,
        location,
        code,
    })
}

fn number_at(place: &str, element: &Element, path: &str) -> Result<Option<f64>> {
    read_number(
        &format!("{place}, {path}"),
        element.text_at(path).unwrap_or(""),
    )
}

fn needed_at(place: &str, element: &Element, path: &str) -> Result<f64> {
    need_number(
        &format!("{place}, {path}"),
        element.text_at(path).unwrap_or(""),
    )
}
