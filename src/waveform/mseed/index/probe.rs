//! An index of a few places of a file that lies afar: its headers are not all read.

use super::{Index, ReadAt, after, nanoseconds};
use crate::error::Result;
use crate::time::Time;
use crate::waveform::mseed::{header, parse};

/// Bytes that are read at a place: the header of a record of usual length and what it points to.
const N_LOOKED_AT: usize = 4096;

/// Looks between the first and the last record are at most twice so many.
const N_STEPS: usize = 4;

/// A look is so far beside the place where a time should lie, as a share of the records between: of noise, a
/// day's bytes and its time are nearly in proportion.
const MARGIN: f64 = 0.02;

/// And so many records at least.
const LEAST_MARGIN: usize = 8;

/// A record that was looked at.
#[derive(Clone, Copy)]
struct Seen {
    number: usize,
    start_ns: i64,
}

impl Index {
    /// Marks around a span, of a file of `n_bytes` whose records have one length and rate and follow one another in
    /// time. What lies between the marks is not looked at; whoever reads a part finds out.
    ///
    /// `None` where what is looked at is not so: the file must then be read as a whole.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn around(
        file: &mut dyn ReadAt,
        n_bytes: usize,
        (start, end): (Time, Time),
    ) -> Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut look = |at: usize| -> Result<Vec<u8>> {
            bytes.clear();
            file.read_at(at, N_LOOKED_AT.min(n_bytes - at), &mut bytes)?;
            Ok(bytes.clone())
        };
        let head = look(0)?;
        let Ok(first) = parse::header(&head) else {
            return Ok(None);
        };
        let length = first.n_bytes;
        let rate_hz = first.sampling_rate_hz;
        if !first.says_n_bytes
            || !header::is_rate(rate_hz)
            || !n_bytes.is_multiple_of(length)
            || first.n_samples == 0
        {
            return Ok(None);
        }
        let interval_ns = 1e9 / rate_hz;
        let mut seen = |number: usize| -> Result<Option<(i64, i64)>> {
            let bytes = look(number * length)?;
            let Ok(other) = parse::header(&bytes) else {
                return Ok(None);
            };
            let is_like = other.codes.parts() == first.codes.parts()
                && other.sampling_rate_hz == rate_hz
                && other.encoding == first.encoding
                && (other.n_bytes, other.says_n_bytes) == (length, true)
                && other.n_samples > 0;
            let end_ns = after(other.start_ns, other.n_samples as f64 * interval_ns);
            Ok(is_like.then_some((other.start_ns, end_ns)))
        };
        let last = n_bytes / length - 1;
        let Some((last_ns, end_ns)) = seen(last)? else {
            return Ok(None);
        };
        let mut low = Seen {
            number: 0,
            start_ns: first.start_ns,
        };
        let mut high = Seen {
            number: last,
            start_ns: last_ns,
        };
        let mut marks = vec![low, high];
        let from_ns = after(nanoseconds(start), -interval_ns);
        let to_ns = after(nanoseconds(end), interval_ns);
        let is_beside = to_ns < low.start_ns || end_ns < from_ns;
        for _ in 0..if is_beside { 0 } else { N_STEPS } {
            let n_between = high.number - low.number;
            let margin = LEAST_MARGIN.max((n_between as f64 * MARGIN) as usize);
            if n_between <= 4 * margin {
                break;
            }
            let n_before = (low.number, high.number);
            let span_ns = (high.start_ns - low.start_ns).max(1) as f64;
            let at = |ns: i64| {
                let share = (ns.saturating_sub(low.start_ns) as f64 / span_ns).clamp(0.0, 1.0);
                low.number + (share * n_between as f64) as usize
            };
            let (before, behind) = (at(from_ns).saturating_sub(margin), at(to_ns) + margin);
            for number in [before, behind] {
                if !(low.number + 1..high.number).contains(&number) {
                    continue;
                }
                let Some((start_ns, _)) = seen(number)? else {
                    return Ok(None);
                };
                let one = Seen { number, start_ns };
                marks.push(one);
                if start_ns <= from_ns {
                    low = one;
                } else if start_ns > to_ns {
                    high = one;
                }
            }
            if (low.number, high.number) == n_before {
                break;
            }
        }
        marks.sort_by_key(|seen| seen.number);
        marks.dedup_by_key(|seen| seen.number);
        // They must rise.
        if !marks.is_sorted_by_key(|seen| seen.start_ns) {
            return Ok(None);
        }
        let marks = marks
            .iter()
            .map(|seen| (seen.start_ns, seen.number * length));
        Ok(Some(Self {
            marks: marks.collect(),
            n_bytes,
            end_ns,
            interval_ns,
            sampling_rate_hz: rate_hz,
            around_ns: Some(vec![(nanoseconds(start), nanoseconds(end))]),
        }))
    }
}

impl Index {
    /// The same, with the marks of an index that was made around other times of the same file.
    pub fn with(mut self, other: &Self) -> Self {
        self.marks.extend_from_slice(&other.marks);
        self.marks.sort_by_key(|(_, byte)| *byte);
        self.marks.dedup();
        if let (Some(around), Some(more)) = (&mut self.around_ns, &other.around_ns) {
            around.extend_from_slice(more);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bytes, index, trace};
    use super::*;
    use crate::time;

    /// A file, and how often and how much of it was read.
    struct Counted<'a> {
        bytes: &'a [u8],
        n_reads: usize,
        n_read: usize,
    }

    impl ReadAt for Counted<'_> {
        fn read_at(&mut self, at: usize, n: usize, bytes: &mut Vec<u8>) -> Result<()> {
            let before = bytes.len();
            self.bytes.read_at(at, n, bytes)?;
            self.n_reads += 1;
            self.n_read += bytes.len() - before;
            Ok(())
        }
    }

    #[test]
    fn a_few_places_tell_where_a_span_lies() {
        let whole = bytes(&[
            trace("HHZ", 0.0, 2_000_000),
            trace("HHZ", 30_000.0, 2_000_000),
        ]);
        let known = index(&whole).unwrap();
        let first = known.span().unwrap().0;
        for from_s in (-100..52_000).step_by(1_111) {
            let start = first + time::seconds(f64::from(from_s));
            let end = start + time::seconds(60.0);
            let mut file = Counted {
                bytes: &whole,
                n_reads: 0,
                n_read: 0,
            };
            let found = Index::around(&mut file, whole.len(), (start, end));
            let found = found.unwrap().unwrap();
            assert!(
                file.n_reads <= 2 + 2 * N_STEPS,
                "{from_s}: {}",
                file.n_reads
            );
            assert_eq!(found.span(), known.span());
            assert_eq!(found.reaches(start, end), known.reaches(start, end));
            if !known.reaches(start, end) {
                assert_eq!(file.n_reads, 2);
                continue;
            }
            let (all, some) = (known.bytes(start, end), found.bytes(start, end));
            let needed = super::super::within(&whole[all.clone()], start, end);
            let needed = all.start + needed.start..all.start + needed.end;
            assert!(
                some.start <= needed.start && needed.end <= some.end,
                "{from_s}"
            );
            assert!(some.len() < whole.len() / 10, "{from_s}: {}", some.len());
        }
    }

    #[test]
    fn places_around_several_times_add_up() {
        let whole = bytes(&[trace("HHZ", 0.0, 2_000_000)]);
        let first = index(&whole).unwrap().span().unwrap().0;
        let span = |s: f64| (first + time::seconds(s), first + time::seconds(s + 60.0));
        let around = |s: f64| {
            let found = Index::around(&mut whole.as_slice(), whole.len(), span(s));
            found.unwrap().unwrap()
        };
        let both = around(15_000.0).with(&around(3_000.0));
        for s in [3_000.0, 15_000.0] {
            let (start, end) = span(s);
            assert!(both.knows(start, end));
            assert_eq!(both.bytes(start, end), around(s).bytes(start, end));
        }
        assert!(!both.knows(span(9_000.0).0, span(9_000.0).1));
    }

    #[test]
    fn files_of_another_kind_have_no_such_index() {
        let whole = bytes(&[trace("HHZ", 0.0, 30_000)]);
        let span = index(&whole).unwrap().span().unwrap();
        let around = |bytes: &[u8]| Index::around(&mut { bytes }, bytes.len(), span).unwrap();
        assert!(around(&whole).is_some_and(|index| !index.is_whole()));
        let longer = crate::waveform::mseed::write_records(&[trace("HHZ", 400.0, 3_000)], 512);
        let other = bytes(&[trace("HHN", 400.0, 3_000)]);
        let earlier = bytes(&[trace("HHZ", -400.0, 3_000)]);
        for tail in [&longer.unwrap(), &other, &earlier, &vec![0; 256]] {
            assert!(around(&[&whole[..], tail].concat()).is_none());
        }
        for n in [0, 20, 255, whole.len() - 1] {
            assert!(around(&whole[..n]).is_none(), "{n}");
        }
    }
}
