//! Any bytes as a dataset of SeisBench: as its HDF5 beside a sound table, or else as the table beside a sound HDF5. What is read of it
//! is written, and read again as it was.
#![no_main]

use std::path::Path;
use std::sync::Once;

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::seisbench::{DataFormat, LabelledTrace, Labels, WaveformDataset, write};
use tempfile::TempDir;

/// How a file of HDF5 begins.
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// One that says everything of its traces, and one that leaves it to the HDF5.
const TABLES: [&str; 2] = [
    "trace_name,trace_sampling_rate_hz,trace_component_order\n\"bucket0$0,:3,:6\",100,ZNE\n\"bucket0$1,:3,:\",50,ZNE\n\
     bucket1,20,ZNE\nXY.ABC,20,ZNE\n",
    "trace_name\n\"bucket0$0,:3,:10\"\nbucket1\nonly\n",
];

thread_local! {
    /// A sound dataset, and a place for the one at hand.
    static FOLDERS: (TempDir, TempDir) = {
        let sound = tempfile::tempdir().unwrap();
        let trace = LabelledTrace {
            labels: Labels::new("ZNE", 100.0),
            samples: (0..30).map(|i| i as f32).collect(),
        };
        write(sound.path(), &DataFormat::default(), &[trace.clone(), trace]).unwrap();
        (sound, tempfile::tempdir().unwrap())
    };
}

/// A damaged file may break what `hdf5_pure` takes for granted: the reader catches that, and so the fuzzer must not end there.
fn let_hdf5_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ends = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|at| at.file().contains("hdf5")) {
                ends(info);
            }
        }));
    });
}

fn check(folder: &Path) {
    let Ok(dataset) = WaveformDataset::open(folder) else {
        return;
    };
    let traces: Vec<LabelledTrace> = (0..dataset.len().min(8))
        .filter_map(|i| dataset.trace(i).ok())
        .collect();
    let again = tempfile::tempdir().unwrap();
    // Not every rate, letter and sample that a file may hold can be written.
    if write(again.path(), dataset.format(), &traces).is_ok() {
        let back = WaveformDataset::open(again.path()).expect("what was written can be read");
        assert_eq!(back.len(), traces.len());
        for (i, trace) in traces.iter().enumerate() {
            let back = back.trace(i).expect("what was written can be read");
            assert_eq!(back.samples, trace.samples);
            assert_eq!(back.labels.components, trace.labels.components);
            assert_eq!(back.labels.arrivals(), trace.labels.arrivals());
        }
    }
}

fuzz_target!(|bytes: &[u8]| FOLDERS.with(|(sound, folder)| {
    let_hdf5_panic();
    let (table, samples) = (
        folder.path().join("metadata.csv"),
        folder.path().join("waveforms.hdf5"),
    );
    if bytes.starts_with(SIGNATURE) {
        std::fs::write(&samples, bytes).unwrap();
        for text in TABLES {
            std::fs::write(&table, text).unwrap();
            check(folder.path());
        }
    } else {
        std::fs::copy(sound.path().join("waveforms.hdf5"), &samples).unwrap();
        std::fs::write(&table, bytes).unwrap();
        check(folder.path());
    }
}));
