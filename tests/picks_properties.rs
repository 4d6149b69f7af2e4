//! What holds for any picks, stations and velocities: what is written is read, whatever its form, and no text makes a reader panic.

use proptest::collection::vec;
use proptest::prelude::*;
use quakebook::Error;
use quakebook::locate::{PhasePick, PickFile, Sites, Sorted, VelocityModel};
use quakebook::pick::{Columns, Pick, PickTable, PickedPhase};
use quakebook::travel::Wave;

fn config(n_cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(n_cases)
    }
}

fn any_pick() -> impl Strategy<Value = Pick> {
    // From 1900 to 2200, to the microsecond.
    let micros = -2_208_988_800_000_000_i64..7_258_118_400_000_000;
    let station = ("[A-Z0-9]{1,2}", "[A-Z0-9]{1,5}", "([A-Z0-9]{2})?");
    (station, any::<bool>(), micros, 0.0..=1.0_f32).prop_map(
        |(codes, is_p, micros, probability)| {
            let time = chrono::DateTime::from_timestamp_micros(micros).unwrap();
            Pick {
                station: format!("{}.{}.{}", codes.0, codes.1, codes.2),
                band: "HH".into(),
                phase: if is_p { PickedPhase::P } else { PickedPhase::S },
                time,
                start: time,
                end: time,
                probability,
                n_components: 3,
            }
        },
    )
}

/// Station, wave, time and probability; an unknown error is NaN, and equals nothing.
fn told(picks: Vec<PhasePick>) -> Vec<(String, Wave, quakebook::time::Time, f32)> {
    let row = |pick: PhasePick| {
        let station = pick.station.trim_end_matches('.').to_string();
        (station, pick.wave, pick.time, pick.probability as f32)
    };
    picks.into_iter().map(row).collect()
}

/// Words of tables of picks, stations and velocities, so that texts are nearly right.
fn nearly_a_table() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        Just("id,timestamp,prob,type"),
        Just("event,station,phase,time,pickerror"),
        Just("id,latitude,longitude,elevation_m"),
        Just("network,station,lat,lon,elevation_km"),
        Just("depth,vp,vs"),
    ];
    let cell = prop_oneof![
        Just("A".to_string()),
        Just("XX.A..HH".to_string()),
        Just("2014-05-01T00:00:06.5".to_string()),
        prop_oneof![Just("P"), Just("s"), Just("Pn"), Just("-1"), Just("")].prop_map(String::from),
        (-200.0..200.0_f64).prop_map(|x| format!("{x:.3}")),
        prop_oneof![
            Just("NaN"),
            Just("inf"),
            Just("1e400"),
            Just("\""),
            Just("\u{feff}")
        ]
        .prop_map(String::from),
        "\\PC{0,6}",
    ];
    let rows = vec(vec(cell, 0..6).prop_map(|cells| cells.join(",")), 0..8);
    (header, rows).prop_map(|(header, rows)| format!("{header}\n{}\n", rows.join("\n")))
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn picks_come_back_from_every_form(picks in vec(any_pick(), 1..20)) {
        let table = PickTable { picks: picks.clone(), simulated: false };
        let folder = tempfile::tempdir().unwrap();
        for (name, columns, n_codes) in [
            ("p.csv", Some(Columns::Gamma), 4),
            ("p.csv", Some(Columns::PhaseNet), 4),
            ("p.csv", Some(Columns::SeisBench), 3),
            ("p.parquet", Some(Columns::SeisBench), 3),
            ("p.parquet", None, 4),
            ("p.xml", None, 4),
        ] {
            let path = folder.path().join(name);
            table.write(&path, columns).unwrap();
            let expected = picks.iter().map(|pick| {
                let wave = if pick.phase == PickedPhase::P { Wave::P } else { Wave::S };
                let station = match n_codes {
                    4 => format!("{}.{}", pick.station, pick.band),
                    _ => pick.station.trim_end_matches('.').to_string(),
                };
                (station, wave, pick.time, pick.probability)
            });
            prop_assert_eq!(told(PhasePick::read(&path).unwrap()), expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_damaged_file_is_no_panic(
        picks in vec(any_pick(), 1..5),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        is_parquet in any::<bool>(),
    ) {
        let table = PickTable { picks, simulated: false };
        let mut bytes = match is_parquet {
            true => table.to_parquet(Columns::Gamma),
            false => table.to_quakeml().into_bytes(),
        };
        for (place, byte) in damage {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picks");
        std::fs::write(&path, bytes).unwrap();
        if let Err(error) = PickFile::read(&path) {
            prop_assert!(matches!(error, Error::Locate { .. }), "{error}");
        }
    }

    #[test]
    fn no_table_makes_a_reader_panic(text in prop_oneof![nearly_a_table(), "\\PC{0,80}"]) {
        if let Err(error) = PickFile::from_csv(&text, "any") {
            prop_assert!(matches!(error, Error::Locate { .. }), "{error}");
        }
        for gradient in [false, true] {
            if let Ok(model) = VelocityModel::from_csv(&text, "any", gradient) {
                prop_assert!(model.layers.layers().iter().all(|layer| layer.thickness_km > 0.0));
            }
        }
        if let Ok(sites) = Sites::from_csv(&text, "any") {
            // Each station is found by its name.
            for (i, site) in sites.all().iter().enumerate() {
                prop_assert_eq!(sites.find(&site.id), Some(i));
            }
        }
    }

    #[test]
    fn sorted_picks_are_of_known_stations(picks in vec(any_pick(), 1..20)) {
        let text = PickTable { picks: picks.clone(), simulated: false }.to_csv(Columns::Gamma);
        let first = picks[0].station.rsplit_once('.').unwrap().0;
        let sites = Sites::from_csv(&format!("id,latitude,longitude\n{first},1,1\n"), "s").unwrap();
        let read = PhasePick::from_csv(&text, "p").unwrap();
        if let Ok(mut sorted) = Sorted::new(read, &sites) {
            prop_assert_eq!(sorted.picks.len() + sorted.unknown.values().sum::<usize>(), picks.len());
            prop_assert!(sorted.picks.is_sorted_by_key(|(_, pick)| pick.time));
            let n = sorted.picks.len();
            let n_dropped = sorted.drop_doubles();
            prop_assert_eq!(n, sorted.picks.len() + n_dropped);
            prop_assert!(sorted.picks.len() <= 2);
            // What is left is one event, or it is said why not.
            let checked = sorted.check_one_event(&sites, 10.0);
            let of = |wave| sorted.picks.iter().find(|(_, pick)| pick.wave == wave);
            if let (Some((_, p)), Some((_, s))) = (of(Wave::P), of(Wave::S)) {
                let apart_s = quakebook::time::between_s(p.time, s.time);
                prop_assert_eq!(checked.is_ok(), (0.0..=20.0).contains(&apart_s));
            }
        }
    }
}
