//! Any bytes as the index of a day file, with the file's own version before and the right checksum
//! after them. Whatever it says, an archive gives the samples that lie in the file.
#![no_main]

use std::fs::File;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::time;
use quakebook_fuzz::waveform::{Archive, Nslc, Samples, Segment, Trace, WaveformSource, mseed};
use tempfile::TempDir;

const N_SAMPLES: i32 = 6000;

/// A minute of three components in short records, and what an index of the vertical begins with.
static ARCHIVE: LazyLock<(TempDir, [u8; 16])> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(&folder, true);
    let mut front = [0; 16];
    for channel in ["HHE", "HHN", "HHZ"] {
        let trace = Trace {
            id: Nslc::new("XX", "A", "", channel).unwrap(),
            sampling_rate_hz: 100.0,
            segments: vec![Segment {
                start: time::parse("2014-02-16").unwrap(),
                samples: Samples::Int32((0..N_SAMPLES).map(|i| i * i % 9973).collect()),
            }],
        };
        let path = archive.day_file(&trace.id, time::parse("2014-02-16").unwrap().date_naive());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, mseed::write_records(&[trace], 256).unwrap()).unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(changed).unwrap();
        front[..8].copy_from_slice(&file.metadata().unwrap().len().to_le_bytes());
        front[8..].copy_from_slice(&1_700_000_000_000_000_000_u64.to_le_bytes());
    }
    (folder, front)
});

fn open(folder: &TempDir, create: bool) -> Archive {
    match create {
        true => Archive::create(folder.path(), "XX", "A", "", "HH*", false).unwrap(),
        false => Archive::open(folder.path(), "XX", "A", "", "HH*").unwrap(),
    }
}

/// CRC-32C, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}

fuzz_target!(|bytes: &[u8]| {
    let (folder, front) = &*ARCHIVE;
    let index = [b"qbindex1", bytes].concat();
    let checksum = u64::from(crc(&index)).to_le_bytes();
    let stored = folder.path().join("index/XX.A..HHZ.D.2014.047.index");
    std::fs::write(stored, [&front[..], &index, &checksum].concat()).unwrap();
    let archive = open(folder, false);
    for second in [0, 20, 59] {
        let start = time::parse("2014-02-16").unwrap() + time::seconds(f64::from(second));
        let record = archive.record(start, 100).unwrap();
        let expected = (second * 100..).map(|i| (i * i % 9973) as f32);
        assert!(record.data[2].iter().copied().eq(expected.take(100)));
    }
});
