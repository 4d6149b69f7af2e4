//! Five folds of stations: who was taught by what, and how often it is right on stations that it has not met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::real::{
    Cut, Picked, REAL_WINDOW_SAMPLES, fetch_picked, read_picked, real_data_dir, slice_spectra,
    windows_of,
};
use super::triggers::{TriggerScore, trigger_scores};
use crate::atomic_file::write_whole;
use crate::dataset::{Dataset, Split, group_folds, nearest_share};
use crate::display::Table;
use crate::error::{Error, Result, fail};
use crate::evaluate::Score;
use crate::network::{Classify, ConvNet, named_weights, set_weights};
use crate::products::{run_dir, trained_convnet};
use crate::study::Study;
use crate::train::{Optimiser, Run, TrainParams, train};
use crate::window::Window;

/// Divisions of the stations; each tests once.
pub const N_FOLDS: usize = 5;

/// Windows of each kind and record: to learn from, and to be tested on.
const N_TAUGHT: usize = 3;
const N_TESTED: usize = 3;

/// What real records teach is little: small batches, and an end after few failures.
const BATCH_SIZE: usize = 32;
const PATIENCE: usize = 3;

/// Fine-tuning goes in smaller steps than learning, or what the classroom taught is lost.
const FINE_RATE: f64 = 3e-4;

/// Slices of a window in which the nearest neighbours compare spectra: its two halves.
const N_SLICES: usize = 2;

/// The classroom's records that teach, validate and are left, by twentieths of the time.
const CLASSROOM_TWENTIETHS: [usize; 2] = [16, 19];

/// What decided about the real windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingData {
    /// No network: five nearest neighbours among the spectra of the other stations' windows.
    Neighbours,
    /// A network that has never seen a real record.
    Classroom,
    /// A network that has seen the other stations' records alone.
    Real,
    /// The classroom's network, fine-tuned on the other stations' records.
    Both,
}

impl TrainingData {
    /// As a table names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbours => "5 nearest spectra",
            Self::Classroom => "network, classroom alone",
            Self::Real => "network, real records alone",
            Self::Both => "network, classroom, then real",
        }
    }
}

/// How often one teacher's pupil is right on all stations, each tested by the fold that has not met it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub teacher: TrainingData,
    pub seed: u64,
    /// Windows decided rightly.
    pub windows: Score,
    /// Halves of records, the earthquake and the noise before it, decided rightly by the mean of
    /// their windows.
    pub records: Score,
    /// The windows of earthquakes that were found, and the windows of noise left alone.
    pub found: Score,
    pub left_alone: Score,
    /// The halves that were decided wrongly, by the records' names: ` +` is an earthquake missed, ` -` a
    /// false alarm.
    pub mistaken: Vec<String>,
}

/// All scores on real records, and where they came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RealScores {
    /// The day of the run, `2026-01-31`.
    pub made: String,
    /// What made them.
    pub by: String,
    pub n_records: usize,
    pub n_stations: usize,
    pub verdicts: Vec<Evaluation>,
    pub triggers: Vec<TriggerScore>,
    /// True where they were not computed in this run.
    #[serde(skip)]
    pub stored: bool,
}

impl RealScores {
    /// Reads what [`RealScores::to_toml`] wrote.
    ///
    /// # Errors
    /// [`Error::Evaluate`] where it is something else.
    pub fn from_toml(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| {
            let remedy = "Delete the file and make it anew";
            fail!(
                Evaluate,
                "scores on real records",
                error.to_string().trim(),
                remedy
            )
        })
    }

    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("scores are plain TOML")
    }

    /// The scores that the project keeps for readers who have no real records.
    ///
    /// # Errors
    /// As [`RealScores::from_toml`].
    pub fn stored() -> Result<Self> {
        let stored = Self::from_toml(include_str!("../../data/stored/real-records.toml"))?;
        Ok(Self {
            stored: true,
            ..stored
        })
    }

    /// `computed in this run` or `STORED: computed on 2026-01-31 by ...`, for notes of tables.
    pub fn provenance(&self) -> String {
        match self.stored {
            true => format!(
                "STORED, not of this run: computed on {} by {}.",
                self.made, self.by
            ),
            false => format!("Computed from the records on {}.", self.made),
        }
    }
}

impl RealScores {
    /// A row for each verdict.
    pub fn table(&self) -> Table {
        let caption = format!(
            "{} records of {} stations, tested in {N_FOLDS} folds of stations",
            self.n_records, self.n_stations
        );
        let headers = [
            "Decided by",
            "Seed",
            "Windows right",
            "Half records right",
            "Earthquakes found",
            "Noise left alone",
        ];
        let mut table = Table::new(&caption, &headers);
        for v in &self.verdicts {
            let scores =
                [v.windows, v.records, v.found, v.left_alone].map(|score| score.to_string());
            let name = [v.teacher.name().to_string(), v.seed.to_string()];
            table = table.row(name.into_iter().chain(scores));
        }
        table.noted("Brackets: 95 % interval by Wilson; windows of one record are not independent, so theirs are too narrow.").noted(&self.provenance())
    }

    /// A row for each network beside the triggers.
    pub fn trigger_table(&self) -> Table {
        let headers = [
            "Network taught by",
            "Windows: precision",
            "Windows: recall",
            "Record: precision",
            "Record: recall",
            "Beside the triggers",
        ];
        let mut table = Table::new(
            "Agreement with the triggers of the last four hours",
            &headers,
        );
        for t in &self.triggers {
            let scores = [
                t.window_precision,
                t.window_recall,
                t.scan_precision,
                t.scan_recall,
            ]
            .map(|score| score.to_string());
            table = table.row(
                [t.taught_by.clone()]
                    .into_iter()
                    .chain(scores)
                    .chain([t.beside.to_string()]),
            );
        }
        table
            .noted("Triggers are machine labels, not truth.")
            .noted(&self.provenance())
    }

    /// Records right with each seed of a teacher: mean, smallest and largest share.
    pub fn records_right(&self, teacher: TrainingData) -> Option<(f64, f64, f64)> {
        let of = self.verdicts.iter().filter(|v| v.teacher == teacher);
        let shares: Vec<f64> = of.map(|v| v.records.value).collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let least = shares.iter().copied().min_by(f64::total_cmp)?;
        Some((mean, least, shares.iter().copied().max_by(f64::total_cmp)?))
    }
}

/// Seeds of the cross-validation: three with the paper's study, one where little is trained.
pub fn n_real_seeds(study: &Study) -> usize {
    study.train.max_epochs.div_ceil(20).min(3)
}

/// The scores on the real records of [`real_data_dir`] with `n_seeds` seeds, kept among the study's products;
/// without such records those of [`RealScores::stored`].
///
/// # Errors
/// As [`read_picked`], [`fetch_picked`] and [`train()`].
pub fn real_scores(study: &Study, n_seeds: usize) -> Result<RealScores> {
    let Some(dir) = real_data_dir() else {
        return RealScores::stored();
    };
    let path = study
        .derived_dir()
        .join(format!("real-scores-{n_seeds}.toml"));
    let _held = crate::products::hold(&path)?;
    if path.is_file() {
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        return RealScores::from_toml(&text);
    }
    let seeds: Vec<u64> = (0..n_seeds as u64).map(|i| study.seed + i).collect();
    let picked = read_picked(&dir.join("ncedc"))?;
    let classroom = taught_by_classroom(study)?;
    let scores = RealScores {
        made: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        by: format!(
            "products::real_scores(&study, {n_seeds}), study {}, seeds {seeds:?}",
            study.name
        ),
        n_records: picked.len(),
        n_stations: picked
            .iter()
            .map(|one| &one.station)
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        verdicts: verdicts(study, &picked, &classroom, &seeds)?,
        triggers: match dir.join("iquique/sds").is_dir() {
            true => trigger_scores(study, &dir.join("iquique"), &classroom)?,
            false => Vec::new(),
        },
        stored: false,
    };
    write_whole(&path, scores.to_toml())?;
    Ok(scores)
}

/// A network of two classes, earthquake and noise, that has seen the classroom's records alone, made comparable as
/// real ones are. Its run is `real-classroom`.
///
/// # Errors
/// As [`fetch_picked`] and [`train()`].
pub fn taught_by_classroom(study: &Study) -> Result<ConvNet> {
    let dir = run_dir(study, "real-classroom");
    if Run::read(&dir).is_ok() {
        let mut network = ConvNet::new(REAL_WINDOW_SAMPLES, 2, study.seed);
        crate::network::read_weights(&mut network, &dir.join("weights.safetensors"))?;
        return Ok(network);
    }
    let (picked, _) = fetch_picked(study, usize::MAX)?;
    let [taught, validated] = CLASSROOM_TWENTIETHS.map(|n| picked.len() * n / 20);
    let part = |record: usize| usize::from(record >= taught) + usize::from(record >= validated);
    let cuts = windows_of(&picked, N_TESTED, Some(study.seed));
    let split = split(&cuts, &part, 2, 1)?;
    let params = TrainParams {
        report_every: 0,
        patience: PATIENCE,
        ..TrainParams::adam(&study.train, study.seed)
    };
    trained_convnet(&split, &params, Some(&dir))
}

/// The windows divided by the fold of their records.
fn split(
    cuts: &[Cut],
    fold_of: &dyn Fn(usize) -> usize,
    test: usize,
    validation: usize,
) -> Result<Split> {
    let windows: Vec<Window> = cuts
        .iter()
        .flat_map(|cut| cut.windows.iter().cloned())
        .collect();
    let folds = cuts
        .iter()
        .flat_map(|cut| cut.windows.iter().map(|_| fold_of(cut.record)));
    let folds: Vec<usize> = folds.collect();
    Dataset::from_windows(&windows, REAL_WINDOW_SAMPLES, 2)?
        .split_by_folds(&folds, test, validation)
}

/// The verdict on each teacher's pupils, with each of `seeds` where chance plays a part.
///
/// # Errors
/// As [`train()`], and [`Error::Dataset`] where there are fewer stations than folds.
pub fn verdicts(
    study: &Study,
    picked: &[Picked],
    classroom: &ConvNet,
    seeds: &[u64],
) -> Result<Vec<Evaluation>> {
    let stations: Vec<&str> = picked.iter().map(|one| one.station.as_str()).collect();
    let folds = group_folds(&stations, N_FOLDS)?;
    let tested = windows_of(picked, N_TESTED, None);
    let mut verdicts = vec![
        judged(
            TrainingData::Neighbours,
            study.seed,
            picked,
            &tested,
            &by_neighbours(&tested, &folds)?,
        ),
        judged(
            TrainingData::Classroom,
            study.seed,
            picked,
            &tested,
            &by_network(classroom, &tested)?,
        ),
    ];
    for teacher in [TrainingData::Real, TrainingData::Both] {
        for seed in seeds {
            let mut said = vec![Vec::new(); tested.len()];
            let taught = windows_of(picked, N_TAUGHT, Some(*seed));
            for fold in 0..N_FOLDS {
                let validation = (fold + 1) % N_FOLDS;
                let split = split(&taught, &|record| folds[record], fold, validation)?;
                let network = match teacher {
                    TrainingData::Both => fine_tuned(study, classroom, &split, *seed)?,
                    _ => taught_from_nothing(study, &split, *seed)?,
                };
                for (i, cut) in tested
                    .iter()
                    .enumerate()
                    .filter(|(_, cut)| folds[cut.record] == fold)
                {
                    said[i] = by_network(&network, std::slice::from_ref(cut))?.remove(0);
                }
            }
            verdicts.push(judged(teacher, *seed, picked, &tested, &said));
        }
    }
    Ok(verdicts)
}

fn taught_from_nothing(study: &Study, split: &Split, seed: u64) -> Result<ConvNet> {
    trained_convnet(split, &params(study, seed), None)
}

/// A copy of a network that goes on learning, in small steps, from the windows of `split`.
///
/// # Errors
/// As [`train()`].
pub fn fine_tuned(study: &Study, network: &ConvNet, split: &Split, seed: u64) -> Result<ConvNet> {
    let mut copy = ConvNet::new(network.n_samples(), network.n_classes(), seed);
    set_weights(&copy, &named_weights(network)).expect("a network has its own shape");
    let params = TrainParams {
        optimiser: Optimiser::Adam {
            learning_rate: FINE_RATE,
            weight_decay: study.train.weight_decay,
        },
        ..params(study, seed)
    };
    train(&mut copy, &split.train, &split.validation, &params, None)?;
    Ok(copy)
}

fn params(study: &Study, seed: u64) -> TrainParams {
    TrainParams {
        report_every: 0,
        batch_size: BATCH_SIZE,
        patience: PATIENCE,
        ..TrainParams::adam(&study.train, seed)
    }
}

/// The probability of an earthquake for each window of each cut.
fn by_network(network: &ConvNet, cuts: &[Cut]) -> Result<Vec<Vec<f64>>> {
    let said = |cut: &Cut| -> Result<Vec<f64>> {
        let samples: Vec<f32> = cut
            .windows
            .iter()
            .flat_map(|w| w.samples.iter().copied())
            .collect();
        let probabilities = network.probabilities(&samples)?;
        Ok(probabilities
            .chunks_exact(2)
            .map(|row| f64::from(row[0]))
            .collect())
    };
    cuts.iter().map(said).collect()
}

/// The share of earthquakes among the five nearest windows of other folds.
fn by_neighbours(cuts: &[Cut], folds: &[usize]) -> Result<Vec<Vec<f64>>> {
    let spectra = |cut: &Cut| -> Result<Vec<Vec<f64>>> {
        let windows = cut.windows.iter();
        windows
            .map(|w| slice_spectra(&w.samples, N_SLICES))
            .collect()
    };
    let features: Vec<Vec<Vec<f64>>> = cuts.iter().map(spectra).collect::<Result<_>>()?;
    let mut said = vec![Vec::new(); cuts.len()];
    for fold in 0..N_FOLDS {
        let mut known = Vec::new();
        for (cut, features) in cuts
            .iter()
            .zip(&features)
            .filter(|(cut, _)| folds[cut.record] != fold)
        {
            let classes = cut.windows.iter().map(|w| w.class);
            known.extend(features.iter().cloned().zip(classes));
        }
        for (i, cut) in cuts
            .iter()
            .enumerate()
            .filter(|(_, cut)| folds[cut.record] == fold)
        {
            debug_assert_eq!(cut.windows.len(), features[i].len());
            said[i] = nearest_share(&known, &features[i], 0, 5);
        }
    }
    Ok(said)
}

/// Counts what was right; `said[i]` are the probabilities of an earthquake for the windows of cut i.
fn judged(
    teacher: TrainingData,
    seed: u64,
    picked: &[Picked],
    cuts: &[Cut],
    said: &[Vec<f64>],
) -> Evaluation {
    // (right, all) of windows with an earthquake, of windows with noise, and of halves of records.
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut count = |what: &'static str, right: bool| {
        let (n_right, n) = counts.entry(what).or_default();
        *n_right += usize::from(right);
        *n += 1;
    };
    let mut mistaken = Vec::new();
    for (cut, said) in cuts.iter().zip(said) {
        let Some(first) = cut.windows.first() else {
            continue;
        };
        let is_event = first.class == 0;
        for p in said {
            count(
                if is_event { "event" } else { "noise" },
                (*p >= 0.5) == is_event,
            );
        }
        let mean = said.iter().sum::<f64>() / said.len() as f64;
        let right = (mean >= 0.5) == is_event;
        count("half", right);
        if !right {
            let sign = if is_event { '+' } else { '-' };
            let name = picked[cut.record].name.trim_end_matches(".mseed");
            mistaken.push(format!("{name} {sign}"));
        }
    }
    let of = |what: &str| counts.get(what).copied().unwrap_or_default();
    let (event, noise, half) = (of("event"), of("noise"), of("half"));
    Evaluation {
        teacher,
        seed,
        windows: Score::of(event.0 + noise.0, event.1 + noise.1),
        records: Score::of(half.0, half.1),
        found: Score::of(event.0, event.1),
        left_alone: Score::of(noise.0, noise.1),
        mistaken,
    }
}
