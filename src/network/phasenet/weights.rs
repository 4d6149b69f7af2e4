//! Named tensors become layers, each with the normalisation behind it.

use std::collections::BTreeSet;

use super::layers::{Down, Up, channels, same_taps};
use super::rows::Sums;
use crate::network::torch_file::{StateDict, Values};

/// Of every layer of PhaseNet but the first of PhaseNetLight and the last.
const KERNEL: usize = 7;

type Made<T> = Result<T, String>;

/// The tensors of a network, and which of them have become part of a layer.
pub(super) struct Weights {
    dict: StateDict,
    used: BTreeSet<String>,
    /// What a normalisation adds to the variance.
    pub epsilon: f64,
    n_parameters: usize,
}

/// A factor and a sum for each row of an output: the normalisation, and the bias before it.
struct Affine {
    factors: Vec<f64>,
    sums: Vec<f64>,
}

impl Weights {
    pub fn new(dict: StateDict) -> Self {
        Self {
            dict,
            used: BTreeSet::new(),
            epsilon: 0.0,
            n_parameters: 0,
        }
    }

    /// The first axis of a tensor.
    pub fn n_rows(&self, name: &str) -> Made<usize> {
        let shape = self.dict.get(name).map(|tensor| &tensor.shape[..]);
        let first = shape.and_then(<[usize]>::first).copied();
        first.ok_or_else(|| format!("no tensor {name:?} with an axis"))
    }

    /// How many numbers training has changed, if every tensor was one of the network's.
    pub fn finish(self) -> Made<usize> {
        // A count of batches is of the training alone.
        let is_left =
            |name: &&String| !self.used.contains(*name) && !name.ends_with("num_batches_tracked");
        match self.dict.keys().find(is_left) {
            None => Ok(self.n_parameters),
            Some(name) => Err(format!(
                "the tensor {name:?}, which the network does not have"
            )),
        }
    }

    fn tensor(&mut self, name: &str, shape: &[usize]) -> Made<Vec<f64>> {
        let tensor = self.dict.get(name);
        let tensor = tensor.ok_or_else(|| format!("no tensor {name:?}"))?;
        if tensor.shape != shape {
            let found = &tensor.shape;
            return Err(format!("{name:?} has shape {found:?}, expected {shape:?}"));
        }
        let Values::Floats(values) = &tensor.values else {
            return Err(format!("{name:?} holds whole numbers"));
        };
        if let Some(bad) = values.iter().find(|x| !x.is_finite()) {
            return Err(format!("{name:?} holds {bad}"));
        }
        self.used.insert(name.into());
        Ok(values.iter().map(|x| f64::from(*x)).collect())
    }

    fn parameter(&mut self, name: &str, shape: &[usize]) -> Made<Vec<f64>> {
        let values = self.tensor(name, shape)?;
        self.n_parameters += values.len();
        Ok(values)
    }

    /// `scale` names the normalisation: `weight (x - running_mean) / sqrt(running_var + epsilon) + bias`.
    fn affine(
        &mut self,
        name: &str,
        has_bias: bool,
        scale: Option<&str>,
        n: usize,
    ) -> Made<Affine> {
        let bias = match has_bias {
            true => self.parameter(&format!("{name}.bias"), &[n])?,
            false => vec![0.0; n],
        };
        let Some(scale) = scale else {
            return Ok(Affine {
                factors: vec![1.0; n],
                sums: bias,
            });
        };
        let weight = self.parameter(&format!("{scale}.weight"), &[n])?;
        let shift = self.parameter(&format!("{scale}.bias"), &[n])?;
        let mean = self.tensor(&format!("{scale}.running_mean"), &[n])?;
        let variance = self.tensor(&format!("{scale}.running_var"), &[n])?;
        if let Some(bad) = variance.iter().find(|v| **v < 0.0) {
            return Err(format!("{scale:?} has a variance of {bad}"));
        }
        let factor = |i: usize| weight[i] / (variance[i] + self.epsilon).sqrt();
        let factors: Vec<f64> = (0..n).map(factor).collect();
        let sums = (0..n)
            .map(|i| (bias[i] - mean[i]) * factors[i] + shift[i])
            .collect();
        Ok(Affine { factors, sums })
    }

    /// A convolution that keeps the number of samples; rectified where a normalisation follows.
    pub fn same(
        &mut self,
        name: &str,
        has_bias: bool,
        scale: Option<&str>,
        input: &[usize],
        n_out: usize,
        kernel: usize,
    ) -> Made<Sums> {
        let n_in = input.len();
        let weight = self.parameter(&format!("{name}.weight"), &[n_out, n_in, kernel])?;
        let Affine { factors, sums } = self.affine(name, has_bias, scale, n_out)?;
        let of = |o: usize, tap: usize| factors[o] * weight[o * n_in * kernel + tap];
        Ok(Sums::new(
            same_taps(input, kernel),
            &sums,
            of,
            scale.is_some(),
        ))
    }

    /// A layer of kernel 1 whose weights have the input's axis first.
    pub fn turned(&mut self, name: &str, input: &[usize], n_out: usize) -> Made<Sums> {
        let weight = self.parameter(&format!("{name}.weight"), &[input.len(), n_out, 1])?;
        let Affine { sums, .. } = self.affine(name, true, None, n_out)?;
        let of = |o: usize, i: usize| weight[i * n_out + o];
        Ok(Sums::new(same_taps(input, 1), &sums, of, false))
    }

    /// A step down; `size` is how many samples lie before the first, and how many come out.
    pub fn down(
        &mut self,
        name: &str,
        has_bias: bool,
        scale: &str,
        n_in: usize,
        n_out: usize,
        size: [usize; 2],
    ) -> Made<Down> {
        let weight = self.parameter(&format!("{name}.weight"), &[n_out, n_in, KERNEL])?;
        let Affine { factors, sums } = self.affine(name, has_bias, Some(scale), n_out)?;
        let of = |o: usize, i: usize, k: usize| factors[o] * weight[(o * n_in + i) * KERNEL + k];
        Ok(Down::new(channels(n_in), KERNEL, size, &sums, of))
    }

    /// A step up; `size` is how many samples are cut off in front, and how many come out.
    pub fn up(
        &mut self,
        name: &str,
        has_bias: bool,
        scale: &str,
        input: &[usize],
        n_out: usize,
        size: [usize; 2],
    ) -> Made<Up> {
        let weight = self.parameter(&format!("{name}.weight"), &[input.len(), n_out, KERNEL])?;
        let Affine { factors, sums } = self.affine(name, has_bias, Some(scale), n_out)?;
        let of = |o: usize, i: usize, k: usize| factors[o] * weight[(i * n_out + o) * KERNEL + k];
        Ok(Up::new(input, KERNEL, size, &sums, of))
    }
}
