//! Training: known optimum, early stopping, run folders, and the same bits twice.

use std::path::Path;

use quakebook::Error;
use quakebook::dataset::{Dataset, Split};
use quakebook::network::{ConvNet, Network, Perceptron, weights_sha256};
use quakebook::study::{SplitChoice, Study};
use quakebook::time::{parse, seconds};
use quakebook::train::{Epoch, Optimiser, Run, TrainParams, train};
use quakebook::window::{Origin, Window};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N_SAMPLES: usize = 64;

/// Noise, and three classes of a sine in it whose periods differ.
fn split() -> Split {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let windows: Vec<Window> = (0..400)
        .map(|i| {
            let class = i % 4;
            let phase: f32 = rng.random_range(0.0..6.3);
            let amplitude = if class == 3 { 0.0 } else { 1.0 };
            let samples = (0..3 * N_SAMPLES)
                .map(|t| {
                    let omega = 0.3 + 0.4 * class as f32;
                    amplitude * (omega * t as f32 + phase).sin() + rng.random_range(-0.5..0.5)
                })
                .collect();
            Window {
                start: parse("2014-02-15").unwrap() + seconds(60.0 * i as f64),
                samples,
                class,
                origin: Origin::Event { id: i.to_string() },
            }
        })
        .collect();
    let choice = SplitChoice {
        train_fraction: 0.7,
        validation_fraction: 0.15,
    };
    let dataset = Dataset::from_windows(&windows, N_SAMPLES, 4).unwrap();
    dataset.split_by_time(&choice).unwrap()
}

fn adam(max_epochs: usize) -> TrainParams {
    TrainParams {
        max_epochs,
        batch_size: 32,
        report_every: 0,
        ..TrainParams::adam(&Study::oklahoma().train, 5)
    }
}

fn scg(max_epochs: usize) -> TrainParams {
    TrainParams {
        max_epochs,
        report_every: 0,
        ..TrainParams::as_the_paper(&Study::oklahoma().train, 5)
    }
}

fn run(
    network: &mut dyn Network,
    params: &TrainParams,
    dir: Option<&Path>,
) -> quakebook::Result<Run> {
    let split = split();
    train(network, &split.train, &split.validation, params, dir)
}

fn untimed(run: &Run) -> Vec<Epoch> {
    let without = |epoch: &Epoch| Epoch {
        seconds: 0.0,
        ..*epoch
    };
    run.epochs.iter().map(without).collect()
}

fn test_accuracy(network: &dyn Network) -> f64 {
    let test = split().test;
    let probabilities = network.probabilities(test.samples()).unwrap();
    let right = probabilities
        .chunks(4)
        .zip(test.classes())
        .filter(|(row, class)| row.iter().all(|p| *p <= row[**class]))
        .count();
    right as f64 / test.n_windows() as f64
}

#[test]
fn the_convnet_learns() {
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    let run = run(&mut network, &adam(30), None).unwrap();
    assert!(run.epochs[0].train_loss > run.best().train_loss);
    assert!(test_accuracy(&network) > 0.9, "{}", run.summary());
}

#[test]
fn the_perceptron_learns_and_validation_stops_it() {
    let mut network = Perceptron::new(N_SAMPLES, 4, 3);
    let run = run(&mut network, &scg(1000), None).unwrap();
    assert!(run.stopped_early(), "{}", run.summary());
    // Six failures, and the best weights are those from before them.
    assert!(run.epochs.len() >= run.best_epoch + 6);
    let best = run.best().validation_loss;
    assert!(run.epochs.iter().all(|epoch| epoch.validation_loss >= best));
    assert_eq!(weights_sha256(&network), run.weights_sha256);
    assert!(run.best().validation_accuracy > 0.4, "{}", run.summary());
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    for params in [adam(3), scg(5)] {
        let [mut a, mut b] = [3, 3].map(|seed| ConvNet::new(N_SAMPLES, 4, seed));
        let (first, second) = (
            run(&mut a, &params, None).unwrap(),
            run(&mut b, &params, None).unwrap(),
        );
        assert_eq!(untimed(&first), untimed(&second));
        assert_eq!(weights_sha256(&a), weights_sha256(&b));
        let mut other = ConvNet::new(N_SAMPLES, 4, 4);
        let third = run(&mut other, &params, None).unwrap();
        assert_ne!(first.weights_sha256, third.weights_sha256);
    }
}

#[test]
fn a_finished_run_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("a").join("run");
    let mut network = Perceptron::new(N_SAMPLES, 4, 3);
    let first = run(&mut network, &scg(8), Some(&dir)).unwrap();
    assert_eq!(
        Run::read(&dir).unwrap().weights_sha256,
        first.weights_sha256
    );

    // In a new session, and in a cell that is run again.
    let mut fresh = Perceptron::new(N_SAMPLES, 4, 3);
    for network in [&mut fresh, &mut network] {
        let again = run(network, &scg(8), Some(&dir)).unwrap();
        assert_eq!(untimed(&again), untimed(&first));
        assert_eq!(weights_sha256(network), first.weights_sha256);
    }
    let mut left: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    let wanted = [
        ".lock",
        "config.json",
        "log.csv",
        "run.json",
        "weights.safetensors",
    ];
    assert_eq!(left, wanted);
}

#[test]
fn another_run_in_the_folder_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    run(&mut network, &adam(2), Some(dir.path())).unwrap();
    let message = |network: &mut dyn Network, params: &TrainParams| {
        let error = run(network, params, Some(dir.path())).unwrap_err();
        assert!(matches!(error, Error::Train { .. }));
        error.to_string()
    };
    let longer = message(&mut ConvNet::new(N_SAMPLES, 4, 3), &adam(3));
    assert!(longer.contains("its params is"), "{longer}");
    let seed = message(&mut ConvNet::new(N_SAMPLES, 4, 4), &adam(2));
    assert!(seed.contains("first_weights_sha256"), "{seed}");
    let kind = message(&mut Perceptron::new(N_SAMPLES, 4, 3), &adam(2));
    assert!(kind.contains("another run"), "{kind}");

    let other = split();
    let swapped = Dataset::from_windows(
        &[0, 1, 2].map(|i| Window {
            start: other.train.times()[i],
            samples: other.train.window(i).to_vec(),
            class: 0,
            origin: Origin::Event { id: i.to_string() },
        }),
        N_SAMPLES,
        4,
    )
    .unwrap();
    let thirds = SplitChoice {
        train_fraction: 0.34,
        validation_fraction: 0.33,
    };
    let other = swapped.split_by_time(&thirds).unwrap();
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    let error = train(
        &mut network,
        &other.train,
        &other.validation,
        &adam(2),
        Some(dir.path()),
    );
    assert!(error.unwrap_err().to_string().contains("_sha256"));
}

#[test]
fn damaged_run_folders_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    run(&mut network, &adam(1), Some(dir.path())).unwrap();
    let again = || {
        run(
            &mut ConvNet::new(N_SAMPLES, 4, 3),
            &adam(1),
            Some(dir.path()),
        )
    };
    let path = |name: &str| dir.path().join(name);

    let log = std::fs::read_to_string(path("log.csv")).unwrap();
    std::fs::write(path("log.csv"), log.replace("\n1,", "\n7,")).unwrap();
    assert!(again().unwrap_err().to_string().contains("line 2"));
    std::fs::write(path("log.csv"), log).unwrap();

    let weights = std::fs::read(path("weights.safetensors")).unwrap();
    let mut flipped = weights.clone();
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(path("weights.safetensors"), flipped).unwrap();
    assert!(again().unwrap_err().to_string().contains("SHA-256"));
    std::fs::write(path("weights.safetensors"), &weights[..weights.len() / 2]).unwrap();
    assert!(again().is_err());
    std::fs::write(path("weights.safetensors"), weights).unwrap();
    assert!(again().is_ok());

    std::fs::write(path("config.json"), "{}").unwrap();
    assert!(again().unwrap_err().to_string().contains("missing field"));
}

#[test]
fn bad_parameters_and_sizes_are_named() {
    let message = |network: &mut dyn Network, params: TrainParams| {
        run(network, &params, None).unwrap_err().to_string()
    };
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    let zero = TrainParams {
        batch_size: 0,
        ..adam(1)
    };
    assert!(message(&mut network, zero).contains("batch_size"));
    assert!(message(&mut network, adam(0)).contains("max_epochs"));
    let wild = TrainParams {
        optimiser: Optimiser::Adam {
            learning_rate: 1e30,
            weight_decay: 0.0,
        },
        ..adam(5)
    };
    assert!(message(&mut network, wild).contains("learning rate"));
    let mut longer = ConvNet::new(N_SAMPLES + 1, 4, 3);
    assert!(message(&mut longer, adam(1)).contains("the network expects 3 x 65 in 4"));
}
