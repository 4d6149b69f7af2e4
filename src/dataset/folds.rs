//! Folds: each part of the data is tested once, after training on the others.

use std::collections::BTreeMap;

use super::{Dataset, Split};
use crate::error::{Result, fail};

/// Deals groups, such as stations, out to `n_folds` folds: the largest group first, always to the
/// fold that has least; among equals the first by name, and the first fold. So no group is in two
/// folds, and the folds are about equally large. `names[i]` is the group of window i; the result is
/// its fold.
///
/// The rule is that of scikit-learn's `GroupKFold`.
///
/// # Errors
/// [`crate::Error::Dataset`] where there are fewer than two folds, or fewer groups than folds.
///
/// ```
/// use quakebook::dataset::group_folds;
/// let stations = ["A", "A", "A", "B", "B", "C", "D"];
/// assert_eq!(group_folds(&stations, 2)?, [0, 0, 0, 1, 1, 1, 0]);
/// # Ok::<(), quakebook::Error>(())
/// ```
pub fn group_folds<S: AsRef<str>>(names: &[S], n_folds: usize) -> Result<Vec<usize>> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *sizes.entry(name.as_ref()).or_default() += 1;
    }
    if n_folds < 2 || sizes.len() < n_folds {
        return Err(fail!(
            Dataset,
            "n_folds",
            format!("{n_folds} folds of {} groups", sizes.len()),
            "Ask for 2 folds or more, at most one for each group"
        ));
    }
    let mut largest_first: Vec<(&str, usize)> = sizes.into_iter().collect();
    largest_first.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut filled = vec![0; n_folds];
    let mut fold_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, n) in largest_first {
        let least = (0..n_folds).min_by_key(|fold| filled[*fold]).unwrap_or(0);
        filled[least] += n;
        fold_of.insert(name, least);
    }
    Ok(names.iter().map(|name| fold_of[name.as_ref()]).collect())
}

impl Dataset {
    /// Tests the windows of one fold, validates on those of another, and trains on the rest;
    /// `folds[i]` is the fold of window i, as [`group_folds`] gives it.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] where there is not one fold for each window, `test` and
    /// `validation` are the same, or a part would be empty.
    pub fn split_by_folds(&self, folds: &[usize], test: usize, validation: usize) -> Result<Split> {
        if folds.len() != self.n_windows() || test == validation {
            return Err(fail!(
                Dataset,
                "folds",
                format!(
                    "{} folds for {} windows, fold {test} tests, fold {validation} validates",
                    folds.len(),
                    self.n_windows()
                ),
                "Give a fold for each window, and two different ones to test and validate"
            ));
        }
        let mut parts = [const { Vec::new() }; 3];
        for (i, fold) in folds.iter().enumerate() {
            let part = match *fold {
                fold if fold == test => 2,
                fold if fold == validation => 1,
                _ => 0,
            };
            parts[part].push(vec![i]);
        }
        let [train, validation, test] = &parts;
        self.parts(train, validation, test)
    }
}
