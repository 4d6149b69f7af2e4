//! What several files of tests need.

#![allow(dead_code, reason = "each file of tests uses some of it")]

pub mod plans;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use quakebook::catalog::Event;
use quakebook::locate::Sites;
use quakebook::method::Detector;
use quakebook::network::ConvNet;
use quakebook::station::{Filter, Gain, PolesZeros, Stage};
use quakebook::study::Study;
use quakebook::time::{self, Time};
use quakebook::waveform::{Nslc, Samples, Segment, Trace};

/// The folder of real records, which `build.rs` has found where `cfg(real_data)` is set.
pub fn real_data() -> PathBuf {
    std::env::var_os("QUAKEBOOK_REAL_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    )
}

/// An event of QuakeMigrate's: its file, beside which its picks and its records lie, and its columns.
pub type Described = (PathBuf, BTreeMap<String, String>);

/// The stations of the dike, and QuakeMigrate's events there.
pub fn dike() -> (Sites, Vec<Described>) {
    let folder = real_data().join("dike");
    let stations = std::fs::read_to_string(folder.join("stations.csv")).unwrap();
    // QuakeMigrate's elevations are in km.
    let stations = stations.replace("Elevation", "elevation_km");
    let sites = Sites::from_csv(&stations, "stations.csv").unwrap();
    let all = std::fs::read_dir(&folder).unwrap();
    let mut events: Vec<PathBuf> = all.map(|entry| entry.unwrap().path()).collect();
    events.retain(|path| path.extension().is_some_and(|ending| ending == "event"));
    events.sort();
    let columns = |path: &PathBuf| -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').map(String::from));
        lines.next().unwrap().zip(lines.next().unwrap()).collect()
    };
    let events = events.into_iter().map(|path| {
        let columns = columns(&path);
        (path, columns)
    });
    (sites, events.collect())
}

/// A Python with ObsPy, for tests that are ignored unless they are asked for.
pub fn obspy_python() -> PathBuf {
    let python = std::env::var_os("QUAKEBOOK_OBSPY_PYTHON").map(PathBuf::from);
    python.expect("QUAKEBOOK_OBSPY_PYTHON names a Python with ObsPy")
}

/// One segment of a channel of GS.OK029, at 100 Hz.
pub fn trace(channel: &str, start: &str, samples: Samples) -> Trace {
    Trace {
        id: Nslc::new("GS", "OK029", "00", channel).unwrap(),
        sampling_rate_hz: 100.0,
        segments: vec![Segment {
            start: time::parse(start).unwrap(),
            samples,
        }],
    }
}

/// A small earthquake near the station.
pub fn event(id: &str, origin_time: Time) -> Event {
    Event {
        id: id.into(),
        origin_time,
        longitude_deg: -97.4,
        latitude_deg: 35.8,
        depth_km: None,
        magnitude: 2.2,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    }
}

/// Comparable records, and windows of 6 s that decide about 2 s.
pub fn short_study() -> Study {
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    study.window.sampling_rate_hz = 50.0;
    study.window.n_samples = 300;
    study.scan.hop_samples = 25;
    study.method.harmonised = true;
    study.method.lead_s = 1.0;
    study.method.core_s = Some(2.0);
    study
}

/// A network that was taught nothing: its probabilities are as good as any here.
pub fn untaught(threshold: f64) -> Detector {
    let study = short_study();
    Detector {
        network: ConvNet::new(study.window.n_samples, 2, 5),
        study,
        regression: None,
        picker: None,
        threshold,
        curve: Vec::new(),
    }
}

/// The program with arguments, in a folder.
pub fn program(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quakebook"));
    command.args(args).current_dir(dir);
    command.env("OMP_NUM_THREADS", "1");
    command.env("QUAKEBOOK_DATA", dir.join("data"));
    for variable in ["QUAKEBOOK_STUDY", "QUAKEBOOK_PROVIDER"] {
        command.env_remove(variable);
    }
    command
}

/// Its exit code, standard output and standard error.
pub fn quakebook(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output = program(dir, args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// What a command said that must succeed.
pub fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    output
}

/// A process beside the test, which ends with it: one that were left would hold the test's output open for ever.
pub struct Beside(pub Child);

impl Beside {
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Sends a signal by its name.
    pub fn send(&self, signal: &str) {
        let args = [format!("-{signal}"), self.0.id().to_string()];
        assert!(Command::new("kill").args(args).status().unwrap().success());
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A server in a process of its own, which ends with the test, and the first line that it printed.
pub struct Server(pub Child, pub String);

impl Server {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        Self(child, line.trim().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Latitude and longitude of six stations.
pub const STATIONS: [(f64, f64); 6] = [
    (35.70, -97.40),
    (35.90, -97.42),
    (35.80, -97.25),
    (35.82, -97.55),
    (35.70, -97.20),
    (35.92, -97.60),
];

/// The stages of a sensor with this filter and of its recorder, with their gains at a frequency.
pub fn two_stages(filter: PolesZeros, gains: [f64; 2], frequency_hz: f64) -> Vec<Stage> {
    let stage = |number: u32, filter, value| Stage {
        number,
        filter,
        gain: Some(Gain {
            value,
            frequency_hz: Some(frequency_hz),
        }),
        ..Stage::default()
    };
    let filter = Some(Filter::PolesZeros(filter));
    vec![stage(1, filter, gains[0]), stage(2, None, gains[1])]
}
