//! `quakebook scan`

use std::collections::BTreeMap;
use std::path::PathBuf;

use quakebook::detect::Detection;
use quakebook::method::{Detector, Scanned};
use quakebook::station::StationChoice;
use quakebook::time::{self, Time};
use quakebook::waveform::Archive;
use serde::Serialize;

use crate::args;
use crate::output::{self, Outcome, Result};

/// Scan a stretch of an archive with a trained network
#[derive(clap::Args)]
#[command(after_help = "\
The run's folder says which station, window, filter and scale: the records are treated as they were in
training. The archive is read an hour at a time. Windows in gaps are not scanned: then the exit code
is 4, and standard error says how many there are and why. A damaged record is a gap, named on standard
error with its file and byte: then the exit code is 3. A day file that is a link is not read: put the file
itself there, or name the archive that the link leads to.

Examples:
  quakebook scan --run runs/first --archive sds --from 2014-02-16 --to 2014-02-16T10:00:00 --out found.csv
  quakebook scan --run runs/first --archive sds --from 2014-02-16 --to 2014-02-17 --hop 1 --json --out found.xml")]
pub struct Args {
    /// The folder of a run of `train`
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// The SDS archive with the records
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// The channels [default: those of the training]
    #[arg(long, value_name = "NET.STA.LOC.CHA", value_parser = args::stream)]
    stream: Option<StationChoice>,
    /// From this time on (UTC)
    #[arg(long, value_name = "T", value_parser = args::time)]
    from: Time,
    /// Until just before this time (UTC)
    #[arg(long, value_name = "T", value_parser = args::time)]
    to: Time,
    /// Seconds from one window to the next [default: the study's]
    #[arg(long, value_name = "S", value_parser = hop)]
    hop: Option<f64>,
    /// A window at least so probable begins a detection [default: chosen by the training]
    #[arg(long, value_name = "P", value_parser = probability)]
    threshold: Option<f64>,
    /// One object: what was scanned, and the detections
    #[arg(long)]
    json: bool,
    /// Write the detections: .csv, or .xml (QuakeML with a pick for each)
    #[arg(long, value_name = "FILE.csv|.xml", value_parser = |text: &str| args::file_of(text, &["csv", "xml"]))]
    out: PathBuf,
}

/// As in a study.
const MAX_HOP_SAMPLES: f64 = 1e6;

#[derive(Serialize)]
struct Report<'a> {
    station: &'a str,
    simulated: bool,
    threshold: f64,
    n_windows: usize,
    unscanned: &'a BTreeMap<String, usize>,
    hours: f64,
    detections: &'a [Detection],
}

pub fn run(args: &Args) -> Result {
    let span = args::span(args.from, args.to);
    let mut detector = Detector::read(&args.run)?;
    let study = &mut detector.study;
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    if let Some(hop_s) = args.hop {
        let n_samples = (hop_s * study.window.sampling_rate_hz).round();
        if !(1.0..=MAX_HOP_SAMPLES).contains(&n_samples) {
            let rate_hz = study.window.sampling_rate_hz;
            let what = "--hop must be one sample at least, and a million at most";
            args::refuse(&format!("{what}: found {hop_s} s at {rate_hz} Hz"));
        }
        study.scan.hop_samples = n_samples as usize;
    }
    let archive = Archive::open_for(&args.archive, &study.station)?.lenient();
    archive.check_sought()?;
    if let Some(threshold) = args.threshold {
        detector.threshold = threshold;
    }
    let scanned = detector.scan(&archive, &span)?;
    scanned.detections.write(&args.out)?;
    report(args, &detector, &scanned)?;
    if scanned.n_windows == 0 {
        output::progress(archive.sought_and_held()?);
    }
    let is_damaged = output::tell_damage(&archive);
    Ok(match scanned.unscanned.is_empty() {
        _ if is_damaged => Outcome::Damaged,
        true => Outcome::Done,
        false => Outcome::Incomplete,
    })
}

fn report(args: &Args, detector: &Detector, scanned: &Scanned) -> Result<()> {
    let found = &scanned.detections;
    let simulated = if found.simulated { " (simulated)" } else { "" };
    output::progress(format!(
        "{} windows of {}{simulated}, {} to {}, {:.2} hours",
        scanned.n_windows,
        detector.study.station.station,
        time::iso(args.from),
        time::iso(args.to),
        found.hours()
    ));
    for (reason, n) in &scanned.unscanned {
        output::progress(format!("{n} windows not scanned: {reason}"));
    }
    if args.json {
        return output::print_json(&Report {
            station: &found.station,
            simulated: found.simulated,
            threshold: detector.threshold,
            n_windows: scanned.n_windows,
            unscanned: &scanned.unscanned,
            hours: found.hours(),
            detections: &found.items,
        });
    }
    output::print(format!(
        "{} detections, written to {}\n",
        found.len(),
        args.out.display()
    ))
}

fn hop(text: &str) -> std::result::Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|s: &f64| *s > 0.0 && s.is_finite());
    seconds.ok_or_else(|| "expected a positive number of seconds".into())
}

fn probability(text: &str) -> std::result::Result<f64, String> {
    let p = text.parse().ok().filter(|p: &f64| *p > 0.0 && *p <= 1.0);
    p.ok_or_else(|| "expected a number above 0, at most 1".into())
}
