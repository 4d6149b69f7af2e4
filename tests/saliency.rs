//! Saliency: gradients against finite differences, occlusion against what a linear network must
//! give.

use quakebook::Result;
use quakebook::network::{
    Backend, Classify, Concentration, ConvNet, Layer, Map, Network, Perceptron, Segment, Target,
    gradients, maps, occlusions,
};
use tch::{Device, Tensor, nn};

const N: usize = 40;

/// Log odds of class 0 against class 1: the sum of weight times sample.
struct Linear {
    store: nn::VarStore,
    weight: Tensor,
}

impl Linear {
    fn new() -> Self {
        let store = nn::VarStore::new(Device::Cpu);
        let weight = Tensor::from_slice(&weights()).view([1, 3 * N as i64]);
        let weight = store.root().add("weight", weight, true);
        Self { store, weight }
    }
}

fn weights() -> Vec<f32> {
    (0..3 * N).map(|i| (0.4 * i as f32).sin() / 20.0).collect()
}

fn window() -> Vec<f32> {
    (0..3 * N)
        .map(|i| (0.13 * (i * i % 97) as f32).cos())
        .collect()
}

impl Classify for Linear {
    fn n_classes(&self) -> usize {
        2
    }

    fn n_samples(&self) -> usize {
        N
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        let rows = windows.chunks_exact(3 * N).flat_map(|window| {
            let odds: f32 = window.iter().zip(weights()).map(|(x, w)| x * w).sum();
            let event = 1.0 / (1.0 + (-odds).exp());
            [event, 1.0 - event]
        });
        Ok(rows.collect())
    }
}

impl Network for Linear {
    fn name(&self) -> &str {
        "linear"
    }

    fn layers(&self) -> Vec<Layer> {
        Vec::new()
    }

    fn store(&self) -> &nn::VarStore {
        &self.store
    }

    fn backend(&self) -> Backend {
        Backend::Libtorch(Device::Cpu)
    }

    fn forward(&self, windows: &Tensor) -> Tensor {
        let odds = windows.flatten(1, -1).matmul(&self.weight.transpose(0, 1));
        Tensor::cat(&[&odds, &odds.zeros_like()], 1)
    }
}

#[test]
fn a_linear_networks_gradient_is_its_weights() {
    let two = [window(), vec![0.5; 3 * N]].concat();
    let found = gradients(&Linear::new(), &two, Target::Event).unwrap();
    for (found, wanted) in found.iter().zip(weights().iter().chain(&weights())) {
        assert!((found - wanted).abs() < 1e-6);
    }
    // The odds of noise are the opposite.
    let noise = gradients(&Linear::new(), &two, Target::Class(1)).unwrap();
    assert!(noise.iter().zip(&found).all(|(a, b)| (a + b).abs() < 1e-6));
}

#[test]
fn hiding_a_segment_takes_away_what_it_added() {
    let segment = Segment {
        n_samples: 7,
        hop_samples: 3,
    };
    let found = occlusions(&Linear::new(), &window(), Target::Event, segment).unwrap();
    let starts = segment.starts(N);
    assert_eq!(found.len(), starts.len());
    let added = |i: usize| weights()[i] * window()[i];
    for (found, start) in found.iter().zip(&starts) {
        let of_component = |c: usize| (c * N + start..c * N + start + 7).map(added);
        let wanted: f32 = (0..3).flat_map(of_component).sum();
        assert!((found - wanted).abs() < 1e-5, "{start}: {found} {wanted}");
    }
}

#[test]
fn gradient_times_input_and_occlusion_agree_on_a_linear_network_of_one_sign() {
    let (network, window) = (Linear::new(), window());
    // With each sample of its weight's sign all parts are positive, and nothing cancels in a bin.
    let same_sign: Vec<f32> = window
        .iter()
        .zip(weights())
        .map(|(x, w)| x.abs() * w.signum())
        .collect();
    let map = |map| {
        maps(&network, &same_sign, Target::Event, map, 5)
            .unwrap()
            .remove(0)
    };
    for (a, b) in map(Map::GradientTimesInput).iter().zip(map(Map::Occlusion)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    assert_eq!(map(Map::Amplitude).len(), N / 5);
}

/// Central differences of the log odds, by probabilities alone.
fn assert_finite_differences(network: &dyn Network, target: Target, odds: fn(&[f32]) -> f64) {
    let n = network.n_samples();
    let window: Vec<f32> = (0..3 * n).map(|i| (0.37 * i as f32).cos()).collect();
    let gradient = gradients(network, &window, target).unwrap();
    let largest = gradient.iter().fold(0.0_f32, |a, g| a.max(g.abs()));
    assert!(largest > 0.0);
    let step = 2e-3;
    for i in (0..3 * n).step_by(13) {
        let at = |shift: f32| {
            let mut moved = window.clone();
            moved[i] += shift;
            odds(&network.probabilities(&moved).unwrap())
        };
        let wanted = (at(step) - at(-step)) / (2.0 * f64::from(step));
        let off = (f64::from(gradient[i]) - wanted).abs() / f64::from(largest);
        assert!(off < 0.05, "sample {i}: {} {wanted}", gradient[i]);
    }
}

#[test]
fn gradients_are_finite_differences() {
    let event = |p: &[f32]| f64::from((p[0] + p[1] + p[2]) / p[3]).ln();
    let second = |p: &[f32]| f64::from(p[1] / (p[0] + p[2] + p[3])).ln();
    assert_finite_differences(&ConvNet::new(200, 4, 3), Target::Event, event);
    assert_finite_differences(&ConvNet::new(200, 4, 3), Target::Class(1), second);
    assert_finite_differences(&Perceptron::new(60, 4, 3), Target::Event, event);
}

#[test]
fn batches_do_not_mix_windows() {
    let network = ConvNet::new(100, 3, 5);
    let many: Vec<f32> = (0..300 * 300).map(|i| (0.011 * i as f32).sin()).collect();
    let together = gradients(&network, &many, Target::Event).unwrap();
    for i in [0, 255, 256, 299] {
        let range = i * 300..(i + 1) * 300;
        let alone = gradients(&network, &many[range.clone()], Target::Event).unwrap();
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(alone.iter().zip(&together[range]).all(close));
    }
}

#[test]
fn bad_input_is_named() {
    let network = ConvNet::new(100, 4, 1);
    let error = gradients(&network, &[0.0; 301], Target::Event)
        .unwrap_err()
        .to_string();
    assert!(error.contains("301 values"), "{error}");
    let error = gradients(&network, &[0.0; 300], Target::Class(4))
        .unwrap_err()
        .to_string();
    assert!(error.contains("Class(4) of 4 classes"), "{error}");
    let segment = Segment {
        n_samples: 101,
        hop_samples: 1,
    };
    assert!(occlusions(&network, &[0.0; 300], Target::Event, segment).is_err());
    assert!(
        Concentration::of(&[0.0; 10], 0.1, &[0.5], 0.2)
            .share
            .is_nan()
    );
}
