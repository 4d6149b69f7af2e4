//! Plans: an archive's scan in shards, worked on by processes that are killed, and one table in the end.

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::Beside;
use common::plans::*;
use polars::prelude::*;
use quakebook::catalog::Catalog;
use quakebook::plan::{Plan, ShardSize, Status, Worked, Worker, collect};
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::Archive;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

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
        // Two shards read the file between them, which counts once.
        assert_eq!(collected.summary.n_input_files, 15);
        let status = Status::of(&plan).unwrap();
        assert!(status.is_complete() && status.running.is_empty());
        assert!(status.not_done.is_empty());
        assert_eq!(status.tally.n(), collected.rows.len());
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
        assert_eq!(Status::of(&plan).unwrap().not_done, [1]);
        assert_eq!(work(&plan), 1);
        assert_eq!(collect(&plan).unwrap().to_csv(), table());
    }
    // Other bytes of the same length are met by whoever reads them.
    let result = &files(&dir.path().join("results"))[1];
    let n_bytes = std::fs::read(result).unwrap().len();
    std::fs::write(result, vec![b'x'; n_bytes]).unwrap();
    assert!(Status::of(&plan).unwrap().not_done.is_empty());
    assert_eq!(collect(&plan).unwrap().summary.missing, [1]);
    assert_eq!(work(&plan), 1);
    assert_eq!(collect(&plan).unwrap().to_csv(), table());
}

/// What is told of a worker that was stopped within a shard; nothing where it ended before. Between shards it has no mark, and for a moment
/// a mark that it has not locked yet: then it is let go on.
fn stopped(plan: &Plan, worker: &mut Beside) -> Option<Status> {
    while worker.is_running() {
        std::thread::sleep(Duration::from_millis(20));
        if Status::of(plan).unwrap().running.is_empty() {
            continue;
        }
        worker.send("STOP");
        std::thread::sleep(Duration::from_millis(1500));
        let status = Status::of(plan).unwrap();
        if !status.running.is_empty() {
            return Some(status);
        }
        worker.send("CONT");
    }
    None
}

#[test]
fn a_killed_worker_is_known_at_once() {
    let (dir, plan, mut worker, stopped) = loop {
        let dir = tempfile::tempdir().unwrap();
        let plan = planned(dir.path(), archive(), ShardSize::StationYear);
        let args = ["work", "--all", "--plan", text(dir.path())];
        let mut worker = Beside::start(program(&args).stderr(Stdio::null()));
        if let Some(stopped) = stopped(&plan, &mut worker) {
            break (dir, plan, worker, stopped);
        }
    };
    // It is silent, and lives.
    assert_eq!(stopped.running[0].process, worker.0.id());
    worker.kill();
    let began = std::time::Instant::now();
    let killed = loop {
        let status = Status::of(&plan).unwrap();
        if !status.killed.is_empty() {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{status:?}");
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(killed.running.is_empty() && killed.n_missing > 0);
    assert_eq!(killed.killed[0].process, stopped.running[0].process);
    drop(dir);
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
    let mut at_work: Option<Beside> = None;
    for _ in 0..n {
        let args = ["work", "--all", "--plan", text(dir.path())];
        let mut worker = program(&args);
        let worker = Beside::start(worker.stdout(Stdio::null()).stderr(Stdio::null()));
        std::thread::sleep(Duration::from_millis(rng.random_range(0..400)));
        if let Some(mut worker) = at_work.replace(worker) {
            worker.kill();
        }
        let collected = collect(&plan).unwrap();
        if collected.summary.missing.is_empty() {
            assert_eq!(collected.to_csv(), table());
            n_whole += 1;
            if let Some(mut worker) = at_work.take() {
                worker.kill();
            }
            dir = tempfile::tempdir().unwrap();
            plan = planned(dir.path(), archive(), ShardSize::StationDay);
        }
    }
    drop(at_work);
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
    let own = files(&folder.join("results"))[0].clone();
    let args = ["collect", "--plan", text(&folder), "--out", text(&own)];
    assert_eq!(quakebook(&args).0, 2);

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
    for little_endian in [true, false] {
        let units = "\u{feff}XX.A\n".encode_utf16();
        let bytes = units.flat_map(|unit| match little_endian {
            true => unit.to_le_bytes(),
            false => unit.to_be_bytes(),
        });
        std::fs::write(&list, bytes.collect::<Vec<_>>()).unwrap();
        let (code, _, errors) = plan(&["--stations", text(&list)]);
        assert_eq!(code, 2, "{errors}");
        assert!(errors.contains("save it as UTF-8"), "{errors}");
    }
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
