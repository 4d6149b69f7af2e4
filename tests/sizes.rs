//! Sizes of earthquakes whose waves meet at the stations, and responses that cannot be used.

mod common;

use std::f64::consts::TAU;

use common::STATIONS;
use quakebook::bulletin::{Bulletin, Sizes, Unmeasured};
use quakebook::geo::Point;
use quakebook::locate::{Limit, LocateParams, Locator, PhasePick, Sites, VelocityModel};
use quakebook::magnitude::{LocalScale, NoAmplitude};
use quakebook::station::{
    ChannelEpoch, Epoch, Filter, Inventory, NetworkEpoch, PolesZeros, Response, ResponseFault,
    Sensitivity, StationEpoch, TransferFunction, Units,
};
use quakebook::time::{self, Time};
use quakebook::travel::Wave;
use quakebook::waveform::Record3C;

/// Counts for one metre a second.
const GAIN: f64 = 1e12;

const RATE_HZ: f64 = 100.0;

const DEPTH_KM: f64 = 5.0;

/// An earthquake between the stations: the second of its origin, and the plateau of its S at 10 km in m s.
type Source = (f64, f64);

const SMALL: f64 = 1e-8;
const LARGE: f64 = 1e-6;

fn start() -> Time {
    time::parse("2014-02-16T00:10:00").unwrap()
}

fn epicentre() -> Point {
    Point::new(-97.40, 35.80)
}

/// A sensor of velocity without a corner, and its recorder.
fn response() -> Response {
    let filter = PolesZeros {
        units: Units::new("M/S", "V"),
        transfer_function: TransferFunction::LaplaceRadians,
        normalization_factor: 1.0,
        normalization_frequency_hz: Some(5.0),
        zeros: Vec::new(),
        poles: Vec::new(),
    };
    Response {
        sensitivity: Some(Sensitivity {
            value: GAIN,
            frequency_hz: Some(5.0),
            units: Units::new("M/S", "COUNTS"),
        }),
        stages: common::two_stages(filter, [1e3, GAIN / 1e3], 5.0),
        ..Response::default()
    }
}

fn inventory() -> Inventory {
    let stations = STATIONS.iter().enumerate();
    let stations = stations.map(|(i, (latitude_deg, longitude_deg))| {
        let channel = |code: &str| ChannelEpoch {
            code: code.parse().unwrap(),
            latitude_deg: *latitude_deg,
            longitude_deg: *longitude_deg,
            response: Some(response()),
            ..ChannelEpoch::default()
        };
        StationEpoch {
            code: format!("S{i}").parse().unwrap(),
            latitude_deg: *latitude_deg,
            longitude_deg: *longitude_deg,
            channels: ["HHE", "HHN", "HHZ"].map(channel).into(),
            ..StationEpoch::default()
        }
    });
    let network = NetworkEpoch {
        code: "XX".parse().unwrap(),
        stations: stations.collect(),
        ..NetworkEpoch::default()
    };
    Inventory {
        source: "test".into(),
        simulated: true,
        networks: vec![network],
    }
}

fn velocity() -> VelocityModel {
    VelocityModel::find("central_us", false).unwrap()
}

fn locator() -> Locator {
    let sites = Sites::from_inventory(&inventory()).unwrap();
    Locator::new(sites, &velocity(), LocateParams::default()).unwrap()
}

/// Seconds that a wave takes to a station, and the km to it from the focus.
fn way(locator: &Locator, station: usize, wave: Wave) -> (f64, f64) {
    let along_km = epicentre().distance_km(locator.sites().all()[station].position);
    let time = locator.travel_time(station, wave, DEPTH_KM, along_km);
    (time.time_s, along_km.hypot(DEPTH_KM))
}

/// Pulses of Brune's shape: P, a fifth as large, and S.
fn record(locator: &Locator, sources: &[Source], pick: &str, from: Time, to: Time) -> Record3C {
    let station = locator.sites().find(pick).unwrap();
    let velocity = |plateau: f64, corner_hz: f64, after: f64| match after > 0.0 {
        true => {
            let w = TAU * corner_hz;
            plateau * w * w * (1.0 - w * after) * (-w * after).exp()
        }
        false => 0.0,
    };
    let row = |channel: usize| -> Vec<f32> {
        let n_samples = (time::between_s(from, to) * RATE_HZ) as usize;
        let sample = |i: usize| {
            let t = time::between_s(start(), from) + i as f64 / RATE_HZ;
            let noise = 1e-10 * (TAU * 3.3 * t + channel as f64).sin();
            let waves = sources.iter().map(|(origin_s, plateau)| {
                let [(p_s, _), (s_s, km)] =
                    [Wave::P, Wave::S].map(|wave| way(locator, station, wave));
                let plateau = plateau * 10.0 / km;
                velocity(0.2 * plateau, 6.0, t - origin_s - p_s)
                    + velocity(plateau, 4.0, t - origin_s - s_s)
            });
            (GAIN * (noise + waves.sum::<f64>())) as f32
        };
        (0..n_samples).map(sample).collect()
    };
    Record3C {
        station: "XX.S0.".into(),
        channels: ["HHE", "HHN", "HHZ"].map(String::from),
        start: from,
        sampling_rate_hz: RATE_HZ,
        data: [row(0), row(1), row(2)],
        simulated: true,
    }
}

/// Earthquakes picked exactly.
fn bulletin(locator: &mut Locator, sources: &[Source]) -> Bulletin {
    let picks = sources.iter().map(|(origin_s, _)| {
        let all = (0..STATIONS.len()).flat_map(|station| [(station, Wave::P), (station, Wave::S)]);
        let pick = |(station, wave)| {
            let time = start() + time::seconds(origin_s + way(locator, station, wave).0);
            let pick = PhasePick {
                station: format!("XX.S{station}..HH"),
                wave,
                time,
                probability: 0.9,
                error_s: 0.05,
            };
            (station, pick)
        };
        all.map(pick).collect()
    });
    let picks = picks.collect();
    let (bulletin, not_located) = Bulletin::of_events(locator, "central_us", picks, 0);
    assert!(not_located.is_empty() && bulletin.events.len() == sources.len());
    bulletin
}

fn measure(
    bulletin: &mut Bulletin,
    locator: &Locator,
    inventory: &Inventory,
    sources: &[Source],
) -> Unmeasured {
    let (scale, velocity) = (LocalScale::iaspei(), velocity());
    let how = Sizes {
        inventory,
        local: Some((&scale, &Default::default())),
        moment: Some((&velocity, &Default::default())),
    };
    let record = |pick: &str, from, to| Ok(record(locator, sources, pick, from, to));
    bulletin.measure(locator, &how, record).unwrap()
}

/// The local and the moment magnitude of each event, and where there was none.
fn sizes(sources: &[Source]) -> (Vec<[Option<f64>; 2]>, Unmeasured) {
    let mut locator = locator();
    let mut bulletin = bulletin(&mut locator, sources);
    let without = measure(&mut bulletin, &locator, &inventory(), sources);
    let of = bulletin.events.iter().map(|event| {
        [&event.magnitude, &event.moment_magnitude].map(|m| m.as_ref().map(|m| m.value))
    });
    (of.collect(), without)
}

/// Two earthquakes of one place, one a hundred times as large as the other.
#[test]
fn no_earthquake_gets_the_size_of_another() {
    let alone = |plateau| sizes(&[(0.0, plateau)]).0[0].map(Option::unwrap);
    let (small, large) = (alone(SMALL), alone(LARGE));
    assert!(large[0] - small[0] > 1.9 && large[1] - small[1] > 1.2);
    let check = |found: [Option<f64>; 2], expected: [f64; 2], near: f64, what: &str| {
        for (found, expected) in found.into_iter().zip(expected) {
            let is_right = found.is_none_or(|found| (found - expected).abs() < near);
            assert!(is_right, "{what}: {found:?}, and {expected} alone");
        }
    };
    let (mut n_small, mut n_large) = (0, 0);
    for apart_s in [0.3, 1.0, 2.0, 3.0, 4.0, 6.0, 9.0] {
        let (found, without) = sizes(&[(0.0, SMALL), (apart_s, LARGE)]);
        check(found[0], small, 0.1, &format!("{apart_s} s before"));
        check(found[1], large, 0.05, &format!("{apart_s} s after"));
        n_small += found[0].iter().flatten().count();
        n_large += found[1].iter().flatten().count();
        let n_met = without.amplitude.get(&NoAmplitude::OtherEvent);
        assert!(apart_s > 3.0 || n_met.is_some(), "{apart_s}: {without:?}");

        let (found, _) = sizes(&[(0.0, LARGE), (apart_s, SMALL)]);
        check(found[0], large, 0.05, &format!("{apart_s} s before, large"));
        check(found[1], small, 0.1, &format!("{apart_s} s after, small"));
    }
    // Where the waves do not meet, both have their sizes.
    assert!(n_small >= 4 && n_large >= 6, "{n_small} {n_large}");
}

#[test]
fn an_event_without_a_place_has_waves_too() {
    let sources = [(0.0, SMALL), (1.0, LARGE)];
    let mut locator = locator();
    let mut bulletin = bulletin(&mut locator, &sources);
    bulletin.events[1].hypocentre.limit = Some(Limit::Side);
    let without = measure(&mut bulletin, &locator, &inventory(), &sources);
    assert_eq!(bulletin.events[0].magnitude, None);
    assert_eq!(without.amplitude[&NoAmplitude::OtherEvent], 6);
}

#[test]
fn responses_that_cannot_be_used_are_told_by_channel() {
    let sources = [(0.0, LARGE)];
    let mut locator = locator();
    let mut bulletin = bulletin(&mut locator, &sources);
    let mut inventory = inventory();
    let mut change = |station: usize, change: &dyn Fn(&mut ChannelEpoch)| {
        let channels = &mut inventory.networks[0].stations[station].channels;
        channels.iter_mut().for_each(change);
    };
    let of = |channel: &mut ChannelEpoch, change: &dyn Fn(&mut Response)| {
        change(channel.response.as_mut().unwrap());
    };
    let ended = start() - time::seconds(86_400.0);
    change(0, &|c| {
        of(c, &|r| r.sensitivity.as_mut().unwrap().value *= 10.0)
    });
    change(1, &|c| of(c, &|r| r.stages.clear()));
    change(2, &|c| {
        c.epoch = Epoch {
            start: None,
            end: Some(ended),
        }
    });
    change(3, &|c| {
        of(c, &|r| match &mut r.stages[0].filter {
            Some(Filter::PolesZeros(filter)) => filter.units.input = "PA".into(),
            _ => panic!(),
        })
    });
    change(4, &|c| {
        c.code = c.code.as_str().replace("HH", "BH").parse().unwrap()
    });
    // This one is used.
    change(5, &|c| {
        of(c, &|r| r.sensitivity.as_mut().unwrap().value *= 0.9)
    });
    let without = measure(&mut bulletin, &locator, &inventory, &sources);
    assert_eq!(without.amplitude, [(NoAmplitude::NoResponse, 5)].into());
    assert_eq!(without.spectrum, [(NoAmplitude::NoResponse, 5)].into());
    let n_channels = without.responses.len();
    assert_eq!(n_channels, 18, "{:?}", without.responses);
    let fault = |channel: &str| &without.responses[channel];
    let both = |channel| match fault(channel) {
        ResponseFault::Contradiction(both) => *both,
        other => panic!("{channel}: {other:?}"),
    };
    let (useless, used) = (both("XX.S0..HHE"), both("XX.S5..HHE"));
    assert!(useless.is_useless() && (useless.factor() - 10.0).abs() < 1e-9);
    assert!(!used.is_useless() && (used.stated / GAIN - 0.9).abs() < 1e-9);
    assert_eq!(
        *fault("XX.S1..HHN"),
        ResponseFault::OnlySensitivity(Some(5.0))
    );
    assert!(matches!(fault("XX.S2..HHZ"), ResponseFault::NoEpoch(_)));
    assert_eq!(*fault("XX.S3..HHZ"), ResponseFault::NoMotion("PA".into()));
    let known = [".BHE", ".BHN", ".BHZ"].map(String::from);
    let no_channel = ResponseFault::NoChannel(known.into());
    assert_eq!(*fault("XX.S4..HHE"), no_channel);
    // One station has a magnitude, and no error.
    let magnitude = bulletin.events[0].magnitude.as_ref().unwrap();
    assert!(magnitude.error.is_nan() && magnitude.stations[0].station == "XX.S5");
    let table = bulletin.to_csv();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    let cell = |name: &str| rows[1][rows[0].iter().position(|of| *of == name).unwrap()];
    assert_eq!(
        ["magNst", "mwNst", "magError", "mwError"].map(cell),
        ["1", "1", "", ""]
    );
}

#[test]
fn a_table_without_its_frequencies_has_no_number() {
    let sources = [(0.0, LARGE)];
    let mut locator = locator();
    let mut bulletin = bulletin(&mut locator, &sources);
    let mut inventory = inventory();
    let list = quakebook::station::ResponseList {
        units: Units::new("M/S", "V"),
        elements: vec![(0.1, 1.0, 0.0), (20.0, 1.0, 0.0)],
    };
    let east = &mut inventory.networks[0].stations[0].channels[0];
    east.response.as_mut().unwrap().stages[0].filter = Some(Filter::List(list));
    let without = measure(&mut bulletin, &locator, &inventory, &sources);
    let told = [("XX.S0..HHE".to_string(), ResponseFault::NoNumber)];
    assert_eq!(without.responses, told.into());
    assert_eq!(without.amplitude, [(NoAmplitude::NoResponse, 1)].into());
    // The moment is of frequencies to 40 Hz.
    assert_eq!(without.spectrum, [(NoAmplitude::NoResponse, 1)].into());
}

#[test]
fn of_two_responses_since_one_time_neither_is_used() {
    let sources = [(0.0, LARGE)];
    let mut locator = locator();
    let began = start() - time::seconds(86_400.0);
    let later = began + time::seconds(3600.0);
    // One station more of the same, and one with a tenth of the gain: since the same time, then since a later one.
    let with_another = |gain: f64, since: [Option<Time>; 2]| {
        let mut inventory = inventory();
        for channels in inventory.networks[0].stations[..1]
            .iter_mut()
            .map(|s| &mut s.channels)
        {
            let mut others = channels.clone();
            for other in &mut others {
                let response = other.response.as_mut().unwrap();
                response.sensitivity.as_mut().unwrap().value *= gain;
                response.stages[1].gain.as_mut().unwrap().value *= gain;
                other.epoch.start = since[1];
            }
            channels.iter_mut().for_each(|c| c.epoch.start = since[0]);
            channels.extend(others);
        }
        inventory
    };
    let mut sizes = |inventory: &Inventory| {
        let mut bulletin = bulletin(&mut locator, &sources);
        let told = measure(&mut bulletin, &locator, inventory, &sources).responses;
        let magnitude = bulletin.events[0].magnitude.clone().unwrap();
        (
            magnitude.stations.len() + magnitude.left_out.len(),
            told,
            bulletin,
        )
    };
    for since in [Some(began), None] {
        let (n, told, _) = sizes(&with_another(0.1, [since; 2]));
        assert_eq!((n, told.len()), (5, 3));
        assert_eq!(told["XX.S0..HHZ"], ResponseFault::TwoResponses(since));
        let (n, told, _) = sizes(&with_another(1.0, [since; 2]));
        assert_eq!((n, told.len()), (6, 0));
    }
    // The one that began last holds; that it is wrong shows beside the other stations.
    let (n, told, bulletin) = sizes(&with_another(0.1, [Some(began), Some(later)]));
    assert_eq!((n, told.len()), (6, 0));
    let odd = bulletin.odd_sizes();
    let names: Vec<(&str, &str)> = odd.iter().map(|o| (o.station.as_str(), o.kind)).collect();
    assert_eq!(names, [("XX.S0", "ML"), ("XX.S0", "Mw")]);
    // A tenth of the gain makes ten times the motion of the ground: 1 of ML, and two thirds of Mw.
    assert!((odd[0].off - 1.0).abs() < 0.1, "{odd:?}");
    assert!((odd[1].off - 2.0 / 3.0).abs() < 0.1, "{odd:?}");
}
