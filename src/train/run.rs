//! A run's record: configuration, log, outcome, and the folder that holds them.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::params::TrainParams;
use crate::atomic_file::write_whole;
use crate::dataset::{Train, Validation};
use crate::error::{Error, Result, fail};
use crate::network::{NamedTensors, Network, read_weights, weights_sha256, write_weights};

/// One pass through the training windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Mean cross-entropy: of Adam's batches while the weights changed, of all windows after the
    /// step for the conjugate gradient.
    pub train_loss: f64,
    pub validation_loss: f64,
    /// Share of validation windows whose class was the most probable, 0 to 1.
    pub validation_accuracy: f64,
    pub seconds: f64,
}

/// Why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// `patience` epochs were worse in validation than the best.
    Validation,
    /// The gradient vanished.
    Converged,
    MaxEpochs,
}

/// What a training did.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The network's name.
    pub network: String,
    pub params: TrainParams,
    pub epochs: Vec<Epoch>,
    /// The epoch whose weights the network has, from 1.
    pub best_epoch: usize,
    pub stop: Stop,
    /// SHA-256 of the training windows and classes.
    pub train_sha256: String,
    /// SHA-256 of the best weights.
    pub weights_sha256: String,
    pub dir: Option<PathBuf>,
}

/// What makes two runs the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Config {
    network: String,
    n_samples: usize,
    n_classes: usize,
    n_parameters: usize,
    params: TrainParams,
    train_sha256: String,
    validation_sha256: String,
    first_weights_sha256: String,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub best_epoch: usize,
    pub stop: Stop,
    pub weights_sha256: String,
}

/// A folder that holds a run of one configuration.
pub(super) struct Folder {
    dir: PathBuf,
}

impl Run {
    pub(super) fn new(
        config: Config,
        epochs: Vec<Epoch>,
        outcome: Outcome,
        folder: Option<&Folder>,
    ) -> Self {
        Self {
            network: config.network,
            params: config.params,
            epochs,
            best_epoch: outcome.best_epoch,
            stop: outcome.stop,
            train_sha256: config.train_sha256,
            weights_sha256: outcome.weights_sha256,
            dir: folder.map(|folder| folder.dir.clone()),
        }
    }

    /// Reads a finished run's record; its weights are in `weights.safetensors` beside it.
    ///
    /// # Errors
    /// [`Error::Io`] where a file is absent, [`Error::Train`] where one cannot be understood.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self> {
        let folder = Folder {
            dir: dir.as_ref().to_path_buf(),
        };
        let config = from_json(&folder.path("config.json"))?;
        let outcome = from_json(&folder.path("run.json"))?;
        Ok(Self::new(
            config,
            folder.read_log()?,
            outcome,
            Some(&folder),
        ))
    }

    /// The epoch whose weights were kept.
    pub fn best(&self) -> &Epoch {
        &self.epochs[self.best_epoch - 1]
    }

    /// Whether validation ended the training before the last epoch.
    pub fn stopped_early(&self) -> bool {
        self.stop == Stop::Validation
    }

    /// `23 epochs, best 17: ...` in one line.
    pub fn summary(&self) -> String {
        let why = match self.stop {
            Stop::Validation => "validation no longer improved",
            Stop::Converged => "the gradient vanished",
            Stop::MaxEpochs => "the last epoch was reached",
        };
        format!(
            "{} epochs, {why}; best is {}",
            self.epochs.len(),
            self.best()
        )
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "epoch {:3}: loss {:.4}, validation {:.4}, right {:.1} %",
            self.epoch,
            self.train_loss,
            self.validation_loss,
            100.0 * self.validation_accuracy
        )
    }
}

impl Config {
    pub fn new(
        network: &dyn Network,
        params: &TrainParams,
        train: &Train,
        validation: &Validation,
    ) -> Self {
        Self {
            network: network.name().into(),
            n_samples: network.n_samples(),
            n_classes: network.n_classes(),
            n_parameters: network.n_parameters(),
            params: params.clone(),
            train_sha256: train.sha256(),
            validation_sha256: validation.sha256(),
            first_weights_sha256: weights_sha256(network),
        }
    }
}

const LOG_HEADER: &str = "epoch,train_loss,validation_loss,validation_accuracy,seconds";

impl Folder {
    /// Opens a folder for a run of `config`, and makes it where there is none.
    pub fn open(dir: &Path, config: &Config) -> Result<Self> {
        let folder = Self {
            dir: dir.to_path_buf(),
        };
        let path = folder.path("config.json");
        if !path.exists() {
            write_whole(&path, to_json(config))?;
            return Ok(folder);
        }
        let mut found: Config = from_json(&path)?;
        // A cell run again brings the network that it has trained: that run is meant.
        let trained = from_json::<Outcome>(&folder.path("run.json"));
        if trained.is_ok_and(|run| run.weights_sha256 == config.first_weights_sha256) {
            found
                .first_weights_sha256
                .clone_from(&config.first_weights_sha256);
        }
        match difference(&found, config) {
            None => Ok(folder),
            Some(what) => Err(fail!(
                Train,
                path.display(),
                format!("the folder holds another run: {what}"),
                "Give this run a folder of its own, or make network and data as they were then"
            )),
        }
    }

    /// The finished run that the folder holds, its weights put into the network.
    pub fn finished(&self, network: &mut dyn Network) -> Result<Option<Run>> {
        if !self.path("run.json").exists() {
            return Ok(None);
        }
        let run = Run::read(&self.dir)?;
        let path = self.path("weights.safetensors");
        read_weights(network, &path)?;
        if weights_sha256(network) != run.weights_sha256 {
            return Err(fail!(
                Train,
                path.display(),
                "these are not the weights whose SHA-256 run.json names",
                "Delete the run folder and train again"
            ));
        }
        Ok(Some(run))
    }

    /// Saves the state after the last of `epochs`. The log is written last: the checkpoint that
    /// it speaks of is then whole.
    pub fn save(&self, state: &[(String, Tensor)], epochs: &[Epoch]) -> Result<()> {
        let path = self.checkpoint_path(epochs.len());
        let partial = path.with_extension("partial");
        Tensor::write_safetensors(state, &partial).map_err(|error| {
            fail!(
                Train,
                partial.display(),
                error,
                "Check that the folder exists and has space"
            )
        })?;
        std::fs::rename(&partial, &path).map_err(Error::io(&path))?;
        let mut log = format!("{LOG_HEADER}\n");
        for e in epochs {
            log += &format!(
                "{},{},{},{},{:.3}\n",
                e.epoch, e.train_loss, e.validation_loss, e.validation_accuracy, e.seconds
            );
        }
        write_whole(self.path("log.csv"), &log)?;
        self.remove_checkpoint(epochs.len() - 1)
    }

    /// The epochs done, and the state after them.
    pub fn checkpoint(&self) -> Result<Option<(Vec<Epoch>, NamedTensors)>> {
        if !self.path("log.csv").exists() {
            return Ok(None);
        }
        let epochs = self.read_log()?;
        let path = self.checkpoint_path(epochs.len());
        let state = Tensor::read_safetensors(&path).map_err(|error| {
            fail!(
                Train,
                path.display(),
                error,
                "Delete the run folder and train again"
            )
        })?;
        Ok(Some((epochs, state)))
    }

    /// Writes weights and outcome: from now on the run is finished.
    pub fn close(&self, network: &dyn Network, run: &Run) -> Result<()> {
        let path = self.path("weights.safetensors");
        let partial = path.with_extension("partial");
        write_weights(network, &partial)?;
        std::fs::rename(&partial, &path).map_err(Error::io(&path))?;
        let outcome = Outcome {
            best_epoch: run.best_epoch,
            stop: run.stop,
            weights_sha256: run.weights_sha256.clone(),
        };
        write_whole(self.path("run.json"), to_json(&outcome))?;
        self.remove_checkpoint(run.epochs.len())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn checkpoint_path(&self, epoch: usize) -> PathBuf {
        self.path(&format!("checkpoint-{epoch}.safetensors"))
    }

    fn remove_checkpoint(&self, epoch: usize) -> Result<()> {
        let path = self.checkpoint_path(epoch);
        if path.exists() {
            std::fs::remove_file(&path).map_err(Error::io(&path))?;
        }
        Ok(())
    }

    fn read_log(&self) -> Result<Vec<Epoch>> {
        let path = self.path("log.csv");
        let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
        let rows = text.lines().skip(1).enumerate();
        rows.map(|(index, row)| {
            read_epoch(row)
                .filter(|epoch| epoch.epoch == index + 1)
                .ok_or_else(|| {
                    fail!(
                        Train,
                        format!("{}, line {}", path.display(), index + 2),
                        format!("{row:?} is not epoch {}", index + 1),
                        "Delete the run folder and train again"
                    )
                })
        })
        .collect()
    }
}

fn read_epoch(row: &str) -> Option<Epoch> {
    let (epoch, numbers) = row.split_once(',')?;
    let numbers: Vec<f64> = numbers
        .split(',')
        .map(|text| text.parse().ok())
        .collect::<Option<_>>()?;
    let [train_loss, validation_loss, validation_accuracy, seconds] = numbers[..] else {
        return None;
    };
    Some(Epoch {
        epoch: epoch.parse().ok()?,
        train_loss,
        validation_loss,
        validation_accuracy,
        seconds,
    })
}

/// The first key in which two configurations differ, and both values.
fn difference(found: &Config, wanted: &Config) -> Option<String> {
    // Both go through text, as the one on disk did.
    let value = |config: &Config| -> serde_json::Value {
        serde_json::from_str(&to_json(config)).expect("a configuration is plain JSON")
    };
    let (found, wanted) = (value(found), value(wanted));
    let object = found.as_object()?;
    object.iter().find_map(|(key, there)| {
        let here = &wanted[key];
        (there != here).then(|| format!("its {key} is {there}, this run's is {here}"))
    })
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("a run's record is plain JSON") + "\n"
}

fn from_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    serde_json::from_str(&text).map_err(|error| {
        fail!(
            Train,
            path.display(),
            error,
            "Delete the run folder and train again"
        )
    })
}
