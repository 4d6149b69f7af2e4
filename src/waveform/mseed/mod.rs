//! miniSEED, versions 2 and 3: the files in which seismic records travel.
//!
//! [`read`] and [`read_file`] give [`Trace`]s, [`write()`] makes records of version 2 of them. Every
//! record is verified by all that it carries: its sample count, Steim's end value Xn, version 3's
//! CRC-32C, and that the file holds all of it. Damage is an error which names file, byte, stream and
//! time; [`read_lenient`] passes over damaged records, which leaves gaps, and lists them as
//! [`Fault`]s. What a record has no check for cannot be seen: a flipped bit in plain numbers or in a
//! time of version 2, or two errors that cancel in Xn.
//!
//! | Encoding (code) | Samples | Check |
//! |---|---|---|
//! | Steim 1 (10), Steim 2 (11) | `i32` | the end value Xn, the sample count |
//! | 16-bit (1) and 32-bit (3) integers, DWWSSN (32), CDSN (16), SRO (30) | `i32` | the room for the sample count |
//! | 32-bit floats (4), GEOSCOPE with a gain of 3 or 4 bits (13, 14) | `f32` | the same |
//! | 64-bit floats (5) | `f64` | the same |
//!
//! In version 3 the CRC-32C covers every byte of a record beside. All others (24-bit integers, Steim 3,
//! GEOSCOPE's 24 bits, US National Network, Graefenberg, IPG Strasbourg, HGLP, RSTN) are refused by
//! name: no reference samples are at hand to test a decoder by.
//!
//! Times keep the microseconds of blockette 1001, the time correction of the header is applied
//! unless it already was, and blockette 100 gives the sampling rate where there is one. Records
//! without samples (text, control headers of full SEED volumes, blank ones) are passed over: they
//! hold no ground motion.
//!
//! Why the crate `miniseed-rs` 0.2.2 does not read here, but only checks our packing in the tests:
//! it leaves Xn and a truncated last record unnoticed; drops the microseconds of blockette 1001,
//! blockette 100 and the time correction; takes little-endian headers for big-endian ones; knows no
//! gain-ranged encoding; rounds the sampling rate when it writes; and damaged bytes make it panic or
//! run in a circle. All of these would be worth reporting there.
//!
//! ```
//! use quakebook::waveform::{Samples, Segment, Nslc, Trace, mseed};
//! let trace = Trace {
//!     id: Nslc::new("GS", "OK029", "00", "HHZ")?,
//!     sampling_rate_hz: 100.0,
//!     segments: vec![Segment {
//!         start: quakebook::time::parse("2014-02-16T01:28:31.320001")?,
//!         samples: Samples::Int32(vec![3, 1, 4, 1, -5]),
//!     }],
//! };
//! let bytes = mseed::write(&[trace.clone()])?;
//! assert_eq!(mseed::read(&bytes, "example")?, [trace]);
//!
//! let cut = mseed::read(&bytes[..1000], "example").unwrap_err();
//! assert!(cut.to_string().contains("truncated"));
//! let cut = mseed::read_lenient(&bytes[..1000], "example");
//! assert!(cut.traces.is_empty());
//! assert_eq!(cut.faults[0].kind, mseed::FaultKind::Truncated);
//! # Ok::<(), quakebook::Error>(())
//! ```

mod crc;
mod decode;
mod encoding;
mod fault;
mod faults;
mod header;
mod index;
mod parse;
mod reader;
mod steim;
mod write;
mod write3;

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use chrono::TimeDelta;

use crate::atomic_file;
use crate::error::Result;
use crate::hash::Hash;
use crate::time::Time;
use crate::waveform::merge::{Overlap, merge_layers};
use crate::waveform::{Nslc, Trace};
use reader::{Reader, Run};

pub use fault::{Fault, FaultKind};
pub use faults::Faults;
pub(crate) use index::{Index, ReadAt, within};
pub use write::{write, write_records};
pub use write3::write_version3;

/// What a file holds, damaged or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// As [`read`] gives them; where two records give different samples for one time, both are
    /// here, in traces of their own.
    pub traces: Vec<Trace>,
    /// In the order of the file; the first thousand, and how many there are in all.
    pub faults: Faults,
    /// Records that are whole, with samples or without.
    pub n_records: usize,
    /// Those that hold no ground motion: text, headers alone, control headers of full SEED, blanks.
    pub n_without_samples: usize,
}

/// Reads all records of `bytes` and joins those that follow one another to within half a sample;
/// the traces come sorted by stream and time. `name` names the bytes in errors.
///
/// # Errors
/// [`crate::Error::Waveform`] at the first damaged record, at bytes that are no record, and where two
/// records give different samples for one time.
pub fn read(bytes: &[u8], name: &str) -> Result<Vec<Trace>> {
    joined(read_all(bytes, name)?, name)
}

/// All records, none of them damaged.
fn read_all<'a>(bytes: &'a [u8], name: &'a str) -> Result<Reader<'a>> {
    if bytes.is_empty() {
        return Err(no_byte(name).into_error());
    }
    let mut reader = Reader::new(bytes, name);
    reader.read(false);
    match reader.faults.first() {
        Some(fault) => Err(fault.clone().into_error()),
        None => Ok(reader),
    }
}

/// The traces of records that do not contradict one another.
fn joined(reader: Reader, name: &str) -> Result<Vec<Trace>> {
    let inspected = join(reader, name);
    match inspected.faults.into_first() {
        Some(fault) => Err(fault.into_error()),
        None => Ok(inspected.traces),
    }
}

/// Reads what is whole in `bytes`: a damaged record leaves a gap and is listed.
pub fn read_lenient(bytes: &[u8], name: &str) -> Inspected {
    let mut reader = Reader::new(bytes, name);
    if bytes.is_empty() {
        reader.faults.push(FaultKind::NotARecord, || no_byte(name));
    }
    reader.read(true);
    join(reader, name)
}

/// Reads a file as [`read`] does.
///
/// # Errors
/// [`crate::Error::Io`] where the file cannot be read, else as [`read`].
pub fn read_file(path: impl AsRef<Path>) -> Result<Vec<Trace>> {
    let bytes = atomic_file::read_input(&path)?;
    read(&bytes, &path.as_ref().display().to_string())
}

/// The SHA-256 of a trace's samples, segment after segment, as little-endian numbers of their type,
/// in hexadecimal digits.
pub fn sha256(trace: &Trace) -> String {
    let mut hash = Hash::default();
    for segment in &trace.segments {
        segment.samples.for_le_bytes(|bytes| hash.update(bytes));
    }
    hash.digits()
}

/// A record of a file, its samples verified.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WholeRecord {
    pub bytes: Range<usize>,
    pub stream: Nslc,
    pub n_samples: usize,
    pub start: Time,
    /// From one sample to the next; zero where there is no rate.
    pub interval: TimeDelta,
    /// Where the next sample would be.
    pub end: Time,
}

impl WholeRecord {
    /// Whether it has a sample in a span, or one within an interval of it: data centres round to the next
    /// sample. A record without samples is of any time.
    pub fn reaches(&self, start: Time, end: Time) -> bool {
        let is_sampled = self.n_samples > 0 && !self.interval.is_zero();
        let last = self.end - self.interval;
        !is_sampled || self.start <= end + self.interval && start <= last + self.interval
    }

    /// Its samples; `None` where it has none.
    pub fn piece(&self, bytes: &[u8]) -> Option<Trace> {
        let traces = read(&bytes[self.bytes.clone()], "").ok()?;
        traces.into_iter().next()
    }

    /// As a fault of the file.
    pub fn fault(&self, name: &str, kind: FaultKind, what: impl Into<String>) -> Fault {
        Fault {
            file: name.into(),
            byte: self.bytes.start,
            n_bytes: self.bytes.len(),
            kind,
            what: what.into(),
            stream: Some(self.stream.clone()),
            time: Some(self.start),
        }
    }
}

/// The whole records of a file, in its order, and what is wrong with the rest.
pub(crate) fn whole_records(bytes: &[u8], name: &str) -> (Vec<WholeRecord>, Faults) {
    let mut reader = Reader::new(bytes, name);
    reader.read(true);
    (records_of(&reader), reader.faults)
}

/// Reads as [`read`] does, and lists the records.
pub(crate) fn read_records(bytes: &[u8], name: &str) -> Result<(Vec<Trace>, Vec<WholeRecord>)> {
    let reader = read_all(bytes, name)?;
    let records = records_of(&reader);
    Ok((joined(reader, name)?, records))
}

fn records_of(reader: &Reader) -> Vec<WholeRecord> {
    let records = reader.records.iter();
    // Codes that are none were a fault, or are those of a record without samples.
    let records = records.filter_map(|(bytes, header)| {
        Some(WholeRecord {
            bytes: bytes.clone(),
            stream: header.codes.stream().ok()?,
            n_samples: header.n_samples,
            start: header.start(),
            interval: header.interval(),
            end: header.end(),
        })
    });
    records.collect()
}

fn no_byte(name: &str) -> Fault {
    Fault {
        file: name.into(),
        byte: 0,
        n_bytes: 0,
        stream: None,
        time: None,
        kind: FaultKind::NotARecord,
        what: "the file is empty (0 bytes)".into(),
    }
}

fn join(reader: Reader, name: &str) -> Inspected {
    let mut faults = reader.faults;
    // Of those that begin at one time the last.
    let starts: HashMap<_, _> = reader
        .runs
        .iter()
        .map(|run| ((run.stream.clone(), run.start()), run.byte))
        .collect();
    let pieces = reader.runs.into_iter().map(Run::into_trace);
    let (traces, overlaps) = merge_layers(pieces.collect());
    for overlap in overlaps {
        faults.push(FaultKind::Overlap, || {
            let what = overlap.what();
            let Overlap { id, time, .. } = overlap;
            let begins = (id, time);
            let byte = starts.get(&begins).copied();
            Fault {
                file: name.into(),
                byte: byte.unwrap_or(0),
                n_bytes: 0,
                what,
                stream: Some(begins.0),
                time: Some(begins.1),
                kind: FaultKind::Overlap,
            }
        });
    }
    faults.sort();
    Inspected {
        traces,
        faults,
        n_records: reader.records.len() + reader.n_control,
        n_without_samples: reader.n_without_samples,
    }
}
