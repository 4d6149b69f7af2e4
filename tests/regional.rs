//! A detector for stations that it was not taught on: records of any rate, and windows that decide about a part.

mod common;

use common::{short_study, untaught};
use proptest::prelude::*;
use quakebook::method::{AT_ENDS, Scanned};
use quakebook::network::ConvNet;
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};
use quakebook::waveform::{Record3C, WaveformSource, harmonise};
use quakebook::{Error, Result, Unavailable};

/// Off the whole second, as digitisers are, and eight minutes before a block of a scan ends.
const START: &str = "2014-02-16T01:52:00.007393";
const LENGTH_S: f64 = 1200.0;

/// A record, and nothing before and after it.
struct Station(Record3C);

impl WaveformSource for Station {
    fn record(&self, start: Time, n_samples: usize) -> Result<Record3C> {
        let (ours, rate_hz) = (&self.0, self.0.sampling_rate_hz);
        let first = (time::between_s(ours.start, start) * rate_hz).round() as i64;
        let sample = |row: &[f32], i: i64| {
            let i = usize::try_from(i).ok();
            i.and_then(|i| row.get(i)).copied().unwrap_or(f32::NAN)
        };
        let row = |row: &Vec<f32>| -> Vec<f32> {
            let all = first..first + n_samples as i64;
            all.map(|i| sample(row, i)).collect()
        };
        let data = ours.data.each_ref().map(row);
        if data.iter().flatten().all(|y| y.is_nan()) {
            return Err(Error::Unavailable {
                place: "made up".into(),
                reason: Unavailable::NoSample,
            });
        }
        Ok(Record3C {
            start: ours.start + time::seconds(first as f64 / rate_hz),
            data,
            station: ours.station.clone(),
            channels: ours.channels.clone(),
            ..*ours
        })
    }
}

/// Noise with an offset, a drift and bursts.
fn station(rate_hz: f64, seed: u64) -> Station {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f32 / 2f32.powi(30) - 1.0
    };
    let mut row = || -> Vec<f32> {
        let sample = |i: usize| {
            let t_s = (i as f64 / rate_hz) as f32;
            let burst = 1.0 + 9.0 * (0.05 * t_s).sin().powi(20);
            (9000.0 + 0.3 * t_s + 100.0 * burst * next()).round()
        };
        (0..(LENGTH_S * rate_hz) as usize).map(sample).collect()
    };
    Station(Record3C {
        station: "XX.ABC".into(),
        channels: ["HHE", "HHN", "HHZ"].map(String::from),
        start: time::parse(START).unwrap(),
        sampling_rate_hz: rate_hz,
        data: [row(), row(), row()],
        simulated: true,
    })
}

fn span(from_s: f64, to_s: f64) -> TimeSpan {
    let start = time::parse(START).unwrap();
    TimeSpan {
        start: start + time::seconds(from_s),
        end: start + time::seconds(to_s),
    }
}

/// Start and probability of each window, and the detections.
fn scanned(source: &dyn WaveformSource, span: &TimeSpan) -> (Vec<(Time, f64)>, Scanned) {
    let detector = untaught(0.5);
    let mut windows = Vec::new();
    let merge = quakebook::detect::MergeParams {
        longest_s: detector.longest_event_s(),
        ..detector.merge_params()
    };
    let scanned = detector.scan_each(source, span, &merge, &mut |piece| {
        let p = detector.event_probabilities(piece)?;
        windows.extend(piece.starts.iter().copied().zip(p));
        Ok(())
    });
    (windows, scanned.unwrap())
}

fn refused(change: impl FnOnce(&mut Study)) -> String {
    let mut study = short_study();
    change(&mut study);
    match study.checked() {
        Err(Error::Study { place, .. }) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_study_without_the_new_keys_stays_the_same() {
    let study = Study::oklahoma();
    assert!(study.hash().starts_with("6531cc28"), "{}", study.hash());
    assert_eq!((study.core_s(), study.core_samples()), (10.0, 1000));
    let text = short_study().to_toml();
    assert_eq!(Study::from_toml(&text).unwrap(), short_study(), "{text}");
}

#[test]
fn a_core_lies_within_its_window() {
    short_study().checked().unwrap();
    for (lead_s, core_s) in [
        (5.0, 1.5),
        (-1.0, 2.0),
        (1.0, 0.0),
        (f64::NAN, 2.0),
        (1.0, 2.013),
    ] {
        let place = refused(|study| {
            study.method.lead_s = lead_s;
            study.method.core_s = Some(core_s);
        });
        assert_eq!(place, "method.core_s", "{lead_s} {core_s}");
    }
}

#[test]
fn harmonised_records_have_one_rate_and_band() {
    assert_eq!(
        refused(|study| study.method.band_hz = Some([1.0, 20.0])),
        "method.harmonised"
    );
    let at_100_hz = |study: &mut Study| study.window.sampling_rate_hz = 100.0;
    assert_eq!(refused(at_100_hz), "method.harmonised");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn days_add_up_bit_for_bit(seed in 0_u64..1000, rate in 0_usize..6, cut_s in 50.0..1150.0_f64, gap in 0_usize..2) {
        let rate_hz = [40.0, 50.0, 62.5, 100.0, 100.0003, 250.0][rate];
        let mut station = station(rate_hz, seed);
        if gap == 1 {
            let from = (500.0 * rate_hz) as usize;
            station.0.data[1][from..from + 777].fill(f32::NAN);
        }
        let (windows, whole) = scanned(&station, &span(0.0, LENGTH_S));
        let (mut first, one) = scanned(&station, &span(0.0, cut_s));
        let (second, two) = scanned(&station, &span(cut_s, LENGTH_S));
        first.extend(second);
        prop_assert!(windows.len() > 2200);
        prop_assert_eq!(&windows, &first);
        let mut items = one.detections.items;
        items.extend(two.detections.items);
        prop_assert_eq!(&whole.detections.items, &items);
        prop_assert_eq!(whole.conditions.rates_hz(), vec![rate_hz]);
    }
}

/// A scan gives what `harmonise` gives, up to how far each removes the offset.
#[test]
fn tiles_are_the_record_made_comparable() {
    for rate_hz in [50.0, 80.0, 100.0] {
        let mut record = station(rate_hz, 7).0;
        record.start = time::parse("2014-02-16T01:52:00").unwrap();
        let expected = harmonise(&record).unwrap().record;
        // A network that sees each sample as it is would show it; here the window's own scale does.
        let study = short_study();
        let network = ConvNet::new(study.window.n_samples, 2, 5);
        let params = quakebook::method::scan_params(&study);
        let of_whole = quakebook::detect::scan(&network, &expected, &params).unwrap();
        let detector = untaught(0.5);
        let tiled = detector.scan_record(&record).unwrap();
        // Where the record begins each rings in its own way.
        let of_core = |start: &Time| *start + time::seconds(study.method.lead_s);
        let of_whole_starts: Vec<Time> = of_whole.starts.iter().map(of_core).collect();
        let n_ringing = of_whole.len() - tiled.len();
        assert!((2..12).contains(&n_ringing), "{n_ringing}");
        assert_eq!(of_whole_starts[n_ringing..], tiled.starts);
        let later = 2 * (n_ringing + 20)..;
        let pairs = tiled.probabilities[40..]
            .iter()
            .zip(&of_whole.probabilities[later]);
        let most = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < 1e-3, "{rate_hz} Hz: {most}");
    }
}

#[test]
fn a_detection_lies_where_its_core_does() {
    let station = station(100.0, 3);
    let (windows, scanned) = scanned(&station, &span(0.0, LENGTH_S));
    // The first core begins after the window's lead and what the filter loses.
    let first_s = time::between_s(station.0.start, windows[0].0);
    assert!((1.0..5.5).contains(&first_s), "{first_s}");
    let last_s = time::between_s(windows.last().unwrap().0, station.0.end());
    assert!((5.0..5.6).contains(&last_s), "{last_s}");
    // The windows that are not scanned lie at the ends: what is covered has no gap.
    let n_unscanned = &scanned.unscanned;
    assert!(
        n_unscanned.len() == 1 && n_unscanned[AT_ENDS] > 0 && scanned.detections.scanned.len() == 1,
        "{:?}",
        scanned.unscanned
    );
    let covered_s = 3600.0 * scanned.detections.hours();
    assert!(
        (LENGTH_S - 10.0..LENGTH_S).contains(&covered_s),
        "{covered_s}"
    );
    for detection in &scanned.detections.items {
        let at = windows.iter().find(|(start, _)| *start == detection.start);
        assert!(at.is_some(), "{detection:?}");
        let length_s = time::between_s(detection.start, detection.end);
        let n_hops = (detection.n_windows - 1) as f64;
        assert!(length_s >= 2.0 + 0.5 * n_hops - 1e-6, "{detection:?}");
    }
}

#[test]
fn the_ends_of_a_record_are_no_gap() {
    let unscanned = |station: &Station, from_s: f64, to_s: f64| {
        let found = scanned(station, &span(from_s, to_s)).1.unscanned;
        ["gap", AT_ENDS].map(|reason| found.get(reason).copied().unwrap_or(0))
    };
    let whole = station(100.0, 3);
    let [n_gap, n_ends] = unscanned(&whole, 0.0, LENGTH_S);
    assert!(n_gap == 0 && (10..60).contains(&n_ends), "{n_gap} {n_ends}");
    // Of a longer span the windows before and after the record.
    let [n_gap, more] = unscanned(&whole, -60.0, LENGTH_S + 60.0);
    assert_eq!((n_gap, more), (0, n_ends + 240));
    // Within the record there is no end.
    assert_eq!(unscanned(&whole, 100.0, 900.0), [0, 0]);
    let mut broken = station(100.0, 3);
    broken.0.data[1][60_000..61_000].fill(f32::NAN);
    let [n_gap, same] = unscanned(&broken, 0.0, LENGTH_S);
    assert!(n_gap > 20 && same == n_ends, "{n_gap} {same} {n_ends}");
}

#[test]
fn a_dead_component_is_replaced_and_told() {
    let sound = station(100.0, 3);
    let mut station = station(100.0, 3);
    station.0.data[0].fill(17.0);
    let (windows, told) = scanned(&station, &span(0.0, LENGTH_S));
    assert_eq!(windows.len(), scanned(&sound, &span(0.0, LENGTH_S)).0.len());
    let lines = told.conditions.lines();
    assert!(
        lines[0].starts_with("HHE is dead for 1200.0 s: HHN"),
        "{lines:?}"
    );
    // One that dies on the way is a gap until the tile's end.
    station.0 = sound.0.clone();
    station.0.data[2][60_000..].fill(17.0);
    let (windows, told) = scanned(&station, &span(0.0, LENGTH_S));
    let lines = told.conditions.lines();
    assert!(
        lines.iter().any(|line| line.starts_with("HHZ is dead")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("HHZ stands still")),
        "{lines:?}"
    );
    assert!(windows.len() > 1300 && told.unscanned.contains_key("gap"));
}

#[test]
fn a_component_without_numbers_is_replaced_and_told() {
    let sound = station(100.0, 3);
    let n_sound = scanned(&sound, &span(0.0, LENGTH_S)).0.len();
    let mut none = station(100.0, 3);
    // As a record is made of traces: what was recorded and is no number is infinite.
    none.0.data[0].fill(f32::INFINITY);
    let (windows, told) = scanned(&none, &span(0.0, LENGTH_S));
    assert_eq!(windows.len(), n_sound);
    let lines = told.conditions.lines();
    let start = "HHE holds no number, only NaN or infinite samples, for 1200.0 s: HHN";
    assert!(lines.len() == 1 && lines[0].starts_with(start), "{lines:?}");
    let mut few = station(100.0, 3);
    few.0.data[1][70_000..70_007].fill(f32::INFINITY);
    let (windows, told) = scanned(&few, &span(0.0, LENGTH_S));
    assert!(windows.len() < n_sound && windows.len() > n_sound - 60);
    assert_eq!(
        told.conditions.lines(),
        ["HHN is NaN or infinite in 7 samples: a gap"]
    );
    none.0
        .data
        .iter_mut()
        .for_each(|row| row.fill(f32::INFINITY));
    let refused = untaught(0.5).scan(&none, &span(0.0, LENGTH_S)).unwrap_err();
    assert!(refused.to_string().contains("NaN"), "{refused}");
}

/// What is told of a record in which the vertical component is not as it should be.
fn told_of(change: impl FnOnce(&mut Vec<f32>)) -> Vec<String> {
    let mut station = station(100.0, 3);
    change(&mut station.0.data[2]);
    let told = scanned(&station, &span(0.0, LENGTH_S)).1;
    told.conditions.lines()
}

#[test]
fn what_is_odd_is_used_and_told() {
    assert!(told_of(|_| ()).is_empty());
    let is_told = |lines: &[String], starts: &[&str]| {
        let n = lines.len();
        assert_eq!(n, starts.len(), "{lines:?}");
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line}");
        }
    };
    let far_up = |row: &mut Vec<f32>| {
        row.iter_mut().for_each(|y| *y *= 4.0);
        row[5000..5020].fill(90_000.0);
    };
    is_told(&told_of(far_up), &["HHZ clips, or nearly, in 20 samples"]);
    // In another unit than counts.
    let in_metres = |row: &mut Vec<f32>| {
        row.iter_mut().for_each(|y| *y *= 1e-9);
        row[5000..5020].fill(1.2e-5);
    };
    is_told(
        &told_of(in_metres),
        &["HHZ clips, or nearly, in 20 samples"],
    );
    let flat = |row: &mut Vec<f32>| row.iter_mut().for_each(|y| *y = y.clamp(9000.0, 9030.0));
    let lines = told_of(flat);
    let clips = |line: &String| line.starts_with("HHZ clips, or nearly");
    assert!(lines.iter().any(clips), "{lines:?}");
    let glitches =
        |row: &mut Vec<f32>| row[3000..].iter_mut().step_by(6000).for_each(|y| *y += 1e6);
    is_told(&told_of(glitches), &["HHZ jumps 20 times"]);
    let level = |row: &mut Vec<f32>| row[70_000..].iter_mut().for_each(|y| *y -= 1e5);
    is_told(&told_of(level), &["HHZ jumps once"]);
    // Blocks are judged one by one: whichever side of their border it falls on, it is one step.
    for first in 47_998..48_003 {
        let level = |row: &mut Vec<f32>| row[first..].iter_mut().for_each(|y| *y -= 1e5);
        is_told(&told_of(level), &["HHZ jumps once"]);
        let glitch = |row: &mut Vec<f32>| row[first..first + 4].iter_mut().for_each(|y| *y -= 1e5);
        is_told(&told_of(glitch), &["HHZ jumps once"]);
    }
    let open_input = |row: &mut Vec<f32>| {
        row.iter_mut().for_each(|y| *y = (*y % 3.0).trunc());
    };
    is_told(
        &told_of(open_input),
        &["HHZ moves by 4 counts or less in 1200.0 s"],
    );
    let far = |row: &mut Vec<f32>| row.iter_mut().for_each(|y| *y += 2e8);
    is_told(&told_of(far), &["HHZ is so far from zero in 1200.0 s"]);
    let padded = |row: &mut Vec<f32>| row[40_000..50_000].fill(0.0);
    is_told(&told_of(padded), &["HHZ stands still for 100.0 s"]);
    // An offset near a full scale does not clip, and whole numbers are not rounded below 2^24.
    for offset in [8.2e6, -8.2e6, 1.2e7, 8_388_100.0, 8_388_400.0, -8_388_500.0] {
        let quiet = |y: f32| ((y - 9000.0) / 5.0).round() + offset;
        let lines = told_of(|row| row.iter_mut().for_each(|y| *y = quiet(*y)));
        assert!(lines.is_empty(), "{lines:?}");
    }
    let mut third = station(100.0, 3);
    third.0.channels = ["HH1", "HH2", "HH3"].map(String::from);
    let told = scanned(&third, &span(0.0, LENGTH_S)).1;
    is_told(&told.conditions.lines(), &["HH3 is taken for the vertical"]);
}

#[test]
fn nothing_that_cannot_be_used_is_silent() {
    let fails = |station: &Station| {
        let refused = untaught(0.5).scan(station, &span(0.0, LENGTH_S));
        match refused {
            Err(Error::Detect { what, .. }) => what,
            other => panic!("{other:?}"),
        }
    };
    let slow = fails(&station(20.0, 3));
    assert!(slow.contains("20 Hz, too slow"), "{slow}");
    let fast = fails(&station(1001.0, 3));
    assert!(fast.contains("1001 Hz, too fast"), "{fast}");
    let mut lacking = station(100.0, 3);
    lacking.0.data[1].fill(f32::NAN);
    let lacking = fails(&lacking);
    assert!(
        lacking.contains("HHN was not recorded for 1200.0 s"),
        "{lacking}"
    );
    let mut dead = station(100.0, 3);
    dead.0.data.iter_mut().for_each(|row| row.fill(0.0));
    let dead = fails(&dead);
    assert!(dead.contains("no component moves"), "{dead}");
    // No window begins in so short a span: that is no fault of the record.
    let none = untaught(0.5)
        .scan(&station(100.0, 3), &span(0.1, 0.2))
        .unwrap();
    assert_eq!((none.n_windows, none.unscanned.len()), (0, 0));
    // Pieces shorter than the filter takes to settle, after each gap.
    let mut cut = station(100.0, 3);
    for row in &mut cut.0.data {
        row.chunks_mut(500).for_each(|piece| piece[0] = f32::NAN);
    }
    let cut = fails(&cut);
    assert!(cut.contains("their longest piece has 5.0 s"), "{cut}");
    // Pieces shorter than a window leave nothing to scan, and longer ones some.
    for (piece, n_least) in [(500, 0), (2000, 400)] {
        let mut cut = station(100.0, 3);
        for row in &mut cut.0.data {
            row.chunks_mut(piece).for_each(|piece| piece[0] = f32::NAN);
        }
        let (windows, told) = scanned(&cut, &span(0.0, LENGTH_S));
        assert!(
            windows.len() >= n_least && windows.len() < 2000,
            "{}",
            windows.len()
        );
        assert_eq!(windows.len() + told.unscanned.values().sum::<usize>(), 2400);
        assert!(told.unscanned["gap"] > 0);
    }
    // A stretch of any length between gaps: where too little of a window was recorded for its scale, it is a gap.
    for seconds in 1..40 {
        let mut island = station(100.0, 3);
        for row in &mut island.0.data {
            row[20_000..25_000].fill(f32::NAN);
            row[25_000 + 100 * seconds..30_000].fill(f32::NAN);
        }
        let (windows, told) = scanned(&island, &span(0.0, LENGTH_S));
        assert_eq!(windows.len() + told.unscanned.values().sum::<usize>(), 2400);
        assert!(told.unscanned["gap"] > 0);
    }
    // A record shorter than a window.
    let mut short = station(100.0, 3);
    short.0.data.iter_mut().for_each(|row| row.truncate(400));
    let (windows, told) = scanned(&short, &span(0.0, 4.0));
    assert!(windows.is_empty() && !told.unscanned.is_empty());
}
