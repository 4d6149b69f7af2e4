//! What holds for any input: what a writer writes its reader brings back, and no bytes make a
//! reader panic. (miniSEED's are in `waveform.rs`, those of windows in `window.rs`.)

use proptest::collection::vec;
use proptest::prelude::*;
use quakebook::Error;
use quakebook::catalog::{Catalog, Event};
use quakebook::station::{
    ChannelEpoch, Coefficients, Decimation, Epoch, Filter, Fir, Gain, Inventory, Level,
    NetworkEpoch, PolesZeros, Polynomial, Response, ResponseList, Sensitivity, Stage, StationEpoch,
    Symmetry, TransferFunction, Units,
};
use quakebook::study::Study;
use quakebook::time::{self, Time};
use quakebook::waveform::Code;

fn config(n_cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(n_cases)
    }
}

/// Any time from the year 1 to 9999, to the microsecond.
fn any_time() -> impl Strategy<Value = Time> {
    (-62_135_596_800_000_000_i64..253_402_300_800_000_000)
        .prop_map(|micros| chrono::DateTime::from_timestamp_micros(micros).unwrap())
}

/// Words as people write them, in any script, without space around them.
fn any_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 .,;:<>&\"'/~é地震-]{0,16}".prop_map(|text| text.trim().to_string())
}

/// A code of the letters that the pattern names.
fn any_code(pattern: &'static str) -> impl Strategy<Value = Code> {
    pattern.prop_filter_map("not `--` alone", |text| {
        text.parse()
            .ok()
            .filter(|code: &Code| *code == text.as_str())
    })
}

/// A number of any size.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -1e6..1e6_f64,
        (-1e6..1e6_f64, -30..30_i32).prop_map(|(x, n)| x * 10_f64.powi(n)),
        Just(0.0)
    ]
}

/// Longitude and latitude, or nowhere.
fn any_point() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        4 => (-180.0..=360.0_f64, -90.0..=90.0_f64),
        1 => Just((f64::NAN, f64::NAN)),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    (
        (any_text(), any_time(), any_point()),
        proptest::option::of(-8.9..900.0_f64),
        prop_oneof![-3.0..9.8_f64, Just(f64::NAN)],
        (any_text(), any_text()),
    )
        .prop_map(
            |(origin, depth_km, magnitude, (magnitude_type, event_type))| {
                let (id, origin_time, (longitude_deg, latitude_deg)) = origin;
                Event {
                    id,
                    origin_time,
                    longitude_deg,
                    latitude_deg,
                    // What has no place has no depth.
                    depth_km: depth_km.filter(|_| longitude_deg.is_finite()),
                    magnitude,
                    // A type belongs to a magnitude: without one, QuakeML has no place for it.
                    magnitude_type: if magnitude.is_nan() {
                        String::new()
                    } else {
                        magnitude_type
                    },
                    event_type,
                }
            },
        )
}

/// `None` where both agree: numbers to the last but one bit, since depths change their unit.
fn difference(ours: &Catalog, back: &Catalog) -> Option<String> {
    let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-15 * a.abs();
    if ours.len() != back.len() {
        return Some(format!("{} events, {} came back", ours.len(), back.len()));
    }
    let pairs = ours.events().iter().zip(back.events());
    let mut differing = pairs.filter(|(a, b)| {
        // An event without an identifier is known by its time.
        let id = match a.id.as_str() {
            "" => time::iso(a.origin_time),
            id => id.to_string(),
        };
        !(id == b.id
            && a.origin_time == b.origin_time
            && close(a.longitude_deg, b.longitude_deg)
            && close(a.latitude_deg, b.latitude_deg)
            && close(
                a.depth_km.unwrap_or(f64::NAN),
                b.depth_km.unwrap_or(f64::NAN),
            )
            && close(a.magnitude, b.magnitude)
            && a.magnitude_type == b.magnitude_type
            && a.event_type == b.event_type)
    });
    differing.next().map(|(a, b)| format!("{a:?}\n{b:?}"))
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn catalogs_come_back_from_every_format(
        events in vec(any_event(), 0..12),
        simulated in any::<bool>(),
    ) {
        // Of two events of one name a reader takes the first.
        let mut names = std::collections::HashSet::new();
        let name = |e: &Event| if e.id.is_empty() { time::iso(e.origin_time) } else { e.id.clone() };
        let events = events.into_iter().filter(|e| names.insert(name(e))).collect();
        let ours = Catalog::new("x", simulated, events);
        for (format, text) in [
            ("FDSN text", ours.to_fdsn_text()),
            ("QuakeML", ours.to_quakeml()),
            ("ComCat CSV", ours.to_comcat_csv()),
        ] {
            let back = Catalog::from_text(&text, format).unwrap();
            let difference = difference(&ours, &back);
            prop_assert!(difference.is_none(), "{format}: {}\n{text}", difference.unwrap());
            // Text marks events: without one there is nothing to mark.
            prop_assert!(back.simulated == simulated || ours.is_empty(), "{format}");
        }
        // The listing keeps three decimals of a degree, and neither identifier nor depth.
        let listing = ours.listing();
        let back = Catalog::from_text(&listing, "listing").unwrap();
        prop_assert_eq!(back.len(), ours.len());
        let mut times = ours.events().iter().zip(back.events());
        prop_assert!(times.all(|(a, b)| a.origin_time == b.origin_time));
        prop_assert_eq!(back.simulated, simulated);
    }

    /// What no line of text can hold is changed, not lost: as many events come back.
    #[test]
    fn no_field_breaks_a_row(id in "\\PC{0,12}|[\\x00-\\x7f]{0,12}", kind in "[\\x00-\\x7f]{0,12}") {
        let event = Event {
            id,
            origin_time: time::parse("2014-02-16").unwrap(),
            longitude_deg: -97.4,
            latitude_deg: 35.8,
            depth_km: None,
            magnitude: 1.0,
            magnitude_type: kind.clone(),
            event_type: kind,
        };
        let other = Event {
            id: "another".into(),
            ..event.clone()
        };
        let ours = Catalog::new("x\ny", false, vec![event, other]);
        for text in [ours.to_fdsn_text(), ours.to_quakeml(), ours.to_comcat_csv(), ours.listing()] {
            let back = Catalog::from_text(&text, "any");
            prop_assert!(back.is_ok_and(|back| back.len() == 2), "{text}");
        }
    }
}

fn any_epoch() -> impl Strategy<Value = Epoch> {
    let time = || proptest::option::of(any_time());
    (time(), time()).prop_map(|(start, end)| Epoch { start, end })
}

fn any_units() -> impl Strategy<Value = Units> {
    (any_text(), any_text()).prop_map(|(input, output)| Units { input, output })
}

fn any_polynomial() -> impl Strategy<Value = Polynomial> {
    let bounds = || (any_number(), any_number());
    (
        any_units(),
        bounds(),
        bounds(),
        any_number(),
        vec(any_number(), 0..4),
    )
        .prop_map(
            |(units, frequency_bounds_hz, approximation_bounds, maximum_error, coefficients)| {
                Polynomial {
                    units,
                    frequency_bounds_hz,
                    approximation_bounds,
                    maximum_error,
                    coefficients,
                }
            },
        )
}

fn any_transfer_function() -> impl Strategy<Value = TransferFunction> {
    prop_oneof![
        Just(TransferFunction::LaplaceRadians),
        Just(TransferFunction::LaplaceHertz),
        Just(TransferFunction::Digital)
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let complex = || vec((any_number(), any_number()), 0..4);
    let numbers = || vec(any_number(), 0..5);
    let poles_zeros = (
        any_units(),
        any_transfer_function(),
        (any_number(), proptest::option::of(any_number())),
        (complex(), complex()),
    )
        .prop_map(
            |(units, transfer_function, normalization, (zeros, poles))| {
                Filter::PolesZeros(PolesZeros {
                    units,
                    transfer_function,
                    normalization_factor: normalization.0,
                    normalization_frequency_hz: normalization.1,
                    zeros,
                    poles,
                })
            },
        );
    let coefficients = (any_units(), any_transfer_function(), numbers(), numbers()).prop_map(
        |(units, transfer_function, numerators, denominators)| {
            Filter::Coefficients(Coefficients {
                units,
                transfer_function,
                numerators,
                denominators,
            })
        },
    );
    let symmetry = prop_oneof![
        Just(Symmetry::None),
        Just(Symmetry::Odd),
        Just(Symmetry::Even)
    ];
    let fir = (any_units(), symmetry, numbers()).prop_map(|(units, symmetry, coefficients)| {
        Filter::Fir(Fir {
            units,
            symmetry,
            coefficients,
        })
    });
    let list = (
        any_units(),
        vec((any_number(), any_number(), any_number()), 0..4),
    )
        .prop_map(|(units, elements)| Filter::List(ResponseList { units, elements }));
    prop_oneof![
        poles_zeros,
        coefficients,
        fir,
        list,
        any_polynomial().prop_map(Filter::Polynomial)
    ]
}

fn any_stage() -> impl Strategy<Value = Stage> {
    let decimation = (
        any_number(),
        1..100_i64,
        0..100_i64,
        any_number(),
        any_number(),
    )
        .prop_map(
            |(input_rate_hz, factor, offset, delay_s, correction_s)| Decimation {
                input_rate_hz,
                factor,
                offset,
                delay_s,
                correction_s,
            },
        );
    let gain =
        (any_number(), proptest::option::of(any_number())).prop_map(|(value, frequency_hz)| Gain {
            value,
            frequency_hz,
        });
    (
        1..99_u32,
        proptest::option::of(any_filter()),
        proptest::option::of(decimation),
        proptest::option::of(gain),
    )
        .prop_map(|(number, filter, decimation, gain)| Stage {
            number,
            filter,
            decimation,
            gain,
        })
}

fn any_response() -> impl Strategy<Value = Response> {
    let sensitivity = (
        any_number(),
        proptest::option::of(any_number()),
        any_units(),
    )
        .prop_map(|(value, frequency_hz, units)| Sensitivity {
            value,
            frequency_hz,
            units,
        });
    (
        proptest::option::of(sensitivity),
        proptest::option::of(any_polynomial()),
        vec(any_stage(), 0..3),
    )
        .prop_map(|(sensitivity, polynomial, stages)| Response {
            sensitivity,
            polynomial,
            stages,
        })
}

fn any_channel() -> impl Strategy<Value = ChannelEpoch> {
    let number = || proptest::option::of(any_number());
    (
        (
            any_code("[A-Z0-9]{0,2}"),
            any_code("[A-Z0-9]{1,3}"),
            any_text(),
        ),
        (-90.0..=90.0_f64, -180.0..=180.0_f64, any_number()),
        (
            number(),
            proptest::option::of(0.0..=360.0_f64),
            proptest::option::of(-90.0..=90.0_f64),
            proptest::option::of(prop_oneof![Just(0.0), 1e-8..1e8_f64]),
        ),
        (any_epoch(), proptest::option::of(any_response())),
    )
        .prop_map(
            |((location, code, sensor), position, numbers, (epoch, response))| ChannelEpoch {
                location,
                code,
                latitude_deg: position.0,
                longitude_deg: position.1,
                elevation_m: position.2,
                depth_m: numbers.0,
                azimuth_deg: numbers.1,
                dip_deg: numbers.2,
                sampling_rate_hz: numbers.3,
                sensor,
                epoch,
                response,
            },
        )
}

fn any_station() -> impl Strategy<Value = StationEpoch> {
    (
        (any_code("[A-Z0-9]{1,5}"), any_text(), any_epoch()),
        (-90.0..=90.0_f64, -180.0..=180.0_f64, any_number()),
        vec(any_channel(), 0..3),
    )
        .prop_map(|((code, site, epoch), position, channels)| StationEpoch {
            code,
            site,
            latitude_deg: position.0,
            longitude_deg: position.1,
            elevation_m: position.2,
            epoch,
            channels,
        })
}

fn any_inventory() -> impl Strategy<Value = Inventory> {
    let network = (
        (any_code("[A-Z0-9]{1,2}"), any_text(), any_epoch()),
        proptest::option::of(0..10_000_u64),
        vec(any_station(), 0..3),
    )
        .prop_map(
            |((code, description, epoch), n_stations, stations)| NetworkEpoch {
                code,
                description,
                epoch,
                n_stations,
                stations,
            },
        );
    ("[a-z ]{0,9}", any::<bool>(), vec(network, 0..3)).prop_map(|(source, simulated, networks)| {
        Inventory {
            source: source.trim().to_string(),
            simulated,
            networks,
        }
    })
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn stations_come_back_from_stationxml(ours in any_inventory()) {
        let text = ours.to_stationxml();
        let back = Inventory::from_text(&text, "any").unwrap();
        prop_assert_eq!(ours, back, "{}", text);
    }

    /// Text keeps less, but what it has kept once it keeps for good.
    #[test]
    fn stations_come_back_from_text(ours in any_inventory()) {
        for level in [Level::Network, Level::Station, Level::Channel] {
            let text = ours.to_fdsn_text(level);
            let back = Inventory::from_text(&text, "any").unwrap();
            let n_rows = text.lines().count() - 1;
            let n_stations = || back.networks.iter().map(|n| n.stations.len());
            let n_back = match level {
                Level::Network => back.networks.len(),
                Level::Station => n_stations().sum(),
                Level::Channel => back.channels().count(),
            };
            prop_assert_eq!(n_back, n_rows);
            prop_assert_eq!(back.simulated, ours.simulated && n_rows > 0);
        }
        // Row by row, as a text groups the stations of one code.
        let mut rows: Vec<_> = ours.channels().map(|(n, s, c)| (n.code.clone(), s.code.clone(), c)).collect();
        let back = Inventory::from_text(&ours.to_fdsn_text(Level::Channel), "any").unwrap();
        let mut again: Vec<_> = back.channels().map(|(n, s, c)| (n.code.clone(), s.code.clone(), c)).collect();
        let key = |row: &(Code, Code, &ChannelEpoch)| format!("{} {} {:?}", row.0, row.1, plain(row.2));
        rows.sort_by_key(key);
        again.sort_by_key(key);
        for (a, b) in rows.iter().zip(&again) {
            prop_assert_eq!(key(a), key(b));
        }
    }

    #[test]
    fn amplitudes_are_finite_or_nothing(response in any_response(), frequency_hz in any_number()) {
        prop_assert!(response.amplitude_at(frequency_hz).is_none_or(f64::is_finite));
    }
}

/// A channel as text holds it.
fn plain(channel: &ChannelEpoch) -> ChannelEpoch {
    let sensitivity = channel
        .response
        .as_ref()
        .and_then(|r| r.sensitivity.clone());
    ChannelEpoch {
        sensor: channel
            .sensor
            .trim_end_matches("(simulated)")
            .trim()
            .to_string(),
        response: sensitivity.map(|told| Response {
            sensitivity: Some(Sensitivity {
                units: Units::new(told.units.input.clone(), "counts"),
                ..told
            }),
            ..Response::default()
        }),
        ..channel.clone()
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn studies_come_back_from_toml(
        name in "[a-z][a-z0-9-]{0,11}",
        seed in any::<u64>(),
        corner in (-90.0..89.0_f64, -180.0..179.0_f64),
        seconds in (-9_000_000_000..9_000_000_000_i64, 1..200_000_000_i64),
        codes in (any_code("[A-Za-z0-9-]{1,8}"), any_code("[A-Za-z0-9-]{0,8}"), "[A-Z0-9*?]{0,8}(,[A-Z0-9*?-]{0,8}){0,3}"),
        levels in vec(1e-9..1e9_f64, 0..5),
        counts in (1..1_000_000_usize, 1..1_000_000_usize),
    ) {
        let mut study = Study::oklahoma();
        study.name = name;
        study.seed = seed;
        study.region.min_latitude_deg = corner.0;
        study.region.max_latitude_deg = corner.0 + 0.5;
        study.region.min_longitude_deg = corner.1;
        study.region.max_longitude_deg = corner.1 + 0.5;
        study.catalog.start = chrono::DateTime::from_timestamp(seconds.0, 123_456_789).unwrap();
        study.catalog.end = study.catalog.start + chrono::TimeDelta::seconds(seconds.1);
        let channels = codes.2.parse().unwrap();
        (study.station.network, study.station.location, study.station.channels) = (codes.0, codes.1, channels);
        study.augment.noise_levels = levels;
        (study.window.n_samples, study.train.batch_size) = counts;
        study.method.segment_s = 2.0 * study.window_s();
        let back = Study::from_toml(&study.to_toml());
        prop_assert_eq!(back.unwrap(), study);
    }
}

#[test]
fn hostile_codes_of_a_study_are_refused() {
    let sound = Study::oklahoma().to_toml();
    let codes = [
        ("network = \"GS\"", "network"),
        ("station = \"OK029\"", "station"),
        ("location = \"00\"", "location"),
        ("channels = \"HH*\"", "channels"),
    ];
    for (line, key) in codes {
        assert!(sound.contains(line));
        for code in [
            "../../../d",
            "HH/../../evil/Z",
            "A\\u0000B",
            "A\\nB",
            "A B",
            &"A".repeat(300),
        ] {
            let study = sound.replace(line, &format!("{key} = \"{code}\""));
            assert!(Study::from_toml(&study).is_err(), "{key} {code}");
        }
    }
    let blank = sound.replace("network = \"GS\"", "network = \"\"");
    assert!(Study::from_toml(&blank).is_err());
    let dashes = Study::from_toml(&sound.replace("\"00\"", "\"--\"")).unwrap();
    assert!(dashes.station.location.is_empty());
}

#[test]
fn a_study_of_no_use_is_refused_by_its_key() {
    let sound = Study::oklahoma().to_toml();
    for (old, new, key) in [
        ("name = \"oklahoma\"", "name = \"../../etc\"", "name"),
        ("name = \"oklahoma\"", "name = \"\"", "name"),
        (
            "max_longitude_deg = -97.2",
            "max_longitude_deg = inf",
            "region",
        ),
        (
            "min_latitude_deg = 35.7",
            "min_latitude_deg = nan",
            "region",
        ),
        ("start = \"2014-02-15", "start = \"0001-02-15", "catalog"),
        ("start = \"2014-02-15", "start = \"+262142-02-15", "catalog"),
        (
            "start = \"2014-02-15T00:00:00",
            "start = \"2014-02-15T00:00:60",
            "catalog",
        ),
        (
            "sampling_rate_hz = ",
            "sampling_rate_hz = 1e-45 # ",
            "window.sampling_rate_hz",
        ),
        (
            "sampling_rate_hz = ",
            "sampling_rate_hz = 3e38 # ",
            "window.sampling_rate_hz",
        ),
        (
            "learning_rate = ",
            "learning_rate = inf # ",
            "train.learning_rate",
        ),
    ] {
        assert!(sound.contains(old), "{old}\n{sound}");
        let error = Study::from_toml(&sound.replacen(old, new, 1)).unwrap_err();
        let Error::Study { place, what, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(place, key);
        assert!(what.contains(", found "), "{what}");
    }
}

/// Each number of a study, impossible: the error says which key, what was expected, and what was found.
#[test]
fn an_impossible_number_is_told_as_found() {
    let sound = Study::oklahoma().to_toml();
    let mut table = String::new();
    let mut n_refused = 0;
    for line in sound.lines() {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_matches(['[', ']']).to_string();
        }
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        if table.starts_with("velocity_model") || value.parse::<f64>().is_err() || key == "seed" {
            continue;
        }
        let bad = match value.contains('.') {
            true => "-777.5",
            false => "777777777",
        };
        let place = format!("[{table}]");
        let (head, tail) = sound.split_at(sound.find(&place).unwrap());
        let tail = tail.replacen(line, &format!("{key} = {bad}"), 1);
        let study = format!("{head}{tail}");
        match Study::from_toml(&study) {
            Err(Error::Study { what, .. }) => {
                assert!(
                    what.contains(bad) && what.contains("expected"),
                    "{key}: {what}"
                );
                n_refused += 1;
            }
            other => panic!("{table}.{key} = {bad}: {other:?}"),
        }
    }
    assert!(n_refused > 30, "{n_refused}");
}

/// Texts that begin as real ones do, to be cut, joined and changed.
const BEGINNINGS: [&str; 9] = [
    "2 Event(s) in Catalog:\n2014-02-16T01:51:47.800000Z | +35.781,  -97.481 | 3.3 ML\n",
    "#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude\ne|2014-02-16T01:51:47|35.7|-97.4|5|ML|3.3\n",
    "time,latitude,longitude,depth,mag,magType,place,id\n2014-02-16T01:51:47Z,35.7,-97.4,5,3.3,ml,\"near, by\",a\n",
    "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns:z=\"z\"><eventParameters><event publicID=\"smi:a/b\"><origin><time><value>2014-02-16T01:51:47Z</value></time><latitude><value>35.7</value></latitude><longitude><value>-97.4</value></longitude></origin></event></eventParameters></q:quakeml>",
    "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime\nAK|BWN||HHZ|64|-149|356|0|0|-90|T|5E8|1|M/S|100|2010-07-23T00:00:00|\n",
    "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime\nAK|BWN|64|-149|356|x|2010-07-23T00:00:00|\n",
    "#Network|Description|StartTime|EndTime|TotalStations\nTA|x|2003-01-01T00:00:00||1700\n",
    "<FDSNStationXML schemaVersion=\"1.1\"><Network code=\"A\"><Station code=\"B\"><Latitude>1</Latitude><Longitude>2</Longitude><Elevation>3</Elevation><Channel code=\"HHZ\" locationCode=\"\"><Response><Stage number=\"1\"><FIR><Symmetry>ODD</Symmetry><NumeratorCoefficient>1</NumeratorCoefficient></FIR></Stage></Response></Channel></Station></Network></FDSNStationXML>",
    "name = \"a\"\nseed = 1\n[region]\nmin_latitude_deg = nan\n",
];

/// Hands bytes to every reader; what they make of them is their affair.
fn read_all(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Catalog::from_text(&text, "any");
    let _ = Catalog::from_quakeml(&text, "any");
    let _ = Catalog::from_fdsn_text(&text, "any");
    let _ = Catalog::from_comcat_csv(&text, "any");
    let _ = Catalog::from_listing(&text, "any");
    let _ = Inventory::from_text(&text, "any");
    let _ = Inventory::from_stationxml(&text, "any");
    let _ = Study::from_toml(&text);
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn no_change_to_a_text_makes_a_reader_panic(
        beginning in 0..BEGINNINGS.len(),
        other in 0..BEGINNINGS.len(),
        cuts in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        inserted in "[0-9eE+.naif|,<>&;/\"'\n-]{0,12}",
    ) {
        let (a, b) = (BEGINNINGS[beginning].as_bytes(), BEGINNINGS[other].as_bytes());
        let (head, tail) = (&a[..cuts.0.index(a.len() + 1)], &b[cuts.1.index(b.len() + 1)..]);
        let mut bytes = [head, inserted.as_bytes(), tail].concat();
        read_all(&bytes);
        for (place, value) in changes {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = value;
            }
        }
        read_all(&bytes);
    }
}

/// Numbers and years at the ends of what their types hold.
#[test]
fn extreme_values_are_read_or_refused() {
    for value in [
        "1e999",
        "-1e999",
        "1e-999",
        "NaN",
        "inf",
        "-inf",
        "9".repeat(400).as_str(),
        "0x10",
        "1_0",
        "٣",
        "+5",
        "5.",
        ".5",
    ] {
        for text in BEGINNINGS {
            for number in ["35.7", "-97.4", "3.3", "64", "-149", "356", ">1<", ">3<"] {
                read_all(text.replace(number, value).as_bytes());
            }
        }
    }
    for year in [
        "-0001",
        "0000",
        "9999",
        "10000",
        "262142",
        "262143",
        "-262143",
        "999999999",
    ] {
        for text in BEGINNINGS {
            let text = text
                .replace("2014-", &format!("{year}-"))
                .replace("2010-", &format!("{year}-"));
            if let Ok(catalog) = Catalog::from_text(&text, "any") {
                let _ = (catalog.to_frame(), catalog.to_quakeml(), catalog.listing());
            }
            read_all(text.as_bytes());
        }
    }
    for time in [
        "2016-12-31T23:59:60",
        "2016-02-30T00:00:00",
        "2016-01-01T24:00:00",
        "2016-01-01T00:00:00+99:99",
    ] {
        for text in BEGINNINGS {
            read_all(text.replace("2014-02-16T01:51:47", time).as_bytes());
        }
    }
}

/// Nothing that the reader would unfold, or follow without end.
#[test]
fn hostile_xml_is_refused_without_delay() {
    let entities: String = (1..20)
        .map(|i| format!("<!ENTITY e{i} \"{}\">", format!("&e{};", i - 1).repeat(10)))
        .collect();
    let bomb = format!("<!DOCTYPE quakeml [<!ENTITY e0 \"x\">{entities}]><quakeml>&e19;</quakeml>");
    assert!(Catalog::from_quakeml(&bomb, "bomb").is_err());
    let external = "<!DOCTYPE quakeml SYSTEM \"file:///etc/passwd\" [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><quakeml>&x;</quakeml>";
    assert!(Catalog::from_quakeml(external, "external").is_err());
    let deep = format!("<quakeml><event>{}", "<a>".repeat(1_000_000));
    assert!(Catalog::from_quakeml(&deep, "deep").is_err());
    let attributes: String = (0..200_000).map(|i| format!(" a{i}=\"\"")).collect();
    let wide = format!("<quakeml><event{attributes}/></quakeml>");
    assert!(Catalog::from_quakeml(&wide, "wide").is_err());
    let wide = format!("<FDSNStationXML><Network code=\"A\"{attributes}/></FDSNStationXML>");
    assert!(Inventory::from_stationxml(&wide, "wide").is_err());
}
