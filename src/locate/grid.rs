//! A network, its model, and the times from a grid of places to its stations.

use rayon::prelude::*;

use super::hypocentre::Hypocentre;
use super::observed::{Observed, Place};
use super::params::LocateParams;
use super::picks::PhasePick;
use super::robust::median;
use super::sites::Sites;

use super::velocity::VelocityModel;
use crate::error::{Result, fail};
use crate::geo::Point;
use crate::travel::{TableTime, TravelTable, Wave};

/// Locates earthquakes of one network in one velocity model.
#[derive(Debug, Clone)]
pub struct Locator {
    pub(super) sites: Sites,
    pub(super) params: LocateParams,
    /// Of the local kilometres.
    pub(super) centre: Point,
    /// The grid's corners in east, north and depth, km.
    pub(super) low: [f64; 3],
    pub(super) high: [f64; 3],
    /// The depth of the tables' 0.
    datum_km: f64,
    tables: Vec<[TravelTable; 2]>,
    nodes: Vec<Place>,
    /// Shape `(n_nodes, n_sites, 2)`, in s.
    node_times_s: Vec<f32>,
    /// What a pick comes late at each station, for P and S.
    pub(super) terms_s: Vec<[f64; 2]>,
}

/// Nodes of the first search along a side, and in depth.
const N_ALONG: usize = 24;
const N_DEPTHS: usize = 10;

/// The grid may reach to this latitude.
const NEAREST_POLE_DEG: f64 = 88.0;

/// From so many depths the search goes on.
const N_STARTS: usize = 3;

impl Locator {
    /// # Errors
    /// [`crate::Error::Locate`] where there are fewer than three stations, the grid reaches beyond 88 degrees of latitude, or a
    /// parameter is impossible.
    pub fn new(sites: Sites, velocity: &VelocityModel, params: LocateParams) -> Result<Self> {
        params.check()?;
        let n = sites.all().len();
        if n < 3 {
            let what = format!("{n} stations with coordinates");
            return Err(fail!(
                Locate,
                "stations",
                what,
                "Give three or more: one or two have no one place"
            ));
        }
        let centre = sites.centre();
        let depths = sites.all().iter().map(|site| -site.elevation_km);
        let highest_km = depths.clone().fold(f64::INFINITY, f64::min);
        let lowest_km = depths.fold(f64::NEG_INFINITY, f64::max);
        if params.max_depth_km <= lowest_km {
            let what = format!(
                "max_depth_km {} is not below the lowest station",
                params.max_depth_km
            );
            return Err(fail!(
                Locate,
                "parameters",
                what,
                "Give a depth in km below sea level"
            ));
        }
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for site in sites.all() {
            let (east, north) = site.position.local_km(centre);
            for (axis, km) in [east, north].into_iter().enumerate() {
                low[axis] = low[axis].min(km - params.margin_km);
                high[axis] = high[axis].max(km + params.margin_km);
            }
        }
        (low[2], high[2]) = (highest_km, params.max_depth_km);
        let farthest_deg = [low[1], high[1]]
            .map(|north| Point::from_local_km(0.0, north, centre).latitude_deg.abs())
            .into_iter()
            .fold(0.0, f64::max);
        if farthest_deg > NEAREST_POLE_DEG {
            let what = format!("the grid reaches to {farthest_deg:.2} degrees of latitude");
            let remedy = format!(
                "East and north have no meaning at a pole: give stations and a margin within {NEAREST_POLE_DEG} degrees"
            );
            return Err(fail!(Locate, "stations", what, remedy));
        }
        let velocity = velocity.reaching(highest_km)?;
        let datum_km = velocity.top_km;
        let corners = [
            (low[0], low[1]),
            (low[0], high[1]),
            (high[0], low[1]),
            (high[0], high[1]),
        ];
        let table = |wave: Wave, site: &super::Site| {
            let from = |(east, north)| {
                Point::from_local_km(east, north, centre).distance_km(site.position)
            };
            let farthest_km = corners.into_iter().map(from).fold(0.0, f64::max);
            TravelTable::new(
                &velocity.layers,
                wave,
                -site.elevation_km - datum_km,
                (highest_km - datum_km, params.max_depth_km - datum_km),
                farthest_km,
                params.step_km,
            )
        };
        let tables = sites
            .all()
            .par_iter()
            .map(|site| [table(Wave::P, site), table(Wave::S, site)])
            .collect();
        let mut locator = Self {
            terms_s: vec![[0.0; 2]; n],
            nodes: nodes(low, high),
            sites,
            params,
            centre,
            low,
            high,
            datum_km,
            tables,
            node_times_s: Vec::new(),
        };
        let times = |node: &Place| -> Vec<f32> {
            let sites = 0..locator.sites.all().len();
            let both =
                |site| [Wave::P, Wave::S].map(|wave| locator.time(node, site, wave).time_s as f32);
            sites.flat_map(both).collect()
        };
        locator.node_times_s = locator.nodes.par_iter().flat_map_iter(times).collect();
        Ok(locator)
    }

    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    pub fn params(&self) -> &LocateParams {
        &self.params
    }

    /// The grid's corners: east and north of [`Locator::centre`], and depth below sea level, km.
    pub fn corners_km(&self) -> ([f64; 3], [f64; 3]) {
        (self.low, self.high)
    }

    /// Where the local kilometres begin.
    pub fn centre(&self) -> Point {
        self.centre
    }

    /// What a wave takes from a depth (below sea level) to a station `distance_km` away, without the station's term.
    pub fn travel_time(
        &self,
        site: usize,
        wave: Wave,
        depth_km: f64,
        distance_km: f64,
    ) -> TableTime {
        self.tables[site][wave as usize].at(depth_km - self.datum_km, distance_km)
    }

    /// What a pick comes late at each station, for P and S; zero until [`super::locate_all`] found it.
    pub fn terms_s(&self) -> &[[f64; 2]] {
        &self.terms_s
    }

    /// What S takes at most from the grid to a station.
    pub fn longest_s(&self) -> f64 {
        let (low, high) = (self.low, self.high);
        let corners = (0..8).map(|i| {
            Place([0, 1, 2].map(|axis| match i >> axis & 1 {
                0 => low[axis],
                _ => high[axis],
            }))
        });
        let times = corners.flat_map(|corner| {
            let sites = 0..self.sites.all().len();
            sites.map(move |site| self.time(&corner, site, Wave::S).time_s)
        });
        times.fold(0.0, f64::max)
    }

    pub(super) fn time(&self, place: &Place, site: usize, wave: Wave) -> TableTime {
        let epicentre = Point::from_local_km(place.0[0], place.0[1], self.centre);
        let distance_km = epicentre.distance_km(self.sites.all()[site].position);
        self.travel_time(site, wave, place.0[2], distance_km)
    }

    /// The hypocentre of picks that are of one event, each with the index of its station.
    ///
    /// # Errors
    /// [`crate::Error::Locate`] where there are fewer than four picks or three stations, or they allow more than one place.
    pub fn locate(&self, picks: &[(usize, PhasePick)]) -> Result<Hypocentre> {
        let observed = self.observed(picks)?;
        let starts = self.search(&observed);
        self.refine(&observed, &starts)
    }

    /// As [`Locator::locate`], from a place near by: `(east, north, depth)` in km.
    ///
    /// # Errors
    /// As there.
    pub fn locate_from(&self, picks: &[(usize, PhasePick)], start: [f64; 3]) -> Result<Hypocentre> {
        self.refine(&self.observed(picks)?, &[Place(start)])
    }

    /// As [`Locator::locate_from`], beginning at several depths too: a wrong pick may have led to a wrong one.
    pub(super) fn locate_below(
        &self,
        picks: &[(usize, PhasePick)],
        [east, north, depth_km]: [f64; 3],
    ) -> Result<Hypocentre> {
        let (low_km, high_km) = (self.low[2], self.high[2]);
        let deeper = [0.15, 0.4].map(|part| low_km + part * (high_km - low_km));
        let starts =
            [depth_km, deeper[0], deeper[1]].map(|depth_km| Place([east, north, depth_km]));
        self.refine(&self.observed(picks)?, &starts)
    }

    fn observed(&self, picks: &[(usize, PhasePick)]) -> Result<Observed> {
        Observed::new(picks, &self.params, &self.terms_s)
    }

    /// Of each third of the depths the node with the least sum of absolute residuals.
    fn search(&self, observed: &Observed) -> Vec<Place> {
        let n_columns = 2 * self.sites.all().len();
        let misfit = |times_s: &[f32]| {
            let mut origins: Vec<(f64, f64)> = observed
                .picks
                .iter()
                .map(|pick| {
                    let time_s = times_s[2 * pick.site + pick.wave as usize];
                    (pick.time_s - f64::from(time_s), pick.error_s)
                })
                .collect();
            let origin_s = median(&mut origins.iter().map(|(t, _)| *t).collect::<Vec<_>>());
            origins
                .drain(..)
                .map(|(t, error_s)| (t - origin_s).abs() / error_s)
                .sum::<f64>()
        };
        let mut best = [(f64::INFINITY, self.nodes[0]); N_STARTS];
        for (i, times_s) in self.node_times_s.chunks_exact(n_columns).enumerate() {
            let third = (i % N_DEPTHS) * N_STARTS / N_DEPTHS;
            let misfit = misfit(times_s);
            if misfit < best[third].0 {
                best[third] = (misfit, self.nodes[i]);
            }
        }
        best.into_iter().map(|(_, node)| node).collect()
    }
}

/// East slowest, depth fastest. Depths lie closer together towards the top, where most earthquakes are.
fn nodes(low: [f64; 3], high: [f64; 3]) -> Vec<Place> {
    let at = |axis: usize, part: f64| low[axis] + part * (high[axis] - low[axis]);
    let along = |i: usize| (i as f64 + 0.5) / N_ALONG as f64;
    let down = |k: usize| ((k as f64 + 0.5) / N_DEPTHS as f64).powf(1.5);
    let mut nodes = Vec::with_capacity(N_ALONG * N_ALONG * N_DEPTHS);
    for i in 0..N_ALONG {
        for j in 0..N_ALONG {
            nodes.extend(
                (0..N_DEPTHS).map(|k| Place([at(0, along(i)), at(1, along(j)), at(2, down(k))])),
            );
        }
    }
    nodes
}
