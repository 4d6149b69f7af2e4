//! How a network is trained.

use serde::{Deserialize, Serialize};

use crate::error::{Result, fail};
use crate::network::Network;
use crate::study::{Study, TrainChoice};

/// How the weights go down the loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Kingma & Ba 2015 (arXiv:1412.6980), with `weight_decay * w` added to the gradient of each
    /// weight (an L2 penalty, as ConvNetQuake has; biases have none), in batches.
    Adam {
        learning_rate: f64,
        weight_decay: f64,
    },
    /// Møller 1993, which MATLAB's `nprtool` and so the paper used: no step length to choose, and
    /// all windows at once.
    ScaledConjugateGradient,
}

/// The training loop's choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainParams {
    pub optimiser: Optimiser,
    /// Windows in a batch of Adam.
    pub batch_size: usize,
    pub max_epochs: usize,
    /// Stop after this many epochs in a row whose validation loss is above the best.
    pub patience: usize,
    /// Orders the windows of each epoch.
    pub seed: u64,
    /// Print every n-th epoch; 0 prints nothing. It does not belong to a run's identity.
    #[serde(skip)]
    pub report_every: usize,
}

impl TrainParams {
    /// Adam with a study's choices: for [`crate::network::ConvNet`].
    pub fn adam(choice: &TrainChoice, seed: u64) -> Self {
        Self {
            optimiser: Optimiser::Adam {
                learning_rate: choice.learning_rate,
                weight_decay: choice.weight_decay,
            },
            batch_size: choice.batch_size,
            max_epochs: choice.max_epochs,
            patience: choice.patience,
            seed,
            report_every: 1,
        }
    }

    /// Scaled conjugate gradient as in `nprtool`, at most 1000 epochs: for [`crate::network::Perceptron`].
    pub fn as_the_paper(choice: &TrainChoice, seed: u64) -> Self {
        Self {
            optimiser: Optimiser::ScaledConjugateGradient,
            max_epochs: 1000,
            report_every: 10,
            ..Self::adam(choice, seed)
        }
    }

    /// The optimiser that suits a network, with a study's choices and seed: the conjugate gradient
    /// for the perceptron, Adam for all others.
    pub fn suited(network: &dyn Network, study: &Study) -> Self {
        match network.name() {
            "perceptron" => Self::as_the_paper(&study.train, study.seed),
            _ => Self::adam(&study.train, study.seed),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let (learning_rate, weight_decay) = match self.optimiser {
            Optimiser::Adam {
                learning_rate,
                weight_decay,
            } => (learning_rate, weight_decay),
            Optimiser::ScaledConjugateGradient => (1.0, 0.0),
        };
        let checks = [
            ("batch_size", self.batch_size > 0, "1 or more"),
            ("max_epochs", self.max_epochs > 0, "1 or more"),
            ("patience", self.patience > 0, "1 or more"),
            (
                "learning_rate",
                learning_rate > 0.0 && learning_rate.is_finite(),
                "a positive number",
            ),
            (
                "weight_decay",
                weight_decay >= 0.0 && weight_decay.is_finite(),
                "0 or more",
            ),
        ];
        match checks.iter().find(|(_, good, _)| !good) {
            Some((name, _, wanted)) => Err(fail!(
                Train,
                name,
                format!("expected {wanted}"),
                "Correct this parameter"
            )),
            None => Ok(()),
        }
    }
}
