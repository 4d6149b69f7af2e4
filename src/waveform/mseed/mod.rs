//! miniSEED, versions 2 and 3: the files in which seismic records travel.
//!
//! [`read`] and [`read_file`] give [`Trace`]s, [`write`] makes records of version 2 of them. Every
//! record is verified by all that it carries: its sample count, Steim's end value Xn, version 3's
//! CRC-32C, and that the file holds all of it. Damage is an error which names file, byte, stream and
//! time. What a record has no check for cannot be seen: a flipped bit in plain numbers or in a time of
//! version 2, or two errors that cancel in Xn.
//!
//! Times keep the microseconds of blockette 1001, the time correction of the header is applied
//! unless it already was, and blockette 100 gives the sampling rate where there is one. Records
//! without samples (text, control headers of full SEED volumes, blank ones) are passed over: they
//! hold no ground motion.
//!
//! Why the crate `miniseed-rs` 0.2.2 does not read here, but only checks our packing in the tests:
//! it leaves Xn and a truncated last record unnoticed; drops the microseconds of blockette 1001,
//! blockette 100 and the time correction; takes little-endian headers for big-endian ones; rounds
//! the sampling rate when it writes; and damaged bytes make it panic or run in a circle. All of
//! these would be worth reporting there.
//!
//! ```
//! use quakebook::waveform::{Samples, Segment, StreamId, Trace, mseed};
//! let trace = Trace {
//!     id: StreamId {
//!         network: "GS".into(),
//!         station: "OK029".into(),
//!         location: "00".into(),
//!         channel: "HHZ".into(),
//!     },
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
//! # Ok::<(), quakebook::Error>(())
//! ```

mod header;
mod records;
mod steim;
mod write;

use std::path::Path;

use crate::error::{Error, Result, fail};
use crate::time;
use crate::waveform::merge::merge;
use crate::waveform::{Samples, Segment, Trace};
use header::{Checked, Header, Kind};

pub(crate) use records::records;
pub use write::write;

/// Codes of the encodings that are read here (SEED manual, blockette 1000; FDSN miniSEED 3).
mod encoding {
    pub const TEXT: u8 = 0;
    pub const INT16: u8 = 1;
    pub const INT32: u8 = 3;
    pub const FLOAT32: u8 = 4;
    pub const FLOAT64: u8 = 5;
    pub const STEIM1: u8 = 10;
    pub const STEIM2: u8 = 11;
}

/// Reads all records of `bytes` and joins those that follow one another to within half a sample;
/// the traces come sorted by stream and time. `name` names the bytes in errors.
///
/// # Errors
/// [`Error::Waveform`] at the first damaged record, at bytes that are no record, and where two
/// records give different samples for one time.
pub fn read(bytes: &[u8], name: &str) -> Result<Vec<Trace>> {
    if bytes.is_empty() {
        let remedy = "Fetch it again: a file without a byte is no record of silence";
        return Err(fail!(Waveform, name, "no byte at all", remedy));
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if matches!(header::kind(&bytes[at..]), Kind::Control) {
            at = next_record(bytes, at);
            continue;
        }
        let damaged = |what: String, header: Option<&Header>| {
            let stream = header.map(|h| format!(", {} {}", h.id, time::iso(h.start)));
            fail!(
                Waveform,
                format!("{name}, byte {at}{}", stream.unwrap_or_default()),
                what,
                "Fetch this piece again, or cut it out of the file"
            )
        };
        let header = header::parse(&bytes[at..]).map_err(|what| damaged(what, None))?;
        let Some(record) = bytes[at..].get(..header.n_bytes) else {
            let what = format!(
                "truncated: {} of its {} bytes are there",
                bytes.len() - at,
                header.n_bytes
            );
            return Err(damaged(what, Some(&header)));
        };
        let samples = decode(record, &header).map_err(|what| damaged(what, Some(&header)))?;
        if let Some(samples) = samples.filter(|samples| !samples.is_empty()) {
            let (start, n) = (header.start, header.n_bytes);
            pieces.push(Trace {
                id: header.id,
                sampling_rate_hz: header.sampling_rate_hz,
                segments: vec![Segment { start, samples }],
            });
            at += n;
        } else {
            at += header.n_bytes;
        }
    }
    merge(pieces).map_err(|error| match error {
        Error::Waveform {
            place,
            what,
            remedy,
        } => fail!(Waveform, format!("{name}, {place}"), what, remedy),
        other => other,
    })
}

/// Reads a file as [`read`] does.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read, else as [`read`].
pub fn read_file(path: impl AsRef<Path>) -> Result<Vec<Trace>> {
    let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
    read(&bytes, &path.as_ref().display().to_string())
}

/// The next place after a control header at which a record can begin, else the end of the file.
fn next_record(bytes: &[u8], at: usize) -> usize {
    (at + FRAME_STEP..bytes.len())
        .step_by(FRAME_STEP)
        .find(|&i| !matches!(header::kind(&bytes[i..]), Kind::Unknown))
        .unwrap_or(bytes.len())
}

/// Records begin at multiples of this: the shortest record has 128 bytes, a Steim frame 64.
const FRAME_STEP: usize = 64;

/// The samples of one whole record; `None` where it holds text.
fn decode(record: &[u8], header: &Header) -> Checked<Option<Samples>> {
    if record.starts_with(b"MS") {
        verify_crc(record)?;
    }
    if header.encoding == encoding::TEXT || header.n_samples == 0 {
        return Ok(None);
    }
    if !(header.sampling_rate_hz > 0.0 && header.sampling_rate_hz.is_finite()) {
        return Err(format!("a sampling rate of {} Hz", header.sampling_rate_hz));
    }
    let n = header.n_samples;
    let data = &record[header.data.clone()];
    let big = header.big_endian;
    let samples = match header.encoding {
        encoding::INT16 => Samples::Int32(
            numbers(data, n, big, i16::from_be_bytes)?
                .into_iter()
                .map(i32::from)
                .collect(),
        ),
        encoding::INT32 => Samples::Int32(numbers(data, n, big, i32::from_be_bytes)?),
        encoding::FLOAT32 => Samples::Float32(numbers(data, n, big, f32::from_be_bytes)?),
        encoding::FLOAT64 => Samples::Float64(numbers(data, n, big, f64::from_be_bytes)?),
        encoding::STEIM1 => Samples::Int32(steim::decode(data, n, 1, big)?),
        encoding::STEIM2 => Samples::Int32(steim::decode(data, n, 2, big)?),
        other => return Err(format!("encoding {other} is not known here")),
    };
    Ok(Some(samples))
}

fn numbers<const N: usize, T>(
    data: &[u8],
    n: usize,
    big_endian: bool,
    from_be_bytes: fn([u8; N]) -> T,
) -> Checked<Vec<T>> {
    let (words, _) = data.as_chunks::<N>();
    let words = words
        .get(..n)
        .ok_or_else(|| format!("{} samples in the record of {n}", words.len()))?;
    Ok(words
        .iter()
        .map(|&(mut word)| {
            if !big_endian {
                word.reverse();
            }
            from_be_bytes(word)
        })
        .collect())
}

/// The CRC-32C (Castagnoli) of the record with its own field, bytes 28 to 31, as zero.
fn verify_crc(record: &[u8]) -> Checked<()> {
    let stored = u32::from_le_bytes([record[28], record[29], record[30], record[31]]);
    let masked = record
        .iter()
        .enumerate()
        .map(|(i, &byte)| if (28..32).contains(&i) { 0 } else { byte });
    let computed = !masked.fold(!0_u32, |crc, byte| {
        CRC_TABLE[usize::from(crc as u8 ^ byte)] ^ crc >> 8
    });
    if stored == computed {
        Ok(())
    } else {
        Err(format!(
            "its CRC-32C is {stored:08x}, its bytes give {computed:08x}"
        ))
    }
}

/// One byte's step of the reflected polynomial 0x1EDC6F41 (RFC 3720, appendix B.4).
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0x82F6_3B78
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};
