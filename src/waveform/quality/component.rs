//! What of one component of a record can be used.

use std::ops::Range;

use super::jumps::{AROUND_STEP, n_jumps};
use super::{CLIPPED_COUNTS, equal_runs, fills, levels_of_full_scale, shortest_stuck};
use crate::simd;
use crate::waveform::samples::EXACT_COUNTS;

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

/// No wave holds a digitiser near its full scale for longer, in seconds: a choice.
const LONGEST_TOP_S: f64 = 60.0;

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
    /// Judges a range of a component; the samples around it tell whether a step at its ends is a jump.
    ///
    /// A step from one range to the next belongs to the later one.
    pub(crate) fn within(row: &[f32], range: &Range<usize>, sampling_rate_hz: f64) -> Self {
        let [before, after] = AROUND_STEP;
        let beside = range.start.saturating_sub(before)..row.len().min(range.end + after);
        Self {
            n_jumps: Self::of(&row[beside], sampling_rate_hz).n_jumps,
            ..Self::of(&row[range.clone()], sampling_rate_hz)
        }
    }

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
        // What is stuck is no part of the motion, and so of its range.
        let mut moving = row.to_vec();
        stuck
            .iter()
            .for_each(|run| moving[run.clone()].fill(f32::NAN));
        let (low, high) = finite_extremes(&moving);
        let clipped = match near_full_scale(&moving, sampling_rate_hz) {
            none if none.is_empty() => flat_tops(&moving, runs, (low, high)),
            tops => tops,
        };
        // The way into padding or a flat top and out of it is no jump; one sample alone that clips is a glitch.
        let tops = clipped.iter().filter(|top| top.len() > 1);
        tops.for_each(|top| moving[top.clone()].fill(f32::NAN));
        let n = |runs: &[Range<usize>]| runs.iter().map(ExactSizeIterator::len).sum();
        let are_counts = || row.iter().all(|y| !y.is_finite() || *y == y.trunc());
        let peak = (-low).max(high);
        let is_far = f32::EPSILON * peak > COARSE_SHARE * (high - low);
        Self {
            n_missing,
            n_stuck: n(&stuck),
            n_clipped: n(&clipped),
            n_jumps: n_jumps(&moving),
            is_dead: false,
            is_idle: high - low <= IDLE_COUNTS && are_counts(),
            is_coarse: is_far && (peak > EXACT_COUNTS || !are_counts()),
        }
    }
}

/// Samples near a digitiser's full scale, in segments; one that never leaves it has another level.
fn near_full_scale(row: &[f32], sampling_rate_hz: f64) -> Vec<Range<usize>> {
    let Some(levels) = levels_of_full_scale(row) else {
        return Vec::new();
    };
    let is_near = |y: f32| levels.are_passed_by(y);
    let (mut near, mut start) = (Vec::new(), 0);
    for segment in row.chunk_by(|a, b| is_near(*a) == is_near(*b)) {
        if is_near(segment[0]) {
            near.push(start..start + segment.len());
        }
        start += segment.len();
    }
    near.retain(|top| top.len() as f64 <= LONGEST_TOP_S * sampling_rate_hz);
    near
}

/// Of the runs of equal samples those at the extremes, where the component moves enough for them to be clipped.
fn flat_tops(
    row: &[f32],
    mut runs: Vec<Range<usize>>,
    (low, high): (f32, f32),
) -> Vec<Range<usize>> {
    runs.retain(|run| [low, high].contains(&row[run.start]));
    if runs.is_empty() {
        return runs;
    }
    // A count is the smallest step, in whatever unit.
    let n_counts = (high - low) / finest_step(row);
    let n: usize = runs.iter().map(ExactSizeIterator::len).sum();
    let is_flat = n_counts >= CLIPPED_LEAST_COUNTS && n as f64 >= CLIPPED_SHARE * row.len() as f64;
    let is_fine = n_counts >= 2.0 * CLIPPED_COUNTS;
    if is_flat || is_fine { runs } else { Vec::new() }
}

/// The smallest change from one sample to the next.
fn finest_step(row: &[f32]) -> f32 {
    let steps = row.array_windows().map(|[a, b]| (b - a).abs());
    let steps = steps.filter(|step| *step > 0.0);
    steps.fold(f32::INFINITY, f32::min)
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
        // Another level near the full scale is a jump, and no top.
        let level = |i: usize| if i < 7000 { 0.0 } else { 8.2e6 };
        let row: Vec<f32> = (0..20_000)
            .map(|i| level(i) + 500.0 * (i as f32 * 0.3).sin())
            .collect();
        let quality = ComponentQuality::of(&row, RATE_HZ);
        assert_eq!((quality.n_clipped, quality.n_jumps), (0, 1));
        for dead in [vec![7.0; 200], vec![7.0, f32::NAN, 7.0], vec![]] {
            assert!(ComponentQuality::of(&dead, RATE_HZ).is_dead);
        }
        assert!(!ComponentQuality::of(&[7.0, 7.5], RATE_HZ).is_dead);
    }
}
