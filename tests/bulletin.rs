//! From picks to a bulletin: the commands `associate` and `locate`, what ObsPy reads of it, and the dike of Bardarbunga.

mod common;

use std::f64::consts::{PI, TAU};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use common::{STATIONS, quakebook};
use quakebook::associate::AssociateParams;
use quakebook::bulletin::Bulletin;
use quakebook::catalog::Catalog;
use quakebook::geo::Point;
use quakebook::locate::{
    LocateParams, Located, Locator, PhasePick, Sites, Sorted, VelocityModel, locate_all,
};
use quakebook::pick::{Columns, Pick, PickTable, PickedPhase};
use quakebook::station::{
    ChannelEpoch, Filter as StageFilter, Gain, Inventory, NetworkEpoch, PolesZeros, Response,
    Sensitivity, Stage, StationEpoch, TransferFunction, Units,
};
use quakebook::time::{self, between_s};
use quakebook::travel::{LayeredModel, Phase, Wave};
use quakebook::waveform::{Archive, Nslc, Samples, Segment, Trace};
use serde_json::Value;

/// Latitude, longitude, depth in km, and the second of the origin.
const EVENTS: [(f64, f64, f64, f64); 3] = [
    (35.80, -97.40, 5.0, 0.0),
    (35.76, -97.35, 7.5, 40.0),
    (35.85, -97.50, 4.0, 95.5),
];

fn stations() -> String {
    let mut text = String::from("id,latitude,longitude,elevation_m\n");
    for (i, (latitude, longitude)) in STATIONS.iter().enumerate() {
        writeln!(text, "XX.S{i},{latitude},{longitude},0").unwrap();
    }
    text
}

/// The picks of [`EVENTS`] by their rays, and one of nothing.
fn picks() -> String {
    let start = time::parse("2014-02-16T00:10:00").unwrap();
    let model = LayeredModel::central_us();
    let mut text = String::from("id,timestamp,prob,type\nXX.S0..HH,2014-02-16T00:10:20,0.5,s\n");
    for (latitude, longitude, depth_km, origin_s) in EVENTS {
        for (i, (lat, lon)) in STATIONS.iter().enumerate() {
            let distance_km = Point::new(longitude, latitude).distance_km(Point::new(*lon, *lat));
            for (phase, name) in [(Phase::P, 'p'), (Phase::S, 's')] {
                let at = start
                    + time::seconds(origin_s + model.travel_time_s(phase, depth_km, distance_km));
                let at = time::iso(at);
                writeln!(text, "XX.S{i}..HH,{at},0.9,{name}").unwrap();
            }
        }
    }
    text
}

/// The program in a folder with these files: its exit code, what it prints, and what it tells.
fn run(folder: &Path, files: &[(&str, &str)], args: &[&str]) -> (i32, String, String) {
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    quakebook(folder, args)
}

const ASSOCIATE: [&str; 9] = [
    "associate",
    "--picks",
    "picks.csv",
    "--stations",
    "stations.csv",
    "--velocity",
    "central_us",
    "--out",
    "events.xml",
];

#[test]
fn picks_become_a_bulletin() {
    let folder = tempfile::tempdir().unwrap();
    let files = [("picks.csv", picks()), ("stations.csv", stations())];
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let mut args = ASSOCIATE.to_vec();
    args.extend(["--arrivals", "arrivals.csv", "--json"]);
    let (code, printed, told) = run(folder.path(), &files, &args);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 pick of no event"), "{told}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (&report["n_events"], &report["n_associated"]),
        (&3.into(), &36.into())
    );
    let found = Catalog::read(folder.path().join("events.xml")).unwrap();
    for (event, (latitude, longitude, depth_km, origin_s)) in found.events().iter().zip(EVENTS) {
        let off_km = event
            .epicentre()
            .distance_km(Point::new(longitude, latitude));
        let start = time::parse("2014-02-16T00:10:00").unwrap();
        assert!(off_km < 0.1, "{off_km}");
        assert!(
            (event.depth_km.unwrap() - depth_km).abs() < 0.5,
            "{event:?}"
        );
        assert!((between_s(start, event.origin_time) - origin_s).abs() < 0.05);
    }
    // The arrivals are input of `locate`, which finds the same places.
    let args = [
        "locate",
        "--picks",
        "arrivals.csv",
        "--stations",
        "stations.csv",
        "--velocity",
        "central_us",
        "--out",
        "again.csv",
    ];
    let (code, _, told) = run(folder.path(), &[], &args);
    assert_eq!(code, 0, "{told}");
    let again = Catalog::read(folder.path().join("again.csv")).unwrap();
    for (a, b) in again.events().iter().zip(found.events()) {
        assert!(a.epicentre().distance_km(b.epicentre()) < 0.05);
    }
    assert_eq!(again.len(), 3);
}

/// [`picks`] as `quakebook pick` has them.
fn pick_table() -> PickTable {
    let pick = |pick: PhasePick| {
        let (station, band) = pick.station.rsplit_once('.').unwrap();
        Pick {
            station: station.into(),
            band: band.into(),
            phase: match pick.wave {
                Wave::P => PickedPhase::P,
                Wave::S => PickedPhase::S,
            },
            time: pick.time,
            start: pick.time,
            end: pick.time,
            probability: pick.probability as f32,
            n_components: 3,
        }
    };
    let picks = PhasePick::from_csv(&picks(), "picks").unwrap();
    PickTable {
        picks: picks.into_iter().map(pick).collect(),
        simulated: true,
    }
}

/// Through ObsPy, which adds a pick of an amplitude to each event.
fn by_obspy(folder: &Path, from: &str, to: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/picks_obspy.py");
    let written = Command::new(common::obspy_python())
        .args([script, folder.join(from), folder.join(to)])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&written.stderr);
    assert!(written.status.success(), "{told}");
}

#[test]
fn picks_of_every_form_are_associated() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stations.csv"), stations()).unwrap();
    let mut found = Vec::new();
    for (name, columns) in [
        ("picks.csv", None),
        ("picks.xml", None),
        ("picks.parquet", None),
        ("picks.parquet", Some(Columns::SeisBench)),
        ("picks.parquet", Some(Columns::PhaseNet)),
    ] {
        pick_table()
            .write(&folder.path().join(name), columns)
            .unwrap();
        let mut args = ASSOCIATE.to_vec();
        args[2] = name;
        let (code, _, told) = quakebook(folder.path(), &args);
        assert_eq!(code, 0, "{name}: {told}");
        found.push(Catalog::read(folder.path().join("events.xml")).unwrap());
    }
    assert_eq!(found[0].len(), 3);
    for other in &found[1..] {
        assert_eq!(other.listing(), found[0].listing());
    }
    // Nobody has said which picks of `quakebook pick` belong together.
    let mut args = LOCATE.to_vec();
    args[2] = "picks.xml";
    let (code, _, told) = quakebook(folder.path(), &args);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("none of an event"), "{told}");
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn picks_that_obspy_wrote_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::write(dir.join("stations.csv"), stations()).unwrap();
    pick_table().write(&dir.join("own.xml"), None).unwrap();
    by_obspy(dir, "own.xml", "picks.xml");
    let mut args = ASSOCIATE.to_vec();
    args[2] = "picks.xml";
    let (code, _, told) = quakebook(dir, &args);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("1 pick of phase IAML"), "{told}");
    by_obspy(dir, "events.xml", "bulletin.xml");
    let mut args = LOCATE.to_vec();
    args[2] = "bulletin.xml";
    let (code, _, told) = quakebook(dir, &args);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("3 picks of phase IAML"), "{told}");
    let [once, again] =
        ["events.xml", "events.csv"].map(|name| Catalog::read(dir.join(name)).unwrap());
    assert_eq!((once.len(), again.len()), (3, 3));
    for (a, b) in once.events().iter().zip(again.events()) {
        assert!(a.epicentre().distance_km(b.epicentre()) < 0.05);
    }
}

#[test]
fn picks_that_are_no_one_event_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = named("right");
    let swapped: String = named("swapped")
        .lines()
        .skip(1)
        .map(|row| match row.rsplit_once(',') {
            Some((row, "p")) => format!("{row},s\n"),
            Some((row, _)) => format!("{row},p\n"),
            None => unreachable!("a row of picks has commas"),
        })
        .collect();
    // Under one name two events, an hour apart.
    let later = named("two").replace("T00:", "T01:");
    let two = named("two") + later.split_once('\n').unwrap().1;
    let text = rows + &swapped + two.split_once('\n').unwrap().1;
    let files = [("picks.csv", text.as_str()), ("stations.csv", &stations())];
    let (code, _, told) = run(folder.path(), &files, &LOCATE);
    assert_eq!(code, 4, "{told}");
    assert!(
        told.contains("event swapped") && told.contains("before its P"),
        "{told}"
    );
    assert!(
        told.contains("event two") && told.contains("under one name"),
        "{told}"
    );
    let found = Catalog::read(folder.path().join("events.csv")).unwrap();
    assert_eq!(found.len(), 1);
}

const LOCATE: [&str; 9] = [
    "locate",
    "--picks",
    "picks.csv",
    "--stations",
    "stations.csv",
    "--velocity",
    "central_us",
    "--out",
    "events.csv",
];

/// The first event's picks with a name for it.
fn named(event: &str) -> String {
    let rows = picks();
    let rows = rows
        .lines()
        .skip(2)
        .take(12)
        .map(|row| format!("{event},{row}\n"));
    String::from("event,id,timestamp,prob,type\n") + &rows.collect::<String>()
}

#[test]
fn stations_of_unknown_place_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, all) = (named("one"), stations());
    // The coordinates of the last station are not known, those of another are filled in with zeros.
    let (known, last) = all.trim_end().rsplit_once('\n').unwrap();
    let id = last.split(',').next().unwrap();
    let n_columns = last.split(',').count();
    let empty = ",".repeat(n_columns - 1);
    let zeros = ",0".repeat(n_columns - 1);
    let table = format!("{known}\n{id}{empty}\nYY.NULL{zeros}\n");
    let files = [("picks.csv", rows.as_str()), ("stations.csv", &table)];
    let mut args = LOCATE.to_vec();
    args.extend(["--margin-km", "1"]);
    let (code, _, told) = run(folder.path(), &files, &args);
    assert!(told.contains("YY.NULL stands at latitude 0"), "{told}");
    assert!(!told.contains("where a number was expected"), "{told}");

    // Without the one at zero the network is as it was, but for one station.
    let table = format!("{known}\n{id}{empty}\n");
    let files = [("picks.csv", rows.as_str()), ("stations.csv", &table)];
    let (again, _, told) = run(folder.path(), &files, &LOCATE);
    assert_eq!(again, 4, "{told}");
    assert!(
        told.contains(&format!("{id}..HH: 2 picks left out")),
        "{told}"
    );
    assert_ne!(code, 0);
    assert_eq!(
        Catalog::read(folder.path().join("events.csv"))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_station_at_the_other_end_of_the_world_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, near) = (named("one"), stations());
    let located = |stations: &str| {
        let files = [("picks.csv", rows.as_str()), ("stations.csv", stations)];
        let (code, _, told) = run(folder.path(), &files, &LOCATE);
        assert_eq!(code, 0, "{told}");
        let events = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
        (events, told)
    };
    let (alone, told) = located(&near);
    assert!(!told.contains("left out"), "{told}");
    let (head, rest) = near.split_once('\n').unwrap();
    let (with_far, told) = located(&format!("{head}\nYY.FAR,48.1,11.6,500\n{rest}"));
    assert!(told.contains("YY.FAR left out: it stands 8"), "{told}");
    assert_eq!(with_far, alone);
}

#[test]
fn a_chain_of_stations_is_one_network() {
    let rows: String = (0..5)
        .map(|i| format!("XX.S{i},35.0,{}.0,0\n", -100 + 5 * i))
        .collect();
    let table =
        format!("id,latitude,longitude,elevation_m\n{rows}XX.E,48.0,11.0,0\nXX.F,47.0,11.0,0\n");
    let (near, far) = Sites::from_csv(&table, "stations").unwrap().without_far();
    let names: Vec<&str> = near.all().iter().map(|site| site.id.as_str()).collect();
    assert_eq!(names, ["XX.S0", "XX.S1", "XX.S2", "XX.S3", "XX.S4"]);
    assert_eq!((near.find("XX.S3..HH"), near.find("XX.E")), (Some(3), None));
    assert_eq!(far.len(), 2);
    assert!(
        far.iter().all(|(_, km)| (7000.0..9000.0).contains(km)),
        "{far:?}"
    );
}

#[test]
fn velocities_upside_down_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, stations) = (named("one"), stations());
    let mut args = LOCATE.to_vec();
    args[6] = "velocity.csv";
    for (speeds, is_told) in [
        ("0,8.0,4.6\n12,6.5,3.7\n30,5.0,2.9\n", true),
        ("0,5.0,2.9\n12,6.5,3.7\n30,6.0,3.5\n", false),
        ("0,6.0,3.5\n", false),
    ] {
        let model = format!("depth,vp,vs\n{speeds}");
        let files = [
            ("picks.csv", rows.as_str()),
            ("stations.csv", &stations),
            ("velocity.csv", &model),
        ];
        let (_, _, told) = run(folder.path(), &files, &args);
        assert_eq!(told.contains("upside down"), is_told, "{speeds}: {told}");
    }
}

/// Ten stations around two earthquakes, one wave at each, so that nowhere S is named before P.
#[test]
fn phases_that_change_places_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let places: Vec<Point> = (0..10)
        .map(|i| {
            let (sin, cos) = (TAU * f64::from(i) / 10.0).sin_cos();
            let km = 15.0 + 2.0 * f64::from(i);
            Point::from_local_km(km * sin, km * cos, Point::new(-97.4, 35.8))
        })
        .collect();
    let mut stations = String::from("id,latitude,longitude,elevation_m\n");
    for (i, place) in places.iter().enumerate() {
        writeln!(
            stations,
            "XX.S{i},{},{},0",
            place.latitude_deg, place.longitude_deg
        )
        .unwrap();
    }
    let model = LayeredModel::central_us();
    for names in [["P", "S"], ["S", "P"]] {
        let mut rows = String::from("event,station,phase,time\n");
        for (event, (latitude, longitude, depth_km, origin_s)) in EVENTS.iter().enumerate() {
            for (i, place) in places.iter().enumerate() {
                let phase = [Phase::P, Phase::S][i % 2];
                let distance_km = Point::new(*longitude, *latitude).distance_km(*place);
                let late_s = origin_s + model.travel_time_s(phase, *depth_km, distance_km);
                let at = time::parse("2014-02-16T00:10:00").unwrap() + time::seconds(late_s);
                let name = names[i % 2];
                writeln!(rows, "{event},XX.S{i},{name},{}", time::iso(at)).unwrap();
            }
        }
        let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations)];
        let (_, _, told) = run(folder.path(), &files, &LOCATE);
        let is_told = told.contains("when P and S change places");
        assert_eq!(is_told, names[0] == "S", "{told}");
    }
}

#[test]
fn exchanged_picks_are_told_before_they_are_associated() {
    let folder = tempfile::tempdir().unwrap();
    let (right, stations) = (picks(), stations());
    let letter =
        |row: &str, from: &str, to: &str| row.strip_suffix(from).map(|row| format!("{row}{to}"));
    let exchanged = |row: &str| {
        letter(row, ",p", ",s")
            .or_else(|| letter(row, ",s", ",p"))
            .unwrap_or_else(|| row.into())
    };
    let wrong: Vec<String> = right.lines().map(exchanged).collect();
    for (rows, is_told) in [(right, false), (wrong.join("\n"), true)] {
        let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations)];
        let (_, _, told) = run(folder.path(), &files, &ASSOCIATE);
        assert_eq!(told.contains("P follows S"), is_told, "{told}");
    }
}

#[test]
fn a_missing_file_of_velocities_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, stations) = (named("one"), stations());
    let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations)];
    let mut args = LOCATE.to_vec();
    args[6] = "velocity.csv";
    let (code, _, told) = run(folder.path(), &files, &args);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("velocity.csv: "), "{told}");
    args[6] = "the_moon";
    let (code, _, told) = run(folder.path(), &files, &args);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("no model \"the_moon\""), "{told}");
}

#[test]
fn a_pick_told_twice_counts_once() {
    let once = named("a");
    let mut twice = once.clone();
    for row in once.lines().skip(1) {
        // The same, and the same under another name of the station.
        writeln!(
            twice,
            "{row}\n{}",
            row.replace("XX.S", "S").replace("..HH", "")
        )
        .unwrap();
    }
    let located = [once, twice].map(|picks| {
        let folder = tempfile::tempdir().unwrap();
        let mut args = LOCATE.to_vec();
        args.push("--json");
        let files = [("picks.csv", picks.as_str()), ("stations.csv", &stations())];
        let (code, printed, told) = run(folder.path(), &files, &args);
        assert_eq!(code, 0, "{told}");
        let report: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(report["n_associated"], 12);
        let events = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
        (events, report["n_doubles"].as_u64().unwrap(), told)
    });
    assert_eq!(located[0].0, located[1].0);
    assert_eq!((located[0].1, located[1].1), (0, 24));
    assert!(located[1].2.contains("24 doubles"), "{}", located[1].2);
}

#[test]
fn an_event_without_a_place_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let rows = named("one")
        + &named("lonely")
            .lines()
            .skip(1)
            .take(3)
            .fold(String::new(), |all, row| all + row + "\n");
    let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations())];
    let (code, _, told) = run(folder.path(), &files, &LOCATE);
    assert_eq!(code, 4, "{told}");
    assert!(
        told.contains("event lonely:") && told.contains("1 event left out"),
        "{told}"
    );
}

#[test]
fn what_cannot_serve_is_refused_before_the_work() {
    let (rows, stations) = (named("a"), stations());
    let cases: [(&[&str], &str); 7] = [
        (
            &["--out", "new.csv", "--arrivals", "./new.csv"],
            "--out and --arrivals name one file",
        ),
        (&["--out", "picks.csv"], "--picks and --out name one file"),
        (
            &["--out", "e.csv", "--arrivals", "stations.csv"],
            "--stations and --arrivals name one file",
        ),
        (
            &["--out", "e.csv", "--archive", "nowhere"],
            "no such folder",
        ),
        (&["--out", "e.csv", "--archive", "."], "StationXML"),
        (
            &["--out", "e.csv", "--max-depth-km", "1e308"],
            "at most 700",
        ),
        (&["--out", "e.csv", "--margin-km", "1e5"], "at most 500"),
    ];
    for (more, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut args = LOCATE[..7].to_vec();
        args.extend(more);
        let files = [
            ("picks.csv", rows.as_str()),
            ("stations.csv", stations.as_str()),
        ];
        let (code, _, told) = run(folder.path(), &files, &args);
        assert!(code == 1 || code == 2, "{code} {told}");
        assert!(told.contains(expected), "{more:?}: {told}");
        let there = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(
            (there("picks.csv"), there("stations.csv")),
            (rows.clone(), stations.clone())
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            2,
            "{more:?}"
        );
    }
}

/// What the stations record of the first event: noise, and a burst of 5 Hz from P until after S that a Wood-Anderson seismograph
/// draws with this amplitude.
fn record(folder: &Path, amplitude_m: &dyn Fn(f64) -> f64) -> Inventory {
    let (latitude, longitude, depth_km, _) = EVENTS[0];
    let start = time::parse("2014-02-16T00:09:00").unwrap();
    let model = LayeredModel::central_us();
    let mut stations = Vec::new();
    for (i, (lat, lon)) in STATIONS.iter().enumerate() {
        let code = format!("S{i}");
        let along_km = Point::new(longitude, latitude).distance_km(Point::new(*lon, *lat));
        let p_s = 60.0 + model.travel_time_s(Phase::P, depth_km, along_km);
        // Counts are nanometres a second.
        let counts = 1e9 * amplitude_m(along_km.hypot(depth_km)) / PENDULUM_5_HZ * TAU * 5.0;
        let trace = |channel: &str| {
            let sample = |n: usize| {
                let t = n as f64 / 100.0;
                let swell = ((t - p_s) / 6.0).clamp(0.0, 1.0);
                let burst = counts * (PI * swell).sin().powi(2) * (TAU * 5.0 * t).sin();
                ((TAU * 3.3 * t).sin() * 2.0 + burst).round() as i32
            };
            Trace {
                id: Nslc::new("XX", &code, "", channel).unwrap(),
                sampling_rate_hz: 100.0,
                segments: vec![Segment {
                    start,
                    samples: Samples::Int32((0..14_000).map(sample).collect()),
                }],
            }
        };
        let traces = ["HHE", "HHN", "HHZ"].map(trace);
        let archive = Archive::create(folder.join("sds"), "XX", &code, "", "HH?", true).unwrap();
        archive.write(&traces).unwrap();
        let filter = PolesZeros {
            units: Units::new("M/S", "COUNTS"),
            transfer_function: TransferFunction::LaplaceRadians,
            normalization_factor: 1.0,
            normalization_frequency_hz: Some(1.0),
            zeros: Vec::new(),
            poles: Vec::new(),
        };
        let stage = Stage {
            number: 1,
            filter: Some(StageFilter::PolesZeros(filter)),
            gain: Some(Gain {
                value: 1e9,
                frequency_hz: Some(1.0),
            }),
            ..Stage::default()
        };
        let channels = ["HHE", "HHN", "HHZ"].map(|channel| ChannelEpoch {
            code: channel.parse().unwrap(),
            latitude_deg: *lat,
            longitude_deg: *lon,
            sampling_rate_hz: Some(100.0),
            response: Some(Response {
                stages: vec![stage.clone()],
                ..Response::default()
            }),
            ..ChannelEpoch::default()
        });
        stations.push(StationEpoch {
            code: code.parse().unwrap(),
            latitude_deg: *lat,
            longitude_deg: *lon,
            channels: channels.to_vec(),
            ..StationEpoch::default()
        });
    }
    let network = NetworkEpoch {
        code: "XX".parse().unwrap(),
        stations,
        ..NetworkEpoch::default()
    };
    Inventory {
        source: "test".into(),
        simulated: true,
        networks: vec![network],
    }
}

/// `|s^2 / ((s - p)(s - p*))|` at 5 Hz, with p = -5.49779 + 5.60886 i.
const PENDULUM_5_HZ: f64 = 0.999_30;

#[test]
fn an_archive_gives_local_magnitudes() {
    let folder = tempfile::tempdir().unwrap();
    // Magnitude 2: 2 = log10(A / nm) + 1.11 log10(R) + 0.00189 R - 2.09.
    let of_two = |km: f64| 1e-9 * 10.0_f64.powf(2.0 + 2.09 - 1.11 * km.log10() - 0.00189 * km);
    let mut inventory = record(folder.path(), &of_two);
    inventory.write(folder.path().join("stations.xml")).unwrap();
    let args = [
        "associate",
        "--picks",
        "picks.csv",
        "--stations",
        "stations.xml",
        "--velocity",
        "central_us",
        "--archive",
        "sds",
        "--json",
        "--out",
        "events.xml",
    ];
    let (code, printed, told) = run(folder.path(), &[("picks.csv", &picks())], &args);
    assert_eq!(code, 0, "{told}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    // Of the other two events there is no burst: noise, or no record.
    assert_eq!(
        (&report["n_events"], &report["n_with_magnitude"]),
        (&3.into(), &1.into()),
        "{printed}"
    );
    assert_eq!(report["simulated"], true);
    let found = Catalog::read(folder.path().join("events.xml")).unwrap();
    assert!(
        (found.events()[0].magnitude - 2.0).abs() < 0.05,
        "{}",
        found.events()[0].magnitude
    );
    assert_eq!(
        (found.events()[0].magnitude_type.as_str(), found.simulated),
        ("ML", true)
    );
    assert!(told.contains("no amplitude"), "{told}");
    assert_eq!(report["responses"], serde_json::json!({}));
    // All responses contradict their sensitivities: of one station too much.
    for (station, factor) in inventory.networks[0]
        .stations
        .iter_mut()
        .zip([10.0, 1.1, 1.1, 1.1, 1.1, 1.1])
    {
        for channel in &mut station.channels {
            channel.response.as_mut().unwrap().sensitivity = Some(Sensitivity {
                value: factor * 1e9,
                frequency_hz: Some(5.0),
                units: Units::new("M/S", "COUNTS"),
            });
        }
    }
    inventory.write(folder.path().join("stations.xml")).unwrap();
    let with_table = [&args[..], &["--table", "events.csv"]].concat();
    let (code, printed, told) = run(folder.path(), &[], &with_table);
    assert_eq!(code, 0, "{told}");
    for line in [
        "response of XX.S0..HHE, XX.S0..HHN, XX.S0..HHZ: at 5 Hz the stages give 1.0000e9, the sensitivity says 1.0000e10: no magnitude by it",
        "response of XX.S1..HHE, XX.S1..HHN, XX.S1..HHZ and 12 more: at 5 Hz the stages give 1.0000e9, the sensitivity says 1.1000e9: the stages count",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["responses"].as_object().unwrap().len(), 18);
    // Of two events; the third has no record.
    assert_eq!(report["without_amplitude"]["no_response"], 2, "{printed}");
    let table = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    let column = rows[0].iter().position(|of| *of == "magNst").unwrap();
    assert_eq!(rows[1][column], "5");
    // Picks of a station, without its band.
    let stations_alone = picks().replace("..HH", "");
    let (code, _, told) = run(folder.path(), &[("picks.csv", &stations_alone)], &args);
    assert!(
        code == 0 && told.contains("the pick names no band"),
        "{told}"
    );
}

#[test]
fn bad_input_is_said() {
    let (picks, stations) = (picks(), stations());
    let one_time = picks.lines().map(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        let time = if cells[0] == "id" {
            cells[1]
        } else {
            "2014-02-16T00:10:20"
        };
        format!("{},{time},{},{}\n", cells[0], cells[2], cells[3])
    });
    let one_time: String = one_time.collect();
    let one_station: String = stations
        .lines()
        .take(2)
        .map(|row| format!("{row}\n"))
        .collect();
    let cases: [(&str, &str, &str, &str); 6] = [
        (
            "two columns",
            "id,timestamp\nXX.S0..HH,2014-02-16T00:10:20\n",
            &stations,
            "no column type",
        ),
        (
            "all picks at one time",
            &one_time,
            &stations,
            "have one time",
        ),
        ("one station", &picks, &one_station, "1 stations"),
        (
            "no coordinates",
            &picks,
            "id,latitude,longitude\nXX.S0,,\n",
            "no station with coordinates",
        ),
        (
            "other stations",
            "id,timestamp,prob,type\nYY.A..HH,2014-02-16T00:10:20,1,p\n",
            &stations,
            "YY.A..HH",
        ),
        (
            "an odd phase",
            "id,timestamp,prob,type\nXX.S0..HH,2014-02-16T00:10:20,1,Lg\n",
            &stations,
            "P or S",
        ),
    ];
    for (name, picks, stations, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (code, _, told) = run(
            folder.path(),
            &[("picks.csv", picks), ("stations.csv", stations)],
            &ASSOCIATE,
        );
        assert_eq!(code, 1, "{name}: {told}");
        assert!(told.contains(expected), "{name}: {told}");
        assert!(!folder.path().join("events.xml").exists(), "{name}");
    }
}

/// A quiet day is a result.
#[test]
fn no_pick_is_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let header = "id,timestamp,prob,type\n";
    let (code, _, told) = run(
        folder.path(),
        &[("picks.csv", header), ("stations.csv", &stations())],
        &ASSOCIATE,
    );
    assert!(code == 0 && told.contains("no pick, so no event"), "{told}");
    let found = quakebook::catalog::Catalog::read(folder.path().join("events.xml")).unwrap();
    assert!(found.is_empty());
}

#[test]
fn picks_without_a_place_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let picks = format!("{}YY.A..HH,2014-02-16T00:10:20,1,p\n", picks());
    let (code, _, told) = run(
        folder.path(),
        &[("picks.csv", &picks), ("stations.csv", &stations())],
        &ASSOCIATE,
    );
    assert_eq!(code, 4, "{told}");
    assert!(told.contains("YY.A..HH: 1 pick left out"), "{told}");
}

/// Eighteen events of exact picks, those of one station `late_s` late, or with P and S exchanged.
fn with_a_wrong_station(late_s: f64, is_exchanged: bool) -> String {
    let mut rows = String::from("event,station,phase,time\n");
    let start = time::parse("2014-02-16T00:10:00").unwrap();
    for n in 0..6 {
        for row in picks().lines().skip(2) {
            let cells: Vec<&str> = row.split(',').collect();
            let is_wrong = cells[0] == "XX.S4..HH";
            let at = time::parse(cells[1]).unwrap();
            // The picks of one event lie within 30 s.
            let event = match between_s(start, at) {
                s if s < 30.0 => 0,
                s if s < 80.0 => 1,
                _ => 2,
            };
            let late_s = 1000.0 * f64::from(n) + if is_wrong { late_s } else { 0.0 };
            let phase = match (cells[3], is_wrong && is_exchanged) {
                ("p", false) | ("s", true) => "P",
                _ => "S",
            };
            let at = time::iso(at + time::seconds(late_s));
            writeln!(rows, "{},{},{phase},{at}", 3 * n + event, cells[0]).unwrap();
        }
    }
    rows
}

#[test]
fn a_clock_that_is_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["associate", "locate"] {
        for late_s in [1.0, 2.0, 5.0, 10.0, 60.0, -5.0] {
            let rows = with_a_wrong_station(late_s, false);
            let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations())];
            let mut args = LOCATE.to_vec();
            args[0] = command;
            args.push("--json");
            let (code, printed, told) = run(folder.path(), &files, &args);
            assert_eq!(code, 4, "{told}");
            assert_eq!(told.matches("clock").count(), 1, "{told}");
            let report: Value = serde_json::from_str(&printed).unwrap();
            assert_eq!(report["n_events"], 18, "{told}");
            let clock = &report["clocks"][0];
            assert_eq!(clock[0], "XX.S4");
            assert!((clock[1].as_f64().unwrap() - late_s).abs() < 0.1, "{told}");
            // The others' picks place the events as if there were no such station.
            let rows = rows.lines().filter(|row| !row.contains("XX.S4"));
            let rows = rows.collect::<Vec<_>>().join("\n");
            let with = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
            let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations())];
            let (_, _, told) = run(folder.path(), &files, &args);
            let without = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
            assert_eq!(with, without, "{command} {late_s}: {told}");
        }
    }
}

#[test]
fn a_station_with_exchanged_phases_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let rows = with_a_wrong_station(0.0, true);
    let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations())];
    for command in ["associate", "locate"] {
        let mut args = LOCATE.to_vec();
        args[0] = command;
        let (code, printed, told) = run(folder.path(), &files, &args);
        assert_eq!(code, 4, "{told}");
        let named = "XX.S4: P and S seem to be exchanged there (0 of the arrivals have a pick as they are, 36 exchanged)";
        assert!(told.contains(named), "{told}");
        assert!(printed.contains("18 events"), "{printed}");
    }
}

#[test]
fn what_an_event_lacks_is_told_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let all = picks();
    let stations = stations();
    let only = |is_kept: &dyn Fn(&str) -> bool| {
        let (head, rows) = all.split_once('\n').unwrap();
        let kept = rows.lines().filter(|row| is_kept(row));
        kept.fold(format!("{head}\n"), |all, row| format!("{all}{row}\n"))
    };
    for (rows, named, option) in [
        (
            only(&|row| row.ends_with(",p")),
            "needs S picks at 2",
            Some("--min-s"),
        ),
        (
            only(&|row| row.ends_with(",s")),
            "needs P picks at 2",
            Some("--min-p"),
        ),
        (
            only(&|row| row < "XX.S2"),
            "at 3 stations (--min-stations",
            None,
        ),
    ] {
        let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations)];
        let (code, printed, told) = run(folder.path(), &files, &ASSOCIATE);
        assert!(code == 0 && printed.starts_with("0 events"), "{printed}");
        assert!(told.contains(named), "{told}");
        if let Some(option) = option {
            assert!(told.contains(&format!("{option} 0 ")), "{told}");
            // With what was advised there are events.
            let args = [&ASSOCIATE[..], &[option, "0"]].concat();
            let (_, printed, told) = run(folder.path(), &files, &args);
            assert!(printed.starts_with("3 events"), "{printed}{told}");
        }
    }
}

#[test]
fn the_end_of_the_grid_is_told_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, stations) = (picks(), stations());
    let files = [("picks.csv", rows.as_str()), ("stations.csv", &stations)];
    let located = |more: &[&str]| {
        let args = [&ASSOCIATE[..], more].concat();
        let (_, printed, told) = run(folder.path(), &files, &args);
        (printed, told)
    };
    let (_, told) = located(&[]);
    assert!(!told.contains("of the grid"), "{told}");
    let (_, told) = located(&["--max-depth-km", "2"]);
    assert!(told.contains("at the bottom of the grid"), "{told}");
    assert!(
        told.contains("--max-depth-km") && !told.contains("--margin-km"),
        "{told}"
    );
    let (printed, _) = located(&["--max-depth-km", "2", "--json"]);
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert!(report["n_at_bottom"].as_u64() > Some(0), "{printed}");
}

#[test]
fn what_a_table_lacks_or_has_in_vain_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, all) = (named("one"), stations());
    let mut args = LOCATE.to_vec();
    args[6] = "velocity.csv";
    let located = |stations: &str, velocity: &str| {
        let files = [
            ("picks.csv", rows.as_str()),
            ("stations.csv", stations),
            ("velocity.csv", velocity),
        ];
        let (code, _, told) = run(folder.path(), &files, &args);
        assert_eq!(code, 0, "{told}");
        told
    };
    let told = located(&all, "depth,vp,vs\n0,6,3.5\n");
    assert!(
        !told.contains("not read") && !told.contains("elevation"),
        "{told}"
    );
    let told = located(&all, "depth,vp,vs,rho,qp\n0,6,3.5,2.7,100\n");
    assert!(
        told.contains("velocity.csv: columns not read: rho, qp"),
        "{told}"
    );
    assert!(told.contains("--ground"), "{told}");
    let without = all
        .replace(",0\n", ",\n")
        .replace("elevation_m", "altitude");
    let told = located(&without, "depth,vp,vs\n0,6,3.5\n");
    assert!(
        told.contains("stations.csv: 6 of 6 stations have no elevation"),
        "{told}"
    );
    assert!(told.contains("column not read: altitude"), "{told}");
}

#[test]
fn detections_are_not_taken_for_picks() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "# {\"station\":\"XX.S0\",\"simulated\":false}\n\
        start,end,time,cluster,probability,n_windows,event\n\
        2014-08-24T00:02:28Z,2014-08-24T00:02:44Z,2014-08-24T00:02:36Z,1,0.9,20,\n";
    let files = [("picks.csv", rows), ("stations.csv", &stations())];
    for command in ["associate", "locate"] {
        let mut args = LOCATE.to_vec();
        args[0] = command;
        let (code, _, told) = run(folder.path(), &files, &args);
        assert_eq!(code, 1, "{told}");
        for part in [
            "a table of detections",
            "cluster, probability",
            "`quakebook pick`",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspy_reads_the_whole_bulletin() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = ASSOCIATE.to_vec();
    args.extend(["--arrivals", "arrivals.csv"]);
    let (code, _, told) = run(
        folder.path(),
        &[("picks.csv", &picks()), ("stations.csv", &stations())],
        &args,
    );
    assert_eq!(code, 0, "{told}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/bulletin_obspy.py");
    let read = common::succeeded(
        Command::new(common::obspy_python())
            .arg("-")
            .arg(folder.path().join("events.xml"))
            .stdin(std::fs::File::open(script).unwrap()),
    );
    let read: Vec<Value> = serde_json::from_slice(&read.stdout).unwrap();
    let ours = Catalog::read(folder.path().join("events.xml")).unwrap();
    let arrivals = std::fs::read_to_string(folder.path().join("arrivals.csv")).unwrap();
    let rows: Vec<Vec<&str>> = arrivals
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    assert_eq!((read.len(), rows.len()), (3, 36));
    let number = |value: &Value| value.as_f64().unwrap();
    for (theirs, ours) in read.iter().zip(ours.events()) {
        assert_eq!(theirs["time"], time::iso(ours.origin_time));
        assert_eq!(number(&theirs["latitude"]), ours.latitude_deg);
        assert_eq!(number(&theirs["depth_m"]), 1000.0 * ours.depth_km.unwrap());
        assert!(
            theirs["errors"]
                .as_array()
                .unwrap()
                .iter()
                .all(|error| number(error) > 0.0)
        );
        assert_eq!(theirs["ellipse_m"][2], 68.0);
        assert!(number(&theirs["ellipse_m"][0]) >= number(&theirs["ellipse_m"][1]));
        assert_eq!(
            (&theirs["used"], &theirs["author"]),
            (&12.into(), &"quakebook".into())
        );
    }
    let theirs = read
        .iter()
        .flat_map(|event| event["arrivals"].as_array().unwrap());
    for (theirs, row) in theirs.zip(&rows) {
        assert_eq!(
            format!(
                "XX.{}..{}",
                theirs[0].as_str().unwrap(),
                theirs[1].as_str().unwrap()
            ),
            row[1]
        );
        assert_eq!(
            (theirs[2].as_str(), theirs[4].as_str(), theirs[3].as_str()),
            (Some(row[2]), Some(row[2]), Some(row[3]))
        );
        assert!((number(&theirs[5]) - row[5].parse::<f64>().unwrap()).abs() < 1e-3);
        assert!((number(&theirs[6]) - row[6].parse::<f64>().unwrap()).abs() < 1e-3);
    }
}

/// What QuakeMigrate says of an event of the dike.
struct Theirs {
    time: time::Time,
    epicentre: Point,
    depth_km: f64,
    horizontal_error_km: f64,
    depth_error_km: f64,
    picks: Vec<PhasePick>,
}

fn dike() -> (Sites, VelocityModel, Vec<Theirs>) {
    let velocity = common::real_data().join("dike/velocity.csv");
    let velocity = VelocityModel::from_csv(
        &std::fs::read_to_string(velocity).unwrap(),
        "velocity.csv",
        true,
    )
    .unwrap();
    let event = |(path, columns): &common::Described| {
        let number = |name: &str| columns[name].parse::<f64>().unwrap();
        Theirs {
            time: time::parse(&columns["DT"]).unwrap(),
            epicentre: Point::new(number("X"), number("Y")),
            depth_km: number("Z"),
            horizontal_error_km: number("COV_ErrX").hypot(number("COV_ErrY")),
            depth_error_km: number("COV_ErrZ"),
            picks: PhasePick::read(path.with_extension("picks")).unwrap(),
        }
    };
    let (sites, events) = common::dike();
    (sites, velocity, events.iter().map(event).collect())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_dike_lies_where_quakemigrate_has_it() {
    let (sites, velocity, theirs) = dike();
    let picks: Vec<_> = theirs
        .iter()
        .map(|event| Sorted::new(event.picks.clone(), &sites).unwrap().picks)
        .collect();
    let mut locator = Locator::new(sites, &velocity, LocateParams::default()).unwrap();
    for n_rounds in [0, 4] {
        let Located { hypocentres, .. } = locate_all(&mut locator, &picks, n_rounds);
        let ours: Vec<_> = hypocentres.into_iter().map(Result::unwrap).collect();
        let both = || ours.iter().zip(&theirs);
        let epicentre_km = median(both().map(|(a, b)| a.epicentre.distance_km(b.epicentre)));
        let depth_km = median(both().map(|(a, b)| (a.depth_km - b.depth_km).abs()));
        println!(
            "{n_rounds} rounds: epicentres {epicentre_km:.2} km apart, depths {depth_km:.2} km (medians of {})",
            ours.len()
        );
        println!(
            "standard errors: ours {:.2} and {:.2} km, theirs {:.2} and {:.2} km",
            median(ours.iter().map(|h| h.east_error_km.hypot(h.north_error_km))),
            median(
                ours.iter()
                    .map(|h| h.depth_error_km)
                    .filter(|error| error.is_finite())
            ),
            median(theirs.iter().map(|event| event.horizontal_error_km)),
            median(theirs.iter().map(|event| event.depth_error_km)),
        );
        assert_eq!(ours.len(), 19);
        assert!(epicentre_km < 0.4 && depth_km < 1.0);
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_dike_is_found_again_in_picks_of_phasenet() {
    let (sites, velocity, theirs) = dike();
    let mut picks = PhasePick::read(common::real_data().join("dike/picks_phasenet.csv")).unwrap();
    picks.retain(|pick| pick.probability >= 0.3);
    let sorted = Sorted::new(picks, &sites).unwrap();
    let mut locator = Locator::new(sites, &velocity, LocateParams::default()).unwrap();
    let (bulletin, account) = Bulletin::from_picks(
        &mut locator,
        "dike",
        &sorted,
        &AssociateParams::default(),
        0,
    )
    .unwrap();
    let mut found = Vec::new();
    for event in &theirs {
        let near = bulletin
            .events
            .iter()
            .filter(|e| between_s(event.time, e.hypocentre.origin_time).abs() < 2.0);
        found.extend(
            near.max_by_key(|e| e.picks.len())
                .map(|e| (&e.hypocentre, event)),
        );
    }
    let epicentre_km = median(
        found
            .iter()
            .map(|(a, b)| a.epicentre.distance_km(b.epicentre)),
    );
    let depth_km = median(found.iter().map(|(a, b)| (a.depth_km - b.depth_km).abs()));
    println!(
        "{account:?}: {} events, {} of 19 of theirs",
        bulletin.events.len(),
        found.len()
    );
    println!("epicentres {epicentre_km:.2} km apart, depths {depth_km:.2} km (medians)");
    assert!(found.len() >= 15 && epicentre_km < 0.6 && depth_km < 1.0);
}

#[test]
fn what_stations_say_of_their_places_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let picks = picks();
    // Station text of FDSN: columns Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime.
    let header = "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime\n";
    let stations_until = |end: &str| {
        let rows = STATIONS.iter().enumerate();
        let rows = rows.map(|(i, (lat, lon))| {
            format!("XX|S{i}|{lat}|{lon}|0|site|2000-01-01T00:00:00|{end}\n")
        });
        format!("{header}{}", rows.collect::<String>())
    };
    let mut args = ASSOCIATE.to_vec();
    args[4] = "stations.txt";
    for (end, is_told) in [("2010-01-01T00:00:00", true), ("", false)] {
        let stations = stations_until(end);
        let files = [("picks.csv", picks.as_str()), ("stations.txt", &stations)];
        let (code, _, told) = run(folder.path(), &files, &args);
        assert_eq!(code, 0, "{told}");
        assert_eq!(told.contains("in none of its epochs"), is_told, "{told}");
    }
    // Codes without networks, and picks of two.
    let bare = stations().replace("XX.", "");
    let two = picks.replacen("XX.S1", "YY.S1", 1);
    let files = [("picks.csv", two.as_str()), ("stations.csv", &bare)];
    let (code, _, told) = run(folder.path(), &files, &ASSOCIATE);
    assert!(code == 1 && told.contains("YY.S1"), "{told}");
    // A network of 400 km and more.
    let wide = format!("{}XX.FAR,35.8,-92.6,0\n", stations());
    let files = [("picks.csv", picks.as_str()), ("stations.csv", &wide)];
    let (_, _, told) = run(folder.path(), &files, &ASSOCIATE);
    assert!(told.contains("km wide"), "{told}");
}

#[test]
fn options_that_cannot_serve_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (picks, stations) = (picks(), stations());
    let files = [("picks.csv", picks.as_str()), ("stations.csv", &stations)];
    for (option, expected) in [
        (["--tolerance", "1e9"], "0.01 to 30"),
        (["--min-stations", "1"], "at least 3"),
        (["--min-picks", "3"], "at least 4"),
        (["--margin-km", "-5"], "a positive number"),
        (["--ground", "0.8,2.1"], "--archive"),
        (["--archive", "s3://bucket/sds"], "a folder is expected"),
    ] {
        let mut args = ASSOCIATE.to_vec();
        args.extend(option);
        let (code, _, told) = run(folder.path(), &files, &args);
        assert_eq!(code, 2, "{option:?}: {told}");
        assert!(told.contains(expected), "{option:?}: {told}");
    }
    let two = picks.replacen(",prob,", ",type,", 1);
    let files = [("picks.csv", two.as_str()), ("stations.csv", &stations)];
    let (code, _, told) = run(folder.path(), &files, &ASSOCIATE);
    assert!(
        code == 1 && told.contains("two columns have the name type"),
        "{told}"
    );
}
