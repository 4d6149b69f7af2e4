//! One replicate: a start by k-means++, then the batch phase of Lloyd (1982, *IEEE Trans. Inf.
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

use super::{ClusterParams, Metric};

/// Where a replicate ended.
pub(super) struct End {
    pub centroids: Vec<[f64; 2]>,
    /// Sum of the metric's costs of all points.
    pub sum: f64,
    /// False where `max_iterations` cut it off.
    pub converged: bool,
}

/// One start and its descent. There are at least `k` distinct points.
pub(super) fn replicate(points: &[[f64; 2]], params: &ClusterParams, rng: &mut ChaCha8Rng) -> End {
    let metric = params.metric;
    let mut start = plus_plus(points, params.k, metric, rng);
    loop {
        let (mut centroids, converged) = match metric {
            Metric::Cityblock => medians(points, start, params.max_iterations),
            Metric::Euclidean => means(points, start, params.max_iterations),
        };
        let costs: Vec<f64> = points
            .iter()
            .map(|p| nearest(*p, &centroids, metric).1)
            .collect();
        let labels = labels(points, &centroids, metric);
        let Some(empty) = (0..params.k).find(|c| !labels.contains(c)) else {
            let sum = costs.iter().sum();
            return End {
                centroids,
                sum,
                converged,
            };
        };
        // As MATLAB's 'singleton': a cluster that lost all its points begins anew at the point
        // that lies worst. The sum falls each time, so this ends.
        let worst = (0..points.len())
            .max_by(|a, b| costs[*a].total_cmp(&costs[*b]))
            .expect("an empty catalog was refused");
        centroids[empty] = points[worst];
        start = centroids;
    }
}

/// Starting centroids: each next one is a point drawn in proportion to what it costs at the
/// nearest so far, so it lies far from them (Arthur & Vassilvitskii 2007, *Proc. SODA*, 1027-1035;
/// section 5 for costs other than squares).
fn plus_plus(points: &[[f64; 2]], k: usize, metric: Metric, rng: &mut ChaCha8Rng) -> Vec<[f64; 2]> {
    let mut centroids = vec![points[rng.random_range(0..points.len())]];
    while centroids.len() < k {
        let costs = points.iter().map(|p| nearest(*p, &centroids, metric).1);
        let weighted = WeightedIndex::new(costs)
            .expect("fewer centroids than distinct points leave a point with a cost");
        centroids.push(points[weighted.sample(rng)]);
    }
    centroids
}

/// k-medians. linfa's k-means takes an L1 distance too, but still moves centroids to means, which
/// do not make a sum of cityblock distances small.
fn medians(
    points: &[[f64; 2]],
    mut centroids: Vec<[f64; 2]>,
    max_iterations: usize,
) -> (Vec<[f64; 2]>, bool) {
    let metric = Metric::Cityblock;
    let mut labels = labels(points, &centroids, metric);
    for _ in 0..max_iterations {
        centroids = middles(points, &labels, &centroids, median);
        let mut moved = false;
        for (point, label) in points.iter().zip(&mut labels) {
            let (new, cost) = nearest(*point, &centroids, metric);
            // Only for a true gain: among equals a point stays, so the descent cannot circle.
            if cost < metric.cost(*point, centroids[*label]) {
                *label = new;
                moved = true;
            }
        }
        if !moved {
            return (centroids, true);
        }
    }
    (centroids, false)
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
    let centroids = middles(points, &before, &near, mean);
    let converged = labels(points, &centroids, Metric::Euclidean) == before;
    (centroids, converged)
}

/// Each cluster's middle, by component; an empty cluster keeps its centroid.
fn middles(
    points: &[[f64; 2]],
    labels: &[usize],
    centroids: &[[f64; 2]],
    middle: fn(&mut [f64]) -> f64,
) -> Vec<[f64; 2]> {
    let mut members = vec![[Vec::new(), Vec::new()]; centroids.len()];
    for (point, label) in points.iter().zip(labels) {
        members[*label][0].push(point[0]);
        members[*label][1].push(point[1]);
    }
    let middles = members.iter_mut().zip(centroids);
    middles
        .map(|([x, y], old)| {
            if x.is_empty() {
                *old
            } else {
                [middle(x), middle(y)]
            }
        })
        .collect()
}

fn mean(values: &mut [f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The median; of an even number of values the mean of the middle two, as MATLAB has it.
fn median(values: &mut [f64]) -> f64 {
    let half = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if is_even {
        let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (lower + upper) / 2.0
    } else {
        upper
    }
}

/// Each point's nearest centroid.
pub(super) fn labels(points: &[[f64; 2]], centroids: &[[f64; 2]], metric: Metric) -> Vec<usize> {
    let nearest = points.iter().map(|p| nearest(*p, centroids, metric).0);
    nearest.collect()
}

/// The nearest centroid, the first among equals, and the point's cost there.
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
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 10.0]), 3.0);
        assert_eq!(median(&mut [7.0]), 7.0);
    }

    #[test]
    fn the_first_of_equally_near_centroids_wins() {
        let centroids = [[1.0, 0.0], [-1.0, 0.0]];
        assert_eq!(nearest([0.0, 0.0], &centroids, Metric::Cityblock), (0, 1.0));
    }

    #[test]
    fn a_cluster_without_points_begins_anew_at_the_worst_point() {
        // From these starts the third centroid attracts no point.
        let points = [[0.0, 0.0], [0.1, 0.0], [10.0, 0.0], [10.4, 0.0]];
        let start = vec![[0.0, 0.0], [10.0, 0.0], [99.0, 0.0]];
        for (metric, descend) in [
            (Metric::Cityblock, medians as fn(&_, _, _) -> _),
            (Metric::Euclidean, means),
        ] {
            let (stuck, _): (Vec<[f64; 2]>, bool) = descend(&points, start.clone(), 10);
            assert_eq!(labels(&points, &stuck, metric), [0, 0, 1, 1]);
        }
        for metric in [Metric::Cityblock, Metric::Euclidean] {
            let params = ClusterParams::new(3).metric(metric);
            for seed in 0..20 {
                let mut rng = <ChaCha8Rng as rand::SeedableRng>::seed_from_u64(seed);
                let end = replicate(&points, &params, &mut rng);
                let labels = labels(&points, &end.centroids, metric);
                assert!((0..3).all(|c| labels.contains(&c)), "seed {seed}");
                assert!(end.converged);
            }
        }
    }
}
