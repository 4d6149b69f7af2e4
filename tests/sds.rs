//! An archive of day files: links, pipes, read-only folders, misfiled and damaged records.

mod common;

use std::path::{Path, PathBuf};

use common::trace;
use quakebook::Error;
use quakebook::fdsn::{Client, DownloadParams, download};
use quakebook::server::ServedArchive;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::mseed::FaultKind;
use quakebook::waveform::{Archive, Nslc, Samples, Trace, WaveformSource, mseed};

const DAY: &str = "2014-02-16";

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

fn ramp(n: i32) -> Samples {
    Samples::Int32((0..n).map(|i| i * i % 9973).collect())
}

/// Ten minutes of three components.
fn ten_minutes() -> [Trace; 3] {
    ["HHE", "HHN", "HHZ"].map(|channel| trace(channel, DAY, ramp(60_000)))
}

fn open(root: &Path) -> Archive {
    Archive::open(root, "GS", "OK029", "00", "HH*").unwrap()
}

fn written() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    let files = archive.write(&ten_minutes()).unwrap();
    (folder, files)
}

fn names_io(error: &Error, path: &Path) -> bool {
    matches!(error, Error::Io { path: named, .. } if named == path)
}

#[cfg(unix)]
#[test]
fn marks_and_locks_follow_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let (root, target) = (folder.path().join("sds"), folder.path().join("target"));
    std::fs::create_dir(&root).unwrap();
    std::fs::write(&target, "kept").unwrap();
    std::os::unix::fs::symlink(&target, root.join("SIMULATED.txt")).unwrap();
    let archive = Archive::create(&root, "GS", "OK029", "00", "HH*", true).unwrap();
    assert!(archive.is_simulated());
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "kept");

    let none = folder.path().join("none");
    std::os::unix::fs::symlink(&none, root.join(".lock")).unwrap();
    let error = archive.write(&ten_minutes()).unwrap_err();
    assert!(names_io(&error, &root.join(".lock")), "{error}");
    assert!(!none.exists());

    std::fs::remove_file(root.join(".lock")).unwrap();
    std::os::unix::fs::symlink(folder.path(), root.join("2014")).unwrap();
    let error = archive.write(&ten_minutes()).unwrap_err();
    assert!(names_io(&error, &root.join("2014")), "{error}");
    assert!(!folder.path().join("GS").exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_as_day_file_is_named() {
    let (folder, files) = written();
    let file = files
        .iter()
        .find(|file| file.to_string_lossy().contains("HHZ"));
    let file = file.unwrap();
    std::fs::remove_file(file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(file).status();
    assert!(made.unwrap().success());
    for archive in [open(folder.path()), open(folder.path()).lenient()] {
        let start = at(DAY);
        let errors = [
            archive.record(start, 1000).map(drop).unwrap_err(),
            archive
                .traces(start, start + time::seconds(10.0))
                .map(drop)
                .unwrap_err(),
            archive.write(&ten_minutes()).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(names_io(&error, file), "{error}");
        }
    }
}

#[test]
fn a_complete_archive_is_read_without_writing() {
    let (folder, _) = written();
    let archive = open(folder.path());
    let stream = Nslc::new("GS", "OK029", "00", "HHZ").unwrap();
    let span = TimeSpan {
        start: at(DAY),
        end: at("2014-02-16T00:10:00"),
    };
    // Nobody can lock here, not even the superuser.
    std::fs::remove_file(folder.path().join(".lock")).unwrap();
    std::fs::create_dir(folder.path().join(".lock")).unwrap();
    let nobody = Client::at("http://127.0.0.1:9").unwrap().without_cache();
    let params = DownloadParams::default();
    let log = download(&nobody, &archive, &stream, span, &params, &mut |_| {}).unwrap();
    assert_eq!(log.n_samples(), 60_000);
    assert!(log.missing(span).is_empty());
    Archive::create(folder.path(), "GS", "OK029", "00", "HH*", false).unwrap();
}

#[test]
fn an_unreadable_line_costs_only_its_span() {
    let (folder, _) = written();
    let stream = Nslc::new("GS", "OK029", "00", "HHZ").unwrap();
    let ledger = folder.path().join("ledger");
    std::fs::create_dir(&ledger).unwrap();
    let text = "start,end,outcome,n_samples,n_faults,detail\n\
        -262142-01-01T00:00:00Z,262142-12-31T00:00:00Z,nothing,0,0,\"\"\n\
        2014-02-16T00:00:00.000000Z,2014-02-16T00:10:00.000000Z,arrived,60000,0,\"\"\n\
        not a line\n\
        2014-02-16T00:05:00.000000Z,2014-02-16T00:20:00.000000Z,nothing,0,0,\"\"\n\
        2014-02-16T01:00:00.000000Z,2014-02-16T02:00:00.000000Z,nothing,0,0,\"\"\n";
    std::fs::write(ledger.join(format!("{stream}.2014.csv")), text).unwrap();
    let span = TimeSpan {
        start: at(DAY),
        end: at("2014-02-16T02:00:00"),
    };
    let log = open(folder.path()).download_log(&stream, span).unwrap();
    assert_eq!(log.entries().len(), 2);
    assert_eq!(log.n_samples(), 60_000);
    let ends: Vec<Time> = log.missing(span).iter().map(|entry| entry.end).collect();
    assert_eq!(ends, [at("2014-02-16T01:00:00"), at("2014-02-16T02:00:00")]);
}

/// A record of version 2 whose header is changed by `change`.
fn changed(change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = mseed::write(&[trace("HHZ", DAY, ramp(10))]).unwrap();
    change(&mut bytes);
    bytes
}

#[test]
fn numbers_beyond_the_specification_are_header_faults() {
    let fraction = |bytes: &mut [u8]| bytes[28..30].copy_from_slice(&65_535_u16.to_be_bytes());
    let mut faulty = vec![changed(fraction)];
    // In place of blockette 1001 one of the rate.
    for rate in [1e-45_f32, 3e38, f32::NAN, f32::INFINITY, 0.0, -1.0] {
        faulty.push(changed(|bytes: &mut [u8]| {
            bytes[56..58].copy_from_slice(&100_u16.to_be_bytes());
            bytes[60..64].copy_from_slice(&rate.to_be_bytes());
        }));
    }
    let version3 = |change: &dyn Fn(&mut [u8])| {
        let mut bytes = mseed::write_version3(&[trace("HHZ", DAY, ramp(10))]).unwrap();
        change(&mut bytes);
        bytes
    };
    faulty.push(version3(&|bytes| {
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes())
    }));
    for rate in [1e-45, 1.7e308, 5e-324, f64::NAN, f64::INFINITY, -1e308] {
        faulty.push(version3(&move |bytes: &mut [u8]| {
            bytes[16..24].copy_from_slice(&f64::to_le_bytes(rate));
        }));
    }
    for bytes in faulty {
        let kinds: Vec<FaultKind> = mseed::read_lenient(&bytes, "test")
            .faults
            .iter()
            .map(|fault| fault.kind)
            .collect();
        // The CRC of version 3 is checked after the header.
        assert_eq!(kinds, [FaultKind::Header]);
    }
}

fn bytes_of(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap()
}

fn fault_kinds(archive: &Archive) -> Vec<FaultKind> {
    archive.faults().iter().map(|fault| fault.kind).collect()
}

#[test]
fn a_misfiled_record_is_named_and_not_read() {
    let (folder, files) = written();
    std::fs::write(&files[2], bytes_of(&files[0])).unwrap();
    let strict = open(folder.path()).record(at(DAY), 1000).unwrap_err();
    assert!(matches!(strict, Error::Waveform { .. }), "{strict}");
    assert!(strict.to_string().contains("HHZ.D"), "{strict}");
    let archive = open(folder.path()).lenient();
    assert!(archive.record(at(DAY), 1000).is_err());
    assert_eq!(fault_kinds(&archive), [FaultKind::OtherStream]);
}

#[test]
fn a_damaged_record_costs_that_record() {
    let (folder, files) = written();
    let mut bytes = bytes_of(&files[0]);
    bytes[4096 + 300] ^= 4;
    std::fs::write(&files[0], bytes).unwrap();
    let archive = open(folder.path()).lenient();
    let record = archive.record(at(DAY), 60_000).unwrap();
    let n_missing = record.data[0].iter().filter(|x| x.is_nan()).count();
    assert!((1..5000).contains(&n_missing), "{n_missing}");
    assert!(record.data[1].iter().all(|x| x.is_finite()));
    let faults = archive.faults();
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].byte, 4096);
    assert!(faults[0].file.contains("HHE.D"));
    assert!(open(folder.path()).record(at(DAY), 60_000).is_err());
}

/// Records of 1 Hz that last over an hour, in the day files of `day`, whenever they begin.
fn slow(root: &Path, start: &str, day: &str, n: i32) {
    for channel in ["LHE", "LHN", "LHZ"] {
        let mut trace = trace(channel, start, ramp(n));
        trace.sampling_rate_hz = 1.0;
        let archive = Archive::open(root, "GS", "OK029", "00", "LH*").unwrap();
        let file = archive.day_file(&trace.id, at(day).date_naive());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut bytes = std::fs::read(&file).unwrap_or_default();
        bytes.extend(mseed::write(&[trace]).unwrap());
        std::fs::write(file, bytes).unwrap();
    }
}

#[test]
fn records_over_midnight_are_found_in_either_file() {
    for day in ["2014-02-16", "2014-02-17"] {
        let folder = tempfile::tempdir().unwrap();
        slow(folder.path(), "2014-02-16T23:20:00", day, 4000);
        // The other day has a file of its own.
        slow(folder.path(), "2014-02-16T06:00:00", "2014-02-16", 100);
        slow(folder.path(), "2014-02-17T18:00:00", "2014-02-17", 100);
        for lenient in [false, true] {
            let archive = Archive::open(folder.path(), "GS", "OK029", "00", "LH*").unwrap();
            let archive = if lenient { archive.lenient() } else { archive };
            for time in [
                "2014-02-16T23:20:00",
                "2014-02-16T23:59:00",
                "2014-02-17T00:20:00",
            ] {
                let record = archive.record(at(time), 60).unwrap();
                let there = record.data.iter().flatten().all(|x| x.is_finite());
                assert!(there, "{time} in the file of {day}");
            }
        }
    }
}

#[test]
fn day_files_that_contradict_each_other_are_named() {
    let folder = tempfile::tempdir().unwrap();
    slow(folder.path(), "2014-02-16T23:30:00", "2014-02-16", 3600);
    slow(folder.path(), "2014-02-17T00:00:00", "2014-02-17", 3600);
    let open = || Archive::open(folder.path(), "GS", "OK029", "00", "LH*").unwrap();
    let inside = at("2014-02-17T00:10:00");
    let error = open().record(inside, 60).unwrap_err();
    assert!(matches!(error, Error::Waveform { .. }), "{error}");
    assert!(open().record(at("2014-02-16T23:40:00"), 60).is_ok());
    assert!(open().record(at("2014-02-17T00:40:00"), 60).is_ok());
    let lenient = open().lenient();
    assert!(lenient.record(inside, 60).is_err());
    assert!(
        fault_kinds(&lenient)
            .iter()
            .all(|kind| *kind == FaultKind::Overlap)
    );
    assert!(!lenient.faults().is_empty());
}

#[test]
fn blank_locations_written_as_dashes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let of = |location| Archive::create(folder.path(), "GS", "OK029", location, "HH*", false);
    let mut traces = ten_minutes();
    for trace in &mut traces {
        trace.id = Nslc::new("GS", "OK029", "", trace.id.channel()).unwrap();
    }
    for file in of("").unwrap().write(&traces).unwrap() {
        let dashed = file.to_string_lossy().replace("OK029..", "OK029.--.");
        std::fs::rename(&file, dashed).unwrap();
    }
    for location in ["", "--", "  "] {
        let archive = of(location).unwrap();
        assert_eq!(archive.record(at(DAY), 1000).unwrap().n_samples(), 1000);
        // What is added goes to the file that is there.
        let files = archive.write(&traces).unwrap();
        assert!(
            files
                .iter()
                .all(|file| file.to_string_lossy().contains("--"))
        );
    }
}

#[test]
fn a_served_sample_is_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    // The record over midnight lies in both files, and one of another channel in between.
    slow(folder.path(), "2014-02-16T23:30:00", "2014-02-16", 3600);
    slow(folder.path(), "2014-02-16T23:30:00", "2014-02-17", 3600);
    let server = ServedArchive::open(folder.path())
        .unwrap()
        .start(0)
        .unwrap();
    let client = Client::at(server.base_url()).unwrap().without_cache();
    let stream = Nslc::new("GS", "OK029", "00", "LHZ").unwrap();
    let span = TimeSpan {
        start: at("2014-02-16T22:00:00"),
        end: at("2014-02-17T02:00:00"),
    };
    let bytes = client.fetch_mseed(&stream, &span).unwrap().unwrap();
    // Of the records, not of their merger.
    let n_samples = |bytes: &[u8]| -> usize {
        let each = bytes
            .chunks(4096)
            .flat_map(|record| mseed::read(record, "").unwrap());
        each.map(|trace| trace.n_samples()).sum()
    };
    assert_eq!(n_samples(&bytes), 3600);
    let late = TimeSpan {
        start: at("2014-02-17T00:20:00"),
        end: at("2014-02-17T00:21:00"),
    };
    let bytes = client.fetch_mseed(&stream, &late).unwrap().unwrap();
    assert_eq!(n_samples(&bytes), 60);
}

/// 30,000 records that contradict the archive and one another, 3.7 MB: trying them out by halves took
/// more than a minute, and all others waited.
#[test]
fn contradictions_without_number_are_put_beside_in_one_pass() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    let records = |value: i32| -> Vec<u8> {
        let record = |i: i32| {
            let mut one = trace("HHZ", DAY, Samples::Int32(vec![value, i]));
            one.segments[0].start += time::seconds(f64::from(i) * 0.02);
            mseed::write_version3(&[one]).unwrap()
        };
        (0..15_000).flat_map(record).collect()
    };
    let stream = Nslc::new("GS", "OK029", "00", "HHZ").unwrap();
    let first = archive.add(&stream, &records(1), "first").unwrap();
    assert_eq!((first.n_new, first.faults.n_all()), (30_000, 0));
    let second = [records(2), records(3)].concat();
    let added = archive.add(&stream, &second, "second").unwrap();
    assert_eq!(added.n_new, 0);
    assert_eq!(added.faults.n_of(FaultKind::Overlap), 30_000);
    assert_eq!(added.contradicted.len(), 1);
    let day_file = archive.day_file(&stream, at(DAY).date_naive());
    assert_eq!(mseed::read_file(&day_file).unwrap(), added.traces);
    let beside = day_file.display().to_string().replace(".D", ".O");
    assert_eq!(
        std::fs::metadata(beside).unwrap().len(),
        second.len() as u64
    );
}

#[test]
fn writing_to_a_damaged_day_file_keeps_what_is_whole() {
    let (folder, files) = written();
    let mut bytes = bytes_of(&files[0]);
    bytes[4096 + 300] ^= 4;
    std::fs::write(&files[0], &bytes).unwrap();
    let archive = open(folder.path());
    let later = trace("HHE", "2014-02-16T01:00:00", ramp(1000));
    archive.write(&[later]).unwrap();
    let faults = archive.faults();
    assert_eq!((faults.len(), faults[0].byte), (1, 4096));
    let name = files[0].display().to_string();
    assert_eq!(faults[0].file, name);
    let traces = archive.traces(at(DAY), at("2014-02-17")).unwrap();
    let lengths = traces[0]
        .segments
        .iter()
        .map(|segment| segment.samples.len());
    let lengths: Vec<usize> = lengths.collect();
    assert_eq!((lengths.len(), lengths[2]), (3, 1000));
    assert!(lengths[0] + lengths[1] > 50_000);
    let folder = files[0].parent().unwrap();
    let mut beside = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let beside = beside.find(|file| {
        file.to_string_lossy()
            .starts_with(&format!("{name}.damaged-"))
    });
    assert_eq!(bytes_of(&beside.unwrap()), bytes);
}
