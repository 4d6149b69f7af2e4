//! Real records: made comparable, cut, divided by station. What needs the records is
//! ignored where they are absent.

mod common;

use std::collections::HashSet;
use std::path::PathBuf;

use quakebook::book::{Picked, read_picked, windows_of};
use quakebook::dataset::{Dataset, group_folds};
use quakebook::network::nearest_share;
use quakebook::time;
use quakebook::waveform::{Defect, RATE_HZ, Record3C, harmonise};
use quakebook::window::{Normalisation, Origin, Window, normalise};

fn ncedc() -> PathBuf {
    common::real_data().join("ncedc")
}

/// A minute of hum with a pulse of 5 Hz at 30 s, at any rate.
fn record(rate_hz: f64) -> Record3C {
    let wave = |i: usize, component: usize| {
        let t = i as f64 / rate_hz;
        let hum = (2.0 * std::f64::consts::PI * 2.0 * t + component as f64).sin();
        let since = t - 30.0;
        let pulse = if since > 0.0 {
            20.0 * (-since).exp() * (31.4 * since).sin()
        } else {
            0.0
        };
        ((hum + pulse * (1.0 + component as f64)) * 100.0) as f32
    };
    let n = (60.0 * rate_hz) as usize;
    Record3C {
        station: "XX.MADE".into(),
        channels: ["HHE", "HHN", "HHZ"].map(String::from),
        start: time::parse("2020-01-01").unwrap(),
        sampling_rate_hz: rate_hz,
        data: [0, 1, 2].map(|c| (0..n).map(|i| wave(i, c)).collect()),
        simulated: true,
    }
}

fn scaled(record: &Record3C) -> Vec<f32> {
    let made = harmonise(record).unwrap().record;
    let window = made.window(made.start + time::seconds(28.0), 500).unwrap();
    normalise(&window.data.concat(), Normalisation::Std).unwrap()
}

#[test]
fn gain_and_offset_leave_no_trace() {
    let plain = record(100.0);
    let other = Record3C {
        data: plain
            .data
            .clone()
            .map(|row| row.iter().map(|x| 37.0 * x + 5000.0).collect()),
        ..plain.clone()
    };
    for (a, b) in scaled(&plain).iter().zip(scaled(&other)) {
        assert!((a - b).abs() < 2e-3, "{a} {b}");
    }
}

#[test]
fn the_rate_leaves_almost_none() {
    let plain = scaled(&record(100.0));
    for rate_hz in [80.0, 125.0, 200.0] {
        let other = scaled(&record(rate_hz));
        let product: f32 = plain.iter().zip(&other).map(|(a, b)| a * b).sum();
        // Both have mean 0 and deviation 1.
        let correlation = product / plain.len() as f32;
        assert!(correlation > 0.995, "{rate_hz} Hz: {correlation}");
    }
}

#[test]
fn a_dead_component_is_replaced_and_named() {
    let mut broken = record(100.0);
    broken.data[1].fill(17.0);
    let made = harmonise(&broken).unwrap();
    assert_eq!(made.record.data[1], made.record.data[0]);
    let fault = Defect::Dead {
        channel: "HHN".into(),
        replaced_by: "HHE".into(),
    };
    assert_eq!(made.defects, [fault]);
    for row in &mut broken.data {
        row.fill(0.0);
    }
    assert!(
        harmonise(&broken)
            .unwrap_err()
            .to_string()
            .contains("no component moves")
    );
}

#[test]
fn padding_becomes_a_gap() {
    let mut padded = record(100.0);
    for row in &mut padded.data {
        row[..1000].fill(-3.0);
    }
    let made = harmonise(&padded).unwrap();
    // The padding, and twice the time in which the filter rings after it.
    let gaps = made.record.gaps();
    assert!(gaps.len() == 1 && gaps[0].start == 0 && (501..800).contains(&gaps[0].end));
    let stuck = |channel: &String| Defect::Stuck {
        channel: channel.clone(),
        n_samples: 1000,
    };
    let expected: Vec<Defect> = padded.channels.iter().map(stuck).collect();
    assert_eq!(made.defects, expected);
}

#[test]
fn a_record_that_is_too_slow_is_refused() {
    let error = harmonise(&record(1.0)).unwrap_err().to_string();
    assert!(error.contains("1 Hz, too slow"), "{error}");
}

#[test]
fn no_group_is_in_two_folds() {
    // Sizes 7, 6, 5, ... as stations have them: largest first, always to the emptiest fold.
    let sizes = [7, 6, 5, 3, 3, 3, 2, 2, 1, 1, 1, 1];
    let names: Vec<String> = sizes
        .iter()
        .enumerate()
        .flat_map(|(i, n)| vec![format!("S{i:02}"); *n])
        .collect();
    let folds = group_folds(&names, 3).unwrap();
    // By hand: 7 | 6 | 5, then 3 to the third (8), 3 to the second (9), 3 to the first (10), 2 to the
    // third (10), 2 to the second (11), then 1 to the first, 1 to the third, 1 to each of these again.
    let of = |name: &str| folds[names.iter().position(|n| n == name).unwrap()];
    let by_group: Vec<usize> = (0..12).map(|i| of(&format!("S{i:02}"))).collect();
    assert_eq!(by_group, [0, 1, 2, 2, 1, 0, 2, 1, 0, 2, 0, 1]);
    for (name, fold) in names.iter().zip(&folds) {
        assert_eq!(of(name), *fold);
    }
    assert!(group_folds(&["A", "B"], 3).is_err());
    assert!(group_folds(&["A", "B"], 1).is_err());
}

#[test]
fn a_fold_tests_and_another_validates() {
    let windows: Vec<Window> = (0..10)
        .map(|i| Window {
            start: time::parse("2020-01-01").unwrap(),
            samples: vec![i as f32; 12],
            class: i % 2,
            origin: Origin::Event { id: i.to_string() },
        })
        .collect();
    let data = Dataset::from_windows(&windows, 4, 2).unwrap();
    let folds: Vec<usize> = (0..10).map(|i| i % 5).collect();
    let split = data.split_by_folds(&folds, 3, 4).unwrap();
    assert_eq!(split.test.originals(), [3, 8]);
    assert_eq!(split.validation.originals(), [4, 9]);
    assert_eq!(split.train.originals(), [0, 1, 2, 5, 6, 7]);
    assert!(data.split_by_folds(&folds, 3, 3).is_err());
    assert!(data.split_by_folds(&folds[1..], 3, 4).is_err());
    assert!(data.split_by_folds(&folds, 7, 4).is_err());
}

#[test]
fn neighbours_count_in_units_of_their_spread() {
    // The second feature is a thousand times larger and says nothing.
    let known: Vec<(Vec<f64>, usize)> = (0..8)
        .map(|i| {
            let class = usize::from(i >= 4);
            (
                vec![
                    class as f64 + 0.01 * f64::from(i),
                    1000.0 * f64::from(i % 2),
                ],
                class,
            )
        })
        .collect();
    let tested = [vec![0.0, 0.0], vec![1.05, 0.0], vec![0.5, 0.0]];
    let shares = nearest_share(&known, &tested, 0, 2);
    assert_eq!(shares[..2], [1.0, 0.0]);
    assert_eq!(nearest_share(&known, &tested, 0, 8), [0.5; 3]);
}

#[test]
fn a_broken_list_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(dir.path().join("picks.csv"), text).unwrap();
    let error = || read_picked(dir.path()).unwrap_err().to_string();
    assert!(error().contains("picks.csv"));
    write("file,network\n");
    assert!(error().contains("no row"), "{}", error());
    write("file,network\na.mseed,NC\n");
    assert!(error().contains("missing field `station`"), "{}", error());
    let header = "file,network,station,window_start,p_time,s_time\n";
    write(&format!("{header}a.mseed,NC\n"));
    assert!(
        error().contains("line: 2") && error().contains("2 fields"),
        "{}",
        error()
    );
    write(&format!(
        "{header}a.mseed,NC,X,2020-01-01,2020-01-01,2020-01-01\n"
    ));
    assert!(error().contains("a.mseed"), "{}", error());
}

fn stations(picked: &[Picked]) -> Vec<&str> {
    picked.iter().map(|one| one.station.as_str()).collect()
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn eighty_six_real_records_are_read_and_cut() {
    let dir = ncedc();
    let picked = read_picked(&dir).unwrap();
    let stations = stations(&picked);
    assert_eq!(picked.len(), 86);
    assert_eq!(stations.iter().collect::<HashSet<_>>().len(), 52);
    for one in &picked {
        assert_eq!(one.record.sampling_rate_hz, RATE_HZ);
        assert_eq!(time::between_s(one.record.start, one.p), 30.0);
        assert!(one.s > one.p);
    }
    let cuts = windows_of(&picked, 3, None);
    for cut in &cuts {
        let p = picked[cut.record].p;
        for window in &cut.windows {
            let to_p_s = time::between_s(window.start, p);
            match window.class {
                0 => assert!((1.0..=6.0).contains(&to_p_s), "{to_p_s}"),
                _ => assert!(to_p_s >= 10.49, "{to_p_s}"),
            }
        }
    }
    // Each record has windows of both kinds, whatever part of it was padded.
    assert!(cuts.iter().all(|cut| !cut.windows.is_empty()));
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn random_starts_depend_on_the_seed_alone() {
    let dir = ncedc();
    let picked = read_picked(&dir).unwrap();
    let starts = |seed| -> Vec<_> {
        let cuts = windows_of(&picked[..10], 4, Some(seed));
        cuts.iter()
            .flat_map(|cut| cut.windows.iter().map(|w| w.start))
            .collect()
    };
    assert_eq!(starts(1), starts(1));
    assert_ne!(starts(1), starts(2));
}
