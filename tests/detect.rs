//! The scan, windows to events, events beside a catalog, and STA/LTA.

mod common;

use proptest::prelude::*;
use quakebook::catalog::{Catalog, Event};
use quakebook::detect::{
    Detections, MatchedDetections, MergeParams, ReferenceEvents, Scan, ScanParams, Scanner,
    classic_sta_lta, recursive_sta_lta, scan, signal_to_noise, triggers,
};
use quakebook::network::{Classify, ConvNet, Ensemble};
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Record3C, WaveformSource};
use quakebook::window::{Normalisation, Reason, normalise};
use quakebook::{Error, Result, Unavailable};

/// Two clusters and noise; a window is an event of cluster 1 where a sample stands far out.
struct Outliers;

impl Classify for Outliers {
    fn n_classes(&self) -> usize {
        3
    }

    fn n_samples(&self) -> usize {
        100
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        assert!(windows.len() <= 256 * 300 && windows.len().is_multiple_of(300));
        let stands_out = |window: &[f32]| window.iter().any(|v| v.abs() > 8.0);
        let p = |window| match stands_out(window) {
            true => [0.1, 0.8, 0.1],
            false => [0.05, 0.05, 0.9],
        };
        Ok(windows.chunks(300).flat_map(p).collect())
    }
}

fn at(seconds: f64) -> Time {
    time::parse("2014-02-16").unwrap() + time::seconds(seconds)
}

/// 10 samples a second, so a window lasts 10 s; spikes at some samples.
fn record(n_samples: usize, spikes: &[usize]) -> Record3C {
    let mut data = [0, 1, 2].map(|component| {
        let noise = |i: usize| ((i * 7 + component * 3) % 11) as f32 - 5.0;
        (0..n_samples).map(noise).collect::<Vec<f32>>()
    });
    for spike in spikes {
        data[2][*spike] = 1000.0;
    }
    Record3C {
        station: "GS.OK029.00".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        start: at(0.0),
        sampling_rate_hz: 10.0,
        data,
        simulated: true,
    }
}

fn params(hop_samples: usize) -> ScanParams {
    ScanParams {
        hop_samples,
        normalisation: Normalisation::Std,
    }
}

/// A scan with one cluster, from probabilities of an event; windows of 10 s every `hop_s`.
fn scan_of(p_event: &[f32], hop_s: f64) -> Scan {
    Scan {
        station: "GS.OK029.00".into(),
        simulated: true,
        sampling_rate_hz: 100.0,
        n_samples: 1000,
        hop_samples: (hop_s * 100.0) as usize,
        n_classes: 2,
        starts: (0..p_event.len()).map(|i| at(i as f64 * hop_s)).collect(),
        probabilities: p_event.iter().flat_map(|p| [*p, 1.0 - p]).collect(),
        n_in_gaps: 0,
        n_stuck: 0,
        unscanned: Vec::new(),
        n_clipped: 0,
        n_samples_left: 0,
    }
}

fn event(id: &str, origin_s: f64) -> Event {
    common::event(id, at(origin_s))
}

fn catalog(origins_s: &[f64]) -> Catalog {
    let events = origins_s.iter().enumerate();
    let events = events.map(|(i, s)| event(&i.to_string(), *s)).collect();
    Catalog::new("made up", true, events)
}

#[test]
fn ten_hours_are_3600_windows_and_the_extra_sample_is_counted() {
    let scan = scan(&Outliers, &record(360_001, &[12_345]), &params(100)).unwrap();
    assert_eq!(scan.len(), 3600);
    assert_eq!(scan.counts(), [0, 1, 3599]);
    assert_eq!(scan.n_samples_left, 1);
    assert_eq!(scan.starts[3599], at(35_990.0));
    assert_eq!(scan.covered().len(), 1);
}

#[test]
fn windows_with_a_gap_or_dead_are_left_out() {
    let mut record = record(2000, &[1950]);
    record.data[0][500] = f32::NAN; // one sample of one component
    record.data[1][899..901].fill(f32::NAN); // across an edge
    record.data[2][1200..1300].fill(3.0);
    let scan = scan(&Outliers, &record, &params(100)).unwrap();
    assert_eq!((scan.len(), scan.n_in_gaps, scan.n_stuck), (16, 3, 1));
    assert!(!scan.starts.contains(&at(50.0)) && scan.starts.contains(&at(60.0)));
    assert_eq!(scan.counts(), [0, 1, 15]);
    // Nothing was seen of the gaps: 0-50, 60-80, 100-120, 130-200 s.
    let spans = scan.covered();
    let spans: Vec<_> = spans.iter().map(|s| (s.start, s.end)).collect();
    let expected = [(0.0, 50.0), (60.0, 80.0), (100.0, 120.0), (130.0, 200.0)];
    assert_eq!(spans, expected.map(|(start, end)| (at(start), at(end))));
    let hours = scan.merge(&MergeParams::default()).unwrap().hours();
    assert!((hours - 160.0 / 3600.0).abs() < 1e-12);
}

/// The trunk that overlapping windows share must not change what a scan says, wherever windows are missing.
#[test]
fn windows_of_one_scale_share_layers_and_lose_nothing() {
    let network = |seed| ConvNet::new(100, 3, seed);
    let committee = Ensemble::new(vec![network(7), network(8)]).unwrap();
    let mut record = record(6000, &[1950, 4003]);
    record.data[0][500] = f32::NAN;
    record.data[2][1200..1300].fill(3.0);
    let counts = 7;
    for hop in [1, 10, 13, 50, 100, 120] {
        let params = ScanParams {
            hop_samples: hop,
            normalisation: Normalisation::Fixed { counts },
        };
        let scanned = |network: &dyn Classify| {
            let found = scan(network, &record, &params).unwrap();
            let alone = |start: &Time| {
                let window = record.window(*start, 100).unwrap().data.concat();
                let scaled = normalise(&window, params.normalisation).unwrap();
                assert_eq!(scaled[0], window[0] / 7.0);
                network.probabilities(&scaled).unwrap()
            };
            let wanted: Vec<f32> = found.starts.iter().flat_map(alone).collect();
            assert_eq!(found.probabilities, wanted, "{hop}");
            assert!(found.n_in_gaps > 0 && found.len() > 6000 / hop / 2);
            found
        };
        let (found, together) = (scanned(&network(7)), scanned(&committee));
        assert_ne!(together.probabilities, found.probabilities);
    }
    let nothing = ScanParams {
        hop_samples: 10,
        normalisation: Normalisation::Fixed { counts: 0 },
    };
    let error = scan(&network(7), &record, &nothing).unwrap_err();
    assert!(error.to_string().contains("0 counts"), "{error}");
}

#[test]
fn what_cannot_be_scanned_is_refused() {
    assert!(scan(&Outliers, &record(99, &[]), &params(100)).is_err());
    assert!(scan(&Outliers, &record(200, &[]), &params(0)).is_err());
    let mut silent = record(200, &[]);
    silent.data = [
        vec![f32::NAN; 200],
        vec![f32::NAN; 200],
        vec![f32::NAN; 200],
    ];
    let scan = scan(&Outliers, &silent, &params(50)).unwrap();
    assert_eq!((scan.len(), scan.n_in_gaps), (0, 3));
    let detections = scan.merge(&MergeParams::default()).unwrap();
    assert!(detections.is_empty() && detections.hours() == 0.0);
}

#[test]
fn an_earthquake_cut_by_the_edge_of_a_window_is_one_event() {
    // Samples 995 to 1005: the windows from 90 s and from 100 s both see it.
    let record = record(3000, &[995, 1005]);
    let apart = scan(&Outliers, &record, &params(100)).unwrap();
    assert_eq!(apart.counts(), [0, 2, 28]);
    let detections = apart.merge(&MergeParams::default()).unwrap();
    assert_eq!(detections.len(), 1);
    assert_eq!(detections.items[0].class, 1);
    assert_eq!(detections.items[0].start, at(90.0));
    assert_eq!(detections.items[0].end, at(110.0));
    // Windows every second place it within one second; the true middle is 100 s.
    let close = scan(&Outliers, &record, &params(10)).unwrap();
    let detections = close.merge(&MergeParams::default()).unwrap();
    assert_eq!(detections.len(), 1);
    let error_s = time::between_s(at(100.0), detections.items[0].time);
    assert!(error_s.abs() < 1.0, "{error_s}");
}

#[test]
fn hysteresis_keeps_one_event_whole() {
    let p = [0.1, 0.4, 0.6, 0.35, 0.7, 0.1, 0.4, 0.4, 0.1];
    let merged = |on, off, join_s| {
        let params = MergeParams {
            on,
            off,
            join_s,
            ..MergeParams::default()
        };
        scan_of(&p, 10.0).merge(&params).unwrap()
    };
    // By hand: windows 1 to 4 are at least 0.3 and one is 0.5; windows 6 and 7 never reach 0.5.
    let detections = merged(0.5, 0.3, 0.0);
    assert_eq!(detections.len(), 1);
    let found = detections.items[0];
    assert_eq!(
        (found.start, found.end, found.n_windows),
        (at(10.0), at(50.0), 4)
    );
    assert!((found.probability - 0.7).abs() < 1e-6);
    // (0.4 * 15 + 0.6 * 25 + 0.35 * 35 + 0.7 * 45) / 2.05 = 31.585 s
    let time_s = time::between_s(at(0.0), found.time);
    assert!((time_s - 31.585).abs() < 1e-3, "{time_s}");
    // One threshold alone cuts it in two; joining over 20 s makes it one again.
    assert_eq!(merged(0.5, 0.5, 0.0).len(), 2);
    assert_eq!(merged(0.5, 0.5, 20.0).len(), 1);
}

#[test]
fn a_detector_always_on_is_cut() {
    // Fifty minutes of a detector that is on from 100 s on, beside an event of 50 s.
    let mut p = vec![0.0; 1600];
    p[50..].fill(0.9);
    p[10..30].fill(0.9);
    let scan = scan_of(&p, 2.0);
    let params = MergeParams {
        longest_s: 300.0,
        ..MergeParams::default()
    };
    let detections = scan.merge(&params).unwrap();
    let starts: Vec<Time> = detections.items.iter().map(|d| d.start).collect();
    // At whole multiples of 300 s, wherever the run began; the event lies before it.
    let parts = std::iter::once(100.0).chain((1..=10).map(|i| 300.0 * f64::from(i)));
    let expected: Vec<Time> = std::iter::once(20.0).chain(parts).map(at).collect();
    assert_eq!(starts, expected);
    assert!(
        detections
            .items
            .iter()
            .all(|d| time::between_s(d.start, d.end) <= 308.0)
    );
    let on_s = 48.0 + 3108.0;
    assert!((detections.share_on() - on_s / 3208.0).abs() < 1e-9);
    assert!((detections.per_hour() - 12.0 / (3208.0 / 3600.0)).abs() < 1e-9);
    // One that lasts as long as an event may is whole, wherever it lies.
    let mut p = vec![0.0; 300];
    p[80..226].fill(0.9);
    assert_eq!(scan_of(&p, 2.0).merge(&params).unwrap().len(), 1);
}

#[test]
fn events_close_together_can_be_parted() {
    // Two P waves 13 s apart, each seen by the windows that hold it 2 s or more: for five seconds between
    // them no window is probable.
    let seen = |start_s: f64| {
        [30.0, 43.0]
            .iter()
            .any(|p| (start_s..start_s + 8.0).contains(p))
    };
    let p: Vec<f32> = (0..160)
        .map(|i| f32::from(u8::from(seen(f64::from(i) / 2.0))))
        .collect();
    let n_events = |join_s| {
        let params = MergeParams {
            join_s,
            ..MergeParams::default()
        };
        scan_of(&p, 0.5).merge(&params).unwrap().len()
    };
    assert_eq!([n_events(10.0), n_events(5.0), n_events(0.0)], [1, 2, 2]);
}

#[test]
fn windows_on_the_grid_begin_in_the_span() {
    let source = Counting::new(vec![]);
    let span = TimeSpan {
        start: at(0.7),
        end: at(100.0),
    };
    let scanner = Scanner::on_grid(&Outliers, &source, &span, 10.0, &params(25)).unwrap();
    let scan = scanner.collect_scan().unwrap();
    let starts: Vec<Time> = (1..40).map(|i| at(2.5 * f64::from(i))).collect();
    assert_eq!(scan.starts, starts);
    let far = TimeSpan {
        start: time::parse("1500-01-01").unwrap(),
        end: at(0.0),
    };
    let refused = Scanner::on_grid(&Outliers, &source, &far, 10.0, &params(25)).err();
    assert!(matches!(refused, Some(Error::Detect { .. })));
}

#[test]
fn a_lone_window_can_be_refused() {
    let params = MergeParams {
        min_windows: 2,
        ..MergeParams::default()
    };
    let detections = scan_of(&[0.9, 0.0, 0.0, 0.9, 0.9], 10.0)
        .merge(&params)
        .unwrap();
    assert_eq!(detections.len(), 1);
    assert_eq!(detections.items[0].start, at(30.0));
}

#[test]
fn a_gap_parts_events() {
    let mut scan = scan_of(&[0.9, 0.9], 10.0);
    scan.starts[1] = at(500.0);
    assert_eq!(scan.merge(&MergeParams::default()).unwrap().len(), 2);
}

#[test]
fn bad_thresholds_are_refused() {
    for (on, off, join_s) in [
        (0.3, 0.5, 1.0),
        (0.5, 0.0, 1.0),
        (1.1, 0.5, 1.0),
        (0.5, 0.3, -1.0),
    ] {
        let params = MergeParams {
            on,
            off,
            join_s,
            ..MergeParams::default()
        };
        assert!(scan_of(&[0.9], 10.0).merge(&params).is_err(), "{params:?}");
    }
    let of_nan = MergeParams {
        on: f64::NAN,
        ..MergeParams::default()
    };
    let endless = MergeParams {
        longest_s: 0.0,
        ..MergeParams::default()
    };
    for params in [of_nan, endless] {
        assert!(scan_of(&[0.9], 10.0).merge(&params).is_err());
    }
}

fn detections(p: &[f32]) -> Detections {
    scan_of(p, 10.0).merge(&MergeParams::default()).unwrap()
}

#[test]
fn events_are_found_missed_or_not_scanned() {
    // Detections over 20-30 s and 60-70 s, in 100 s.
    let mut p = [0.0; 10];
    (p[2], p[6]) = (0.9, 0.9);
    let detections = detections(&p);
    let catalog = catalog(&[22.0, 40.0, 200.0]);
    let matches = detections.match_(&catalog, |_| 3.0, 1.0).unwrap();
    assert_eq!((matches.found[0].detection, matches.found[0].event), (0, 0));
    assert!(matches.found[0].delay_s.abs() < 1e-9); // 22 + 3 = 25 s, the window's middle
    assert_eq!(
        (matches.missed.as_slice(), matches.n_not_scanned),
        (&[1][..], 1)
    );
    assert_eq!(matches.false_alarms, [1]);
    assert_eq!(
        (matches.recall().value, matches.precision().value),
        (0.5, 0.5)
    );
    let rate = matches.false_alarm_rate().unwrap();
    assert!((rate.per_hour - 36.0).abs() < 1e-9);
    assert!(matches.simulated);
    assert!(detections.match_(&catalog, |_| 3.0, -1.0).is_err());
    assert!(detections.match_(&catalog, |_| f64::NAN, 1.0).is_err());
}

#[test]
fn one_detection_is_at_most_one_event() {
    let detections = detections(&[0.0, 0.9, 0.0, 0.0]);
    let matches = detections
        .match_(&catalog(&[11.0, 14.0]), |_| 0.0, 0.0)
        .unwrap();
    // The middle of the window is 15 s: the second event is nearer.
    assert_eq!(matches.found.len(), 1);
    assert_eq!(matches.found[0].event, 1);
    assert_eq!(matches.missed, [0]);
}

#[test]
fn detections_survive_csv_and_broken_files_are_named() {
    let detections = detections(&[0.9, 0.0, 0.0, 0.7, 0.31, 0.0]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("detections.csv");
    detections.write(&path).unwrap();
    assert_eq!(Detections::read(&path).unwrap(), detections);
    assert_eq!(detections.to_frame().unwrap().height(), 2);

    let text = detections.to_csv();
    assert!(text.contains(",1,"), "clusters are counted from 1: {text}");
    for (broken, line) in [
        (text.replace("# ", ""), "line 1"),
        (text.replace("cluster", "class"), "line 2"),
        (
            text.replacen("2014-02-16T00:00:30", "yesterday", 1),
            "line 4",
        ),
        (text.replacen(",1,", ",2,", 1), "line 3"), // noise is no detection
    ] {
        let error = Detections::from_csv(&broken).unwrap_err().to_string();
        assert!(error.contains(line), "{error}");
    }
    assert!(Detections::read(dir.path().join("none")).is_err());
}

#[test]
fn event_ids_with_commas_survive_csv() {
    let detections = detections(&[0.9, 0.0, 0.0, 0.7, 0.0, 0.8]);
    for id in ["a,b", "\"quoted\"", "two\nlines", "smi:x/1?a,\"b\""] {
        let matched = MatchedDetections {
            events: vec![Some(id.into()), None, Some("plain".into())],
            detections: detections.clone(),
        };
        let text = matched.to_csv();
        assert_eq!(MatchedDetections::from_csv(&text).unwrap(), matched);
    }
}

#[test]
fn ratios_are_obspys() {
    // tests/reference/sta_lta.py
    let mut state: i64 = 1;
    let samples: Vec<f32> = (0..200)
        .map(|i| {
            state = (1_103_515_245 * state + 12_345) % (1 << 31);
            let pulse = if (120..140).contains(&i) {
                4.0 * f64::from(i).sin()
            } else {
                0.0
            };
            (state as f64 / (1u64 << 31) as f64 - 0.5 + pulse) as f32
        })
        .collect();
    let places = [0, 48, 49, 50, 100, 125, 145, 199];
    let classic = [
        0.0, 0.0, 1.139467, 1.074649, 0.823563, 8.336914, 0.012102, 1.271821,
    ];
    let recursive = [
        0.0, 0.0, 0.0, 2.075962, 1.270565, 6.057744, 0.832164, 0.095992,
    ];
    for (ratios, expected) in [
        (classic_sta_lta(&samples, 5, 50).unwrap(), classic),
        (recursive_sta_lta(&samples, 5, 50).unwrap(), recursive),
    ] {
        for (place, expected) in places.into_iter().zip(expected) {
            let error = (ratios[place] - expected).abs();
            assert!(
                error < 1e-5,
                "{place}: {} against {expected}",
                ratios[place]
            );
        }
    }
    let ratios = classic_sta_lta(&samples, 5, 50).unwrap();
    let found = triggers(&ratios, 5.0, 1.0);
    assert_eq!(found.len(), 1);
    assert!((120..125).contains(&found[0].start), "{found:?}");
}

#[test]
fn after_a_gap_the_averages_start_anew() {
    let mut samples: Vec<f32> = (0..60).map(|i| (i % 7) as f32).collect();
    samples[30] = f32::NAN;
    for ratio in [classic_sta_lta, recursive_sta_lta] {
        let ratios = ratio(&samples, 2, 10).unwrap();
        assert!(ratios[30..40].iter().all(|r| *r == 0.0));
        assert!(ratios[41..].iter().all(|r| *r > 0.0));
        let alone = ratio(&samples[31..], 2, 10).unwrap();
        assert_eq!(&ratios[31..], alone.as_slice());
    }
    assert!(
        classic_sta_lta(&[0.0; 40], 2, 10)
            .unwrap()
            .iter()
            .all(|r| *r == 0.0)
    );
    assert!(classic_sta_lta(&samples, 10, 10).is_err());
    assert!(recursive_sta_lta(&samples, 0, 10).is_err());
    assert!(classic_sta_lta(&[1.0], 2, 10).unwrap() == [0.0]);
}

proptest! {
    #[test]
    fn events_are_in_order_apart_and_made_of_all_that_opened_them(
        p in prop::collection::vec(0.0f32..1.0, 0..200),
        hop_s in 1usize..12,
        join_s in 0.0f64..30.0,
    ) {
        let scan = scan_of(&p, hop_s as f64);
        let longest_s = f64::INFINITY;
        let params = MergeParams { on: 0.8, off: 0.6, join_s, min_windows: 1, longest_s };
        let detections = scan.merge(&params).unwrap();
        for pair in detections.items.windows(2) {
            let apart_s = time::between_s(pair[0].end, pair[1].start) + scan.window_s();
            prop_assert!(apart_s > join_s.max(hop_s as f64));
        }
        for (start, p) in scan.starts.iter().zip(&p) {
            let inside = |d: &&quakebook::detect::Detection| d.start <= *start && *start < d.end;
            let holder = detections.items.iter().find(inside);
            prop_assert!(f64::from(*p) < 0.8 || holder.is_some());
        }
        for d in &detections.items {
            prop_assert!(d.start <= d.time && d.time <= d.end && d.probability >= 0.8);
        }
        prop_assert_eq!(Detections::from_csv(&detections.to_csv()).unwrap(), detections);
    }

    #[test]
    fn matching_loses_and_doubles_nothing(
        p in prop::collection::vec(0.0f32..1.0, 1..60),
        origins in prop::collection::vec(-50.0f64..700.0, 0..30),
        tolerance_s in 0.0f64..20.0,
    ) {
        let detections = detections(&p);
        let catalog = catalog(&origins);
        let matches = detections.match_(&catalog, |_| 2.0, tolerance_s).unwrap();
        let n_events = matches.found.len() + matches.missed.len() + matches.n_not_scanned;
        prop_assert_eq!(n_events, catalog.len());
        prop_assert_eq!(matches.found.len() + matches.false_alarms.len(), detections.len());
        let mut taken: Vec<usize> = matches.found.iter().map(|f| f.detection).collect();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), matches.found.len());
    }

    #[test]
    fn every_window_is_counted_once(n in 100usize..3000, hop in 1usize..300, gap in 0usize..3000) {
        let mut record = record(n, &[]);
        if gap < n {
            record.data[1][gap] = f32::NAN;
        }
        let scan = scan(&Outliers, &record, &params(hop)).unwrap();
        prop_assert_eq!(scan.len() + scan.n_in_gaps + scan.n_stuck, (n - 100) / hop + 1);
        prop_assert_eq!((n - 100) / hop * hop + 100 + scan.n_samples_left, n);
        prop_assert_eq!(scan.probabilities.len(), scan.len() * 3);
        prop_assert_eq!(scan.counts().iter().sum::<usize>(), scan.len());
    }
}

/// A source that counts the samples it was asked for, and refuses where it is told to.
struct Counting {
    asked: std::sync::Mutex<Vec<usize>>,
    /// Seconds from 2014-02-16 that a kind of fault holds.
    faults: Vec<(std::ops::Range<f64>, Fault)>,
}

#[derive(Clone, Copy)]
enum Fault {
    NoData,
    OneComponent,
    OtherRate,
    Broken,
}

impl Counting {
    fn new(faults: Vec<(std::ops::Range<f64>, Fault)>) -> Self {
        Self {
            asked: Vec::new().into(),
            faults,
        }
    }
}

impl WaveformSource for Counting {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        self.asked.lock().unwrap().push(n_samples);
        let start_s = time::between_s(at(0.0), start);
        let unavailable = |reason| {
            let place = "made up".into();
            Err(Error::Unavailable { place, reason })
        };
        let fault = self.faults.iter().find(|(span, _)| span.contains(&start_s));
        let first = (start_s * 10.0).round() as usize;
        let made = record(1, &[]);
        let rate = match fault.map(|f| f.1) {
            Some(Fault::NoData) => return unavailable(Unavailable::NoSample),
            Some(Fault::OneComponent) => {
                let found = vec!["GS.OK029.00.HHZ".into()];
                return unavailable(Unavailable::MissingComponent { found });
            }
            Some(Fault::Broken) => {
                return Err(Error::Waveform {
                    place: "made up".into(),
                    what: "checksum of a record".into(),
                    remedy: "None".into(),
                });
            }
            Some(Fault::OtherRate) => 20.0,
            None => 10.0,
        };
        let data = [0, 1, 2].map(|component| {
            let value = |i: usize| {
                // An earthquake every 5000 s.
                if component == 2 && i.is_multiple_of(50_000) && i > 0 {
                    1000.0
                } else {
                    ((i * 7 + component * 3) % 11) as f32 - 5.0
                }
            };
            (first..first + n_samples).map(value).collect()
        });
        Ok(Record3C {
            start,
            sampling_rate_hz: rate,
            data,
            ..made
        })
    }
}

fn days(n: f64) -> TimeSpan {
    TimeSpan {
        start: at(0.0),
        end: at(n * 86_400.0),
    }
}

#[test]
fn memory_does_not_grow_with_the_record() {
    let mut largest = Vec::new();
    for n_days in [3.0, 30.0] {
        let source = Counting::new(vec![]);
        let scanner = Scanner::new(&Outliers, &source, &days(n_days), 10.0, &params(50)).unwrap();
        let mut n_windows = 0;
        let mut largest_piece = 0;
        for piece in scanner {
            let piece = piece.unwrap();
            n_windows += piece.len();
            largest_piece = largest_piece.max(piece.probabilities.len());
        }
        // One window in 5 s, as many as fit.
        assert_eq!(n_windows, (n_days * 86_400.0 / 5.0) as usize - 1);
        let asked = source.asked.lock().unwrap();
        largest.push((*asked.iter().max().unwrap(), largest_piece));
    }
    // Ten times the record, and not a sample more at once.
    assert_eq!(largest[0], largest[1]);
    // A block, a window, and what is around them.
    assert!(largest[0].0 <= 360_000 + 100 + 100, "{largest:?}");
}

#[test]
fn pieces_are_the_scan_of_the_whole() {
    let source = Counting::new(vec![]);
    let whole_record = source.record(at(0.0), 864_000).unwrap();
    for hop in [33, 100, 250] {
        let whole = scan(&Outliers, &whole_record, &params(hop)).unwrap();
        let scanner = Scanner::new(&Outliers, &source, &days(1.0), 10.0, &params(hop)).unwrap();
        let merged = Scanner::new(&Outliers, &source, &days(1.0), 10.0, &params(hop)).unwrap();
        assert_eq!(scanner.collect_scan().unwrap(), whole);
        assert_eq!(whole.len(), (864_000 - 100) / hop + 1);
        let merged = merged.merge(&MergeParams::default()).unwrap();
        assert_eq!(merged, whole.merge(&MergeParams::default()).unwrap());
        assert_eq!(
            merged.scanned.len(),
            if hop <= 100 { 1 } else { whole.len() }
        );
    }
}

#[test]
fn what_cannot_be_scanned_is_logged() {
    // A piece is 36,000 s at 10 Hz, and is read from 5 s before on: each fault takes one of them.
    let source = Counting::new(vec![
        (0.0..1.0, Fault::NoData),
        (35_995.0..36_001.0, Fault::OneComponent),
        (71_995.0..72_001.0, Fault::OtherRate),
        (107_995.0..108_001.0, Fault::Broken),
    ]);
    let scanner = Scanner::new(&Outliers, &source, &days(3.0), 10.0, &params(100)).unwrap();
    let scan = scanner.collect_scan().unwrap();
    let kinds: Vec<_> = scan
        .unscanned
        .iter()
        .map(|u| (u.start, u.n_windows))
        .collect();
    let starts = [0.0, 36_000.0, 72_000.0, 108_000.0];
    assert_eq!(kinds, starts.map(|s| (at(s), 3600)));
    assert_eq!(scan.unscanned[0].reason, Reason::NoData);
    assert_eq!(scan.unscanned[1].reason, Reason::MissingComponent);
    let kind = |hz: f64| format!("360100 samples at {hz} Hz");
    let mismatch = Reason::Mismatch {
        expected: kind(10.0),
        found: kind(20.0),
    };
    assert_eq!(scan.unscanned[2].reason, mismatch);
    assert!(matches!(scan.unscanned[3].reason, Reason::Failed { .. }));
    let counts = scan.unscanned_counts();
    assert_eq!(
        counts.iter().map(|c| c.1).sum::<usize>() + scan.len(),
        25_920
    );
    assert_eq!(counts[0], ("failed".to_string(), 7200));
    // The rest was scanned, and its earthquakes found: those at 145,000 s and after.
    let detections = scan.merge(&MergeParams::default()).unwrap();
    assert_eq!(detections.len(), (259_200 - 144_000) / 5000);
    assert!((detections.hours() - 32.0).abs() < 0.01);

    let silent = Counting::new(vec![(0.0..1e9, Fault::NoData)]);
    let scanner = Scanner::new(&Outliers, &silent, &days(1.0), 10.0, &params(100)).unwrap();
    let nothing = scanner.collect_scan().unwrap();
    assert!(nothing.is_empty() && nothing.unscanned.len() == 1);
    let broken = Counting::new(vec![(0.0..1e9, Fault::Broken)]);
    let scanner = Scanner::new(&Outliers, &broken, &days(1.0), 10.0, &params(100)).unwrap();
    let error = scanner.collect_scan().unwrap_err().to_string();
    assert!(error.contains("checksum"), "{error}");
}

#[test]
fn gaps_and_dead_are_logged_clipped_is_scanned() {
    let mut record = record(3000, &[1950]);
    record.data[0][500..530].fill(f32::NAN);
    record.data[2][1200..1500].fill(3.0);
    // A digitiser at its limit: a plateau at the top, beyond all else.
    record.data[1][2210..2220].fill(8000.0);
    let scan = scan(&Outliers, &record, &params(50)).unwrap();
    let entries: Vec<_> = scan
        .unscanned
        .iter()
        .map(|u| (u.start, u.n_windows, u.reason.clone()))
        .collect();
    let gap = Reason::Gap { n_missing: 30 };
    assert_eq!(entries[0], (at(45.0), 2, gap));
    // Half of the window before the dead ones is stuck, and half of the one after them.
    assert_eq!(entries[1], (at(115.0), 1, Reason::Stuck));
    assert_eq!(entries[2], (at(120.0), 5, Reason::Dead));
    assert_eq!(entries[3], (at(145.0), 1, Reason::Stuck));
    assert_eq!(entries.len(), 4);
    assert_eq!((scan.n_in_gaps, scan.n_stuck, scan.n_clipped), (2, 7, 2));
    assert!(scan.starts.contains(&at(215.0)));
}

#[test]
fn a_longer_hop_is_a_part_of_the_scan() {
    let mut record = record(3000, &[995, 1950]);
    record.data[0][500..530].fill(f32::NAN);
    let fine = scan(&Outliers, &record, &params(10)).unwrap();
    for n in [1, 2, 5, 10] {
        let coarse = scan(&Outliers, &record, &params(10 * n)).unwrap();
        let thinned = fine.every(n);
        assert_eq!(
            (thinned.starts, thinned.probabilities),
            (coarse.starts, coarse.probabilities)
        );
        assert_eq!(thinned.hop_samples, coarse.hop_samples);
    }
}

#[test]
fn rows_survive_quakeml_and_csv_with_their_event() {
    let mut p = [0.0; 10];
    // A sum of probabilities has more digits than they.
    (p[2], p[6], p[7]) = (0.9695432, 0.75, 0.31);
    let detections = detections(&p);
    let catalog = Catalog::new("made up", true, vec![event("a<b> & \"c\"", 22.0)]);
    let matches = detections.match_(&catalog, |_| 3.0, 1.0).unwrap();
    let matched = MatchedDetections::new(&detections, &matches, &catalog);
    assert_eq!(matched.events, [Some("a<b> & \"c\"".to_string()), None]);
    let dir = tempfile::tempdir().unwrap();
    for name in ["d.csv", "d.xml", "d.QML", "d.quakeml"] {
        let path = dir.path().join(name);
        matched.write(&path).unwrap();
        assert_eq!(MatchedDetections::read(&path).unwrap(), matched, "{name}");
        assert_eq!(Detections::read(&path).unwrap(), detections, "{name}");
        let is_xml = std::fs::read_to_string(&path).unwrap().starts_with("<?xml");
        assert_eq!(is_xml, name != "d.csv");
    }
    let text = matched.to_quakeml();
    for (broken, said) in [
        (
            text.replace("&quot;cluster&quot;:1", "&quot;cluster&quot;:2"),
            "no detection",
        ),
        (
            text.replace("&quot;n_classes&quot;", "&quot;n&quot;"),
            "scanned spans",
        ),
        (text[..text.len() / 2].to_string(), "byte"),
    ] {
        let error = MatchedDetections::from_quakeml(&broken)
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn recall_can_be_asked_of_some_events() {
    let mut p = [0.0; 10];
    (p[2], p[6]) = (0.9, 0.6);
    let scan = scan_of(&p, 10.0);
    let catalog = catalog(&[22.0, 40.0, 62.0, 200.0]);
    let arrivals = catalog.events().iter();
    let arrivals = arrivals.map(|event| event.origin_time + time::seconds(3.0));
    let mut reference = ReferenceEvents::at(catalog.clone(), arrivals.collect(), 1.0).unwrap();
    let matches = reference.match_(&detections(&p));
    assert_eq!(
        matches,
        detections(&p).match_(&catalog, |_| 3.0, 1.0).unwrap()
    );
    assert_eq!(matches.events(), [(0, true), (1, false), (2, true)]);
    assert_eq!(matches.recall_among(|event| event != 1).value, 1.0);
    let merged = |on: f64| {
        scan.merge(&MergeParams {
            on,
            off: on / 2.0,
            ..MergeParams::default()
        })
    };
    reference.min_ratio = Some(7.0);
    reference.ratios = vec![None, Some(7.0), Some(8.0), Some(9.0)];
    let curve = reference.curve(&[0.8, 0.5], merged).unwrap();
    // At 0.8 only event 0 is found, which is not asked for; its detection is no false alarm.
    assert_eq!(
        (curve[0].recall().value, curve[0].precision().value),
        (0.0, 1.0)
    );
    assert_eq!((curve[1].recall().value, curve[1].counts.n_false), (0.5, 0));
    assert!(reference.curve(&[], merged).is_err());
    assert!(ReferenceEvents::at(catalog, Vec::new(), 1.0).is_err());
}

#[test]
fn signal_to_noise_is_peak_over_rms() {
    // 100 Hz; noise of 10 Hz with amplitude 1, so rms 0.7071, and a signal of amplitude 20 from 30 s on.
    let sine = |i: usize| (2.0 * std::f32::consts::PI * 10.0 * i as f32 / 100.0).sin();
    let row = |scale: f32| -> Vec<f32> {
        (0..6000)
            .map(|i| {
                sine(i)
                    * if (3000..3400).contains(&i) {
                        scale
                    } else {
                        1.0
                    }
            })
            .collect()
    };
    let mut record = Record3C {
        sampling_rate_hz: 100.0,
        data: [row(1.0), row(5.0), row(20.0)],
        ..record(1, &[])
    };
    let ratio = |record: &Record3C| signal_to_noise(record, 100.0, at(30.0), at(32.0)).unwrap();
    let found = ratio(&record).unwrap();
    // 20 / 0.7071 = 28.3; switching on overshoots a little in the filter.
    assert!((27.0..31.0).contains(&found), "{found}");
    // The window ends 3 s after S: what comes later does not count.
    assert!(
        signal_to_noise(&record, 100.0, at(40.0), at(41.0))
            .unwrap()
            .unwrap()
            < 1.6
    );
    // Where the record does not reach, or has a gap, there is no ratio.
    assert_eq!(
        signal_to_noise(&record, 100.0, at(5.0), at(6.0)).unwrap(),
        None
    );
    record.data[0][2500] = f32::NAN;
    assert_eq!(ratio(&record), None);
}

#[test]
fn a_scan_survives_its_folder_and_a_damaged_one_is_named() {
    let mut record = record(3000, &[995]);
    record.data[0][500..530].fill(f32::NAN);
    let scan = scan(&Outliers, &record, &params(33)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    scan.write(dir.path()).unwrap();
    assert_eq!(Scan::read(dir.path()).unwrap(), scan);
    std::fs::write(dir.path().join("starts.i64"), [0; 12]).unwrap();
    let error = Scan::read(dir.path()).unwrap_err().to_string();
    assert!(error.contains("scan again"), "{error}");
    assert!(Scan::read(dir.path().join("none")).is_err());
}
