//! Downloads that are killed, crowded or out of room: what arrived stays, and the end is the same.
//!
//! The test program runs itself again as the process that downloads: `child` does nothing unless
//! its place is named in the environment.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use quakebook::fdsn::{Client, DownloadParams, download};

use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, DownloadOutcome, Nslc, Samples, Segment, Trace, mseed};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PLACE: &str = "QUAKEBOOK_TEST_ARCHIVE";
const ADDRESS: &str = "QUAKEBOOK_TEST_SERVER";

const PIECE_S: f64 = 900.0;

fn stream() -> Nslc {
    Nslc::new("XX", "KILL", "00", "HHZ").unwrap()
}

/// Across midnight and the end of a year.
fn span() -> TimeSpan {
    TimeSpan {
        start: time::parse("2015-12-31T22:10:00").unwrap(),
        end: time::parse("2016-01-01T01:20:00").unwrap(),
    }
}

fn at(minutes: i64) -> Time {
    span().start + TimeDelta::minutes(minutes)
}

// ------------------------------------------------------------------- server

/// Records of 20 Hz without minutes 40 to 41 and without four whole pieces; one record is damaged
/// at every asking, one overlaps another with other samples.
fn records() -> Vec<(Time, Time, Vec<u8>)> {
    let mut state = 7_i32;
    let mut records = Vec::new();
    let mut put = |start: Time, end: Time| {
        let n = (time::between_s(start, end) * 20.0) as usize;
        let noise = |_| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            state >> 20
        };
        let bytes = mseed::write(&[Trace {
            id: stream(),
            sampling_rate_hz: 20.0,
            segments: vec![Segment {
                start,
                samples: Samples::Int32((0..n).map(noise).collect()),
            }],
        }])
        .unwrap();
        for record in bytes.chunks(4096) {
            let of_this = mseed::read(record, "record").unwrap().remove(0);
            let end = of_this.last().unwrap();
            records.push((of_this.start().unwrap(), end, record.to_vec()));
        }
    };
    put(at(0), at(40));
    put(at(41), at(65));
    // Nothing for minutes 65 to 125: four whole pieces, over midnight and the end of the year.
    put(at(125), at(190));
    put(at(150), at(151));
    let damaged = records.len() / 5;
    records[damaged].2[1000] ^= 4;
    records
}

/// Serves the records that reach into the span that is asked for; minutes 170 to 180 are refused.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let records = Arc::new(records());
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let records = records.clone();
            std::thread::spawn(move || answer(&connection, &records));
        }
    });
    address
}

fn answer(mut connection: &TcpStream, records: &[(Time, Time, Vec<u8>)]) -> Option<()> {
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines();
    let request = lines.next()?.ok()?;
    lines.map_while(Result::ok).find(String::is_empty)?;
    let time_of = |name: &str| {
        let value = request.split(&format!("{name}=")).nth(1)?;
        let value = value.split(['&', ' ']).next()?.replace("%3A", ":");
        time::parse(&value).ok()
    };
    let (start, end) = (time_of("starttime")?, time_of("endtime")?);
    let body: Vec<u8> = records
        .iter()
        .filter(|(first, last, _)| *first <= end && start <= *last)
        .flat_map(|(.., bytes)| bytes.clone())
        .collect();
    let status = match () {
        () if start >= at(170) && start < at(180) => "403 Forbidden",
        () if body.is_empty() => "204 No Content",
        () => "200 OK",
    };
    let body = if status.starts_with("200") {
        body
    } else {
        Vec::new()
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection
        .write_all(&[head.as_bytes(), &body].concat())
        .ok()
}

// ----------------------------------------------------------------- children

/// Downloads where the environment says so; otherwise it is a test of nothing.
#[test]
fn child() {
    let (Ok(root), Ok(address)) = (std::env::var(PLACE), std::env::var(ADDRESS)) else {
        return;
    };
    let id = stream();
    let archive = Archive::create(
        root,
        id.network(),
        id.station(),
        id.location(),
        "HH*",
        false,
    );
    let client = Client::at(&address).unwrap().without_cache();
    let params = DownloadParams {
        piece_s: PIECE_S,
        ..DownloadParams::default()
    };
    download(
        &client,
        &archive.unwrap(),
        &id,
        span(),
        &params,
        &mut |_| {},
    )
    .unwrap();
}

fn program(root: &Path, address: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--test-threads=1"])
        .env(PLACE, root)
        .env(ADDRESS, address)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn start(root: &Path, address: &str) -> Child {
    program(root, address).spawn().unwrap()
}

/// Runs to the end.
fn finish(root: &Path, address: &str) {
    assert!(start(root, address).wait().unwrap().success());
}

/// Every file below the root but the lock.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn assert_same(whole: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, why: &str) {
    let mut names = whole.keys().chain(other.keys());
    if let Some(name) = names.find(|name| whole.get(*name) != other.get(*name)) {
        let text = |files: &BTreeMap<String, Vec<u8>>| match files.get(name) {
            Some(bytes) if name.ends_with(".csv") => String::from_utf8_lossy(bytes).into_owned(),
            Some(bytes) => format!("{} bytes", bytes.len()),
            None => "not there".into(),
        };
        panic!(
            "{why}, {name}: {}\nwhere it should be {}",
            text(other),
            text(whole)
        );
    }
}

/// What half a download leaves can be read, and nothing in it is wrong.
fn assert_readable(root: &Path, whole: &Archive) {
    if !root.exists() {
        return;
    }
    let archive = Archive::open(root, "XX", "KILL", "00", "HH*").unwrap();
    let of = |archive: &Archive| archive.traces(span().start, span().end).unwrap();
    let all = of(whole);
    for trace in of(&archive) {
        for segment in &trace.segments {
            assert!(
                all.iter()
                    .any(|whole| whole.segments.iter().any(|w| holds(w, segment)))
            );
        }
    }
    archive.download_log(&stream(), span()).unwrap();
}

fn holds(whole: &Segment, part: &Segment) -> bool {
    let first = time::between_s(whole.start, part.start) * 20.0;
    let (Samples::Int32(whole), Samples::Int32(part)) = (&whole.samples, &part.samples) else {
        panic!("integers were served");
    };
    let first = first.round();
    first >= 0.0 && whole.get(first as usize..first as usize + part.len()) == Some(part)
}

// -------------------------------------------------------------------- tests

#[test]
fn the_ledger_of_an_undisturbed_download_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("sds");
    finish(&root, &serve());
    let archive = Archive::open(&root, "XX", "KILL", "00", "HH*").unwrap();
    let ledger = archive.download_log(&stream(), span()).unwrap();
    let of = |outcome| {
        let entries = ledger.entries().iter().filter(|e| e.outcome == outcome);
        entries.map(|e| (e.start, e.end)).collect::<Vec<_>>()
    };
    println!("{ledger}");
    assert_eq!(of(DownloadOutcome::Gap), [(at(40), at(41))]);
    assert_eq!(of(DownloadOutcome::Nothing), [(at(65), at(125))]);
    assert_eq!(of(DownloadOutcome::Contradicted), [(at(150), at(151))]);
    assert_eq!(of(DownloadOutcome::Refused), [(at(170), at(185))]);
    let [(damaged_from, damaged_to)] = of(DownloadOutcome::Damaged)[..] else {
        panic!("{ledger}")
    };
    // Two answers with a damaged record, one with a contradicting one.
    assert_eq!(ledger.n_faults(), 3);
    let missing_s = 60.0 * (1.0 + 60.0 + 15.0) + time::between_s(damaged_from, damaged_to);
    let n_expected = (190.0 * 60.0 - missing_s) * 20.0;
    assert_eq!(ledger.n_samples(), n_expected.round() as usize);
    let traces = archive.traces(span().start, span().end).unwrap();
    assert!(traces.iter().map(Trace::n_samples).sum::<usize>() >= ledger.n_samples());
}

/// 200 times in all, in two archives at a time.
#[test]
fn killed_at_any_moment_it_ends_as_if_it_had_not_been() {
    const N_KILLS: usize = 100;
    const N_KILLS_AN_ARCHIVE: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let address = serve();
    let whole = folder.path().join("whole");
    let begun = Instant::now();
    finish(&whole, &address);
    let whole_ms = begun.elapsed().as_millis() as u64;
    let expected = files(&whole);
    let whole = Archive::open(&whole, "XX", "KILL", "00", "HH*").unwrap();

    let kill = |seed: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut n_killed, mut n_with_a_part, mut n_archives) = (0, 0, 0);
        while n_killed < N_KILLS {
            n_archives += 1;
            let root = folder.path().join(format!("{seed}-{n_archives}"));
            for _ in 0..N_KILLS_AN_ARCHIVE {
                let mut child = start(&root, &address);
                std::thread::sleep(Duration::from_millis(rng.random_range(0..whole_ms * 3 / 4)));
                child.kill().unwrap();
                if child.wait().unwrap().success() {
                    break;
                }
                n_killed += 1;
                assert_readable(&root, &whole);
                n_with_a_part += usize::from(root.exists() && files(&root) != expected);
            }
            finish(&root, &address);
            assert_same(&expected, &files(&root), &root.display().to_string());
            std::fs::remove_dir_all(&root).unwrap();
        }
        println!("{n_killed} killed in {n_archives} archives, {n_with_a_part} with a part");
        n_with_a_part
    };
    let kill = &kill;
    let n_with_a_part: usize = std::thread::scope(|scope| {
        let both = [1, 2].map(|seed| scope.spawn(move || kill(seed)));
        both.into_iter().map(|one| one.join().unwrap()).sum()
    });
    // How many depends on how busy the machine is: a process takes its time to begin.
    let n_enough = N_KILLS / 10;
    assert!(n_with_a_part >= n_enough, "killed too early or too late");
}

#[test]
fn several_processes_at_once_fill_one_archive() {
    let folder = tempfile::tempdir().unwrap();
    let address = serve();
    let (alone, crowded) = (folder.path().join("alone"), folder.path().join("crowded"));
    finish(&alone, &address);
    let children: Vec<Child> = (0..3).map(|_| start(&crowded, &address)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_same(&files(&alone), &files(&crowded), "crowded");
}

/// No file may grow beyond a limit, which is what a full disk looks like from within.
#[cfg(unix)]
#[test]
fn without_room_the_archive_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let address = serve();
    let (whole, root) = (folder.path().join("whole"), folder.path().join("full"));
    finish(&whole, &address);
    let child = program(&root, &address);
    // The signal is ignored, so that writing fails instead.
    let mut limited = Command::new("sh");
    limited
        .args(["-c", r#"trap "" XFSZ; ulimit -f 100; exec "$@""#, "sh"])
        .arg(child.get_program())
        .args(child.get_args())
        .envs(
            child
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let output = limited.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("Io {") && text.contains("HHZ.D"), "{text}");
    let archive = Archive::open(&whole, "XX", "KILL", "00", "HH*").unwrap();
    assert_readable(&root, &archive);
    finish(&root, &address);
    assert_same(&files(&whole), &files(&root), "after the limit");
}
