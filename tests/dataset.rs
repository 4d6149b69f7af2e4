//! Datasets: groups, divisions that do not leak, the paper's that does, and noisy copies.

use std::collections::HashSet;

use proptest::prelude::*;
use quakebook::Error;
use quakebook::dataset::{AddedNoise, Augment, Dataset, augment, nearest_neighbour_accuracy};
use quakebook::study::{SplitChoice, TimeSpan};
use quakebook::time::{parse, seconds};
use quakebook::window::{Normalisation, Origin, Window};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CHOICE: SplitChoice = SplitChoice {
    train_fraction: 0.70,
    validation_fraction: 0.15,
};

/// `n_events` events of classes 0 to 2 in turn, an hour apart, each followed by three noise
/// windows, as the paper cut them; samples are random numbers in [0, 1).
fn windows(n_events: usize, n_samples: usize) -> Vec<Window> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut all = Vec::new();
    for event in 0..n_events {
        let start = parse("2014-02-15").unwrap() + seconds(3600.0 * event as f64);
        let mut push = |offset_s: f64, class, origin| {
            all.push(Window {
                start: start + seconds(offset_s),
                samples: (0..3 * n_samples).map(|_| rng.random()).collect(),
                class,
                origin,
            });
        };
        let id = format!("event {event}");
        push(0.0, event % 3, Origin::Event { id: id.clone() });
        for number in 0..3 {
            let origin = Origin::Noise { after: id.clone() };
            push(1800.0 + 10.0 * f64::from(number), 3, origin);
        }
    }
    all
}

fn dataset(n_events: usize, n_samples: usize) -> Dataset {
    Dataset::from_windows(&windows(n_events, n_samples), n_samples, 4).unwrap()
}

#[test]
fn an_event_and_its_gap_are_two_groups() {
    let dataset = dataset(2, 5);
    assert_eq!(dataset.groups(), [0, 1, 1, 1, 2, 3, 3, 3]);
    assert_eq!(dataset.classes(), [0, 3, 3, 3, 1, 3, 3, 3]);
    assert_eq!(dataset.class_counts(), [1, 1, 0, 6]);
}

#[test]
fn tensors_have_the_shape_of_windows() {
    let dataset = dataset(2, 5);
    let (samples, classes) = dataset.tensors();
    assert_eq!(samples.size(), [8, 3, 5]);
    assert_eq!(
        Vec::<i64>::try_from(classes).unwrap(),
        [0, 3, 3, 3, 1, 3, 3, 3]
    );
    let value = samples.double_value(&[6, 2, 4]);
    assert_eq!(value as f32, windows(2, 5)[6].samples[14]);
}

#[test]
fn bad_windows_are_named() {
    let good = windows(2, 5);
    let message = |change: &dyn Fn(&mut Window)| {
        let mut windows = good.clone();
        change(&mut windows[4]);
        let error = Dataset::from_windows(&windows, 5, 4).unwrap_err();
        assert!(matches!(error, Error::Dataset { .. }));
        error.to_string()
    };
    let nan = message(&|w| w.samples[3] = f32::NAN);
    assert!(
        nan.contains("window 4 of 2014-02-15T01:00:00") && nan.contains("NaN"),
        "{nan}"
    );
    assert!(message(&|w| w.samples.push(0.0)).contains("16 values, expected 3 x 5"));
    assert!(message(&|w| w.class = 4).contains("class 4, expected 0 to 3"));
    assert!(Dataset::from_windows(&[], 5, 4).is_err());
}

#[test]
fn a_part_without_windows_is_an_error() {
    let error = dataset(1, 5)
        .split_by_time(&CHOICE)
        .unwrap_err()
        .to_string();
    assert!(error.contains("of 4 windows"), "{error}");
}

#[test]
fn division_by_time_trains_on_the_oldest() {
    let split = dataset(100, 5).split_by_time(&CHOICE).unwrap();
    assert_eq!(split.train.n_windows(), 280);
    let newest = split.train.times().iter().max();
    assert!(newest < split.validation.times().iter().min());
    assert!(split.validation.times().iter().max() < split.test.times().iter().min());
    assert_eq!(split.leak().n_with_group, 0);
}

#[test]
fn held_out_hours_are_tested_and_nowhere_else() {
    let dataset = dataset(100, 5);
    let span = TimeSpan {
        start: parse("2014-02-16").unwrap(),
        end: parse("2014-02-16T10:00:00").unwrap(),
    };
    let split = dataset.split_held_out(&span, &CHOICE).unwrap();
    assert_eq!(split.test.n_windows(), 40);
    assert!(split.test.times().iter().all(|t| span.contains(*t)));
    let others = split.train.times().iter().chain(split.validation.times());
    assert!(others.into_iter().all(|t| !span.contains(*t)));
    // 360 windows in the proportion 70 to 15.
    assert_eq!(split.train.n_windows(), 296);

    let rest = dataset.without(&span).unwrap();
    assert_eq!(rest.n_windows(), 360);
    assert!(rest.times().iter().all(|t| !span.contains(*t)));
}

#[test]
fn random_division_follows_its_seed() {
    let dataset = dataset(50, 5);
    let split = dataset.split_random(&CHOICE, 7).unwrap();
    assert_eq!(split.train.n_windows(), 140);
    assert_eq!(split.validation.n_windows(), 30);
    assert_eq!(split.test.n_windows(), 30);
    assert_eq!(split, dataset.split_random(&CHOICE, 7).unwrap());
    assert_ne!(split, dataset.split_random(&CHOICE, 8).unwrap());
    // Windows of one gap lie on both sides.
    assert!(split.leak().group_share() > 0.5);
    assert_eq!(split.leak().n_with_twin, 0);
}

#[test]
fn copies_before_the_split_leak_as_probability_says() {
    let copied = dataset(300, 20)
        .copies_before_split_as_the_paper(&[0.02, 0.05], 3)
        .unwrap();
    assert_eq!(copied.n_windows(), 3 * 1200);
    let leak = copied.split_random(&CHOICE, 4).unwrap().leak();
    // 1 - 0.3 * 0.3, within three standard deviations of 540 tested windows.
    assert!((leak.twin_share() - 0.91).abs() < 0.037, "{leak:?}");
}

#[test]
fn copies_lift_a_nearest_neighbour_on_labels_without_information() {
    let dataset = dataset(150, 100).with_shuffled_classes(5);
    let honest = dataset.split_random(&CHOICE, 6).unwrap();
    let copied = dataset
        .copies_before_split_as_the_paper(&[0.02, 0.05], 3)
        .unwrap();
    let leaking = copied.split_random(&CHOICE, 6).unwrap();
    let (honest, leaking) = (
        nearest_neighbour_accuracy(&honest),
        nearest_neighbour_accuracy(&leaking),
    );
    // Guessing with the classes' shares is right in 0.75² + 3 * 0.083² = 58 %; a twin gives 91 %
    // of the tested windows away.
    assert!((0.4..0.75).contains(&honest), "{honest}");
    assert!((0.91..1.0).contains(&leaking), "{leaking}");
}

#[test]
fn augmentation_stays_within_the_training_part() {
    let split = dataset(50, 100).split_by_time(&CHOICE).unwrap();
    let choice = Augment::gaussian(&[0.02, 0.05], Normalisation::Peak);
    let more = augment(&split.train, &choice, 11).unwrap();
    assert_eq!(more.n_windows(), 3 * split.train.n_windows());
    let known: HashSet<_> = split.train.originals().iter().collect();
    assert!(more.originals().iter().all(|i| known.contains(i)));
    assert_eq!(more, augment(&split.train, &choice, 11).unwrap());
    assert_ne!(more, augment(&split.train, &choice, 12).unwrap());
    assert!(
        augment(
            &split.train,
            &Augment::gaussian(&[0.0], Normalisation::Peak),
            1
        )
        .is_err()
    );
}

/// Mean and standard deviation of what is added, in units of level times maximum.
fn added(noise: AddedNoise) -> (f64, f64) {
    let split = dataset(40, 500).split_by_time(&CHOICE).unwrap();
    let choice = Augment {
        noise,
        levels: vec![0.05],
        renormalise: None,
    };
    let more = augment(&split.train, &choice, 2).unwrap();
    let n = split.train.n_windows();
    let mut values = Vec::new();
    for i in 0..n {
        let peak = split
            .train
            .window(i)
            .iter()
            .fold(0.0_f32, |a, b| a.max(b.abs()));
        let pairs = more.window(n + i).iter().zip(more.window(i));
        values.extend(pairs.map(|(copy, x)| f64::from((copy - x) / (0.05 * peak))));
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (square / values.len() as f64).sqrt())
}

#[test]
fn the_paper_adds_an_offset_and_gaussian_noise_none() {
    let (mean, deviation) = added(AddedNoise::Uniform);
    assert!((mean - 0.5).abs() < 0.005, "{mean}");
    assert!(
        (deviation - (1.0_f64 / 12.0).sqrt()).abs() < 0.005,
        "{deviation}"
    );
    let (mean, deviation) = added(AddedNoise::Gaussian);
    assert!(mean.abs() < 0.015, "{mean}");
    assert!((deviation - 1.0).abs() < 0.015, "{deviation}");
}

#[test]
fn the_papers_copies_span_zero_to_one() {
    let copied = dataset(3, 50)
        .copies_before_split_as_the_paper(&[0.05], 3)
        .unwrap();
    for i in 12..24 {
        let window = copied.window(i);
        assert_eq!(window.iter().copied().fold(1.0, f32::min), 0.0);
        assert_eq!(window.iter().copied().fold(0.0, f32::max), 1.0);
        assert_eq!(copied.originals()[i], i - 12);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever the division, each window is in one part, and only the random one cuts groups.
    #[test]
    fn parts_are_disjoint_and_complete(n_events in 10_usize..60, seed in 0_u64..1000) {
        let dataset = dataset(n_events, 2);
        let splits = [
            dataset.split_random(&CHOICE, seed).unwrap(),
            dataset.split_by_group(&CHOICE, seed).unwrap(),
            dataset.split_by_time(&CHOICE).unwrap(),
        ];
        for (number, split) in splits.iter().enumerate() {
            let mut all = split.train.originals().to_vec();
            all.extend(split.validation.originals());
            all.extend(split.test.originals());
            all.sort_unstable();
            prop_assert!(all.iter().copied().eq(0..dataset.n_windows()));
            prop_assert!(number == 0 || split.leak().n_with_group == 0);
            let share = split.train.n_windows() as f64 / dataset.n_windows() as f64;
            prop_assert!((share - 0.7).abs() < 0.1);
        }
    }
}
