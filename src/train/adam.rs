//! Adam, with a state that can be saved.

use tch::{Kind, Tensor};

use super::batches::Batches;
use crate::network::{NamedTensors, Network};

// Kingma & Ba 2015, algorithm 1: the values they propose.
const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Adam of Kingma & Ba 2015 (arXiv:1412.6980).
///
/// libtorch has its own, whose moments tch cannot save; a run that picks up again needs them.
pub(super) struct Adam {
    learning_rate: f64,
    weight_decay: f64,
    n_steps: i64,
    /// By name, in alphabetical order: the weight, and the running means of its gradient and of
    /// the gradient's square.
    moments: Vec<(String, Tensor, Tensor, Tensor)>,
}

impl Adam {
    pub fn new(network: &dyn Network, learning_rate: f64, weight_decay: f64) -> Self {
        let moments = super::training::trainable(network)
            .into_iter()
            .map(|(name, weight)| {
                let (mean, square) = (weight.zeros_like(), weight.zeros_like());
                (name, weight, mean.detach(), square.detach())
            })
            .collect();
        Self {
            learning_rate,
            weight_decay,
            n_steps: 0,
            moments,
        }
    }

    /// One pass through the batches; returns the mean of their losses.
    pub fn epoch(&mut self, network: &dyn Network, batches: &[Batches]) -> f64 {
        let n_windows: i64 = batches.iter().map(Batches::n_windows).sum();
        let mut sum = 0.0;
        for batch in batches {
            super::training::zero_gradients(network);
            let loss = batch.loss(network);
            loss.backward();
            tch::no_grad(|| self.step());
            sum += loss.double_value(&[]) * batch.n_windows() as f64;
        }
        sum / n_windows as f64
    }

    /// One step down the gradient that the weights hold.
    fn step(&mut self) {
        self.n_steps += 1;
        let step = self.n_steps as f64;
        let rate = self.learning_rate / (1.0 - BETA_1.powf(step));
        let correction = (1.0 - BETA_2.powf(step)).sqrt();
        for (_, weight, mean, square) in &mut self.moments {
            // A bias is a vector; what is penalised is a matrix or more.
            let penalty = if weight.dim() > 1 {
                self.weight_decay
            } else {
                0.0
            };
            let gradient = weight.grad() + &*weight * penalty;
            let _ = mean
                .g_mul_scalar_(BETA_1)
                .g_add_(&(&gradient * (1.0 - BETA_1)));
            let _ = square
                .g_mul_scalar_(BETA_2)
                .g_add_(&(gradient.square() * (1.0 - BETA_2)));
            let denominator = square.sqrt() / correction + EPSILON;
            let _ = weight.g_sub_(&(&*mean / denominator * rate));
        }
    }

    pub fn state(&self) -> NamedTensors {
        let mut state = vec![("n_steps".into(), Tensor::from_slice(&[self.n_steps]))];
        for (name, _, mean, square) in &self.moments {
            state.push((format!("mean.{name}"), mean.to(tch::Device::Cpu)));
            state.push((format!("square.{name}"), square.to(tch::Device::Cpu)));
        }
        state
    }

    /// Takes up a saved state; `None` where a tensor is absent.
    pub fn restore(&mut self, find: &dyn Fn(&str) -> Option<Tensor>) -> Option<()> {
        self.n_steps = find("n_steps")?.to_kind(Kind::Int64).int64_value(&[0]);
        for (name, _, mean, square) in &mut self.moments {
            mean.copy_(&find(&format!("mean.{name}"))?);
            square.copy_(&find(&format!("square.{name}"))?);
        }
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
        let mut libtorchs = nn::Adam::default().build(theirs.store(), 1e-2).unwrap();
        let windows: Vec<f32> = (0..8 * 120).map(|i| (i as f32 * 0.11).sin()).collect();
        let input = Tensor::from_slice(&windows).view([8, 3, 40]);
        let classes = Tensor::from_slice(&[0_i64, 1, 2, 0, 1, 2, 0, 1]);
        for _ in 0..20 {
            super::super::training::zero_gradients(&ours);
            let loss = ours.forward(&input).cross_entropy_for_logits(&classes);
            loss.backward();
            tch::no_grad(|| adam.step());
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
