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
    let (train, train_classes) = split.train.tensors();
    let (test, test_classes) = split.test.tensors();
    let train = train.flatten(1, -1);
    let n_right: i64 = test
        .flatten(1, -1)
        .split(N_AT_ONCE, 0)
        .iter()
        .zip(test_classes.split(N_AT_ONCE, 0))
        .map(|(windows, classes)| n_right(windows, &classes, &train, &train_classes))
        .sum();
    n_right as f64 / split.test.n_windows() as f64
}

fn n_right(windows: &Tensor, classes: &Tensor, train: &Tensor, train_classes: &Tensor) -> i64 {
    let nearest = Tensor::cdist(windows, train, 2.0, None::<i64>).argmin(1, false);
    let predicted = train_classes.index_select(0, &nearest);
    predicted
        .eq_tensor(classes)
        .sum(tch::Kind::Int64)
        .int64_value(&[])
}
