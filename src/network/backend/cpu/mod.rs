//! The library's own loops: layers, and an optimiser's arithmetic, on the processor.
//!
//! | File | What it computes |
//! |---|---|
//! | `gemm` | a matrix product whose left rows may overlap |
//! | `convolve` | the convolutional network, forward and back |
//! | `dense` | the perceptron, forward and back |

mod convolve;
mod dense;
mod gemm;

use tch::Tensor;

pub use convolve::{N_CHANNELS, N_TAPS, Stack};
pub use dense::{Dense, N_HIDDEN};

use super::{AdamStep, Model, Moments, Saved, Weights, Wide};
use crate::dataset::Labelled;
use crate::network::weights::{flat_weights, set_flat_weights};
use crate::network::{Network, softmax};

/// A network's layers as loops on the processor, with weights of their own.
pub trait CpuBackend {
    /// See [`Network::logits`].
    fn logits(&self, windows: &[f32]) -> Vec<f32>;

    /// The logits of the windows of a piece of record, one every `hop` samples; `None` where that costs as
    /// much as window by window.
    fn logits_along(&self, _components: [&[f32]; 3], _hop: usize) -> Option<Vec<f32>> {
        None
    }

    /// See [`Network::gradient`].
    fn gradient(&self, windows: &[f32], classes: &[usize]) -> (f64, Vec<f32>);

    /// Takes other weights, in the order of the derivatives of [`CpuBackend::gradient`].
    fn set_weights(&mut self, weights: &[f32]);
}

/// The cross-entropy of one window of a known class. Its logits become the derivatives by them: the
/// probabilities, less 1 for the class.
fn cross_entropy(logits: &mut [f32], class: usize) -> f64 {
    let logit = logits[class];
    let log_sum = softmax(logits);
    logits[class] -= 1.0;
    f64::from(log_sum - logit)
}

/// A network's layers, and their weights as one vector.
pub(crate) struct CpuModel<'a> {
    network: &'a dyn Network,
    train: &'a Labelled,
    layers: Box<dyn CpuBackend>,
    weights: Vec<f32>,
}

impl<'a> CpuModel<'a> {
    pub fn new(network: &'a dyn Network, train: &'a Labelled) -> Self {
        Self {
            network,
            train,
            layers: network.cpu_layers(),
            weights: flat_weights(network),
        }
    }
}

impl Model for CpuModel<'_> {
    type Weights = Vec<f32>;

    fn weights(&self) -> &Vec<f32> {
        &self.weights
    }

    fn gradient(&self, indices: &[usize]) -> (f64, Vec<f32>) {
        let mut samples = Vec::with_capacity(indices.len() * 3 * self.train.n_samples());
        for &index in indices {
            samples.extend_from_slice(self.train.window(index));
        }
        let classes: Vec<usize> = indices.iter().map(|&i| self.train.classes()[i]).collect();
        self.layers.gradient(&samples, &classes)
    }

    fn gradient_of_all(&self) -> (f64, Vec<f32>) {
        let train = self.train;
        self.layers.gradient(train.samples(), train.classes())
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<f32>)) {
        change(&mut self.weights);
        self.layers.set_weights(&self.weights);
    }

    fn place(&mut self, weights: &Vec<f64>) {
        self.change(|single| *single = weights.iter().map(|&w| w as f32).collect());
    }

    fn store(&self) {
        set_flat_weights(self.network, &self.weights);
    }

    fn reload(&mut self) {
        let weights = flat_weights(self.network);
        self.change(|old| *old = weights);
    }
}

impl Saved for Vec<f32> {
    fn to_saved(&self) -> Tensor {
        Tensor::from_slice(self)
    }

    fn restored(&self, saved: &Tensor) -> Option<Self> {
        let saved = Self::try_from(saved).ok()?;
        (saved.len() == self.len()).then_some(saved)
    }
}

impl Saved for Vec<f64> {
    fn to_saved(&self) -> Tensor {
        Tensor::from_slice(self)
    }

    fn restored(&self, saved: &Tensor) -> Option<Self> {
        let saved = Self::try_from(saved).ok()?;
        (saved.len() == self.len()).then_some(saved)
    }
}

impl Weights for Vec<f32> {
    type Wide = Vec<f64>;

    fn zeros(&self) -> Self {
        vec![0.0; self.len()]
    }

    fn to_wide(&self) -> Vec<f64> {
        self.iter().copied().map(f64::from).collect()
    }

    fn adam_step(
        &mut self,
        gradient: &Self,
        penalties: &Self,
        moments: &mut Moments<Self>,
        step: &AdamStep,
    ) {
        let both = moments.mean.iter_mut().zip(&mut moments.square);
        let weights = self.iter_mut().zip(penalties);
        for (((mean, square), (weight, penalty)), gradient) in both.zip(weights).zip(gradient) {
            let gradient = gradient + penalty * *weight;
            *mean = step.beta_1 * *mean + (1.0 - step.beta_1) * gradient;
            *square = step.beta_2 * *square + (1.0 - step.beta_2) * gradient * gradient;
            *weight -= step.rate * *mean / (square.sqrt() / step.correction + step.epsilon);
        }
    }
}

impl Wide for Vec<f64> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(a, b)| a * b).sum()
    }

    fn along(&self, length: f64, direction: &Self) -> Self {
        let pairs = self.iter().zip(direction);
        pairs.map(|(x, d)| x + length * d).collect()
    }

    fn negative(&self) -> Self {
        self.iter().map(|x| -x).collect()
    }
}
