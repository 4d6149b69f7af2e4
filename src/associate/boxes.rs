//! Boxes of space and time, and how long waves take from inside them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use crate::geo::Point;
use crate::locate::Locator;
use crate::travel::Wave;

/// Places and origin times that are looked at together.
#[derive(Debug, Clone)]
pub(super) struct SpaceTimeBox {
    /// Halvings of each axis (east, north, depth) so far, and which of the parts this is.
    pub level: [u8; 3],
    pub index: [u32; 3],
    /// Origin times in seconds after the first pick.
    pub start_s: f64,
    pub end_s: f64,
    /// Picks that can come from inside, oldest first.
    pub picks: Vec<usize>,
    /// How many different ones of station and wave these are.
    pub n: usize,
}

/// Most picks first, then the smaller, then the earlier.
impl Ord for SpaceTimeBox {
    fn cmp(&self, other: &Self) -> Ordering {
        let halvings = |b: &Self| b.level.iter().map(|l| u32::from(*l)).sum::<u32>();
        self.n
            .cmp(&other.n)
            .then_with(|| halvings(self).cmp(&halvings(other)))
            .then_with(|| (other.end_s - other.start_s).total_cmp(&(self.end_s - self.start_s)))
            .then_with(|| other.start_s.total_cmp(&self.start_s))
            .then_with(|| other.index.cmp(&self.index))
            .then_with(|| other.level.cmp(&self.level))
    }
}

impl PartialOrd for SpaceTimeBox {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SpaceTimeBox {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for SpaceTimeBox {}

/// The least and the largest time to each station, P and S in turn.
pub(super) type Bounds = Rc<[(f32, f32)]>;

/// The times from boxes, each computed once.
pub(super) struct BoxTimes<'a> {
    locator: &'a Locator,
    known: HashMap<([u8; 3], [u32; 3]), Bounds>,
}

/// So many boxes are remembered; after that all are forgotten.
const MOST_KNOWN: usize = 40_000;

/// Depths within a box at which times are looked up.
const N_DEPTHS: usize = 5;

impl<'a> BoxTimes<'a> {
    pub fn new(locator: &'a Locator) -> Self {
        Self {
            locator,
            known: HashMap::new(),
        }
    }

    /// The corners of a box, in local kilometres and depth below sea level.
    pub fn corners_km(&self, level: [u8; 3], index: [u32; 3]) -> ([f64; 3], [f64; 3]) {
        let (low, high) = self.locator.corners_km();
        let at = |axis: usize, i: u32| {
            low[axis] + f64::from(i) * (high[axis] - low[axis]) / f64::from(1_u32 << level[axis])
        };
        (
            std::array::from_fn(|axis| at(axis, index[axis])),
            std::array::from_fn(|axis| at(axis, index[axis] + 1)),
        )
    }

    pub fn of(&mut self, level: [u8; 3], index: [u32; 3]) -> Bounds {
        if let Some(bounds) = self.known.get(&(level, index)) {
            return bounds.clone();
        }
        let (low, high) = self.corners_km(level, index);
        let bounds: Bounds = self.bounds(low, high).into();
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known.insert((level, index), bounds.clone());
        bounds
    }

    /// A wave takes longer from farther away, at each depth.
    fn bounds(&self, low: [f64; 3], high: [f64; 3]) -> Vec<(f32, f32)> {
        let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
        let centre = Point::from_local_km(middle[0], middle[1], self.locator.centre());
        // Meridians meet towards the poles: a side may be longer than it is on the map of the centre.
        let radius_km = 1.1 * ((high[0] - low[0]) / 2.0).hypot((high[1] - low[1]) / 2.0);
        let depths = |i: usize| low[2] + (high[2] - low[2]) * i as f64 / (N_DEPTHS - 1) as f64;
        let mut bounds = Vec::with_capacity(2 * self.locator.sites().all().len());
        for (site, at) in self.locator.sites().all().iter().enumerate() {
            let distance_km = centre.distance_km(at.position);
            let (near_km, far_km) = ((distance_km - radius_km).max(0.0), distance_km + radius_km);
            for wave in [Wave::P, Wave::S] {
                let term_s = self.locator.terms_s()[site][wave as usize];
                let time =
                    |depth_km, far| self.locator.travel_time(site, wave, depth_km, far).time_s;
                let least = (0..N_DEPTHS)
                    .map(|i| time(depths(i), near_km))
                    .fold(f64::INFINITY, f64::min);
                let most = (0..N_DEPTHS)
                    .map(|i| time(depths(i), far_km))
                    .fold(0.0, f64::max);
                bounds.push(((least + term_s) as f32, (most + term_s) as f32));
            }
        }
        bounds
    }
}
