//! Writing records of miniSEED version 3 (FDSN, 2023): Steim 2 where integers allow it, else
//! little-endian numbers; times to the nanosecond, sampling rates exact.

use chrono::{Datelike, Timelike};

use super::{crc, encoding, steim};
use crate::error::{Result, fail};
use crate::time::{self, Time};
use crate::waveform::{Samples, Segment, Trace};

const HEADER: usize = 40;

/// Bytes of samples in a record: 63 Steim frames, as in a record of version 2.
const PAYLOAD: usize = 63 * 64;

/// Records of all traces in version 3, one after another.
///
/// # Errors
/// [`crate::Error::Waveform`] where a channel's code has not 3 letters, where a sampling rate is not positive, or a time
/// lies outside the years 1900 to 2100.
pub fn write_version3(traces: &[Trace]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for trace in traces {
        let source = source_of(trace)?;
        for segment in &trace.segments {
            write_segment(&mut bytes, &source, trace.sampling_rate_hz, segment)?;
        }
    }
    Ok(bytes)
}

/// The source identifier: `FDSN:GS_OK029_00_H_H_Z`.
fn source_of(trace: &Trace) -> Result<String> {
    let (id, rate) = (&trace.id, trace.sampling_rate_hz);
    let refuse = |what: String| -> Result<String> {
        let remedy = "Correct the trace before writing it";
        Err(fail!(Waveform, id, what, remedy))
    };
    if !(rate > 0.0 && rate.is_finite()) {
        return refuse(format!("a sampling rate of {rate} Hz"));
    }
    if id.channel().len() != 3 {
        let code = id.channel();
        return refuse(format!(
            "channel code {code:?} where 3 letters were expected"
        ));
    }
    let [band, source, subsource] = [0..1, 1..2, 2..3].map(|at| &id.channel()[at]);
    Ok(format!(
        "FDSN:{}_{}_{}_{band}_{source}_{subsource}",
        id.network(),
        id.station(),
        id.location()
    ))
}

fn write_segment(bytes: &mut Vec<u8>, source: &str, rate: f64, segment: &Segment) -> Result<()> {
    let mut done = 0;
    while done < segment.samples.len() {
        let (code, n, payload) = pack(&segment.samples, done);
        let start = time::of_sample(segment.start, done, rate);
        let mut record = header(start, code, rate, n)?;
        record[33] = source.len() as u8;
        record[36..40].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        record.extend_from_slice(source.as_bytes());
        record.extend_from_slice(&payload);
        let crc = crc::of_record(&record);
        record[28..32].copy_from_slice(&crc.to_le_bytes());
        bytes.append(&mut record);
        done += n;
    }
    Ok(())
}

/// The fixed section without lengths and CRC.
fn header(start: Time, code: u8, rate: f64, n_samples: usize) -> Result<Vec<u8>> {
    if !(1900..=2100).contains(&start.year()) {
        let (what, remedy) = ("outside the years 1900 to 2100", "Correct the time");
        return Err(fail!(Waveform, time::iso(start), what, remedy));
    }
    let mut header = vec![0; HEADER];
    let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
    put(0, b"MS\x03");
    put(4, &start.nanosecond().to_le_bytes());
    put(8, &(start.year() as u16).to_le_bytes());
    put(10, &(start.ordinal() as u16).to_le_bytes());
    put(
        12,
        &[
            start.hour() as u8,
            start.minute() as u8,
            start.second() as u8,
            code,
        ],
    );
    put(16, &rate.to_le_bytes());
    put(24, &(n_samples as u32).to_le_bytes());
    // The publication version of the data.
    put(32, &[1]);
    Ok(header)
}

/// Packs samples from `done` on: the encoding, how many fitted, and their bytes.
fn pack(samples: &Samples, done: usize) -> (u8, usize, Vec<u8>) {
    match samples {
        Samples::Int32(v) => {
            let mut frames = vec![0; PAYLOAD];
            match steim::encode(&v[done..], &mut frames) {
                Some(n) => {
                    // Frames without a code hold nothing.
                    let used = frames.chunks(64).rposition(|frame| frame[..4] != [0; 4]);
                    frames.truncate(used.map_or(64, |last| (last + 1) * 64));
                    (encoding::STEIM2, n, frames)
                }
                None => plain(encoding::INT32, &v[done..], i32::to_le_bytes),
            }
        }
        Samples::Float32(v) => plain(encoding::FLOAT32, &v[done..], f32::to_le_bytes),
        Samples::Float64(v) => plain(encoding::FLOAT64, &v[done..], f64::to_le_bytes),
    }
}

fn plain<const N: usize, T: Copy>(
    code: u8,
    values: &[T],
    to_le_bytes: fn(T) -> [u8; N],
) -> (u8, usize, Vec<u8>) {
    let values = &values[..values.len().min(PAYLOAD / N)];
    let bytes = values.iter().flat_map(|value| to_le_bytes(*value));
    (code, values.len(), bytes.collect())
}
