//! One earthquake, and a list of them.

use std::collections::HashMap;
use std::fmt;

use crate::geo::{Point, Region};
use crate::time::{self, Time, TimeSpan};
use crate::travel::{LayeredModel, Phase};

/// Where a catalog gives no depth: the median of the region's earthquakes (Oklahoma Geological
/// Survey), km.
pub const USUAL_DEPTH_KM: f64 = 5.0;

/// One seismic event as a catalog reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The identifier that its data centre gave it.
    pub id: String,
    pub origin_time: Time,
    /// NaN where the place is not known.
    pub longitude_deg: f64,
    /// NaN where the place is not known.
    pub latitude_deg: f64,
    /// Below sea level, positive down; a listing as the paper's has none.
    pub depth_km: Option<f64>,
    /// NaN where its data centre gives none.
    pub magnitude: f64,
    /// `ML`, `Mw`, `mb_Lg`, ...; empty where not said.
    pub magnitude_type: String,
    /// `earthquake`, `quarry blast`, ...; empty where not said.
    pub event_type: String,
}

impl Event {
    /// An event with a time and no place: a trigger, a pick or a detection.
    pub fn at_time(id: impl Into<String>, time: Time, event_type: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            origin_time: time,
            longitude_deg: f64::NAN,
            latitude_deg: f64::NAN,
            depth_km: None,
            magnitude: f64::NAN,
            magnitude_type: String::new(),
            event_type: event_type.into(),
        }
    }

    /// Whether its epicentre is known.
    pub fn has_place(&self) -> bool {
        self.longitude_deg.is_finite() && self.latitude_deg.is_finite()
    }

    pub fn epicentre(&self) -> Point {
        Point::new(self.longitude_deg, self.latitude_deg)
    }

    /// What a wave takes from the event to a station, in seconds; from [`USUAL_DEPTH_KM`] where the
    /// catalog gives no depth.
    pub fn travel_time_s(&self, model: &LayeredModel, phase: Phase, station: Point) -> f64 {
        // A depth above sea level, as a few catalogs have, is the surface.
        let depth_km = self.depth_km.unwrap_or(USUAL_DEPTH_KM).max(0.0);
        model.travel_time_s(phase, depth_km, self.epicentre().distance_km(station))
    }
}

/// Events, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// Where the events came from; figures and tables show it.
    pub source: String,
    /// True where the events were simulated; every figure then says so.
    pub simulated: bool,
    events: Vec<Event>,
    left_out: LeftOut,
    picked_at: Option<String>,
}

/// Events of a source that are not in its catalog: they have no time, contradict themselves, or are there twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOut {
    pub n_events: usize,
    /// Which event was the first, and why; empty where there is none.
    pub first: String,
}

impl LeftOut {
    pub(super) fn add(&mut self, why: impl FnOnce() -> String) {
        if self.n_events == 0 {
            self.first = crate::error::shown(&why());
        }
        self.n_events += 1;
    }
}

/// `3 events are left out, the first: event e1: no origin`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.n_events {
            0 => f.write_str("no event is left out"),
            n => write!(f, "{n} events are left out, the first: {}", self.first),
        }
    }
}

impl Catalog {
    /// Sorts `events` by origin time.
    pub fn new(source: impl Into<String>, simulated: bool, mut events: Vec<Event>) -> Self {
        events.sort_by_key(|event| event.origin_time);
        Self {
            source: source.into(),
            simulated,
            events,
            left_out: LeftOut::default(),
            picked_at: None,
        }
    }

    /// The same, whose times are P waves at a station.
    pub(super) fn at_station(self, picked_at: Option<String>) -> Self {
        Self { picked_at, ..self }
    }

    /// The station at which the events' times were picked, as `CX.PB01`: of a table of picks that says so.
    pub fn picked_at(&self) -> Option<&str> {
        self.picked_at.as_deref()
    }

    /// The same, of a source that has more events, which could not be used. Of two events with one identifier the
    /// later one is left out too: counted twice it would be wrong, and which of two values is right nobody knows.
    pub(super) fn without(self, mut left_out: LeftOut) -> Self {
        let mut first: HashMap<&str, &Event> = HashMap::with_capacity(self.events.len());
        let mut is_kept = vec![true; self.events.len()];
        for (event, is_kept) in self.events.iter().zip(&mut is_kept) {
            let Some(other) = first.insert(&event.id, event) else {
                continue;
            };
            first.insert(&event.id, other);
            // The identifier of an event that has none of its own is its time.
            if event.id.is_empty() || event.id == time::iso(event.origin_time) {
                continue;
            }
            *is_kept = false;
            left_out.add(|| {
                let (source, id) = (&self.source, &event.id);
                // Unknown numbers are NaN, and equal nothing.
                let values = match format!("{event:?}") == format!("{other:?}") {
                    true => "the same values",
                    false => "other values: the first in time is taken",
                };
                format!("{source}, event {id}: it is there twice, with {values}")
            });
        }
        let mut is_kept = is_kept.into_iter();
        let mut events = self.events;
        events.retain(|_| is_kept.next().unwrap_or(true));
        Self {
            left_out,
            events,
            ..self
        }
    }

    /// The events of the source that could not be used.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events for which `keep` is true.
    pub fn filter(&self, keep: impl Fn(&Event) -> bool) -> Self {
        Self {
            source: self.source.clone(),
            simulated: self.simulated,
            events: self
                .events
                .iter()
                .filter(|event| keep(event))
                .cloned()
                .collect(),
            left_out: self.left_out.clone(),
            picked_at: self.picked_at.clone(),
        }
    }

    /// The events whose epicentre is known.
    pub fn with_places(&self) -> Self {
        self.filter(Event::has_place)
    }

    /// The events of a half-open time span.
    pub fn during(&self, span: &TimeSpan) -> Self {
        self.filter(|event| span.contains(event.origin_time))
    }

    /// The events of a region.
    pub fn within(&self, region: &Region) -> Self {
        self.filter(|event| region.contains(event.longitude_deg, event.latitude_deg))
    }

    /// Gives later events of one identifier a number, so that each identifier is unique; for
    /// formats whose identifiers are made here.
    pub(super) fn number_equal_ids(&mut self) {
        let mut n_seen = std::collections::HashMap::<String, usize>::new();
        for event in &mut self.events {
            let n = n_seen.entry(event.id.clone()).or_default();
            *n += 1;
            if *n > 1 {
                event.id = format!("{}#{n}", event.id);
            }
        }
    }
}
