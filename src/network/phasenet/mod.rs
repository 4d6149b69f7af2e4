//! PhaseNet and PhaseNetLight: from a window of three components to the probabilities of P, S and noise.
//!
//! PhaseNet (Zhu & Beroza 2019, doi:10.1093/gji/ggy423) is a U-Net: four steps down, each of which keeps a quarter of the samples, and
//! four steps up, each of which also sees what the step down of the same length saw. Here it has the layers and names of SeisBench, in
//! which the published weights are kept; `PhaseNetLight` is SeisBench's smaller form of it.
//!
//! | | PhaseNet | PhaseNetLight |
//! |---|---|---|
//! | input, then 8 rows | kernel 7 | kernel 1 |
//! | a step down | kernel 7, then kernel 7 with stride 4 | kernel 7 with stride 4 |
//! | rows | 8, 16, 32, 64, 128 | 8, 11, 16, 22, 32 |
//! | samples | 3001, 751, 188, 47, 12 | the same |
//! | a step up | transposed, then kernel 7 | transposed |
//! | parameters | 268,443 | 23,305 |
//!
//! The library's own loops compute it, not libtorch: its layers have few rows, for which libtorch's general code is slow, and they
//! are one loop (`rows`). The normalisation after each layer is a factor and a sum, so it is made part of the layer's weights.

mod layers;
mod rows;
mod taught;
mod weights;

use std::path::Path;

use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors};

use super::torch_file::{SavedTensor, StateDict, Values, state_dict_of};
use crate::atomic_file::read_input;
use crate::error::{Result, fail};
use layers::{Down, Up, channels, joined};
use rows::{Rows, Sums};
pub use taught::{PhaseNetDescent, PhaseNetPupil};
use weights::Weights;

/// Samples of a window: 30 s at 100 Hz, with both ends.
pub const PHASENET_SAMPLES: usize = 3001;

/// Classes: P, S and noise, in an order that the weights' description tells.
pub const PHASENET_CLASSES: usize = 3;

/// Which of the two networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseNetKind {
    PhaseNet,
    PhaseNetLight,
}

/// The network with its weights.
///
/// A window has shape `(3, 3001)`, the components in the order of the training, each without its mean and scaled. The answer has shape
/// `(3, 3001)`: for each sample three probabilities, which add up to 1.
#[derive(Debug, Clone)]
pub struct PhaseNet {
    kind: PhaseNetKind,
    n_parameters: usize,
    first: Sums,
    down: Vec<(Option<Sums>, Down)>,
    bottom: Option<Sums>,
    up: Vec<(Up, Option<Sums>)>,
    last: Sums,
}

/// Steps down, and steps up.
const N_STEPS: usize = 4;

/// Samples that each step down of PhaseNet sees before the first.
const BEFORE: [usize; N_STEPS] = [3, 2, 1, 2];

/// Rows of the first layer of PhaseNet; each step down doubles them.
const FIRST_ROWS: usize = 8;

/// Times as many rows as PhaseNet has (Naoi et al. 2024 have two).
const MAX_FACTOR: usize = 8;

/// Rows of PhaseNetLight after the first layer and after each step down.
const LIGHT_ROWS: [usize; N_STEPS + 1] = [8, 11, 16, 22, 32];

impl PhaseNet {
    /// Reads weights that PyTorch has saved, such as those that SeisBench publishes. Their names tell which network it is.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where the file cannot be read; [`crate::Error::Network`] where it is no file of tensors, or where
    /// these are not those of one of the two networks, all finite.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of_torch(&read_input(path)?, &path.display().to_string())
    }

    /// Reads weights from the bytes of a file that PyTorch has saved; `place` is what errors call it.
    ///
    /// # Errors
    /// [`crate::Error::Network`] as [`PhaseNet::read`].
    pub fn of_torch(bytes: &[u8], place: &str) -> Result<Self> {
        Self::of(state_dict_of(bytes, place)?).map_err(|what| {
            let remedy = "Give weights of SeisBench's PhaseNet or PhaseNetLight";
            fail!(Network, place, what, remedy)
        })
    }

    /// Reads weights from the bytes of a file of [`PhaseNetPupil::write`]; `place` is what errors call them.
    ///
    /// # Errors
    /// [`crate::Error::Network`] as [`PhaseNet::read`].
    pub fn of_safetensors(bytes: &[u8], place: &str) -> Result<Self> {
        let wrong = |what: String| fail!(Network, place, what, "Take the file as it was written");
        let file = SafeTensors::deserialize(bytes).map_err(|error| wrong(error.to_string()))?;
        let mut dict = StateDict::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                let found = view.dtype();
                return Err(wrong(format!("{name:?} holds {found:?}, expected F32")));
            }
            let (numbers, _) = view.data().as_chunks();
            let values = numbers
                .iter()
                .map(|bytes| f32::from_le_bytes(*bytes))
                .collect();
            let tensor = SavedTensor {
                shape: view.shape().to_vec(),
                values: Values::Floats(values),
            };
            dict.insert(name, tensor);
        }
        Self::of(dict).map_err(wrong)
    }

    fn of(dict: StateDict) -> std::result::Result<Self, String> {
        let is_light = dict.contains_key("conv1.conv.weight");
        let is_full = dict.contains_key("down_branch.0.0.weight");
        let mut weights = Weights::new(dict);
        let network = match (is_full, is_light) {
            (true, false) => Self::full(&mut weights)?,
            (false, true) => Self::light(&mut weights)?,
            _ => return Err("neither the layers of PhaseNet nor those of PhaseNetLight".into()),
        };
        Ok(Self {
            n_parameters: weights.finish()?,
            ..network
        })
    }

    fn full(weights: &mut Weights) -> std::result::Result<Self, String> {
        let n_first = weights.n_rows("inc.weight")?;
        let factor = n_first / FIRST_ROWS;
        if n_first % FIRST_ROWS != 0 || !(1..=MAX_FACTOR).contains(&factor) {
            return Err(format!("a first layer of {n_first} rows"));
        }
        weights.epsilon = 1e-3;
        let rows = |i: usize| (FIRST_ROWS * factor) << i;
        let input = channels(PHASENET_CLASSES);
        let first = weights.same("inc", true, Some("in_bn"), &input, n_first, 7)?;
        let (mut down, mut n, mut lengths) = (Vec::new(), n_first, Vec::new());
        let mut length = PHASENET_SAMPLES;
        for (i, before) in BEFORE.into_iter().enumerate() {
            let name = |part: usize| format!("down_branch.{i}.{part}");
            let same = weights.same(&name(0), false, Some(&name(1)), &channels(n), rows(i), 7)?;
            n = rows(i);
            lengths.push(length);
            // SeisBench pads as the first version, in TensorFlow, did.
            length = length.div_ceil(4);
            let step = weights.down(&name(2), false, &name(3), n, n, [before, length])?;
            down.push((Some(same), step));
        }
        let bottom = "down_branch.4.0";
        let bottom = weights.same(
            bottom,
            false,
            Some("down_branch.4.1"),
            &channels(n),
            rows(4),
            7,
        )?;
        n = rows(4);
        let mut up = Vec::new();
        for (i, length_up) in lengths.into_iter().rev().enumerate() {
            let name = |part: usize| format!("up_branch.{i}.{part}");
            let n_up = rows(N_STEPS - 1 - i);
            // A sample is cut off in front, and two at the end; of what is longer than the step down its middle is taken.
            let surplus = 4 * length - length_up;
            let size = [1 + surplus / 2, length_up];
            let step = weights.up(&name(0), false, &name(1), &channels(n), n_up, size)?;
            let same = weights.same(
                &name(2),
                false,
                Some(&name(3)),
                &joined(n_up, n_up),
                n_up,
                7,
            )?;
            up.push((step.joined_after(), Some(same)));
            (n, length) = (n_up, length_up);
        }
        Ok(Self {
            kind: PhaseNetKind::PhaseNet,
            n_parameters: 0,
            first,
            down,
            bottom: Some(bottom),
            up,
            last: weights.same("out", true, None, &channels(n), PHASENET_CLASSES, 1)?,
        })
    }

    fn light(weights: &mut Weights) -> std::result::Result<Self, String> {
        weights.epsilon = 1e-5;
        let input = channels(PHASENET_CLASSES);
        let first = weights.same("inc", true, Some("in_bn"), &input, LIGHT_ROWS[0], 1)?;
        let (mut down, mut up, mut lengths) = (Vec::new(), Vec::new(), vec![PHASENET_SAMPLES]);
        for (i, rows) in LIGHT_ROWS.windows(2).enumerate() {
            let length = lengths[i].div_ceil(4);
            lengths.push(length);
            let (name, scale) = (format!("conv{}.conv", i + 1), format!("bnd{}", i + 1));
            let step = weights.down(&name, true, &scale, rows[0], rows[1], [3, length])?;
            down.push((None, step));
        }
        let mut input = channels(LIGHT_ROWS[N_STEPS]);
        for (i, before) in [2, 2, 2, 3].into_iter().enumerate() {
            let n = LIGHT_ROWS[N_STEPS - 1 - i];
            let size = [before, lengths[N_STEPS - 1 - i]];
            let (name, scale) = (format!("up{}", i + 1), format!("bnu{}", i + 1));
            up.push((weights.up(&name, true, &scale, &input, n, size)?, None));
            input = joined(n, n);
        }
        Ok(Self {
            kind: PhaseNetKind::PhaseNetLight,
            n_parameters: 0,
            first,
            down,
            bottom: None,
            up,
            last: weights.turned("out", &input, PHASENET_CLASSES)?,
        })
    }

    pub fn kind(&self) -> PhaseNetKind {
        self.kind
    }

    /// Rows and samples of each level, from the first layer to the deepest: `[8, 3001]` to `[128, 12]` in PhaseNet.
    pub fn levels(&self) -> [[usize; 2]; N_STEPS + 1] {
        let mut n_samples = PHASENET_SAMPLES;
        std::array::from_fn(|i| {
            let rows = match self.kind {
                PhaseNetKind::PhaseNet => self.first.n_rows() << i,
                PhaseNetKind::PhaseNetLight => LIGHT_ROWS[i],
            };
            let level = [rows, n_samples];
            n_samples = n_samples.div_ceil(4);
            level
        })
    }

    /// Numbers that training changes.
    pub fn n_parameters(&self) -> usize {
        self.n_parameters
    }

    /// Probabilities `(n_windows, 3, 3001)` of windows `(n_windows, 3, 3001)`, some windows at a time on each processor core.
    pub fn probabilities(&self, windows: &[f32]) -> Vec<f32> {
        let size = PHASENET_CLASSES * PHASENET_SAMPLES;
        let mut probabilities = vec![0.0; windows.len()];
        let each = probabilities
            .par_chunks_mut(size)
            .zip(windows.par_chunks(size));
        each.for_each(|(out, window)| self.one(window, out));
        probabilities
    }

    fn one(&self, window: &[f32], probabilities: &mut [f32]) {
        let mut x = Rows::zeros(PHASENET_CLASSES, PHASENET_SAMPLES);
        for (i, component) in window.chunks(PHASENET_SAMPLES).enumerate() {
            x.row_mut(i).copy_from_slice(component);
        }
        x = self.first.apply(&x, x.n());
        let mut seen = Vec::with_capacity(N_STEPS);
        for (same, down) in &self.down {
            if let Some(same) = same {
                x = same.apply(&x, x.n());
            }
            let next = down.apply(&x);
            seen.push(x);
            x = next;
        }
        if let Some(bottom) = &self.bottom {
            x = bottom.apply(&x, x.n());
        }
        for ((up, same), seen) in self.up.iter().zip(seen.iter().rev()) {
            x = up.apply(&x, seen);
            if let Some(same) = same {
                x = same.apply(&x, x.n());
            }
        }
        let logits = self.last.apply(&x, x.n());
        let rows = [0, 1, 2].map(|class| logits.row(class));
        for i in 0..PHASENET_SAMPLES {
            let mut sample = rows.map(|row| row[i]);
            super::softmax(&mut sample);
            for (class, p) in sample.into_iter().enumerate() {
                probabilities[class * PHASENET_SAMPLES + i] = p;
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
