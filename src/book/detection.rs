//! What the chapter on detection makes: where the honest network calls an event, and its detections.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::atomic_file::write_whole;
use crate::data_centre;
use crate::detect::{self, Detections, MergeParams, Scan, ScanParams, THRESHOLDS, p_travel_time_s};
use crate::error::{Error, Result, fail};
use crate::evaluate::{Rate, Score, event_probability};
use crate::geo::Point;
use crate::network::Classify;
use crate::products::{
    LEAK_FREE_NORMALISATION, catalog, hold, leak_free_network, leak_free_split, record, scanned,
};
use crate::study::Study;
use crate::time::TimeSpan;
use crate::travel::LayeredModel;
use crate::waveform::Record3C;

/// Nights of the validation time on which thresholds are tried.
pub const N_TRIAL_NIGHTS: usize = 4;

/// False alarms that a person who looks at each detection can bear: one in two hours.
pub const BEARABLE_PER_HOUR: f64 = 0.5;

/// An event's P wave may arrive so long before its detection: a detector may have seen the S wave
/// alone, which in a region of 30 km comes up to 5 s later.
pub const TOLERANCE_S: f64 = 5.0;

/// What the honest network does with one threshold, on windows and records of the validation time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    pub threshold: f64,
    /// Detections without a published event.
    pub alarms: Rate,
    /// Validation windows of events that are called events.
    pub recall: Score,
}

#[derive(Serialize, Deserialize)]
struct OperatingPoints {
    points: Vec<OperatingPoint>,
}

/// How the honest network scans: the study's hop, its own scale.
pub fn scan_params(study: &Study) -> ScanParams {
    ScanParams {
        hop_samples: study.scan.hop_samples,
        normalisation: LEAK_FREE_NORMALISATION,
    }
}

/// Windows at least `on` probable begin an event, which lasts while they are half as probable, and
/// windows that overlap are one event.
pub fn merge_params_at(study: &Study, on: f64) -> MergeParams {
    MergeParams {
        on,
        off: on / 2.0,
        join_s: study.window.n_samples as f64 / study.window.sampling_rate_hz,
        min_windows: 1,
    }
}

/// The smallest threshold whose false alarms are bearable on the trial nights, and all that
/// follows from it; where none is, the largest.
///
/// # Errors
/// As [`operating_points`].
pub fn merge_params(study: &Study) -> Result<MergeParams> {
    let points = operating_points(study)?;
    let bearable = |point: &&OperatingPoint| point.alarms.per_hour <= BEARABLE_PER_HOUR;
    let chosen = points.iter().find(bearable).or(points.last());
    let largest = THRESHOLDS[THRESHOLDS.len() - 1];
    let on = chosen.map_or(largest, |point| point.threshold);
    Ok(merge_params_at(study, on))
}

/// Records of the validation time to try thresholds on: the scanned hours of the day, for traffic
/// follows the clock, on [`N_TRIAL_NIGHTS`] dates spread evenly. A date on which the station sent
/// less than nine tenths gives way to the next.
///
/// # Errors
/// As [`leak_free_split`], and [`Error::Waveform`] where the station sent nothing at all.
pub fn trial_records(study: &Study) -> Result<Vec<Record3C>> {
    let split = leak_free_split(study)?;
    let times = split.validation.times();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
        return Ok(Vec::new()); // A split has no empty part.
    };
    let duration = study.scan.end - study.scan.start;
    let first_night = first
        .date_naive()
        .and_time(study.scan.start.time())
        .and_utc();
    let n_days = (*last - *first).num_days();
    let mut records: Vec<Record3C> = Vec::new();
    for night in 0..N_TRIAL_NIGHTS as i64 {
        let mut day = 1 + night * n_days / N_TRIAL_NIGHTS as i64;
        while day <= n_days {
            let start = first_night + chrono::TimeDelta::days(day);
            let is_new = records.last().is_none_or(|record| record.start < start);
            let span = TimeSpan {
                start,
                end: start + duration,
            };
            match record(study, &span) {
                Ok(record) if is_new && share_recorded(&record) >= 0.9 => {
                    records.push(record);
                    break;
                }
                Ok(_) | Err(Error::Waveform { .. } | Error::Unavailable { .. }) => day += 1,
                Err(error) => return Err(error),
            }
        }
    }
    match records.is_empty() {
        false => Ok(records),
        true => Err(fail!(
            Waveform,
            "trial records",
            "the station sent nothing in the validation time",
            "Take other fractions for the split"
        )),
    }
}

fn share_recorded(record: &Record3C) -> f64 {
    let missing: usize = record.gaps().iter().map(ExactSizeIterator::len).sum();
    1.0 - missing as f64 / record.n_samples() as f64
}

/// What each of [`THRESHOLDS`] does on [`trial_records`], beside the published catalog, and on the
/// validation windows. The scanned hours take no part.
///
/// # Errors
/// As [`trial_records`] and [`leak_free_network`].
pub fn operating_points(study: &Study) -> Result<Vec<OperatingPoint>> {
    let path = study.derived_dir().join("operating-points.toml");
    let _held = hold(&path)?;
    if path.is_file() {
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        let kept: OperatingPoints = toml::from_str(&text).map_err(|error| {
            fail!(
                Detect,
                path.display(),
                error.to_string().trim(),
                "Delete the file; it is made anew"
            )
        })?;
        return Ok(kept.points);
    }
    let (network, split) = (leak_free_network(study)?, leak_free_split(study)?);
    let station = data_centre::station(study)?.position();
    let published = catalog(study)?;
    let mut scans: Vec<Scan> = Vec::new();
    for record in trial_records(study)? {
        scans.push(detect::scan(&network, &record, &scan_params(study))?);
    }
    let n_classes = split.validation.n_classes();
    let p_event = network.probabilities(split.validation.samples())?;
    let p_event = event_probability(n_classes, &p_event)?;
    let of_events = p_event.iter().zip(split.validation.classes());
    let of_events: Vec<f64> = of_events
        .filter(|(_, class)| **class + 1 < n_classes)
        .map(|(p, _)| *p)
        .collect();
    let mut points = Vec::new();
    for threshold in THRESHOLDS {
        let (mut n_alarms, mut hours) = (0, 0.0);
        for scan in &scans {
            let detections = scan.merge(&merge_params_at(study, threshold))?;
            let matches = match_at(&detections, &published, station)?;
            n_alarms += matches.false_alarms.len();
            hours += matches.hours;
        }
        let n_called = of_events.iter().filter(|p| **p >= threshold).count();
        points.push(OperatingPoint {
            threshold,
            alarms: Rate::of(n_alarms, hours)?,
            recall: Score::of(n_called, of_events.len()),
        });
    }
    let kept = OperatingPoints { points };
    let text = toml::to_string(&kept).expect("operating points are plain TOML");
    write_whole(&path, text.as_bytes())?;
    Ok(kept.points)
}

/// Detections beside a catalog, by the P wave's arrival, within [`TOLERANCE_S`].
///
/// # Errors
/// As [`Detections::match_`].
pub fn match_at(
    detections: &Detections,
    catalog: &crate::catalog::Catalog,
    station: Point,
) -> Result<detect::Matches> {
    let model = LayeredModel::central_us();
    let travel = |event: &crate::catalog::Event| p_travel_time_s(&model, event, station);
    detections.match_(catalog, travel, TOLERANCE_S)
}

/// Where [`detections`] are kept.
pub fn detections_path(study: &Study) -> PathBuf {
    study.derived_dir().join("detections.csv")
}

/// The honest network's events in the study's continuous record.
///
/// # Errors
/// As [`merge_params`] and [`record()`].
pub fn detections(study: &Study) -> Result<Detections> {
    let path = detections_path(study);
    if path.is_file() {
        return Detections::read(&path);
    }
    let network = leak_free_network(study)?;
    let record = record(study, &scanned(study))?;
    let scan = detect::scan(&network, &record, &scan_params(study))?;
    let found = scan.merge(&merge_params(study)?)?;
    write_whole(&path, found.to_csv().as_bytes())?;
    Ok(found)
}
