//! Datasets: groups, divisions that do not leak, the paper's that does, noisy copies, and SeisBench's form.

mod common;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quakebook::Error;
use quakebook::dataset::seisbench::{
    self, DataFormat, LabelledTrace, Labels, Part, WaveformDataset,
};
use quakebook::dataset::{AddedNoise, Augment, Crop, Dataset, Variation, augment, vary};
use quakebook::method::worlds::Day;
use quakebook::network::{nearest_neighbour_accuracy, tensors};
use quakebook::study::SplitChoice;
use quakebook::time::{TimeSpan, iso, parse, seconds};
use quakebook::window::{Normalisation, Origin, RejectionLog, Window, Windows};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

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
fn an_event_and_its_gap_are_one_group() {
    let dataset = dataset(2, 5);
    assert_eq!(dataset.groups(), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(dataset.classes(), [0, 3, 3, 3, 1, 3, 3, 3]);
    assert_eq!(dataset.class_counts(), [1, 1, 0, 6]);
}

#[test]
fn tensors_have_the_shape_of_windows() {
    let dataset = dataset(2, 5);
    let (samples, classes) = tensors(&dataset);
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
fn a_family_is_one_group() {
    let families: HashMap<String, usize> = [("event 0", 7), ("event 2", 7), ("event 1", 9)]
        .map(|(id, family)| (id.to_string(), family))
        .into();
    let windows = windows(4, 5);
    let dataset = Dataset::from_families(&windows, 5, 4, &families).unwrap();
    let of_event = |number: usize| &dataset.groups()[4 * number..4 * number + 4];
    assert_eq!(of_event(0), [0; 4]);
    assert_eq!(of_event(1), [1; 4]);
    assert_eq!(of_event(2), [0; 4]);
    assert_eq!(of_event(3), [2; 4]);
}

#[test]
fn division_at_instants_is_at_the_instants() {
    let at = |hour: u32| parse("2014-02-15").unwrap() + seconds(3600.0 * f64::from(hour));
    let split = dataset(100, 5).split_at(at(60), at(90)).unwrap();
    let hours = [&split.train.times()[0], &split.test.times()[0]];
    assert_eq!(hours, [&at(0), &at(90)]);
    assert_eq!(split.train.n_windows(), 240);
    assert_eq!(split.validation.n_windows(), 120);
    assert!(split.validation.times().iter().min() == Some(&at(60)));
    assert!(split.without_leak().is_ok());
    // Nothing to validate.
    assert!(dataset(100, 5).split_at(at(60), at(60)).is_err());
    assert!(dataset(100, 5).split_at(at(60), at(20)).is_err());
}

#[test]
fn a_leak_is_refused() {
    let dataset = dataset(60, 5);
    let refused = |split: quakebook::dataset::Split| {
        let error = split.without_leak().unwrap_err();
        assert!(matches!(error, Error::Dataset { .. }));
        error.to_string()
    };
    let random = refused(dataset.split_random(&CHOICE, 3).unwrap());
    assert!(random.contains("training and test"), "{random}");
    let copied = dataset.copies_before_split_as_the_paper(&[0.02], 3);
    refused(copied.unwrap().split_random(&CHOICE, 3).unwrap());
    assert!(
        dataset
            .split_by_group(&CHOICE, 3)
            .unwrap()
            .without_leak()
            .is_ok()
    );
    assert!(
        dataset
            .split_by_time(&CHOICE)
            .unwrap()
            .without_leak()
            .is_ok()
    );

    // Two events of one family: divided by event they leak, divided by family they cannot.
    let families: HashMap<String, usize> = (0..60).map(|i| (format!("event {i}"), i / 2)).collect();
    let pairs = Dataset::from_families(&windows(60, 5), 5, 4, &families).unwrap();
    let split = pairs.split_by_group(&CHOICE, 3).unwrap();
    assert!(split.without_leak().is_ok());
    let by_window = refused(pairs.split_random(&CHOICE, 3).unwrap());
    assert!(by_window.contains("events or gaps"), "{by_window}");
}

/// Segments of 60 samples at 1 Hz whose values are the sample's number: P at sample 30.
fn segments(n_events: usize) -> Dataset {
    let mut all = windows(n_events, 60);
    for window in &mut all {
        for row in window.samples.chunks_exact_mut(60) {
            (0..60).for_each(|i| row[i] = i as f32);
        }
    }
    Dataset::from_windows(&all, 60, 4).unwrap()
}

const CROP: Crop = Crop {
    n_samples: 10,
    sampling_rate_hz: 1.0,
    onset: 30,
    place: 0..8,
    n_of_event: 4,
    n_of_noise: 3,
    n_beside: 2,
    before: 1,
    coda: 12,
    normalisation: Normalisation::Std,
};

#[test]
fn crops_hold_the_wave_anywhere() {
    let split = segments(100).split_by_time(&CHOICE).unwrap();
    let cropped = split.cropped(&CROP, 5).unwrap();
    // 70 events with four windows and two beside, three times 70 gaps with three.
    assert_eq!(cropped.train.n_windows(), 70 * (4 + 2) + 210 * 3);
    assert_eq!(cropped.train.class_counts()[3], 70 * 2 + 210 * 3);
    assert_eq!(cropped.test.n_windows(), 15 * (1 + 2) + 45 * 3);
    assert_eq!(cropped.train.n_samples(), 10);

    let mut places = HashSet::new();
    for i in 0..cropped.train.n_windows() {
        let of = cropped.train.originals()[i];
        let segment = parse("2014-02-15").unwrap() + seconds(3600.0 * (of / 4) as f64);
        let is_event = of.is_multiple_of(4);
        if !is_event {
            continue;
        }
        let start = (cropped.train.times()[i] - segment).num_seconds();
        if cropped.train.classes()[i] < 3 {
            assert_eq!(cropped.train.classes()[i], of / 4 % 3);
            places.insert(30 - start);
        } else {
            // Before P with a second to spare, or 12 s after it.
            assert!(
                (0..=19).contains(&start) || (42..=50).contains(&start),
                "{start}"
            );
        }
        // A ramp, whatever its start, scaled by its own deviation.
        assert!((cropped.train.window(i)[0] + 1.5667).abs() < 1e-3);
    }
    assert_eq!(places, (0..8).collect());

    assert_eq!(cropped, split.cropped(&CROP, 5).unwrap());
    let other = split.cropped(&CROP, 6).unwrap();
    assert_ne!(cropped.train.times(), other.train.times());
    let leak = cropped.leak();
    assert_eq!((leak.n_with_twin, leak.n_with_group), (0, 0));
}

#[test]
fn crops_that_do_not_fit_are_refused() {
    let split = segments(20).split_by_time(&CHOICE).unwrap();
    let refused = |crop: Crop| match split.cropped(&crop, 1) {
        Err(Error::Dataset { place, .. }) => place,
        other => panic!("{other:?}"),
    };
    let long = Crop {
        n_samples: 61,
        ..CROP
    };
    assert_eq!(refused(long), "crop.n_samples");
    let late = Crop {
        place: 0..11,
        ..CROP
    };
    assert_eq!(refused(late), "crop.place");
    assert_eq!(refused(Crop { onset: 5, ..CROP }), "crop.place");
    assert_eq!(refused(Crop { coda: 21, ..CROP }), "crop.n_beside");
    assert!(
        split
            .cropped(
                &Crop {
                    coda: 21,
                    n_beside: 1,
                    ..CROP
                },
                1
            )
            .is_ok()
    );
}

/// Random segments, classes dealt out anew: whatever is cropped and copied after the
/// division, a test stays at chance; with copies made before, as the paper did, it does not.
#[test]
fn labels_without_information_stay_at_chance() {
    let nonsense = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut all = windows(240, 60);
        all.retain(|window| matches!(window.origin, Origin::Event { .. }));
        for window in &mut all {
            window.class = rng.random_range(0..3);
        }
        Dataset::from_windows(&all, 60, 4).unwrap()
    };
    let crop = Crop {
        n_beside: 0,
        n_of_event: 8,
        place: 0..3,
        ..CROP
    };
    let (mut fair, mut leaky) = (0.0, 0.0);
    for seed in 0..4 {
        let split = nonsense(seed).split_by_group(&CHOICE, seed).unwrap();
        let mut split = split.without_leak().unwrap().cropped(&crop, seed).unwrap();
        let copies = Augment::gaussian(&[0.02, 0.05], Normalisation::Std);
        split.train = augment(&split.train, &copies, seed).unwrap();
        fair += nearest_neighbour_accuracy(&split) / 4.0;

        let copied = nonsense(seed)
            .copies_before_split_as_the_paper(&[0.02, 0.05], seed)
            .unwrap();
        let copied = copied.split_random(&CHOICE, seed).unwrap();
        assert!(copied.clone().without_leak().is_err());
        leaky += nearest_neighbour_accuracy(&copied) / 4.0;
    }
    // Three classes: 1/3, within four deviations of 4 x 36 windows; a twin gives 91 % away.
    assert!(
        (fair - 1.0 / 3.0).abs() < 4.0 * (2.0 / 9.0 / 144.0_f64).sqrt(),
        "{fair}"
    );
    assert!(leaky > 0.9, "{leaky}");
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

#[test]
fn copies_of_windows_with_a_fixed_scale_keep_it() {
    let split = dataset(50, 100).split_by_time(&CHOICE).unwrap();
    let scale = Normalisation::Fixed { counts: 1000 };
    let copies = augment(&split.train, &Augment::gaussian(&[0.02], scale), 11).unwrap();
    let gains = [Variation::Gains { most: 1.001 }];
    let varied = vary(&split.train, &gains, scale, 11).unwrap();
    for more in [copies, varied] {
        let (first, copy) = (more.window(0), more.window(split.train.n_windows()));
        let peak = first.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
        let apart = first.iter().zip(copy).map(|(a, b)| (a - b).abs());
        let most = apart.fold(0.0, f32::max);
        assert!(most > 0.0 && most < 0.2 * peak, "{most} of {peak}");
    }
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

/// Samples of a component of the windows that are varied: so many that random ones hardly agree.
const LONG: usize = 2000;

/// The training part of centred windows, and each with one varied copy.
fn varied(variation: Variation) -> (quakebook::dataset::Train, quakebook::dataset::Train) {
    let mut all = windows(40, LONG);
    for window in &mut all {
        window.samples = quakebook::window::normalise(&window.samples, Normalisation::Std).unwrap();
    }
    let dataset = Dataset::from_windows(&all, LONG, 4).unwrap();
    let train = dataset.split_by_time(&CHOICE).unwrap().train;
    let more = vary(&train, &[variation], Normalisation::Std, 9).unwrap();
    assert_eq!(more.n_windows(), 2 * train.n_windows());
    assert_eq!(more.classes()[train.n_windows()..], *train.classes());
    (train, more)
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum()
}

#[test]
fn station_noise_has_the_stated_ratio() {
    let (min_snr, max_snr) = (4.0, 4.0);
    let (train, more) = varied(Variation::StationNoise { min_snr, max_snr });
    let n = train.n_windows();
    for i in 0..n {
        let (window, copy) = (train.window(i), more.window(n + i));
        // All windows have a root mean square of 1: what a copy has of each tells the ratio.
        let of_noise = (0..n)
            .filter(|j| train.classes()[*j] == 3 && *j != i)
            .map(|j| dot(copy, train.window(j)).abs())
            .fold(0.0, f64::max);
        let ratio = dot(copy, window) / of_noise;
        assert!((ratio - 4.0).abs() < 0.9, "window {i}: {ratio}");
    }
}

#[test]
fn gains_change_the_components_ratios_and_dropout_silences_one() {
    let (train, more) = varied(Variation::Gains { most: 1.5 });
    let n = train.n_windows();
    let deviation = |row: &[f32]| dot(row, row).sqrt();
    let mut widest: f64 = 1.0;
    for i in 0..n {
        let rows = train
            .window(i)
            .chunks(LONG)
            .zip(more.window(n + i).chunks(LONG));
        let gains: Vec<f64> = rows.map(|(a, b)| deviation(b) / deviation(a)).collect();
        for pair in [(0, 1), (1, 2), (0, 2)] {
            let ratio = gains[pair.0] / gains[pair.1];
            widest = widest.max(ratio).max(1.0 / ratio);
        }
    }
    assert!((1.5..=2.25).contains(&widest), "{widest}");

    let (train, more) = varied(Variation::Dropout);
    let mut silenced = [0; 3];
    for i in 0..n {
        let rows: Vec<&[f32]> = more.window(n + i).chunks(LONG).collect();
        let silent: Vec<usize> = (0..3)
            .filter(|c| rows[*c].iter().all(|x| *x == 0.0))
            .collect();
        assert_eq!(silent.len(), 1);
        silenced[silent[0]] += 1;
        let other = (silent[0] + 1) % 3;
        let before = &train.window(i)[LONG * other..LONG * (other + 1)];
        assert!(
            rows[other]
                .iter()
                .zip(before)
                .all(|(a, b)| (a - b).abs() < 1e-5)
        );
    }
    assert!(
        silenced.iter().all(|n_windows| *n_windows > n / 6),
        "{silenced:?}"
    );
}

#[test]
fn a_glitch_is_on_one_component_of_noise() {
    let mut all = windows(40, LONG);
    for window in &mut all {
        window.samples = quakebook::window::normalise(&window.samples, Normalisation::Std).unwrap();
    }
    let dataset = Dataset::from_windows(&all, LONG, 4).unwrap();
    let train = dataset.split_by_time(&CHOICE).unwrap().train;
    let glitch = Variation::Glitch { longest: 300 };
    let more = vary(&train, &[glitch], Normalisation::Std, 9).unwrap();
    let n = train.n_windows();
    assert_eq!(more.n_windows(), n + train.class_counts()[3]);
    for i in n..more.n_windows() {
        assert_eq!(more.classes()[i], 3);
        let before = (0..n).find(|j| train.originals()[*j] == more.originals()[i]);
        let before = train.window(before.unwrap());
        // Two components are the old ones, but for one common scale.
        let ratios: Vec<f64> = (0..3)
            .map(|c| {
                let rows = [before, more.window(i)].map(|w| &w[LONG * c..LONG * (c + 1)]);
                dot(rows[1], rows[0]) / dot(rows[0], rows[0]) / {
                    (dot(rows[1], rows[1]) / dot(rows[0], rows[0])).sqrt()
                }
            })
            .collect();
        let n_same = ratios.iter().filter(|r| (**r - 1.0).abs() < 1e-4).count();
        assert!(n_same >= 2, "{ratios:?}");
    }
}

#[test]
fn variations_out_of_range_are_refused() {
    let train = dataset(20, 50).split_by_time(&CHOICE).unwrap().train;
    let refused = |variation| {
        let error = vary(&train, &[variation], Normalisation::Std, 1).unwrap_err();
        assert!(matches!(error, Error::Dataset { .. }));
        error.to_string()
    };
    refused(Variation::Gaussian { level: 0.0 });
    refused(Variation::Gains { most: 0.9 });
    let swapped = refused(Variation::StationNoise {
        min_snr: 3.0,
        max_snr: 2.0,
    });
    assert!(swapped.contains("the smaller first"), "{swapped}");
}

#[test]
fn some_groups_are_whole_groups() {
    let train = dataset(40, 5).split_by_time(&CHOICE).unwrap().train;
    let some = train.of_groups(10, 3);
    assert_eq!((some.n_windows(), some.n_groups()), (40, 10));
    assert_eq!(some, train.of_groups(10, 3));
    assert_ne!(some, train.of_groups(10, 4));
    assert_eq!(train.of_groups(1000, 3), train);
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

/// Files that SeisBench and h5py have written.
fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

/// A folder with a dataset of one trace by name, whose samples are in `waveforms`.
fn seisbench_folder(waveforms: &[u8], trace_name: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("waveforms.hdf5"), waveforms).unwrap();
    let table = format!(
        "trace_name,trace_sampling_rate_hz,trace_component_order\n\"{trace_name}\",100,ZNE\n"
    );
    std::fs::write(folder.path().join("metadata.csv"), table).unwrap();
    folder
}

/// The value of sample w of component c of trace t.
fn value(t: usize, c: usize, w: usize) -> f32 {
    (1000 * t + 100 * c + w) as f32
}

fn values(t: usize, n_components: usize, n_samples: usize) -> Vec<f32> {
    (0..n_components)
        .flat_map(|c| (0..n_samples).map(move |w| value(t, c, w)))
        .collect()
}

#[test]
fn what_seisbench_has_written_is_read() {
    let dataset = WaveformDataset::open(reference("seisbench_written")).unwrap();
    assert_eq!(dataset.format().measurement.as_deref(), Some("velocity"));
    assert_eq!(dataset.format().unit.as_deref(), Some("counts"));
    let parts = [Part::Train, Part::Train, Part::Dev, Part::Test];
    assert_eq!(dataset.len(), parts.len());
    for (t, part) in parts.into_iter().enumerate() {
        let trace = dataset.trace(t).unwrap();
        let n_samples = if part == Part::Test { 4 } else { 6 };
        assert_eq!(trace.samples, values(t, 3, n_samples));
        let labels = trace.labels;
        assert_eq!(labels.part, Some(part));
        assert_eq!(
            (labels.sampling_rate_hz, labels.components.as_str()),
            (50.0, "ZNE")
        );
        let start = parse("2014-02-16T01:28:30.25").unwrap() + seconds(t as f64);
        assert_eq!(labels.start, Some(start));
        assert_eq!(labels.columns["source_id"], format!("event {t}"));
        let p: &[_] = if part == Part::Train {
            &[("P", 2.5)]
        } else {
            &[]
        };
        assert_eq!(labels.arrivals(), p);
    }
}

/// Two chunks, compressed whole numbers, samples before components, and no blocks.
#[test]
fn the_other_forms_of_seisbench_are_read() {
    let dataset = WaveformDataset::open(reference("seisbench_other")).unwrap();
    assert_eq!(dataset.len(), 2);
    for t in 0..2 {
        let trace = dataset.trace(t).unwrap();
        assert_eq!(trace.samples, values(t, 2, 50));
        assert_eq!(
            trace.labels,
            Labels::new("ZH", 25.0).with("trace_dt_s", "0.04")
        );
    }
}

trait With {
    fn with(self, column: &str, value: &str) -> Self;
}

impl With for Labels {
    fn with(mut self, column: &str, value: &str) -> Self {
        self.columns.insert(column.into(), value.into());
        self
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn seisbenchs_dummy_dataset_is_read() {
    let folder = common::real_data().join("seisbench/dummydataset");
    let dataset = WaveformDataset::open(&folder).unwrap();
    let n_of = |part| {
        let parts = (0..dataset.len()).map(|t| dataset.labels(t).part);
        parts.filter(|p| *p == Some(part)).count()
    };
    assert_eq!([Part::Train, Part::Dev, Part::Test].map(n_of), [60, 10, 30]);
    // h5py reads these values: the first, one of the middle, and the last.
    for (t, expected, largest) in [
        (0, [34.0, -266.0, 374.0], 1127.0),
        (69, [552.0, 644.0, 414.0], 17243.0),
        (99, [311.0, -294.0, 587.0], 4847.0),
    ] {
        let LabelledTrace { labels, samples } = dataset.trace(t).unwrap();
        assert_eq!(samples.len(), 3 * 1200);
        assert_eq!([samples[0], samples[1800], samples[3599]], expected);
        assert_eq!(
            samples.iter().fold(0.0, |a: f32, x| a.max(x.abs())),
            largest
        );
        assert_eq!(
            (labels.sampling_rate_hz, labels.components.as_str()),
            (20.0, "ZNE")
        );
        assert_eq!(labels.columns["station_code"], "PB01");
    }
    let start = parse("2007-01-01T01:42:45.08").unwrap();
    assert_eq!(dataset.labels(0).start, Some(start));

    // Its headers have no checksum, so a length that is not true is believed until it is compared.
    let mut bytes = std::fs::read(folder.join("waveforms.hdf5")).unwrap();
    let dimensions = |n_samples: u64| [60, 3, n_samples].map(u64::to_le_bytes).concat();
    let (true_one, other) = (dimensions(1200), dimensions(1 << 40));
    let at = bytes.windows(24).position(|part| part == true_one).unwrap();
    bytes[at..at + 24].copy_from_slice(&other);
    let folder = seisbench_folder(&bytes, "bucket0$0,:3,:1200");
    let dataset = WaveformDataset::open(folder.path()).unwrap();
    assert!(matches!(dataset.trace(0), Err(Error::Dataset { .. })));
}

#[test]
fn a_declared_size_asks_for_no_memory() {
    for name in ["seisbench_large.hdf5", "seisbench_piece.hdf5"] {
        let bytes = std::fs::read(reference(name)).unwrap();
        let folder = seisbench_folder(&bytes, "bucket0$0,:3,:10");
        let dataset = WaveformDataset::open(folder.path()).unwrap();
        assert!(
            matches!(dataset.trace(0), Err(Error::Dataset { .. })),
            "{name}"
        );
    }
}

#[test]
fn what_is_written_is_read_again() {
    let traces: Vec<LabelledTrace> = (0..1100)
        .map(|t| {
            let components = if t % 7 == 0 { "Z" } else { "ENZ" };
            let n_samples = 5 + t % 3;
            let mut labels = Labels::new(components, 100.0).with("station_code", "a, \"b\"");
            labels.start = Some(parse("2014-02-15").unwrap() + seconds(t as f64));
            labels.part = [None, Some(Part::Train), Some(Part::Dev), Some(Part::Test)][t % 4];
            if t % 2 == 0 {
                labels.set_arrival("Sg", t as f64 / 3.0);
            }
            let samples = values(t, components.len(), n_samples);
            LabelledTrace { labels, samples }
        })
        .collect();
    let format = DataFormat {
        unit: Some("counts".into()),
        ..DataFormat::default()
    };
    let folder = TempDir::new().unwrap();
    let folder = folder.path().join("new");
    seisbench::write(&folder, &format, &traces).unwrap();
    let dataset = WaveformDataset::open(&folder).unwrap();
    assert_eq!(dataset.format(), &format);
    let read: Vec<_> = (0..dataset.len())
        .map(|t| dataset.trace(t).unwrap())
        .collect();
    assert_eq!(read, traces);
    // A dataset that is there stays.
    let again = seisbench::write(&folder, &format, &traces[..1]);
    assert!(matches!(again, Err(Error::Io { .. })));
    assert_eq!(WaveformDataset::open(&folder).unwrap().len(), traces.len());
}

#[test]
fn traces_that_seisbench_could_not_use_are_refused() {
    let good = LabelledTrace {
        labels: Labels::new("ZNE", 100.0),
        samples: vec![0.0; 30],
    };
    let refused = |change: &dyn Fn(&mut LabelledTrace)| {
        let mut trace = good.clone();
        change(&mut trace);
        let folder = TempDir::new().unwrap();
        let folder = folder.path().join("new");
        let written = seisbench::write(&folder, &DataFormat::default(), &[trace]);
        matches!(written, Err(Error::Dataset { .. })) && !folder.exists()
    };
    assert!(!refused(&|_| ()));
    assert!(refused(&|t| t.samples[3] = f32::NAN));
    assert!(refused(&|t| t.samples.truncate(29)));
    assert!(refused(&|t| t.samples.clear()));
    assert!(refused(&|t| t.labels.components = "ZNN".into()));
    assert!(refused(&|t| t.labels.components = String::new()));
    assert!(refused(&|t| t.labels.sampling_rate_hz = 0.0));
    let folder = TempDir::new().unwrap();
    let none = seisbench::write(folder.path().join("new"), &DataFormat::default(), &[]);
    assert!(matches!(none, Err(Error::Dataset { .. })));
}

#[test]
fn a_row_that_says_too_little_or_too_much_is_refused() {
    let waveforms = std::fs::read(reference("seisbench_written/waveforms.hdf5")).unwrap();
    let opened = |header: &str, row: &str| {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("waveforms.hdf5"), &waveforms).unwrap();
        std::fs::write(
            folder.path().join("metadata.csv"),
            format!("{header}\n{row}\n"),
        )
        .unwrap();
        let dataset = WaveformDataset::open(folder.path())?;
        (0..dataset.len()).try_for_each(|t| dataset.trace(t).map(drop))
    };
    assert!(opened("trace_name,split", "bucket1,").is_ok());
    for (header, row) in [
        ("trace_name,split", "bucket1,valid"),
        ("trace_name,split", ",train"),
        ("trace_name,split", "bucket1,train,more"),
        ("trace_name,trace_start_time", "bucket1,yesterday"),
        ("trace_name,trace_sampling_rate_hz", "bucket1,-1"),
        ("trace_name,trace_dt_s", "bucket1,0"),
        ("trace_name,trace_component_order", "bucket1,ZN"),
        ("trace_name", "nowhere"),
        ("trace_name", "bucket0"),
        ("trace_name", "\"bucket0$2,:3,:6\""),
        ("trace_name", "\"bucket0$0,:2,:6\""),
        ("trace_name", "\"bucket0$0,:3,:6:2\""),
    ] {
        let result = opened(header, row);
        assert!(
            matches!(result, Err(Error::Dataset { .. })),
            "{header} {row}"
        );
    }
}

proptest! {
    /// Damaged bytes are an error, or traces of the declared shape; whatever they say, nothing stops.
    #[test]
    fn damaged_hdf5_is_an_error(
        changes in prop::collection::vec((0_usize..11_984, any::<u8>()), 1..20),
        length in prop::option::weighted(0.2, 0_usize..11_984),
    ) {
        let mut bytes = std::fs::read(reference("seisbench_written/waveforms.hdf5")).unwrap();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(length.unwrap_or(bytes.len()));
        let folder = seisbench_folder(&bytes, "bucket0$1,:3,:6");
        let trace = WaveformDataset::open(folder.path()).and_then(|dataset| dataset.trace(0));
        match trace {
            Ok(trace) => prop_assert_eq!(trace.samples.len() % 3, 0),
            Err(error) => prop_assert!(matches!(error, Error::Dataset { .. }), "{}", error),
        }
    }
}

fn windows_of_a_station(n_events: usize, n_samples: usize) -> Windows {
    Windows {
        station: "GS.OK029.00".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        sampling_rate_hz: 100.0,
        n_samples,
        n_classes: 4,
        normalisation: Some(Normalisation::MinMaxJoint),
        simulated: true,
        windows: windows(n_events, n_samples),
        rejections: RejectionLog::default(),
    }
}

#[test]
fn windows_become_traces_of_their_part() {
    let windows = windows_of_a_station(20, 8);
    let dataset = Dataset::from_windows(&windows.windows, 8, 4).unwrap();
    let mut split = dataset.split_by_group(&CHOICE, 1).unwrap();
    let before = LabelledTrace::of_windows(&windows, Some(&split)).unwrap();
    // Copies change nothing: they are no windows of their own.
    split.train = augment(&split.train, &Augment::as_the_paper(&[0.1]), 1).unwrap();
    let traces = LabelledTrace::of_windows(&windows, Some(&split)).unwrap();
    assert_eq!(traces, before);

    let n_of = |part| {
        traces
            .iter()
            .filter(|t| t.labels.part == Some(part))
            .count()
    };
    assert_eq!(n_of(Part::Dev), split.validation.n_windows());
    assert_eq!(n_of(Part::Test), split.test.n_windows());
    assert_eq!(
        n_of(Part::Train),
        traces.len() - n_of(Part::Dev) - n_of(Part::Test)
    );
    for (trace, window) in traces.iter().zip(&windows.windows) {
        assert_eq!(trace.samples, window.samples);
        let labels = &trace.labels;
        assert_eq!(labels.start, Some(window.start));
        assert_eq!(labels.components, "12Z");
        assert_eq!(labels.columns["trace_class"], window.class.to_string());
        assert_eq!(labels.columns["trace_simulated"], "True");
        let is_event = matches!(window.origin, Origin::Event { .. });
        assert_eq!(labels.columns.contains_key("source_id"), is_event);
        let place = [
            "station_network_code",
            "station_code",
            "station_location_code",
        ];
        let place = place.map(|column| labels.columns[column].as_str());
        assert_eq!(place, ["GS", "OK029", "00"]);
    }
    // A division of other windows is none of these.
    let fewer = windows_of_a_station(2, 8);
    let refused = LabelledTrace::of_windows(&fewer, Some(&split));
    assert!(matches!(refused, Err(Error::Dataset { .. })));
}

/// Components 1 and 2 come behind the vertical one; turned by their azimuths they are north and east, which SeisBench expects.
#[test]
fn the_line_for_seisbench_names_every_component() {
    let folder = TempDir::new().unwrap();
    let trace = |components: &str| LabelledTrace {
        labels: Labels::new(components, 100.0),
        samples: values(0, components.len(), 6),
    };
    for (name, traces, expected) in [
        ("a", vec![trace("12Z")], "Z12"),
        ("b", vec![trace("ENZ"), trace("Z")], "ZNE"),
        ("c", vec![trace("Z"), trace("21Z"), trace("NEZ")], "ZNE12"),
        ("d", vec![trace("Z")], "Z"),
    ] {
        let folder = folder.path().join(name);
        let line = seisbench::write(&folder, &DataFormat::default(), &traces).unwrap();
        let expected = format!(
            "seisbench.data.WaveformDataset({:?}, component_order={expected:?})",
            folder.display().to_string()
        );
        assert_eq!(line, expected);
    }
}

/// What the line gives in SeisBench: the last sample of each component, in its order.
#[test]
#[ignore = "needs SeisBench: QUAKEBOOK_SEISBENCH_PYTHON names a Python that has it"]
fn seisbench_sees_components_of_any_name() {
    let python = std::env::var_os("QUAKEBOOK_SEISBENCH_PYTHON").expect("a Python with SeisBench");
    let folder = TempDir::new().unwrap();
    let opened = |line: &str| -> Vec<f64> {
        let mut command = std::process::Command::new(&python);
        command.arg(reference("seisbench_dataset.py"));
        let said = common::succeeded(command.args(["open", line]));
        let said = String::from_utf8(said.stdout).unwrap();
        said.trim().split(',').map(|x| x.parse().unwrap()).collect()
    };
    for (components, given) in [("12Z", [205.0, 5.0, 105.0]), ("ENZ", [205.0, 105.0, 5.0])] {
        let trace = LabelledTrace {
            labels: Labels::new(components, 100.0),
            samples: values(0, 3, 6),
        };
        let folder = folder.path().join(components);
        let line = seisbench::write(&folder, &DataFormat::default(), &[trace]).unwrap();
        assert_eq!(opened(&line), given, "{line}");
        // Without the order it is as the documentation says.
        let (short, _) = line.split_once(", component_order").unwrap();
        let usual = match components {
            "ENZ" => given,
            _ => [205.0, 0.0, 0.0],
        };
        assert_eq!(opened(&format!("{short})")), usual, "{line}");
    }
}

/// A segment of a simulated world with its true onsets, as SeisBench sees it.
#[test]
#[ignore = "needs SeisBench: QUAKEBOOK_SEISBENCH_PYTHON names a Python that has it"]
fn seisbench_opens_what_a_classroom_world_wrote() {
    let python = std::env::var_os("QUAKEBOOK_SEISBENCH_PYTHON").expect("a Python with SeisBench");
    let day = Day::of(3);
    let sources = day.truth.sources.iter().take(40);
    let segments: Vec<_> = sources
        .map(|source| {
            day.segment(source.origin_time - seconds(10.0), 60.0)
                .unwrap()
        })
        .collect();
    let parts = [Part::Train, Part::Dev, Part::Test];
    let traces: Vec<LabelledTrace> = segments
        .iter()
        .zip(parts.into_iter().cycle())
        .map(|(segment, part)| {
            let mut trace = LabelledTrace::of_record(&segment.counts);
            trace.labels.part = Some(part);
            if let Some(arrival) = segment.arrivals.first() {
                let rate_hz = segment.counts.sampling_rate_hz;
                trace.labels.set_arrival("P", rate_hz * arrival.p_s);
                trace.labels.set_arrival("S", rate_hz * arrival.s_s);
            }
            trace
        })
        .collect();
    assert!(
        traces
            .iter()
            .any(|trace| !trace.labels.arrivals().is_empty())
    );
    let folder = TempDir::new().unwrap();
    let folder = folder.path().join("world");
    seisbench::write(&folder, &DataFormat::default(), &traces).unwrap();

    let said = common::succeeded(
        std::process::Command::new(python)
            .arg(reference("seisbench_dataset.py"))
            .arg("read")
            .arg(&folder),
    );
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.lines().count(), traces.len());
    for (line, trace) in said.lines().zip(&traces) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().unwrap();
        assert_eq!(cells[0], trace.labels.part.unwrap().name());
        assert_eq!(number(1), 100.0);
        assert_eq!(cells[2], iso(trace.labels.start.unwrap()));
        match trace.labels.arrivals().first() {
            Some((_, p)) => assert_eq!(number(3), *p),
            None => assert!(number(3).is_nan()),
        }
        assert_eq!((cells[4], cells[5]), ("3", "6000"));
        for c in 0..3 {
            assert_eq!(number(6 + c), f64::from(trace.samples[6000 * c + 5999]));
        }
    }
}
