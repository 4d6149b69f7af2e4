//! Twelve simulated stations: their archive, what a data centre serves of it, and the catalog that is made of it.

mod common;

use std::path::Path;
use std::process::Command;

use common::quakebook;
use quakebook::bulletin::Bulletin;
use quakebook::catalog::Catalog;
use quakebook::classroom::{NetworkStation, SeismicNetwork};
use quakebook::fdsn::{Client, StationFormat};
use quakebook::locate::{LocateParams, Locator, PhasePick, Sites, Sorted, VelocityModel};
use quakebook::magnitude::{Ground, LocalScale, MomentParams, NoAmplitude};
use quakebook::server::ServedArchive;
use quakebook::station::NslcPattern;
use quakebook::study::Study;
use quakebook::time::{self, TimeSpan, between_s};
use quakebook::travel::{Phase, Wave};
use quakebook::waveform::{Archive, WaveformSource, mseed};
use serde_json::{Value, json};

fn minutes(n: f64) -> TimeSpan {
    let start = time::parse("2014-03-01T00:00:00").unwrap();
    TimeSpan {
        start,
        end: start + time::seconds(60.0 * n),
    }
}

fn network() -> SeismicNetwork {
    SeismicNetwork::swarm(3, &minutes(10.0), 12, 1.5)
}

/// The archive of [`network`] in a folder.
fn written(root: &Path) -> SeismicNetwork {
    let network = network();
    network.write(root, &minutes(10.0)).unwrap();
    network
}

fn archive(root: &Path, station: &NetworkStation) -> Archive {
    let NetworkStation {
        network,
        code,
        location,
        ..
    } = station;
    Archive::open(root, network, code, location, "HH?").unwrap()
}

/// The exact arrivals as picks.
fn picks(network: &SeismicNetwork) -> Vec<PhasePick> {
    let mut picks = Vec::new();
    for station in network.stations() {
        for source in &network.truth().sources {
            for (wave, phase) in [(Wave::P, Phase::P), (Wave::S, Phase::S)] {
                picks.push(PhasePick {
                    station: format!(
                        "{}.{}.{}.HH",
                        station.network, station.code, station.location
                    ),
                    wave,
                    time: network.arrival(source, phase, station),
                    probability: 1.0,
                    error_s: f64::NAN,
                });
            }
        }
    }
    picks
}

#[test]
fn a_network_is_served_as_a_data_centre() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("sds");
    let network = written(&root);
    let server = ServedArchive::open(&root).unwrap().start(0).unwrap();
    let client = Client::at(server.base_url()).unwrap().without_cache();
    let span = minutes(10.0);
    let region = Study::oklahoma().region;
    let published = client.fetch_events(&region, &span).unwrap();
    let expected = network.truth().published();
    assert!(published.simulated && !published.is_empty());
    assert_eq!(published.events(), expected.events());
    let all = || NslcPattern::new("*", "*", "*", "HH?").unwrap();
    let inventory = client
        .fetch_inventory(all(), &span, StationFormat::Xml)
        .unwrap()
        .unwrap();
    assert_eq!(inventory.channels().count(), 36);
    let sites = Sites::from_inventory(&inventory).unwrap();
    for (site, station) in sites.all().iter().zip(network.stations()) {
        assert_eq!((&site.id, site.position), (&station.id(), station.place));
    }
    let one = NslcPattern::new("XX", "N05", "", "HHZ").unwrap();
    let short = TimeSpan {
        start: span.start + time::seconds(60.0),
        end: span.start + time::seconds(70.0),
    };
    let bytes = client.fetch_mseed_bulk(&[(one, short)]).unwrap().unwrap();
    let traces = mseed::read(&bytes, "fetched").unwrap();
    assert_eq!(traces[0].id.to_string(), "XX.N05..HHZ");
}

#[test]
fn stations_differ_and_the_same_seed_gives_the_same() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let network = written(a.path());
    written(b.path());
    let mut seen = Vec::new();
    for station in network.stations() {
        // A late clock stamps its samples between those of the others.
        let start = minutes(1.0).end;
        let [first, second] =
            [a.path(), b.path()].map(|root| archive(root, station).record(start, 6000));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.simulated);
        let bits = |rows: &[Vec<f32>; 3]| rows.concat().iter().map(|x| x.to_bits()).collect();
        let bits: Vec<u32> = bits(&first.data);
        let again: Vec<u32> = second.data.concat().iter().map(|x| x.to_bits()).collect();
        assert_eq!(bits, again, "{}", station.id());
        assert!(!seen.contains(&bits), "{}", station.id());
        seen.push(bits);
    }
}

/// What P arrives at: the vertical of the two seconds after it is larger than that of the two before it, by the station's own clock.
#[test]
fn records_move_when_p_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let network = written(folder.path());
    let sources = &network.truth().sources;
    let largest = sources.iter().max_by(|a, b| a.mw.total_cmp(&b.mw)).unwrap();
    let mut n_moved = 0;
    for station in network.stations() {
        let arrival = network.arrival(largest, Phase::P, station);
        let archive = archive(folder.path(), station);
        let peak = |from_s: f64, to_s: f64| {
            let record = archive
                .between(
                    arrival + time::seconds(from_s),
                    arrival + time::seconds(to_s),
                )
                .unwrap();
            let mean = record.data[2].iter().sum::<f32>() / record.data[2].len() as f32;
            let sizes = record.data[2].iter().map(|x| (x - mean).abs());
            sizes.fold(0.0, f32::max)
        };
        n_moved += usize::from(peak(0.0, 1.0) > 2.0 * peak(-1.1, -0.1));
    }
    // Another earthquake or a passing car may be louder at one station or two.
    assert!(n_moved >= 10, "{n_moved} of 12");
}

#[test]
fn exact_picks_give_the_true_places_and_the_late_clock() {
    let folder = tempfile::tempdir().unwrap();
    let network = network();
    let file = folder.path().join("velocity.csv");
    std::fs::write(&file, network.velocity_csv()).unwrap();
    let velocity = VelocityModel::find(file.to_str().unwrap(), false).unwrap();
    let sites = Sites::from_inventory(&network.inventory()).unwrap();
    let mut locator = Locator::new(sites, &velocity, LocateParams::default()).unwrap();
    let sorted = Sorted::new(picks(&network), locator.sites()).unwrap();
    let (bulletin, account) =
        Bulletin::from_picks(&mut locator, "v", &sorted, &Default::default(), 2).unwrap();
    let truth = network.truth().catalog();
    let pairs = bulletin.to_catalog().pairs(&truth, 1.0, 5.0);
    assert_eq!(pairs.len(), truth.len(), "{account:?}");
    for (i, j) in pairs {
        let (h, source) = (&bulletin.events[i].hypocentre, &network.truth().sources[j]);
        let km = h.epicentre.distance_km(source.epicentre());
        assert!(km < 0.15, "{km}");
        // The truth counts from the surface, 333 m above the sea.
        assert!((h.depth_km + 0.333 - source.depth_km).abs() < 0.3);
        assert!(between_s(h.origin_time, source.origin_time).abs() < 0.1);
    }
    let late: Vec<&str> = bulletin.clocks.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(late, ["XX.N08"]);
    assert!((bulletin.clocks[0].1 - 0.74).abs() < 0.05);
}

#[test]
#[cfg_attr(
    not(real_data),
    ignore = "needs published weights: set QUAKEBOOK_REAL_DATA"
)]
fn one_command_makes_a_catalog_of_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let network = written(&folder.path().join("sds"));
    let weights = common::real_data().join("seisbench/phasenetlight/ethz.pt.v2");
    let weights = weights.canonicalize().unwrap();
    let args = [
        "catalog",
        "--weights",
        weights.to_str().unwrap(),
        "--archive",
        "sds",
        "--stations",
        "sds/stations.xml",
        "--velocity",
        "sds/velocity.csv",
        "--terms",
        "1",
        "--picks",
        "picks.csv",
        "--arrivals",
        "arrivals.csv",
        "--table",
        "events.csv",
        "--out",
        "catalog.xml",
    ];
    let (code, printed, told) = quakebook(folder.path(), &args);
    assert!(code == 0 || code == 4, "{told}");
    assert!(printed.contains("catalog.xml"), "{printed}");
    let found = Catalog::read(folder.path().join("catalog.xml")).unwrap();
    let table = Catalog::read(folder.path().join("events.csv")).unwrap();
    assert!(found.simulated && table.len() == found.len());
    let truth = network.truth().catalog();
    let n = found.pairs(&truth, 2.0, 15.0).len();
    assert!(2 * n > truth.len(), "{n} of {}: {told}", truth.len());
    assert!(
        found
            .events()
            .iter()
            .any(|event| event.magnitude.is_finite())
    );
    // The same picks give the same events by the step alone.
    let mut again = vec!["associate"];
    again.extend(&args[3..]);
    *again.last_mut().unwrap() = "again.xml";
    let (_, _, told) = quakebook(folder.path(), &again);
    let [one, two] = ["catalog.xml", "again.xml"]
        .map(|name| std::fs::read(folder.path().join(name)).unwrap_or_else(|_| panic!("{told}")));
    assert_eq!(one, two);
}

#[test]
fn a_catalog_refuses_to_write_over_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sds")).unwrap();
    network()
        .inventory()
        .write(folder.path().join("stations.xml"))
        .unwrap();
    let common = [
        "catalog",
        "--weights",
        "w.pt.v2",
        "--stations",
        "stations.xml",
    ];
    for (further, named) in [
        ("--velocity v.csv --out c.xml", "--archive"),
        (
            "--velocity v.csv --out c.xml --archive sds --picks v.csv",
            "--velocity and --picks",
        ),
        (
            "--velocity v.csv --out c.csv --archive sds --picks c.csv",
            "--picks and --out",
        ),
    ] {
        let args: Vec<&str> = common.into_iter().chain(further.split(' ')).collect();
        let (code, _, told) = quakebook(folder.path(), &args);
        assert_eq!(code, 2, "{told}");
        assert!(told.contains(named), "{told}");
    }
}

/// A bulletin of exact picks of these minutes, in a folder with the archive of [`SeismicNetwork`].
fn bulletin(
    root: &Path,
    network: &SeismicNetwork,
    span: &TimeSpan,
) -> (Locator, VelocityModel, Bulletin) {
    network.write(root, span).unwrap();
    let velocity = VelocityModel::find(root.join("velocity.csv").to_str().unwrap(), false).unwrap();
    let sites = Sites::from_inventory(&network.inventory()).unwrap();
    let mut locator = Locator::new(sites, &velocity, LocateParams::default()).unwrap();
    let sorted = Sorted::new(picks(network), locator.sites()).unwrap();
    let (bulletin, _) =
        Bulletin::from_picks(&mut locator, "v", &sorted, &Default::default(), 2).unwrap();
    (locator, velocity, bulletin)
}

/// Forty earthquakes in an hour, picked exactly: their moments against the truth. The ground under the stations is softer than the first layer
/// of the velocity model; who leaves it out finds all of them too large by the same number.
#[test]
fn moment_magnitudes_are_the_true_ones() {
    let folder = tempfile::tempdir().unwrap();
    let network = SeismicNetwork::swarm(5, &minutes(60.0), 40, 1.5);
    let (locator, velocity, mut bulletin) = bulletin(folder.path(), &network, &minutes(60.0));
    let inventory = network.inventory();
    let truth = network.truth().catalog();
    // The median of what is found less what is true, and the range of the middle three quarters.
    let mut off = |ground: Option<Ground>| {
        let params = MomentParams {
            ground,
            ..MomentParams::default()
        };
        let without = bulletin
            .add_moment_magnitudes_of_archive(
                &locator,
                &inventory,
                &velocity,
                &params,
                folder.path(),
            )
            .unwrap();
        let own = bulletin.to_moment_catalog();
        assert!(own.simulated && own.events().iter().any(|e| e.magnitude_type == "Mw"));
        let pairs = own.pairs(&truth, 1.0, 5.0).into_iter();
        let mut off: Vec<f64> = pairs
            .map(|(i, j)| own.events()[i].magnitude - network.truth().sources[j].mw)
            .filter(|off| off.is_finite())
            .collect();
        off.sort_by(f64::total_cmp);
        let n = off.len();
        println!(
            "{n} of {} events: {off:.2?}, without {without:?}",
            truth.len()
        );
        assert!(n > 35 && without.contains_key(&NoAmplitude::Noise));
        (off[n / 2], off[n * 7 / 8] - off[n / 8])
    };
    let soft = Ground {
        vs_km_s: 0.8,
        density_g_cm3: 2.1,
    };
    let (median, width) = off(Some(soft));
    assert!(median.abs() < 0.05 && width < 0.12, "{median} {width}");
    let layer = velocity.layers.layers()[0];
    let contrast = layer.vs_km_s * layer.density_g_cm3 / (soft.vs_km_s * soft.density_g_cm3);
    let too_large = contrast.sqrt().log10() / 1.5;
    let (without_ground, _) = off(None);
    assert!(too_large > 0.15 && (without_ground - median - too_large).abs() < 1e-6);
}

#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspy_reads_both_magnitudes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let network = network();
    let (locator, velocity, mut bulletin) = bulletin(root, &network, &minutes(10.0));
    let inventory = network.inventory();
    bulletin.add_magnitudes_of_archive(
        &locator,
        &inventory,
        &LocalScale::iaspei(),
        &Default::default(),
        root,
    );
    bulletin
        .add_moment_magnitudes_of_archive(
            &locator,
            &inventory,
            &velocity,
            &Default::default(),
            root,
        )
        .unwrap();
    bulletin.write(&root.join("events.xml")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/bulletin_obspy.py");
    let read = common::succeeded(
        Command::new(common::obspy_python())
            .arg("-")
            .arg(root.join("events.xml"))
            .stdin(std::fs::File::open(script).unwrap()),
    );
    let read: Vec<Value> = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(read.len(), bulletin.events.len());
    let mut n_both = 0;
    for (theirs, ours) in read.iter().zip(&bulletin.events) {
        let both = [&ours.magnitude, &ours.moment_magnitude];
        let told: Vec<Value> = both
            .into_iter()
            .flatten()
            .map(|m| {
                let value: f64 = format!("{:.3}", m.value).parse().unwrap();
                json!([m.kind.name(), value, m.stations.len(), m.stations.len()])
            })
            .collect();
        assert_eq!(theirs["magnitudes"], Value::from(told));
        let stations = both.into_iter().flatten().flat_map(|m| {
            let kind = m.kind.name();
            m.stations.iter().map(move |of| {
                let (network, code) = of.station.split_once('.').unwrap();
                let value: f64 = format!("{:.3}", of.value).parse().unwrap();
                json!([kind, network, code, value])
            })
        });
        assert_eq!(theirs["stations"], stations.collect::<Value>());
        if let [Some(_), Some(_)] = both {
            n_both += 1;
            assert_eq!(theirs["preferred"], "ML");
            let units = json!([["AML", "m"], ["plateau of the spectrum of S", "m*s"]]);
            assert_eq!(theirs["units"], units);
        }
    }
    assert!(n_both > 3, "{n_both}");
}

#[test]
fn a_catalog_is_made_with_responses_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let span = minutes(4.0);
    let network = SeismicNetwork::swarm(3, &span, 6, 2.5);
    network.write(&folder.path().join("sds"), &span).unwrap();
    let places = network.stations().iter().map(|station| {
        let (id, place) = (station.id(), station.place);
        format!("{id},{},{},333\n", place.latitude_deg, place.longitude_deg)
    });
    let places = format!(
        "id,latitude,longitude,elevation_m\n{}",
        places.collect::<String>()
    );
    std::fs::write(folder.path().join("places.csv"), places).unwrap();
    let catalog = |stations: &str, more: &[&str]| {
        let base = [
            "catalog",
            "--model",
            "onsets",
            "--archive",
            "sds",
            "--stations",
            stations,
        ];
        let rest = ["--velocity", "sds/velocity.csv", "--out", "events.csv"];
        quakebook(folder.path(), &[&base[..], &rest, more].concat())
    };
    // Column `mw` of events.csv, of the events that have one.
    let moments = || -> Vec<f64> {
        let table = std::fs::read_to_string(folder.path().join("events.csv")).unwrap();
        let mw = table
            .lines()
            .next()
            .unwrap()
            .split(',')
            .position(|name| name == "mw");
        let cells = table
            .lines()
            .skip(1)
            .map(|row| row.split(',').nth(mw.unwrap()).unwrap());
        cells.filter_map(|cell| cell.parse().ok()).collect()
    };
    let (code, _, told) = catalog("sds/stations.xml", &[]);
    assert!(
        [0, 4].contains(&code) && told.contains("with a moment magnitude"),
        "{told}"
    );
    let with_layer = moments();
    assert!(!with_layer.is_empty(), "{told}");
    catalog("sds/stations.xml", &["--ground", "0.8,2.1"]);
    let soft = moments();
    assert_eq!(soft.len(), with_layer.len());
    assert!(
        soft.iter()
            .zip(&with_layer)
            .all(|(soft, layer)| soft + 0.1 < *layer)
    );
    let (code, _, told) = catalog("places.csv", &[]);
    assert!(
        [0, 4].contains(&code) && told.contains("no magnitudes: --stations has no responses"),
        "{told}"
    );
    assert!(moments().is_empty());
    for wrong in [
        "0.8", "800,2100", "2.1,0.8", "7,2", "0.001,2", "0.8,nan", "a,b",
    ] {
        let (code, _, told) = catalog("sds/stations.xml", &["--ground", wrong]);
        assert!(
            code == 2 && told.contains("expected km/s (0.05 to 5)"),
            "{wrong}: {told}"
        );
    }
}

/// An archive of a few minutes, and the stations' coordinates as a CSV of which some rows are kept.
fn minutes_with_places(folder: &Path, n_places: usize) -> SeismicNetwork {
    let span = minutes(4.0);
    let network = SeismicNetwork::swarm(3, &span, 6, 2.5);
    network.write(&folder.join("sds"), &span).unwrap();
    let rows = network.stations().iter().take(n_places).map(|station| {
        let (id, place) = (station.id(), station.place);
        format!("{id},{},{},333\n", place.latitude_deg, place.longitude_deg)
    });
    let places = rows.collect::<String>()
        + "YY.A,35.8,-97.4,333\nYY.B,35.9,-97.4,333\nYY.C,35.8,-97.5,333\n";
    let places = format!("id,latitude,longitude,elevation_m\n{places}");
    std::fs::write(folder.join("places.csv"), places).unwrap();
    network
}

const CATALOG: [&str; 11] = [
    "catalog",
    "--model",
    "onsets",
    "--archive",
    "sds",
    "--stations",
    "places.csv",
    "--velocity",
    "sds/velocity.csv",
    "--out",
    "events.csv",
];

#[test]
fn stations_without_coordinates_are_told_before_picking() {
    for n_places in [0, 2] {
        let folder = tempfile::tempdir().unwrap();
        minutes_with_places(folder.path(), n_places);
        let (code, _, told) = quakebook(folder.path(), &CATALOG);
        assert_eq!(code, 1, "{told}");
        let named = format!("{n_places} of 12 stations with records have coordinates");
        assert!(told.contains(&named) && !told.contains(" P and "), "{told}");
    }
}

#[test]
fn picks_are_kept_where_a_later_step_fails() {
    let folder = tempfile::tempdir().unwrap();
    let network = minutes_with_places(folder.path(), 3);
    // Three stations have a place; of these an instant is recorded, which is not picked, so no pick has a place.
    let entries = |dir: &Path| {
        std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    for station in &network.stations()[..3] {
        let codes = station.id().replace('.', "/");
        for channel in entries(&folder.path().join("sds/2014").join(codes)) {
            for path in entries(&channel) {
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(&path, &bytes[..512]).unwrap();
            }
        }
    }
    let (code, _, told) = quakebook(folder.path(), &CATALOG);
    assert_eq!(code, 1, "{told}");
    let (_, after) = told
        .split_once("the picks are in ")
        .unwrap_or_else(|| panic!("{told}"));
    let (path, _) = after.split_once(": `quakebook associate").unwrap();
    let picks = PhasePick::read(path).unwrap();
    assert!(!picks.is_empty());
    std::fs::remove_dir_all(Path::new(path).parent().unwrap()).unwrap();
}
