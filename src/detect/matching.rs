//! Detections beside a catalog: found, missed, false alarms.

use crate::catalog::{Catalog, Event};
use crate::error::{Result, fail};
use crate::evaluate::{Counts, Rate, Score};
use crate::geo::Point;
use crate::time::{self, Time, between_s};
use crate::travel::{LayeredModel, Phase};

use super::{Detection, Detections};

/// What the P wave takes from an event to a station, in seconds.
pub fn p_travel_time_s(model: &LayeredModel, event: &Event, station: Point) -> f64 {
    event.travel_time_s(model, Phase::P, station)
}

/// A detection and its event, by their places in their lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub detection: usize,
    pub event: usize,
    /// Time of the detection after the expected arrival.
    pub delay_s: f64,
}

/// Detections matched one to one with the events of a catalog.
#[derive(Debug, Clone, PartialEq)]
pub struct Matches {
    pub found: Vec<Found>,
    /// Events that were scanned and not detected, by their places in the catalog.
    pub missed: Vec<usize>,
    /// Detections without an event. The catalog decides what is false: an earthquake that it does
    /// not list counts as an alarm too.
    pub false_alarms: Vec<usize>,
    /// Events that could not be detected, for their waves came outside of what was scanned.
    pub n_not_scanned: usize,
    /// Hours scanned.
    pub hours: f64,
    /// True where the record or the catalog was simulated.
    pub simulated: bool,
}

impl Detections {
    /// Matches events and detections one to one.
    ///
    /// An event may be the detection's where its expected arrival, origin time plus
    /// `travel_time_s(event)`, lies between the detection's start and end, or within `tolerance_s`
    /// of them. Of all such pairs the closest in time is taken first, then the closest of what is
    /// left: greedy, and the same as the best assignment unless events are closer than windows.
    ///
    /// # Errors
    /// [`crate::Error::Detect`] where `tolerance_s` or a travel time is negative or not a number.
    pub fn match_(
        &self,
        catalog: &Catalog,
        travel_time_s: impl Fn(&Event) -> f64,
        tolerance_s: f64,
    ) -> Result<Matches> {
        let travel_s: Vec<f64> = catalog.events().iter().map(travel_time_s).collect();
        for (name, value) in travel_s
            .iter()
            .map(|value| ("travel time", value))
            .chain([("tolerance_s", &tolerance_s)])
        {
            if !(value.is_finite() && *value >= 0.0) {
                return Err(fail!(
                    Detect,
                    name,
                    format!("{value}, expected 0 or more"),
                    "Give seconds"
                ));
            }
        }
        let arrivals = catalog.events().iter().zip(&travel_s);
        let arrivals: Vec<Time> = arrivals
            .map(|(event, travel_s)| event.origin_time + time::seconds(*travel_s))
            .collect();
        Ok(self.match_arrivals(&arrivals, tolerance_s, catalog.simulated))
    }

    /// Every detection that may be an event's, the closest in time first.
    pub(super) fn pairs(&self, arrivals: &[Time], tolerance_s: f64) -> Vec<Found> {
        let may_be = |d: &Detection, arrival| {
            between_s(d.start, arrival) >= -tolerance_s && between_s(arrival, d.end) >= -tolerance_s
        };
        let mut pairs = Vec::new();
        for (event, arrival) in arrivals.iter().enumerate() {
            for (detection, d) in self.items.iter().enumerate() {
                if may_be(d, *arrival) {
                    pairs.push(Found {
                        detection,
                        event,
                        delay_s: between_s(*arrival, d.time),
                    });
                }
            }
        }
        // A stable sort: among equals the earlier event, then the earlier detection.
        pairs.sort_by(|a, b| a.delay_s.abs().total_cmp(&b.delay_s.abs()));
        pairs
    }

    /// As [`Detections::match_`], for events whose arrivals are known.
    pub(super) fn match_arrivals(
        &self,
        arrivals: &[Time],
        tolerance_s: f64,
        simulated: bool,
    ) -> Matches {
        let pairs = self.pairs(arrivals, tolerance_s);
        let mut found = one_to_one(pairs.iter(), arrivals.len(), self.len());
        let (mut event_taken, mut detection_taken) =
            (vec![false; arrivals.len()], vec![false; self.len()]);
        for pair in &found {
            event_taken[pair.event] = true;
            detection_taken[pair.detection] = true;
        }
        found.sort_by_key(|pair| pair.event);
        let not_taken = |taken: &[bool]| -> Vec<usize> {
            let places = taken.iter().enumerate().filter(|(_, taken)| !**taken);
            places.map(|(place, _)| place).collect()
        };
        let was_scanned = |event: &usize| {
            let mut spans = self.scanned.iter();
            spans.any(|span| span.contains(arrivals[*event]))
        };
        let (missed, not_scanned): (Vec<usize>, Vec<usize>) =
            not_taken(&event_taken).into_iter().partition(was_scanned);
        Matches {
            found,
            missed,
            false_alarms: not_taken(&detection_taken),
            n_not_scanned: not_scanned.len(),
            hours: self.hours(),
            simulated: self.simulated || simulated,
        }
    }
}

/// Of pairs in order, each whose event and detection are in none before it.
pub(super) fn one_to_one<'a>(
    pairs: impl Iterator<Item = &'a Found>,
    n_events: usize,
    n_detections: usize,
) -> Vec<Found> {
    let (mut event_taken, mut detection_taken) = (vec![false; n_events], vec![false; n_detections]);
    let mut found = Vec::new();
    for pair in pairs {
        if !event_taken[pair.event] && !detection_taken[pair.detection] {
            event_taken[pair.event] = true;
            detection_taken[pair.detection] = true;
            found.push(*pair);
        }
    }
    found
}

impl Matches {
    /// Of the detections, those with an event.
    pub fn precision(&self) -> Score {
        self.counts(|_| true).precision()
    }

    /// Of the events that were scanned, those detected.
    pub fn recall(&self) -> Score {
        self.counts(|_| true).recall()
    }

    /// The share of some scanned events that were detected.
    ///
    /// `is_asked` says which, by their places in the catalog: large ones, or those above the noise.
    pub fn recall_among(&self, is_asked: impl Fn(usize) -> bool) -> Score {
        self.counts(is_asked).recall()
    }

    /// Each scanned event, by its place, and whether it was detected.
    pub fn events(&self) -> Vec<(usize, bool)> {
        let found = self.found.iter().map(|found| (found.event, true));
        let missed = self.missed.iter().map(|event| (*event, false));
        let mut events: Vec<(usize, bool)> = found.chain(missed).collect();
        events.sort_unstable();
        events
    }

    /// What was found of the events that must be found: those for which `must_be_found` holds, by
    /// their places in the catalog. A detection of another event is right all the same.
    pub fn counts(&self, must_be_found: impl Fn(usize) -> bool) -> Counts {
        let counts = |event: &&usize| must_be_found(**event);
        let found: Vec<usize> = self.found.iter().map(|found| found.event).collect();
        let n_found = found.iter().filter(counts).count();
        Counts {
            n_found,
            n_counted: n_found + self.missed.iter().filter(counts).count(),
            n_right: found.len(),
            n_false: self.false_alarms.len(),
            hours: self.hours,
        }
    }

    /// False alarms an hour.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where nothing was scanned.
    pub fn false_alarm_rate(&self) -> Result<Rate> {
        self.counts(|_| true).false_alarms()
    }
}
