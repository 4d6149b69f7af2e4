//! Joining pieces of a stream that follow one another, and finding where they do not.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::{Nslc, Samples, Segment, Trace};

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
    let (traces, overlaps) = merge_layers(pieces);
    match overlaps.first() {
        Some(overlap) => Err(fail!(
            Waveform,
            format!("{} {}", overlap.id, time::iso(overlap.time)),
            overlap.what(),
            "Find out which of the two is right and remove the other"
        )),
        None => Ok(traces),
    }
}

/// A piece that gives other samples than one before it.
#[derive(Debug)]
pub(crate) struct Overlap {
    pub id: Nslc,
    /// Where the piece begins.
    pub time: Time,
    pub n_samples: usize,
}

impl Overlap {
    pub fn what(&self) -> String {
        format!("{} samples are there twice, and differ", self.n_samples)
    }
}

/// Contradicting pieces are laid one over another so often, then each stays by itself.
const N_LAYERS: usize = 8;

/// Joins as [`merge`] does; a piece that gives other samples than one before it comes in a trace
/// over the first, and is listed.
pub(crate) fn merge_layers(pieces: Vec<Trace>) -> (Vec<Trace>, Vec<Overlap>) {
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
    let (mut traces, mut overlaps) = (Vec::new(), Vec::new());
    for mut trace in streams.into_values() {
        trace.segments.sort_by_key(|piece| piece.start);
        for layer in 0..N_LAYERS {
            let (others, contradictions) = join(&mut trace);
            if layer == 0 {
                overlaps.extend(contradictions);
            }
            let over = Trace {
                segments: others,
                ..trace_like(&trace)
            };
            traces.push(std::mem::replace(&mut trace, over));
            if trace.segments.is_empty() {
                break;
            }
        }
        let alone = std::mem::take(&mut trace.segments);
        traces.extend(alone.into_iter().map(|segment| Trace {
            segments: vec![segment],
            ..trace_like(&trace)
        }));
    }
    traces.sort_by(|a, b| (&a.id, a.start()).cmp(&(&b.id, b.start())));
    (traces, overlaps)
}

/// Takes out all samples of times for which traces of one stream, rate and type give more than one:
/// after [`merge_layers`] those differ, and none can be believed.
pub(crate) fn without_contradictions(mut traces: Vec<Trace>) -> Vec<Trace> {
    let key = |trace: &Trace| {
        let kind = trace.segments.first().map(|s| kind(&s.samples));
        (trace.id.clone(), trace.sampling_rate_hz.to_bits(), kind)
    };
    let mut edges: BTreeMap<_, Vec<(Time, i32)>> = BTreeMap::new();
    for trace in &traces {
        let edges = edges.entry(key(trace)).or_default();
        for segment in &trace.segments {
            let n = segment.samples.len();
            let end = time::of_sample(segment.start, n, trace.sampling_rate_hz);
            edges.extend([(segment.start, 1), (end, -1)]);
        }
    }
    let twice: BTreeMap<_, Vec<(Time, Time)>> = edges
        .into_iter()
        .map(|(key, edges)| (key, covered_twice(edges)))
        .collect();
    for trace in &mut traces {
        let spans = &twice[&key(trace)];
        let segments = std::mem::take(&mut trace.segments).into_iter();
        let rate = trace.sampling_rate_hz;
        trace.segments = segments.flat_map(|s| outside(s, spans, rate)).collect();
    }
    traces.retain(|trace| !trace.segments.is_empty());
    traces
}

/// The spans in which more begins than has ended, in time order, by the times of beginnings (1) and ends
/// (-1).
fn covered_twice(mut edges: Vec<(Time, i32)>) -> Vec<(Time, Time)> {
    edges.sort_unstable();
    let (mut depth, mut spans, mut since) = (0, Vec::new(), None);
    for (time, step) in edges {
        depth += step;
        match since {
            None if depth > 1 => since = Some(time),
            Some(start) if depth < 2 => {
                spans.push((start, time));
                since = None;
            }
            _ => {}
        }
    }
    spans
}

/// The samples of a segment that are further than half a sample outside all spans, which are in time order
/// and share no time.
fn outside(segment: Segment, spans: &[(Time, Time)], rate: f64) -> Vec<Segment> {
    let n = segment.samples.len();
    // Half-open: the first sample within half a step of a time, and the first after it.
    let index = |at| {
        let index = time::between_s(segment.start, at) * rate - 0.5;
        (index.ceil().max(0.0) as usize).min(n)
    };
    let end = time::of_sample(segment.start, n, rate);
    let (mut from, mut kept) = (0, Vec::new());
    let first = spans.partition_point(|(_, span_end)| *span_end < segment.start);
    for (span_start, span_end) in spans[first..].iter().take_while(|(start, _)| *start <= end) {
        // Less is a step between two segments, see [`join`].
        let is_step = time::between_s(*span_start, *span_end) * rate < TWICE;
        let (to, next) = (index(*span_start), index(*span_end));
        if !is_step && to < next {
            kept.push(from..to);
            from = next;
        }
    }
    kept.push(from..n);
    kept.retain(|part| !part.is_empty());
    if kept == std::slice::from_ref(&(0..n)) {
        return vec![segment];
    }
    let parts = kept.into_iter().map(|part| Segment {
        start: time::of_sample(segment.start, part.start, rate),
        samples: segment.samples.slice(part),
    });
    parts.collect()
}

/// The same stream and rate, no sample.
fn trace_like(trace: &Trace) -> Trace {
    Trace {
        id: trace.id.clone(),
        sampling_rate_hz: trace.sampling_rate_hz,
        segments: Vec::new(),
    }
}

pub(super) fn kind(samples: &Samples) -> u8 {
    match samples {
        Samples::Int32(_) => 0,
        Samples::Float32(_) => 1,
        Samples::Float64(_) => 2,
    }
}

/// Joins the pieces of one trace, which are sorted by time. What contradicts them is returned, in
/// order.
fn join(trace: &mut Trace) -> (Vec<Segment>, Vec<Overlap>) {
    let rate = trace.sampling_rate_hz;
    let pieces = std::mem::take(&mut trace.segments);
    let (mut others, mut overlaps) = (Vec::new(), Vec::new());
    for piece in pieces {
        let Some(last) = trace.segments.last_mut() else {
            trace.segments.push(piece);
            continue;
        };
        match continued(last, &piece, rate) {
            Continued::Whole => {}
            Continued::Apart => trace.segments.push(piece),
            Continued::Contradicts { n_samples } => {
                overlaps.push(Overlap {
                    id: trace.id.clone(),
                    time: piece.start,
                    n_samples,
                });
                others.push(piece);
            }
        }
    }
    (others, overlaps)
}

/// What became of a piece and the segment before it.
pub(super) enum Continued {
    /// The segment holds the piece.
    Whole,
    /// The piece is a segment of its own.
    Apart,
    /// The piece gives other samples.
    Contradicts { n_samples: usize },
}

/// Appends a piece that begins no earlier than a segment to it, where it continues it.
pub(super) fn continued(last: &mut Segment, piece: &Segment, rate: f64) -> Continued {
    let n = last.samples.len();
    let first = time::between_s(last.start, piece.start) * rate;
    let overlap = n as f64 - first;
    if overlap < -0.5 {
        Continued::Apart
    } else if overlap <= 0.5 {
        append(&mut last.samples, &piece.samples, 0);
        Continued::Whole
    } else if overlap < TWICE {
        // Later than the last sample, yet nearer to it than to the next: the clock has
        // drifted by half a sample, and a new segment begins.
        Continued::Apart
    } else {
        let first = first.round() as usize;
        let n_twice = (n - first.min(n)).min(piece.samples.len());
        if !same(&last.samples, first..first + n_twice, &piece.samples) {
            return Continued::Contradicts { n_samples: n_twice };
        }
        append(&mut last.samples, &piece.samples, n_twice);
        Continued::Whole
    }
}

/// Whether two segments of one rate and type give different samples for one time.
pub(super) fn contradict(a: &Segment, b: &Segment, rate: f64) -> bool {
    let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
    let n = first.samples.len();
    let from = time::between_s(first.start, second.start) * rate;
    if (n as f64) - from < TWICE {
        return false;
    }
    let from = from.round() as usize;
    let n_twice = (n - from.min(n)).min(second.samples.len());
    !same(&first.samples, from..from + n_twice, &second.samples)
}

/// In samples: two pieces that share less time have no sample in common.
const TWICE: f64 = 0.75;

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

    fn piece(start_s: f64, samples: &[i32]) -> Trace {
        Trace {
            id: Nslc::new("XX", "A", "", "HHZ").unwrap(),
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
