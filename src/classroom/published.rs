//! What a seismic network would have published of the simulated earthquakes.
//!
//! A real catalog misses small events, and gives those it has with errors and rounded. Every source
//! draws its errors, found or not, so that another detection probability leaves the errors as they are.
//!
//! - Detection: the error function of magnitude of Ogata & Katsura (1993), *Geophysical Journal
//!   International* 113, 727-738. By day, when people make noise, 98 % are found at magnitude 2 and
//!   half at 1.6; by night a little more.
//! - Location: normal errors, about as large as those that ComCat states in the box (horizontally
//!   1.4 km in the median). Where the depth could not be found it stands fixed at 5 km, as for 18 %
//!   of ComCat's events there.
//! - Magnitudes: local (`ML`), above 3 some `mb_Lg`, above 3.4 most `Mwr`, taken as equal to the
//!   moment magnitude in the mean.
//!
//! There are no quarry blasts: every event is an earthquake.

use chrono::{DurationRound, TimeDelta, Timelike};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::seismicity::Truth;
use super::source::Source;
use crate::catalog::{Catalog, Event};
use crate::geo::Point;
use crate::study::Study;
use crate::time;

/// Magnitude at which half of the events are found, by night.
pub const HALF_FOUND_NIGHT: f64 = 1.48;
/// The same by day, 7 to 18 o'clock of local time.
pub const HALF_FOUND_DAY: f64 = 1.60;
/// Spread of the error function, such that about as many events are published as the paper's
/// catalog has, 703.
pub const DETECTION_SPREAD: f64 = 0.2;
/// Standard deviations of the errors; horizontally of each coordinate, so that the median distance
/// is 1.18 times as large.
pub const HORIZONTAL_ERROR_KM: f64 = 1.0;
pub const DEPTH_ERROR_KM: f64 = 1.2;
pub const TIME_ERROR_S: f64 = 0.2;
pub const MAGNITUDE_ERROR: f64 = 0.15;
/// Where the depth cannot be found.
pub const FIXED_DEPTH_KM: f64 = 5.0;
pub const FIXED_DEPTH_SHARE: f64 = 0.18;

/// Central Standard Time is 6 hours behind UTC.
const LOCAL_HOURS: i64 = -6;

/// A published event and the earthquake that it describes.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub event_id: String,
    pub source_id: String,
}

impl Truth {
    /// The catalog of the simulated data centre: incomplete, with errors, rounded; only what was
    /// located inside the study's box. Ids are `qp00001` and so on, oldest first; they say nothing
    /// of the sources: see [`Truth::links`].
    pub fn published(&self) -> Catalog {
        let events = self.publish().into_iter().map(|(_, event)| event);
        Catalog::new("simulated data centre", true, events.collect())
    }

    /// Which published event is which source, oldest first.
    pub fn links(&self) -> Vec<Link> {
        self.publish()
            .into_iter()
            .map(|(source, event)| Link {
                event_id: event.id,
                source_id: self.sources[source].id.clone(),
            })
            .collect()
    }

    /// The published events with the indices of their sources.
    fn publish(&self) -> Vec<(usize, Event)> {
        let region = Study::oklahoma().region;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        // The first stream made the earthquakes.
        rng.set_stream(1);
        let mut published: Vec<(usize, Event)> = self
            .sources
            .iter()
            .enumerate()
            .filter_map(|(index, source)| Some((index, report(source, &mut rng)?)))
            .filter(|(_, event)| region.contains(event.longitude_deg, event.latitude_deg))
            .collect();
        published.sort_by_key(|(_, event)| event.origin_time);
        for (number, (_, event)) in published.iter_mut().enumerate() {
            event.id = format!("qp{:05}", number + 1);
        }
        published
    }
}

/// The probability that an event of this magnitude and time is found.
pub fn detection_probability(source: &Source) -> f64 {
    let local = source.origin_time + TimeDelta::hours(LOCAL_HOURS);
    let half_found = if (7..18).contains(&local.hour()) {
        HALF_FOUND_DAY
    } else {
        HALF_FOUND_NIGHT
    };
    normal_cdf((source.mw - half_found) / DETECTION_SPREAD)
}

/// An event with errors and without an id, or `None` where it was not found.
fn report(source: &Source, rng: &mut ChaCha8Rng) -> Option<Event> {
    let [found, depth_luck, kind] = [(); 3].map(|()| rng.random::<f64>());
    let [east, north, down, delay, size] = [(); 5].map(|()| -> f64 { StandardNormal.sample(rng) });
    if found >= detection_probability(source) {
        return None;
    }
    let place = Point::from_local_km(
        HORIZONTAL_ERROR_KM * east,
        HORIZONTAL_ERROR_KM * north,
        source.epicentre(),
    );
    let depth_km = if depth_luck < FIXED_DEPTH_SHARE {
        FIXED_DEPTH_KM
    } else {
        (source.depth_km + DEPTH_ERROR_KM * down).max(0.0)
    };
    let time = source.origin_time + time::seconds(TIME_ERROR_S * delay);
    let magnitude = round(source.mw + MAGNITUDE_ERROR * size, 0.1);
    Some(Event {
        id: String::new(),
        origin_time: time
            .duration_round(TimeDelta::milliseconds(10))
            .expect("times of this millennium have milliseconds"),
        longitude_deg: round(place.longitude_deg, 0.001),
        latitude_deg: round(place.latitude_deg, 0.001),
        depth_km: Some(round(depth_km, 0.01)),
        magnitude,
        magnitude_type: magnitude_type(magnitude, kind).into(),
        event_type: "earthquake".into(),
    })
}

/// Larger events get other magnitudes; `luck` is in `[0, 1)`. Shares as in ComCat in the box.
fn magnitude_type(magnitude: f64, luck: f64) -> &'static str {
    if magnitude >= 3.4 && luck < 0.7 {
        "Mwr"
    } else if magnitude >= 3.0 && luck < 0.25 {
        "mb_Lg"
    } else {
        "ML"
    }
}

/// To a multiple of `step`, as its shortest decimal number.
fn round(value: f64, step: f64) -> f64 {
    let per_unit = (1.0 / step).round();
    (value * per_unit).round() / per_unit
}

/// The standard normal distribution function, Abramowitz & Stegun (1964) 26.2.17: error below
/// 7.5e-8.
fn normal_cdf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let polynomial = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ]
    .iter()
    .fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    let tail = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * polynomial;
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_distribution_agrees_with_scipy() {
        // scipy.stats.norm.cdf
        for (x, wanted) in [
            (-3.0, 0.001349898031630),
            (-1.0, 0.158655253931457),
            (0.0, 0.5),
            (0.5, 0.691462461274013),
            (2.0, 0.977249868051821),
        ] {
            assert!((normal_cdf(x) - wanted).abs() < 7.5e-8);
        }
    }

    #[test]
    fn rounded_numbers_print_short() {
        assert_eq!(round(-97.456_49, 0.001).to_string(), "-97.456");
        assert_eq!(round(2.349_999, 0.1).to_string(), "2.3");
    }
}
