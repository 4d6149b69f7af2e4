//! Where in a file a time lies, so that a window costs the decoding of its own records alone.

use std::ops::Range;

use chrono::TimeDelta;

use super::header;
use crate::time::Time;

/// Records from one mark to the next: so many are read too many at each end, and the marks of a day
/// take some ten kilobytes.
const N_RECORDS: usize = 8;

/// Marks in a file whose records are of one stream and rate and follow one another in time.
#[derive(Debug)]
pub(crate) struct Index {
    /// Start and first byte of every so-manieth record.
    marks: Vec<(Time, usize)>,
    n_bytes: usize,
    interval: TimeDelta,
    pub sampling_rate_hz: f64,
}

impl Index {
    /// Looks at all headers. `None` where the file is of another kind, or damaged in a header: it must
    /// then be read as a whole.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let first = header::parse(bytes).ok()?;
        let interval = first.interval();
        let (mut marks, mut at) = (Vec::new(), 0);
        // Where the next record may begin, half a sample early at most.
        let mut earliest = first.start;
        for number in 0.. {
            let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            let header = header::parse(rest).ok()?;
            let is_like = header.codes == first.codes
                && header.sampling_rate_hz == first.sampling_rate_hz
                && header.encoding == first.encoding
                && header.n_samples > 0
                && header.n_bytes <= rest.len();
            if !is_like || header.start < earliest {
                return None;
            }
            if number % N_RECORDS == 0 {
                marks.push((header.start, at));
            }
            earliest = header.start + header.interval_times(header.n_samples) - interval / 2;
            at += header.n_bytes;
        }
        (interval > TimeDelta::zero()).then_some(Self {
            marks,
            n_bytes: bytes.len(),
            interval,
            sampling_rate_hz: first.sampling_rate_hz,
        })
    }

    /// The bytes of all records that have samples from `start` until `end`, to within a sample, and of
    /// some around them.
    pub fn bytes(&self, start: Time, end: Time) -> Range<usize> {
        let begun = |time: Time| self.marks.partition_point(|(mark, _)| *mark <= time);
        let byte = |mark: usize| self.marks.get(mark).map_or(self.n_bytes, |(_, byte)| *byte);
        let first = begun(start - self.interval).saturating_sub(1);
        byte(first)..byte(begun(end + self.interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;
    use crate::waveform::{Samples, Segment, StreamId, Trace, mseed};

    fn trace(channel: &str, start_s: f64, n: i32) -> Trace {
        Trace {
            id: StreamId::new("XX", "A", "", channel),
            sampling_rate_hz: 100.0,
            segments: vec![Segment {
                start: time::parse("2014-02-16").unwrap() + time::seconds(start_s),
                samples: Samples::Int32((0..n).map(|i| i * i % 9973).collect()),
            }],
        }
    }

    fn bytes(traces: &[Trace]) -> Vec<u8> {
        mseed::write_records(traces, 256).unwrap()
    }

    #[test]
    fn the_bytes_of_a_span_hold_its_samples() {
        let (before, after) = (trace("HHZ", 0.0, 30_000), trace("HHZ", 400.0, 30_000));
        let whole = bytes(&[before, after]);
        let index = Index::of(&whole).unwrap();
        assert!(index.marks.len() > 10);
        let all = mseed::read(&whole, "all").unwrap().remove(0);
        for from_s in (-20..720).step_by(7) {
            let start = all.start().unwrap() + time::seconds(f64::from(from_s));
            let end = start + time::seconds(10.0);
            let within = |traces: &[Trace]| -> Vec<(Time, Vec<i32>)> {
                let segments = traces.iter().flat_map(|trace| &trace.segments);
                let cut = segments.map(|segment| {
                    let at = |i: usize| time::of_sample(segment.start, i, 100.0);
                    let Samples::Int32(v) = &segment.samples else {
                        panic!("whole numbers went in")
                    };
                    let inside = |i: &usize| (start..=end).contains(&at(*i));
                    let inside: Vec<usize> = (0..v.len()).filter(inside).collect();
                    (
                        inside.first().map_or(start, |i| at(*i)),
                        inside.iter().map(|i| v[*i]).collect(),
                    )
                });
                cut.filter(|(_, v): &(Time, Vec<i32>)| !v.is_empty())
                    .collect()
            };
            let part = &whole[index.bytes(start, end)];
            let part = match part {
                [] => Vec::new(),
                part => mseed::read(part, "part").unwrap(),
            };
            assert_eq!(
                within(&part),
                within(std::slice::from_ref(&all)),
                "{from_s}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_in_order_has_no_index() {
        let (first, second) = (trace("HHZ", 0.0, 3000), trace("HHZ", 30.0, 3000));
        assert!(Index::of(&bytes(&[first.clone(), second.clone()])).is_some());
        assert!(Index::of(&bytes(&[second.clone(), first.clone()])).is_none());
        assert!(Index::of(&bytes(&[first.clone(), first.clone()])).is_none());
        let other = trace("HHE", 30.0, 3000);
        assert!(Index::of(&bytes(&[first.clone(), other])).is_none());
        let mut damaged = bytes(&[first, second]);
        damaged.truncate(damaged.len() - 1);
        assert!(Index::of(&damaged).is_none());
        assert!(Index::of(&[]).is_none());
    }
}
