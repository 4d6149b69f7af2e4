//! `quakebook tune`

use std::path::PathBuf;

use quakebook::catalog::Catalog;
use quakebook::evaluate::OperatingPoint;
use quakebook::geo::Point;
use quakebook::method::{self, FineTuned, Inputs};
use quakebook::station::StationChoice;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::Place;
use serde::Serialize;

use crate::args;
use crate::output::{self, Damage, Outcome, Result};
use crate::scan_setup::{self, ModelArg};
use crate::train::{self, OnsetArg};
use crate::watched::Watched;

/// Let a trained detector learn from some hours of a new station
#[derive(clap::Args)]
#[command(after_help = "\
The detector goes on learning, in small steps, from the events of a list and the noise between them. The time is divided in
three, oldest first, by the events: 70 % teach, 15 % choose the threshold (the smallest that keeps
--alarms-per-day there), and the last 15 % judge. They are scanned twice, by the detector as it came and by what it has become,
each with its own threshold of the same validation time: that is the step's score. If it is not better, do not take it.

What is no event of the list counts as noise, so a list that lacks the small ones teaches to miss them. Noise keeps --guard
seconds from every event: where events come by the minute, take less, and shorter segments.

The run's folder is like one of `train`: `quakebook scan --run DIR` scans with it.

Example:
  quakebook tune --model regional --archive sds --catalog picks.csv --onset catalog-time --run runs/tuned

Exit codes: 0 done; 3 done, and damaged records were left out.")]
pub struct Args {
    /// A model that comes with the program (`quakebook models` lists them), or the folder of a run of `train`
    #[arg(long, value_name = "NAME|DIR", value_parser = ModelArg::parse)]
    model: ModelArg,
    /// The SDS archive with the records
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// The events, in any format that `cluster` reads
    #[arg(long, value_name = "FILE")]
    catalog: PathBuf,
    /// When an event's P wave is at the station: its travel time after the origin, through the model's layers, or at the
    /// catalog's time
    #[arg(long, value_enum)]
    onset: OnsetArg,
    /// The station's place in degrees, for travel times
    #[arg(long, value_name = "LAT,LON", value_parser = train::place, allow_hyphen_values = true, required_if_eq("onset", "travel-time"))]
    position: Option<Point>,
    /// The folder of what comes of it
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// From this time on (UTC) [default: from the first record]
    #[arg(long, value_name = "T", value_parser = args::time)]
    from: Option<Time>,
    /// Until just before this time (UTC) [default: to the last record]
    #[arg(long, value_name = "T", value_parser = args::time)]
    to: Option<Time>,
    /// The channels [default: the archive's only station]
    #[arg(long, value_name = "NET.STA.LOC.CHA", value_parser = args::stream)]
    stream: Option<StationChoice>,
    /// Noise keeps so far from every event, in seconds [default: the model's]
    #[arg(long, value_name = "S", value_parser = args::seconds)]
    guard: Option<f64>,
    /// Length of the segments that windows are cropped from, in seconds [default: the model's]
    #[arg(long, value_name = "S", value_parser = args::seconds)]
    segment: Option<f64>,
    /// False alarms that the threshold may make on the validation time, a day [default: the model's]
    #[arg(long, value_name = "N", value_parser = args::per_day)]
    alarms_per_day: Option<f64>,
    /// One object with the outcome
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    run: &'a std::path::Path,
    simulated: bool,
    n_epochs: usize,
    best_epoch: usize,
    weights_sha256: &'a str,
    /// On the test time, each with its own threshold.
    before: OperatingPoint,
    after: OperatingPoint,
    #[serde(flatten)]
    damage: &'a Damage,
}

pub fn run(args: &Args) -> Result {
    if matches!(&args.model, ModelArg::Folder(dir) if args::is_one_file(dir, &args.run)) {
        args::refuse("--model and --run name one folder: what comes of it needs its own");
    }
    let base = args.model.detector()?;
    let mut study = base.study.clone();
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    let place = Place::from(args.archive.clone());
    let times = (args.from, args.to);
    let archive = scan_setup::archive(&place, &mut study, args.stream.is_some(), times)?;
    let span = archive.span(args.from, args.to)?;
    let mut study = base.fine_tuning(&study.station, &span, args.onset.onset())?;
    let method = &mut study.method;
    method.guard_s = args.guard.unwrap_or(method.guard_s);
    method.segment_s = args.segment.unwrap_or(method.segment_s);
    method.max_false_alarms_per_day = args
        .alarms_per_day
        .unwrap_or(method.max_false_alarms_per_day);
    let mut study = study.checked()?;
    let given = train::usable(&Catalog::read(&args.catalog)?, &mut study)?;
    let catalog = given.during(&span);
    tell_outside(given.len(), catalog.len(), &span);
    method::check_folder(&study, &args.run)?;
    method::check_catalog(&catalog, &args.run)?;
    let watched = Watched::new(&archive, "reading");
    let inputs = Inputs {
        source: &watched,
        catalog: &catalog,
        station: args.position,
        known_events: None,
    };
    output::progress(format!(
        "{} events; cutting segments and training ...",
        catalog.len()
    ));
    let segments =
        method::segments(&study, &inputs).inspect_err(|_| Damage::of(&archive).tell())?;
    output::progress(&segments.rejections);
    let tuned = method::fine_tune(&base, &study, &inputs, &segments, &args.run)?;
    let damage = Damage::of(&archive);
    damage.tell();
    let n_judging = tuned.after.counts.n_counted;
    if n_judging < FEW {
        output::progress(format!(
            "events in the test time: {n_judging}, too few to say whether it helped"
        ));
    }
    match args.json {
        true => output::print_json(&report(args, segments.simulated, &tuned, &damage))?,
        false => output::print(text(args, segments.simulated, &tuned)?)?,
    }
    Ok(match damage.is_none() {
        true => Outcome::Done,
        false => Outcome::Damaged,
    })
}

/// With fewer events a recall has an interval of half its range.
const FEW: usize = 15;

fn tell_outside(n_given: usize, n_inside: usize, span: &TimeSpan) {
    let (from, to) = (time::iso(span.start), time::iso(span.end));
    let where_ = format!("outside of what is read, {from} to {to}");
    if n_inside == 0 {
        args::refuse(&format!("--catalog: all {n_given} events lie {where_}"));
    }
    if n_inside < n_given {
        output::progress(format!(
            "{} of {n_given} events lie {where_}",
            n_given - n_inside
        ));
    }
}

fn report<'a>(
    args: &'a Args,
    simulated: bool,
    tuned: &'a FineTuned,
    damage: &'a Damage,
) -> Report<'a> {
    let fitted = &tuned.fitted;
    Report {
        run: &args.run,
        simulated,
        n_epochs: fitted.run.epochs.len(),
        best_epoch: fitted.run.best_epoch,
        weights_sha256: &fitted.run.weights_sha256,
        before: tuned.before,
        after: tuned.after,
        damage,
    }
}

fn text(args: &Args, simulated: bool, tuned: &FineTuned) -> quakebook::Result<String> {
    let simulated = if simulated { "simulated records\n" } else { "" };
    let line = |point: &OperatingPoint| {
        let (threshold, counts) = (point.threshold, point.counts);
        let (recall, alarms) = (counts.recall(), counts.false_alarms()?);
        Ok(format!(
            "at {threshold} recall {recall}, false alarms {alarms}"
        ))
    };
    let (before, after): (quakebook::Result<String>, _) = (line(&tuned.before), line(&tuned.after));
    Ok(format!(
        "{simulated}{}\ntest time, {:.1} h that taught nothing:\n  before: {}\n  after:  {}\nrun: {}\n",
        tuned.fitted.run.summary(),
        tuned.after.counts.hours,
        before?,
        after?,
        args.run.display()
    ))
}
