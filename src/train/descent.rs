//! An optimiser at work on a network's weights, whatever computes them.

use super::adam::Adam;
use super::params::{Optimiser, TrainParams};
use super::scg::ConjugateGradient;
use crate::dataset::Labelled;
use crate::network::{Backend, CpuModel, LibtorchModel, Model, NamedTensors, Network};

/// Weights on their way down the loss. They and the optimiser's state are where the network's backend
/// computes.
pub(super) trait Descent {
    /// One pass through the training windows; returns their mean loss.
    fn epoch(&mut self, number: usize) -> f64;

    /// Whether there is nothing to gain any more.
    fn converged(&self) -> bool {
        false
    }

    /// Puts the weights into the network's store.
    fn store(&self);

    /// The optimiser's state, by name.
    fn state(&self) -> NamedTensors;

    /// Takes a saved state and the weights of the network's store; `None` where the state is incomplete.
    fn resume(&mut self, state: &NamedTensors) -> Option<()>;
}

/// A descent from the network's weights, by the network's backend.
pub(super) fn begin<'a>(
    network: &'a dyn Network,
    train: &'a Labelled,
    params: &TrainParams,
) -> Box<dyn Descent + 'a> {
    match network.backend() {
        Backend::Cpu => with(CpuModel::new(network, train), network, train, params),
        Backend::Libtorch(_) => with(LibtorchModel::new(network, train), network, train, params),
    }
}

fn with<'a, M: Model + 'a>(
    model: M,
    network: &'a dyn Network,
    train: &'a Labelled,
    params: &TrainParams,
) -> Box<dyn Descent + 'a> {
    match params.optimiser {
        Optimiser::Adam {
            learning_rate,
            weight_decay,
        } => {
            let rates = [learning_rate, weight_decay];
            Box::new(Adam::new(model, network, train, params, rates))
        }
        Optimiser::ScaledConjugateGradient => Box::new(ConjugateGradient::new(model)),
    }
}

/// The tensor of a name.
pub(super) fn named<'a, T>(state: &'a [(String, T)], name: &str) -> Option<&'a T> {
    let found = state.iter().find(|(key, _)| key == name);
    found.map(|(_, tensor)| tensor)
}
