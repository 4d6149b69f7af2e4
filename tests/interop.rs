//! With programs that others wrote: a data centre, a client, and files in both directions.
//!
//! They are no part of the project. The tests run where `QUAKEBOOK_OBSPY_PYTHON` names a Python that
//! has ObsPy and, beside it, `portable-fdsnws-dataselect` and `mseedindex`, as `cargo xtask test` sets
//! it up; some need the real records of `../shared/data`.

mod common;

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Server, obspy_python};
use quakebook::catalog::{Catalog, Event};
use quakebook::data_centre;
use quakebook::detect::{Detection, Detections};
use quakebook::fdsn::{DownloadParams, download};
use quakebook::station::StationChoice;
use quakebook::station::{
    ChannelEpoch, Epoch, Inventory, NetworkEpoch, Response, Sensitivity, StationEpoch, Units,
};
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace, WaveformSource, mseed};
use serde_json::{Value, json};

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

/// A program beside that Python, or a printed word.
fn beside(python: &Path, name: &str) -> Option<PathBuf> {
    let program = python.with_file_name(name);
    if !program.is_file() {
        println!("skipped: {} is not there", program.display());
        return None;
    }
    Some(program)
}

/// The real archive, or a printed word.
fn iquique() -> Option<PathBuf> {
    let root = common::real_data().join("iquique/sds");
    if !root.is_dir() {
        println!("skipped: {} is not there", root.display());
        return None;
    }
    Some(root)
}

const CHANNELS: [&str; 3] = ["HHE", "HHN", "HHZ"];

fn day_file(root: &Path, channel: &str) -> PathBuf {
    root.join(format!(
        "2014/CX/PB01/{channel}.D/CX.PB01..{channel}.D.2014.121"
    ))
}

/// What a script in `tests/reference` prints.
fn script(python: &Path, name: &str, args: &[&str]) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name);
    let output = Command::new(python).arg(path).args(args).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `quakebook serve`.
fn serve(args: &[&str]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quakebook"));
    Server::start(command.arg("serve").args(args))
}

/// `portable-fdsnws-dataselect` over an index of the day files.
fn portable(python: &Path, root: &Path, dir: &Path) -> Option<Server> {
    let index = beside(python, "mseedindex")?;
    let program = beside(python, "portable-fdsnws-dataselect")?;
    let database = dir.join("index.sqlite");
    common::succeeded(
        Command::new(index)
            .arg("-sqlite")
            .arg(&database)
            .args(CHANNELS.map(|channel| day_file(root, channel))),
    );
    // It takes no port 0: take one that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let config = dir.join("server.ini");
    let text = format!(
        "[index_db]\npath: {}\ntable: tsindex\n[server]\ninterface: 127.0.0.1\nport: {}\n",
        database.display(),
        address.port()
    );
    std::fs::write(&config, text).unwrap();
    let child = Command::new(program)
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server(child, format!("http://{address}"));
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the server did not start"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(server)
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspys_data_centre_is_fetched_sample_for_sample() {
    let python = obspy_python();
    let Some(root) = iquique() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = portable(&python, &root, dir.path()) else {
        return;
    };
    let mut study = Study::oklahoma();
    study.station = StationChoice::new("CX", "PB01", "", "HH*").unwrap();
    let client = data_centre::connect_to(&server.1, &study)
        .unwrap()
        .without_cache();

    // A short record, as the windows ask for it.
    let original = Archive::open(&root, "CX", "PB01", "", "HH*").unwrap();
    let start = at("2014-05-01T03:00:00");
    assert_eq!(
        client.record(start, 1000).unwrap().data,
        original.record(start, 1000).unwrap().data
    );

    // All twelve hours, into an archive.
    let copy = dir.path().join("sds");
    let archive = Archive::create(&copy, "CX", "PB01", "", "HH*", false).unwrap();
    let span = TimeSpan {
        // The first sample lies 1.6 ms before midnight.
        start: at("2014-04-30T23:59:59"),
        end: at("2014-05-01T13:00:00"),
    };
    for channel in CHANNELS {
        let stream = Nslc::new("CX", "PB01", "", channel).unwrap();
        // Not hour by hour: version 2.0.2 of that server answers 204 for the hour from 10:00, which is
        // there, and a client cannot know better.
        let params = DownloadParams {
            piece_s: 86_400.0,
            ..DownloadParams::default()
        };
        let ledger = download(&client, &archive, &stream, span, &params, &mut |_| ()).unwrap();
        // The thirteenth hour is not there, and the ledger says so.
        let missing = ledger.missing(span);
        let last = missing.iter().max_by_key(|entry| entry.end).unwrap();
        assert!(last.start <= at("2014-05-01T12:00:01"), "{last:?}");
        assert_eq!(last.end, span.end);
    }
    let ours = archive.traces(span.start, span.end).unwrap();
    let theirs = original.traces(span.start, span.end).unwrap();
    // Not by `assert_eq`, which would print millions of samples.
    assert!(ours == theirs, "the copy has other samples");
    assert!(ours.iter().all(|trace| trace.n_samples() == 4_320_001));
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspy_fetches_from_the_served_archive() {
    let python = obspy_python();
    let Some(root) = iquique() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("catalog.csv");
    std::fs::write(&catalog, two_events().to_comcat_csv()).unwrap();
    let stations = dir.path().join("stations.xml");
    let place = station("CX", "PB01", "", &CHANNELS);
    std::fs::write(&stations, place.to_stationxml()).unwrap();
    let server = serve(&[
        root.to_str().unwrap(),
        "--catalog",
        catalog.to_str().unwrap(),
        "--stations",
        stations.to_str().unwrap(),
    ]);
    let files = CHANNELS.map(|channel| day_file(&root, channel).display().to_string());
    let mut args = vec![server.1.as_str()];
    args.extend(files.iter().map(String::as_str));
    let found = script(&python, "obspy_archive.py", &args);
    assert_eq!(found["served"].as_array().unwrap().len(), 3);
    assert_eq!(found["served"], found["files"]);
    assert_eq!(found["bulk"], found["files"]);
    assert_eq!(found["no_data"], true);
    assert_eq!(found["n_events"], 2);
    assert_eq!(found["times"][0], "2014-02-16T01:28:31.320000Z");
    assert_eq!(
        found["channels"],
        json!(CHANNELS.map(|c| json!([format!("CX.PB01..{c}"), -21.0, null, 100.0])))
    );

    // Without a station file there are records, and no word of where the station stands.
    let bare = serve(&[
        root.to_str().unwrap(),
        "--catalog",
        catalog.to_str().unwrap(),
    ]);
    args[0] = &bare.1;
    let found = script(&python, "obspy_archive.py", &args);
    assert_eq!(found["served"], found["files"]);
    assert_eq!(found["channels"], json!([]));
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspy_fetches_from_the_served_classroom() {
    let python = obspy_python();
    let server = serve(&["classroom"]);
    let found = script(&python, "obspy_client.py", &[&server.1]);
    assert!(found["n_events"].as_u64().unwrap() > 600);
    assert_eq!(found["traces"].as_array().unwrap().len(), 3);
    assert_eq!(found["bulk"].as_array().unwrap().len(), 6);
    assert_eq!(found["no_data"], true);
}

fn two_events() -> Catalog {
    let event = |id: &str, time: &str, magnitude: f64| Event {
        id: id.into(),
        origin_time: at(time),
        longitude_deg: -97.46,
        latitude_deg: 35.8,
        depth_km: Some(5.25),
        magnitude,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    };
    let events = vec![
        event("e1", "2014-02-16T01:28:31.32", 2.2),
        event("e2", "2014-02-16T01:51:47.80", -0.3),
    ];
    Catalog::new("made up", false, events)
}

/// One detection at GS.OK029.
fn detections() -> Detections {
    let item = Detection {
        start: at("2014-02-16T01:28:30"),
        end: at("2014-02-16T01:28:45"),
        time: at("2014-02-16T01:28:35.25"),
        class: 1,
        probability: 0.97,
        n_windows: 4,
    };
    Detections {
        station: "GS.OK029.00".into(),
        simulated: true,
        n_classes: 4,
        scanned: vec![TimeSpan {
            start: at("2014-02-16"),
            end: at("2014-02-16T10:00:00"),
        }],
        items: vec![item],
    }
}

/// A made-up place.
fn station(network: &str, station: &str, location: &str, codes: &[&str]) -> Inventory {
    let epoch = Epoch {
        start: Some(at("2014-01-01")),
        end: None,
    };
    let channel = |code: &&str| ChannelEpoch {
        location: location.parse().unwrap(),
        code: code.parse().unwrap(),
        latitude_deg: -21.0,
        longitude_deg: -69.5,
        elevation_m: 900.0,
        depth_m: Some(0.0),
        azimuth_deg: Some(if code.ends_with('E') { 90.0 } else { 0.0 }),
        dip_deg: Some(if code.ends_with('Z') { -90.0 } else { 0.0 }),
        sampling_rate_hz: Some(100.0),
        sensor: "made up".into(),
        epoch,
        response: Some(Response {
            sensitivity: Some(Sensitivity {
                value: 6.25e8,
                frequency_hz: Some(1.0),
                units: Units::new("m/s", "counts"),
            }),
            ..Response::default()
        }),
    };
    let station = StationEpoch {
        code: station.parse().unwrap(),
        site: "made up".into(),
        latitude_deg: -21.0,
        longitude_deg: -69.5,
        elevation_m: 900.0,
        epoch,
        channels: codes.iter().map(channel).collect(),
    };
    Inventory {
        source: "made up".into(),
        simulated: false,
        networks: vec![NetworkEpoch {
            code: network.parse().unwrap(),
            stations: vec![station],
            ..NetworkEpoch::default()
        }],
    }
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn files_go_to_obspy_and_come_from_it() {
    let python = obspy_python();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("ours.xml"), two_events().to_quakeml()).unwrap();
    let inventory = station("CX", "PB01", "", &CHANNELS);
    std::fs::write(path("ours-stations.xml"), inventory.to_stationxml()).unwrap();
    let id = |channel: &str| Nslc::new("CX", "PB01", "", channel).unwrap();
    let ours = [
        Trace {
            id: id("HHZ"),
            sampling_rate_hz: 100.0,
            segments: vec![Segment {
                start: at("2014-05-01T00:00:00.003393"),
                samples: Samples::Int32(vec![1, -70_000, 8_388_607, 0]),
            }],
        },
        Trace {
            id: id("LHZ"),
            sampling_rate_hz: 1.0,
            segments: vec![Segment {
                start: at("2014-05-01"),
                samples: Samples::Float64(vec![0.1, -1e300]),
            }],
        },
    ];
    std::fs::write(path("ours.mseed"), mseed::write(&ours).unwrap()).unwrap();
    detections().write(path("detections.xml")).unwrap();

    let found = script(&python, "obspy_formats.py", &[dir.path().to_str().unwrap()]);
    assert_eq!(
        found["events"],
        json!([
            [
                "2014-02-16T01:28:31.320000Z",
                -97.46,
                35.8,
                5250.0,
                2.2,
                "ML"
            ],
            [
                "2014-02-16T01:51:47.800000Z",
                -97.46,
                35.8,
                5250.0,
                -0.3,
                "ML"
            ]
        ])
    );
    assert_eq!(
        found["picks"],
        json!([["2014-02-16T01:28:35.250000Z", "GS", "OK029", "00"]])
    );
    assert_eq!(
        found["channels"],
        json!([
            ["HHE", 90.0, 0.0, 100.0, 6.25e8],
            ["HHN", 0.0, 0.0, 100.0, 6.25e8],
            ["HHZ", 0.0, -90.0, 100.0, 6.25e8]
        ])
    );
    assert_eq!(
        found["traces"],
        json!([
            [
                "CX.PB01..HHZ",
                "2014-05-01T00:00:00.003393Z",
                100.0,
                [1, -70_000, 8_388_607, 0]
            ],
            [
                "CX.PB01..LHZ",
                "2014-05-01T00:00:00.000000Z",
                1.0,
                [0.1, -1e300]
            ]
        ])
    );

    let events = Catalog::read(path("theirs.xml")).unwrap();
    let event = &events.events()[0];
    assert_eq!(event.origin_time, at("2014-02-16T01:51:47.8"));
    assert_eq!((event.longitude_deg, event.latitude_deg), (-97.481, 35.781));
    assert_eq!((event.depth_km, event.magnitude), (Some(5.2), 3.3));

    let choice = StationChoice::new("GS", "OK029", "00", "HH*").unwrap();
    let theirs = Inventory::read(path("theirs-stations.xml")).unwrap();
    let theirs = theirs.station(&choice, at("2014-02-16")).unwrap();
    assert_eq!(theirs.latitude_deg, 35.79657);
    assert_eq!(theirs.channels[0].azimuth_deg, 12.5);
    // ObsPy tells the sensitivity at 1 Hz, where one pole at 1 rad/s takes its part.
    let omega = std::f64::consts::TAU;
    let at_1_hz = 3.0e8 * omega / (omega * omega + 1.0).sqrt();
    let ratio = theirs.channels[0].sensitivity_counts_per_m_s / at_1_hz;
    assert!((ratio - 1.0).abs() < 1e-6, "{ratio}");

    let traces = mseed::read_file(path("theirs.mseed")).unwrap();
    let codes: Vec<&str> = traces
        .iter()
        .map(|trace| trace.id.channel().as_str())
        .collect();
    assert_eq!(codes, ["HH1", "HH2", "HHZ"]);
    assert_eq!(
        traces[0].segments[0].samples,
        Samples::Float32(vec![0.5, -1.25])
    );
    assert_eq!(
        traces[1].segments[0].samples,
        Samples::Float64(vec![0.1, -1e300])
    );
    let mut sum = 0;
    let counts: Vec<i32> = (0..5000)
        .map(|i| {
            sum += i % 17 - 8;
            sum
        })
        .collect();
    assert_eq!(
        traces[2].segments[1].samples,
        Samples::Int32(counts[..100].to_vec())
    );
    assert_eq!(
        traces[2].segments[0].start,
        at("2014-02-16T00:00:00.000250")
    );
    assert_eq!(traces[2].segments[0].samples, Samples::Int32(counts));
}
