//! Batches of training windows, and how well a network does on a part of the data.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::Labelled;
use crate::network::Network;

/// The indices of all windows once, in batches, in the order that seed and epoch give.
pub(super) fn shuffled(
    n_windows: usize,
    batch_size: usize,
    seed: u64,
    epoch: usize,
) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..n_windows).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    order.shuffle(&mut rng);
    order.chunks(batch_size).map(<[usize]>::to_vec).collect()
}

/// Mean cross-entropy, and the share of windows whose class is the most probable, 0 to 1.
pub(crate) fn loss_and_accuracy(part: &Labelled, network: &dyn Network) -> (f64, f64) {
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
