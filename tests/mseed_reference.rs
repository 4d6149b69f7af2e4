//! miniSEED: every reference file of others, damage of every kind, and round trips.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quakebook::time;
use quakebook::waveform::{Samples, Segment, StreamId, Trace, mseed};

/// The folder of real records, where it is there.
fn shared_data() -> Option<PathBuf> {
    let dir = std::env::var_os("QUAKEBOOK_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if !dir.is_dir() {
        println!("skipped: there is no {}", dir.display());
    }
    dir.is_dir().then_some(dir)
}

fn trace(channel: &str, start: &str, samples: Samples) -> Trace {
    Trace {
        id: StreamId {
            network: "GS".into(),
            station: "OK029".into(),
            location: "00".into(),
            channel: channel.into(),
        },
        sampling_rate_hz: 100.0,
        segments: vec![Segment {
            start: time::parse(start).unwrap(),
            samples,
        }],
    }
}

fn digest(samples: &Samples) -> String {
    let mut one = trace("HHZ", "2014-02-16", samples.clone());
    one.id.channel.clear();
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
    ("obspy/bizarre/emptyfile.mseed", "no byte"),
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
fn every_reference_file_gives_the_samples_that_others_read_or_is_refused() {
    let Some(data) = shared_data() else { return };
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

/// Flipped bits of the samples or of Steim's constants are found, or fall on unused places.
#[test]
fn a_flipped_bit_is_found() {
    let samples: Vec<i32> = (0..2000).map(|i: i32| i * 7919 % 1009 - 500).collect();
    let original = trace("HHZ", "2014-02-16", Samples::Int32(samples));
    let bytes = mseed::write(std::slice::from_ref(&original)).unwrap();
    let mut n_found = 0;
    let mut n_harmless = 0;
    for byte in 64..2000 {
        for bit in [0, 3, 7] {
            let mut damaged = bytes.clone();
            damaged[byte] ^= 1 << bit;
            match mseed::read(&damaged, "damaged") {
                Err(error) => {
                    n_found += 1;
                    let text = error.to_string();
                    assert!(text.contains("damaged, byte 0, GS.OK029.00.HHZ"), "{text}");
                }
                Ok(traces) if traces[0] == original => n_harmless += 1,
                Ok(_) => panic!("bit {bit} of byte {byte} changed samples unnoticed"),
            }
        }
    }
    assert!(
        n_found > 100 * n_harmless,
        "{n_found} found, {n_harmless} harmless"
    );
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let samples: Vec<i32> = (0..9000).map(|i: i32| i * 7919 % 1009).collect();
    let bytes = mseed::write(&[trace("HHZ", "2014-02-16", Samples::Int32(samples))]).unwrap();
    let whole = mseed::read(&bytes, "whole").unwrap()[0].n_samples();
    for n in (1..bytes.len()).step_by(97) {
        match mseed::read(&bytes[..n], "cut") {
            Err(error) => assert!(error.to_string().contains("cut, byte"), "{error}"),
            // Between two records nothing is damaged, only shorter.
            Ok(traces) => assert!(n % 4096 == 0 && traces[0].n_samples() < whole),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        ints in prop::collection::vec(any::<i32>(), 1..3000),
        small in prop::collection::vec(-40_i32..40, 1..3000),
        floats in prop::collection::vec(any::<f64>(), 1..1500),
        micros in 0_i64..86_400_000_000,
        rate in prop::sample::select(vec![100.0, 1.0, 0.1, 200.0, 12.5, 0.025]),
    ) {
        let start = time::parse("2014-02-16").unwrap() + chrono::TimeDelta::microseconds(micros);
        for samples in [Samples::Int32(ints), Samples::Int32(small), Samples::Float64(floats)] {
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
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        at in prop::collection::vec((0_usize..512, any::<u8>()), 1..8),
    ) {
        let _ = mseed::read(&bytes, "noise");
        let samples = Samples::Int32((0..300).collect());
        let mut record = mseed::write(&[trace("HHZ", "2014-02-16", samples)]).unwrap();
        for (i, byte) in at {
            record[i] = byte;
        }
        let _ = mseed::read(&record, "damaged");
    }
}
