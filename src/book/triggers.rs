//! Twelve hours of a real record beside the triggers of a classical detector: agreement, and what a network finds
//! beside them. Triggers are machine labels, no truth.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::real::{REAL_WINDOW_SAMPLES, iquique_dir};
use super::trained_convnet;
use super::transfer::{fine_tuned, pretrained};
use crate::atomic_file::open_input;
use crate::catalog::{Catalog, Event};
use crate::dataset::{Dataset, Split};
use crate::detect::{Detections, MergeParams, ReferenceEvents, ScanParams, scan};
use crate::error::{Result, fail};
use crate::evaluate::{ConfusionMatrix, Rate, Score};
use crate::network::ConvNet;
use crate::plot::{self, Figure};
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::train::TrainParams;
use crate::waveform::{Archive, RATE_HZ, Record3C, harmonise};
use crate::window::{Normalisation, Origin, Window, cut, normalise};

/// The record: CX.PB01, 1 May 2014, twelve hours at 100 Hz, and one sample more.
const START: &str = "2014-05-01";
const N_SAMPLES: usize = 4_320_001;

/// Hours until which windows train, and until which they validate; what is left tests.
const TRAINING_UNTIL_H: f64 = 7.0;
const VALIDATION_UNTIL_H: f64 = 8.0;

/// Windows of each trigger, and as many of noise.
const N_OF_TRIGGER: usize = 2;

/// A trigger that follows another within a window is part of it.
const JOIN_S: f64 = 10.0;

/// Noise keeps so far from the end of every trigger, and ends so long before the next.
const AFTER_S: f64 = 10.0;
const BEFORE_NEXT_S: f64 = 2.0;

/// A detection and a trigger may be so far apart.
const TOLERANCE_S: f64 = 2.0;

/// The scan: a window every two seconds, two or more for a detection.
const HOP_S: f64 = 2.0;
const MERGE: MergeParams = MergeParams {
    on: 0.5,
    off: 0.3,
    join_s: 10.0,
    min_windows: 2,
    longest_s: f64::INFINITY,
};

/// The page of detections: segments and how they are laid out.
const N_ON_PAGE: usize = 24;
const N_COLUMNS: usize = 3;
const PAGE_BEFORE_S: f64 = 15.0;
const PAGE_LENGTH_S: f64 = 40.0;
const PAGE_CAPTION: &str = "What the network trained on the classroom finds beside the triggers in four hours of CX.PB01: the vertical component from 1 to 20 Hz, each segment at its own scale, with the detection's time (dashed) and the number of its windows.";

/// A trigger of recursive STA/LTA.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trigger {
    pub time: Time,
    pub duration_s: f64,
    /// The largest ratio.
    pub ratio: f64,
}

/// A row of the file of triggers.
#[derive(Deserialize)]
struct Row {
    time_utc: String,
    duration_s: f64,
    max_sta_lta: f64,
}

/// The triggers of `triggers_recursive_stalta_PB01.csv`, those within ten seconds of another joined to it.
///
/// # Errors
/// [`crate::Error::Io`] where the file cannot be read, [`crate::Error::Detect`] naming a broken row.
pub fn read_triggers(path: &Path) -> Result<Vec<Trigger>> {
    let file = open_input(path)?;
    let mut all: Vec<Trigger> = Vec::new();
    for row in csv::Reader::from_reader(file).deserialize() {
        let row: Row = row.map_err(|error| {
            let remedy = "Give time_utc, duration_s and max_sta_lta in each row";
            fail!(Detect, path.display(), error, remedy)
        })?;
        let (time, duration_s, ratio) =
            (time::parse(&row.time_utc)?, row.duration_s, row.max_sta_lta);
        match all.last_mut() {
            Some(last) if time::between_s(last.time, time) < JOIN_S => {
                let end_s = time::between_s(last.time, time) + duration_s;
                last.duration_s = last.duration_s.max(end_s);
                last.ratio = last.ratio.max(ratio);
            }
            _ => all.push(Trigger {
                time,
                duration_s,
                ratio,
            }),
        }
    }
    Ok(all)
}

/// Agreement of one network with the triggers of the last four hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerScore {
    /// What the network was trained on.
    pub training: String,
    /// Windows cut as in training: of those called earthquakes, those with a trigger; and of those with
    /// a trigger, those called earthquakes.
    pub window_precision: Score,
    pub window_recall: Score,
    /// The same of detections on the continuous record.
    pub scan_precision: Score,
    pub scan_recall: Score,
    /// Detections without a trigger, an hour.
    pub beside: Rate,
}

/// The record of CX.PB01 in `dir/sds`, comparable.
///
/// # Errors
/// As [`Archive::open`] and [`harmonise()`].
pub fn iquique_record(dir: &Path) -> Result<Record3C> {
    let archive = Archive::open(dir.join("sds"), "CX", "PB01", "", "HH*")?;
    let record = crate::waveform::WaveformSource::record(&archive, time::parse(START)?, N_SAMPLES)?;
    Ok(harmonise(&record)?.record)
}

fn triggers_of(dir: &Path) -> Result<Vec<Trigger>> {
    read_triggers(&dir.join("triggers_recursive_stalta_PB01.csv"))
}

/// Three networks beside the triggers: the classroom's as it is; the same, fine-tuned on the first eight hours; and
/// one that has learnt from those alone.
///
/// # Errors
/// As [`iquique_record`], [`read_triggers`] and [`crate::train::train`].
pub fn trigger_scores(study: &Study, dir: &Path, classroom: &ConvNet) -> Result<Vec<TriggerScore>> {
    let (record, triggers) = (iquique_record(dir)?, triggers_of(dir)?);
    let split = split(study, &record, &triggers)?;
    let params = TrainParams {
        report_every: 0,
        ..TrainParams::adam(&study.train, study.seed)
    };
    let alone = trained_convnet(&split, &params, None)?;
    let tuned = fine_tuned(study, classroom, &split, study.seed)?;
    let (last, reference) = (last_hours(&record)?, reference(&triggers)?);
    let mut scores = Vec::new();
    for (training, network) in [
        ("classroom alone", classroom),
        ("first eight hours alone", &alone),
        ("classroom, then first eight hours", &tuned),
    ] {
        let matrix = ConfusionMatrix::of(network, &split.test)?;
        let matches = reference.match_(&detections_of(network, &last)?);
        scores.push(TriggerScore {
            training: training.into(),
            window_precision: matrix.precision(0),
            window_recall: matrix.recall(0),
            scan_precision: matches.precision(),
            scan_recall: matches.recall(),
            beside: matches.false_alarm_rate()?,
        });
    }
    Ok(scores)
}

/// What a network finds in the last four hours beside the triggers, most probable first: time and probability as
/// a name, and the vertical component from `before_s` before the detection's time on, `length_s` long.
///
/// # Errors
/// As [`iquique_record`] and [`read_triggers`].
pub fn beside_triggers(
    dir: &Path,
    network: &ConvNet,
    before_s: f64,
    length_s: f64,
) -> Result<Vec<(String, Vec<f32>)>> {
    let last = last_hours(&iquique_record(dir)?)?;
    let found = detections_of(network, &last)?;
    let matches = reference(&triggers_of(dir)?)?.match_(&found);
    let mut alarms: Vec<_> = matches
        .false_alarms
        .iter()
        .map(|i| found.items[*i])
        .collect();
    alarms.sort_by(|a, b| b.n_windows.cmp(&a.n_windows).then(a.time.cmp(&b.time)));
    let n = (length_s * RATE_HZ) as usize;
    let segment = |detection: &crate::detect::Detection| {
        let window = last
            .window(detection.time - time::seconds(before_s), n)
            .ok()?;
        let name = format!(
            "{} ({})",
            detection.time.format("%H:%M:%S"),
            detection.n_windows
        );
        Some((name, window.data[2].clone()))
    };
    Ok(alarms.iter().filter_map(segment).collect())
}

/// What the [`pretrained`] network finds beside the triggers, on one page.
///
/// Detections seen by most windows come first. Without real records it is the page that the project keeps.
///
/// # Errors
/// As [`beside_triggers`].
pub fn beside_figure(study: &Study) -> Result<Figure> {
    let Some(dir) = iquique_dir() else {
        let png = include_bytes!("../../data/stored/beside-triggers.png");
        let figure = Figure::stored(png);
        return Ok(figure
            .captioned(&format!("{PAGE_CAPTION} STORED, not of this run."))
            .sourced("CX.PB01", false));
    };
    let mut found = beside_triggers(&dir, &pretrained(study)?, PAGE_BEFORE_S, PAGE_LENGTH_S)?;
    let n = found.len();
    found.truncate(N_ON_PAGE);
    let caption = format!("{PAGE_CAPTION} {} of {n} are shown.", found.len());
    let page = plot::gallery(&found, RATE_HZ, PAGE_BEFORE_S, N_COLUMNS)?;
    Ok(page.captioned(&caption).sourced("CX.PB01", false))
}

fn detections_of(network: &ConvNet, record: &Record3C) -> Result<Detections> {
    let params = ScanParams {
        hop_samples: (HOP_S * RATE_HZ) as usize,
        normalisation: Normalisation::Std,
    };
    scan(network, record, &params)?.merge(&MERGE)
}

fn last_hours(record: &Record3C) -> Result<Record3C> {
    let first = (VALIDATION_UNTIL_H * 3600.0 * RATE_HZ) as usize;
    record.slice(first..record.n_samples())
}

/// The triggers as events that a detector should find.
fn reference(triggers: &[Trigger]) -> Result<ReferenceEvents> {
    let event = |(i, trigger): (usize, &Trigger)| {
        Event::at_time(format!("trigger {}", i + 1), trigger.time, "trigger")
    };
    let events = triggers.iter().enumerate().map(event);
    let events = Catalog::new("STA/LTA triggers", false, events.collect());
    let arrivals = events.events().iter().map(|event| event.origin_time);
    ReferenceEvents::at(events.clone(), arrivals.collect(), TOLERANCE_S)
}

/// Windows with a trigger 1 to 6 s after their start, and as many without, divided by hours.
fn split(study: &Study, record: &Record3C, triggers: &[Trigger]) -> Result<Split> {
    let mut rng = ChaCha8Rng::seed_from_u64(study.seed);
    let mut starts: Vec<(Time, usize)> = Vec::new();
    for trigger in triggers {
        for _ in 0..N_OF_TRIGGER {
            starts.push((trigger.time - time::seconds(rng.random_range(1.0..6.0)), 0));
        }
    }
    let quiet = quiet_spans(record, triggers);
    let length_s = REAL_WINDOW_SAMPLES as f64 / RATE_HZ;
    let room_s = |span: &TimeSpan| time::between_s(span.start, span.end) - length_s;
    let total_s: f64 = quiet.iter().map(room_s).sum();
    // As many as events, spread over the quiet time by its length.
    for span in &quiet {
        let n = (room_s(span) / total_s * starts.len() as f64)
            .round()
            .max(1.0) as usize;
        for _ in 0..n {
            let after_s = rng.random_range(0.0..room_s(span));
            starts.push((span.start + time::seconds(after_s), 1));
        }
    }
    let mut windows = Vec::new();
    let mut folds = Vec::new();
    for (i, (start, class)) in starts.into_iter().enumerate() {
        let cut = cut(record, start, REAL_WINDOW_SAMPLES);
        // At the record's ends there is no whole window.
        let Ok(samples) = cut.and_then(|cut| normalise(&cut, Normalisation::Std)) else {
            continue;
        };
        let hours = time::between_s(record.start, start) / 3600.0;
        folds.push(
            usize::from(hours >= TRAINING_UNTIL_H) + usize::from(hours >= VALIDATION_UNTIL_H),
        );
        let id = i.to_string();
        let origin = match class {
            0 => Origin::Event { id },
            _ => Origin::Noise { after: id },
        };
        windows.push(Window {
            start,
            samples,
            class,
            origin,
        });
    }
    Dataset::from_windows(&windows, REAL_WINDOW_SAMPLES, 2)?.split_by_folds(&folds, 2, 1)
}

/// Between the triggers, where a window has room.
fn quiet_spans(record: &Record3C, triggers: &[Trigger]) -> Vec<TimeSpan> {
    let ends = triggers
        .iter()
        .map(|t| t.time + time::seconds(t.duration_s + AFTER_S));
    let starts = triggers
        .iter()
        .map(|t| t.time - time::seconds(BEFORE_NEXT_S));
    let spans = std::iter::once(record.start)
        .chain(ends)
        .zip(starts.chain([record.end()]));
    let length_s = REAL_WINDOW_SAMPLES as f64 / RATE_HZ;
    spans
        .map(|(start, end)| TimeSpan { start, end })
        .filter(|span| time::between_s(span.start, span.end) > length_s + 1.0)
        .collect()
}
