//! All that a data centre told of its stations.

use super::{Response, Station};
use crate::code::Code;
use crate::code_pattern::{NslcPattern, StationChoice};
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::time::{self, Time};

const FAR_KM: f64 = 5.0;
const DEEP_M: f64 = 100.0;

/// Networks with their stations and channels, as a data centre told of them.
///
/// Kept is what says where, when and how ground motion was recorded. Comments, operators,
/// equipment's serial numbers and the like are passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// Where it came from.
    pub source: String,
    /// True for simulated stations.
    pub simulated: bool,
    pub networks: Vec<NetworkEpoch>,
}

/// From when until when something was so; open where no time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Epoch {
    pub start: Option<Time>,
    pub end: Option<Time>,
}

/// A network during one epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NetworkEpoch {
    pub code: Code,
    pub description: String,
    pub epoch: Epoch,
    /// How many stations its data centre counts, told of here or not.
    pub n_stations: Option<u64>,
    pub stations: Vec<StationEpoch>,
}

/// A station during one epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StationEpoch {
    pub code: Code,
    /// The name of its site.
    pub site: String,
    pub latitude_deg: f64,
    pub longitude_deg: f64,
    /// Above sea level.
    pub elevation_m: f64,
    pub epoch: Epoch,
    pub channels: Vec<ChannelEpoch>,
}

/// A channel during one epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChannelEpoch {
    /// Empty for the location that is written `--`.
    pub location: Code,
    pub code: Code,
    pub latitude_deg: f64,
    pub longitude_deg: f64,
    /// Above sea level.
    pub elevation_m: f64,
    /// Of the sensor below the surface.
    pub depth_m: Option<f64>,
    /// Clockwise from north.
    pub azimuth_deg: Option<f64>,
    /// Down from the horizontal: -90 is up.
    pub dip_deg: Option<f64>,
    pub sampling_rate_hz: Option<f64>,
    /// The sensor in words.
    pub sensor: String,
    pub epoch: Epoch,
    pub response: Option<Response>,
}

impl Epoch {
    /// Whether the epoch holds at that time. Both ends belong to it: data centres end an epoch at
    /// 23:59:59 and begin the next at midnight.
    pub fn holds(&self, time: Time) -> bool {
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time <= end)
    }
}

impl Inventory {
    /// Every channel with its network and station, in order.
    pub fn channels(&self) -> impl Iterator<Item = (&NetworkEpoch, &StationEpoch, &ChannelEpoch)> {
        self.networks.iter().flat_map(|network| {
            network.stations.iter().flat_map(move |station| {
                let channels = station.channels.iter();
                channels.map(move |channel| (network, station, channel))
            })
        })
    }

    /// Whether a station (`CX.PB01`) stood there at that time, by one of its epochs.
    pub fn stands(&self, id: &str, at: Time) -> bool {
        let (network, station) = id.split_once('.').unwrap_or(("", id));
        let of_network = self.networks.iter().filter(|n| n.code == network);
        of_network
            .flat_map(|n| &n.stations)
            .any(|s| s.code == station && s.epoch.holds(at))
    }

    /// Channels (`CX.PB01..HHZ`) that stand more than 5 km from their station, and how far: an array is as large, and a mistake in a degree
    /// larger.
    pub fn far_channels(&self) -> Vec<(String, f64)> {
        self.channels_beyond(FAR_KM, |station, channel| {
            let of_channel = Point::new(channel.longitude_deg, channel.latitude_deg);
            let of_station = Point::new(station.longitude_deg, station.latitude_deg);
            Some(of_station.distance_km(of_channel))
        })
    }

    /// Channels whose sensor is more than 100 m below the ground, and how far.
    pub fn deep_channels(&self) -> Vec<(String, f64)> {
        self.channels_beyond(DEEP_M, |_, channel| channel.depth_m)
    }

    /// Channels of which something is known that is larger than `most`, with its size.
    fn channels_beyond(
        &self,
        most: f64,
        size: impl Fn(&StationEpoch, &ChannelEpoch) -> Option<f64>,
    ) -> Vec<(String, f64)> {
        let beyond = self.channels().filter_map(|(network, station, channel)| {
            let size = size(station, channel).filter(|size| *size > most)?;
            let codes = [
                &network.code,
                &station.code,
                &channel.location,
                &channel.code,
            ];
            Some((codes.map(|code| code.as_str()).join("."), size))
        });
        beyond.collect()
    }

    /// The station that a study chose, with its channels as they were at that time, in the order
    /// of their codes. Where epochs of one channel overlap, the one that began last holds. The
    /// station stands where its first channel does.
    ///
    /// # Errors
    /// [`crate::Error::Station`] where no such channel ran at that time; it says which of the
    /// station's did when.
    pub fn station(&self, choice: &StationChoice, at: Time) -> Result<Station> {
        let of_station = || {
            self.channels().filter(|(network, station, _)| {
                network.code == choice.network && station.code == choice.station
            })
        };
        let chosen = of_station().filter(|(network, station, channel)| {
            let epochs = [network.epoch, station.epoch, channel.epoch];
            channel.location == choice.location
                && choice.channels.admits(&channel.code)
                && epochs.iter().all(|epoch| epoch.holds(at))
        });
        Station::of(chosen.collect(), self.simulated).ok_or_else(|| {
            let known: Vec<String> = of_station().take(12).map(|(.., c)| c.told()).collect();
            let known = match known.len() {
                0 => "nothing of this station".to_string(),
                _ => known.join(", "),
            };
            fail!(
                Station,
                format!("{} at {}", NslcPattern::from(choice), time::iso(at)),
                format!("no such channel at this time; known is {known}"),
                "Choose another time, or other codes in the study's [station]"
            )
        })
    }
}

impl ChannelEpoch {
    /// Location, code and epoch, for an error.
    fn told(&self) -> String {
        let day = |time: Option<Time>| {
            time.map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
        };
        format!(
            "{}.{} ({} to {})",
            self.location,
            self.code,
            day(self.epoch.start),
            day(self.epoch.end)
        )
    }
}
