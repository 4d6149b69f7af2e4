//! Samples that a program wrote rather than a sensor: one value again and again, or a straight line.

use std::ops::Range;

use super::CLIPPED_RUN;
use crate::simd;

/// Runs of [`CLIPPED_RUN`] equal samples or more.
pub(super) fn equal_runs(row: &[f32]) -> Vec<Range<usize>> {
    let (mut runs, mut end) = (Vec::new(), 0);
    while let Some(start) = next_run(row, end) {
        let run = row[start..].iter().take_while(|y| **y == row[start]);
        end = start + run.count();
        runs.push(start..end);
    }
    runs
}

/// Samples that are looked at together, before it is asked at which of them a run begins.
const N_TOGETHER: usize = 512;

/// Where the next run begins, from a sample on.
fn next_run(row: &[f32], from: usize) -> Option<usize> {
    let mut blocks = (from..row.len()).step_by(N_TOGETHER).map(|start| {
        let end = row.len().min(start + N_TOGETHER + CLIPPED_RUN - 1);
        (start, &row[start..end])
    });
    blocks.find_map(|(start, block)| {
        // Without a branch the processor takes several samples as one.
        let any = simd::wide(|| {
            let starts = block.array_windows();
            starts.fold(false, |any, few| any | is_run(few))
        });
        let first = any.then(|| block.array_windows().position(is_run))?;
        first.map(|first| start + first)
    })
}

#[inline(always)]
fn is_run([first, others @ ..]: &[f32; CLIPPED_RUN]) -> bool {
    others.iter().fold(true, |all, y| all & (y == first))
}

/// Segments in which every `n` samples in a row lie on a straight line, joined where they overlap.
///
/// Which samples those are depends on them alone, not on where the row begins or ends.
pub(super) fn straight_runs(row: &[f32], n: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut next = 0;
    // Of n samples in a row one place is looked at, and what is smooth around it.
    for place in (0..row.len()).step_by(n / 2) {
        let few = place..row.len().min(place + N_SMOOTH);
        if place < next || !few.clone().all(|i| is_smooth(row, i)) {
            continue;
        }
        let before = (next..place).rev().take_while(|i| is_smooth(row, *i));
        let start = before.last().unwrap_or(place);
        let end = (few.end..row.len()).find(|i| !is_smooth(row, *i));
        // The first and the last sample of a line have a neighbour elsewhere.
        let smooth = start.saturating_sub(1)..end.map_or(row.len(), |end| end + 1);
        next = smooth.end;
        let Some(last) = smooth.end.checked_sub(n) else {
            continue;
        };
        for first in (smooth.start..=last).filter(|first| is_straight(&row[*first..*first + n])) {
            match runs.last_mut() {
                Some(run) if first <= run.end => run.end = first + n,
                _ => runs.push(first..first + n),
            }
        }
    }
    runs
}

/// So many samples must be smooth before their neighbours are looked at.
const N_SMOOTH: usize = 8;

/// How far rounding carries two samples apart: a count, or the last bit of a float.
fn rounding(y: f32) -> f32 {
    let bit = f32::EPSILON * y.abs();
    if y == y.trunc() { bit.max(1.0) } else { bit }
}

/// Whether a sample may lie on one line with its neighbours; those at the ends may.
fn is_smooth(row: &[f32], i: usize) -> bool {
    let (Some(before), Some(after)) = (i.checked_sub(1).map(|i| row[i]), row.get(i + 1)) else {
        return row[i].is_finite();
    };
    let off = 2.0 * rounding(row[i]) + f32::EPSILON * (before.abs() + after.abs());
    // NaN and infinite are not smooth.
    (before - 2.0 * row[i] + after).abs() <= off
}

/// Whether there is a line that passes all samples as near as rounding allows. A rounded line never turns back;
/// the noise of a sensor, be it of a single count, does.
fn is_straight(samples: &[f32]) -> bool {
    let turns_back = !samples.is_sorted() && !samples.iter().rev().is_sorted();
    if turns_back {
        return false;
    }
    let first = samples[0];
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    samples.iter().enumerate().skip(1).all(|(i, y)| {
        let rise = f64::from(*y) - f64::from(first);
        let off = f64::from(rounding(*y).max(f32::EPSILON * first.abs()));
        least = least.max((rise - off) / i as f64);
        most = most.min((rise + off) / i as f64);
        least <= most
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| (500.0 * (i as f32 * 0.3).sin()).round())
            .collect()
    }

    #[test]
    fn runs_are_found_across_blocks() {
        let mut row = wave(3000);
        for run in [0..6, 510..516, 1022..1100, 2995..3000] {
            row[run].fill(3.25);
        }
        assert_eq!(equal_runs(&row), [0..6, 510..516, 1022..1100, 2995..3000]);
    }

    #[test]
    fn a_line_is_found_however_it_was_rounded() {
        let rounded: [fn(f64) -> f64; 4] = [f64::round, f64::trunc, f64::floor, |y| y];
        for slope in [-7.3, -0.37, 0.01, 0.5, 3.0, 812.4] {
            for round in rounded {
                for (first, n) in [(700, 100), (731, 300), (0, 1000), (1900, 1100)] {
                    let mut row = wave(3000);
                    let from = f64::from(row[first]);
                    for i in 0..n {
                        row[first + i] = round(from + slope * i as f64) as f32;
                    }
                    let runs = straight_runs(&row, 100);
                    assert_eq!(runs.len(), 1, "{slope} {first} {runs:?}");
                    let run = &runs[0];
                    assert!(
                        run.start <= first && run.end >= first + n,
                        "{slope} {run:?}"
                    );
                    assert!(
                        run.start + 4 > first && run.end < first + n + 4,
                        "{slope} {run:?}"
                    );
                    let short = &row[first + 1..first + 100];
                    assert!(straight_runs(short, 100).is_empty());
                }
            }
        }
        assert!(straight_runs(&wave(3000), 50).is_empty());
        let mut gap = wave(300);
        gap.fill(f32::NAN);
        assert!(straight_runs(&gap, 100).is_empty());
    }

    #[test]
    fn noise_of_a_single_count_is_no_line() {
        let levels = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
        let quiet: Vec<f32> = (0..3000).map(|i| levels[i * i % 7]).collect();
        assert!(straight_runs(&quiet, 100).is_empty());
    }

    #[test]
    fn what_is_straight_depends_on_its_own_samples() {
        let mut row = wave(2000);
        for i in 0..377 {
            row[813 + i] = (0.37 * i as f32).round();
        }
        let whole = straight_runs(&row, 100);
        for cut in (700..1300).step_by(7) {
            let alone = straight_runs(&row[cut..], 100);
            let expected = whole[0].start.max(cut)..whole[0].end;
            match expected.len() >= 100 && !expected.is_empty() {
                true => {
                    let shifted = expected.start - cut..expected.end - cut;
                    assert_eq!(alone, std::slice::from_ref(&shifted));
                }
                false => assert!(alone.is_empty(), "{cut} {alone:?}"),
            }
        }
    }
}
