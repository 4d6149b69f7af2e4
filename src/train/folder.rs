//! The folder of a run: what is written, and how it is checked when it is read.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::params::TrainParams;
use super::run::{Config, Epoch, Outcome, Run};
use crate::atomic_file::write_whole;
use crate::error::{Error, Result, fail};
use crate::network::{
    NamedTensors, Network, check_sizes, max_bytes, read_tensors, read_weights, weights_sha256,
    write_tensors, write_weights,
};
use crate::tables;

/// Logs of older runs lack the last.
const LOG_COLUMNS: [&str; 6] = [
    "epoch",
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "seconds",
    "gradient",
];

/// The largest text file of a run: a log of 100,000 epochs.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// A checkpoint holds the weights, the best ones, and at most three numbers of 8 bytes for each of them.
const COPIES_IN_CHECKPOINT: u64 = 6;

const TRAIN_AGAIN: &str = "Delete the run folder and train again";

impl Run {
    /// Reads a finished run's record. [`Run::load`] reads its weights too.
    ///
    /// # Errors
    /// [`crate::Error::Io`] where a file is absent, [`crate::Error::Train`] where one cannot be understood,
    /// is larger than a record is, or contradicts another.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self> {
        Folder::at(dir.as_ref()).record()
    }

    /// Reads a finished run's record, and its weights into `network`.
    ///
    /// # Errors
    /// As [`Run::read`], and [`crate::Error::Train`] where the network is of another kind or size, or the
    /// weights are not those whose SHA-256 the record has; [`crate::Error::Network`] where a weight is not
    /// finite or `weights.safetensors` cannot be understood.
    pub fn load(dir: impl AsRef<Path>, network: &mut dyn Network) -> Result<Self> {
        Folder::at(dir.as_ref()).load(network)
    }
}

/// Refuses a folder that holds a run of another network or of other parameters: what is known before there
/// are data. [`super::train()`] checks the rest.
///
/// # Errors
/// [`crate::Error::Train`] naming the first key that differs.
pub fn check_folder(dir: &Path, network: &dyn Network, params: &TrainParams) -> Result<()> {
    if !has_begun(dir) {
        return Ok(());
    }
    let folder = Folder::at(dir);
    let found: Config = from_json(&folder.path(CONFIG))?;
    folder.same(&found, &Config::without_data(network, params, &found))
}

/// Whether a folder holds a run, finished or not.
pub(crate) fn has_begun(dir: &Path) -> bool {
    dir.join(CONFIG).exists()
}

/// The first file of a run: which network is trained on what.
const CONFIG: &str = "config.json";

/// A folder that holds a run of one configuration.
pub(super) struct Folder {
    dir: PathBuf,
}

impl Folder {
    pub fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_path_buf(),
        }
    }

    pub fn dir(&self) -> PathBuf {
        self.dir.clone()
    }

    /// Opens a folder for a run of `config`, and makes it where there is none.
    pub fn open(dir: &Path, config: &Config) -> Result<Self> {
        let folder = Self::at(dir);
        let path = folder.path(CONFIG);
        if !path.exists() {
            write_whole(&path, to_json(config))?;
            return Ok(folder);
        }
        let mut found: Config = from_json(&path)?;
        if found.backend != config.backend {
            return Err(fail!(
                Train,
                path.display(),
                format!(
                    "expected a run computed by {}, found one by {}: their rounding differs",
                    config.backend, found.backend
                ),
                format!(
                    "Make the network with_backend {}, or give this run a folder of its own",
                    found.backend
                )
            ));
        }
        // A cell run again brings the network that it has trained: that run is meant.
        let trained = from_json::<Outcome>(&folder.path("run.json"));
        if trained.is_ok_and(|run| run.weights_sha256 == config.first_weights_sha256) {
            found
                .first_weights_sha256
                .clone_from(&config.first_weights_sha256);
        }
        folder.same(&found, config)?;
        Ok(folder)
    }

    fn same(&self, found: &Config, wanted: &Config) -> Result<()> {
        match difference(found, wanted) {
            None => Ok(()),
            Some(what) => Err(fail!(
                Train,
                self.path(CONFIG).display(),
                format!("the folder holds another run: {what}"),
                "Give this run a folder of its own, or make network and data as they were then"
            )),
        }
    }

    /// The finished run that the folder holds, its weights put into the network.
    pub fn finished(&self, network: &mut dyn Network) -> Result<Option<Run>> {
        let is_finished = self.path("run.json").exists();
        is_finished.then(|| self.load(network)).transpose()
    }

    /// See [`Run::read`].
    pub fn record(&self) -> Result<Run> {
        let config = self.config()?;
        let path = self.path("run.json");
        let outcome: Outcome = from_json(&path)?;
        let epochs = self.read_log()?;
        if !(1..=epochs.len()).contains(&outcome.best_epoch) {
            return Err(fail!(
                Train,
                path.display(),
                format!(
                    "expected a best epoch from 1 to {}, found {}",
                    epochs.len(),
                    outcome.best_epoch
                ),
                TRAIN_AGAIN
            ));
        }
        Ok(Run::new(config, epochs, outcome, Some(self.dir())))
    }

    /// See [`Run::load`].
    pub fn load(&self, network: &mut dyn Network) -> Result<Run> {
        let run = self.record()?;
        let config = self.config()?;
        let sizes = |name: &str, n_samples, n_classes| {
            format!("a {name} for 3 x {n_samples} samples in {n_classes} classes")
        };
        let found = sizes(&config.network, config.n_samples, config.n_classes);
        let wanted = sizes(network.name(), network.n_samples(), network.n_classes());
        if found != wanted {
            return Err(fail!(
                Train,
                self.path(CONFIG).display(),
                format!("expected {wanted}, found {found}"),
                "Make the network as it was made for the training"
            ));
        }
        let path = self.path("weights.safetensors");
        read_weights(network, &path)?;
        let found = weights_sha256(network);
        if found != run.weights_sha256 {
            return Err(fail!(
                Train,
                path.display(),
                format!(
                    "expected weights whose SHA-256 is {} (run.json), found {found}",
                    run.weights_sha256
                ),
                TRAIN_AGAIN
            ));
        }
        Ok(run)
    }

    /// Saves the state after the last of `epochs`. The log is written last, so the checkpoint
    /// that it names is whole.
    pub fn save(&self, state: &NamedTensors, epochs: &[Epoch]) -> Result<()> {
        let path = self.checkpoint_path(epochs.len());
        let partial = path.with_extension("partial");
        write_tensors(state, &partial)?;
        std::fs::rename(&partial, &path).map_err(Error::io(&path))?;
        let rows = epochs.iter().map(|e| {
            let losses = [e.train_loss, e.validation_loss, e.validation_accuracy];
            let [train, validation, accuracy] = losses.map(|number| number.to_string());
            let seconds = format!("{:.3}", e.seconds);
            let gradient = e.gradient.map(|g| g.to_string()).unwrap_or_default();
            let epoch = e.epoch.to_string();
            [epoch, train, validation, accuracy, seconds, gradient]
        });
        write_whole(self.path("log.csv"), tables::csv(LOG_COLUMNS, rows))?;
        self.remove_checkpoint(epochs.len() - 1)
    }

    /// The epochs done, and the state of `network` and its optimiser after them.
    pub fn checkpoint(&self, network: &dyn Network) -> Result<Option<(Vec<Epoch>, NamedTensors)>> {
        if !self.path("log.csv").exists() {
            return Ok(None);
        }
        let epochs = self.read_log()?;
        let path = self.checkpoint_path(epochs.len());
        let state = read_tensors(&path, max_bytes(network, COPIES_IN_CHECKPOINT))?;
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

    /// The configuration, whose sizes a network can have.
    fn config(&self) -> Result<Config> {
        let path = self.path(CONFIG);
        let config: Config = from_json(&path)?;
        check_sizes(
            &path.display().to_string(),
            config.n_samples,
            config.n_classes,
        )?;
        Ok(config)
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
        let text = read_text(&path)?;
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        let refuse = |line: usize, expected: &str, found: &csv::StringRecord| {
            fail!(
                Train,
                format!("{}, line {line}", path.display()),
                format!(
                    "expected {expected}, found {:?}",
                    found.iter().collect::<Vec<_>>()
                ),
                TRAIN_AGAIN
            )
        };
        let text_is_utf8 = "the reader has text, which is UTF-8, and takes rows of any length";
        let header = reader.headers().expect(text_is_utf8);
        if *header != LOG_COLUMNS[..] && *header != LOG_COLUMNS[..5] {
            return Err(refuse(1, &format!("the columns {LOG_COLUMNS:?}"), header));
        }
        let rows = reader.records().enumerate().map(|(index, row)| {
            let row = row.expect(text_is_utf8);
            read_epoch(&row)
                .filter(|epoch| epoch.epoch == index + 1)
                .ok_or_else(|| {
                    let expected = format!("epoch {} and its numbers", index + 1);
                    refuse(index + 2, &expected, &row)
                })
        });
        rows.collect()
    }
}

fn read_epoch(row: &csv::StringRecord) -> Option<Epoch> {
    let [epoch, numbers @ ..] = &row.iter().collect::<Vec<_>>()[..] else {
        return None;
    };
    let number = |text: &&str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let (numbers, gradient) = match numbers {
        [numbers @ .., ""] if numbers.len() == 4 => (numbers, None),
        [numbers @ .., gradient] if numbers.len() == 4 => (numbers, Some(number(gradient)?)),
        numbers => (numbers, None),
    };
    let numbers: Vec<f64> = numbers.iter().map(number).collect::<Option<_>>()?;
    let [train_loss, validation_loss, validation_accuracy, seconds] = numbers[..] else {
        return None;
    };
    Some(Epoch {
        epoch: epoch.parse().ok()?,
        train_loss,
        validation_loss,
        validation_accuracy,
        gradient,
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
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| fail!(Train, path.display(), error, TRAIN_AGAIN))
}

/// The text of a regular file of at most [`MAX_TEXT_BYTES`].
fn read_text(path: &Path) -> Result<String> {
    let about = std::fs::metadata(path).map_err(Error::io(path))?;
    if !about.is_file() || about.len() > MAX_TEXT_BYTES {
        return Err(fail!(
            Train,
            path.display(),
            format!(
                "expected a regular file of at most {MAX_TEXT_BYTES} bytes, found {} bytes",
                about.len()
            ),
            TRAIN_AGAIN
        ));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    file.take(MAX_TEXT_BYTES)
        .read_to_string(&mut text)
        .map_err(Error::io(path))?;
    Ok(text)
}
