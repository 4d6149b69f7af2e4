//! Logits and gradients of any network, by libtorch, on whichever device the network is.

use tch::Tensor;

use super::weights::{trainable, values};
use super::{N_AT_ONCE, Network};

/// See [`Network::logits`].
pub fn logits<N: Network + ?Sized>(network: &N, windows: &[f32]) -> Vec<f32> {
    let rows = windows.chunks(N_AT_ONCE * 3 * network.n_samples());
    rows.flat_map(|rows| {
        let rows = tch::no_grad(|| network.forward(&tensor(network, rows)));
        values(&rows)
    })
    .collect()
}

/// See [`Network::gradient`].
pub fn gradient<N: Network + ?Sized>(
    network: &N,
    windows: &[f32],
    classes: &[usize],
) -> (f64, Vec<f32>) {
    let weights = trainable(network.store());
    for (_, weight) in &weights {
        weight.shallow_clone().zero_grad();
    }
    let mut loss = 0.0;
    let rows = windows.chunks(N_AT_ONCE * 3 * network.n_samples());
    for (rows, some) in rows.zip(classes.chunks(N_AT_ONCE)) {
        let share = some.len() as f64 / classes.len() as f64;
        let some: Vec<i64> = some.iter().map(|&class| class as i64).collect();
        let some = Tensor::from_slice(&some).to(network.device());
        let logits = network.forward(&tensor(network, rows));
        let part = logits.cross_entropy_for_logits(&some) * share;
        part.backward();
        loss += part.double_value(&[]);
    }
    let gradients = weights.iter().map(|(_, weight)| values(&weight.grad()));
    (loss, gradients.flatten().collect())
}

fn tensor<N: Network + ?Sized>(network: &N, windows: &[f32]) -> Tensor {
    let shape = [-1, 3, network.n_samples() as i64];
    Tensor::from_slice(windows).view(shape).to(network.device())
}
