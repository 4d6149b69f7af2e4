//! From curves of probability to picks.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// The wave whose onset was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PickedPhase {
    P,
    S,
}

impl PickedPhase {
    pub const ALL: [Self; 2] = [Self::P, Self::S];

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for PickedPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P => "P",
            Self::S => "S",
        })
    }
}

/// An onset at a station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// Network, station and location: `CX.PB01.`, whose location is empty.
    pub station: String,
    /// The first letters of its channels: `HH`.
    pub band: String,
    pub phase: PickedPhase,
    /// Where the probability is largest.
    pub time: Time,
    /// Where it rises above the threshold.
    pub start: Time,
    /// The last sample at which it is above half the threshold.
    pub end: Time,
    /// The largest probability, from 0 to 1.
    pub probability: f32,
    /// Components that the network saw there; it gets zeros for the others.
    pub n_components: usize,
}

/// A trigger on a curve: from its start to its end, both included, with the place of its largest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trigger {
    pub start: usize,
    pub peak: usize,
    pub end: usize,
}

/// Where a curve is above `threshold`, until it is no longer above half of it: ObsPy's `trigger_onset`, by which SeisBench
/// picks. NaN is above nothing.
///
/// A stretch above half the threshold of more samples than `cut` says is cut at its multiples, counted from sample `-origin` on.
pub(super) fn triggers(curve: &[f32], threshold: f64, cut: Option<(usize, i64)>) -> Vec<Trigger> {
    let (on, off) = (threshold as f32, (threshold / 2.0) as f32);
    let is_above = |i: usize| curve[i] > off;
    let mut found = Vec::new();
    let mut i = 0;
    while let Some(begin) = (i..curve.len()).find(|i| is_above(*i)) {
        i = (begin..curve.len())
            .find(|i| !is_above(*i))
            .unwrap_or(curve.len());
        for stretch in cut_at(begin..i, cut) {
            let Some(start) = stretch.clone().find(|i| curve[*i] > on) else {
                continue;
            };
            let mut peak = start;
            for j in start..stretch.end {
                if curve[j] > curve[peak] {
                    peak = j;
                }
            }
            found.push(Trigger {
                start,
                peak,
                end: stretch.end - 1,
            });
        }
    }
    found
}

fn cut_at(stretch: Range<usize>, cut: Option<(usize, i64)>) -> Vec<Range<usize>> {
    let Some((longest, origin)) = cut.filter(|(longest, _)| stretch.len() > *longest) else {
        return vec![stretch];
    };
    let mut parts = Vec::new();
    let mut start = stretch.start;
    while start < stretch.end {
        let after = (start as i64 + origin).rem_euclid(longest as i64) as usize;
        let end = stretch.end.min(start + longest - after);
        parts.push(start..end);
        start = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(curve: &[f32], cut: Option<(usize, i64)>) -> Vec<[usize; 3]> {
        let found = triggers(curve, 0.4, cut).into_iter();
        found.map(|t| [t.start, t.peak, t.end]).collect()
    }

    #[test]
    fn triggers_are_those_of_obspy() {
        // trigger_onset(curve, 0.4, 0.2) of ObsPy 1.5: [[2, 5], [9, 9], [12, 13]].
        let curve = [
            0.1, 0.3, 0.5, 0.9, 0.9, 0.25, 0.2, 0.3, 0.1, 0.41, 0.2, 0.4, 0.6, 0.3,
        ];
        assert_eq!(of(&curve, None), [[2, 3, 5], [9, 9, 9], [12, 12, 13]]);
        assert_eq!(of(&[0.39; 5], None), Vec::<[usize; 3]>::new());
        assert_eq!(
            of(&[f32::NAN, 0.5, f32::NAN, 0.5], None),
            [[1, 1, 1], [3, 3, 3]]
        );
        // Twice above the threshold without leaving half of it is one pick.
        assert_eq!(of(&[0.5, 0.3, 0.6, 0.3], None), [[0, 2, 3]]);
    }

    #[test]
    fn only_long_stretches_are_cut() {
        assert_eq!(of(&[0.5; 10], Some((10, 3))), [[0, 0, 9]]);
        assert_eq!(of(&[0.5; 11], Some((10, 3))), [[0, 0, 6], [7, 7, 10]]);
        assert_eq!(
            of(&[0.5; 25], Some((10, -20))),
            [[0, 0, 9], [10, 10, 19], [20, 20, 24]]
        );
    }
}
