//! What a simulated station recorded, as day files of an SDS archive, and the Earth as it sees it.

use std::ops::Range;
use std::path::Path;

use super::Synthesis;
use super::instrument::{CHANNELS, SAMPLING_RATE_HZ};
use super::seismicity::Truth;
use super::source::Source;
use crate::error::Result;
use crate::geo::Point;
use crate::time::{self, Time, TimeSpan};
use crate::waveform::{Archive, Nslc, Samples, Segment, Trace};

impl Truth {
    /// The same earthquakes as a station sees them that stands so many km to the east and north of GS.OK029, moved so that
    /// GS.OK029 is where that station was. Distances stay the same to 0.05 km within 25 km.
    #[must_use]
    pub fn seen_from(&self, (east_km, north_km): (f64, f64)) -> Self {
        let moved = |source: &Source| {
            let place = Point::from_local_km(-east_km, -north_km, source.epicentre());
            Source {
                longitude_deg: place.longitude_deg,
                latitude_deg: place.latitude_deg,
                ..source.clone()
            }
        };
        Self {
            sources: self.sources.iter().map(moved).collect(),
            ..self.clone()
        }
    }
}

impl Synthesis {
    /// Writes what was recorded in some spans, whose ends are whole seconds, into the day files of a station (network, station and
    /// location) below `root`. A clock that is late stamps each sample `late_s` after its time.
    ///
    /// # Errors
    /// As [`Archive::create`] and [`Archive::write`].
    pub fn write_day_files(
        &self,
        root: &Path,
        [network, station, location]: [&str; 3],
        spans: &[TimeSpan],
        late_s: f64,
    ) -> Result<()> {
        let archive = Archive::create(root, network, station, location, "HH*", true)?;
        for (component, channel) in CHANNELS.iter().enumerate() {
            let recorded = spans.iter().flat_map(|span| self.recorded(span));
            let segment = |samples: Range<i64>| Segment {
                start: at(samples.start) + time::seconds(late_s),
                samples: Samples::Int32(self.samples(
                    component,
                    samples.start,
                    (samples.end - samples.start) as usize,
                )),
            };
            archive.write(&[Trace {
                id: Nslc::new(network, station, location, channel)?,
                sampling_rate_hz: SAMPLING_RATE_HZ,
                segments: recorded.map(segment).collect(),
            }])?;
        }
        Ok(())
    }

    /// What of a span the station sent, in samples since 1970.
    fn recorded(&self, span: &TimeSpan) -> Vec<Range<i64>> {
        let (mut from, to) = (sample(span.start), sample(span.end));
        let mut pieces = Vec::new();
        for gap in self.outages(from, to) {
            pieces.push(from..gap.start);
            from = gap.end;
        }
        pieces.push(from..to);
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

/// Samples since 1970.
fn sample(time: Time) -> i64 {
    time.timestamp() * SAMPLING_RATE_HZ as i64
}

fn at(sample: i64) -> Time {
    time::of_sample(Time::UNIX_EPOCH, sample as usize, SAMPLING_RATE_HZ)
}

#[cfg(test)]
mod tests {
    use super::super::SEED;
    use super::*;

    #[test]
    fn a_station_sees_an_earthquake_at_its_own_distance() {
        let (east, north) = (-17.5, -14.0);
        let mut truth = Truth::simulate(SEED);
        let station = Point::new(-97.45, 35.80);
        let place = Point::from_local_km(east, north, station);
        truth.sources.truncate(1);
        let source = &mut truth.sources[0];
        (source.longitude_deg, source.latitude_deg) = (-97.40, 35.90);
        let km = source.epicentre().distance_km(place);
        let moved = truth.seen_from((east, north));
        let seen_km = moved.sources[0].epicentre().distance_km(station);
        assert!((seen_km - km).abs() < 0.05, "{seen_km} {km}");
    }
}
