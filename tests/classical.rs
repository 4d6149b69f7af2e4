//! The classical detectors: against ObsPy, against theory, and on bad records.

mod common;

use std::ops::Range;

use quakebook::catalog::{Catalog, Event};
use quakebook::detect::fast::{
    FastParams, Fingerprint, MinHash, Tables, fast, haar_2d, success_probability,
};
use quakebook::detect::{
    Alarms, Band, ReferenceEvents, StaLtaParams, TemplateParams, Templates, classic_sta_lta,
    correlate, recursive_sta_lta, sta_lta, triggers,
};
use quakebook::time::{self, Time};
use quakebook::waveform::Record3C;
use quakebook::window::{Origin, RejectionLog, Window, Windows};

/// The generator of tests/reference/classical.py, from -0.5 to 0.5.
fn noise_from(mut state: i64, n: usize) -> Vec<f32> {
    let mut next = || {
        state = (1_103_515_245 * state + 12_345) % (1 << 31);
        (state as f64 / (1_i64 << 31) as f64 - 0.5) as f32
    };
    (0..n).map(|_| next()).collect()
}

fn noise(n: usize) -> Vec<f32> {
    noise_from(1, n)
}

fn at(seconds: f64) -> Time {
    time::parse("2014-02-16").unwrap() + time::seconds(seconds)
}

/// A record of noise, 100 samples a second.
fn record(seconds: usize, seed: i64) -> Record3C {
    Record3C {
        station: "made up".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        start: at(0.0),
        sampling_rate_hz: 100.0,
        data: [0, 1, 2].map(|i| noise_from(seed * 97 + 7 * i + 1, seconds * 100)),
        simulated: true,
    }
}

/// A decaying burst that is the same each time, on component `component`.
fn burst(component: usize, n: usize) -> Vec<f32> {
    let carrier = noise_from(1000 + component as i64, n);
    let decay = |i: usize| (-(i as f32) / (0.3 * n as f32)).exp();
    carrier
        .iter()
        .enumerate()
        .map(|(i, y)| y * decay(i))
        .collect()
}

/// Adds the burst of 5 s from `second` on.
fn shake(record: &mut Record3C, second: f64, size: f32) {
    let first = (second * 100.0) as usize;
    for component in 0..3 {
        for (i, y) in burst(component, 500).iter().enumerate() {
            record.data[component][first + i] += size * y;
        }
    }
}

fn times_s(alarms: &Alarms, at_least: f64) -> Vec<f64> {
    let loud = alarms.items.iter().filter(|alarm| alarm.score >= at_least);
    loud.map(|alarm| time::between_s(at(0.0), alarm.time))
        .collect()
}

mod sta_lta_and_coincidence {
    use super::*;

    #[test]
    fn triggers_are_obspys() {
        // tests/reference/classical.py; ObsPy's ends are inclusive: 1573, 1566, 1936, 3999.
        const RECURSIVE: [Range<usize>; 2] = [1500..1574, 3990..4000];
        const CLASSIC: [Range<usize>; 3] = [1500..1567, 1901..1937, 3990..4000];
        const MAX_RECURSIVE: f32 = 12.13136;
        const MAX_CLASSIC: f32 = 15.11243;
        let mut samples = noise(4000);
        for (range, factor) in [(1500..1560, 6.0), (1900..1930, 3.0), (3990..4000, 9.0)] {
            samples[range].iter_mut().for_each(|y| *y *= factor);
        }
        let recursive = recursive_sta_lta(&samples, 10, 200).unwrap();
        let classic = classic_sta_lta(&samples, 10, 200).unwrap();
        assert_eq!(triggers(&recursive, 2.5, 1.2), RECURSIVE);
        assert_eq!(triggers(&classic, 2.5, 1.2), CLASSIC);
        let max = |ratios: &[f32]| ratios.iter().copied().fold(0.0, f32::max);
        assert!(
            (max(&recursive) - MAX_RECURSIVE).abs() < 1e-4,
            "{}",
            max(&recursive)
        );
        assert!(
            (max(&classic) - MAX_CLASSIC).abs() < 1e-4,
            "{}",
            max(&classic)
        );
    }

    #[test]
    fn an_earthquake_is_one_alarm_and_the_edge_of_a_gap_is_none() {
        let mut record = record(600, 1);
        shake(&mut record, 300.0, 20.0);
        // A gap, after which each component stands elsewhere.
        for row in &mut record.data {
            row[15_000..15_100].fill(f32::NAN);
            row[15_100..].iter_mut().for_each(|y| *y += 5000.0);
        }
        let alarms = sta_lta(&record, &StaLtaParams::default()).unwrap();
        let times = times_s(&alarms, 4.0);
        assert_eq!(times.len(), 1, "{times:?}");
        assert!((times[0] - 300.0).abs() < 0.5, "{times:?}");
        // Until the filter has settled and the long average has filled again, nothing could be found.
        let starts: Vec<_> = alarms.scanned.iter().map(|span| span.start).collect();
        assert_eq!((starts.len(), starts[0]), (2, at(30.0)));
        assert!((at(182.5)..at(184.5)).contains(&starts[1]), "{starts:?}");
        assert_eq!(alarms.condition.n_missing, [100; 3]);
    }

    #[test]
    fn a_step_on_one_component_is_no_coincidence() {
        let mut record = record(300, 2);
        record.data[1][12_000] = 1e5;
        let alarms = sta_lta(&record, &StaLtaParams::default()).unwrap();
        assert!(times_s(&alarms, 5.0).is_empty());
        let alone = StaLtaParams {
            n_components: 1,
            ..StaLtaParams::default()
        };
        assert_eq!(times_s(&sta_lta(&record, &alone).unwrap(), 5.0).len(), 1);
    }

    #[test]
    fn dead_and_clipped_components_are_scanned_as_far_as_they_go() {
        let mut record = record(300, 3);
        shake(&mut record, 100.0, 40.0);
        for y in record.data.iter_mut().flatten() {
            *y *= 1000.0;
        }
        record.data[0].fill(-17.0);
        for y in &mut record.data[2] {
            *y = y.clamp(-2000.0, 2000.0);
        }
        let alarms = sta_lta(&record, &StaLtaParams::default()).unwrap();
        assert_eq!(times_s(&alarms, 4.0).len(), 1);
        assert_eq!(alarms.condition.dead, [true, false, false]);
        assert!(alarms.condition.n_clipped[2] > 0 && alarms.condition.n_clipped[1] == 0);
        let all_three = StaLtaParams {
            n_components: 3,
            ..StaLtaParams::default()
        };
        let error = sta_lta(&record, &all_three).unwrap_err().to_string();
        assert!(error.contains("2 components that move"), "{error}");
    }

    #[test]
    fn what_cannot_be_scanned_is_refused() {
        let default = StaLtaParams::default();
        assert!(sta_lta(&record(20, 4), &default).is_err());
        for params in [
            StaLtaParams { on: 1.0, ..default },
            StaLtaParams {
                off: 0.0,
                ..default
            },
            StaLtaParams {
                sta_s: 40.0,
                ..default
            },
            StaLtaParams {
                n_components: 4,
                ..default
            },
            StaLtaParams {
                within_s: f64::NAN,
                ..default
            },
        ] {
            assert!(sta_lta(&record(100, 4), &params).is_err(), "{params:?}");
        }
        let mut slow = record(400, 4);
        slow.sampling_rate_hz = 40.0;
        let error = sta_lta(&slow, &default).unwrap_err().to_string();
        assert!(error.contains("multiple of 100"), "{error}");
        let band = Band {
            low_hz: 1.0,
            high_hz: 8.0,
            rate_hz: 20.0,
        };
        assert!(sta_lta(&slow, &StaLtaParams { band, ..default }).is_ok());
    }
}

mod template_matching {
    use super::*;

    #[test]
    fn coefficients_are_obspys() {
        // tests/reference/classical.py
        const COEFFICIENTS: [(usize, f32); 10] = [
            (0, -0.0376791),
            (700, 0.057306),
            (1199, -0.0373308),
            (1200, 1.000001),
            (1201, -0.0409241),
            (1999, -0.0294084),
            (2000, 0.3810798),
            (2300, 0.0010483),
            (2600, -0.029486),
            (2750, -0.0598618),
        ];
        let mut samples = noise(3000);
        let template = samples[1200..1450].to_vec();
        for (y, t) in samples[2000..].iter_mut().zip(&template) {
            *y += 0.5 * t;
        }
        samples[2500..2700].fill(0.25);
        let coefficients = correlate(&samples, &template).unwrap();
        assert_eq!(coefficients.len(), 2751);
        for (place, expected) in COEFFICIENTS {
            let found = coefficients[place];
            assert!(
                (found - expected).abs() < 1e-5,
                "{place}: {found} against {expected}"
            );
        }
    }

    /// Windows of 10 s with P 2 s after the start, as the library cuts them.
    fn windows(record: &Record3C, p_s: &[f64]) -> Windows {
        let window = |p_s: &f64| {
            let cut = record.window(at(p_s - 2.0), 1000).unwrap();
            Window {
                start: cut.start,
                samples: cut.data.concat(),
                class: 0,
                origin: Origin::Event {
                    id: format!("p{p_s}"),
                },
            }
        };
        Windows {
            station: record.station.clone(),
            channels: record.channels.clone(),
            sampling_rate_hz: 100.0,
            n_samples: 1000,
            n_classes: 2,
            normalisation: None,
            simulated: true,
            windows: p_s.iter().map(window).collect(),
            rejections: RejectionLog::default(),
        }
    }

    #[test]
    fn a_like_earthquake_is_found_below_the_noise() {
        let mut known = record(60, 5);
        shake(&mut known, 30.0, 20.0);
        let params = TemplateParams::default();
        let templates = Templates::from_windows(&windows(&known, &[30.0]), 2.0, &params).unwrap();
        let mut record = record(1800, 6);
        for second in [500.0, 1200.0] {
            // The burst's root mean square is a third of the noise's.
            shake(&mut record, second, 1.0);
        }
        let alarms = templates.scan(&record, 2).unwrap();
        let times = times_s(&alarms, 9.0);
        assert_eq!(times.len(), 2, "{:?}", alarms.scores());
        assert!(
            (times[0] - 500.0).abs() < 0.05 && (times[1] - 1200.0).abs() < 0.05,
            "{times:?}"
        );
        // The same however the templates are dealt out.
        assert_eq!(templates.scan(&record, 1).unwrap(), alarms);
    }

    #[test]
    fn gaps_dead_components_and_an_odd_template_out() {
        let mut known = record(60, 5);
        shake(&mut known, 20.0, 20.0);
        let three = windows(&known, &[20.0, 30.0, 40.0]);
        let templates = Templates::from_windows(&three, 2.0, &TemplateParams::default()).unwrap();
        let mut record = record(600, 7);
        shake(&mut record, 400.0, 10.0);
        record.data[1].fill(3.0);
        for row in &mut record.data {
            row[10_000..10_001].fill(f32::NAN);
            row[10_300..10_400].fill(f32::NAN);
        }
        let alarms = templates.scan(&record, 2).unwrap();
        assert_eq!(times_s(&alarms, 10.0).len(), 1);
        assert_eq!(alarms.condition.dead, [false, true, false]);
        // The segment of 3 s between the gaps, in which the filter settles first, is not scanned, and counted.
        assert_eq!(alarms.scanned.len(), 2);
        let n_too_short = alarms.condition.n_too_short;
        assert!((1..=101).contains(&n_too_short), "{n_too_short}");
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        let known = record(60, 8);
        let good = windows(&known, &[30.0]);
        let params = TemplateParams::default();
        let long = TemplateParams {
            length_s: 9.0,
            ..params
        };
        assert!(Templates::from_windows(&good, 2.0, &long).is_err());
        assert!(Templates::from_windows(&good, 0.2, &params).is_err());
        assert!(Templates::from_windows(&windows(&known, &[]), 2.0, &params).is_err());
        let mut flat = windows(&known, &[30.0]);
        flat.windows[0].samples.fill(5.0);
        assert!(Templates::from_windows(&flat, 2.0, &params).is_err());
        let templates = Templates::from_windows(&good, 2.0, &params).unwrap();
        let error = templates.scan(&record(5, 8), 1).unwrap_err().to_string();
        assert!(error.contains("no segment of"), "{error}");
        let mut slow = record(300, 8);
        slow.sampling_rate_hz = 40.0;
        assert!(templates.scan(&slow, 1).is_err());
        let mut dead = record(300, 8);
        dead.data.iter_mut().for_each(|row| row.fill(1.0));
        assert!(templates.scan(&dead, 1).is_err());
    }
}

mod fingerprints {
    use super::*;

    #[test]
    fn the_wavelet_transform_is_pywavelets() {
        // tests/reference/classical.py, PyWavelets 1.8
        const HAAR: [f32; 32] = [
            -0.057403, 0.330202, 0.050086, -0.264349, 0.354091, -0.265815, 0.342523, 0.46192,
            -0.629678, -0.224123, -0.053899, -0.077069, -0.225547, 0.052754, 0.246188, 0.186197,
            0.035059, 0.18482, 0.237034, -0.295087, -0.015962, 0.039933, 0.433368, 0.013881,
            0.074025, 0.313231, -0.208638, -0.430641, 0.344756, -0.065852, 0.424831, 0.124595,
        ];
        let mut image = noise(32);
        haar_2d(&mut image, 4);
        for (found, expected) in image.iter().zip(HAAR) {
            assert!((found - expected).abs() < 1e-5, "{image:?}");
        }
    }

    /// Two sets of 100 bits, `n_common` of them the same.
    fn sets(n_common: u16) -> [Fingerprint; 2] {
        [0, 500].map(|from| {
            let common = (0..n_common).map(|i| 7 * i);
            let own = (n_common..100).map(|i| 1001 + from + i);
            let mut bits: Vec<u16> = common.chain(own).collect();
            bits.sort_unstable();
            Fingerprint(bits)
        })
    }

    /// Bounds within which a count of `n` trials lies but once in 15,000: four deviations.
    fn is_likely(n_hits: usize, n: usize, probability: f64) -> bool {
        let deviation = (n as f64 * probability * (1.0 - probability)).sqrt();
        (n_hits as f64 - n as f64 * probability).abs() <= 4.0 * deviation.max(0.5)
    }

    #[test]
    fn hash_values_agree_as_often_as_the_jaccard_similarity() {
        let n = 20_000;
        let hashes = MinHash::new(2048, n, 3);
        for n_common in [0, 5, 30, 60, 90, 100] {
            let [a, b] = sets(n_common);
            let similarity = f64::from(n_common) / f64::from(200 - n_common);
            assert!((a.jaccard(&b) - similarity).abs() < 1e-12);
            let (x, y) = (hashes.signature(&a), hashes.signature(&b));
            let n_same = x.iter().zip(&y).filter(|(x, y)| x == y).count();
            assert!(
                is_likely(n_same, n, similarity),
                "{n_same} for {similarity}"
            );
        }
    }

    #[test]
    fn tables_let_pairs_meet_along_the_s_curve() {
        let (n_hashes, n_tables, n_trials) = (4, 20, 400);
        for n_common in [20, 40, 55, 70, 85, 95] {
            let [a, b] = sets(n_common);
            let similarity = a.jaccard(&b);
            let met = (0..n_trials).filter(|seed| {
                let hashes = MinHash::new(2048, n_hashes * n_tables, *seed);
                let mut tables = Tables::new(n_hashes, n_tables);
                tables.insert(&hashes.signature(&a));
                tables.insert(&hashes.signature(&b));
                !tables.pairs(1, 1, 1).0.is_empty()
            });
            let expected = success_probability(similarity, n_hashes, n_tables);
            let n_met = met.count();
            assert!(
                is_likely(n_met, n_trials as usize, expected),
                "{n_met} of {n_trials} for {expected} at {similarity}"
            );
        }
    }

    #[test]
    fn a_wave_that_comes_twice_is_found_without_being_known() {
        let mut record = record(3600, 9);
        for second in [700.0, 2500.0] {
            shake(&mut record, second, 6.0);
        }
        let found = fast(&record, &FastParams::default()).unwrap();
        let alarms = &found.alarms;
        let loudest = alarms.scores()[1];
        let times = times_s(alarms, loudest);
        assert_eq!(times.len(), 2, "{:?}", &alarms.scores()[..6]);
        assert!(
            (times[0] - 702.0).abs() < 7.0 && (times[1] - 2502.0).abs() < 7.0,
            "{times:?}"
        );
        assert!(
            loudest > 2.0 * alarms.scores()[2],
            "{:?}",
            &alarms.scores()[..6]
        );
        assert_eq!(fast(&record, &FastParams::default()).unwrap(), found);
    }

    #[test]
    fn noise_that_repeats_for_ever_does_not_fill_the_memory() {
        // A second of noise over and over: every fingerprint is like every other.
        let tile = noise(100);
        let mut record = record(1200, 1);
        for row in &mut record.data {
            *row = tile.iter().copied().cycle().take(row.len()).collect();
        }
        // Something that varies, or there is no deviation to count in.
        for (i, y) in record.data[2].iter_mut().enumerate() {
            *y *= 1.0 + 0.5 * (i as f32 / 977.0).sin();
        }
        let params = FastParams::default();
        let found = fast(&record, &params).unwrap();
        assert!(found.n_pairs <= 3 * params.max_partners * found.n_fingerprints);
    }

    #[test]
    fn gaps_and_bad_parameters() {
        let params = FastParams::default();
        assert!(fast(&record(10, 1), &params).is_err());
        let mut gappy = record(600, 2);
        for row in &mut gappy.data {
            row[30_000..30_500].fill(f32::NAN);
            row[31_000..31_500].fill(f32::NAN); // 5 s between them, the filter settles first
        }
        gappy.data[0].fill(0.0);
        let found = fast(&gappy, &params).unwrap();
        assert_eq!(found.alarms.scanned.len(), 2);
        assert_eq!(found.alarms.condition.dead, [true, false, false]);
        assert!((300..450).contains(&found.alarms.condition.n_too_short));
        for bad in [
            FastParams {
                n_times: 60,
                ..params
            },
            FastParams {
                n_top: 2049,
                ..params
            },
            FastParams {
                n_tables: 0,
                ..params
            },
            FastParams {
                spectrum_s: 1.0,
                ..params
            },
        ] {
            assert!(fast(&record(100, 1), &bad).is_err(), "{bad:?}");
        }
    }
}

mod measure {
    use super::*;

    fn event(id: &str, origin_s: f64) -> Event {
        common::event(id, at(origin_s))
    }

    #[test]
    fn only_what_stands_out_must_be_found_but_nothing_true_is_a_false_alarm() {
        let mut record = record(900, 11);
        shake(&mut record, 300.0, 20.0); // seen
        shake(&mut record, 600.0, 20.0); // seen
        shake(&mut record, 800.0, 0.2); // hidden
        let truth = Catalog::new(
            "made up",
            true,
            vec![
                event("a", 299.0),
                event("b", 599.0),
                event("c", 799.0),
                event("d", 5000.0),
            ],
        );
        let station = quakebook::geo::Point::new(-97.4, 35.8);
        let model = quakebook::travel::LayeredModel::central_us();
        let reference = ReferenceEvents::in_record(&truth, &record, station, &model, 8.0).unwrap();
        assert_eq!(reference.events.len(), 3);
        assert_eq!(reference.n_counted(), 2, "{:?}", reference.ratios);
        assert!(reference.ratios[2].unwrap() < 6.0);
        let mut alarms = sta_lta(&record, &StaLtaParams::default()).unwrap();
        alarms.items.retain(|alarm| alarm.score > 5.0);
        assert_eq!(alarms.len(), 2);
        // One at the hidden event, one at nothing.
        for second in [801.0, 450.0] {
            let mut alarm = alarms.items[0];
            (alarm.start, alarm.time, alarm.end) = (at(second), at(second), at(second + 5.0));
            alarm.score = 3.0;
            alarms.items.push(alarm);
        }
        alarms.items.sort_by_key(|alarm| alarm.time);
        let counts = reference.count(&alarms.at_least(0.0));
        assert_eq!((counts.n_found, counts.n_counted), (2, 2));
        assert_eq!((counts.n_right, counts.n_false), (3, 1));
        let curve = reference.curve_of(&alarms);
        assert_eq!(curve.len(), 3);
        for point in &curve {
            let counts = reference.count(&alarms.at_least(point.threshold));
            assert_eq!(
                point.counts, counts,
                "as if each threshold were judged alone"
            );
        }
        assert!(
            curve
                .windows(2)
                .all(|two| two[0].counts.n_found <= two[1].counts.n_found)
        );
        let twice = counts + counts;
        assert_eq!((twice.n_false, twice.hours), (2, 2.0 * counts.hours));
        // However many alarms there are, every score is a point of the curve.
        for i in 0..150 {
            let mut alarm = alarms.items[0];
            let second = 310.0 + f64::from(i) * 3.9;
            (alarm.start, alarm.time, alarm.end) = (at(second), at(second), at(second + 1.0));
            alarm.score = 1.0 + f64::from(i * 37 % 150) / 100.0;
            alarms.items.push(alarm);
        }
        alarms.items.sort_by_key(|alarm| alarm.time);
        let curve = reference.curve_of(&alarms);
        let mut scores = alarms.scores();
        scores.dedup();
        assert_eq!(curve.len(), scores.len());
        for point in &curve {
            let counts = reference.count(&alarms.at_least(point.threshold));
            assert_eq!(point.counts, counts, "at {}", point.threshold);
        }
    }
}
