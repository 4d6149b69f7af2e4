//! `quakebook scan --model` and `quakebook models`: detectors for any archive.

mod common;

use std::path::Path;

use common::{quakebook, untaught};
use quakebook::Error;
use quakebook::method::{About, Detector, MODELS, Model};
use quakebook::network::ConvNet;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace, WaveformSource};
use serde_json::Value;

const START: &str = "2014-02-16T01:52:00.007393";
const LENGTH_S: f64 = 1200.0;

fn at(seconds: f64) -> Time {
    time::parse(START).unwrap() + time::seconds(seconds)
}

/// Gaussian noise of a station, at so many samples a second.
fn write_noise(root: &Path, station: &str, channels: [&str; 3], rate_hz: f64) {
    write_noise_and(root, station, channels, rate_hz, |_| 0.0);
}

/// The same with something added to each sample.
fn write_noise_and(
    root: &Path,
    station: &str,
    channels: [&str; 3],
    rate_hz: f64,
    more: fn(usize) -> f64,
) {
    let mut state = station.len() as u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
    let mut trace = |channel| Trace {
        id: Nslc::new("XX", station, "", channel).unwrap(),
        sampling_rate_hz: rate_hz,
        segments: vec![Segment {
            start: at(0.0),
            samples: Samples::Int32(
                (0..(LENGTH_S * rate_hz) as usize)
                    .map(|i| (500.0 + 100.0 * normal() + more(i)).round() as i32)
                    .collect(),
            ),
        }],
    };
    let traces = channels.map(&mut trace);
    let archive = Archive::create(root, "XX", station, "", "*", false).unwrap();
    archive.write(&traces).unwrap();
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(String::from).collect()
}

#[test]
fn every_model_is_whole_and_says_what_it_is() {
    for model in &MODELS {
        let detector = model.detector().unwrap();
        let told = model.description().unwrap();
        assert_eq!(detector.study, told.study);
        assert!(model.card.starts_with(&format!("# {}\n", model.name)));
        assert!(!told.about.summary.contains('\n'));
    }
    assert!(Model::find("none").is_none());
}

#[test]
fn models_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let (code, text, errors) = quakebook(dir.path(), &["models"]);
    assert_eq!(code, 0, "{errors}");
    assert!(
        text.contains("regional: ") && text.contains("SHA-256"),
        "{text}"
    );
    let (_, text, _) = quakebook(dir.path(), &["models", "--json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told[0]["name"], "regional");
    assert_eq!(
        (&told[0]["window_s"], &told[0]["core_s"]),
        (&40.0.into(), &8.0.into())
    );
    assert_eq!(told[0]["weights_sha256"].as_str().unwrap().len(), 64);
    let (_, text, _) = quakebook(dir.path(), &["models", "regional", "--card"]);
    assert_eq!(text, Model::find("regional").unwrap().card);
    for wrong in [&["models", "none"][..], &["models", "--card"]] {
        assert_eq!(quakebook(dir.path(), wrong).0, 2, "{wrong:?}");
    }
}

/// No station, no time, no study: an archive of another rate and other channels.
#[test]
fn a_model_scans_anyones_archive() {
    let dir = tempfile::tempdir().unwrap();
    write_noise(&dir.path().join("sds"), "ABC", ["HH1", "HH2", "HHZ"], 80.0);
    let scan = |model: &str, code: i32| -> Value {
        let args = [
            "scan",
            "--model",
            model,
            "--archive",
            "sds",
            "--json",
            "--out",
            "found.csv",
        ];
        let windows = ["--windows", "windows.csv"];
        let (found, text, errors) = quakebook(dir.path(), &[&args[..], &windows].concat());
        assert_eq!(found, code, "{errors}");
        serde_json::from_str(&text).unwrap()
    };
    let told = scan("regional", 0);
    assert_eq!(told["station"], "XX.ABC");
    assert_eq!(told["recorded_hz"], serde_json::json!([80.0]));
    assert_eq!(
        (&told["core_s"], &told["hop_s"]),
        (&8.0.into(), &0.4.into())
    );
    let n_windows = told["n_windows"].as_u64().unwrap() as usize;
    assert!((2900..2990).contains(&n_windows), "{n_windows}");
    let rows = lines(&dir.path().join("windows.csv"));
    assert_eq!(
        (rows.len(), &rows[0][..]),
        (n_windows + 1, "start,probability")
    );
    // 5 s of context and what the filter loses come before the first core.
    let first = time::parse(rows[1].split(',').next().unwrap()).unwrap();
    let first_s = time::between_s(at(0.0), first);
    assert!((1.0..4.7).contains(&first_s), "{first_s}");
    // A folder with the same files is used the same way, under either name.
    let model = untaught(1e-6);
    model.write(&dir.path().join("mine"), None).unwrap();
    let of_model = scan("mine", 0);
    let args = [
        "scan",
        "--run",
        "mine",
        "--archive",
        "sds",
        "--json",
        "--out",
        "found.csv",
    ];
    let (_, text, _) = quakebook(dir.path(), &args);
    let of_run: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(of_model, of_run);
    let (code, _, errors) = quakebook(
        dir.path(),
        &[
            "scan",
            "--model",
            "none",
            "--archive",
            "sds",
            "--out",
            "f.csv",
        ],
    );
    assert!(code == 2 && errors.contains("regional"), "{errors}");
}

#[test]
fn of_several_stations_one_must_be_named() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("sds");
    untaught(1e-6)
        .write(&dir.path().join("mine"), None)
        .unwrap();
    let scan = |more: &[&str]| {
        let args = [
            "scan",
            "--model",
            "mine",
            "--archive",
            "sds",
            "--out",
            "found.csv",
        ];
        quakebook(dir.path(), &[&args[..], more].concat())
    };
    std::fs::create_dir_all(&root).unwrap();
    let (code, _, errors) = scan(&[]);
    assert!(code == 1 && errors.contains("no day file"), "{errors}");
    write_noise(&root, "ABC", ["HHE", "HHN", "HHZ"], 100.0);
    // Slow channels and single ones do not count.
    write_noise(&root, "ABC", ["LHE", "LHN", "LHZ"], 1.0);
    assert_eq!(scan(&[]).0, 0);
    write_noise(&root, "DEF", ["BHX", "BHY", "BHZ"], 50.0);
    let (code, _, errors) = scan(&[]);
    assert!(
        code == 1 && errors.contains("XX.ABC..HH?, XX.DEF..BH?"),
        "{errors}"
    );
    assert_eq!(scan(&["--stream", "XX.DEF..BH*"]).0, 0);
    // A station whose records are too slow is refused.
    write_noise(&root, "SLOW", ["BHE", "BHN", "BHZ"], 20.0);
    let (code, _, errors) = scan(&["--stream", "XX.SLOW..BH*"]);
    assert!(code == 1 && errors.contains("20 Hz, too slow"), "{errors}");
}

/// A filter rings after a spike, and that looks like an earthquake. Played backwards, the record has as many of them.
#[test]
fn a_budget_counts_what_rings_after_a_spike() {
    let dir = tempfile::tempdir().unwrap();
    // On even and odd samples in turn, which look different at half the rate.
    let spike = |i: usize| match i % 6001 {
        3000 => 2000.0 * (1 + i / 6001) as f64,
        _ => 0.0,
    };
    let channels = ["HHE", "HHN", "HHZ"];
    write_noise_and(&dir.path().join("sds"), "SPK", channels, 100.0, spike);
    let archive = Archive::open(dir.path().join("sds"), "XX", "SPK", "", "HH?").unwrap();
    let mut detector = Model::find("regional").unwrap().detector().unwrap();
    let span = TimeSpan {
        start: at(0.0),
        end: at(LENGTH_S),
    };
    let n_forwards = |detector: &Detector| detector.scan(&archive, &span).unwrap().detections.len();
    let n_spikes = n_forwards(&detector);
    assert!(n_spikes >= 10, "{n_spikes} of 20 spikes");
    // Four in twenty minutes.
    let merge = detector.merge_params();
    let budget = detector
        .alarm_budget(&archive, &span, &merge, 288.0)
        .unwrap();
    detector.threshold = budget.threshold;
    let n = n_forwards(&detector);
    assert!(n <= 8, "{n} where {} are allowed", budget.n_allowed);
}

/// Spikes that are as probable as an earthquake can be, forwards and backwards.
#[test]
fn a_budget_that_leaves_nothing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let spike = |i: usize| if i % 6000 == 3000 { 1e6 } else { 0.0 };
    let channels = ["HHE", "HHN", "HHZ"];
    write_noise_and(&dir.path().join("sds"), "SPK", channels, 100.0, spike);
    let scan = |per_day: &str| {
        let args = ["scan", "--model", "regional", "--archive", "sds"];
        let more = ["--alarms-per-day", per_day, "--out", "found.csv"];
        quakebook(dir.path(), &[&args[..], &more].concat())
    };
    let (code, _, errors) = scan("48");
    assert!(
        code == 0 && errors.contains("nothing could be found"),
        "{errors}"
    );
    let (code, _, errors) = scan("20000");
    assert!(
        code == 0 && !errors.contains("nothing could be found"),
        "{errors}"
    );
    let (code, _, errors) = scan("1e-300");
    assert!(code == 2 && errors.contains("from 0.001"), "{errors}");
}

/// A recorder that is set to another rate: what it recorded before is used up to there.
#[test]
fn a_change_of_rate_is_told_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let trace = |channel: &str, rate_hz: f64, from_s: f64| Trace {
        id: Nslc::new("XX", "ABC", "", channel).unwrap(),
        sampling_rate_hz: rate_hz,
        segments: vec![Segment {
            start: at(from_s),
            samples: Samples::Int32(
                (0..(1200.0 * rate_hz) as i32)
                    .map(|i| i * i % 997)
                    .collect(),
            ),
        }],
    };
    let channels = ["HHE", "HHN", "HHZ"];
    let traces = channels.map(|channel| [trace(channel, 100.0, 0.0), trace(channel, 20.0, 1200.0)]);
    let archive = Archive::create(dir.path(), "XX", "ABC", "", "*", false).unwrap();
    archive.write(traces.as_flattened()).unwrap();
    let of = |from_s, to_s| archive.between(at(from_s), at(to_s));
    for (from_s, to_s, rate_hz) in [(0.0, 1199.0, 100.0), (1201.0, 2400.0, 20.0)] {
        let record = of(from_s, to_s).unwrap();
        assert_eq!((record.sampling_rate_hz, record.gaps().len()), (rate_hz, 0));
    }
    let error = of(600.0, 1300.0).unwrap_err().to_string();
    assert!(error.contains("changes from 100 to 20 Hz"), "{error}");
}

#[test]
fn a_budget_is_kept_by_noise() {
    let dir = tempfile::tempdir().unwrap();
    write_noise(&dir.path().join("sds"), "ABC", ["HHE", "HHN", "HHZ"], 100.0);
    let archive = Archive::open(dir.path().join("sds"), "XX", "ABC", "", "HH?").unwrap();
    let mut detector = untaught(1e-6);
    let span = TimeSpan {
        start: at(0.0),
        end: at(LENGTH_S),
    };
    let merge = quakebook::detect::MergeParams {
        longest_s: 600.0,
        ..detector.merge_params()
    };
    let mut last = 1.0;
    for per_day in [500.0, 1000.0, 2000.0] {
        let budget = detector
            .alarm_budget(&archive, &span, &merge, per_day)
            .unwrap();
        let n_allowed = (per_day * budget.hours / 24.0).floor() as usize;
        assert_eq!(budget.n_allowed, n_allowed);
        assert!(
            budget.n_claims <= n_allowed && budget.n_claims + 5 > n_allowed / 2,
            "{budget:?}"
        );
        assert!(budget.threshold < last && budget.upper_per_day > budget.per_day);
        last = budget.threshold;
        // Forwards there is no earthquake either.
        detector.threshold = budget.threshold;
        let found = detector.scan(&archive, &span).unwrap().detections.len();
        detector.threshold = 1e-6;
        let (n, expected) = (found as f64, budget.n_claims as f64);
        assert!(
            (n - expected).abs() < 3.0 * (n + expected + 1.0).sqrt(),
            "{n} {expected}"
        );
    }
    detector.threshold = 0.95;
    let budget = detector
        .alarm_budget(&archive, &span, &merge, 5000.0)
        .unwrap();
    assert_eq!(
        (budget.threshold, budget.least_threshold),
        (0.95, 0.95),
        "never below the model's own"
    );
    detector.write(&dir.path().join("mine"), None).unwrap();
    let scan = |more: &[&str]| {
        let args = [
            "scan",
            "--model",
            "mine",
            "--archive",
            "sds",
            "--json",
            "--out",
            "found.csv",
        ];
        quakebook(dir.path(), &[&args[..], more].concat())
    };
    let (code, text, errors) = scan(&["--alarms-per-day", "1"]);
    assert!(code == 0 && errors.contains("played backwards"), "{errors}");
    assert!(
        errors.contains("are short for 1 false alarms a day"),
        "{errors}"
    );
    let told: Value = serde_json::from_str(&text).unwrap();
    let budget = &told["budget"];
    assert_eq!(
        (&budget["n_allowed"], &budget["n_claims"]),
        (&0.into(), &0.into())
    );
    assert!(
        budget["upper_per_day"].as_f64().unwrap() > 100.0,
        "20 minutes say little"
    );
    assert_eq!(budget["threshold"], told["threshold"]);
    assert_eq!(scan(&["--alarms-per-day", "1", "--threshold", "0.5"]).0, 2);
    assert_eq!(scan(&["--alarms-per-day", "0"]).0, 2);
    // Two results in one file: one of them would be lost.
    for same in ["found.csv", "./found.csv", "sds/../found.csv"] {
        let (code, _, errors) = scan(&["--windows", same]);
        assert!(code == 2 && errors.contains("one file"), "{same}: {errors}");
    }
}

#[test]
fn weights_of_another_model_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut other = untaught(1e-6);
    other.network = ConvNet::new(300, 2, 6);
    other.write(&dir.path().join("other"), None).unwrap();
    let about = About {
        summary: "nothing".into(),
        learnt_from: "nothing".into(),
        scores: vec!["none".into()],
        licence: "none".into(),
    };
    let mine = dir.path().join("mine");
    untaught(1e-6).write(&mine, Some(&about)).unwrap();
    assert_eq!(Detector::read(&mine).unwrap().study, untaught(1e-6).study);
    let weights = "weights.safetensors";
    std::fs::copy(dir.path().join("other").join(weights), mine.join(weights)).unwrap();
    assert!(matches!(Detector::read(&mine), Err(Error::Train { .. })));
}

/// Probabilities that an `f32` does not tell apart.
#[test]
fn windows_near_one_keep_their_order() {
    let mut detector = untaught(1e-6);
    let scan = |p_noise: f32| quakebook::detect::Scan {
        station: "made up".into(),
        simulated: true,
        sampling_rate_hz: 50.0,
        n_samples: 100,
        hop_samples: 25,
        n_classes: 2,
        starts: vec![at(0.0)],
        probabilities: vec![1.0 - p_noise, p_noise],
        n_in_gaps: 0,
        n_stuck: 0,
        unscanned: Vec::new(),
        n_clipped: 0,
        n_samples_left: 0,
    };
    let (a, b) = (scan(1e-8), scan(1e-10));
    let p = |scan| detector.event_probabilities(scan).unwrap()[0];
    assert!(p(&a) < p(&b) && p(&b) < 1.0);
    assert_ne!(format!("{}", p(&a)), format!("{}", p(&b)));
    assert!((p(&scan(0.75)) - 0.25).abs() < 1e-7);
    // Where thresholds were chosen by the `f32`s, these are compared.
    detector.study.method.core_s = None;
    assert_eq!(detector.event_probabilities(&a).unwrap(), [1.0]);
}
