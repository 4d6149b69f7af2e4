//! The client against servers that answer badly, and its cache.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quakebook::Error;
use quakebook::fdsn::{Client, Provider, Station};
use quakebook::study::Study;
use quakebook::time;
use quakebook::waveform::{Samples, Segment, StreamId, Trace, WaveformSource, mseed};

/// A server on loopback that gives every request the same bytes, and counts the requests.
struct Server {
    address: String,
    n_requests: Arc<AtomicUsize>,
}

impl Server {
    fn answering(bytes: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let n_requests = Arc::new(AtomicUsize::new(0));
        let counter = n_requests.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                read_head(&stream);
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(&bytes);
            }
        });
        Self {
            address,
            n_requests,
        }
    }

    fn with(status: &str, body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Self::answering([head.as_bytes(), body].concat())
    }

    /// The client keeps its answers in a folder of this server's port alone.
    fn client(&self) -> Client {
        Client::new(
            Provider::by_name(&self.address).unwrap(),
            &Study::oklahoma(),
        )
        .unwrap()
    }

    fn n_requests(&self) -> usize {
        self.n_requests.load(Ordering::SeqCst)
    }
}

/// Reads until the empty line after the head: an answer before that would reset the connection.
fn read_head(stream: &TcpStream) {
    let lines = BufReader::new(stream).lines();
    lines.map_while(Result::ok).find(|line| line.is_empty());
}

/// The parts of an error of a request.
fn request_error<T: std::fmt::Debug>(
    result: quakebook::Result<T>,
) -> (String, Option<u16>, String, String) {
    match result {
        Err(Error::Request {
            url,
            status,
            what,
            remedy,
        }) => (url, status, what, remedy),
        other => panic!("expected an error of the request, got {other:?}"),
    }
}

const EVENTS: &str = "#EventID|Time|Latitude|Longitude|Depth/km|MagType|Magnitude\n\
                      e1|2014-02-16T01:28:31.32|35.8|-97.4|5.0|ML|2.2\n";

#[test]
fn nothing_is_an_answer() {
    for status in ["204 No Content", "404 Not Found"] {
        let client = Server::with(status, b"").client().without_cache();
        let study = Study::oklahoma();
        assert!(client.fetch_events(&study).unwrap().is_empty(), "{status}");
        let (start, end) = (study.scan.start, study.scan.end);
        assert!(client.fetch_waveforms(start, end).unwrap().is_empty());
        let error = client.record(start, 1000).unwrap_err();
        assert!(matches!(error, Error::Waveform { .. }), "{error}");
        let (_, _, what, _) = request_error(client.fetch_station(&study));
        assert!(what.contains("no such station"), "{what}");
    }
}

#[test]
fn a_refusal_names_address_status_first_line_and_remedy() {
    for (status, body, code, line, hint) in [
        (
            "400 Bad Request",
            "Error 400: Bad Request\nmore",
            400,
            "Error 400: Bad Request",
            "check the study",
        ),
        ("401 Unauthorized", "", 401, "without a word", "restricted"),
        (
            "413 Payload Too Large",
            "\n\n too much \n",
            413,
            "too much",
            "shorter",
        ),
        ("429 Too Many Requests", "slow", 429, "slow", "wait"),
        (
            "500 Internal Server Error",
            "oops",
            500,
            "oops",
            "has a fault",
        ),
        ("503 Service Unavailable", "busy", 503, "busy", "busy"),
    ] {
        let server = Server::with(status, body.as_bytes());
        let client = server.client().without_cache();
        let result = client.fetch_events(&Study::oklahoma());
        let (url, found, what, remedy) = request_error(result);
        assert!(
            url.starts_with(&format!("{}/fdsnws/event/1/query?", server.address)),
            "{url}"
        );
        assert_eq!((found, what.as_str().contains(line)), (Some(code), true));
        assert!(remedy.contains(hint), "{remedy}");
    }
}

#[test]
fn a_body_with_status_200_is_looked_at_before_it_is_believed() {
    let html: &[u8] = b"\n<!DOCTYPE HTML><html><body>Please log in</body></html>";
    let cut = &EVENTS[..EVENTS.len() - 12];
    let study = Study::oklahoma();
    for (body, word) in [
        (html, "HTML"),
        (cut.as_bytes(), "fields where the header has 7"),
        (b"Error: the database is down", "begins no catalog"),
        (b"\xff\xfe\x00", "bytes where text was expected"),
    ] {
        let client = Server::with("200 OK", body).client().without_cache();
        let (url, status, what, _) = request_error(client.fetch_events(&study));
        assert!(url.contains("/fdsnws/event/1/query?"));
        assert_eq!(status, Some(200));
        assert!(what.contains(word), "{what}");
        let (.., what, _) = request_error(client.fetch_station(&study));
        assert!(!what.is_empty());
        let (start, end) = (study.scan.start, study.scan.end);
        let (_, status, ..) = request_error(client.fetch_waveforms(start, end));
        assert_eq!(status, Some(200));
    }
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n";
    for bytes in [
        format!("{head}{EVENTS}"),
        head[..20].to_string(),
        String::new(),
    ] {
        let server = Server::answering(bytes.into_bytes());
        let client = server.client().without_cache();
        let (url, _, what, remedy) = request_error(client.fetch_events(&Study::oklahoma()));
        assert!(url.starts_with(&server.address) && !what.is_empty());
        assert!(remedy.contains("network"), "{remedy}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let provider = Provider::by_name(&format!("http://{port}/")).unwrap();
    let client = Client::new(provider, &Study::oklahoma()).unwrap();
    let (url, status, what, _) = request_error(client.fetch_events(&Study::oklahoma()));
    assert!(url.starts_with(&format!("http://{port}/fdsnws/")), "{url}");
    assert_eq!(status, None);
    assert!(what.to_lowercase().contains("refused"), "{what}");
}

#[test]
fn an_answer_is_kept_and_a_bad_one_is_not() {
    let study = Study::oklahoma();
    let good = Server::with("200 OK", EVENTS.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let client = good.client().with_cache(folder.path());
    let first = client.fetch_events(&study).unwrap();
    assert_eq!((first.len(), first.simulated), (1, false));
    assert_eq!(client.fetch_events(&study).unwrap(), first);
    assert_eq!(good.n_requests(), 1);
    client.without_cache().fetch_events(&study).unwrap();
    assert_eq!(good.n_requests(), 2);

    let nothing = Server::with("204 No Content", b"");
    let client = nothing.client().with_cache(folder.path());
    for _ in 0..2 {
        assert!(client.fetch_events(&study).unwrap().is_empty());
    }
    assert_eq!(nothing.n_requests(), 1);

    let bad = Server::with("200 OK", b"<html>later</html>");
    let client = bad.client().with_cache(folder.path());
    for _ in 0..2 {
        assert!(client.fetch_events(&study).is_err());
    }
    assert_eq!(bad.n_requests(), 2);
}

#[test]
fn a_gap_between_segments_is_nan_and_the_extra_end_sample_is_left_out() {
    let start = time::parse("2014-02-16T01:00:00").unwrap();
    let trace = |channel: &str, segments: &[(usize, usize)]| Trace {
        id: StreamId {
            network: "GS".into(),
            station: "OK029".into(),
            location: "00".into(),
            channel: channel.into(),
        },
        sampling_rate_hz: 100.0,
        segments: segments
            .iter()
            .map(|&(from, to)| Segment {
                start: time::of_sample(start, from, 100.0),
                samples: Samples::Int32((from as i32..to as i32).collect()),
            })
            .collect(),
    };
    let traces = [
        trace("HH1", &[(0, 1001)]),
        trace("HH2", &[(0, 400), (500, 1001)]),
        trace("HHZ", &[(0, 1001)]),
    ];
    let client = Server::with("200 OK", &mseed::write(&traces).unwrap())
        .client()
        .without_cache();
    let record = client.record(start, 1000).unwrap();
    assert_eq!(record.n_samples(), 1000);
    assert_eq!(record.gaps(), std::slice::from_ref(&(400..500)));
    assert_eq!(record.data[0][999], 999.0);
    assert!(!record.simulated);
}

#[test]
fn a_provider_without_the_service_says_so() {
    let study = Study::oklahoma();
    let provider = Provider {
        event: None,
        ..Provider::by_name("http://127.0.0.1:1").unwrap()
    };
    let error = Client::new(provider, &study)
        .unwrap()
        .fetch_events(&study)
        .unwrap_err();
    assert!(error.to_string().contains("no event service"), "{error}");
    let error = Provider::by_name("atlantis").unwrap_err().to_string();
    assert!(
        error.contains("earthscope") && error.contains("atlantis"),
        "{error}"
    );
}

const HEADER: &str = "#Network | Station | Location | Channel | Latitude | Longitude | Elevation | Depth | Azimuth | Dip | SensorDescription | Scale | ScaleFreq | ScaleUnits | SampleRate | StartTime | EndTime";

#[test]
fn stations_are_read_by_their_header_and_the_last_epoch_holds() {
    let row = |code: &str, azimuth: u32, start: u32| {
        format!(
            "AK|BWN|  |{code}|64.17|-149.30|356.0|1.5|{azimuth}|0.0|T120|4.98E8|0.03|M/S|100.0|{start}-01-01T00:00:00|\n"
        )
    };
    let text = format!(
        "{HEADER}\n{}{}{}",
        row("HHZ", 0, 2014),
        row("HH1", 20, 2014),
        row("HH1", 10, 2010)
    );
    let station = Station::from_fdsn_text(&text, "test").unwrap();
    assert_eq!(
        (station.location.as_str(), station.elevation_m),
        ("", 356.0)
    );
    let found: Vec<_> = station
        .channels
        .iter()
        .map(|c| (c.code.as_str(), c.azimuth_deg, c.sensitivity_counts_per_m_s))
        .collect();
    assert_eq!(found, [("HH1", 20.0, 4.98e8), ("HHZ", 0.0, 4.98e8)]);

    for (broken, word) in [
        (String::new(), "no channel"),
        (format!("{HEADER}\nAK|BWN\n"), "2 fields"),
        (text.replace("64.17", "north"), "latitude"),
        (text.replacen("AK|BWN", "AK|BAGL", 1), "one station"),
        (text.replace("Azimuth", "Way"), "no column \"azimuth\""),
    ] {
        let error = Station::from_fdsn_text(&broken, "test").unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn the_address_of_an_event_request_can_be_shown() {
    let study = Study::oklahoma();
    let url = Provider::by_name("usgs").unwrap().events_url(&study);
    assert_eq!(
        url.unwrap(),
        "https://earthquake.usgs.gov/fdsnws/event/1/query\
         ?starttime=2014-02-15T00%3A00%3A00.000000&endtime=2016-11-16T00%3A00%3A00.000000\
         &minlatitude=35.7&maxlatitude=36&minlongitude=-97.6&maxlongitude=-97.2&format=text"
    );
    let at = Provider::by_name("http://localhost:1").unwrap();
    assert!(
        at.events_url(&study)
            .unwrap()
            .starts_with("http://localhost:1/fdsnws/event/1/query?")
    );
}
