//! The paper's perceptron.

use std::fmt;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use tch::{Kind, Tensor, nn};

use super::backend::{Dense, N_HIDDEN};
use super::layer::{Layer, write_table};
use super::weights::{flat_weights, values};
use super::{Backend, Classify, CpuBackend, Network, check_sizes, softmax_rows};
use crate::dataset::Train;
use crate::error::Result;

/// MATLAB's pattern network (`patternnet`, `nprtool`): all samples of a window, one hidden layer of
/// 10 tanh units, softmax.
///
/// As there, each of the inputs is mapped to `[-1, 1]` by its own minimum and maximum over the
/// training windows (`mapminmax`; MATLAB takes them over all windows, the tested ones too), an
/// input that never changes is ignored (`removeconstantrows`), and the weights begin as Nguyen &
/// Widrow proposed (1990, doi:10.1109/IJCNN.1990.137819): each unit's weights have length
/// 0.7 h^(1/i) for h units and i inputs, and the biases spread over that range, so that the units'
/// active ranges share the input space. Both layers begin so; their random numbers are not MATLAB's.
#[derive(Debug)]
pub struct Perceptron {
    n_samples: usize,
    n_classes: usize,
    store: nn::VarStore,
    /// Mapped input = (input - centre) * gain; not trained, but saved with the weights.
    centre: Tensor,
    gain: Tensor,
    hidden: (Tensor, Tensor),
    output: (Tensor, Tensor),
    backend: Backend,
}

impl Perceptron {
    /// A network for windows `(3, n_samples)` with the random weights of `seed`, computed by
    /// [`Backend::default`].
    ///
    /// Until training calls [`Network::prepare`] the inputs are mapped as if they spanned `[0, 1]`.
    ///
    /// # Panics
    /// Where [`Perceptron::with_backend`] has an error.
    pub fn new(n_samples: usize, n_classes: usize, seed: u64) -> Self {
        Self::with_backend(n_samples, n_classes, seed, Backend::default())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same network, computed by a given backend.
    ///
    /// # Errors
    /// As [`super::ConvNet::with_backend`].
    pub fn with_backend(
        n_samples: usize,
        n_classes: usize,
        seed: u64,
        backend: Backend,
    ) -> Result<Self> {
        check_sizes("perceptron", n_samples, n_classes)?;
        let store = nn::VarStore::new(backend.available()?.device());
        let (root, input) = (store.root(), store.root() / "input");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let n_inputs = 3 * n_samples;
        let inputs = [n_inputs as i64];
        let device = (Kind::Float, store.device());
        let centre = input.add("centre", Tensor::full(inputs, 0.5, device), false);
        let gain = input.add("gain", Tensor::full(inputs, 2.0, device), false);
        let hidden = nguyen_widrow(&root / "hidden", n_inputs, N_HIDDEN, &mut rng);
        let output = nguyen_widrow(&root / "output", N_HIDDEN, n_classes, &mut rng);
        Ok(Self {
            n_samples,
            n_classes,
            store,
            centre,
            gain,
            hidden,
            output,
            backend,
        })
    }
}

/// Weights `(n_out, n_in)` and biases `(n_out)`, for inputs in `[-1, 1]`.
fn nguyen_widrow(
    path: nn::Path,
    n_in: usize,
    n_out: usize,
    rng: &mut ChaCha8Rng,
) -> (Tensor, Tensor) {
    let length = 0.7 * (n_out as f64).powf(1.0 / n_in as f64);
    let mut weights: Vec<f32> = Vec::with_capacity(n_in * n_out);
    for _ in 0..n_out {
        // A random direction: independent Gaussian numbers have no preferred one.
        let row: Vec<f64> = (0..n_in).map(|_| rng.sample(StandardNormal)).collect();
        let norm = row.iter().map(|w| w * w).sum::<f64>().sqrt();
        weights.extend(row.iter().map(|w| (w * length / norm) as f32));
    }
    // Evenly spread, from -length to length, in random order.
    let step = 2.0 / (n_out.max(2) - 1) as f64;
    let mut biases: Vec<f32> = (0..n_out)
        .map(|unit| (length * (unit as f64 * step - 1.0)) as f32)
        .collect();
    biases.shuffle(rng);
    let weights = Tensor::from_slice(&weights).view([n_out as i64, n_in as i64]);
    (
        path.add("weight", weights.to(path.device()), true),
        path.add("bias", Tensor::from_slice(&biases).to(path.device()), true),
    )
}

impl Network for Perceptron {
    fn name(&self) -> &str {
        "perceptron"
    }

    fn layers(&self) -> Vec<Layer> {
        vec![
            Layer::dense("hidden", 3 * self.n_samples, N_HIDDEN),
            Layer::dense("output", N_HIDDEN, self.n_classes),
        ]
    }

    fn store(&self) -> &nn::VarStore {
        &self.store
    }

    fn forward(&self, windows: &Tensor) -> Tensor {
        let x = (windows.flatten(1, -1) - &self.centre) * &self.gain;
        let hidden = x.linear(&self.hidden.0, Some(&self.hidden.1)).tanh();
        hidden.linear(&self.output.0, Some(&self.output.1))
    }

    fn backend(&self) -> Backend {
        self.backend
    }

    fn cpu_layers(&self) -> Box<dyn CpuBackend> {
        let ranges = [&self.centre, &self.gain].map(values);
        Box::new(Dense::new(ranges, self.n_classes, &flat_weights(self)))
    }

    fn prepare(&mut self, train: &Train) {
        let (windows, _) = super::tensors(train);
        let windows = windows.flatten(1, -1);
        let (min, max) = (windows.amin(0, false), windows.amax(0, false));
        let span = &max - &min;
        let gain = span.reciprocal() * 2.0;
        tch::no_grad(|| {
            self.centre.copy_(&((&min + &max) / 2.0));
            self.gain
                .copy_(&gain.where_self(&span.gt(0.0), &span.zeros_like()));
        });
    }
}

impl Classify for Perceptron {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn n_samples(&self) -> usize {
        self.n_samples
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        Ok(softmax_rows(self.logits(windows), self.n_classes))
    }
}

impl fmt::Display for Perceptron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_table(f, &self.layers())
    }
}
