//! Nearest neighbours: classifiers that only remember.

use tch::Tensor;

use super::tensors;
use crate::dataset::Split;

/// Tested windows whose distances are computed at once.
const N_AT_ONCE: i64 = 256;

/// Share of the tested windows whose nearest training window (Euclidean distance of all samples)
/// has their class, 0 to 1.
///
/// A nearest neighbour recognises a window, but generalises little. Where it does well on
/// [`crate::dataset::Dataset::with_shuffled_classes`], the test holds windows of the training.
pub fn nearest_neighbour_accuracy(split: &Split) -> f64 {
    let predicted = nearest_neighbour_classes(split);
    let pairs = predicted.iter().zip(split.test.classes());
    let n_right = pairs.filter(|(said, class)| said == class).count();
    n_right as f64 / split.test.n_windows() as f64
}

/// For each tested window the class of the training window nearest to it.
pub fn nearest_neighbour_classes(split: &Split) -> Vec<usize> {
    let train = tensors(&split.train).0.flatten(1, -1);
    let test = tensors(&split.test).0.flatten(1, -1);
    let mut classes = Vec::with_capacity(split.test.n_windows());
    for windows in test.split(N_AT_ONCE, 0) {
        let nearest = Tensor::cdist(&windows, &train, 2.0, None::<i64>).argmin(1, false);
        let mut indices = vec![0_i64; nearest.numel()];
        nearest.copy_data(&mut indices, nearest.numel());
        classes.extend(indices.iter().map(|i| split.train.classes()[*i as usize]));
    }
    classes
}

/// For each of `tested` the share, 0 to 1, of class `class` among its `k` nearest of `known`
/// (Euclidean distance of features, each in units of its standard deviation over `known`).
/// Of neighbours equally far the first counts.
///
/// # Panics
/// Where `known` is empty or features differ in number.
pub fn nearest_share(
    known: &[(Vec<f64>, usize)],
    tested: &[Vec<f64>],
    class: usize,
    k: usize,
) -> Vec<f64> {
    let n = known.len() as f64;
    let scales: Vec<f64> = (0..known[0].0.len())
        .map(|i| {
            let mean = known.iter().map(|(x, _)| x[i]).sum::<f64>() / n;
            let variance = known
                .iter()
                .map(|(x, _)| (x[i] - mean).powi(2))
                .sum::<f64>()
                / n;
            // A feature that never changes says nothing.
            if variance > 0.0 { variance.sqrt() } else { 1.0 }
        })
        .collect();
    let distance = |a: &[f64], b: &[f64]| -> f64 {
        let pairs = a.iter().zip(b).zip(&scales);
        pairs.map(|((a, b), scale)| ((a - b) / scale).powi(2)).sum()
    };
    let share = |x: &Vec<f64>| {
        let mut near: Vec<(f64, usize)> = known
            .iter()
            .map(|(y, class)| (distance(x, y), *class))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let near = &near[..k.min(near.len())];
        near.iter().filter(|(_, c)| *c == class).count() as f64 / near.len() as f64
    };
    tested.iter().map(share).collect()
}
