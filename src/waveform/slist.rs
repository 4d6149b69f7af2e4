//! SLIST, IRIS's list of samples as text: a header line, then the samples in rows.
//!
//! ```text
//! TIMESERIES BW_UH3__SHZ_D, 11517 samples, 50 sps, 2010-05-27T16:24:03.670000, SLIST, INTEGER, Counts
//! 0  3  -7  12  4  -9
//! ```

use std::io::Read;

use super::{Nslc, Samples, Segment, Trace};
use crate::error::{Result, fail};
use crate::time;

/// The most bytes of a text that is unpacked.
const MAX_BYTES: u64 = 1 << 28;

/// Reads the traces of an SLIST text, which may be packed by gzip; `name` is what errors call it. Numbers become `f32`.
///
/// # Errors
/// [`crate::Error::Waveform`] naming the line, where it is no SLIST, a number is none, or their count is not the header's.
///
/// ```
/// let text = "TIMESERIES BW_UH3__SHZ_D, 3 samples, 50 sps, 2010-05-27T16:24:03.670000, SLIST, INTEGER,\n1 -2\n3\n";
/// let traces = quakebook::waveform::slist::read(text.as_bytes(), "text")?;
/// assert_eq!((traces[0].id.to_string(), traces[0].n_samples()), ("BW.UH3..SHZ".into(), 3));
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn read(bytes: &[u8], name: &str) -> Result<Vec<Trace>> {
    let refuse = |line: usize, what: String| {
        let remedy = "Fetch the file again";
        fail!(Waveform, format!("{name}, line {line}"), what, remedy)
    };
    let mut text = String::new();
    let read = match bytes.starts_with(&[0x1f, 0x8b]) {
        true => flate2::read::GzDecoder::new(bytes)
            .take(MAX_BYTES)
            .read_to_string(&mut text),
        false => bytes.take(MAX_BYTES).read_to_string(&mut text),
    };
    read.map_err(|error| refuse(1, error.to_string()))?;
    let mut traces: Vec<Trace> = Vec::new();
    let mut wanted = 0;
    let mut samples: Vec<f32> = Vec::new();
    let finish = |traces: &mut Vec<Trace>, samples: &mut Vec<f32>, wanted: usize, line: usize| {
        if let Some(trace) = traces.last_mut() {
            if samples.len() != wanted {
                let n = samples.len();
                return Err(refuse(
                    line,
                    format!("{n} samples, the header says {wanted}"),
                ));
            }
            trace.segments[0].samples = Samples::Float32(std::mem::take(samples));
        }
        Ok(())
    };
    let mut n_lines = 0;
    for (i, line) in text.lines().enumerate() {
        n_lines = i + 1;
        if let Some(rest) = line.strip_prefix("TIMESERIES ") {
            finish(&mut traces, &mut samples, wanted, n_lines)?;
            let (trace, n) =
                header(rest).ok_or_else(|| refuse(n_lines, format!("header {line:?}")))?;
            traces.push(trace);
            wanted = n;
            continue;
        }
        if traces.is_empty() {
            return Err(refuse(
                n_lines,
                "expected a line that begins with TIMESERIES".into(),
            ));
        }
        for word in line.split_whitespace() {
            let sample = word.parse().ok().filter(|v: &f32| v.is_finite());
            samples.push(sample.ok_or_else(|| refuse(n_lines, format!("sample {word:?}")))?);
        }
    }
    finish(&mut traces, &mut samples, wanted, n_lines)?;
    match traces.is_empty() {
        true => Err(refuse(
            1,
            "expected a line that begins with TIMESERIES, found none".into(),
        )),
        false => Ok(traces),
    }
}

/// The trace that a header announces, without its samples, and how many there are.
fn header(rest: &str) -> Option<(Trace, usize)> {
    let fields: Vec<&str> = rest.split(',').map(str::trim).collect();
    let [id, n, rate, start, kind, ..] = fields[..] else {
        return None;
    };
    let codes: Vec<&str> = id.split('_').collect();
    let [network, station, location, channel, ..] = codes[..] else {
        return None;
    };
    let rate: f64 = rate.strip_suffix(" sps")?.parse().ok()?;
    let trace = Trace {
        id: Nslc::new(network, station, location, channel).ok()?,
        sampling_rate_hz: Some(rate).filter(|rate| *rate > 0.0 && rate.is_finite())?,
        segments: vec![Segment {
            start: time::parse(start).ok()?,
            samples: Samples::Float32(Vec::new()),
        }],
    };
    let n = n.strip_suffix(" samples")?.parse().ok()?;
    (kind == "SLIST").then_some((trace, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "TIMESERIES BW_UH3__SHZ_D, 3 samples, 50 sps, 2010-05-27T16:24:03.670000, SLIST, INTEGER,\n";

    #[test]
    fn a_text_and_its_packed_form_are_one_trace() {
        let text = format!("{HEADER}1\t-2\n3.5\n");
        let traces = read(text.as_bytes(), "text").unwrap();
        let start = time::parse("2010-05-27T16:24:03.67").unwrap();
        assert_eq!(traces[0].start(), Some(start));
        assert_eq!(
            traces[0].segments[0].samples,
            Samples::Float32(vec![1.0, -2.0, 3.5])
        );
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        assert_eq!(read(&packed.finish().unwrap(), "packed").unwrap(), traces);
    }

    #[test]
    fn what_is_broken_is_refused_with_its_line() {
        let what = |text: String| read(text.as_bytes(), "file").unwrap_err().to_string();
        assert!(what(format!("{HEADER}1 2\n")).contains("2 samples, the header says 3"));
        assert!(what(format!("{HEADER}1 x 3\n")).contains("file, line 2"));
        assert!(what("1 2 3\n".into()).contains("TIMESERIES"));
        assert!(what("TIMESERIES BW_UH3, 3 samples\n".into()).contains("header"));
        assert!(read(&[0x1f, 0x8b, 0, 0], "file").is_err());
    }
}
