//! Training: known optimum, early stopping, run folders, and the same bits twice.

use std::path::Path;

use quakebook::Error;
use quakebook::dataset::{Dataset, Split};
use quakebook::network::{
    Backend, ConvNet, Network, Perceptron, read_weights, weights_sha256, write_weights,
};
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
    // Checks begin anew at the best epoch, and the sixth ends the training.
    let checks = run.validation_checks();
    assert_eq!((checks[run.best_epoch - 1], checks.last()), (0, Some(&6)));
    assert!(
        run.epochs
            .iter()
            .all(|e| e.gradient.is_some_and(|g| g > 0.0))
    );
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
    let refused = again().unwrap_err();
    assert!(matches!(refused, Error::Train { ref place, .. } if place.ends_with("line 2")));
    for other in [
        log.replacen("epoch", "era", 1),
        log.replacen(",", ";", 3),
        log.replacen("\n1,", "\n1,nan,", 1),
    ] {
        std::fs::write(path("log.csv"), other).unwrap();
        assert!(matches!(again(), Err(Error::Train { .. })));
    }
    // Without gradients, as older runs are.
    let older: String = log
        .lines()
        .map(|line| line.rsplit_once(',').unwrap().0.to_string() + "\n")
        .collect();
    std::fs::write(path("log.csv"), older).unwrap();
    assert!(again().unwrap().epochs.iter().all(|e| e.gradient.is_none()));
    // However its lines end.
    std::fs::write(path("log.csv"), log.replace('\n', "\r\n")).unwrap();
    assert!(again().is_ok());
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
    let refused = |network: &mut dyn Network, params: TrainParams| match run(network, &params, None)
    {
        Err(Error::Train { place, .. }) => place,
        other => panic!("{other:?}"),
    };
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    let zero = TrainParams {
        batch_size: 0,
        ..adam(1)
    };
    assert_eq!(refused(&mut network, zero), "batch_size");
    assert_eq!(refused(&mut network, adam(0)), "max_epochs");
    let wild = TrainParams {
        optimiser: Optimiser::Adam {
            learning_rate: 1e30,
            weight_decay: 0.0,
        },
        ..adam(5)
    };
    assert!(refused(&mut network, wild).starts_with("epoch "));
    let mut longer = ConvNet::new(N_SAMPLES + 1, 4, 3);
    assert_eq!(refused(&mut longer, adam(1)), "train");
}

/// A finished run of one epoch.
fn finished(dir: &Path) {
    run(&mut ConvNet::new(N_SAMPLES, 4, 3), &adam(1), Some(dir)).unwrap();
}

fn load(dir: &Path) -> quakebook::Result<Run> {
    Run::load(dir, &mut ConvNet::new(N_SAMPLES, 4, 9))
}

/// Replaces a text in a file of the folder.
fn replace(dir: &Path, name: &str, before: &str, after: &str) {
    let path = dir.join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(before), "{text}");
    std::fs::write(path, text.replace(before, after)).unwrap();
}

#[test]
fn weights_that_are_not_finite_are_named() {
    let dir = tempfile::tempdir().unwrap();
    finished(dir.path());
    let path = dir.path().join("weights.safetensors");
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    let before = load(dir.path()).unwrap().weights_sha256;
    for value in [f64::NAN, f64::INFINITY] {
        let mut bias = network.store().variables().remove("conv3.bias").unwrap();
        let _ = tch::no_grad(|| bias.fill_(value));
        write_weights(&network, &path).unwrap();
        // A stranger's record may agree with the weights.
        let sha256 = weights_sha256(&network);
        let record = std::fs::read_to_string(dir.path().join("run.json")).unwrap();
        std::fs::write(
            dir.path().join("run.json"),
            record.replace(&before, &sha256),
        )
        .unwrap();
        let Err(Error::Network { place, what, .. }) = load(dir.path()) else {
            panic!("weights of {value}");
        };
        assert_eq!(place, path.display().to_string());
        assert!(what.starts_with("conv3.bias"), "{what}");
        std::fs::write(dir.path().join("run.json"), record).unwrap();
    }
    tch::no_grad(|| {
        for (_, mut weight) in network.store().variables() {
            let _ = weight.fill_(f64::NAN);
        }
    });
    write_weights(&network, &path).unwrap();
    let error = read_weights(&mut network, &path);
    assert!(matches!(error, Err(Error::Network { .. })));
}

#[test]
fn weights_of_another_run_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    finished(dir.path());
    let other = ConvNet::new(N_SAMPLES, 4, 8);
    write_weights(&other, &dir.path().join("weights.safetensors")).unwrap();
    assert!(matches!(load(dir.path()), Err(Error::Train { .. })));
    // Of another size or kind.
    let mut longer = ConvNet::new(N_SAMPLES + 8, 4, 3);
    assert!(matches!(
        Run::load(dir.path(), &mut longer),
        Err(Error::Train { .. })
    ));
    let mut kind = Perceptron::new(N_SAMPLES, 4, 3);
    assert!(matches!(
        Run::load(dir.path(), &mut kind),
        Err(Error::Train { .. })
    ));
}

#[test]
fn tensors_of_another_kind_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let mut network = ConvNet::new(N_SAMPLES, 4, 3);
    let named = network.store().variables().into_iter();
    let double = named.map(|(name, tensor)| (name, tensor.to_kind(tch::Kind::Double)));
    let double: Vec<(String, tch::Tensor)> = double.collect();
    tch::Tensor::write_safetensors(&double, &path).unwrap();
    let before = weights_sha256(&network);
    let error = read_weights(&mut network, &path);
    assert!(matches!(error, Err(Error::Network { .. })), "{error:?}");
    assert_eq!(weights_sha256(&network), before);
}

#[test]
fn sizes_of_a_strangers_run_are_bounded() {
    for n_samples in ["0", "1000000000000", "9000000000000000000"] {
        let dir = tempfile::tempdir().unwrap();
        finished(dir.path());
        let after = format!("\"n_samples\": {n_samples}");
        replace(dir.path(), "config.json", "\"n_samples\": 64", &after);
        assert!(matches!(load(dir.path()), Err(Error::Network { .. })));
        let n_samples = n_samples.parse().unwrap();
        for sizes in [(n_samples, 4), (N_SAMPLES, n_samples)] {
            let network = ConvNet::with_backend(sizes.0, sizes.1, 1, Backend::Cpu);
            assert!(matches!(network, Err(Error::Network { .. })));
            let network = Perceptron::with_backend(sizes.0, sizes.1, 1, Backend::Cpu);
            assert!(matches!(network, Err(Error::Network { .. })));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    finished(dir.path());
    // A terabyte of nothing.
    let path = dir.path().join("weights.safetensors");
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(matches!(load(dir.path()), Err(Error::Network { .. })));
}

#[test]
fn records_that_contradict_themselves_are_errors() {
    for (name, before, after) in [
        ("run.json", "\"best_epoch\": 1", "\"best_epoch\": 0"),
        ("run.json", "\"best_epoch\": 1", "\"best_epoch\": 2"),
        ("config.json", "\"backend\": \"", "\"backend\": \"x"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        finished(dir.path());
        replace(dir.path(), name, before, after);
        let read = Run::read(dir.path());
        assert!(matches!(read, Err(Error::Train { .. })), "{name}: {read:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    finished(dir.path());
    for row in ["1,NaN,1,0.5,1", "1,1,inf,0.5,1", "2,1,1,0.5,1", "1,1,1,0.5"] {
        std::fs::write(dir.path().join("log.csv"), format!("a header\n{row}\n")).unwrap();
        let read = Run::read(dir.path());
        assert!(matches!(read, Err(Error::Train { .. })), "{row}: {read:?}");
    }
}
