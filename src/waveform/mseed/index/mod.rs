//! Where in a file a time lies: to read a window, only its own records are decoded.

mod disk;
mod probe;

use std::ops::Range;

use super::{header, parse};
use crate::error::Result;
use crate::time::Time;

/// Records from one mark to the next. At most this many records are read in vain at each end, and the marks
/// of a day take some ten kilobytes.
const N_RECORDS: usize = 8;

/// A file, wherever it lies, of which parts are read.
pub(crate) trait ReadAt {
    /// Appends `n` bytes from byte `at` on; fewer where the file ends.
    fn read_at(&mut self, at: usize, n: usize, bytes: &mut Vec<u8>) -> Result<()>;

    /// All of it will be read, part by part.
    fn expect_all(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A file in memory.
impl ReadAt for &[u8] {
    fn read_at(&mut self, at: usize, n: usize, bytes: &mut Vec<u8>) -> Result<()> {
        let rest = self.get(at..).unwrap_or_default();
        bytes.extend_from_slice(&rest[..n.min(rest.len())]);
        Ok(())
    }
}

/// Marks in a file whose records are of one stream and rate and follow one another in time.
#[derive(Debug)]
pub(crate) struct Index {
    /// Start, in nanoseconds since 1970, and first byte of every n-th record.
    marks: Vec<(i64, usize)>,
    n_bytes: usize,
    /// Where the next sample after the last record would be. An index from disk has it after
    /// [`Index::completed`].
    end_ns: i64,
    interval_ns: f64,
    pub sampling_rate_hz: f64,
    /// `None` where all headers were read; else the times, in nanoseconds since 1970, around which some were, and the
    /// records are only taken to follow one another.
    around_ns: Option<Vec<(i64, i64)>>,
}

impl Index {
    /// Reads all headers of a file of `n_bytes`.
    ///
    /// `None` where the file is of another kind, has a damaged header, or does not give the length of its
    /// records: it must then be read as a whole.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn of(file: &mut dyn ReadAt, n_bytes: usize) -> Result<Option<Self>> {
        file.expect_all()?;
        let mut window = Window {
            file,
            n_bytes,
            start: 0,
            bytes: Vec::with_capacity(N_MOST.min(n_bytes)),
        };
        let Ok(first) = parse::header(window.from(0)?) else {
            return Ok(None);
        };
        let (version, codes) = first.codes.parts();
        let codes = codes.to_vec();
        let (sampling_rate_hz, encoding) = (first.sampling_rate_hz, first.encoding);
        let interval_ns = 1e9 / sampling_rate_hz;
        // Where the next record may begin, half a sample early at most.
        let mut earliest_ns = first.start_ns;
        let (mut marks, mut at, mut end_ns) = (Vec::new(), 0, first.start_ns);
        for number in 0.. {
            if at == n_bytes {
                break;
            }
            let Ok(header) = parse::header(window.from(at)?) else {
                return Ok(None);
            };
            let is_like = header.codes.parts() == (version, &codes)
                && header.sampling_rate_hz == sampling_rate_hz
                && header.encoding == encoding
                && header.n_samples > 0
                && header.says_n_bytes
                && header.n_bytes <= n_bytes - at;
            if !is_like || header.start_ns < earliest_ns {
                return Ok(None);
            }
            if number % N_RECORDS == 0 {
                marks.push((header.start_ns, at));
            }
            let almost_all = header.n_samples as f64 - 0.5;
            earliest_ns = after(header.start_ns, almost_all * interval_ns);
            end_ns = after(header.start_ns, header.n_samples as f64 * interval_ns);
            at += header.n_bytes;
        }
        Ok(header::is_rate(sampling_rate_hz).then_some(Self {
            marks,
            n_bytes,
            end_ns,
            interval_ns,
            sampling_rate_hz,
            around_ns: None,
        }))
    }

    /// Whether all headers were read.
    pub fn is_whole(&self) -> bool {
        self.around_ns.is_none()
    }

    /// Whether it was made for a time from `start` until `end`.
    pub fn knows(&self, start: Time, end: Time) -> bool {
        let (start_ns, end_ns) = (nanoseconds(start), nanoseconds(end));
        let is_within = |(first, last): &(i64, i64)| *first <= start_ns && end_ns <= *last;
        let around = self.around_ns.as_ref();
        around.is_none_or(|around| around.iter().any(is_within))
    }

    /// Length of the file.
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// The bytes of all records that have samples from `start` until `end`, to within a sample, and of
    /// some around them.
    pub fn bytes(&self, start: Time, end: Time) -> Range<usize> {
        let begun = |time: Time, later_ns: f64| {
            let time_ns = after(nanoseconds(time), later_ns);
            self.marks.partition_point(|(mark, _)| *mark <= time_ns)
        };
        let byte = |mark: usize| self.marks.get(mark).map_or(self.n_bytes, |(_, byte)| *byte);
        let first = begun(start, -self.interval_ns).saturating_sub(1);
        byte(first)..byte(begun(end, self.interval_ns))
    }

    /// From when until when the file has samples, to within a sample.
    pub fn span(&self) -> Option<(Time, Time)> {
        let (first_ns, _) = self.marks.first()?;
        let time = |ns, later_ns| Time::from_timestamp_nanos(after(ns, later_ns));
        let first = time(*first_ns, -self.interval_ns);
        Some((first, time(self.end_ns, self.interval_ns)))
    }

    /// Whether the file may have samples from `start` until `end`, to within a sample.
    pub fn reaches(&self, start: Time, end: Time) -> bool {
        let first = self.marks.first().map_or(i64::MAX, |(first, _)| *first);
        first <= after(nanoseconds(end), self.interval_ns)
            && nanoseconds(start) <= after(self.end_ns, self.interval_ns)
    }
}

/// The time `later_ns` nanoseconds later, at most the calendar's end.
fn after(time_ns: i64, later_ns: f64) -> i64 {
    time_ns.saturating_add(later_ns as i64)
}

/// Since 1970; the calendar of nanoseconds ends in the years 1677 and 2262.
fn nanoseconds(time: Time) -> i64 {
    let beyond = if time < Time::UNIX_EPOCH {
        i64::MIN
    } else {
        i64::MAX
    };
    time.timestamp_nanos_opt().unwrap_or(beyond)
}

/// The bytes of the records that have samples from `start` until `end`, to within a sample.
///
/// The records in `bytes` follow one another in time. All bytes where a header cannot be read.
pub(crate) fn within(bytes: &[u8], start: Time, end: Time) -> Range<usize> {
    let (start_ns, end_ns) = (nanoseconds(start), nanoseconds(end));
    let (mut from, mut to) = (0, 0);
    while to < bytes.len() {
        let Ok(header) = parse::header(&bytes[to..]) else {
            return 0..bytes.len();
        };
        let interval_ns = 1e9 / header.sampling_rate_hz;
        if header.start_ns > after(end_ns, interval_ns) {
            break;
        }
        let next = to.saturating_add(header.n_bytes).min(bytes.len());
        if after(header.start_ns, header.n_samples as f64 * interval_ns) < start_ns {
            from = next;
        }
        to = next;
    }
    from..to
}

/// A file with one piece of it in memory, which fits the processor's caches. Reading a whole day into memory
/// takes longer than reading its headers.
struct Window<'a> {
    file: &'a mut dyn ReadAt,
    n_bytes: usize,
    /// Those in memory begin at this byte.
    start: usize,
    bytes: Vec<u8>,
}

/// Bytes of a header at most, with the eight that its pointers, of two bytes, may point to.
const N_AHEAD: usize = (1 << 16) + 8;

/// Bytes in memory at most.
const N_MOST: usize = 16 * N_AHEAD;

impl Window<'_> {
    /// The bytes from one on: all of the rest, or as many as a header may have.
    fn from(&mut self, at: usize) -> Result<&[u8]> {
        let needed = N_AHEAD.min(self.n_bytes - at);
        if at + needed > self.start + self.bytes.len() {
            let passed = (at - self.start).min(self.bytes.len());
            self.bytes.drain(..passed);
            self.start = at;
            let n_new = N_MOST.min(self.n_bytes - at) - self.bytes.len();
            let next = at + self.bytes.len();
            self.file.read_at(next, n_new, &mut self.bytes)?;
        }
        Ok(&self.bytes[at - self.start..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;
    use crate::waveform::{Nslc, Samples, Segment, Trace, mseed};

    pub(super) fn trace(channel: &str, start_s: f64, n: i32) -> Trace {
        Trace {
            id: Nslc::new("XX", "A", "", channel).unwrap(),
            sampling_rate_hz: 100.0,
            segments: vec![Segment {
                start: time::parse("2014-02-16").unwrap() + time::seconds(start_s),
                samples: Samples::Int32((0..n).map(|i| i * i % 9973).collect()),
            }],
        }
    }

    pub(super) fn bytes(traces: &[Trace]) -> Vec<u8> {
        mseed::write_records(traces, 256).unwrap()
    }

    pub(super) fn index(bytes: &[u8]) -> Option<Index> {
        Index::of(&mut { bytes }, bytes.len()).unwrap()
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
                let header = parse::header(record).unwrap();
                let step = time::seconds(0.01);
                assert!(header.end() + step >= start && header.start() <= end + step);
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
    fn a_file_is_looked_through_piece_by_piece() {
        let whole = bytes(&[trace("HHZ", 0.0, 6_000_000)]);
        let mut window = Window {
            file: &mut whole.as_slice(),
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
            assert_eq!(parse::header(&whole[*at..]).unwrap().start_ns, *start);
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
        // Before blockette 1000 a record did not say how long it is.
        let mut old = bytes(std::slice::from_ref(&first));
        old.chunks_mut(256)
            .for_each(|record| record[46..48].fill(0));
        assert_eq!(parse::header(&old).unwrap().n_bytes, 256);
        assert!(index(&old).is_none());
        let mut damaged = bytes(&[first, second]);
        damaged.truncate(damaged.len() - 1);
        assert!(index(&damaged).is_none());
        assert!(index(&[]).is_none());
    }
}
