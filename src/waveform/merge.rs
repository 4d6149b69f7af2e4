//! Joining pieces of a stream that follow one another, and finding where they do not.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::{Result, fail};
use crate::time;
use crate::waveform::{Samples, Trace};

/// Joins pieces, in any order, to traces sorted by stream and time: one trace for each stream,
/// sampling rate and type of sample.
///
/// A piece continues a segment if it begins where the segment's own grid (start + index / rate) has
/// its next sample, to within half a sample; so no sample is ever further than that from its time,
/// however a clock drifts. Samples that are there twice are kept once.
///
/// # Errors
/// [`crate::Error::Waveform`] where two pieces give different samples for one time.
pub fn merge(pieces: Vec<Trace>) -> Result<Vec<Trace>> {
    let mut streams: BTreeMap<_, Trace> = BTreeMap::new();
    for piece in pieces {
        let rate = piece.sampling_rate_hz;
        for segment in piece.segments.into_iter().filter(|s| !s.samples.is_empty()) {
            let key = (piece.id.clone(), rate.to_bits(), kind(&segment.samples));
            let trace = streams.entry(key).or_insert_with(|| Trace {
                id: piece.id.clone(),
                sampling_rate_hz: rate,
                segments: Vec::new(),
            });
            trace.segments.push(segment);
        }
    }
    let mut traces = streams
        .into_values()
        .map(join)
        .collect::<Result<Vec<_>>>()?;
    traces.sort_by(|a, b| (&a.id, a.start()).cmp(&(&b.id, b.start())));
    Ok(traces)
}

fn kind(samples: &Samples) -> u8 {
    match samples {
        Samples::Int32(_) => 0,
        Samples::Float32(_) => 1,
        Samples::Float64(_) => 2,
    }
}

fn join(mut trace: Trace) -> Result<Trace> {
    let rate = trace.sampling_rate_hz;
    let mut pieces = std::mem::take(&mut trace.segments);
    pieces.sort_by_key(|piece| piece.start);
    for piece in pieces {
        let Some(last) = trace.segments.last_mut() else {
            trace.segments.push(piece);
            continue;
        };
        let n = last.samples.len();
        let first = time::between_s(last.start, piece.start) * rate;
        let overlap = n as f64 - first;
        if overlap < -0.5 {
            trace.segments.push(piece);
        } else if overlap <= 0.5 {
            append(&mut last.samples, &piece.samples, 0);
        } else if overlap < 0.75 {
            // Later than the last sample, yet nearer to it than to the next: the clock has
            // drifted by half a sample, and a new segment begins.
            trace.segments.push(piece);
        } else {
            let first = first.round() as usize;
            let n_twice = (n - first.min(n)).min(piece.samples.len());
            if !same(&last.samples, first..first + n_twice, &piece.samples) {
                return Err(fail!(
                    Waveform,
                    format!("{} {}", trace.id, time::iso(piece.start)),
                    format!("{n_twice} samples are there twice, and differ"),
                    "Find out which of the two is right and remove the other"
                ));
            }
            append(&mut last.samples, &piece.samples, n_twice);
        }
    }
    Ok(trace)
}

/// Bit for bit, so that NaN equals NaN.
fn same(a: &Samples, range: Range<usize>, b: &Samples) -> bool {
    let n = range.len();
    match (a, b) {
        (Samples::Int32(a), Samples::Int32(b)) => a[range] == b[..n],
        (Samples::Float32(a), Samples::Float32(b)) => a[range]
            .iter()
            .zip(b)
            .all(|(a, b)| a.to_bits() == b.to_bits()),
        (Samples::Float64(a), Samples::Float64(b)) => a[range]
            .iter()
            .zip(b)
            .all(|(a, b)| a.to_bits() == b.to_bits()),
        _ => false,
    }
}

/// Appends `more` without its first `skip` samples; both are of one type.
fn append(samples: &mut Samples, more: &Samples, skip: usize) {
    match (samples, more) {
        (Samples::Int32(a), Samples::Int32(b)) => a.extend_from_slice(&b[skip..]),
        (Samples::Float32(a), Samples::Float32(b)) => a.extend_from_slice(&b[skip..]),
        (Samples::Float64(a), Samples::Float64(b)) => a.extend_from_slice(&b[skip..]),
        _ => unreachable!("pieces are grouped by their type of sample"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::{Segment, StreamId};

    fn piece(start_s: f64, samples: &[i32]) -> Trace {
        let code = String::from;
        Trace {
            id: StreamId {
                network: code("XX"),
                station: code("A"),
                location: code(""),
                channel: code("HHZ"),
            },
            sampling_rate_hz: 100.0,
            segments: vec![Segment {
                start: time::parse("2014-02-16").unwrap() + time::seconds(start_s),
                samples: Samples::Int32(samples.to_vec()),
            }],
        }
    }

    fn merged(pieces: Vec<Trace>) -> Vec<Samples> {
        let mut traces = merge(pieces).unwrap();
        traces
            .remove(0)
            .segments
            .into_iter()
            .map(|s| s.samples)
            .collect()
    }

    #[test]
    fn neighbours_join_and_gaps_stay() {
        let pieces = vec![
            piece(0.1, &[7]),
            piece(0.03, &[4, 5]),
            piece(0.0, &[1, 2, 3]),
        ];
        let expected = [vec![1, 2, 3, 4, 5], vec![7]].map(Samples::Int32);
        assert_eq!(merged(pieces), expected);
        // 4 ms late is within half a sample of 10 ms, 6 ms is not.
        assert_eq!(merged(vec![piece(0.0, &[1]), piece(0.014, &[2])]).len(), 1);
        assert_eq!(merged(vec![piece(0.0, &[1]), piece(0.016, &[2])]).len(), 2);
        assert_eq!(merged(vec![piece(0.0, &[1]), piece(0.004, &[2])]).len(), 2);
    }

    #[test]
    fn an_overlap_is_kept_once_or_refused() {
        let whole = [Samples::Int32(vec![1, 2, 3, 4])];
        let second = piece(0.01, &[2, 3, 4]);
        assert_eq!(merged(vec![piece(0.0, &[1, 2]), second]), whole);
        let inside = piece(0.01, &[2, 3]);
        assert_eq!(merged(vec![piece(0.0, &[1, 2, 3, 4]), inside]), whole);
        let differs = merge(vec![piece(0.0, &[1, 2]), piece(0.01, &[9, 3])]).unwrap_err();
        assert!(differs.to_string().contains("differ"), "{differs}");
    }

    #[test]
    fn a_slow_clock_never_carries_a_sample_past_half_a_step() {
        // 30 one-sample pieces, each 1 ms later than its predecessor's grid has it.
        let pieces: Vec<_> = (0..30).map(|i| piece(f64::from(i) * 0.011, &[i])).collect();
        let trace = merge(pieces).unwrap().remove(0);
        let mut i = 0;
        for segment in &trace.segments {
            for index in 0..segment.samples.len() {
                let grid = time::of_sample(segment.start, index, 100.0);
                let truth =
                    time::parse("2014-02-16").unwrap() + time::seconds(f64::from(i) * 0.011);
                assert!(time::between_s(grid, truth).abs() <= 0.005);
                i += 1;
            }
        }
        assert_eq!(i, 30);
    }
}
