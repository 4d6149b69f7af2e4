//! Plans: an archive's scan in shards, worked on by processes that are killed, and one table in the end.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use quakebook::Error;
use quakebook::detect::MergeParams;
use quakebook::method::Detector;
use quakebook::network::ConvNet;
use quakebook::plan::{Plan, ShardSize, Status, Wanted, Worked, Worker, collect};
use quakebook::station::NslcPattern;
use quakebook::study::Study;
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

/// A network that was taught nothing, for windows of 6 s that decide about 2 s.
fn detector() -> Detector {
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    study.window.sampling_rate_hz = 50.0;
    study.window.n_samples = 300;
    study.scan.hop_samples = 25;
    study.method.harmonised = true;
    study.method.lead_s = 1.0;
    study.method.core_s = Some(2.0);
    Detector {
        network: ConvNet::new(study.window.n_samples, 2, 5),
        threshold: threshold(&study),
        study,
        curve: Vec::new(),
    }
}

/// What one in fifty of the windows of an hour reach.
fn threshold(study: &Study) -> f64 {
    static THRESHOLD: OnceLock<f64> = OnceLock::new();
    *THRESHOLD.get_or_init(|| {
        let detector = Detector {
            network: ConvNet::new(study.window.n_samples, 2, 5),
            threshold: 0.5,
            study: study.clone(),
            curve: Vec::new(),
        };
        let source = Archive::open(archive(), "XX", "A", "", "HH?").unwrap();
        let span = TimeSpan {
            start: at("2014-05-31T23:20:00"),
            end: at("2014-06-01T00:20:00"),
        };
        let scan = detector.scan_spans(&source, &[span]).unwrap();
        let mut p = detector.event_probabilities(&scan).unwrap();
        p.sort_by(f64::total_cmp);
        p[p.len() * 49 / 50]
    })
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

/// Exit code, standard output and standard error.
fn quakebook(args: &[&str]) -> (i32, String, String) {
    let output = program(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quakebook"));
    command.args(args).env("OMP_NUM_THREADS", "1");
    command
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
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
    write(root.path(), "GOOD", &HH, span, 50.0);
    // A model for any station takes 40 samples a second or more.
    write(root.path(), "SLOW", &["BHE", "BHN", "BHZ"], span, 20.0);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    planned(&folder, root.path(), ShardSize::StationMonth);
    let plan = text(&folder);
    let (code, out, errors) = quakebook(&["work", "--plan", plan, "--all"]);
    assert_eq!(code, 1, "{out}{errors}");
    assert!(
        out.contains("1 shards scanned") && out.contains("1 failed"),
        "{out}"
    );
    assert!(errors.contains("XX.SLOW..BH.2014-05: failed"), "{errors}");
    let (code, out, _) = quakebook(&["status", "--plan", plan, "--json"]);
    assert_eq!(code, 4);
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&status["n_done"], &status["n_missing"]),
        (&1.into(), &0.into())
    );
    assert_eq!(status["failed"][0]["id"], "XX.SLOW..BH.2014-05");
    let table = dir.path().join("found.csv");
    let (code, _, errors) = quakebook(&["collect", "--plan", plan, "--out", text(&table)]);
    assert_eq!(code, 4, "{errors}");
    assert!(
        errors.contains("1 shards are missing in the table, of them 1"),
        "{errors}"
    );
    let manifest = std::fs::read_to_string(dir.path().join("found.csv.manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["missing"], serde_json::json!([1]));
    assert!(
        std::fs::read_to_string(&table)
            .unwrap()
            .contains("XX,GOOD,,HH?,")
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
    let channel = root.path().join("2014/XX/GOOD/HHZ.D");
    let day = channel.join("XX.GOOD..HHZ.D.2014.121");
    // A day file in another channel's folder, one with dashes for no location, and a damaged one.
    std::fs::copy(&day, channel.join("XX.GOOD..HHE.D.2014.121")).unwrap();
    std::fs::rename(&day, channel.join("XX.GOOD.--.HHZ.D.2014.121")).unwrap();
    std::fs::write(channel.join("XX.GOOD..HHZ.D.2014.300"), "no record").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    let plan = planned(&folder, root.path(), ShardSize::StationMonth);
    let ids: Vec<String> = plan.shards().unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(ids, ["XX.GOOD..HH.2014-05", "XX.GOOD..HH.2014-10"]);
    let left_out = std::fs::read_to_string(folder.join("left_out.txt")).unwrap();
    for odd in [
        "XX.ONE..HH?: 1 of three",
        "XX.LONG..LH?: of fewer than 10",
        "in another folder",
    ] {
        assert!(left_out.contains(odd), "{left_out}");
    }
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
    assert!(matches!(Worker::new(&plan, None), Err(Error::Train { .. })));
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
