//! The descent of k-medians; most of its steps look at few points.
//!
//! Where no centroid has moved further than `reach` (cityblock) since all points were looked at, the
//! cost of a point at any centroid has changed by at most that. So only points whose second best
//! centroid was worse by at most twice as much, those along a border, can change sides (Hamerly 2010,
//! *Proc. SDM*, 130-140, bounds k-means so); and each median lies within `reach` of where it was, so that
//! of all other points those beyond need only be counted. A step looks at the border alone, and ends
//! where one among all points would.

use super::Metric;
use super::nearest::nearest;

/// The next reach, in steps of the length of the last one: steps grow shorter.
const REACH_STEPS: f64 = 4.0;

/// Moves centroids to the medians of their points and points to their nearest centroids, until none
/// moves (true) or for `max_iterations` steps (false). How far the centroids are first thought to move
/// is `reach`: infinite where they may move anywhere.
///
/// linfa's k-means takes an L1 distance too, but moves centroids to means, which do not make a sum of
/// cityblock distances small.
pub(super) fn medians(
    points: &[[f64; 2]],
    mut centroids: Vec<[f64; 2]>,
    mut reach: f64,
    max_iterations: usize,
) -> (Vec<[f64; 2]>, bool) {
    let metric = Metric::Cityblock;
    let mut labels: Vec<usize> = points
        .iter()
        .map(|point| nearest(*point, &centroids, metric).0)
        .collect();
    let mut n_steps = 0;
    loop {
        let around = centroids.clone();
        let survey = Survey::of(points, &labels, &centroids, reach);
        loop {
            if n_steps == max_iterations {
                return (centroids, false);
            }
            n_steps += 1;
            let before = centroids.clone();
            survey.step(points, &labels, &mut centroids);
            let is_beyond = farthest(&around, &centroids) > reach;
            let moved = match is_beyond {
                true => settle(0..points.len(), points, &mut labels, &centroids),
                false => settle(
                    survey.border.iter().copied(),
                    points,
                    &mut labels,
                    &centroids,
                ),
            };
            if !moved {
                return (centroids, true);
            }
            if is_beyond || reach.is_infinite() {
                reach = REACH_STEPS * farthest(&before, &centroids);
                break;
            }
        }
    }
}

/// Gives each of some points to its nearest centroid; false where none moved.
fn settle(
    some: impl Iterator<Item = usize>,
    points: &[[f64; 2]],
    labels: &mut [usize],
    centroids: &[[f64; 2]],
) -> bool {
    let metric = Metric::Cityblock;
    let mut moved = false;
    for i in some {
        let (new, cost) = nearest(points[i], centroids, metric);
        // Only for a true gain: among equals a point stays, so the descent cannot circle.
        if new != labels[i] && cost < metric.cost(points[i], centroids[labels[i]]) {
            labels[i] = new;
            moved = true;
        }
    }
    moved
}

/// How far the centroid moved that moved most.
fn farthest(before: &[[f64; 2]], after: &[[f64; 2]]) -> f64 {
    let moved = before.iter().zip(after);
    let moved = moved.map(|(a, b)| Metric::Cityblock.distance(*a, *b));
    moved.fold(0.0, f64::max)
}

/// What all points are for the steps within reach.
struct Survey {
    /// Indices of the points that may change sides.
    border: Vec<usize>,
    /// What is known of the other points of each cluster, by axis.
    inner: Vec<[Bracket; 2]>,
}

impl Survey {
    /// Looks at all points, whose `labels` are right but for points of equal cost.
    fn of(points: &[[f64; 2]], labels: &[usize], centroids: &[[f64; 2]], reach: f64) -> Self {
        let bracket = |middle: f64| Bracket::new(middle, reach);
        let mut survey = Self {
            border: Vec::new(),
            inner: centroids.iter().map(|c| c.map(bracket)).collect(),
        };
        for (i, (point, label)) in points.iter().zip(labels).enumerate() {
            let (best, second) = two_least(*point, centroids);
            if second - best <= 2.0 * reach {
                survey.border.push(i);
            } else {
                let [x, y] = &mut survey.inner[*label];
                x.take(point[0]);
                y.take(point[1]);
            }
        }
        survey
    }

    /// Moves the centroids to the medians; that of a cluster without points stays.
    fn step(&self, points: &[[f64; 2]], labels: &[usize], centroids: &mut [[f64; 2]]) {
        let mut now = self.inner.clone();
        for i in &self.border {
            let [x, y] = &mut now[labels[*i]];
            x.take(points[*i][0]);
            y.take(points[*i][1]);
        }
        for (c, (centroid, brackets)) in centroids.iter_mut().zip(&mut now).enumerate() {
            for (axis, bracket) in brackets.iter_mut().enumerate() {
                let all = || {
                    let members = points.iter().zip(labels).filter(|(_, label)| **label == c);
                    members.map(|(point, _)| point[axis]).collect()
                };
                if bracket.n() > 0 {
                    centroid[axis] = bracket.median().unwrap_or_else(|| median(all()));
                }
            }
        }
    }
}

/// A point's costs at its nearest and its second nearest centroid.
#[inline(always)]
fn two_least(point: [f64; 2], centroids: &[[f64; 2]]) -> (f64, f64) {
    let (mut best, mut second) = (f64::INFINITY, f64::INFINITY);
    for centroid in centroids {
        let cost = Metric::Cityblock.cost(point, *centroid);
        second = second.min(cost.max(best));
        best = best.min(cost);
    }
    (best, second)
}

/// Where the median of one coordinate is looked for: what lies outside is counted, what lies inside kept.
#[derive(Debug, Clone)]
struct Bracket {
    low: f64,
    high: f64,
    n_below: usize,
    n_above: usize,
    inside: Vec<f64>,
}

impl Bracket {
    fn new(middle: f64, half_width: f64) -> Self {
        Self {
            low: middle - half_width,
            high: middle + half_width,
            n_below: 0,
            n_above: 0,
            inside: Vec::new(),
        }
    }

    #[inline(always)]
    fn take(&mut self, x: f64) {
        self.n_below += usize::from(x < self.low);
        self.n_above += usize::from(x > self.high);
        if self.low <= x && x <= self.high {
            self.inside.push(x);
        }
    }

    /// Values taken.
    fn n(&self) -> usize {
        self.n_below + self.inside.len() + self.n_above
    }

    /// The median of the values taken, if it lies inside.
    fn median(&mut self) -> Option<f64> {
        let n = self.n();
        let (lower, upper) = ((n - 1) / 2, n / 2);
        let is_inside = self.n_below <= lower && upper < n - self.n_above;
        let rank = |rank| rank - self.n_below;
        is_inside
            .then(|| (rank(lower), rank(upper)))
            .map(|(lower, upper)| middle_of(&mut self.inside, lower, upper))
    }
}

/// The median; of an even number of values the mean of the middle two, as MATLAB has it.
fn median(mut values: Vec<f64>) -> f64 {
    let n = values.len();
    middle_of(&mut values, (n - 1) / 2, n / 2)
}

/// The mean of the values of two neighbouring ranks, or of one.
fn middle_of(values: &mut [f64], lower: usize, upper: usize) -> f64 {
    let (below, &mut of_upper, _) = values.select_nth_unstable_by(upper, f64::total_cmp);
    if lower == upper {
        return of_upper;
    }
    let of_lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (of_lower + of_upper) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 10.0]), 3.0);
        assert_eq!(median(vec![7.0]), 7.0);
    }

    #[test]
    fn a_bracket_gives_the_median_or_says_that_it_is_elsewhere() {
        let values: Vec<f64> = (0..101).map(|i| f64::from(i * 37 % 101)).collect();
        for n in [100, 101] {
            for low in 0..100 {
                for high in low..101 {
                    let (low, high) = (f64::from(low), f64::from(high));
                    let mut bracket = Bracket::new((low + high) / 2.0, (high - low) / 2.0);
                    values[..n].iter().for_each(|x| bracket.take(*x));
                    assert_eq!(bracket.n(), n);
                    let mut sorted = values[..n].to_vec();
                    sorted.sort_by(f64::total_cmp);
                    let (a, b) = (sorted[(n - 1) / 2], sorted[n / 2]);
                    let wanted = (low <= a && b <= high).then_some((a + b) / 2.0);
                    assert_eq!(bracket.median(), wanted, "{low} {high}");
                }
            }
        }
    }

    /// All points in each step.
    fn plainly(points: &[[f64; 2]], mut centroids: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
        let metric = Metric::Cityblock;
        let label = |point: &[f64; 2], centroids: &[_]| nearest(*point, centroids, metric).0;
        let mut labels: Vec<usize> = points.iter().map(|p| label(p, &centroids)).collect();
        loop {
            for (c, centroid) in centroids.iter_mut().enumerate() {
                let members = points.iter().zip(&labels).filter(|(_, label)| **label == c);
                let members: Vec<&[f64; 2]> = members.map(|(point, _)| point).collect();
                if !members.is_empty() {
                    *centroid = [0, 1].map(|a| median(members.iter().map(|p| p[a]).collect()));
                }
            }
            let mut moved = false;
            for (point, label) in points.iter().zip(&mut labels) {
                let (new, cost) = nearest(*point, &centroids, metric);
                if cost < metric.cost(*point, centroids[*label]) {
                    (*label, moved) = (new, true);
                }
            }
            if !moved {
                return centroids;
            }
        }
    }

    #[test]
    fn whatever_the_reach_the_end_is_that_of_all_points_in_each_step() {
        let scatter = |i: usize, step: f64| ((i as f64 * step).sin() * 43_758.5).fract();
        // Whole numbers too, where many costs are equal.
        for rough in [1.0, 0.1, 1e-9] {
            let near = |i: usize| {
                let centre = [[0.0, 0.0], [3.0, 1.0], [2.0, 3.0]][i % 3];
                let at = [
                    centre[0] + scatter(i, 12.9),
                    centre[1] + 2.0 * scatter(i, 78.2),
                ];
                at.map(|x| (x / rough).round() * rough)
            };
            let points: Vec<[f64; 2]> = (0..2000).map(near).collect();
            for k in 1..6 {
                for first in [0, 17, 400] {
                    let start = points[first..first + k].to_vec();
                    let wanted = plainly(&points, start.clone());
                    for reach in [0.0, 1e-3, 0.1, 10.0, f64::INFINITY] {
                        let (end, converged) = medians(&points, start.clone(), reach, 1000);
                        assert!(converged);
                        assert_eq!(end, wanted, "{rough} {k} {first} {reach}");
                    }
                }
            }
        }
    }
}
