//! Stuck segments become gaps, before any filter.

use std::ops::Range;

use super::{equal_runs, fills, is_dead};
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

/// Makes gaps of infinite samples, and of the stuck segments of components that are not dead. The
/// stuck segments of each component are returned.
pub(crate) fn open(record: &mut Record3C) -> [Vec<Range<usize>>; 3] {
    let rate_hz = record.sampling_rate_hz;
    record.data.each_mut().map(|row| {
        if simd::has_gap(row) {
            let odd = row.iter_mut().filter(|y| !y.is_finite());
            odd.for_each(|y| *y = f32::NAN);
        }
        if is_dead(row) {
            return Vec::new();
        }
        let stuck = fills(row, &equal_runs(row), rate_hz);
        stuck.iter().for_each(|run| row[run.clone()].fill(f32::NAN));
        stuck
    })
}

/// Samples that were recorded and are no number, as [`Record3C::from_traces`] marks them; none after [`open`].
pub(crate) fn n_without_number(row: &[f32]) -> usize {
    match simd::has_gap(row) {
        true => row.iter().filter(|y| y.is_infinite()).count(),
        false => 0,
    }
}

/// Filters counts as they were recorded: the rule first, then the filter.
///
/// What is stuck becomes a gap, and so do the samples beside every gap until the filter has settled: it
/// begins anew there, and a slow wave that sets in is no earthquake. A dead component becomes zeros.
///
/// # Errors
/// As [`Filter::in_place`].
pub fn filter_counts(filter: &Filter, record: &mut Record3C, pass: Pass) -> Result<()> {
    let dead = record.data.each_ref().map(|row| is_dead(row));
    open(record);
    filter.in_place(record, pass)?;
    let n_unsettled = filter.n_unsettled();
    for row in &mut record.data {
        let gaps = gaps_of(row);
        mask(row, &gaps, pass, n_unsettled);
    }
    for (row, _) in record.data.iter_mut().zip(dead).filter(|(_, dead)| *dead) {
        row.iter_mut()
            .filter(|y| y.is_finite())
            .for_each(|y| *y = 0.0);
    }
    Ok(())
}

/// The gaps of a component, in order.
pub(crate) fn gaps_of(row: &[f32]) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    if simd::has_gap(row) {
        let mut start = 0;
        for segment in row.chunk_by(|a, b| a.is_finite() == b.is_finite()) {
            if !segment[0].is_finite() {
                gaps.push(start..start + segment.len());
            }
            start += segment.len();
        }
    }
    gaps
}

/// Makes gaps of so many samples beside gaps, in which a filter has not settled.
pub(crate) fn mask(row: &mut [f32], gaps: &[Range<usize>], pass: Pass, n_unsettled: usize) {
    for gap in gaps {
        let before = match pass {
            Pass::Causal => 0,
            Pass::ZeroPhase => n_unsettled,
        };
        let end = row.len().min(gap.end + n_unsettled);
        row[gap.start.saturating_sub(before).min(end)..end].fill(f32::NAN);
    }
}
