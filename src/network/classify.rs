//! The door to every classifier: whole windows go in, finite probabilities come out.

use super::N_AT_ONCE;
use crate::error::{Result, fail};

/// A trained classifier of windows.
///
/// A classifier writes [`Classify::probabilities_unchecked`]; its callers use [`Classify::probabilities`],
/// which checks what goes in and what comes out.
pub trait Classify {
    /// Classes, noise being the last.
    fn n_classes(&self) -> usize;

    /// Samples of one component of a window.
    fn n_samples(&self) -> usize;

    /// [`Classify::probabilities`] without its checks: for the author of a classifier.
    ///
    /// # Errors
    /// What the classifier itself cannot do.
    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>>;

    /// [`Classify::probabilities_along`] without its checks. A classifier that can compute once what
    /// overlapping windows share replaces this method.
    ///
    /// # Errors
    /// As [`Classify::probabilities_unchecked`].
    fn probabilities_along_unchecked(
        &self,
        components: [&[f32]; 3],
        hop: usize,
    ) -> Result<Vec<f32>> {
        one_by_one(self, components, hop)
    }

    /// Probabilities of shape `(n_windows, n_classes)`, row by row, for `windows` of shape
    /// `(n_windows, 3, n_samples)`, already normalised as in training.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where the length is no multiple of a window, or a probability is not a
    /// finite number.
    fn probabilities(&self, windows: &[f32]) -> Result<Vec<f32>> {
        if !windows.len().is_multiple_of(3 * self.n_samples()) {
            return Err(fail!(
                Network,
                "windows",
                format!(
                    "expected a multiple of 3 x {} values, found {}",
                    self.n_samples(),
                    windows.len()
                ),
                "Give whole windows, component after component"
            ));
        }
        finite(self.probabilities_unchecked(windows)?, self.n_classes())
    }

    /// The same for the windows of a piece of record of three components: one window every `hop` samples
    /// from the first sample on, not scaled one by one.
    ///
    /// # Errors
    /// As [`Classify::probabilities`].
    ///
    /// # Panics
    /// Where the hop is 0, or a component is shorter than the first.
    fn probabilities_along(&self, components: [&[f32]; 3], hop: usize) -> Result<Vec<f32>> {
        finite(
            self.probabilities_along_unchecked(components, hop)?,
            self.n_classes(),
        )
    }
}

/// The probabilities themselves, if all are finite.
fn finite(probabilities: Vec<f32>, n_classes: usize) -> Result<Vec<f32>> {
    match probabilities.iter().position(|p| !p.is_finite()) {
        None => Ok(probabilities),
        Some(index) => Err(fail!(
            Network,
            format!(
                "window {} of {}",
                index / n_classes,
                probabilities.len() / n_classes
            ),
            format!(
                "expected a finite probability of class {}, found {}",
                index % n_classes,
                probabilities[index]
            ),
            "Look for samples that are not finite in the window, and for such weights in the network"
        )),
    }
}

/// [`Classify::probabilities_along`] window by window.
pub(super) fn one_by_one<C: Classify + ?Sized>(
    classifier: &C,
    components: [&[f32]; 3],
    hop: usize,
) -> Result<Vec<f32>> {
    let n = classifier.n_samples();
    let n_windows = (components[0].len() + hop).saturating_sub(n) / hop;
    let starts: Vec<usize> = (0..n_windows).map(|i| i * hop).collect();
    let mut all = Vec::with_capacity(n_windows * classifier.n_classes());
    for some in starts.chunks(N_AT_ONCE) {
        let rows = some.iter().flat_map(|&i| components.map(|c| &c[i..i + n]));
        let windows: Vec<f32> = rows.flatten().copied().collect();
        all.extend(classifier.probabilities_unchecked(&windows)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    /// Gives noise the first sample of a window, and an event the rest.
    struct First;

    impl Classify for First {
        fn n_classes(&self) -> usize {
            2
        }

        fn n_samples(&self) -> usize {
            2
        }

        fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
            Ok(windows.chunks(6).flat_map(|w| [1.0 - w[0], w[0]]).collect())
        }
    }

    #[test]
    fn a_probability_that_is_not_finite_is_an_error() {
        let mut windows = vec![0.5; 4 * 6];
        assert_eq!(First.probabilities(&windows).unwrap(), [0.5; 8]);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            windows[2 * 6] = value;
            let Err(Error::Network { place, .. }) = First.probabilities(&windows) else {
                panic!("{value} is no probability");
            };
            assert_eq!(place, "window 2 of 4");
            let record = [value, 0.0, 0.0];
            let along = First.probabilities_along([&record; 3], 1);
            assert!(matches!(along, Err(Error::Network { .. })));
        }
    }

    #[test]
    fn part_of_a_window_is_an_error() {
        for n in [1, 5, 7] {
            let found = First.probabilities(&vec![0.0; n]);
            assert!(matches!(found, Err(Error::Network { .. })), "{n}");
        }
    }
}
