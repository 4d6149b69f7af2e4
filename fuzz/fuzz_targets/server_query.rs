//! Any text as the query of a service, or as the body of a request for waveforms. The first byte chooses the
//! service. Whatever is asked, the answer is one of a few, and names no file of the disk.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quakebook_fuzz::catalog::{Catalog, Event};
use quakebook_fuzz::server::{ServedArchive, answer_at_once};
use quakebook_fuzz::station::{ChannelEpoch, Inventory, NetworkEpoch, StationEpoch};
use quakebook_fuzz::time;
use quakebook_fuzz::waveform::{Nslc, Samples, Segment, Trace, mseed};
use tempfile::TempDir;

const SERVICES: [&str; 4] = ["event", "station", "dataselect", "bulk"];

/// Two days of two channels, one event and one station.
static ARCHIVE: LazyLock<(TempDir, ServedArchive)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let at = |text| time::parse(text).unwrap();
    for (channel, day) in [("HHZ", "047"), ("HHZ", "048"), ("LHZ", "047")] {
        let trace = Trace {
            id: Nslc::new("XX", "A", "", channel).unwrap(),
            sampling_rate_hz: 1.0,
            segments: vec![Segment {
                // Over midnight.
                start: at("2014-02-16T23:50:00")
                    + time::seconds(if day == "047" { 0.0 } else { 900.0 }),
                samples: Samples::Int32((0..900).collect()),
            }],
        };
        let folder = folder.path().join(format!("2014/XX/A/{channel}.D"));
        std::fs::create_dir_all(&folder).unwrap();
        let bytes = mseed::write_records(&[trace], 512).unwrap();
        std::fs::write(folder.join(format!("XX.A..{channel}.D.2014.{day}")), bytes).unwrap();
    }
    let event = Event {
        id: "e1".into(),
        origin_time: at("2014-02-16T23:55:00"),
        longitude_deg: -97.4,
        latitude_deg: 35.8,
        depth_km: None,
        magnitude: 2.2,
        magnitude_type: "ML".into(),
        event_type: "earthquake".into(),
    };
    let catalog = Catalog::new("made up", false, vec![event]);
    std::fs::write(folder.path().join("catalog.xml"), catalog.to_quakeml()).unwrap();
    let channel = ChannelEpoch {
        code: "HHZ".parse().unwrap(),
        latitude_deg: 35.8,
        longitude_deg: -97.4,
        sampling_rate_hz: Some(1.0),
        ..ChannelEpoch::default()
    };
    let station = StationEpoch {
        code: "A".parse().unwrap(),
        latitude_deg: 35.8,
        longitude_deg: -97.4,
        channels: vec![channel],
        ..StationEpoch::default()
    };
    let network = NetworkEpoch {
        code: "XX".parse().unwrap(),
        stations: vec![station],
        ..NetworkEpoch::default()
    };
    let inventory = Inventory {
        source: "made up".into(),
        simulated: false,
        networks: vec![network],
    };
    std::fs::write(
        folder.path().join("stations.xml"),
        inventory.to_stationxml(),
    )
    .unwrap();
    let archive = ServedArchive::open(folder.path()).unwrap();
    (folder, archive)
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, text)) = bytes.split_first() else {
        return;
    };
    let (folder, archive) = &*ARCHIVE;
    let service = SERVICES[usize::from(*first) % SERVICES.len()];
    let (status, body) = answer_at_once(archive, service, &String::from_utf8_lossy(text));
    assert!([200, 204, 400, 404].contains(&status), "{status}");
    let path = folder.path().file_name().unwrap().as_encoded_bytes();
    // A refusal shows what was asked.
    let has_path = |bytes: &[u8]| bytes.windows(path.len()).any(|window| window == path);
    assert!(has_path(text) || !has_path(&body));
    if status == 400 {
        assert!(body.len() < 1000 && !body.iter().any(|b| b.is_ascii_control() && *b != b'\n'));
    }
});
