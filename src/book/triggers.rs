//! Twelve hours of a real record, and networks that learn from a classical detector's triggers in the first eight.
//! Triggers are machine labels, no truth.

use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::real::REAL_WINDOW_SAMPLES;
use super::trained_convnet;
use super::transfer::fine_tuned;
use crate::atomic_file::open_input;
use crate::dataset::{Dataset, Split};
use crate::error::{Result, fail};
use crate::network::ConvNet;
use crate::study::Study;
use crate::time::{self, Time, TimeSpan};
use crate::train::TrainParams;
use crate::waveform::{Archive, RATE_HZ, Record3C, harmonise};
use crate::window::{Normalisation, Origin, Window, cut, normalise};

/// The record: CX.PB01, 1 May 2014, twelve hours at 100 Hz, and one sample more.
const START: &str = "2014-05-01";
const N_SAMPLES: usize = 4_320_001;

/// Hours until which windows train, and until which they stop the training; what is left judges.
const TRAINING_UNTIL_H: f64 = 7.0;
pub(super) const TRAINED_UNTIL_H: f64 = 8.0;

/// Windows of each trigger, and as many of noise.
const N_OF_TRIGGER: usize = 2;

/// A trigger that follows another within a window is part of it.
const JOIN_S: f64 = 10.0;

/// Noise keeps so far from the end of every trigger, and ends so long before the next.
const AFTER_S: f64 = 10.0;
const BEFORE_NEXT_S: f64 = 2.0;

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

/// Two networks that learn from the triggers of the first eight hours: one from those alone, and the classroom's
/// that goes on to learn from them.
///
/// # Errors
/// As [`read_triggers`] and [`crate::train::train`].
pub(super) fn networks_of_triggers(
    study: &Study,
    record: &Record3C,
    dir: &Path,
    classroom: &ConvNet,
) -> Result<[ConvNet; 2]> {
    let split = split(study, record, &triggers_of(dir)?)?;
    let params = TrainParams {
        report_every: 0,
        ..TrainParams::adam(&study.train, study.seed)
    };
    let alone = trained_convnet(&split, &params, None)?;
    Ok([alone, fine_tuned(study, classroom, &split, study.seed)?])
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
        folds.push(usize::from(hours >= TRAINING_UNTIL_H) + usize::from(hours >= TRAINED_UNTIL_H));
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
