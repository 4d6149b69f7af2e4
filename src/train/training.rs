//! The epochs of a training: descent, validation, early stopping, checkpoints.

use std::fs::File;
use std::time::Instant;

use super::batches::loss_and_accuracy;
use super::descent::Descent;
use super::folder::Folder;
use super::params::TrainParams;
use super::run::{Config, Epoch, Outcome, Run, Stop};
use crate::dataset::Validation;
use crate::error::{Result, fail};
use crate::network::{NamedTensors, Network, named_weights, set_weights, weights_sha256};

/// The state between two epochs.
pub(super) struct Training<'a> {
    pub network: &'a dyn Network,
    pub validation: &'a Validation,
    pub params: TrainParams,
    pub config: Config,
    pub folder: Option<Folder>,
    /// Keeps other processes out of the run folder until it is dropped.
    pub _lock: Option<File>,
    pub descent: Box<dyn Descent + 'a>,
    pub epochs: Vec<Epoch>,
    /// The weights of the best epoch.
    pub best: NamedTensors,
}

impl Training<'_> {
    /// One epoch: descend, validate, save.
    pub fn epoch(&mut self) -> Result<()> {
        let began = Instant::now();
        let number = self.epochs.len() + 1;
        let train_loss = self.descent.epoch(number);
        self.descent.store();
        let (validation_loss, validation_accuracy) =
            loss_and_accuracy(self.validation, self.network);
        if !(train_loss.is_finite() && validation_loss.is_finite()) {
            return Err(fail!(
                Train,
                format!("epoch {number}"),
                format!("loss {train_loss} in training, {validation_loss} in validation"),
                "Lower the learning rate, and check how the windows are normalised"
            ));
        }
        self.epochs.push(Epoch {
            epoch: number,
            train_loss,
            validation_loss,
            validation_accuracy,
            gradient: Some(self.descent.gradient()),
            seconds: began.elapsed().as_secs_f64(),
        });
        if best_of(&self.epochs) == number {
            self.best = named_weights(self.network);
        }
        match &self.folder {
            Some(folder) => folder.save(&self.state(), &self.epochs),
            None => Ok(()),
        }
    }

    /// Why the training ends here; `None` where it goes on.
    pub fn stop(&self) -> Option<Stop> {
        if self.epochs.is_empty() {
            return None;
        }
        let best = &self.epochs[best_of(&self.epochs) - 1];
        let n_failures = self.epochs[best.epoch..]
            .iter()
            .filter(|epoch| epoch.validation_loss > best.validation_loss)
            .count();
        if n_failures >= self.params.patience {
            Some(Stop::Validation)
        } else if self.descent.converged() {
            Some(Stop::Converged)
        } else if self.epochs.len() >= self.params.max_epochs {
            Some(Stop::MaxEpochs)
        } else {
            None
        }
    }

    /// Prints the last epoch, and the time left if the training goes on to the last epoch.
    pub fn report(&self) {
        let (Some(last), every) = (self.epochs.last(), self.params.report_every) else {
            return;
        };
        if every == 0 || (last.epoch % every != 0 && self.stop().is_none()) {
            return;
        }
        let seconds: f64 = self.epochs.iter().map(|epoch| epoch.seconds).sum();
        let n_left = self.params.max_epochs - last.epoch;
        let left = seconds / last.epoch as f64 * n_left as f64;
        println!("{last} » at most {left:.0} s left");
    }

    /// Puts the best weights into the network and closes the run.
    pub fn finish(self) -> Result<Run> {
        restore_weights(self.network, &self.best)?;
        let outcome = Outcome {
            best_epoch: best_of(&self.epochs),
            stop: self.stop().unwrap_or(Stop::MaxEpochs),
            weights_sha256: weights_sha256(self.network),
        };
        let dir = self.folder.as_ref().map(Folder::dir);
        let run = Run::new(self.config, self.epochs, outcome, dir);
        if let Some(folder) = &self.folder {
            folder.close(self.network, &run)?;
        }
        if self.params.report_every > 0 {
            println!("{}: {}", self.network.name(), run.summary());
        }
        Ok(run)
    }

    /// Everything that the next epoch needs, by name.
    fn state(&self) -> NamedTensors {
        let best = self.best.iter();
        let best = best.map(|(name, tensor)| (name.clone(), tensor.shallow_clone()));
        let parts = [
            ("weights", named_weights(self.network)),
            ("best", best.collect()),
            ("optimiser", self.descent.state()),
        ];
        let named = |part: &'static str| move |(name, t)| (format!("{part}.{name}"), t);
        parts
            .into_iter()
            .flat_map(|(part, tensors)| tensors.into_iter().map(named(part)))
            .collect()
    }

    /// Continues from the folder's last checkpoint, if there is one.
    pub fn resume(&mut self) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let Some((epochs, mut state)) = folder.checkpoint(self.network)? else {
            return Ok(());
        };
        let mut part = |name: &str| -> NamedTensors {
            let prefix = format!("{name}.");
            let of_part = state.extract_if(.., |(key, _)| key.starts_with(&prefix));
            of_part
                .map(|(key, tensor)| (key[prefix.len()..].into(), tensor))
                .collect()
        };
        restore_weights(self.network, &part("weights"))?;
        self.best = part("best");
        self.descent.resume(&part("optimiser")).ok_or_else(|| {
            fail!(
                Train,
                "checkpoint",
                "the optimiser's state is incomplete",
                "Delete the run folder and train again"
            )
        })?;
        self.epochs = epochs;
        if self.params.report_every > 0 {
            println!(
                "{}: goes on after epoch {}",
                self.network.name(),
                self.epochs.len()
            );
        }
        Ok(())
    }
}

/// The number of the epoch with the least validation loss, the first of equals; from 1.
pub(super) fn best_of(epochs: &[Epoch]) -> usize {
    epochs
        .iter()
        .min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss))
        .map_or(0, |epoch| epoch.epoch)
}

fn restore_weights(network: &dyn Network, weights: &NamedTensors) -> Result<()> {
    set_weights(network, weights).map_err(|what| {
        fail!(
            Train,
            "checkpoint",
            what,
            "Delete the run folder and train again"
        )
    })
}
