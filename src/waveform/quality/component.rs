//! What of one component of a record can be used.

use std::ops::Range;

use super::jumps::n_jumps;
use super::{NEAR_FULL_SCALE, equal_runs, fills, full_scale_near, is_wide, shortest_stuck};
use crate::simd;

/// Share of the samples that lie in tops, above which a component of a smaller range is clipped too.
///
/// A wave of few counts has flat tops, and of many waves few reach the largest value: in 216 times ten minutes of CX.PB01,
/// divided until their range was 20, 40, 100 or 400 counts, tops hold 0.25 % of the samples at most.
pub const CLIPPED_SHARE: f64 = 0.01;

/// Waves of a smaller range have no shape in which a flat top could be told.
const CLIPPED_LEAST_COUNTS: f32 = 20.0;

/// An open input gives -1, 0 and 1, or a little more. Not measured: a choice.
pub const IDLE_COUNTS: f32 = 4.0;

/// Where numbers lie further apart than this share of the range, motion is rounded: a choice.
const COARSE_SHARE: f32 = 0.002;

/// What of one component can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ComponentQuality {
    /// Samples that are NaN or infinite.
    pub n_missing: usize,
    /// Samples in stuck segments; none of a dead component.
    pub n_stuck: usize,
    /// Samples in clipped peaks.
    pub n_clipped: usize,
    /// Steps that no motion makes ([`super::JUMP`]).
    pub n_jumps: usize,
    /// Nothing was recorded, or one value all the time.
    pub is_dead: bool,
    /// Whole numbers of a range of [`IDLE_COUNTS`] or less.
    pub is_idle: bool,
    /// So far from zero that four bytes round the motion.
    pub is_coarse: bool,
}

impl ComponentQuality {
    /// Judges a component of a record as a whole.
    pub fn of(row: &[f32], sampling_rate_hz: f64) -> Self {
        let n_missing = match simd::has_gap(row) {
            true => row.iter().filter(|y| !y.is_finite()).count(),
            false => 0,
        };
        if is_dead(row) {
            return Self {
                n_missing,
                is_dead: true,
                ..Self::default()
            };
        }
        let mut runs = equal_runs(row);
        let stuck = fills(row, &runs, sampling_rate_hz);
        let shortest = shortest_stuck(sampling_rate_hz);
        runs.retain(|run| row[run.start].is_finite() && run.len() < shortest);
        let n = |runs: &[Range<usize>]| runs.iter().map(ExactSizeIterator::len).sum();
        // What is stuck is no part of the motion, and so of its range.
        let mut moving = row.to_vec();
        stuck
            .iter()
            .for_each(|run| moving[run.clone()].fill(f32::NAN));
        let extremes @ (low, high) = finite_extremes(&moving);
        let is_top = |run: &Range<usize>| [low, high].contains(&moving[run.start]);
        let tops: Vec<Range<usize>> = runs.into_iter().filter(is_top).collect();
        let n_clipped = match full_scale_near((-low).max(high)) {
            Some(full) => {
                let least = NEAR_FULL_SCALE.start * full;
                moving.iter().filter(|y| y.abs() >= least).count()
            }
            None if is_wide(extremes) => n(&tops),
            None => {
                let share = n(&tops) as f64 / row.len() as f64;
                let is_flat = share >= CLIPPED_SHARE && high - low >= CLIPPED_LEAST_COUNTS;
                if is_flat { n(&tops) } else { 0 }
            }
        };
        let are_counts = |row: &[f32]| row.iter().all(|y| !y.is_finite() || *y == y.trunc());
        Self {
            n_missing,
            n_stuck: n(&stuck),
            n_clipped,
            n_jumps: n_jumps(row),
            is_dead: false,
            is_idle: high - low <= IDLE_COUNTS && are_counts(row),
            is_coarse: f32::EPSILON * (-low).max(high) > COARSE_SHARE * (high - low),
        }
    }
}

fn finite_extremes(row: &[f32]) -> (f32, f32) {
    let finite = row.iter().copied().filter(|y| y.is_finite());
    finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), y| {
        (low.min(y), high.max(y))
    })
}

/// Nothing recorded, or one value all the time.
pub(crate) fn is_dead(row: &[f32]) -> bool {
    let mut recorded = row.iter().filter(|y| y.is_finite());
    let first = recorded.next();
    first.is_none_or(|first| recorded.all(|y| y == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 100.0;

    #[test]
    fn a_component_is_counted() {
        let mut row = (0..5000)
            .map(|i| 5000.0 * (i as f32 * 0.3).sin())
            .collect::<Vec<f32>>();
        row[1000..1100].fill(0.0);
        row[2000..2007].fill(6000.0);
        (row[3000], row[3001]) = (f32::NAN, f32::NEG_INFINITY);
        let expected = ComponentQuality {
            n_missing: 2,
            n_stuck: 100,
            n_clipped: 7,
            ..ComponentQuality::default()
        };
        assert_eq!(ComponentQuality::of(&row, RATE_HZ), expected);
        for dead in [vec![7.0; 200], vec![7.0, f32::NAN, 7.0], vec![]] {
            assert!(ComponentQuality::of(&dead, RATE_HZ).is_dead);
        }
        assert!(!ComponentQuality::of(&[7.0, 7.5], RATE_HZ).is_dead);
    }
}
