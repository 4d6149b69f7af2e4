//! Two networks of two classes, earthquake and noise: one that has met simulated records alone, and
//! one that went on to learn from real ones.

use super::real::{Cut, REAL_WINDOW_SAMPLES, fetch_picked, windows_of};
use super::trained_convnet;
use crate::dataset::{Dataset, Split};
use crate::error::Result;
use crate::network::{Classify, ConvNet, named_weights, set_weights};
use crate::store::Store;
use crate::study::Study;
use crate::train::{Optimiser, Run, TrainParams, train};
use crate::window::Window;

/// Real records are few: small batches, and an end after few failures.
const BATCH_SIZE: usize = 32;
const PATIENCE: usize = 3;

/// Fine-tuning goes in smaller steps than training, or what the classroom taught is lost.
const FINE_RATE: f64 = 3e-4;

/// Windows of each kind and record of the classroom.
const N_CLASSROOM: usize = 3;

/// The classroom's records that train, validate and are left, by twentieths of the time.
const CLASSROOM_TWENTIETHS: [usize; 2] = [16, 19];

/// A network that has met the classroom's records alone, harmonised as real ones are.
///
/// Its run is `real-classroom`.
///
/// # Errors
/// As [`fetch_picked`] and [`train()`].
pub fn pretrained(study: &Study) -> Result<ConvNet> {
    let dir = Store::of(study).run_dir("real-classroom");
    if Run::read(&dir).is_ok() {
        let mut network = ConvNet::new(REAL_WINDOW_SAMPLES, 2, study.seed);
        Run::load(&dir, &mut network)?;
        return Ok(network);
    }
    let (picked, _) = fetch_picked(study, usize::MAX)?;
    let [validation, rest] = CLASSROOM_TWENTIETHS.map(|n| picked.len() * n / 20);
    let part = |record: usize| usize::from(record >= validation) + usize::from(record >= rest);
    let cuts = windows_of(&picked, N_CLASSROOM, Some(study.seed));
    let split = split_by_record(&cuts, part, 2, 1)?;
    let params = TrainParams {
        report_every: 0,
        patience: PATIENCE,
        ..TrainParams::adam(&study.train, study.seed)
    };
    trained_convnet(&split, &params, Some(&dir))
}

/// A copy of a network that is trained on, in small steps.
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
        ..real_params(study, seed)
    };
    train(&mut copy, &split.train, &split.validation, &params, None)?;
    Ok(copy)
}

/// How a network is trained on real records.
pub(super) fn real_params(study: &Study, seed: u64) -> TrainParams {
    TrainParams {
        report_every: 0,
        batch_size: BATCH_SIZE,
        patience: PATIENCE,
        ..TrainParams::adam(&study.train, seed)
    }
}

/// The windows divided by the fold of their records; `fold_of` gives it by the record's place.
pub(super) fn split_by_record(
    cuts: &[Cut],
    fold_of: impl Fn(usize) -> usize,
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
