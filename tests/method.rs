//! The recipe of a detector: the same from the library and from the program.

mod common;

use std::path::Path;
use std::process::Command;

use quakebook::catalog::{Catalog, Event};
use quakebook::method::{self, Detector, Inputs, TimeBlocks};
use quakebook::study::{Onset, Study};
use quakebook::time::{self, Time};
use quakebook::train::Run;
use quakebook::waveform::{Record3C, WaveformSource};
use quakebook::{Error, Result, store};

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

/// The paper's study made small, with its products in a folder of the test's own.
fn small() -> Study {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/studies/small.toml");
    Study::read(path).unwrap()
}

#[test]
fn notebook_and_program_train_the_same_weights() {
    // A notebook asks the store in a process of its own.
    let data = tempfile::tempdir().unwrap();
    if let Some(run) = std::env::var_os("QUAKEBOOK_TEST_NOTEBOOK") {
        let fitted = store::fitted(&small()).unwrap();
        let told = format!(
            "{} {}",
            fitted.run.weights_sha256, fitted.detector.threshold
        );
        return std::fs::write(run, told).unwrap();
    }
    let told = data.path().join("told");
    let notebook = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "notebook_and_program_train_the_same_weights"])
        .env("QUAKEBOOK_TEST_NOTEBOOK", &told)
        .env("QUAKEBOOK_DATA", data.path())
        .status();
    assert!(notebook.unwrap().success());
    let run = data.path().join("run");
    common::succeeded(
        Command::new(env!("CARGO_BIN_EXE_quakebook"))
            .args(["train", "--study", "tests/studies/small.toml", "--run"])
            .arg(&run)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("QUAKEBOOK_DATA", data.path()),
    );
    let detector = Detector::read(&run).unwrap();
    let weights = Run::read(&run).unwrap().weights_sha256;
    let told = std::fs::read_to_string(told).unwrap();
    assert_eq!(told, format!("{weights} {}", detector.threshold));
    assert_eq!(detector.curve.len(), quakebook::detect::THRESHOLDS.len());
}

/// Zeros, wherever one asks: as good as no record.
struct Silence;

impl WaveformSource for Silence {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        Ok(Record3C {
            station: "XX.ABC".into(),
            channels: ["HHE", "HHN", "HHZ"].map(String::from),
            start,
            sampling_rate_hz: 100.0,
            data: [0, 1, 2].map(|_| vec![0.0; n_samples]),
            simulated: false,
        })
    }
}

fn events(n: usize, apart_s: f64) -> Catalog {
    let event = |i: usize| {
        let time = at("2015-01-01") + time::seconds(apart_s * i as f64);
        Event::at_time(format!("e{i}"), time, "trigger")
    };
    Catalog::new("triggers", false, (0..n).map(event).collect())
}

#[test]
fn a_dead_station_gives_no_segment() {
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    study.method.onset = Onset::CatalogTime;
    let catalog = events(10, 1000.0);
    let inputs = Inputs {
        source: &Silence,
        catalog: &catalog,
        station: None,
        known_events: None,
    };
    let refused = method::segments(&study, &inputs).unwrap_err();
    assert!(
        matches!(refused, Error::Window { ref what, .. } if what.contains("no segment")),
        "{refused}"
    );
}

#[test]
fn travel_times_need_the_station() {
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    let catalog = events(10, 1000.0);
    let inputs = Inputs {
        source: &Silence,
        catalog: &catalog,
        station: None,
        known_events: None,
    };
    let refused = method::segments(&study, &inputs).unwrap_err();
    assert!(
        matches!(refused, Error::Window { ref place, .. } if place == "OK029"),
        "{refused}"
    );
}

#[test]
fn travel_times_need_places_of_events() {
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    let catalog = events(10, 1000.0);
    let inputs = Inputs {
        source: &Silence,
        catalog: &catalog,
        station: Some(quakebook::geo::Point::new(-97.4, 35.8)),
        known_events: None,
    };
    let refused = method::segments(&study, &inputs).unwrap_err();
    assert!(
        matches!(refused, Error::Window { ref place, .. } if place.ends_with("event e0")),
        "{refused}"
    );
}

#[test]
fn blocks_follow_the_studys_fractions() {
    let mut study = Study::oklahoma();
    study.split.train_fraction = 0.5;
    study.split.validation_fraction = 0.3;
    let catalog = events(10, 3600.0);
    let blocks = TimeBlocks::of(&study, &catalog);
    assert_eq!(blocks.validation, at("2015-01-01T05:00:00"));
    assert_eq!(blocks.test, at("2015-01-01T08:00:00"));
    assert_eq!(blocks.training_events(&study, &catalog).len(), 5);
    // What is set aside does not count.
    study.held_out.start = at("2015-01-01T00:00:00");
    study.held_out.end = at("2015-01-01T02:00:00");
    let blocks = TimeBlocks::of(&study, &catalog);
    assert_eq!(blocks.validation, at("2015-01-01T06:00:00"));
    assert_eq!(blocks.training_events(&study, &catalog).len(), 4);
}

#[test]
fn a_run_with_another_study_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("detector.toml");
    let study = Study::oklahoma();
    let record = |hash: &str, study: &Study| {
        format!(
            "weights_sha256 = \"0\"\nstudy_sha256 = \"{hash}\"\nthreshold = 0.5\ncurve = []\n[study]\n{}",
            nested(&study.to_toml())
        )
    };
    let mut other = study.clone();
    other.window.n_samples = 1001;
    std::fs::write(&path, record(&study.hash(), &other)).unwrap();
    let refused = Detector::read(folder.path()).unwrap_err();
    assert!(matches!(refused, Error::Train { .. }), "{refused}");
    // With the right study the weights come next, and are absent.
    std::fs::write(&path, record(&study.hash(), &study)).unwrap();
    let refused = Detector::read(folder.path()).unwrap_err();
    assert!(
        !matches!(refused, Error::Train { ref place, .. } if place.ends_with("detector.toml")),
        "{refused}"
    );
}

/// Before anything is cut.
#[test]
fn a_folder_of_another_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let study = Study::oklahoma();
    let check = |study: &Study| method::check_folder(study, folder.path());
    check(&study).unwrap();
    let record = format!(
        "weights_sha256 = \"0\"\nstudy_sha256 = \"{}\"\nthreshold = 0.5\ncurve = []\n[study]\n{}",
        study.hash(),
        nested(&study.to_toml())
    );
    std::fs::write(folder.path().join("detector.toml"), record).unwrap();
    check(&study).unwrap();
    // The threshold alone is chosen anew.
    let mut other = study.clone();
    other.method.max_false_alarms_per_day = 2.0;
    check(&other).unwrap();
    other.method.guard_s = 9.0;
    let refused = check(&other).unwrap_err();
    assert!(
        matches!(refused, Error::Train { ref what, .. } if what.contains("method.guard_s")),
        "{refused}"
    );
}

/// TOML below a table `study`.
fn nested(toml: &str) -> String {
    toml.replace("\n[[", "\n[[study.")
        .replace("\n[", "\n[study.")
        .replace("[study.[study.", "[[study.")
}

#[cfg(unix)]
#[test]
fn a_run_folder_of_links_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("detector.toml")).unwrap();
    assert!(matches!(
        Detector::read(folder.path()),
        Err(Error::Io { .. })
    ));
}
