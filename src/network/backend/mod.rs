//! What computes a network: the library's own loops, or libtorch.
//!
//! | [`Backend`] | Computes | Holds weights and optimiser state during a training |
//! |---|---|---|
//! | `Cpu` | the library's own loops, on the processor | plain vectors |
//! | `Libtorch(device)` | libtorch, on its processor or on a CUDA device | tensors on that device |
//!
//! A network has one backend, chosen when it is made. A training sees both through the traits of this
//! module: a [`Model`] gives losses and gradients, and [`Weights`] and [`Wide`] do an optimiser's arithmetic.

mod cpu;
mod libtorch;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Cuda, Device, Tensor};

pub use cpu::CpuBackend;
pub(crate) use cpu::CpuModel;
pub(super) use cpu::{Dense, N_CHANNELS, N_HIDDEN, N_TAPS, Stack};
pub(crate) use libtorch::LibtorchModel;
pub(super) use libtorch::{gradient, logits};

use crate::error::{Error, Result, fail};

/// What computes a network, and where its weights are while it is trained.
///
/// As text: `cpu`, `libtorch:cpu`, `libtorch:cuda:0`.
///
/// ```
/// use quakebook::network::{Backend, ConvNet, Network};
/// let backend: Backend = "libtorch:cpu".parse()?;
/// let network = ConvNet::with_backend(1000, 4, 2019, backend)?;
/// assert_eq!(network.backend().to_string(), "libtorch:cpu");
/// # Ok::<(), quakebook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Backend {
    /// The library's own loops on the processor.
    Cpu,
    /// libtorch, on its processor or on a CUDA device.
    Libtorch(Device),
}

impl Default for Backend {
    /// libtorch on the first CUDA device; the processor where there is no CUDA device.
    fn default() -> Self {
        match Device::cuda_if_available() {
            Device::Cpu => Self::Cpu,
            device => Self::Libtorch(device),
        }
    }
}

impl Backend {
    /// Where libtorch keeps the weights of a network with this backend.
    pub fn device(self) -> Device {
        match self {
            Self::Cpu => Device::Cpu,
            Self::Libtorch(device) => device,
        }
    }

    /// The backend itself, if this machine has its device.
    pub(super) fn available(self) -> Result<Self> {
        let n_cuda = if Cuda::is_available() {
            Cuda::device_count()
        } else {
            0
        };
        match self.device() {
            Device::Cpu => Ok(self),
            Device::Cuda(index) if (index as i64) < n_cuda => Ok(self),
            _ => Err(fail!(
                Network,
                format!("backend {self}"),
                format!("libtorch has no such device here; it has {n_cuda} CUDA devices"),
                "Take Backend::Cpu, or install libtorch for CUDA"
            )),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => write!(f, "cpu"),
            Self::Libtorch(Device::Cpu) => write!(f, "libtorch:cpu"),
            Self::Libtorch(Device::Cuda(index)) => write!(f, "libtorch:cuda:{index}"),
            Self::Libtorch(device) => write!(f, "libtorch:{device:?}"),
        }
    }
}

impl FromStr for Backend {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let device = match text {
            "cpu" => return Ok(Self::Cpu),
            "libtorch:cpu" => Some(Device::Cpu),
            _ => text
                .strip_prefix("libtorch:cuda:")
                .and_then(|index| index.parse().ok())
                .map(Device::Cuda),
        };
        device.map(Self::Libtorch).ok_or_else(|| {
            fail!(
                Network,
                "backend",
                format!("expected cpu, libtorch:cpu or libtorch:cuda:0, found {text:?}"),
                "Write one of these"
            )
        })
    }
}

impl From<Backend> for String {
    fn from(backend: Backend) -> Self {
        backend.to_string()
    }
}

impl TryFrom<String> for Backend {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// A network under training: its weights where its backend computes, and the training windows.
pub(crate) trait Model {
    type Weights: Weights;

    /// All trained weights, one after the other in alphabetical order of their names.
    fn weights(&self) -> &Self::Weights;

    /// Mean cross-entropy of some training windows, and its derivatives by the weights.
    fn gradient(&self, indices: &[usize]) -> (f64, Self::Weights);

    /// The same of all training windows.
    fn gradient_of_all(&self) -> (f64, Self::Weights);

    /// Changes the weights.
    fn change(&mut self, change: impl FnOnce(&mut Self::Weights));

    /// Sets the weights to the nearest numbers of 4 bytes.
    fn place(&mut self, weights: &<Self::Weights as Weights>::Wide);

    /// Puts the weights into the network's store, where they are saved from.
    fn store(&self);

    /// Takes the weights that the network's store has.
    fn reload(&mut self);
}

/// Numbers that a checkpoint keeps.
pub(crate) trait Saved: Sized {
    /// A copy for a checkpoint, on the processor.
    fn to_saved(&self) -> Tensor;

    /// Saved numbers where these are; `None` where they are not as many.
    fn restored(&self, saved: &Tensor) -> Option<Self>;
}

/// As many numbers of 4 bytes as there are trained weights.
pub(crate) trait Weights: Saved {
    type Wide: Wide;

    fn zeros(&self) -> Self;

    fn to_wide(&self) -> Self::Wide;

    /// One step of Adam from these weights, which changes the moments too.
    fn adam_step(
        &mut self,
        gradient: &Self,
        penalties: &Self,
        moments: &mut Moments<Self>,
        step: &AdamStep,
    );
}

/// Running means of the gradient and of its square.
pub(crate) struct Moments<W> {
    pub mean: W,
    pub square: W,
}

/// The numbers of one step of Adam, named as in algorithm 1 of Kingma & Ba 2015 (arXiv:1412.6980).
pub(crate) struct AdamStep {
    pub beta_1: f32,
    pub beta_2: f32,
    pub epsilon: f32,
    /// Learning rate / (1 - beta_1^t).
    pub rate: f32,
    /// sqrt(1 - beta_2^t).
    pub correction: f32,
}

/// The same in 8 bytes: for the conjugate gradient, whose differences are small.
pub(crate) trait Wide: Saved {
    fn len(&self) -> usize;

    fn dot(&self, other: &Self) -> f64;

    /// `self + length * direction`.
    fn along(&self, length: f64, direction: &Self) -> Self;

    fn negative(&self) -> Self;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_its_text() {
        for backend in [
            Backend::Cpu,
            Backend::Libtorch(Device::Cpu),
            Backend::Libtorch(Device::Cuda(3)),
        ] {
            assert_eq!(backend.to_string().parse::<Backend>().unwrap(), backend);
            let json = serde_json::to_string(&backend).unwrap();
            assert_eq!(serde_json::from_str::<Backend>(&json).unwrap(), backend);
        }
        for text in ["", "CPU", "libtorch", "libtorch:cuda:", "libtorch:cuda:-1"] {
            assert!(
                matches!(text.parse::<Backend>(), Err(Error::Network { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn an_absent_device_is_an_error() {
        let absent = Backend::Libtorch(Device::Cuda(99));
        assert!(matches!(absent.available(), Err(Error::Network { .. })));
        assert_eq!(Backend::Cpu.available().unwrap(), Backend::Cpu);
    }

    /// Numbers that an optimiser of both backends works on.
    fn numbers(step: f32) -> Vec<f32> {
        (0..50).map(|i| (step * i as f32).sin()).collect()
    }

    #[test]
    fn both_backends_do_the_same_arithmetic() {
        let step = AdamStep {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            rate: 0.01,
            correction: 0.03,
        };
        let names = [0.3, 0.7, 0.1, 1.1];
        let [mut weights, gradient, penalties, mean] = names.map(numbers);
        let square: Vec<f32> = numbers(0.2).iter().map(|x| x * x).collect();
        let tensor = |values: &Vec<f32>| Tensor::from_slice(values);
        let mut on_libtorch = tensor(&weights);
        let (g, p) = (tensor(&gradient), tensor(&penalties));
        let mut their_moments = Moments {
            mean: tensor(&mean),
            square: tensor(&square),
        };
        let mut moments = Moments { mean, square };
        for _ in 0..3 {
            weights.adam_step(&gradient, &penalties, &mut moments, &step);
            on_libtorch.adam_step(&g, &p, &mut their_moments, &step);
        }
        let assert_close = |ours: &[f32], theirs: &Tensor| {
            let theirs = Vec::<f32>::try_from(theirs).unwrap();
            for (a, b) in ours.iter().zip(theirs) {
                assert!((a - b).abs() <= 1e-6 * (1.0 + a.abs()), "{a} {b}");
            }
        };
        assert_close(&weights, &on_libtorch);
        assert_close(&moments.mean, &their_moments.mean);
        assert_close(&moments.square, &their_moments.square);

        let (a, b) = (weights.to_wide(), gradient.to_wide());
        let (on_a, on_b) = (tensor(&weights).to_wide(), tensor(&gradient).to_wide());
        assert!((a.dot(&b) - Wide::dot(&on_a, &on_b)).abs() < 1e-12);
        let (ours, theirs) = (
            a.along(0.3, &b.negative()),
            on_a.along(0.3, &on_b.negative()),
        );
        let theirs = ours.restored(&theirs.to_saved()).unwrap();
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-15));
        assert!(ours.restored(&tensor(&vec![1.0])).is_none());
        assert!(on_a.restored(&tensor(&vec![1.0])).is_none());
    }
}
