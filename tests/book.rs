//! What the chapters judge, on the paper's study made small.

use std::path::Path;
use std::process::Command;

use quakebook::detect::{ReferenceEvents, THRESHOLDS};
use quakebook::evaluate::smallest_threshold_within;
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
