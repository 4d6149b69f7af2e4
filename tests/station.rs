//! Stations: which one holds when, which components go together, and which way they point.

use quakebook::station::{Channel, Inventory, Level, Station, StationChoice};
use quakebook::time;
use quakebook::waveform::{Code, Nslc, Record3C, Samples, Segment, Trace};

const HEADER: &str = "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime";

/// Two stations, one of them with two locations, and a sensor that was turned in 2014.
fn inventory() -> Inventory {
    let rows = [
        "XX|A|00|HH1|35.7|-97.4|300|2|10|0|T120|5E8|1|M/S|100|2010-01-01T00:00:00|2014-06-30T23:59:59",
        "XX|A|00|HH2|35.7|-97.4|300|2|100|0|T120|5E8|1|M/S|100|2010-01-01T00:00:00|2014-06-30T23:59:59",
        "XX|A|00|HHZ|35.7|-97.4|300|2|0|-90|T120|5E8|1|M/S|100|2010-01-01T00:00:00|",
        "XX|A|00|HH1|35.7|-97.4|300|2|20|0|T120|5E8|1|M/S|100|2014-07-01T00:00:00|",
        "XX|A|00|HH2|35.7|-97.4|300|2|110|0|T120|5E8|1|M/S|100|2014-07-01T00:00:00|",
        "XX|A|10|HNZ|35.7|-97.4|300|2|0|-90|EPI|4E5|1|M/S**2|100|2010-01-01T00:00:00|",
        "XX|B|--|EHZ|35.8|-97.5|310|0|0|-90|L4C|||M/S|100|2010-01-01T00:00:00|",
    ];
    Inventory::from_text(&format!("{HEADER}\n{}\n", rows.join("\n")), "rows").unwrap()
}

fn choice(station: &str, location: &str, channels: &str) -> StationChoice {
    StationChoice::new("XX", station, location, channels).unwrap()
}

#[test]
fn the_epoch_of_the_time_holds() {
    let inventory = inventory();
    assert_eq!(inventory.networks.len(), 1);
    assert_eq!(inventory.networks[0].stations.len(), 2);
    let azimuths = |at: &str| {
        let station = inventory.station(&choice("A", "00", "HH*"), time::parse(at).unwrap());
        let station = station.unwrap();
        let channels = station.channels.iter();
        channels
            .map(|c| (c.code.to_string(), c.azimuth_deg))
            .collect::<Vec<_>>()
    };
    let with = |first: f64| {
        [("HH1", first), ("HH2", first + 90.0), ("HHZ", 0.0)].map(|(c, a)| (c.to_string(), a))
    };
    assert_eq!(azimuths("2012-01-01"), with(10.0));
    assert_eq!(azimuths("2014-06-30T23:59:59"), with(10.0));
    assert_eq!(azimuths("2014-07-01"), with(20.0));

    let accelerometer = inventory
        .station(
            &choice("A", "10", "HN?,HH?"),
            time::parse("2012-01-01").unwrap(),
        )
        .unwrap();
    let channel = &accelerometer.channels[0];
    // Counts for a metre a second squared, told for a metre a second at 1 Hz.
    let expected = 4e5 * std::f64::consts::TAU;
    assert!((channel.sensitivity_counts_per_m_s / expected - 1.0).abs() < 1e-12);

    let short_period = inventory
        .station(
            &choice("B", "--", "EHZ"),
            time::parse("2012-01-01").unwrap(),
        )
        .unwrap();
    assert_eq!(short_period.location, "");
    assert!(short_period.channels[0].sensitivity_counts_per_m_s.is_nan());
}

#[test]
fn a_station_that_was_not_there_is_refused_with_what_was() {
    for (choice, at, words) in [
        (
            choice("A", "00", "HH*"),
            "2009-01-01",
            "00.HH1 (2010-01-01 to 2014-06-30)",
        ),
        (
            choice("A", "20", "HH*"),
            "2012-01-01",
            "10.HNZ (2010-01-01 to )",
        ),
        (choice("A", "00", "BH*"), "2012-01-01", "00.HHZ"),
        (
            choice("C", "", "*"),
            "2012-01-01",
            "nothing of this station",
        ),
    ] {
        let error = inventory()
            .station(&choice, time::parse(at).unwrap())
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_row_or_an_element_that_is_not_as_it_should_be_names_its_place() {
    let row = "XX|A|00|HHZ|35.7|-97.4|300|2|0|-90|T120|5E8|1|M/S|100|2010-01-01T00:00:00|";
    let xml = |inside: &str| {
        format!(
            "<FDSNStationXML schemaVersion=\"1.1\"><Network code=\"XX\"><Station code=\"A\"><Latitude>1</Latitude><Longitude>2</Longitude><Elevation>3</Elevation>{inside}</Station></Network></FDSNStationXML>"
        )
    };
    let channel = |inside: &str| {
        xml(&format!(
            "<Channel code=\"HHZ\" locationCode=\"00\">{inside}</Channel>"
        ))
    };
    for (text, place, what) in [
        (String::new(), "f, line 1", "no channel"),
        (
            "Error 413: too large\n".into(),
            "f, line 1",
            "begins no text of stations",
        ),
        (
            format!("{HEADER}\nXX|A\n"),
            "f, line 2",
            "2 fields where the header has 17",
        ),
        (
            format!("{HEADER}\n{}", row.replace("35.7", "95.7")),
            "f, line 2, latitude",
            "from -90 to 90",
        ),
        (
            format!("{HEADER}\n{}", row.replace("5E8", "inf")),
            "f, line 2, scale",
            "a number",
        ),
        (
            format!("{HEADER}\n{}", row.replace("2010-", "soon-")),
            "f, line 2, starttime",
            "a time in UTC",
        ),
        (
            format!("{}\n{row}", HEADER.replace("Dip", "Tilt")),
            "f, line 2",
            "no column \"dip\"",
        ),
        (
            "<html><body>busy</body></html>".into(),
            "f, byte 6",
            "<html> where <FDSNStationXML>",
        ),
        (
            xml("").replace("\"1.1\"", "\"2.0\""),
            "f",
            "version \"2.0\"",
        ),
        (
            xml("").replace("<Elevation>3</Elevation>", ""),
            "f, XX.A",
            "without latitude, longitude and elevation",
        ),
        (xml("<Channel/>"), "f, XX.A", "a <Channel> without a code"),
        (
            xml("<Network code=\"Y\"/>"),
            "f, XX.A",
            "<Network> where none belongs",
        ),
        (
            xml("").replace("code=\"A\"", "code=\"A\" startDate=\"soon\""),
            "f, XX, startDate",
            "a time in UTC",
        ),
        (
            channel("<Dip>down</Dip>"),
            "f, XX.A.00.HHZ, Dip",
            "a number",
        ),
        (
            channel("<Response><Stage number=\"1\"><StageGain/></Stage></Response>"),
            "f, XX.A.00.HHZ, response, stage 1, Value",
            "a number",
        ),
        (
            channel("<Response><Stage number=\"one\"/></Response>"),
            "f, XX.A.00.HHZ, response, stage one",
            "the number of a stage",
        ),
        (
            channel(
                "<Response><Stage number=\"1\"><FIR><Symmetry>LEFT</Symmetry></FIR></Stage></Response>",
            ),
            "f, XX.A.00.HHZ, response, stage 1",
            "NONE, ODD or EVEN",
        ),
        (channel(""), "f, byte", "ends within"),
    ] {
        let text = match what {
            "ends within" => text.trim_end_matches("</FDSNStationXML>").to_string(),
            _ => text,
        };
        let error = Inventory::from_text(&text, "f").unwrap_err().to_string();
        assert!(error.starts_with(&format!("station, {place}")), "{error}");
        assert!(error.contains(what), "{error}");
    }
    assert!(Inventory::from_text(&channel(""), "f").is_ok());
}

#[test]
fn the_extension_names_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = inventory();
    for name in ["a.xml", "a.txt", "a.TXT"] {
        let path = folder.path().join(name);
        inventory.write(&path).unwrap();
        let back = Inventory::read(&path).unwrap();
        assert_eq!(back.networks, inventory.networks, "{name}");
    }
    let error = inventory.write(folder.path().join("a.csv")).unwrap_err();
    assert!(
        error.to_string().contains(".xml (StationXML) or .txt"),
        "{error}"
    );

    // A station with a name alone has no row at the level of channels.
    let mut lacking = inventory.clone();
    lacking.networks[0].stations[1].channels.clear();
    let error = lacking.write(folder.path().join("b.txt")).unwrap_err();
    assert!(error.to_string().contains("no row in text"), "{error}");
    assert!(!folder.path().join("b.txt").exists());
    lacking.write(folder.path().join("b.xml")).unwrap();

    let stations = inventory.to_fdsn_text(Level::Station);
    assert!(
        stations.ends_with("XX|A|35.7|-97.4|300|||\nXX|B|35.8|-97.5|310|||\n"),
        "{stations}"
    );
}

#[test]
fn a_simulated_station_stays_simulated_through_a_file() {
    let simulated = Inventory {
        simulated: true,
        source: "classroom".into(),
        ..inventory()
    };
    let back = Inventory::from_text(&simulated.to_stationxml(), "xml").unwrap();
    assert_eq!(back, simulated);
    for level in [Level::Station, Level::Channel] {
        assert!(
            Inventory::from_text(&simulated.to_fdsn_text(level), "text")
                .unwrap()
                .simulated
        );
    }
    assert!(
        !Inventory::from_text(&inventory().to_stationxml(), "xml")
            .unwrap()
            .simulated
    );
}

fn trace(channel: &str, rate_hz: f64, value: i32) -> Trace {
    Trace {
        id: Nslc::new("XX", "A", "", channel).unwrap(),
        sampling_rate_hz: rate_hz,
        segments: vec![Segment {
            start: time::parse("2014-02-16").unwrap(),
            samples: Samples::Int32(vec![value; 100]),
        }],
    }
}

#[test]
fn any_three_components_of_one_band_make_a_record() {
    let start = time::parse("2014-02-16").unwrap();
    let of = |channels: &[&str]| {
        let traces: Vec<Trace> = channels.iter().map(|c| trace(c, 100.0, 1)).collect();
        Record3C::from_traces(&traces, start, 10).map(|record| record.channels)
    };
    for (channels, expected) in [
        (["HHZ", "HHN", "HHE"], ["HHE", "HHN", "HHZ"]),
        (["HHZ", "HH2", "HH1"], ["HH1", "HH2", "HHZ"]),
        (["BNZ", "BNE", "BNN"], ["BNE", "BNN", "BNZ"]),
        (["EH3", "EH1", "EH2"], ["EH1", "EH2", "EH3"]),
        (["EHW", "EHV", "EHU"], ["EHU", "EHV", "EHW"]),
        (["EHZ", "EHX", "EHY"], ["EHX", "EHY", "EHZ"]),
    ] {
        assert_eq!(of(&channels).unwrap(), expected.map(String::from));
    }
    // A known trio wins over the mass positions that a wildcard brings along.
    let with_others = ["HHZ", "HHN", "HHE", "HHX"];
    assert_eq!(
        of(&with_others).unwrap(),
        ["HHE", "HHN", "HHZ"].map(String::from)
    );
    for (channels, words) in [
        (
            &["HHZ", "HHN", "HHE", "HH1", "HH2"][..],
            "more than one triple",
        ),
        (&["HHZ", "HHN", "BHE"], "fewer than three components"),
        (&["HHZ", "HHN"], "fewer than three components"),
    ] {
        let error = of(channels).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

fn station(channels: [(&str, f64, f64); 3]) -> Station {
    let channel = |(code, azimuth_deg, dip_deg): (&str, f64, f64)| Channel {
        code: code.parse().unwrap(),
        azimuth_deg,
        dip_deg,
        sampling_rate_hz: 100.0,
        sensitivity_counts_per_m_s: 5e8,
    };
    Station {
        network: "XX".parse().unwrap(),
        station: "A".parse().unwrap(),
        location: Code::default(),
        longitude_deg: 0.0,
        latitude_deg: 0.0,
        elevation_m: 0.0,
        channels: channels.map(channel).to_vec(),
        simulated: false,
    }
}

fn record(channels: [&str; 3], data: [Vec<f32>; 3]) -> Record3C {
    Record3C {
        station: "XX.A".into(),
        channels: channels.map(String::from),
        start: time::parse("2014-02-16").unwrap(),
        sampling_rate_hz: 100.0,
        data,
        simulated: false,
    }
}

/// The motion (1, 2, 3) of components in eight orientations, as ObsPy turns it
/// (`tests/reference/rotate.py`).
#[test]
fn rotation_agrees_with_obspy() {
    let mut n_rows = 0;
    for row in include_str!("reference/rotate.txt").lines() {
        let x: Vec<f64> = row.split(' ').map(|x| x.parse().unwrap()).collect();
        let station = station([
            ("HH1", x[0], x[1]),
            ("HH2", x[2], x[3]),
            ("HH3", x[4], x[5]),
        ]);
        let record = record(["HH1", "HH2", "HH3"], [vec![1.0], vec![2.0], vec![3.0]]);
        let turned = record.rotated(&station).unwrap();
        assert_eq!(turned.channels, ["HHE", "HHN", "HHZ"].map(String::from));
        let [east, north, up] = turned.data.map(|row| f64::from(row[0]));
        for (ours, theirs) in [(up, x[6]), (north, x[7]), (east, x[8])] {
            assert!(
                (ours - theirs).abs() < 1e-5 * theirs.abs().max(1.0),
                "{row}: {ours}"
            );
        }
        n_rows += 1;
    }
    assert_eq!(n_rows, 8);
}

#[test]
fn a_gap_spreads_to_what_it_takes_part_in() {
    let gap = f32::NAN;
    let turned = record(
        ["HH1", "HH2", "HHZ"],
        [
            vec![1.0, gap, 1.0, 1.0],
            vec![0.0; 4],
            vec![5.0, 5.0, gap, 5.0],
        ],
    )
    .rotated(&station([
        ("HH1", 30.0, 0.0),
        ("HH2", 120.0, 0.0),
        ("HHZ", f64::NAN, -90.0),
    ]))
    .unwrap();
    assert!(turned.data[0][1].is_nan() && turned.data[1][1].is_nan());
    assert!(turned.data[0][2].is_finite());
    assert_eq!(turned.data[2][..2], [5.0, 5.0]);
    assert!(turned.data[2][2].is_nan());

    // What points east, north and up already stays as it is, bit by bit.
    let upright = record(["HHE", "HHN", "HHZ"], [vec![0.1], vec![-7e8], vec![gap]]);
    let same = upright
        .rotated(&station([
            ("HHE", 90.0, 0.0),
            ("HHN", 0.0, 0.0),
            ("HHZ", 0.0, -90.0),
        ]))
        .unwrap();
    assert_eq!(same.channels, upright.channels);
    assert_eq!(same.data[..2], upright.data[..2]);
    assert!(same.data[2][0].is_nan());
}

#[test]
fn orientations_that_tell_no_motion_are_refused() {
    let record = record(["HH1", "HH2", "HHZ"], [vec![1.0], vec![1.0], vec![1.0]]);
    let mut other = station([("HH1", 0.0, 0.0), ("HH2", 90.0, 0.0), ("HHZ", 0.0, -90.0)]);
    other.station = "B".parse().unwrap();
    for (station, words) in [
        (other, "orientations of the station XX.B"),
        (
            station([("HHE", 90.0, 0.0), ("HHN", 0.0, 0.0), ("HHZ", 0.0, -90.0)]),
            "HH1: no azimuth",
        ),
        (
            station([
                ("HH1", f64::NAN, 0.0),
                ("HH2", 90.0, 0.0),
                ("HHZ", 0.0, -90.0),
            ]),
            "HH1: no azimuth",
        ),
        (
            station([("HH1", 10.0, 0.0), ("HH2", 10.1, 0.0), ("HHZ", 0.0, -90.0)]),
            "nearly agree",
        ),
        (
            station([("HH1", 0.0, 0.0), ("HH2", 90.0, 0.0), ("HHZ", 45.0, 0.0)]),
            "one plane",
        ),
    ] {
        let error = record.rotated(&station).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn hostile_codes_of_stations_are_refused() {
    let header = "#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|\
        SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime";
    let text = |codes: &str| {
        let row = format!("{codes}|35|-97|300|0|0|-90|T|1|1|M/S|100|2014-01-01T00:00:00|");
        Inventory::from_text(&format!("{header}\n{row}\n"), "an answer")
    };
    let xml = |codes: [&str; 4]| {
        let [network, station, location, channel] = codes;
        let text = format!(
            "<FDSNStationXML schemaVersion=\"1.1\"><Network code=\"{network}\"><Station code=\"{station}\">\
             <Latitude>35</Latitude><Longitude>-97</Longitude><Elevation>300</Elevation>\
             <Channel code=\"{channel}\" locationCode=\"{location}\"/></Station></Network></FDSNStationXML>"
        );
        Inventory::from_text(&text, "an answer")
    };
    let sound = ["XX", "A", "00", "HHZ"];
    assert!(text(&sound.join("|")).is_ok() && xml(sound).is_ok());
    let long = "A".repeat(300);
    for hostile in [
        "../../../d",
        "HH/../../evil/Z",
        "A\u{1b}[31m",
        "A B",
        long.as_str(),
    ] {
        for at in 0..4 {
            let mut codes = sound;
            codes[at] = hostile;
            for answer in [text(&codes.join("|")), xml(codes)] {
                let error = answer.unwrap_err();
                assert!(matches!(error, quakebook::Error::Station { .. }));
                assert!(!error.to_string().contains('\u{1b}'), "{error}");
            }
        }
    }
}
