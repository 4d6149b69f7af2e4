//! `quakebook scan` and `train` on archives with bad data.

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::quakebook;
use quakebook::Error;
use quakebook::catalog::{Catalog, Event};
use quakebook::method::Detector;
use quakebook::server::ServedArchive;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{
    Archive, Nslc, Record3C, Samples, Segment, Trace, WaveformSource, archive_near,
};
use serde_json::Value;

const START: &str = "2014-02-16T00:00:00";
const CHANNELS: [&str; 3] = ["HHE", "HHN", "HHZ"];

fn at(seconds: f64) -> Time {
    time::parse(START).unwrap() + time::seconds(seconds)
}

/// An hour of noise with an offset and the ocean's slow wave, and every minute a burst at 5 Hz.
fn hour() -> [Vec<i32>; 3] {
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
    };
    [0, 1, 2].map(|component| {
        let sample = |i: i32| {
            let t_s = f64::from(i) / 100.0;
            let after_s = (t_s - 20.0).rem_euclid(60.0);
            let burst = 400.0 * (31.4 * after_s).sin() * (-after_s / 2.0).exp();
            let swell = 300.0 * (0.9 * t_s + f64::from(component)).sin();
            (3000.0 + swell + 20.0 * noise() + burst).round() as i32
        };
        (0..360_000).map(sample).collect()
    })
}

fn bursts() -> impl Iterator<Item = Time> {
    (0..60).map(|i| at(20.0 + 60.0 * f64::from(i)))
}

fn write(root: &Path, data: [Vec<i32>; 3]) {
    let trace = |(channel, samples)| Trace {
        id: Nslc::new("XX", "ABC", "", channel).unwrap(),
        sampling_rate_hz: 100.0,
        segments: vec![Segment {
            start: at(0.0),
            samples: Samples::Int32(samples),
        }],
    };
    let traces: Vec<Trace> = CHANNELS.into_iter().zip(data).map(trace).collect();
    let archive = Archive::create(root, "XX", "ABC", "", "HH*", false).unwrap();
    archive.write(&traces).unwrap();
}

fn day_file(root: &Path, channel: &str) -> PathBuf {
    root.join(format!(
        "2014/XX/ABC/{channel}.D/XX.ABC..{channel}.D.2014.047"
    ))
}

/// A folder with a sound archive and two runs: `banded`, and `plain` without a filter.
fn lab() -> &'static Path {
    static LAB: OnceLock<tempfile::TempDir> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("sds"), hour());
        let event = |(i, origin_time)| Event {
            id: format!("burst{i}"),
            origin_time,
            longitude_deg: -97.0,
            latitude_deg: 35.0,
            depth_km: Some(5.0),
            magnitude: 2.0,
            magnitude_type: "ML".into(),
            event_type: "earthquake".into(),
        };
        let events = bursts().enumerate().map(event).collect();
        let catalog = Catalog::new("made up", false, events);
        std::fs::write(dir.path().join("bursts.csv"), catalog.to_comcat_csv()).unwrap();
        let mut study = quakebook::study::Study::oklahoma();
        study.cluster.k = 1;
        study.train.max_epochs = 8;
        study.train.batch_size = 16;
        study.scan.start = at(2700.0);
        study.scan.end = at(3600.0);
        study.held_out.start = at(1e7);
        study.held_out.end = at(1.1e7);
        std::fs::write(dir.path().join("study.toml"), study.to_toml()).unwrap();
        for (run, band) in [("banded", &["--band", "1-20"][..]), ("plain", &[])] {
            let (code, _, errors) = quakebook(dir.path(), &training("sds", run, band));
            assert_eq!(code, 0, "{errors}");
        }
        dir
    };
    LAB.get_or_init(make).path()
}

fn training<'a>(archive: &'a str, run: &'a str, band: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["train", "--study", "study.toml", "--json", "--run", run];
    args.extend(["--archive", archive, "--catalog", "bursts.csv"]);
    args.extend(["--stream", "XX.ABC..HH*", "--onset", "catalog-time"]);
    args.extend(["--guard", "10", "--segment", "30"]);
    args.extend(band);
    args
}

/// What a scan of the whole hour told, and its standard error.
fn scan(root: &Path, run: &str, more: &[&str], code: i32) -> (Value, String) {
    let out = root.join(format!("{run}.csv"));
    let mut args = vec!["scan", "--run", run, "--archive", root.to_str().unwrap()];
    args.extend(["--from", START, "--to", "2014-02-16T01:00:00", "--json"]);
    args.extend(["--out", out.to_str().unwrap()]);
    args.extend(more);
    let (found, text, errors) = quakebook(lab(), &args);
    assert_eq!(found, code, "{errors}");
    (serde_json::from_str(&text).unwrap_or_default(), errors)
}

fn detections(found: &Value) -> Vec<[Time; 2]> {
    let of = |d: &Value| ["start", "end"].map(|key| time::parse(d[key].as_str().unwrap()).unwrap());
    found["detections"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

/// Changes the day file of the vertical component in a copy of the sound archive.
fn damaged(dir: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let root = dir.join("sds");
    for channel in CHANNELS {
        let (from, to) = (
            day_file(&lab().join("sds"), channel),
            day_file(&root, channel),
        );
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
    let file = day_file(&root, "HHZ");
    let mut bytes = std::fs::read(&file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
    root
}

#[test]
fn damage_costs_the_records_that_it_hits() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 8] = [
        ("a last record cut short", |bytes| {
            bytes.truncate(bytes.len() - 256)
        }),
        ("a newline at the end", |bytes| bytes.push(b'\n')),
        ("zeros in the middle", |bytes| {
            let middle = bytes.len() / 2 / 512 * 512;
            bytes[middle..middle + 512].fill(0);
        }),
        ("a block of zeros more", |bytes| {
            let middle = bytes.len() / 2 / 4096 * 4096;
            bytes.splice(middle..middle, [0; 512]);
        }),
        ("one flipped bit", |bytes| {
            let record = bytes.len() / 3 / 4096 * 4096;
            bytes[record + 1001] ^= 8;
        }),
        ("a page before the records", |bytes| {
            bytes.splice(0..0, *b"<html><body>Service unavailable</body></html>\r\n");
        }),
        ("a page in place of records", |bytes| {
            *bytes = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".to_vec();
        }),
        ("an empty file", Vec::clear),
    ];
    let sound = scan(&lab().join("sds"), "banded", &[], 0).0;
    for (what, change) in changes {
        let dir = tempfile::tempdir().unwrap();
        let root = damaged(dir.path(), change);
        let is_whole_file = what == "a page in place of records" || what == "an empty file";
        println!("{what}");
        let (found, errors) = scan(&root, "banded", &[], 3);
        let named = found["damaged"].as_array().unwrap();
        assert_eq!(
            found["n_damaged"].as_u64().unwrap() as usize,
            named.len(),
            "{what}"
        );
        let named = named[0].as_str().unwrap();
        assert!(named.contains("HHZ.D.2014.047, byte "), "{what}: {named}");
        assert!(errors.contains(named), "{what}: {errors}");
        let n = |found: &Value| found["n_windows"].as_u64().unwrap();
        let lost = n(&sound) - n(&found);
        match is_whole_file {
            true => assert_eq!(n(&found), 0, "{what}"),
            // A record of 4,096 bytes has about 30 s; windows of 10 s every half second.
            false => assert!(lost < 2 * 2 * (40 + 10 + 2), "{what}: {lost} windows"),
        }
    }
    // A training says so too.
    let dir = tempfile::tempdir().unwrap();
    let root = damaged(dir.path(), changes[2].1);
    let run = dir.path().join("run");
    let args = training(
        root.to_str().unwrap(),
        run.to_str().unwrap(),
        &["--band", "1-20"],
    );
    let (code, text, errors) = quakebook(lab(), &args);
    assert_eq!(code, 3, "{errors}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["n_damaged"], 1, "{told}");
    assert!(errors.contains("HHZ.D.2014.047, byte "), "{errors}");
}

#[test]
fn what_fills_a_gap_is_not_detected() {
    // Thirty seconds of the vertical component, with half a minute without a burst around.
    const FILLED: std::ops::Range<usize> = 183_000..186_000;
    let fill = |value: Option<i32>| {
        let mut data = hour();
        let row = &mut data[2];
        let (first, rise) = (row[FILLED.start], row[FILLED.end] - row[FILLED.start]);
        for (i, y) in row[FILLED].iter_mut().enumerate() {
            let line = f64::from(first) + f64::from(rise) * i as f64 / 3000.0;
            *y = value.unwrap_or(line.round() as i32);
        }
        data
    };
    let held = hour()[2][FILLED.start - 1];
    let values = [0, 3000, held, i32::MIN, 999_999, 8_388_607].map(Some);
    let sound = lab().join("sds");
    let expected = ["banded", "plain"].map(|run| detections(&scan(&sound, run, &[], 0).0));
    for value in values.into_iter().chain([None]) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), fill(value));
        for (run, expected) in ["banded", "plain"].into_iter().zip(&expected) {
            let found = scan(dir.path(), run, &[], 0).0;
            // A second is masked where the filter rings.
            let masked = [at(1830.05), at(1860.0)];
            let touches = |[start, end]: &[Time; 2]| *start < masked[1] && *end > masked[0];
            let apart = |all: &[[Time; 2]]| -> Vec<[Time; 2]> {
                let far = [at(1810.0), at(1880.0)];
                let is_far = |[start, end]: &&[Time; 2]| *end < far[0] || *start > far[1];
                all.iter().filter(is_far).copied().collect()
            };
            let found = detections(&found);
            let first = found.iter().find(|d| touches(d));
            assert_eq!(first, None, "{value:?} {run}");
            assert_eq!(apart(&found), apart(expected), "{value:?} {run}");
            assert!(found.len() <= expected.len(), "{value:?} {run}");
        }
    }
}

#[test]
fn a_detector_that_is_always_on_is_told() {
    let root = lab().join("sds");
    let (usual, errors) = scan(&root, "banded", &[], 0);
    assert_eq!(usual["warnings"], serde_json::json!([]), "{errors}");
    assert!(usual["share_on"].as_f64().unwrap() < 0.4, "{usual}");
    let (on, errors) = scan(&root, "banded", &["--threshold", "1e-30"], 0);
    assert!(
        errors.contains("warning: the detector is on for 100 %"),
        "{errors}"
    );
    assert_eq!(on["warnings"].as_array().unwrap().len(), 1);
    assert!(on["share_on"].as_f64().unwrap() > 0.99);
    // Half a minute may be one earthquake.
    let mut args = vec!["scan", "--run", "banded", "--archive", "sds"];
    args.extend(["--from", START, "--to", "2014-02-16T00:00:30"]);
    args.extend(["--threshold", "1e-30", "--out", "short.csv"]);
    let (code, _, errors) = quakebook(lab(), &args);
    assert!(code == 0 && !errors.contains("warning"), "{errors}");
    let n = on["detections"].as_array().unwrap().len();
    assert!((6..=8).contains(&n), "an hour in parts of ten minutes: {n}");
    let (on, _) = scan(
        &root,
        "banded",
        &["--threshold", "1e-30", "--longest", "60"],
        0,
    );
    assert!(on["detections"].as_array().unwrap().len() >= 59);
    for bad in [
        ["--longest", "0"],
        ["--longest", "1e9"],
        ["--merge-gap", "-1"],
    ] {
        scan(&root, "banded", &bad, 2);
    }
}

#[test]
fn a_stream_that_is_not_there_is_told() {
    let root = lab().join("sds");
    for (stream, sought) in [
        ("XX.ABC..BH*", "XX.ABC..BH*"),
        ("XX.ABC.00.HH*", "XX.ABC.00.HH*"),
        ("XX.XYZ..HH*", "XX.XYZ..HH*"),
    ] {
        let (_, errors) = scan(&root, "banded", &["--stream", stream], 1);
        assert!(
            errors.contains(sought) && errors.contains("XX.ABC..HHE, XX.ABC..HHN"),
            "{errors}"
        );
        let mut args = training("sds", "none", &[]);
        let place = args.iter().position(|arg| *arg == "XX.ABC..HH*").unwrap();
        args[place] = stream;
        let (code, _, errors) = quakebook(lab(), &args);
        assert_eq!(code, 1);
        assert!(
            errors.contains(sought) && errors.contains("XX.ABC..HHE, XX.ABC..HHN"),
            "{errors}"
        );
    }
}

#[test]
fn a_file_in_the_wrong_folder_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = damaged(dir.path(), |_| {});
    std::fs::copy(day_file(&root, "HHE"), day_file(&root, "HHZ")).unwrap();
    let (found, errors) = scan(&root, "banded", &[], 3);
    assert_eq!(
        (&found["n_windows"], &found["n_damaged"]),
        (&Value::from(0), &Value::from(1))
    );
    assert!(
        errors.contains("records of XX.ABC..HHE in a day file of XX.ABC..HHZ"),
        "{errors}"
    );
}

#[test]
fn files_that_contradict_each_other_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = damaged(dir.path(), |_| {});
    // The file of the next day has other samples of the first day's last minutes.
    let trace = Trace {
        id: Nslc::new("XX", "ABC", "", "HHZ").unwrap(),
        sampling_rate_hz: 100.0,
        segments: vec![Segment {
            start: at(3000.0),
            samples: Samples::Int32((0..12_000).map(|i| i % 100).collect()),
        }],
    };
    let next = root.join("2014/XX/ABC/HHZ.D/XX.ABC..HHZ.D.2014.048");
    std::fs::write(next, quakebook::waveform::mseed::write(&[trace]).unwrap()).unwrap();
    let (found, errors) = scan(&root, "banded", &[], 3);
    assert!(errors.contains("are there twice, and differ"), "{errors}");
    // Two minutes are a gap, and no more.
    let sound = scan(&lab().join("sds"), "banded", &[], 0).0;
    let n = |found: &Value| found["n_windows"].as_i64().unwrap();
    let lost = n(&sound) - n(&found);
    assert!((260..270).contains(&lost), "{lost}");
}

/// Small archives with the faults of real ones.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn real_archives_with_faults() {
    let dir = tempfile::tempdir().unwrap();
    let faults = common::real_data().join("faults");
    let scan = |name: &str| {
        let (out, archive) = (dir.path().join("found.csv"), faults.join(name));
        let mut args = vec![
            "scan",
            "--run",
            "banded",
            "--archive",
            archive.to_str().unwrap(),
        ];
        args.extend([
            "--stream",
            "CX.PB01..HH*",
            "--json",
            "--out",
            out.to_str().unwrap(),
        ]);
        args.extend([
            "--from",
            "2014-05-01T08:01:00",
            "--to",
            "2014-05-01T08:03:30",
        ]);
        let (code, text, errors) = quakebook(lab(), &args);
        let found: Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(
            (code, &found["n_damaged"]),
            (3, &Value::from(1)),
            "{name}: {errors}"
        );
        let told = found["damaged"][0].as_str().unwrap();
        (found["n_windows"].as_u64().unwrap(), told.to_string())
    };
    // Two and a half minutes of windows every half second, less 10 s at the end and what rings at the start.
    for (name, told) in [
        ("truncated_sds", "truncated"),
        ("extra_newline_sds", "HHZ.D.2014.121, byte 12800"),
        (
            "misfiled_sds",
            "records of CX.PB01..HHE in a day file of CX.PB01..HHZ",
        ),
    ] {
        let (n_windows, what) = scan(name);
        assert!(what.contains(told), "{what}");
        assert!((250..290).contains(&n_windows), "{name}: {n_windows}");
    }
}

/// A record that begins twenty minutes before midnight in the next day's file.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn what_a_file_holds_is_known_from_its_records() {
    let root = common::real_data().join("faults/scan_next_day_file_sds");
    let archive = Archive::open(root, "CX", "PB01", "", "LH*").unwrap();
    for start in [
        "2014-06-11T23:35:00",
        "2014-06-11T23:41:00",
        "2014-06-11T23:59:00",
    ] {
        for n_samples in [60, 3600] {
            let record = archive
                .record(time::parse(start).unwrap(), n_samples)
                .unwrap();
            assert_eq!(
                (record.n_samples(), record.gaps().len()),
                (n_samples, 0),
                "{start}"
            );
        }
    }
}

/// A source that counts what it is asked for, and may hide what it knows of its files.
struct Counting<'a> {
    archive: &'a Archive,
    tells: bool,
    n_records: AtomicUsize,
}

impl WaveformSource for Counting<'_> {
    fn record(&self, start: Time, n_samples: usize) -> quakebook::Result<Record3C> {
        self.n_records.fetch_add(1, Ordering::Relaxed);
        self.archive.record(start, n_samples)
    }

    fn held(&self, span: &TimeSpan) -> Vec<TimeSpan> {
        match self.tells {
            true => self.archive.held(span),
            false => vec![*span],
        }
    }
}

#[test]
fn spans_without_files_are_passed_over() {
    let archive = Archive::open(lab().join("sds"), "XX", "ABC", "", "HH*").unwrap();
    let scanned = |run: &str, tells, [from, to]: [f64; 2]| {
        let detector = Detector::read(&lab().join(run)).unwrap();
        let (source, n_records) = (&archive, AtomicUsize::new(0));
        let source = Counting {
            archive: source,
            tells,
            n_records,
        };
        let [start, end] = [from, to].map(|days| at(86_400.0 * days));
        let scanned = detector.scan(&source, &TimeSpan { start, end }).unwrap();
        (scanned, source.n_records.into_inner())
    };
    for run in ["banded", "plain"] {
        let (passed, few) = scanned(run, true, [-60.0, 60.0]);
        let (asked, many) = scanned(run, false, [-60.0, 60.0]);
        assert_eq!(passed, asked);
        assert!(!passed.detections.is_empty() && passed.unscanned["no data"] > 5_000_000 / 2);
        // Eight days on either side of the day may hold records of its file.
        assert!(few < 17 * 25 && many > 120 * 24, "{few} {many}");
    }
    // Thirty years.
    let (passed, few) = scanned("plain", true, [-5000.0, 6000.0]);
    assert!(few < 17 * 25 && !passed.detections.is_empty(), "{few}");
    let nothing = archive.held(&TimeSpan {
        start: at(-1e8),
        end: at(-1e7),
    });
    assert!(nothing.is_empty());
}

/// Standard error of a training or a scan that is refused before its work.
fn refused(args: &[&str]) -> String {
    let (code, _, errors) = quakebook(lab(), args);
    assert_eq!(code, 1, "{args:?}: {errors}");
    assert!(!errors.contains("cutting"), "{errors}");
    errors
}

#[test]
fn a_used_run_folder_keeps_its_catalog() {
    let text = std::fs::read_to_string(lab().join("bursts.csv")).unwrap();
    let fewer: Vec<&str> = text.lines().take(50).collect();
    std::fs::write(lab().join("fewer.csv"), fewer.join("\n")).unwrap();
    let mut args = training("sds", "plain", &[]);
    let given = args.iter().position(|arg| *arg == "bursts.csv").unwrap();
    args[given] = "fewer.csv";
    let errors = refused(&args);
    assert!(
        errors.contains("60 events") && errors.contains("49 of fewer.csv"),
        "{errors}"
    );
    // The same events of another file are the same.
    std::fs::copy(lab().join("bursts.csv"), lab().join("same.csv")).unwrap();
    args[given] = "same.csv";
    let (code, _, errors) = quakebook(lab(), &args);
    assert_eq!(code, 0, "{errors}");
}

#[test]
fn where_nothing_can_be_written_is_refused_first() {
    std::fs::write(lab().join("a_file"), "").unwrap();
    for run in ["/dev/null", "a_file", "a_file/below"] {
        let errors = refused(&training("sds", run, &[]));
        assert!(errors.contains(run.trim_end_matches("/below")), "{errors}");
    }
    for out in ["a_file/found.csv", "sds.csv"] {
        std::fs::create_dir_all(lab().join("sds.csv")).unwrap();
        let mut args = vec!["scan", "--run", "plain", "--archive", "sds", "--out", out];
        args.extend(["--from", START, "--to", "2014-02-16T01:00:00"]);
        let errors = refused(&args);
        assert!(!errors.contains("windows") && errors.contains(out.trim_end_matches("/found.csv")));
    }
}

#[test]
fn what_is_missing_is_told_with_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("sds");
    write(&root, hour());
    let scan = |archive: &Path, from: &str, to: &str| {
        let mut args = vec!["scan", "--run", "plain", "--out", "nothing.csv"];
        args.extend([
            "--archive",
            archive.to_str().unwrap(),
            "--from",
            from,
            "--to",
            to,
        ]);
        let (code, _, errors) = quakebook(lab(), &args);
        (code, errors)
    };
    // The time is wrong.
    let (code, errors) = scan(&root, "2019-01-01", "2019-01-02");
    assert_eq!(code, 4, "{errors}");
    for words in [
        "not at this time",
        "XX.ABC..HHZ of 2014-02-16",
        "2019-01-02",
    ] {
        assert!(errors.contains(words), "{errors}");
    }
    // The folder is one too deep, or one too high.
    for folder in [
        root.join("2014"),
        root.join("2014/XX/ABC"),
        dir.path().into(),
    ] {
        let (code, errors) = scan(&folder, START, "2014-02-16T01:00:00");
        let told = format!("Give {} as the archive", root.display());
        assert!(code == 1 && errors.contains(&told), "{errors}");
    }
    let error = Archive::create(root.join("2014"), "XX", "ABC", "", "HH*", false).unwrap_err();
    assert!(
        matches!(&error, Error::Waveform { remedy, .. } if *remedy == format!("Give {}", root.display()))
    );
    assert_eq!(archive_near(&root), None);
    // A day file lies in another channel's folder.
    let moved = day_file(&root, "HHE").with_file_name("XX.ABC..HHN.D.2014.047");
    std::fs::rename(day_file(&root, "HHN"), &moved).unwrap();
    let (code, errors) = scan(&root, START, "2014-02-16T01:00:00");
    assert_eq!(code, 1, "{errors}");
    let served = ServedArchive::open(&root).unwrap().start(0).unwrap();
    for told in [errors.clone(), served.faults().concat()] {
        assert!(
            told.contains(moved.to_str().unwrap()) && told.contains("2014/XX/ABC/HHN.D"),
            "{told}"
        );
    }
    // Two components are there.
    for words in [
        "three components",
        "sought XX.ABC..HH*",
        "XX.ABC..HHE of",
        "XX.ABC..HHZ of",
    ] {
        assert!(errors.contains(words), "{errors}");
    }
    // At this time.
    std::fs::create_dir_all(day_file(&root, "HHN").parent().unwrap()).unwrap();
    let other_day = day_file(&root, "HHN").with_file_name("XX.ABC..HHN.D.2014.048");
    std::fs::rename(&moved, other_day).unwrap();
    std::fs::remove_file(day_file(&root, "HHE")).unwrap();
    let (code, errors) = scan(&root, START, "2014-02-16T01:00:00");
    assert!(code == 1 && errors.contains("three components"), "{errors}");
}
