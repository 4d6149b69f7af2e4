//! The choices of a clustering, checked once.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fail};
use crate::geo::Point;
use crate::study::Study;

/// How far apart two points are, and so what a centroid is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// `|dx| + |dy|`: centroids are component-wise medians. The paper's choice.
    Cityblock,
    /// `sqrt(dx^2 + dy^2)`, whose squares are summed: centroids are means.
    Euclidean,
}

/// The plane in which distances are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Space {
    /// Longitude and latitude as they are, as the paper did; at 35.8 N a degree of longitude is
    /// only 0.81 of a degree of latitude, so distances are stretched from east to west.
    Degrees,
    /// East and north in kilometres from the mean epicentre, see [`Point::local_km`].
    Kilometres,
}

/// What to ask of a clustering. The defaults are the paper's, with MATLAB's limit of iterations.
///
/// ```no_run
/// use quakebook::cluster::{ClusterParams, Metric, Space};
/// let params = ClusterParams::new(3).metric(Metric::Euclidean).space(Space::Kilometres).seed(7);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterParams {
    /// The number of clusters.
    pub k: usize,
    pub metric: Metric,
    pub space: Space,
    /// Starts from different seeds; the one with the smallest sum is kept.
    pub n_replicates: usize,
    /// Most iterations of one replicate.
    pub max_iterations: usize,
    pub seed: u64,
}

impl ClusterParams {
    /// `k` clusters, cityblock distance on raw degrees, 5 replicates of at most 100 iterations.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            metric: Metric::Cityblock,
            space: Space::Degrees,
            n_replicates: 5,
            max_iterations: 100,
            seed: 0,
        }
    }

    /// The paper's clustering, with the study's `k`, replicates and seed.
    pub fn of(study: &Study) -> Self {
        Self::new(study.cluster.k)
            .n_replicates(study.cluster.n_replicates)
            .seed(study.seed)
    }

    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    pub fn space(mut self, space: Space) -> Self {
        self.space = space;
        self
    }

    pub fn n_replicates(mut self, n_replicates: usize) -> Self {
        self.n_replicates = n_replicates;
        self
    }

    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let zero = [
            ("k", self.k),
            ("n_replicates", self.n_replicates),
            ("max_iterations", self.max_iterations),
        ];
        match zero.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(fail!(
                Cluster,
                name,
                "0, expected 1 or more",
                format!("Set {name} to 1 or more")
            )),
            None => Ok(()),
        }
    }
}

impl Metric {
    /// The distance of two points of the plane, in the plane's unit.
    pub fn distance(self, a: [f64; 2], b: [f64; 2]) -> f64 {
        let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
        match self {
            Self::Cityblock => dx.abs() + dy.abs(),
            Self::Euclidean => dx.hypot(dy),
        }
    }

    /// What a point adds to the sum that a clustering makes small: the cityblock distance, or the
    /// square of the Euclidean.
    #[inline]
    pub(super) fn cost(self, a: [f64; 2], b: [f64; 2]) -> f64 {
        let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
        match self {
            Self::Cityblock => dx.abs() + dy.abs(),
            Self::Euclidean => dx * dx + dy * dy,
        }
    }
}

impl Space {
    pub(super) fn project(self, points: &[Point], origin: Point) -> Vec<[f64; 2]> {
        points
            .iter()
            .map(|p| self.project_one(*p, origin))
            .collect()
    }

    pub(super) fn project_one(self, point: Point, origin: Point) -> [f64; 2] {
        match self {
            Self::Degrees => [point.longitude_deg, point.latitude_deg],
            Self::Kilometres => point.local_km(origin).into(),
        }
    }

    pub(super) fn unproject(self, [x, y]: [f64; 2], origin: Point) -> Point {
        match self {
            Self::Degrees => Point::new(x, y),
            Self::Kilometres => Point::from_local_km(x, y, origin),
        }
    }
}
