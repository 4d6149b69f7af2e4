//! The perceptron's two layers on the processor.
//!
//! Its training sees all windows at each step, and memory limits it: libtorch writes all mapped windows to
//! memory several times for each evaluation. Here some windows at a time are mapped and go forward and back
//! while they are in the cache.
//!
//! Ten epochs of the paper's training (2595 windows of 3 x 1000, scaled conjugate gradient, 2 threads) took
//! libtorch 3.3 times as long (1.9 to 4.1 in seven pairs of turns, on a machine busy with other work): the
//! benchmark's job `perceptron`. libtorch's rounding would also change the bits of the paper's networks.

use rayon::prelude::*;

use super::gemm::{Left, add, add_product};
use super::{CpuBackend, cross_entropy};

/// Hidden units, and the columns of the product: the others remain 0.
pub const N_HIDDEN: usize = 10;
const N_COLUMNS: usize = 16;

/// The hidden units of one window, or their derivatives.
type Row = [f32; N_COLUMNS];

const ZERO: Row = [0.0; N_COLUMNS];

/// Windows that are mapped at once: 0.8 MB.
const N_AT_ONCE: usize = 64;

/// Windows whose gradients are summed one after the other.
const N_IN_GROUP: usize = 8 * N_AT_ONCE;

/// The weights, laid out for the products.
pub struct Dense {
    /// Mapped input = (input - centre) * gain.
    centre: Vec<f32>,
    gain: Vec<f32>,
    /// One row of units for each input, and the biases.
    hidden: Vec<Row>,
    hidden_bias: Row,
    /// `(class, unit)`, and the biases.
    output: Vec<[f32; N_HIDDEN]>,
    output_bias: Vec<f32>,
}

/// The loss, and the derivatives of it by the weights, laid out as in [`Dense`].
struct Gradient {
    loss: f64,
    hidden: Vec<Row>,
    hidden_bias: Row,
    output: Vec<[f32; N_HIDDEN]>,
    output_bias: Vec<f32>,
}

impl Dense {
    /// Takes centre and gain of the inputs, and all weights in alphabetical order of libtorch's names:
    /// `hidden.bias`, `hidden.weight (unit, input)`, `output.bias`, `output.weight (class, unit)`.
    ///
    /// # Panics
    /// Where these are not as many as the layers have.
    pub fn new([centre, gain]: [Vec<f32>; 2], n_classes: usize, weights: &[f32]) -> Self {
        let n_inputs = centre.len();
        let (hidden_bias, rest) = weights.split_at(N_HIDDEN);
        let (hidden, rest) = rest.split_at(N_HIDDEN * n_inputs);
        let (output_bias, output) = rest.split_at(n_classes);
        let row = |input| std::array::from_fn(|unit| hidden[unit * n_inputs + input]);
        Self {
            centre,
            gain,
            hidden: (0..n_inputs).map(|input| padded(row(input))).collect(),
            hidden_bias: padded(std::array::from_fn(|unit| hidden_bias[unit])),
            output: output.as_chunks().0.to_vec(),
            output_bias: output_bias.to_vec(),
        }
    }

    fn n_inputs(&self) -> usize {
        self.centre.len()
    }

    fn n_classes(&self) -> usize {
        self.output_bias.len()
    }

    fn mapped(&self, windows: &[f32]) -> Vec<f32> {
        let mut mapped = Vec::with_capacity(windows.len());
        for window in windows.chunks_exact(self.n_inputs()) {
            let ranges = self.centre.iter().zip(&self.gain);
            let map = |(x, (centre, gain)): (&f32, (&f32, &f32))| (x - centre) * gain;
            mapped.extend(window.iter().zip(ranges).map(map));
        }
        mapped
    }

    fn units(&self, mapped: &[f32]) -> Vec<Row> {
        let mut units = vec![self.hidden_bias; mapped.len() / self.n_inputs()];
        add_product(self.left(mapped), &self.hidden, &mut units, 1);
        for unit in units.as_flattened_mut() {
            *unit = unit.tanh();
        }
        units
    }

    fn left<'a>(&self, mapped: &'a [f32]) -> Left<'a> {
        Left {
            values: mapped,
            row: self.n_inputs(),
            column: 1,
        }
    }

    fn logits_of(&self, units: &Row) -> impl Iterator<Item = f32> {
        let outputs = self.output.iter().zip(&self.output_bias);
        outputs.map(move |(weights, bias)| {
            let products = weights.iter().zip(units).map(|(w, u)| w * u);
            bias + products.sum::<f32>()
        })
    }

    fn add_gradient(&self, windows: &[f32], classes: &[usize], share: f32, sum: &mut Gradient) {
        let mapped = self.mapped(windows);
        let mut units = self.units(&mapped);
        for (units, &class) in units.iter_mut().zip(classes) {
            let mut by_logit: Vec<f32> = self.logits_of(units).collect();
            let loss = cross_entropy(&mut by_logit, class);
            sum.loss += f64::from(share) * loss;
            let mut by_unit = ZERO;
            for (c, by_logit) in by_logit.iter().enumerate() {
                let by_logit = share * by_logit;
                sum.output_bias[c] += by_logit;
                for u in 0..N_HIDDEN {
                    sum.output[c][u] += by_logit * units[u];
                    by_unit[u] += by_logit * self.output[c][u];
                }
            }
            // From the units to what went into their tanh.
            for ((unit, by_unit), bias) in units.iter_mut().zip(by_unit).zip(&mut sum.hidden_bias) {
                *unit = by_unit * (1.0 - *unit * *unit);
                *bias += *unit;
            }
        }
        let left = self.left(&mapped).transposed();
        add_product(left, &units, &mut sum.hidden, 1);
    }

    fn zero_gradient(&self) -> Gradient {
        Gradient {
            loss: 0.0,
            hidden: vec![ZERO; self.n_inputs()],
            hidden_bias: ZERO,
            output: vec![[0.0; N_HIDDEN]; self.n_classes()],
            output_bias: vec![0.0; self.n_classes()],
        }
    }
}

impl CpuBackend for Dense {
    fn logits(&self, windows: &[f32]) -> Vec<f32> {
        let groups = windows.par_chunks(N_AT_ONCE * self.n_inputs());
        let logits = groups.flat_map_iter(|windows| {
            let units = self.units(&self.mapped(windows));
            let logits = units.iter().flat_map(|units| self.logits_of(units));
            logits.collect::<Vec<f32>>()
        });
        logits.collect()
    }

    fn gradient(&self, windows: &[f32], classes: &[usize]) -> (f64, Vec<f32>) {
        let share = 1.0 / classes.len() as f32;
        let groups: Vec<Gradient> = windows
            .par_chunks(N_IN_GROUP * self.n_inputs())
            .zip(classes.par_chunks(N_IN_GROUP))
            .map(|(windows, classes)| {
                let mut sum = self.zero_gradient();
                let windows = windows.chunks(N_AT_ONCE * self.n_inputs());
                for (windows, classes) in windows.zip(classes.chunks(N_AT_ONCE)) {
                    self.add_gradient(windows, classes, share, &mut sum);
                }
                sum
            })
            .collect();
        // The groups in their order: the same bits on any number of threads.
        let mut sum = self.zero_gradient();
        groups.iter().for_each(|group| sum.add(group));
        (sum.loss, sum.flat())
    }

    fn set_weights(&mut self, weights: &[f32]) {
        let n_classes = self.n_classes();
        let ranges = [&mut self.centre, &mut self.gain].map(std::mem::take);
        *self = Self::new(ranges, n_classes, weights);
    }
}

impl Gradient {
    fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        add(self.hidden.as_flattened_mut(), other.hidden.as_flattened());
        add(&mut self.hidden_bias, &other.hidden_bias);
        add(self.output.as_flattened_mut(), other.output.as_flattened());
        add(&mut self.output_bias, &other.output_bias);
    }

    /// In alphabetical order of libtorch's names: `hidden.bias`, `hidden.weight`, `output.bias`,
    /// `output.weight`.
    fn flat(&self) -> Vec<f32> {
        let mut all = self.hidden_bias[..N_HIDDEN].to_vec();
        for unit in 0..N_HIDDEN {
            all.extend(self.hidden.iter().map(|row| row[unit]));
        }
        all.extend(&self.output_bias);
        all.extend(self.output.as_flattened());
        all
    }
}

fn padded(units: [f32; N_HIDDEN]) -> Row {
    let mut row = ZERO;
    row[..N_HIDDEN].copy_from_slice(&units);
    row
}
