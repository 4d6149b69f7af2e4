//! The nearest neighbour: a classifier that can do nothing but remember.

use tch::Tensor;

use super::Split;

/// Tested windows whose distances are computed at once.
const N_AT_ONCE: i64 = 256;

/// Share of the tested windows whose nearest training window (Euclidean distance of all samples)
/// has their class, 0 to 1.
///
/// A nearest neighbour knows a window again, but generalises little. Where it does well on
/// [`super::Dataset::with_shuffled_classes`], the test holds what the training has seen.
pub fn nearest_neighbour_accuracy(split: &Split) -> f64 {
    let predicted = nearest_neighbour_classes(split);
    let pairs = predicted.iter().zip(split.test.classes());
    let n_right = pairs.filter(|(said, class)| said == class).count();
    n_right as f64 / split.test.n_windows() as f64
}

/// For each tested window the class of the training window nearest to it.
pub fn nearest_neighbour_classes(split: &Split) -> Vec<usize> {
    let train = split.train.tensors().0.flatten(1, -1);
    let test = split.test.tensors().0.flatten(1, -1);
    let mut classes = Vec::with_capacity(split.test.n_windows());
    for windows in test.split(N_AT_ONCE, 0) {
        let nearest = Tensor::cdist(&windows, &train, 2.0, None::<i64>).argmin(1, false);
        let mut indices = vec![0_i64; nearest.numel()];
        nearest.copy_data(&mut indices, nearest.numel());
        classes.extend(indices.iter().map(|i| split.train.classes()[*i as usize]));
    }
    classes
}
