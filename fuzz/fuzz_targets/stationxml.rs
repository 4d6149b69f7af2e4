//! Any text as StationXML. What is read is written, and read again to the same inventory, but for
//! times beyond the microsecond and characters that XML changes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::station::Inventory;

fuzz_target!(|text: &str| {
    if let Ok(inventory) = Inventory::from_stationxml(text, "fuzz") {
        for (.., channel) in inventory.channels() {
            if let Some(response) = &channel.response {
                let _ = response.amplitude_at(1.0);
            }
        }
        let text = inventory.to_stationxml();
        let back =
            Inventory::from_stationxml(&text, "again").expect("what was written can be read");
        assert_eq!(back.channels().count(), inventory.channels().count());
    }
});
