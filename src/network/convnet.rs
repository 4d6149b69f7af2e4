//! ConvNetQuake's convolutional network.

use std::fmt;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Tensor, nn};

use super::backend::{N_CHANNELS, N_TAPS, Stack};
use super::layer::{Layer, write_table};
use super::weights::{flat_weights, uniform, zeros};
use super::{Backend, Classify, CpuBackend, Network, check_sizes, one_by_one, softmax_rows};
use crate::error::Result;

const N_CONVOLUTIONS: usize = 8;
const STRIDE: usize = 2;

/// Eight convolutions of 32 channels, each halving the time axis, then one dense layer.
///
/// Architecture: Perol, Gharbi & Denolle, *Science Advances* 4(2), e1700578, 2018,
/// doi:10.1126/sciadv.1700578. Kernel 3, stride 2, ReLU; a length n becomes n / 2, rounded up,
/// with one zero on each side (TensorFlow, which they used, pads an even length on the right only).
///
/// Weights begin uniform within ± sqrt(6 / n), where n is the number of inputs of a unit, which
/// keeps the variance through ReLU layers (He et al. 2015, doi:10.1109/ICCV.2015.123), and for
/// the dense layer within ± sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010). Biases begin at 0.
#[derive(Debug)]
pub struct ConvNet {
    n_samples: usize,
    n_classes: usize,
    store: nn::VarStore,
    convolutions: Vec<(Tensor, Tensor)>,
    dense: (Tensor, Tensor),
    backend: Backend,
}

impl ConvNet {
    /// A network for windows `(3, n_samples)` with the random weights of `seed`, computed by
    /// [`Backend::default`].
    ///
    /// # Panics
    /// Where [`ConvNet::with_backend`] has an error.
    pub fn new(n_samples: usize, n_classes: usize, seed: u64) -> Self {
        Self::with_backend(n_samples, n_classes, seed, Backend::default())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same network, computed by a given backend.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where the backend's device is absent, `n_samples` is not from 1 to
    /// [`super::MAX_SAMPLES`], or `n_classes` not from 2 to [`super::MAX_CLASSES`].
    pub fn with_backend(
        n_samples: usize,
        n_classes: usize,
        seed: u64,
        backend: Backend,
    ) -> Result<Self> {
        check_sizes("convnet", n_samples, n_classes)?;
        let store = nn::VarStore::new(backend.available()?.device());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut convolutions = Vec::with_capacity(N_CONVOLUTIONS);
        let mut n_in = 3;
        for number in 1..=N_CONVOLUTIONS {
            let path = store.root() / format!("conv{number}");
            let bound = (6.0 / (n_in * N_TAPS) as f64).sqrt();
            let shape = [N_CHANNELS, n_in, N_TAPS];
            convolutions.push((
                uniform(&path, "weight", &shape, bound, &mut rng),
                zeros(&path, "bias", N_CHANNELS),
            ));
            n_in = N_CHANNELS;
        }
        let n_in = N_CHANNELS * lengths(n_samples)[N_CONVOLUTIONS];
        let path = store.root() / "dense";
        let bound = (6.0 / (n_in + n_classes) as f64).sqrt();
        let dense = (
            uniform(&path, "weight", &[n_classes, n_in], bound, &mut rng),
            zeros(&path, "bias", n_classes),
        );
        Ok(Self {
            n_samples,
            n_classes,
            store,
            convolutions,
            dense,
            backend,
        })
    }

    /// The weights as they are now, for the library's own convolutions.
    pub(super) fn stack(&self) -> Stack {
        let lengths = lengths(self.n_samples);
        Stack::new(&lengths, self.n_classes, &flat_weights(self))
    }
}

/// The length of the time axis before and after each convolution: 1000, 500, ..., 4.
fn lengths(n_samples: usize) -> [usize; N_CONVOLUTIONS + 1] {
    let mut lengths = [n_samples; N_CONVOLUTIONS + 1];
    for i in 0..N_CONVOLUTIONS {
        lengths[i + 1] = lengths[i].div_ceil(STRIDE);
    }
    lengths
}

impl Network for ConvNet {
    fn name(&self) -> &str {
        "convnet"
    }

    fn layers(&self) -> Vec<Layer> {
        let lengths = lengths(self.n_samples);
        let mut layers = Vec::with_capacity(N_CONVOLUTIONS + 1);
        let mut n_in = 3;
        for (index, &length) in lengths[1..].iter().enumerate() {
            let name = format!("conv{}", index + 1);
            layers.push(Layer::conv(&name, n_in, N_TAPS, [N_CHANNELS, length]));
            n_in = N_CHANNELS;
        }
        let n_flat = N_CHANNELS * lengths[N_CONVOLUTIONS];
        layers.push(Layer::dense("dense", n_flat, self.n_classes));
        layers
    }

    fn store(&self) -> &nn::VarStore {
        &self.store
    }

    fn forward(&self, windows: &Tensor) -> Tensor {
        let mut x = windows.shallow_clone();
        for (weight, bias) in &self.convolutions {
            x = x.conv1d(weight, Some(bias), STRIDE as i64, 1, 1, 1).relu();
        }
        x.flatten(1, -1).linear(&self.dense.0, Some(&self.dense.1))
    }

    fn backend(&self) -> Backend {
        self.backend
    }

    fn cpu_layers(&self) -> Box<dyn CpuBackend> {
        Box::new(self.stack())
    }
}

impl Classify for ConvNet {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn n_samples(&self) -> usize {
        self.n_samples
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        Ok(softmax_rows(self.logits(windows), self.n_classes))
    }

    fn probabilities_along_unchecked(
        &self,
        components: [&[f32]; 3],
        hop: usize,
    ) -> Result<Vec<f32>> {
        let logits = match self.backend {
            Backend::Cpu => self.stack().logits_along(components, hop),
            Backend::Libtorch(_) => None,
        };
        match logits {
            Some(logits) => Ok(softmax_rows(logits, self.n_classes)),
            None => one_by_one(self, components, hop),
        }
    }
}

impl fmt::Display for ConvNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_table(f, &self.layers())
    }
}
