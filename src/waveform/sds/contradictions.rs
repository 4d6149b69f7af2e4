//! Which pieces of a stream give other samples than those that are there: one pass, in time order.

use std::collections::HashMap;

use crate::waveform::merge::{Continued, continued, contradict, kind};
use crate::waveform::{Samples, Segment, Trace};

/// For each new piece, in time order, whether it gives other samples than an old trace, or than a new piece
/// before it that does not. A record without samples has no piece, and contradicts nothing.
pub(super) fn contradictions(old: &[Trace], new: &[Option<Trace>]) -> Vec<bool> {
    let mut known: HashMap<Key, Vec<&Segment>> = HashMap::new();
    for trace in old {
        for segment in &trace.segments {
            let of_key = known.entry(key(trace, &segment.samples)).or_default();
            of_key.push(segment);
        }
    }
    for segments in known.values_mut() {
        segments.sort_by_key(|segment| segment.start);
    }
    // The new pieces so far, joined; pieces that follow in time reach no further back than the last.
    let mut last: HashMap<Key, Segment> = HashMap::new();
    let mut contradicts = |piece: &Trace| {
        let rate = piece.sampling_rate_hz;
        piece.segments.iter().any(|piece_segment| {
            let key = key(piece, &piece_segment.samples);
            let old = known.get(&key).map_or(&[][..], Vec::as_slice);
            if any_contradicts(old, piece_segment, rate) {
                return true;
            }
            let Some(last) = last.get_mut(&key) else {
                last.insert(key, piece_segment.clone());
                return false;
            };
            match continued(last, piece_segment, rate) {
                Continued::Whole => false,
                Continued::Apart => {
                    *last = piece_segment.clone();
                    false
                }
                Continued::Contradicts { .. } => true,
            }
        })
    };
    let all = new.iter();
    all.map(|piece| piece.as_ref().is_some_and(&mut contradicts))
        .collect()
}

/// Sampling rate and type of sample: pieces that differ in them are never joined.
type Key = (u64, u8);

fn key(trace: &Trace, samples: &Samples) -> Key {
    (trace.sampling_rate_hz.to_bits(), kind(samples))
}

/// Of segments in time order that share no time, only those that a piece reaches are compared with it.
fn any_contradicts(segments: &[&Segment], piece: &Segment, rate: f64) -> bool {
    let begun = segments.partition_point(|segment| segment.start < piece.start);
    let before = segments[..begun].last();
    let reach = crate::time::of_sample(piece.start, piece.samples.len(), rate);
    let within = segments[begun..]
        .iter()
        .take_while(|segment| segment.start < reach);
    before
        .into_iter()
        .chain(within)
        .any(|segment| contradict(segment, piece, rate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;
    use crate::waveform::Nslc;

    fn piece(from: usize, samples: &[i32]) -> Trace {
        let start = time::parse("2014-02-16").unwrap();
        Trace {
            id: Nslc::new("XX", "A", "", "HHZ").unwrap(),
            sampling_rate_hz: 1.0,
            segments: vec![Segment {
                start: time::of_sample(start, from, 1.0),
                samples: Samples::Int32(samples.to_vec()),
            }],
        }
    }

    fn found(old: &[Trace], new: &[Trace]) -> Vec<bool> {
        let new: Vec<_> = new.iter().cloned().map(Some).collect();
        contradictions(old, &new)
    }

    #[test]
    fn the_old_and_the_first_are_believed() {
        let old = [piece(10, &[1, 2, 3]), piece(20, &[4, 5, 6])];
        let new = [
            piece(5, &[0, 0]),
            piece(6, &[9]),
            piece(8, &[7, 7, 1]),
            piece(9, &[7, 1, 2, 8]),
            piece(11, &[2, 3]),
            piece(12, &[4]),
            piece(13, &[0; 7]),
            piece(13, &[0; 8]),
            piece(19, &[0, 4, 5, 6, 0]),
        ];
        let expected = [false, true, false, true, false, true, false, true, false];
        assert_eq!(found(&old, &new), expected);
        // Another rate is another trace.
        let other = Trace {
            sampling_rate_hz: 2.0,
            ..piece(10, &[9])
        };
        assert_eq!(found(&old, &[other]), [false]);
        assert_eq!(contradictions(&old, &[None]), [false]);
    }

    /// Comparing each with each would take hours.
    #[test]
    fn a_hundred_thousand_contradictions_are_found() {
        let old: Vec<_> = (0..100_000).map(|i| piece(2 * i, &[1])).collect();
        let new: Vec<_> = (0..100_000).map(|i| piece(2 * i, &[2, 3])).collect();
        assert!(found(&old, &new).into_iter().all(|contradicts| contradicts));
        let same: Vec<_> = (0..100_000).map(|_| piece(1, &[2; 50])).collect();
        assert!(!found(&[], &same).into_iter().any(|contradicts| contradicts));
    }
}
