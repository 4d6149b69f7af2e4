//! `quakebook mseed`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use quakebook::atomic_file;
use quakebook::time::{self, Time};
use quakebook::waveform::mseed::{self, Fault, Inspected};
use quakebook::waveform::{Nslc, Segment, Trace};
use serde::Serialize;

use crate::output::{self, Failure, Outcome, Result};

/// Read miniSEED files: traces, gaps and faults
#[derive(clap::Args)]
#[command(after_help = "\
A trace is a piece of one channel without a gap. Every record is verified by all that it carries; a
damaged one is passed over, which leaves a gap, and is named. Any damage is exit code 3. A file that cannot
be read is named, and the others are read: then the exit code is 1.

With --json there is one object a trace: file, id, start and end (of its first and last sample),
sampling_rate_hz, n_samples, sha256 (of the samples as little-endian numbers: int32, float32 or float64)
and the faults that belong to it. Faults that belong to no trace of their file come in an object of
their own, whose id and sha256 are null. Of a file the first thousand faults are told; n_more_faults
of that object counts the others.

Examples:
  quakebook mseed sds/2014/CX/PB01/HHZ.D/*
  quakebook mseed --json day.mseed | jq .n_samples")]
pub struct Args {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// One JSON object a trace
    #[arg(long)]
    json: bool,
}

/// A trace, or what is left of a file when its traces are told.
#[derive(Serialize)]
struct Row {
    file: String,
    id: Option<String>,
    start: Option<String>,
    end: Option<String>,
    sampling_rate_hz: Option<f64>,
    n_samples: usize,
    sha256: Option<String>,
    faults: Vec<FaultRow>,
    /// Of the file, in the object of no trace: those that are counted alone.
    #[serde(skip_serializing_if = "is_zero")]
    n_more_faults: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[derive(Serialize)]
struct FaultRow {
    byte: usize,
    n_bytes: usize,
    kind: &'static str,
    id: Option<String>,
    time: Option<String>,
    what: String,
}

pub fn run(args: &Args) -> Result {
    let mut outcome = Outcome::Done;
    let mut n_unreadable = 0;
    for path in &args.files {
        let bytes = match atomic_file::read_input(path) {
            Ok(bytes) => bytes,
            // The other files may be whole.
            Err(error) => {
                output::progress(format!("quakebook: {error}"));
                n_unreadable += 1;
                continue;
            }
        };
        let file = path.display().to_string();
        let inspected = mseed::read_lenient(&bytes, &file);
        if !inspected.faults.is_empty() {
            outcome = Outcome::Damaged;
        }
        let rows = rows(path, &inspected);
        if args.json {
            for row in &rows {
                output::print_json(row)?;
            }
        } else {
            output::print(text(&file, &rows, &inspected))?;
        }
    }
    match n_unreadable {
        0 => Ok(outcome),
        n => Err(Failure::Files {
            n_unreadable: n,
            n_files: args.files.len(),
        }),
    }
}

/// A row for each trace of the file with its faults, and one for the faults of none.
fn rows(file: &Path, inspected: &Inspected) -> Vec<Row> {
    let file = file.display().to_string();
    let pieces = inspected.traces.iter().flat_map(|trace| {
        let segments = trace.segments.iter();
        segments.map(move |segment| (trace, segment))
    });
    let pieces: Vec<(&Trace, &Segment)> = pieces.collect();
    let mut rows: Vec<Row> = pieces.iter().map(|(t, s)| row(&file, t, s)).collect();
    let mut of_stream: HashMap<&Nslc, Vec<usize>> = HashMap::new();
    for (i, (trace, _)) in pieces.iter().enumerate() {
        of_stream.entry(&trace.id).or_default().push(i);
    }
    let mut homeless = Vec::new();
    for fault in &inspected.faults {
        match trace_of(fault, &of_stream, &pieces) {
            Some(i) => rows[i].faults.push(fault_row(fault)),
            None => homeless.push(fault_row(fault)),
        }
    }
    let n_more_faults = inspected.faults.n_not_kept();
    if !homeless.is_empty() || n_more_faults > 0 {
        rows.push(Row {
            file,
            id: None,
            start: None,
            end: None,
            sampling_rate_hz: None,
            n_samples: 0,
            sha256: None,
            faults: homeless,
            n_more_faults,
        });
    }
    rows
}

/// A fault belongs to the last trace of its stream that begins before it, else to the first.
fn trace_of(
    fault: &Fault,
    of_stream: &HashMap<&Nslc, Vec<usize>>,
    pieces: &[(&Trace, &Segment)],
) -> Option<usize> {
    let all = of_stream.get(fault.stream.as_ref()?)?;
    let before = |i: &&usize| {
        let (_, segment) = pieces[**i];
        fault.time.is_none_or(|time| segment.start <= time)
    };
    all.iter().rfind(before).or(all.first()).copied()
}

fn row(file: &str, trace: &Trace, segment: &Segment) -> Row {
    let alone = Trace {
        id: trace.id.clone(),
        sampling_rate_hz: trace.sampling_rate_hz,
        segments: vec![segment.clone()],
    };
    Row {
        file: file.into(),
        id: Some(trace.id.to_string()),
        start: Some(exact(segment.start)),
        end: alone.last().map(exact),
        sampling_rate_hz: Some(trace.sampling_rate_hz),
        n_samples: segment.samples.len(),
        sha256: Some(mseed::sha256(&alone)),
        faults: Vec::new(),
        n_more_faults: 0,
    }
}

fn fault_row(fault: &Fault) -> FaultRow {
    FaultRow {
        byte: fault.byte,
        n_bytes: fault.n_bytes,
        kind: fault.kind.name(),
        id: fault.stream.as_ref().map(ToString::to_string),
        time: fault.time.map(exact),
        what: fault.what.clone(),
    }
}

/// Microseconds, or nanoseconds where there are any.
fn exact(time: Time) -> String {
    match time.timestamp_subsec_nanos() % 1000 {
        0 => time::iso(time),
        _ => time.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string(),
    }
}

fn text(file: &str, rows: &[Row], inspected: &Inspected) -> String {
    let mut text = format!(
        "{file}: {} records, {} of them without samples\n",
        inspected.n_records, inspected.n_without_samples
    );
    for row in rows {
        if let (Some(id), Some(start), Some(end), Some(rate)) =
            (&row.id, &row.start, &row.end, row.sampling_rate_hz)
        {
            text += &format!(
                "  {id}  {start} to {end}  {rate} Hz  {} samples\n",
                row.n_samples
            );
        }
    }
    for trace in &inspected.traces {
        for pair in trace.segments.windows(2) {
            let n = pair[0].samples.len();
            let expected = time::of_sample(pair[0].start, n, trace.sampling_rate_hz);
            text += &format!(
                "  gap: {}, {} s from {}\n",
                trace.id,
                time::between_s(expected, pair[1].start),
                exact(expected)
            );
        }
    }
    for fault in &inspected.faults {
        text += &format!("  damaged: {fault}\n");
    }
    if inspected.faults.n_not_kept() > 0 {
        text += &format!("  {} more faults\n", inspected.faults.n_not_kept());
    }
    text
}
