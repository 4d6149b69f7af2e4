//! The station that a study works with, at one time.

use std::f64::consts::TAU;

use super::motion::motion;
use super::{ChannelEpoch, Inventory, NetworkEpoch, StationEpoch};
use crate::code::Code;
use crate::error::{Result, fail};
use crate::geo::Point;

/// One station, with the channels that a study asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    pub network: Code,
    pub station: Code,
    pub location: Code,
    pub longitude_deg: f64,
    pub latitude_deg: f64,
    /// Above sea level.
    pub elevation_m: f64,
    /// In the order of their codes.
    pub channels: Vec<Channel>,
    /// True for a simulated station.
    pub simulated: bool,
}

/// One component of a station; a number that its data centre does not give is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// `HHZ`, `HH1`, ...
    pub code: Code,
    /// Clockwise from north; of no meaning for a vertical.
    pub azimuth_deg: f64,
    /// Down from the horizontal: -90 is up.
    pub dip_deg: f64,
    pub sampling_rate_hz: f64,
    /// Counts for one metre a second, at the frequency that the data centre names. (Of an
    /// accelerometer, or of one that measures displacement, converted at that frequency.)
    pub sensitivity_counts_per_m_s: f64,
}

impl Station {
    pub fn position(&self) -> Point {
        Point::new(self.longitude_deg, self.latitude_deg)
    }

    /// Reads text of level `channel` (17 columns, FDSN Web Service Specifications 1.2). Of
    /// several epochs of a channel the last one holds; to choose by time, see
    /// [`Inventory::station`]. `name` is what errors call the text.
    ///
    /// # Errors
    /// [`crate::Error::Station`] naming the line where the text does not have this form, where a
    /// field is not what it should be, or where there are several stations or locations.
    pub fn from_fdsn_text(text: &str, name: &str) -> Result<Self> {
        let inventory = Inventory::from_fdsn_text(text, name)?;
        let wrong = |what: &str| {
            fail!(
                Station,
                name,
                what,
                "Ask for one station, with level=channel and format=text"
            )
        };
        let channels: Vec<Told> = inventory.channels().collect();
        let (network, station, first) = *channels.first().ok_or_else(|| wrong("no channel"))?;
        let is_other = |(n, s, c): &Told| {
            (&n.code, &s.code, &c.location) != (&network.code, &station.code, &first.location)
        };
        if channels.iter().any(is_other) {
            return Err(wrong("one station and one location were expected"));
        }
        Self::of(channels, inventory.simulated).ok_or_else(|| wrong("no channel"))
    }

    /// The station of channels of one location; of several epochs of a channel the one that began
    /// last, and of two that began at one time what both say. Nothing of none.
    pub(super) fn of(mut told: Vec<Told>, simulated: bool) -> Option<Self> {
        told.sort_by(|(.., a), (.., b)| (&a.code, a.epoch.start).cmp(&(&b.code, b.epoch.start)));
        let (network, station, first) = *told.first()?;
        let mut channels: Vec<Channel> = Vec::new();
        let mut last_start = None;
        for (.., epoch) in told {
            let channel = Channel::of(epoch);
            let start = epoch.epoch.start;
            match channels.last_mut() {
                Some(last) if last.code != channel.code => channels.push(channel),
                Some(last) if last_start == Some(start) => last.keep_agreed(&channel),
                Some(last) => *last = channel,
                None => channels.push(channel),
            }
            last_start = Some(start);
        }
        Some(Self {
            network: network.code.clone(),
            station: station.code.clone(),
            location: first.location.clone(),
            longitude_deg: first.longitude_deg,
            latitude_deg: first.latitude_deg,
            elevation_m: first.elevation_m,
            channels,
            simulated,
        })
    }
}

/// A channel with its network and station.
type Told<'a> = (&'a NetworkEpoch, &'a StationEpoch, &'a ChannelEpoch);

impl Channel {
    /// The channel during one of its epochs.
    pub(super) fn of(epoch: &ChannelEpoch) -> Self {
        Self {
            code: epoch.code.clone(),
            azimuth_deg: epoch.azimuth_deg.unwrap_or(f64::NAN),
            dip_deg: epoch.dip_deg.unwrap_or(f64::NAN),
            sampling_rate_hz: epoch.sampling_rate_hz.unwrap_or(f64::NAN),
            sensitivity_counts_per_m_s: sensitivity(epoch).unwrap_or(f64::NAN),
        }
    }

    /// A number that another description of the same channel and time contradicts is not known.
    fn keep_agreed(&mut self, other: &Self) {
        let pairs = [
            (&mut self.azimuth_deg, other.azimuth_deg),
            (&mut self.dip_deg, other.dip_deg),
            (&mut self.sampling_rate_hz, other.sampling_rate_hz),
            (
                &mut self.sensitivity_counts_per_m_s,
                other.sensitivity_counts_per_m_s,
            ),
        ];
        for (own, other) in pairs {
            if *own != other {
                *own = f64::NAN;
            }
        }
    }
}

/// Counts for one metre a second. A harmonic motion of frequency f and velocity v has the
/// acceleration 2 pi f v and the displacement v / (2 pi f).
fn sensitivity(channel: &ChannelEpoch) -> Option<f64> {
    let sensitivity = channel.response.as_ref()?.sensitivity.as_ref()?;
    let (unit_m, n_derivatives) = motion(&sensitivity.units.input)?;
    let omega = || {
        sensitivity
            .frequency_hz
            .map(|f_hz| TAU * f_hz)
            .filter(|w| *w > 0.0)
    };
    let per_m_s = match n_derivatives {
        0 => 1.0 / omega()?,
        1 => 1.0,
        _ => omega()?,
    };
    Some(sensitivity.value / unit_m * per_m_s)
}

#[cfg(test)]
mod tests {
    use super::super::{ChannelEpoch, Response, Sensitivity, Units};
    use super::{Channel, Station};

    #[test]
    fn what_two_epochs_of_one_start_contradict_is_not_known() {
        let row = |azimuth: &str, gain: &str, start: &str| {
            format!("XX|A||HHN|1|2|3|0|{azimuth}|0|x|{gain}|1|M/S|100|{start}T00:00:00|\n")
        };
        let of = |rows: &[String]| {
            let header = "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime\n";
            let text = format!("{header}{}", rows.concat());
            let station = Station::from_fdsn_text(&text, "rows").unwrap();
            let [channel] = &station.channels[..] else {
                panic!("{:?}", station.channels)
            };
            (channel.azimuth_deg, channel.sensitivity_counts_per_m_s)
        };
        let (first, other) = (row("0", "1e9", "2014-01-01"), row("0", "5e8", "2014-01-01"));
        assert_eq!(of(&[first.clone(), first.clone()]), (0.0, 1e9));
        let (azimuth_deg, sensitivity) = of(&[first.clone(), other]);
        assert!(azimuth_deg == 0.0 && sensitivity.is_nan());
        // A later epoch holds.
        assert_eq!(of(&[first, row("9", "5e8", "2015-01-01")]), (9.0, 5e8));
    }

    #[test]
    fn sensitivities_are_told_for_velocity() {
        let of = |input: &str, frequency_hz| {
            let sensitivity = Sensitivity {
                value: 1000.0,
                frequency_hz,
                units: Units::new(input, "counts"),
            };
            let response = Some(Response {
                sensitivity: Some(sensitivity),
                ..Response::default()
            });
            let epoch = ChannelEpoch {
                response,
                ..ChannelEpoch::default()
            };
            Channel::of(&epoch).sensitivity_counts_per_m_s
        };
        assert_eq!(of("M/S", None), 1000.0);
        assert!((of("nm/s", Some(1.0)) / 1e12 - 1.0).abs() < 1e-12);
        // At 1 / (2 pi) Hz metres, metres a second and metres a second squared are the same.
        let f_hz = 1.0 / std::f64::consts::TAU;
        assert!((of("m/s**2", Some(f_hz)) - 1000.0).abs() < 1e-9);
        assert!((of("M/S**2", Some(2.0 * f_hz)) - 2000.0).abs() < 1e-9);
        assert!((of("m", Some(2.0 * f_hz)) - 500.0).abs() < 1e-9);
        for (unit, f_hz) in [
            ("m/s**2", None),
            ("m", Some(0.0)),
            ("Pa", Some(1.0)),
            ("", None),
        ] {
            assert!(of(unit, f_hz).is_nan(), "{unit}");
        }
    }
}
