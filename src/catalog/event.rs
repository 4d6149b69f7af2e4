//! One earthquake, and a list of them.

use crate::geo::{Point, Region};
use crate::time::{Time, TimeSpan};
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
    pub longitude_deg: f64,
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
}

impl Catalog {
    /// Sorts `events` by origin time.
    pub fn new(source: impl Into<String>, simulated: bool, mut events: Vec<Event>) -> Self {
        events.sort_by_key(|event| event.origin_time);
        Self {
            source: source.into(),
            simulated,
            events,
        }
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

    /// The events of which `keep` is true.
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
        }
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
