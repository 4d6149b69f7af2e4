//! The simulated earthquakes.

use crate::catalog::Catalog;
use crate::geo::Point;
use crate::time::Time;

/// One simulated earthquake, as it truly was.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    pub id: String,
    pub origin_time: Time,
    pub longitude_deg: f64,
    pub latitude_deg: f64,
    pub depth_km: f64,
    /// Moment magnitude.
    pub mw: f64,
    /// Index into `zones::ZONES`.
    pub zone: usize,
    pub strike_deg: f64,
    pub dip_deg: f64,
    pub rake_deg: f64,
    pub stress_drop_mpa: f64,
}

impl Source {
    pub fn epicentre(&self) -> Point {
        Point::new(self.longitude_deg, self.latitude_deg)
    }
    /// Along the surface.
    pub fn distance_km(&self, station: Point) -> f64 {
        self.epicentre().distance_km(station)
    }
    /// Along the straight line from the focus to the station.
    pub fn hypocentral_distance_km(&self, station: Point) -> f64 {
        self.distance_km(station).hypot(self.depth_km)
    }
    /// Direction in which the wave leaves the epicentre for the station, clockwise from north.
    pub fn azimuth_deg(&self, station: Point) -> f64 {
        self.epicentre().azimuth_deg(station)
    }
    /// Direction from the station to the epicentre, clockwise from north.
    pub fn back_azimuth_deg(&self, station: Point) -> f64 {
        station.azimuth_deg(self.epicentre())
    }
    /// Hanks & Kanamori (1979), in newton metres.
    pub fn moment_n_m(&self) -> f64 {
        10f64.powf(1.5 * self.mw + 9.05)
    }
}

/// All earthquakes of the simulated region, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    pub seed: u64,
    pub sources: Vec<Source>,
}

impl Truth {
    pub fn simulate(_seed: u64) -> Self {
        todo!()
    }
    /// A truth of given sources, for tests and experiments.
    pub fn from_sources(_seed: u64, _sources: Vec<Source>) -> Self {
        todo!()
    }
    /// Every source, as a catalog without error.
    pub fn catalog(&self) -> Catalog {
        todo!()
    }
    /// What a seismic network would have published: incomplete and with errors.
    pub fn published(&self) -> Catalog {
        todo!()
    }
}
