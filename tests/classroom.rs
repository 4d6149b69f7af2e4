//! The classroom as a data centre: what it serves, refuses, and what ObsPy makes of it.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use quakebook::catalog::Catalog;
use quakebook::classroom::{Classroom, SEED, Synthesis, Truth, instrument};
use quakebook::data_centre;
use quakebook::study::Study;
use quakebook::time::{self, Time};
use quakebook::waveform::{Samples, Segment, Trace, WaveformSource, mseed};
use quakebook::{Error, Unavailable};

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

fn classroom() -> Classroom {
    Classroom::new(SEED)
}

fn base_url() -> String {
    data_centre::classroom_of_process()
        .unwrap()
        .base_url()
        .into()
}

/// Status and body of one plain request: an HTTP client that is not the library's.
fn ask(method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
    let base_url = base_url();
    let address = base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(head.to_lowercase().contains("simulated"), "{head}");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

fn get(path: &str) -> (u16, Vec<u8>) {
    ask("GET", path, "")
}

fn get_text(path: &str) -> (u16, String) {
    let (status, body) = get(path);
    (status, String::from_utf8(body).unwrap())
}

const DATASELECT: &str = "/fdsnws/dataselect/1/query?net=GS&sta=OK029&loc=00";

fn traces(channel: &str, start: &str, end: &str) -> Vec<Trace> {
    let (status, body) = get(&format!(
        "{DATASELECT}&cha={channel}&start={start}&end={end}"
    ));
    assert_eq!(status, 200);
    mseed::read(&body, "test").unwrap()
}

fn counts(segment: &Segment) -> &[i32] {
    match &segment.samples {
        Samples::Int32(counts) => counts,
        other => panic!("counts were expected, got {other:?}"),
    }
}

#[test]
fn the_client_gets_the_published_catalog_whole() {
    let study = Study::oklahoma();
    let fetched = data_centre::connect(&study)
        .unwrap()
        .fetch_events(&study.region, &study.catalog)
        .unwrap();
    let published = classroom().published().clone();
    assert!(fetched.simulated);
    assert_eq!(fetched.len(), published.len());
    assert!((600..800).contains(&fetched.len()), "{}", fetched.len());
    for (ours, theirs) in fetched.events().iter().zip(published.events()) {
        assert_eq!(ours.id, theirs.id);
        assert!((ours.latitude_deg - theirs.latitude_deg).abs() < 1e-9);
    }
}

#[test]
fn the_client_gets_the_station() {
    let study = Study::oklahoma();
    let station = data_centre::connect(&study)
        .unwrap()
        .fetch_station(&study.station, &study.catalog)
        .unwrap();
    let codes: Vec<&str> = station.channels.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(codes, instrument::CHANNELS);
    assert!(station.simulated);
    assert_eq!(station.position(), instrument::STATION);
    assert_eq!(station.channels[2].dip_deg, -90.0);
    assert_eq!(
        station.channels[0].sensitivity_counts_per_m_s,
        instrument::SENSITIVITY_COUNTS_PER_M_S
    );
}

#[test]
fn a_record_has_the_samples_that_were_asked_for_and_no_more() {
    let study = Study::oklahoma();
    let client = data_centre::connect(&study).unwrap();
    let start = at("2014-02-16T01:51:47.803");
    let record = client.record(start, 1000).unwrap();
    assert_eq!(record.n_samples(), 1000);
    assert!(record.simulated && record.gaps().is_empty());
    assert_eq!(record.channels, instrument::CHANNELS);
    // The sample nearest to the start, as the synthesis computes it.
    let first = at("2014-02-16T01:51:47.80").timestamp_millis() / 10;
    let synthesis = Synthesis::new(SEED, std::sync::Arc::new(Truth::simulate(SEED)));
    for (component, data) in record.data.iter().enumerate() {
        let computed = synthesis.samples(component, first, 1002);
        let same = |skip: usize| {
            let computed = computed.iter().skip(skip);
            data.iter().zip(computed).all(|(a, b)| *a == *b as f32)
        };
        assert!(same(0) || same(1), "component {component}");
    }
}

#[test]
fn the_end_sample_is_included_as_fdsn_has_it() {
    let traces = traces("HH*", "2014-02-16T01:00:00", "2014-02-16T01:00:10");
    assert_eq!(traces.len(), 3);
    for trace in traces {
        assert_eq!(trace.n_samples(), 1001);
        assert_eq!(trace.start(), Some(at("2014-02-16T01:00:00")));
    }
}

#[test]
fn a_short_request_and_a_long_one_agree_in_every_sample() {
    // Across the border of two portions of the long answer.
    let long = traces("HHZ", "2014-02-16T00:00:00", "2014-02-16T02:30:00");
    let short = traces("HHZ", "2014-02-16T00:59:57", "2014-02-16T01:00:03");
    let from = &short[0].segments[0];
    let whole = long[0]
        .segments
        .iter()
        .find(|s| {
            s.start <= from.start && from.start < time::of_sample(s.start, s.samples.len(), 100.0)
        })
        .unwrap();
    let skip = (time::between_s(whole.start, from.start) * 100.0).round() as usize;
    let n = from.samples.len();
    assert_eq!(n, 601);
    assert_eq!(&counts(whole)[skip..skip + n], counts(from));
}

#[test]
fn channel_star_runs_into_the_slow_channels() {
    let traces = traces("*", "2014-02-16T01:00:00", "2014-02-16T01:00:10");
    let rates: Vec<(&str, f64, usize)> = traces
        .iter()
        .map(|t| (t.id.channel().as_str(), t.sampling_rate_hz, t.n_samples()))
        .collect();
    let fast = ["HH1", "HH2", "HHZ"].map(|code| (code, 100.0, 1001));
    let slow = ["LH1", "LH2", "LHZ"].map(|code| (code, 1.0, 11));
    assert_eq!(rates, [fast, slow].concat());
}

#[test]
fn missing_samples_are_gaps_and_nothing_is_204() {
    let synthesis = Synthesis::new(SEED, std::sync::Arc::new(Truth::simulate(SEED)));
    let from = at("2014-03-01").timestamp() * 100;
    let outages = synthesis.outages(from, from + 90 * 86_400 * 100);
    let outage = outages
        .iter()
        .find(|outage| outage.end - outage.start > 10 * 100)
        .expect("a simulated station fails now and then");
    let time = |index: i64| chrono::DateTime::from_timestamp_millis(index * 10).unwrap();
    let asked = |index: i64| time(index).format("%Y-%m-%dT%H:%M:%S%.3f").to_string();

    let (status, _) = get(&format!(
        "{DATASELECT}&cha=HHZ&start={}&end={}",
        asked(outage.start),
        asked(outage.end - 1)
    ));
    assert_eq!(status, 204);
    let (before, after) = (asked(outage.start - 300), asked(outage.end + 299));
    let around = traces("HHZ", &before, &after);
    let missing = synthesis.outages(outage.start - 300, outage.end + 300);
    let n_missing: i64 = missing.iter().map(|o| o.end - o.start).sum();
    let n_asked = outage.end - outage.start + 600;
    assert_eq!(around[0].n_samples() as i64, n_asked - n_missing);
    assert!(around[0].segments.len() >= 2);

    let client = data_centre::connect(&Study::oklahoma()).unwrap();
    let error = client.record(time(outage.start), 1000).unwrap_err();
    let no_sample = Unavailable::NoSample;
    assert!(matches!(error, Error::Unavailable { reason, .. } if reason == no_sample));
    let n = (n_asked as usize).min(2_000_000);
    let record = client.record(time(outage.start - 300), n).unwrap();
    assert_eq!(record.gaps()[0].start, 300);
}

#[test]
fn a_list_in_the_body_is_answered_as_single_requests_are() {
    let body = "quality=B\n\
                GS OK029 00 HHZ 2014-02-16T01:00:00 2014-02-16T01:00:10\n\
                GS OK029 * LH? 2014-02-16T01:00:00 2014-02-16T01:00:10\n";
    let (status, bytes) = ask("POST", "/fdsnws/dataselect/1/query", body);
    assert_eq!(status, 200);
    let traces = mseed::read(&bytes, "bulk").unwrap();
    let codes: Vec<&str> = traces.iter().map(|t| t.id.channel().as_str()).collect();
    assert_eq!(codes, ["HHZ", "LH1", "LH2", "LHZ"]);
    let (status, _) = ask("POST", "/fdsnws/dataselect/1/query", "GS OK029 00 HHZ\n");
    assert_eq!(status, 400);
}

#[test]
fn wrong_requests_are_refused_with_fdsns_words() {
    for (path, word) in [
        ("/fdsnws/event/1/query?beauty=1", "beauty"),
        ("/fdsnws/event/1/query?minmagnitude=big", "not a number"),
        ("/fdsnws/event/1/query?starttime=soon", "not a time"),
        ("/fdsnws/event/1/query?orderby=beauty", "not an order"),
        ("/fdsnws/event/1/query?catalog=other", "truth"),
        ("/fdsnws/event/1/query?format=pdf", "xml and text"),
        ("/fdsnws/station/1/query?level=atom", "not a level"),
        (
            "/fdsnws/station/1/query?level=response&format=text",
            "format=xml",
        ),
        ("/fdsnws/dataselect/1/query?net=GS", "starttime"),
        (
            "/fdsnws/dataselect/1/query?start=2014-02-16&end=2014-02-15",
            "before",
        ),
    ] {
        let (status, body) = get_text(path);
        assert_eq!(status, 400, "{path}");
        assert!(body.starts_with("Error 400: Bad Request"), "{body}");
        assert!(body.contains(word), "{path}: {body}");
    }
    let nothing = "/fdsnws/event/1/query?minmagnitude=9";
    assert_eq!(get(nothing), (204, Vec::new()));
    assert_eq!(get_text(&format!("{nothing}&nodata=404")).0, 404);
    assert_eq!(get("/fdsnws/event/1/version"), (200, b"1.2.0".to_vec()));
}

#[test]
fn requests_to_another_host_are_refused() {
    let base_url = base_url();
    let address = base_url.strip_prefix("http://").unwrap();
    for (host, status) in [
        (address, "200"),
        ("LOCALHOST:80", "200"),
        ("[::1]", "200"),
        ("example.org", "403"),
        ("127.0.0.1.example.org", "403"),
        ("localhostess", "403"),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "GET /fdsnws/event/1/version HTTP/1.0\r\nHost: {host}\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{host}");
    }
}

#[test]
fn events_come_in_the_order_and_number_asked_for() {
    let events = |more: &str| {
        let (status, text) = get_text(&format!("/fdsnws/event/1/query?format=text{more}"));
        assert_eq!(status, 200, "{more}: {text}");
        let ids = text
            .lines()
            .skip(1)
            .map(|row| row.split('|').next().unwrap().to_string());
        (
            ids.collect::<Vec<_>>(),
            Catalog::from_fdsn_text(&text, "test").unwrap(),
        )
    };
    let (newest, all) = events("");
    let (oldest, _) = events("&orderby=time-asc");
    assert!(newest.iter().eq(oldest.iter().rev()));
    assert_eq!(all.len(), classroom().published().len());
    let (page, _) = events("&orderby=time-asc&limit=3&offset=2");
    assert_eq!(page, oldest[1..4]);
    let (largest, chosen) = events("&orderby=magnitude&limit=2&minmagnitude=2.5");
    assert!(chosen.events().iter().all(|e| e.magnitude >= 2.5));
    assert_eq!(largest.len(), 2);
    let (one, _) = events(&format!("&eventid={}", oldest[5]));
    assert_eq!(one, [oldest[5].clone()]);
    let (truth, _) = events("&catalog=truth");
    assert_eq!(truth.len(), classroom().truth().len());
    let (_, xml) = get_text("/fdsnws/event/1/query?minmagnitude=3");
    let xml = Catalog::from_quakeml(&xml, "xml").unwrap();
    assert!(xml.simulated && !xml.is_empty());
}

/// ObsPy is no part of the project: `QUAKEBOOK_OBSPY_PYTHON` names a Python that has it.
#[test]
#[ignore = "needs ObsPy: `cargo xtask test` runs it"]
fn obspys_client_and_reader_accept_what_is_served() {
    let python = common::obspy_python();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/reference/obspy_client.py"
    );
    let classroom = classroom();
    let output = Command::new(python)
        .args([script, &base_url()])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();

    let published = classroom.published();
    let first = &published.events()[0];
    let services: Vec<&str> = found["services"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|s| s.as_str())
        .collect();
    for service in ["dataselect", "event", "station"] {
        assert!(services.contains(&service), "{services:?}");
    }
    assert_eq!(found["n_events"], published.len());
    assert_eq!(found["n_all"], classroom.truth().len());
    let listing = Catalog::from_listing(found["listing"].as_str().unwrap(), "ObsPy").unwrap();
    assert_eq!(listing.len(), published.len());
    assert_eq!(at(found["oldest"].as_str().unwrap()), first.origin_time);
    assert_eq!(found["magnitude"], first.magnitude);
    assert_eq!(
        found["coordinates"]["latitude"],
        instrument::STATION.latitude_deg
    );
    assert_eq!(found["orientation"]["dip"], -90.0);
    assert_eq!(found["channels"], serde_json::json!(instrument::CHANNELS));
    for key in ["sensitivity", "gain_5_hz"] {
        let ratio = found[key].as_f64().unwrap() / instrument::SENSITIVITY_COUNTS_PER_M_S;
        assert!((ratio - 1.0).abs() < 1e-6, "{key}: {ratio}");
    }
    assert_eq!(found["everything"].as_array().unwrap().len(), 6);
    assert_eq!(found["bulk"].as_array().unwrap().len(), 6);
    assert_eq!(found["no_data"], true);
    assert_eq!(found["bad_request"], true);

    // ObsPy's samples are ours.
    let ours = traces("HH*", "2014-02-16T01:51:47.8", "2014-02-16T01:51:57.8");
    let theirs = found["traces"].as_array().unwrap();
    assert_eq!(theirs.len(), 3);
    for (our, their) in ours.iter().zip(theirs) {
        assert_eq!(their["id"], our.id.to_string());
        let samples: Vec<i32> = serde_json::from_value(their["samples"].clone()).unwrap();
        assert_eq!(samples, counts(&our.segments[0]));
        assert_eq!(samples.len(), 1001);
    }
}
