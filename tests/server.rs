//! The server under hostile and many clients: times, numbers, paths, damaged archives.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::trace;
use quakebook::Error;
use quakebook::classroom::SEED;
use quakebook::data_centre::{self, serve_classroom};
use quakebook::fdsn::{Client, StationFormat};
use quakebook::server::{ServedArchive, Server};
use quakebook::study::Study;
use quakebook::waveform::{Archive, Samples, Trace, mseed};

const DAY: &str = "2014-02-16";

/// What a server answered; its head was whole.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let limit = Some(Duration::from_secs(120));
    stream.set_read_timeout(limit).unwrap();
    stream.set_write_timeout(limit).unwrap();
    stream
}

/// Sends a head, a blank line and a body; `None` where the connection ends without an answer.
fn send(url: &str, head: &str, body: &str) -> Option<Reply> {
    let mut stream = connect(url);
    let _ = write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    Some(Reply {
        status: head.split(' ').nth(1)?.parse().ok()?,
        head,
        body: answer.split_off(end + 4),
    })
}

fn get(url: &str, target: &str) -> Reply {
    // HTTP/1.0 has no chunks.
    let head = format!("GET /fdsnws/{target} HTTP/1.0\r\nHost: 127.0.0.1");
    send(url, &head, "").expect("an answer")
}

fn post(url: &str, lines: &str) -> Reply {
    let head = format!(
        "POST /fdsnws/dataselect/1/query HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: {}",
        lines.len()
    );
    send(url, &head, lines).expect("an answer")
}

fn n_samples(bytes: &[u8]) -> usize {
    let traces = mseed::read(bytes, "an answer").unwrap();
    traces.iter().map(Trace::n_samples).sum()
}

/// Ten minutes of three components at 100 Hz.
fn archive() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    let samples = |_| Samples::Int32((0..60_000).map(|i| i * i % 9973).collect());
    let traces = ["HHE", "HHN", "HHZ"].map(|channel| trace(channel, DAY, samples(channel)));
    archive.write(&traces).unwrap();
    folder
}

fn serve(folder: &Path) -> Server {
    ServedArchive::open(folder).unwrap().start(0).unwrap()
}

fn day_file(folder: &Path, channel: &str) -> std::path::PathBuf {
    folder.join(format!(
        "2014/GS/OK029/{channel}.D/GS.OK029.00.{channel}.D.2014.047"
    ))
}

const TEN_MINUTES: &str = "start=2014-02-16T00:00:00&end=2014-02-16T00:10:00";

fn of_channel(channel: &str) -> String {
    format!("dataselect/1/query?net=GS&sta=OK029&loc=00&cha={channel}&{TEN_MINUTES}")
}

#[test]
fn requests_from_elsewhere_are_refused() {
    let folder = archive();
    let server = serve(folder.path());
    let status = |request: &str, headers: &str| {
        let head = format!("{request}\r\n{headers}");
        send(server.base_url(), &head, "").map(|reply| reply.status)
    };
    let version = "GET /fdsnws/event/1/version HTTP/1.1";
    for host in ["127.0.0.1", "localhost:99", "[::1]:80"] {
        assert_eq!(status(version, &format!("Host: {host}")), Some(200));
    }
    for (request, headers) in [
        (version, "Host: example.org"),
        (version, "Host: 127.0.0.1.example.org"),
        (version, "Host:"),
        (version, "Host: 127.0.0.1\r\nOrigin: https://example.org"),
        (version, "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site"),
        (
            "GET http://example.org/fdsnws/event/1/version HTTP/1.1",
            "Host: 127.0.0.1",
        ),
        (
            "POST http://example.org/fdsnws/dataselect/1/query HTTP/1.1",
            "Host: 127.0.0.1",
        ),
        ("CONNECT example.org:443 HTTP/1.1", "Host: 127.0.0.1"),
    ] {
        assert_eq!(status(request, headers), Some(403), "{request} {headers}");
    }
    for headers in ["Accept: */*", "Host: 127.0.0.1\r\nHost: 127.0.0.1"] {
        assert_eq!(status(version, headers), Some(400), "{headers}");
    }
    // What is no request is refused too, and costs its connection alone.
    for request in [
        "GET",
        "GET  HTTP/1.1",
        "\u{1b}[2J",
        "GET / HTTP/9.9",
        "PRI * HTTP/2.0",
    ] {
        assert!(status(request, "Host: 127.0.0.1").is_none_or(|status| status >= 400));
    }
    let long = format!("X-Long: {}", "x".repeat(200_000));
    assert!(status(version, &long).is_none_or(|status| status >= 400));
    assert_eq!(status(version, "Host: 127.0.0.1"), Some(200));
}

#[test]
fn hostile_queries_are_bad_requests() {
    let folder = archive();
    let server = serve(folder.path());
    let url = server.base_url();
    let stars = "*".repeat(60_000);
    for target in [
        format!("station/1/query?sta={stars}"),
        format!("dataselect/1/query?sta={}&{TEN_MINUTES}", "*".repeat(80)),
        format!("event/1/query?eventid={stars}"),
        "dataselect/1/query?start=2014-02-16".into(),
        "dataselect/1/query?start=2014-02-17&end=2014-02-16".into(),
        "dataselect/1/query?start=%2B262142-12-31T23:59:59&end=%2B262142-12-31T23:59:59".into(),
        "dataselect/1/query?start=-262142-01-01T00:00:00&end=2014-02-16".into(),
        "station/1/query?start=%2B262142-12-31T00:00:00".into(),
        "event/1/query?end=-262142-12-31T00:00:00".into(),
        "event/1/query?minlat=NaN".into(),
        "event/1/query?limit=-1".into(),
        "event/1/query?limit=99999999999999999999999".into(),
        format!("{}&format=html", of_channel("HHZ")),
        format!("{}&sta=OK029", of_channel("HHZ")),
        format!("{}&%1b[2J=1", of_channel("HHZ")),
    ] {
        let reply = get(url, &target);
        // A head of 60,000 letters may be too long for the server.
        assert!([400, 414, 431].contains(&reply.status), "{target}");
        assert!(
            reply.body.len() < 1000 && !reply.body.contains(&0x1b),
            "{target}"
        );
    }
    for lines in [
        "",
        "format=miniseed\n",
        "GS OK029 00 HHZ 2014-02-16T00:00:00\n",
        "GS OK029 00 HHZ 2014-02-17T00:00:00 2014-02-16T00:00:00\n",
        "GS OK029 00 HHZ +262142-12-31T00:00:00 +262142-12-31T00:00:01\n",
        "GS ../../OK029 00 HHZ 2014-02-16 2014-02-17\n",
        "start=2014-02-16\nGS OK029 00 HHZ 2014-02-16 2014-02-17\n",
        &format!("GS {stars} 00 HHZ 2014-02-16 2014-02-17\n"),
    ] {
        let reply = post(url, lines);
        assert_eq!(reply.status, 400, "{lines:.80}");
        assert!(reply.body.len() < 1000, "{lines:.80}");
    }
    // The server may hang up before the client has sent all of it.
    let head =
        "POST /fdsnws/dataselect/1/query HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 3145728";
    let reply = send(url, head, &"x".repeat(3 << 20));
    assert!(reply.is_none_or(|reply| reply.status == 413));
    // The far future is a usual end.
    let target = "dataselect/1/query?net=GS&cha=HHZ&start=1900-01-01&end=2599-12-31T23:59:59";
    assert_eq!(n_samples(&get(url, target).body), 60_000);
    assert_eq!(get(url, "event/2/query").status, 404);
}

#[test]
fn no_answer_names_a_path() {
    let folder = archive();
    let server = serve(folder.path());
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    std::fs::write(day_file(folder.path(), "HHE"), "<html>no such file</html>").unwrap();
    let reply = get(
        server.base_url(),
        &format!("{}&nodata=404", of_channel("HHE")),
    );
    assert_eq!(reply.status, 404);
    assert!(!reply.text().contains(name), "{}", reply.text());
    std::fs::remove_dir_all(folder.path()).unwrap();
    let reply = get(server.base_url(), &of_channel("HHZ"));
    assert_eq!(reply.status, 500);
    assert!(!reply.text().contains(name), "{}", reply.text());
    // The person who runs the server is told.
    let faults = server.faults();
    assert!(
        faults.iter().any(|fault| fault.contains("HHE.D.2014.047")),
        "{faults:?}"
    );
    assert!(
        faults.iter().any(|fault| fault.contains(name)),
        "{faults:?}"
    );
}

#[test]
fn a_damaged_record_costs_that_record() {
    let folder = archive();
    let whole = std::fs::read(day_file(folder.path(), "HHE")).unwrap();
    let server = serve(folder.path());
    let n = |channel: &str| {
        let reply = get(server.base_url(), &of_channel(channel));
        assert_eq!(reply.status, 200, "{channel}");
        n_samples(&reply.body)
    };
    assert_eq!(n("HHE"), 60_000);
    let mut flipped = whole.clone();
    flipped[4096 + 300] ^= 4;
    let mut zeros = whole.clone();
    zeros[4096..4096 + 512].fill(0);
    for (damage, n_lost) in [
        (whole[..whole.len() - 256].to_vec(), 6000),
        ([&whole[..], b"\n"].concat(), 0),
        ([&whole[..], &[0; 512]].concat(), 0),
        ([b"<html>moved</html>\n", &whole[..]].concat(), 0),
        (flipped, 6000),
        (zeros, 6000),
    ] {
        std::fs::write(day_file(folder.path(), "HHE"), &damage).unwrap();
        let found = n("HHE");
        assert!((60_000 - n_lost..=60_000).contains(&found), "{found}");
        assert_eq!(n("HHZ"), 60_000);
    }
    for damage in [&b""[..], b"<html>moved</html>", &[0; 512]] {
        std::fs::write(day_file(folder.path(), "HHE"), damage).unwrap();
        assert_eq!(get(server.base_url(), &of_channel("HHE")).status, 204);
        assert_eq!(n("HH?"), 120_000);
        assert_eq!(get(server.base_url(), "station/1/query").status, 204);
    }
    assert!(server.faults().iter().all(|fault| fault.contains("HHE.D")));
    assert!(!server.faults().is_empty());
}

#[cfg(unix)]
#[test]
fn links_and_pipes_cost_themselves_alone() {
    let folder = archive();
    let file = day_file(folder.path(), "HHE");
    let moved = folder.path().join("moved");
    std::fs::rename(&file, &moved).unwrap();
    let server = serve(folder.path());
    for kind in ["link", "pipe", "folder"] {
        match kind {
            "link" => std::os::unix::fs::symlink(&moved, &file).unwrap(),
            "pipe" => assert!(
                Command::new("mkfifo")
                    .arg(&file)
                    .status()
                    .unwrap()
                    .success()
            ),
            _ => std::fs::create_dir(&file).unwrap(),
        }
        assert_eq!(
            get(server.base_url(), &of_channel("HHE")).status,
            204,
            "{kind}"
        );
        let others = get(server.base_url(), &of_channel("HH?"));
        assert_eq!(n_samples(&others.body), 120_000, "{kind}");
        let _ = std::fs::remove_file(&file);
    }
}

#[test]
fn without_a_station_file_nothing_is_told_of_stations() {
    let folder = archive();
    let server = serve(folder.path());
    let url = server.base_url();
    for level in ["network", "station", "channel", "response"] {
        for format in ["xml", "text"] {
            let query = format!("station/1/query?level={level}&format={format}");
            let reply = get(url, &query);
            assert_eq!((reply.status, reply.body.len()), (204, 0), "{query}");
            let reply = get(url, &format!("{query}&nodata=404"));
            assert_eq!(reply.status, 404);
            assert!(reply.text().contains("stations.xml"), "{}", reply.text());
        }
    }
    // The client knows it for nothing, and not for a fault.
    let study = Study::oklahoma();
    let client = Client::at(url).unwrap().without_cache();
    for format in [StationFormat::Xml, StationFormat::Text] {
        let words = client
            .fetch_stations(&study.station, &study.catalog, format)
            .unwrap();
        assert_eq!(words, None);
    }
    let reply = get(url, "event/1/query?nodata=404");
    assert_eq!(reply.status, 404);
    assert!(reply.text().contains("catalog.xml"), "{}", reply.text());
}

#[test]
fn what_is_added_is_served_at_once() {
    let folder = archive();
    let server = serve(folder.path());
    let next_day = "dataselect/1/query?cha=HHZ&start=2014-02-17&end=2014-02-18";
    assert_eq!(get(server.base_url(), next_day).status, 204);
    let archive = Archive::create(folder.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    let samples = Samples::Int32(vec![1, 2, 3]);
    archive
        .write(&[trace("HHZ", "2014-02-17", samples)])
        .unwrap();
    assert_eq!(n_samples(&get(server.base_url(), next_day).body), 3);
}

#[test]
fn a_stopped_server_is_seen() {
    let server = serve_classroom(SEED, 0).unwrap();
    let (url, again) = (server.base_url().to_string(), server.clone());
    server.check().unwrap();
    assert_eq!(get(&url, "event/1/version").status, 200);
    let waiting = connect(&url);
    server.stop();
    for server in [&server, &again] {
        assert!(matches!(server.check(), Err(Error::Server { .. })));
        server.stop();
    }
    // Its connections are closed, and its port is free.
    assert_eq!((&waiting).read(&mut [0]).unwrap_or(0), 0);
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let next = serve_classroom(SEED, port).unwrap();
    assert_eq!(next.base_url(), url);
    let taken = serve_classroom(SEED, port).unwrap_err();
    assert!(matches!(&taken, Error::Server { place, .. } if place.contains(&port.to_string())));
}

#[test]
fn the_classroom_of_the_process_is_started_anew() {
    let first = data_centre::classroom_of_process().unwrap();
    assert_eq!(
        data_centre::classroom_of_process().unwrap().base_url(),
        first.base_url()
    );
    first.stop();
    let second = data_centre::classroom_of_process().unwrap();
    second.check().unwrap();
    assert_eq!(get(second.base_url(), "event/1/version").status, 200);
}

#[test]
fn versions_are_answered_while_waveforms_are_made() {
    let server = serve_classroom(SEED, 0).unwrap();
    let url = server.base_url();
    let n_running = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for day in 16..24 {
            let n_running = &n_running;
            scope.spawn(move || {
                n_running.fetch_add(1, Ordering::SeqCst);
                let from = format!("2014-02-{day}T00:00:00&end=2014-02-{day}T06:00:00");
                let reply = get(url, &format!("dataselect/1/query?cha=HH?&start={from}"));
                n_running.fetch_sub(1, Ordering::SeqCst);
                assert_eq!(reply.status, 200);
            });
        }
        std::thread::sleep(Duration::from_millis(300));
        let (mut slowest, mut n) = (Duration::ZERO, 0);
        while n_running.load(Ordering::SeqCst) == 8 && n < 20 {
            for target in [
                "dataselect/1/version",
                "station/1/query",
                "event/1/query?limit=3",
            ] {
                let begun = Instant::now();
                assert_eq!(get(url, target).status, 200);
                slowest = slowest.max(begun.elapsed());
            }
            n += 1;
        }
        println!("{n} rounds, the slowest answer took {slowest:?}");
        assert!(n > 0, "the waveforms were made too soon to tell");
        assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    });
}

/// Ten seconds: all clients that are too slow at once.
#[test]
fn slow_requests_end() {
    let folder = archive();
    let server = serve(folder.path());
    let url = server.base_url();
    // Until the server hangs up, a byte every half a second.
    let drip = |begin: &str, drop: &str| {
        let mut stream = connect(url);
        let begun = Instant::now();
        write!(stream, "{begin}").unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let mut answer = Vec::new();
        loop {
            let mut bytes = [0; 1024];
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(n) => answer.extend(&bytes[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(_) => drop_byte(&mut stream, drop),
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{begin:?}");
        }
        (begun.elapsed(), String::from_utf8(answer).unwrap())
    };
    let post = "POST /fdsnws/dataselect/1/query HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    let whole = "GET /fdsnws/event/1/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    let cases = [
        (String::new(), "", None),
        (String::new(), "G", None),
        ("GET / HTTP/1.1\r\nX: ".into(), "x", None),
        // One that was answered, and asks for nothing more.
        (whole.into(), "", Some("200 OK")),
        (
            format!("{post}Content-Length: 1000\r\n\r\n"),
            "x",
            Some("408"),
        ),
        (
            format!("{post}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
            "",
            Some("408"),
        ),
    ];
    std::thread::scope(|scope| {
        for (begin, drop, expected) in cases {
            scope.spawn(move || {
                let (took, answer) = drip(&begin, drop);
                assert!(took > Duration::from_secs(5), "{begin:?}: {took:?}");
                assert!(
                    expected.is_none_or(|status| answer.contains(status)),
                    "{answer}"
                );
            });
        }
    });
    assert_eq!(get(url, "event/1/version").status, 200);
}

fn drop_byte(stream: &mut TcpStream, byte: &str) {
    // Where the server has hung up, the next reading says so.
    let _ = stream.write_all(byte.as_bytes());
}

/// `quakebook serve`, started by a shell that first does something else.
struct Served {
    child: std::process::Child,
    url: String,
}

impl Served {
    fn start(before: &str, what: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_quakebook");
        let mut child = Command::new("sh")
            .args([
                "-c",
                &format!("{before} exec \"{program}\" serve \"{what}\""),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut url).unwrap();
        let url = url.trim().to_string();
        Self { child, url }
    }

    /// Memory in MB, where the system tells it.
    fn memory_mb(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kb: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kb / 1024.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn idle_connections_do_not_keep_others_out() {
    let folder = archive();
    let server = Served::start("", folder.path().to_str().unwrap());
    let idle: Vec<TcpStream> = (0..900).map(|_| connect(&server.url)).collect();
    let begun = Instant::now();
    assert_eq!(get(&server.url, "event/1/version").status, 200);
    println!("answered after {:?}", begun.elapsed());
    drop(idle);
    assert_eq!(get(&server.url, "event/1/version").status, 200);
}

#[cfg(unix)]
#[test]
fn too_many_open_files_are_survived() {
    let folder = archive();
    let server = Served::start("ulimit -n 48;", folder.path().to_str().unwrap());
    let idle: Vec<TcpStream> = (0..200).map(|_| connect(&server.url)).collect();
    std::thread::sleep(Duration::from_millis(500));
    drop(idle);
    let reply = get(&server.url, &of_channel("HHZ"));
    assert_eq!((reply.status, n_samples(&reply.body)), (200, 60_000));
}

/// Day files of many streams, a few samples each.
fn many_day_files(folder: &Path, n_stations: usize, n_days: usize) {
    for station in 0..n_stations {
        let code = format!("A{station:03}");
        let channel = folder.join(format!("2014/XX/{code}/HHZ.D"));
        std::fs::create_dir_all(&channel).unwrap();
        for day in 1..=n_days {
            let start = chrono::NaiveDate::from_yo_opt(2014, day as u32).unwrap();
            let mut trace = trace("HHZ", &start.to_string(), Samples::Int32(vec![1, 2, 3]));
            trace.id = quakebook::waveform::Nslc::new("XX", &code, "", "HHZ").unwrap();
            let bytes = mseed::write_records(&[trace], 512).unwrap();
            let name = format!("XX.{code}..HHZ.D.2014.{day:03}");
            std::fs::write(channel.join(name), bytes).unwrap();
        }
    }
}

/// How long a body of so many lines takes, each of one station and day.
fn bulk(n_stations: usize, n_days: usize, n_lines: usize) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    many_day_files(folder.path(), n_stations, n_days);
    let server = serve(folder.path());
    let lines: String = (0..n_lines)
        .map(|line| {
            let (station, day) = (line % n_stations, 1 + (line / n_stations) % n_days);
            let day = chrono::NaiveDate::from_yo_opt(2014, day as u32).unwrap();
            format!("XX A{station:03} -- HHZ {day}T00:00:00 {day}T00:00:01\n")
        })
        .collect();
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| post(server.base_url(), &lines));
        while !asked.is_finished() {
            let begun = Instant::now();
            assert_eq!(get(server.base_url(), "event/1/version").status, 200);
            slowest = slowest.max(begun.elapsed());
            std::thread::sleep(Duration::from_millis(20));
        }
        let reply = asked.join().unwrap();
        assert_eq!(reply.status, 200, "{}", reply.head);
        assert_eq!(reply.body.len(), 4096 * n_lines);
    });
    println!(
        "{n_lines} lines: {:?}, slowest version {slowest:?}",
        begun.elapsed()
    );
    begun.elapsed()
}

#[test]
fn a_body_of_many_lines_reads_the_folder_once() {
    // Where each line read the folder, this took a minute.
    let took = bulk(40, 100, 4000);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
#[ignore = "writes 18,000 files: a measurement"]
fn five_thousand_lines_of_eighteen_thousand_day_files() {
    let took = bulk(50, 360, 5000);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// Records of an hour over midnight, in the file of the day before and, one of them, in both.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn records_over_midnight_are_sent_once() {
    let root = common::real_data().join("faults/serve_midnight_sds");
    let server = serve(&root);
    let url = server.base_url();
    let span = "start=2014-06-11T00:00:00&end=2014-06-13T00:00:00";
    let whole = get(url, &format!("dataselect/1/query?cha=LHZ&{span}")).body;
    // Each record by itself, not their merger.
    let n_sent: usize = whole.chunks(4096).map(n_samples).sum();
    let archive = Archive::open(&root, "CX", "PB01", "", "LHZ").unwrap();
    let at = |text| quakebook::time::parse(text).unwrap();
    let traces = archive
        .lenient()
        .traces(at("2014-06-11"), at("2014-06-13"))
        .unwrap();
    assert_eq!(n_sent, traces.iter().map(Trace::n_samples).sum::<usize>());
    for minute in (0..120).step_by(5) {
        let start = at("2014-06-11T23:00:00") + quakebook::time::seconds(60.0 * f64::from(minute));
        let end = start + quakebook::time::seconds(59.5);
        let span = format!("start={}&end={}", start.naive_utc(), end.naive_utc()).replace(' ', "T");
        let reply = get(url, &format!("dataselect/1/query?cha=LHZ&{span}"));
        assert_eq!((reply.status, n_samples(&reply.body)), (200, 60), "{span}");
    }
    let misnamed = get(url, &format!("dataselect/1/query?cha=HHN&{span}"));
    assert_eq!(misnamed.status, 204);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn damaged_real_files_are_served() {
    let span = "start=2014-04-30T12:00:00&end=2014-05-02T00:00:00";
    for (name, n) in [
        ("truncated_sds", 2 * 15_001 + 14_829),
        ("extra_newline_sds", 3 * 15_001),
        ("misfiled_sds", 3 * 15_001),
        ("zero_fill_sds", 3 * 14_001),
    ] {
        let server = serve(&common::real_data().join("faults").join(name));
        let url = server.base_url();
        let reply = get(url, &format!("dataselect/1/query?cha=HH?&{span}"));
        assert_eq!((reply.status, n_samples(&reply.body)), (200, n), "{name}");
        assert_eq!(get(url, "station/1/query").status, 204, "{name}");
        let is_whole = name == "zero_fill_sds";
        assert_eq!(server.faults().is_empty(), is_whole, "{name}");
    }
}

/// Clients that ask for this and that until the time is over: how many answers, and the slowest.
fn soak(server: &Served, n_clients: usize, time: Duration, pause: Duration) -> (usize, Duration) {
    let (n_answers, begun) = (AtomicUsize::new(0), Instant::now());
    let targets = [
        "dataselect/1/version".to_string(),
        "event/1/query?format=text&limit=20".into(),
        "station/1/query?level=channel&format=text".into(),
        "dataselect/1/query?net=GS&cha=HHZ&start=2014-02-16T00:01:00&end=2014-02-16T00:01:30"
            .into(),
        "dataselect/1/query?net=GS&cha=HH?&start=2014-02-16T00:05:00&end=2014-02-16T00:05:05"
            .into(),
        "dataselect/1/query?net=GS&cha=HHZ&start=2015-02-16&end=2015-02-16T00:00:01".into(),
        "dataselect/1/query?sta=*********************************&start=2014".into(),
    ];
    let slowest = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..n_clients)
            .map(|client| {
                let (targets, n_answers) = (&targets, &n_answers);
                scope.spawn(move || {
                    let mut slowest = Duration::ZERO;
                    for turn in client.. {
                        let which = turn % targets.len();
                        let asked = Instant::now();
                        let reply = get(&server.url, &targets[which]);
                        slowest = slowest.max(asked.elapsed());
                        let expected = match which {
                            1 | 2 | 5 => [200, 204],
                            6 => [400, 400],
                            _ => [200, 200],
                        };
                        assert!(expected.contains(&reply.status), "{}", reply.head);
                        n_answers.fetch_add(1, Ordering::SeqCst);
                        if begun.elapsed() > time {
                            break;
                        }
                        std::thread::sleep(pause);
                    }
                    slowest
                })
            })
            .collect();
        let slowest = clients.into_iter().map(|client| client.join().unwrap());
        slowest.max().unwrap()
    });
    (n_answers.into_inner(), slowest)
}

#[cfg(unix)]
#[test]
fn many_clients_are_all_answered() {
    let folder = archive();
    let server = Served::start("", folder.path().to_str().unwrap());
    let pause = Duration::from_millis(100);
    let (n_answers, slowest) = soak(&server, 50, Duration::from_secs(3), pause);
    println!("{n_answers} answers, the slowest after {slowest:?}");
    assert!(n_answers >= 100);
}

#[cfg(unix)]
#[test]
#[ignore = "takes twenty minutes: 200 clients of an archive and of the classroom"]
fn memory_stays_flat_under_many_clients() {
    let folder = archive();
    for what in [folder.path().to_str().unwrap(), "classroom"] {
        let server = Served::start("", what);
        let pause = Duration::from_millis(400);
        let minute = Duration::from_secs(60);
        let (mut n_answers, mut memory_mb) = (0, Vec::new());
        for n in 1..=10 {
            let (n_of_minute, slowest) = soak(&server, 200, minute, pause);
            n_answers += n_of_minute;
            memory_mb.push(server.memory_mb().unwrap_or(0.0));
            println!(
                "{what}, minute {n}: {n_of_minute} answers, slowest {slowest:?}, {memory_mb:?} MB"
            );
        }
        println!("{what}: {n_answers} answers");
        let (second, last) = (memory_mb[1], memory_mb[9]);
        assert!(last < 1.2 * second + 10.0, "{memory_mb:?}");
    }
}
