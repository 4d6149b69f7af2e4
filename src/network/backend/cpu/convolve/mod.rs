//! ConvNetQuake's convolutions on the processor.
//!
//! libtorch's convolution is made for images of many channels: with 32 channels and a stride of 2 it
//! reaches a tenth to a quarter of what two cores can multiply, and a batch's outputs leave the
//! cache. Here a window goes through all layers and back before the next one comes, so that
//! everything it touches (about 0.3 MB) stays in the cache of one core, and each layer is a product
//! of overlapping rows with a matrix of 32 columns: time is the first axis, so three neighbouring
//! samples of 32 channels are one row, and nothing is copied. Threads share the windows.
//!
//! The result is libtorch's up to rounding (tests/network.rs), and the same bits on any number of
//! threads: windows are summed in fixed groups, and the groups in their order.

mod shared;
mod stack;

use rayon::prelude::*;

use stack::Gradient;
pub use stack::{N_CHANNELS, N_TAPS, Stack};

use super::CpuBackend;

/// Windows whose gradients are summed one after the other.
const N_IN_GROUP: usize = 8;

impl CpuBackend for Stack {
    fn logits(&self, windows: &[f32]) -> Vec<f32> {
        let (length, n_classes) = (3 * self.n_samples(), self.n_classes());
        let mut logits = vec![0.0; windows.len() / length * n_classes];
        windows
            .par_chunks(N_IN_GROUP * length)
            .zip(logits.par_chunks_mut(N_IN_GROUP * n_classes))
            .for_each_init(
                || self.workspace(),
                |work, (windows, logits)| {
                    let windows = windows.chunks_exact(length);
                    for (window, logits) in windows.zip(logits.chunks_exact_mut(n_classes)) {
                        self.forward(window, work, logits);
                    }
                },
            );
        logits
    }

    fn logits_along(&self, components: [&[f32]; 3], hop: usize) -> Option<Vec<f32>> {
        shared::logits_along(self, components, hop)
    }

    fn gradient(&self, windows: &[f32], classes: &[usize]) -> (f64, Vec<f32>) {
        let length = 3 * self.n_samples();
        let share = 1.0 / classes.len() as f32;
        let groups: Vec<Gradient> = windows
            .par_chunks(N_IN_GROUP * length)
            .zip(classes.par_chunks(N_IN_GROUP))
            .map_init(
                || self.workspace(),
                |work, (windows, classes)| {
                    let mut sum = self.zero_gradient();
                    for (window, &class) in windows.chunks_exact(length).zip(classes) {
                        self.add_gradient(window, class, share, work, &mut sum);
                    }
                    sum
                },
            )
            .collect();
        let mut sum = self.zero_gradient();
        groups.iter().for_each(|group| sum.add(group));
        (sum.loss, sum.flat())
    }

    fn set_weights(&mut self, weights: &[f32]) {
        *self = Self::new(self.lengths(), self.n_classes(), weights);
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::super::CpuBackend;
    use crate::network::{Backend, Classify, ConvNet, Network, Perceptron};

    const LIBTORCH: Backend = Backend::Libtorch(Device::Cpu);

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 0.37).sin()).collect()
    }

    fn assert_close(ours: &[f32], libtorchs: &[f32]) {
        assert_eq!(ours.len(), libtorchs.len());
        let largest = libtorchs.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        for (a, b) in ours.iter().zip(libtorchs) {
            assert!((a - b).abs() <= 1e-5 * largest, "{a} {b}");
        }
    }

    fn assert_equal(ours: &dyn Network, libtorchs: &dyn Network) {
        let windows = numbers(75 * 3 * ours.n_samples());
        let classes: Vec<usize> = (0..75).map(|i| i % 4).collect();
        assert_close(&ours.logits(&windows), &libtorchs.logits(&windows));
        let (loss, gradient) = ours.gradient(&windows, &classes);
        let (wanted_loss, wanted) = libtorchs.gradient(&windows, &classes);
        assert!((loss - wanted_loss).abs() < 1e-5, "{loss} {wanted_loss}");
        assert_close(&gradient, &wanted);
    }

    #[test]
    fn logits_and_gradients_are_libtorchs() {
        for n_samples in [1000, 500, 257, 100, 33, 3, 1] {
            let new = |backend| ConvNet::with_backend(n_samples, 4, 7, backend).unwrap();
            assert_equal(&new(Backend::Cpu), &new(LIBTORCH));
            let new = |backend| Perceptron::with_backend(n_samples, 4, 7, backend).unwrap();
            assert_equal(&new(Backend::Cpu), &new(LIBTORCH));
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let stack = ConvNet::new(200, 3, 1).stack();
        let (windows, classes) = (numbers(53 * 600), vec![1; 53]);
        let with = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
            let both = || (stack.logits(&windows), stack.gradient(&windows, &classes));
            pool.build().unwrap().install(both)
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn nothing_gives_nothing_and_nan_is_an_error() {
        let network = ConvNet::new(40, 3, 1);
        assert!(network.probabilities(&[]).unwrap().is_empty());
        let mut window = numbers(120);
        window[50] = f32::NAN;
        assert!(network.logits(&window)[0].is_nan());
        assert!(network.probabilities(&window).is_err());
    }
}
