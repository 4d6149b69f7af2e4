//! The networks beside SeisBench's own (`tests/reference/phasenet.py`), and weights that are none.

use super::super::torch_file::{SavedTensor, Values};
use super::*;

const REFERENCE: &str = include_str!("../../../tests/reference/phasenet.csv");

/// Names and shapes of the tensors of both networks.
fn shapes(kind: PhaseNetKind, factor: usize) -> Vec<(String, Vec<usize>)> {
    let mut all = Vec::new();
    let mut add = |name: &str, shape: &[usize]| all.push((name.to_string(), shape.to_vec()));
    let scale = |name: &str, n: usize| {
        ["weight", "bias", "running_mean", "running_var"].map(|of| (format!("{name}.{of}"), n))
    };
    let mut scales = Vec::new();
    match kind {
        PhaseNetKind::PhaseNet => {
            let rows = |i: usize| (8 * factor) << i;
            add("inc.weight", &[rows(0), 3, 7]);
            add("inc.bias", &[rows(0)]);
            scales.push(scale("in_bn", rows(0)));
            let mut n = rows(0);
            for i in 0..5 {
                add(&format!("down_branch.{i}.0.weight"), &[rows(i), n, 7]);
                n = rows(i);
                scales.push(scale(&format!("down_branch.{i}.1"), n));
                if i < 4 {
                    add(&format!("down_branch.{i}.2.weight"), &[n, n, 7]);
                    scales.push(scale(&format!("down_branch.{i}.3"), n));
                }
            }
            for i in 0..4 {
                let n_up = rows(3 - i);
                add(&format!("up_branch.{i}.0.weight"), &[n, n_up, 7]);
                scales.push(scale(&format!("up_branch.{i}.1"), n_up));
                add(&format!("up_branch.{i}.2.weight"), &[n_up, 2 * n_up, 7]);
                scales.push(scale(&format!("up_branch.{i}.3"), n_up));
                n = n_up;
            }
            add("out.weight", &[3, n, 1]);
        }
        PhaseNetKind::PhaseNetLight => {
            add("inc.weight", &[8, 3, 1]);
            add("inc.bias", &[8]);
            scales.push(scale("in_bn", 8));
            for (i, n) in LIGHT_ROWS.windows(2).enumerate() {
                add(&format!("conv{}.conv.weight", i + 1), &[n[1], n[0], 7]);
                add(&format!("conv{}.conv.bias", i + 1), &[n[1]]);
                scales.push(scale(&format!("bnd{}", i + 1), n[1]));
            }
            for (i, n) in [[32, 22], [44, 16], [32, 11], [22, 8]].iter().enumerate() {
                add(&format!("up{}.weight", i + 1), &[n[0], n[1], 7]);
                add(&format!("up{}.bias", i + 1), &[n[1]]);
                scales.push(scale(&format!("bnu{}", i + 1), n[1]));
            }
            add("out.weight", &[16, 3, 1]);
        }
    }
    add("out.bias", &[3]);
    for (name, n) in scales.into_iter().flatten() {
        add(&name, &[n]);
    }
    all
}

/// `fill` of the script.
fn filled(kind: PhaseNetKind, factor: usize) -> StateDict {
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let seed: usize = name
            .bytes()
            .enumerate()
            .map(|(i, byte)| (i + 1) * usize::from(byte))
            .sum();
        let value = |j: usize| {
            let x = (0.7 * j as f64 + seed as f64).sin();
            let made = if name.ends_with("running_var") {
                1.1 + x
            } else if name.ends_with("running_mean") || name.ends_with("bias") {
                0.1 * x
            } else if shape.len() == 1 {
                1.0 + 0.3 * x
            } else {
                x * 1.2 / ((shape[1] * shape[2]) as f64).sqrt()
            };
            made as f32
        };
        let values = Values::Floats((0..shape.iter().product()).map(value).collect());
        (name, SavedTensor { shape, values })
    };
    let mut dict: StateDict = shapes(kind, factor).into_iter().map(tensor).collect();
    let count = SavedTensor {
        shape: vec![],
        values: Values::Integers(vec![7]),
    };
    dict.insert("in_bn.num_batches_tracked".into(), count);
    dict
}

fn window() -> Vec<f32> {
    let value = |c: usize, i: usize| {
        let (c, t) = (c as f64, i as f64);
        let packet =
            (t * (0.05 + 0.11 * c)).sin() * (-((t - 1000.0 - 500.0 * c) / 400.0).powi(2)).exp();
        (packet + 0.2 * (0.013 * t).cos()) as f32
    };
    (0..3)
        .flat_map(|c| (0..PHASENET_SAMPLES).map(move |i| value(c, i)))
        .collect()
}

/// A network that was taught nothing, with an opinion on everything.
pub(crate) fn made_up() -> PhaseNet {
    PhaseNet::of(filled(PhaseNetKind::PhaseNetLight, 1)).unwrap()
}

#[test]
fn probabilities_are_those_of_seisbench() {
    for (name, kind, factor, n_parameters) in [
        ("PhaseNet", PhaseNetKind::PhaseNet, 1, 268_443),
        (
            "PhaseNet of twice as many rows",
            PhaseNetKind::PhaseNet,
            2,
            1_070_899,
        ),
        ("PhaseNetLight", PhaseNetKind::PhaseNetLight, 1, 23_305),
    ] {
        let network = PhaseNet::of(filled(kind, factor)).unwrap();
        assert_eq!(
            (network.kind(), network.n_parameters()),
            (kind, n_parameters)
        );
        let rows = network.levels().map(|level| level[0]);
        let expected = match kind {
            PhaseNetKind::PhaseNet => [8, 16, 32, 64, 128].map(|n| n * factor),
            PhaseNetKind::PhaseNetLight => [8, 11, 16, 22, 32],
        };
        assert_eq!(rows, expected);
        assert_eq!(
            network.levels().map(|level| level[1]),
            [3001, 751, 188, 47, 12]
        );
        // Two windows, so that their order is seen.
        let windows = [vec![0.0; 3 * PHASENET_SAMPLES], window()].concat();
        let found = network
            .probabilities(&windows)
            .split_off(3 * PHASENET_SAMPLES);
        let rows = REFERENCE
            .lines()
            .filter_map(|row| row.strip_prefix(name)?.strip_prefix(','));
        let mut n = 0;
        for row in rows {
            let mut fields = row.split(',');
            let i: usize = fields.next().unwrap().parse().unwrap();
            for (class, field) in fields.enumerate() {
                let expected: f32 = field.parse().unwrap();
                let p = found[class * PHASENET_SAMPLES + i];
                assert!((p - expected).abs() < 1e-5, "{name}, {i}: {p} {expected}");
            }
            n += 1;
        }
        assert_eq!(n, 66);
    }
}

#[test]
fn weights_of_other_networks_are_refused() {
    for kind in [PhaseNetKind::PhaseNet, PhaseNetKind::PhaseNetLight] {
        let why = |change: &dyn Fn(&mut StateDict)| {
            let mut dict = filled(kind, 1);
            change(&mut dict);
            PhaseNet::of(dict).unwrap_err()
        };
        let floats = |shape: &[usize], x: f32| SavedTensor {
            shape: shape.to_vec(),
            values: Values::Floats(vec![x; shape.iter().product()]),
        };
        for name in filled(kind, 1)
            .keys()
            .filter(|name| !name.ends_with("tracked"))
        {
            // Which network it is, a tensor tells that is then missing.
            why(&|dict| drop(dict.remove(name)));
            for bad in [f32::NAN, f32::INFINITY] {
                let what = why(&|dict| match &mut dict.get_mut(name).unwrap().values {
                    Values::Floats(values) => values[0] = bad,
                    Values::Integers(_) => unreachable!("a weight is no whole number"),
                });
                assert!(what.contains(name), "{what}");
            }
        }
        let what = why(&|dict| drop(dict.insert("fc.weight".into(), floats(&[1], 0.0))));
        assert!(what.contains("fc.weight"), "{what}");
        let what = why(&|dict| drop(dict.insert("out.bias".into(), floats(&[4], 0.0))));
        assert!(what.contains("[4], expected [3]"), "{what}");
        let what = why(&|dict| drop(dict.insert("in_bn.running_var".into(), floats(&[8], -1.0))));
        assert!(what.contains("variance of -1"), "{what}");
    }
    assert!(
        PhaseNet::of(StateDict::new())
            .unwrap_err()
            .contains("neither")
    );
    let mut hydrophone = filled(PhaseNetKind::PhaseNet, 1);
    let four = SavedTensor {
        shape: vec![8, 4, 7],
        values: Values::Floats(vec![0.0; 8 * 4 * 7]),
    };
    hydrophone.insert("inc.weight".into(), four);
    assert!(
        PhaseNet::of(hydrophone)
            .unwrap_err()
            .contains("[8, 4, 7], expected [8, 3, 7]")
    );
}
