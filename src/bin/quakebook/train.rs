//! `quakebook train`

use std::path::PathBuf;

use quakebook::catalog::{Catalog, Event};
use quakebook::data_centre;
use quakebook::evaluate::{Counts, OperatingPoint, Score};
use quakebook::geo::Point;
use quakebook::method::{self, Fitted, Inputs};
use quakebook::station::StationChoice;
use quakebook::store;
use quakebook::study::{Normalisation, Onset, Study};
use quakebook::waveform::{Archive, WaveformSource};
use quakebook::window::{Reason, Windows};
use serde::Serialize;

use crate::args::{self, StudyArgs};
use crate::output::{self, Damage, Outcome, Result};
use crate::scan_setup;
use crate::watched::Watched;

/// Train the detector of a study
#[derive(clap::Args)]
#[command(after_help = "\
The detector is that of the notebooks: the same study and data give the same weights. Segments are cut
around the catalog's events, between them and around disturbances, and divided by time; windows with the
P wave anywhere are cropped from them. The study's scanned hours and its held-out block take no part. The
threshold keeps the false alarms of the validation time within the study's alarm budget, at the hop at which `scan` takes
windows without --hop.

A run that was cut off goes on where it stopped; a finished one is read. What could not be cut is counted
on standard error. A damaged record is a gap, named there with its file and byte: then the exit code is 3.

Records, catalog and station come from the study's data centre, unless an archive and files are given.
Where the catalog's times are those of the P wave at the station (triggers, picks, the detections of a
scan), take --onset catalog-time: then neither places nor depths are needed, and a list of times will do: CSV
with a column time, or a time a line. Events without places are one class. The options below override the
study's [method].

With --scale the windows keep how strong they are, and a scan with a short --hop takes a fraction of the
time. It wants --band, which takes the sensor's offset away.

Examples:
  quakebook train --run runs/first
  quakebook train --study iquique.toml --archive sds --catalog triggers.csv --onset catalog-time \\
      --guard 10 --segment 30 --band 1-20 --run runs/iquique

A day file that is a link is not read: put the file itself there, or name the archive that the link leads
to. A run folder of another study or catalog is refused before anything is cut, one of other windows before the training.")]
pub struct Args {
    #[command(flatten)]
    study: StudyArgs,
    /// The SDS archive with the records [default: the data centre's]
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
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
    /// When an event's P wave is at the station: its travel time after the origin, or at the catalog's time
    #[arg(long, value_enum)]
    onset: Option<OnsetArg>,
    /// Noise keeps so far from every event, in seconds
    #[arg(long, value_name = "S", value_parser = args::seconds)]
    guard: Option<f64>,
    /// Length of the segments that windows are cropped from, in seconds
    #[arg(long, value_name = "S", value_parser = args::seconds)]
    segment: Option<f64>,
    /// Filter all records to this band, in hertz
    #[arg(long, value_name = "LOW-HIGH", value_parser = band)]
    band: Option<[f64; 2]>,
    /// Divide all windows by so many counts, about the noise of the band, in place of each by its own
    /// standard deviation; overlapping windows of a scan then share most of their work
    #[arg(long, value_name = "COUNTS", requires = "band", value_parser = clap::value_parser!(u32).range(1..))]
    scale: Option<u32>,
    /// One object with the run's outcome
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum OnsetArg {
    TravelTime,
    CatalogTime,
}

impl OnsetArg {
    pub fn onset(self) -> Onset {
        match self {
            Self::TravelTime => Onset::TravelTime,
            Self::CatalogTime => Onset::CatalogTime,
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    run: &'a std::path::Path,
    simulated: bool,
    n_segments_requested: usize,
    n_segments_rejected: usize,
    n_epochs: usize,
    best_epoch: usize,
    weights_sha256: &'a str,
    /// Chosen on the validation time.
    threshold: f64,
    /// Whether it keeps to the study's alarm budget there: else it is the largest that was tried.
    keeps_budget: bool,
    /// What the detector does there at this threshold.
    validation: Option<Counts>,
    /// Of test windows, with 95 % intervals.
    test_accuracy: Score,
    test_event_precision: Score,
    test_event_recall: Score,
    #[serde(flatten)]
    damage: &'a Damage,
}

pub fn run(args: &Args) -> Result {
    let mut study = study(args)?;
    let archive = args.archive.as_ref();
    let archive = archive.map(|root| Archive::open_for(root, &study.station));
    let archive = archive.transpose()?.map(Archive::lenient);
    if let Some(archive) = &archive {
        let checked = archive.check_sought();
        // A day file in another folder than its own may be what is missing.
        checked.inspect_err(|_| Damage::of(archive).tell())?;
    }
    let given = args.catalog.as_ref().map(Catalog::read).transpose()?;
    let given = given
        .map(|catalog| usable(&catalog, &mut study))
        .transpose()?;
    method::check_folder(&study, &args.run)?;
    // The simulation's truth says nothing of records from elsewhere.
    let is_simulated = archive.as_ref().is_none_or(Archive::is_simulated);
    let centre;
    let source: &dyn WaveformSource = match &archive {
        Some(archive) => archive,
        None => {
            centre = data_centre::connect(&study)?;
            &centre
        }
    };
    let catalog = match given {
        Some(catalog) => catalog,
        None => data_centre::connect(&study)?.fetch_events(&study.region, &study.catalog)?,
    };
    method::check_catalog(&catalog, &args.run)?;
    let known = match is_simulated && study.method.onset == Onset::TravelTime {
        true => store::known_events(&study),
        false => None,
    };
    let watched = Watched::new(source, "reading");
    let inputs = Inputs {
        source: &watched,
        catalog: &catalog,
        station: station_place(args, &study)?,
        known_events: known.as_ref(),
    };
    output::progress(format!(
        "{} events; cutting segments and training ...",
        catalog.len()
    ));
    let damage = || archive.as_ref().map(Damage::of).unwrap_or_default();
    let tell_held = || {
        let told = archive
            .as_ref()
            .map(|archive| archive.sought_and_held(None));
        if let Some(Ok(told)) = told {
            output::progress(told);
        }
    };
    let segments = method::segments(&study, &inputs).inspect_err(|_| {
        damage().tell();
        // Why there is nothing may be in the codes.
        tell_held();
    })?;
    output::progress(&segments.rejections);
    let mut rejected = segments.rejections.items.iter();
    if rejected.any(|rejected| rejected.reason == Reason::MissingComponent) {
        tell_held();
    }
    let fitted = method::fit(&study, &inputs, &segments, &args.run)?;
    let damage = damage();
    damage.tell();
    match args.json {
        true => output::print_json(&report(args, &segments, &fitted, &damage))?,
        false => output::print(text(args, &segments, &fitted))?,
    }
    Ok(match damage.is_none() {
        true => Outcome::Done,
        false => Outcome::Damaged,
    })
}

/// The events of a file that the training can use. Without a place an event has no travel time and belongs
/// to no cluster: where none has one, all are of one class.
pub fn usable(catalog: &Catalog, study: &mut Study) -> quakebook::Result<Catalog> {
    output::tell_left_out(catalog);
    method::check_station(catalog, study)?;
    let has_places = catalog.events().iter().any(Event::has_place);
    if study.method.onset == Onset::TravelTime {
        if !has_places && !catalog.is_empty() {
            args::refuse(
                "the events have times and no places: where the times are those of the P wave at the station, \
                 add --onset catalog-time",
            );
        }
        return Ok(output::with_places(catalog));
    }
    Ok(match study.cluster.k {
        1 => catalog.clone(),
        _ if has_places => output::with_places(catalog),
        _ => {
            output::progress("the events have no places: they are one class (cluster.k = 1)");
            study.cluster.k = 1;
            catalog.clone()
        }
    })
}

/// The study, with what the options override.
fn study(args: &Args) -> Result<Study> {
    let mut study = args.study.study()?;
    if let Some(stream) = &args.stream {
        study.station.clone_from(stream);
    }
    let method = &mut study.method;
    method.band_hz = args.band.or(method.band_hz);
    method.guard_s = args.guard.unwrap_or(method.guard_s);
    method.segment_s = args.segment.unwrap_or(method.segment_s);
    if let Some(counts) = args.scale {
        method.normalisation = Normalisation::Fixed { counts };
    }
    method.onset = args.onset.map_or(method.onset, OnsetArg::onset);
    // The threshold belongs to windows as a scan takes them.
    scan_setup::set_hop(&mut study, None);
    Ok(study.checked()?)
}

/// Nobody is asked where the place is not needed.
fn station_place(args: &Args, study: &Study) -> Result<Option<Point>> {
    match (args.position, study.method.onset) {
        (None, Onset::TravelTime) => Ok(Some(data_centre::station(study)?.position())),
        (given, _) => Ok(given),
    }
}

fn report<'a>(
    args: &'a Args,
    segments: &Windows,
    fitted: &'a Fitted,
    damage: &'a Damage,
) -> Report<'a> {
    let events = fitted.test.detection();
    Report {
        run: &args.run,
        simulated: segments.simulated,
        n_segments_requested: segments.rejections.n_requested,
        n_segments_rejected: segments.rejections.items.len(),
        n_epochs: fitted.run.epochs.len(),
        best_epoch: fitted.run.best_epoch,
        weights_sha256: &fitted.run.weights_sha256,
        threshold: fitted.detector.threshold,
        keeps_budget: chosen(fitted).is_some_and(|point| keeps_budget(fitted, point)),
        validation: chosen(fitted).map(|point| point.counts),
        test_accuracy: fitted.test.accuracy(),
        test_event_precision: events.precision(0),
        test_event_recall: events.recall(0),
        damage,
    }
}

/// The point of the validation curve at the detector's threshold.
fn chosen(fitted: &Fitted) -> Option<&OperatingPoint> {
    let detector = &fitted.detector;
    let mut curve = detector.curve.iter();
    curve.find(|point| point.threshold == detector.threshold)
}

fn keeps_budget(fitted: &Fitted, point: &OperatingPoint) -> bool {
    let method = &fitted.detector.study.method;
    point.counts.keeps_to(method.max_false_alarms_per_hour())
}

fn text(args: &Args, segments: &Windows, fitted: &Fitted) -> String {
    let events = fitted.test.detection();
    let simulated = match segments.simulated {
        true => "simulated records\n",
        false => "",
    };
    let validation = chosen(fitted).map_or(String::new(), |point| {
        let counts = &point.counts;
        let n_alarms = counts.n_false;
        let too_many = match keeps_budget(fitted, point) {
            true => String::new(),
            false => format!(
                "\nno threshold that was tried keeps to {} false alarms a day there: this is the largest",
                fitted.detector.study.method.max_false_alarms_per_day
            ),
        };
        format!(
            ": in {:.1} h of the validation time {} of {} events found, {n_alarms} false alarms{too_many}",
            counts.hours, counts.n_found, counts.n_counted
        )
    });
    format!(
        "{simulated}{}\nthreshold {}{validation}\ntest windows: accuracy {}\n  events: precision {}\n  events: recall    {}\nrun: {}\n",
        fitted.run.summary(),
        fitted.detector.threshold,
        fitted.test.accuracy(),
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
pub fn place(text: &str) -> std::result::Result<Point, String> {
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
