//! One rule of data quality: training and scanning decide alike, and detectors see filled gaps as gaps.

mod common;

use std::collections::BTreeMap;

use proptest::prelude::*;
use quakebook::catalog::{Catalog, Event};
use quakebook::detect::{
    DataQuality, Detection, MergeParams, Scan, ScanParams, StaLtaParams, TemplateParams, Templates,
    fast, scan, sta_lta,
};
use quakebook::network::Classify;
use quakebook::study::Study;
use quakebook::time::{self, Time};
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::{
    Archive, Nslc, Record3C, Samples, Segment, Trace, WaveformSource, harmonise, mseed, quality,
};
use quakebook::window::{
    self, CutParams, Normalisation, Reason, StartRule, Windows, cut, event_windows,
};
use quakebook::{Error, Result};

/// Says the same of every window.
struct Constant([f32; 4], usize);

impl Classify for Constant {
    fn n_classes(&self) -> usize {
        4
    }

    fn n_samples(&self) -> usize {
        self.1
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        assert!(windows.iter().all(|x| x.is_finite()));
        Ok(self.0.repeat(windows.len() / (3 * self.1)))
    }
}

fn at(seconds: f64) -> Time {
    time::parse("2014-02-16").unwrap() + time::seconds(seconds)
}

/// Noise of a hundred counts or so, at 100 Hz.
fn record(seconds: usize, seed: u64) -> Record3C {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) as f32 / 2f32.powi(30) - 1.0) * 100.0
    };
    Record3C {
        station: "GS.OK029.00".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        start: at(0.0),
        sampling_rate_hz: 100.0,
        data: [0, 1, 2].map(|_| (0..seconds * 100).map(|_| next().round()).collect()),
        simulated: true,
    }
}

fn study(n_samples: usize) -> Study {
    let mut study = Study::oklahoma();
    study.window.n_samples = n_samples;
    study
}

fn params(hop_samples: usize, normalisation: Normalisation) -> ScanParams {
    ScanParams {
        hop_samples,
        normalisation,
    }
}

fn scanned(record: &Record3C, n_samples: usize, hop: usize) -> Scan {
    let network = Constant([0.0, 0.0, 0.0, 1.0], n_samples);
    scan(&network, record, &params(hop, Normalisation::Std)).unwrap()
}

/// Training's windows, one for each of the scan's.
fn trained(record: &Record3C, n_samples: usize, hop: usize) -> Windows {
    let n = (record.n_samples() - n_samples) / hop + 1;
    let event = |i: usize| Event {
        id: format!("{i}"),
        origin_time: at((i * hop) as f64 / 100.0),
        longitude_deg: -97.3,
        latitude_deg: 35.9,
        depth_km: None,
        magnitude: 2.0,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    };
    let catalog = Catalog::new("test", true, (0..n).map(event).collect());
    let silent = &mut window::silent;
    let (rule, study) = (StartRule::Origin, study(n_samples));
    event_windows(
        record,
        &catalog,
        &vec![0; n],
        &rule,
        &CutParams::of(&study),
        silent,
    )
    .unwrap()
}

/// What can be wrong with a segment of a component.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Value(f32),
    Clamp(f32),
    Strong(f32),
    Line(f32),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Value(f32::NAN)),
        Just(Fault::Value(f32::INFINITY)),
        Just(Fault::Value(f32::NEG_INFINITY)),
        Just(Fault::Value(0.0)),
        Just(Fault::Value(-12_345.0)),
        Just(Fault::Value(-2_147_483_648.0)),
        Just(Fault::Clamp(2000.0)),
        Just(Fault::Strong(8.38e6)),
        Just(Fault::Strong(3e5)),
        Just(Fault::Line(0.37)),
        Just(Fault::Line(-5.0)),
    ]
}

fn spoil(row: &mut [f32], fault: Fault) {
    for (i, y) in row.iter_mut().enumerate() {
        let wave = (i as f32 * 0.2).sin();
        *y = match fault {
            Fault::Value(value) => value,
            Fault::Clamp(limit) => (wave * 2.0 * limit).clamp(-limit, limit),
            Fault::Strong(counts) => wave * counts,
            Fault::Line(slope) => (slope * i as f32).round(),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn training_and_scanning_decide_alike(
        faults in prop::collection::vec((0usize..3, 0usize..3000, fault(), prop_oneof![
            1usize..8, 20usize..80, 45usize..55, 100usize..1500,
        ]), 0..6),
        n_samples in prop_oneof![Just(1usize), 2usize..60, 200usize..1000],
        hop in 50usize..400,
    ) {
        let mut record = record(30, 5);
        for (component, first, fault, n) in faults {
            let end = (first + n).min(3000);
            spoil(&mut record.data[component][first..end], fault);
        }
        let (scan, windows) = (scanned(&record, n_samples, hop), trained(&record, n_samples, hop));
        // Every window is in both, or in neither for the same reason; but one that a fill only touches
        // is cut, and not scanned.
        let hop_s = hop as f64 / 100.0;
        let skipped: BTreeMap<Time, &str> = scan.unscanned.iter().flat_map(|u| {
            let start = move |i| u.start + time::seconds(i as f64 * hop_s);
            (0..u.n_windows).map(move |i| (start(i), kind(&u.reason)))
        }).collect();
        let items = windows.rejections.items.iter();
        let rejected: BTreeMap<Time, &str> = items.map(|r| (r.start, kind(&r.reason))).collect();
        for i in 0..(3000 - n_samples) / hop + 1 {
            let start = at((i * hop) as f64 / 100.0);
            let (skipped, rejected) = (skipped.get(&start), rejected.get(&start));
            let touches = rejected.is_none() && skipped == Some(&"stuck component");
            prop_assert!(touches || skipped == rejected, "{} {:?} {:?}", start, skipped, rejected);
            prop_assert_eq!(skipped.is_none(), scan.starts.contains(&start));
            // And so does a window that is cut by itself.
            prop_assert_eq!(cut(&record, start, n_samples).is_ok(), rejected.is_none());
        }
    }
}

/// A window without any sample is a gap too.
fn kind(reason: &Reason) -> &'static str {
    match reason {
        Reason::NoData => "gap",
        other => other.kind(),
    }
}

#[test]
fn saturation_without_equal_samples_is_clipped() {
    let mut record = record(60, 1);
    // Tops between 8.37 and 8.39 million counts, never twice the same.
    for (i, y) in record.data[2][3000..3500].iter_mut().enumerate() {
        let wave = 2.0 * (i as f32 * 0.1).sin();
        *y = wave.clamp(-1.0, 1.0) * (8.37e6 + (i * 7919 % 20_000) as f32);
    }
    assert!(
        record.data[2]
            .windows(2)
            .all(|two| two[0] != two[1] || two[0].abs() < 8e6)
    );
    let (scan, windows) = (scanned(&record, 1000, 1000), trained(&record, 1000, 1000));
    assert_eq!((scan.len(), scan.n_clipped), (6, 1));
    assert_eq!((windows.len(), windows.rejections.n_clipped), (6, 1));
    assert!(harmonise(&record).unwrap().defects.len() == 1);
    let condition = sta_lta(&record, &StaLtaParams::default())
        .unwrap()
        .condition;
    assert!(condition.n_clipped[2] > 100 && condition.n_clipped[..2] == [0, 0]);
}

#[test]
fn a_clipped_window_is_no_template() {
    let mut record = record(30, 1);
    spoil(&mut record.data[0][500..600], Fault::Clamp(2000.0));
    let windows = trained(&record, 1000, 1000);
    assert_eq!(windows.len(), 3);
    let templates = Templates::from_windows(&windows, 2.0, &TemplateParams::default()).unwrap();
    assert_eq!((templates.len(), templates.refused.len()), (2, 1));
}

/// Noise with an offset and the ocean's slow wave on it, and half a minute of one component replaced.
fn filled(fill: impl Fn(&mut [f32])) -> Record3C {
    let mut record = record(600, 3);
    for row in &mut record.data {
        for (i, y) in row.iter_mut().enumerate() {
            *y += 5000.0 + (2000.0 * (i as f32 * 0.009).sin()).round();
        }
    }
    fill(&mut record.data[1][FILLED]);
    record
}

const FILLED: std::ops::Range<usize> = 30_000..33_000;

/// What stands in archives where nothing was recorded.
fn fills() -> Vec<(&'static str, Record3C)> {
    let constant = |value: f32| filled(move |row| row.fill(value));
    let line = |row: &mut [f32], round: fn(f32) -> f32| {
        let (first, rise) = (row[0], row[row.len() - 1] - row[0]);
        let n = row.len() as f32 - 1.0;
        let samples = row.iter_mut().enumerate();
        samples.for_each(|(i, y)| *y = round(first + rise * i as f32 / n));
    };
    vec![
        ("zeros", constant(0.0)),
        ("the mean", constant(5000.0)),
        ("the last value", filled(|row| row.fill(row[0]))),
        ("a rounded line", filled(|row| line(row, f32::round))),
        ("a cut line", filled(|row| line(row, f32::trunc))),
        (
            "a steep line",
            filled(|row| {
                row.iter_mut()
                    .enumerate()
                    .for_each(|(i, y)| *y = 3.0 * i as f32);
            }),
        ),
        ("the smallest number", constant(-2_147_483_648.0)),
        ("a row of nines", constant(999_999.0)),
        ("full scale", constant(8_388_607.0)),
        ("infinity", constant(f32::INFINITY)),
        ("a gap", constant(f32::NAN)),
    ]
}

/// A window is an event where a sample stands far out of it: a step, or the ringing of a filter.
struct Impulsive;

impl Classify for Impulsive {
    fn n_classes(&self) -> usize {
        2
    }

    fn n_samples(&self) -> usize {
        1000
    }

    fn probabilities_unchecked(&self, windows: &[f32]) -> Result<Vec<f32>> {
        let stands_out = |window: &[f32]| window.iter().any(|y| y.abs() > 5.0);
        let p = |window| f32::from(u8::from(stands_out(window)));
        Ok(windows
            .chunks(3000)
            .flat_map(|w| [p(w), 1.0 - p(w)])
            .collect())
    }
}

#[test]
fn a_filled_gap_alarms_no_detector() {
    let known = trained(&record(30, 9), 1000, 1000);
    let templates = Templates::from_windows(&known, 2.0, &TemplateParams::default()).unwrap();
    let band = Filter::bandpass(4, 1.0, 20.0, 100.0).unwrap();
    let network = |record: &Record3C| {
        let scan = scan(&Impulsive, record, &params(25, Normalisation::Std)).unwrap();
        scan.merge(&MergeParams::default()).unwrap()
    };
    for (fill, record) in fills() {
        let alarms = [
            sta_lta(&record, &StaLtaParams::default()).unwrap(),
            templates.scan(&record, 1).unwrap(),
            fast::fast(&record, &fast::FastParams::default())
                .unwrap()
                .alarms,
        ];
        let mut filtered = record.clone();
        quality::filter_counts(&band, &mut filtered, Pass::Causal).unwrap();
        let found = alarms.iter().map(|alarms| alarms.at_least(0.0));
        let found = found.chain([network(&record), network(&filtered)]);
        for (detector, found) in found.enumerate() {
            // Nothing touches what was filled, nor the seconds in which filters settle.
            let masked = |d: &&Detection| d.start < at(331.0) && d.end > at(300.01);
            let first = found.items.iter().find(masked);
            assert_eq!(first, None, "{fill}, detector {detector}");
        }
        // No window stands out, in either form, but those that were left out.
        for found in [network(&record), network(&filtered)] {
            assert!(found.is_empty(), "{fill}: {:?}", found.items);
            // A hop of 0.25 s may leave as much at each edge.
            let scanned_s = 3600.0 * found.hours();
            assert!((565.0..570.5).contains(&scanned_s), "{fill}: {scanned_s}");
        }
    }
}

/// What a filter makes of a slow wave that sets in after a gap is no alarm either.
#[test]
fn after_a_gap_a_filter_is_settled() {
    let filter = Filter::bandpass(4, 1.0, 20.0, 100.0).unwrap();
    for (fill, record) in fills() {
        let mut filtered = record.clone();
        quality::filter_counts(&filter, &mut filtered, Pass::Causal).unwrap();
        let row = &filtered.data[1];
        let largest = |range: std::ops::Range<usize>| {
            let values = row[range].iter().filter(|y| y.is_finite());
            values.fold(0.0, |a: f32, y| a.max(y.abs()))
        };
        assert!(
            largest(29_900..33_500) < 1.5 * largest(40_000..60_000),
            "{fill}"
        );
    }
}

#[test]
fn a_filter_rings_into_gaps_alone() {
    let filter = Filter::bandpass(4, 1.0, 20.0, 100.0).unwrap();
    for (pass, before) in [(Pass::Causal, 0), (Pass::ZeroPhase, 600)] {
        let mut record = filled(|row| row.fill(0.0));
        quality::filter_counts(&filter, &mut record, pass).unwrap();
        let gaps = record.gaps();
        assert_eq!(gaps.len(), 1);
        assert!(
            (30_000 - before..=30_000).contains(&gaps[0].start),
            "{gaps:?}"
        );
        assert!((33_250..33_600).contains(&gaps[0].end), "{gaps:?}");
        let largest = record
            .data
            .iter()
            .flatten()
            .fold(0.0, |a: f32, y| a.max(y.abs()));
        assert!(largest < 200.0, "{largest}");
    }
    // A component that never moves is nothing in any band.
    let mut dead = record(60, 1);
    dead.data[0].fill(611.0);
    quality::filter_counts(&filter, &mut dead, Pass::Causal).unwrap();
    assert!(dead.data[0].iter().all(|y| *y == 0.0));
    assert_eq!(scanned(&dead, 1000, 1000).n_stuck, 6);
}

#[test]
fn an_infinite_sample_is_a_gap() {
    let gap = || 2500..2501;
    for odd in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        let mut record = record(60, 1);
        record.data[1][2500] = odd;
        assert_eq!(record.gaps(), [gap()]);
        assert_eq!(scanned(&record, 1000, 1000).n_in_gaps, 1);
        let fixed = params(1000, Normalisation::Fixed { counts: 100 });
        let network = Constant([0.0, 0.0, 0.0, 1.0], 1000);
        assert_eq!(scan(&network, &record, &fixed).unwrap().n_in_gaps, 1);
        let filter = Filter::bandpass(4, 1.0, 20.0, 100.0).unwrap();
        let filtered = filter.record(&record, Pass::Causal).unwrap();
        assert_eq!(filtered.gaps(), [gap()]);
        assert!(record.remove_mean().data[1][2499].is_finite());
        assert!(record.detrend().data[1][2499].is_finite());
        assert!(quality::coverage(&record) < 1.0);
    }
    let trace = |channel: &str, value: f64| Trace {
        id: Nslc::new("XX", "A", "", channel).unwrap(),
        sampling_rate_hz: 100.0,
        segments: vec![Segment {
            start: at(0.0),
            samples: Samples::Float64(vec![1.0, value, 3.0]),
        }],
    };
    // Too large for 4 bytes is infinite there, and so is what was recorded and is no number: what was not recorded is NaN.
    let traces = [
        trace("HHE", 1e300),
        trace("HHN", f64::NAN),
        trace("HHZ", 2.0),
    ];
    let record = Record3C::from_traces(&traces, at(0.0), 4).unwrap();
    for row in &record.data[..2] {
        assert!(row[1].is_infinite() && row[3].is_nan(), "{row:?}");
    }
}

#[test]
fn a_probability_that_is_not_finite_is_an_error() {
    let record = record(60, 1);
    for odd in [f32::NAN, f32::INFINITY] {
        for normalisation in [Normalisation::Std, Normalisation::Fixed { counts: 100 }] {
            let network = Constant([odd, 0.0, 0.0, 1.0], 1000);
            let error = scan(&network, &record, &params(1000, normalisation)).unwrap_err();
            assert!(matches!(error, Error::Network { .. }), "{error}");
        }
        let row = [odd, 0.0, 0.0, 1.0];
        let error = quakebook::evaluate::event_probability(4, &row).unwrap_err();
        assert!(matches!(error, Error::Evaluate { .. }), "{error}");
    }
}

/// Twelve hours without a clipped or stuck sample, in windows and as a whole.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn a_sound_real_record_is_sound() {
    let root = common::real_data().join("iquique/sds");
    let archive = Archive::open(root, "CX", "PB01", "", "HH*").unwrap();
    let start = time::parse("2014-05-01").unwrap();
    let record = archive.record(start, 4_320_000).unwrap();
    let scan = scanned(&record, 1000, 200);
    assert_eq!((scan.len(), scan.n_clipped), (21_596, 0));
    let condition = DataQuality::of(&record);
    assert_eq!((condition.n_stuck, condition.n_clipped), ([0; 3], [0; 3]));
    assert!(quality::coverage(&record) > 0.999_99);
}

/// Padding of real records is found, and the sensors of DYJ and others that a caldera overdrove.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn real_padding_and_saturation_are_seen() {
    let read = |file: &str| {
        let traces = mseed::read_file(common::real_data().join(file)).unwrap();
        let start = traces.iter().filter_map(Trace::start).max().unwrap();
        (traces, start)
    };
    let (traces, start) = read("ncedc/CI_MLAC_2014092606030921.mseed");
    let record = Record3C::from_traces(&traces, start, 9000).unwrap();
    let condition = DataQuality::of(&record);
    assert!(condition.n_stuck.iter().all(|n| *n > 1000), "{condition:?}");
    let (traces, start) = read("dike/20140824000944240.mseed");
    for (station, is_clipped) in [
        ("DYJN", true),
        ("DYJS", true),
        ("FLUR", true),
        ("KVER", false),
    ] {
        let of_station: Vec<Trace> = traces
            .iter()
            .filter(|trace| trace.id.station() == station)
            .cloned()
            .collect();
        let record = Record3C::from_traces(&of_station, start, 3250).unwrap();
        let n_clipped = DataQuality::of(&record).n_clipped;
        assert!(
            n_clipped.iter().all(|n| (*n > 0) == is_clipped),
            "{station} {n_clipped:?}"
        );
    }
}
