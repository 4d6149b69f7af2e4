//! An archive of two stations, and plans of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use quakebook::detect::MergeParams;
use quakebook::method::Detector;
use quakebook::plan::{Finder, Plan, ShardSize, Wanted, Worked, Worker, collect};
use quakebook::station::NslcPattern;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::untaught;

pub fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

/// Noise of a station from one time to another.
pub fn write(
    root: &Path,
    station: &str,
    channels: &[&str],
    (from, to): (&str, &str),
    rate_hz: f64,
) {
    let n = (time::between_s(at(from), at(to)) * rate_hz) as usize;
    let traces: Vec<Trace> = channels
        .iter()
        .zip(0..)
        .map(|(channel, seed)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed + from.len() as u64 + n as u64);
            // Louder now and then, so that windows differ.
            let mut loud = 1.0;
            let sample = |i: usize| {
                if i.is_multiple_of(700) {
                    loud = 10f64.powf(rng.random_range(0.0..2.0));
                }
                (loud * rng.random_range(-100.0..100.0)) as i32
            };
            Trace {
                id: Nslc::new("XX", station, "", channel).unwrap(),
                sampling_rate_hz: rate_hz,
                segments: vec![Segment {
                    start: at(from),
                    samples: Samples::Int32((0..n).map(sample).collect()),
                }],
            }
        })
        .collect();
    let archive = Archive::create(root, "XX", station, "", "*", false).unwrap();
    archive.write(&traces).unwrap();
}

pub const HH: [&str; 3] = ["HHE", "HHN", "HHZ"];

/// Two stations over the end of a month, one of them with two days without files.
pub fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let dir = ARCHIVE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let over_midnight = ("2014-05-31T23:20:00.007", "2014-06-01T00:40:00");
        write(root, "A", &HH, over_midnight, 50.0);
        let hour = ("2014-06-04T00:00:00", "2014-06-04T00:30:00");
        write(root, "A", &HH, hour, 50.0);
        let short = ("2014-05-31T23:50:00", "2014-06-01T00:20:00");
        write(root, "B", &["BHE", "BHN", "BHZ"], short, 50.0);
        dir
    });
    dir.path()
}

/// A detector of which one in fifty of the windows of an hour are events.
pub fn detector() -> Detector {
    static THRESHOLD: OnceLock<f64> = OnceLock::new();
    untaught(*THRESHOLD.get_or_init(|| {
        let detector = untaught(0.5);
        let source = Archive::open(archive(), "XX", "A", "", "HH?").unwrap();
        let span = TimeSpan {
            start: at("2014-05-31T23:20:00"),
            end: at("2014-06-01T00:20:00"),
        };
        let scan = detector.scan_spans(&source, &[span]).unwrap();
        let mut p = detector.event_probabilities(&scan).unwrap();
        p.sort_by(f64::total_cmp);
        p[p.len() * 49 / 50]
    }))
}

pub fn finder() -> Finder {
    let detector = detector();
    let merge = merge(&detector);
    Finder::Detector(Box::new(detector), merge)
}

pub fn merge(detector: &Detector) -> MergeParams {
    MergeParams {
        longest_s: 60.0,
        ..detector.merge_params()
    }
}

pub fn planned(dir: &Path, root: &Path, size: ShardSize) -> Plan {
    plan_of(dir, root, size, &[]).unwrap()
}

pub fn plan_of(
    dir: &Path,
    root: &Path,
    size: ShardSize,
    stations: &[NslcPattern],
) -> quakebook::Result<Plan> {
    let wanted = Wanted {
        archive: &root.into(),
        finder: &finder(),
        stations,
        from: None,
        to: None,
        size,
    };
    Plan::create(dir, &wanted).map(|(plan, _)| plan)
}

/// Works on all shards, and says how many were scanned.
pub fn work(plan: &Plan) -> usize {
    let mut worker = Worker::new(plan, None).unwrap();
    let mut n_done = 0;
    for shard in plan.shards().unwrap() {
        let worked = worker.work(&shard, &|| false);
        n_done += usize::from(matches!(worked, Ok(Worked::Done(_))));
    }
    n_done
}

pub fn quakebook(args: &[&str]) -> (i32, String, String) {
    super::quakebook(&std::env::temp_dir(), args)
}

pub fn program(args: &[&str]) -> Command {
    super::program(&std::env::temp_dir(), args)
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file as it was, with its time of change.
pub struct Kept {
    path: PathBuf,
    bytes: Vec<u8>,
    changed: std::time::SystemTime,
}

impl Kept {
    pub fn of(path: &Path) -> Self {
        Self {
            path: path.into(),
            bytes: std::fs::read(path).unwrap(),
            changed: path.metadata().unwrap().modified().unwrap(),
        }
    }

    pub fn restore(&self) {
        std::fs::write(&self.path, &self.bytes).unwrap();
        let file = std::fs::File::options().write(true).open(&self.path);
        file.unwrap().set_modified(self.changed).unwrap();
    }
}

/// Files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The table of the whole archive by one scan a station.
pub fn table() -> &'static [u8] {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let plan = planned(dir.path(), archive(), ShardSize::StationYear);
        assert_eq!(work(&plan), 2);
        collect(&plan).unwrap().to_csv()
    })
}
