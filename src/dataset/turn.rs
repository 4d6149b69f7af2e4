//! The training windows as other earthquakes would have made them.

use std::f32::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Train;

/// Turns the two horizontal components of each window by an angle of its own, mirrors them in half of the windows, and changes the sign of all
/// three in half: nature does not care whence a wave comes, from which side, or whether the ground is pushed first or pulled. So the
/// windows of one world are those of many, and a network can look at them often without learning them by heart.
///
/// It is right where all components have one scale or each that of its own noise. The vertical one is the third, as in
/// [`crate::waveform::Record3C`].
pub fn turn(train: &mut Train, seed: u64) {
    let n = train.0.n_samples;
    let windows = train.0.samples.par_chunks_exact_mut(3 * n).enumerate();
    windows.for_each(|(number, window)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number as u64);
        let (sin, cos) = rng.random_range(0.0..TAU).sin_cos();
        let [side, sign] = [(); 2].map(|()| if rng.random_bool(0.5) { 1.0 } else { -1.0 });
        let (first, others) = window.split_at_mut(n);
        let (second, vertical) = others.split_at_mut(n);
        for (a, b) in first.iter_mut().zip(second) {
            (*a, *b) = (
                sign * (cos * *a - sin * *b),
                side * sign * (sin * *a + cos * *b),
            );
        }
        vertical.iter_mut().for_each(|z| *z *= sign);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use crate::time;
    use crate::window::{Origin, Window};

    #[test]
    fn lengths_and_the_vertical_stay() {
        let n = 50;
        let window = |i: usize| Window {
            start: time::of_sample(time::parse("2014-02-16").unwrap(), i, 1.0),
            samples: (0..3 * n).map(|t| ((t * t + i) as f32).sin()).collect(),
            class: i % 2,
            origin: Origin::Event { id: i.to_string() },
        };
        let windows: Vec<Window> = (0..40).map(window).collect();
        let data = Dataset::from_windows(&windows, n, 2).unwrap();
        let folds: Vec<usize> = (0..40).map(|i| i.max(37) - 37).collect();
        let before = data.split_by_folds(&folds, 2, 1).unwrap().train;
        let mut after = before.clone();
        turn(&mut after, 5);
        let mut again = before.clone();
        turn(&mut again, 5);
        assert!(after == again && after.classes() == before.classes());
        let (mut n_pushed, mut n_turned) = (0, 0);
        for i in 0..before.n_windows() {
            let (a, b) = (before.window(i), after.window(i));
            let sign = b[2 * n] / a[2 * n];
            assert!((sign.abs() - 1.0).abs() < 1e-6);
            n_pushed += usize::from(sign > 0.0);
            n_turned += usize::from((a[0] - b[0]).abs() > 1e-3);
            for t in 0..n {
                assert!((b[2 * n + t] - sign * a[2 * n + t]).abs() < 1e-6);
                let length = |w: &[f32]| w[t].hypot(w[n + t]);
                assert!((length(a) - length(b)).abs() < 1e-5);
            }
        }
        assert!(
            (8..30).contains(&n_pushed) && n_turned > 30,
            "{n_pushed} {n_turned}"
        );
    }
}
