//! The fit of a clustering: epicentres are checked, replicates run, the best one is kept.

use super::replicates::{n_distinct, replicates};
use super::{ClusterParams, Clusters};
use crate::catalog::Catalog;
use crate::error::{Result, fail};
use crate::geo::Point;

impl ClusterParams {
    /// Clusters the epicentres of a catalog; `labels[i]` belongs to `catalog.events()[i]`.
    ///
    /// # Errors
    /// [`crate::Error::Cluster`] where a parameter is 0, the catalog is empty, an epicentre is not
    /// on the map, there are fewer distinct epicentres than clusters, or the date line is crossed.
    pub fn fit(&self, catalog: &Catalog) -> Result<Clusters> {
        let epicentres: Vec<Point> = catalog.events().iter().map(|e| e.epicentre()).collect();
        let name = |i: usize| format!("event {}", catalog.events()[i].id);
        let mut clusters = self.fit_epicentres(&epicentres, name)?;
        clusters.source.clone_from(&catalog.source);
        clusters.simulated = catalog.simulated;
        Ok(clusters)
    }

    /// As [`ClusterParams::fit`], for `[longitude_deg, latitude_deg]` pairs.
    ///
    /// # Errors
    /// As [`ClusterParams::fit`].
    pub fn fit_points(&self, points_deg: &[[f64; 2]]) -> Result<Clusters> {
        let epicentres: Vec<Point> = points_deg.iter().map(|p| Point::new(p[0], p[1])).collect();
        self.fit_epicentres(&epicentres, |i| format!("point {i}"))
    }

    fn fit_epicentres(
        &self,
        epicentres: &[Point],
        name: impl Fn(usize) -> String,
    ) -> Result<Clusters> {
        self.check()?;
        check_epicentres(epicentres, self.k, name)?;
        let origin = mean(epicentres);
        let points = self.space.project(epicentres, origin);

        let ends = replicates(&points, self);
        let replicate_sums = ends.iter().map(|end| end.sum).collect();
        // The first among equals.
        let best = ends
            .into_iter()
            .reduce(|best, end| if end.sum < best.sum { end } else { best });
        let best = best.expect("check() asks for 1 or more replicates");
        Ok(Clusters::new(
            self,
            origin,
            epicentres,
            best,
            replicate_sums,
        ))
    }
}

fn check_epicentres(points: &[Point], k: usize, name: impl Fn(usize) -> String) -> Result<()> {
    if points.is_empty() {
        return Err(fail!(
            Cluster,
            "catalog",
            "no event",
            "Widen the catalog's region or time span"
        ));
    }
    // NaN fails both comparisons.
    let on_the_map = |p: &Point| p.longitude_deg.abs() <= 360.0 && p.latitude_deg.abs() <= 90.0;
    if let Some(i) = points.iter().position(|p| !on_the_map(p)) {
        let p = points[i];
        return Err(fail!(
            Cluster,
            name(i),
            format!("longitude {}, latitude {}", p.longitude_deg, p.latitude_deg),
            "Give degrees, longitude first, and leave out events without an epicentre"
        ));
    }
    let longitudes = || points.iter().map(|p| p.longitude_deg);
    let (west, east) = (
        longitudes().fold(f64::INFINITY, f64::min),
        longitudes().fold(f64::NEG_INFINITY, f64::max),
    );
    if east - west > 180.0 {
        return Err(fail!(
            Cluster,
            "longitudes",
            format!("from {west} to {east}, more than half the globe"),
            "Where a region crosses the date line, count its longitudes from 0 to 360"
        ));
    }
    let pairs: Vec<[f64; 2]> = points
        .iter()
        .map(|p| [p.longitude_deg, p.latitude_deg])
        .collect();
    let n_distinct = n_distinct(&pairs, k);
    if k > n_distinct {
        return Err(fail!(
            Cluster,
            "k",
            format!(
                "{k} clusters, but {} events at {n_distinct} distinct epicentres",
                points.len()
            ),
            "Ask for fewer clusters or widen the catalog"
        ));
    }
    Ok(())
}

fn mean(points: &[Point]) -> Point {
    let n = points.len() as f64;
    Point::new(
        points.iter().map(|p| p.longitude_deg).sum::<f64>() / n,
        points.iter().map(|p| p.latitude_deg).sum::<f64>() / n,
    )
}
