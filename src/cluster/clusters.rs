//! What a clustering gives: labels, centroids and the sums by which it is judged.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::descent::End;
use super::nearest::nearest;
use super::{ClusterParams, Metric, Space, adjusted_rand_index, silhouettes};
use crate::atomic_file;
use crate::catalog::Catalog;
use crate::error::{Result, fail};
use crate::geo::Point;

/// Clusters of epicentres, numbered from west to east.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clusters {
    /// The catalog's source; empty for bare points.
    pub source: String,
    /// True where the events were simulated.
    pub simulated: bool,
    /// False where the best replicate was cut off by `max_iterations`.
    pub converged: bool,
    /// Sum of the distances of all events to their centroids, in [`Clusters::sum_unit`]; for the
    /// Euclidean metric the sum of their squares, as MATLAB and scikit-learn have it.
    pub sum: f64,
    /// The sum at which each replicate ended, in the order of the starts.
    pub replicate_sums: Vec<f64>,
    /// Each cluster's part of the sum.
    pub within: Vec<f64>,
    /// Events in each cluster.
    pub sizes: Vec<usize>,
    /// Each event's cluster, from 0 in the west, in the order of the catalog.
    pub labels: Vec<usize>,
    pub params: ClusterParams,
    /// Where kilometres are counted from: the mean epicentre.
    pub origin: Point,
    pub centroids: Vec<Point>,
}

/// A sum at which replicates ended, and how many of them did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMinimum {
    pub sum: f64,
    pub n_replicates: usize,
}

impl Clusters {
    pub(super) fn new(
        params: &ClusterParams,
        origin: Point,
        epicentres: &[Point],
        best: End,
        replicate_sums: Vec<f64>,
    ) -> Self {
        let (space, metric) = (params.space, params.metric);
        let on_map = best.centroids.iter().map(|c| space.unproject(*c, origin));
        let mut centroids: Vec<Point> = on_map.collect();
        centroids.sort_by(|a, b| {
            let by_longitude = a.longitude_deg.total_cmp(&b.longitude_deg);
            by_longitude.then(a.latitude_deg.total_cmp(&b.latitude_deg))
        });

        // Everything below follows from the centroids on the map, so labels are what `assign` says.
        let in_plane = space.project(&centroids, origin);
        let mut labels = Vec::with_capacity(epicentres.len());
        let mut sizes = vec![0; params.k];
        let mut within = vec![0.0; params.k];
        for point in space.project(epicentres, origin) {
            let (label, cost) = nearest(point, &in_plane, metric);
            labels.push(label);
            sizes[label] += 1;
            within[label] += cost;
        }
        Self {
            source: String::new(),
            simulated: false,
            converged: best.converged,
            sum: within.iter().sum(),
            replicate_sums,
            within,
            sizes,
            labels,
            params: params.clone(),
            origin,
            centroids,
        }
    }

    /// The number of clusters.
    pub fn k(&self) -> usize {
        self.centroids.len()
    }

    /// The cluster whose centroid is nearest, the westernmost among equals.
    pub fn assign(&self, epicentre: Point) -> usize {
        let space = self.params.space;
        let centroids = space.project(&self.centroids, self.origin);
        let point = space.project_one(epicentre, self.origin);
        nearest(point, &centroids, self.params.metric).0
    }

    /// The cluster of each event of a catalog, which need not be the one that was fitted.
    pub fn assign_all(&self, catalog: &Catalog) -> Vec<usize> {
        let events = catalog.events().iter();
        events.map(|e| self.assign(e.epicentre())).collect()
    }

    /// The unit of [`Clusters::sum`]: `deg`, `km`, `deg²` or `km²`.
    pub fn sum_unit(&self) -> &'static str {
        match (self.params.metric, self.params.space) {
            (Metric::Cityblock, Space::Degrees) => "deg",
            (Metric::Cityblock, Space::Kilometres) => "km",
            (Metric::Euclidean, Space::Degrees) => "deg²",
            (Metric::Euclidean, Space::Kilometres) => "km²",
        }
    }

    /// The distinct sums (apart by more than one part in a million) at which the replicates ended,
    /// the best first.
    pub fn minima(&self) -> Vec<LocalMinimum> {
        let mut sums = self.replicate_sums.clone();
        sums.sort_by(f64::total_cmp);
        let mut minima: Vec<LocalMinimum> = Vec::new();
        for sum in sums {
            match minima.last_mut() {
                Some(last) if sum - last.sum <= 1e-6 * last.sum => last.n_replicates += 1,
                _ => minima.push(LocalMinimum {
                    sum,
                    n_replicates: 1,
                }),
            }
        }
        minima
    }

    /// The mean silhouette of a catalog's events in these clusters, see [`silhouettes`].
    ///
    /// # Errors
    /// [`crate::Error::Cluster`] where the events fall into one cluster only.
    pub fn silhouette(&self, catalog: &Catalog) -> Result<f64> {
        let epicentres: Vec<Point> = catalog.events().iter().map(|e| e.epicentre()).collect();
        let points = self.params.space.project(&epicentres, self.origin);
        let each = silhouettes(&points, &self.assign_all(catalog), self.params.metric)?;
        Ok(each.iter().sum::<f64>() / each.len() as f64)
    }

    /// How far the labels agree with those of another clustering of the same events: the
    /// [`adjusted_rand_index`], 1 for the same groups, about 0 for chance.
    ///
    /// # Errors
    /// [`crate::Error::Cluster`] where the numbers of events differ.
    pub fn agreement(&self, other: &Self) -> Result<f64> {
        adjusted_rand_index(&self.labels, &other.labels)
    }

    /// Writes the clusters as TOML; [`Clusters::read`] gives back the same bits.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let text = toml::to_string(self).expect("every field of clusters is plain TOML");
        atomic_file::write_whole(&path, text)
    }

    /// Reads clusters that [`Clusters::write`] wrote.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where the file cannot be read, [`crate::Error::Cluster`] where it is cut off or its
    /// numbers do not fit together.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let bytes = atomic_file::read_input(&path)?;
        let broken = |what: String| {
            fail!(
                Cluster,
                path.as_ref().display(),
                what,
                "Delete the file and run the chapter that writes it"
            )
        };
        let text = String::from_utf8(bytes).map_err(|e| broken(e.to_string()))?;
        let clusters: Self =
            toml::from_str(&text).map_err(|e| broken(e.to_string().trim().to_string()))?;
        let k = clusters.params.k;
        let mut sizes = vec![0; k];
        for label in &clusters.labels {
            match sizes.get_mut(*label) {
                Some(size) => *size += 1,
                None => return Err(broken(format!("label {label} among {k} clusters"))),
            }
        }
        if sizes != clusters.sizes || clusters.centroids.len() != k || clusters.within.len() != k {
            return Err(broken(format!(
                "{} centroids and sizes {:?}, but labels of sizes {sizes:?}",
                clusters.centroids.len(),
                clusters.sizes
            )));
        }
        Ok(clusters)
    }
}
