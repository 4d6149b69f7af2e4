//! Adam, with a state that can be saved.

use super::batches;
use super::descent::{Descent, named};
use super::params::TrainParams;
use crate::dataset::Labelled;
use crate::network::{
    AdamStep, Model, Moments, NamedTensors, Network, Saved, Weights, Wide, trainable,
};

// Kingma & Ba 2015, algorithm 1: the values they propose.
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Adam of Kingma & Ba 2015 (arXiv:1412.6980) on a network's weights.
///
/// libtorch has its own Adam, but tch cannot save its moments, and a run that resumes needs them.
pub(super) struct Adam<'a, M: Model> {
    model: M,
    train: &'a Labelled,
    batch_size: usize,
    seed: u64,
    learning_rate: f64,
    n_steps: i32,
    /// For each weight, the share of it that is added to its gradient.
    penalties: M::Weights,
    moments: Moments<M::Weights>,
    /// Mean length of the gradients of the last epoch's batches.
    gradient: f64,
}

impl<'a, M: Model> Adam<'a, M> {
    pub fn new(
        model: M,
        network: &dyn Network,
        train: &'a Labelled,
        params: &TrainParams,
        [learning_rate, weight_decay]: [f64; 2],
    ) -> Self {
        let tensors = trainable(network.store()).into_iter();
        let penalties = tensors.flat_map(|(_, weight)| {
            // Biases, which have one axis, have no penalty.
            let penalty = if weight.dim() > 1 { weight_decay } else { 0.0 };
            vec![penalty as f32; weight.numel()]
        });
        let penalties: Vec<f32> = penalties.collect();
        let weights = model.weights();
        Self {
            train,
            batch_size: params.batch_size,
            seed: params.seed,
            learning_rate,
            n_steps: 0,
            penalties: weights
                .restored(&penalties.to_saved())
                .expect("there is a penalty for each weight"),
            moments: Moments {
                mean: weights.zeros(),
                square: weights.zeros(),
            },
            model,
            gradient: f64::NAN,
        }
    }

    /// One step of the weights down a gradient.
    fn step(&mut self, gradient: &M::Weights) {
        self.n_steps += 1;
        let rate = self.learning_rate / (1.0 - f64::from(BETA_1).powi(self.n_steps));
        let correction = (1.0 - f64::from(BETA_2).powi(self.n_steps)).sqrt();
        let step = AdamStep {
            beta_1: BETA_1,
            beta_2: BETA_2,
            epsilon: EPSILON,
            rate: rate as f32,
            correction: correction as f32,
        };
        let (penalties, moments) = (&self.penalties, &mut self.moments);
        self.model
            .change(|weights| weights.adam_step(gradient, penalties, moments, &step));
    }
}

impl<M: Model> Descent for Adam<'_, M> {
    /// One pass through the windows in batches; returns the mean of their losses.
    fn epoch(&mut self, number: usize) -> f64 {
        let n_windows = self.train.n_windows();
        let (mut sum, mut lengths) = (0.0, Vec::new());
        for indices in batches::shuffled(n_windows, self.batch_size, self.seed, number) {
            let (loss, gradient) = self.model.gradient(&indices);
            self.step(&gradient);
            let gradient = gradient.to_wide();
            lengths.push(gradient.dot(&gradient).sqrt());
            sum += loss * indices.len() as f64;
        }
        self.gradient = lengths.iter().sum::<f64>() / lengths.len() as f64;
        sum / n_windows as f64
    }

    fn gradient(&self) -> f64 {
        self.gradient
    }

    fn store(&self) {
        self.model.store();
    }

    fn state(&self) -> NamedTensors {
        let n_steps = vec![f64::from(self.n_steps)];
        vec![
            ("n_steps".into(), n_steps.to_saved()),
            ("mean".into(), self.moments.mean.to_saved()),
            ("square".into(), self.moments.square.to_saved()),
        ]
    }

    fn resume(&mut self, state: &NamedTensors) -> Option<()> {
        let moments = &mut self.moments;
        moments.mean = moments.mean.restored(named(state, "mean")?)?;
        moments.square = moments.square.restored(named(state, "square")?)?;
        let n_steps = vec![0.0_f64].restored(named(state, "n_steps")?)?;
        self.n_steps = n_steps[0] as i32;
        self.model.reload();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use tch::Tensor;
    use tch::nn::{self, OptimizerConfig};

    use super::*;
    use crate::dataset::Dataset;
    use crate::network::{Backend, Classify, ConvNet, CpuModel, LibtorchModel, tensors};
    use crate::study::Study;
    use crate::window::{Origin, Window};

    /// Eight windows of 40 samples in 3 classes.
    fn windows() -> Dataset {
        let window = |i: usize| Window {
            start: chrono::DateTime::from_timestamp(i as i64, 0).unwrap(),
            samples: (0..120)
                .map(|t| ((i * 120 + t) as f32 * 0.11).sin())
                .collect(),
            class: i % 3,
            origin: Origin::Event { id: i.to_string() },
        };
        let windows: Vec<Window> = (0..8).map(window).collect();
        Dataset::from_windows(&windows, 40, 3).unwrap()
    }

    fn stepped<'a, M: Model>(model: M, network: &'a dyn Network, data: &'a Labelled) {
        let params = TrainParams::adam(&Study::oklahoma().train, 1);
        let mut adam = Adam::new(model, network, data, &params, [1e-2, 0.0]);
        for _ in 0..20 {
            let (_, gradient) = adam.model.gradient_of_all();
            adam.step(&gradient);
        }
        adam.store();
    }

    #[test]
    fn it_steps_as_libtorchs_own() {
        let data = windows();
        let new = |backend| ConvNet::with_backend(40, 3, 1, backend).unwrap();
        let libtorch = Backend::Libtorch(tch::Device::Cpu);
        let (ours, on_libtorch, theirs) = (new(Backend::Cpu), new(libtorch), new(libtorch));
        stepped(CpuModel::new(&ours, &data), &ours, &data);
        stepped(LibtorchModel::new(&on_libtorch, &data), &on_libtorch, &data);

        let mut adam = nn::Adam::default().build(theirs.store(), 1e-2).unwrap();
        let (input, classes): (Tensor, Tensor) = tensors(&data);
        for _ in 0..20 {
            let loss = theirs.forward(&input).cross_entropy_for_logits(&classes);
            adam.backward_step(&loss);
        }
        let wanted = theirs.probabilities(data.samples()).unwrap();
        for network in [&ours, &on_libtorch] {
            let found = network.probabilities(data.samples()).unwrap();
            for (a, b) in found.iter().zip(&wanted) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }
}
