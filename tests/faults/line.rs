//! A line that is not there, resets, stalls, or breaks off at any byte.

use crate::*;

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
    let client = client.reporting(Reporter::Silent);
    let (url, status, what, remedy) = request_error(client.fetch_events(&BOX, &span(0, 3600)));
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
        let catalog = rig.client.fetch_events(&BOX, &span(0, 3600)).unwrap();
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
    let policy = RetryPolicy {
        stall: Duration::from_millis(900),
        ..RetryPolicy::none()
    };
    let client = Client::at(&address).unwrap().without_cache();
    let client = client.with_retry_policy(policy);
    assert_eq!(client.fetch_events(&BOX, &span(0, 3600)).unwrap().len(), 6);
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
    let catalog = client.fetch_events(&BOX, &span(0, 1200))?;
    Ok(ids(&catalog).into_iter().map(str::to_string).collect())
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
