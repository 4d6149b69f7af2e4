//! The networks: the paper's perceptron, and ConvNetQuake's convolutional network.
//!
//! | Network | Layers | Parameters (3 x 1000, 4 classes) | Source |
//! |---|---|---|---|
//! | [`Perceptron`] | 3000 inputs, 10 tanh, softmax | 30,054 | the paper's section 2.4.2: MATLAB's pattern network |
//! | [`ConvNet`] | 8 convolutions, dense, softmax | 22,564 | Perol, Gharbi & Denolle 2018 |
//!
//! Each owns its weights, which its seed makes: the same seed gives the same bits, whatever else
//! has drawn random numbers. [`Network::layers`] shows the shape after each layer, and printing a
//! network prints them as a table. The network runs on a CUDA device where libtorch has one; on the
//! processor its layers are the library's own, several times as fast as libtorch's and equal to them
//! up to rounding ([`ConvNet::on_libtorch`] has libtorch's). Several networks decide together as a
//! [`Ensemble`].
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
//! let (windows, classes) = train.tensors();
//! for epoch in 1..=10 {
//!     let loss = network.forward_t(&windows, true).cross_entropy_for_logits(&classes);
//!     adam.backward_step(&loss);
//!     println!("epoch {epoch}: loss {:.3}", loss.double_value(&[]));
//! }
//! # }
//! ```

mod by_libtorch;
mod convnet;
mod convolve;
mod dense;
mod ensemble;
mod filters;
mod gemm;
mod layer;
mod perceptron;
mod saliency;
mod weights;

use tch::{Device, Tensor, nn};

pub use convnet::ConvNet;
pub use ensemble::{CASCADE_THRESHOLD, Ensemble};
pub use filters::FirstFilters;
pub use layer::Layer;
pub use perceptron::Perceptron;
pub use saliency::{
    Aligned, Answer, Concentration, Map, Segment, gradients, maps, mean_and_half_width, occlusions,
};
pub(crate) use weights::{
    NamedTensors, flat_weights, named_weights, set_flat_weights, set_weights, trainable,
};
pub use weights::{read_weights, weights_sha256, write_weights};

use crate::error::{Result, fail};

/// Windows in one forward pass of libtorch: on two processor cores 128 to 256 at once are 3 to 4 times
/// faster per window than thousands.
pub const N_AT_ONCE: usize = 256;

/// A trained classifier of windows.
pub trait Classify {
    /// Classes, noise being the last.
    fn n_classes(&self) -> usize;

    /// Samples of one component of a window.
    fn n_samples(&self) -> usize;

    /// Probabilities of shape `(n_windows, n_classes)`, row by row, for `windows` of shape
    /// `(n_windows, 3, n_samples)`, already normalised as in training.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where the length is no multiple of a window.
    fn probabilities(&self, windows: &[f32]) -> Result<Vec<f32>>;

    /// The same for the windows of a piece of record of three components, one every `hop` samples from its
    /// first on, none of them scaled by itself. A network that can do so computes once what overlapping
    /// windows share.
    ///
    /// # Errors
    /// As [`Classify::probabilities`].
    ///
    /// # Panics
    /// Where the hop is 0, or a component is shorter than the first.
    fn probabilities_along(&self, components: [&[f32]; 3], hop: usize) -> Result<Vec<f32>> {
        one_by_one(self, components, hop)
    }
}

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

    /// The layers written out for the processor, with the weights as they are now; nothing where
    /// libtorch does all of it.
    fn written_out(&self) -> Option<Box<dyn WrittenOut>> {
        None
    }

    /// [`Network::forward`] of any number of windows `(n_windows, 3, n_samples)`.
    fn logits(&self, windows: &[f32]) -> Vec<f32> {
        match self.written_out() {
            Some(layers) => layers.logits(windows),
            None => by_libtorch::logits(self, windows),
        }
    }

    /// Mean cross-entropy of windows `(n_windows, 3, n_samples)` whose classes are known, and its
    /// derivatives by the trained weights, one after the other in alphabetical order of their names.
    fn gradient(&self, windows: &[f32], classes: &[usize]) -> (f64, Vec<f32>) {
        match self.written_out() {
            Some(layers) => layers.gradient(windows, classes),
            None => by_libtorch::gradient(self, windows, classes),
        }
    }

    /// Learns from the training windows what is not learnt by descent, such as the range of each
    /// input; most networks have nothing of this kind.
    fn prepare(&mut self, _train: &crate::dataset::Train) {}

    fn device(&self) -> Device {
        self.store().device()
    }

    /// Numbers that training changes.
    fn n_parameters(&self) -> usize {
        self.layers().iter().map(|layer| layer.n_parameters).sum()
    }
}

/// Layers that do without libtorch.
pub trait WrittenOut {
    /// See [`Network::logits`].
    fn logits(&self, windows: &[f32]) -> Vec<f32>;

    /// The logits of the windows of a piece of record, one every `hop` samples; `None` where that takes no
    /// less than window by window.
    fn logits_along(&self, _components: [&[f32]; 3], _hop: usize) -> Option<Vec<f32>> {
        None
    }

    /// See [`Network::gradient`].
    fn gradient(&self, windows: &[f32], classes: &[usize]) -> (f64, Vec<f32>);
}

/// [`Classify::probabilities`] for any network.
fn probabilities(network: &dyn Network, windows: &[f32]) -> Result<Vec<f32>> {
    let (n_samples, n_classes) = (network.n_samples(), network.n_classes());
    if !windows.len().is_multiple_of(3 * n_samples) {
        return Err(fail!(
            Network,
            network.name(),
            format!(
                "{} values are no multiple of 3 x {n_samples}",
                windows.len()
            ),
            "Give whole windows, component after component"
        ));
    }
    Ok(softmax_rows(network.logits(windows), n_classes))
}

/// [`Classify::probabilities_along`] for any classifier.
fn one_by_one<C: Classify + ?Sized>(
    network: &C,
    components: [&[f32]; 3],
    hop: usize,
) -> Result<Vec<f32>> {
    let n = network.n_samples();
    let n_windows = (components[0].len() + hop).saturating_sub(n) / hop;
    let starts: Vec<usize> = (0..n_windows).map(|i| i * hop).collect();
    let mut all = Vec::with_capacity(n_windows * network.n_classes());
    for some in starts.chunks(N_AT_ONCE) {
        let rows = some.iter().flat_map(|&i| components.map(|c| &c[i..i + n]));
        let windows: Vec<f32> = rows.flatten().copied().collect();
        all.extend(network.probabilities(&windows)?);
    }
    Ok(all)
}

fn softmax_rows(mut logits: Vec<f32>, n_classes: usize) -> Vec<f32> {
    for row in logits.chunks_exact_mut(n_classes) {
        softmax(row);
    }
    logits
}

/// The cross-entropy of one window of a known class, and in place of its logits the derivatives by
/// them: the probabilities, less 1 for the class.
fn cross_entropy(logits: &mut [f32], class: usize) -> f64 {
    let logit = logits[class];
    let log_sum = softmax(logits);
    logits[class] -= 1.0;
    f64::from(log_sum - logit)
}

/// Probabilities in place of logits; returns the logarithm of the sum of their exponentials.
fn softmax(row: &mut [f32]) -> f32 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|v| *v = (*v - largest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|v| *v /= sum);
    largest + sum.ln()
}
