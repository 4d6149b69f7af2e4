//! Losses, gradients and an optimiser's arithmetic by libtorch, on the network's device.

use tch::{Kind, Tensor};

use super::{AdamStep, Model, Moments, Saved, Weights, Wide};
use crate::dataset::Labelled;
use crate::network::weights::{trainable, values};
use crate::network::{N_AT_ONCE, Network, tensors};

/// See [`Network::logits`].
pub fn logits<N: Network + ?Sized>(network: &N, windows: &[f32]) -> Vec<f32> {
    let rows = windows.chunks(N_AT_ONCE * 3 * network.n_samples());
    rows.flat_map(|rows| {
        let rows = tch::no_grad(|| network.forward(&windows_on_device(network, rows)));
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
    let variables = variables(network);
    let rows = windows.chunks(N_AT_ONCE * 3 * network.n_samples());
    let batches = rows.zip(classes.chunks(N_AT_ONCE)).map(|(rows, classes)| {
        let classes = integers(classes).to(network.device());
        (windows_on_device(network, rows), classes)
    });
    let (loss, gradient) = sum_of_gradients(network, &variables, batches, classes.len());
    (loss, values(&gradient))
}

fn windows_on_device<N: Network + ?Sized>(network: &N, windows: &[f32]) -> Tensor {
    let shape = [-1, 3, network.n_samples() as i64];
    Tensor::from_slice(windows).view(shape).to(network.device())
}

fn integers(numbers: &[usize]) -> Tensor {
    let numbers: Vec<i64> = numbers.iter().map(|&number| number as i64).collect();
    Tensor::from_slice(&numbers)
}

fn variables<N: Network + ?Sized>(network: &N) -> Vec<Tensor> {
    let named = trainable(network.store()).into_iter();
    named.map(|(_, variable)| variable).collect()
}

/// Mean loss of `n_all` windows that come in batches, and its derivatives, one after the other.
fn sum_of_gradients<N: Network + ?Sized>(
    network: &N,
    variables: &[Tensor],
    batches: impl Iterator<Item = (Tensor, Tensor)>,
    n_all: usize,
) -> (f64, Tensor) {
    let options = (Kind::Float, network.device());
    let mut loss = Tensor::zeros([1], (Kind::Double, network.device()));
    let n_weights = variables
        .iter()
        .map(|variable| variable.numel() as i64)
        .sum();
    let mut gradient = Tensor::zeros([n_weights], options);
    for (windows, classes) in batches {
        let share = classes.numel() as f64 / n_all as f64;
        let logits = network.forward(&windows);
        let part = logits.cross_entropy_for_logits(&classes) * share;
        let parts = Tensor::run_backward(&[&part], variables, false, false);
        gradient += joined(&parts);
        loss += part.detach().to_kind(Kind::Double);
    }
    // The loss alone leaves the device.
    (loss.double_value(&[0]), gradient)
}

/// All numbers of some tensors, one after the other.
fn joined(tensors: &[Tensor]) -> Tensor {
    let flat: Vec<Tensor> = tensors.iter().map(|t| t.detach().flatten(0, -1)).collect();
    Tensor::cat(&flat, 0)
}

/// A network whose weights lie one after the other on its device, and the training windows there.
pub(crate) struct LibtorchModel<'a> {
    network: &'a dyn Network,
    /// The network's trained tensors: each is a view of its part of `weights`.
    variables: Vec<Tensor>,
    weights: Tensor,
    /// `(n_windows, 3, n_samples)`, and the class of each.
    windows: Tensor,
    classes: Tensor,
}

impl<'a> LibtorchModel<'a> {
    pub fn new(network: &'a dyn Network, train: &Labelled) -> Self {
        let mut variables = variables(network);
        let weights = joined(&variables);
        let mut start = 0;
        for variable in &mut variables {
            let n = variable.numel() as i64;
            let view = weights.narrow(0, start, n).view_as(variable);
            variable.set_data(&view);
            start += n;
        }
        let (windows, classes) = tensors(train);
        Self {
            network,
            variables,
            weights,
            windows: windows.to(network.device()),
            classes: classes.to(network.device()),
        }
    }
}

impl Model for LibtorchModel<'_> {
    type Weights = Tensor;

    fn weights(&self) -> &Tensor {
        &self.weights
    }

    fn gradient(&self, indices: &[usize]) -> (f64, Tensor) {
        let batches = indices.chunks(N_AT_ONCE).map(|some| {
            let some = integers(some).to(self.network.device());
            (
                self.windows.index_select(0, &some),
                self.classes.index_select(0, &some),
            )
        });
        sum_of_gradients(self.network, &self.variables, batches, indices.len())
    }

    fn gradient_of_all(&self) -> (f64, Tensor) {
        let at_once = N_AT_ONCE as i64;
        let windows = self.windows.split(at_once, 0).into_iter();
        let batches = windows.zip(self.classes.split(at_once, 0));
        let n_all = self.classes.numel();
        sum_of_gradients(self.network, &self.variables, batches, n_all)
    }

    fn change(&mut self, change: impl FnOnce(&mut Tensor)) {
        change(&mut self.weights);
    }

    fn place(&mut self, weights: &Tensor) {
        self.weights.copy_(weights);
    }

    /// The network's tensors are views of these weights.
    fn store(&self) {}

    fn reload(&mut self) {}
}

impl Saved for Tensor {
    fn to_saved(&self) -> Tensor {
        self.to(tch::Device::Cpu).copy()
    }

    fn restored(&self, saved: &Tensor) -> Option<Self> {
        let same = saved.size() == self.size();
        same.then(|| saved.to_kind(self.kind()).to(self.device()))
    }
}

impl Weights for Tensor {
    type Wide = Tensor;

    fn zeros(&self) -> Self {
        self.zeros_like()
    }

    fn to_wide(&self) -> Tensor {
        self.to_kind(Kind::Double)
    }

    fn adam_step(
        &mut self,
        gradient: &Self,
        penalties: &Self,
        moments: &mut Moments<Self>,
        step: &AdamStep,
    ) {
        let [beta_1, beta_2] = [step.beta_1, step.beta_2].map(f64::from);
        let [rest_1, rest_2] = [1.0 - step.beta_1, 1.0 - step.beta_2].map(f64::from);
        let [rate, correction] = [step.rate, step.correction].map(f64::from);
        let gradient = gradient + penalties * &*self;
        moments.mean *= beta_1;
        moments.mean += &gradient * rest_1;
        moments.square *= beta_2;
        moments.square += &gradient * rest_2 * &gradient;
        let scale = moments.square.sqrt() / correction + f64::from(step.epsilon);
        *self -= &moments.mean * rate / scale;
    }
}

impl Wide for Tensor {
    fn len(&self) -> usize {
        self.numel()
    }

    fn dot(&self, other: &Self) -> f64 {
        Tensor::dot(self, other).double_value(&[])
    }

    fn along(&self, length: f64, direction: &Self) -> Self {
        self + direction * length
    }

    fn negative(&self) -> Self {
        -self
    }
}
