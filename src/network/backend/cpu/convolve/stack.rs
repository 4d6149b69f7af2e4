//! The stack of convolutions and the dense layer, forward and backward through one window.

use super::super::cross_entropy;
use super::super::gemm::{Left, add, add_product};

/// Channels of each convolution.
pub const N_CHANNELS: usize = 32;

/// The channels at one time.
type Row = [f32; N_CHANNELS];

/// Taps of each convolution; its stride is 2 and one zero stands on each side.
pub const N_TAPS: usize = 3;

pub(super) const ZERO: Row = [0.0; N_CHANNELS];

/// A weight smaller than this counts as nothing.
///
/// Weight decay halves the weights that no example needs again and again, until they are subnormal: then a processor
/// takes some hundred cycles for a product instead of one. A product with an activation of 1000 is still smaller
/// than the rounding of sums near 1e-9.
const TRACE: f32 = 1e-20;

fn or_zero(weight: f32) -> f32 {
    match weight.abs() < TRACE {
        true => 0.0,
        // NaN too, so that it is found.
        false => weight,
    }
}

/// The weights, laid out for the products. libtorch's order is `(output, input, tap)`.
pub struct Stack {
    first: First,
    inner: Vec<Inner>,
    /// `(class, channel * n_last + t)`, as libtorch has it, and the classes' biases.
    dense: Vec<f32>,
    dense_bias: Vec<f32>,
    /// Lengths of the time axis: of the window, and after each convolution.
    lengths: Vec<usize>,
}

/// The convolution of three components.
struct First {
    /// Rows (tap, component) of outputs.
    forward: Vec<Row>,
    bias: Row,
}

/// What a convolution takes and gives.
pub(super) struct Convolution<'a> {
    /// Channels at one time of its input.
    pub n_in: usize,
    weights: &'a [Row],
    bias: &'a Row,
}

/// A convolution of 32 channels.
struct Inner {
    /// Rows (tap, input) of outputs.
    forward: Vec<Row>,
    bias: Row,
    /// Rows of inputs, for the gradient of the input's even samples (output: middle tap)
    even: Vec<Row>,
    /// and odd samples (output t: last tap; then output t + 1: first tap).
    odd: Vec<Row>,
}

/// Sums of derivatives of the loss by the weights, laid out as in [`Stack`].
#[derive(Clone)]
pub struct Gradient {
    pub loss: f64,
    convolutions: Vec<(Vec<Row>, Row)>,
    dense: Vec<f32>,
    dense_bias: Vec<f32>,
}

/// The memory for one window's outputs and derivatives, used again for each window.
pub struct Workspace {
    /// The window as `(time, component)`, between zeros.
    input: Vec<f32>,
    /// After each convolution: `(time, channel)`, one row of zeros before and at least one behind.
    outputs: Vec<Vec<Row>>,
    /// Derivatives of the loss by these outputs, without the row before.
    derivatives: Vec<Vec<Row>>,
}

impl Stack {
    /// Takes the lengths of the time axis, of the window and after each convolution, and all weights in
    /// alphabetical order of libtorch's names: `conv1.bias`, `conv1.weight (output, input, tap)`, ...,
    /// `dense.bias`, `dense.weight (class, channel, time)`.
    ///
    /// # Panics
    /// Where these are not as many as the layers have.
    pub fn new(lengths: &[usize], n_classes: usize, weights: &[f32]) -> Self {
        let weights: Vec<f32> = weights.iter().map(|weight| or_zero(*weight)).collect();
        let mut rest = &weights[..];
        let mut next = |n: usize| {
            let (values, others) = rest.split_at(n);
            rest = others;
            values
        };
        let mut convolution =
            |n_in: usize| (row(next(N_CHANNELS)), next(N_CHANNELS * n_in * N_TAPS));
        let (first_bias, first) = convolution(3);
        let inner = (2..lengths.len()).map(|_| convolution(N_CHANNELS));
        let inner = inner
            .map(|(bias, weight)| Inner::new(weight, bias))
            .collect();
        Self {
            first: First {
                forward: by_tap_and_input(first, 3),
                bias: first_bias,
            },
            inner,
            dense_bias: next(n_classes).to_vec(),
            dense: rest.to_vec(),
            lengths: lengths.to_vec(),
        }
    }

    pub fn n_samples(&self) -> usize {
        self.lengths[0]
    }

    pub fn n_classes(&self) -> usize {
        self.dense_bias.len()
    }

    pub fn workspace(&self) -> Workspace {
        // An odd length needs a zero behind its last sample, and a gradient one behind its last output.
        let rows = |&n: &usize| vec![ZERO; n.next_multiple_of(2) + 2];
        Workspace {
            input: vec![0.0; 3 * (self.lengths[0].next_multiple_of(2) + 2)],
            outputs: self.lengths[1..].iter().map(rows).collect(),
            derivatives: self.lengths[1..].iter().map(rows).collect(),
        }
    }

    pub fn zero_gradient(&self) -> Gradient {
        let mut convolutions = vec![(vec![ZERO; N_TAPS * 3], ZERO)];
        convolutions.resize(
            self.inner.len() + 1,
            (vec![ZERO; N_TAPS * N_CHANNELS], ZERO),
        );
        Gradient {
            loss: 0.0,
            convolutions,
            dense: vec![0.0; self.dense.len()],
            dense_bias: vec![0.0; self.n_classes()],
        }
    }

    /// Writes the logits of one window, component after component.
    pub fn forward(&self, window: &[f32], work: &mut Workspace, logits: &mut [f32]) {
        let n = self.lengths[0];
        let components = [0, 1, 2].map(|i| &window[i * n..(i + 1) * n]);
        interleave(components, &mut work.input[3..]);
        let output = &mut work.outputs[0][1..=self.lengths[1]];
        self.convolution(0).forward(&work.input, output);
        self.forward_from(1, work, logits);
    }

    /// Continues after `n_done` convolutions; the outputs of the last one are in the workspace.
    pub(super) fn forward_from(&self, n_done: usize, work: &mut Workspace, logits: &mut [f32]) {
        for i in n_done..=self.inner.len() {
            let (before, after) = work.outputs.split_at_mut(i);
            let output = &mut after[0][1..=self.lengths[i + 1]];
            let input = before[i - 1].as_flattened();
            self.convolution(i).forward(input, output);
        }
        let n_last = self.n_last();
        let last = &work.outputs[self.inner.len()][1..=n_last];
        let rows = self.dense.chunks_exact(N_CHANNELS * n_last);
        for ((logit, bias), weights) in logits.iter_mut().zip(&self.dense_bias).zip(rows) {
            *logit = *bias;
            for (channel, weights) in weights.chunks_exact(n_last).enumerate() {
                for (weight, row) in weights.iter().zip(last) {
                    *logit += weight * row[channel];
                }
            }
        }
    }

    /// Adds a window's cross-entropy times `share`, and its derivatives by the weights.
    pub fn add_gradient(
        &self,
        window: &[f32],
        class: usize,
        share: f32,
        work: &mut Workspace,
        sum: &mut Gradient,
    ) {
        let mut by_logit = vec![0.0; self.n_classes()];
        self.forward(window, work, &mut by_logit);
        sum.loss += f64::from(share) * cross_entropy(&mut by_logit, class);
        by_logit
            .iter_mut()
            .for_each(|derivative| *derivative *= share);
        self.back_through_dense(&by_logit, work, sum);
        for i in (0..self.inner.len()).rev() {
            let (below, above) = work.derivatives.split_at_mut(i + 1);
            let derivative = &above[0][..=self.lengths[i + 2]];
            let outputs = &work.outputs[i];
            let (weights, bias) = &mut sum.convolutions[i + 1];
            add_derivatives(overlapping(outputs), derivative, weights, bias);
            let n = self.lengths[i + 1];
            let below = &mut below[i][..n.next_multiple_of(2)];
            self.inner[i].back(derivative, below);
            through_relu(below, &outputs[1..=n]);
            // An odd length: what was computed for the zero behind its end.
            below[n..].fill(ZERO);
        }
        let left = Left {
            values: &work.input,
            row: 6,
            column: 1,
        };
        let derivative = &work.derivatives[0][..=self.lengths[1]];
        let (weights, bias) = &mut sum.convolutions[0];
        add_derivatives(left, derivative, weights, bias);
    }

    fn back_through_dense(&self, by_logit: &[f32], work: &mut Workspace, sum: &mut Gradient) {
        let n_last = self.n_last();
        let last = self.inner.len();
        let outputs = &work.outputs[last][1..=n_last];
        let derivatives = &mut work.derivatives[last];
        derivatives.fill(ZERO);
        for (class, by_logit) in by_logit.iter().enumerate() {
            sum.dense_bias[class] += by_logit;
            for channel in 0..N_CHANNELS {
                for t in 0..n_last {
                    let index = (class * N_CHANNELS + channel) * n_last + t;
                    sum.dense[index] += by_logit * outputs[t][channel];
                    derivatives[t][channel] += by_logit * self.dense[index];
                }
            }
        }
        through_relu(derivatives, outputs);
    }

    pub(super) fn convolution(&self, i: usize) -> Convolution<'_> {
        let (n_in, weights, bias) = match i.checked_sub(1) {
            None => (3, &self.first.forward, &self.first.bias),
            Some(i) => (N_CHANNELS, &self.inner[i].forward, &self.inner[i].bias),
        };
        Convolution {
            n_in,
            weights,
            bias,
        }
    }

    /// Lengths of the time axis: of the window, and after each convolution.
    pub(super) fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    fn n_last(&self) -> usize {
        self.lengths[self.inner.len() + 1]
    }
}

impl Convolution<'_> {
    /// Row `t` of the output, with bias and ReLU, of the times 2t, 2t + 1 and 2t + 2 of `(time, input)`.
    pub fn forward(&self, input: &[f32], output: &mut [Row]) {
        self.every(2, input, output);
    }

    /// Row `t` of the output of the three times from `step` t on.
    pub fn every(&self, step: usize, input: &[f32], output: &mut [Row]) {
        output.fill(*self.bias);
        let left = Left {
            values: input,
            row: step * self.n_in,
            column: 1,
        };
        add_product(left, self.weights, output, 1);
        for value in output.as_flattened_mut() {
            // Not `max`, which would hide NaN.
            *value = if *value < 0.0 { 0.0 } else { *value };
        }
    }
}

impl Workspace {
    /// Where the outputs of convolution `i` of a window lie.
    pub(super) fn outputs(&mut self, i: usize, length: usize) -> &mut [Row] {
        &mut self.outputs[i][1..=length]
    }
}

impl Inner {
    fn new(weight: &[f32], bias: Row) -> Self {
        let of_tap = |tap: usize| {
            let weight = move |output: usize| {
                std::array::from_fn(|input| weight[(output * N_CHANNELS + input) * N_TAPS + tap])
            };
            (0..N_CHANNELS).map(weight)
        };
        Self {
            forward: by_tap_and_input(weight, N_CHANNELS),
            bias,
            even: of_tap(1).collect(),
            odd: of_tap(2).chain(of_tap(0)).collect(),
        }
    }

    /// The derivatives by the inputs from those by the outputs, whose last row must be zeros.
    fn back(&self, derivative: &[Row], input: &mut [Row]) {
        input.fill(ZERO);
        let left = Left {
            values: derivative.as_flattened(),
            row: N_CHANNELS,
            column: 1,
        };
        add_product(left, &self.even, &mut input[..], 2);
        add_product(left, &self.odd, &mut input[1..], 2);
    }
}

impl Gradient {
    pub fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        for (sum, more) in self.convolutions.iter_mut().zip(&other.convolutions) {
            add(sum.0.as_flattened_mut(), more.0.as_flattened());
            add(&mut sum.1, &more.1);
        }
        add(&mut self.dense, &other.dense);
        add(&mut self.dense_bias, &other.dense_bias);
    }

    /// As libtorch lays out the weights, in alphabetical order of its names: `conv1.bias`,
    /// `conv1.weight`, ..., `dense.weight`.
    pub fn flat(&self) -> Vec<f32> {
        let mut all = Vec::new();
        for (rows, bias) in &self.convolutions {
            let n_in = rows.len() / N_TAPS;
            all.extend(bias);
            all.extend((0..N_CHANNELS * n_in * N_TAPS).map(|index| {
                let (output, rest) = (index / (n_in * N_TAPS), index % (n_in * N_TAPS));
                rows[rest % N_TAPS * n_in + rest / N_TAPS][output]
            }));
        }
        all.extend(&self.dense_bias);
        all.extend(&self.dense);
        all
    }
}

/// Rows 2t, 2t + 1 and 2t + 2 of padded samples as row t of a matrix.
fn overlapping(samples: &[Row]) -> Left<'_> {
    Left {
        values: samples.as_flattened(),
        row: 2 * N_CHANNELS,
        column: 1,
    }
}

/// Three components as `(time, component)`.
pub(super) fn interleave(components: [&[f32]; 3], rows: &mut [f32]) {
    let (rows, _) = rows.as_chunks_mut::<3>();
    let [first, second, third] = components;
    let components = first.iter().zip(second).zip(third);
    for (row, ((x, y), z)) in rows.iter_mut().zip(components) {
        *row = [*x, *y, *z];
    }
}

/// Adds the derivatives by the weights and the biases of a convolution.
fn add_derivatives(left: Left, derivative: &[Row], weights: &mut [Row], bias: &mut Row) {
    let outputs = &derivative[..derivative.len() - 1];
    add_product(left.transposed(), outputs, weights, 1);
    for row in outputs {
        for (sum, value) in bias.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

/// ReLU lets derivatives pass where its outputs are positive.
fn through_relu(derivatives: &mut [Row], outputs: &[Row]) {
    let outputs = outputs.as_flattened();
    for (derivative, output) in derivatives.as_flattened_mut().iter_mut().zip(outputs) {
        *derivative = if *output > 0.0 { *derivative } else { 0.0 };
    }
}

/// Weights `(output, input, tap)` as rows `(tap, input)` of outputs.
fn by_tap_and_input(weight: &[f32], n_in: usize) -> Vec<Row> {
    let rows = (0..N_TAPS).flat_map(|tap| (0..n_in).map(move |input| (tap, input)));
    let row =
        |(tap, input)| std::array::from_fn(|output| weight[(output * n_in + input) * N_TAPS + tap]);
    rows.map(row).collect()
}

fn row(values: &[f32]) -> Row {
    std::array::from_fn(|i| values[i])
}
