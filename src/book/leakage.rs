//! The paper's way to divide and the right one, on the same windows, with labels that mean
//! something and with labels that mean nothing.

use serde::{Deserialize, Serialize};

use super::{PAPER_NORMALISATION, families, windows_as_the_paper};
use crate::dataset::{Augment, Dataset, Split, augment};
use crate::error::Result;
use crate::evaluate::{ConfusionMatrix, Spread};
use crate::network::{ConvNet, Network, Perceptron, nearest_neighbour_classes};
use crate::store::Store;
use crate::study::Study;
use crate::train::{TrainParams, train};

/// Whether the windows are copied before or after they are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitOrder {
    /// Copies of all windows, then a random division: the paper's.
    AugmentFirst,
    /// Families of events, each with its gaps, on one side; then copies of the training part.
    SplitFirst,
}

/// One classifier, trained and tested one way with one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakageRun {
    /// `nearest neighbour`, `perceptron`, `convolutions`.
    pub classifier: String,
    pub order: SplitOrder,
    /// False where the classes were dealt out anew at random.
    pub true_labels: bool,
    pub seed: u64,
    pub n_test: usize,
    /// Classes that the test has: in a small test a rare one may be absent.
    pub n_classes_tested: usize,
    /// Share of tested windows with a copy in training.
    pub twin_share: f64,
    pub accuracy: f64,
    /// Mean recall of the classes that the test has: guessing gives one over their number, whatever their sizes.
    pub balanced_accuracy: f64,
}

/// Events, with their gaps, that take part: enough to learn from in seconds.
const N_GROUPS: usize = 200;

/// Each costs two trainings of each network for true labels, and two for labels that mean nothing.
const N_SEEDS: u64 = 5;

/// Most epochs of the convolutional network and of the perceptron, whose epochs are single steps.
const N_EPOCHS: usize = 6;
const N_STEPS: usize = 120;

/// Windows in a batch: small, for more steps in as many epochs.
const N_IN_BATCH: usize = 32;

/// The spread over seeds of one number.
pub fn leakage_spread(
    runs: &[LeakageRun],
    classifier: &str,
    order: SplitOrder,
    true_labels: bool,
    number: impl Fn(&LeakageRun) -> f64,
) -> Spread {
    let chosen = runs.iter().filter(|run| {
        run.classifier == classifier && run.order == order && run.true_labels == true_labels
    });
    Spread::of(&chosen.map(number).collect::<Vec<_>>())
}

/// Scores of three classifiers where windows are copied before and after the division.
///
/// The paper's windows of some events come in three sets, with true and with shuffled classes. The
/// classifiers are a nearest neighbour, the perceptron and ConvNetQuake's network.
///
/// # Errors
/// As [`windows_as_the_paper`] and [`train()`](crate::train::train()).
pub fn leakage_runs(study: &Study) -> Result<Vec<LeakageRun>> {
    let seeds: Vec<u64> = (0..N_SEEDS).map(|number| study.seed + number).collect();
    let prepare = || windows_in_families(study);
    Store::of(study).parts("leakage", &seeds, prepare, |all, seed| {
        runs_of(study, all, *seed)
    })
}

fn windows_in_families(study: &Study) -> Result<Dataset> {
    let scaled = windows_as_the_paper(study)?.normalised(PAPER_NORMALISATION)?;
    let (n_samples, n_classes) = (scaled.n_samples, scaled.n_classes);
    Dataset::from_families(&scaled.windows, n_samples, n_classes, &families(study))
}

/// Every classifier, each way, with one seed.
fn runs_of(study: &Study, all: &Dataset, seed: u64) -> Result<Vec<LeakageRun>> {
    let mut runs = Vec::new();
    // A family has two events or so.
    let meaningful = all.of_groups(N_GROUPS / 2, seed);
    for true_labels in [true, false] {
        let data = match true_labels {
            true => meaningful.clone(),
            false => meaningful.with_shuffled_classes(seed),
        };
        for order in [SplitOrder::AugmentFirst, SplitOrder::SplitFirst] {
            let split = divided(&data, order, study, seed)?;
            for (classifier, predicted) in predictions(&split, study, seed)? {
                let truth = split.test.classes();
                let matrix = ConfusionMatrix::new(data.n_classes(), truth, &predicted)?;
                let balanced = matrix.balanced_accuracy();
                runs.push(LeakageRun {
                    classifier,
                    order,
                    true_labels,
                    seed,
                    n_test: split.test.n_windows(),
                    n_classes_tested: balanced.n_classes,
                    twin_share: split.leak().twin_share(),
                    accuracy: matrix.accuracy().value,
                    balanced_accuracy: balanced.value,
                });
            }
        }
    }
    Ok(runs)
}

fn divided(data: &Dataset, order: SplitOrder, study: &Study, seed: u64) -> Result<Split> {
    let levels = &study.augment.noise_levels;
    match order {
        SplitOrder::AugmentFirst => data
            .copies_before_split_as_the_paper(levels, seed)?
            .split_random(&study.split, seed),
        SplitOrder::SplitFirst => {
            let mut split = data.split_by_group(&study.split, seed)?.without_leak()?;
            split.train = augment(&split.train, &Augment::as_the_paper(levels), seed)?;
            Ok(split)
        }
    }
}

/// The class that each classifier gives each tested window.
fn predictions(split: &Split, study: &Study, seed: u64) -> Result<Vec<(String, Vec<usize>)>> {
    let mut predictions = vec![(
        "nearest neighbour".to_string(),
        nearest_neighbour_classes(split),
    )];
    let (n_samples, n_classes) = (split.train.n_samples(), split.train.n_classes());
    let mut perceptron = Perceptron::new(n_samples, n_classes, seed);
    let mut convnet = ConvNet::new(n_samples, n_classes, seed);
    let networks: [(&str, &mut dyn Network); 2] = [
        ("perceptron", &mut perceptron),
        ("convolutions", &mut convnet),
    ];
    for (name, network) in networks {
        let suited = TrainParams::suited(network, study);
        let params = TrainParams {
            seed,
            report_every: 0,
            batch_size: N_IN_BATCH,
            max_epochs: match name {
                "perceptron" => N_STEPS.min(20 * study.train.max_epochs),
                _ => N_EPOCHS.min(suited.max_epochs),
            },
            ..suited
        };
        train(network, &split.train, &split.validation, &params, None)?;
        let probabilities = network.probabilities(split.test.samples())?;
        let top = crate::evaluate::top_class(n_classes, &probabilities)?;
        predictions.push((
            name.to_string(),
            top.into_iter().map(|(class, _)| class).collect(),
        ));
    }
    Ok(predictions)
}
