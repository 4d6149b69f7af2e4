//! Jobs of the convolutional network, and FAST.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use quakebook::classroom::SEED;
use quakebook::dataset::{Dataset, Split};
use quakebook::detect::fast::{FastParams, fast};
use quakebook::detect::{ScanParams, scan};
use quakebook::network::{Backend, ConvNet, Perceptron, read_weights};
use quakebook::study::{SplitChoice, Study};
use quakebook::train::{TrainParams, train};
use quakebook::window::{Normalisation, Origin, Window};

use crate::Result;
use crate::floor::Floor;
use crate::inputs::{self, N_CLASSES, N_SAMPLES, N_TRAIN, SEED_OF_ORDER};
use crate::job::{Job, timed, wide};
use crate::waveforms::record;

/// Multiplications and additions of one window's way through the layers.
pub const FORWARD_FLOP: f64 = 3.35e6;

/// About the noise of the record.
const FIXED: Normalisation = Normalisation::Fixed { counts: 100 };

pub fn job(name: &str, folder: &Path) -> Result<Box<dyn Job>> {
    match name {
        "train" => Ok(Box::new(Training::new(folder)?)),
        "perceptron" => Ok(Box::new(PerceptronTraining::new(folder, Backend::Cpu)?)),
        "perceptron-libtorch" => {
            let backend = Backend::Libtorch(tch::Device::Cpu);
            Ok(Box::new(PerceptronTraining::new(folder, backend)?))
        }
        "fast" => similar(folder),
        "scan-10s" => scanned(folder, 1000, Normalisation::Std),
        "scan-1s" => scanned(folder, 100, Normalisation::Std),
        _ => scanned(folder, 100, FIXED),
    }
}

/// The network with the folder's weights.
pub fn network(folder: &Path) -> Result<ConvNet> {
    let mut network = ConvNet::new(N_SAMPLES, N_CLASSES, SEED);
    read_weights(&mut network, &folder.join("weights.safetensors"))?;
    Ok(network)
}

/// Its floor is that of a trunk which overlapping windows share, whatever the hop.
fn scanned(
    folder: &Path,
    hop_samples: usize,
    normalisation: Normalisation,
) -> Result<Box<dyn Job>> {
    let (network, record) = (network(folder)?, record(folder)?);
    let params = ScanParams {
        hop_samples,
        normalisation,
    };
    let flop = FORWARD_FLOP * (record.n_samples() / N_SAMPLES) as f64;
    Ok(timed(
        Floor::Flop(flop),
        move || scan(&network, &record, &params),
        |scan| wide(&scan.probabilities),
    ))
}

/// An epoch of Adam from the folder's weights.
struct Training {
    folder: PathBuf,
    split: Split,
    loss: f64,
}

impl Training {
    fn new(folder: &Path) -> Result<Self> {
        Ok(Self {
            folder: folder.to_path_buf(),
            split: split(folder, N_TRAIN)?,
            loss: f64::NAN,
        })
    }
}

impl Job for Training {
    /// The seconds that the training itself counts for its epoch.
    fn run(&mut self) -> Result<f64> {
        let (loss, seconds) = epoch(&self.folder, &self.split)?;
        self.loss = loss;
        Ok(seconds)
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.loss]
    }

    fn floor(&self) -> Floor {
        Floor::Flop(3.0 * FORWARD_FLOP * N_TRAIN as f64)
    }
}

/// The windows of the paper.
const N_PAPER: usize = 2595;

/// Multiplications and additions of one window's way through the perceptron.
const PERCEPTRON_FLOP: f64 = 6e4;

/// Ten epochs of the paper's perceptron by scaled conjugate gradient.
struct PerceptronTraining {
    split: Split,
    backend: Backend,
    loss: f64,
}

impl PerceptronTraining {
    const N_EPOCHS: usize = 10;

    fn new(folder: &Path, backend: Backend) -> Result<Self> {
        Ok(Self {
            split: split(folder, N_PAPER)?,
            backend,
            loss: f64::NAN,
        })
    }
}

impl Job for PerceptronTraining {
    /// The seconds that the training itself counts for its epochs.
    fn run(&mut self) -> Result<f64> {
        let mut network = Perceptron::with_backend(N_SAMPLES, N_CLASSES, SEED, self.backend)?;
        let params = TrainParams {
            max_epochs: Self::N_EPOCHS,
            patience: Self::N_EPOCHS,
            report_every: 0,
            ..TrainParams::as_the_paper(&Study::oklahoma().train, SEED_OF_ORDER)
        };
        let (learnt, validation) = (&self.split.train, &self.split.validation);
        let run = train(&mut network, learnt, validation, &params, None)?;
        self.loss = run.epochs.last().ok_or("a run has epochs")?.train_loss;
        Ok(run.epochs.iter().map(|epoch| epoch.seconds).sum())
    }

    fn numbers(&self) -> Vec<f64> {
        vec![self.loss]
    }

    /// Two evaluations an epoch, each forward and back to the weights.
    fn floor(&self) -> Floor {
        Floor::Flop((4 * Self::N_EPOCHS * N_PAPER) as f64 * PERCEPTRON_FLOP)
    }
}

/// The folder's windows, over and over: `n` to train, and one each for validation and test.
pub fn split(folder: &Path, n: usize) -> Result<Split> {
    let bytes = std::fs::read(folder.join("windows.f32"))?;
    let (words, _) = bytes.as_chunks::<4>();
    let values: Vec<f32> = words.iter().copied().map(f32::from_le_bytes).collect();
    let classes = std::fs::read(folder.join("classes.u8"))?;
    let all = values.chunks_exact(3 * N_SAMPLES).zip(classes).cycle();
    let windows: Vec<Window> = all
        .take(n + 2)
        .enumerate()
        .map(|(i, (samples, class))| Window {
            start: inputs::start() + TimeDelta::seconds(i as i64),
            samples: samples.to_vec(),
            class: usize::from(class),
            origin: Origin::Event { id: i.to_string() },
        })
        .collect();
    let choice = SplitChoice {
        train_fraction: n as f64 / (n + 2) as f64,
        validation_fraction: 1.0 / (n + 2) as f64,
    };
    Ok(Dataset::from_windows(&windows, N_SAMPLES, N_CLASSES)?.split_by_time(&choice)?)
}

/// Mean loss and seconds of one epoch.
pub fn epoch(folder: &Path, split: &Split) -> Result<(f64, f64)> {
    let mut network = network(folder)?;
    let mut choice = Study::oklahoma().train;
    (choice.batch_size, choice.max_epochs) = (128, 1);
    (choice.learning_rate, choice.weight_decay) = (1e-3, 0.0);
    let mut params = TrainParams::adam(&choice, SEED_OF_ORDER);
    params.report_every = 0;
    let run = train(&mut network, &split.train, &split.validation, &params, None)?;
    let first = run.epochs.first().ok_or("a run of one epoch has one")?;
    Ok((first.train_loss, first.seconds))
}

/// Without a peer: its result is how much was compared.
fn similar(folder: &Path) -> Result<Box<dyn Job>> {
    let record = record(folder)?;
    let n_bytes = 4.0 * 3.0 * record.n_samples() as f64;
    Ok(timed(
        Floor::Bytes(n_bytes),
        move || fast(&record, &FastParams::default()),
        |found| vec![found.n_fingerprints as f64, found.n_pairs as f64],
    ))
}
