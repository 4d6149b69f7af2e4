//! Whether rescaled probabilities are better than those that a network gave: chapter 8.

use std::collections::BTreeMap;

use super::PlainWindows;
use crate::error::Result;
use crate::evaluate::{Calibration, Interval, bootstrap};

/// Bins of the probability, and draws of the bootstrap.
const N_BINS: usize = 10;
const N_RESAMPLES: usize = 500;

/// Expected calibration errors of the same windows, stated in two ways, and by how much they differ.
///
/// Intervals draw whole earthquakes with replacement; a window of noise is drawn by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationErrors {
    pub before: Interval,
    pub after: Interval,
    /// Before less after, both of the same draw.
    pub gain: Interval,
}

/// Compares two probabilities of an event for each window: before and after they were rescaled.
///
/// # Errors
/// As [`bootstrap`].
pub fn calibration_errors(
    windows: &PlainWindows,
    [before, after]: [&[f64]; 2],
    seed: u64,
) -> Result<CalibrationErrors> {
    let (groups, truth) = (groups(windows), windows.truth());
    let error = |drawn: &[usize], p: &[f64]| {
        let cases = || drawn.iter().flat_map(|group| groups[*group].iter());
        let truth: Vec<bool> = cases().map(|i| truth[*i]).collect();
        let p: Vec<f64> = cases().map(|i| p[*i]).collect();
        Calibration::new(&truth, &p, N_BINS).map_or(f64::NAN, |c| c.expected_calibration_error())
    };
    let drawn =
        |statistic: &dyn Fn(&[usize]) -> f64| bootstrap(groups.len(), N_RESAMPLES, seed, statistic);
    Ok(CalibrationErrors {
        before: drawn(&|groups| error(groups, before))?,
        after: drawn(&|groups| error(groups, after))?,
        gain: drawn(&|groups| error(groups, before) - error(groups, after))?,
    })
}

/// Windows that belong together: those of one earthquake, and each window of noise alone.
fn groups(windows: &PlainWindows) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(Option<usize>, usize), Vec<usize>> = BTreeMap::new();
    for (i, event) in windows.events.iter().enumerate() {
        let alone = if event.is_some() { 0 } else { i };
        groups.entry((*event, alone)).or_default().push(i);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_an_earthquake_are_drawn_together() {
        let windows = PlainWindows {
            n_classes: 2,
            probabilities: Vec::new(),
            classes: vec![0, 0, 1, 1, 0],
            events: vec![Some(7), Some(7), None, None, Some(8)],
            base_rate: 0.5,
        };
        let mut sizes: Vec<usize> = groups(&windows).iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 1, 1, 2]);

        // Sure and right, against a probability that is 0.3 off everywhere.
        let sure = [1.0, 1.0, 0.0, 0.0, 1.0];
        let unsure = [0.7, 0.7, 0.3, 0.3, 0.7];
        let errors = calibration_errors(&windows, [&unsure, &sure], 1).unwrap();
        assert!((errors.before.value - 0.3).abs() < 1e-9);
        assert_eq!((errors.after.value, errors.before.n), (0.0, 4));
        assert!((errors.gain.lower - 0.3).abs() < 1e-9 && errors.gain.upper > 0.0);
    }
}
