//! PhaseNet as it is taught: the same layers in libtorch, which knows their derivatives.

use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::nn::{self, OptimizerConfig};
use tch::{Device, Kind, Tensor};

use super::{FIRST_ROWS, N_STEPS, PHASENET_CLASSES, PHASENET_SAMPLES, PhaseNet};
use crate::error::{Result, fail};
use crate::network::torch_file::{SavedTensor, StateDict, Values};
use crate::network::weights::{NamedTensors, uniform, values, write_tensors, zeros};

/// Of all layers but the last.
const KERNEL: usize = 7;

/// Samples kept by a step down: one of four.
const STRIDE: i64 = 4;

/// What a normalisation adds to the variance, and how much of a batch goes into its running mean and variance.
const EPSILON: f64 = 1e-3;
const MOMENTUM: f64 = 0.1;

/// PhaseNet with weights that a training changes.
///
/// Weights begin uniform within ± sqrt(6 / n), where n is the number of inputs of a unit (He et al. 2015,
/// doi:10.1109/ICCV.2015.123); biases at 0, normalisations at factor 1. They have the names of SeisBench's.
#[derive(Debug)]
pub struct PhaseNetPupil {
    store: nn::VarStore,
    first: Layer,
    down: Vec<(Layer, Layer)>,
    bottom: Layer,
    up: Vec<(Layer, Layer)>,
    last: (Tensor, Tensor),
}

/// How a pupil's weights descend: by Adam's steps.
pub struct PhaseNetDescent<'a> {
    pupil: &'a PhaseNetPupil,
    adam: nn::Optimizer,
}

impl PhaseNetDescent<'_> {
    /// One step at this learning rate, down the mean loss of a batch ([`PhaseNetPupil::loss`]), which is returned.
    pub fn step(&mut self, learning_rate: f64, windows: &[f32], probabilities: &[f32]) -> f64 {
        self.adam.set_lr(learning_rate);
        let loss = self.pupil.loss(windows, probabilities);
        self.adam.backward_step(&loss);
        loss.double_value(&[])
    }
}

/// A convolution, its normalisation, and what is below zero cut off.
#[derive(Debug)]
struct Layer {
    weight: Tensor,
    bias: Option<Tensor>,
    factor: Tensor,
    shift: Tensor,
    running: [Tensor; 2],
}

impl Layer {
    /// `shape` is that of the weights, and `n_in` the inputs of a unit; the output has `n_out` rows.
    fn new(
        [path, scale]: [nn::Path; 2],
        shape: [usize; 3],
        [n_in, n_out]: [usize; 2],
        has_bias: bool,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let bound = (6.0 / n_in as f64).sqrt();
        let options = (Kind::Float, Device::Cpu);
        let ones = || Tensor::ones([n_out as i64], options);
        let nothing = Tensor::zeros([n_out as i64], options);
        Self {
            weight: uniform(&path, "weight", &shape, bound, rng),
            bias: has_bias.then(|| zeros(&path, "bias", n_out)),
            factor: scale.add("weight", ones(), true),
            shift: zeros(&scale, "bias", n_out),
            running: [
                scale.add("running_mean", nothing, false),
                scale.add("running_var", ones(), false),
            ],
        }
    }

    /// A convolution that keeps the number of samples.
    fn same(&self, x: &Tensor, is_taught: bool) -> Tensor {
        let padding = (KERNEL / 2) as i64;
        self.finish(
            &x.conv1d(&self.weight, self.bias.as_ref(), 1, padding, 1, 1),
            is_taught,
        )
    }

    /// A step down. SeisBench pads as the first version, in TensorFlow, did: so many zeros before, and what is missing after.
    fn down(&self, x: &Tensor, before: i64, is_taught: bool) -> Tensor {
        let n = x.size()[2];
        let n_out = (n + STRIDE - 1) / STRIDE;
        let after = STRIDE * (n_out - 1) + KERNEL as i64 - before - n;
        let padded = x.constant_pad_nd([before, after]);
        self.finish(
            &padded.conv1d(&self.weight, self.bias.as_ref(), STRIDE, 0, 1, 1),
            is_taught,
        )
    }

    /// A step up to `n` samples: of what is longer its middle is taken.
    fn up(&self, x: &Tensor, n: i64, is_taught: bool) -> Tensor {
        let bias: Option<&Tensor> = None;
        let whole = x.conv_transpose1d(&self.weight, bias, STRIDE, 0, 0, 1, 1);
        let surplus = STRIDE * x.size()[2] - n;
        self.finish(&whole, is_taught).narrow(2, 1 + surplus / 2, n)
    }

    fn finish(&self, x: &Tensor, is_taught: bool) -> Tensor {
        let [mean, variance] = &self.running;
        x.batch_norm(
            Some(&self.factor),
            Some(&self.shift),
            Some(mean),
            Some(variance),
            is_taught,
            MOMENTUM,
            EPSILON,
            false,
        )
        .relu()
    }
}

impl PhaseNetPupil {
    /// A network with the random weights of a seed.
    pub fn new(seed: u64) -> Self {
        let store = nn::VarStore::new(Device::Cpu);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rows = |i: usize| FIRST_ROWS << i;
        let place = |branch: &str, i: usize, part: usize| store.root() / branch / i / part;
        let mut same = |paths, n_in: usize, n_out: usize, has_bias| {
            let shape = [n_out, n_in, KERNEL];
            Layer::new(paths, shape, [n_in * KERNEL, n_out], has_bias, &mut rng)
        };
        let root = store.root();
        let first = same(
            [&root / "inc", &root / "in_bn"],
            PHASENET_CLASSES,
            rows(0),
            true,
        );
        let (mut down, mut n) = (Vec::new(), rows(0));
        for i in 0..N_STEPS {
            let at = |part| place("down_branch", i, part);
            let keep = same([at(0), at(1)], n, rows(i), false);
            n = rows(i);
            down.push((keep, same([at(2), at(3)], n, n, false)));
        }
        let at = |part| place("down_branch", N_STEPS, part);
        let bottom = same([at(0), at(1)], n, rows(N_STEPS), false);
        n = rows(N_STEPS);
        let mut up = Vec::new();
        for i in 0..N_STEPS {
            let at = |part| place("up_branch", i, part);
            let n_up = rows(N_STEPS - 1 - i);
            // A sample of the output comes from a kernel's share of the input.
            let n_in = n * KERNEL / STRIDE as usize;
            let shape = [n, n_up, KERNEL];
            let step = Layer::new([at(0), at(1)], shape, [n_in, n_up], false, &mut rng);
            let shape = [n_up, 2 * n_up, KERNEL];
            let inputs = [2 * n_up * KERNEL, n_up];
            let keep = Layer::new([at(2), at(3)], shape, inputs, false, &mut rng);
            up.push((step, keep));
            n = n_up;
        }
        let path = &root / "out";
        let bound = (6.0 / (n + PHASENET_CLASSES) as f64).sqrt();
        let last = (
            uniform(&path, "weight", &[PHASENET_CLASSES, n, 1], bound, &mut rng),
            zeros(&path, "bias", PHASENET_CLASSES),
        );
        Self {
            store,
            first,
            down,
            bottom,
            up,
            last,
        }
    }

    /// Begins to teach it.
    pub fn descent(&self) -> PhaseNetDescent<'_> {
        let built = nn::Adam::default().build(&self.store, 1e-3);
        PhaseNetDescent {
            pupil: self,
            adam: built.expect("Adam takes the weights of any network"),
        }
    }

    /// Logits `(n_windows, 3, 3001)` of windows `(n_windows, 3, 3001)`. In teaching, each batch is normalised by itself.
    pub fn logits(&self, windows: &Tensor, is_taught: bool) -> Tensor {
        let mut x = self.first.same(windows, is_taught);
        let mut seen = Vec::with_capacity(N_STEPS);
        for ((same, down), before) in self.down.iter().zip(super::BEFORE) {
            x = same.same(&x, is_taught);
            let next = down.down(&x, before as i64, is_taught);
            seen.push(x);
            x = next;
        }
        x = self.bottom.same(&x, is_taught);
        for ((up, same), seen) in self.up.iter().zip(seen.iter().rev()) {
            x = up.up(&x, seen.size()[2], is_taught);
            x = same.same(&Tensor::cat(&[seen, &x], 1), is_taught);
        }
        let (weight, bias) = &self.last;
        x.conv1d(weight, Some(bias), 1, 0, 1, 1)
    }

    /// Mean cross-entropy of the samples of some windows, whose probabilities `(n_windows, 3, 3001)` are known.
    pub fn loss(&self, windows: &[f32], probabilities: &[f32]) -> Tensor {
        let tensor = |values: &[f32]| {
            let shape = [-1, PHASENET_CLASSES as i64, PHASENET_SAMPLES as i64];
            Tensor::from_slice(values).view(shape)
        };
        let logits = self.logits(&tensor(windows), true);
        let losses = logits.log_softmax(1, Kind::Float) * tensor(probabilities);
        -losses
            .sum_dim_intlist([1_i64].as_slice(), false, Kind::Float)
            .mean(Kind::Float)
    }

    /// The network for use, with the weights as they are now.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where a weight is not finite: a training that has gone wrong.
    pub fn taught(&self) -> Result<PhaseNet> {
        let saved = |(name, tensor): (String, Tensor)| {
            let shape = tensor.size().iter().map(|n| *n as usize).collect();
            let values = Values::Floats(values(&tensor));
            (name, SavedTensor { shape, values })
        };
        let dict: StateDict = self.store.variables().into_iter().map(saved).collect();
        PhaseNet::of(dict)
            .map_err(|what| fail!(Network, "PhaseNet", what, "Teach it at a lower rate"))
    }

    /// Writes the weights as safetensors.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut all: NamedTensors = self.store.variables().into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let detached: NamedTensors = all
            .into_iter()
            .map(|(name, t)| (name, t.detach()))
            .collect();
        write_tensors(&detached, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(phase: f64) -> Vec<f32> {
        let value = |i: usize| {
            let t = i as f64;
            ((t * 0.11 + phase).sin() * (-((t % 3001.0 - 1500.0) / 400.0).powi(2)).exp()) as f32
        };
        (0..3 * PHASENET_SAMPLES).map(value).collect()
    }

    /// P in the middle of the window, noise elsewhere.
    fn probabilities() -> Vec<f32> {
        let n = PHASENET_SAMPLES;
        let p = |i: usize| (-((i as f64 - 1500.0) / 30.0).powi(2)).exp() as f32;
        let rows = [|p: f32| p, |_| 0.0, |p: f32| 1.0 - p];
        rows.iter()
            .flat_map(|row| (0..n).map(|i| row(p(i))))
            .collect()
    }

    /// What libtorch computes while it teaches, the library's own loops compute with the same weights.
    #[test]
    fn a_taught_network_is_the_same_in_use() {
        let pupil = PhaseNetPupil::new(7);
        let mut descent = pupil.descent();
        let (windows, wanted) = (
            [window(0.0), window(1.0)].concat(),
            probabilities().repeat(2),
        );
        let mut losses = Vec::new();
        for _ in 0..15 {
            losses.push(descent.step(1e-2, &windows, &wanted));
        }
        assert!(losses[14] < 0.7 * losses[0], "{losses:?}");
        let taught = pupil.taught().unwrap();
        assert_eq!(taught.n_parameters(), 268_443);
        let found = taught.probabilities(&windows);
        let shape = [2, 3, PHASENET_SAMPLES as i64];
        let input = Tensor::from_slice(&windows).view(shape);
        let expected = tch::no_grad(|| pupil.logits(&input, false).softmax(1, Kind::Float));
        let furthest = found
            .iter()
            .zip(values(&expected))
            .map(|(a, b)| (a - b).abs());
        let furthest = furthest.fold(0.0, f32::max);
        assert!(furthest < 1e-5, "{furthest}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weights.safetensors");
        pupil.write(&file).unwrap();
        let read = PhaseNet::of_safetensors(&std::fs::read(file).unwrap(), "here").unwrap();
        assert_eq!(read.probabilities(&windows), found);
        assert!(PhaseNet::of_safetensors(b"no tensors", "here").is_err());
    }
}
