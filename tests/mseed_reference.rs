//! miniSEED: every reference file of others, damage of every kind, and round trips.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{real_data, trace};
use proptest::prelude::*;
use quakebook::time;
use quakebook::waveform::mseed::FaultKind;
use quakebook::waveform::{Archive, Samples, Trace, mseed};

fn digest(samples: &Samples) -> String {
    let one = trace("HHZ", "2014-02-16", samples.clone());
    mseed::sha256(&one)
}

// ---------------------------------------------------------- reference files

/// Files that are refused, and what is said of them. ObsPy refuses them too, or reads them with a
/// warning at most.
const REFUSED: [(&str, &str); 11] = [
    ("libmseed/LICENSE", "no miniSEED record"),
    (
        "libmseed/test/data/testdata-invalid-blockette-offsets.mseed2",
        "Xn",
    ),
    ("obspy/bizarre/emptyfile.mseed", "empty"),
    (
        "obspy/brokenlastrecord.mseed",
        "byte 4096: no miniSEED record",
    ),
    (
        "obspy/corrupt_one_extra_byte_at_end.mseed",
        "byte 512: no miniSEED record",
    ),
    ("obspy/gecko_non_ascii_header.ms", "not ASCII"),
    ("obspy/infinite-loop.mseed", "Xn"),
    ("obspy/not.mseed", "byte 512: truncated"),
    ("obspy/not2.mseed", "no miniSEED record"),
    ("obspy/not3.mseed", "no miniSEED record"),
    ("obspy/not4.mseed", "byte 512: truncated"),
];

/// Files that ObsPy leaves in pieces, or reads again and again, and the samples of the one segment
/// here.
const JOINED: [(&str, usize); 3] = [
    (
        "libmseed/test/data/testdata-oneseries-mixedlengths-mixedorder.mseed2",
        3952,
    ),
    ("obspy/bizarre/mseed_data_offset_0.mseed", 514),
    ("obspy/qualityflags.mseed", 412),
];

/// Files whose records hold no samples: text, or headers alone.
const WITHOUT_SAMPLES: [&str; 10] = [
    "fdsn_mseed3/reference-data/reference-detectiononly.mseed3",
    "fdsn_mseed3/reference-data/reference-text.mseed3",
    "libmseed/test/data/reference-testdata-headeronly.mseed2",
    "libmseed/test/data/reference-testdata-text.mseed2",
    "libmseed/test/data/testdata-detection.record.mseed2",
    "obspy/encoding/fullASCII_bigEndian.mseed",
    "obspy/encoding/fullASCII_littleEndian.mseed",
    "obspy/encoding/smallASCII_bigEndian.mseed",
    "obspy/encoding/smallASCII_littleEndian.mseed",
    "obspy/rt130_sr0_cropped.mseed",
];

/// Files of version 3 alone, which ObsPy does not read and which have no twin of version 2: the
/// channels are told here, the samples are those of a file that ObsPy reads.
const SAMPLES_OF: [(&str, &[&str], &str); 1] = [(
    "libmseed/test/data/reference-testdata-flushidle.mseed3",
    &["XX.TEST..HHZ 2012-05-12T00:00:00.123457Z 100 500"],
    "libmseed/test/data/reference-testdata-flushidle.mseed2",
)];

/// What ObsPy reads, and for version 3 what the reference's own JSON says: one line a segment. See
/// tests/reference/mseed.py.
const READ_BY_OTHERS: &str = include_str!("reference/mseed.txt");

/// The segments of a file, one line each.
fn segments_of(path: &Path) -> Result<Vec<String>, String> {
    let traces = mseed::read_file(path).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    for trace in traces {
        for segment in &trace.segments {
            let one = Trace {
                segments: vec![segment.clone()],
                ..trace.clone()
            };
            // Version 2 holds microseconds, version 3 nanoseconds.
            let start = segment.start + chrono::TimeDelta::nanoseconds(500);
            let (n, start) = (segment.samples.len(), time::iso(start));
            let (id, rate) = (&trace.id, trace.sampling_rate_hz);
            let digest = &mseed::sha256(&one)[..16];
            lines.push(format!("{id} {start} {rate} {n} {digest}"));
        }
    }
    lines.sort();
    Ok(lines)
}

fn files_below(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

/// What is wrong with how a file is read, if anything is.
fn judge(
    file: &str,
    root: &Path,
    read_by_others: &BTreeMap<&str, Vec<&str>>,
) -> Result<(), String> {
    let ours = segments_of(&root.join(file));
    let text = [".json", ".txt", ".py", ".sh"];
    let refused = REFUSED.iter().find(|(name, _)| *name == file);
    let words = match refused {
        Some((_, words)) => Some(*words),
        None => text
            .iter()
            .any(|end| file.ends_with(end))
            .then_some("no miniSEED record"),
    };
    if let Some(words) = words {
        let error = ours.err().ok_or("it was read")?;
        return match error.contains(words) && error.contains(file) {
            true => Ok(()),
            false => Err(error),
        };
    }
    let ours = ours?;
    if let Some((_, n)) = JOINED.iter().find(|(name, _)| *name == file) {
        return match &ours[..] {
            [one] if one.contains(&format!(" {n} ")) => Ok(()),
            _ => Err(format!("{ours:?}")),
        };
    }
    let samples_of = SAMPLES_OF.iter().find(|(name, ..)| *name == file);
    let expected: Vec<String> = if let Some((_, lines, of)) = samples_of {
        let digest = read_by_others[of][0].rsplit(' ').next().unwrap();
        lines
            .iter()
            .map(|line| format!("{line} {digest}"))
            .collect()
    } else if WITHOUT_SAMPLES.contains(&file) {
        Vec::new()
    } else if let Some(lines) = read_by_others.get(file) {
        lines.iter().map(|line| line.to_string()).collect()
    } else if let Some(twin) = file.strip_suffix("3").map(|name| format!("{name}2")) {
        segments_of(&root.join(twin))?
    } else {
        return Err(format!("no expectation; it reads as {ours:#?}"));
    };
    match ours == expected {
        true => Ok(()),
        false => Err(format!("read as {ours:#?}, expected {expected:#?}")),
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn every_reference_file_gives_the_samples_that_others_read_or_is_refused() {
    let data = real_data();
    let root = data.join("mseed");
    let mut read_by_others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in READ_BY_OTHERS.lines() {
        let (file, rest) = line.split_once(' ').unwrap();
        read_by_others.entry(file).or_default().push(rest);
    }
    read_by_others.values_mut().for_each(|lines| lines.sort());
    let files = files_below(&root);
    assert!(files.len() > 150, "{} files", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let file = path.strip_prefix(&root).unwrap().display().to_string();
        if let Err(what) = judge(&file, &root, &read_by_others) {
            wrong.push(format!("{file}: {what}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} files:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        ints in prop::collection::vec(any::<i32>(), 1..3000),
        small in prop::collection::vec(-40_i32..40, 1..3000),
        floats in prop::collection::vec(any::<f64>(), 1..1500),
        singles in prop::collection::vec(any::<f32>(), 1..1500),
        micros in 0_i64..86_400_000_000,
        rate in prop::sample::select(vec![100.0, 1.0, 0.1, 200.0, 12.5, 0.025]),
    ) {
        let start = time::parse("2014-02-16").unwrap() + chrono::TimeDelta::microseconds(micros);
        for samples in [Samples::Int32(ints), Samples::Int32(small), Samples::Float32(singles), Samples::Float64(floats)] {
            let mut original = trace("HHZ", "2014-02-16", samples);
            original.segments[0].start = start;
            original.sampling_rate_hz = rate;
            let bytes = mseed::write(std::slice::from_ref(&original)).unwrap();
            let back = mseed::read(&bytes, "test").unwrap();
            prop_assert_eq!(back.len(), 1);
            // NaN differs from itself: compare bits.
            prop_assert_eq!(digest(&back[0].segments[0].samples), digest(&original.segments[0].samples));
            prop_assert_eq!(back[0].segments.len(), 1);
            prop_assert_eq!(back[0].segments[0].start, start);
            prop_assert_eq!(back[0].sampling_rate_hz, rate);
            let bytes = mseed::write_version3(std::slice::from_ref(&original)).unwrap();
            let back = mseed::read(&bytes, "test").unwrap();
            prop_assert_eq!(digest(&back[0].segments[0].samples), digest(&original.segments[0].samples));
            prop_assert_eq!((back.len(), back[0].segments.len()), (1, 1));
            prop_assert_eq!(back[0].segments[0].start, start);
            prop_assert_eq!(back[0].sampling_rate_hz, rate);
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        at in prop::collection::vec((0_usize..512, any::<u8>()), 1..8),
    ) {
        let _ = mseed::read(&bytes, "noise");
        let _ = mseed::read_lenient(&bytes, "noise");
        let samples = Samples::Int32((0..300).collect());
        let mut record = mseed::write(&[trace("HHZ", "2014-02-16", samples)]).unwrap();
        for (i, byte) in at {
            record[i] = byte;
        }
        let _ = mseed::read(&record, "damaged");
        let _ = mseed::read_lenient(&record, "damaged");
    }
}

// ------------------------------------------------------------------- damage

fn noise(n: usize) -> Samples {
    Samples::Int32((0..n as i32).map(|i| i * 7919 % 1009 - 500).collect())
}

/// Three records of version 2, 4096 bytes each.
fn three_records() -> (Trace, Vec<u8>) {
    let original = trace("HHZ", "2014-02-16", noise(5500));
    let bytes = mseed::write(std::slice::from_ref(&original)).unwrap();
    assert_eq!(bytes.len(), 3 * 4096);
    (original, bytes)
}

/// The samples of `part` are those of `whole` at the same times.
fn assert_part_of(whole: &Trace, part: &[Trace], why: &str) {
    let Samples::Int32(all) = &whole.segments[0].samples else {
        panic!("integers")
    };
    for segment in part.iter().flat_map(|trace| &trace.segments) {
        let Samples::Int32(some) = &segment.samples else {
            panic!("{why}: another type")
        };
        let from = time::between_s(whole.segments[0].start, segment.start) * 100.0;
        let from = from.round() as usize;
        assert_eq!(some[..], all[from..from + some.len()], "{why}");
    }
}

#[test]
fn a_damaged_record_leaves_a_gap_and_is_named() {
    let (original, bytes) = three_records();
    let whole = mseed::read_lenient(&bytes, "file");
    assert_eq!((whole.n_records, whole.faults.len()), (3, 0));
    assert_eq!(whole.traces, std::slice::from_ref(&original));

    type Harm = fn(&mut Vec<u8>);
    let harms: [(FaultKind, Harm); 5] = [
        (FaultKind::Samples, |b| b[4096 + 1000] ^= 1),
        (FaultKind::NotARecord, |b| b[4096] = b'x'),
        (FaultKind::Header, |b| b[4096 + 24] = 25),
        (FaultKind::Encoding, |b| b[4096 + 52] = 19),
        (FaultKind::Truncated, |b| b.truncate(4096 + 5000)),
    ];
    for (kind, harm) in harms {
        let mut damaged = bytes.clone();
        harm(&mut damaged);
        let found = mseed::read_lenient(&damaged, "file");
        let [fault] = &found.faults[..] else {
            panic!("{kind:?}: {:?}", found.faults)
        };
        assert_eq!(fault.kind, kind, "{fault}");
        assert_part_of(&original, &found.traces, kind.name());
        if kind == FaultKind::Truncated {
            assert_eq!((found.n_records, fault.byte, fault.n_bytes), (2, 8192, 904));
        } else {
            assert_eq!(
                (found.n_records, fault.byte, fault.n_bytes),
                (2, 4096, 4096)
            );
            assert_eq!(found.traces[0].segments.len(), 2, "{kind:?}");
        }
        if kind == FaultKind::Samples {
            let text = fault.to_string();
            assert!(text.starts_with("file, byte 4096, GS.OK029.00.HHZ 2014-02-16T00:00:"));
            assert!(text.contains("Xn"), "{text}");
        }
        if kind == FaultKind::Encoding {
            assert!(fault.what.contains("19 (Steim 3)"), "{fault}");
        }
        let strict = mseed::read(&damaged, "file").unwrap_err().to_string();
        assert!(strict.contains(&fault.what), "{strict}");
    }
}

#[test]
fn records_that_contradict_one_another_are_both_kept_and_named() {
    let (original, bytes) = three_records();
    let mut other = original.clone();
    other.segments[0].samples = Samples::Int32(vec![7; 100]);
    other.segments[0].start += time::seconds(10.0);
    let both = [bytes, mseed::write(&[other.clone()]).unwrap()].concat();
    let found = mseed::read_lenient(&both, "file");
    assert_eq!(found.traces, [original, other]);
    let [fault] = &found.faults[..] else {
        panic!("{:?}", found.faults)
    };
    assert_eq!((fault.kind, fault.byte), (FaultKind::Overlap, 3 * 4096));
    assert!(fault.to_string().contains("00:00:10.000000Z: 100 samples"));
}

/// Every bit of a record. Version 2 has no check for its times, its rate and its codes: a flip in
/// the first 64 bytes may lead the samples elsewhere, but does not change them.
#[test]
fn no_flipped_bit_gives_other_samples() {
    let original = trace("HHZ", "2014-02-16", noise(1700));
    let bytes = mseed::write(std::slice::from_ref(&original)).unwrap();
    assert_eq!(bytes.len(), 4096);
    let mut n_found = 0;
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let found = mseed::read_lenient(&damaged, "damaged");
        n_found += usize::from(found.traces.is_empty());
        assert_eq!(
            found.traces.is_empty(),
            !found.faults.is_empty(),
            "bit {bit}"
        );
        for trace in &found.traces {
            assert_eq!(
                trace.segments[0].samples, original.segments[0].samples,
                "bit {bit}"
            );
            assert!(bit / 8 < 64 || *trace == original, "bit {bit}");
        }
    }
    // The rest are in the first 64 bytes, or where the last frames are not used.
    assert!(n_found > 20_000, "{n_found} flips were found");
}

/// Version 3 has a CRC over the whole record.
#[test]
fn every_flipped_bit_of_version_3_is_found() {
    let original = trace("HHZ", "2014-02-16", noise(400));
    let bytes = mseed::write_version3(std::slice::from_ref(&original)).unwrap();
    assert_eq!(mseed::read(&bytes, "whole").unwrap(), [original]);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = mseed::read(&damaged, "damaged").unwrap_err().to_string();
        assert!(error.contains("damaged, byte 0"), "bit {bit}: {error}");
        assert!(mseed::read_lenient(&damaged, "damaged").traces.is_empty());
    }
}

#[test]
fn cut_at_any_byte_the_rest_is_read_and_the_cut_is_named() {
    let (original, bytes) = three_records();
    for n in 0..bytes.len() {
        let found = mseed::read_lenient(&bytes[..n], "cut");
        assert_eq!(found.n_records, n / 4096, "{n}");
        let expected = usize::from(n % 4096 != 0 || n == 0);
        assert_eq!(found.faults.len(), expected, "{n}: {:?}", found.faults);
        assert_part_of(&original, &found.traces, "cut");
    }
}

/// Eight bytes that begin a record, a million times.
#[test]
fn faults_without_number_are_counted() {
    let bytes = b"000000D ".repeat(1 << 20);
    let found = mseed::read_lenient(&bytes, "bomb");
    let (n_kept, n_all) = (found.faults.len(), found.faults.n_all());
    assert_eq!((n_kept, found.faults.n_not_kept()), (1000, n_all - 1000));
    assert!((10_000..=bytes.len() / 128 + 1).contains(&n_all), "{n_all}");
    assert!(mseed::read(&bytes, "bomb").is_err());
}

/// 12 MB in which each record contradicts twenty others: comparing each with each would take minutes.
#[test]
fn contradictions_without_number_are_read_in_one_pass() {
    let record = |i: i32| {
        let mut one = trace("HHZ", "2014-02-16", Samples::Int32(vec![i, -i]));
        one.segments[0].start += time::seconds(f64::from(i) * 1e-3);
        mseed::write_version3(&[one]).unwrap()
    };
    let bytes: Vec<u8> = (1..=100_000).flat_map(record).collect();
    let found = mseed::read_lenient(&bytes, "crafted");
    assert_eq!(found.n_records, 100_000);
    assert!(found.faults.n_all() > 80_000);
    assert_eq!(found.faults.n_of(FaultKind::Overlap), found.faults.n_all());
    let n_samples: usize = found.traces.iter().map(Trace::n_samples).sum();
    assert_eq!(n_samples, 200_000);
    assert!(found.faults.iter().any(|fault| fault.byte > 0));
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), "GS", "OK029", "00", "HH*", false).unwrap();
    let file = archive.day_file(
        &found.traces[0].id,
        time::parse("2014-02-16").unwrap().date_naive(),
    );
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
    let (start, end) = ("2014-02-16", "2014-02-16T01:00:00");
    let [start, end] = [start, end].map(|text| time::parse(text).unwrap());
    let read = archive.lenient().traces(start, end).unwrap();
    // None of them can be believed but for the first and the last few.
    let n_samples: usize = read.iter().map(Trace::n_samples).sum();
    assert!(n_samples < 10, "{n_samples}");
}

/// Bytes in which a record that reaches to the end of the file seems to begin everywhere: reading
/// each would take a time that grows with the square of the length.
#[test]
fn a_file_made_to_be_read_again_and_again_is_given_up() {
    let record = mseed::write_version3(&[trace("HHZ", "2014-02-16", noise(10))]).unwrap();
    let head = &record[..40 + usize::from(record[33])];
    let n_bytes = 1 << 20;
    let mut bytes: Vec<u8> = head.iter().copied().cycle().take(n_bytes).collect();
    for at in (0..n_bytes - 40).step_by(head.len()) {
        let rest = (n_bytes - at - head.len()) as u32;
        bytes[at + 36..at + 40].copy_from_slice(&rest.to_le_bytes());
    }
    // A byte after the end that no record leads to.
    bytes.push(0);
    let found = mseed::read_lenient(&bytes, "trap");
    assert!(found.traces.is_empty() && found.faults.len() < 40);
    let last = found.faults.last().unwrap();
    assert!(last.what.contains("was not searched"), "{last}");
}
