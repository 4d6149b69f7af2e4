//! How a training begins: its inputs are checked, its folder opened, its optimiser made.

use std::path::Path;

use super::adam::Adam;
use super::descent::Descent;
use super::folder::Folder;
use super::params::{Optimiser, TrainParams};
use super::run::{Config, Run};
use super::scg::ConjugateGradient;
use super::training::Training;
use crate::atomic_file;
use crate::dataset::{Labelled, Train, Validation};
use crate::error::{Result, fail};
use crate::network::{Backend, CpuModel, LibtorchModel, Model, Network, named_weights};

/// What a run folder held.
pub(super) enum Begun<'a> {
    /// A finished run, whose weights the network now has.
    Finished(Box<Run>),
    /// No run, or an unfinished one, which goes on.
    Open(Box<Training<'a>>),
}

/// Checks the inputs and begins a training, or continues the one that the folder holds.
///
/// # Errors
/// Those of [`super::train`].
pub(super) fn begin<'a>(
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
    let mut training = Training {
        validation,
        params: params.clone(),
        config,
        descent: descent(network, train, params),
        epochs: Vec::new(),
        best: named_weights(network),
        folder,
        _lock: held,
        network,
    };
    training.resume()?;
    Ok(Begun::Open(Box::new(training)))
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

/// A descent from the network's weights, by the network's backend.
fn descent<'a>(
    network: &'a dyn Network,
    train: &'a Labelled,
    params: &TrainParams,
) -> Box<dyn Descent + 'a> {
    match network.backend() {
        Backend::Cpu => optimiser(CpuModel::new(network, train), network, train, params),
        Backend::Libtorch(_) => {
            optimiser(LibtorchModel::new(network, train), network, train, params)
        }
    }
}

fn optimiser<'a, M: Model + 'a>(
    model: M,
    network: &'a dyn Network,
    train: &'a Labelled,
    params: &TrainParams,
) -> Box<dyn Descent + 'a> {
    match params.optimiser {
        Optimiser::Adam {
            learning_rate,
            weight_decay,
        } => {
            let rates = [learning_rate, weight_decay];
            Box::new(Adam::new(model, network, train, params, rates))
        }
        Optimiser::ScaledConjugateGradient => Box::new(ConjugateGradient::new(model)),
    }
}

#[cfg(test)]
mod tests {
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
        let begun = begin(
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
