//! What an optimiser does with a network's weights, whatever computes them.

use crate::network::NamedTensors;

/// An optimiser and the weights that it changes. Both are where the network's backend computes.
pub(super) trait Descent {
    /// One pass through the training windows; returns their mean loss.
    fn epoch(&mut self, number: usize) -> f64;

    /// Length of the gradient in the last epoch.
    fn gradient(&self) -> f64;

    /// Whether the gradient has vanished.
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

/// The tensor of a name.
pub(super) fn named<'a, T>(state: &'a [(String, T)], name: &str) -> Option<&'a T> {
    let found = state.iter().find(|(key, _)| key == name);
    found.map(|(_, tensor)| tensor)
}
