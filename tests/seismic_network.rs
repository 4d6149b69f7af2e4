//! Twelve simulated stations: their archive, what a data centre serves of it, and the catalog that is made of it.

mod common;

use std::path::Path;

use common::quakebook;
use quakebook::bulletin::Bulletin;
use quakebook::catalog::Catalog;
use quakebook::classroom::{NetworkStation, SeismicNetwork};
use quakebook::fdsn::{Client, StationFormat};
use quakebook::locate::{LocateParams, Locator, PhasePick, Sites, Sorted, VelocityModel};
use quakebook::server::ServedArchive;
use quakebook::station::NslcPattern;
use quakebook::study::Study;
use quakebook::time::{self, TimeSpan, between_s};
use quakebook::travel::{Phase, Wave};
use quakebook::waveform::{Archive, WaveformSource, mseed};

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
