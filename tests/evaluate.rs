//! Scores, against statsmodels, SciPy and scikit-learn (tests/reference/evaluate.py).

use proptest::prelude::*;
use quakebook::dataset::Dataset;
use quakebook::evaluate::{
    Calibration, ConfusionMatrix, PrecisionRecallCurve, Rate, Score, at_base_rate, at_temperature,
    bootstrap, by_bin, event_probability, fit_temperature, majority_baseline,
    precision_at_base_rate, top_class,
};
use quakebook::network::Classify;
use quakebook::window::{Origin, Window};

const TRUTH: [usize; 15] = [0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3];
const SAID: [usize; 15] = [0, 1, 3, 1, 1, 0, 2, 3, 3, 3, 3, 3, 3, 2, 0];

const EVENT: [bool; 10] = [
    false, false, true, true, false, true, false, true, true, false,
];
const SCORES: [f64; 10] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.05, 0.9, 0.65, 0.7];

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-8
}

#[test]
fn wilson_intervals_are_those_of_statsmodels() {
    for (hits, n, lower, upper) in [
        (0, 10, 0.0, 0.277532799863),
        (1, 10, 0.017876213095, 0.404150026795),
        (5, 10, 0.236593090513, 0.763406909487),
        (10, 10, 0.722467200137, 1.0),
        (81, 263, 0.255288519878, 0.366209576983),
        (3, 3600, 0.000283448100, 0.002447376475),
    ] {
        let score = Score::of(hits, n);
        assert!((score.lower - lower).abs() < 1e-11, "{score:?}");
        assert!((score.upper - upper).abs() < 1e-11, "{score:?}");
        assert_eq!((score.value, score.n), (hits as f64 / n as f64, n));
    }
}

#[test]
fn a_score_of_nothing_is_undefined() {
    let score = Score::of(0, 0);
    assert!(score.value.is_nan() && !score.is_defined());
    assert_eq!((score.lower, score.upper, score.n), (0.0, 1.0, 0));
    assert_eq!(score.to_string(), "undefined (n = 0)");
}

#[test]
fn garwood_intervals_are_those_of_scipy() {
    for (n, lower, upper) in [
        (0, 0.0, 3.688879454),
        (1, 0.025317808, 5.571643391),
        (4, 1.089865374, 10.241588675),
        (100, 81.363991251, 121.626793792),
        (3000, 2893.598620985, 3109.313530472),
        (5613, 5467.109017992, 5761.798343632),
    ] {
        let rate = Rate::of(n, 10.0).unwrap();
        assert!(close(rate.lower_per_hour, lower / 10.0), "{rate:?}");
        assert!(close(rate.upper_per_hour, upper / 10.0), "{rate:?}");
        assert_eq!(rate.per_hour, n as f64 / 10.0);
    }
    let shown = Rate::of(4, 10.0).unwrap().to_string();
    assert_eq!(shown, "0.40 per hour [0.11, 1.02], 4 in 10.0 h");
    for hours in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Rate::of(1, hours).is_err());
    }
}

#[test]
fn scores_of_classes_are_those_of_scikit_learn() {
    let matrix = ConfusionMatrix::new(4, &TRUTH, &SAID).unwrap();
    let precision = [0.333333333, 0.666666667, 0.5, 0.857142857];
    let recall = [0.333333333, 1.0, 0.5, 0.75];
    let f1 = [0.333333333, 0.8, 0.5, 0.8];
    for class in 0..4 {
        assert!(close(matrix.precision(class).value, precision[class]));
        assert!(close(matrix.recall(class).value, recall[class]));
        assert!(close(matrix.f1(class).value, f1[class]));
    }
    assert!(close(matrix.accuracy().value, 10.0 / 15.0));
    assert!(close(matrix.balanced_accuracy().value, 0.645833333));
    assert!(close(
        matrix.macro_f1().value,
        (0.333333333 + 0.8 + 0.5 + 0.8) / 4.0
    ));
}

#[test]
fn rows_are_outputs_and_columns_are_targets() {
    let matrix = ConfusionMatrix::new(4, &TRUTH, &SAID).unwrap();
    // Of the three windows of class 0, one each was called 0, 1 and noise.
    assert_eq!(
        [0, 1, 2, 3].map(|output| matrix.count(output, 0)),
        [1, 1, 0, 1]
    );
    assert_eq!((matrix.n_target(0), matrix.n_output(0)), (3, 3));
    assert_eq!((matrix.n_target(3), matrix.n_output(3)), (8, 7));
    assert_eq!((matrix.n(), matrix.n_classes()), (15, 4));
    assert!(close(matrix.percent(3, 3), 40.0));

    let detection = matrix.detection();
    assert_eq!(detection.n_classes(), 2);
    assert_eq!(
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(o, t)| detection.count(o, t)),
        [6, 2, 1, 6]
    );
}

#[test]
fn f1_interval_contains_its_value_and_narrows() {
    let few = ConfusionMatrix::new(2, &[0, 0, 1, 1], &[0, 1, 1, 0])
        .unwrap()
        .f1(0);
    let truth = [0, 0, 1, 1].repeat(50);
    let many = ConfusionMatrix::new(2, &truth, &[0, 1, 1, 0].repeat(50))
        .unwrap()
        .f1(0);
    assert_eq!((few.value, many.value), (0.5, 0.5));
    // A third of 3: Wilson gives 0.0615 to 0.7923, so F1 2 J / (1 + J).
    assert!(
        (few.lower - 0.1158).abs() < 1e-3 && (few.upper - 0.8841).abs() < 1e-3,
        "{few:?}"
    );
    assert!(many.upper - many.lower < (few.upper - few.lower) / 3.0);
}

#[test]
fn always_noise_is_right_and_useless() {
    let truth = [0, 3, 3, 3, 1, 3, 3, 3];
    let noise = majority_baseline(&truth);
    assert_eq!(noise, [3; 8]);
    let matrix = ConfusionMatrix::new(4, &truth, &noise).unwrap();
    assert_eq!(matrix.accuracy().value, 0.75);
    assert_eq!(matrix.noise_called().value, 0.0);
    let called = ConfusionMatrix::new(4, &[3, 3, 3, 0], &[1, 3, 3, 3]).unwrap();
    assert_eq!(
        (called.noise_called().value, called.noise_called().n),
        (1.0 / 3.0, 3)
    );
    assert!(!matrix.precision(0).is_defined(), "never said");
    assert!(!matrix.recall(2).is_defined(), "never there");
    let balanced = matrix.balanced_accuracy();
    assert!(close(balanced.value, 1.0 / 3.0));
    assert_eq!((balanced.n_classes, balanced.n_undefined), (3, 1));
    assert_eq!(balanced.to_string(), "33.3 % over 3 classes, 1 undefined");
    assert_eq!(majority_baseline(&[1, 0, 0, 1]), [0; 4]);
    assert!(majority_baseline(&[]).is_empty());
}

#[test]
fn an_empty_matrix_is_undefined_and_bad_input_is_named() {
    let empty = ConfusionMatrix::new(4, &[], &[]).unwrap();
    assert!(!empty.accuracy().is_defined());
    assert!(empty.percent(0, 0).is_nan() && empty.macro_precision().value.is_nan());
    for (result, expected) in [
        (ConfusionMatrix::new(0, &[], &[]), "n_classes"),
        (
            ConfusionMatrix::new(2, &[0, 1], &[0]),
            "2 targets, 1 outputs",
        ),
        (
            ConfusionMatrix::new(2, &[0, 2], &[0, 0]),
            "window 1: target 2",
        ),
        (ConfusionMatrix::new(2, &[0], &[3]), "output 3, among 2"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_curve_is_that_of_scikit_learn() {
    let curve = PrecisionRecallCurve::new(&EVENT, &SCORES).unwrap();
    assert!(close(curve.average_precision(), 0.789285714286));
    let expected = [
        (0.9, 1.0, 0.2),
        (0.8, 1.0, 0.4),
        (0.7, 0.666667, 0.4),
        (0.65, 0.75, 0.6),
        (0.4, 0.571429, 0.8),
        (0.35, 0.625, 1.0),
        (0.1, 0.555556, 1.0),
        (0.05, 0.5, 1.0),
    ];
    assert_eq!(curve.points().len(), expected.len());
    for (point, (threshold, precision, recall)) in curve.points().iter().zip(expected) {
        assert_eq!(point.threshold, threshold);
        assert!((point.precision().value - precision).abs() < 1e-6);
        assert!((point.recall().value - recall).abs() < 1e-6);
    }
    assert_eq!(curve.at(0.75).unwrap().threshold, 0.8);
    assert_eq!(curve.at(0.4).unwrap().precision().n, 7);
    assert!(curve.at(0.95).is_none());

    for (truth, scores) in [
        (&EVENT[..], &SCORES[..3]),
        (&[false, false], &[0.1, 0.2]),
        (&[true, false], &[f64::NAN, 0.2]),
    ] {
        assert!(PrecisionRecallCurve::new(truth, scores).is_err());
    }
}

#[test]
fn calibration_is_that_of_scikit_learn() {
    let calibration = Calibration::new(&EVENT, &SCORES, 4).unwrap();
    assert!(close(calibration.brier(), 0.17775));
    assert!(close(calibration.expected_calibration_error(), 0.125));
    let bins = calibration.bins();
    assert_eq!([0, 1, 2, 3].map(|i| bins[i].observed.n), [2, 4, 2, 2]);
    assert!(close(bins[1].mean_probability, 0.3875) && bins[1].observed.value == 0.5);

    // An empty bin is undefined and adds no error; 1 belongs to the last bin.
    let sure = Calibration::new(&[true, false], &[1.0, 0.0], 10).unwrap();
    assert_eq!(sure.expected_calibration_error(), 0.0);
    assert!(sure.bins()[5].mean_probability.is_nan());
    assert_eq!(sure.bins()[9].observed.n, 1);

    assert!(Calibration::new(&[], &[], 4).is_err());
    assert!(Calibration::new(&[true], &[0.5], 0).is_err());
    assert!(Calibration::new(&[true], &[1.5], 4).is_err());
    assert!(Calibration::new(&[true], &[f64::NAN], 4).is_err());
    assert!(Calibration::new(&[true], &[], 4).is_err());
}

#[test]
fn temperature_is_that_of_scipy() {
    #[rustfmt::skip]
    let probabilities = [
        0.9, 0.05, 0.05,  0.8, 0.1, 0.1,  0.1, 0.85, 0.05,
        0.05, 0.05, 0.9,  0.7, 0.2, 0.1,  0.02, 0.9, 0.08,
    ];
    let truth = [0, 1, 1, 2, 2, 1];
    let temperature = fit_temperature(3, &truth, &probabilities).unwrap();
    assert!((temperature - 1.5348004).abs() < 1e-5, "{temperature}");

    let cooled = at_temperature(3, &probabilities, temperature).unwrap();
    let before = top_class(3, &probabilities).unwrap();
    let after = top_class(3, &cooled).unwrap();
    for ((class, p), (same, lower)) in before.into_iter().zip(after) {
        assert_eq!(class, same);
        assert!(lower < p, "less sure");
    }
    let same = at_temperature(3, &probabilities, 1.0).unwrap();
    assert!(
        same.iter()
            .zip(probabilities)
            .all(|(a, b)| (a - b).abs() < 1e-6)
    );

    assert!(fit_temperature(3, &truth[..5], &probabilities).is_err());
    assert!(fit_temperature(3, &[9; 6], &probabilities).is_err());
    assert!(fit_temperature(3, &[], &[]).is_err());
    assert!(at_temperature(3, &probabilities, 0.0).is_err());
    assert!(at_temperature(4, &probabilities, 1.0).is_err());
}

#[test]
fn rows_of_probabilities() {
    let probabilities = [0.2, 0.5, 0.3, 0.0, 0.0, 1.0];
    let event = event_probability(3, &probabilities).unwrap();
    assert!((event[0] - 0.7).abs() < 1e-6 && event[1] == 0.0);
    let top = top_class(3, &probabilities).unwrap();
    assert_eq!(top, [(1, 0.5), (2, 1.0)]);
    assert!(event_probability(4, &probabilities).is_err());
    assert!(event_probability(0, &probabilities).is_err());
    assert!(top_class(3, &[0.5, f32::NAN, 0.1]).is_err());
}

proptest! {
    #[test]
    fn intervals_hold_their_value(n in 1..5000_usize, share in 0.0..=1.0_f64) {
        let hits = (share * n as f64) as usize;
        let score = Score::of(hits, n);
        prop_assert!(0.0 <= score.lower && score.lower <= score.value);
        prop_assert!(score.value <= score.upper && score.upper <= 1.0);
        let rate = Rate::of(hits, 2.0).unwrap();
        prop_assert!(rate.lower_per_hour <= rate.per_hour && rate.per_hour <= rate.upper_per_hour);
    }

    #[test]
    fn margins_add_up(pairs in prop::collection::vec((0..4_usize, 0..4_usize), 0..200)) {
        let (truth, said): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let matrix = ConfusionMatrix::new(4, &truth, &said).unwrap();
        prop_assert_eq!((0..4).map(|c| matrix.n_target(c)).sum::<usize>(), truth.len());
        prop_assert_eq!((0..4).map(|c| matrix.n_output(c)).sum::<usize>(), truth.len());
        prop_assert_eq!(matrix.detection().n(), truth.len());
        for class in 0..4 {
            let (p, r, f1) = (matrix.precision(class), matrix.recall(class), matrix.f1(class));
            if p.is_defined() && r.is_defined() && p.value + r.value > 0.0 {
                let harmonic = 2.0 * p.value * r.value / (p.value + r.value);
                prop_assert!((f1.value - harmonic).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn matrices_of_parts_add_up_to_that_of_all() {
    let part = ConfusionMatrix::new(2, &[0, 1, 1], &[0, 0, 1]).unwrap();
    let other = ConfusionMatrix::new(2, &[1, 0], &[1, 0]).unwrap();
    let all = ConfusionMatrix::new(2, &[0, 1, 1, 1, 0], &[0, 0, 1, 1, 0]).unwrap();
    assert_eq!(part.plus(&other).unwrap(), all);
    let three = ConfusionMatrix::new(3, &[2], &[2]).unwrap();
    assert!(part.plus(&three).is_err());
}

/// Says the class that the first sample names.
struct Reader;

impl Classify for Reader {
    fn n_classes(&self) -> usize {
        3
    }

    fn n_samples(&self) -> usize {
        2
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> quakebook::Result<Vec<f32>> {
        let one_hot = |w: &[f32]| {
            (0..3)
                .map(|c| f32::from(u8::from(w[0] == c as f32)))
                .collect()
        };
        Ok(windows.chunks(6).flat_map::<Vec<f32>, _>(one_hot).collect())
    }
}

#[test]
fn a_classifier_is_judged_by_its_most_probable_class() {
    let said_and_true = [(0, 0), (1, 0), (2, 2), (2, 1)];
    let window = |&(said, class): &(i32, usize)| Window {
        start: quakebook::time::parse("2014-02-16").unwrap(),
        samples: vec![said as f32; 6],
        class,
        origin: Origin::Noise { after: "a".into() },
    };
    let windows: Vec<Window> = said_and_true.iter().map(window).collect();
    let data = Dataset::from_windows(&windows, 2, 3).unwrap();
    let by_hand = ConfusionMatrix::new(3, &[0, 0, 2, 1], &[0, 1, 2, 2]).unwrap();
    assert_eq!(ConfusionMatrix::of(&Reader, &data).unwrap(), by_hand);
}

/// Two classes whose windows come true as often as `truth` says, but are stated at a temperature of
/// 1 / `sharpness`: 1000 windows at each of nine probabilities.
fn overconfident(sharpness: f64) -> (Vec<usize>, Vec<f32>) {
    let (mut classes, mut stated) = (Vec::new(), Vec::new());
    for tenth in 1..10 {
        let p = f64::from(tenth) / 10.0;
        let odds = (p / (1.0 - p)).powf(sharpness);
        let said = (odds / (1.0 + odds)) as f32;
        for i in 0..1000 {
            classes.push(usize::from(i >= 100 * tenth));
            stated.extend([said, 1.0 - said]);
        }
    }
    (classes, stated)
}

#[test]
fn a_known_miscalibration_is_found_and_undone() {
    for sharpness in [0.5, 1.0, 2.0, 3.0] {
        let (classes, stated) = overconfident(sharpness);
        let truth: Vec<bool> = classes.iter().map(|class| *class == 0).collect();
        let temperature = fit_temperature(2, &classes, &stated).unwrap();
        assert!(
            (temperature / sharpness - 1.0).abs() < 1e-4,
            "{temperature}"
        );
        let error = |stated: &[f32]| {
            let p = event_probability(2, stated).unwrap();
            let calibration = Calibration::new(&truth, &p, 10).unwrap();
            calibration.expected_calibration_error()
        };
        // By hand: the mean over the nine groups of |p - stated|.
        let by_hand: f64 = (1..10)
            .map(|tenth| {
                let p = f64::from(tenth) / 10.0;
                let odds = (p / (1.0 - p)).powf(sharpness);
                (odds / (1.0 + odds) - p).abs() / 9.0
            })
            .sum();
        assert!((error(&stated) - by_hand).abs() < 1e-6);
        let restated = at_temperature(2, &stated, temperature).unwrap();
        assert!(error(&restated) < 1e-4, "{}", error(&restated));
    }
}

#[test]
fn the_bootstrap_is_that_of_scipy() {
    // tests/reference/evaluate.py: the values, and the interval of their mean with 100,000 resamples.
    let values: Vec<f64> = (0..40).map(|i| f64::from((i * i) % 17)).collect();
    let mean = |cases: &[usize]| cases.iter().map(|i| values[*i]).sum::<f64>() / cases.len() as f64;
    let interval = bootstrap(40, 20_000, 7, mean).unwrap();
    assert_eq!(
        (interval.value, interval.n),
        (mean(&(0..40).collect::<Vec<_>>()), 40)
    );
    assert!((interval.lower - 6.0).abs() < 0.1, "{interval}");
    assert!((interval.upper - 9.5).abs() < 0.1, "{interval}");
    assert_eq!(bootstrap(40, 20_000, 7, mean).unwrap(), interval);
    assert!(bootstrap(0, 100, 7, |_| 1.0).is_err());
    assert!(bootstrap(3, 100, 7, |_| f64::NAN).is_err());
}

#[test]
fn bins_are_half_open_and_count_their_cases() {
    let cases = [
        (1.0, true),
        (1.4, false),
        (1.5, true),
        (2.0, true),
        (0.9, true),
        (3.0, true),
    ];
    let bins = by_bin(&[1.0, 1.5, 2.0, 3.0, 4.0], &cases).unwrap();
    let of: Vec<_> = bins.iter().map(|b| (b.lower, b.score.n)).collect();
    assert_eq!(of, [(1.0, 2), (1.5, 1), (2.0, 1), (3.0, 1)]);
    assert_eq!(bins[0].score, Score::of(1, 2));
    assert!(by_bin(&[1.0], &cases).is_err());
    assert!(by_bin(&[1.0, 1.0], &cases).is_err());
    assert!(by_bin(&[1.0, f64::NAN], &cases).is_err());
    assert!(by_bin(&[1.0, 2.0], &[(f64::NAN, true)]).is_err());
    assert!(!by_bin(&[1.0, 2.0], &[]).unwrap()[0].score.is_defined());
}

#[test]
fn precision_follows_the_base_rate() {
    let (recall, false_positives) = (Score::of(90, 100), Score::of(30, 1000));
    // At the windows' own share, 100 of 1100, it is that of their confusion matrix: 90 of 120.
    let own = precision_at_base_rate(&recall, &false_positives, 1.0 / 11.0).unwrap();
    assert!((own.value - 0.75).abs() < 1e-12);
    assert!(own.lower < own.value && own.value < own.upper && own.n == 1100);
    let rare = precision_at_base_rate(&recall, &false_positives, 1e-3).unwrap();
    assert!((rare.value - 0.0009 / (0.0009 + 0.02997)).abs() < 1e-12);
    // Never a false positive: the precision is 1, and its lower end tells how little that says.
    let never = precision_at_base_rate(&recall, &Score::of(0, 300), 1e-3).unwrap();
    assert!(never.value == 1.0 && never.upper == 1.0 && never.lower < 0.1);
    let silent = precision_at_base_rate(&Score::of(0, 9), &Score::of(0, 9), 0.5).unwrap();
    assert!(silent.value.is_nan());
    for bad in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(precision_at_base_rate(&recall, &false_positives, bad).is_err());
        assert!(at_base_rate(0.5, bad, 0.5).is_err() && at_base_rate(0.5, 0.5, bad).is_err());
    }
    assert!(at_base_rate(1.2, 0.5, 0.5).is_err());
    // Bayes by hand: among 400 windows 100 events; 90 of these and 30 others look so: p = 0.75.
    // With 100 events among 10,100 it is 90 and 30 * 10,000 / 300: 90 of 1090.
    let p = at_base_rate(0.75, 0.25, 100.0 / 10_100.0).unwrap();
    assert!((p - 90.0 / 1090.0).abs() < 1e-12);
    assert!((at_base_rate(0.3, 0.2, 0.2).unwrap() - 0.3).abs() < 1e-12);
}
