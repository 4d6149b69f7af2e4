//! Any bytes as saved weights: as the whole file, and as the pickle in an archive whose sums are right. What is
//! read is tensors, and nothing is run, hangs or takes more memory than its file allows.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::read_weights;
use tempfile::TempDir;

thread_local! {
    static FOLDER: TempDir = tempfile::tempdir().unwrap();
}

/// A zip archive of stored entries (PKWARE's APPNOTE 6.3.10, sections 4.3.7 to 4.3.16).
fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut central) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let at = bytes.len() as u32;
        let sizes = [crc.sum(), data.len() as u32, data.len() as u32];
        let head = [
            vec![0; 10],
            sizes.map(u32::to_le_bytes).concat(),
            [name.len() as u16, 0].map(u16::to_le_bytes).concat(),
        ]
        .concat();
        bytes.extend([b"PK\x03\x04", &head[..], name.as_bytes(), data].concat());
        central.extend([b"PK\x01\x02\0\0", &head[..], &[0; 10], &at.to_le_bytes()].concat());
        central.extend(name.as_bytes());
    }
    let (at, n) = (bytes.len() as u32, entries.len() as u16);
    bytes.extend(&central);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([n, n].map(u16::to_le_bytes).concat());
    bytes.extend([central.len() as u32, at].map(u32::to_le_bytes).concat());
    bytes.extend([0, 0]);
    bytes
}

fn read(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    let _ = read_weights(path);
}

fuzz_target!(|bytes: &[u8]| FOLDER.with(|folder| {
    let path = folder.path().join("weights.pt.v2");
    read(&path, bytes);
    let numbers = [0; 24];
    read(
        &path,
        &zipped(&[("m/data.pkl", bytes), ("m/data/0", &numbers)]),
    );
}));
