//! A part of the data as tensors, its loss and its gradient.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::dataset::Labelled;
use crate::network::{N_AT_ONCE, Network};

/// Windows and classes on the network's device.
pub(super) struct Batches {
    windows: Tensor,
    classes: Tensor,
}

impl Batches {
    pub fn new(part: &Labelled, network: &dyn Network) -> Self {
        let (windows, classes) = part.tensors();
        Self {
            windows: windows.to(network.device()),
            classes: classes.to(network.device()),
        }
    }

    pub fn n_windows(&self) -> i64 {
        self.classes.size()[0]
    }

    /// All windows once, in the order that seed and epoch give, as batches.
    pub fn shuffled(&self, batch_size: usize, seed: u64, epoch: usize) -> Vec<Self> {
        let mut order: Vec<i64> = (0..self.n_windows()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch as u64);
        order.shuffle(&mut rng);
        order
            .chunks(batch_size)
            .map(|indices| {
                let indices = Tensor::from_slice(indices).to(self.windows.device());
                Self {
                    windows: self.windows.index_select(0, &indices),
                    classes: self.classes.index_select(0, &indices),
                }
            })
            .collect()
    }

    /// Mean cross-entropy, whose gradient can be asked for.
    pub fn loss(&self, network: &dyn Network) -> Tensor {
        let logits = network.forward(&self.windows);
        logits.cross_entropy_for_logits(&self.classes)
    }

    /// Mean cross-entropy; its gradient is added to that of the weights.
    pub fn loss_with_gradient(&self, network: &dyn Network) -> f64 {
        self.in_order()
            .map(|(share, batch)| {
                let loss = batch.loss(network) * share;
                loss.backward();
                loss.double_value(&[])
            })
            .sum()
    }

    /// Mean cross-entropy, and the share of windows whose class is the most probable, 0 to 1.
    pub fn loss_and_accuracy(&self, network: &dyn Network) -> (f64, f64) {
        let mut mean_loss = 0.0;
        let mut accuracy = 0.0;
        tch::no_grad(|| {
            for (share, batch) in self.in_order() {
                let logits = network.forward(&batch.windows);
                let loss = logits.cross_entropy_for_logits(&batch.classes);
                let right = logits.argmax(-1, false).eq_tensor(&batch.classes);
                mean_loss += share * loss.double_value(&[]);
                accuracy += share * right.mean(Kind::Double).double_value(&[]);
            }
        });
        (mean_loss, accuracy)
    }

    /// Views of consecutive windows, each with its share of all.
    fn in_order(&self) -> impl Iterator<Item = (f64, Self)> {
        let n_at_once = N_AT_ONCE as i64;
        let windows = self.windows.split(n_at_once, 0);
        let classes = self.classes.split(n_at_once, 0);
        windows.into_iter().zip(classes).map(|(windows, classes)| {
            let share = classes.size()[0] as f64 / self.n_windows() as f64;
            (share, Self { windows, classes })
        })
    }
}
