//! Plans: an archive's scan in shards, worked on by processes that are killed, and one table in the end.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use common::untaught;
use polars::prelude::*;
use quakebook::Error;
use quakebook::catalog::Catalog;
use quakebook::detect::MergeParams;
use quakebook::method::Detector;
use quakebook::network::ConvNet;
use quakebook::plan::{Plan, ShardSize, Status, Wanted, Worked, Worker, collect};
use quakebook::station::NslcPattern;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

/// Noise of a station from one time to another.
fn write(root: &Path, station: &str, channels: &[&str], (from, to): (&str, &str), rate_hz: f64) {
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

const HH: [&str; 3] = ["HHE", "HHN", "HHZ"];

/// Two stations over the end of a month, one of them with two days without files.
fn archive() -> &'static Path {
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
fn detector() -> Detector {
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

fn merge(detector: &Detector) -> MergeParams {
    MergeParams {
        longest_s: 60.0,
        ..detector.merge_params()
    }
}

fn planned(dir: &Path, root: &Path, size: ShardSize) -> Plan {
    plan_of(dir, root, size, &[]).unwrap()
}

fn plan_of(
    dir: &Path,
    root: &Path,
    size: ShardSize,
    stations: &[NslcPattern],
) -> quakebook::Result<Plan> {
    let detector = detector();
    let wanted = Wanted {
        archive: root,
        merge: merge(&detector),
        detector: &detector,
        stations,
        from: None,
        to: None,
        size,
    };
    Plan::create(dir, &wanted).map(|(plan, _)| plan)
}

/// Works on all shards, and says how many were scanned.
fn work(plan: &Plan) -> usize {
    let mut worker = Worker::new(plan, None).unwrap();
    let mut n_done = 0;
    for shard in plan.shards().unwrap() {
        let worked = worker.work(&shard, &|| false);
        n_done += usize::from(matches!(worked, Ok(Worked::Done(_))));
    }
    n_done
}

fn quakebook(args: &[&str]) -> (i32, String, String) {
    common::quakebook(&std::env::temp_dir(), args)
}

fn program(args: &[&str]) -> Command {
    common::program(&std::env::temp_dir(), args)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The SHA-256 of a file, by the system's program.
fn sha256_of(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    line.split(' ').next().unwrap().to_string()
}

/// Files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
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
fn table() -> &'static [u8] {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let plan = planned(dir.path(), archive(), ShardSize::StationYear);
        assert_eq!(work(&plan), 2);
        collect(&plan).unwrap().to_csv()
    })
}

#[test]
fn the_table_is_what_a_scan_of_each_station_finds() {
    let mut found = Vec::new();
    let everything = TimeSpan {
        start: at("2014-05-01"),
        end: at("2014-07-01"),
    };
    for (station, channels) in [("A", "HH?"), ("B", "BH?")] {
        let source = Archive::open(archive(), "XX", station, "", channels).unwrap();
        let detector = detector();
        let scanned = detector
            .scan_merged(&source, &everything, &merge(&detector))
            .unwrap();
        for one in scanned.detections.items {
            found.push((station.to_string(), one.start, one.end, one.probability));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationYear);
    work(&plan);
    let rows = collect(&plan).unwrap().rows;
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.station.to_string(), row.start, row.end, row.probability))
        .collect();
    assert!(rows.len() > 20, "{}", rows.len());
    assert_eq!(rows, found);
}

#[test]
fn shards_of_any_size_give_the_same_table() {
    let midnight = at("2014-06-01");
    let rows = String::from_utf8_lossy(table()).to_string();
    assert!(rows.contains("2014-05-31T23") && rows.contains("2014-06-01T00"));
    for (size, n_shards) in [(ShardSize::StationDay, 5), (ShardSize::StationMonth, 4)] {
        let dir = tempfile::tempdir().unwrap();
        let plan = planned(dir.path(), archive(), size);
        assert_eq!(plan.n_shards(), n_shards);
        assert_eq!(work(&plan), n_shards);
        let collected = collect(&plan).unwrap();
        assert_eq!(String::from_utf8_lossy(&collected.to_csv()), rows);
        assert!(collected.summary.missing.is_empty());
        assert!(collected.summary.hours > 2.0);
        let status = Status::of(&plan).unwrap();
        assert!(status.is_complete() && status.running.is_empty());
        assert_eq!(status.n_detections, collected.rows.len());
        // Shards meet at midnight, and do not overlap.
        let shards = plan.shards().unwrap();
        assert!(shards.iter().any(|shard| shard.span.end == midnight));
    }
}

#[test]
fn what_is_done_is_left_and_what_is_damaged_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationMonth);
    assert_eq!(work(&plan), 4);
    assert_eq!(work(&plan), 0);
    for kind in ["results", "manifests"] {
        let some = files(&dir.path().join(kind));
        assert_eq!(some.len(), 4);
        let whole = std::fs::read(&some[1]).unwrap();
        std::fs::write(&some[1], &whole[..whole.len() / 2]).unwrap();
        let collected = collect(&plan).unwrap();
        assert_eq!(collected.summary.missing, [1]);
        assert_eq!(work(&plan), 1);
        assert_eq!(collect(&plan).unwrap().to_csv(), table());
    }
}

#[test]
fn a_worker_may_be_killed_at_any_time() {
    kill_workers(20);
}

#[test]
#[ignore = "200 processes are started and killed, some minutes"]
fn workers_may_be_killed_two_hundred_times() {
    kill_workers(200);
}

/// Workers on one plan, two at a time, each killed after a random time.
fn kill_workers(n: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut dir = tempfile::tempdir().unwrap();
    let mut plan = planned(dir.path(), archive(), ShardSize::StationDay);
    let mut n_whole = 0;
    let mut at_work: Option<Child> = None;
    for _ in 0..n {
        let args = ["work", "--all", "--plan", text(dir.path())];
        let worker = program(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(rng.random_range(0..400)));
        if let Some(mut worker) = at_work.replace(worker) {
            worker.kill().unwrap();
            worker.wait().unwrap();
        }
        let collected = collect(&plan).unwrap();
        if collected.summary.missing.is_empty() {
            assert_eq!(collected.to_csv(), table());
            n_whole += 1;
            if let Some(mut worker) = at_work.take() {
                worker.kill().unwrap();
                worker.wait().unwrap();
            }
            dir = tempfile::tempdir().unwrap();
            plan = planned(dir.path(), archive(), ShardSize::StationDay);
        }
    }
    if let Some(mut worker) = at_work {
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    println!("{n} workers killed, {n_whole} plans were whole meanwhile");
    work(&plan);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
}

#[test]
fn a_signal_ends_a_worker_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationYear);
    // Whoever is asked to stop before the first piece keeps nothing.
    let mut worker = Worker::new(&plan, None).unwrap();
    let shard = plan.shard(0).unwrap();
    assert_eq!(worker.work(&shard, &|| true).unwrap(), Worked::Stopped);
    for kind in ["results", "manifests", "running", "failed"] {
        assert!(files(&dir.path().join(kind)).is_empty(), "{kind}");
    }
    let status = Status::of(&plan).unwrap();
    assert_eq!((status.n_done, status.n_missing), (0, 2));
    assert!(matches!(
        worker.work(&shard, &|| false),
        Ok(Worked::Done(_))
    ));
}

#[test]
fn a_shard_that_fails_is_told_and_the_rest_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:20:00");
    write(root.path(), "BAD", &HH, span, 50.0);
    write(root.path(), "GOOD", &HH, span, 50.0);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    planned(&folder, root.path(), ShardSize::StationMonth);
    let gone = root.path().join("2014/XX/BAD/HHE.D/XX.BAD..HHE.D.2014.121");
    let bytes = std::fs::read(&gone).unwrap();
    std::fs::remove_file(&gone).unwrap();
    let plan = text(&folder);
    let (code, out, errors) = quakebook(&["work", "--plan", plan, "--all"]);
    assert_eq!(code, 1, "{out}{errors}");
    assert_eq!(out, "1 shard scanned, 0 done before, 1 failed\n");
    assert!(errors.contains("XX.BAD..HH.2014-05: failed"), "{errors}");
    let (code, out, _) = quakebook(&["status", "--plan", plan, "--json"]);
    assert_eq!(code, 4);
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&status["n_done"], &status["n_missing"]),
        (&1.into(), &0.into())
    );
    assert_eq!(status["failed"][0]["id"], "XX.BAD..HH.2014-05");
    let table = dir.path().join("found.csv");
    let (code, _, errors) = quakebook(&["collect", "--plan", plan, "--out", text(&table)]);
    assert_eq!(code, 4, "{errors}");
    let missing = "1 shard is not in the table: 0 (XX.BAD..HH.2014-05)";
    assert!(errors.contains(missing), "{errors}");
    let manifest = std::fs::read_to_string(dir.path().join("found.csv.manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["missing"], serde_json::json!([0]));
    assert!(
        std::fs::read_to_string(&table)
            .unwrap()
            .contains("XX,GOOD,,HH?,")
    );
    std::fs::write(&gone, bytes).unwrap();
    assert_eq!(quakebook(&["work", "--plan", plan, "--all"]).0, 0);
    assert_eq!(quakebook(&["status", "--plan", plan]).0, 0);
}

#[test]
fn what_is_in_the_records_makes_no_shard_fail() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:20:00");
    write(root.path(), "DAMAG", &HH, span, 50.0);
    write(root.path(), "DEAD", &HH, span, 50.0);
    // A model for any station takes 40 samples a second or more.
    write(root.path(), "SLOW", &["BHE", "BHN", "BHZ"], span, 20.0);
    for component in HH {
        let dead = Trace {
            id: Nslc::new("XX", "DEAD", "", component).unwrap(),
            sampling_rate_hz: 50.0,
            segments: vec![Segment {
                start: at(span.0),
                samples: Samples::Int32(vec![7; 60_000]),
            }],
        };
        let channel = root.path().join(format!("2014/XX/DEAD/{component}.D"));
        std::fs::remove_dir_all(channel).unwrap();
        let archive = Archive::create(root.path(), "XX", "DEAD", "", "*", false).unwrap();
        archive.write(&[dead]).unwrap();
    }
    let damaged = root
        .path()
        .join("2014/XX/DAMAG/HHZ.D/XX.DAMAG..HHZ.D.2014.121");
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2000].fill(0xff);
    std::fs::write(&damaged, bytes).unwrap();
    let dir = tempfile::tempdir().unwrap();
    planned(dir.path(), root.path(), ShardSize::StationMonth);
    let plan = text(dir.path());
    for _ in 0..2 {
        let (code, out, errors) = quakebook(&["work", "--plan", plan, "--all"]);
        assert_eq!(code, 3, "{out}{errors}");
    }
    let (code, out, _) = quakebook(&["status", "--plan", plan]);
    assert_eq!(code, 3);
    assert!(out.contains("3 of 3 shards done"), "{out}");
    assert!(out.contains("2 shards done without one window"), "{out}");
    let table = dir.path().join("found.csv");
    let (code, ..) = quakebook(&["collect", "--plan", plan, "--out", text(&table)]);
    assert_eq!(code, 3);
    let manifests = files(&dir.path().join("manifests"));
    let of = |i: usize| std::fs::read_to_string(&manifests[i]).unwrap();
    assert!(of(0).contains("XX.DAMAG..HHZ.D.2014.121"), "{}", of(0));
    assert!(of(1).contains("no component moves"), "{}", of(1));
    assert!(of(2).contains("20"), "{}", of(2));
}

/// A copy of the archive that a test may change.
fn copied_archive() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files(archive()) {
        let copy = root.path().join(file.strip_prefix(archive()).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(file, copy).unwrap();
    }
    root
}

#[test]
fn an_archive_that_is_not_as_planned_is_not_scanned() {
    let root = copied_archive();
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), root.path(), ShardSize::StationYear);
    let day = root.path().join("2014/XX/A/HHZ.D/XX.A..HHZ.D.2014.151");
    let whole = std::fs::read(&day).unwrap();
    let away = root.path().join("2014.away");
    let changes: [&dyn Fn(); 3] = [
        &|| std::fs::rename(root.path().join("2014"), &away).unwrap(),
        &|| std::fs::write(&day, &whole[..whole.len() / 2]).unwrap(),
        &|| std::fs::remove_file(&day).unwrap(),
    ];
    for (number, change) in changes.iter().enumerate() {
        change();
        let mut worker = Worker::new(&plan, None).unwrap();
        let worked = worker.work(&plan.shard(0).unwrap(), &|| false);
        match worked {
            Err(Error::Plan { what, .. }) => assert!(what.contains("were planned"), "{what}"),
            other => panic!("{number}: {other:?}"),
        }
        assert!(files(&dir.path().join("manifests")).is_empty());
        assert_eq!(Status::of(&plan).unwrap().failed.len(), 1);
        if away.exists() {
            std::fs::rename(&away, root.path().join("2014")).unwrap();
        }
        std::fs::write(&day, &whole).unwrap();
    }
    assert_eq!(work(&plan), 2);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
}

#[test]
fn what_is_done_is_counted_as_it_is_collected() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationYear);
    assert_eq!(work(&plan), 2);
    let manifests = files(&dir.path().join("manifests"));
    let results = files(&dir.path().join("results"));
    let (first, result) = (
        std::fs::read_to_string(&manifests[0]).unwrap(),
        std::fs::read(&results[1]).unwrap(),
    );
    let other_plan = first.replace(&first[17..33], "0123456789abcdef");
    assert_ne!(other_plan, first);
    let spoil: [&dyn Fn(&Path); 6] = [
        // A shard's manifest in the place of another's.
        &|path| std::fs::write(path, &first).unwrap(),
        &|path| std::fs::write(path, other_plan.replace("\"index\":0", "\"index\":1")).unwrap(),
        &|path| std::os::unix::fs::symlink(&manifests[0], path).unwrap(),
        &|path| std::fs::create_dir(path).unwrap(),
        &|path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
        &|_| std::fs::remove_file(&results[1]).unwrap(),
    ];
    for (number, spoil) in spoil.iter().enumerate() {
        let manifest = &manifests[1];
        let whole = std::fs::read(manifest).unwrap();
        if number < 5 {
            std::fs::remove_file(manifest).unwrap();
        }
        spoil(manifest);
        let status = Status::of(&plan).unwrap();
        let collected = collect(&plan).unwrap();
        assert_eq!((status.n_done, status.spoilt.len()), (1, 1), "{number}");
        assert_eq!(collected.summary.missing, [1], "{number}");
        assert_eq!(collected.summary.spoilt.len(), 1, "{number}");
        if manifest.is_dir() {
            std::fs::remove_dir(manifest).unwrap();
            std::fs::write(manifest, &whole).unwrap();
        } else {
            // What cannot be used is made anew.
            assert_eq!(work(&plan), 1, "{number}");
        }
        assert_eq!(std::fs::read(&results[1]).unwrap(), result);
        assert_eq!(collect(&plan).unwrap().to_csv(), table());
    }
    let mut worker = Worker::new(&plan, None).unwrap().again();
    let again = worker.work(&plan.shard(1).unwrap(), &|| false);
    assert!(matches!(again, Ok(Worked::Done(_))));
}

#[test]
fn a_forged_plan_is_refused_and_no_link_of_it_is_followed() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationMonth);
    let (header, lines) = (
        dir.path().join("plan.toml"),
        dir.path().join("shards.jsonl"),
    );
    let told = std::fs::read_to_string(&header).unwrap();
    let shards = std::fs::read_to_string(&lines).unwrap();
    let old = sha256_of(&lines);
    assert!(told.contains(&old));
    let forgeries = [
        ("2014-06-01T00:00:00Z", "2200-06-01T00:00:00Z"),
        ("XX.A..HH.2014-05", "XX.A..HH.2014-05\\u001b[2J"),
        (
            "\"first_day\":\"2014-05-01\"",
            "\"first_day\":\"2014-05-02\"",
        ),
        ("\"n_days\":1", "\"n_days\":1000000000000"),
        ("\"index\":1", "\"index\":0"),
    ];
    for (from, to) in forgeries {
        let forged = shards.replacen(from, to, 1);
        assert_ne!(forged, shards, "{from}");
        std::fs::write(&lines, &forged).unwrap();
        std::fs::write(&header, told.replace(&old, &sha256_of(&lines))).unwrap();
        let plan = Plan::open(dir.path()).unwrap();
        assert!(matches!(plan.shards(), Err(Error::Plan { .. })), "{to}");
        let (code, _, errors) = quakebook(&["work", "--plan", text(dir.path()), "--all"]);
        assert_eq!(code, 1, "{to}");
        assert!(!errors.contains('\u{1b}'), "{errors}");
    }
    // A line too many, or a number of shards that is none.
    std::fs::write(&lines, shards.clone() + &shards).unwrap();
    std::fs::write(&header, told.replace(&old, &sha256_of(&lines))).unwrap();
    assert!(Plan::open(dir.path()).unwrap().shards().is_err());
    std::fs::write(&lines, &shards).unwrap();
    let many = told.replace("n_shards = 4", "n_shards = 4000000000000");
    assert_ne!(many, told);
    std::fs::write(&header, many).unwrap();
    let forged = Plan::open(dir.path()).unwrap();
    assert!(Status::of(&forged).is_err() && collect(&forged).is_err());
    std::fs::write(&header, &told).unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("results")).unwrap();
    assert_eq!(work(&plan), 0);
    assert!(files(elsewhere.path()).is_empty());
}

#[test]
fn the_table_is_parquet_and_quakeml_too() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    let plan = planned(&folder, archive(), ShardSize::StationYear);
    work(&plan);
    let collected = collect(&plan).unwrap();
    let rows = &collected.rows;
    let frame = |bytes: Vec<u8>| {
        let reader = ParquetReader::new(std::io::Cursor::new(bytes));
        reader.finish().unwrap()
    };
    let whole = frame(collected.to_parquet().unwrap());
    assert_eq!(whole.shape(), (rows.len(), 11));
    let probabilities = whole.column("probability").unwrap().f64().unwrap();
    let starts = whole.column("start").unwrap().datetime().unwrap();
    let stations = whole.column("station").unwrap().str().unwrap();
    for (i, row) in rows.iter().enumerate() {
        let start = row.start.timestamp_nanos_opt();
        assert_eq!(probabilities.get(i), Some(row.probability));
        assert_eq!(starts.physical().get(i), start);
        assert_eq!(stations.get(i), Some(row.station.as_str()));
    }
    let out = dir.path().join("found.parquet");
    let collect_to = |more: &[&str]| {
        let base = ["collect", "--plan", text(&folder), "--out", text(&out)];
        quakebook(&[&base[..], more].concat())
    };
    let (code, _, errors) = collect_to(&["--partitioned"]);
    assert_eq!(code, 0, "{errors}");
    let parts = files(&out);
    let name = |path: &PathBuf| text(path.strip_prefix(&out).unwrap()).to_string();
    let names: Vec<String> = parts.iter().map(name).collect();
    assert_eq!(
        names,
        ["05", "06"].map(|m| format!("network=XX/year=2014/month={m}/detections.parquet"))
    );
    let n: usize = parts
        .iter()
        .map(|part| frame(std::fs::read(part).unwrap()).height())
        .sum();
    assert_eq!(n, rows.len());
    // A part of an older table would be taken for one of this.
    assert_eq!(collect_to(&["--partitioned"]).0, 2);

    let times = Catalog::from_text(&collected.to_quakeml(), "found.xml").unwrap();
    let mut picked: Vec<Time> = rows.iter().map(|row| row.time).collect();
    picked.sort();
    let read: Vec<Time> = times.events().iter().map(|e| e.origin_time).collect();
    assert_eq!(read.len(), picked.len());
    for (a, b) in read.iter().zip(&picked) {
        assert!(time::between_s(*b, *a).abs() < 1e-6);
    }
    assert!(
        collected
            .to_quakeml()
            .contains("networkCode=\"XX\" stationCode=\"A\"/>")
    );
}

#[test]
fn without_room_a_shard_fails_and_is_done_later() {
    let dir = tempfile::tempdir().unwrap();
    let plan = planned(dir.path(), archive(), ShardSize::StationYear);
    let limited = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 1; exec "$@""#, "sh"])
        .arg(env!("CARGO_BIN_EXE_quakebook"))
        .args(["work", "--all", "--plan", text(dir.path())])
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1));
    let told = String::from_utf8(limited.stderr).unwrap();
    assert!(told.contains("There is no room for it"), "{told}");
    assert_eq!(work(&plan), 2);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
    assert!(Status::of(&plan).unwrap().failed.is_empty());
}

#[test]
fn an_odd_archive_is_planned_for_what_is_there_and_the_odd_is_named() {
    let root = tempfile::tempdir().unwrap();
    let span = ("2014-05-01T00:00:00", "2014-05-01T00:10:00");
    write(root.path(), "GOOD", &HH, span, 50.0);
    write(root.path(), "ONE", &["HHZ"], span, 50.0);
    write(root.path(), "LONG", &["LHE", "LHN", "LHZ"], span, 1.0);
    let next = ("2014-05-02T00:00:00", "2014-05-02T00:10:00");
    write(root.path(), "GOOD", &["HHE", "HHZ"], next, 50.0);
    let channel = root.path().join("2014/XX/GOOD/HHZ.D");
    let day = channel.join("XX.GOOD..HHZ.D.2014.121");
    // A day file in another channel's folder, one with dashes for no location, and damaged ones.
    std::fs::copy(&day, channel.join("XX.GOOD..HHE.D.2014.121")).unwrap();
    std::fs::rename(&day, channel.join("XX.GOOD.--.HHZ.D.2014.121")).unwrap();
    for component in HH {
        let name = format!("2014/XX/GOOD/{component}.D/XX.GOOD..{component}.D.2014.300");
        std::fs::write(root.path().join(name), "no record").unwrap();
    }
    // Names that no reader finds, and a link that leads out of the archive.
    std::fs::write(channel.join("XX.GOOD..HHZ.D.2014.130.gz"), "").unwrap();
    std::fs::write(channel.join("XX.GOOD..HHZ.D.2014.13"), "").unwrap();
    std::os::unix::fs::symlink("/", root.path().join("2014/XX/ROOT")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    let sought = [
        NslcPattern::new("XX", "*", "*", "*").unwrap(),
        NslcPattern::new("xx", "good", "*", "*").unwrap(),
    ];
    let plan = plan_of(&folder, root.path(), ShardSize::StationMonth, &sought).unwrap();
    let ids: Vec<String> = plan.shards().unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(ids, ["XX.GOOD..HH.2014-05", "XX.GOOD..HH.2014-10"]);
    let left_out = std::fs::read_to_string(folder.join("left_out.txt")).unwrap();
    for odd in [
        "XX.ONE..HH?: 1 of three",
        "XX.LONG..LH?: of fewer than 10",
        "XX.GOOD..HH? of 2014-05-02: 2 of three components",
        "in another folder",
        "2 that are no day files, the first XX.GOOD..HHZ.D.2014.13:",
        "xx.good.*.*: sought, and the archive holds no day file of it",
    ] {
        assert!(left_out.contains(odd), "{odd}: {left_out}");
    }
    assert!(left_out.lines().count() < 20, "{left_out}");
    let mut worker = Worker::new(&plan, None).unwrap();
    let shards = plan.shards().unwrap();
    let Worked::Done(may) = worker.work(&shards[0], &|| false).unwrap() else {
        panic!("not done")
    };
    assert!(may.hours > 0.15 && may.inputs.n_files >= 3, "{may:?}");
    let sought = [NslcPattern::new("XX", "NONE", "*", "*").unwrap()];
    let other = dir.path().join("other");
    let none = plan_of(&other, root.path(), ShardSize::StationDay, &sought);
    assert!(matches!(none, Err(Error::Plan { .. })));
    assert!(!other.exists());
}

#[test]
fn records_far_from_the_day_of_their_file_are_named_and_not_read() {
    let root = copied_archive();
    // The day of 1 June holds what was recorded on 10 June.
    for component in HH {
        let id = Nslc::new("XX", "A", "", component).unwrap();
        let other = tempfile::tempdir().unwrap();
        let span = ("2014-06-10T00:00:00", "2014-06-10T00:30:00");
        write(other.path(), "A", &[component], span, 50.0);
        let from = Archive::open(other.path(), "XX", "A", "", "HH?").unwrap();
        let to = Archive::open(root.path(), "XX", "A", "", "HH?").unwrap();
        let day = |archive: &Archive, day| archive.day_file(&id, at(day).date_naive());
        std::fs::copy(day(&from, "2014-06-10"), day(&to, "2014-06-05")).unwrap();
    }
    let mut tables = Vec::new();
    for size in [ShardSize::StationDay, ShardSize::StationMonth] {
        let dir = tempfile::tempdir().unwrap();
        let plan = planned(dir.path(), root.path(), size);
        work(&plan);
        let collected = collect(&plan).unwrap();
        assert_eq!(collected.summary.n_damaged, 3, "{size}");
        tables.push(collected.to_csv());
        let told: String = files(&dir.path().join("manifests"))
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let words = "records of 2014-06-10, in the day file of 2014-06-05: not read";
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(tables[0], table());
    assert_eq!(tables[1], table());
}

#[test]
fn what_is_no_plan_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |result: quakebook::Result<Plan>, what: &str| match result {
        Err(error @ Error::Plan { .. }) => assert!(error.to_string().contains(what), "{error}"),
        other => panic!("{other:?}"),
    };
    refused(Plan::open(dir.path()), "no plan is in this folder");
    std::fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let size = ShardSize::StationYear;
    refused(plan_of(dir.path(), archive(), size, &[]), "not empty");
    let folder = dir.path().join("plan");
    let plan = planned(&folder, archive(), size);
    // The same plan is the same plan; another one needs another folder.
    assert_eq!(planned(&folder, archive(), size), plan);
    refused(
        plan_of(&folder, archive(), ShardSize::StationDay, &[]),
        "another plan",
    );
    assert!(matches!(plan.shard(2), Err(Error::Plan { .. })));
    assert!(matches!(plan.shard_of("XX.C"), Err(Error::Plan { .. })));

    let header = folder.join("plan.toml");
    let whole = std::fs::read_to_string(&header).unwrap();
    let version = format!("quakebook {}", env!("CARGO_PKG_VERSION"));
    std::fs::write(&header, whole.replace(&version, "quakebook 0.0.1")).unwrap();
    refused(Plan::open(&folder), "the plan is of quakebook 0.0.1");
    std::fs::write(&header, "n_shards = 1\n").unwrap();
    refused(Plan::open(&folder), "missing field");
    std::fs::write(&header, &whole).unwrap();

    let lines = folder.join("shards.jsonl");
    let all = std::fs::read_to_string(&lines).unwrap();
    std::fs::write(&lines, all.replace("XX.A", "XX.Z")).unwrap();
    assert!(matches!(plan.shards(), Err(Error::Plan { .. })));
    std::fs::write(&lines, all).unwrap();
    let weights = folder.join("model/weights.safetensors");
    let other = ConvNet::new(300, 2, 6);
    quakebook::network::write_weights(&other, &weights).unwrap();
    assert!(matches!(Worker::new(&plan, None), Err(Error::Plan { .. })));
}

#[test]
fn commands_that_cannot_be_done_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, list) = (dir.path().join("plan"), dir.path().join("stations.txt"));
    std::fs::write(&list, "# two networks\nXX.A\n\nnonsense\n").unwrap();
    let plan = |more: &[&str]| {
        let base = [
            "plan",
            "--archive",
            text(archive()),
            "--model",
            "regional",
            "--out",
            text(&folder),
        ];
        quakebook(&[&base[..], more].concat())
    };
    let (code, _, errors) = plan(&["--stations", text(&list)]);
    assert_eq!(code, 2);
    assert!(
        errors.contains("line 4: expected NET.STA.LOC.CHA"),
        "{errors}"
    );
    assert_eq!(plan(&["--shard", "station-week"]).0, 2);
    assert_eq!(plan(&["--stations", "YY.*"]).0, 1);
    assert_eq!(plan(&["--from", "2030-01-01"]).0, 1);
    let (code, out, errors) = plan(&["--stations", "XX.A", "--json"]);
    assert_eq!(code, 0, "{errors}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["n_shards"], 2);
    let folder = text(&folder);
    assert_eq!(quakebook(&["work", "--plan", folder]).0, 2);
    assert_eq!(quakebook(&["work", "--plan", folder, "--index", "7"]).0, 1);
    assert_eq!(quakebook(&["work", "--plan", folder, "--shard", ""]).0, 2);
    assert_eq!(
        quakebook(&["work", "--plan", folder, "--index", "2-1"]).0,
        2
    );
    assert_eq!(
        quakebook(&["work", "--plan", folder, "--shard", "XX.Q"]).0,
        1
    );
    let (code, _, errors) =
        quakebook(&["work", "--plan", folder, "--all", "--archive", "/nowhere"]);
    assert_eq!(code, 1);
    assert!(errors.contains("/nowhere: no such folder"), "{errors}");
    assert_eq!(quakebook(&["status", "--plan", text(dir.path())]).0, 1);
}
