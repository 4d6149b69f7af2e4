//! A run's record: configuration, epochs and outcome.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::params::TrainParams;
use crate::dataset::{Train, Validation};
use crate::network::{Backend, Network, weights_sha256};

/// One pass through the training windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Mean cross-entropy: of Adam's batches while the weights changed, of all windows after the
    /// step for the conjugate gradient.
    pub train_loss: f64,
    pub validation_loss: f64,
    /// Share of validation windows whose class was the most probable, 0 to 1.
    pub validation_accuracy: f64,
    /// Length of the gradient of the loss: the mean of Adam's batches, after the step for the conjugate
    /// gradient. None in a run that was kept before this was.
    pub gradient: Option<f64>,
    pub seconds: f64,
}

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// `patience` epochs were worse in validation than the best.
    Validation,
    /// The gradient vanished.
    Converged,
    MaxEpochs,
}

/// What a training did.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The network's name.
    pub network: String,
    /// What computed it.
    pub backend: Backend,
    pub params: TrainParams,
    pub epochs: Vec<Epoch>,
    /// The epoch whose weights the network has, from 1.
    pub best_epoch: usize,
    pub stop: Stop,
    /// SHA-256 of the training windows and classes.
    pub train_sha256: String,
    /// SHA-256 of the best weights.
    pub weights_sha256: String,
    pub dir: Option<PathBuf>,
}

/// What makes two runs the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Config {
    pub network: String,
    /// Older runs have no such key: the processor computed them.
    #[serde(default = "cpu")]
    pub backend: Backend,
    pub n_samples: usize,
    pub n_classes: usize,
    n_parameters: usize,
    params: TrainParams,
    train_sha256: String,
    validation_sha256: String,
    pub first_weights_sha256: String,
}

fn cpu() -> Backend {
    Backend::Cpu
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub best_epoch: usize,
    pub stop: Stop,
    pub weights_sha256: String,
}

impl Run {
    pub(super) fn new(
        config: Config,
        epochs: Vec<Epoch>,
        outcome: Outcome,
        dir: Option<PathBuf>,
    ) -> Self {
        Self {
            network: config.network,
            backend: config.backend,
            params: config.params,
            epochs,
            best_epoch: outcome.best_epoch,
            stop: outcome.stop,
            train_sha256: config.train_sha256,
            weights_sha256: outcome.weights_sha256,
            dir,
        }
    }

    /// The epoch whose weights were kept.
    pub fn best(&self) -> &Epoch {
        &self.epochs[self.best_epoch - 1]
    }

    /// Validation checks after each epoch, as MATLAB counts them: epochs since the best so far that were worse
    /// in validation. At `patience` of them the training ends.
    pub fn validation_checks(&self) -> Vec<usize> {
        let (mut best, mut n_worse) = (f64::INFINITY, 0);
        let count = |epoch: &Epoch| {
            if epoch.validation_loss < best {
                (best, n_worse) = (epoch.validation_loss, 0);
            } else if epoch.validation_loss > best {
                n_worse += 1;
            }
            n_worse
        };
        self.epochs.iter().map(count).collect()
    }

    /// Whether validation ended the training before the last epoch.
    pub fn stopped_early(&self) -> bool {
        self.stop == Stop::Validation
    }

    /// `23 epochs, best 17: ...` in one line.
    pub fn summary(&self) -> String {
        let why = match self.stop {
            Stop::Validation => "validation no longer improved",
            Stop::Converged => "the gradient vanished",
            Stop::MaxEpochs => "the last epoch was reached",
        };
        format!(
            "{} epochs, {why}; best is {}",
            self.epochs.len(),
            self.best()
        )
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "epoch {:3}: loss {:.4}, validation {:.4}, right {:.1} %",
            self.epoch,
            self.train_loss,
            self.validation_loss,
            100.0 * self.validation_accuracy
        )
    }
}

impl Config {
    /// What is known before there are data: the rest is as in a configuration that was found.
    pub fn without_data(network: &dyn Network, params: &TrainParams, found: &Self) -> Self {
        Self {
            network: network.name().into(),
            n_samples: network.n_samples(),
            n_classes: network.n_classes(),
            n_parameters: network.n_parameters(),
            params: params.clone(),
            ..found.clone()
        }
    }

    pub fn new(
        network: &dyn Network,
        params: &TrainParams,
        train: &Train,
        validation: &Validation,
    ) -> Self {
        Self {
            network: network.name().into(),
            backend: network.backend(),
            n_samples: network.n_samples(),
            n_classes: network.n_classes(),
            n_parameters: network.n_parameters(),
            params: params.clone(),
            train_sha256: train.sha256(),
            validation_sha256: validation.sha256(),
            first_weights_sha256: weights_sha256(network),
        }
    }
}
