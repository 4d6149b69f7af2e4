//! Records, archives, filters and spectra.

mod common;

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use common::{real_data, trace};
use proptest::prelude::*;
use quakebook::time::TimeSpan;
use quakebook::waveform::filter::{Filter, Pass};
use quakebook::waveform::mseed::FaultKind;
use quakebook::waveform::{
    Archive, DownloadLog, DownloadOutcome, Nslc, Record3C, Samples, Segment, Trace, WaveformSource,
    mseed, spectrum,
};
use quakebook::{Error, Unavailable, time};

// ------------------------------------------------------- three components

fn three(channels: [&str; 3]) -> Vec<Trace> {
    let samples = |offset: i32| Samples::Int32((offset..offset + 1000).collect());
    vec![
        trace(channels[0], "2014-02-16T00:00:00.000002", samples(0)),
        trace(channels[1], "2014-02-15T23:59:59.999998", samples(1000)),
        trace(channels[2], "2014-02-16T00:00:00", samples(2000)),
    ]
}

#[test]
fn components_that_lie_microseconds_apart_stand_on_one_grid() {
    let start = time::parse("2014-02-16T00:00:01.003").unwrap();
    for channels in [["HH1", "HH2", "HHZ"], ["HHE", "HHN", "HHZ"]] {
        let record = Record3C::from_traces(&three(channels), start, 10).unwrap();
        assert_eq!(record.station, "GS.OK029.00");
        assert_eq!(record.channels, channels);
        assert_eq!(time::iso(record.start), "2014-02-16T00:00:01.000000Z");
        assert_eq!(
            record.data.each_ref().map(|c| c[0]),
            [100.0, 1100.0, 2100.0]
        );
        assert!(record.gaps().is_empty());
    }
}

#[test]
fn a_record_has_the_length_that_was_asked_for_and_gaps_are_nan() {
    let mut traces = three(["HH1", "HH2", "HHZ"]);
    traces[1].segments.push(Segment {
        start: time::parse("2014-02-16T00:00:10.05").unwrap(),
        samples: Samples::Int32(vec![7; 100]),
    });
    let start = time::parse("2014-02-15T23:59:59.9").unwrap();
    let record = Record3C::from_traces(&traces, start, 1030).unwrap();
    assert_eq!(record.n_samples(), 1030);
    assert_eq!(record.data[1][10..12], [1000.0, 1001.0]);
    assert_eq!(record.data[1][1015], 7.0);
    assert_eq!(record.gaps(), [0..10, 1010..1030]);
    assert!(record.data[1][1010..1015].iter().all(|x| x.is_nan()));
}

#[test]
fn slower_bands_stay_out_and_what_is_unclear_is_refused() {
    let start = time::parse("2014-02-16T00:00:01").unwrap();
    let mut traces = three(["HH1", "HH2", "HHZ"]);
    let mut long_period = three(["LH1", "LH2", "LHZ"]);
    for trace in &mut long_period {
        trace.sampling_rate_hz = 1.0;
    }
    traces.extend(long_period);
    let record = Record3C::from_traces(&traces, start, 10).unwrap();
    assert_eq!(record.channels, ["HH1", "HH2", "HHZ"]);

    let refusal = |traces: &[Trace], start| Record3C::from_traces(traces, start, 10).unwrap_err();
    let reason = |traces: &[Trace], start| match refusal(traces, start) {
        Error::Unavailable { reason, .. } => reason,
        other => panic!("{other}"),
    };
    assert!(matches!(
        reason(&traces[..2], start),
        Unavailable::MissingComponent { found } if found.len() == 2
    ));
    assert_eq!(reason(&[], start), Unavailable::NoSample);
    let later = time::parse("2015-01-01").unwrap();
    assert_eq!(reason(&traces, later), Unavailable::NoSample);
    let mut mixed = three(["HH1", "HH2", "HHZ"]);
    mixed[1].sampling_rate_hz = 50.0;
    assert!(refusal(&mixed, start).to_string().contains("50 Hz"));
    let mut two_stations = three(["HH1", "HH2", "HHZ"]);
    two_stations.extend(three(["HN1", "HN2", "HNZ"]));
    assert!(matches!(
        refusal(&two_stations, start),
        Error::Waveform { .. }
    ));
}

#[test]
fn slices_windows_and_lines() {
    let start = time::parse("2014-02-16").unwrap();
    let record = Record3C::from_traces(&three(["HH1", "HH2", "HHZ"]), start, 1000).unwrap();
    let slice = record.slice(100..200).unwrap();
    assert_eq!(slice.data[0][..2], [100.0, 101.0]);
    assert_eq!(time::between_s(record.start, slice.start), 1.0);
    assert_eq!(record.window(slice.start, 100).unwrap(), slice);
    assert!(record.slice(900..1001).is_err());
    assert!(record.window(start - time::seconds(1.0), 10).is_err());

    let mut gappy = record.clone();
    gappy.data[2][500] = f32::NAN;
    for changed in [gappy.remove_mean(), gappy.detrend()] {
        assert_eq!(changed.gaps(), vec![500..501; 1]);
    }
    let mean: f32 = record.remove_mean().data[1].iter().sum::<f32>() / 1000.0;
    assert!(mean.abs() < 1e-3);
    assert!(
        gappy.detrend().data[2]
            .iter()
            .all(|x| x.is_nan() || x.abs() < 1e-3)
    );
}

// ----------------------------------------------------------------- archive

#[test]
fn an_archive_gives_back_what_it_was_given_across_midnight() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("sds");
    assert!(Archive::open(&root, "GS", "OK029", "00", "HH*").is_err());
    let archive = Archive::create(&root, "GS", "OK029", "00", "HH*", true).unwrap();
    let traces: Vec<Trace> = ["HH1", "HH2", "HHZ"]
        .iter()
        .map(|c| {
            trace(
                c,
                "2014-02-16T23:59:50.123457",
                Samples::Int32((0..3000).collect()),
            )
        })
        .collect();
    let files = archive.write(&traces).unwrap();
    assert_eq!(files.len(), 6);
    assert!(files[0].ends_with("2014/GS/OK029/HH1.D/GS.OK029.00.HH1.D.2014.047"));
    assert!(files[1].ends_with("2014/GS/OK029/HH1.D/GS.OK029.00.HH1.D.2014.048"));
    // The 988 samples before midnight are in the first file: 9.876543 s at 100 Hz.
    assert_eq!(mseed::read_file(&files[0]).unwrap()[0].n_samples(), 988);

    let start = time::parse("2014-02-16T23:59:55").unwrap();
    let record = archive.record(start, 1000).unwrap();
    assert_eq!(record.data[2][..2], [488.0, 489.0]);
    assert!(record.gaps().is_empty() && record.simulated);
    assert_eq!(archive.traces(start, start).unwrap(), traces);

    // The same again changes nothing; other samples for the same time are refused.
    archive.write(&traces).unwrap();
    assert_eq!(archive.traces(start, start).unwrap(), traces);
    let other = trace(
        "HH1",
        "2014-02-16T23:59:50.123457",
        Samples::Int32(vec![5; 10]),
    );
    assert!(
        archive
            .write(&[other])
            .unwrap_err()
            .to_string()
            .contains("differ")
    );
    // A later piece joins.
    let more = trace(
        "HH1",
        "2014-02-17T00:00:20.123457",
        Samples::Int32(vec![5; 10]),
    );
    archive.write(&[more]).unwrap();
    assert_eq!(
        archive.traces(start, start).unwrap()[0].segments[0]
            .samples
            .len(),
        3010
    );

    let again = Archive::open(&root, "GS", "OK029", "00", "HHZ,HH?").unwrap();
    assert!(again.record(start, 1000).unwrap().simulated);
    let missing = again
        .record(time::parse("2014-03-01").unwrap(), 10)
        .unwrap_err();
    assert!(matches!(
        missing,
        Error::Unavailable {
            reason: Unavailable::NoSample,
            ..
        }
    ));
}

/// Short records of one channel, a minute each, from a time on.
fn minutes(channel: &str, start: &str, n: i32) -> Vec<Vec<u8>> {
    let start = time::parse(start).unwrap();
    let record = |minute: i32| {
        let values = (0..6000).map(|i| (i + minute * 6000) % 31);
        let mut one = trace(channel, "2014-02-16", Samples::Int32(values.collect()));
        // As digitisers do: each a few microseconds off.
        let late = time::seconds(f64::from(minute) * 60.0 + f64::from(minute % 3) * 1e-6);
        one.segments[0].start = start + late;
        mseed::write(&[one]).unwrap()
    };
    (0..n).map(record).collect()
}

fn stream(channel: &str) -> Nslc {
    trace(channel, "2014-02-16", Samples::Int32(Vec::new())).id
}

#[test]
fn records_lie_in_an_archive_as_they_came_in_whatever_order() {
    let dir = tempfile::tempdir().unwrap();
    let id = stream("HHZ");
    let records = minutes("HHZ", "2014-02-16T12:00:00", 8);
    let whole = records.concat();
    let mut files = Vec::new();
    for (i, order) in [[0, 1, 2, 3, 4, 5, 6, 7], [5, 2, 7, 0, 1, 6, 4, 3]]
        .iter()
        .enumerate()
    {
        let root = dir.path().join(i.to_string());
        let archive = Archive::create(&root, "GS", "OK029", "00", "HH*", false).unwrap();
        let mut n_new = 0;
        for pair in order.chunks(2) {
            let two = pair.iter().flat_map(|i| records[*i].clone());
            n_new += archive
                .add(&id, &two.collect::<Vec<u8>>(), "two")
                .unwrap()
                .n_new;
        }
        assert_eq!(n_new, 48_000);
        assert_eq!(archive.add(&id, &whole, "again").unwrap().n_new, 0);
        let day = time::parse("2014-02-16").unwrap().date_naive();
        files.push(std::fs::read(archive.day_file(&id, day)).unwrap());
    }
    assert!(files[0] == files[1]);
    // Each record as it was sent, but for the place in the file.
    assert_eq!(files[0].len(), whole.len());
    assert!(
        files[0]
            .chunks(4096)
            .zip(whole.chunks(4096))
            .all(|(a, b)| a[6..] == b[6..])
    );
}

#[test]
fn a_lenient_archive_has_gaps_where_a_strict_one_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let strict = Archive::create(dir.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    for channel in ["HH1", "HH2", "HHZ"] {
        let bytes = minutes(channel, "2014-02-16T12:00:00", 3).concat();
        strict.add(&stream(channel), &bytes, "minutes").unwrap();
    }
    let start = time::parse("2014-02-16T12:00:00").unwrap();
    assert!(strict.record(start, 18_000).unwrap().gaps().is_empty());

    // A flipped bit in one channel, other samples for ten seconds in another.
    let file = |channel| strict.day_file(&stream(channel), start.date_naive());
    let mut bytes = std::fs::read(file("HHZ")).unwrap();
    bytes[500] ^= 1;
    std::fs::write(file("HHZ"), bytes).unwrap();
    let other = trace("HH1", "2014-02-16T12:02:30", Samples::Int32(vec![99; 1000]));
    let mut bytes = std::fs::read(file("HH1")).unwrap();
    bytes.extend(mseed::write(&[other]).unwrap());
    std::fs::write(file("HH1"), bytes).unwrap();

    let open = || Archive::open(dir.path(), "GS", "OK029", "00", "HH*").unwrap();
    assert!(open().record(start, 18_000).is_err());
    let lenient = open().lenient();
    let record = lenient.record(start, 18_000).unwrap();
    let [damaged, contradicted] = &record.gaps()[..] else {
        panic!("{:?}", record.gaps())
    };
    assert!(damaged.start == 0 && damaged.len() > 5000, "{damaged:?}");
    assert_eq!(*contradicted, 15_000..16_000);
    assert!(record.data[1].iter().all(|x| !x.is_nan()));
    let mut kinds: Vec<_> = lenient.faults().iter().map(|fault| fault.kind).collect();
    kinds.sort();
    assert_eq!(kinds, [FaultKind::Samples, FaultKind::Overlap]);
}

/// As if a file had lain there for a while.
fn set_back(file: &Path) {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    let file = std::fs::File::options().write(true).open(file).unwrap();
    file.set_modified(long_ago).unwrap();
}

#[test]
fn an_index_on_disk_serves_who_comes_next_and_misleads_no_one() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::create(dir.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    let file = |channel| archive.day_file(&stream(channel), "2014-02-16".parse().unwrap());
    let channels = ["HH1", "HH2", "HHZ"];
    let bytes_of = |channel, from| minutes(channel, &format!("2014-02-16T{from}:00"), 40).concat();
    for channel in channels {
        archive
            .add(&stream(channel), &bytes_of(channel, "12:00"), "minutes")
            .unwrap();
    }
    let start = time::parse("2014-02-16T12:30:00").unwrap();
    let read = || {
        let archive = Archive::open(dir.path(), "GS", "OK029", "00", "HH*").unwrap();
        archive.record(start, 1000)
    };
    let folder = dir.path().join("index");
    let n_stored = || std::fs::read_dir(&folder).unwrap().count();
    let wanted = read().unwrap();
    assert!(wanted.gaps().is_empty());
    assert_eq!(n_stored(), 0, "files of just now may yet change");

    channels.iter().for_each(|channel| set_back(&file(channel)));
    assert_eq!(read().unwrap(), wanted);
    assert_eq!(n_stored(), 3);
    assert_eq!(read().unwrap(), wanted);
    let stored = |channel| folder.join(format!("GS.OK029.00.{channel}.D.2014.047.index"));

    // Damaged, cut short, empty or of a file of another length or time: made anew.
    let whole = std::fs::read(stored("HH1")).unwrap();
    let changed = [3, 11, 50].map(|byte| {
        let mut changed = whole.clone();
        changed[byte] ^= 1;
        changed
    });
    let shorter = [whole[..100].to_vec(), Vec::new()];
    for bytes in changed.iter().chain(&shorter) {
        std::fs::write(stored("HH1"), bytes).unwrap();
        assert_eq!(read().unwrap(), wanted);
        assert_eq!(std::fs::read(stored("HH1")).unwrap(), whole);
    }

    // A file that was changed behind its time and length: its records do not begin when they should.
    let (before, shifted) = (bytes_of("HHZ", "12:00"), bytes_of("HHZ", "12:07"));
    assert_eq!(before.len(), shifted.len());
    std::fs::write(file("HHZ"), shifted).unwrap();
    set_back(&file("HHZ"));
    let record = read().unwrap();
    assert_ne!(record.data[2], wanted.data[2]);
    assert_eq!(read().unwrap(), record, "the index is made anew");
    assert_eq!(n_stored(), 3);

    // An archive without the folder is left as it is, and so is one where it is something else.
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(read().unwrap().data, record.data);
    assert!(!folder.exists());
    std::fs::write(&folder, "x").unwrap();
    assert_eq!(read().unwrap().data, record.data);
}

/// A record of long-period data lasts for hours; it lies in the file of the day on which it begins.
#[test]
fn a_record_over_midnight_is_found_from_the_next_day() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::create(dir.path(), "GS", "OK029", "00", "LH*", false).unwrap();
    for channel in ["LH1", "LH2", "LHZ"] {
        let mut one = trace(
            channel,
            "2013-12-31T23:00:00",
            Samples::Int32((0..3600 * 4).collect()),
        );
        one.sampling_rate_hz = 1.0;
        let bytes = mseed::write(&[one]).unwrap();
        let of_the_last_day: Vec<u8> = bytes.chunks(4096).next().unwrap().to_vec();
        let n = mseed::read(&of_the_last_day, "first").unwrap()[0].n_samples();
        assert!(n > 6000, "{n}");
        archive
            .add(&stream(channel), &of_the_last_day, "first")
            .unwrap();
    }
    let start = time::parse("2014-01-01T00:30:00").unwrap();
    let record = archive.record(start, 60).unwrap();
    assert_eq!(record.data[2][..2], [5400.0, 5401.0]);
}

fn entry_words() -> impl Strategy<Value = Vec<(u32, usize, usize)>> {
    prop::collection::vec((1_u32..500_000, 0_usize..7, 0_usize..3), 0..30)
}

proptest! {
    #[test]
    fn a_ledger_is_read_as_it_was_written_and_fills_every_span(
        words in entry_words(),
        from in 0_i64..4000, length in 1_i64..4000,
    ) {
        let start = time::parse("2014-02-16").unwrap();
        let mut text = "start,end,outcome,n_samples,n_faults,detail\n".to_string();
        let mut at = start;
        for (millis, outcome, n) in words {
            let end = at + time::seconds(f64::from(millis) * 1e-3);
            if n > 0 {
                let name = DownloadOutcome::ALL[outcome].name();
                let (a, b) = (time::iso(at), time::iso(end));
                text += &format!("{a},{b},{name},{millis},{},\"a, b\"\n", n - 1);
            }
            at = end;
        }
        let ledger = DownloadLog::from_csv(&text, "test").unwrap();
        prop_assert_eq!(&DownloadLog::from_csv(&ledger.to_csv(), "test").unwrap(), &ledger);
        let span = TimeSpan {
            start: start + time::seconds(from as f64),
            end: start + time::seconds((from + length) as f64),
        };
        let all = ledger.within(span);
        prop_assert_eq!(all[0].start, span.start);
        prop_assert_eq!(all.last().unwrap().end, span.end);
        prop_assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
        let missing = ledger.missing(span);
        prop_assert!(missing.iter().all(|entry| !entry.outcome.is_there()));
    }

    #[test]
    fn any_text_is_a_ledger_or_refused(text in "[a-z0-9,\"\n:TZ-]{0,200}") {
        let _ = DownloadLog::from_csv(&text, "test");
        let _ = DownloadLog::from_csv(&format!("start,end,outcome,n_samples,n_faults,detail\n{text}"), "test");
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn twelve_hours_of_a_real_record() {
    let data = real_data();
    let archive = Archive::open(data.join("iquique/sds"), "CX", "PB01", "", "HH*").unwrap();
    let start = time::parse("2014-05-01").unwrap();
    let traces = archive.traces(start, start).unwrap();
    // Start, samples and digest by ObsPy 1.5.1.
    let expected = [
        "CX.PB01..HHE 2014-04-30T23:59:59.998393Z 4320001 d3a8eb91b2e88225",
        "CX.PB01..HHN 2014-04-30T23:59:59.998391Z 4320001 bbb845aa4a262ef3",
        "CX.PB01..HHZ 2014-04-30T23:59:59.998393Z 4320001 2ebc36e72947b6df",
    ];
    let ours = traces.iter().map(|t| {
        let segment = &t.segments[0];
        assert_eq!(t.segments.len(), 1);
        let (start, n) = (time::iso(segment.start), segment.samples.len());
        format!("{} {start} {n} {}", t.id, &mseed::sha256(t)[..16])
    });
    assert_eq!(ours.collect::<Vec<_>>(), expected);

    let whole = archive.record(start, 4_320_001).unwrap();
    assert!(whole.gaps().is_empty());
    assert_eq!(whole.channels, ["HHE", "HHN", "HHZ"]);
    assert_eq!(time::iso(whole.start), "2014-04-30T23:59:59.998393Z");
    assert_eq!(
        whole.data.each_ref().map(|c| c[2_160_000]),
        [760.0, 171.0, 379.0]
    );
    assert_eq!(
        whole.data.each_ref().map(|c| c[4_320_000]),
        [465.0, 57.0, 265.0]
    );
    // One sample more is a gap, not a shift.
    assert_eq!(
        archive.record(start, 4_320_002).unwrap().gaps(),
        vec![4_320_001..4_320_002; 1]
    );
}

// ------------------------------------------------------- filters, spectra

/// The input of tests/reference/filter.py.
fn reference_input() -> Vec<f32> {
    (0..400)
        .map(|i| {
            let x = f64::from(i);
            let wave = 1000.0 * (0.07 * x).sin() + 300.0 * (1.3 * x + 0.5 * (0.01 * x).sin()).sin();
            (wave + f64::from(i * 7919 % 1009) - 500.0 + 2000.0).round() as f32
        })
        .collect()
}

fn assert_near(ours: &[f32], at: &[usize], expected: &[f64]) {
    for (i, e) in at.iter().zip(expected) {
        assert!(
            (f64::from(ours[*i]) - e).abs() < 2e-3 * e.abs().max(0.1),
            "{i}: {} {e}",
            ours[*i]
        );
    }
}

#[test]
fn filters_agree_with_scipy() {
    let input = reference_input();
    let at = [0, 1, 50, 399];
    let cases = [
        (
            Filter::bandpass(4, 2.0, 20.0, 100.0),
            [0.0, 40.5213, 314.7576, 407.2858],
            [-7.256, 663.3354, -48.9185, -63.3351],
        ),
        (
            Filter::highpass(3, 1.0, 100.0),
            [0.0, 1140.9964, -344.7381, -846.3374],
            [-194.1598, 978.3649, -151.9685, -163.5311],
        ),
        (
            Filter::lowpass(5, 10.0, 100.0),
            [1500.0, 1501.5583, 1932.6703, 2638.4371],
            [1501.3746, 1767.2728, 1660.7499, 2350.1062],
        ),
        (
            Filter::bandpass(3, 0.5, 45.0, 100.0),
            [0.0, 858.4801, -789.4424, -436.9228],
            [402.84, 1572.085, -141.176, 192.48],
        ),
    ];
    for (filter, causal, zero_phase) in cases {
        let filter = filter.unwrap();
        assert_near(&filter.apply(&input, Pass::Causal), &at, &causal);
        assert_near(&filter.apply(&input, Pass::ZeroPhase), &at, &zero_phase);
    }
    for bad in [
        Filter::bandpass(0, 1.0, 2.0, 100.0),
        Filter::bandpass(4, 20.0, 2.0, 100.0),
        Filter::highpass(4, 0.0, 100.0),
        Filter::lowpass(4, 50.0, 100.0),
        Filter::lowpass(4, f64::NAN, 100.0),
    ] {
        let error = bad.unwrap_err();
        assert!(
            matches!(error, Error::Waveform { ref place, .. } if place.starts_with("filter of order")),
            "{error}"
        );
    }
}

#[test]
fn a_filter_starts_anew_after_a_gap() {
    let samples = reference_input();
    let mut record = Record3C {
        station: "GS.OK029.00".into(),
        channels: ["HH1", "HH2", "HHZ"].map(String::from),
        start: time::parse("2014-02-16").unwrap(),
        sampling_rate_hz: 100.0,
        data: [samples.clone(), samples.clone(), samples.clone()],
        simulated: false,
    };
    record.data[1][200] = f32::NAN;
    let filter = Filter::bandpass(4, 2.0, 20.0, 100.0).unwrap();
    for pass in [Pass::Causal, Pass::ZeroPhase] {
        let filtered = filter.record(&record, pass).unwrap();
        assert_eq!(filtered.gaps(), vec![200..201; 1]);
        assert_eq!(filtered.data[1][..200], filter.apply(&samples[..200], pass));
        assert_eq!(filtered.data[1][201..], filter.apply(&samples[201..], pass));
        assert!(filter.apply(&[], pass).is_empty());
        assert_eq!(filter.apply(&[5.0], pass).len(), 1);
    }
    record.sampling_rate_hz = 50.0;
    assert!(filter.record(&record, Pass::Causal).is_err());
}

#[test]
fn gaps_of_any_length_are_filtered_stretch_by_stretch() {
    let samples = reference_input();
    let filter = Filter::bandpass(4, 2.0, 20.0, 100.0).unwrap();
    // Blocks of the filter have 512 samples.
    let gaps = [
        0..1,
        3..4,
        5..6,
        100..512,
        512..513,
        600..1100,
        1023..1024,
        1024..2048,
        2999..3000,
    ];
    let row = |n: usize, gaps: &[Range<usize>]| {
        let mut row: Vec<f32> = samples.iter().copied().cycle().take(n).collect();
        for gap in gaps {
            row[gap.start.min(n)..gap.end.min(n)].fill(f32::NAN);
        }
        row
    };
    for n in [1, 511, 512, 513, 3000] {
        let record = Record3C {
            station: "GS.OK029.00".into(),
            channels: ["HH1", "HH2", "HHZ"].map(String::from),
            start: time::parse("2014-02-16").unwrap(),
            sampling_rate_hz: 100.0,
            data: [row(n, &gaps), row(n, &gaps[3..6]), vec![f32::NAN; n]],
            simulated: false,
        };
        let filtered = filter.record(&record, Pass::Causal).unwrap();
        for (row, filtered) in record.data.iter().zip(&filtered.data) {
            let segments = row.chunk_by(|a, b| a.is_nan() == b.is_nan());
            let wanted = segments.flat_map(|segment| match segment[0].is_nan() {
                true => segment.to_vec(),
                false => filter.apply(segment, Pass::Causal),
            });
            let bits = |samples: &[f32]| -> Vec<Option<u32>> {
                let bits = |x: &f32| (!x.is_nan()).then(|| x.to_bits());
                samples.iter().map(bits).collect()
            };
            assert_eq!(bits(filtered), bits(&wanted.collect::<Vec<_>>()), "{n}");
        }
    }
}

#[test]
fn spectra_agree_with_scipy() {
    let near = |ours: f64, e: f64| assert!((ours / e - 1.0).abs() < 1e-6, "{ours} {e}");
    let mut input = reference_input();
    let psd = spectrum::psd(&input, 100.0, 128).unwrap();
    assert_eq!((psd.power.len(), psd.n_segments), (65, 5));
    for (i, e) in [
        (0, 80333.607),
        (1, 432_309.91),
        (10, 73.543382),
        (64, 20.251081),
    ] {
        near(psd.power[i], e);
    }
    let image = spectrum::spectrogram(&input, 100.0, 100, 30).unwrap();
    assert_eq!(image.time_s, [0.5, 1.2, 1.9, 2.6, 3.3]);
    assert_eq!(image.frequency_hz[50], 50.0);
    for (time, frequency, e) in [
        (0, 1, 344_394.06),
        (1, 7, 237.44598),
        (2, 20, 18797.169),
        (3, 50, 96.921342),
    ] {
        near(image.power[time][frequency], e);
    }

    input[10] = f32::NAN;
    let with_gap = spectrum::psd(&input, 100.0, 128).unwrap();
    assert_eq!((with_gap.n_segments, with_gap.n_segments_with_gaps), (4, 1));
    assert!(with_gap.power.iter().all(|p| p.is_finite()));
    assert!(spectrum::psd(&input, 100.0, 401).is_err());
    assert!(spectrum::spectrogram(&input, 100.0, 100, 100).is_err());
    assert!(spectrum::psd(&[f32::NAN; 200], 100.0, 100).is_err());
}
