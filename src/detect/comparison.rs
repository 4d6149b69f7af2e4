//! One measure for every detector: which events it finds, and how often it cries wolf.
//!
//! A catalog judges unfairly: it lacks small earthquakes, so that a detector that finds them has
//! false alarms. Where the truth is known, every detection at an earthquake is right, however small.
//! What must be found is another matter: only what stands so far above the noise that an analyst
//! would see it.

use std::ops::Add;

use super::{Alarms, Detections, Matches, USUAL_DEPTH_KM, signal_to_noise};
use crate::catalog::{Catalog, Event};
use crate::error::Result;
use crate::evaluate::{Rate, Score};
use crate::geo::Point;
use crate::time::{self, Time, TimeSpan};
use crate::travel::{LayeredModel, Phase};
use crate::waveform::Record3C;

/// An event so long before the record may have its P wave in it.
const REACH_S: f64 = 30.0;

/// The events against which detectors are judged on one record.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceEvents {
    /// Every event whose P wave may be in the record.
    pub events: Catalog,
    /// Of each, [`signal_to_noise`]; `None` where it was not recorded.
    pub ratios: Vec<Option<f64>>,
    /// An event must be found from this ratio on.
    pub min_ratio: f64,
    /// P wave of each event at the station.
    arrivals: Vec<Time>,
    tolerance_s: f64,
}

impl ReferenceEvents {
    /// The events of `truth` in the record, with P and S waves through `model`. A detection may be so
    /// long before or after a P wave, see [`Detections::match_`].
    ///
    /// # Errors
    /// As [`signal_to_noise`].
    pub fn in_record(
        truth: &Catalog,
        record: &Record3C,
        station: Point,
        model: &LayeredModel,
        min_ratio: f64,
        tolerance_s: f64,
    ) -> Result<Self> {
        let reach = time::seconds(REACH_S);
        let events = truth.during(&TimeSpan {
            start: record.start - reach,
            end: record.end(),
        });
        let (mut ratios, mut arrivals) = (Vec::new(), Vec::new());
        for event in events.events() {
            let depth_km = event.depth_km.unwrap_or(USUAL_DEPTH_KM).max(0.0);
            let distance_km = event.epicentre().distance_km(station);
            let at = |phase| {
                let travel_s = model.travel_time_s(phase, depth_km, distance_km);
                event.origin_time + time::seconds(travel_s)
            };
            let (p, s) = (at(Phase::P), at(Phase::S));
            let whole = record.start < p && s < record.end();
            ratios.push(match whole {
                true => signal_to_noise(record, record.sampling_rate_hz, p, s)?,
                false => None,
            });
            arrivals.push(p);
        }
        Ok(Self {
            events,
            ratios,
            min_ratio,
            arrivals,
            tolerance_s,
        })
    }

    /// The events that must be found.
    pub fn n_counted(&self) -> usize {
        (0..self.ratios.len()).filter(|i| self.counts(*i)).count()
    }

    /// Whether an event, by its place in `events`, must be found.
    pub fn counts(&self, event: usize) -> bool {
        self.ratios[event].is_some_and(|ratio| ratio >= self.min_ratio)
    }

    /// Detections beside the events.
    ///
    /// # Errors
    /// As [`Detections::match_`].
    pub fn judge(&self, detections: &Detections) -> Result<Matches> {
        let travel_s = |event: &Event| {
            let place = self.events.events().iter().position(|e| e.id == event.id);
            let arrival = place.map_or(event.origin_time, |place| self.arrivals[place]);
            time::between_s(event.origin_time, arrival)
        };
        detections.match_(&self.events, travel_s, self.tolerance_s)
    }

    /// Counts what a detector found and what not.
    ///
    /// # Errors
    /// As [`Detections::match_`].
    pub fn tally(&self, detections: &Detections) -> Result<Counts> {
        let matches = self.judge(detections)?;
        let found = matches.found.iter().map(|found| found.event);
        let n_found = found.filter(|event| self.counts(*event)).count();
        let missed = matches.missed.iter();
        let n_missed = missed.filter(|event| self.counts(**event)).count();
        Ok(Counts {
            n_found,
            n_counted: n_found + n_missed,
            n_right: matches.found.len(),
            n_false: matches.false_alarms.len(),
            hours: matches.hours,
        })
    }

    /// What a detector does as its threshold moves: `detect` gives its detections at each.
    ///
    /// # Errors
    /// As [`ReferenceEvents::tally`] and `detect`.
    pub fn curve(
        &self,
        thresholds: &[f64],
        detect: impl Fn(f64) -> Result<Detections>,
    ) -> Result<Vec<Operating>> {
        let point = |threshold: &f64| {
            Ok(Operating {
                threshold: *threshold,
                tally: self.tally(&detect(*threshold)?)?,
            })
        };
        thresholds.iter().map(point).collect()
    }

    /// The same for alarms, at [`CURVE_POINTS`] of their scores or at all where they are fewer,
    /// from the largest down.
    ///
    /// # Errors
    /// As [`ReferenceEvents::tally`].
    pub fn curve_of(&self, alarms: &Alarms) -> Result<Vec<Operating>> {
        let mut scores = alarms.scores();
        scores.dedup();
        // More of the largest, where a detector is of use: by the square of the place.
        let n = scores.len();
        let place = |i: usize| i * i * n.saturating_sub(1) / (CURVE_POINTS - 1).pow(2);
        let some: Vec<f64> = match n > CURVE_POINTS {
            true => (0..CURVE_POINTS).map(|i| scores[place(i)]).collect(),
            false => scores,
        };
        let mut curve = self.curve(&some, |threshold| Ok(alarms.at_least(threshold)))?;
        curve.dedup_by_key(|point| point.threshold);
        Ok(curve)
    }
}

/// Thresholds of a curve.
pub const CURVE_POINTS: usize = 60;

/// What a detector found on one record or several.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    /// Events that must be found, and were.
    pub n_found: usize,
    /// Events that must be found, and could.
    pub n_counted: usize,
    /// Detections at an earthquake of any size.
    pub n_right: usize,
    /// Detections at no earthquake at all.
    pub n_false: usize,
    /// Hours scanned.
    pub hours: f64,
}

impl Counts {
    /// Of the events that must be found, those found.
    pub fn recall(&self) -> Score {
        Score::of(self.n_found, self.n_counted)
    }

    /// Of the detections, those at an earthquake of any size.
    pub fn precision(&self) -> Score {
        Score::of(self.n_right, self.n_right + self.n_false)
    }

    /// False alarms an hour.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where nothing was scanned.
    pub fn false_alarms(&self) -> Result<Rate> {
        Rate::of(self.n_false, self.hours)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            n_found: self.n_found + other.n_found,
            n_counted: self.n_counted + other.n_counted,
            n_right: self.n_right + other.n_right,
            n_false: self.n_false + other.n_false,
            hours: self.hours + other.hours,
        }
    }
}

/// A threshold and what it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operating {
    pub threshold: f64,
    pub tally: Counts,
}

/// The lowest threshold of a curve from which on upwards false alarms come at most `per_hour`; the
/// highest where none is so quiet. `None` for an empty curve.
///
/// ```
/// use quakebook::detect::{Operating, Counts, lowest_bearable};
/// let at = |threshold, n_false| Operating {
///     threshold,
///     tally: Counts { n_false, hours: 10.0, ..Counts::default() },
/// };
/// let curve = [at(9.0, 0), at(7.0, 4), at(5.0, 5), at(3.0, 90)];
/// assert_eq!(lowest_bearable(&curve, 0.5), Some(5.0));
/// assert_eq!(lowest_bearable(&curve[3..], 0.5), Some(3.0));
/// ```
pub fn lowest_bearable(curve: &[Operating], per_hour: f64) -> Option<f64> {
    let mut falling = curve.to_vec();
    falling.sort_by(|a, b| b.threshold.total_cmp(&a.threshold));
    let bearable = |point: &&Operating| point.tally.n_false as f64 <= per_hour * point.tally.hours;
    let quiet = falling.iter().take_while(bearable).last();
    quiet.or(falling.first()).map(|point| point.threshold)
}

/// One detector in the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorResult {
    pub name: String,
    /// What it must know before it can detect anything.
    pub needs: String,
    /// Chosen on other records.
    pub threshold: f64,
    /// What it does there on the tested record.
    pub tally: Counts,
    /// What other thresholds would have done.
    pub curve: Vec<Operating>,
    /// Seconds of computing for the tested record.
    pub seconds: f64,
}

/// Detectors on the same record, against the same events.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub station: String,
    pub simulated: bool,
    pub min_ratio: f64,
    pub contenders: Vec<DetectorResult>,
}

impl Comparison {
    /// A comparison without contenders yet.
    pub fn new(record: &Record3C, targets: &ReferenceEvents) -> Self {
        Self {
            station: record.station.clone(),
            simulated: record.simulated || targets.events.simulated,
            min_ratio: targets.min_ratio,
            contenders: Vec::new(),
        }
    }
}
