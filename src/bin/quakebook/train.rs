//! `quakebook train`

use std::path::PathBuf;

use quakebook::batch::{self, Plan, Start, Trained};
use quakebook::catalog::Catalog;
use quakebook::data_centre;
use quakebook::evaluate::Score;
use quakebook::geo::Point;
use quakebook::station::StationChoice;
use quakebook::study::Study;
use quakebook::waveform::Archive;
use quakebook::window::Normalisation;
use serde::Serialize;

use crate::args::{self, StudyArgs};
use crate::output::{self, Outcome, Result};

/// Train the convolutional network on the windows of an archive
#[derive(clap::Args)]
#[command(after_help = "\
Windows are cut around the catalog's events and in the noise between them, and divided by time; the
study's scanned hours and its held-out block take no part. A run that was cut off goes on where it
stopped; a finished one is read. What could not be cut is counted on standard error.

Catalog and station come from the study's data centre, unless files are given. Where the catalog's
times are times at the station itself (triggers, picks), take --start origin: then neither places nor
depths are needed.

With --scale the windows keep how strong they are, and a scan with a short --hop takes a fraction of the
time. It wants --band, which takes the sensor's offset away.

Examples:
  quakebook train --archive sds --run runs/first
  quakebook train --study iquique.toml --archive sds --catalog triggers.csv --start origin \\
      --guard 10 --band 1-20 --run runs/iquique")]
pub struct Args {
    #[command(flatten)]
    study: StudyArgs,
    /// The SDS archive with the records
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// The run's folder: configuration, log, weights, and what a scan needs to know
    #[arg(long, value_name = "DIR")]
    run: PathBuf,
    /// The events, in any format that `cluster` reads [default: those of the data centre]
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// The station's place in degrees [default: as the data centre has it]
    #[arg(long, value_name = "LAT,LON", value_parser = place, allow_hyphen_values = true)]
    position: Option<Point>,
    /// The channels [default: the study's]
    #[arg(long, value_name = "NET.STA.LOC.CHA", value_parser = args::stream)]
    stream: Option<StationChoice>,
    /// Where an event's window begins: before its P wave arrives, or at the catalog's time
    #[arg(long, value_enum, default_value = "arrival")]
    start: StartArg,
    /// Noise keeps so far from every event, in seconds
    #[arg(long, value_name = "S", default_value_t = quakebook::products::NOISE_GUARD_S)]
    guard: f64,
    /// Filter all records to this band, in hertz
    #[arg(long, value_name = "LOW-HIGH", value_parser = band)]
    band: Option<[f64; 2]>,
    /// Divide all windows by so many counts, about the noise of the band, in place of each by its own
    /// deviation; overlapping windows of a scan then share most of their work
    #[arg(long, value_name = "COUNTS", requires = "band", value_parser = clap::value_parser!(u32).range(1..))]
    scale: Option<u32>,
    /// One object with the run's outcome
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum StartArg {
    Arrival,
    Origin,
}

#[derive(Serialize)]
struct Report<'a> {
    run: &'a std::path::Path,
    simulated: bool,
    n_windows_asked: usize,
    n_windows_missing: usize,
    n_epochs: usize,
    best_epoch: usize,
    weights_sha256: &'a str,
    /// Chosen on validation windows.
    threshold: f64,
    /// Of test windows, with 95 % intervals.
    test_accuracy: Score,
    test_event_precision: Score,
    test_event_recall: Score,
}

pub fn run(args: &Args) -> Result {
    let mut study = args.study.study()?;
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    let archive = Archive::open_for(&args.archive, &study.station)?;
    let catalog = match &args.catalog {
        Some(path) => Catalog::read(path)?,
        None => data_centre::connect(&study)?.fetch_events(&study.region, &study.catalog)?,
    };
    let mut plan = Plan::new(&study);
    plan.guard_s = args.guard;
    plan.band_hz = args.band;
    if let Some(counts) = args.scale {
        plan.normalisation = Normalisation::Fixed { counts };
    }
    plan.start = match args.start {
        StartArg::Arrival => Start::Arrival,
        StartArg::Origin => Start::Origin,
    };
    let place = station_place(args, &study, plan.start)?;
    output::progress(format!(
        "{} events; cutting windows and training ...",
        catalog.len()
    ));
    let trained = batch::train_on(&archive, &catalog, place, &plan, &args.run)?;
    output::progress(&trained.rejections);
    match args.json {
        true => output::print_json(&report(args, &trained))?,
        false => output::print(text(args, &trained))?,
    }
    Ok(Outcome::Done)
}

/// Nobody is asked where the place is not needed.
fn station_place(args: &Args, study: &Study, start: Start) -> Result<Option<Point>> {
    match (args.position, start) {
        (None, Start::Arrival) => {
            let station = data_centre::station(study)?;
            Ok(Some(station.position()))
        }
        (given, _) => Ok(given),
    }
}

fn report<'a>(args: &'a Args, trained: &'a Trained) -> Report<'a> {
    let events = trained.test.detection();
    Report {
        run: &args.run,
        simulated: trained.simulated,
        n_windows_asked: trained.rejections.n_requested,
        n_windows_missing: trained.rejections.items.len(),
        n_epochs: trained.run.epochs.len(),
        best_epoch: trained.run.best_epoch,
        weights_sha256: &trained.run.weights_sha256,
        threshold: trained.threshold,
        test_accuracy: trained.test.accuracy(),
        test_event_precision: events.precision(0),
        test_event_recall: events.recall(0),
    }
}

fn text(args: &Args, trained: &Trained) -> String {
    let events = trained.test.detection();
    let simulated = match trained.simulated {
        true => "simulated records\n",
        false => "",
    };
    format!(
        "{simulated}{}\nthreshold {} (validation windows)\ntest windows: accuracy {}\n  events: precision {}\n  events: recall    {}\nrun: {}\n",
        trained.run.summary(),
        trained.threshold,
        trained.test.accuracy(),
        events.precision(0),
        events.recall(0),
        args.run.display()
    )
}

/// `1-20`
fn band(text: &str) -> std::result::Result<[f64; 2], String> {
    let corners = text.split_once('-');
    let number = |text: &str| text.parse::<f64>().ok().filter(|f| *f > 0.0);
    corners
        .and_then(|(low, high)| Some([number(low)?, number(high)?]))
        .filter(|[low, high]| low < high)
        .ok_or_else(|| "expected two frequencies, the lower first, as in 1-20".into())
}

/// `35.79657,-97.45486`
fn place(text: &str) -> std::result::Result<Point, String> {
    let within = |text: &str, most: f64| text.trim().parse().ok().filter(|x: &f64| x.abs() <= most);
    text.split_once(',')
        .and_then(|(latitude, longitude)| {
            Some(Point::new(
                within(longitude, 180.0)?,
                within(latitude, 90.0)?,
            ))
        })
        .ok_or_else(|| "expected latitude and longitude in degrees, as in 35.797,-97.455".into())
}
