//! miniSEED against the reference files of others, archives, records of three components.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quakebook::waveform::{Record3C, Samples, Segment, StreamId, Trace, mseed};
use quakebook::{Error, time};
use sha2::{Digest, Sha256};

/// The folder of real records, where it is there.
fn shared_data() -> Option<PathBuf> {
    let dir = std::env::var_os("QUAKEBOOK_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if !dir.is_dir() {
        println!("skipped: no {}", dir.display());
    }
    dir.is_dir().then_some(dir)
}

fn digest(samples: &Samples) -> String {
    let bytes: Vec<u8> = match samples {
        Samples::Int32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Samples::Float32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Samples::Float64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
    };
    Sha256::digest(bytes)[..8]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

#[test]
fn compare() {
    let Some(data) = shared_data() else { return };
    let mut expected: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in include_str!("reference/mseed.txt").lines() {
        let (file, rest) = line.split_once(' ').unwrap();
        expected.entry(file).or_default().push(rest);
    }
    for (file, mut lines) in expected {
        lines.sort();
        let mut ours = match mseed::read_file(data.join("mseed").join(file)) {
            Err(error) => vec![format!("refused {error}")],
            Ok(traces) => traces
                .iter()
                .flat_map(|t| {
                    t.segments.iter().map(move |s| {
                        format!(
                            "{} {} {} {} {}",
                            t.id,
                            time::iso(s.start),
                            t.sampling_rate_hz,
                            s.samples.len(),
                            digest(&s.samples)
                        )
                    })
                })
                .collect(),
        };
        ours.sort();
        if lines != ours {
            println!(
                "{file}\n   {}\n   {}",
                lines.join("\n   "),
                ours.join("\n   ")
            );
        }
    }
}
