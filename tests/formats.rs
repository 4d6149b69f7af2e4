//! Real answers of data centres: every file of `../shared/data/fdsn` is read rightly or refused for the
//! right reason; what ObsPy reads too agrees with what it found; and ObsPy reads what is written here.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use quakebook::catalog::Catalog;
use quakebook::station::Inventory;
use quakebook::time::{self, Time};

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
        (Ok(catalog), Err(_)) => format!("{} events", catalog.len()),
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
    ("obspy_csv/incomplete.csv", "2 events"),
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
    ("obspy_fdsn/bulk.mseed", "refused: begins no catalog"),
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
        "refused: begins no catalog",
    ),
    (
        "obspy_fdsn/dataselect_example_mixed_wildcards.mseed",
        "refused: begins no catalog",
    ),
    (
        "obspy_fdsn/dataselect_example_wildcards.mseed",
        "refused: begins no catalog",
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
        "refused: no origin",
    ),
    ("obspy_quakeml/quakeml_1.2_event.xml", "refused: no origin"),
    (
        "obspy_quakeml/quakeml_1.2_focalmechanism.xml",
        "refused: no origin",
    ),
    (
        "obspy_quakeml/quakeml_1.2_magnitude.xml",
        "refused: no origin",
    ),
    ("obspy_quakeml/quakeml_1.2_origin.xml", "1 events"),
    ("obspy_quakeml/quakeml_1.2_pick.xml", "refused: no origin"),
    (
        "obspy_quakeml/quakeml_1.2_stationmagnitude.xml",
        "refused: no origin",
    ),
    (
        "obspy_quakeml/quakeml_1.2_stationmagnitudecontributions.xml",
        "refused: no origin",
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
