//! What the chapters judge, on the paper's study made small.

use std::path::Path;
use std::process::Command;

use quakebook::book::Fill;
use quakebook::detect::{ReferenceEvents, THRESHOLDS};
use quakebook::evaluate::smallest_threshold_within;
use quakebook::network::Classify;
use quakebook::study::Study;
use quakebook::{book, data_centre, method, store};

#[test]
fn chapters_judge_one_detector_with_one_threshold() {
    // The store's folder is named by the environment, so the chapters run in a process of their own.
    let data = tempfile::tempdir().unwrap();
    if std::env::var_os("QUAKEBOOK_TEST_CHAPTERS").is_some() {
        return chapters();
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "chapters_judge_one_detector_with_one_threshold"])
        .env("QUAKEBOOK_TEST_CHAPTERS", "1")
        .env("QUAKEBOOK_DATA", data.path())
        .status();
    assert!(status.unwrap().success());
}

fn chapters() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/studies/small.toml");
    let study = Study::read(path).unwrap();
    let detector = store::detector(&study).unwrap();

    // Chapter 5: the detections are the detector's, and so is the rule's threshold.
    let found = book::detections(&study).unwrap();
    let record = store::continuous(&study).unwrap();
    assert_eq!(found, detector.detect(&record).unwrap());
    let budget = study.method.max_false_alarms_per_hour();
    let chosen = smallest_threshold_within(&detector.curve, budget).unwrap();
    assert_eq!(detector.threshold, chosen.threshold);

    // Chapter 8: beside the published catalog, the validation days give the curve of that rule.
    let days = book::validation_scan(&study).unwrap();
    let station = data_centre::station(&study).unwrap().position();
    let catalog = store::catalog(&study).unwrap();
    let published = ReferenceEvents::new(&catalog, station, &study.velocity_model);
    let curve = published
        .curve(&THRESHOLDS, |on| {
            days.detections(&method::merge_params(&study, on))
        })
        .unwrap();
    assert_eq!(curve, detector.curve);

    // The held-out days are scanned by the same network.
    let month = book::held_out_scan(&study).unwrap();
    let client = data_centre::connect(&study).unwrap();
    let spans = book::held_out_days(&study);
    assert_eq!(month.scan, detector.scan_spans(&client, &spans).unwrap());
    let counts = month
        .reference
        .count(&month.detections(&detector.merge_params()).unwrap());
    assert!(counts.n_counted <= month.reference.n_counted());
    assert!(counts.hours > 0.0);
}

#[test]
fn stored_lists_can_be_read() {
    let looks = book::month_scores().unwrap();
    assert!(looks.len() >= 4);
    assert_eq!(looks[0].precision().n, 32);
    assert!(looks.iter().all(|look| look.n_found <= look.n_visible));
    let openings = method::worlds::openings_of_models().unwrap();
    assert!(!openings.is_empty());
    book::OracleRuns::stored().unwrap();
}

/// Calls a window an event the surer, the more energy it has.
struct Energy;

impl Classify for Energy {
    fn n_classes(&self) -> usize {
        2
    }

    fn n_samples(&self) -> usize {
        400
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> quakebook::Result<Vec<f32>> {
        let energy = |w: &[f32]| w.iter().map(|x| x * x).sum::<f32>() / 100.0;
        let odds = windows.chunks_exact(1200).map(|w| energy(w).exp());
        Ok(odds
            .flat_map(|o| [o / (1.0 + o), 1.0 / (1.0 + o)])
            .collect())
    }
}

#[test]
fn falls_of_an_energy_detector_follow_energy() {
    // Quiet, but for a wave from 2 to 3 s at 100 Hz.
    let row = |loud: f32| -> Vec<f32> {
        let sample = |i: usize| {
            let sign = if i.is_multiple_of(2) { 1.0 } else { -1.0 };
            sign * if (200..300).contains(&i) { loud } else { 0.1 }
        };
        (0..400).map(sample).collect()
    };
    let window = row(1.0).repeat(3);
    let noise = row(0.1).repeat(3);
    for fill in [Fill::Zero, Fill::Noise(&noise)] {
        let hidden = book::hidden(&Energy, &window, 25, 100.0, fill).unwrap();
        assert_eq!((hidden.falls.len(), hidden.falls[0].len()), (1, 16));
        assert!((hidden.energies[0].iter().sum::<f64>() - 1.0).abs() < 1e-9);
        // 3 x 25 samples of energy 1 are hidden; of noise a hundredth comes instead.
        let expected = match fill {
            Fill::Zero => 0.75,
            Fill::Noise(_) => 0.75 * 0.99,
        };
        assert!(
            (hidden.falls[0][8] - expected).abs() < 1e-3,
            "{:?}",
            hidden.falls
        );
        // Noise as loud as the quietest second changes nothing where there was only that.
        let quiet = hidden.falls[0][0];
        let wanted = if fill == Fill::Zero { 0.0075 } else { 0.0 };
        assert!((quiet - wanted).abs() < 1e-4, "{quiet}");
    }
}
