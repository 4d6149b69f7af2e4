//! A training under way.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use super::batches::loss_and_accuracy;
use super::descent::{self, Descent};
use super::folder::Folder;
use super::params::TrainParams;
use super::run::{Config, Epoch, Outcome, Run, Stop};
use crate::atomic_file;
use crate::dataset::{Labelled, Train, Validation};
use crate::error::{Result, fail};
use crate::network::{NamedTensors, Network, named_weights, set_weights, weights_sha256};

/// What a run folder held.
pub(super) enum Begun<'a> {
    /// A finished run, whose weights the network now has.
    Finished(Box<Run>),
    /// Nothing, or an unfinished run that goes on.
    Open(Box<Training<'a>>),
}

/// The state between two epochs.
pub(super) struct Training<'a> {
    network: &'a dyn Network,
    validation: &'a Validation,
    params: TrainParams,
    config: Config,
    folder: Option<Folder>,
    /// The run folder is this training's alone.
    _held: Option<File>,
    descent: Box<dyn Descent + 'a>,
    epochs: Vec<Epoch>,
    /// The weights of the best epoch.
    best: NamedTensors,
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
            return Ok(Begun::Finished(Box::new(run)));
        }
        let network = &*network;
        let mut training = Self {
            validation,
            params: params.clone(),
            config,
            descent: descent::begin(network, train, params),
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

    /// Takes up the folder's last checkpoint, if there is one.
    fn resume(&mut self) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::super::params::Optimiser;
    use super::*;
    use crate::dataset::{Dataset, Split};
    use crate::error::Error;
    use crate::network::{Backend, ConvNet, Perceptron};
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

    const BACKENDS: [Backend; 2] = [Backend::Cpu, Backend::Libtorch(tch::Device::Cpu)];

    fn params(max_epochs: usize) -> [TrainParams; 2] {
        let choice = Study::oklahoma().train;
        let both = [
            TrainParams::adam(&choice, 5),
            TrainParams::as_the_paper(&choice, 5),
        ];
        both.map(|params| TrainParams {
            max_epochs,
            batch_size: 16,
            report_every: 0,
            ..params
        })
    }

    fn new(params: &TrainParams, backend: Backend) -> Box<dyn Network> {
        match params.optimiser {
            Optimiser::Adam { .. } => Box::new(ConvNet::with_backend(20, 3, 7, backend).unwrap()),
            Optimiser::ScaledConjugateGradient => {
                Box::new(Perceptron::with_backend(20, 3, 7, backend).unwrap())
            }
        }
    }

    fn trained(
        split: &Split,
        params: &TrainParams,
        backend: Backend,
        dir: Option<&Path>,
    ) -> Result<Run> {
        let mut network = new(params, backend);
        crate::train::train(&mut *network, &split.train, &split.validation, params, dir)
    }

    /// Some epochs in a folder, then the process ends.
    fn interrupted(
        split: &Split,
        params: &TrainParams,
        backend: Backend,
        dir: &Path,
        n_epochs: usize,
    ) {
        let mut network = new(params, backend);
        let begun = Training::begin(
            &mut *network,
            &split.train,
            &split.validation,
            params,
            Some(dir),
        );
        let Begun::Open(mut training) = begun.unwrap() else {
            panic!("not yet finished");
        };
        for _ in 0..n_epochs {
            training.epoch().unwrap();
        }
    }

    #[test]
    fn interrupted_and_resumed_equals_uninterrupted() {
        let split = split();
        for backend in BACKENDS {
            for params in params(7) {
                let whole = trained(&split, &params, backend, None).unwrap();
                let dir = tempfile::tempdir().unwrap();
                for n_epochs in [3, 1] {
                    interrupted(&split, &params, backend, dir.path(), n_epochs);
                }
                let resumed = trained(&split, &params, backend, Some(dir.path())).unwrap();
                assert_eq!(resumed.epochs.len(), 7);
                for (a, b) in resumed.epochs.iter().zip(&whole.epochs) {
                    assert_eq!(
                        (a.train_loss, a.validation_loss),
                        (b.train_loss, b.validation_loss)
                    );
                }
                assert_eq!(resumed.weights_sha256, whole.weights_sha256);
                assert_eq!(Run::read(dir.path()).unwrap().backend, backend);
            }
        }
    }

    #[test]
    fn both_backends_train_alike() {
        let split = split();
        // The conjugate gradient divides the difference of two near gradients by their distance, 5e-5: the
        // rounding of 4-byte numbers, 1e-7, is a hundredth of it.
        for (params, tolerance) in params(5).into_iter().zip([1e-4, 2e-2]) {
            let [ours, libtorchs] = BACKENDS.map(|b| trained(&split, &params, b, None).unwrap());
            for (a, b) in ours.epochs.iter().zip(&libtorchs.epochs) {
                for (a, b) in [
                    (a.train_loss, b.train_loss),
                    (a.validation_loss, b.validation_loss),
                ] {
                    let optimiser = params.optimiser;
                    println!("{optimiser:?}: {a} {b}");
                    assert!((a - b).abs() < tolerance * a, "{optimiser:?}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn a_run_resumes_only_on_its_backend() {
        let split = split();
        let [adam, _] = params(3);
        for (its, other) in [(BACKENDS[0], BACKENDS[1]), (BACKENDS[1], BACKENDS[0])] {
            let dir = tempfile::tempdir().unwrap();
            interrupted(&split, &adam, its, dir.path(), 1);
            let Err(Error::Train { what, remedy, .. }) =
                trained(&split, &adam, other, Some(dir.path()))
            else {
                panic!("{other} went on with a run of {its}");
            };
            assert!(what.contains(&format!("by {its}")) && remedy.contains(&its.to_string()));
            trained(&split, &adam, its, Some(dir.path())).unwrap();
        }
    }

    #[test]
    fn a_run_without_a_backend_is_of_the_processor() {
        let split = split();
        let [adam, _] = params(2);
        let dir = tempfile::tempdir().unwrap();
        let first = trained(&split, &adam, Backend::Cpu, Some(dir.path())).unwrap();
        let path = dir.path().join("config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let before = text.replace("  \"backend\": \"cpu\",\n", "");
        assert_ne!(text, before);
        std::fs::write(&path, before).unwrap();
        assert_eq!(Run::read(dir.path()).unwrap().backend, Backend::Cpu);
        let again = trained(&split, &adam, Backend::Cpu, Some(dir.path())).unwrap();
        assert_eq!(again.weights_sha256, first.weights_sha256);
    }
}
