//! Windows of events and noise, their scale, and the log of those that are rejected.

mod common;

use std::collections::BTreeMap;

use proptest::prelude::*;
use quakebook::catalog::{Catalog, Event};
use quakebook::geo::Point;
use quakebook::study::Study;
use quakebook::time::{self, Time};
use quakebook::travel::{LayeredModel, Phase};
use quakebook::waveform::{Archive, Record3C, WaveformSource};
use quakebook::window::{
    CutParams, NoiseRule, Normalisation, Origin, Reason, StartRule, Windows, cut, event_windows,
    noise_windows, normalise, relative_ranges, seam_jumps, silent,
};
use quakebook::{Error, Result};

const STATION: Point = Point {
    longitude_deg: -97.4,
    latitude_deg: 35.8,
};

/// Twenty minutes from midnight whose samples count from 0, nearly, with faults at set times.
struct Source(Record3C);

impl Source {
    fn new() -> Self {
        let n = 120_000;
        let mut data =
            [0.0, 1e6, 2e6].map(|offset| (0..n).map(|i| offset + count(i)).collect::<Vec<f32>>());
        data[0][30_500] = f32::NAN;
        data[1][60_000..61_000].fill(3.0);
        data[2][90_000..91_000].fill(f32::NAN);
        for row in &mut data {
            row[100_000..101_000].fill(f32::NAN);
        }
        Self(Record3C {
            station: "GS.OK029.00".into(),
            channels: ["HH1", "HH2", "HHZ"].map(String::from),
            start: midnight(),
            sampling_rate_hz: 100.0,
            data,
            simulated: true,
        })
    }
}

impl WaveformSource for Source {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        if time::between_s(midnight(), start) > 3600.0 {
            return Err(Error::Waveform {
                place: "test".into(),
                what: "out of order".into(),
                remedy: "Wait".into(),
            });
        }
        self.0.record(start, n_samples)
    }
}

/// The sample's number, but for every fourth: a straight line is a fill.
fn count(i: usize) -> f32 {
    i as f32 + if i % 4 == 2 { 50.0 } else { 0.0 }
}

fn midnight() -> Time {
    time::parse("2014-02-16").unwrap()
}

fn catalog(starts_s: &[f64]) -> Catalog {
    let events = starts_s.iter().enumerate().map(|(i, start_s)| Event {
        id: format!("e{i}"),
        origin_time: midnight() + time::seconds(*start_s),
        longitude_deg: -97.3,
        latitude_deg: 35.9,
        depth_km: (i != 1).then_some(5.0),
        magnitude: 2.0,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    });
    Catalog::new("test", false, events.collect())
}

fn windows_at(starts_s: &[f64], rule: &StartRule) -> Result<Windows> {
    let labels = vec![1; starts_s.len()];
    let study = Study::oklahoma();
    event_windows(
        &Source::new(),
        &catalog(starts_s),
        &labels,
        rule,
        &CutParams::of(&study),
        &mut silent,
    )
}

#[test]
fn a_window_for_each_event_or_the_reason_why_not() {
    let windows = windows_at(
        &[100.0, 300.0, 600.0, 900.0, 1000.0, 1195.0],
        &StartRule::Origin,
    )
    .unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows.windows[0].start, midnight() + time::seconds(100.0));
    assert_eq!(windows.windows[0].samples.len(), 3000);
    assert_eq!(windows.windows[0].samples[..2], [10_000.0, 10_001.0]);
    assert_eq!(windows.windows[0].samples[2999], 2e6 + 10_999.0);
    assert_eq!(windows.windows[0].origin, Origin::Event { id: "e0".into() });
    assert_eq!(
        (windows.class_counts(), windows.simulated),
        (vec![0, 1, 0, 0], true)
    );
    assert_eq!(windows.station, "GS.OK029.00");

    let reasons: Vec<&Reason> = windows.rejections.items.iter().map(|m| &m.reason).collect();
    assert_eq!(reasons[0], &Reason::Gap { n_missing: 1 });
    assert_eq!(reasons[1], &Reason::Dead);
    assert_eq!(reasons[3], &Reason::NoData);
    assert_eq!(reasons[4], &Reason::BeyondRecord);
    assert_eq!(windows.rejections.n_requested, 6);
    let text = windows.rejections.to_string();
    assert!(
        text.starts_with(
            "6 windows asked for, 1 had; missing: 1 beyond the record, 1 dead component"
        ),
        "{text}"
    );
}

/// What a broken station sends; each with the word that the log has for it.
#[test]
fn broken_records_are_named_and_counted() {
    let wave = |i: usize| 5000.0 * (i as f32 * 0.3).sin();
    let healthy = Record3C {
        data: [(); 3].map(|()| (0..60_000).map(wave).collect()),
        ..Source::new().0
    };
    let log = |change: &dyn Fn(&mut Record3C)| {
        let mut record = healthy.clone();
        change(&mut record);
        let (catalog, study) = (catalog(&[100.0, 300.0]), Study::oklahoma());
        let (rule, silent) = (StartRule::Origin, &mut silent);
        let windows = event_windows(
            &record,
            &catalog,
            &[0, 0],
            &rule,
            &CutParams::of(&study),
            silent,
        );
        windows.unwrap().rejections.to_string()
    };
    assert_eq!(log(&|_| ()), "2 windows asked for, 2 had");
    // Only the second window is touched.
    let one = |what: &str| format!("2 windows asked for, 1 had; missing: 1 {what}");
    assert_eq!(
        log(&|record| record.data[2][30_200..30_400].fill(7.0)),
        one("stuck component")
    );
    let touched = |record: &mut Record3C, change: fn(f32) -> f32| {
        let row = &mut record.data[1][30_000..31_000];
        row.iter_mut().for_each(|x| *x = change(*x));
    };
    let clip = |record: &mut Record3C| touched(record, |x| x.min(3000.0));
    assert_eq!(log(&clip), "2 windows asked for, 2 had; 1 clipped");
    // Small counts stay on one value at their peaks, and are no clipping.
    let quiet = |record: &mut Record3C| touched(record, |x| (x / 2500.0).round());
    assert_eq!(log(&quiet), "2 windows asked for, 2 had");
    assert_eq!(log(&|record| record.data[0][30_999] = f32::NAN), one("gap"));
}

#[test]
fn another_rate_or_a_single_component_is_refused_with_its_reason() {
    struct Refuses(bool);
    impl WaveformSource for Refuses {
        fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
            let record = Source::new().0.record(start, n_samples)?;
            let (single, first) = (self.0, time::between_s(midnight(), start) < 200.0);
            match (single, first) {
                (_, true) => Ok(record),
                (false, _) => Ok(Record3C {
                    sampling_rate_hz: 40.0,
                    ..record
                }),
                (true, _) => {
                    let trace = quakebook::waveform::Trace {
                        id: quakebook::waveform::Nslc::new("GS", "OK029", "00", "HHZ").unwrap(),
                        sampling_rate_hz: 100.0,
                        segments: vec![quakebook::waveform::Segment {
                            start,
                            samples: quakebook::waveform::Samples::Int32(
                                (0..n_samples as i32).collect(),
                            ),
                        }],
                    };
                    Record3C::from_traces(&[trace], start, n_samples)
                }
            }
        }
    }
    let (catalog, study) = (catalog(&[100.0, 400.0]), Study::oklahoma());
    let reason = |single| {
        let (rule, source) = (StartRule::Origin, Refuses(single));
        let windows = event_windows(
            &source,
            &catalog,
            &[0, 0],
            &rule,
            &CutParams::of(&study),
            &mut silent,
        );
        let windows = windows.unwrap();
        assert_eq!((windows.len(), windows.rejections.items.len()), (1, 1));
        let told = windows.rejections.to_string();
        assert_eq!(told.contains("at 40 Hz"), !single, "{told}");
        windows.rejections.items[0].reason.clone()
    };
    let rate = |hz: f64| format!("[\"HH1\", \"HH2\", \"HHZ\"] at {hz} Hz");
    let mismatch = Reason::Mismatch {
        expected: rate(100.0),
        found: rate(40.0),
    };
    assert_eq!(reason(false), mismatch);
    assert_eq!(reason(true), Reason::MissingComponent);

    // Another rate throughout is an error, which says both.
    struct Fast(f64);
    impl WaveformSource for Fast {
        fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
            let record = Source::new().0.record(start, n_samples)?;
            Ok(Record3C {
                sampling_rate_hz: self.0,
                ..record
            })
        }
    }
    for rate_hz in [250.0, 2000.0] {
        let (rule, source) = (StartRule::Origin, Fast(rate_hz));
        let params = CutParams::of(&study);
        let refused = event_windows(&source, &catalog, &[0, 0], &rule, &params, &mut silent);
        let found = format!("at {rate_hz} Hz");
        assert!(
            matches!(&refused, Err(Error::Window { what, .. })
                if what.contains("expected 100 Hz") && what.contains(&found)),
            "{refused:?}"
        );
    }
}

#[test]
fn windows_start_by_the_chosen_rule() {
    let km = STATION.distance_km(Point::new(-97.3, 35.9));
    let delay_s = |rule| {
        let start = windows_at(&[100.0], &rule).unwrap().windows[0].start;
        time::between_s(midnight(), start) - 100.0
    };
    let distance = StartRule::Distance {
        station: STATION,
        km_s: 5.0,
    };
    assert!((delay_s(distance) - km / 5.0).abs() <= 0.005);
    let model = LayeredModel::central_us();
    let travel_s = model.travel_time_s(Phase::P, 5.0, km);
    let p = StartRule::PArrival {
        station: STATION,
        model,
        before_s: 1.0,
    };
    assert!((delay_s(p.clone()) - travel_s + 1.0).abs() <= 0.005);
    let rejections = windows_at(&[100.0, 200.0], &p).unwrap().rejections;
    assert_eq!(rejections.items[0].reason, Reason::NoDepth);
    // Of a pick or a trigger the time alone is known.
    let time = midnight() + time::seconds(100.0);
    let picks = Catalog::new("picks", true, vec![Event::at_time("p", time, "pick")]);
    let cut = |rule| {
        let params = CutParams::of(&Study::oklahoma());
        event_windows(&Source::new(), &picks, &[0], &rule, &params, &mut silent).unwrap()
    };
    assert_eq!(cut(p).rejections.items[0].reason, Reason::NoPlace);
    assert_eq!(cut(StartRule::CatalogTime { before_s: 1.0 }).len(), 1);
}

#[test]
fn bad_input_is_refused() {
    let study = Study::oklahoma();
    let ask = |starts: &[f64], labels: &[usize]| {
        let rule = StartRule::Origin;
        event_windows(
            &Source::new(),
            &catalog(starts),
            labels,
            &rule,
            &CutParams::of(&study),
            &mut silent,
        )
        .unwrap_err()
        .to_string()
    };
    assert!(ask(&[], &[]).contains("no window to ask for"));
    assert!(ask(&[1.0], &[]).contains("0 labels"));
    assert!(ask(&[1.0], &[3]).contains("3 clusters"));
    assert!(ask(&[5000.0, 6000.0], &[0, 0]).contains("all others"));
    let record = Source::new().0;
    for (start_s, words) in [
        (305.0, "gap of 1"),
        (600.0, "dead"),
        (1195.0, "beyond"),
        (-1.0, "beyond"),
    ] {
        let error = cut(&record, midnight() + time::seconds(start_s), 1000).unwrap_err();
        assert!(
            matches!(error, Error::Window { .. }) && error.to_string().contains(words),
            "{error}"
        );
    }
}

#[test]
fn noise_lies_between_events() {
    let study = Study::oklahoma();
    let catalog = catalog(&[0.0, 200.0, 240.0]);
    let noise = |rule| {
        noise_windows(
            &Source::new(),
            &catalog,
            &CutParams::of(&study),
            rule,
            &mut silent,
        )
        .unwrap()
    };
    let midpoints = noise(NoiseRule::Midpoints);
    let starts = |windows: &Windows| -> Vec<f64> {
        windows
            .windows
            .iter()
            .map(|w| time::between_s(midnight(), w.start))
            .collect()
    };
    assert_eq!(
        starts(&midpoints),
        [100.0, 110.0, 120.0, 220.0, 230.0, 240.0]
    );
    assert!(midpoints.windows.iter().all(|w| w.class == 3));
    assert_eq!(
        midpoints.windows[1].origin,
        Origin::Noise { after: "e0".into() }
    );

    let guarded = noise(NoiseRule::Guarded { guard_s: 30.0 });
    assert_eq!(starts(&guarded), [85.0, 95.0, 105.0]);
    assert_eq!(
        guarded.rejections.counts(),
        [("no room between events".to_string(), 3)]
    );
}

#[test]
fn windows_survive_the_disk_and_their_damage_is_found() {
    let events = windows_at(&[100.0, 300.0], &StartRule::Origin).unwrap();
    let noise = noise_windows(
        &Source::new(),
        &catalog(&[0.0, 200.0]),
        &CutParams::of(&Study::oklahoma()),
        NoiseRule::Midpoints,
        &mut silent,
    );
    let both = events.concat(&noise.unwrap()).unwrap();
    assert_eq!(
        (both.class_counts(), both.rejections.n_requested),
        (vec![0, 1, 0, 3], 5)
    );
    let scaled = both.normalised(Normalisation::MinMaxJoint).unwrap();
    assert!(scaled.normalised(Normalisation::Peak).is_err());
    assert!(
        both.concat(&scaled)
            .unwrap_err()
            .to_string()
            .contains("two kinds")
    );

    let dir = tempfile::tempdir().unwrap();
    for windows in [&both, &scaled] {
        windows.write(dir.path()).unwrap();
        assert_eq!(&Windows::read(dir.path()).unwrap(), windows);
    }
    let samples = dir.path().join("windows.npy");
    let mut bytes = std::fs::read(&samples).unwrap();
    assert_eq!(&bytes[..6], b"\x93NUMPY");
    assert_eq!((bytes.len() - 4 * 3000 * 4) % 64, 0);
    bytes[500] ^= 1;
    std::fs::write(&samples, bytes).unwrap();
    assert!(
        Windows::read(dir.path())
            .unwrap_err()
            .to_string()
            .contains("not the samples")
    );
    assert!(matches!(
        Windows::read(dir.path().join("none")),
        Err(Error::Io { .. })
    ));
}

/// By hand: components 0..4, 10..18, -2..2.
#[test]
fn scales_by_hand() {
    let window = [0., 1., 4., 10., 18., 14., -2., 2., 0.];
    let scaled = |n| normalise(&window, n).unwrap();
    let alone = scaled(Normalisation::MinMaxPerComponent);
    assert_eq!(alone, [0., 0.25, 1., 0., 1., 0.5, 0., 1., 0.5]);
    let joint = scaled(Normalisation::MinMaxJoint);
    assert_eq!(joint[0], 0.1);
    assert_eq!((joint[4], joint[6]), (1.0, 0.0));
    let peak = scaled(Normalisation::Peak);
    assert_eq!(peak[3..6], [-1.0, 1.0, 0.0]);
    let deviation = scaled(Normalisation::Std);
    let mean_square: f32 = deviation.iter().map(|x| x * x).sum::<f32>() / 9.0;
    assert!((mean_square - 1.0).abs() < 1e-6);

    assert_eq!(relative_ranges(&alone), [1.0; 3]);
    assert_eq!(relative_ranges(&window), [0.5, 1.0, 0.5]);
    assert!((relative_ranges(&peak)[0] - 0.5).abs() < 1e-6);
    assert_eq!(seam_jumps(&window), [0.3, 0.8]);
    assert_eq!(seam_jumps(&alone), [1.0, 0.5]);

    for bad in [
        &[1.0, 2.0][..],
        &[],
        &[1., 1., 2., 3., 4., 5.],
        &[1., f32::NAN, 2., 3., 4., 5.],
    ] {
        assert!(normalise(bad, Normalisation::MinMaxJoint).is_err());
        assert!(normalise(bad, Normalisation::Fixed { counts: 2 }).is_err());
    }
}

#[test]
fn a_fixed_scale_keeps_weak_and_strong_apart_and_0_is_none() {
    let window = [1., 3., -2., 4., 0., 8.];
    let halves = normalise(&window, Normalisation::Fixed { counts: 2 }).unwrap();
    assert_eq!(halves, [0.5, 1.5, -1.0, 2.0, 0.0, 4.0]);
    let nothing = Normalisation::Fixed { counts: 0 };
    assert!(normalise(&window, nothing).is_err());
    let kept = Normalisation::Fixed { counts: 300 };
    let text = toml::to_string(&BTreeMap::from([("scale", kept)])).unwrap();
    let back: BTreeMap<String, Normalisation> = toml::from_str(&text).unwrap();
    assert_eq!(back["scale"], kept, "{text}");
}

/// 357 triggers of a real record as a stand-in for a catalog.
#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn windows_of_a_real_record() {
    let data = common::real_data();
    let triggers = data.join("iquique/triggers_recursive_stalta_PB01.csv");
    let text = std::fs::read_to_string(&triggers).unwrap();
    let events = text.lines().skip(1).enumerate().map(|(i, line)| Event {
        id: format!("trigger {i}"),
        origin_time: time::parse(line.split(',').next().unwrap()).unwrap(),
        ..catalog(&[0.0]).events()[0].clone()
    });
    let triggers = Catalog::new("triggers", false, events.collect());
    assert_eq!(triggers.len(), 357);
    let mut study = Study::oklahoma();
    study.cluster.k = 1;
    let archive = Archive::open(data.join("iquique/sds"), "CX", "PB01", "", "HH*").unwrap();
    let labels = vec![0; triggers.len()];
    let rule = StartRule::Origin;
    let windows = event_windows(
        &archive,
        &triggers,
        &labels,
        &rule,
        &CutParams::of(&study),
        &mut silent,
    )
    .unwrap();
    // The record ends at 12:00:00, no trigger stands in its last ten seconds, and it has no gap.
    assert_eq!(
        windows.rejections.to_string(),
        "357 windows asked for, 357 had"
    );
    assert_eq!(windows.station, "CX.PB01");
    let whole = archive
        .record(time::parse("2014-05-01").unwrap(), 4_320_001)
        .unwrap();
    for (window, event) in windows.windows.iter().zip(triggers.events()) {
        assert!(time::between_s(event.origin_time, window.start).abs() <= 0.005);
        assert_eq!(
            window.samples,
            cut(&whole, event.origin_time, 1000).unwrap()
        );
    }

    // The guillotine. Offsets between components survive the paper's remedy, a joint minimum and
    // maximum; only without their means do the components meet.
    let mean_jump = |normalisation| {
        let scaled = windows.normalised(normalisation).unwrap();
        let jumps = scaled.windows.iter().flat_map(|w| seam_jumps(&w.samples));
        let mean = jumps.sum::<f64>() / (2 * scaled.len()) as f64;
        println!("mean jump where components meet, {normalisation:?}: {mean:.3}");
        mean
    };
    let apart = mean_jump(Normalisation::MinMaxPerComponent);
    mean_jump(Normalisation::MinMaxJoint);
    mean_jump(Normalisation::Std);
    assert!(mean_jump(Normalisation::Peak) < apart);
    let weakest =
        |w: &quakebook::window::Window| relative_ranges(&w.samples).into_iter().fold(1.0, f64::min);
    let ratio = windows.windows.iter().map(weakest).sum::<f64>() / windows.len() as f64;
    println!("the weakest component has {ratio:.3} of the strongest's range");
    assert!(ratio < 0.9);

    let rule = NoiseRule::Guarded { guard_s: 10.0 };
    let noise = noise_windows(
        &archive,
        &triggers,
        &CutParams::of(&study),
        rule,
        &mut silent,
    )
    .unwrap();
    println!("noise: {}", noise.rejections);
    assert_eq!(noise.rejections.n_requested, 3 * 356);
    assert_eq!(noise.len() + noise.rejections.items.len(), 3 * 356);
    let both = windows.concat(&noise).unwrap();
    assert_eq!(both.class_counts(), [357, noise.len()]);
}

proptest! {
    #[test]
    fn a_cut_window_is_the_slice(first in 0_usize..119_000, n in 1_usize..1100, offset in -0.004..0.004) {
        let record = Source::new().0;
        let start = midnight() + time::seconds(first as f64 / 100.0 + offset);
        match cut(&record, start, n) {
            Ok(samples) => {
                prop_assert_eq!(samples.len(), 3 * n);
                for (row, data) in samples.chunks(n).zip(&record.data) {
                    prop_assert_eq!(row, &data[first..first + n]);
                }
                prop_assert!(samples.iter().all(|x| x.is_finite()));
            }
            Err(_) => {
                let beyond = first + n > record.n_samples();
                let gap = record.gaps().iter().any(|g| g.start < first + n && first < g.end);
                // All of one value is a dead component, half a second a stuck one.
                let n_equal = (first + n).min(61_000).saturating_sub(first.max(60_000));
                let stuck = n_equal >= n.min(50) || n == 1;
                prop_assert!(beyond || gap || stuck);
            }
        }
    }

    #[test]
    fn scaled_windows_stay_within_their_bounds(samples in prop::collection::vec(-1e6_f32..1e6, 30)) {
        for (normalisation, low, high) in [
            (Normalisation::MinMaxPerComponent, 0.0, 1.0),
            (Normalisation::MinMaxJoint, 0.0, 1.0),
            (Normalisation::Peak, -1.0, 1.0),
            (Normalisation::Std, -6.0, 6.0),
        ] {
            let scaled = normalise(&samples, normalisation).unwrap();
            prop_assert!(scaled.iter().all(|x| (low..=high).contains(x)));
            if normalisation != Normalisation::MinMaxPerComponent {
                for (a, b) in relative_ranges(&scaled).iter().zip(relative_ranges(&samples)) {
                    prop_assert!((a - b).abs() < 1e-5);
                }
            }
        }
    }
}
