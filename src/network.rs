//! The networks.

use crate::error::Result;

/// A trained classifier of windows.
pub trait Classify {
    /// Classes, noise being the last.
    fn n_classes(&self) -> usize;

    /// Samples of one component of a window.
    fn n_samples(&self) -> usize;

    /// Probabilities of shape `(n_windows, n_classes)`, row by row, for `windows` of shape
    /// `(n_windows, 3, n_samples)`, already normalised as in training.
    ///
    /// # Errors
    /// [`crate::Error::Network`] where the length is no multiple of a window.
    fn probabilities(&self, windows: &[f32]) -> Result<Vec<f32>>;
}
