//! The events against which detectors are judged.
//!
//! A catalog judges unfairly: it lacks small earthquakes, so that a detector that finds them has
//! false alarms. Where the truth is known, every detection at an earthquake is right, however small.
//! What must be found is another matter: only what stands so far above the noise that an analyst
//! would see it.

use super::matching::one_to_one;
use super::{Alarms, Detections, Found, Matches, signal_to_noise};
use crate::catalog::Catalog;
use crate::error::{Result, fail};
use crate::evaluate::{Counts, OperatingPoint};
use crate::geo::Point;
use crate::time::{self, Time, TimeSpan};
use crate::travel::{LayeredModel, Phase};
use crate::waveform::{Record3C, WaveformSource};

/// An event's P wave may arrive so long before its detection: a detector may have seen the S wave
/// alone, which in a region of 30 km comes up to 5 s later.
pub const TOLERANCE_S: f64 = 5.0;

/// An event so long before the record may have its P wave in it.
const REACH_S: f64 = 30.0;

/// Events with their arrivals at one station, and which of them a detector must find.
///
/// ```
/// use quakebook::detect::ReferenceEvents;
/// # use quakebook::{catalog::{Catalog, Event}, detect::{Detection, Detections}, time::TimeSpan, time};
/// # let at = |s| time::parse("2014-02-16").unwrap() + time::seconds(s);
/// # let item = Detection { start: at(20.0), end: at(30.0), time: at(25.0), class: 1, probability: 0.9, n_windows: 1 };
/// # let detections = Detections { station: "GS.OK029.00".into(), simulated: true, n_classes: 4,
/// #     scanned: vec![TimeSpan { start: at(0.0), end: at(60.0) }], items: vec![item] };
/// # let event = |s| Event { id: format!("at {s}"), origin_time: at(s), longitude_deg: -97.4, latitude_deg: 35.8,
/// #     depth_km: None, magnitude: 2.2, magnitude_type: "ML".into(), event_type: "earthquake".into() };
/// let catalog = Catalog::new("made up", true, vec![event(22.0), event(50.0)]);
/// // P waves three seconds after the origins; a detection may be one second off.
/// let arrivals = vec![at(25.0), at(53.0)];
/// let reference = ReferenceEvents::at(catalog, arrivals, 1.0)?;
/// let counts = reference.count(&detections);
/// assert_eq!((counts.n_found, counts.n_counted, counts.n_false), (1, 2, 0));
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceEvents {
    pub events: Catalog,
    /// P wave of each event at the station.
    pub arrivals: Vec<Time>,
    /// Of each, [`signal_to_noise`]; `None` where it was not recorded or not asked for.
    pub ratios: Vec<Option<f64>>,
    /// An event must be found from this ratio on; `None` where every event must.
    pub min_ratio: Option<f64>,
    tolerance_s: f64,
}

impl ReferenceEvents {
    /// The events of a catalog, with P waves through `model`; every one must be found. A detection may
    /// be [`TOLERANCE_S`] before or after a P wave.
    pub fn new(events: &Catalog, station: Point, model: &LayeredModel) -> Self {
        let arrival = |event| arrival(event, model, Phase::P, station);
        Self {
            events: events.clone(),
            arrivals: events.events().iter().map(arrival).collect(),
            ratios: vec![None; events.len()],
            min_ratio: None,
            tolerance_s: TOLERANCE_S,
        }
    }

    /// Events whose arrivals are known; every one must be found. A detection may be `tolerance_s`
    /// before or after an arrival.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where there is not one arrival for each event, or the tolerance is
    /// negative.
    pub fn at(events: Catalog, arrivals: Vec<Time>, tolerance_s: f64) -> Result<Self> {
        if arrivals.len() != events.len() || tolerance_s.is_nan() || tolerance_s < 0.0 {
            return Err(fail!(
                Detect,
                "reference events",
                format!(
                    "{} arrivals and a tolerance of {tolerance_s} s for {} events",
                    arrivals.len(),
                    events.len()
                ),
                "Give each event one arrival, and a tolerance of 0 s or more"
            ));
        }
        Ok(Self {
            ratios: vec![None; events.len()],
            events,
            arrivals,
            min_ratio: None,
            tolerance_s,
        })
    }

    /// As [`ReferenceEvents::new`], but only events above the noise must be found.
    ///
    /// The noise is that of `source`; an event stands at least `min_ratio` above it ([`signal_to_noise`]).
    ///
    /// # Errors
    /// As [`signal_to_noise`].
    pub fn above_noise(
        events: &Catalog,
        station: Point,
        model: &LayeredModel,
        source: &dyn WaveformSource,
        sampling_rate_hz: f64,
        min_ratio: f64,
    ) -> Result<Self> {
        let mut reference = Self::new(events, station, model);
        for (i, event) in events.events().iter().enumerate() {
            let s = arrival(event, model, Phase::S, station);
            reference.ratios[i] =
                signal_to_noise(source, sampling_rate_hz, reference.arrivals[i], s)?;
        }
        reference.min_ratio = Some(min_ratio);
        Ok(reference)
    }

    /// As [`ReferenceEvents::above_noise`], with the events whose P wave may be in one record. An event
    /// whose P or S wave is outside of the record need not be found.
    ///
    /// # Errors
    /// As [`signal_to_noise`].
    pub fn in_record(
        truth: &Catalog,
        record: &Record3C,
        station: Point,
        model: &LayeredModel,
        min_ratio: f64,
    ) -> Result<Self> {
        let events = truth.during(&TimeSpan {
            start: record.start - time::seconds(REACH_S),
            end: record.end(),
        });
        let rate_hz = record.sampling_rate_hz;
        Self::above_noise(&events, station, model, record, rate_hz, min_ratio)
    }

    /// The events that must be found.
    pub fn n_counted(&self) -> usize {
        (0..self.ratios.len()).filter(|i| self.counts(*i)).count()
    }

    /// Whether an event, by its place in `events`, must be found.
    pub fn counts(&self, event: usize) -> bool {
        self.min_ratio.is_none_or(|min_ratio| {
            let ratio = self.ratios[event];
            ratio.is_some_and(|ratio| ratio >= min_ratio)
        })
    }

    /// Detections beside the events: found, missed, false alarms.
    pub fn match_(&self, detections: &Detections) -> Matches {
        detections.match_arrivals(&self.arrivals, self.tolerance_s, self.events.simulated)
    }

    /// Counts what a detector found and what not. A detection of an event that need not be found is no
    /// false alarm.
    pub fn count(&self, detections: &Detections) -> Counts {
        self.match_(detections).counts(|event| self.counts(event))
    }

    /// What a detector does as its threshold moves: `detect` gives its detections at each.
    ///
    /// Detections, not windows, are judged: a scan is merged anew for each threshold, as it would be
    /// in use.
    ///
    /// # Errors
    /// As `detect`, and [`crate::Error::Detect`] where there is no threshold.
    pub fn curve(
        &self,
        thresholds: &[f64],
        detect: impl Fn(f64) -> Result<Detections>,
    ) -> Result<Vec<OperatingPoint>> {
        if thresholds.is_empty() {
            return Err(fail!(
                Detect,
                "thresholds",
                "there is none",
                "Give one or more"
            ));
        }
        let point = |threshold: &f64| {
            Ok(OperatingPoint {
                threshold: *threshold,
                counts: self.count(&detect(*threshold)?),
            })
        };
        thresholds.iter().map(point).collect()
    }

    /// What alarms do as the threshold of their score moves: a point for each score that occurs, from the largest
    /// down. Without alarms the curve is empty.
    ///
    /// Each point has the counts of [`ReferenceEvents::count`] at its threshold. Which alarms may be an event's is
    /// looked up once for all of them.
    pub fn curve_of(&self, alarms: &Alarms) -> Vec<OperatingPoint> {
        let all = alarms.at_least(f64::NEG_INFINITY);
        let pairs = all.pairs(&self.arrivals, self.tolerance_s);
        let (n_events, n_alarms, hours) = (self.arrivals.len(), all.len(), all.hours());
        let was_scanned = |event: usize| {
            all.scanned
                .iter()
                .any(|span| span.contains(self.arrivals[event]))
        };
        let counted: Vec<usize> = (0..n_events).filter(|i| self.counts(*i)).collect();
        let n_scanned = counted.iter().filter(|i| was_scanned(**i)).count();
        let scores = alarms.scores();
        let point = |(n, threshold): (usize, f64)| {
            let loud = |pair: &&Found| alarms.items[pair.detection].score >= threshold;
            let found = one_to_one(pairs.iter().filter(loud), n_events, n_alarms);
            let of_counted = || found.iter().filter(|pair| self.counts(pair.event));
            // An event may be found from outside of what was scanned; else it could not be.
            let n_outside = of_counted().filter(|pair| !was_scanned(pair.event)).count();
            OperatingPoint {
                threshold,
                counts: Counts {
                    n_found: of_counted().count(),
                    n_counted: n_scanned + n_outside,
                    n_right: found.len(),
                    n_false: n - found.len(),
                    hours,
                },
            }
        };
        let last_of_equals = |i: &usize| scores.get(i + 1) != Some(&scores[*i]);
        let places = (0..scores.len()).filter(last_of_equals);
        places.map(|i| point((i + 1, scores[i]))).collect()
    }
}

/// When a wave of an event reaches a station.
fn arrival(
    event: &crate::catalog::Event,
    model: &LayeredModel,
    phase: Phase,
    station: Point,
) -> Time {
    event.origin_time + time::seconds(event.travel_time_s(model, phase, station))
}
