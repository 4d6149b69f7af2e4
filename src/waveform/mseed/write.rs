//! Writing records of miniSEED version 2: big-endian, Steim 2 where integers allow it.

use chrono::{Datelike, Timelike};

use super::{encoding, steim};
use crate::error::{Result, fail};
use crate::time;
use crate::waveform::{Samples, Segment, Trace};

/// The length that archives and dataselect services use most.
const USUAL_RECORD: usize = 4096;
/// Fixed section 48, blockette 1000 8, blockette 1001 8, and blockette 100 12 with 52 unused.
const DATA_START: usize = 64;
const DATA_START_WITH_RATE: usize = 128;

/// Records of 4096 bytes of all traces, one after another. Times are kept to the microsecond.
///
/// # Errors
/// [`crate::Error::Waveform`] where a code is too long, where a sampling rate is not
/// positive, or a time lies outside the years 1900 to 2100.
pub fn write(traces: &[Trace]) -> Result<Vec<u8>> {
    write_records(traces, USUAL_RECORD)
}

/// As [`write()`], in records of `n_bytes`: 512 is what digitisers send while they record.
///
/// # Errors
/// As [`write()`], and where `n_bytes` is no power of two from 256 to 32768.
pub fn write_records(traces: &[Trace], n_bytes: usize) -> Result<Vec<u8>> {
    // A record counts its samples in 16 bits: more than 32768 bytes could hold more.
    if !(n_bytes.is_power_of_two() && (256..=32768).contains(&n_bytes)) {
        return Err(fail!(
            Waveform,
            "n_bytes",
            format!("records of {n_bytes} bytes"),
            "Take a power of two from 256 to 32768"
        ));
    }
    let mut bytes = Vec::new();
    for trace in traces {
        let template = header(trace, n_bytes)?;
        for segment in &trace.segments {
            let rate = trace.sampling_rate_hz;
            write_segment(&mut bytes, &template, n_bytes, rate, segment)?;
        }
    }
    Ok(bytes)
}

/// All of a record's header but time, count, encoding and sequence number.
fn header(trace: &Trace, n_bytes: usize) -> Result<Vec<u8>> {
    let id = &trace.id;
    let refuse = |what: String, remedy: &str| Err(fail!(Waveform, id, what, remedy));
    let rate = trace.sampling_rate_hz;
    if !(rate > 0.0 && rate.is_finite()) {
        return refuse(
            format!("a sampling rate of {rate} Hz"),
            "Give a positive rate",
        );
    }
    let factors = factors_of(rate);
    let data_start = if factors.is_some() {
        DATA_START
    } else {
        DATA_START_WITH_RATE
    };
    let mut header = vec![0; data_start];
    header[6..20].copy_from_slice(b"D             ");
    for (code, at, width) in [
        (id.station(), 8, 5),
        (id.location(), 13, 2),
        (id.channel(), 15, 3),
        (id.network(), 18, 2),
    ] {
        if code.len() > width {
            return refuse(
                format!("code {code:?} does not fit miniSEED's {width} letters"),
                "Shorten the code",
            );
        }
        header[at..at + code.len()].copy_from_slice(code.as_bytes());
    }
    let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
    let (factor, multiplier) = factors.unwrap_or((rate.round().clamp(1.0, 32767.0) as i16, 1));
    put(32, &factor.to_be_bytes());
    put(34, &multiplier.to_be_bytes());
    put(44, &(data_start as u16).to_be_bytes());
    put(46, &48_u16.to_be_bytes());
    put(48, &1000_u16.to_be_bytes());
    put(50, &56_u16.to_be_bytes());
    put(53, &[1, n_bytes.ilog2() as u8]);
    put(56, &1001_u16.to_be_bytes());
    put(39, &[2]);
    if factors.is_none() {
        put(39, &[3]);
        put(58, &64_u16.to_be_bytes());
        put(64, &100_u16.to_be_bytes());
        put(68, &(rate as f32).to_be_bytes());
    }
    Ok(header)
}

/// Factor and multiplier that give the rate exactly: samples a second, or seconds a sample.
fn factors_of(rate: f64) -> Option<(i16, i16)> {
    let whole = |x: f64| (1.0..=32767.0).contains(&x) && x.fract() == 0.0;
    let period = 1.0 / rate;
    if whole(rate) {
        Some((rate as i16, 1))
    } else if whole(period) {
        Some((-(period as i16), 1))
    } else {
        None
    }
}

fn write_segment(
    bytes: &mut Vec<u8>,
    template: &[u8],
    n_bytes: usize,
    rate: f64,
    segment: &Segment,
) -> Result<()> {
    let mut done = 0;
    while done < segment.samples.len() {
        let record_start = bytes.len();
        let sequence = (record_start / n_bytes) % 999_999 + 1;
        bytes.extend_from_slice(template);
        bytes.resize(record_start + n_bytes, 0);
        let (header, data) = bytes[record_start..].split_at_mut(template.len());
        let (code, n) = pack(&segment.samples, done, data);
        header[..6].copy_from_slice(format!("{sequence:06}").as_bytes());
        header[52] = code;
        header[30..32].copy_from_slice(&(n as u16).to_be_bytes());
        write_time(header, time::of_sample(segment.start, done, rate))?;
        done += n;
    }
    Ok(())
}

/// Packs the samples from `done` on into `data`: the encoding, and how many fitted.
fn pack(samples: &Samples, done: usize, data: &mut [u8]) -> (u8, usize) {
    match samples {
        Samples::Int32(v) => match steim::encode(&v[done..], data) {
            Some(n) => (encoding::STEIM2, n),
            None => {
                // Frames begun before the wide difference was met must not stay.
                data.fill(0);
                (
                    encoding::INT32,
                    put_numbers(&v[done..], data, i32::to_be_bytes),
                )
            }
        },
        Samples::Float32(v) => (
            encoding::FLOAT32,
            put_numbers(&v[done..], data, f32::to_be_bytes),
        ),
        Samples::Float64(v) => (
            encoding::FLOAT64,
            put_numbers(&v[done..], data, f64::to_be_bytes),
        ),
    }
}

fn put_numbers<const N: usize, T: Copy>(
    values: &[T],
    data: &mut [u8],
    to_be_bytes: fn(T) -> [u8; N],
) -> usize {
    let (words, _) = data.as_chunks_mut::<N>();
    words
        .iter_mut()
        .zip(values)
        .map(|(word, value)| *word = to_be_bytes(*value))
        .count()
}

/// Tenths of milliseconds in the fixed section, the microseconds left over in blockette 1001.
fn write_time(header: &mut [u8], start: time::Time) -> Result<()> {
    let micro =
        chrono::TimeDelta::microseconds((start.timestamp_subsec_nanos() as i64 + 500) / 1000);
    let second = start - chrono::TimeDelta::nanoseconds(i64::from(start.timestamp_subsec_nanos()));
    let start = second + micro;
    if !(1900..=2100).contains(&start.year()) {
        return Err(fail!(
            Waveform,
            time::iso(start),
            "outside the years 1900 to 2100",
            "Correct the time"
        ));
    }
    let micro = start.timestamp_subsec_micros();
    header[20..22].copy_from_slice(&(start.year() as u16).to_be_bytes());
    header[22..24].copy_from_slice(&(start.ordinal() as u16).to_be_bytes());
    header[24..27].copy_from_slice(&[
        start.hour() as u8,
        start.minute() as u8,
        start.second() as u8,
    ]);
    header[28..30].copy_from_slice(&((micro / 100) as u16).to_be_bytes());
    header[61] = (micro % 100) as u8;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waveform::{Nslc, mseed};

    #[test]
    fn records_of_any_length_come_back() {
        let trace = Trace {
            id: Nslc::new("XX", "A", "", "HHZ").unwrap(),
            sampling_rate_hz: 100.0,
            segments: vec![Segment {
                start: time::parse("2014-02-16").unwrap(),
                samples: Samples::Int32((0..60_000).map(|i| i * i % 977 / 2).collect()),
            }],
        };
        let traces = [trace];
        for n_bytes in [256, 512, 4096, 32768] {
            let bytes = write_records(&traces, n_bytes).unwrap();
            assert!(bytes.len().is_multiple_of(n_bytes));
            assert_eq!(mseed::read(&bytes, "test").unwrap(), traces);
        }
        for n_bytes in [0, 128, 500, 65536] {
            assert!(write_records(&traces, n_bytes).is_err());
        }
    }
}
