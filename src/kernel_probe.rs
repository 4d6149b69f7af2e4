//! What the test of the notebooks' kernel looks at: nothing that a reader needs.

use std::sync::atomic::{AtomicUsize, Ordering};

// Cells of the test use these crates as the library has them.
pub use {polars, tch};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// 1, 2, 3, ... in successive cells, if all cells share one copy of the library.
pub fn count() -> usize {
    COUNT.fetch_add(1, Ordering::Relaxed) + 1
}

/// A straight line to be learnt: keeps its weights, and the optimiser its state, between cells.
#[derive(Debug)]
pub struct Line {
    // Owns the weights that `layer` and `optimizer` refer to.
    _weights: tch::nn::VarStore,
    layer: tch::nn::Linear,
    optimizer: tch::nn::Optimizer,
}

impl Line {
    pub fn new() -> Self {
        use tch::nn::{self, OptimizerConfig};
        let weights = nn::VarStore::new(tch::Device::Cpu);
        let layer = nn::linear(weights.root(), 1, 1, Default::default());
        let optimizer = nn::Adam::default()
            .build(&weights, 0.1)
            .expect("Adam takes these weights");
        Self {
            _weights: weights,
            layer,
            optimizer,
        }
    }

    /// The squared error of `2 x + 1` before a step of training.
    pub fn step(&mut self) -> f64 {
        let x = tch::Tensor::from_slice(&[0.0f32, 1.0, 2.0, 3.0]).view([4, 1]);
        let y = &x * 2.0 + 1.0;
        let loss = (x.apply(&self.layer) - y).square().mean(tch::Kind::Float);
        self.optimizer.backward_step(&loss);
        loss.double_value(&[])
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}
