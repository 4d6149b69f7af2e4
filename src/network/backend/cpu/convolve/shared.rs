//! Overlapping windows: outputs that they share are computed once.
//!
//! A convolution gives the same outputs for the same samples, in whichever window they are, as long as no
//! window is scaled by itself. So the first convolutions run once along the record. A window's own zeros,
//! before and after it, change only its first and its last output, which are computed for each window.
//! Every sum has the same terms in the same order, so the logits equal those of the windows one by one,
//! bit for bit.
//!
//! After `l` convolutions of stride 2 outputs lie `2^l` samples apart, and a window that begins
//! between two of them needs others: with a hop of `h` samples, `2^l / gcd(2^l, h)` sequences stand
//! beside one another, each a *phase*. A hop of 256 samples needs one, after all eight convolutions;
//! a hop of 100 needs one after two and two after three. Where the phases of a layer would cost as much
//! as the windows one by one, they part.

use rayon::prelude::*;

use super::stack::{Convolution, N_CHANNELS, Stack, Workspace, ZERO, interleave};

/// Length of a piece of record, in windows end to end. A long piece computes little twice; the outputs of
/// this one still fit in the processor's second cache.
const N_END_TO_END: usize = 8;

/// The logits of the windows that begin every `hop` samples of the three components; `None` where they
/// have nothing to share.
///
/// # Panics
/// Where `hop` is 0.
pub(super) fn logits_along(stack: &Stack, components: [&[f32]; 3], hop: usize) -> Option<Vec<f32>> {
    let (n, n_classes) = (stack.n_samples(), stack.n_classes());
    let n_shared = n_shared(stack.lengths(), hop);
    let n_windows = components[0].len().checked_sub(n)? / hop + 1;
    if n_shared == 0 {
        return None;
    }
    let at_once = (N_END_TO_END * n).div_ceil(hop);
    let mut logits = vec![0.0; n_windows * n_classes];
    logits
        .par_chunks_mut(at_once * n_classes)
        .enumerate()
        .for_each_init(
            || stack.workspace(),
            |work, (number, logits)| {
                let first = number * at_once * hop;
                let end = first + (logits.len() / n_classes - 1) * hop + n;
                let components = components.map(|component| &component[first..end]);
                forward(stack, n_shared, components, hop, work, logits);
            },
        );
    Some(logits)
}

/// The number of convolutions that cost at most half as much along the record as window by window.
fn n_shared(lengths: &[usize], hop: usize) -> usize {
    let along = |depth: usize| hop / gcd(1 << depth, hop);
    (1..lengths.len())
        .take_while(|&depth| 2 * along(depth) <= lengths[depth])
        .count()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Writes the logits of the windows of a piece of record.
fn forward(
    stack: &Stack,
    n_shared: usize,
    components: [&[f32]; 3],
    hop: usize,
    work: &mut Workspace,
    logits: &mut [f32],
) {
    let n_classes = stack.n_classes();
    let starts: Vec<usize> = (0..logits.len() / n_classes).map(|i| i * hop).collect();
    let mut level = Level::of(components);
    let mut edges = level.edges(&starts, stack.n_samples());
    for (i, &length) in stack.lengths()[..n_shared].iter().enumerate() {
        let convolution = stack.convolution(i);
        edges = level.edges_after(&convolution, &starts, length, &edges);
        level = level.after(&convolution, hop);
    }
    let length = stack.lengths()[n_shared];
    let windows = starts.iter().zip(edges.as_chunks().0.as_chunks().0);
    for ((start, [first, last]), logits) in windows.zip(logits.chunks_exact_mut(n_classes)) {
        let outputs = work.outputs(n_shared - 1, length);
        for (i, output) in outputs.iter_mut().enumerate().take(length - 1) {
            output.copy_from_slice(level.at(*start, i));
        }
        (outputs[0], outputs[length - 1]) = (*first, *last);
        stack.forward_from(n_shared, work, logits);
    }
}

/// A piece of record, or the outputs of a convolution on it.
struct Level {
    n_channels: usize,
    /// Samples of the record from one output to the next.
    step: usize,
    /// Samples of the record from the beginning of one phase to that of the next.
    spacing: usize,
    /// `(time, channel)` of each phase, after a row of zeros: what lies before the piece is in no window.
    phases: Vec<Vec<f32>>,
}

impl Level {
    fn of(components: [&[f32]; 3]) -> Self {
        let mut rows = vec![0.0; 3 * (components[0].len() + 1)];
        interleave(components, &mut rows[3..]);
        Self {
            n_channels: 3,
            step: 1,
            spacing: 1,
            phases: vec![rows],
        }
    }

    /// The channels at output `i` of the window that begins at sample `start`.
    fn at(&self, start: usize, i: usize) -> &[f32] {
        let phase = &self.phases[start % self.step / self.spacing];
        let row = 1 + start / self.step + i;
        &phase[row * self.n_channels..(row + 1) * self.n_channels]
    }

    /// The outputs of a convolution, correct except for the first and last output of each window.
    fn after(&self, convolution: &Convolution, hop: usize) -> Self {
        let step = 2 * self.step;
        let spacing = gcd(step, hop);
        let phase = |begin: usize| {
            // Every other output is the middle of the next layer's: the even ones or the odd ones.
            let from = begin / self.step;
            let input = &self.phases[begin % self.step / self.spacing][from * self.n_channels..];
            let n_inputs = input.len() / self.n_channels - 1;
            let mut output = vec![ZERO; 1 + n_inputs / 2];
            convolution.forward(input, &mut output[1..]);
            output.into_flattened()
        };
        Self {
            n_channels: N_CHANNELS,
            step,
            spacing,
            phases: (0..step).step_by(spacing).map(phase).collect(),
        }
    }

    /// Each window's first and last row, `(window, 2, channel)`.
    fn edges(&self, starts: &[usize], length: usize) -> Vec<f32> {
        let both = |start: &usize| [self.at(*start, 0), self.at(*start, length - 1)];
        starts.iter().flat_map(both).flatten().copied().collect()
    }

    /// The same after a convolution of windows of `length` rows, to which `edges` belong.
    fn edges_after(
        &self,
        convolution: &Convolution,
        starts: &[usize],
        length: usize,
        edges: &[f32],
    ) -> Vec<f32> {
        let zeros = vec![0.0; self.n_channels];
        let middles = [0, 2 * (length.div_ceil(2) - 1)];
        let mut inputs = Vec::with_capacity(3 * edges.len());
        for (start, edges) in starts.iter().zip(edges.chunks_exact(2 * self.n_channels)) {
            let (first, last) = edges.split_at(self.n_channels);
            for row in middles.into_iter().flat_map(|middle| middle..middle + 3) {
                inputs.extend_from_slice(match row.checked_sub(1) {
                    Some(0) => first,
                    Some(i) if i + 1 == length => last,
                    Some(i) if i < length => self.at(*start, i),
                    _ => &zeros,
                });
            }
        }
        let mut outputs = vec![ZERO; 2 * starts.len()];
        convolution.every(3, &inputs, &mut outputs);
        outputs.into_flattened()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::CpuBackend;
    use super::*;
    use crate::network::{Classify, ConvNet, Network, one_by_one};

    fn record(n: usize) -> [Vec<f32>; 3] {
        [0.31, 0.47, 0.83].map(|step| (0..n).map(|i| (i as f32 * step).sin() * 3.0).collect())
    }

    #[test]
    fn bits_are_those_of_the_windows_one_by_one() {
        for (n_samples, hop) in [
            (1000, 100),
            (1000, 256),
            (1000, 1),
            (1000, 25),
            (1000, 500),
            (257, 8),
            (100, 7),
            (33, 2),
            (6, 1),
            (2, 1),
            (1, 1),
        ] {
            let network = ConvNet::new(n_samples, 3, 5);
            // Weights of the first layers may make all biases 0; those of a trained network are not.
            for (name, mut weight) in network.store().variables() {
                if name.ends_with("bias") {
                    tch::no_grad(|| weight.copy_(&tch::Tensor::randn_like(&weight)));
                }
            }
            let record = record(9 * n_samples + 30 * hop + 3);
            let components = record.each_ref().map(Vec::as_slice);
            let together = network.probabilities_along(components, hop).unwrap();
            let apart = one_by_one(&network, components, hop).unwrap();
            assert_eq!(together, apart, "{n_samples} {hop}");
            assert!(together.len() > 3 * 30 && together.iter().all(|p| p.is_finite()));
        }
    }

    #[test]
    fn what_costs_too_much_is_not_shared() {
        let lengths = [1000, 500, 250, 125, 63, 32, 16, 8, 4];
        for (hop, wanted) in [(100, 4), (256, 8), (1, 8), (500, 2), (502, 0), (1000, 0)] {
            assert_eq!(n_shared(&lengths, hop), wanted, "{hop}");
        }
        let stack = ConvNet::new(1000, 3, 5).stack();
        let record = record(3000);
        let components = record.each_ref().map(Vec::as_slice);
        assert!(stack.logits_along(components, 1000).is_none());
        assert!(stack.logits_along(components, 100).is_some());
    }

    #[test]
    fn a_record_shorter_than_a_window_has_none() {
        let network = ConvNet::new(100, 3, 5);
        let record = record(99);
        let components = record.each_ref().map(Vec::as_slice);
        assert!(
            network
                .probabilities_along(components, 1)
                .unwrap()
                .is_empty()
        );
    }
}
