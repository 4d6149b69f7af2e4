//! A server on loopback whose answers are scripted: it resets, stalls and cuts where it is told to,
//! and remembers what it was asked. Written by hand, byte by byte, so that no HTTP library smooths a
//! fault away.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quakebook::fdsn::{Client, Clock, Reporter, RetryPolicy};
use quakebook::time::{self, Time};

/// What the server does with one request.
#[derive(Clone)]
pub enum Act {
    /// Sends these bytes and closes the connection.
    Send(Vec<u8>),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Sends these bytes and then nothing, until the client hangs up.
    Stall(Vec<u8>),
    /// Sends these bytes, and then a piece again and again after each pause, until the client hangs up.
    Drip(Vec<u8>, Vec<u8>, Duration),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and parameters.
    pub target: String,
    pub body: String,
    /// The first and last byte that are asked for.
    pub range: Option<(usize, usize)>,
}

impl Seen {
    /// A parameter of the address, its escapes resolved.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
        Some(
            value
                .replace("%3A", ":")
                .replace("%2C", ",")
                .replace('+', " "),
        )
    }

    pub fn time(&self, name: &str) -> Time {
        time::parse(&self.parameter(name).unwrap()).unwrap()
    }
}

pub struct FaultServer {
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    n_most_at_once: Arc<AtomicUsize>,
}

impl FaultServer {
    /// Answers the requests one after the other as the script says; one request more is an error of
    /// status 599.
    pub fn script(acts: Vec<Act>) -> Self {
        Self::new(move |n, _| match acts.get(n) {
            Some(act) => act.clone(),
            None => Act::Send(response("599 The Script Is Over", b"")),
        })
    }

    /// Gives every request the same answer.
    pub fn always(act: Act) -> Self {
        Self::new(move |_, _| act.clone())
    }

    /// Answers the `n`th request (counted from 0) as `answer` says.
    pub fn new(answer: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let n_most_at_once = Arc::new(AtomicUsize::new(0));
        let (log, most, now) = (seen.clone(), n_most_at_once.clone(), AtomicUsize::new(0));
        let shared = Arc::new((answer, now));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, most, shared) = (log.clone(), most.clone(), shared.clone());
                std::thread::spawn(move || {
                    let (answer, now) = &*shared;
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    serve(stream, &log, answer, now);
                });
            }
        });
        Self {
            address,
            seen,
            n_most_at_once,
        }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn n_requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// How many connections were open at the same time, at most.
    pub fn n_most_at_once(&self) -> usize {
        self.n_most_at_once.load(Ordering::SeqCst)
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Seen>>,
    answer: &(impl Fn(usize, &Seen) -> Act + ?Sized),
    now: &AtomicUsize,
) {
    // One byte of the request stays unread: a connection that is closed then is reset.
    let Some(seen) = read_request(&stream) else {
        now.fetch_sub(1, Ordering::SeqCst);
        return;
    };
    let n = {
        let mut log = log.lock().unwrap();
        log.push(seen.clone());
        log.len() - 1
    };
    let act = answer(n, &seen);
    // The client may ask again as soon as it has the last byte.
    now.fetch_sub(1, Ordering::SeqCst);
    match act {
        Act::Send(bytes) => {
            read_last(&mut stream);
            let _ = stream.write_all(&bytes);
        }
        Act::Reset(bytes) => {
            let _ = stream.write_all(&bytes);
            // What was sent shall arrive before the reset.
            std::thread::sleep(Duration::from_millis(2));
        }
        Act::Stall(bytes) => {
            read_last(&mut stream);
            let _ = stream.write_all(&bytes);
            let _ = stream.read(&mut [0]);
        }
        Act::Drip(bytes, piece, pause) => {
            read_last(&mut stream);
            let mut sent = stream.write_all(&bytes);
            while sent.is_ok() {
                std::thread::sleep(pause);
                sent = stream.write_all(&piece);
            }
        }
    }
}

fn read_last(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0]);
}

/// The bytes of a header `Range: bytes=0-99`.
fn range(line: &str) -> Option<(usize, usize)> {
    let line = line.to_ascii_lowercase();
    let (first, last) = line.strip_prefix("range: bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.trim().parse().ok()?))
}

/// The request but for its last byte: that of the body, or of the empty line after the head.
fn read_request(mut stream: &TcpStream) -> Option<Seen> {
    // Byte by byte: a buffer would take the last one too.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r") {
        let mut byte = [0];
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8(head).ok()?;
    let n_bytes = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    // Some clients say of a request without a body how long that is.
    let n_bytes = n_bytes.filter(|n| *n > 0);
    let mut body = vec![0; n_bytes.unwrap_or(0)];
    if n_bytes.is_some() {
        // The line's end of the head, then the body without its last byte.
        stream.read_exact(&mut [0]).ok()?;
        let n = body.len();
        stream.read_exact(&mut body[..n - 1]).ok()?;
        let mut last = [0];
        stream.peek(&mut last).ok()?;
        body[n - 1] = last[0];
    }
    let mut words = text.split_whitespace();
    Some(Seen {
        method: words.next()?.into(),
        target: words.next()?.into(),
        body: String::from_utf8(body).ok()?,
        range: text.lines().find_map(range),
    })
}

/// A whole answer with its length, after which the connection is closed.
pub fn response(status: &str, body: &[u8]) -> Vec<u8> {
    response_with(status, "", body)
}

/// A whole answer with more headers, each of which ends in `\r\n`.
pub fn response_with(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub fn ok(body: &[u8]) -> Act {
    Act::Send(response("200 OK", body))
}

pub fn status(status: &str, body: &str) -> Act {
    Act::Send(response(status, body.as_bytes()))
}

/// An answer in chunks of at most `n` bytes.
pub fn chunked(body: &[u8], n: usize) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut bytes = head.as_bytes().to_vec();
    for chunk in body.chunks(n) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

/// An answer whose end is the end of the connection.
pub fn unmeasured(body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.0 200 OK\r\n\r\n", body].concat()
}

/// A clock that stands still but for the sleeps, which take no time and are written down.
#[derive(Debug)]
pub struct TestClock {
    now: Mutex<Time>,
    slept: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub fn at(now: &str) -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(time::parse(now).unwrap()),
            slept: Mutex::default(),
        })
    }

    /// Seconds of each sleep.
    pub fn slept_s(&self) -> Vec<f64> {
        let slept = self.slept.lock().unwrap();
        slept.iter().map(Duration::as_secs_f64).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, wait: Duration) {
        *self.now.lock().unwrap() += wait;
        self.slept.lock().unwrap().push(wait);
    }

    fn chance(&self) -> f64 {
        0.0
    }
}

/// A client of a server, with the clock and the ears of the test.
pub struct Rig {
    pub client: Client,
    pub clock: Arc<TestClock>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Rig {
    /// Without a cache, ten years after the events of the tests.
    pub fn new(server: &FaultServer) -> Self {
        Self::with_stall(server, Duration::from_secs(20))
    }

    /// As [`Rig::new`], giving up a line on which nothing comes for so long.
    pub fn with_stall(server: &FaultServer, stall: Duration) -> Self {
        let policy = RetryPolicy {
            first_byte: stall,
            stall,
            ..RetryPolicy::default()
        };
        Self::with_policy(server, policy)
    }

    /// As [`Rig::new`], with bounds of its own.
    pub fn with_policy(server: &FaultServer, policy: RetryPolicy) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let ear = lines.clone();
        let clock = TestClock::at("2026-01-01");
        let client = Client::at(&server.address)
            .unwrap()
            .with_retry_policy(policy)
            .without_cache()
            .with_clock(clock.clone())
            .reporting(Reporter::To(Arc::new(move |line| {
                ear.lock().unwrap().push(line.to_string());
            })));
        Self {
            client,
            clock,
            lines,
        }
    }

    /// The progress lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// The parts of an error of a request: address, status, what, remedy.
pub fn request_error<T: std::fmt::Debug>(
    result: quakebook::Result<T>,
) -> (String, Option<u16>, String, String) {
    match result {
        Err(quakebook::Error::Request {
            url,
            status,
            what,
            remedy,
        }) => (url, status, what, remedy),
        other => panic!("expected an error of the request, got {other:?}"),
    }
}
