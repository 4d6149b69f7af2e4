//! The text form of FDSN station services, read by its header.
//!
//! FDSN Web Service Specifications 1.2 (2019), section on `fdsnws-station`: columns parted by `|`,
//! of level network, station or channel. Some data centres call `SensorDescription` `Instrument`.

use std::collections::HashMap;

use super::{
    ChannelEpoch, Epoch, Inventory, NetworkEpoch, Response, Sensitivity, StationEpoch, Units,
    location_code, need_number, needed_code, read_angle, read_degrees, read_number, read_rate,
    read_time,
};
use crate::code::Code;
use crate::error::{Result, fail};
use crate::tables;
use crate::time::Time;

/// How much text of one station service tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Network,
    Station,
    Channel,
}

impl Level {
    fn header(self) -> &'static str {
        match self {
            Self::Network => "#Network|Description|StartTime|EndTime|TotalStations",
            Self::Station => {
                "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime"
            }
            Self::Channel => {
                "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|\
                 SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime"
            }
        }
    }
}

/// Follows a description of what is simulated.
const SIMULATED: &str = "(simulated)";

impl Inventory {
    /// Reads FDSN text of any level; `name` is what errors call it. In text a station has no
    /// position beside those of its channels: it takes the first one's.
    ///
    /// # Errors
    /// [`crate::Error::Station`] naming the line where the header lacks a column, a row has other
    /// than the header's number of fields, or a field is not what it should be.
    pub fn from_fdsn_text(text: &str, name: &str) -> Result<Self> {
        let text = text.trim_start_matches(tables::MARK);
        tables::no_nul(text).map_err(|what| fail!(Station, name, what, tables::NO_TEXT_REMEDY))?;
        let mut lines = tables::lines(text).filter(|(_, row)| !row.trim().is_empty());
        let (line, header) = lines.next().unwrap_or((1, ""));
        let plain = header.trim_start().trim_start_matches('#').to_lowercase();
        let columns: Vec<&str> = fields(&plain);
        let has = |column: &str| columns.contains(&column);
        let level = match (has("network"), has("station"), has("channel")) {
            (true, true, true) => Level::Channel,
            (true, true, false) => Level::Station,
            (true, false, false) => Level::Network,
            _ => {
                let shortened: String = header.chars().take(60).collect();
                return Err(fail!(
                    Station,
                    format!("{name}, line {line}"),
                    format!(
                        "no channel, station or network: {shortened:?} begins no text of stations"
                    ),
                    "Give StationXML, or FDSN text with its header line"
                ));
            }
        };
        if let Some(twice) = (1..columns.len())
            .find(|i| !columns[*i].is_empty() && columns[..*i].contains(&columns[*i]))
        {
            return Err(fail!(
                Station,
                format!("{name}, line {line}"),
                format!("the column {:?} twice in the header", columns[twice]),
                "Leave one of the two columns out, or rename it"
            ));
        }
        let mut made = Made::new();
        for (line, row) in lines {
            // Where files were joined the header comes again.
            if row == header {
                continue;
            }
            let row = Row {
                place: format!("{name}, line {line}"),
                columns: &columns,
                fields: fields(row),
            };
            row.check()?;
            match level {
                Level::Network => made.networks.push(row.network()?),
                Level::Station => {
                    let network = made.network(row.code("network")?);
                    made.networks[network].stations.push(row.station()?);
                }
                Level::Channel => {
                    let channel = row.channel()?;
                    let (network, station) = made.station(&row, &channel)?;
                    made.networks[network].stations[station]
                        .channels
                        .push(channel);
                }
            }
        }
        let simulated = made.networks.iter().any(|network| {
            let stations = &network.stations;
            network.description.ends_with(SIMULATED)
                || stations.iter().any(|s| s.site.ends_with(SIMULATED))
                || (stations.iter().flat_map(|s| &s.channels))
                    .any(|c| c.sensor.ends_with(SIMULATED))
        });
        Ok(Self {
            source: name.to_string(),
            simulated,
            networks: made.networks,
        })
    }

    /// The inventory as FDSN text. Text of a level has rows for that level alone: a network
    /// without stations is not in text of level station. Of a response it holds the sensitivity.
    pub fn to_fdsn_text(&self, level: Level) -> String {
        let mut rows = vec![level.header().to_string()];
        match level {
            Level::Network => rows.extend(self.networks.iter().map(|n| self.network_row(n))),
            Level::Station => rows.extend(self.networks.iter().flat_map(|network| {
                let stations = network.stations.iter();
                stations.map(|station| self.station_row(network, station))
            })),
            Level::Channel => {
                rows.extend(self.channels().map(|(n, s, c)| self.channel_row(n, s, c)))
            }
        }
        rows.join("\n") + "\n"
    }

    fn network_row(&self, network: &NetworkEpoch) -> String {
        row([
            network.code.to_string(),
            self.described(&network.description),
            written(network.epoch.start),
            written(network.epoch.end),
            network
                .n_stations
                .map(|n| n.to_string())
                .unwrap_or_default(),
        ])
    }

    fn station_row(&self, network: &NetworkEpoch, station: &StationEpoch) -> String {
        row([
            network.code.to_string(),
            station.code.to_string(),
            station.latitude_deg.to_string(),
            station.longitude_deg.to_string(),
            station.elevation_m.to_string(),
            self.described(&station.site),
            written(station.epoch.start),
            written(station.epoch.end),
        ])
    }

    fn channel_row(
        &self,
        network: &NetworkEpoch,
        station: &StationEpoch,
        channel: &ChannelEpoch,
    ) -> String {
        let number = |value: Option<f64>| value.map(|x| x.to_string()).unwrap_or_default();
        let response = channel.response.as_ref();
        let sensitivity = response.and_then(|response| response.sensitivity.as_ref());
        row([
            network.code.to_string(),
            station.code.to_string(),
            channel.location.to_string(),
            channel.code.to_string(),
            channel.latitude_deg.to_string(),
            channel.longitude_deg.to_string(),
            channel.elevation_m.to_string(),
            number(channel.depth_m),
            number(channel.azimuth_deg),
            number(channel.dip_deg),
            self.described(&channel.sensor),
            number(sensitivity.map(|s| s.value)),
            number(sensitivity.and_then(|s| s.frequency_hz)),
            sensitivity
                .map(|s| s.units.input.clone())
                .unwrap_or_default(),
            number(channel.sampling_rate_hz),
            written(channel.epoch.start),
            written(channel.epoch.end),
        ])
    }

    /// A description, which of a simulated station says so.
    fn described(&self, text: &str) -> String {
        if self.simulated && !text.ends_with(SIMULATED) {
            return format!("{text} {SIMULATED}");
        }
        text.to_string()
    }
}

/// What was read so far, and where in it networks and stations are.
struct Made {
    networks: Vec<NetworkEpoch>,
    known_networks: HashMap<Code, usize>,
    known_stations: HashMap<(usize, Code), usize>,
}

impl Made {
    fn new() -> Self {
        Self {
            networks: Vec::new(),
            known_networks: HashMap::new(),
            known_stations: HashMap::new(),
        }
    }

    fn network(&mut self, code: Code) -> usize {
        let next = self.networks.len();
        let index = *self.known_networks.entry(code.clone()).or_insert(next);
        if index == next {
            self.networks.push(NetworkEpoch {
                code,
                ..NetworkEpoch::default()
            });
        }
        index
    }

    fn station(&mut self, row: &Row, channel: &ChannelEpoch) -> Result<(usize, usize)> {
        let (network, code) = (self.network(row.code("network")?), row.code("station")?);
        let stations = &mut self.networks[network].stations;
        let next = stations.len();
        let index = *self
            .known_stations
            .entry((network, code.clone()))
            .or_insert(next);
        if index == next {
            stations.push(StationEpoch {
                code,
                latitude_deg: channel.latitude_deg,
                longitude_deg: channel.longitude_deg,
                elevation_m: channel.elevation_m,
                ..StationEpoch::default()
            });
        }
        Ok((network, index))
    }
}

/// One line under its header.
struct Row<'a> {
    place: String,
    columns: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn check(&self) -> Result<()> {
        if self.fields.len() == self.columns.len() {
            return Ok(());
        }
        Err(fail!(
            Station,
            self.place,
            format!(
                "{} fields where the header has {}",
                self.fields.len(),
                self.columns.len()
            ),
            "Complete this row: it was cut short, or a field holds what parts fields"
        ))
    }

    fn network(&self) -> Result<NetworkEpoch> {
        Ok(NetworkEpoch {
            code: self.code("network")?,
            description: self.text("description")?.into(),
            epoch: self.epoch()?,
            n_stations: self.text("totalstations")?.parse().ok(),
            stations: Vec::new(),
        })
    }

    fn station(&self) -> Result<StationEpoch> {
        Ok(StationEpoch {
            code: self.code("station")?,
            site: self.text("sitename")?.into(),
            latitude_deg: self.degrees("latitude", 90.0)?,
            longitude_deg: self.degrees("longitude", 180.0)?,
            elevation_m: need_number(&self.place_of("elevation"), self.text("elevation")?)?,
            epoch: self.epoch()?,
            channels: Vec::new(),
        })
    }

    fn channel(&self) -> Result<ChannelEpoch> {
        let sensor = self.text("sensordescription");
        Ok(ChannelEpoch {
            location: location_code(&self.place_of("location"), self.text("location")?)?,
            code: self.code("channel")?,
            latitude_deg: self.degrees("latitude", 90.0)?,
            longitude_deg: self.degrees("longitude", 180.0)?,
            elevation_m: need_number(&self.place_of("elevation"), self.text("elevation")?)?,
            depth_m: self.number("depth")?,
            azimuth_deg: read_angle(&self.place_of("azimuth"), self.text("azimuth")?, 360.0)?,
            dip_deg: read_angle(&self.place_of("dip"), self.text("dip")?, 90.0)?,
            sampling_rate_hz: read_rate(&self.place_of("samplerate"), self.text("samplerate")?)?,
            sensor: sensor.or_else(|_| self.text("instrument"))?.into(),
            epoch: self.epoch()?,
            response: self.response()?,
        })
    }

    /// The scale is a whole channel's, from its unit to counts.
    fn response(&self) -> Result<Option<Response>> {
        let units = Units::new(self.text("scaleunits")?, "counts");
        let frequency_hz = self.number("scalefreq")?;
        let sensitivity = self.number("scale")?.map(|value| Sensitivity {
            value,
            frequency_hz,
            units,
        });
        Ok(sensitivity.map(|sensitivity| Response {
            sensitivity: Some(sensitivity),
            ..Response::default()
        }))
    }

    fn epoch(&self) -> Result<Epoch> {
        let time = |column: &str| read_time(&self.place_of(column), self.text(column)?);
        Ok(Epoch {
            start: time("starttime")?,
            end: time("endtime")?,
        })
    }

    fn text(&self, column: &str) -> Result<&str> {
        let index = self.columns.iter().position(|name| *name == column);
        index.map(|index| self.fields[index]).ok_or_else(|| {
            fail!(
                Station,
                self.place,
                format!("no column {column:?} in the header"),
                "Give the text with its header line, as the data centre sent it"
            )
        })
    }

    fn code(&self, column: &str) -> Result<Code> {
        needed_code(&self.place_of(column), self.text(column)?)
    }

    fn number(&self, column: &str) -> Result<Option<f64>> {
        read_number(&self.place_of(column), self.text(column)?)
    }

    fn degrees(&self, column: &str, limit_deg: f64) -> Result<f64> {
        read_degrees(&self.place_of(column), self.text(column)?, limit_deg)
    }

    fn place_of(&self, column: &str) -> String {
        format!("{}, {column}", self.place)
    }
}

fn fields(row: &str) -> Vec<&str> {
    row.split('|').map(str::trim).collect()
}

/// One line; what ends a line or parts the fields becomes a space in them.
fn row<const N: usize>(fields: [String; N]) -> String {
    let unfit = |c: char| c == '|' || c.is_control();
    fields.map(|field| field.replace(unfit, " ")).join("|")
}

/// A time without `Z`, as services write it.
fn written(time: Option<Time>) -> String {
    let time = time.map(|time| time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string());
    time.map_or_else(String::new, |text| {
        text.strip_suffix(".000000").unwrap_or(&text).to_string()
    })
}
