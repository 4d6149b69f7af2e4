//! Any text as QuakeML. What is read is written, and read again to as many events.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::catalog::Catalog;

fuzz_target!(|text: &str| {
    if let Ok(catalog) = Catalog::from_quakeml(text, "fuzz") {
        for text in [
            catalog.to_quakeml(),
            catalog.to_fdsn_text(),
            catalog.to_comcat_csv(),
        ] {
            let back = Catalog::from_text(&text, "again").expect("what was written can be read");
            assert_eq!(back.len(), catalog.len());
        }
    }
});
