//! What a reader sees of a layer.

use std::fmt;

/// One layer: what leaves it, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// `conv1`, `dense`, ...
    pub name: String,
    /// Shape of one window after this layer: `[channels, samples]` or `[units]`.
    pub shape: Vec<usize>,
    pub n_parameters: usize,
    /// Multiplications and additions for one window; activations are not counted.
    pub n_flop: usize,
}

impl Layer {
    /// A convolution from `n_in` channels to `shape`, with `kernel` taps.
    pub(super) fn conv(name: &str, n_in: usize, kernel: usize, shape: [usize; 2]) -> Self {
        let [n_out, n_samples] = shape;
        Self {
            name: name.into(),
            shape: shape.to_vec(),
            n_parameters: n_in * n_out * kernel + n_out,
            n_flop: 2 * n_in * n_out * kernel * n_samples,
        }
    }

    /// A layer in which each of `n_out` units sees all `n_in` inputs.
    pub(super) fn dense(name: &str, n_in: usize, n_out: usize) -> Self {
        Self {
            name: name.into(),
            shape: vec![n_out],
            n_parameters: n_in * n_out + n_out,
            n_flop: 2 * n_in * n_out,
        }
    }
}

/// Prints a network's layers as a table.
pub(super) fn write_table(f: &mut fmt::Formatter<'_>, layers: &[Layer]) -> fmt::Result {
    writeln!(
        f,
        "{:<8} {:>10} {:>10} {:>10}",
        "layer", "shape", "parameters", "FLOP"
    )?;
    for layer in layers {
        let shape: Vec<String> = layer.shape.iter().map(usize::to_string).collect();
        let shape = shape.join(" x ");
        writeln!(
            f,
            "{:<8} {shape:>10} {:>10} {:>10}",
            layer.name, layer.n_parameters, layer.n_flop
        )?;
    }
    let n_parameters: usize = layers.iter().map(|l| l.n_parameters).sum();
    let n_flop: usize = layers.iter().map(|l| l.n_flop).sum();
    write!(f, "{:<8} {:>10} {n_parameters:>10} {n_flop:>10}", "all", "")
}
