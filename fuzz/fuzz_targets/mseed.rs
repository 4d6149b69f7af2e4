//! Any bytes as miniSEED. The strict reader takes what has no fault for the lenient one, and nothing
//! else; what it takes is written in both versions, and read again to as many samples.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::waveform::{Trace, mseed};

fn n_samples(traces: &[Trace]) -> usize {
    traces.iter().map(|trace| trace.n_samples()).sum()
}

fuzz_target!(|bytes: &[u8]| {
    let lenient = mseed::read_lenient(bytes, "fuzz");
    let Ok(traces) = mseed::read(bytes, "fuzz") else {
        assert!(!lenient.faults.is_empty());
        return;
    };
    assert!(lenient.faults.is_empty(), "{:?}", lenient.faults);
    assert_eq!(n_samples(&lenient.traces), n_samples(&traces));
    if traces.is_empty() {
        return;
    }
    // Not every rate and time that a file may hold can be written.
    for written in [mseed::write(&traces), mseed::write_version3(&traces)] {
        if let Ok(written) = written {
            let back = mseed::read_lenient(&written, "again");
            assert!(back.faults.is_empty(), "{:?}", back.faults);
            assert_eq!(n_samples(&back.traces), n_samples(&traces));
        }
    }
});
