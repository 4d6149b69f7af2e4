//! Stuck stretches become gaps, before any filter.

use std::ops::Range;

use super::{equal_runs, is_dead, shortest_stuck};
use crate::error::Result;
use crate::simd;
use crate::waveform::Record3C;
use crate::waveform::filter::{Filter, Pass};

/// The share of the samples at which all three components are there and not stuck, from 0 to 1.
pub fn coverage(record: &Record3C) -> f64 {
    let mut record = record.clone();
    open(&mut record);
    let n_missing: usize = record.gaps().iter().map(ExactSizeIterator::len).sum();
    1.0 - n_missing as f64 / record.n_samples().max(1) as f64
}

/// Makes gaps of infinite samples, and of the stuck stretches of components that are not dead. The
/// stuck stretches of each component are returned.
pub(crate) fn open(record: &mut Record3C) -> [Vec<Range<usize>>; 3] {
    let shortest = shortest_stuck(record.sampling_rate_hz);
    record.data.each_mut().map(|row| {
        if simd::has_gap(row) {
            let odd = row.iter_mut().filter(|y| !y.is_finite());
            odd.for_each(|y| *y = f32::NAN);
        }
        if is_dead(row) {
            return Vec::new();
        }
        let mut stuck = equal_runs(row);
        stuck.retain(|run| run.len() >= shortest);
        stuck.iter().for_each(|run| row[run.clone()].fill(f32::NAN));
        stuck
    })
}

/// Filters counts as they were recorded: the rule first, then the filter.
///
/// What is stuck becomes a gap, and so do the samples beside it in which the filter still rings. A
/// dead component becomes zeros.
///
/// # Errors
/// As [`Filter::in_place`].
pub fn filter_counts(filter: &Filter, record: &mut Record3C, pass: Pass) -> Result<()> {
    let dead = record.data.each_ref().map(|row| is_dead(row));
    let stuck = open(record);
    filter.in_place(record, pass)?;
    let n_ring = filter.n_ringing();
    for (row, stuck) in record.data.iter_mut().zip(&stuck) {
        mask(row, stuck, pass, n_ring);
    }
    for (row, _) in record.data.iter_mut().zip(dead).filter(|(_, dead)| *dead) {
        row.iter_mut()
            .filter(|y| y.is_finite())
            .for_each(|y| *y = 0.0);
    }
    Ok(())
}

/// Makes gaps of the samples in which a filter rings beside gaps.
pub(crate) fn mask(row: &mut [f32], gaps: &[Range<usize>], pass: Pass, n_ring: usize) {
    for gap in gaps {
        let before = match pass {
            Pass::Causal => 0,
            Pass::ZeroPhase => n_ring,
        };
        let end = row.len().min(gap.end + n_ring);
        row[gap.start.saturating_sub(before).min(end)..end].fill(f32::NAN);
    }
}
