//! The four confusion matrices that the paper shows of each training: chapter 4.

use crate::dataset::Split;
use crate::error::Result;
use crate::evaluate::ConfusionMatrix;
use crate::network::Classify;
use crate::plot::{self, Figure};

/// What a network says of the three parts of its data, and of all of them together.
#[derive(Debug, Clone, PartialEq)]
pub struct FourMatrices {
    pub training: ConfusionMatrix,
    pub validation: ConfusionMatrix,
    pub test: ConfusionMatrix,
    pub all: ConfusionMatrix,
}

impl FourMatrices {
    /// # Errors
    /// As [`ConfusionMatrix::of`].
    pub fn of(network: &dyn Classify, split: &Split) -> Result<Self> {
        let training = ConfusionMatrix::of(network, &split.train)?;
        let validation = ConfusionMatrix::of(network, &split.validation)?;
        let test = ConfusionMatrix::of(network, &split.test)?;
        let all = training.plus(&validation)?.plus(&test)?;
        Ok(Self {
            training,
            validation,
            test,
            all,
        })
    }

    /// Figures 7, 10 and 11 of the paper.
    ///
    /// # Errors
    /// As [`plot::confusion_matrices`].
    pub fn figure(&self) -> Result<Figure> {
        plot::confusion_matrices(&[
            ("Training", &self.training),
            ("Validation", &self.validation),
            ("Test", &self.test),
            ("All", &self.all),
        ])
    }
}
