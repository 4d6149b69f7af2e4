//! `quakebook tune`: a detector goes on to learn at a new station.

mod common;

use std::f64::consts::TAU;
use std::path::Path;

use common::quakebook;
use quakebook::method::{Detector, Model};
use quakebook::network::weights_sha256;
use quakebook::time::{self, Time};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace};
use serde_json::Value;

const START: &str = "2019-03-05T10:00:00";
const RATE_HZ: f64 = 100.0;
const LENGTH_S: f64 = 6000.0;
/// P waves come so often, the first after the first of these times.
const EVERY_S: f64 = 130.0;

fn at(seconds: f64) -> Time {
    time::parse(START).unwrap() + time::seconds(seconds)
}

fn onsets_s() -> Vec<f64> {
    let n = (LENGTH_S / EVERY_S) as usize - 1;
    (1..=n).map(|i| EVERY_S * i as f64).collect()
}

/// A wave of 6 Hz that decays, so many seconds after its onset.
fn wave(after_s: f64, size: f64) -> f64 {
    match after_s < 0.0 {
        true => 0.0,
        false => size * (-after_s / 3.0).exp() * (TAU * 6.0 * after_s).sin(),
    }
}

/// Noise, with P on the vertical and S on the horizontals 2 s later; and the list of the P waves.
fn write_station(root: &Path) {
    let mut state = 7_u64;
    let mut normal = || {
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    };
    let mut trace = |(channel, after_s, size): (&str, f64, f64)| {
        let sample = |i: usize| {
            let t = i as f64 / RATE_HZ;
            let waves = onsets_s().into_iter().map(|p| wave(t - p - after_s, size));
            (100.0 * normal() + waves.sum::<f64>()).round() as i32
        };
        let samples = (0..(LENGTH_S * RATE_HZ) as usize).map(sample).collect();
        Trace {
            id: Nslc::new("XX", "NEW", "", channel).unwrap(),
            sampling_rate_hz: RATE_HZ,
            segments: vec![Segment {
                start: at(0.0),
                samples: Samples::Int32(samples),
            }],
        }
    };
    let parts = [
        ("HHE", 2.0, 1600.0),
        ("HHN", 2.0, 1400.0),
        ("HHZ", 0.0, 900.0),
    ];
    let traces = parts.map(&mut trace);
    let archive = Archive::create(root.join("sds"), "XX", "NEW", "", "*", false).unwrap();
    archive.write(&traces).unwrap();
    let times = onsets_s().into_iter().map(|s| time::iso(at(s)) + "\n");
    let list = std::iter::once("time\n".to_string()).chain(times);
    std::fs::write(root.join("p.csv"), list.collect::<String>()).unwrap();
}

fn tune(root: &Path, model: &str, run: &str, more: &[&str]) -> (i32, String, String) {
    let path = |name: &str| root.join(name).display().to_string();
    let (archive, catalog, run) = (path("sds"), path("p.csv"), path(run));
    let given = [
        "tune",
        "--model",
        model,
        "--archive",
        &archive,
        "--catalog",
        &catalog,
        "--run",
        &run,
    ];
    quakebook(root, &[&given, more].concat())
}

const AT_P: [&str; 4] = ["--onset", "catalog-time", "--guard", "5"];

#[test]
fn a_model_goes_on_learning_and_says_before_and_after() {
    let dir = tempfile::tempdir().unwrap();
    write_station(dir.path());
    let more = [&AT_P[..], &["--alarms-per-day", "24", "--json"]].concat();
    let (code, told, said) = tune(dir.path(), "regional", "tuned", &more);
    assert_eq!(code, 0, "{said}");
    let report: Value = serde_json::from_str(&told).unwrap();
    // The last 15 % of 45 events, in the time that they take: both were asked for the same ones.
    let (before, after) = (&report["before"]["counts"], &report["after"]["counts"]);
    let n = report["before"]["counts"]["n_counted"].as_u64().unwrap();
    assert!((6..=8).contains(&n), "{told}");
    assert_eq!(
        (&before["n_counted"], &before["hours"]),
        (&after["n_counted"], &after["hours"])
    );
    // They are loud.
    assert!(after["n_found"].as_u64().unwrap() > n / 2, "{told}");
    assert!(
        (after["hours"].as_f64().unwrap() - 0.27).abs() < 0.1,
        "{told}"
    );

    let base = Model::find("regional").unwrap().detector().unwrap();
    let tuned = Detector::read(&dir.path().join("tuned")).unwrap();
    assert_eq!(tuned.regression, base.regression);
    assert_ne!(
        weights_sha256(&tuned.network),
        weights_sha256(&base.network)
    );
    assert_eq!(report["weights_sha256"], weights_sha256(&tuned.network));
    assert_eq!(tuned.study.station.station.as_str(), "NEW");

    // What is done is read; and nothing is written over what it is made of.
    let (_, again, _) = tune(dir.path(), "regional", "tuned", &more);
    assert_eq!(again, told);
    let model = dir.path().join("tuned").display().to_string();
    let (code, _, said) = tune(dir.path(), &model, "tuned", &AT_P);
    assert!(code == 2 && said.contains("one folder"), "{said}");
}

#[test]
fn what_cannot_teach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    write_station(dir.path());
    let refused = |more: &[&str], word: &str| {
        let (code, _, said) = tune(dir.path(), "regional", "tuned", more);
        assert!(code != 0 && said.contains(word), "{code:?} {said}");
        assert!(!dir.path().join("tuned/weights.safetensors").exists());
    };
    refused(&["--onset", "travel-time"], "--position");
    refused(
        &[&AT_P[..], &["--to", "2019-03-05T10:20:00"]].concat(),
        "empty",
    );
    refused(
        &[&AT_P[..], &["--from", "2019-03-05T11:39:00"]].concat(),
        "all 45 events lie outside",
    );
    let list = |text: &str| std::fs::write(dir.path().join("p.csv"), text).unwrap();
    list("time\n2018-01-01T00:00:00\n");
    refused(&AT_P, "all 1 events lie outside");
    // Picks of another station, of two, and of this one in the columns of `pick`.
    list("station_id,phase_time,phase_type\nXX.OLD..HH,2019-03-05T10:02:10,P\n");
    refused(&AT_P, "picks of XX.OLD, where the records are of XX.NEW");
    list(
        "id,timestamp,prob,type\nXX.NEW..HH,2019-03-05T10:02:10,0.9,p\nXX.OLD..HH,2019-03-05T10:02:12,0.9,p\n",
    );
    refused(&AT_P, "a pick of XX.OLD, after one of XX.NEW");
    list(
        "id,timestamp,prob,type\nXX.NEW..HH,2019-03-05T10:02:10,0.9,p\nXX.NEW..HH,2019-03-05T10:02:12,0.9,s\n",
    );
    refused(&AT_P, "a pick of s");
    // A folder that is somebody's.
    write_station(dir.path());
    std::fs::create_dir(dir.path().join("tuned")).unwrap();
    std::fs::write(dir.path().join("tuned/notes"), "mine").unwrap();
    refused(&AT_P, "other things in it, such as notes");
}
