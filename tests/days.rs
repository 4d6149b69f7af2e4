//! A scan of days, one by one, gives what a scan of all of them gives.

use proptest::prelude::*;
use quakebook::Result;
use quakebook::detect::{Detection, MergeParams};
use quakebook::method::{Detector, Scanned};
use quakebook::network::ConvNet;
use quakebook::study::{Normalisation, Study};
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Record3C, WaveformSource};

/// A block of a scan at 20 Hz with a hop of half a second ends at 02:00.
const START: &str = "2014-02-16T01:00:00";
const RATE_HZ: f64 = 20.0;
const N_SAMPLES: usize = 2 * 72_000;

/// A record, and nothing before and after it.
struct Station(Record3C);

impl WaveformSource for Station {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let ours = &self.0;
        let first = (time::between_s(ours.start, start) * RATE_HZ).round() as i64;
        let sample = |row: &[f32], i: i64| {
            let i = usize::try_from(i).ok();
            i.and_then(|i| row.get(i)).copied().unwrap_or(f32::NAN)
        };
        let row = |row: &Vec<f32>| {
            (first..first + n_samples as i64)
                .map(|i| sample(row, i))
                .collect()
        };
        Ok(Record3C {
            start: ours.start + time::seconds(first as f64 / RATE_HZ),
            data: ours.data.each_ref().map(row),
            station: ours.station.clone(),
            channels: ours.channels.clone(),
            ..*ours
        })
    }
}

/// Noise with bursts, so that windows differ.
fn station(seed: u64) -> Station {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f32 / 2f32.powi(30) - 1.0
    };
    let mut row = || -> Vec<f32> {
        let swell = |i: usize| 1.0 + 4.0 * (i as f32 * 0.003).sin().powi(20);
        (0..N_SAMPLES)
            .map(|i| (900.0 + 100.0 * swell(i) * next()).round())
            .collect()
    };
    Station(Record3C {
        station: "XX.ABC".into(),
        channels: ["HHE", "HHN", "HHZ"].map(String::from),
        start: time::parse(START).unwrap(),
        sampling_rate_hz: RATE_HZ,
        data: [row(), row(), row()],
        simulated: true,
    })
}

/// A network that was taught nothing: its probabilities are as good as any here.
fn detector(band_hz: Option<[f64; 2]>, normalisation: Normalisation) -> Detector {
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    study.window.sampling_rate_hz = RATE_HZ;
    study.window.n_samples = 100;
    study.scan.hop_samples = 10;
    study.method.band_hz = band_hz;
    study.method.normalisation = normalisation;
    Detector {
        network: ConvNet::new(100, 2, 5),
        study,
        regression: None,
        picker: None,
        threshold: 0.5,
        curve: Vec::new(),
    }
}

fn at(seconds: f64) -> Time {
    time::parse(START).unwrap() + time::seconds(seconds)
}

fn span(start_s: f64, end_s: f64) -> TimeSpan {
    TimeSpan {
        start: at(start_s),
        end: at(end_s),
    }
}

/// Thresholds at which the network is on for some of the time: quantiles of its probabilities.
fn thresholds(detector: &Detector, station: &Station, quantile: f64) -> (f64, f64) {
    let all = detector.scan_spans(station, &[span(60.0, 7100.0)]).unwrap();
    let mut p = all.event_probabilities().unwrap();
    p.sort_by(f64::total_cmp);
    let of = |share: f64| p[((p.len() - 1) as f64 * share) as usize];
    (of(0.5 + quantile / 2.0), of(quantile))
}

/// Bit for bit: the numbers of a detection, as they are written.
fn bits(found: &[Detection]) -> Vec<(Time, Time, Time, usize, u64, usize)> {
    let of = |d: &Detection| {
        (
            d.start,
            d.end,
            d.time,
            d.class,
            d.probability.to_bits(),
            d.n_windows,
        )
    };
    found.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    })]

    #[test]
    fn days_add_up_to_the_whole(
        cuts_ms in prop::collection::vec(0i64..7_200_000, 1..4),
        gaps in prop::collection::vec((0usize..3, 0usize..N_SAMPLES, 1usize..3000, any::<bool>()), 0..4),
        gap_at_cut in prop::option::of(-400i64..400),
        filtered in any::<bool>(),
        scaled in any::<bool>(),
        smooth_s in prop_oneof![Just(0.0), Just(1.0), Just(2.7)],
        quantile in prop_oneof![Just(0.9), Just(0.5), Just(0.02)],
        (join_s, longest_s) in prop_oneof![Just((5.0, 300.0)), Just((0.0, 60.0)), Just((20.0, 100.0))],
    ) {
        let mut station = station(7);
        let mut cuts_ms = cuts_ms;
        cuts_ms.extend([-60_000, 7_260_000]);
        cuts_ms.sort_unstable();
        for (component, first, n, is_filled) in gaps {
            let end = (first + n).min(N_SAMPLES);
            station.0.data[component][first..end].fill(if is_filled { 0.0 } else { f32::NAN });
        }
        if let Some(samples) = gap_at_cut {
            let first = cuts_ms[1] / 50 + samples;
            let first = first.clamp(0, N_SAMPLES as i64 - 100) as usize;
            station.0.data[2][first..first + 100].fill(f32::NAN);
        }
        let normalisation = match scaled {
            true => Normalisation::Fixed { counts: 100 },
            false => Normalisation::Std,
        };
        let mut detector = detector(filtered.then_some([1.0, 8.0]), normalisation);
        detector.study.method.smooth_s = smooth_s;
        let (on, off) = thresholds(&detector, &station, quantile);
        let merge = MergeParams { on, off: off.min(on), join_s, min_windows: 1, longest_s };
        let second = |ms: i64| ms as f64 / 1000.0;
        let scan = |from_ms: i64, to_ms: i64| -> Scanned {
            let span = span(second(from_ms), second(to_ms));
            detector.scan_merged(&station, &span, &merge).unwrap()
        };
        let whole = scan(cuts_ms[0], *cuts_ms.last().unwrap());
        let days: Vec<Scanned> = cuts_ms.windows(2).map(|cut| scan(cut[0], cut[1])).collect();
        let found: Vec<Detection> = days.iter().flat_map(|day| day.detections.items.clone()).collect();
        prop_assert_eq!(bits(&found), bits(&whole.detections.items));
        prop_assert!(!found.is_empty());
        let n_windows = |day: &Scanned| (day.n_windows, day.unscanned.values().sum::<usize>());
        let sums = days.iter().map(n_windows).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        prop_assert_eq!(sums, n_windows(&whole));
        let hours: f64 = days.iter().map(|day| day.detections.hours()).sum();
        prop_assert!((hours - whole.detections.hours()).abs() < 1e-9);
        for (cut, day) in cuts_ms.windows(2).zip(&days) {
            let ours = span(second(cut[0]), second(cut[1]));
            prop_assert!(day.detections.items.iter().all(|d| ours.contains(d.start)));
        }
    }
}

#[test]
fn an_event_at_midnight_is_found_once() {
    let mut station = station(3);
    // Nothing but one burst, which the windows from 58:30 on hold.
    for row in &mut station.0.data {
        row.iter_mut()
            .enumerate()
            .for_each(|(i, y)| *y = ((i * 7919) % 11) as f32);
    }
    let detector = detector(None, Normalisation::Std);
    let quiet = detector.scan_spans(&station, &[span(60.0, 600.0)]).unwrap();
    let quiet = quiet.event_probabilities().unwrap();
    for row in &mut station.0.data {
        for i in 0..60 {
            row[71_980 + i] = 500.0 * (i as f32 * 0.9).sin();
        }
    }
    let burst = detector
        .scan_spans(&station, &[span(3590.0, 3610.0)])
        .unwrap();
    let highest = |p: Vec<f64>| p.into_iter().fold(0.0, f64::max);
    let (low, high) = (
        highest(quiet),
        highest(burst.event_probabilities().unwrap()),
    );
    assert!(
        low < high,
        "the network must see the burst at all: {low} {high}"
    );
    let merge = MergeParams {
        on: (low + high) / 2.0,
        off: (low + high) / 2.0,
        join_s: 5.0,
        ..MergeParams::default()
    };
    let n_found = |from_s, to_s| {
        let scanned = detector
            .scan_merged(&station, &span(from_s, to_s), &merge)
            .unwrap();
        scanned.detections.len()
    };
    // The middle of the burst is at 3600 s; where the day ends, one of both has it.
    for midnight_s in [3590.0, 3594.3, 3597.0, 3599.9, 3600.0, 3601.0, 3605.0] {
        let each = [n_found(0.0, midnight_s), n_found(midnight_s, 7200.0)];
        assert_eq!(
            each[0] + each[1],
            n_found(0.0, 7200.0),
            "{midnight_s} {each:?}"
        );
        assert_eq!(each[0] + each[1], 1, "{midnight_s}");
    }
}
