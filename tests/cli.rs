//! The program `quakebook`: its eight commands, exit codes, and what it prints for machines.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::Server;
use quakebook::catalog::{Catalog, Event};
use quakebook::detect::{Detection, Detections};
use quakebook::station::Inventory;
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace, mseed};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The program with a data folder of its own, and no study from outside.
fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quakebook"));
    command
        .args(args)
        .current_dir(dir)
        // Where several tests share few cores, more threads only wait for one another.
        .env("OMP_NUM_THREADS", "1")
        .env("QUAKEBOOK_DATA", dir.join("data"))
        .env_remove("QUAKEBOOK_STUDY")
        .env_remove("QUAKEBOOK_PROVIDER");
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir, args).output().unwrap()
}

/// What a command printed that ended with this exit code.
fn printed(dir: &Path, args: &[&str], code: i32) -> String {
    let output = run(dir, args);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn json_lines(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

#[test]
fn every_command_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    let help = printed(dir.path(), &["--help"], 0);
    for command in [
        "events",
        "stations",
        "waveforms",
        "cluster",
        "mseed",
        "train",
        "scan",
        "associate",
        "locate",
        "catalog",
        "serve",
    ] {
        assert!(help.contains(command), "{help}");
        let own = printed(dir.path(), &[command, "--help"], 0);
        assert!(own.contains("Examples:") && own.contains("--json"), "{own}");
    }
    for code in ["0", "1", "2", "3", "4"] {
        assert!(help.contains(&format!("\n  {code}  ")), "{help}");
    }
}

/// The options that a text names.
fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| c != '-' && !c.is_ascii_lowercase());
    let options = words.filter(|word| word.starts_with("--") && word.len() > 2);
    options.map(|word| word.trim_end_matches('-')).collect()
}

/// Each section begins with `<!-- COMMAND HASH -->`: of the English help that it was made from.
#[test]
fn the_chinese_help_is_that_of_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let page = include_str!("../notebooks/zh/help.md");
    let sections = page.split("<!-- ").skip(1);
    let sections: BTreeMap<&str, (&str, &str)> = sections
        .map(|section| {
            let (head, text) = section.split_once(" -->").unwrap();
            let (command, hash) = head.split_once(' ').unwrap();
            (command, (hash, text))
        })
        .collect();
    let help = printed(dir.path(), &["--help"], 0);
    let commands = help.split_once("Commands:\n").unwrap().1.lines();
    let commands = commands.take_while(|line| !line.is_empty());
    let commands = commands.filter_map(|line| line.split_whitespace().next());
    let mut faults = Vec::new();
    for command in commands
        .filter(|command| *command != "help")
        .chain(["quakebook"])
    {
        let english = match command {
            "quakebook" => help.clone(),
            _ => printed(dir.path(), &[command, "--help"], 0),
        };
        let Some((hash, chinese)) = sections.get(command) else {
            faults.push(format!("{command}: no section"));
            continue;
        };
        let digest = Sha256::digest(&english);
        let now = digest.iter().take(4).map(|byte| format!("{byte:02x}"));
        let now: String = now.collect();
        if *hash != now && !chinese.contains("译文待修订") {
            faults.push(format!(
                "{command}: stale: bring the section up to date, with the hash {now}, or mark it with 〔本节英文已更新，译文待修订〕"
            ));
        } else if *hash == now && !options(&english).is_subset(&options(chinese)) {
            let missing = options(&english);
            let missing: Vec<_> = missing.difference(&options(chinese)).copied().collect();
            faults.push(format!("{command}: without {}", missing.join(", ")));
        }
    }
    assert!(
        faults.is_empty(),
        "notebooks/zh/help.md:\n{}",
        faults.join("\n")
    );
}

#[test]
fn threads_of_the_environment_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, n: &str| {
        let output = command(dir.path(), &["models"])
            .env(name, n)
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), errors)
    };
    for name in ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS"] {
        for n in ["100000", "99999999999999999999999"] {
            let (code, errors) = run(name, n);
            assert_eq!(code, Some(0), "{errors}");
            let told = format!("{name}={n}: ");
            assert!(
                errors.starts_with(&told) && errors.contains("4 for each processor"),
                "{errors}"
            );
        }
        for n in ["", "0", "1"] {
            assert_eq!(run(name, n), (Some(0), String::new()), "{n}");
        }
        for n in ["-1", "many", "1.5"] {
            let (code, errors) = run(name, n);
            assert_eq!(code, Some(2), "{errors}");
            assert!(
                errors.contains(&format!("{name}={n}: expected a number of threads")),
                "{errors}"
            );
        }
    }
}

#[test]
fn what_is_not_understood_is_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["earthquakes"] as &[&str],
        &["events", "--out", "events.doc"],
        &["cluster", "catalog.csv", "--metric", "chess"],
        &["waveforms", "--archive", "sds", "--from", "yesterday"],
        &["stations", "--stream", "HHZ"],
        &["stations", "--stream", "../d.OK029.00.HH*"],
        &[
            "waveforms",
            "--archive",
            "sds",
            "--stream",
            "G*.OK029.00.HH*",
        ],
        &[
            "waveforms",
            "--archive",
            "sds",
            "--stream",
            "GS.OK029.00.HH/evil/Z",
        ],
        &[
            "scan",
            "--run",
            "r",
            "--archive",
            "a",
            "--from",
            "2014-02-16",
            "--to",
            "2014-02-15",
            "--out",
            "f.csv",
        ],
        &["serve", "classroom", "--catalog", "c.xml"],
        &["mseed"],
    ] {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["cluster", "nowhere.csv"] as &[&str],
        &["mseed", "nowhere.mseed"],
        &["events", "--study", "nowhere.toml"],
        &["serve", "nowhere"],
        &["train", "--archive", "nowhere", "--run", "run"],
        &[
            "scan",
            "--run",
            "nowhere",
            "--archive",
            ".",
            "--from",
            "2014-02-16",
            "--to",
            "2014-02-17",
            "--out",
            "f.csv",
        ],
    ] {
        let output = run(dir.path(), args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {errors}");
        assert!(errors.contains("nowhere"), "{args:?}: {errors}");
    }
}

/// Three events around (-97, 35) and two around (-96, 36): by hand the medians are (-97, 35) and,
/// among equals, a point between the two.
fn two_clusters() -> Catalog {
    let event = |number: usize, longitude_deg: f64, latitude_deg: f64| Event {
        id: format!("e{number}"),
        origin_time: at("2014-02-16") + time::seconds(100.0 * number as f64),
        longitude_deg,
        latitude_deg,
        depth_km: Some(5.0),
        magnitude: 2.0,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    };
    let events = vec![
        event(1, -97.0, 35.0),
        event(2, -97.125, 35.0),
        event(3, -97.0, 35.25),
        event(4, -96.0, 36.0),
        event(5, -96.0, 36.5),
    ];
    Catalog::new("by hand", false, events)
}

#[test]
fn cluster_prints_sum_sizes_and_centroids_of_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = two_clusters();
    for (name, text) in [
        ("c.csv", catalog.to_comcat_csv()),
        ("c.xml", catalog.to_quakeml()),
        ("c.txt", catalog.to_fdsn_text()),
        ("cat.txt", catalog.listing()),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
        let args = ["cluster", name, "--k", "2", "--replicates", "20", "--json"];
        let found: Value = serde_json::from_str(&printed(dir.path(), &args, 0)).unwrap();
        assert_eq!(found.as_object().unwrap().len(), 3);
        // |dx| + |dy|: 0.125 + 0.25 in the west, 0.5 in the east.
        assert!(
            (found["sum"].as_f64().unwrap() - 0.875).abs() < 1e-9,
            "{name}: {found}"
        );
        assert_eq!(found["sizes"], serde_json::json!([3, 2]), "{name}");
        assert_eq!(found["centroids"][0], serde_json::json!([-97.0, 35.0]));
        assert_eq!(found["centroids"][1][0], -96.0);
    }
    // In kilometres: a degree of latitude has 111.2 km.
    let args = [
        "cluster",
        "c.csv",
        "--k",
        "2",
        "--space",
        "km",
        "--replicates",
        "20",
        "--json",
    ];
    let found: Value = serde_json::from_str(&printed(dir.path(), &args, 0)).unwrap();
    let km_per_deg = 6371.0088_f64.to_radians();
    let scale = (35.0 + 35.0 + 35.25 + 36.0 + 36.5_f64) / 5.0;
    let expected = km_per_deg * (0.125 * scale.to_radians().cos() + 0.25 + 0.5);
    assert!(
        (found["sum"].as_f64().unwrap() - expected).abs() < 1e-6,
        "{found}"
    );
    // As many clusters as there are not.
    assert_eq!(
        run(dir.path(), &["cluster", "c.csv", "--k", "9"])
            .status
            .code(),
        Some(1)
    );
}

/// The sum is that of the best of 200 starts by an independent program.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn cluster_reaches_the_known_sum_of_the_real_catalog() {
    let path = common::real_data().join("comcat/oklahoma_box_2014-2016.csv");
    let dir = tempfile::tempdir().unwrap();
    let path = path.to_str().unwrap();
    let args = [
        "cluster",
        path,
        "--metric",
        "cityblock",
        "--space",
        "degrees",
        "--replicates",
        "100",
        "--json",
    ];
    let found: Value = serde_json::from_str(&printed(dir.path(), &args, 0)).unwrap();
    assert!(
        (found["sum"].as_f64().unwrap() - 59.2345).abs() < 1e-3,
        "{found}"
    );
    let sizes: Vec<u64> = serde_json::from_value(found["sizes"].clone()).unwrap();
    let mut sorted = sizes.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [155, 347, 385]);
    let centroids: Vec<[f64; 2]> = serde_json::from_value(found["centroids"].clone()).unwrap();
    assert!(
        centroids.is_sorted_by(|a, b| a[0] < b[0]),
        "from west to east"
    );
}

fn stream(channel: &str) -> Nslc {
    Nslc::new("XX", "ABC", "", channel).unwrap()
}

#[test]
fn mseed_tells_traces_gaps_and_faults() {
    let dir = tempfile::tempdir().unwrap();
    let samples: Vec<i32> = (0..5000).map(|i| (i * i) % 1000 - 500).collect();
    let trace = Trace {
        id: stream("HHZ"),
        sampling_rate_hz: 100.0,
        segments: vec![
            Segment {
                start: at("2014-02-16T00:00:00.000123"),
                samples: Samples::Int32(samples.clone()),
            },
            Segment {
                start: at("2014-02-16T00:10:00"),
                samples: Samples::Int32(vec![1, -2, 3]),
            },
        ],
    };
    let floats = Trace {
        id: stream("LHZ"),
        sampling_rate_hz: 1.0,
        segments: vec![Segment {
            start: at("2014-02-16"),
            samples: Samples::Float32(vec![0.5, -1.5]),
        }],
    };
    let bytes = mseed::write(&[trace, floats]).unwrap();
    std::fs::write(dir.path().join("whole.mseed"), &bytes).unwrap();
    let rows = json_lines(&printed(dir.path(), &["mseed", "--json", "whole.mseed"], 0));
    assert_eq!(rows.len(), 3);
    let hash = |bytes: Vec<u8>| {
        let digest = Sha256::digest(bytes);
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let ints = |values: &[i32]| {
        values
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    assert_eq!(rows[0]["id"], "XX.ABC..HHZ");
    assert_eq!(rows[0]["start"], "2014-02-16T00:00:00.000123Z");
    assert_eq!(rows[0]["end"], "2014-02-16T00:00:49.990123Z");
    assert_eq!(rows[0]["sampling_rate_hz"], 100.0);
    assert_eq!(rows[0]["n_samples"], 5000);
    assert_eq!(rows[0]["sha256"], hash(ints(&samples)));
    assert_eq!(rows[0]["faults"], serde_json::json!([]));
    assert_eq!(rows[1]["sha256"], hash(ints(&[1, -2, 3])));
    let floats: Vec<u8> = [0.5_f32, -1.5]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    assert_eq!(rows[2]["sha256"], hash(floats));
    let text = printed(dir.path(), &["mseed", "whole.mseed"], 0);
    assert!(text.contains("gap: XX.ABC..HHZ, 549.99"), "{text}");

    // A flipped bit in the samples, and a file that was cut short.
    let mut flipped = bytes.clone();
    flipped[1000] ^= 4;
    std::fs::write(dir.path().join("flipped.mseed"), &flipped).unwrap();
    std::fs::write(dir.path().join("cut.mseed"), &bytes[..bytes.len() - 100]).unwrap();
    for (name, kind) in [("flipped.mseed", "samples"), ("cut.mseed", "truncated")] {
        let rows = json_lines(&printed(dir.path(), &["mseed", "--json", name], 3));
        let faults: Vec<&Value> = rows
            .iter()
            .flat_map(|r| r["faults"].as_array().unwrap())
            .collect();
        assert_eq!(faults.len(), 1, "{name}: {rows:?}");
        assert_eq!(faults[0]["kind"], kind);
        let n: u64 = rows
            .iter()
            .map(|row| row["n_samples"].as_u64().unwrap())
            .sum();
        assert!(n < 5005, "{name}: {n}");
    }
    std::fs::write(dir.path().join("garbage.mseed"), [7; 3000]).unwrap();
    let rows = json_lines(&printed(
        dir.path(),
        &["mseed", "--json", "garbage.mseed"],
        3,
    ));
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &Value::Null));
}

#[test]
fn events_of_the_classroom_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let text = printed(dir.path(), &["events"], 0);
    let catalog = Catalog::from_fdsn_text(&text, "stdout").unwrap();
    assert!(catalog.simulated && catalog.len() > 600);
    for name in ["events.csv", "events.xml", "events.txt"] {
        assert!(printed(dir.path(), &["events", "--out", name], 0).is_empty());
        let read = Catalog::read(dir.path().join(name)).unwrap();
        assert_eq!(read.len(), catalog.len(), "{name}");
        let same = |(a, b): (&Event, &Event)| a.id == b.id && a.origin_time == b.origin_time;
        assert!(
            read.events().iter().zip(catalog.events()).all(same),
            "{name}"
        );
    }
    let rows = json_lines(&printed(dir.path(), &["events", "--json"], 0));
    assert_eq!(rows.len(), catalog.len());
    assert_eq!(rows[0]["simulated"], true);
    assert_eq!(rows[0]["magnitude"], catalog.events()[0].magnitude);
}

#[test]
fn stations_of_the_classroom_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let rows = json_lines(&printed(dir.path(), &["stations", "--json"], 0));
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        ["GS.OK029.00.HH1", "GS.OK029.00.HH2", "GS.OK029.00.HHZ"]
    );
    assert_eq!(rows[2]["dip_deg"], -90.0);
    for name in ["stations.xml", "stations.txt"] {
        printed(dir.path(), &["stations", "--out", name], 0);
        let inventory = Inventory::read(dir.path().join(name)).unwrap();
        assert_eq!(inventory.channels().count(), 3, "{name}");
        assert!(inventory.simulated, "{name}");
    }
    let other = ["stations", "--stream", "GS.OK029.00.BH*"];
    assert!(printed(dir.path(), &other, 4).is_empty());
}

#[test]
fn offline_without_an_answer_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["events", "--provider", "usgs", "--offline"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("offline") && errors.contains("earthquake.usgs.gov"),
        "{errors}"
    );
}

#[test]
fn who_stops_reading_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path(), &["events", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!errors.contains("panicked"), "{errors}");
    assert_eq!(output.status.code(), Some(0), "{errors}");
}

/// Status and body of what a server answers.
fn get(server: &Server, path: &str) -> (u16, Vec<u8>) {
    let address = server.1.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

/// An hour of made-up records: noise of one digit, and every minute a burst at 5 Hz which is 40
/// times as large. Its catalog has the bursts at their exact times.
struct MadeUp {
    dir: tempfile::TempDir,
    bursts: Vec<Time>,
}

const START: &str = "2014-02-16T00:00:00";

impl MadeUp {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let start = at(START);
        let mut state = 1_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
        };
        let bursts: Vec<Time> = (0..60)
            .map(|i| start + time::seconds(20.0 + 60.0 * f64::from(i)))
            .collect();
        let traces: Vec<Trace> = ["HHE", "HHN", "HHZ"]
            .into_iter()
            .map(|channel| {
                let samples = (0..360_000).map(|i| {
                    let t_s = f64::from(i) / 100.0;
                    let after_s = (t_s - 20.0).rem_euclid(60.0);
                    let burst = 400.0 * (31.4 * after_s).sin() * (-after_s / 2.0).exp();
                    (20.0 * noise() + burst).round() as i32
                });
                Trace {
                    id: stream(channel),
                    sampling_rate_hz: 100.0,
                    segments: vec![Segment {
                        start,
                        samples: Samples::Int32(samples.collect()),
                    }],
                }
            })
            .collect();
        let archive =
            Archive::create(dir.path().join("sds"), "XX", "ABC", "", "HH*", false).unwrap();
        archive.write(&traces).unwrap();
        let events = bursts.iter().enumerate().map(|(i, burst)| Event {
            id: format!("burst{i}"),
            origin_time: *burst,
            longitude_deg: -97.0,
            latitude_deg: 35.0,
            depth_km: Some(5.0),
            magnitude: 2.0,
            magnitude_type: "ML".into(),
            event_type: "earthquake".into(),
        });
        let catalog = Catalog::new("made up", false, events.collect());
        std::fs::write(dir.path().join("bursts.csv"), catalog.to_comcat_csv()).unwrap();
        let mut study = Study::oklahoma();
        study.cluster.k = 1;
        study.train.max_epochs = 8;
        study.train.batch_size = 16;
        study.scan.start = start + time::seconds(2700.0);
        study.scan.end = start + time::seconds(3600.0);
        study.held_out = TimeSpan {
            start: at("2014-07-01"),
            end: at("2014-07-02"),
        };
        std::fs::write(dir.path().join("study.toml"), study.to_toml()).unwrap();
        Self { dir, bursts }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Trains on the made-up records into a folder.
fn training<'a>(run: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "train",
        "--study",
        "study.toml",
        "--archive",
        "sds",
        "--json",
    ];
    args.extend(["--catalog", "bursts.csv", "--stream", "XX.ABC..HH*"]);
    args.extend(["--onset", "catalog-time", "--band", "1-20"]);
    args.extend(["--guard", "10", "--segment", "30"]);
    args.extend(["--run", run]);
    args.extend(more);
    args
}

#[test]
fn train_and_scan_an_archive() {
    let made_up = MadeUp::new();
    let dir = made_up.path();
    let train = training("run", &[]);
    let trained: Value = serde_json::from_str(&printed(dir, &train, 0)).unwrap();
    assert_eq!(trained["simulated"], false);
    assert_eq!(trained["test_event_recall"]["value"], 1.0, "{trained}");
    assert!(trained["test_event_recall"]["n"].as_u64().unwrap() > 3);
    // A finished run is read.
    let again: Value = serde_json::from_str(&printed(dir, &train, 0)).unwrap();
    assert_eq!(again["weights_sha256"], trained["weights_sha256"]);

    let scan = |out: &str, from: &str, to: &str, code: i32| -> Value {
        let args = [
            "scan",
            "--run",
            "run",
            "--archive",
            "sds",
            "--from",
            from,
            "--to",
            to,
            "--hop",
            "1",
            "--json",
            "--out",
            out,
        ];
        serde_json::from_str(&printed(dir, &args, code)).unwrap()
    };
    // The last quarter of an hour holds 15 bursts that no training has seen.
    let found = scan("found.csv", "2014-02-16T00:45:00", "2014-02-16T01:00:00", 0);
    let times: Vec<Time> = found["detections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| at(d["time"].as_str().unwrap()))
        .collect();
    let near = |a: Time, b: Time| time::between_s(a, b).abs() < 10.0;
    let last = || made_up.bursts.iter().skip(45);
    assert!(
        last().all(|burst| times.iter().any(|t| near(*t, *burst))),
        "{times:?}"
    );
    assert!(times.len() <= 17, "{times:?}");
    // The record ends with the span: the last nine windows reach beyond it.
    assert_eq!(
        found["unscanned"],
        serde_json::json!({"at the ends of the record": 9})
    );
    let csv = Detections::read(dir.join("found.csv")).unwrap();
    assert_eq!(csv.len(), times.len());
    // A link stays, and what it leads to is written.
    #[cfg(unix)]
    std::os::unix::fs::symlink("behind.xml", dir.join("found.xml")).unwrap();
    scan("found.xml", "2014-02-16T00:45:00", "2014-02-16T01:00:00", 0);
    #[cfg(unix)]
    assert!(dir.join("found.xml").is_symlink() && dir.join("behind.xml").is_file());
    let xml = Detections::read(dir.join("found.xml")).unwrap();
    let same = |(a, b): (&Detection, &Detection)| a.time == b.time && a.n_windows == b.n_windows;
    assert_eq!(xml.len(), csv.len());
    assert!(xml.items.iter().zip(&csv.items).all(same));
    // The scan's own file is a list of times to train with; so is one by hand, without places.
    let times: String = made_up
        .bursts
        .iter()
        .map(|burst| format!("{}\n", time::iso(*burst)))
        .collect();
    std::fs::write(dir.join("times.csv"), format!("time\n{times}")).unwrap();
    std::fs::write(dir.join("times.txt"), times).unwrap();
    for (run, list) in [
        ("of_scan", "found.xml"),
        ("of_csv", "times.csv"),
        ("of_text", "times.txt"),
    ] {
        // Of the scan's few detections none is in the time of training: that is another error.
        let code = if list == "found.xml" { 1 } else { 0 };
        let mut args = training(run, &[]);
        let at = args.iter().position(|arg| *arg == "bursts.csv").unwrap();
        args[at] = list;
        let output = self::run(dir, &args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{list}: {errors}");
        if code == 0 {
            // The same times are the same training.
            let of_list: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(
                of_list["weights_sha256"], trained["weights_sha256"],
                "{list}"
            );
        } else {
            assert!(!errors.starts_with("quakebook: catalog"), "{errors}");
        }
    }
    // Another run's folder is refused before anything is cut.
    for (option, value, key) in [
        ("--band", "2-20", "method.band_hz"),
        ("--guard", "9", "method.guard_s"),
    ] {
        let mut args = training("run", &[]);
        let at = args.iter().position(|arg| *arg == option).unwrap();
        args[at + 1] = value;
        let output = self::run(dir, &args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(
            errors.contains(key) && !errors.contains("cutting"),
            "{errors}"
        );
    }
    // Half of what is asked for was never recorded: it is told. Of what holds nothing at all the exit code says so.
    let found = scan("half.csv", "2014-02-16T00:50:00", "2014-02-16T01:10:00", 0);
    assert!(
        !found["unscanned"].as_object().unwrap().is_empty(),
        "{found}"
    );
    scan("none.csv", "2014-02-16T01:10:00", "2014-02-16T01:20:00", 4);
}

/// What was sought and what is there is told, in training as in a scan.
#[test]
fn codes_that_find_nothing_are_told_with_what_is_there() {
    let made_up = MadeUp::new();
    let dir = made_up.path();
    for stream in [
        "XX.ABC..hh*",
        "xx.abc..HH*",
        "XX.ABC.10.HH*",
        "XX.ABC..HH",
        "XX.ABC..BH?",
    ] {
        let mut args = training("run", &[]);
        let at = args.iter().position(|arg| *arg == "XX.ABC..HH*").unwrap();
        args[at] = stream;
        let output = run(dir, &args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        let sought = stream.to_string();
        assert!(
            errors.contains(&sought) && errors.contains("XX.ABC..HHZ"),
            "{errors}"
        );
        assert!(!dir.join("run").exists());
    }
    // Codes of other networks' ways: three components, but not of one band.
    let day = |channel: &str| {
        dir.join(format!(
            "sds/2014/XX/ABC/{channel}.D/XX.ABC..{channel}.D.2014.047"
        ))
    };
    for (from, to) in [("HHE", "EW"), ("HHN", "NS"), ("HHZ", "UD")] {
        let traces = mseed::read_file(day(from)).unwrap();
        let renamed: Vec<Trace> = traces
            .into_iter()
            .map(|trace| Trace {
                id: Nslc::new("XX", "ABC", "", to).unwrap(),
                ..trace
            })
            .collect();
        std::fs::create_dir_all(day(to).parent().unwrap()).unwrap();
        std::fs::write(day(to), mseed::write(&renamed).unwrap()).unwrap();
        std::fs::remove_file(day(from)).unwrap();
    }
    let mut args = training("run", &[]);
    let at = args.iter().position(|arg| *arg == "XX.ABC..HH*").unwrap();
    args[at] = "XX.ABC..*";
    let output = run(dir, &args);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("sought XX.ABC..*") && errors.contains("XX.ABC..UD"),
        "{errors}"
    );
}

#[test]
fn the_usage_is_that_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let span = ["--from", "2014-02-16", "--to", "2014-02-15"];
    for (command, more) in [
        (
            "scan",
            &["--run", "r", "--archive", "a", "--out", "f.csv"][..],
        ),
        ("waveforms", &["--archive", "a"]),
    ] {
        let args = [&[command][..], &span, more].concat();
        let output = run(dir.path(), &args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(
            errors.contains(&format!("Usage: quakebook {command}")),
            "{errors}"
        );
        assert!(errors.contains("2014-02-15T00:00:00"), "{errors}");
    }
    for time in [
        "+262142-01-01",
        "-0001-01-01",
        "2014-02-16T00:00:60",
        "nan",
        "1e300",
    ] {
        let from = format!("--from={time}");
        let args = ["waveforms", "--archive", "a", &from, "--to", "2014-02-16"];
        printed(dir.path(), &args, 2);
    }
}

#[test]
fn a_file_that_cannot_be_read_does_not_hide_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let trace = common::trace("HHZ", "2014-02-16", Samples::Int32((0..1000).collect()));
    let bytes = mseed::write(&[trace]).unwrap();
    std::fs::write(dir.path().join("good.mseed"), &bytes).unwrap();
    std::fs::write(dir.path().join("cut.mseed"), &bytes[..1000]).unwrap();
    let args = [
        "mseed",
        "--json",
        "good.mseed",
        "nope.mseed",
        ".",
        "good.mseed",
    ];
    let output = run(dir.path(), &args);
    assert_eq!(output.status.code(), Some(1));
    let rows = json_lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(rows.len(), 2);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("nope.mseed") && errors.contains("2 of 4"),
        "{errors}"
    );
    let rows = json_lines(&printed(
        dir.path(),
        &["mseed", "--json", "cut.mseed", "good.mseed"],
        3,
    ));
    assert_eq!(rows.len(), 2);
    // Blank blocks are records without samples, and are counted as both.
    std::fs::write(
        dir.path().join("blank.mseed"),
        [bytes, vec![b' '; 1024]].concat(),
    )
    .unwrap();
    let text = printed(dir.path(), &["mseed", "blank.mseed"], 0);
    let counts: Vec<usize> = text
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    assert!(counts[1] <= counts[0], "{text}");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new("mkfifo").arg(dir.path().join("pipe")).status();
    assert!(made.unwrap().success());
    for path in ["pipe", "/dev/zero", "."] {
        for args in [
            &["cluster", path][..],
            &["mseed", path],
            &["events", "--study", path],
        ] {
            let output = run(dir.path(), args);
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{args:?}: {errors}");
            assert!(errors.contains(path), "{args:?}: {errors}");
        }
    }
}

/// One event without an origin or a place costs that event, and is counted.
#[test]
fn events_without_a_place_are_left_out_of_clusters() {
    let dir = tempfile::tempdir().unwrap();
    let mut events = two_clusters().events().to_vec();
    events.push(Event::at_time("nowhere", at("2014-02-17"), ""));
    let catalog = Catalog::new("by hand", false, events);
    let text = catalog.to_quakeml().replacen(
        "<event ",
        "<event publicID=\"smi:local/no_origin\"/>\n<event ",
        1,
    );
    std::fs::write(dir.path().join("c.xml"), text).unwrap();
    let args = [
        "cluster",
        "c.xml",
        "--k",
        "2",
        "--replicates",
        "20",
        "--json",
    ];
    let output = run(dir.path(), &args);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(
        errors.contains("no_origin") && errors.contains("1 of 6 events"),
        "{errors}"
    );
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["sizes"], serde_json::json!([3, 2]));
}

#[test]
fn windows_of_one_scale_are_trained_and_scanned() {
    let made_up = MadeUp::new();
    let dir = made_up.path();
    let trained = printed(dir, &training("scaled", &["--scale", "20"]), 0);
    let trained: Value = serde_json::from_str(&trained).unwrap();
    assert_eq!(trained["test_event_recall"]["value"], 1.0, "{trained}");
    let plan = std::fs::read_to_string(dir.join("scaled/detector.toml")).unwrap();
    assert!(plan.contains("counts = 20"), "{plan}");
    let mut scan = vec![
        "scan",
        "--run",
        "scaled",
        "--archive",
        "sds",
        "--hop",
        "0.5",
    ];
    scan.extend([
        "--from",
        "2014-02-16T00:45:00",
        "--to",
        "2014-02-16T01:00:00",
    ]);
    scan.extend(["--json", "--out", "found.csv"]);
    let found: Value = serde_json::from_str(&printed(dir, &scan, 0)).unwrap();
    let found = found["detections"].as_array().unwrap().len();
    assert!((15..=17).contains(&found), "{found}");
    // A gap of years would read years of record; 0.015 s are one sample and a half.
    scan.extend(["--merge-gap", "1e9"]);
    printed(dir, &scan, 2);
    scan.truncate(scan.len() - 2);
    *scan.iter_mut().find(|arg| **arg == "0.5").unwrap() = "0.015";
    printed(dir, &scan, 2);

    for bad in [
        &["--scale", "0"][..],
        &["--scale", "-3"],
        &["--scale", "many"],
    ] {
        printed(dir, &training("bad", bad), 2);
    }
}

#[test]
fn an_archive_is_served_and_fetched_again() {
    let made_up = MadeUp::new();
    let dir = made_up.path();
    std::fs::copy(dir.join("bursts.csv"), dir.join("sds/catalog.csv")).unwrap();
    let server = Server::start(&mut command(dir, &["serve", "sds"]));
    let (status, body) = get(&server, "/fdsnws/event/1/query?format=text");
    assert_eq!(status, 200);
    let text = String::from_utf8(body).unwrap();
    assert_eq!(Catalog::from_fdsn_text(&text, "served").unwrap().len(), 60);

    // Nobody knows where the station stands.
    let (status, _) = get(&server, "/fdsnws/station/1/query?level=channel&format=text");
    assert_eq!(status, 204);

    let query = "/fdsnws/dataselect/1/query?net=XX&sta=ABC&loc=--&cha=HHZ";
    let (status, body) = get(
        &server,
        &format!("{query}&start=2014-02-16T00:00:10&end=2014-02-16T00:00:20"),
    );
    assert_eq!(status, 200);
    let traces = mseed::read(&body, "served").unwrap();
    assert_eq!(traces[0].start(), Some(at("2014-02-16T00:00:10")));
    assert_eq!(traces[0].n_samples(), 1001);
    let (status, _) = get(&server, &format!("{query}&start=2014-03-16&end=2014-03-17"));
    assert_eq!(status, 204);

    // The command `waveforms` makes the same archive of it.
    let fetch = [
        "waveforms",
        "--study",
        "study.toml",
        "--provider",
        &server.1,
        "--archive",
        "copy",
        "--stream",
        "XX.ABC..HHE,HHN,HHZ",
        "--from",
        "2014-02-16T00:00:00",
        "--to",
        "2014-02-16T01:00:00",
        "--json",
    ];
    printed(dir, &fetch, 0);
    let day = "2014/XX/ABC/HHZ.D/XX.ABC..HHZ.D.2014.047";
    let read = |root: &str| mseed::read_file(dir.join(root).join(day)).unwrap();
    assert_eq!(read("copy"), read("sds"));
    // What was never recorded is missing, and the exit code says so.
    let mut missing = fetch;
    let to = missing.iter().position(|arg| *arg == "--to").unwrap();
    missing[to + 1] = "2014-02-16T02:00:00";
    printed(dir, &missing, 4);
}

/// Day files alone: nobody tells where the station stands, which channels it has, or that they are simulated.
#[test]
fn a_simulated_archive_is_fetched_without_its_stations() {
    let made_up = MadeUp::new();
    let dir = made_up.path();
    std::fs::write(dir.join("sds/SIMULATED.txt"), "").unwrap();
    let server = Server::start(&mut command(dir, &["serve", "sds"]));
    let fetch = |stream: &str, archive: &str| {
        let mut args = vec![
            "waveforms",
            "--study",
            "study.toml",
            "--provider",
            &server.1,
        ];
        args.extend(["--archive", archive, "--stream", stream, "--from", START]);
        args.extend(["--to", "2014-02-16T01:00:00"]);
        let output = run(dir, &args);
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, errors) = fetch("XX.ABC..HH*", "copy");
    assert!(
        code == Some(4) && errors.contains("name the channels"),
        "{errors}"
    );
    assert!(!dir.join("copy").exists());
    let (code, errors) = fetch("XX.ABC..HHE,HHN,HHZ", "copy");
    assert_eq!(code, Some(0), "{errors}");
    assert!(dir.join("copy/SIMULATED.txt").is_file());
    let archive = Archive::open(dir.join("copy"), "XX", "ABC", "", "HH*").unwrap();
    assert!(archive.is_simulated());
    // An archive of measured records takes none.
    std::fs::create_dir_all(dir.join("measured")).unwrap();
    std::fs::rename(dir.join("copy/2014"), dir.join("measured/2014")).unwrap();
    let other =
        ["HHE", "HHN", "HHZ"].map(|code| dir.join(format!("measured/2014/XX/ABC/{code}.D")));
    other.iter().for_each(|folder| {
        let [from, to] = ["047", "020"].map(|day| {
            let code = folder.file_stem().unwrap().to_str().unwrap();
            folder.join(format!("XX.ABC..{code}.D.2014.{day}"))
        });
        std::fs::rename(from, to).unwrap();
    });
    let (code, errors) = fetch("XX.ABC..HHE,HHN,HHZ", "measured");
    assert!(
        code == Some(1) && errors.contains("folder of their own"),
        "{errors}"
    );
}

/// A file or an address that cannot be what was asked for.
#[test]
fn a_file_is_no_archive() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for archive in ["/dev/zero", "file"] {
        let args = ["waveforms", "--archive", archive];
        let output = run(dir.path(), &args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(
            errors.contains(archive) && errors.contains("where a folder was expected"),
            "{errors}"
        );
    }
    let study = Study::oklahoma().to_toml();
    let late = study.replacen("end = \"2016", "end = \"+262142", 1);
    assert_ne!(late, study);
    std::fs::write(dir.path().join("late.toml"), late).unwrap();
    let output = run(dir.path(), &["events", "--study", "late.toml"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && errors.contains("1678 to 2261"),
        "{errors}"
    );
    let large = study.replacen("guard_s = ", "guard_s = 1e300 # ", 1);
    std::fs::write(dir.path().join("large.toml"), large).unwrap();
    let output = run(dir.path(), &["events", "--study", "large.toml"]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.contains("method.guard_s") && errors.contains("301 digits"),
        "{errors}"
    );
}

/// That there was no event is an answer.
#[test]
fn no_event_is_said_and_written() {
    let made_up = MadeUp::new();
    let dir = made_up.path();
    std::fs::copy(dir.join("bursts.csv"), dir.join("sds/catalog.csv")).unwrap();
    let server = Server::start(&mut command(dir, &["serve", "sds"]));
    let mut study = Study::oklahoma();
    study.catalog = TimeSpan {
        start: at("2015-01-01"),
        end: at("2015-02-01"),
    };
    std::fs::write(dir.join("quiet.toml"), study.to_toml()).unwrap();
    for out in ["none.csv", "none.xml", "none.txt"] {
        let args = [
            "events",
            "--study",
            "quiet.toml",
            "--provider",
            &server.1,
            "--out",
            out,
        ];
        let output = run(dir, &args);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{errors}");
        assert!(
            errors.contains("no event in this region and time"),
            "{errors}"
        );
        assert!(Catalog::read(dir.join(out)).unwrap().is_empty());
    }
}

#[test]
fn the_classroom_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&mut command(dir.path(), &["serve", "classroom"]));
    let (status, body) = get(&server, "/fdsnws/event/1/query?format=text&limit=3");
    assert_eq!(status, 200);
    let text = String::from_utf8(body).unwrap();
    assert_eq!(Catalog::from_fdsn_text(&text, "served").unwrap().len(), 3);
}

/// What `serve` says of a folder or a port, and how it ended.
fn serve_refused(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, &[&["serve"], args].concat());
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_cannot_be_served_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("file"), "").unwrap();
    std::fs::create_dir(dir.join("sds")).unwrap();
    std::fs::write(dir.join("bad.xml"), "<html/>").unwrap();
    for (args, words) in [
        (&["nowhere"] as &[&str], ["nowhere", "no such folder"]),
        (&["file"], ["file", "a folder was expected"]),
        (&["/dev/null"], ["/dev/null", "a folder was expected"]),
        (&["sds", "--catalog", "none.xml"], ["none.xml", "exists"]),
        (&["sds", "--stations", "bad.xml"], ["bad.xml", "station"]),
    ] {
        let told = serve_refused(dir, args);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let told = serve_refused(dir, &["sds", "--port", &port]);
    assert!(told.contains(&port) && told.contains("in use"), "{told}");
    printed(dir, &["serve", "sds", "--port", "99999"], 2);
}

#[cfg(unix)]
#[test]
fn a_server_ends_by_signals() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["INT", "TERM"] {
        let mut server = Server::start(&mut command(dir.path(), &["serve", "classroom"]));
        // Open connections do not keep it from ending.
        let _open = TcpStream::connect(server.1.strip_prefix("http://").unwrap()).unwrap();
        let id = server.0.id().to_string();
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(kill.unwrap().success());
        assert_eq!(server.0.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn serve_tells_what_it_leaves_out() {
    let dir = tempfile::tempdir().unwrap();
    let day = dir.path().join("sds/2014/XX/ABC/HHZ.D");
    std::fs::create_dir_all(&day).unwrap();
    std::fs::write(day.join("XX.ABC..HHZ.D.2014.047"), "<html>").unwrap();
    let mut child = command(dir.path(), &["serve", "sds", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let address: Value = serde_json::from_str(&line).unwrap();
    let server = Server(child, address["url"].as_str().unwrap().into());
    let query = "/fdsnws/dataselect/1/query?start=2014-02-16&end=2014-02-17";
    assert_eq!(get(&server, query).0, 204);
    for expected in [
        "1 day files",
        "no catalog",
        "no stations",
        "Ctrl-C",
        "left out",
    ] {
        let line = told.next().unwrap().unwrap();
        assert!(line.contains(expected), "{expected}: {line}");
    }
}

/// The real archive's files, each whole.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_real_archive_is_whole() {
    let root = common::real_data().join("iquique/sds");
    let day = |channel: &str| -> PathBuf {
        root.join(format!(
            "2014/CX/PB01/{channel}.D/CX.PB01..{channel}.D.2014.121"
        ))
    };
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = ["HHE", "HHN", "HHZ"].map(day).to_vec();
    let mut args = vec!["mseed", "--json"];
    args.extend(files.iter().map(|path| path.to_str().unwrap()));
    let rows = json_lines(&printed(dir.path(), &args, 0));
    assert_eq!(rows.len(), 3);
    for row in rows {
        // Twelve hours at 100 Hz, and the end sample.
        assert_eq!(row["n_samples"], 4_320_001);
    }
}
