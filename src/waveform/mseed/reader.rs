//! From bytes to runs of samples, record after record.

use std::ops::Range;

use super::decode;
use super::fault::{Checked, Fault, FaultKind, Flaw};
use super::faults::Faults;
use super::header::{Codes, Header};
use super::parse::{self, Kind};
use crate::time::Time;
use crate::waveform::{Nslc, Samples, Segment, Trace};

/// Records that follow one another without a gap.
pub(super) struct Run<'a> {
    codes: Codes<'a>,
    pub stream: Nslc,
    /// Where the first record begins.
    pub byte: usize,
    start_ns: i64,
    sampling_rate_hz: f64,
    samples: Samples,
}

impl Run<'_> {
    pub fn start(&self) -> Time {
        Time::from_timestamp_nanos(self.start_ns)
    }

    pub fn into_trace(self) -> Trace {
        let start = self.start();
        Trace {
            id: self.stream,
            sampling_rate_hz: self.sampling_rate_hz,
            segments: vec![Segment {
                start,
                samples: self.samples,
            }],
        }
    }

    /// Whether the record begins where this run has its next sample, to within half a sample.
    fn continues(&self, header: &Header, samples: &Samples) -> bool {
        self.codes == header.codes
            && self.sampling_rate_hz == header.sampling_rate_hz
            && std::mem::discriminant(&self.samples) == std::mem::discriminant(samples)
            && {
                let first = (header.start_ns - self.start_ns) as f64 * 1e-9 * self.sampling_rate_hz;
                (first - self.samples.len() as f64).abs() <= 0.5
            }
    }
}

/// What the records of a file hold.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    name: &'a str,
    pub runs: Vec<Run<'a>>,
    pub faults: Faults,
    /// Whole records, and where they lie.
    pub records: Vec<(Range<usize>, Header<'a>)>,
    /// Control headers and blanks, which are among the records without samples.
    pub n_control: usize,
    pub n_without_samples: usize,
}

/// Records of several streams often take turns in a file: so many runs are looked at for the
/// one that a record continues.
const N_OPEN: usize = 8;

/// Records begin at multiples of this: the shortest record has 128 bytes, a Steim frame 64.
const FRAME_STEP: usize = 64;

/// In a damaged file so many times its length is read at most, in search of records that are
/// whole: bytes can be made in which a record seems to begin everywhere.
const MOST_READINGS: usize = 16;

/// A fault costs as much as reading so many bytes, a small file as much as this one (64 KiB): a file has at
/// most one fault for the length of the shortest record.
const N_BYTES_A_FAULT: usize = 128 * MOST_READINGS;
const N_BYTES_A_SMALL_FILE: usize = 1 << 16;

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], name: &'a str) -> Self {
        Self {
            bytes,
            name,
            runs: Vec::new(),
            faults: Faults::default(),
            records: Vec::new(),
            n_control: 0,
            n_without_samples: 0,
        }
    }

    /// Reads all records; only to the first fault, unless damaged ones are to be passed over.
    pub fn read(&mut self, pass_over: bool) {
        let mut at = 0;
        let n_bytes = self.bytes.len().max(N_BYTES_A_SMALL_FILE);
        let mut to_read = n_bytes.saturating_mul(MOST_READINGS);
        while at < self.bytes.len() {
            if matches!(parse::kind(&self.bytes[at..]), Kind::Control) {
                self.n_control += 1;
                self.n_without_samples += 1;
                at = self.next_record(at + FRAME_STEP, FRAME_STEP);
                // Blanks do not say how long they are: however many, they are one record.
                while self.bytes.get(at..).is_some_and(parse::is_blank) {
                    at = self.next_record(at + FRAME_STEP, FRAME_STEP);
                }
                continue;
            }
            let taken = parse::header(&self.bytes[at..])
                .and_then(|header| self.take(at, &header).map(|()| header));
            match taken {
                Ok(header) => {
                    let end = at + header.n_bytes;
                    self.records.push((at..end, header));
                    at = end;
                }
                Err(flaw) => {
                    let header = parse::unchecked(&self.bytes[at..]).ok();
                    let next = self.next_after(at, header.as_ref());
                    self.note(at, next, header.as_ref(), flaw);
                    if !pass_over {
                        return;
                    }
                    // A record that the file ends in was not read.
                    let n_bytes = header.map_or(0, |header| header.n_bytes);
                    let n_read = if at + n_bytes <= self.bytes.len() {
                        n_bytes
                    } else {
                        0
                    };
                    to_read = to_read.saturating_sub(n_read.max(N_BYTES_A_FAULT));
                    if to_read == 0 && next < self.bytes.len() {
                        return self.give_up(next);
                    }
                    at = next;
                }
            }
        }
    }

    /// Decodes the record at `at` to the run that it continues, or to one of its own.
    fn take(&mut self, at: usize, header: &Header<'a>) -> Checked<()> {
        let there = self.bytes.len() - at;
        let Some(record) = self.bytes[at..].get(..header.n_bytes) else {
            return Err(FaultKind::Truncated.flaw(format!(
                "truncated: {there} of its {} bytes are there",
                header.n_bytes
            )));
        };
        if let Codes::Version3(_) = header.codes {
            super::crc::verify(record)?;
        }
        if header.is_without_samples() {
            self.n_without_samples += 1;
            return Ok(());
        }
        let mut samples = decode::no_samples(header.encoding);
        let mut recent = self.runs.iter_mut().rev().take(N_OPEN);
        if let Some(run) = recent.find(|run| run.continues(header, &samples)) {
            let n = run.samples.len();
            decode::append(record, header, &mut run.samples)
                .inspect_err(|_| run.samples.truncate(n))?;
        } else {
            let stream = header.codes.stream()?;
            decode::append(record, header, &mut samples)?;
            self.runs.push(Run {
                codes: header.codes,
                stream,
                byte: at,
                start_ns: header.start_ns,
                sampling_rate_hz: header.sampling_rate_hz,
                samples,
            });
        }
        Ok(())
    }

    /// Where to go on after a damaged record: at its end if its length leads to another record or
    /// to the end of the file, else at the next byte at which one begins.
    fn next_after(&self, at: usize, header: Option<&Header>) -> usize {
        let end = header.map(|header| at + header.n_bytes);
        let leads_on = |end: &usize| {
            *end == self.bytes.len()
                || self
                    .bytes
                    .get(*end..)
                    .is_some_and(|rest| !matches!(parse::kind(rest), Kind::Unknown))
        };
        end.filter(leads_on)
            .unwrap_or_else(|| self.next_record(at + 1, 1))
    }

    /// The next place from `at` on, in steps, at which a record seems to begin, else the end.
    fn next_record(&self, at: usize, step: usize) -> usize {
        (at..self.bytes.len())
            .step_by(step)
            .find(|&i| !matches!(parse::kind(&self.bytes[i..]), Kind::Unknown))
            .unwrap_or(self.bytes.len())
    }

    fn note(&mut self, at: usize, next: usize, header: Option<&Header>, flaw: Flaw) {
        let name = self.name;
        self.faults.push(flaw.kind, || Fault {
            file: name.into(),
            byte: at,
            n_bytes: next - at,
            stream: header.and_then(|header| header.codes.stream().ok()),
            time: header.map(Header::start),
            kind: flaw.kind,
            what: flaw.what,
        });
    }

    fn give_up(&mut self, at: usize) {
        let what = "too much of the file is damaged: the rest was not searched";
        self.note(at, self.bytes.len(), None, FaultKind::NotARecord.flaw(what));
    }
}
