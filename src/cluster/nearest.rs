//! Which centroid is nearest to a point.

use super::Metric;

/// Each point's nearest centroid.
pub(super) fn labels(points: &[[f64; 2]], centroids: &[[f64; 2]], metric: Metric) -> Vec<usize> {
    let nearest = points.iter().map(|p| nearest(*p, centroids, metric).0);
    nearest.collect()
}

/// The nearest centroid, the first among equals, and the point's cost there.
#[inline]
pub(super) fn nearest(point: [f64; 2], centroids: &[[f64; 2]], metric: Metric) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (i, centroid) in centroids.iter().enumerate() {
        let cost = metric.cost(point, *centroid);
        if cost < best.1 {
            best = (i, cost);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equally_near_centroids_wins() {
        let centroids = [[1.0, 0.0], [-1.0, 0.0]];
        assert_eq!(nearest([0.0, 0.0], &centroids, Metric::Cityblock), (0, 1.0));
    }
}
