//! Which class was taken for which.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Score, top_class};
use crate::dataset::Labelled;
use crate::error::{Result, fail};
use crate::network::Classify;

/// Counts of (output, target) pairs, laid out as MATLAB's `plotconfusion`: a ROW is an output class
/// (what the network said), a COLUMN a target class (what it was). The last column of that figure
/// holds each output's [precision](Self::precision), the last row each target's
/// [recall](Self::recall), the corner the [accuracy](Self::accuracy), each cell its count and
/// [percent](Self::percent) of all. Other libraries often transpose it.
///
/// Class `n_classes - 1` is noise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// `counts[output][target]`
    counts: Vec<Vec<usize>>,
}

/// The mean of a score over classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// NaN where every class is undefined.
    pub value: f64,
    /// Classes that it was averaged over.
    pub n_classes: usize,
    /// Classes left out because their score rests on no cases.
    pub n_undefined: usize,
}

impl fmt::Display for Average {
    /// `33.3 % over 3 classes, 1 undefined`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.n_classes == 0 {
            return write!(f, "undefined (no class has cases)");
        }
        write!(
            f,
            "{:.1} % over {} classes",
            100.0 * self.value,
            self.n_classes
        )?;
        if self.n_undefined > 0 {
            write!(f, ", {} undefined", self.n_undefined)?;
        }
        Ok(())
    }
}

impl ConfusionMatrix {
    /// Counts the pairs of `truth[i]` (target) and `predicted[i]` (output). No pairs at all is
    /// allowed: every score is then undefined.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where lengths differ, there is no class, or a class is not below
    /// `n_classes`.
    pub fn new(n_classes: usize, truth: &[usize], predicted: &[usize]) -> Result<Self> {
        if n_classes == 0 {
            return Err(fail!(
                Evaluate,
                "n_classes",
                "0, expected 1 or more",
                "Count the clusters and noise"
            ));
        }
        if truth.len() != predicted.len() {
            return Err(fail!(
                Evaluate,
                "confusion matrix",
                format!("{} targets, {} outputs", truth.len(), predicted.len()),
                "Give one output for each target"
            ));
        }
        let mut counts = vec![vec![0; n_classes]; n_classes];
        for (i, (&target, &output)) in truth.iter().zip(predicted).enumerate() {
            if target.max(output) >= n_classes {
                return Err(fail!(
                    Evaluate,
                    format!("window {i}"),
                    format!("target {target}, output {output}, among {n_classes} classes"),
                    "Number the classes from 0, noise last"
                ));
            }
            counts[output][target] += 1;
        }
        Ok(Self { counts })
    }

    /// What a classifier says of windows, against their classes.
    ///
    /// # Errors
    /// As [`Classify::probabilities`] and [`ConfusionMatrix::new`].
    pub fn of(network: &dyn Classify, data: &Labelled) -> Result<Self> {
        let probabilities = network.probabilities(data.samples())?;
        let top = top_class(network.n_classes(), &probabilities)?;
        let predicted: Vec<usize> = top.into_iter().map(|(class, _)| class).collect();
        Self::new(data.n_classes(), data.classes(), &predicted)
    }

    /// Of the targets of noise, the last class, the share whose output is another class: false alarms among windows.
    pub fn noise_called(&self) -> Score {
        let noise = self.n_classes() - 1;
        let n = self.n_target(noise);
        Score::of(n - self.count(noise, noise), n)
    }

    /// The counts of both, which have the same classes: the parts of one dataset together.
    ///
    /// # Errors
    /// [`crate::Error::Evaluate`] where they have not.
    pub fn plus(&self, other: &Self) -> Result<Self> {
        if self.n_classes() != other.n_classes() {
            return Err(fail!(
                Evaluate,
                "plus",
                format!("{} and {} classes", self.n_classes(), other.n_classes()),
                "Add matrices of one and the same study"
            ));
        }
        let mut sum = self.clone();
        for (row, others) in sum.counts.iter_mut().zip(&other.counts) {
            row.iter_mut().zip(others).for_each(|(n, more)| *n += more);
        }
        Ok(sum)
    }

    /// Clusters and noise.
    pub fn n_classes(&self) -> usize {
        self.counts.len()
    }

    /// Windows of all classes.
    pub fn n(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// Windows of class `target` that the network called `output`.
    pub fn count(&self, output: usize, target: usize) -> usize {
        self.counts[output][target]
    }

    /// The same in percent of all windows; NaN where there is none.
    pub fn percent(&self, output: usize, target: usize) -> f64 {
        100.0 * Score::of(self.count(output, target), self.n()).value
    }

    /// Windows that the network called `output`: the row's sum.
    pub fn n_output(&self, output: usize) -> usize {
        self.counts[output].iter().sum()
    }

    /// Windows that were `target`: the column's sum.
    pub fn n_target(&self, target: usize) -> usize {
        self.counts.iter().map(|row| row[target]).sum()
    }

    /// Windows called what they were, of all: the corner.
    pub fn accuracy(&self) -> Score {
        let n_right = (0..self.n_classes()).map(|class| self.count(class, class));
        Score::of(n_right.sum(), self.n())
    }

    /// Of the windows called `class`, those that were: the last column.
    pub fn precision(&self, class: usize) -> Score {
        Score::of(self.count(class, class), self.n_output(class))
    }

    /// Of the windows that were `class`, those called so: the last row.
    pub fn recall(&self, class: usize) -> Score {
        Score::of(self.count(class, class), self.n_target(class))
    }

    /// Harmonic mean of precision and recall of a class, over the `n` windows that were or were
    /// called so. The share of hits among these, J, is a proportion with a Wilson interval, and
    /// F1 = 2 J / (1 + J) grows with it, so the interval is carried over.
    pub fn f1(&self, class: usize) -> Score {
        let n_hits = self.count(class, class);
        let n_either = self.n_output(class) + self.n_target(class) - n_hits;
        Score::of(n_hits, n_either).map(|j| 2.0 * j / (1.0 + j))
    }

    /// Mean precision of the classes that the network ever named.
    pub fn macro_precision(&self) -> Average {
        self.average(|class| self.precision(class))
    }

    /// Mean F1 of the classes that were or were named.
    pub fn macro_f1(&self) -> Average {
        self.average(|class| self.f1(class))
    }

    /// Mean recall of the classes that occur: always saying one class gives 1 / classes, however
    /// common that class is.
    pub fn balanced_accuracy(&self) -> Average {
        self.average(|class| self.recall(class))
    }

    /// Event or noise: all clusters become class 0, noise becomes class 1.
    pub fn detection(&self) -> Self {
        let noise = self.n_classes() - 1;
        let mut counts = vec![vec![0; 2]; 2];
        for (output, row) in self.counts.iter().enumerate() {
            for (target, n) in row.iter().enumerate() {
                counts[usize::from(output == noise)][usize::from(target == noise)] += n;
            }
        }
        Self { counts }
    }

    fn average(&self, score: impl Fn(usize) -> Score) -> Average {
        let scores = (0..self.n_classes()).map(score);
        let defined: Vec<f64> = scores.filter(Score::is_defined).map(|s| s.value).collect();
        Average {
            // 0 / 0 is NaN where no class is defined, as documented.
            value: defined.iter().sum::<f64>() / defined.len() as f64,
            n_classes: defined.len(),
            n_undefined: self.n_classes() - defined.len(),
        }
    }
}

/// What one scores without looking: the most common class (the first among equals) for every
/// window. With three noise windows to an event that is noise, and right in 75 % of cases.
///
/// ```
/// let truth = [0, 3, 3, 3];
/// assert_eq!(quakebook::evaluate::majority_baseline(&truth), [3, 3, 3, 3]);
/// ```
pub fn majority_baseline(truth: &[usize]) -> Vec<usize> {
    let n_classes = truth.iter().max().map_or(0, |class| class + 1);
    let count = |class: usize| truth.iter().filter(|t| **t == class).count();
    // `max_by_key` keeps the last of equals, so ask from the last class to the first.
    let majority = (0..n_classes).rev().max_by_key(|class| count(*class));
    vec![majority.unwrap_or(0); truth.len()]
}
