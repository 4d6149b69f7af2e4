//! Catalog formats: known answers of ObsPy, real files of data centres, round trips, broken rows.

mod common;

use std::path::PathBuf;

use proptest::prelude::*;
use quakebook::Error;
use quakebook::catalog::{Catalog, Event};
use quakebook::study::Study;
use quakebook::time;

/// A file of real data.
fn shared(file: &str) -> PathBuf {
    common::real_data().join(file)
}

fn reference(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(file)
}

fn message(result: quakebook::Result<Catalog>) -> String {
    match result {
        Err(error @ Error::Catalog { .. }) => error.to_string(),
        other => panic!("expected an error of the catalog, got {other:?}"),
    }
}

const ROW: &str = "2014-02-16T01:51:47.800000Z | +35.781,  -97.481 | 3.3 ML\n";

#[test]
fn the_listing_is_as_obspy_prints_it() {
    let printed = std::fs::read_to_string(reference("catalog_obspy.txt")).unwrap();
    // Newer ObsPy puts two spaces after a magnitude of one decimal; the paper's has one.
    let printed = printed.replace("3.0  ", "3.0 ").replace("0.3  ", "0.3 ");
    let catalog = Catalog::read(reference("catalog_obspy.xml")).unwrap();
    let listing = catalog.listing();
    let (rows, source) = listing.split_at(printed.len());
    assert_eq!(rows, printed);
    assert!(source.starts_with("# source: "), "{source}");
}

#[test]
fn quakeml_of_obspy_is_read() {
    let catalog = Catalog::read(reference("catalog_obspy.xml")).unwrap();
    let events = catalog.events();
    let ids: Vec<&str> = events.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["a1", "a2", "a3", "a4"]);
    assert!(events[0].magnitude.is_nan() && events[0].magnitude_type.is_empty());
    assert_eq!(
        time::iso(events[0].origin_time),
        "1960-05-22T19:11:14.123456Z"
    );
    assert_eq!(events[0].depth_km, Some(0.0));
    assert_eq!(events[1].magnitude, -0.3);
    assert_eq!(events[1].depth_km, None);
    assert_eq!(events[1].event_type, "quarry blast");
    assert_eq!(events[2].depth_km, Some(4.31));
    assert_eq!(events[2].magnitude, 2.14);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn the_papers_listing_is_read_but_for_its_count() {
    let path = shared("fdsn/paper_cat_txt_sample.txt");
    // The sample has the first rows under the whole listing's count.
    let complaint = message(Catalog::read(&path));
    assert!(
        complaint.contains("12 rows where the first line counts 703"),
        "{complaint}"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replacen("703", "12", 1);
    let catalog = Catalog::from_listing(&text, "cat.txt").unwrap();
    assert_eq!(catalog.len(), 12);
    assert!(catalog.listing().starts_with(text.trim_end()));
    let first = &catalog.events()[0];
    assert_eq!(
        (first.magnitude, first.magnitude_type.as_str()),
        (1.9, "ML")
    );
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn comcats_887_events_are_read_and_four_lie_in_the_scanned_hours() {
    let path = shared("comcat/oklahoma_box_2014-2016.csv");
    let catalog = Catalog::read(path).unwrap();
    let study = Study::oklahoma();
    assert_eq!(catalog.len(), 887);
    assert_eq!(catalog.within(&study.region).len(), 887);
    let scanned = catalog.filter(|event| {
        study.scan.start <= event.origin_time && event.origin_time < study.scan.end
    });
    let found: Vec<_> = scanned
        .events()
        .iter()
        .map(|event| (time::iso(event.origin_time), event.magnitude))
        .collect();
    let wanted = [
        ("2014-02-16T01:28:31.320000Z", 2.2),
        ("2014-02-16T01:51:47.800000Z", 3.3),
        ("2014-02-16T08:39:56.660000Z", 2.6),
        ("2014-02-16T09:45:46.970000Z", 2.1),
    ];
    assert_eq!(
        found,
        wanted.map(|(time, magnitude)| (time.to_string(), magnitude))
    );
    let first = &catalog.events()[0];
    assert_eq!(
        (first.id.as_str(), first.depth_km, first.event_type.as_str()),
        ("usc000mr0g", Some(5.0), "earthquake")
    );
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn a_large_comcat_file_is_read() {
    let path = shared("comcat/oklahoma_m2.5_2000-2022.csv");
    assert_eq!(Catalog::read_comcat_csv(path).unwrap().len(), 9678);
}

#[test]
#[cfg_attr(not(real_data), ignore = "needs real records: set QUAKEBOOK_REAL_DATA")]
fn answers_of_data_centres_are_read() {
    for (file, n_events, first) in [
        ("fdsn/isc_via_iris_eventtext_sample.txt", 7, "2413"),
        ("fdsn/obspy_csv/events.txt", 2, "2413"),
        ("fdsn/obspy_quakeml/usgs_event.xml", 2, "ci37285320"),
        ("fdsn/obspy_quakeml/iris_events.xml", 2, "2318174"),
        (
            "fdsn/obspy_quakeml/neries_events.xml",
            3,
            "quakeml:eu.emsc/event/20120404_0000039",
        ),
        ("fdsn/obspy_quakeml/preferred.xml", 1, "3279407"),
    ] {
        let path = shared(file);
        let catalog = Catalog::read(path).unwrap();
        assert_eq!(
            (catalog.len(), catalog.events()[0].id.as_str()),
            (n_events, first),
            "{file}"
        );
    }
    let catalog = Catalog::read(shared("fdsn/obspy_quakeml/preferred.xml")).unwrap();
    let event = &catalog.events()[0];
    assert_eq!(event.magnitude, 2.0);
    assert_eq!(time::iso(event.origin_time), "2012-12-12T05:46:24.120000Z");
    let body = Catalog::read(shared("fdsn/413_body_noa_eida.txt"));
    assert!(message(body).contains("begins no catalog"));
}

#[test]
fn fdsn_text_is_read_by_its_header() {
    let eight = "#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude|EventLocationName\n\
                 e1|2014-02-16T01:28:31.32Z|35.8|-97.4||ML|-0.4|OKLAHOMA\n";
    let event = Catalog::from_text(eight, "eight").unwrap().events()[0].clone();
    assert_eq!(
        (event.id.as_str(), event.magnitude, event.depth_km),
        ("e1", -0.4, None)
    );

    let swapped = "#EventID | Time | Longitude | Latitude | Magnitude\n\
                   e2|2014-02-16T01:28:31|-97.4|35.8|\n";
    let event = Catalog::from_text(swapped, "swapped").unwrap().events()[0].clone();
    assert_eq!((event.longitude_deg, event.latitude_deg), (-97.4, 35.8));
    assert!(event.magnitude.is_nan());

    let fourteen = Catalog::from_listing(&format!("1 Event(s) in Catalog:\n{ROW}"), "x")
        .unwrap()
        .to_fdsn_text();
    assert_eq!(fourteen.lines().next().unwrap().split('|').count(), 14);
    assert!(Catalog::from_text(&fourteen, "fourteen").is_ok());
}

#[test]
fn a_broken_row_names_file_line_and_what_was_expected() {
    let header = "#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude\n";
    let csv = "time,latitude,longitude,depth,mag,magType,place,id\n";
    let listing = "1 Event(s) in Catalog:\n";
    for (text, place, what) in [
        (
            format!("2 Event(s) in Catalog:\n{ROW}"),
            "f:1",
            "1 rows where the first line counts 2",
        ),
        (
            format!("{listing}{ROW}{ROW}"),
            "f:1",
            "2 rows where the first line counts 1",
        ),
        (
            format!("{listing}2014-02-16T01:51 | nonsense\n"),
            "f:2",
            "time | lat, lon | mag type",
        ),
        (
            format!("{listing}yesterday | +35.7, -97.4 | 3.3 ML\n"),
            "f:2",
            "a time in UTC",
        ),
        (
            format!("{listing}2014-02-16T01:51:47Z | +95.7, -97.4 | 3.3 ML\n"),
            "f:2",
            "degrees from -90 to 90",
        ),
        (
            format!("{listing}2014-02-16T01:51:47Z | +35.7, -97.4 | big ML\n"),
            "f:2",
            "a number",
        ),
        (
            format!("{listing}2014-02-16T01:51:47Z | +35.7, -97.4 | 3.3 ML 4 5\n"),
            "f:2",
            "mag type",
        ),
        (
            format!("{header}e|2014-02-16T01:51:47|35.7|-97.4|5|ML|3.3\ne|2014-02\n"),
            "f:3",
            "2 fields where the header has 7",
        ),
        (
            format!("{header}e|2014-02-16T01:51:47||-97.4|5|ML|3.3\n"),
            "f:2, latitude",
            "degrees",
        ),
        (
            format!("{header}e|2014-02-16T01:51:47|35.7|inf|5|ML|3.3\n"),
            "f:2, longitude",
            "a number",
        ),
        (
            "#EventID|Time|Latitude\n".to_string(),
            "f:1",
            "no column \"longitude\"",
        ),
        (
            format!("{csv}2014-02-16T01:51:47Z,35.7,-97.4,5,3.3,ml,\"near\n"),
            "f:2",
            "quotation mark",
        ),
        (
            format!("{csv}2014-02-16T01:51:47Z,35.7,-97.4,5\n"),
            "f:2",
            "4 fields where the header has 8",
        ),
        (
            "<html><body>busy</body></html>".to_string(),
            "f",
            "<html> where <quakeml>",
        ),
        (
            "<q:quakeml xmlns:q=\"http://quakeml.org/xmlns/quakeml/1.2\"><eventParameters>"
                .to_string(),
            "f, byte 75",
            "ends within",
        ),
        (String::new(), "f:1", "begins no catalog"),
    ] {
        let complaint = message(Catalog::from_text(&text, "f"));
        assert!(
            complaint.contains(&format!("catalog, {place}")),
            "{text}\n{complaint}"
        );
        assert!(complaint.contains(what), "{text}\n{complaint}");
    }
}

#[test]
fn a_catalog_without_events_is_no_error_when_read() {
    let empty = Catalog::new("nowhere", false, Vec::new());
    let back = [
        Catalog::from_listing(&empty.listing(), "listing").unwrap(),
        Catalog::from_fdsn_text(&empty.to_fdsn_text(), "text").unwrap(),
        Catalog::from_quakeml(&empty.to_quakeml(), "xml").unwrap(),
        Catalog::from_frame(&empty.to_frame(), "frame", false).unwrap(),
    ];
    assert!(back.iter().all(Catalog::is_empty));
}

#[test]
fn a_file_that_is_absent_is_named() {
    let absent = std::path::Path::new("no/such/file.txt");
    let error = Catalog::read(absent).unwrap_err();
    assert!(
        matches!(error, Error::Io { ref path, .. } if path == absent),
        "{error}"
    );
}

#[test]
fn simulated_events_stay_simulated_through_a_file() {
    let events = Catalog::from_listing(&format!("1 Event(s) in Catalog:\n{ROW}"), "x").unwrap();
    let simulated = Catalog::new("classroom", true, events.events().to_vec());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.txt");
    simulated.write_listing(&path).unwrap();
    let back = Catalog::read_listing(&path).unwrap();
    assert!(back.simulated);
    assert_eq!(back.source, "classroom");
    assert!(
        Catalog::from_text(&simulated.to_fdsn_text(), "t")
            .unwrap()
            .simulated
    );
    assert!(
        Catalog::from_text(&simulated.to_quakeml(), "q")
            .unwrap()
            .simulated
    );
    assert!(
        !Catalog::from_text(&events.to_quakeml(), "q")
            .unwrap()
            .simulated
    );
}

#[test]
fn a_table_without_a_column_is_refused() {
    let frame = Catalog::new("", false, Vec::new()).to_frame();
    let complaint = message(Catalog::from_frame(
        &frame.drop("latitude_deg").unwrap(),
        "x",
        false,
    ));
    assert!(complaint.contains("latitude_deg"), "{complaint}");
}

/// An event whose values each format can hold: microseconds, and where `coarse` the listing's
/// decimals.
fn event(coarse: bool) -> impl Strategy<Value = Event> {
    let number = (
        -62_000_000_000_000_000_i64 / 1000..4_000_000_000_000_000,
        -180_000_000..180_000_000_i64,
        -90_000_000..90_000_000_i64,
        // -999 m stands for nothing.
        proptest::option::of(-900..700_000_i64),
        -200..950_i64,
    );
    let text = ("[ -z<>&\"']{1,12}", "[A-Za-z_]{1,6}", "[a-z &<]{0,12}");
    (number, text).prop_map(
        move |((micros, longitude, latitude, depth_m, magnitude), (id, kind, event_type))| {
            let unit = if coarse { 1000.0 } else { 1.0 };
            let degrees = |millionths: i64| (millionths as f64 / unit).round() * unit / 1e6;
            Event {
                id: format!("i{}", id.replace('|', "").trim()),
                origin_time: chrono::DateTime::from_timestamp_micros(micros).unwrap(),
                longitude_deg: degrees(longitude),
                latitude_deg: degrees(latitude),
                depth_km: depth_m.map(|metres| metres as f64 / 1000.0),
                magnitude: magnitude as f64 / 100.0,
                magnitude_type: kind,
                event_type: event_type.trim().to_string(),
            }
        },
    )
}

/// A catalog has each event once: of two with one identifier a reader keeps the first.
fn events(coarse: bool) -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(event(coarse), 0..20).prop_map(|events| {
        let numbered = events.into_iter().enumerate();
        let named = numbered.map(|(n, event)| Event {
            id: format!("{n}{}", event.id),
            ..event
        });
        named.collect()
    })
}

fn assert_same(ours: &Catalog, back: &Catalog) {
    assert_eq!(ours.len(), back.len());
    for (a, b) in ours.events().iter().zip(back.events()) {
        let close = |x: f64, y: f64| (x - y).abs() < 1e-9;
        assert!(
            a.id == b.id && a.origin_time == b.origin_time,
            "{a:?} {b:?}"
        );
        assert!(close(a.longitude_deg, b.longitude_deg) && close(a.latitude_deg, b.latitude_deg));
        assert!(close(
            a.depth_km.unwrap_or(-9.0),
            b.depth_km.unwrap_or(-9.0)
        ));
        assert!(close(a.magnitude, b.magnitude));
        assert_eq!(
            (&a.magnitude_type, &a.event_type),
            (&b.magnitude_type, &b.event_type)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn text_quakeml_and_table_bring_back_what_they_were_given(
        events in events(false)
    ) {
        let ours = Catalog::new("x", false, events);
        assert_same(&ours, &Catalog::from_text(&ours.to_fdsn_text(), "text").unwrap());
        assert_same(&ours, &Catalog::from_text(&ours.to_quakeml(), "quakeml").unwrap());
        // A table of polars holds the years 1677 to 2262.
        let ours = ours.filter(|event| event.origin_time.timestamp_nanos_opt().is_some());
        assert_same(&ours, &Catalog::from_frame(&ours.to_frame(), "x", false).unwrap());
    }

    #[test]
    fn a_listing_brings_back_what_it_can_hold(
        events in events(true)
    ) {
        let ours = Catalog::new("x", false, events);
        let back = Catalog::from_listing(&ours.listing(), "listing").unwrap();
        prop_assert_eq!(back.listing(), ours.listing());
        let magnitudes = |c: &Catalog| c.events().iter().map(|e| e.magnitude).collect::<Vec<_>>();
        prop_assert_eq!(magnitudes(&back), magnitudes(&ours));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,200}", prefix in 0..4_usize) {
        let starts = ["", "1 Event(s) in Catalog:\n", "#EventID|Time|Latitude|Longitude\n", "<quakeml><event>"];
        let _ = Catalog::from_text(&format!("{}{text}", starts[prefix]), "any");
    }
}
