//! Networks that decide together: chapter 8 asks whether three are better than one.

use std::path::Path;
use std::time::Instant;

use crate::dataset::Split;
use crate::error::Result;
use crate::method;
use crate::network::{ConvNet, Ensemble};
use crate::store::{self, Pace, Store};
use crate::study::{Stage, Study};
use crate::train::{TrainParams, train};

/// Networks of the ensemble.
pub const N_MEMBERS: u64 = 3;

/// The detector's network, and others trained on the same windows.
///
/// # Errors
/// As [`leak_free_networks`].
pub fn leak_free_ensemble(study: &Study) -> Result<Ensemble<ConvNet>> {
    Ensemble::new(leak_free_networks(study)?)
}

/// [`N_MEMBERS`] networks that learnt the same windows, the detector's first.
///
/// The others have other first weights and another order; their runs are `detector-2` and so on.
///
/// # Errors
/// As [`store::detector`].
pub fn leak_free_networks(study: &Study) -> Result<Vec<ConvNet>> {
    let split = store::windows(study)?;
    let mut networks = vec![store::detector(study)?.network];
    let others = 2..=N_MEMBERS;
    let mut pace = Pace::of(others.clone().count());
    for number in others {
        let start = Instant::now();
        let params = method::train_params(study);
        let params = TrainParams {
            seed: params.seed + number - 1,
            ..params
        };
        let dir = Store::of(&study.up_to(Stage::Weights)).run_dir(&format!("detector-{number}"));
        networks.push(trained_convnet(&split, &params, Some(&dir))?);
        pace.tell(Some(start.elapsed()));
    }
    Ok(networks)
}

/// ConvNetQuake's network for the windows of `split`, trained on them from the weights of the
/// parameters' seed.
pub(super) fn trained_convnet(
    split: &Split,
    params: &TrainParams,
    dir: Option<&Path>,
) -> Result<ConvNet> {
    let train_windows = &split.train;
    let (n_samples, n_classes) = (train_windows.n_samples(), train_windows.n_classes());
    let mut network = ConvNet::new(n_samples, n_classes, params.seed);
    train(&mut network, train_windows, &split.validation, params, dir)?;
    Ok(network)
}
