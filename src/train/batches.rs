//! Parts of the data, and how well a network does on them.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::Labelled;
use crate::network::Network;

/// All windows once, in the order that seed and epoch give, as batches of samples and classes.
pub(super) fn shuffled(
    part: &Labelled,
    batch_size: usize,
    seed: u64,
    epoch: usize,
) -> impl Iterator<Item = (Vec<f32>, Vec<usize>)> {
    let mut order: Vec<usize> = (0..part.n_windows()).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    order.shuffle(&mut rng);
    let n_batches = order.len().div_ceil(batch_size);
    (0..n_batches).map(move |batch| {
        let end = order.len().min((batch + 1) * batch_size);
        let indices = &order[batch * batch_size..end];
        let mut samples = Vec::with_capacity(indices.len() * 3 * part.n_samples());
        for &index in indices {
            samples.extend_from_slice(part.window(index));
        }
        (
            samples,
            indices.iter().map(|&i| part.classes()[i]).collect(),
        )
    })
}

/// Mean cross-entropy, and the share of windows whose class is the most probable, 0 to 1.
pub(super) fn loss_and_accuracy(part: &Labelled, network: &dyn Network) -> (f64, f64) {
    let logits = network.logits(part.samples());
    let rows = logits.chunks_exact(network.n_classes());
    let (mut loss, mut n_right) = (0.0, 0);
    for (row, &class) in rows.zip(part.classes()) {
        let row: Vec<f64> = row.iter().map(|&l| f64::from(l)).collect();
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|l| (l - largest).exp()).sum();
        loss += sum.ln() + largest - row[class];
        let top = row.iter().position(|l| *l == largest);
        n_right += usize::from(top == Some(class));
    }
    let n = part.n_windows() as f64;
    (loss / n, n_right as f64 / n)
}
