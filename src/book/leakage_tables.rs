//! What the runs of [`super::leakage_runs`] say: chapter 7.

use super::leakage::{LeakageRun, SplitOrder};
use crate::display::Table;
use crate::evaluate::{PairedDifference, Spread};

/// The classifiers of [`super::leakage_runs`].
pub const CLASSIFIERS: [&str; 3] = ["nearest neighbour", "perceptron", "convolutions"];

impl SplitOrder {
    /// As a table names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AugmentFirst => "copied first",
            Self::SplitFirst => "divided first",
        }
    }
}

/// One number of a classifier's runs, seed by seed.
fn numbers(
    runs: &[LeakageRun],
    classifier: &str,
    order: SplitOrder,
    true_labels: bool,
    number: fn(&LeakageRun) -> f64,
) -> Vec<f64> {
    let chosen = runs.iter().filter(|run| {
        run.classifier == classifier && run.order == order && run.true_labels == true_labels
    });
    chosen.map(number).collect()
}

/// The balanced accuracy of a classifier that only guesses: one over the classes that the test has.
fn guessing(run: &LeakageRun) -> f64 {
    1.0 / run.n_classes_tested as f64
}

/// Balanced accuracy copied first less divided first, seed by seed: what the leak adds.
pub fn leakage_difference(
    runs: &[LeakageRun],
    classifier: &str,
    true_labels: bool,
) -> PairedDifference {
    let [paper, right] = [SplitOrder::AugmentFirst, SplitOrder::SplitFirst].map(|order| {
        numbers(runs, classifier, order, true_labels, |r| {
            r.balanced_accuracy
        })
    });
    PairedDifference::of(&paper, &right)
}

/// Balanced accuracy with shuffled labels less that of guessing, seed by seed.
///
/// Guessing has one over the number of classes that the run's test has: a rare class may be absent there.
pub fn above_guessing(
    runs: &[LeakageRun],
    classifier: &str,
    order: SplitOrder,
) -> PairedDifference {
    let of = |number| numbers(runs, classifier, order, false, number);
    PairedDifference::of(&of(|run| run.balanced_accuracy), &of(guessing))
}

/// The classifiers by their mean balanced accuracy with true labels, the best first.
pub fn leakage_ranking(runs: &[LeakageRun], order: SplitOrder) -> Vec<String> {
    let mean = |classifier: &str| {
        Spread::of(&numbers(runs, classifier, order, true, |r| {
            r.balanced_accuracy
        }))
        .mean
    };
    let mut ranked = CLASSIFIERS;
    ranked.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
    ranked.map(str::to_string).to_vec()
}

/// Balanced accuracy of each classifier, copied first and divided first, and the difference.
pub fn leakage_table(runs: &[LeakageRun], true_labels: bool) -> Table {
    let headers = [
        "Classifier",
        "Copied first (the paper)",
        "Divided first",
        "Difference",
    ];
    let mut table = Table::new("", &headers);
    for classifier in CLASSIFIERS {
        let spread = |order| {
            let of_order = numbers(runs, classifier, order, true_labels, |r| {
                r.balanced_accuracy
            });
            Spread::of(&of_order).to_string()
        };
        table = table.row([
            classifier.to_string(),
            spread(SplitOrder::AugmentFirst),
            spread(SplitOrder::SplitFirst),
            leakage_difference(runs, classifier, true_labels).to_string(),
        ]);
    }
    let n_seeds = leakage_difference(runs, CLASSIFIERS[0], true_labels).n;
    table.noted(&format!(
        "Simulated data. Balanced accuracy: mean of {n_seeds} seeds with its 95 % interval by Student's t, which is \
         cut off at 0 and 100 %; guessing has 25 % where all four classes are tested. Difference in percent points, of the same \
         seeds."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(classifier: &str, order: SplitOrder, seed: u64, balanced_accuracy: f64) -> LeakageRun {
        LeakageRun {
            classifier: classifier.into(),
            order,
            true_labels: false,
            seed,
            n_test: 90,
            n_classes_tested: if seed == 1 { 3 } else { 4 },
            twin_share: 0.9,
            accuracy: 0.8,
            balanced_accuracy,
        }
    }

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let runs = [
            run("perceptron", SplitOrder::AugmentFirst, 1, 0.8),
            run("perceptron", SplitOrder::AugmentFirst, 2, 0.9),
            run("perceptron", SplitOrder::SplitFirst, 1, 0.4),
            run("perceptron", SplitOrder::SplitFirst, 2, 0.3),
        ];
        let gift = leakage_difference(&runs, "perceptron", false);
        assert!((gift.mean - 0.5).abs() < 1e-12);
        // Three classes in the first test and four in the second: 0.4 - 1/3 and 0.3 - 1/4.
        let above = above_guessing(&runs, "perceptron", SplitOrder::SplitFirst);
        assert!((above.mean - (0.4 - 1.0 / 3.0 + 0.05) / 2.0).abs() < 1e-12);
        let table = leakage_table(&runs, false);
        assert_eq!(table.rows.len(), CLASSIFIERS.len());
        assert!(table.rows[1][1].starts_with("85.0 %"), "{table}");
    }

    #[test]
    fn the_best_classifier_stands_first() {
        let of = |classifier, score| LeakageRun {
            true_labels: true,
            ..run(classifier, SplitOrder::SplitFirst, 1, score)
        };
        let runs = [
            of("nearest neighbour", 0.4),
            of("perceptron", 0.3),
            of("convolutions", 0.9),
        ];
        let ranked = leakage_ranking(&runs, SplitOrder::SplitFirst);
        assert_eq!(ranked, ["convolutions", "nearest neighbour", "perceptron"]);
    }
}
