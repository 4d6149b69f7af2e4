//! The networks: the paper's perceptron, and ConvNetQuake's convolutional network.
//!
//! | Network | Layers | Parameters (3 x 1000, 4 classes) | Source |
//! |---|---|---|---|
//! | [`Perceptron`] | 3000 inputs, 10 tanh, softmax | 30,054 | the paper's section 2.4.2: MATLAB's pattern network |
//! | [`ConvNet`] | 8 convolutions, dense, softmax | 22,564 | Perol, Gharbi & Denolle 2018 |
//!
//! [`PhaseNet`] is another kind: it reads published weights, and gives probabilities for each sample of a window.
//!
//! Each of the two owns its weights, which its seed makes: the same seed gives the same bits, whatever else
//! has drawn random numbers. [`Network::layers`] shows the shape after each layer, and printing a
//! network prints them as a table. Several networks decide together as an [`Ensemble`].
//!
//! What computes a network is its [`Backend`]: libtorch where it has a CUDA device, and the library's own
//! loops elsewhere. These are several times as fast as libtorch on the processor, and equal to it up to
//! rounding. [`ConvNet::with_backend`] takes another one.
//!
//! ```
//! use quakebook::network::{Classify, ConvNet, Network};
//! let network = ConvNet::new(1000, 4, 2019);
//! assert_eq!(network.n_parameters(), 22_564);
//! assert_eq!(network.layers()[7].shape, [32, 4]);
//! let probabilities = network.probabilities(&[0.1; 2 * 3 * 1000]).unwrap();
//! assert_eq!(probabilities.len(), 2 * 4);
//! assert!((probabilities[..4].iter().sum::<f32>() - 1.0).abs() < 1e-5);
//! ```
//!
//! # By hand, in a cell
//! A stack of layers and its training are a few lines of tch; [`ConvNet`] and [`crate::train`] add
//! the bookkeeping:
//!
//! ```no_run
//! # fn by_hand(train: &quakebook::dataset::Train) {
//! use tch::nn::{self, ModuleT, OptimizerConfig};
//! let store = nn::VarStore::new(tch::Device::Cpu);
//! let halve = nn::ConvConfig { stride: 2, padding: 1, ..Default::default() };
//! let network = nn::seq_t()
//!     .add(nn::conv1d(store.root() / "conv1", 3, 32, 3, halve)) // (n, 32, 500)
//!     .add_fn(|x| x.relu())
//!     .add(nn::conv1d(store.root() / "conv2", 32, 32, 3, halve)) // (n, 32, 250)
//!     .add_fn(|x| x.relu().flatten(1, -1)) // (n, 8000)
//!     .add(nn::linear(store.root() / "dense", 8000, 4, Default::default())); // (n, 4)
//! let mut adam = nn::Adam::default().build(&store, 1e-3).unwrap();
//! let (windows, classes) = quakebook::network::tensors(train);
//! for epoch in 1..=10 {
//!     let loss = network.forward_t(&windows, true).cross_entropy_for_logits(&classes);
//!     adam.backward_step(&loss);
//!     println!("epoch {epoch}: loss {:.3}", loss.double_value(&[]));
//! }
//! # }
//! ```

mod backend;
mod classify;
mod convnet;
mod ensemble;
mod filters;
mod layer;
mod logistic;
mod mean_weights;
mod neighbour;
mod perceptron;
mod phasenet;
mod saliency;
mod torch_file;
mod weights;

use tch::{Device, Tensor, nn};

pub(crate) use backend::{AdamStep, CpuModel, LibtorchModel, Model, Moments, Saved, Weights, Wide};
pub use backend::{Backend, CpuBackend};
pub use classify::Classify;
use classify::one_by_one;
pub use convnet::ConvNet;
pub use ensemble::{CASCADE_THRESHOLD, Ensemble};
pub use filters::FirstFilters;
pub use layer::Layer;
pub use logistic::LogisticRegression;
pub(crate) use mean_weights::MeanWeights;
pub use neighbour::{nearest_neighbour_accuracy, nearest_neighbour_classes, nearest_share};
pub use perceptron::Perceptron;
#[cfg(test)]
pub(crate) use phasenet::tests::made_up;
pub use phasenet::{
    PHASENET_CLASSES, PHASENET_SAMPLES, PhaseNet, PhaseNetDescent, PhaseNetKind, PhaseNetPupil,
};
pub use saliency::{
    Aligned, Concentration, Map, Segment, Target, gradients, maps, mean_and_half_width, occlusions,
};
pub(crate) use weights::{
    NamedTensors, max_bytes, named_weights, read_tensors, set_weights, trainable, write_tensors,
};
pub use weights::{read_weights, read_weights_of, weights_sha256, write_weights};

use crate::dataset::{Labelled, Train};
use crate::error::{Result, fail};

/// Windows in one forward pass of libtorch: on two processor cores 128 to 256 at once are 3 to 4 times
/// faster per window than thousands.
pub const N_AT_ONCE: usize = 256;

/// The longest window that a network takes, samples of one component: 2.8 hours at 100 Hz.
pub const MAX_SAMPLES: usize = 1_000_000;

/// The most classes that a network has: 1000 clusters and noise.
pub const MAX_CLASSES: usize = 1001;

/// A classifier that can be trained: a stack of layers and its weights.
pub trait Network: Classify {
    /// `perceptron`, `convnet`.
    fn name(&self) -> &str;

    /// The layers in order.
    fn layers(&self) -> Vec<Layer>;

    /// All weights by name.
    fn store(&self) -> &nn::VarStore;

    /// Logits `(n_windows, n_classes)` of windows `(n_windows, 3, n_samples)`; softmax of the
    /// logits gives the probabilities. Written in libtorch, which knows the derivatives of it.
    fn forward(&self, windows: &Tensor) -> Tensor;

    /// What computes this network.
    fn backend(&self) -> Backend;

    /// The layers for [`Backend::Cpu`], with the weights as they are now.
    ///
    /// # Panics
    /// Where [`Network::backend`] is another one.
    fn cpu_layers(&self) -> Box<dyn CpuBackend> {
        panic!(
            "{} has no layers for the processor: its backend is {}",
            self.name(),
            self.backend()
        )
    }

    /// [`Network::forward`] of any number of windows `(n_windows, 3, n_samples)`, by the network's backend.
    fn logits(&self, windows: &[f32]) -> Vec<f32> {
        match self.backend() {
            Backend::Cpu => self.cpu_layers().logits(windows),
            Backend::Libtorch(_) => backend::logits(self, windows),
        }
    }

    /// Mean cross-entropy of windows `(n_windows, 3, n_samples)` whose classes are known, and its
    /// derivatives by the trained weights, one after the other in alphabetical order of their names.
    fn gradient(&self, windows: &[f32], classes: &[usize]) -> (f64, Vec<f32>) {
        match self.backend() {
            Backend::Cpu => self.cpu_layers().gradient(windows, classes),
            Backend::Libtorch(_) => backend::gradient(self, windows, classes),
        }
    }

    /// Learns what descent does not learn from the training windows, such as the range of each input.
    /// Most networks learn nothing here.
    fn prepare(&mut self, _train: &Train) {}

    /// Where the tensors of [`Network::store`] are.
    fn device(&self) -> Device {
        self.store().device()
    }

    /// Numbers that training changes.
    fn n_parameters(&self) -> usize {
        self.layers().iter().map(|layer| layer.n_parameters).sum()
    }
}

/// The windows as an f32 tensor `(n_windows, 3, n_samples)` and their classes as an i64 tensor `(n_windows)`,
/// on the processor.
pub fn tensors(data: &Labelled) -> (Tensor, Tensor) {
    let shape = [data.n_windows() as i64, 3, data.n_samples() as i64];
    let classes: Vec<i64> = data.classes().iter().map(|&class| class as i64).collect();
    (
        Tensor::from_slice(data.samples()).view(shape),
        Tensor::from_slice(&classes),
    )
}

/// Checks the sizes of a network.
pub(crate) fn check_sizes(name: &str, n_samples: usize, n_classes: usize) -> Result<()> {
    let sizes = [
        ("n_samples", n_samples, 1, MAX_SAMPLES),
        ("n_classes", n_classes, 2, MAX_CLASSES),
    ];
    for (size, found, least, most) in sizes {
        if !(least..=most).contains(&found) {
            return Err(fail!(
                Network,
                name,
                format!("expected {size} from {least} to {most}, found {found}"),
                "Correct the study's window or its number of clusters"
            ));
        }
    }
    Ok(())
}

fn softmax_rows(mut logits: Vec<f32>, n_classes: usize) -> Vec<f32> {
    for row in logits.chunks_exact_mut(n_classes) {
        softmax(row);
    }
    logits
}

/// Probabilities in place of logits; returns the logarithm of the sum of their exponentials.
fn softmax(row: &mut [f32]) -> f32 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|v| *v = (*v - largest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|v| *v /= sum);
    largest + sum.ln()
}
