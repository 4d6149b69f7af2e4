//! Where in a file a time lies, so that a window costs the decoding of its own records alone.

use std::io::{self, Read, Seek, SeekFrom};
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
    /// Looks at all headers of a file of `n_bytes`. `None` where the file is of another kind, or damaged in
    /// a header: it must then be read as a whole.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn of(file: impl Read + Seek, n_bytes: usize) -> io::Result<Option<Self>> {
        let mut window = Window {
            file,
            n_bytes,
            start: 0,
            bytes: Vec::new(),
        };
        let Ok(first) = header::parse(window.from(0)?) else {
            return Ok(None);
        };
        let (version, codes) = first.codes.parts();
        let codes = codes.to_vec();
        let (interval, encoding) = (first.interval(), first.encoding);
        let sampling_rate_hz = first.sampling_rate_hz;
        // Where the next record may begin, half a sample early at most.
        let mut earliest = first.start;
        let (mut marks, mut at) = (Vec::new(), 0);
        for number in 0.. {
            if at == n_bytes {
                break;
            }
            let Ok(header) = header::parse(window.from(at)?) else {
                return Ok(None);
            };
            let is_like = header.codes.parts() == (version, &codes)
                && header.sampling_rate_hz == sampling_rate_hz
                && header.encoding == encoding
                && header.n_samples > 0
                && header.n_bytes <= n_bytes - at;
            if !is_like || header.start < earliest {
                return Ok(None);
            }
            if number % N_RECORDS == 0 {
                marks.push((header.start, at));
            }
            earliest = header.start + header.interval_times(header.n_samples) - interval / 2;
            at += header.n_bytes;
        }
        Ok((interval > TimeDelta::zero()).then_some(Self {
            marks,
            n_bytes,
            interval,
            sampling_rate_hz,
        }))
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

/// Where those of the records in `bytes`, which follow one another in time, lie that have samples from
/// `start` until `end`, to within a sample. Everywhere if a header cannot be read.
pub(crate) fn within(bytes: &[u8], start: Time, end: Time) -> Range<usize> {
    let (mut from, mut to) = (0, 0);
    while to < bytes.len() {
        let Ok(header) = header::parse(&bytes[to..]) else {
            return 0..bytes.len();
        };
        if header.start > end + header.interval() {
            break;
        }
        let after = to.saturating_add(header.n_bytes).min(bytes.len());
        if header.start + header.interval_times(header.n_samples) < start {
            from = after;
        }
        to = after;
    }
    from..to
}

/// A file, of which a few megabytes are in memory: to have a day in memory for once takes longer than to look
/// at its headers.
struct Window<F> {
    file: F,
    n_bytes: usize,
    /// Those in memory begin at this byte.
    start: usize,
    bytes: Vec<u8>,
}

/// Bytes that must be there to read a header as if the whole rest of the file were: where a record does not
/// say how long it is, the next one is looked for, in 2^20 bytes and the 8 that tell what begins there.
const N_AHEAD: usize = (1 << 20) + 8;

/// Bytes in memory at most.
const N_MOST: usize = 4 * N_AHEAD;

impl<F: Read + Seek> Window<F> {
    /// The bytes from one on: all of the rest, or as many as a header may need.
    fn from(&mut self, at: usize) -> io::Result<&[u8]> {
        let needed = N_AHEAD.min(self.n_bytes - at);
        if at + needed > self.start + self.bytes.len() {
            let passed = (at - self.start).min(self.bytes.len());
            self.bytes.drain(..passed);
            self.start = at;
            let n_new = N_MOST.min(self.n_bytes - at) - self.bytes.len();
            let next = SeekFrom::Start((at + self.bytes.len()) as u64);
            self.file.seek(next)?;
            let mut rest = self.file.by_ref().take(n_new as u64);
            rest.read_to_end(&mut self.bytes)?;
        }
        Ok(&self.bytes[at - self.start..])
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

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

    fn index(bytes: &[u8]) -> Option<Index> {
        Index::of(Cursor::new(bytes), bytes.len()).unwrap()
    }

    #[test]
    fn the_bytes_of_a_span_hold_its_samples() {
        let (before, after) = (trace("HHZ", 0.0, 30_000), trace("HHZ", 400.0, 30_000));
        let whole = bytes(&[before, after]);
        let index = index(&whole).unwrap();
        assert!(index.marks.len() > 10);
        let all = mseed::read(&whole, "all").unwrap().remove(0);
        for from_s in (-20..720).step_by(7) {
            let start = all.start().unwrap() + time::seconds(f64::from(from_s));
            let end = start + time::seconds(10.0);
            let samples = |traces: &[Trace]| -> Vec<(Time, Vec<i32>)> {
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
            let wide = &whole[index.bytes(start, end)];
            let narrow = &wide[super::within(wide, start, end)];
            for record in narrow.chunks(256) {
                let header = header::parse(record).unwrap();
                let step = time::seconds(0.01);
                let after = header.start + header.interval_times(header.n_samples);
                assert!(after + step >= start && header.start <= end + step);
            }
            for part in [wide, narrow] {
                let part = match part {
                    [] => Vec::new(),
                    part => mseed::read(part, "part").unwrap(),
                };
                let all = std::slice::from_ref(&all);
                assert_eq!(samples(&part), samples(all), "{from_s}");
            }
        }
    }

    #[test]
    fn a_file_is_looked_through_a_few_megabytes_at_a_time() {
        let whole = bytes(&[trace("HHZ", 0.0, 6_000_000)]);
        let mut window = Window {
            file: Cursor::new(&whole),
            n_bytes: whole.len(),
            start: 0,
            bytes: Vec::new(),
        };
        assert!(whole.len() > 2 * N_MOST);
        for at in [0, 1, 256, N_AHEAD, whole.len() - N_AHEAD, whole.len() - 256] {
            let needed = N_AHEAD.min(whole.len() - at);
            assert_eq!(window.from(at).unwrap()[..needed], whole[at..][..needed]);
            assert!(window.bytes.len() <= N_MOST);
        }
        let marks = index(&whole).unwrap().marks;
        assert_eq!(marks.len(), (whole.len() / 256).div_ceil(N_RECORDS));
        for (number, (start, at)) in marks.iter().enumerate() {
            assert_eq!(*at, number * N_RECORDS * 256);
            assert_eq!(header::parse(&whole[*at..]).unwrap().start, *start);
        }
    }

    #[test]
    fn a_file_that_is_not_in_order_has_no_index() {
        let (first, second) = (trace("HHZ", 0.0, 3000), trace("HHZ", 30.0, 3000));
        assert!(index(&bytes(&[first.clone(), second.clone()])).is_some());
        assert!(index(&bytes(&[second.clone(), first.clone()])).is_none());
        assert!(index(&bytes(&[first.clone(), first.clone()])).is_none());
        let other = trace("HHE", 30.0, 3000);
        assert!(index(&bytes(&[first.clone(), other])).is_none());
        let mut damaged = bytes(&[first, second]);
        damaged.truncate(damaged.len() - 1);
        assert!(index(&damaged).is_none());
        assert!(index(&[]).is_none());
    }
}
