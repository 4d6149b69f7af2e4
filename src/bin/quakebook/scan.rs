//! `quakebook scan`

use std::collections::BTreeMap;
use std::path::PathBuf;

use quakebook::detect::Detection;
use quakebook::method::{Detector, Scanned};
use quakebook::station::StationChoice;
use quakebook::time::{self, Time};
use quakebook::waveform::Archive;
use quakebook::window::Reason;
use serde::Serialize;

use crate::args;
use crate::output::{self, Damage, Outcome, Result};
use crate::watched::Watched;

/// Scan a time span of an archive with a trained network
#[derive(clap::Args)]
#[command(after_help = "\
The run's folder says which station, window, filter and scale: the records are treated as they were in
training. The archive is read an hour at a time. Windows in gaps are not scanned: then the exit code
is 4, unless they only reach beyond --to, and standard error says how many there are and why. A damaged
record is a gap, named on standard error with its file and byte: then the exit code is 3. A day file that
is a link is not read: put the file itself there, or name the archive that the link leads to.

Windows begin at whole multiples of --hop (UTC), and an event belongs to the scan in which it begins: the
records before --from and after --to are read as far as that needs. Days that are scanned one by one give
the same detections as all of them together.

A detector that is on for longer than --longest sees no earthquake but the noise: such a detection is cut
at whole multiples of that time, and a warning says how much of the time the detector was on.

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
    /// Seconds from one window to the next [default: a twentieth of the window, at which the detections hardly
    /// depend on where windows begin; the study's, where that is shorter. The training chose the threshold at the
    /// study's hop: a shorter one finds a little more of everything, at CX.PB01 5 % more than at 2 s]
    #[arg(long, value_name = "S", value_parser = positive)]
    hop: Option<f64>,
    /// Probable windows whose starts are so far apart are one detection; 0 parts events wherever a window
    /// between them is not probable [default: the window's length]
    #[arg(long, value_name = "S", value_parser = gap)]
    merge_gap: Option<f64>,
    /// The longest detection, in seconds [default: 600, or ten windows]
    #[arg(long, value_name = "S", value_parser = longest)]
    longest: Option<f64>,
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
    hop_s: f64,
    detections_per_hour: f64,
    /// Of the scanned time, from 0 to 1.
    share_on: f64,
    warnings: &'a [String],
    #[serde(flatten)]
    damage: &'a Damage,
    detections: &'a [Detection],
}

/// A detector that is on for more of the time than this detects something else than earthquakes: in twelve
/// hours of aftershocks at CX.PB01, about 16 detections an hour, it is on for a third.
const MAX_SHARE_ON: f64 = 0.5;

/// Without `--hop`, a window is so many hops.
///
/// Measured on twelve hours of CX.PB01, with the network of `examples/iquique.rs` and windows of 10 s: where all
/// windows begin 0.3 s later, 82 % of 186 detections are found again at a hop of 2 s, 88 % of 199 at 1 s, 92 % of 196
/// at 0.5 s, and 92 % of 204 at 0.25 s. Less than a twentieth of a window gains nothing.
const HOPS_OF_WINDOW: usize = 20;

pub fn run(args: &Args) -> Result {
    let span = args::span(args.from, args.to);
    let mut detector = Detector::read(&args.run)?;
    let study = &mut detector.study;
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    if let Some(hop_s) = args.hop {
        let rate_hz = study.window.sampling_rate_hz;
        let n_samples = (hop_s * rate_hz).round();
        let is_whole = (hop_s * rate_hz - n_samples).abs() < 1e-6 * n_samples;
        if !is_whole || !(1.0..=MAX_HOP_SAMPLES).contains(&n_samples) {
            let what = "--hop must be a whole number of samples, from one to a million";
            args::refuse(&format!("{what}: found {hop_s:e} s at {rate_hz} Hz"));
        }
        study.scan.hop_samples = n_samples as usize;
    }
    let n_samples = study.window.n_samples;
    if args.hop.is_none() {
        let hop = (n_samples / HOPS_OF_WINDOW).max(1);
        study.scan.hop_samples = study.scan.hop_samples.min(hop);
    }
    let archive = Archive::open_for(&args.archive, &study.station)?.lenient();
    let checked = archive.check_sought();
    // A day file in another folder than its own may be what is missing.
    checked.inspect_err(|_| Damage::of(&archive).tell())?;
    if let Some(threshold) = args.threshold {
        detector.threshold = threshold;
    }
    let mut merge = detector.merge_params();
    merge.join_s = args.merge_gap.unwrap_or(merge.join_s);
    merge.longest_s = args.longest.unwrap_or_else(|| detector.longest_event_s());
    output::check_writable(&args.out)?;
    let scanned = detector.scan_merged(&Watched::new(&archive), &span, &merge)?;
    let damage = Damage::of(&archive);
    damage.tell();
    scanned.detections.write(&args.out)?;
    report(args, &detector, &scanned, &damage)?;
    let has_two = scanned
        .unscanned
        .contains_key(Reason::MissingComponent.kind());
    if scanned.n_windows == 0 || has_two {
        output::progress(archive.sought_and_held(Some(&span))?);
    }
    let n_unscanned: usize = scanned.unscanned.values().sum();
    Ok(match n_unscanned > scanned.n_beyond {
        _ if !damage.is_none() => Outcome::Damaged,
        false => Outcome::Done,
        true => Outcome::Incomplete,
    })
}

/// What whoever believes the detections should know.
fn warnings(detector: &Detector, scanned: &Scanned) -> Vec<String> {
    let found = &scanned.detections;
    let (share, rate) = (found.share_on(), found.per_hour());
    let is_always_on = share > MAX_SHARE_ON;
    let warning = format!(
        "the detector is on for {:.0} % of the time, {rate:.1} detections an hour: it detects the noise. \
         Compare these records with those of the training, raise --threshold above {}, or train with --band",
        100.0 * share,
        detector.threshold
    );
    is_always_on.then_some(warning).into_iter().collect()
}

fn report(args: &Args, detector: &Detector, scanned: &Scanned, damage: &Damage) -> Result<()> {
    let found = &scanned.detections;
    let warnings = warnings(detector, scanned);
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
    for warning in &warnings {
        output::progress(format!("warning: {warning}"));
    }
    let window = &detector.study.window;
    if args.json {
        return output::print_json(&Report {
            station: &found.station,
            simulated: found.simulated,
            threshold: detector.threshold,
            n_windows: scanned.n_windows,
            unscanned: &scanned.unscanned,
            hours: found.hours(),
            hop_s: detector.study.scan.hop_samples as f64 / window.sampling_rate_hz,
            detections_per_hour: found.per_hour(),
            share_on: found.share_on(),
            warnings: &warnings,
            damage,
            detections: &found.items,
        });
    }
    output::print(format!(
        "{} detections, {:.1} an hour, on for {:.1} % of the time, written to {}\n",
        found.len(),
        found.per_hour(),
        100.0 * found.share_on(),
        args.out.display()
    ))
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|s: &f64| *s > 0.0 && s.is_finite());
    seconds.ok_or_else(|| "expected a positive number of seconds".into())
}

fn longest(text: &str) -> std::result::Result<f64, String> {
    let seconds = positive(text).ok().filter(|s| *s <= 86_400.0);
    seconds.ok_or_else(|| "expected a number of seconds above 0, at most 86400".into())
}

fn gap(text: &str) -> std::result::Result<f64, String> {
    let seconds = args::seconds(text).ok().filter(|s| *s <= 86_400.0);
    seconds.ok_or_else(|| "expected a number of seconds from 0 to 86400".into())
}

fn probability(text: &str) -> std::result::Result<f64, String> {
    let p = text.parse().ok().filter(|p: &f64| *p > 0.0 && *p <= 1.0);
    p.ok_or_else(|| "expected a number above 0, at most 1".into())
}
