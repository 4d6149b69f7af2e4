//! A training under way.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use tch::Tensor;

use super::adam::Adam;
use super::batches::loss_and_accuracy;
use super::params::{Optimiser, TrainParams};
use super::run::{Config, Epoch, Folder, Outcome, Run, Stop};
use super::scg::Scg;
use crate::atomic_file;
use crate::dataset::{Labelled, Train, Validation};
use crate::error::{Result, fail};
use crate::network::{
    NamedTensors, Network, flat_weights, named_weights, set_flat_weights, set_weights,
    weights_sha256,
};

/// What a run folder held.
pub(super) enum Begun<'a> {
    /// A finished run, whose weights the network now has.
    Finished(Run),
    /// Nothing, or an unfinished run that goes on.
    Open(Box<Training<'a>>),
}

/// The state between two epochs.
pub(super) struct Training<'a> {
    network: &'a mut dyn Network,
    train: &'a Train,
    validation: &'a Validation,
    params: TrainParams,
    config: Config,
    folder: Option<Folder>,
    /// The run folder is this training's alone.
    _held: Option<File>,
    descent: Descent,
    epochs: Vec<Epoch>,
    /// The weights of the best epoch.
    best: NamedTensors,
}

enum Descent {
    Adam(Adam),
    Scg(Scg),
}

impl<'a> Training<'a> {
    /// Checks everything, and begins or picks up again.
    pub fn begin(
        network: &'a mut dyn Network,
        train: &'a Train,
        validation: &'a Validation,
        params: &TrainParams,
        run_dir: Option<&Path>,
    ) -> Result<Begun<'a>> {
        params.check()?;
        check_shape("train", train, network)?;
        check_shape("validation", validation, network)?;
        network.prepare(train);
        let config = Config::new(network, params, train, validation);
        // Where another notebook or process trains in the folder, this one waits.
        let held = run_dir
            .map(|dir| atomic_file::hold(&dir.join(".lock")))
            .transpose()?;
        let folder = run_dir.map(|dir| Folder::open(dir, &config)).transpose()?;
        if let Some(folder) = &folder
            && let Some(run) = folder.finished(network)?
        {
            if params.report_every > 0 {
                println!("{}: read a finished run, {}", network.name(), run.summary());
            }
            return Ok(Begun::Finished(run));
        }
        let descent = match params.optimiser {
            Optimiser::Adam {
                learning_rate,
                weight_decay,
            } => Descent::Adam(Adam::new(network, learning_rate, weight_decay)),
            Optimiser::ScaledConjugateGradient => {
                let first = flat_weights(network).into_iter().map(f64::from).collect();
                Descent::Scg(Scg::new(first, &mut |w| objective(network, train, w)))
            }
        };
        let mut training = Self {
            train,
            validation,
            params: params.clone(),
            config,
            descent,
            epochs: Vec::new(),
            best: named_weights(network),
            folder,
            _held: held,
            network,
        };
        training.resume()?;
        Ok(Begun::Open(Box::new(training)))
    }

    /// One epoch: descend, validate, save.
    pub fn epoch(&mut self) -> Result<()> {
        let began = Instant::now();
        let number = self.epochs.len() + 1;
        let train_loss = match &mut self.descent {
            Descent::Adam(adam) => {
                let (size, seed) = (self.params.batch_size, self.params.seed);
                adam.epoch(self.network, self.train, size, seed, number)
            }
            Descent::Scg(scg) => {
                let network = &*self.network;
                scg.step(&mut |w| objective(network, self.train, w));
                set_flat_weights(network, &single(scg.point()));
                scg.value()
            }
        };
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

    /// Why there shall be no further epoch.
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
        } else if matches!(&self.descent, Descent::Scg(scg) if scg.converged()) {
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
        println!("{last} ⏱ at most {left:.0} s left");
    }

    /// Puts the best weights into the network and closes the run.
    pub fn finish(self) -> Result<Run> {
        restore_weights(self.network, &self.best)?;
        let outcome = Outcome {
            best_epoch: best_of(&self.epochs),
            stop: self.stop().unwrap_or(Stop::MaxEpochs),
            weights_sha256: weights_sha256(self.network),
        };
        let run = Run::new(self.config, self.epochs, outcome, self.folder.as_ref());
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
        let descent = match &self.descent {
            Descent::Adam(adam) => adam.state(),
            Descent::Scg(scg) => scg.state(),
        };
        let parts = [
            ("weights", named_weights(self.network)),
            ("best", self.best.iter().map(shallow).collect()),
            ("optimiser", descent),
        ];
        let named = |part: &'static str| move |(name, t)| (format!("{part}.{name}"), t);
        parts
            .into_iter()
            .flat_map(|(part, tensors)| tensors.into_iter().map(named(part)))
            .collect()
    }

    /// Takes up the folder's last checkpoint, if there is one.
    fn resume(&mut self) -> Result<()> {
        let Some((epochs, state)) = self.folder.as_ref().map_or(Ok(None), Folder::checkpoint)?
        else {
            return Ok(());
        };
        let part = |name: &str| -> NamedTensors {
            let prefix = format!("{name}.");
            let of_part = |(key, tensor): &(String, Tensor)| {
                let key = key.strip_prefix(&prefix)?.to_string();
                Some((key, tensor.shallow_clone()))
            };
            state.iter().filter_map(of_part).collect()
        };
        let optimiser = part("optimiser");
        let find = |name: &str| {
            let found = optimiser.iter().find(|(key, _)| key == name)?;
            Some(found.1.shallow_clone())
        };
        let restored = match &mut self.descent {
            Descent::Adam(adam) => adam.restore(&find),
            Descent::Scg(scg) => Scg::restore(&find).map(|saved| *scg = saved),
        };
        restored.ok_or_else(|| {
            fail!(
                Train,
                "checkpoint",
                "the optimiser's state is incomplete",
                "Delete the run folder and train again"
            )
        })?;
        restore_weights(self.network, &part("weights"))?;
        self.best = part("best");
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

fn check_shape(part: &str, data: &Labelled, network: &dyn Network) -> Result<()> {
    let given = (data.n_samples(), data.n_classes());
    let wanted = (network.n_samples(), network.n_classes());
    if given == wanted {
        return Ok(());
    }
    Err(fail!(
        Train,
        part,
        format!(
            "windows of 3 x {} samples in {} classes, the network expects 3 x {} in {}",
            given.0, given.1, wanted.0, wanted.1
        ),
        "Make the network with the dataset's n_samples and n_classes"
    ))
}

fn restore_weights(network: &dyn Network, weights: &[(String, Tensor)]) -> Result<()> {
    set_weights(network, weights).map_err(|what| {
        fail!(
            Train,
            "checkpoint",
            what,
            "Delete the run folder and train again"
        )
    })
}

fn shallow((name, tensor): &(String, Tensor)) -> (String, Tensor) {
    (name.clone(), tensor.shallow_clone())
}

/// Mean cross-entropy and its gradient where the trainable weights, one after the other, are `w`.
fn objective(network: &dyn Network, data: &Labelled, w: &[f64]) -> (f64, Vec<f64>) {
    set_flat_weights(network, &single(w));
    let (loss, gradient) = network.gradient(data.samples(), data.classes());
    (loss, gradient.into_iter().map(f64::from).collect())
}

/// The weights in the precision of the network.
fn single(w: &[f64]) -> Vec<f32> {
    w.iter().map(|&w| w as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Split};
    use crate::network::{ConvNet, Perceptron};
    use crate::study::{SplitChoice, Study};
    use crate::window::{Origin, Window};

    fn split() -> Split {
        let windows: Vec<Window> = (0..90)
            .map(|i| Window {
                start: chrono::DateTime::from_timestamp(i, 0).unwrap(),
                samples: (0..60).map(|t| ((t * (1 + i % 3)) as f32).sin()).collect(),
                class: i as usize % 3,
                origin: Origin::Event { id: i.to_string() },
            })
            .collect();
        let choice = SplitChoice {
            train_fraction: 0.6,
            validation_fraction: 0.2,
        };
        let dataset = Dataset::from_windows(&windows, 20, 3).unwrap();
        dataset.split_random(&choice, 1).unwrap()
    }

    fn new(params: &TrainParams) -> Box<dyn Network> {
        match params.optimiser {
            Optimiser::Adam { .. } => Box::new(ConvNet::new(20, 3, 7)),
            Optimiser::ScaledConjugateGradient => Box::new(Perceptron::new(20, 3, 7)),
        }
    }

    #[test]
    fn interrupted_and_resumed_equals_uninterrupted() {
        let split = split();
        let choice = Study::oklahoma().train;
        for mut params in [
            TrainParams::adam(&choice, 5),
            TrainParams::as_the_paper(&choice, 5),
        ] {
            (params.max_epochs, params.batch_size, params.report_every) = (7, 16, 0);
            let mut whole = new(&params);
            let (train, validation) = (&split.train, &split.validation);
            let whole = crate::train::train(&mut *whole, train, validation, &params, None).unwrap();

            let dir = tempfile::tempdir().unwrap();
            let dir = Some(dir.path());
            for n_epochs in [3, 1] {
                let mut network = new(&params);
                let begun = Training::begin(&mut *network, train, validation, &params, dir);
                let Begun::Open(mut training) = begun.unwrap() else {
                    panic!("not yet finished");
                };
                for _ in 0..n_epochs {
                    training.epoch().unwrap();
                }
            }
            let mut network = new(&params);
            let resumed =
                crate::train::train(&mut *network, train, validation, &params, dir).unwrap();
            assert_eq!(resumed.epochs.len(), 7);
            for (a, b) in resumed.epochs.iter().zip(&whole.epochs) {
                assert_eq!(
                    (a.train_loss, a.validation_loss),
                    (b.train_loss, b.validation_loss)
                );
            }
            assert_eq!(resumed.weights_sha256, whole.weights_sha256);
        }
    }
}
