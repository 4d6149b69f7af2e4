//! Any text as FDSN text of events or stations, ComCat's CSV or the paper's listing. What is read is
//! written, and read again to as many events or channels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::catalog::Catalog;
use quakebook_fuzz::station::{Inventory, Level};

fuzz_target!(|text: &str| {
    if let Ok(catalog) = Catalog::from_text(text, "fuzz") {
        for text in [
            catalog.to_fdsn_text(),
            catalog.to_comcat_csv(),
            catalog.listing(),
            catalog.to_quakeml(),
        ] {
            let back = Catalog::from_text(&text, "again").expect("what was written can be read");
            assert_eq!(back.len(), catalog.len());
        }
    }
    if let Ok(inventory) = Inventory::from_fdsn_text(text, "fuzz") {
        let text = inventory.to_fdsn_text(Level::Channel);
        let back = Inventory::from_text(&text, "again").expect("what was written can be read");
        assert_eq!(back.channels().count(), inventory.channels().count());
    }
});
