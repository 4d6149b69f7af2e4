//! Adam, with a state that can be saved.

use tch::Tensor;

use super::batches;
use crate::dataset::Labelled;
use crate::network::{NamedTensors, Network, flat_weights, set_flat_weights, trainable};

// Kingma & Ba 2015, algorithm 1: the values they propose.
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Adam of Kingma & Ba 2015 (arXiv:1412.6980).
///
/// libtorch has its own, whose moments tch cannot save; a run that picks up again needs them.
pub(super) struct Adam {
    learning_rate: f64,
    n_steps: i32,
    /// For each trained weight, one after the other, how much of it is added to its gradient.
    penalties: Vec<f32>,
    /// Running means of the gradient and of its square.
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Adam {
    pub fn new(network: &dyn Network, learning_rate: f64, weight_decay: f64) -> Self {
        let tensors = trainable(network.store()).into_iter();
        let penalties = tensors.flat_map(|(_, weight)| {
            // A bias is a vector; what is penalised is a matrix or more.
            let penalty = if weight.dim() > 1 { weight_decay } else { 0.0 };
            vec![penalty as f32; weight.numel()]
        });
        let penalties: Vec<f32> = penalties.collect();
        let zeros = vec![0.0; penalties.len()];
        Self {
            learning_rate,
            n_steps: 0,
            penalties,
            mean: zeros.clone(),
            square: zeros,
        }
    }

    /// One pass through the windows in batches; returns the mean of their losses.
    pub fn epoch(
        &mut self,
        network: &dyn Network,
        train: &Labelled,
        batch_size: usize,
        seed: u64,
        epoch: usize,
    ) -> f64 {
        let mut sum = 0.0;
        let mut weights = flat_weights(network);
        for (windows, classes) in batches::shuffled(train, batch_size, seed, epoch) {
            let (loss, gradient) = network.gradient(&windows, &classes);
            self.step(&mut weights, &gradient);
            set_flat_weights(network, &weights);
            sum += loss * classes.len() as f64;
        }
        sum / train.n_windows() as f64
    }

    /// One step of the weights down a gradient.
    fn step(&mut self, weights: &mut [f32], gradient: &[f32]) {
        self.n_steps += 1;
        let rate = (self.learning_rate / (1.0 - f64::from(BETA_1).powi(self.n_steps))) as f32;
        let correction = (1.0 - f64::from(BETA_2).powi(self.n_steps)).sqrt() as f32;
        let moments = self.mean.iter_mut().zip(&mut self.square);
        let weights = weights.iter_mut().zip(&self.penalties);
        for (((mean, square), (weight, penalty)), gradient) in moments.zip(weights).zip(gradient) {
            let gradient = gradient + penalty * *weight;
            *mean = BETA_1 * *mean + (1.0 - BETA_1) * gradient;
            *square = BETA_2 * *square + (1.0 - BETA_2) * gradient * gradient;
            *weight -= rate * *mean / (square.sqrt() / correction + EPSILON);
        }
    }

    pub fn state(&self) -> NamedTensors {
        vec![
            ("n_steps".into(), Tensor::from_slice(&[self.n_steps])),
            ("mean".into(), Tensor::from_slice(&self.mean)),
            ("square".into(), Tensor::from_slice(&self.square)),
        ]
    }

    /// Takes up a saved state; `None` where a tensor is absent or has another length.
    pub fn restore(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Option<()> {
        let n = self.mean.len();
        let read = |name| {
            Vec::try_from(find(name)?)
                .ok()
                .filter(|v: &Vec<f32>| v.len() == n)
        };
        (self.mean, self.square) = (read("mean")?, read("square")?);
        self.n_steps = Vec::try_from(find("n_steps")?).ok()?.first().copied()?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use tch::nn::{self, OptimizerConfig};

    use super::*;
    use crate::network::{Classify, ConvNet};

    #[test]
    fn it_steps_as_libtorchs_own() {
        let (ours, theirs) = (ConvNet::new(40, 3, 1), ConvNet::new(40, 3, 1));
        let mut adam = Adam::new(&ours, 1e-2, 0.0);
        let mut weights = flat_weights(&ours);
        let mut libtorchs = nn::Adam::default().build(theirs.store(), 1e-2).unwrap();
        let windows: Vec<f32> = (0..8 * 120).map(|i| (i as f32 * 0.11).sin()).collect();
        let input = Tensor::from_slice(&windows).view([8, 3, 40]);
        let classes = Tensor::from_slice(&[0_i64, 1, 2, 0, 1, 2, 0, 1]);
        for _ in 0..20 {
            let (_, gradient) = ours.gradient(&windows, &[0, 1, 2, 0, 1, 2, 0, 1]);
            adam.step(&mut weights, &gradient);
            set_flat_weights(&ours, &weights);
            let loss = theirs.forward(&input).cross_entropy_for_logits(&classes);
            libtorchs.backward_step(&loss);
        }
        let (ours, theirs) = (
            ours.probabilities(&windows).unwrap(),
            theirs.probabilities(&windows).unwrap(),
        );
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}
