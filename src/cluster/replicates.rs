//! Replicates: descents from several starts.

use std::borrow::Cow;
use std::collections::HashSet;

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use super::ClusterParams;
use super::descent::{End, descend, start};

/// Points on which a descent begins where there are more: those tell nearly where it ends, and only
/// the last steps need all points.
const N_FEW: usize = 10_000;

/// The end of each replicate, in the order of the starts.
///
/// Descents that end at one place among a few points would go one way among all of them: that way is
/// gone once.
pub(super) fn replicates(points: &[[f64; 2]], params: &ClusterParams) -> Vec<End> {
    // One stream of random numbers: 200 replicates begin with the same 5 that 5 would try.
    let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
    let few = few(points, params);
    let mut ends = Vec::with_capacity(params.n_replicates);
    let mut known: Vec<(Vec<[f64; 2]>, End)> = Vec::new();
    for _ in 0..params.n_replicates {
        let end = descend(&few, start(&few, params, &mut rng), f64::INFINITY, params);
        if few.len() == points.len() {
            ends.push(end);
            continue;
        }
        let same = known.iter().find(|(place, _)| *place == end.centroids);
        let of_all = match same {
            Some((_, of_all)) => of_all.clone(),
            None => {
                // About the error of a median of so few points, several times.
                let reach = 0.05 * end.sum / few.len() as f64;
                let of_all = descend(points, end.centroids.clone(), reach, params);
                known.push((end.centroids, of_all.clone()));
                of_all
            }
        };
        ends.push(of_all);
    }
    ends
}

/// All points, or some of them drawn at random; as many distinct ones as there are clusters.
fn few<'a>(points: &'a [[f64; 2]], params: &ClusterParams) -> Cow<'a, [[f64; 2]]> {
    if points.len() > N_FEW {
        let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
        rng.set_stream(1);
        let indices = index::sample(&mut rng, points.len(), N_FEW).into_iter();
        let drawn: Vec<[f64; 2]> = indices.map(|i| points[i]).collect();
        if n_distinct(&drawn, params.k) == params.k {
            return Cow::Owned(drawn);
        }
    }
    Cow::Borrowed(points)
}

/// How many of the points are apart by 1e-9 of their unit, counted up to `enough`. Of degrees that is a
/// tenth of a millimetre: then no sum of squares can vanish.
pub(super) fn n_distinct(points: &[[f64; 2]], enough: usize) -> usize {
    let mut cells = HashSet::new();
    for point in points {
        cells.insert(point.map(|x| (x * 1e9).round() as i64));
        if cells.len() == enough {
            break;
        }
    }
    cells.len()
}

#[cfg(test)]
mod tests {
    use super::super::Metric;
    use super::*;

    /// Three clouds, one of them large.
    fn points(n: usize) -> Vec<[f64; 2]> {
        let centres = [[0.0, 0.0], [5.0, 1.0], [2.0, 6.0], [0.0, 0.0]];
        let near = |i: usize| {
            let [x, y] = centres[i % 4];
            let scatter = |step: f64| ((i as f64 * step).sin() * 43_758.5).fract();
            [x + scatter(12.9), y + scatter(78.2)]
        };
        (0..n).map(near).collect()
    }

    #[test]
    fn many_points_end_where_no_step_leads_on_and_as_low_as_by_all_points_from_the_start() {
        let points = points(30_000);
        for metric in [Metric::Cityblock, Metric::Euclidean] {
            let params = ClusterParams::new(3).metric(metric);
            let mut rng = ChaCha8Rng::seed_from_u64(4);
            let start = start(&points, &params, &mut rng);
            let slow = descend(&points, start, f64::INFINITY, &params);
            for end in replicates(&points, &params) {
                assert!(end.converged);
                assert!(
                    end.sum <= slow.sum * (1.0 + 1e-6),
                    "{} {}",
                    end.sum,
                    slow.sum
                );
                let again = descend(&points, end.centroids.clone(), 0.1, &params);
                assert_eq!(again.centroids, end.centroids);
            }
        }
    }

    #[test]
    fn few_distinct_points_are_counted_only_as_far_as_needed() {
        let points = [[0.0, 0.0], [1e-11, 0.0], [1.0, 0.0], [2.0, 0.0]];
        assert_eq!(n_distinct(&points, 9), 3);
        assert_eq!(n_distinct(&points, 2), 2);
    }
}
