//! Where records are read from, and what is wrong with them, with a network that was taught nothing.

use std::f64::consts::PI;

use super::*;
use crate::error::{Error, Result};
use crate::time::{self, Time, TimeSpan, seconds};
use crate::waveform::{Record3C, WaveformSource};

const RATE_HZ: f64 = 100.0;

fn at(s: f64) -> Time {
    time::parse("2014-05-01").unwrap() + seconds(s)
}

fn span(start_s: f64, end_s: f64) -> TimeSpan {
    TimeSpan {
        start: at(start_s),
        end: at(end_s),
    }
}

/// Noise, and pulses every 40 s; `late_s` after the grid's samples.
fn record(n_s: f64, rate_hz: f64, late_s: f64) -> Record3C {
    let wave = |component: usize, i: usize| {
        let t = i as f64 / rate_hz;
        let noise = (t * 37.0 + component as f64).sin() + (t * t * 0.013 + 11.0 * t).cos();
        let since = t % 40.0 - 13.0 - component as f64;
        let pulse = if since > 0.0 {
            40.0 * (-since).exp() * (2.0 * PI * 7.0 * since).sin()
        } else {
            0.0
        };
        (100.0 * (noise + pulse) + 5000.0) as f32
    };
    let n = (n_s * rate_hz) as usize;
    Record3C {
        station: "XX.MADE.00".into(),
        channels: ["HHE", "HHN", "HHZ"].map(String::from),
        start: at(late_s),
        sampling_rate_hz: rate_hz,
        data: [0, 1, 2].map(|c| (0..n).map(|i| wave(c, i)).collect()),
        simulated: true,
    }
}

fn picker() -> Picker {
    Picker::made_up("{\"default_args\": {\"P_threshold\": 0.6, \"S_threshold\": 0.4}}")
}

fn picked(source: &dyn WaveformSource, span: &TimeSpan) -> Picked {
    picker().pick(source, span, &mut |_| Ok(())).unwrap()
}

fn picks(source: &dyn WaveformSource, span: &TimeSpan) -> Vec<Pick> {
    picked(source, span).picks
}

#[test]
fn pieces_give_the_picks_of_the_whole() {
    // Two pieces and a part of a third; gaps, one shorter than the quality rule's reach, and a component that ends.
    for late_s in [0.0, 0.004, -0.0016] {
        let mut record = record(9000.0, RATE_HZ, late_s);
        for (first, end) in [(100_000, 100_001), (250_000, 253_900), (359_000, 362_000)] {
            record
                .data
                .iter_mut()
                .for_each(|row| row[first..end].fill(f32::NAN));
        }
        record.data[0][600_000..].fill(7.0);
        let whole = picks(&record, &span(0.0, 9000.0));
        assert!(whole.len() > 100, "{}", whole.len());
        let cuts = [
            0.0, 0.01, 17.3, 999.997, 3000.0, 3602.4, 3602.405, 7199.99, 9000.0,
        ];
        let parts: Vec<Pick> = cuts
            .windows(2)
            .flat_map(|cut| picks(&record, &span(cut[0], cut[1])))
            .collect();
        assert_eq!(parts, whole, "{late_s}");
    }
}

/// A high pass remembers what came before: pieces are read from the same sample on, whatever the span.
#[test]
fn a_filter_before_the_network_depends_on_no_span() {
    let filter =
        "\"filter_args\": [\"highpass\"], \"filter_kwargs\": {\"freq\": 1.0, \"corners\": 2}";
    let thresholds = "\"P_threshold\": 0.6, \"S_threshold\": 0.4";
    let describe = |filter: &str| {
        Picker::made_up(&format!(
            "{{\"model_args\": {{{filter}}}, \"default_args\": {{{thresholds}}}}}"
        ))
    };
    let (filtered, plain) = (describe(filter), describe(""));
    let mut record = record(8000.0, RATE_HZ, 0.0);
    // The sea, slower than the corner and larger than all else.
    for row in &mut record.data {
        row[250_000..250_900].fill(f32::NAN);
        for (i, y) in row.iter_mut().enumerate() {
            *y += 2e4 * (2.0 * PI * 0.15 * i as f64 / RATE_HZ).sin() as f32;
        }
    }
    let picks = |picker: &Picker, start_s: f64, end_s: f64| {
        let picked = picker.pick(&record, &span(start_s, end_s), &mut |_| Ok(()));
        picked.unwrap().picks
    };
    let whole = picks(&filtered, 0.0, 8000.0);
    assert!(whole.len() > 100, "{}", whole.len());
    assert_ne!(whole, picks(&plain, 0.0, 8000.0));
    let cuts = [0.0, 17.3, 3000.0, 3602.4, 7199.99, 8000.0];
    let parts = cuts
        .windows(2)
        .flat_map(|cut| picks(&filtered, cut[0], cut[1]));
    assert_eq!(parts.collect::<Vec<Pick>>(), whole);
    // What it lets pass is what ObsPy's high pass does, which begins at rest: after a few seconds both are one.
    let rows = prepared_rows(&record, filtered.params()).unwrap();
    let largest = rows[0][60_000..80_000]
        .iter()
        .fold(0.0_f32, |a, y| a.max(y.abs()));
    assert!((3000.0..6000.0).contains(&largest), "{largest}");
}

#[test]
fn a_record_that_begins_elsewhere_gives_the_same_picks_behind() {
    let whole = record(1000.0, RATE_HZ, 0.0);
    let behind = whole.slice(30_030..100_000).unwrap();
    let picks_of = |record: &Record3C| picks(record, &span(400.0, 900.0));
    assert_eq!(picks_of(&whole), picks_of(&behind));
    assert!(!picks_of(&whole).is_empty());
    // As SeisBench does it, they differ.
    let curve = |record: &Record3C| {
        let curves = picker().curves(record, Origin::Record).unwrap();
        let n = curves.n_components.len();
        curves.probabilities[0][n - 50_000..n - 10_000].to_vec()
    };
    assert_ne!(curve(&whole), curve(&behind));
}

#[test]
fn what_is_not_picked_is_told() {
    let mut record = record(400.0, RATE_HZ, 0.0);
    // A gap of 10 s, and 20 s between it and the next one.
    record
        .data
        .iter_mut()
        .for_each(|row| row[10_000..11_000].fill(f32::NAN));
    record
        .data
        .iter_mut()
        .for_each(|row| row[13_000..13_100].fill(f32::NAN));
    let all = picked(&record, &span(-50.0, 450.0));
    let nothing = all
        .unpicked_s
        .iter()
        .find(|(why, _)| why.starts_with("nothing"));
    let short = all
        .unpicked_s
        .iter()
        .find(|(why, _)| why.starts_with("recorded"));
    assert!((nothing.unwrap().1 - 111.0).abs() < 1e-6, "{all:?}");
    assert!((short.unwrap().1 - 20.0).abs() < 1e-6);
    assert!((all.picked_s - 369.0).abs() < 1e-6);
    assert_eq!(all.by_components_s, [0.0, 0.0, all.picked_s]);
    let in_gap = |pick: &Pick| {
        [(100.0, 110.0), (110.0, 130.0), (130.0, 131.0)]
            .iter()
            .any(|(start, end)| span(*start, *end).contains(pick.time))
    };
    assert!(!all.picks.iter().any(in_gap));
}

#[test]
fn components_that_are_missing_dead_or_stuck_are_zeros() {
    let whole = record(120.0, RATE_HZ, 0.0);
    let curves = |record: &Record3C| picker().curves(record, Origin::Record).unwrap();
    let mut missing = whole.clone();
    missing.channels[0] = "HH-".into();
    missing.data[0].fill(f32::NAN);
    let mut dead = whole.clone();
    dead.data[0].fill(-3.0);
    let of_two = curves(&missing);
    assert!(of_two.n_components.iter().all(|n| *n == 2));
    assert_eq!(curves(&dead), of_two);
    assert_ne!(curves(&whole).probabilities, of_two.probabilities);
    // For a minute at the end: from there on two components.
    let mut stuck = whole.clone();
    stuck.data[0][6000..].fill(1234.0);
    let stuck = curves(&stuck);
    assert_eq!((stuck.n_components[5999], stuck.n_components[6000]), (3, 2));
    assert_eq!(
        stuck.probabilities[0][11_000..],
        of_two.probabilities[0][11_000..]
    );
    // One component, and none.
    let mut one = missing.clone();
    one.data[1].fill(f32::NAN);
    let all = picker().pick_record(&one, Origin::Epoch).unwrap();
    assert_eq!(all.by_components_s, [120.0, 0.0, 0.0]);
    assert!(all.picks.iter().all(|pick| pick.n_components == 1) && !all.picks.is_empty());
    let mut none = one.clone();
    none.data[2].fill(f32::NAN);
    assert!(
        picker()
            .pick_record(&none, Origin::Epoch)
            .unwrap()
            .picks
            .is_empty()
    );
}

#[test]
fn names_of_components_do_not_matter_where_they_are_known() {
    let whole = record(60.0, RATE_HZ, 0.0);
    let named = |channels: [&str; 3]| Record3C {
        channels: channels.map(String::from),
        ..whole.clone()
    };
    let curve = |record: &Record3C| picker().curves(record, Origin::Record);
    let expected = curve(&whole).unwrap().probabilities;
    // East is the second horizontal component.
    let mut turned = named(["BH1", "BH2", "BHZ"]);
    turned.data.swap(0, 1);
    let turned = curve(&turned).unwrap();
    assert_eq!(
        (turned.probabilities, turned.band.as_str()),
        (expected, "BH")
    );
    let along_edges = curve(&named(["HHU", "HHV", "HHW"]));
    assert!(matches!(along_edges, Err(Error::Pick { .. })));
}

#[test]
fn other_rates_are_brought_to_the_networks() {
    let reference = picker()
        .curves(&record(200.0, RATE_HZ, 0.0), Origin::Epoch)
        .unwrap();
    for rate_hz in [50.0, 125.0, 200.0] {
        let made = picker()
            .curves(&record(200.0, rate_hz, 0.0), Origin::Epoch)
            .unwrap();
        assert_eq!(made.n_components.len(), 20_000);
        let differences = made.probabilities[0]
            .iter()
            .zip(&reference.probabilities[0]);
        let mean = differences.map(|(a, b)| (a - b).abs()).sum::<f32>() / 20_000.0;
        assert!(mean < 0.05, "{rate_hz}: {mean}");
    }
    let slow = record(200.0, 20.0, 0.0);
    assert!(matches!(
        picker().curves(&slow, Origin::Epoch),
        Err(Error::Pick { .. })
    ));
    let told = picked(&slow, &span(0.0, 200.0));
    assert!(told.picks.is_empty());
    let why = told.unpicked_s.keys().next().unwrap();
    assert!(why.contains("20 Hz, expected 40 Hz or more"), "{why}");
}

#[test]
fn a_source_that_fails_is_told_and_passed_over() {
    struct Broken(Record3C);
    impl WaveformSource for Broken {
        fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
            match start < at(3000.0) {
                true => Err(Error::io("day/file")(
                    std::io::ErrorKind::PermissionDenied.into(),
                )),
                false => self.0.record(start, n_samples),
            }
        }
        fn between(&self, start: Time, end: Time) -> Result<Record3C> {
            self.record(start, 1)?;
            self.0.between(start, end)
        }
    }
    let source = Broken(record(9000.0, RATE_HZ, 0.0));
    let told = picked(&source, &span(0.0, 9000.0));
    assert!(told.unpicked_s.keys().any(|why| why.contains("day/file")));
    assert!(told.picks.iter().all(|pick| pick.time > at(2000.0)) && !told.picks.is_empty());
}

#[test]
fn clipped_samples_are_picked_and_counted() {
    let mut record = record(100.0, RATE_HZ, 0.0);
    record.data[2]
        .iter_mut()
        .for_each(|y| *y = (*y * 10.0).min(60_000.0));
    let told = picked(&record, &span(0.0, 100.0));
    let n_clipped = told.n_clipped();
    assert!(n_clipped["HHZ"] > 10 && n_clipped.len() == 1, "{told:?}");
    assert!((told.picked_s - 100.0).abs() < 1e-6);
}

#[test]
fn blinded_ends_and_the_largest_of_windows_are_as_asked() {
    let record = record(100.0, RATE_HZ, 0.0);
    let of = |description: &str| {
        Picker::made_up(description)
            .curves(&record, Origin::Record)
            .unwrap()
    };
    let mean = of("{}");
    let largest = of("{\"default_args\": {\"stacking\": \"max\"}}");
    let pairs = largest.probabilities[0].iter().zip(&mean.probabilities[0]);
    assert!(pairs.clone().all(|(a, b)| a >= b) && pairs.clone().any(|(a, b)| a > b));
    let blind = of("{\"default_args\": {\"blinding\": [250, 100]}}");
    let curve = &blind.probabilities[1];
    assert!(
        curve[..250]
            .iter()
            .chain(&curve[9900..])
            .all(|p| p.is_nan())
    );
    assert!(curve[250..9900].iter().all(|p| p.is_finite()));
}
