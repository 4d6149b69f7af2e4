//! Any text as a study file. What is read is written, and read again to the same study.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::study::Study;

fuzz_target!(|text: &str| {
    if let Ok(study) = Study::from_toml(text) {
        let back = Study::from_toml(&study.to_toml()).expect("what was written can be read");
        assert_eq!(back, study);
        let _ = study.hash();
    }
});
