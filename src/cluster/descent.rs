//! A start by k-means++, and from there the batch phase of Lloyd (1982, *IEEE Trans. Inf.
//! Theory* 28, 129-137), points to their nearest centroid and centroids to the middle of their
//! points, until no point moves.
//!
//! MATLAB's `kmeans` can go on with an online phase that moves single points; it is off by default
//! there and absent here.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::{KMeans, KMeansInit};
use linfa_nn::distance::L2Dist;
use ndarray::Array2;
use rand::RngExt;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand_chacha::ChaCha8Rng;
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

use super::medians::medians;
use super::nearest::{labels, nearest};
use super::{ClusterParams, Metric};

/// Where a replicate ended.
#[derive(Clone)]
pub(super) struct End {
    pub centroids: Vec<[f64; 2]>,
    /// Sum of the metric's costs of all points.
    pub sum: f64,
    /// False where `max_iterations` cut it off.
    pub converged: bool,
}

/// A descent from given centroids, which are thought to move by `reach`. There are at least as many
/// distinct points.
pub(super) fn descend(
    points: &[[f64; 2]],
    mut start: Vec<[f64; 2]>,
    reach: f64,
    params: &ClusterParams,
) -> End {
    let metric = params.metric;
    loop {
        let (mut centroids, converged) = match metric {
            Metric::Cityblock => medians(points, start, reach, params.max_iterations),
            Metric::Euclidean => means(points, start, params.max_iterations),
        };
        let (mut sizes, mut sum) = (vec![0; centroids.len()], 0.0);
        for point in points {
            let (label, cost) = nearest(*point, &centroids, metric);
            sizes[label] += 1;
            sum += cost;
        }
        let Some(empty) = sizes.iter().position(|size| *size == 0) else {
            return End {
                centroids,
                sum,
                converged,
            };
        };
        // As MATLAB's 'singleton': a cluster that lost all its points begins anew at the point
        // that lies worst. The sum falls each time, so this ends.
        let cost = |point: &[f64; 2]| nearest(*point, &centroids, metric).1;
        let worst = points.iter().max_by(|a, b| cost(a).total_cmp(&cost(b)));
        centroids[empty] = *worst.expect("an empty catalog was refused");
        start = centroids;
    }
}

/// Starting centroids: each next one is a point drawn in proportion to what it costs at the
/// nearest so far, so it lies far from them (Arthur & Vassilvitskii 2007, *Proc. SODA*, 1027-1035;
/// section 5 for costs other than squares).
pub(super) fn start(
    points: &[[f64; 2]],
    params: &ClusterParams,
    rng: &mut ChaCha8Rng,
) -> Vec<[f64; 2]> {
    let (k, metric) = (params.k, params.metric);
    let mut centroids = vec![points[rng.random_range(0..points.len())]];
    while centroids.len() < k {
        let costs = points.iter().map(|p| nearest(*p, &centroids, metric).1);
        let weighted = WeightedIndex::new(costs)
            .expect("fewer centroids than distinct points leave a point with a cost");
        centroids.push(points[weighted.sample(rng)]);
    }
    centroids
}

/// k-means by linfa, from our start. It counts the old centroid as one more point and stops at a
/// tolerance, so its end is moved to the exact means.
fn means(
    points: &[[f64; 2]],
    start: Vec<[f64; 2]>,
    max_iterations: usize,
) -> (Vec<[f64; 2]>, bool) {
    let array = |rows: &[[f64; 2]]| {
        let flat: Vec<f64> = rows.iter().flatten().copied().collect();
        Array2::from_shape_vec((rows.len(), 2), flat).expect("two numbers a row")
    };
    // linfa insists on a generator, but draws nothing from it when the start is given.
    let unused = Xoshiro256Plus::seed_from_u64(0);
    let model = KMeans::params_with(start.len(), unused, L2Dist)
        .init_method(KMeansInit::Precomputed(array(&start)))
        .n_runs(1)
        .max_n_iterations(max_iterations as u64)
        .tolerance(1e-9)
        .fit(&DatasetBase::from(array(points)))
        .expect("parameters and points were checked");
    let rows = model.centroids().rows();
    let near: Vec<[f64; 2]> = rows.into_iter().map(|c| [c[0], c[1]]).collect();
    let before = labels(points, &near, Metric::Euclidean);
    let centroids = middles(points, &before, &near);
    let converged = labels(points, &centroids, Metric::Euclidean) == before;
    (centroids, converged)
}

/// Each cluster's mean; an empty cluster keeps its centroid.
fn middles(points: &[[f64; 2]], labels: &[usize], centroids: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut sums = vec![([0.0; 2], 0_usize); centroids.len()];
    for (point, label) in points.iter().zip(labels) {
        let (sum, n) = &mut sums[*label];
        *sum = [sum[0] + point[0], sum[1] + point[1]];
        *n += 1;
    }
    let of_each = sums.into_iter().zip(centroids);
    of_each
        .map(|((sum, n), old)| match n {
            0 => *old,
            _ => sum.map(|sum| sum / n as f64),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_without_points_begins_anew_at_the_worst_point() {
        // From these starts the third centroid attracts no point.
        let points = [[0.0, 0.0], [0.1, 0.0], [10.0, 0.0], [10.4, 0.0]];
        let start = vec![[0.0, 0.0], [10.0, 0.0], [99.0, 0.0]];
        let (stuck, _) = medians(&points, start.clone(), f64::INFINITY, 10);
        assert_eq!(labels(&points, &stuck, Metric::Cityblock), [0, 0, 1, 1]);
        let (stuck, _) = means(&points, start, 10);
        assert_eq!(labels(&points, &stuck, Metric::Euclidean), [0, 0, 1, 1]);
        for metric in [Metric::Cityblock, Metric::Euclidean] {
            let params = ClusterParams::new(3).metric(metric);
            for seed in 0..20 {
                let mut rng = <ChaCha8Rng as rand::SeedableRng>::seed_from_u64(seed);
                let start = super::start(&points, &params, &mut rng);
                let end = descend(&points, start, f64::INFINITY, &params);
                let labels = labels(&points, &end.centroids, metric);
                assert!((0..3).all(|c| labels.contains(&c)), "seed {seed}");
                assert!(end.converged);
            }
        }
    }
}
