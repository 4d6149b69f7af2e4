//! Plans of picks: the table is that of `quakebook pick`, whatever the shards are and whoever was killed.

mod common;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use common::plans::*;
use common::{Beside, trace};
use quakebook::Error;
use quakebook::locate::PhasePick;
use quakebook::plan::{Makes, Plan, Status, collect};
use quakebook::waveform::{Archive, Samples};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

/// Noise gives picks enough where nearly everything is one.
const THRESHOLDS: [&str; 4] = ["--p-threshold", "0.02", "--s-threshold", "0.02"];

/// Stations over the end of a month and of a year, with three components and with one, at two rates, and a day by itself.
fn picked_archive() -> &'static Path {
    static ARCHIVE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let dir = ARCHIVE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let over_midnight = ("2014-05-31T23:40:00.007", "2014-06-01T00:20:00");
        write(root, "A", &HH, over_midnight, 100.0);
        let hour = ("2014-06-04T00:00:00", "2014-06-04T00:10:00");
        write(root, "A", &HH, hour, 100.0);
        let over_the_year = ("2014-12-31T23:50:00", "2015-01-01T00:10:00");
        write(root, "B", &["BHE", "BHN", "BHZ"], over_the_year, 50.0);
        let vertical = ("2014-05-31T23:50:00.003", "2014-06-01T00:10:00");
        write(root, "C", &["EHZ"], vertical, 100.0);
        dir
    });
    dir.path()
}

fn run(args: &[&str]) -> String {
    let (code, out, errors) = quakebook(args);
    assert_eq!(code, 0, "{args:?}: {out}{errors}");
    out
}

/// A command on the archive with the model that comes with the program.
fn by_onsets(command: &str) -> [&str; 5] {
    let archive = text(picked_archive());
    [command, "--model", "onsets", "--archive", archive]
}

/// `quakebook pick` of the whole archive into a file of that ending, with its bytes.
fn whole(ending: &str, more: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join(format!("whole.{ending}"));
    let base = by_onsets("pick");
    let out_args = ["--out", text(&out)];
    quakebook(&[&base[..], &THRESHOLDS, &out_args, more].concat());
    std::fs::read(out).unwrap()
}

fn table() -> &'static [u8] {
    static TABLE: OnceLock<Vec<u8>> = OnceLock::new();
    TABLE.get_or_init(|| whole("csv", &[]))
}

fn plan_into(dir: &Path, more: &[&str]) -> Plan {
    let base = by_onsets("plan");
    let out = ["--out", text(dir)];
    run(&[&base[..], &THRESHOLDS, &out, more].concat());
    Plan::open(dir).unwrap()
}

/// The bytes that `quakebook collect` writes.
fn collected(plan: &Plan, ending: &str, more: &[&str]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join(format!("found.{ending}"));
    let base = ["collect", "--plan", text(plan.dir()), "--out", text(&out)];
    run(&[&base[..], more].concat());
    let manifest = dir.path().join(format!("found.{ending}.manifest.json"));
    let told: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    let n_rows = table().iter().filter(|byte| **byte == b'\n').count() - 1;
    assert_eq!(told["n_picks"], n_rows);
    std::fs::read(out).unwrap()
}

#[test]
fn shards_of_any_size_give_what_pick_gives() {
    let rows = String::from_utf8_lossy(table()).to_string();
    for part in [
        "2014-05-31T23:59",
        "2014-06-01T00:00",
        "2014-12-31T23:59",
        "2015-01-01T00:00",
        "2014-06-04",
        "XX.C..EH",
    ] {
        assert!(rows.contains(part), "{part}: {rows}");
    }
    for (size, n_shards) in [
        ("station-day", 7),
        ("station-month", 6),
        ("station-year", 4),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let plan = plan_into(&dir.path().join("plan"), &["--shard", size]);
        assert_eq!((plan.n_shards(), plan.makes()), (n_shards, Makes::Picks));
        let folder = text(plan.dir());
        let told = run(&["work", "--plan", folder, "--all"]);
        assert!(
            told.starts_with(&format!("{n_shards} shards picked")),
            "{told}"
        );
        let found = collected(&plan, "csv", &[]);
        assert_eq!(String::from_utf8_lossy(&found), rows, "{size}");
        for (ending, more) in [
            ("xml", &[][..]),
            ("parquet", &[]),
            ("csv", &["--columns", "seisbench"]),
        ] {
            assert!(
                collected(&plan, ending, more) == whole(ending, more),
                "{size} {ending}"
            );
        }
        let status = run(&["status", "--plan", folder]);
        assert!(
            status.contains(&format!("{} picks in ", rows.lines().count() - 1)),
            "{status}"
        );
        // Work that is done is left.
        let told = run(&["work", "--plan", folder, "--all"]);
        assert!(told.starts_with("0 shards picked"), "{told}");
    }
}

#[test]
fn a_killed_worker_loses_and_doubles_no_pick() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let dir = tempfile::tempdir().unwrap();
    let plan = plan_into(&dir.path().join("plan"), &["--shard", "station-day"]);
    let folder = text(plan.dir());
    let args = ["work", "--all", "--again", "--plan", folder];
    let mut at_work: Option<Beside> = None;
    for _ in 0..20 {
        let mut worker = program(&args);
        let worker = Beside::start(worker.stdout(Stdio::null()).stderr(Stdio::null()));
        std::thread::sleep(Duration::from_millis(rng.random_range(0..1500)));
        if let Some(mut worker) = at_work.replace(worker) {
            worker.kill();
        }
        // What is there is true, and nothing is there twice.
        let table = String::from_utf8_lossy(table());
        let some = collect(&plan).unwrap();
        let known: std::collections::HashSet<&str> = table.lines().collect();
        let mut seen = std::collections::HashSet::new();
        for row in String::from_utf8(some.to_csv()).unwrap().lines() {
            assert!(known.contains(row) && seen.insert(row.to_string()), "{row}");
        }
    }
    drop(at_work);
    run(&["work", "--all", "--plan", folder]);
    assert_eq!(collected(&plan, "csv", &[]), table());
    assert!(Status::of(&plan).unwrap().is_complete());
}

#[test]
fn who_seeks_one_channel_gets_its_band() {
    let sought = [
        "--stations",
        "XX.A..HHZ",
        "--from",
        "2014-05-31",
        "--to",
        "2014-06-01T00:07:03.5",
    ];
    let dir = tempfile::tempdir().unwrap();
    let plan = plan_into(&dir.path().join("plan"), &sought);
    run(&["work", "--plan", text(plan.dir()), "--all"]);
    let found = String::from_utf8(collect(&plan).unwrap().to_csv()).unwrap();
    assert!(found.lines().count() > 5, "{found}");
    assert_eq!(found, String::from_utf8(whole("csv", &sought)).unwrap());
    let base = by_onsets("plan");
    let more = [
        "--stations",
        "XX.A",
        "--stations",
        "XX.Q",
        "--out",
        text(dir.path()),
    ];
    let (code, ..) = quakebook(&[&base[..], &more].concat());
    assert_eq!(code, 1, "a folder that is not empty");
    let out = dir.path().join("other");
    let more = [
        "--stations",
        "XX.A",
        "--stations",
        "XX.Q",
        "--out",
        text(&out),
    ];
    let (code, _, errors) = quakebook(&[&base[..], &more].concat());
    assert_eq!(code, 4, "{errors}");
    assert!(
        errors.contains("XX.Q") && errors.contains("no day file of it"),
        "{errors}"
    );
}

#[test]
fn another_picker_than_the_planned_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan_into(&dir.path().join("plan"), &[]);
    let folder = plan.dir().to_path_buf();
    let header = std::fs::read_to_string(folder.join("plan.toml")).unwrap();
    let card = quakebook::method::PICKERS[0].description().unwrap();
    assert!(header.contains(&card.weights_sha256), "{header}");
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 3] = [
        ("model/weights.safetensors", |bytes| {
            *bytes.last_mut().unwrap() ^= 1
        }),
        ("model/picker.json", |bytes| bytes.push(b' ')),
        ("plan.toml", |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text
                .replace("hop_samples = 501", "hop_samples = 5")
                .into_bytes();
        }),
    ];
    for (name, change) in changes {
        let path = folder.join(name);
        let kept = std::fs::read(&path).unwrap();
        let mut bytes = kept.clone();
        change(&mut bytes);
        assert_ne!(bytes, kept);
        std::fs::write(&path, bytes).unwrap();
        let (code, _, errors) = quakebook(&["work", "--plan", text(&folder), "--all"]);
        assert_eq!(code, 1, "{name}");
        assert!(errors.contains("picker"), "{name}: {errors}");
        std::fs::write(&path, kept).unwrap();
    }
    // Another threshold is another plan.
    let base = by_onsets("plan");
    let (code, _, errors) = quakebook(&[&base[..], &["--out", text(&folder)]].concat());
    assert_eq!(code, 1);
    assert!(errors.contains("another plan"), "{errors}");
}

#[test]
fn picks_and_detections_are_not_taken_for_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan_into(&dir.path().join("plan"), &["--stations", "XX.C"]);
    match plan.detector() {
        Err(Error::Plan { what, .. }) => assert!(what.contains("a plan of picks"), "{what}"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a detector"),
    }
    let archive = text(picked_archive());
    let out: PathBuf = dir.path().join("other");
    let detections = dir.path().join("detections");
    run(&[
        "plan",
        "--model",
        "regional",
        "--archive",
        archive,
        "--out",
        text(&detections),
    ]);
    let found = dir.path().join("found.csv");
    let told: [(&[&str], &str); 6] = [
        (
            &[
                "plan",
                "--model",
                "onsets",
                "--threshold",
                "0.5",
                "--archive",
                archive,
                "--out",
                text(&out),
            ],
            "--p-threshold",
        ),
        (
            &[
                "plan",
                "--model",
                "regional",
                "--p-threshold",
                "0.5",
                "--archive",
                archive,
                "--out",
                text(&out),
            ],
            "--threshold",
        ),
        (
            &[
                "scan",
                "--model",
                "onsets",
                "--archive",
                archive,
                "--out",
                text(&found),
            ],
            "onsets is a picker",
        ),
        (
            &[
                "pick",
                "--model",
                "regional",
                "--archive",
                archive,
                "--out",
                text(&found),
            ],
            "regional is a detector",
        ),
        (
            &[
                "collect",
                "--plan",
                text(&detections),
                "--columns",
                "gamma",
                "--out",
                text(&found),
            ],
            "makes detections",
        ),
        (
            &[
                "plan",
                "--model",
                "nothing",
                "--archive",
                archive,
                "--out",
                text(&out),
            ],
            "regional, onsets",
        ),
    ];
    for (args, expected) in told {
        let (code, _, errors) = quakebook(args);
        assert_eq!(code, 2, "{args:?}");
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
    // The table of detections holds no picks.
    let (code, ..) = quakebook(&[
        "collect",
        "--plan",
        text(&detections),
        "--out",
        text(&found),
    ]);
    assert_eq!(code, 4);
    let error = PhasePick::read(&found).unwrap_err().to_string();
    assert!(error.contains("detections"), "{error}");
}

#[test]
fn the_collected_table_is_read_where_picks_are() {
    let dir = tempfile::tempdir().unwrap();
    let plan = plan_into(&dir.path().join("plan"), &[]);
    run(&["work", "--plan", text(plan.dir()), "--all"]);
    let n = collect(&plan).unwrap().picks.picks.len();
    for ending in ["csv", "parquet", "xml"] {
        let out = dir.path().join(format!("picks.{ending}"));
        run(&["collect", "--plan", text(plan.dir()), "--out", text(&out)]);
        assert_eq!(PhasePick::read(&out).unwrap().len(), n, "{ending}");
    }
    let parts = dir.path().join("parts.parquet");
    run(&[
        "collect",
        "--plan",
        text(plan.dir()),
        "--partitioned",
        "--out",
        text(&parts),
    ]);
    let parts = files(&parts);
    let names: Vec<&str> = parts
        .iter()
        .map(|part| text(part.strip_prefix(dir.path()).unwrap()))
        .collect();
    let folder = "parts.parquet/network=XX";
    let months = [
        "2014/month=05",
        "2014/month=06",
        "2014/month=12",
        "2015/month=01",
    ];
    assert_eq!(
        names,
        months.map(|month| format!("{folder}/year={month}/picks.parquet"))
    );
    let n_parts: usize = parts
        .iter()
        .map(|part| PhasePick::read(part).unwrap().len())
        .sum();
    assert_eq!(n_parts, n);
}

/// A station that fell silent: its shard is done, and who asks for its picks hears that there can be none.
#[test]
fn a_dead_station_is_done_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let sds = dir.path().join("sds");
    let archive = Archive::create(&sds, "GS", "OK029", "00", "*", false).unwrap();
    for channel in ["HHE", "HHN", "HHZ"] {
        let still = Samples::Int32(vec![7; 60_000]);
        archive
            .write(&[trace(channel, "2014-05-01T00:00:00", still)])
            .unwrap();
    }
    let folder = dir.path().join("plan");
    run(&[
        "plan",
        "--model",
        "onsets",
        "--archive",
        text(&sds),
        "--out",
        text(&folder),
    ]);
    run(&["work", "--plan", text(&folder), "--all"]);
    let status = run(&["status", "--plan", text(&folder)]);
    assert!(status.contains("0 picks in 0.0 hours"), "{status}");
    assert!(
        status.contains("without one window that could be picked"),
        "{status}"
    );
    let out = text(&dir.path().join("picks.csv")).to_string();
    let (code, _, told) = quakebook(&["collect", "--plan", text(&folder), "--out", &out]);
    assert!(
        code == 4 && told.contains("GS.OK029.00.HH?: nothing of it could be used"),
        "{code}: {told}"
    );
    for finder in [
        ["pick", "--model", "onsets"],
        ["scan", "--model", "regional"],
    ] {
        let of = ["--archive", text(&sds), "--out", &out];
        let (code, _, told) = quakebook(&[&finder[..], &of].concat());
        let expected = if finder[0] == "pick" { 4 } else { 1 };
        assert_eq!(code, expected, "{told}");
    }
}

/// An archive with gaps is the usual one: they are told, and no command calls them a fault.
#[test]
fn gaps_are_told_and_no_fault() {
    let dir = tempfile::tempdir().unwrap();
    let out = text(&dir.path().join("found.csv")).to_string();
    let mut pick = by_onsets("pick").to_vec();
    pick.extend(["--stations", "XX.A", "--out", &out]);
    let archive = text(archive());
    let scan = ["scan", "--model", "regional", "--archive", archive];
    let scan = [&scan[..], &["--stream", "XX.A..HH?", "--out", &out]].concat();
    for (args, told) in [(pick, "s not picked: nothing was"), (scan, "not scanned")] {
        let (code, _, errors) = quakebook(&args);
        assert!(code == 0 && errors.contains(told), "{code}: {errors}");
    }
    // As `plan`, `work` and `collect` of both do in the tests beside this one.
}

#[test]
fn a_place_without_day_files_is_told_with_what_lies_there() {
    let dir = tempfile::tempdir().unwrap();
    let commands = [["pick", "onsets"], ["scan", "regional"], ["plan", "onsets"]];
    let out = dir.path().join("out.csv");
    let run = |[command, model]: [&str; 2], archive: &Path, more: &[&str]| {
        let args = [command, "--model", model, "--archive", text(archive)];
        quakebook(&[&args[..], &["--out", text(&out)], more].concat())
    };
    let empty = dir.path().join("empty");
    let full = dir.path().join("full");
    std::fs::create_dir(&empty).unwrap();
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("day.mseed"), "").unwrap();
    for command in commands {
        for (folder, told) in [(&empty, "it is empty"), (&full, "day.mseed")] {
            let (code, _, errors) = run(command, folder, &[]);
            assert_eq!(code, 1, "{command:?}: {errors}");
            assert!(
                errors.contains(told) && !errors.contains("sought"),
                "{command:?}: {errors}"
            );
        }
        let years = picked_archive().join("2014");
        let (code, _, errors) = run(command, &years, &[]);
        let remedy = format!("Give {} as the archive", text(picked_archive()));
        assert!(code == 1 && errors.contains(&remedy), "{errors}");
    }
    // Where there are others, they are named.
    let sought = ["--stations", "XX.NONE", "--stations", "YY.*"];
    let (code, _, errors) = run(commands[0], picked_archive(), &sought);
    assert_eq!(code, 1, "{errors}");
    assert!(
        errors.contains("sought XX.NONE.*.*, YY.*.*.*; the archive has XX.A..HHE"),
        "{errors}"
    );
}

/// Who gave one of the two times hears of that one.
#[test]
fn a_time_beyond_the_archive_is_called_as_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let out = text(&dir.path().join("out.csv")).to_string();
    let stream = ["--stream", "XX.A..HH?"];
    for (command, model, of, code) in [
        ("pick", "onsets", &[][..], 4),
        ("scan", "regional", &stream, 1),
        ("plan", "onsets", &[], 1),
    ] {
        for (given, other, time) in [
            ("--from", "--to", "2030-01-01"),
            ("--to", "--from", "2001-01-01"),
        ] {
            let archive = text(picked_archive());
            let fixed = [command, "--model", model, "--archive", archive];
            let times = [given, time, "--out", &out];
            let (found, _, errors) = quakebook(&[&fixed[..], of, &times].concat());
            assert_eq!(found, code, "{command}: {errors}");
            let remedy = errors.rsplit_once("Give a").map(|(_, remedy)| remedy);
            assert!(
                errors.contains(given) && remedy.is_some_and(|of| !of.contains(other)),
                "{command}: {errors}"
            );
        }
    }
}

/// `--out -`, or the device itself: standard output has the table and nothing else.
#[test]
fn a_table_on_standard_output_stands_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plan");
    let plan = plan_into(&folder, &[]);
    run(&["work", "--plan", text(plan.dir()), "--all"]);
    let as_text = String::from_utf8(table().to_vec()).unwrap();
    let collect = ["collect", "--plan", text(plan.dir())];
    let pick = [&by_onsets("pick")[..], &THRESHOLDS].concat();
    for out in ["-", "/dev/stdout"] {
        for args in [&collect[..], &pick] {
            let (code, found, errors) = quakebook(&[args, &["--out", out]].concat());
            assert_eq!(code, 0, "{errors}");
            assert!(found == as_text, "{args:?}: {found}");
            assert!(errors.contains("to standard output"), "{errors}");
        }
    }
    assert!(!Path::new("-").exists() && !Path::new("-.manifest.json").exists());
    let scan = ["scan", "--model", "regional", "--archive", text(archive())];
    let scan = [&scan[..], &["--stream", "XX.B..BH?", "--out"]].concat();
    let (code, found, errors) = quakebook(&[&scan[..], &["-"]].concat());
    assert_eq!(code, 0, "{errors}");
    let file = text(&dir.path().join("found.csv")).to_string();
    assert_eq!(quakebook(&[&scan[..], &[&file]].concat()).0, 0);
    assert_eq!(found, std::fs::read_to_string(&file).unwrap());
    // An object and a table would be neither; an ending says what else there is.
    let (code, _, errors) = quakebook(&[&pick[..], &["--json", "--out", "-"]].concat());
    assert!(
        code == 2 && errors.contains("--json and --out -"),
        "{errors}"
    );
    let (code, _, errors) = quakebook(&[&pick[..], &["--out", "picks.txt"]].concat());
    assert!(code == 2 && errors.contains("- for CSV"), "{errors}");
}
