//! Real answers of data centres: every file of `../shared/data/fdsn` is read rightly or refused for the
//! right reason; what ObsPy reads too agrees with what it found; and ObsPy reads what is written here.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use quakebook::Error;
use quakebook::catalog::{Catalog, Event};
use quakebook::detect::{Detection, Detections};
use quakebook::station::{Inventory, Level};
use quakebook::study::Study;
use quakebook::time::{self, Time, TimeSpan};

/// The folder of real answers.
fn folder() -> PathBuf {
    common::real_data().join("fdsn")
}

/// Every file below, by its path from the folder.
fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let below = files(&path).into_iter();
            found.extend(below.map(|(file, path)| (format!("{name}/{file}"), path)));
        } else {
            found.insert(name, path);
        }
    }
    found
}

/// What both readers make of a file, in a sentence.
fn made_of(path: &Path) -> String {
    match (Catalog::read(path), Inventory::read(path)) {
        (Ok(catalog), Err(_)) => match catalog.left_out().n_events {
            0 => format!("{} events", catalog.len()),
            n => format!("{} events, {n} left out", catalog.len()),
        },
        (Err(_), Ok(inventory)) => {
            let n_stations: usize = inventory.networks.iter().map(|n| n.stations.len()).sum();
            format!(
                "{} networks, {n_stations} stations, {} channels",
                inventory.networks.len(),
                inventory.channels().count()
            )
        }
        (Err(catalog), Err(inventory)) => format!("refused: {catalog} {inventory}"),
        (Ok(_), Ok(_)) => "a catalog and an inventory at once".to_string(),
    }
}

/// File, and what is made of it; after `refused:` words of the reason.
const EXPECTED: &[(&str, &str)] = &[
    ("413_body_noa_eida.txt", "refused: begins no catalog"),
    ("isc_via_iris_eventtext_sample.txt", "7 events"),
    ("obspy_csv/catalog.csv", "3 events"),
    ("obspy_csv/events.txt", "2 events"),
    (
        "obspy_csv/external.csv",
        "refused: no column \"time\" in the header",
    ),
    ("obspy_csv/incomplete.csv", "1 events, 1 left out"),
    (
        "obspy_fdsn/2014-01-07_ethz_dataselect.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_ethz_event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_ethz_station.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_iris_dataselect.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_iris_event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_iris_station.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_ncedc_dataselect.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_ncedc_event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_ncedc_station.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_resif_dataselect.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_resif_station.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-01-07_usgs_event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/2014-02-16_seismicportal_event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/AU.MEEK.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    ("obspy_fdsn/bulk.mseed", "refused: is 0, which no text has"),
    (
        "obspy_fdsn/channel_level_fdsn.txt",
        "2 networks, 3 stations, 6 channels",
    ),
    (
        "obspy_fdsn/channel_level_fdsn_obscure_location_code.txt",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_fdsn/channel_level_fdsn_with_multiple_epochs.txt",
        "1 networks, 1 stations, 3 channels",
    ),
    (
        "obspy_fdsn/dataselect.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/dataselect_example.mseed",
        "refused: is 0, which no text has",
    ),
    (
        "obspy_fdsn/dataselect_example_mixed_wildcards.mseed",
        "refused: is 0, which no text has",
    ),
    (
        "obspy_fdsn/dataselect_example_wildcards.mseed",
        "refused: is 0, which no text has",
    ),
    (
        "obspy_fdsn/dataselect_helpstring.txt",
        "refused: begins no catalog",
    ),
    (
        "obspy_fdsn/dataselect_missing_attributes.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/dataselect_no_types.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    ("obspy_fdsn/eida_token.txt", "refused: begins no catalog"),
    (
        "obspy_fdsn/event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/event_helpstring.txt",
        "refused: begins no catalog",
    ),
    (
        "obspy_fdsn/event_missing_attributes.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/station.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/station_helpstring.txt",
        "refused: begins no catalog",
    ),
    (
        "obspy_fdsn/station_no_types.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    (
        "obspy_fdsn/uncommon_channel_location.txt",
        "1 networks, 4 stations, 4 channels",
    ),
    (
        "obspy_fdsn/usgs_event.wadl",
        "refused: <application> where <quakeml> was expected",
    ),
    ("obspy_quakeml/invalid_enum.xml", "1 events"),
    ("obspy_quakeml/invalid_id.xml", "1 events"),
    ("obspy_quakeml/iris_events.xml", "2 events"),
    ("obspy_quakeml/neries_events.xml", "3 events"),
    ("obspy_quakeml/preferred.xml", "1 events"),
    ("obspy_quakeml/qml-example-1.2-RC3.xml", "1 events"),
    ("obspy_quakeml/quakeml_1.2_arrival.xml", "1 events"),
    (
        "obspy_quakeml/quakeml_1.2_data_used.xml",
        "0 events, 1 left out",
    ),
    (
        "obspy_quakeml/quakeml_1.2_event.xml",
        "0 events, 1 left out",
    ),
    (
        "obspy_quakeml/quakeml_1.2_focalmechanism.xml",
        "0 events, 1 left out",
    ),
    (
        "obspy_quakeml/quakeml_1.2_magnitude.xml",
        "0 events, 1 left out",
    ),
    ("obspy_quakeml/quakeml_1.2_origin.xml", "1 events"),
    ("obspy_quakeml/quakeml_1.2_pick.xml", "1 events"),
    (
        "obspy_quakeml/quakeml_1.2_stationmagnitude.xml",
        "0 events, 1 left out",
    ),
    (
        "obspy_quakeml/quakeml_1.2_stationmagnitudecontributions.xml",
        "0 events, 1 left out",
    ),
    ("obspy_quakeml/usgs_event.xml", "2 events"),
    (
        "obspy_stationtxt/channel_level_fdsn.txt",
        "2 networks, 3 stations, 6 channels",
    ),
    (
        "obspy_stationtxt/channel_level_fdsn_faulty_header.txt",
        "2 networks, 3 stations, 6 channels",
    ),
    (
        "obspy_stationtxt/channel_level_fdsn_no_endtime.txt",
        "2 networks, 3 stations, 6 channels",
    ),
    (
        "obspy_stationtxt/log_channel_fdsn.txt",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationtxt/network_level_fdsn.txt",
        "2 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationtxt/network_level_fdsn_no_endtime.txt",
        "2 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationtxt/station_level_fdsn.txt",
        "2 networks, 3 stations, 0 channels",
    ),
    (
        "obspy_stationtxt/station_level_fdsn_no_endtime.txt",
        "2 networks, 3 stations, 0 channels",
    ),
    (
        "obspy_stationtxt/unicode_example_fdsn.txt",
        "1 networks, 1 stations, 0 channels",
    ),
    (
        "obspy_stationxml/F1_423_small.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/IRIS_single_channel_with_response.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/IRIS_single_channel_with_response_custom_tags.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/channel_without_coordinates.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/empty_channel.xml",
        "refused: IV.LATE: a <Channel> without a code",
    ),
    (
        "obspy_stationxml/full_network_field_station.xml",
        "1 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationxml/full_random_stationxml.xml",
        "refused: \"rrkqyXsRMJtPa\" where a code of 1 to 8 letters",
    ),
    (
        "obspy_stationxml/full_random_stationxml_1_0.xml",
        "refused: \"rrkqyXsRMJtPa\" where a code of 1 to 8 letters",
    ),
    (
        "obspy_stationxml/full_station_field_station.xml",
        "1 networks, 1 stations, 0 channels",
    ),
    (
        "obspy_stationxml/minimal_station.xml",
        "1 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationxml/minimal_station_with_microseconds.xml",
        "1 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationxml/minimal_with_non_obspy_module_and_sender_tags_station.xml",
        "1 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationxml/no_default_namespace.xml",
        "1 networks, 0 stations, 0 channels",
    ),
    (
        "obspy_stationxml/only_soh.xml",
        "1 networks, 1 stations, 2 channels",
    ),
    (
        "obspy_stationxml/stationxml_BK.CMB.__.LKS.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/stationxml_IU.ANTO.30.LDO.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/stationxml_with_availability.xml",
        "1 networks, 1 stations, 1 channels",
    ),
    (
        "obspy_stationxml/version20.xml",
        "refused: StationXML of version \"2.0\"",
    ),
    (
        "paper_cat_txt_sample.txt",
        "refused: 12 rows where the first line counts 703",
    ),
];

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn every_answer_is_read_or_refused_for_the_right_reason() {
    let folder = folder();
    let mut expected: BTreeMap<&str, &str> = EXPECTED.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, path) in files(&folder) {
        let made = made_of(&path);
        let right = match expected.remove(file.as_str()) {
            Some(wanted) => match wanted.strip_prefix("refused: ") {
                Some(words) => made.starts_with("refused: ") && made.contains(words),
                None => made == wanted,
            },
            None => false,
        };
        if !right {
            wrong.push(format!("{file}: {made}"));
        }
    }
    wrong.extend(expected.keys().map(|file| format!("{file} is absent")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_catalog_is_written_as_its_extension_says() {
    let text = "#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude|EventType\n\
                b|2014-02-16T01:28:31.32|35.8|-97.4|5|ML|-0.4|quarry\n\
                a|2014-02-15T01:28:31.32Z|35.8|-97.4||||earthquake\n";
    let catalog = Catalog::from_text(text, "an answer").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, beginning) in [
        ("a.csv", "time,latitude"),
        ("a.XML", "<?xml"),
        ("a.txt", "#EventID"),
    ] {
        let path = folder.path().join(name);
        catalog.write(&path).unwrap();
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .starts_with(beginning)
        );
        let back = Catalog::read(&path).unwrap();
        let told = |catalog: &Catalog| format!("{:?}", catalog.events());
        assert_eq!(told(&back), told(&catalog), "{name}");
    }
    let error = catalog.write(folder.path().join("a.pdf")).unwrap_err();
    assert!(error.to_string().contains(".csv (ComCat)"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

fn number(value: Option<f64>, digits: usize) -> String {
    let value = value.filter(|x| x.is_finite());
    value.map_or("-".into(), |x| format!("{x:.digits$}"))
}

fn scientific(value: Option<f64>) -> String {
    value.map_or("-".into(), |x| format!("{x:.5e}"))
}

fn date(time: Option<Time>) -> String {
    time.map_or("-".into(), time::iso)
}

/// A line an event, as `tests/reference/formats.py` has it.
fn events(catalog: &Catalog) -> Vec<String> {
    let line = |event: &quakebook::catalog::Event| {
        let kind = match event.magnitude_type.as_str() {
            "" => "-",
            kind => kind,
        };
        format!(
            "event {} {} {} {} {} {kind}",
            time::iso(event.origin_time),
            number(Some(event.latitude_deg), 5),
            number(Some(event.longitude_deg), 5),
            number(event.depth_km, 3),
            number(Some(event.magnitude), 2),
        )
    };
    catalog.events().iter().map(line).collect()
}

/// A line a network, station and channel, and the amplitudes of those with stages.
fn stations(inventory: &Inventory) -> Vec<String> {
    let mut lines = Vec::new();
    for network in &inventory.networks {
        lines.push(format!(
            "network {} {} {} {}",
            network.code,
            date(network.epoch.start),
            date(network.epoch.end),
            network.stations.len()
        ));
        for station in &network.stations {
            lines.push(format!(
                "station {}.{} {} {} {} {}",
                network.code,
                station.code,
                number(Some(station.latitude_deg), 5),
                number(Some(station.longitude_deg), 5),
                number(Some(station.elevation_m), 1),
                station.channels.len()
            ));
            for channel in &station.channels {
                let seed = format!(
                    "{}.{}.{}.{}",
                    network.code, station.code, channel.location, channel.code
                );
                let response = channel.response.as_ref();
                let told = response.and_then(|response| response.sensitivity.as_ref());
                lines.push(format!(
                    "channel {seed} {} {} {} {} {} {} {} {} {} {} {}",
                    number(Some(channel.latitude_deg), 5),
                    number(Some(channel.longitude_deg), 5),
                    number(Some(channel.elevation_m), 1),
                    number(channel.depth_m, 1),
                    number(channel.azimuth_deg, 2),
                    number(channel.dip_deg, 2),
                    number(channel.sampling_rate_hz, 4),
                    scientific(told.map(|told| told.value)),
                    number(told.and_then(|told| told.frequency_hz), 4),
                    date(channel.epoch.start),
                    date(channel.epoch.end),
                ));
                for frequency_hz in ["0.01", "0.1", "1.0", "5.0"] {
                    let at = frequency_hz.parse().unwrap();
                    if let Some(amplitude) = response.and_then(|r| r.amplitude_at(at)) {
                        lines.push(format!("amplitude {seed} {frequency_hz} {amplitude:e}"));
                    }
                }
            }
        }
    }
    lines
}

fn lines_of(path: &Path) -> Option<Vec<String>> {
    match (Catalog::read(path), Inventory::read(path)) {
        (Ok(catalog), _) => Some(events(&catalog)),
        (_, Ok(inventory)) => Some(stations(&inventory)),
        _ => None,
    }
}

/// Lines by file, of the text that `formats.py` prints.
fn by_file(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (file, line) in text.lines().filter_map(|line| line.split_once(": ")) {
        files.entry(file).or_default().push(line);
    }
    files
}

/// Whether two lines say the same: amplitudes to a millionth, all else to the letter.
fn agree(ours: &str, theirs: &str) -> bool {
    let amplitude = |line: &str| {
        let (stream, value) = line.strip_prefix("amplitude ")?.rsplit_once(' ')?;
        Some((stream.to_string(), value.parse::<f64>().ok()?))
    };
    match (amplitude(ours), amplitude(theirs)) {
        (Some((a, x)), Some((b, y))) => a == b && (x / y - 1.0).abs() < 1e-6,
        _ => ours == theirs,
    }
}

/// Lines of ObsPy that have no like among ours, and ours that have none among theirs. An amplitude for
/// which ObsPy has nothing to compare (it leaves out pascals, and where it would normalise) is none.
fn differences(ours: &[String], theirs: &[&str]) -> Vec<String> {
    let stream = |line: &str| {
        let rest = line.strip_prefix("amplitude ")?;
        rest.split(' ').next().map(str::to_string)
    };
    let compared: BTreeSet<String> = theirs.iter().filter_map(|line| stream(line)).collect();
    let ours = ours
        .iter()
        .filter(|line| stream(line).is_none_or(|s| compared.contains(&s)));
    let ours: Vec<&String> = ours.collect();
    let lacking = theirs
        .iter()
        .filter(|their| !ours.iter().any(|our| agree(our, their)));
    let more = ours
        .iter()
        .filter(|our| !theirs.iter().any(|their| agree(our, their)));
    let lacking = lacking.map(|line| format!("ObsPy alone: {line}"));
    lacking
        .chain(more.map(|line| format!("here alone: {line}")))
        .collect()
}

/// Where both read a file, and why what they find differs.
const DIFFERING: &[(&str, &str)] = &[
    (
        "obspy_csv/incomplete.csv",
        "its two events have one identifier and other values: the second is left out here",
    ),
    (
        "obspy_quakeml/usgs_event.xml",
        "ObsPy leaves out an event of a type, `quarry`, that QuakeML does not have",
    ),
    (
        "obspy_stationxml/channel_without_coordinates.xml",
        "ObsPy leaves out a channel without a position, which here takes its station's",
    ),
    (
        "obspy_stationxml/empty_channel.xml",
        "ObsPy leaves out a channel without a code",
    ),
    (
        "obspy_stationxml/full_random_stationxml.xml",
        "its random codes are longer than the standard's 8 characters",
    ),
    (
        "obspy_stationxml/full_random_stationxml_1_0.xml",
        "its random codes are longer than the standard's 8 characters",
    ),
    ("obspy_stationxml/version20.xml", "ObsPy reads any version"),
];

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn what_obspy_reads_agrees() {
    let folder = folder();
    let reference = include_str!("reference/formats.txt");
    let mut n_lines = 0;
    let mut wrong = Vec::new();
    let differing: BTreeSet<&str> = DIFFERING.iter().map(|(file, _)| *file).collect();
    for (file, theirs) in by_file(reference) {
        let Some(ours) = lines_of(&folder.join(file)) else {
            if !differing.contains(file) {
                wrong.push(format!("{file}: ObsPy reads it"));
            }
            continue;
        };
        let found = differences(&ours, &theirs);
        if found.is_empty() == differing.contains(file) {
            wrong.push(format!("{file}:\n  {}", found.join("\n  ")));
        }
        n_lines += theirs.len();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_lines > 100, "{n_lines}");
}

/// ObsPy is no part of the project: `QUAKEBOOK_OBSPY_PYTHON` names a Python that has it.
#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspy_reads_what_is_written() {
    let python = common::obspy_python();
    let folder = folder();
    let written = tempfile::tempdir().unwrap();
    let mut ours = BTreeMap::new();
    // ObsPy leaves out a channel without an orientation in StationXML too.
    let beyond = ["obspy_stationxml/channel_without_coordinates.xml"];
    for (file, path) in files(&folder) {
        if beyond.contains(&file.as_str()) {
            continue;
        }
        let name = file.replace(['/', '.'], "-");
        let (catalog, inventory) = (Catalog::read(&path), Inventory::read(&path));
        if let Ok(catalog) = catalog {
            // ObsPy's text has no event without a place.
            if catalog.with_places().len() < catalog.len() {
                continue;
            }
            for extension in ["xml", "txt"] {
                let file = format!("{name}.{extension}");
                catalog.write(written.path().join(&file)).unwrap();
                ours.insert(file, events(&catalog));
            }
        } else if let Ok(inventory) = inventory {
            let file = format!("{name}.xml");
            inventory.write(written.path().join(&file)).unwrap();
            ours.insert(file, stations(&inventory));
            let file = format!("{name}.txt");
            let path = written.path().join(&file);
            // Text of a level has no place for what has nothing on it, and ObsPy wants a start of
            // each network and an orientation of each channel.
            let started = inventory.networks.iter().all(|n| n.epoch.start.is_some());
            let is_full = inventory.channels().all(|(.., c)| c.azimuth_deg.is_some());
            let has_stations = inventory.networks.iter().any(|n| !n.stations.is_empty());
            if is_full && (has_stations || started) && inventory.write(&path).is_ok() {
                ours.insert(file, stations(&Inventory::read(&path).unwrap()));
            }
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/formats.py");
    let paths = ours.keys().map(|file| written.path().join(file));
    let output = Command::new(python)
        .arg(script)
        .args(paths)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let text = String::from_utf8(output.stdout).unwrap();
    let theirs = by_file(&text);
    let mut wrong = Vec::new();
    for (file, ours) in &ours {
        let theirs = theirs.get(file.as_str()).map_or(&[][..], Vec::as_slice);
        let found = differences(ours, theirs);
        if !found.is_empty() {
            wrong.push(format!("{file}:\n  {}", found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ours.len() > 40, "{} files", ours.len());
}

const QUAKEML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <q:quakeml xmlns=\"http://quakeml.org/xmlns/bed/1.2\" xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" \
    xmlns:z=\"http://else\"><eventParameters publicID=\"smi:local/x\">\n\
    <event publicID=\"smi:local/e1\"><origin><time><value>2014-05-01T01:02:03.4Z</value></time>\
    <latitude><value>-21.0</value></latitude><longitude><value>-69.5</value></longitude>\
    <depth><value>35000</value></depth></origin><magnitude><mag><value>3.2</value></mag>\
    <type>ML</type></magnitude></event>\n\
    </eventParameters></q:quakeml>\n";

const FDSN_TEXT: &str = "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor|EventLocationName\n\
    e1|2014-05-01T01:02:03.4|-21.5|-69.5|35|GFZ|GEOFON|GFZ|x1|ML|3.2|GFZ|Tarapaca, Chile\n\
    e2|2014-05-01T02:02:03.4|-21.6|-69.6|36|GFZ|GEOFON|GFZ|x2|mb|4.2|GFZ|Northern Chile\n";

const COMCAT: &str = "time,latitude,longitude,depth,mag,magType,place,id\n\
    2014-05-01T01:02:03.4Z,-21.5,-69.5,35,3.2,ml,\"near, by\",e1\n\
    2014-05-01T02:02:03.4Z,-21.6,-69.6,36,4.2,mb,\"far\",e2\n";

const LISTING: &str = "2 Event(s) in Catalog:\n\
    2014-05-01T02:02:03.400000Z | -21.600,  -69.600 | 4.2 mb\n\
    2014-05-01T01:02:03.400000Z | -21.500,  -69.500 | 3.2 ML\n";

const TIMES: &str = "time\n2014-05-01T01:02:03.4\n2014-05-01T02:02:03.4\n";

const BARE_TIMES: &str = "2014-05-01T01:02:03.4\n2014-05-01T02:02:03.4Z\n";

const PICKS: &str = "station_id,phase_time,phase_type,phase_score\n\
    CX.PB01..HH,2014-05-01T01:02:03.4,P,0.5\n\
    CX.PB01..HH,2014-05-01T02:02:03.4,P,0.9\n";

/// Every form of text that a catalog is read from, two events each.
const CATALOGS: [&str; 6] = [FDSN_TEXT, COMCAT, LISTING, TIMES, BARE_TIMES, PICKS];

/// Station text of each level.
const STATIONS: [&str; 3] = [
    "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime\n\
     AK|BWN||HHZ|64|-149|356|0|0|-90|T|5E8|1|M/S|100|2010-07-23T00:00:00|\n\
     AK|BWN||HHN|64|-149|356|0|0|0|T|5E8|1|M/S|100|2010-07-23T00:00:00|\n",
    "#Network|Station|Latitude|Longitude|Elevation|SiteName|StartTime|EndTime\n\
     AK|BWN|64|-149|356|x|2010-07-23T00:00:00|\nAK|BWM|64|-149|356|x|2010-07-23T00:00:00|\n",
    "#Network|Description|StartTime|EndTime|TotalStations\n\
     TA|x|2003-01-01T00:00:00||1700\nTB|x|2003-01-01T00:00:00||17\n",
];

fn told(catalog: &Catalog) -> String {
    format!("{:?}", catalog.events())
}

/// A text whose lines end otherwise: all alike, or each as the next one of the list.
fn with_ends(text: &str, ends: &[&str]) -> String {
    let lines = text.lines().zip(ends.iter().cycle());
    lines.map(|(line, end)| format!("{line}{end}")).collect()
}

const ENDS: [&[&str]; 5] = [
    &["\n"],
    &["\r\n"],
    &["\r"],
    &["\r", "\n", "\r\n"],
    &["\r\n", "\r"],
];

fn is_refused(result: quakebook::Result<Catalog>) -> bool {
    match result {
        Err(Error::Catalog { .. }) => true,
        Err(other) => panic!("{other}"),
        Ok(_) => false,
    }
}

#[test]
fn any_line_end_ends_a_line() {
    for text in CATALOGS {
        let expected = Catalog::from_text(text, "f").unwrap();
        assert_eq!(expected.len(), 2, "{text}");
        for ends in ENDS {
            let text = with_ends(text, ends);
            let found = Catalog::from_text(&text, "f").unwrap();
            assert_eq!(told(&found), told(&expected), "{text:?}");
            let path = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(&path, &text).unwrap();
            assert_eq!(told(&Catalog::read(path.path()).unwrap()), told(&expected));
            if text.starts_with("time,") {
                let found = Catalog::read_comcat_csv(path.path()).unwrap();
                assert_eq!(told(&found), told(&expected), "{text:?}");
            }
        }
    }
    for text in STATIONS {
        let expected = Inventory::from_text(text, "f").unwrap();
        for ends in ENDS {
            let text = with_ends(text, ends);
            assert_eq!(
                Inventory::from_text(&text, "f").unwrap(),
                expected,
                "{text:?}"
            );
        }
    }
    let scan = detections().to_csv();
    for ends in ENDS {
        let text = with_ends(&scan, ends);
        assert_eq!(
            Detections::from_csv(&text).unwrap(),
            detections(),
            "{text:?}"
        );
    }
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn a_file_of_carriage_returns_alone_is_read() {
    let catalog = Catalog::read(common::real_data().join("faults/cr_only.txt")).unwrap();
    assert_eq!(catalog.len(), 2);
    assert_eq!(catalog.events()[1].magnitude, 4.2);
}

#[test]
fn text_is_read_in_any_encoding_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text");
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    };
    let forms = |text: &str| {
        [
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
        ]
    };
    // In UTF-16 without its mark every other byte is 0; a torn file ends in such bytes.
    let broken = |text: &str| {
        [
            utf16(text, u16::to_le_bytes)[2..].to_vec(),
            utf16(text, u16::to_be_bytes)[2..].to_vec(),
            [text.as_bytes(), &[0; 512]].concat(),
            text.replacen(':', "\0", 1).into_bytes(),
            utf16(text, u16::to_le_bytes)[..51].to_vec(),
        ]
    };
    for text in CATALOGS.into_iter().chain([QUAKEML]) {
        let expected = told(&Catalog::from_text(text, "f").unwrap());
        for bytes in forms(text) {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(told(&Catalog::read(&path).unwrap()), expected, "{text}");
        }
        for bytes in broken(text) {
            std::fs::write(&path, &bytes).unwrap();
            assert!(is_refused(Catalog::read(&path)), "{bytes:?}");
        }
    }
    for text in STATIONS {
        let expected = Inventory::from_text(text, "f").unwrap();
        for bytes in forms(text) {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Inventory::read(&path).unwrap().networks, expected.networks);
        }
        for bytes in broken(text) {
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(Inventory::read(&path), Err(Error::Station { .. })));
        }
    }
    for bytes in forms(&Study::oklahoma().to_toml()) {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Study::read(&path).unwrap(), Study::oklahoma());
    }
}

#[test]
fn tables_of_another_form_are_refused() {
    for (old, new) in [
        (",", ";"),
        (",", "\t"),
        ("35.", "35,"),
        ("-21.5", "\"-21,5\""),
        ("-21.5", "-21,5"),
        ("magType", "mag"),
        ("depth", "time"),
        (",id\n", "\n"),
        (",e2", ""),
        (",e2", ",e2,"),
        ("latitude", "latitud"),
        (",-21.6", ","),
        ("35,3.2", "deep,3.2"),
        ("2014-05-01T02:02:03.4Z", "2014-05-01T25:02:03.4Z"),
        ("2014-05-01T02:02:03.4Z", "01/05/2014 02:02"),
        ("2014-05-01T02:02:03.4Z", "262142-05-01T02:02:03.4Z"),
        ("36,4.2", "36000,4.2"),
        ("36,4.2", "36,42"),
        ("\"far\"", "\"far"),
    ] {
        let text = COMCAT.replace(old, new);
        if text != COMCAT {
            assert!(is_refused(Catalog::from_text(&text, "f")), "{text}");
        }
    }
    for (old, new) in [
        ("|", ";"),
        ("-21.5", "-21,5"),
        ("MagAuthor", "magnitude"),
        ("|Northern", "Northern"),
        ("|Northern", "||Northern"),
        ("#EventID|Time|Latitude|Longitude", "#EventID|Time|Lat|Lat"),
        ("|35|", "|-1e30|"),
        ("|3.2|", "|nine|"),
    ] {
        let text = FDSN_TEXT.replace(old, new);
        assert!(
            text != FDSN_TEXT && is_refused(Catalog::from_text(&text, "f")),
            "{text}"
        );
    }
    for text in [
        "<!DOCTYPE html>\n<html><head><meta charset=utf-8></head><body>busy<br></body></html>",
        "\r\n<HTML><BODY>404</BODY></HTML>",
        "{\"type\":\"FeatureCollection\",\"features\":[]}",
        "time",
        "time\n",
        "#EventID|Time\n",
        "2014-05-01T01:02:03,yes\n",
        "Error: the time of this request is over",
    ] {
        assert!(is_refused(Catalog::from_text(text, "f")), "{text}");
        assert!(matches!(
            Inventory::from_text(text, "f"),
            Err(Error::Station { .. })
        ));
    }
    for (old, new) in [
        ("|Azimuth|", "|Depth|"),
        ("|", ";"),
        ("|64|", "|64,5|"),
        ("|100|", "|1e-45|"),
        ("|100|", "|3e38|"),
        ("|100|", "|-100|"),
        ("|100|", "|NaN|"),
        ("|-90|", "|-999|"),
        ("2010-07-23", "262142-07-23"),
        ("00:00:00", "00:00:60"),
    ] {
        let text = STATIONS[0].replace(old, new);
        let found = Inventory::from_text(&text, "f");
        assert!(matches!(found, Err(Error::Station { .. })), "{text}");
    }
}

/// Files that were joined have their header again.
#[test]
fn a_header_may_come_again() {
    // Where events have identifiers, those of the second file are the first's.
    for (text, n, n_left_out) in [(FDSN_TEXT, 2, 2), (COMCAT, 2, 2), (TIMES, 4, 0)] {
        let twice = Catalog::from_text(&format!("{text}{text}"), "f").unwrap();
        let found = (twice.len(), twice.left_out().n_events);
        assert_eq!(found, (n, n_left_out), "{text}");
    }
    let twice = format!("{0}{0}", STATIONS[0]);
    assert_eq!(
        Inventory::from_text(&twice, "f")
            .unwrap()
            .channels()
            .count(),
        4
    );
}

fn one(text: &str) -> Event {
    let catalog = Catalog::from_text(text, "f").unwrap();
    assert_eq!(catalog.len(), 1, "{text}");
    catalog.events()[0].clone()
}

#[test]
fn elements_of_another_namespace_are_not_believed() {
    let expected = one(QUAKEML);
    assert_eq!(expected.depth_km, Some(35.0));
    let foreign = "<z:origin><z:time><z:value>1999-01-01T00:00:00Z</z:value></z:time></z:origin>\
        <z:type>zzz</z:type><z:magnitude><mag><value>9</value></mag></z:magnitude>";
    for text in [
        QUAKEML.replace("<origin>", &format!("{foreign}<origin>")),
        QUAKEML.replace("<value>-21.0", "<z:value>5</z:value><value>-21.0"),
        QUAKEML.replace(
            "<event publicID",
            "<z:event publicID=\"x\"/><event z:publicID=\"y\" publicID",
        ),
        QUAKEML.replace("<eventParameters", "<z:eventParameters/><eventParameters"),
        // Prefixes are names of no meaning.
        QUAKEML.replace("q:", "quake:").replace(":q=", ":quake="),
        // Documents without a namespace, and of other versions.
        QUAKEML
            .replace("xmlns=", "xmlns:b=")
            .replace("<q:", "<")
            .replace("</q:", "</"),
        QUAKEML.replace("xmlns=", "xmlns:b="),
        QUAKEML.replace("/1.2", "/1.1"),
        QUAKEML
            .replace("xmlns/bed/1.2", "xmlns/quakeml/1.0")
            .replace("xmlns/quakeml/1.2", "xmlns/quakeml/1.0"),
    ] {
        assert_eq!(one(&text), expected, "{text}");
    }
    for text in [
        QUAKEML.replace("bed/1.2", "bed/7"),
        QUAKEML.replace("http://quakeml.org/xmlns/quakeml/1.2", "http://else"),
        QUAKEML.replace("xmlns:q=", "xmlns:p="),
        QUAKEML.replace("<origin>", "<undeclared:origin/><origin>"),
    ] {
        assert!(is_refused(Catalog::from_text(&text, "f")), "{text}");
    }
    let station = "<FDSNStationXML xmlns=\"http://www.fdsn.org/xml/station/1\" xmlns:z=\"http://else\" \
        schemaVersion=\"1.1\"><z:Network code=\"ZZ\"/><Network code=\"XX\" z:code=\"ZZ\"><Station code=\"A\">\
        <z:Latitude>9</z:Latitude><Latitude>1</Latitude><Longitude>2</Longitude><Elevation>3</Elevation>\
        <z:Channel code=\"HHE\" locationCode=\"\"/><Channel code=\"HHZ\" locationCode=\"\"><z:Dip>45</z:Dip>\
        <Dip>-90</Dip></Channel></Station></Network></FDSNStationXML>";
    let inventory = Inventory::from_text(station, "f").unwrap();
    let (network, at, channel) = inventory.channels().next().unwrap();
    assert_eq!((network.code.as_str(), at.latitude_deg), ("XX", 1.0));
    assert_eq!(
        (channel.code.as_str(), channel.dip_deg),
        ("HHZ", Some(-90.0))
    );
    assert_eq!(
        (inventory.networks.len(), inventory.channels().count()),
        (1, 1)
    );
    let bare = station.replace("xmlns=\"http://www.fdsn.org/xml/station/1\"", "");
    assert_eq!(Inventory::from_text(&bare, "f").unwrap(), inventory);
    let other = station.replace("xml/station/1", "xml/station/2");
    assert!(matches!(
        Inventory::from_text(&other, "f"),
        Err(Error::Station { .. })
    ));
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn a_foreign_origin_and_a_second_60_are_not_believed() {
    let faults = common::real_data().join("faults");
    let catalog = Catalog::read(faults.join("foreign_ns.xml")).unwrap();
    let event = &catalog.events()[0];
    assert_eq!((event.latitude_deg, event.magnitude), (-21.0, 3.2));
    assert_eq!(time::iso(event.origin_time), "2014-05-01T01:02:03.400000Z");
    assert_eq!(event.event_type, "");
    assert!(is_refused(Catalog::read(faults.join("t_frac60.xml"))));
}

#[test]
fn a_second_60_is_read_where_one_was_and_never_written() {
    for text in CATALOGS.into_iter().chain([QUAKEML]) {
        let wrong = text.replace("01:02:03.4", "01:02:60.0");
        assert!(is_refused(Catalog::from_text(&wrong, "f")), "{wrong}");
        let leap = text.replace("2014-05-01T01:02:03.4", "2016-12-31T23:59:60.0");
        let catalog = Catalog::from_text(&leap, "f").unwrap();
        let new_year = time::parse("2017-01-01").unwrap();
        let mut times = catalog.events().iter().map(|event| event.origin_time);
        assert!(times.any(|time| time == new_year), "{leap}");
        for written in [
            catalog.to_quakeml(),
            catalog.to_fdsn_text(),
            catalog.to_comcat_csv(),
            catalog.listing(),
        ] {
            assert!(!written.contains(":60"), "{written}");
        }
    }
    let leap = STATIONS[0].replace("2010-07-23T00:00:00", "2016-12-31T23:59:60");
    let inventory = Inventory::from_text(&leap, "f").unwrap();
    assert!(!inventory.to_stationxml().contains(":60"));
    assert!(!inventory.to_fdsn_text(Level::Channel).contains(":60"));
}

#[test]
fn numbers_that_stand_for_nothing_are_not_known() {
    for text in [
        FDSN_TEXT
            .replace("|35|", "|-999|")
            .replace("|3.2|", "|-9.99|"),
        COMCAT.replace("35,3.2", "-999.0,-9.99"),
        COMCAT.replace("35,3.2", ","),
        LISTING.replace("3.2 ML", "-9.9 ML"),
    ] {
        let first = Catalog::from_text(&text, "f").unwrap().events()[0].clone();
        assert_eq!(first.depth_km, None, "{text}");
        assert!(first.magnitude.is_nan(), "{text}");
        assert!(first.has_place(), "{text}");
    }
    for depth in ["-999", "-999000", "-9999000.0"] {
        let text = QUAKEML.replace("35000", depth).replace(">3.2<", ">-9.99<");
        let event = one(&text);
        assert_eq!(event.depth_km, None, "{text}");
        assert!(event.magnitude.is_nan(), "{text}");
    }
    let nowhere = FDSN_TEXT.replace("|-21.5|-69.5|", "|-999|-999|");
    let catalog = Catalog::from_text(&nowhere, "f").unwrap();
    assert!(!catalog.events()[0].has_place() && catalog.events()[1].has_place());
    assert_eq!(catalog.with_places().len(), 1);
}

#[test]
fn an_event_that_is_there_twice_is_told() {
    let event = &QUAKEML[QUAKEML.find("<event ").unwrap()..QUAKEML.find("</eventP").unwrap()];
    let then = |text: &str| format!("{event}{}", text.replace("35000", "36000"));
    for (text, words) in [
        (QUAKEML.replace(event, &then(event)), "event smi:local/e1"),
        (FDSN_TEXT.replace("e2|", "e1|"), "event e1"),
        (COMCAT.replace(",e2", ",e1"), "event e1"),
    ] {
        let catalog = Catalog::from_text(&text, "f").unwrap();
        let left_out = catalog.left_out();
        assert_eq!((catalog.len(), left_out.n_events), (1, 1), "{text}");
        for words in [words, "twice", "other values"] {
            assert!(left_out.first.contains(words), "{}", left_out.first);
        }
    }
    // Without identifiers two events at one time are two.
    let nameless = Catalog::from_text(&TIMES.replace("02:02", "01:02"), "f").unwrap();
    assert_eq!((nameless.len(), nameless.left_out().n_events), (2, 0));
}

#[test]
fn a_preferred_origin_that_is_not_there_is_told() {
    for (what, reference) in [
        ("origin", "preferredOriginID"),
        ("magnitude", "preferredMagnitudeID"),
    ] {
        let prefer = |id: &str| {
            let text = QUAKEML.replace(
                "<origin>",
                &format!("<{reference}>{id}</{reference}><origin>"),
            );
            let text = text.replace(
                &format!("<{what}>"),
                &format!("<{what} publicID=\"smi:local/there\">"),
            );
            Catalog::from_text(&text, "f").unwrap()
        };
        assert_eq!(prefer("smi:local/there").len(), 1);
        assert_eq!(prefer("").len(), 1);
        let catalog = prefer("smi:local/nowhere");
        assert_eq!((catalog.len(), catalog.left_out().n_events), (0, 1));
        let told = &catalog.left_out().first;
        assert!(
            told.contains(reference) && told.contains("smi:local/nowhere"),
            "{told}"
        );
    }
}

#[test]
fn of_two_values_none_is_believed() {
    for (one, two) in [
        (
            "<value>-21.0</value>",
            "<value>-21.0</value><value>5</value>",
        ),
        ("<depth>", "<depth><value>1</value></depth><depth>"),
        ("<mag>", "<mag><value>9</value></mag><mag>"),
        (
            "<time>",
            "<time><value>1999-01-01T00:00:00Z</value></time><time>",
        ),
    ] {
        let text = QUAKEML.replacen(one, two, 1);
        assert!(is_refused(Catalog::from_text(&text, "f")), "{text}");
    }
    let station = "<FDSNStationXML xmlns=\"http://www.fdsn.org/xml/station/1\" schemaVersion=\"1.1\">\
        <Network code=\"XX\"><Station code=\"A\"><Latitude>1</Latitude><Longitude>2</Longitude>\
        <Elevation>3</Elevation><Channel code=\"HHZ\" locationCode=\"\"><Dip>-90</Dip></Channel></Station>\
        </Network></FDSNStationXML>";
    assert!(Inventory::from_text(station, "f").is_ok());
    for (one, two) in [
        ("<Latitude>", "<Latitude>9</Latitude><Latitude>"),
        ("<Dip>", "<Dip>45</Dip><Dip>"),
    ] {
        let found = Inventory::from_text(&station.replace(one, two), "f");
        assert!(matches!(found, Err(Error::Station { .. })), "{two}");
    }
}

#[test]
fn an_event_without_an_origin_costs_itself() {
    let without = "<event publicID=\"smi:local/e0\"><type>earthquake</type></event>\n<event";
    let text = QUAKEML.replacen("<event ", &format!("{without} "), 1);
    let catalog = Catalog::from_text(&text, "f").unwrap();
    assert_eq!((catalog.len(), catalog.left_out().n_events), (1, 1));
    assert!(catalog.left_out().first.contains("smi:local/e0"));
    assert_eq!(catalog.filter(|_| true).left_out(), catalog.left_out());
    for text in [
        FDSN_TEXT.replace("e1|2014-05-01T01:02:03.4|-21.5|-69.5|", "e1||||"),
        COMCAT.replace("2014-05-01T01:02:03.4Z,-21.5,-69.5,", ",,,"),
    ] {
        let catalog = Catalog::from_text(&text, "f").unwrap();
        assert_eq!(
            (catalog.len(), catalog.left_out().n_events),
            (1, 1),
            "{text}"
        );
        assert!(catalog.left_out().first.starts_with("f:2"), "{text}");
    }
    let sound = Catalog::from_text(COMCAT, "f").unwrap();
    assert_eq!(sound.left_out().n_events, 0);
}

fn detections() -> Detections {
    let at = |s: f64| time::parse("2014-02-16").unwrap() + time::seconds(s);
    let item = |s: f64| Detection {
        start: at(s),
        end: at(s + 10.0),
        time: at(s + 5.0),
        class: 0,
        probability: 0.9,
        n_windows: 2,
    };
    Detections {
        station: "GS.OK029.00".into(),
        simulated: true,
        n_classes: 2,
        scanned: vec![TimeSpan {
            start: at(0.0),
            end: at(3600.0),
        }],
        items: vec![item(20.0), item(120.5)],
    }
}

#[test]
fn detections_of_a_scan_are_a_catalog_of_times() {
    let found = detections();
    let dir = tempfile::tempdir().unwrap();
    for name in ["found.xml", "found.csv"] {
        let path = dir.path().join(name);
        found.write(&path).unwrap();
        let catalog = Catalog::read(&path).unwrap();
        assert!(catalog.simulated, "{name}");
        let times: Vec<Time> = catalog
            .events()
            .iter()
            .map(|event| event.origin_time)
            .collect();
        let expected: Vec<Time> = found.items.iter().map(|item| item.time).collect();
        assert_eq!(times, expected, "{name}");
        assert!(!catalog.events().iter().any(Event::has_place), "{name}");
    }
}

#[test]
fn a_list_of_times_is_a_catalog_without_places() {
    for text in [TIMES, BARE_TIMES, PICKS] {
        let catalog = Catalog::from_text(text, "f").unwrap();
        assert_eq!(catalog.len(), 2);
        assert!(catalog.with_places().is_empty());
        // And stays one through every format.
        for written in [
            catalog.to_quakeml(),
            catalog.to_fdsn_text(),
            catalog.to_comcat_csv(),
            catalog.listing(),
        ] {
            let back = Catalog::from_text(&written, "f").unwrap();
            assert_eq!(back.len(), 2, "{written}");
            assert!(back.with_places().is_empty(), "{written}");
            let times =
                |c: &Catalog| -> Vec<Time> { c.events().iter().map(|e| e.origin_time).collect() };
            assert_eq!(times(&back), times(&catalog), "{written}");
        }
        let back = Catalog::from_frame(&catalog.to_frame(), "f", false).unwrap();
        assert!(back.len() == 2 && back.with_places().is_empty());
    }
    // An S wave is no onset.
    let catalog = Catalog::from_text(&PICKS.replace(",P,0.9", ",S,0.9"), "f").unwrap();
    assert_eq!((catalog.len(), catalog.left_out().n_events), (1, 1));
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn lists_of_triggers_and_picks_are_read() {
    let iquique = common::real_data().join("iquique");
    let triggers = Catalog::read(iquique.join("triggers_recursive_stalta_PB01.csv")).unwrap();
    assert_eq!(triggers.len(), 357);
    let picks = Catalog::read(iquique.join("picks_phasenet_PB01.csv")).unwrap();
    assert_eq!(picks.len() + picks.left_out().n_events, 1255);
}

#[cfg(unix)]
#[test]
fn only_regular_files_of_bounded_size_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let [target, link, pipe] = ["target", "link", "pipe"].map(|name| dir.path().join(name));
    std::fs::write(&target, COMCAT).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert_eq!(Catalog::read(&link).unwrap().len(), 2);
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero"), dir.path()] {
        let is_io = |error: &Error| matches!(error, Error::Io { path: named, .. } if named == path);
        assert!(Catalog::read(path).is_err_and(|error| is_io(&error)));
        assert!(Catalog::read_comcat_csv(path).is_err_and(|error| is_io(&error)));
        assert!(Catalog::read_listing(path).is_err_and(|error| is_io(&error)));
        assert!(Inventory::read(path).is_err_and(|error| is_io(&error)));
        assert!(Study::read(path).is_err_and(|error| is_io(&error)));
        assert!(Detections::read(path).is_err_and(|error| is_io(&error)));
    }
}

/// One rule for all results: a link stays, and what it leads to is written.
#[cfg(unix)]
#[test]
fn results_are_written_where_a_link_leads() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::from_text(COMCAT, "f").unwrap();
    let inventory = Inventory::from_text(STATIONS[0], "f").unwrap();
    let target = dir.path().join("target");
    let link = |name: &str| {
        let link = dir.path().join(name);
        std::os::unix::fs::symlink("target", &link).unwrap();
        link
    };
    let check = |link: &Path| {
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert!(!std::fs::read(&target).unwrap().is_empty());
        std::fs::remove_file(&target).unwrap();
    };
    let path = link("a.csv");
    catalog.write(&path).unwrap();
    check(&path);
    let path = link("cat");
    catalog.write_listing(&path).unwrap();
    check(&path);
    let path = link("a.xml");
    inventory.write(&path).unwrap();
    check(&path);
    for name in ["found.csv", "found.xml"] {
        let path = link(name);
        detections().write(&path).unwrap();
        check(&path);
    }
}

/// A listing cannot hold a control character or a `|`: an identifier has none from the beginning.
#[test]
fn identifiers_that_no_listing_tells_apart_are_one() {
    let event = |id: &str| {
        format!(
            "<event publicID=\"{id}\"><pick publicID=\"{id}/p\"><time><value>2014-02-16T00:00:00Z</value></time></pick></event>"
        )
    };
    let events = ["a\u{8}b", "a\u{1}b", "a|b", "c", "\u{1}c"]
        .map(event)
        .concat();
    let text = format!(
        "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\" xmlns=\"http://quakeml.org/xmlns/bed/1.2\">\
         <eventParameters publicID=\"x\">{events}</eventParameters></q:quakeml>"
    );
    let catalog = Catalog::from_quakeml(&text, "here").unwrap();
    let ids = catalog.events().iter().map(|event| event.id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["a b", "c"]);
    for text in [
        catalog.to_quakeml(),
        catalog.to_fdsn_text(),
        catalog.to_comcat_csv(),
    ] {
        assert_eq!(Catalog::from_text(&text, "again").unwrap().len(), 2);
    }
}
