//! Every fault of a data centre and of the line to it: what comes back, how often the data centre
//! was asked, and how long was waited. The waits take no time: the clock is the test's own.

mod fault_server;

use std::sync::Arc;
use std::time::Duration;

use fault_server::{
    Act, FaultServer, Rig, Seen, TestClock, chunked, ok, request_error, response, response_with,
    status, unmeasured,
};
use quakebook::Error;
use quakebook::catalog::Catalog;
use quakebook::fdsn::{Client, Limits, Patience, Provider, StationFormat};
use quakebook::study::{Region, TimeSpan};
use quakebook::time::{self, Time};
use quakebook::waveform::{Samples, Segment, StreamId, Trace, mseed};

const BOX: Region = Region {
    min_latitude_deg: -22.0,
    max_latitude_deg: -20.0,
    min_longitude_deg: -71.0,
    max_longitude_deg: -69.0,
};

/// The waits before attempts 2 to 5 where chance gives nothing: half of 1, 2, 4 and 8 s.
const BACKOFF_S: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

fn at(second: i64) -> Time {
    time::parse("2014-05-01").unwrap() + time::seconds(second as f64)
}

fn span(from_s: i64, to_s: i64) -> TimeSpan {
    TimeSpan {
        start: at(from_s),
        end: at(to_s),
    }
}

fn stream(channel: &str) -> StreamId {
    StreamId {
        network: "CX".into(),
        station: "PB01".into(),
        location: String::new(),
        channel: channel.into(),
    }
}

/// One sample a second; it counts the seconds of the day.
fn trace(channel: &str, from_s: i64, to_s: i64) -> Trace {
    Trace {
        id: stream(channel),
        sampling_rate_hz: 1.0,
        segments: vec![Segment {
            start: at(from_s),
            samples: Samples::Int32((from_s as i32..to_s as i32).collect()),
        }],
    }
}

fn recorded(channel: &str, from_s: i64, to_s: i64) -> Vec<u8> {
    mseed::write(&[trace(channel, from_s, to_s)]).unwrap()
}

/// The rows of an event service: one event every ten minutes.
fn rows(from_s: i64, to_s: i64) -> String {
    let row = |second: i64| {
        let time = time::iso(at(second));
        format!("e{second}|{time}|-21.0|-70.0|40.2|a|c|n|i|Mw|4.25|a|Iquique\n")
    };
    let times = (from_s..to_s).filter(|second| second % 600 == 0);
    let header = "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor|EventLocationName\n";
    header.to_string() + &times.map(row).collect::<String>()
}

fn ids(catalog: &Catalog) -> Vec<&str> {
    catalog.events().iter().map(|e| e.id.as_str()).collect()
}

/// Seconds of the day between which a request asks, the first included and the last not.
fn asked_s(seen: &Seen) -> (i64, i64) {
    let second = |name| {
        let micros = (seen.time(name) - at(0)).num_microseconds().unwrap();
        (micros + 999_999).div_euclid(1_000_000)
    };
    (second("starttime"), second("endtime"))
}

/// Asks each of the three services once, and gives what came of it.
fn ask_all(client: &Client) -> [Result<bool, Error>; 3] {
    [
        client
            .fetch_events_in(&BOX, &span(0, 3600))
            .map(|catalog| catalog.is_empty()),
        client
            .fetch_stations(&stream("HHZ"), &span(0, 3600), StationFormat::Text)
            .map(|text| text.is_none()),
        client
            .fetch_mseed(&stream("HHZ"), &span(0, 3600))
            .map(|bytes| bytes.is_none()),
    ]
}

// ---------------------------------------------------------------- one test for each status

#[test]
fn status_204_is_nothing_and_is_kept() {
    let server = FaultServer::always(status("204 No Content", ""));
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(folder.path());
    for _ in 0..3 {
        for nothing in ask_all(&client) {
            assert!(nothing.unwrap());
        }
    }
    // Events and stations are kept; waveforms are an archive's.
    assert_eq!(server.n_requests(), 1 + 1 + 3);
    assert!(rig.clock.slept_s().is_empty() && rig.lines().is_empty());
}

#[test]
fn status_404_is_nothing_only_in_the_words_of_a_data_centre() {
    for (body, is_nothing) in [
        (
            "Error 404: Not Found\n\nNo data matched the request\n",
            true,
        ),
        ("no data available", true),
        ("", false),
        ("404 page not found", false),
        ("<html><body>Error 404: no data</body></html>", false),
    ] {
        let server = FaultServer::always(status("404 Not Found", body));
        let folder = tempfile::tempdir().unwrap();
        let client = Rig::new(&server).client.with_cache(folder.path());
        for result in ask_all(&client).into_iter().chain(ask_all(&client)) {
            if is_nothing {
                assert!(result.unwrap(), "{body:?}");
            } else {
                let (_, status, what, remedy) = request_error(result);
                assert_eq!(
                    (status, what.as_str()),
                    (Some(404), "no FDSN service at this address")
                );
                assert!(remedy.contains("provider's address"), "{remedy}");
            }
        }
        assert_eq!(server.n_requests(), 6, "neither is kept: {body:?}");
    }
}

#[test]
fn a_refusal_is_final_and_names_address_status_first_words_and_remedy() {
    for (line, code, body, what, hint) in [
        (
            "400 Bad Request",
            400,
            "Error 400: Bad Request\n\nunknown parameter \"beauty\"\n",
            "Error 400: Bad Request: unknown parameter \"beauty\"",
            "check the study",
        ),
        (
            "401 Unauthorized",
            401,
            "",
            "an answer without a word",
            "restricted",
        ),
        (
            "403 Forbidden",
            403,
            "\n\n Not yours \n",
            "Not yours",
            "restricted",
        ),
        (
            "422 Unprocessable Content",
            422,
            "bad span",
            "bad span",
            "check the study",
        ),
        ("405 Method Not Allowed", 405, "no", "no", "documentation"),
        ("501 Not Implemented", 501, "never", "never", "fault"),
    ] {
        let server = FaultServer::always(status(line, body));
        let rig = Rig::new(&server);
        for (result, service) in
            ask_all(&rig.client)
                .into_iter()
                .zip(["event", "station", "dataselect"])
        {
            let (url, found, said, remedy) = request_error(result);
            let address = format!("{}/fdsnws/{service}/1/query?", server.address);
            assert!(url.starts_with(&address), "{url}");
            assert_eq!((found, said.as_str()), (Some(code), what));
            assert!(remedy.contains(hint), "{remedy}");
        }
        assert_eq!(server.n_requests(), 3, "{line}");
        assert!(rig.clock.slept_s().is_empty() && rig.lines().is_empty());
    }
}

#[test]
fn a_passing_fault_is_asked_again_until_it_has_passed() {
    for line in [
        "408 Request Timeout",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ] {
        let fault = status(line, "not now");
        let server = FaultServer::script(vec![fault.clone(), fault, ok(rows(0, 3600).as_bytes())]);
        let rig = Rig::new(&server);
        let catalog = rig.client.fetch_events_in(&BOX, &span(0, 3600)).unwrap();
        assert_eq!(catalog.len(), 6);
        assert_eq!(server.n_requests(), 3, "{line}");
        assert_eq!(rig.clock.slept_s(), BACKOFF_S[..2], "{line}");
        let code = &line[..3];
        let name = &server.address;
        assert_eq!(
            rig.lines(),
            [
                format!("{name} event: status {code}: not now; again in 0.5 s, attempt 2 of 5"),
                format!("{name} event: status {code}: not now; again in 1.0 s, attempt 3 of 5"),
            ]
        );
    }
}

#[test]
fn a_lasting_fault_is_asked_five_times_and_no_more() {
    for (line, code, hint) in [
        ("500 Internal Server Error", 500, "has a fault"),
        ("502 Bad Gateway", 502, "has a fault"),
        ("503 Service Unavailable", 503, "busy"),
        ("429 Too Many Requests", 429, "busy"),
    ] {
        let server = FaultServer::always(status(line, "oops"));
        let rig = Rig::new(&server);
        let result = rig.client.fetch_mseed(&stream("HHZ"), &span(0, 3600));
        let (_, found, what, remedy) = request_error(result);
        assert_eq!((found, what.as_str()), (Some(code), "oops (asked 5 times)"));
        assert!(remedy.contains(hint), "{remedy}");
        assert_eq!(server.n_requests(), 5);
        assert_eq!(rig.clock.slept_s(), BACKOFF_S);
    }
}

#[test]
fn retry_after_is_obeyed_in_seconds_and_by_date() {
    let busy = |line: &str, after: &str| {
        let header = format!("Retry-After: {after}\r\n");
        Act::Send(response_with(line, &header, b"busy"))
    };
    let server = FaultServer::script(vec![
        busy("429 Too Many Requests", "7"),
        // The clock of the test begins on 1 January 2026 and has slept 7 s by then.
        busy("503 Service Unavailable", "Thu, 01 Jan 2026 00:01:00 GMT"),
        busy("503 Service Unavailable", "Wed, 31 Dec 2025 00:00:00 GMT"),
        busy("503 Service Unavailable", "later"),
        ok(&recorded("HHZ", 0, 100)),
    ]);
    let rig = Rig::new(&server);
    let bytes = rig
        .client
        .fetch_mseed(&stream("HHZ"), &span(0, 100))
        .unwrap();
    assert_eq!(bytes, Some(recorded("HHZ", 0, 100)));
    assert_eq!(rig.clock.slept_s(), [7.0, 53.0, 0.0, BACKOFF_S[3]]);
    assert_eq!(server.n_requests(), 5);
}

#[test]
fn a_wait_beyond_all_patience_is_not_begun() {
    let busy = response_with("503 Service Unavailable", "Retry-After: 400\r\n", b"closed");
    let server = FaultServer::always(Act::Send(busy));
    let rig = Rig::new(&server);
    let (_, status, ..) = request_error(rig.client.fetch_events_in(&BOX, &span(0, 3600)));
    assert_eq!(status, Some(503));
    // 400 s of the 600 s that all waits may take; twice would be too long.
    assert_eq!((server.n_requests(), rig.clock.slept_s()), (2, vec![400.0]));

    let hasty = rig.client.with_patience(Patience::none()).unwrap();
    assert!(hasty.fetch_events_in(&BOX, &span(0, 3600)).is_err());
    assert_eq!((server.n_requests(), rig.clock.slept_s().len()), (3, 1));
}

// ---------------------------------------------------------------- too much at once

/// A data centre that gives no more than so many seconds of a channel at once.
fn at_most_s(n_most: i64) -> FaultServer {
    FaultServer::new(move |_, seen| {
        let (from, to) = asked_s(seen);
        match to - from {
            n if n > n_most => status(
                "413 Payload Too Large",
                "maximum number of samples exceeded",
            ),
            _ => ok(&recorded("HHZ", from, to)),
        }
    })
}

#[test]
fn status_413_for_waveforms_gives_the_span_in_halves() {
    let server = at_most_s(1000);
    let rig = Rig::new(&server);
    let bytes = rig
        .client
        .fetch_mseed(&stream("HHZ"), &span(0, 3600))
        .unwrap();
    let traces = mseed::read(&bytes.unwrap(), "the halves").unwrap();
    assert_eq!(traces, [trace("HHZ", 0, 3600)]);
    // One hour, two halves, four quarters; none shares a sample with the next.
    assert_eq!(server.n_requests(), 7);
    let mut quarters: Vec<_> = server.seen().iter().map(asked_s).collect();
    quarters.retain(|(from, to)| to - from <= 1000);
    assert_eq!(
        quarters,
        [(0, 900), (900, 1800), (1800, 2700), (2700, 3600)]
    );
    let line = format!(
        "{} dataselect: too much at once; asking in halves",
        server.address
    );
    assert_eq!(rig.lines(), [line.clone(), line.clone(), line]);
    assert!(rig.clock.slept_s().is_empty());
}

#[test]
fn a_data_centre_for_which_everything_is_too_much_is_an_error() {
    let server = FaultServer::always(status("413 Payload Too Large", "no"));
    let rig = Rig::new(&server);
    let (_, status, what, remedy) =
        request_error(rig.client.fetch_mseed(&stream("HHZ"), &span(0, 3600)));
    assert_eq!((status, what.as_str()), (Some(413), "no"));
    assert!(remedy.contains("shorter"), "{remedy}");
    // 3600 s, halved until less than 2 s are left: 3600 / 2^11 = 1.8.
    assert_eq!(server.n_requests(), 12);
}

#[test]
fn too_many_events_are_asked_for_in_halves_in_whatever_words() {
    let usgs = "Error 400: Bad Request\n\n20160 matching events exceeds search limit of 20000. Modify the search to match fewer events.\n";
    for (line, body) in [
        ("413 Request Entity Too Large", "too many"),
        ("400 Bad Request", usgs),
    ] {
        let server = FaultServer::new(move |_, seen| match asked_s(seen) {
            (from, to) if to - from > 7200 => status(line, body),
            (from, to) => ok(rows(from, to).as_bytes()),
        });
        let rig = Rig::new(&server);
        let catalog = rig.client.fetch_events_in(&BOX, &span(0, 14_400)).unwrap();
        assert_eq!(server.n_requests(), 3, "{line}");
        let whole = Catalog::from_text(&rows(0, 14_400), "rows").unwrap();
        assert_eq!(catalog.events(), whole.events());
        assert_eq!(ids(&catalog).len(), 24);
    }
}

#[test]
fn an_answer_as_long_as_the_data_centre_gives_at_most_may_lack_events() {
    // It silently stops at 20.
    let server = FaultServer::new(|_, seen| {
        let (from, to) = asked_s(seen);
        let text = rows(from, to);
        let cut: Vec<&str> = text.lines().take(1 + 20).collect();
        ok((cut.join("\n") + "\n").as_bytes())
    });
    let mut provider = Provider::by_name(&server.address).unwrap();
    provider.limits.n_events = Some(20);
    let client = Client::of(provider).unwrap().without_cache();
    let client = client.reporting(quakebook::fdsn::Reporter::Silent);
    let catalog = client.fetch_events_in(&BOX, &span(0, 36_000)).unwrap();
    assert_eq!(catalog.len(), 60);
    // 60, then 30 and 30, then 15 four times.
    assert_eq!(server.n_requests(), 7);
}

#[test]
fn a_long_address_becomes_a_post() {
    let server = FaultServer::new(|_, seen| match seen.method.as_str() {
        "GET" => status("414 URI Too Long", "too long"),
        _ => ok(&recorded("HHZ", 0, 100)),
    });
    let rig = Rig::new(&server);
    let wanted = stream("HHE,HHN,HHZ");
    let bytes = rig.client.fetch_mseed(&wanted, &span(0, 100)).unwrap();
    assert_eq!(bytes, Some(recorded("HHZ", 0, 100)));
    let seen = server.seen();
    assert_eq!(
        (seen[0].method.as_str(), seen[1].method.as_str()),
        ("GET", "POST")
    );
    assert_eq!(seen[1].target, "/fdsnws/dataselect/1/query");
    let times = "2014-05-01T00:00:00.000000 2014-05-01T00:01:39.999999";
    let lines = ["HHE", "HHN", "HHZ"].map(|c| format!("CX PB01 -- {c} {times}\n"));
    assert_eq!(seen[1].body, lines.concat());
    assert_eq!(server.n_requests(), 2);

    // Stations can be asked so too, events cannot.
    let stations = rig
        .client
        .fetch_stations(&wanted, &span(0, 100), StationFormat::Text);
    assert!(stations.is_err());
    assert!(
        server.seen()[3]
            .body
            .starts_with("level=channel\nformat=text\nCX PB01 -- HHE ")
    );
    let n_before = server.n_requests();
    let (_, status, ..) = request_error(rig.client.fetch_events_in(&BOX, &span(0, 100)));
    assert_eq!((status, server.n_requests() - n_before), (Some(414), 1));
}

#[test]
fn too_many_stations_are_an_error_that_is_not_kept() {
    let server = FaultServer::always(status("413 Payload Too Large", "too many"));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    for n in 1..=2 {
        let stations = client.fetch_stations(&stream("*"), &span(0, 1), StationFormat::Xml);
        let (_, status, ..) = request_error(stations);
        assert_eq!((status, server.n_requests()), (Some(413), n));
    }
}

#[test]
fn stations_come_in_the_data_centres_own_words_and_are_kept() {
    let text = "#Network|Station|Latitude\nCX|PB01|-21.04\n";
    let xml = "<?xml version=\"1.0\"?>\n<FDSNStationXML></FDSNStationXML>\n";
    let server = FaultServer::new(
        move |_, seen| match seen.parameter("level").unwrap().as_str() {
            "channel" => ok(text.as_bytes()),
            _ => ok(xml.as_bytes()),
        },
    );
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    for _ in 0..2 {
        for (format, words) in [(StationFormat::Text, text), (StationFormat::Xml, xml)] {
            let fetched = client.fetch_stations(&stream("HH?"), &span(0, 100), format);
            assert_eq!(fetched.unwrap().as_deref(), Some(words));
        }
    }
    assert_eq!(server.n_requests(), 2);
    let seen = &server.seen()[1];
    let asked =
        ["location", "channel", "level", "format"].map(|name| seen.parameter(name).unwrap());
    assert_eq!(asked, ["--", "HH%3F", "response", "xml"]);
}

#[test]
fn many_streams_go_by_post_and_too_many_in_halves() {
    // Two lines at most.
    let server = FaultServer::new(|_, seen| {
        let lines: Vec<&str> = match seen.method.as_str() {
            "POST" => seen.body.lines().collect(),
            _ => vec![&seen.target],
        };
        if lines.len() > 2 {
            return status("413 Payload Too Large", "two lines at most");
        }
        let bytes = ["HHE", "HHN", "HHZ"]
            .into_iter()
            .filter(|channel| lines.iter().any(|line| line.contains(channel)))
            .flat_map(|channel| recorded(channel, 0, 100));
        ok(&bytes.collect::<Vec<u8>>())
    });
    let rig = Rig::new(&server);
    let wanted = ["HHE", "HHN", "HHZ"].map(|channel| (stream(channel), span(0, 100)));
    let bytes = rig.client.fetch_mseed_bulk(&wanted).unwrap().unwrap();
    let traces = mseed::read(&bytes, "the parts").unwrap();
    assert_eq!(traces, ["HHE", "HHN", "HHZ"].map(|c| trace(c, 0, 100)));
    let methods: Vec<String> = server.seen().into_iter().map(|seen| seen.method).collect();
    assert_eq!(methods, ["POST", "GET", "POST"]);
    assert_eq!(rig.client.fetch_mseed_bulk(&[]).unwrap(), None);
}

// ---------------------------------------------------------------- a line that fails

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", port.local_addr().unwrap());
    drop(port);
    let clock = TestClock::at("2026-01-01");
    let client = Client::at(&address)
        .unwrap()
        .without_cache()
        .with_clock(clock.clone());
    let client = client.reporting(quakebook::fdsn::Reporter::Silent);
    let (url, status, what, remedy) = request_error(client.fetch_events_in(&BOX, &span(0, 3600)));
    assert!(
        url.starts_with(&format!("{address}fdsnws/event/1/query?")),
        "{url}"
    );
    assert_eq!(status, None);
    assert!(what.to_lowercase().contains("refused"), "{what}");
    assert!(remedy.contains("network"), "{remedy}");
    assert_eq!(clock.slept_s(), BACKOFF_S);
}

/// Where a connection may fail: before a byte, within the status line, the headers, and the body.
fn interesting(answer: &[u8]) -> [usize; 6] {
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    [0, 7, 20, head, head + 1, answer.len() - 1]
}

#[test]
fn a_reset_anywhere_heals() {
    let bytes = recorded("HHZ", 0, 100);
    let whole = response("200 OK", &bytes);
    for n in interesting(&whole) {
        let reset = Act::Reset(whole[..n].to_vec());
        let server = FaultServer::script(vec![reset, Act::Send(whole.clone())]);
        let rig = Rig::new(&server);
        let fetched = rig
            .client
            .fetch_mseed(&stream("HHZ"), &span(0, 100))
            .unwrap();
        assert_eq!(fetched.as_ref(), Some(&bytes), "reset after {n} bytes");
        assert_eq!(server.n_requests(), 2, "reset after {n} bytes");
        assert_eq!(rig.clock.slept_s(), BACKOFF_S[..1]);
    }
    let server = FaultServer::always(Act::Reset(whole[..whole.len() / 2].to_vec()));
    let rig = Rig::new(&server);
    let result = rig.client.fetch_mseed(&stream("HHZ"), &span(0, 100));
    let (_, status, what, remedy) = request_error(result);
    assert!(status.is_none() && what.contains("asked 5 times"), "{what}");
    assert!(remedy.contains("network"), "{remedy}");
    assert_eq!(server.n_requests(), 5);
}

#[test]
fn a_stall_anywhere_heals() {
    let text = rows(0, 3600);
    let whole = response("200 OK", text.as_bytes());
    for n in interesting(&whole) {
        let stall = Act::Stall(whole[..n].to_vec());
        let server = FaultServer::script(vec![stall, Act::Send(whole.clone())]);
        let rig = Rig::with_stall(&server, Duration::from_millis(600));
        let catalog = rig.client.fetch_events_in(&BOX, &span(0, 3600)).unwrap();
        assert_eq!(catalog.len(), 6, "stalled after {n} bytes");
        assert_eq!(server.n_requests(), 2, "stalled after {n} bytes");
        assert!(rig.lines()[0].contains("timed out"), "{:?}", rig.lines());
    }
}

#[test]
fn a_slow_answer_is_no_stall() {
    // Longer in all than a stall may be, but never silent for so long.
    let text = rows(0, 3600);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let whole = response("200 OK", text.as_bytes());
    let slow = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        for piece in whole.chunks(whole.len() / 8 + 1) {
            stream.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(150));
        }
    });
    let patience = Patience {
        stall: Duration::from_millis(900),
        ..Patience::none()
    };
    let client = Client::at(&address).unwrap().without_cache();
    let client = client.with_patience(patience).unwrap();
    assert_eq!(
        client.fetch_events_in(&BOX, &span(0, 3600)).unwrap().len(),
        6
    );
    slow.join().unwrap();
}

/// A first answer that is cut after each of `cuts` bytes, then a whole one: what came is right, and
/// two requests were needed each time.
fn heals_from_cuts<T: PartialEq + std::fmt::Debug>(
    answer: &[u8],
    whole: &[u8],
    cuts: impl Iterator<Item = usize>,
    fetch: impl Fn(&Client) -> quakebook::Result<T>,
    right: &T,
) {
    let cuts: Vec<usize> = cuts.collect();
    let script = cuts
        .iter()
        .flat_map(|&n| [Act::Send(answer[..n].to_vec()), Act::Send(whole.to_vec())]);
    let server = FaultServer::script(script.collect());
    let rig = Rig::new(&server);
    for (i, n) in cuts.into_iter().enumerate() {
        let fetched = fetch(&rig.client).unwrap();
        assert_eq!(&fetched, right, "cut after {n} of {} bytes", answer.len());
        assert_eq!(server.n_requests(), 2 * (i + 1), "cut after {n} bytes");
    }
}

fn fetch_events(client: &Client) -> quakebook::Result<Vec<String>> {
    let catalog = client.fetch_events_in(&BOX, &span(0, 1200))?;
    Ok(ids(&catalog).into_iter().map(str::to_string).collect())
}

fn fetch_hhz(client: &Client) -> quakebook::Result<Option<Vec<u8>>> {
    client.fetch_mseed(&stream("HHZ"), &span(0, 1000))
}

#[test]
fn text_cut_at_any_byte_heals() {
    let text = rows(0, 1200);
    let right = vec!["e0".to_string(), "e600".to_string()];
    for answer in [
        response("200 OK", text.as_bytes()),
        chunked(text.as_bytes(), 50),
    ] {
        heals_from_cuts(&answer, &answer, 0..answer.len(), fetch_events, &right);
    }
}

#[test]
fn text_whose_length_nobody_told_heals_from_a_cut_within_a_row() {
    let text = rows(0, 1200);
    let answer = unmeasured(text.as_bytes());
    let body = answer.len() - text.len();
    // Between two rows the end of a broken connection looks like the end of the text.
    let within = (0..answer.len()).filter(|&n| n <= body || answer[n - 1] != b'\n');
    let right = vec!["e0".to_string(), "e600".to_string()];
    heals_from_cuts(&answer, &answer, within, fetch_events, &right);
}

#[test]
fn packed_text_cut_at_any_byte_heals() {
    // python3: gzip.compress(rows, mtime=0), with the two rows of `rows(0, 1200)`.
    let packed = PACKED_ROWS
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    let packed: Vec<u8> = packed.collect();
    let answer = response_with("200 OK", "Content-Encoding: gzip\r\n", &packed);
    let right = vec!["e0".to_string(), "e600".to_string()];
    heals_from_cuts(&answer, &answer, 0..answer.len(), fetch_events, &right);
    // Without a length only the packing itself shows the cut.
    let head = b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    let bare = [head.as_slice(), &packed].concat();
    heals_from_cuts(&bare, &answer, 0..bare.len(), fetch_events, &right);
}

const PACKED_ROWS: &str = "\
    1f8b08000000000002039d8dc10ac2300c86efbe86e7d6b46c0ade64f330d83cede4adceb2156dbb8d5411f2f0769b20\
    783404f22590ef5f1f1fda6191536daca652a1c1708de05dbb50ae7bec36374b87809d1f2953a8eebea5cc3b1ccd25e0\
    74fb723455aaad5fbd9ea65b1c913edf735ae99b98e3dd4959bdd2401244c22065206a80fddc1ce63a13938203b15dbc\
    50025c92a2861c19aa9e947099c6bd18821942346de1d725fe75bd01a3a60ddd17010000\
";

#[test]
fn miniseed_cut_at_any_byte_heals() {
    let bytes = recorded("HHZ", 0, 1000);
    let right = Some(bytes.clone());
    // Head, and all of the first record's header; then every 41st byte of the records, and the last.
    for answer in [response("200 OK", &bytes), chunked(&bytes, 700)] {
        let n = answer.len();
        let cuts = (0..180).chain((180..n).step_by(41)).chain([n - 2, n - 1]);
        heals_from_cuts(&answer, &answer, cuts, fetch_hhz, &right);
    }
}

#[test]
fn miniseed_whose_length_nobody_told_heals_from_a_cut_within_a_record() {
    let bytes = recorded("HHZ", 0, 1000);
    assert!(
        bytes.len() >= 1024 && bytes.len().is_multiple_of(512),
        "{}",
        bytes.len()
    );
    let answer = unmeasured(&bytes);
    let head = answer.len() - bytes.len();
    let within = (0..head + 80).chain((head + 80..answer.len()).step_by(37));
    let within = within.filter(|&n| n <= head || !(n - head).is_multiple_of(512));
    heals_from_cuts(&answer, &answer, within, fetch_hhz, &Some(bytes));
}

// ---------------------------------------------------------------- bodies that lie

#[test]
fn a_body_is_looked_at_before_it_is_believed() {
    let html = b"\n<!DOCTYPE HTML><html><body>Please log in</body></html>".to_vec();
    let text = b"Error: the database is down\n".to_vec();
    let cut_rows = rows(0, 3600)
        .replace("|Iquique\ne600", "\ne600")
        .into_bytes();
    let bytes = b"\xff\xfe\x00".to_vec();
    let sound = recorded("HHZ", 0, 1000);
    let mut flipped = sound.clone();
    flipped[200] ^= 4;
    let broken_off = [
        sound.as_slice(),
        b"000000##ERROR#######ERROR##STREAMERROR##STREAMERROR#STREAMERROR\n",
        b"This data stream was interrupted and is likely incomplete.     \n",
        &b"#STREAMERROR##STREAMERROR##STREAMERROR##STREAMERROR#STREAMERROR\n".repeat(2),
    ]
    .concat();
    let mut strange_station = trace("HHZ", 0, 1000);
    strange_station.id.station = "PB02".into();
    let strange_station = mseed::write(&[strange_station]).unwrap();
    let mut strange_location = trace("HHZ", 0, 1000);
    strange_location.id.location = "10".into();
    let strange_location = mseed::write(&[strange_location]).unwrap();
    let one_more = [sound.as_slice(), &recorded("HHN", 0, 10)].concat();
    let later = [sound.as_slice(), &recorded("HHZ", 2000, 2010)].concat();
    type Fetch = fn(&Client) -> quakebook::Result<()>;
    let events: Fetch = |client| client.fetch_events_in(&BOX, &span(0, 3600)).map(drop);
    let waveforms: Fetch = |client| fetch_hhz(client).map(drop);
    let stations: Fetch = |client| {
        let format = StationFormat::Text;
        client
            .fetch_stations(&stream("HHZ"), &span(0, 1), format)
            .map(drop)
    };
    let inventory: Fetch = |client| {
        let format = StationFormat::Xml;
        client
            .fetch_stations(&stream("HHZ"), &span(0, 1), format)
            .map(drop)
    };
    for (fetch, body, word) in [
        (events, html.clone(), "HTML"),
        (waveforms, html.clone(), "HTML"),
        (stations, html.clone(), "HTML"),
        (events, text.clone(), "begins no catalog"),
        (waveforms, text.clone(), "no miniSEED record"),
        (stations, text.clone(), "begins no list of stations"),
        (inventory, text, "StationXML was expected"),
        (events, Vec::new(), "no byte"),
        (waveforms, Vec::new(), "no byte"),
        (events, cut_rows, "12 fields where the header has 13"),
        (
            stations,
            b"#Network|Station\nCX|PB01\nCX\n".to_vec(),
            "2 fields of the header",
        ),
        (
            inventory,
            b"<FDSNStationXML><Network>".to_vec(),
            "cut short",
        ),
        (events, bytes.clone(), "bytes where text was expected"),
        (stations, bytes, "bytes where text was expected"),
        (waveforms, flipped, "Xn"),
        (waveforms, sound[..700].to_vec(), "truncated"),
        (waveforms, broken_off, "broke off and says so"),
        (
            waveforms,
            strange_station,
            "CX.PB02..HHZ: a record of a stream that was not asked for",
        ),
        (
            waveforms,
            strange_location,
            "CX.PB01.10.HHZ: a record of a stream",
        ),
        (waveforms, one_more, "CX.PB01..HHN: a record of a stream"),
        (waveforms, later, "a time that was not asked for"),
    ] {
        let server = FaultServer::always(ok(&body));
        let folder = tempfile::tempdir().unwrap();
        let rig = Rig::new(&server);
        let client = rig.client.with_cache(folder.path());
        for n_fetched in 1..=2 {
            let (_, status, what, remedy) = request_error(fetch(&client));
            assert_eq!(status, Some(200), "{what}");
            assert!(what.contains(word), "{word:?} in {what:?}");
            assert!(what.ends_with("(asked 2 times)"), "{what}");
            assert!(remedy.contains("run this again later"), "{remedy}");
            assert_eq!(
                server.n_requests(),
                2 * n_fetched,
                "{word}: a lie is not kept"
            );
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_lie_may_pass() {
    let sound = recorded("HHZ", 0, 1000);
    let mut flipped = sound.clone();
    flipped[200] ^= 4;
    let server = FaultServer::script(vec![ok(&flipped), ok(&sound)]);
    let rig = Rig::new(&server);
    assert_eq!(fetch_hhz(&rig.client).unwrap(), Some(sound));
    assert_eq!((server.n_requests(), rig.clock.slept_s()), (2, vec![0.5]));
}

// ---------------------------------------------------------------- what is kept

#[test]
fn what_arrived_before_an_interruption_is_not_asked_for_again() {
    // The second half is down at first.
    let down = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_down = down.clone();
    let server = FaultServer::new(move |_, seen| match asked_s(seen) {
        (from, to) if to - from > 7200 => status("413 Payload Too Large", "too many"),
        (7200, _) if is_down.load(std::sync::atomic::Ordering::SeqCst) => {
            status("500 Internal Server Error", "down")
        }
        (from, to) => ok(rows(from, to).as_bytes()),
    });
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(folder.path());
    let (_, status, ..) = request_error(client.fetch_events_in(&BOX, &span(0, 14_400)));
    assert_eq!((status, server.n_requests()), (Some(500), 1 + 1 + 5));

    let (url, status, what, _) =
        request_error(client.offline().fetch_events_in(&BOX, &span(0, 14_400)));
    assert!(
        url.contains("starttime=2014-05-01T02%3A00%3A00.000000"),
        "the missing half: {url}"
    );
    assert!(status.is_none() && what.contains("offline"), "{what}");

    down.store(false, std::sync::atomic::Ordering::SeqCst);
    let catalog = client.fetch_events_in(&BOX, &span(0, 14_400)).unwrap();
    assert_eq!((catalog.len(), server.n_requests()), (24, 7 + 1));
    let again = client
        .offline()
        .fetch_events_in(&BOX, &span(0, 14_400))
        .unwrap();
    assert_eq!((again, server.n_requests()), (catalog, 8));
}

#[test]
fn offline_answers_from_the_cache_alone_and_says_what_is_missing() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    let (url, status, what, remedy) =
        request_error(client.offline().fetch_events_in(&BOX, &span(0, 3600)));
    assert!(
        url.contains("/fdsnws/event/1/query?starttime=2014-05-01"),
        "{url}"
    );
    assert_eq!(status, None);
    assert!(
        what.contains(&folder.path().display().to_string()),
        "{what}"
    );
    assert!(remedy.contains("once with the network"), "{remedy}");
    let (.., what, _) = request_error(client.offline().fetch_mseed(&stream("HHZ"), &span(0, 1)));
    assert!(what.contains("not kept"), "{what}");
    assert_eq!(server.n_requests(), 0);

    let catalog = client.fetch_events_in(&BOX, &span(0, 3600)).unwrap();
    let offline = client
        .offline()
        .fetch_events_in(&BOX, &span(0, 3600))
        .unwrap();
    assert_eq!((offline, server.n_requests()), (catalog, 1));
}

#[test]
fn an_answer_that_came_too_soon_is_asked_for_again() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    let at_time = |now: &str| client.with_clock(TestClock::at(now));
    for (now, n_requests) in [
        ("2014-05-01T02:00:00", 1),
        ("2014-05-08T00:59:59", 2),
        // Seven days after the end of the span it is kept for good.
        ("2014-05-08T01:00:00", 3),
        ("2014-05-08T01:00:01", 3),
        ("2030-01-01", 3),
    ] {
        let client = at_time(now);
        assert_eq!(
            client.fetch_events_in(&BOX, &span(0, 3600)).unwrap().len(),
            6
        );
        assert_eq!(server.n_requests(), n_requests, "{now}");
        let offline = client.offline().fetch_events_in(&BOX, &span(0, 3600));
        assert_eq!(offline.unwrap().len(), 6, "offline any answer will do");
    }
}

#[test]
fn a_damaged_file_of_the_cache_is_asked_for_again() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let client = Rig::new(&server).client.with_cache(folder.path());
    client.fetch_events_in(&BOX, &span(0, 3600)).unwrap();
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = std::fs::read(&file).unwrap();
    let head = String::from_utf8_lossy(&whole);
    assert!(
        head.starts_with("quakebook answer 2\nprovider: http://127.0.0.1:"),
        "{head}"
    );
    assert!(
        head.contains("\nfetched: 2026-01-01T00:00:00.000000Z\nrequest: http://127"),
        "{head}"
    );
    for (n, damaged) in [
        whole[..whole.len() - 3].to_vec(),
        whole[..40].to_vec(),
        Vec::new(),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(&file, damaged).unwrap();
        assert!(
            client
                .offline()
                .fetch_events_in(&BOX, &span(0, 3600))
                .is_err()
        );
        assert_eq!(
            client.fetch_events_in(&BOX, &span(0, 3600)).unwrap().len(),
            6
        );
        assert_eq!(server.n_requests(), 2 + n);
        assert_eq!(std::fs::read(&file).unwrap(), whole);
    }
}

/// What a process of its own does for the tests below: it asks the server for events and prints how
/// many came.
#[test]
fn a_process_of_its_own() {
    let Ok(address) = std::env::var("FAULTS_ADDRESS") else {
        return;
    };
    let folder = std::env::var("FAULTS_CACHE").unwrap();
    let client = Client::at(&address).unwrap().with_cache(folder);
    let catalog = client.fetch_events_in(&BOX, &span(0, 360_000)).unwrap();
    println!("{} events", catalog.len());
}

fn process(server: &FaultServer, folder: &std::path::Path, before: &str) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    let run = format!("{before} exec \"$0\" --exact a_process_of_its_own --nocapture");
    command
        .args(["-c", &run])
        .arg(std::env::current_exe().unwrap())
        .env("FAULTS_ADDRESS", &server.address)
        .env("FAULTS_CACHE", folder);
    command
}

#[test]
fn processes_at_once_leave_one_whole_answer() {
    let server = FaultServer::always(ok(rows(0, 360_000).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = process(&server, folder.path(), "");
            command
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("600 events"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let n_requests = server.n_requests();
    let client = Rig::new(&server).client.with_cache(folder.path());
    let catalog = client.fetch_events_in(&BOX, &span(0, 360_000)).unwrap();
    assert_eq!((catalog.len(), server.n_requests()), (600, n_requests));
}

#[test]
fn a_full_disk_costs_no_answer_and_leaves_no_half_of_one() {
    let server = FaultServer::always(ok(rows(0, 360_000).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    // No file may grow beyond 16 blocks, and writing more is an error, as on a full disk.
    let output = process(&server, folder.path(), "trap '' XFSZ; ulimit -f 16;")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("600 events"),
        "{said}"
    );
    assert!(said.contains("event: the answer is not kept: "), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_cache_that_cannot_be_made_costs_no_answer() {
    let server = FaultServer::always(ok(rows(0, 3600).as_bytes()));
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "no folder").unwrap();
    let rig = Rig::new(&server);
    let client = rig.client.with_cache(in_the_way.join("cache"));
    for n in 1..=2 {
        assert_eq!(
            client.fetch_events_in(&BOX, &span(0, 3600)).unwrap().len(),
            6
        );
        assert_eq!((server.n_requests(), rig.lines().len()), (n, n));
    }
    assert!(
        rig.lines()[0].contains("the answer is not kept: "),
        "{:?}",
        rig.lines()
    );
}

// ---------------------------------------------------------------- limits

#[test]
fn a_data_centre_sees_no_more_requests_than_it_allows() {
    let server = FaultServer::new(|_, _| {
        std::thread::sleep(Duration::from_millis(20));
        ok(rows(0, 3600).as_bytes())
    });
    let mut provider = Provider::by_name(&server.address).unwrap();
    provider.limits = Limits {
        n_at_once: 2,
        n_per_s: 5,
        n_events: None,
    };
    let clock = TestClock::at("2026-01-01");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Clients of their own: the limits are those of the machine.
            let client = Client::of(provider.clone()).unwrap().without_cache();
            let client = client.with_clock(clock.clone());
            scope.spawn(move || {
                for _ in 0..3 {
                    client.fetch_events_in(&BOX, &span(0, 3600)).unwrap();
                }
            });
        }
    });
    assert_eq!((server.n_requests(), server.n_most_at_once()), (12, 2));
    // Five in the first second, five in the next, two in the third.
    assert!(
        clock.slept_s().iter().sum::<f64>() >= 2.0,
        "{:?}",
        clock.slept_s()
    );
}
