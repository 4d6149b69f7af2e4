//! Five folds of stations: how often each way of training is right on stations that it has not met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::real::{Cut, Picked, windows_of};
use super::spectra::slice_spectra;
use super::trained_convnet;
use super::transfer::{fine_tuned, real_params, split_by_record};
use crate::dataset::group_folds;
use crate::error::Result;
use crate::evaluate::Score;
use crate::network::{Classify, ConvNet, nearest_share};
use crate::study::Study;

/// Divisions of the stations; each tests once.
pub const N_FOLDS: usize = 5;

/// Windows of each kind and record: to train on, and to test on.
const N_TRAINING: usize = 3;
const N_TEST: usize = 3;

/// Slices of a window in which the nearest neighbours compare spectra: its two halves.
const N_SLICES: usize = 2;

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

/// How often one way of training is right.
///
/// All stations count, each tested by the fold that was trained without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    pub training: TrainingData,
    pub seed: u64,
    /// Windows decided rightly.
    pub windows: Score,
    /// Halves of records, the earthquake and the noise before it, decided rightly by the mean of
    /// their windows.
    pub records: Score,
    /// Windows of earthquakes that were called so.
    pub earthquakes: Score,
    /// Windows of noise that were called so.
    pub noise: Score,
    /// The halves that were decided wrongly, by the records' names: ` +` is an earthquake missed, ` -` a
    /// false alarm.
    pub errors: Vec<String>,
}

/// Evaluates every [`TrainingData`], with each of `seeds` where chance plays a part.
///
/// # Errors
/// As [`train()`](crate::train::train()), and [`crate::Error::Dataset`] where there are fewer stations than
/// folds.
pub fn evaluations(
    study: &Study,
    picked: &[Picked],
    pretrained: &ConvNet,
    seeds: &[u64],
) -> Result<Vec<Evaluation>> {
    let stations: Vec<&str> = picked.iter().map(|one| one.station.as_str()).collect();
    let folds = group_folds(&stations, N_FOLDS)?;
    let tested = windows_of(picked, N_TEST, None);
    let score = |training, seed, predictions: &[Vec<f64>]| {
        score(training, seed, picked, &tested, predictions)
    };
    let neighbours = by_neighbours(&tested, &folds)?;
    let classroom = by_network(pretrained, &tested)?;
    let mut evaluations = vec![
        score(TrainingData::Neighbours, study.seed, &neighbours),
        score(TrainingData::Classroom, study.seed, &classroom),
    ];
    for training in [TrainingData::Real, TrainingData::Both] {
        for seed in seeds {
            let mut predictions = vec![Vec::new(); tested.len()];
            let known = windows_of(picked, N_TRAINING, Some(*seed));
            for fold in 0..N_FOLDS {
                let validation = (fold + 1) % N_FOLDS;
                let split = split_by_record(&known, |record| folds[record], fold, validation)?;
                let network = match training {
                    TrainingData::Both => fine_tuned(study, pretrained, &split, *seed)?,
                    _ => trained_convnet(&split, &real_params(study, *seed), None)?,
                };
                let of_fold = tested.iter().enumerate();
                for (i, cut) in of_fold.filter(|(_, cut)| folds[cut.record] == fold) {
                    predictions[i] = by_network(&network, std::slice::from_ref(cut))?.remove(0);
                }
            }
            evaluations.push(score(training, *seed, &predictions));
        }
    }
    Ok(evaluations)
}

/// The probability of an earthquake for each window of each cut.
fn by_network(network: &ConvNet, cuts: &[Cut]) -> Result<Vec<Vec<f64>>> {
    let predictions = |cut: &Cut| -> Result<Vec<f64>> {
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
    cuts.iter().map(predictions).collect()
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
    let mut predictions = vec![Vec::new(); cuts.len()];
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
            predictions[i] = nearest_share(&known, &features[i], 0, 5);
        }
    }
    Ok(predictions)
}

/// Counts what was right; `predictions[i]` are the probabilities of an earthquake for the windows of cut i.
fn score(
    training: TrainingData,
    seed: u64,
    picked: &[Picked],
    cuts: &[Cut],
    predictions: &[Vec<f64>],
) -> Evaluation {
    // (right, all) of windows with an earthquake, of windows with noise, and of halves of records.
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut count = |what: &'static str, right: bool| {
        let (n_right, n) = counts.entry(what).or_default();
        *n_right += usize::from(right);
        *n += 1;
    };
    let mut errors = Vec::new();
    for (cut, p_event) in cuts.iter().zip(predictions) {
        let Some(first) = cut.windows.first() else {
            continue;
        };
        let is_event = first.class == 0;
        for p in p_event {
            count(
                if is_event { "event" } else { "noise" },
                (*p >= 0.5) == is_event,
            );
        }
        let mean = p_event.iter().sum::<f64>() / p_event.len() as f64;
        let right = (mean >= 0.5) == is_event;
        count("half", right);
        if !right {
            let sign = if is_event { '+' } else { '-' };
            let name = picked[cut.record].name.trim_end_matches(".mseed");
            errors.push(format!("{name} {sign}"));
        }
    }
    let of = |what: &str| counts.get(what).copied().unwrap_or_default();
    let (event, noise, half) = (of("event"), of("noise"), of("half"));
    Evaluation {
        training,
        seed,
        windows: Score::of(event.0 + noise.0, event.1 + noise.1),
        records: Score::of(half.0, half.1),
        earthquakes: Score::of(event.0, event.1),
        noise: Score::of(noise.0, noise.1),
        errors,
    }
}
