//! ConvNetQuake's convolutional network.

use std::fmt;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor, nn};

use super::convolve::{N_CHANNELS, N_TAPS, Stack};
use super::layer::{Layer, write_table};
use super::weights::{uniform, values, zeros};
use super::{Classify, Network, WrittenOut, one_by_one, softmax_rows};
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
    /// Whether libtorch does all of it.
    on_libtorch: bool,
}

impl ConvNet {
    /// A network for windows `(3, n_samples)` with the random weights of `seed`.
    pub fn new(n_samples: usize, n_classes: usize, seed: u64) -> Self {
        let store = nn::VarStore::new(Device::cuda_if_available());
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
        Self {
            n_samples,
            n_classes,
            on_libtorch: store.device() != Device::Cpu,
            store,
            convolutions,
            dense,
        }
    }

    /// The same network with libtorch's convolutions on the processor too.
    pub fn on_libtorch(mut self) -> Self {
        self.on_libtorch = true;
        self
    }

    /// The weights as they are now, for the library's own convolutions.
    pub(super) fn stack(&self) -> Stack {
        let layers = self.convolutions.iter().chain([&self.dense]);
        let layers: Vec<_> = layers.map(|(w, b)| (values(w), values(b))).collect();
        Stack::new(&lengths(self.n_samples), &layers)
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

    fn written_out(&self) -> Option<Box<dyn WrittenOut>> {
        (!self.on_libtorch).then(|| Box::new(self.stack()) as _)
    }
}

impl Classify for ConvNet {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn n_samples(&self) -> usize {
        self.n_samples
    }

    fn probabilities(&self, windows: &[f32]) -> Result<Vec<f32>> {
        super::probabilities(self, windows)
    }

    fn probabilities_along(&self, components: [&[f32]; 3], hop: usize) -> Result<Vec<f32>> {
        let layers = self.written_out();
        match layers.and_then(|layers| layers.logits_along(components, hop)) {
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
