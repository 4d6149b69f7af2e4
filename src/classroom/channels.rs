//! The channels that the simulated station sends, and which of their samples exist.

use std::ops::Range;

use super::ground::Ground;
use super::instrument;
use crate::geo::Point;
use crate::station::{
    ChannelEpoch, Epoch, Filter, Gain, Inventory, NetworkEpoch, PolesZeros, Response, Sensitivity,
    Stage, StationEpoch, TransferFunction, Units,
};
use crate::time::{self, Time};
use crate::waveform::{Code, Nslc};

const NETWORK: &str = "GS";
const STATION: &str = "OK029";
const LOCATION: &str = "00";

/// One channel: a component at the recorder's rate, or the mean of `decimation` samples of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Channel {
    pub code: &'static str,
    /// An index into [`instrument::CHANNELS`].
    pub component: usize,
    pub decimation: i64,
}

/// Beside HH the real station sends LH at 1 Hz, into which a request for channel `*` runs. Here
/// an LH sample is the mean of the 100 HH samples around it: a poor filter, but enough to look
/// different from HH.
pub(super) const CHANNELS: [Channel; 6] = [
    channel(instrument::CHANNELS[0], 0, 1),
    channel(instrument::CHANNELS[1], 1, 1),
    channel(instrument::CHANNELS[2], 2, 1),
    channel("LH1", 0, 100),
    channel("LH2", 1, 100),
    channel("LHZ", 2, 100),
];

const fn channel(code: &'static str, component: usize, decimation: i64) -> Channel {
    Channel {
        code,
        component,
        decimation,
    }
}

/// When the simulated station began and ended: the study's catalog and a day around it.
pub(super) fn epoch() -> (Time, Time) {
    let day = |text| time::parse(text).expect("a constant time");
    (day("2014-02-14"), day("2016-11-17"))
}

fn station_epoch() -> Epoch {
    let (start, end) = epoch();
    Epoch {
        start: Some(start),
        end: Some(end),
    }
}

fn code(text: &str) -> Code {
    text.parse().expect("a constant code")
}

/// All that the station service can tell.
pub(super) fn inventory() -> Inventory {
    let station = station(STATION, LOCATION, instrument::STATION, &CHANNELS);
    inventory_of(vec![network(NETWORK, vec![station])])
}

/// A station at the elevation of GS.OK029 with these channels.
pub(super) fn station(
    station: &str,
    location: &str,
    place: Point,
    channels: &[Channel],
) -> StationEpoch {
    let channels = channels
        .iter()
        .map(|channel| channel.told(location, place))
        .collect();
    StationEpoch {
        code: code(station),
        site: format!("{station}, Oklahoma (simulated)"),
        latitude_deg: place.latitude_deg,
        longitude_deg: place.longitude_deg,
        elevation_m: instrument::ELEVATION_M,
        epoch: station_epoch(),
        channels,
    }
}

pub(super) fn network(network: &str, stations: Vec<StationEpoch>) -> NetworkEpoch {
    NetworkEpoch {
        code: code(network),
        description: "Network (simulated)".into(),
        epoch: station_epoch(),
        n_stations: Some(stations.len() as u64),
        stations,
    }
}

pub(super) fn inventory_of(networks: Vec<NetworkEpoch>) -> Inventory {
    Inventory {
        source: "quakebook classroom".into(),
        simulated: true,
        networks,
    }
}

impl Channel {
    pub fn sampling_rate_hz(self) -> f64 {
        instrument::SAMPLING_RATE_HZ / self.decimation as f64
    }

    pub fn id(self) -> Nslc {
        Nslc::new(NETWORK, STATION, LOCATION, self.code).expect("constant codes")
    }

    /// What the station service tells of this channel. The simulated instrument is flat: velocity
    /// times one number, without poles and zeros.
    fn told(self, location: &str, place: Point) -> ChannelEpoch {
        let value = instrument::SENSITIVITY_COUNTS_PER_M_S;
        let frequency_hz = Some(1.0);
        let units = Units::new("m/s", "counts");
        let flat = PolesZeros {
            units: units.clone(),
            transfer_function: TransferFunction::LaplaceRadians,
            normalization_factor: 1.0,
            normalization_frequency_hz: frequency_hz,
            zeros: Vec::new(),
            poles: Vec::new(),
        };
        ChannelEpoch {
            location: code(location),
            code: code(self.code),
            latitude_deg: place.latitude_deg,
            longitude_deg: place.longitude_deg,
            elevation_m: instrument::ELEVATION_M,
            depth_m: Some(0.0),
            // A vertical has no azimuth; clients want a number all the same.
            azimuth_deg: Some(instrument::AZIMUTHS_DEG[self.component]),
            dip_deg: Some(instrument::DIPS_DEG[self.component]),
            sampling_rate_hz: Some(self.sampling_rate_hz()),
            sensor: "Broadband (simulated)".into(),
            epoch: station_epoch(),
            response: Some(Response {
                sensitivity: Some(Sensitivity {
                    value,
                    frequency_hz,
                    units,
                }),
                polynomial: None,
                stages: vec![Stage {
                    number: 1,
                    filter: Some(Filter::PolesZeros(flat)),
                    decimation: None,
                    gain: Some(Gain {
                        value,
                        frequency_hz,
                    }),
                }],
            }),
        }
    }

    /// Nanoseconds from one sample to the next; sample 0 is at 1970-01-01T00:00:00.
    fn step_ns(self) -> i64 {
        (1e9 / self.sampling_rate_hz()).round() as i64
    }

    /// The samples from `start` to `end`, both included, as far as the station was running.
    pub fn span(self, start: Time, end: Time) -> Range<i64> {
        let (first, last) = epoch();
        // Every time within the epoch is within the 584 years that nanoseconds can count.
        let ns = |time: Time| time.clamp(first, last).timestamp_nanos_opt().unwrap_or(0);
        if end < first || last < start {
            return 0..0;
        }
        let step = self.step_ns();
        let from = -(-ns(start)).div_euclid(step);
        from..ns(end).div_euclid(step) + 1
    }

    /// The time of a sample.
    pub fn time(self, index: i64) -> Time {
        chrono::DateTime::from_timestamp_nanos(index * self.step_ns())
    }

    /// The parts of a span in which nothing is missing.
    pub fn recorded(self, ground: &dyn Ground, span: Range<i64>) -> Vec<Range<i64>> {
        let hh = self.needed(span.clone());
        let (mut parts, mut from) = (Vec::new(), span.start);
        for outage in ground.outages(hh.start, hh.end) {
            let missing = self.touched(outage);
            if from < missing.start {
                parts.push(from..missing.start.min(span.end));
            }
            from = from.max(missing.end);
        }
        if from < span.end {
            parts.push(from..span.end);
        }
        parts
    }

    /// The samples of a span, in counts.
    pub fn samples(self, ground: &dyn Ground, span: Range<i64>) -> Vec<i32> {
        let hh = self.needed(span);
        let n = usize::try_from(hh.end - hh.start).unwrap_or(0);
        let samples = ground.samples(self.component, hh.start, n);
        if self.decimation == 1 {
            return samples;
        }
        let mean = |part: &[i32]| {
            let sum: i64 = part.iter().copied().map(i64::from).sum();
            (sum as f64 / part.len() as f64).round() as i32
        };
        samples.chunks(self.decimation as usize).map(mean).collect()
    }

    /// The samples at the recorder's rate from which a span is made.
    fn needed(self, span: Range<i64>) -> Range<i64> {
        let half = self.decimation / 2;
        span.start * self.decimation - half..span.end * self.decimation - half
    }

    /// The samples of this channel in whose making a range at the recorder's rate takes part.
    fn touched(self, range: Range<i64>) -> Range<i64> {
        let half = self.decimation / 2;
        let first = (range.start + half).div_euclid(self.decimation);
        let last = (range.end - 1 + half).div_euclid(self.decimation);
        first..last + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sample `i` of component `c` is `1000 c + i mod 1000`; samples 150 to 249 after midnight of
    /// 16 February 2014 are missing.
    struct Ramp;

    const MIDNIGHT: i64 = 1_392_508_800 * 100;

    impl Ground for Ramp {
        fn samples(&self, component: usize, first: i64, n: usize) -> Vec<i32> {
            let value = |i: i64| (1000 * component as i64 + (first + i).rem_euclid(1000)) as i32;
            (0..n as i64).map(value).collect()
        }

        fn outages(&self, from: i64, to: i64) -> Vec<Range<i64>> {
            let (start, end) = (from.max(MIDNIGHT + 150), to.min(MIDNIGHT + 250));
            if start < end {
                std::iter::once(start..end).collect()
            } else {
                Vec::new()
            }
        }
    }

    fn at(text: &str) -> Time {
        time::parse(text).unwrap()
    }

    #[test]
    fn the_end_sample_is_included_and_times_off_the_grid_are_not_rounded() {
        let hhz = CHANNELS[2];
        let midnight = at("2014-02-16");
        assert_eq!(
            hhz.span(midnight, at("2014-02-16T00:00:10")),
            MIDNIGHT..MIDNIGHT + 1001
        );
        assert_eq!(
            hhz.span(at("2014-02-16T00:00:00.001"), at("2014-02-16T00:00:00.029")),
            MIDNIGHT + 1..MIDNIGHT + 3
        );
        assert_eq!(hhz.time(MIDNIGHT), midnight);
        assert!(hhz.span(at("2012-01-01"), at("2013-01-01")).is_empty());
        assert!(hhz.span(at("2020-01-01"), at("2021-01-01")).is_empty());
    }

    #[test]
    fn an_outage_parts_the_span() {
        let hhz = CHANNELS[2];
        assert_eq!(
            hhz.recorded(&Ramp, MIDNIGHT..MIDNIGHT + 1000),
            [MIDNIGHT..MIDNIGHT + 150, MIDNIGHT + 250..MIDNIGHT + 1000]
        );
        assert!(
            hhz.recorded(&Ramp, MIDNIGHT + 160..MIDNIGHT + 200)
                .is_empty()
        );
        // HH 150 to 249 take part in the means around 2 s (150 to 249) alone.
        let lhz = CHANNELS[5];
        let second = MIDNIGHT / 100;
        assert_eq!(
            lhz.recorded(&Ramp, second..second + 10),
            [second..second + 2, second + 3..second + 10]
        );
    }

    #[test]
    fn a_slow_sample_is_the_mean_around_it() {
        let lhz = CHANNELS[5];
        let second = MIDNIGHT / 100;
        // Around 1 s: 50 to 149, mean 99.5.
        let samples = lhz.samples(&Ramp, second + 1..second + 3);
        assert_eq!(samples, [2100, 2200]);
    }
}
