//! Networks against an independent forward pass and gradient (tests/reference/network.py).

use quakebook::Error;
use quakebook::network::{
    Classify, ConvNet, Network, Perceptron, read_weights, weights_sha256, write_weights,
};
use tch::Tensor;

const N_SAMPLES: usize = 100;

// Index of the parameter, derivative of the loss.
const CONVNET_GRADIENT: [(usize, f64); 5] = [
    (0, -0.00218311587),
    (40, -0.00179341195),
    (210, 0.00271360434),
    (1001, 5.92525362e-5),
    (22140, 0.0400661457),
];
const PERCEPTRON_GRADIENT: [(usize, f64); 5] = [
    (0, 0.00531206255),
    (40, 0.104134675),
    (210, 0.113996806),
    (1001, 0.0536469335),
    (3014, -0.152965237),
];

/// Parameter i is 0.3 sin(0.7 i), over all trained weights in alphabetical order of their names.
fn fix_weights(network: &dyn Network) -> Vec<Tensor> {
    let mut weights: Vec<(String, Tensor)> = network.store().variables().into_iter().collect();
    weights.retain(|(_, weight)| weight.requires_grad());
    weights.sort_by(|a, b| a.0.cmp(&b.0));
    let mut start = 0;
    for (_, weight) in &mut weights {
        let n = weight.numel();
        let values: Vec<f64> = (start..start + n)
            .map(|i| 0.3 * (0.7 * i as f64).sin())
            .collect();
        let values = Tensor::from_slice(&values).view(weight.size().as_slice());
        tch::no_grad(|| weight.copy_(&values));
        start += n;
    }
    weights.into_iter().map(|(_, weight)| weight).collect()
}

fn windows() -> Vec<f32> {
    (0..2 * 3 * N_SAMPLES)
        .map(|i| (0.5 + 0.5 * (0.37 * i as f64).cos()) as f32)
        .collect()
}

fn assert_matches(
    network: &dyn Network,
    probabilities: [f64; 8],
    loss: f64,
    gradients: &[(usize, f64)],
) {
    let weights = fix_weights(network);
    let found = network.probabilities(&windows()).unwrap();
    for (found, wanted) in found.iter().zip(probabilities) {
        assert!(
            (f64::from(*found) - wanted).abs() < 2e-6,
            "{found} {wanted}"
        );
    }
    let shape = [2, 3, N_SAMPLES as i64];
    let logits = network.forward(&Tensor::from_slice(&windows()).view(shape));
    let found = logits.cross_entropy_for_logits(&Tensor::from_slice(&[0_i64, 3]));
    assert!((found.double_value(&[]) - loss).abs() < 2e-6);
    found.backward();
    let flat: Vec<Tensor> = weights.iter().map(|w| w.grad().flatten(0, -1)).collect();
    let gradient = Tensor::cat(&flat, 0);
    let (loss_of_it, of_it) = network.gradient(&windows(), &[0, 3]);
    assert!((loss_of_it - loss).abs() < 2e-6);
    for &(index, wanted) in gradients {
        assert!(
            (f64::from(of_it[index]) - wanted).abs() < 2e-6,
            "{index}: {} {wanted}",
            of_it[index]
        );
        let found = gradient.double_value(&[index as i64]);
        assert!((found - wanted).abs() < 2e-6, "{index}: {found} {wanted}");
    }
}

#[test]
fn the_convnet_agrees_with_numpy() {
    assert_matches(
        &ConvNet::new(N_SAMPLES, 4, 1),
        [
            0.2724987, 0.30927809, 0.12232705, 0.29589617, //
            0.27255076, 0.30922653, 0.12234257, 0.29588014,
        ],
        1.2589611386543278,
        &CONVNET_GRADIENT,
    );
}

#[test]
fn the_perceptron_agrees_with_numpy() {
    assert_matches(
        &Perceptron::new(N_SAMPLES, 4, 1),
        [
            0.25474922, 0.27720836, 0.25742098, 0.21062144, //
            0.30391419, 0.29478747, 0.23320156, 0.16809679,
        ],
        1.5753455022437333,
        &PERCEPTRON_GRADIENT,
    );
}

#[test]
fn convnetquake_has_its_size() {
    let network = ConvNet::new(1000, 4, 1);
    let lengths: Vec<usize> = network
        .layers()
        .iter()
        .map(|l| l.shape[l.shape.len() - 1])
        .collect();
    assert_eq!(lengths, [500, 250, 125, 63, 32, 16, 8, 4, 4]);
    assert_eq!(network.n_parameters(), 22_564);
    let n_flop: usize = network.layers().iter().map(|l| l.n_flop).sum();
    assert_eq!((n_flop as f64 / 1e4).round() / 100.0, 3.35);
    assert_eq!(Perceptron::new(1000, 4, 1).n_parameters(), 30_054);
}

#[test]
fn the_layers_tell_the_truth_for_any_length() {
    for n_samples in [1, 7, 99, 1000] {
        let networks: [Box<dyn Network>; 2] = [
            Box::new(ConvNet::new(n_samples, 3, 1)),
            Box::new(Perceptron::new(n_samples, 3, 1)),
        ];
        for network in networks {
            let trained = network.store().trainable_variables();
            let n: usize = trained.iter().map(Tensor::numel).sum();
            assert_eq!(n, network.n_parameters());
            let p = network
                .probabilities(&vec![0.3; 2 * 3 * n_samples])
                .unwrap();
            assert_eq!(p.len(), 6);
        }
    }
    let table = ConvNet::new(1000, 4, 1).to_string();
    assert!(table.contains("conv8        32 x 4       3104"), "{table}");
}

#[test]
fn batches_do_not_change_the_answer() {
    let network = ConvNet::new(20, 4, 1);
    let windows: Vec<f32> = (0..300 * 60).map(|i| (i as f32 * 0.01).sin()).collect();
    let all = network.probabilities(&windows).unwrap();
    assert_eq!(all.len(), 300 * 4);
    for i in [0, 255, 256, 299] {
        let one = network
            .probabilities(&windows[i * 60..(i + 1) * 60])
            .unwrap();
        for (a, b) in one.iter().zip(&all[4 * i..]) {
            assert!((a - b).abs() < 1e-6);
        }
    }
    assert!(network.probabilities(&[]).unwrap().is_empty());
    let error = network.probabilities(&windows[1..]).unwrap_err();
    assert!(matches!(error, Error::Network { .. }));
}

#[test]
fn seeds_decide_the_first_weights() {
    let hash = |seed| weights_sha256(&ConvNet::new(50, 4, seed));
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
    tch::manual_seed(99);
    assert_eq!(hash(2), hash(2));
}

#[test]
fn the_perceptron_begins_as_nguyen_and_widrow_say() {
    let network = Perceptron::new(1000, 4, 1);
    let weights = network.store().variables();
    let length = 0.7 * 10_f64.powf(1.0 / 3000.0);
    let norms = weights["hidden.weight"]
        .square()
        .sum_dim_intlist([1].as_slice(), false, None)
        .sqrt();
    for unit in 0..10 {
        assert!((norms.double_value(&[unit]) - length).abs() < 1e-6);
    }
    let (biases, _) = weights["hidden.bias"].sort(0, false);
    for unit in 0..10 {
        let wanted = length * (2.0 * f64::from(unit) / 9.0 - 1.0);
        assert!((biases.double_value(&[i64::from(unit)]) - wanted).abs() < 1e-6);
    }
}

#[test]
fn weights_are_written_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let network = ConvNet::new(50, 4, 1);
    write_weights(&network, &path).unwrap();
    let mut other = ConvNet::new(50, 4, 2);
    read_weights(&mut other, &path).unwrap();
    assert_eq!(weights_sha256(&network), weights_sha256(&other));

    let mut wrong = ConvNet::new(50, 3, 2);
    let before = weights_sha256(&wrong);
    let error = read_weights(&mut wrong, &path).unwrap_err().to_string();
    assert!(
        error.contains("dense") && error.contains("expected"),
        "{error}"
    );
    assert_eq!(weights_sha256(&wrong), before);
    assert!(read_weights(&mut Perceptron::new(50, 4, 1), &path).is_err());
    assert!(read_weights(&mut other, &dir.path().join("none")).is_err());
}

/// Weight decay leaves such weights; computed with, each product of one takes a hundred times as long.
#[test]
fn traces_of_weights_count_as_nothing() {
    let with = |value: f64| {
        let network = ConvNet::new(N_SAMPLES, 4, 1);
        for weight in fix_weights(&network) {
            // Every fifth weight.
            let values: Vec<f32> = (&weight.flatten(0, -1)).try_into().unwrap();
            let of = |(i, x): (usize, &f32)| if i % 5 == 0 { value as f32 } else { *x };
            let values: Vec<f32> = values.iter().enumerate().map(of).collect();
            let values = Tensor::from_slice(&values).view(weight.size().as_slice());
            tch::no_grad(|| weight.shallow_clone().copy_(&values));
        }
        network.logits(&windows())
    };
    assert_eq!(with(0.0), with(1e-39));
    assert_eq!(with(0.0), with(-9e-21));
    assert_ne!(with(0.0), with(1e-3));
    assert!(with(f64::NAN).iter().all(|logit| logit.is_nan()));
}
