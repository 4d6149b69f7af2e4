//! A study without a notebook: train on an archive, then scan another stretch of it.
//!
//! The notebooks build these steps cell by cell; here they are one call each, for batch systems and
//! for the program `quakebook`. The run folder of [`train_on`] keeps, beside what [`crate::train`]
//! writes, a file `plan.toml` with all that [`scanner`] must do as the training did: which station
//! and window, which band, which scale, which threshold.
//!
//! ```no_run
//! use quakebook::batch::{self, Plan};
//! use quakebook::catalog::Catalog;
//! use quakebook::study::Study;
//! use quakebook::time::TimeSpan;
//! use quakebook::time;
//! use quakebook::waveform::Archive;
//! # fn main() -> quakebook::Result<()> {
//! let plan = Plan::new(&Study::read("iquique.toml")?);
//! let archive = Archive::open("sds", "CX", "PB01", "", "HH*")?;
//! let catalog = Catalog::read("catalog.csv")?;
//! let dir = std::path::Path::new("runs/iquique");
//! let trained = batch::train_on(&archive, &catalog, None, &plan, dir)?;
//! println!("{}", trained.run.summary());
//! let span = TimeSpan { start: time::parse("2014-05-01T08:00:00")?, end: time::parse("2014-05-01T12:00:00")? };
//! let detector = batch::Detector::read(dir)?;
//! println!("{} detections", detector.scan(&archive, &span)?.detections.len());
//! # Ok(()) }
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::atomic_file::write_whole;
use crate::catalog::{Catalog, Event};
use crate::cluster::ClusterParams;
use crate::dataset::{Augment, Dataset, Split, augment};
use crate::detect::{Detections, MergeParams, Merger, ScanParams, Scanner, THRESHOLDS};
use crate::error::{Error, Result, fail};
use crate::evaluate::{ConfusionMatrix, event_probability};
use crate::geo::Point;
use crate::network::{Classify, ConvNet, read_weights};
use crate::products::{BEFORE_P_S, LEAK_FREE_NORMALISATION, NOISE_GUARD_S};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::train::{Run, TrainParams, train};
use crate::travel::LayeredModel;
use crate::waveform::filter::{Filter, Pass};
use crate::waveform::{Record3C, WaveformSource};
use crate::window::{self, NoiseRule, Normalisation, RejectionLog, StartRule};

/// What a run did to its records, and what a scan must do again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub normalisation: Normalisation,
    /// Where an event's window begins.
    pub start: Start,
    /// Noise keeps so far from every event of the catalog.
    pub guard_s: f64,
    /// Frequencies that the records are filtered to before anything else.
    pub band_hz: Option<[f64; 2]>,
    /// A window at least so probable begins a detection; chosen by the training.
    pub threshold: f64,
    pub study: Study,
}

/// Where an event's window begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// [`BEFORE_P_S`] before the P wave arrives, by the event's depth and place.
    Arrival,
    /// At the catalog's time: for lists of times at the station itself, such as triggers.
    Origin,
}

/// What a training gave.
#[derive(Debug, Clone)]
pub struct Trained {
    pub run: Run,
    /// Windows wanted, and those that could not be had.
    pub rejections: RejectionLog,
    /// Of the validation windows: see [`Plan::threshold`].
    pub threshold: f64,
    /// Of the test windows, which the training never saw.
    pub test: ConfusionMatrix,
    pub simulated: bool,
}

/// A trained network, with what it needs to scan as it was trained.
#[derive(Debug)]
pub struct Detector {
    pub plan: Plan,
    network: ConvNet,
}

/// What a scan gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    pub detections: Detections,
    /// Windows that were classified.
    pub n_windows: usize,
    /// Windows that could not be, by reason.
    pub unscanned: BTreeMap<String, usize>,
}

const PLAN: &str = "plan.toml";

impl Plan {
    /// Windows at arrivals, a guard of [`NOISE_GUARD_S`], no filter.
    pub fn new(study: &Study) -> Self {
        Self {
            normalisation: LEAK_FREE_NORMALISATION,
            start: Start::Arrival,
            guard_s: NOISE_GUARD_S,
            band_hz: None,
            threshold: 0.5,
            study: study.clone(),
        }
    }

    fn banded<'a>(&self, source: &'a dyn WaveformSource) -> Result<Banded<'a>> {
        let rate = self.study.window.sampling_rate_hz;
        let filter = self
            .band_hz
            .map(|[low, high]| Filter::bandpass(4, low, high, rate));
        Ok(Banded {
            source,
            filter: filter.transpose()?,
            sampling_rate_hz: rate,
        })
    }
}

/// Trains ConvNetQuake's network on windows of the catalog's events and of the noise between them,
/// divided by time; the study's scanned hours and its held-out block take no part. Without a place
/// of the station only [`Start::Origin`] is possible.
///
/// The threshold is the smallest of [`THRESHOLDS`] at which no noise window of the validation part
/// is called an event, or else the largest.
///
/// # Errors
/// [`Error::Window`] where no window can be had or the station's place is needed and not given,
/// [`Error::Cluster`], [`Error::Dataset`] where there are too few events, [`Error::Train`] where
/// `dir` holds another run.
pub fn train_on(
    source: &dyn WaveformSource,
    catalog: &Catalog,
    station: Option<Point>,
    plan: &Plan,
    dir: &Path,
) -> Result<Trained> {
    let study = &plan.study;
    let source = plan.banded(source)?;
    let labels = match study.cluster.k {
        // One cluster needs no epicentres.
        1 => vec![0; catalog.len()],
        _ => ClusterParams::for_study(study).fit(catalog)?.labels,
    };
    let rule = start_rule(plan, station)?;
    let silent = &mut window::silent;
    let events = window::event_windows(&source, catalog, &labels, &rule, study, silent)?;
    let guard = NoiseRule::Guarded {
        guard_s: plan.guard_s,
    };
    let noise = window::noise_windows(&source, catalog, study, guard, silent)?;
    let windows = events.concat(&noise)?.normalised(plan.normalisation)?;
    let dataset = Dataset::from_windows(&windows.windows, windows.n_samples, windows.n_classes)?;
    let split = divided(&dataset, plan)?;

    let mut network = ConvNet::new(windows.n_samples, windows.n_classes, study.seed);
    let params = TrainParams {
        report_every: 0,
        ..TrainParams::adam(&study.train, study.seed)
    };
    let run = train(
        &mut network,
        &split.train,
        &split.validation,
        &params,
        Some(dir),
    )?;
    let threshold = quiet_threshold(&network, &split)?;
    let chosen = Plan {
        threshold,
        ..plan.clone()
    };
    let text = toml::to_string(&chosen).expect("every field of a plan is plain TOML");
    write_whole(dir.join(PLAN), text.as_bytes())?;
    Ok(Trained {
        run,
        rejections: windows.rejections,
        threshold,
        test: ConfusionMatrix::of(&network, &split.test)?,
        simulated: windows.simulated,
    })
}

/// Detections as the events of a catalog, each `before_s` before its time: labels for a training where
/// nobody has made a better catalog. Paths and magnitudes are NaN.
pub fn catalog_of(detections: &Detections, before_s: f64) -> Catalog {
    let events = detections
        .items
        .iter()
        .enumerate()
        .map(|(i, detection)| Event {
            id: format!("detection {}", i + 1),
            origin_time: detection.time - time::seconds(before_s),
            longitude_deg: f64::NAN,
            latitude_deg: f64::NAN,
            depth_km: None,
            magnitude: f64::NAN,
            magnitude_type: String::new(),
            event_type: "detection".into(),
        });
    Catalog::new("detections", detections.simulated, events.collect())
}

fn start_rule(plan: &Plan, station: Option<Point>) -> Result<StartRule> {
    match (plan.start, station) {
        (Start::Origin, _) => Ok(StartRule::Origin),
        (Start::Arrival, Some(station)) => Ok(StartRule::PArrival {
            station,
            model: LayeredModel::central_us(),
            before_s: BEFORE_P_S,
        }),
        (Start::Arrival, None) => Err(fail!(
            Window,
            &plan.study.station.station,
            "windows at arrivals need to know where the station stands",
            "Give its coordinates, or take windows from the catalog's times"
        )),
    }
}

/// By time, without what will be scanned; then noisy copies of the training part alone.
fn divided(dataset: &Dataset, plan: &Plan) -> Result<Split> {
    let study = &plan.study;
    let window_s = study.window.n_samples as f64 / study.window.sampling_rate_hz;
    let scanned = TimeSpan {
        start: study.scan.start,
        end: study.scan.end,
    };
    // A window that begins just before a span reaches into it.
    let reaching = |span: &TimeSpan| TimeSpan {
        start: span.start - time::seconds(window_s),
        end: span.end,
    };
    let mut split = dataset
        .without(&reaching(&scanned))?
        .without(&reaching(&study.held_out))?
        .split_by_time(&study.split)?;
    let copies = Augment::gaussian(&study.augment.noise_levels, plan.normalisation);
    split.train = augment(&split.train, &copies, study.seed)?;
    Ok(split)
}

fn quiet_threshold(network: &ConvNet, split: &Split) -> Result<f64> {
    let validation = &split.validation;
    let noise = validation.n_classes() - 1;
    let probabilities = network.probabilities(validation.samples())?;
    let p_event = event_probability(validation.n_classes(), &probabilities)?;
    let loudest = p_event
        .iter()
        .zip(validation.classes())
        .filter(|(_, class)| **class == noise)
        .fold(0.0_f64, |most, (p, _)| most.max(*p));
    let quiet = THRESHOLDS
        .into_iter()
        .find(|threshold| *threshold > loudest);
    Ok(quiet.unwrap_or(THRESHOLDS[THRESHOLDS.len() - 1]))
}

impl Detector {
    /// Reads the run folder of [`train_on`].
    ///
    /// # Errors
    /// [`Error::Io`] where a file is absent, [`Error::Train`] where one cannot be understood.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(PLAN);
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        let plan: Plan = toml::from_str(&text).map_err(|error| {
            fail!(
                Train,
                path.display(),
                error.to_string().trim(),
                "Train again into another folder"
            )
        })?;
        let study = &plan.study;
        let mut network = ConvNet::new(study.window.n_samples, study.cluster.k + 1, study.seed);
        read_weights(&mut network, &dir.join("weights.safetensors"))?;
        Ok(Self { plan, network })
    }

    /// Scans what the source has of `span`, an hour at a time, as the plan says.
    ///
    /// # Errors
    /// [`Error::Detect`] where the span is shorter than a window.
    pub fn scan(&self, source: &dyn WaveformSource, span: &TimeSpan) -> Result<Scanned> {
        let source = self.plan.banded(source)?;
        let study = &self.plan.study;
        let params = ScanParams {
            hop_samples: study.scan.hop_samples,
            normalisation: self.plan.normalisation,
        };
        let rate = study.window.sampling_rate_hz;
        let scanner = Scanner::new(&self.network, &source, span, rate, &params)?;
        let mut merger = Merger::new(&MergeParams {
            on: self.plan.threshold,
            off: self.plan.threshold / 2.0,
            join_s: study.window.n_samples as f64 / rate,
            min_windows: 1,
        })?;
        let (mut n_windows, mut unscanned) = (0, BTreeMap::new());
        for piece in scanner {
            let piece = piece?;
            n_windows += piece.len();
            for skipped in &piece.unscanned {
                *unscanned
                    .entry(skipped.reason.kind().to_string())
                    .or_insert(0) += skipped.n_windows;
            }
            merger.push(&piece)?;
        }
        Ok(Scanned {
            detections: merger.finish(),
            n_windows,
            unscanned,
        })
    }
}

/// A source whose records are filtered, with enough record before each for the filter to settle.
struct Banded<'a> {
    source: &'a dyn WaveformSource,
    filter: Option<Filter>,
    sampling_rate_hz: f64,
}

/// At the lowest corners in use (0.5 Hz) a filter of fourth order has forgotten its start.
const SETTLING_S: f64 = 30.0;

impl WaveformSource for Banded<'_> {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let Some(filter) = &self.filter else {
            return self.source.record(start, n_samples);
        };
        let n_before = (SETTLING_S * self.sampling_rate_hz).round() as usize;
        let before = time::seconds(n_before as f64 / self.sampling_rate_hz);
        let mut record = self.source.record(start - before, n_before + n_samples)?;
        filter.in_place(&mut record, Pass::Causal)?;
        record.slice(n_before..n_before + n_samples)
    }
}
