//! Servers that mean no good: they drip, never end, send bombs, and answer what nobody asked.

use std::io::Write;
use std::sync::atomic::AtomicUsize;

use flate2::Compression;
use flate2::write::GzEncoder;
use quakebook::fdsn::{DownloadParams, download};
use quakebook::station::{NslcPattern, StationChoice};
use quakebook::study::Study;
use quakebook::waveform::{Archive, DownloadOutcome};

use crate::*;

/// Bounds under which a test does not last.
fn hasty() -> RetryPolicy {
    RetryPolicy {
        first_byte: Duration::from_millis(500),
        stall: Duration::from_millis(200),
        report: Duration::from_millis(60),
        least_bytes_per_s: 1000,
        ..RetryPolicy::default()
    }
}

fn archive(folder: &std::path::Path) -> Archive {
    Archive::create(folder, "CX", "PB01", "", "HH?", false).unwrap()
}

#[test]
fn a_server_that_drips_is_given_up_and_was_told_of() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec();
    let drip = Act::Drip(head, b"#".to_vec(), Duration::from_millis(20));
    let server = FaultServer::always(drip);
    let rig = Rig::with_policy(&server, hasty());
    let (_, status, what, _) = request_error(rig.client.fetch_events(&BOX, &span(0, 3600)));
    assert!(status.is_none() && what.contains("too slow"), "{what}");
    assert_eq!(server.n_requests(), 2);
    let lines = rig.lines();
    assert!(
        lines.iter().any(|line| line.contains("bytes so far")),
        "{lines:?}"
    );
}

#[test]
fn a_server_that_says_nothing_is_told_of() {
    let server = FaultServer::always(Act::Stall(Vec::new()));
    let rig = Rig::with_policy(&server, hasty());
    let (_, _, what, _) = request_error(fetch_hhz(&rig.client));
    assert!(what.contains("timed out"), "{what}");
    assert_eq!(server.n_requests(), 2);
    let lines = rig.lines();
    assert!(lines[0].contains("no answer yet after"), "{lines:?}");
}

#[test]
fn a_record_that_never_ends_is_asked_for_twice() {
    let answer = response("200 OK", &recorded("HHZ", 0, 1000));
    let server = FaultServer::always(Act::Stall(answer[..700].to_vec()));
    let rig = Rig::with_policy(&server, hasty());
    let (_, _, what, _) = request_error(fetch_hhz(&rig.client));
    assert!(what.contains("timed out"), "{what}");
    assert_eq!(server.n_requests(), 2);
}

#[test]
fn a_deadline_ends_what_is_fast_enough() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n".to_vec();
    let steady = Act::Drip(head, vec![b'#'; 1000], Duration::from_millis(10));
    let server = FaultServer::always(steady);
    let policy = RetryPolicy {
        deadline: Duration::from_millis(700),
        ..hasty()
    };
    let rig = Rig::with_policy(&server, policy);
    let (_, _, what, _) = request_error(fetch_hhz(&rig.client));
    assert!(what.contains("time for one request is over"), "{what}");
    assert_eq!(server.n_requests(), 1);
}

#[test]
fn heads_and_chunks_without_end_are_given_up() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (begin, more) in [
        ("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"),
        ("HTTP/1.1 200 OK\r\nX-Long: ", "xxxxxxxxxxxxxxxx"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        (chunked, "0"),
        (&format!("{chunked}1;"), "extension=x;"),
        (&format!("{chunked}0\r\n"), "X-Trailer: x\r\n"),
    ] {
        let pause = Duration::from_millis(1);
        let server = FaultServer::always(Act::Drip(begin.into(), more.into(), pause));
        let rig = Rig::with_policy(&server, hasty());
        let (_, status, ..) = request_error(fetch_hhz(&rig.client));
        assert_eq!(status, None, "{begin}");
        assert!(server.n_requests() <= 5, "{begin}");
    }
}

fn packed(piece: &[u8], n: usize) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..n {
        packer.write_all(piece).unwrap();
    }
    packer.finish().unwrap()
}

fn packed_answer(body: &[u8]) -> Act {
    let head = "Content-Encoding: gzip\r\n";
    Act::Send(response_with("200 OK", head, body))
}

#[test]
fn a_bomb_is_unpacked_up_to_its_bound() {
    let million = b"000000D ".repeat(1 << 17);
    let bomb = packed(&million, 80);
    assert!(bomb.len() < 1 << 20);
    let server = FaultServer::always(packed_answer(&bomb));
    let rig = Rig::new(&server);
    // Of a second no half is asked for.
    let (_, status, what, _) = request_error(rig.client.fetch_mseed(&stream("HHZ"), &span(0, 1)));
    assert_eq!((status, server.n_requests()), (None, 1));
    let is_told = ["more than 67108864 bytes", "limit of this client"];
    assert!(is_told.iter().all(|words| what.contains(words)), "{what}");

    // What is below the bound has more faults than anybody counts.
    let server = FaultServer::always(packed_answer(&packed(&million, 16)));
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(folder.path());
    let client = Rig::new(&server).client;
    let params = DownloadParams::default();
    let log = download(
        &client,
        &archive,
        &stream("HHZ"),
        span(0, 100),
        &params,
        &mut |_| {},
    );
    assert_eq!(log.unwrap().entries()[0].outcome, DownloadOutcome::Lost);
    let whole = [recorded("HHZ", 0, 100), million.clone()].concat();
    let server = FaultServer::always(packed_answer(&packed(&whole, 1)));
    let client = Rig::new(&server).client;
    let log = download(
        &client,
        &archive,
        &stream("HHZ"),
        span(0, 100),
        &params,
        &mut |_| {},
    );
    let log = log.unwrap();
    assert_eq!(log.entries()[0].outcome, DownloadOutcome::Arrived);
    assert!(log.n_faults() > 10_000);
}

#[test]
fn words_of_a_refusal_are_bounded() {
    let server = FaultServer::always(Act::Drip(
        b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
        [b"8000\r\n".to_vec(), vec![b'x'; 0x8000], b"\r\n".to_vec()].concat(),
        Duration::ZERO,
    ));
    let (_, status, what, _) = request_error(fetch_hhz(&Rig::new(&server).client));
    assert_eq!((status, server.n_requests()), (Some(400), 1));
    assert!(what.chars().count() < 400, "{what}");
}

#[test]
fn too_much_for_long_and_nothing_for_short_spans_ends() {
    let contrary = |_: usize, seen: &Seen| {
        let (from, to) = asked_s(seen);
        match to - from {
            0..3 => status("204 No Content", ""),
            _ => status("413 Payload Too Large", "too much"),
        }
    };
    let server = FaultServer::new(contrary);
    let rig = Rig::new(&server);
    let day = span(0, 86_400);
    let (_, status, what, _) = request_error(rig.client.fetch_mseed(&stream("HHZ"), &day));
    assert_eq!((status, server.n_requests()), (None, 500));
    assert!(what.contains("500 requests"), "{what}");
    let (.., what, _) = request_error(rig.client.fetch_events(&BOX, &day));
    assert!(what.contains("500 requests"), "{what}");

    let server = FaultServer::new(contrary);
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(folder.path());
    let client = Rig::new(&server).client;
    let params = DownloadParams::default();
    let log = download(&client, &archive, &stream("HHZ"), day, &params, &mut |_| {}).unwrap();
    assert_eq!(server.n_requests(), 3 * 50);
    let lost = log
        .entries()
        .iter()
        .all(|e| e.outcome == DownloadOutcome::Lost);
    assert!(lost && !log.missing(day).is_empty());
}

#[test]
fn a_header_that_was_cut_is_no_empty_answer() {
    let text = rows(0, 0);
    let header = text.trim_end();
    let quakeml = Catalog::from_text(&rows(0, 600), "rows")
        .unwrap()
        .to_quakeml();
    let cut = |whole: &str, step: usize| -> Vec<Vec<u8>> {
        let lengths = (1..=whole.len()).step_by(step);
        lengths.map(|n| whole.as_bytes()[..n].to_vec()).collect()
    };
    let (of_text, of_xml) = (cut(header, 1), cut(&quakeml[..quakeml.len() - 12], 29));
    let folder = tempfile::tempdir().unwrap();
    for body in of_text.iter().chain(&of_xml) {
        let server = FaultServer::always(ok(body));
        let client = Rig::new(&server).client.with_cache(folder.path());
        let shown = String::from_utf8_lossy(body);
        let (_, status, ..) = request_error(client.fetch_events(&BOX, &span(0, 600)));
        assert_eq!((status, server.n_requests()), (Some(200), 2), "{shown}");
    }
    let header = "#Network|Station|Location|Channel|Latitude";
    for body in cut(header, 1) {
        let server = FaultServer::always(ok(&body));
        let client = Rig::new(&server).client.with_cache(folder.path());
        let stations = client.fetch_stations(&stream("HHZ"), &span(0, 600), StationFormat::Text);
        assert!(stations.is_err(), "{body:?}");
        assert_eq!(server.n_requests(), 2);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    // A whole header is an answer.
    let server = FaultServer::always(ok(text.as_bytes()));
    let catalog = Rig::new(&server).client.fetch_events(&BOX, &span(0, 600));
    assert!(catalog.unwrap().is_empty());
}

#[test]
fn records_that_were_not_asked_for_are_left_out() {
    let asked_for = recorded("HHZ", 0, 1000);
    let mut elsewhere = trace("HHZ", 0, 1000);
    elsewhere.id = Nslc::new("CX", "PB02", "", "HHZ").unwrap();
    let body = [
        recorded("HHN", 0, 100),
        asked_for.clone(),
        recorded("HHZ", 5000, 5100),
        mseed::write(&[elsewhere]).unwrap(),
    ];
    let server = FaultServer::always(ok(&body.concat()));
    let rig = Rig::new(&server);
    assert_eq!(fetch_hhz(&rig.client).unwrap(), Some(asked_for));
    let lines = rig.lines();
    assert!(
        lines[0].contains("records that were not asked for"),
        "{lines:?}"
    );
    assert_eq!(server.n_requests(), 1);
}

const STATIONS: &str = "\
#Network|Station|Location|Channel|Latitude|Longitude|Elevation|Depth|Azimuth|Dip|SensorDescription|Scale|ScaleFreq|ScaleUnits|SampleRate|StartTime|EndTime
GS|OK029|00|HHZ|35.8|-97.4|300|0|0|-90|T|1e9|1|M/S|100|2013-01-01T00:00:00|
GS|OK029|00|HHE|35.8|-97.4|300|0|90|0|T|1e9|1|M/S|100|2013-01-01T00:00:00|
GS|OK029|00|HHN|35.8|-97.4|300|0|0|0|T|1e9|1|M/S|100|2013-01-01T00:00:00|
";

#[test]
fn channels_that_were_not_asked_for_are_left_out() {
    let study = Study::oklahoma();
    let row = |codes: &str, start: &str| {
        format!("{codes}|35.8|-97.4|300|0|0|-90|T|7|1|M/S|100|{start}T00:00:00|\n")
    };
    let others = [
        row("GS|OK030|00|HHZ", "2013-01-01"),
        row("XX|OK029|00|HHZ", "2013-01-01"),
        row("GS|OK029|10|HHZ", "2013-01-01"),
        row("GS|OK029|00|BHZ", "2013-01-01"),
        row("GS|OK029|00|HHZ", "2030-01-01"),
    ];
    let others: String = (0..400).flat_map(|_| others.clone()).collect();
    let both = STATIONS.to_string() + &others;
    let quakebook_choice = StationChoice::new("GS", "OK029", "00", "HH*").unwrap();
    let pattern = NslcPattern::from(&quakebook_choice);
    let server = FaultServer::always(ok(both.as_bytes()));
    let rig = Rig::new(&server);
    let station = rig
        .client
        .fetch_station(&study.station, &study.catalog)
        .unwrap();
    assert_eq!(station.channels.len(), 3);
    // A later epoch was not asked for: the gain is that of the study's time.
    assert!(
        station
            .channels
            .iter()
            .all(|c| c.sensitivity_counts_per_m_s == 1e9)
    );
    let format = StationFormat::Text;
    let words = rig.client.fetch_stations(&pattern, &study.catalog, format);
    assert_eq!(words.unwrap().as_deref(), Some(STATIONS));
    let inventory = rig.client.fetch_inventory(&pattern, &study.catalog, format);
    let inventory = inventory.unwrap().unwrap();
    assert_eq!(inventory.channels().count(), 3);
    for line in rig.lines() {
        assert!(
            line.contains("2000 channels or stations that were not"),
            "{line}"
        );
    }
    assert_eq!(rig.lines().len(), 3);

    // The same as StationXML.
    let all = quakebook::station::Inventory::from_text(&both, "all").unwrap();
    let server = FaultServer::always(ok(all.to_stationxml().as_bytes()));
    let rig = Rig::new(&server);
    let words = rig
        .client
        .fetch_stations(&pattern, &study.catalog, StationFormat::Xml);
    let told = quakebook::station::Inventory::from_text(&words.unwrap().unwrap(), "told");
    let codes: Vec<String> = told
        .unwrap()
        .channels()
        .map(|(n, s, c)| format!("{}.{}.{}.{}", n.code, s.code, c.location, c.code))
        .collect();
    assert_eq!(
        codes,
        ["GS.OK029.00.HHZ", "GS.OK029.00.HHE", "GS.OK029.00.HHN"]
    );

    // Others alone are nothing, and no station.
    let alone = STATIONS.lines().next().unwrap().to_string() + "\n" + &others;
    let server = FaultServer::always(ok(alone.as_bytes()));
    let client = Rig::new(&server).client;
    assert_eq!(
        client
            .fetch_stations(&pattern, &study.catalog, format)
            .unwrap(),
        None
    );
    assert!(
        client
            .fetch_inventory(&pattern, &study.catalog, format)
            .unwrap()
            .is_none()
    );
    let (_, _, what, _) = request_error(client.fetch_station(&study.station, &study.catalog));
    assert!(what.contains("none of which was asked for"), "{what}");
}

/// The line breaks between two records, and nobody told how long the answer would be.
#[test]
fn an_end_between_two_records_is_lost_until_it_is_proven() {
    for head in ["HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
        let n_cut = AtomicUsize::new(0);
        let server = FaultServer::new(move |_, seen| {
            let (from, to) = asked_s(seen);
            let samples = trace("HHZ", from, to);
            let bytes = mseed::write_records(&[samples], 512).unwrap();
            let sent = match n_cut.fetch_add(1, Ordering::SeqCst) {
                0..3 => &bytes[..512],
                _ => &bytes[..],
            };
            Act::Send([head.as_bytes(), sent].concat())
        });
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(folder.path());
        let client = Rig::new(&server).client;
        let (params, wanted) = (DownloadParams::default(), span(0, 3600));
        let run = || {
            let log = download(
                &client,
                &archive,
                &stream("HHZ"),
                wanted,
                &params,
                &mut |_| {},
            );
            log.unwrap()
        };
        let first = run();
        let outcomes: Vec<_> = first.entries().iter().map(|e| e.outcome).collect();
        let expected = [DownloadOutcome::Arrived, DownloadOutcome::Lost];
        assert_eq!(
            (outcomes.as_slice(), server.n_requests()),
            (&expected[..], 3)
        );
        assert!(first.n_samples() < 3600);
        let second = run();
        assert_eq!((second.n_samples(), server.n_requests()), (3600, 4));
        assert!(second.missing(wanted).is_empty());
    }
}

#[test]
fn a_post_keeps_its_question_when_it_is_sent_elsewhere() {
    for (line, is_kept) in [
        ("307 Temporary Redirect", true),
        ("308 Permanent Redirect", true),
        ("301 Moved Permanently", false),
        ("302 Found", false),
        ("303 See Other", false),
    ] {
        let server = FaultServer::new(move |n, seen| match n {
            0 => Act::Send(response_with(line, "Location: /moved\r\n", b"")),
            _ if seen.method == "POST" && seen.body.contains("HHZ") => ok(&recorded("HHZ", 0, 100)),
            _ => ok(&recorded("HHZ", 0, 1000)),
        });
        let wanted = ["HHE", "HHZ"].map(|c| (NslcPattern::from(&stream(c)), span(0, 100)));
        let fetched = Rig::new(&server).client.fetch_mseed_bulk(&wanted);
        match is_kept {
            true => assert_eq!(fetched.unwrap(), Some(recorded("HHZ", 0, 100)), "{line}"),
            false => {
                let (.., what, _) = request_error(fetched);
                assert!(what.contains("/moved"), "{line}: {what}");
                assert_eq!(server.n_requests(), 1);
            }
        }
    }
}
