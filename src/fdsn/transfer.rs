//! One request over the line: within its time, at a least rate, up to a largest size, and not without a word.

use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use flate2::write::MultiGzDecoder;
use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Response};
use tokio::runtime::{Builder, Handle};
use tokio::time::timeout;

use super::RetryPolicy;

/// Of an answer with another status than 200 so many bytes are read at most (64 KiB): it is words.
const N_BYTES_OF_A_REFUSAL: usize = 1 << 16;

/// A whole answer.
pub(super) struct Whole {
    pub status: u16,
    pub headers: HeaderMap,
    /// Unpacked.
    pub body: Vec<u8>,
    /// Whether the server said where the body ends: by its length, by chunks, or by the end of what is packed.
    /// Else a connection that broke looks like the end.
    pub measured: bool,
}

/// Why there is no whole answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// It is no use to ask again: the address is none, or leads to where the client does not follow.
    Never(String),
    /// The line failed, or what was packed cannot be unpacked.
    Line(String),
    /// Nothing came for too long, or too little.
    Stalled(String),
    /// It has more bytes than an answer may have.
    TooLarge,
}

/// What a request may take.
pub(super) struct Bounds<'a> {
    pub policy: &'a RetryPolicy,
    /// The time that is left for it.
    pub time_left: Duration,
    /// Bytes of the body, unpacked.
    pub n_bytes_most: usize,
}

/// Sends a GET, or a POST where there is a body, and reads the answer. `say` is told that it lasts.
///
/// # Errors
/// What of the answer did not come.
pub(super) fn transfer(
    client: &Client,
    url: &str,
    post: Option<String>,
    bounds: &Bounds,
    say: &dyn Fn(&str),
) -> Result<Whole, Broken> {
    let request = match post {
        Some(body) => client
            .post(url)
            .header(header::CONTENT_TYPE, "text/plain")
            .body(body),
        None => client.get(url),
    };
    let mut under_way = UnderWay::new(bounds, say);
    connections().block_on(async move {
        let sent = request.header(header::ACCEPT_ENCODING, "gzip").send();
        let sent = under_way.step(sent, bounds.policy.first_byte).await?;
        let response = sent.map_err(|error| {
            let what = cause(&error);
            match error.is_builder() || error.is_redirect() {
                true => Broken::Never(what),
                false => Broken::Line(what),
            }
        })?;
        whole(response, &mut under_way).await
    })
}

/// Connections live on a thread of their own, so that they are kept between requests.
fn connections() -> &'static Handle {
    static CONNECTIONS: LazyLock<Handle> = LazyLock::new(|| {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the system gives a process its first few descriptors");
        let handle = runtime.handle().clone();
        std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    });
    &CONNECTIONS
}

async fn whole(mut response: Response, under_way: &mut UnderWay<'_>) -> Result<Whole, Broken> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let n_most = match status {
        200 => under_way.bounds.n_bytes_most,
        _ => N_BYTES_OF_A_REFUSAL,
    };
    let told = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_packed = match told(header::CONTENT_ENCODING) {
        None | Some("identity" | "") => false,
        Some("gzip" | "x-gzip") => true,
        Some(other) => {
            return Err(Broken::Line(format!("packed as {other:?}, not as gzip")));
        }
    };
    let has_length = told(header::CONTENT_LENGTH).is_some();
    let measured = has_length || is_packed || headers.contains_key(header::TRANSFER_ENCODING);
    if status == 200 && response.content_length() > Some(n_most as u64) {
        return Err(Broken::TooLarge);
    }
    let mut body = Body::new(is_packed, n_most);
    let mut patience = under_way.bounds.policy.first_byte;
    loop {
        let piece = under_way.step(response.chunk(), patience).await?;
        let broke_off = |error| Broken::Line(format!("the answer broke off: {error}"));
        let Some(piece) = piece.map_err(|error| broke_off(cause(&error)))? else {
            break;
        };
        under_way.came(piece.len())?;
        // What is packed may unpack to nothing.
        if status == 200 && under_way.n_bytes > n_most {
            return Err(Broken::TooLarge);
        }
        patience = under_way.bounds.policy.stall;
        if let Err(error) = body.take(&piece) {
            match (body.is_full(), status) {
                (true, 200) => return Err(Broken::TooLarge),
                (true, _) => break,
                (false, _) => return Err(broke_off(error.to_string())),
            }
        }
    }
    let may_be_cut = body.is_full() || under_way.n_bytes == 0;
    let body = body.finish().or_else(|(error, words)| match may_be_cut {
        true => Ok(words),
        false => Err(Broken::Line(format!("the answer broke off: {error}"))),
    })?;
    Ok(Whole {
        status,
        headers,
        body,
        measured,
    })
}

/// How far a request is.
struct UnderWay<'a> {
    bounds: &'a Bounds<'a>,
    say: &'a dyn Fn(&str),
    begun: Instant,
    said: Instant,
    /// As they came over the line.
    n_bytes: usize,
    /// When the bytes of the rate begin to count, and how many came since.
    counted: Option<(Instant, usize)>,
}

impl<'a> UnderWay<'a> {
    fn new(bounds: &'a Bounds<'a>, say: &'a dyn Fn(&str)) -> Self {
        let now = Instant::now();
        Self {
            bounds,
            say,
            begun: now,
            said: now,
            n_bytes: 0,
            counted: None,
        }
    }

    /// Waits for the next thing to come, and says that it does.
    async fn step<T>(
        &mut self,
        next: impl Future<Output = T>,
        patience: Duration,
    ) -> Result<T, Broken> {
        let (mut next, begun) = (pin!(next), Instant::now());
        loop {
            let until_said = self
                .bounds
                .policy
                .report
                .saturating_sub(self.said.elapsed());
            let left = patience
                .saturating_sub(begun.elapsed())
                .min(self.time_left()?);
            if left.is_zero() {
                let seconds = patience.as_secs_f64();
                return Err(self.stalled(&format!("timed out: nothing in {seconds} s")));
            }
            if let Ok(came) = timeout(left.min(until_said), next.as_mut()).await {
                return Ok(came);
            }
            self.say_how_far();
        }
    }

    fn time_left(&self) -> Result<Duration, Broken> {
        let left = self.bounds.time_left.saturating_sub(self.begun.elapsed());
        match left.is_zero() {
            true => Err(self.stalled("timed out: the time for one request is over")),
            false => Ok(left),
        }
    }

    fn say_how_far(&mut self) {
        if self.said.elapsed() < self.bounds.policy.report {
            return;
        }
        self.said = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64();
        (self.say)(&match self.n_bytes {
            0 => format!("no answer yet after {seconds:.0} s"),
            n => format!("{n} bytes so far, in {seconds:.0} s"),
        });
    }

    /// Counts bytes that came.
    fn came(&mut self, n_bytes: usize) -> Result<(), Broken> {
        self.n_bytes += n_bytes;
        self.say_how_far();
        self.time_left()?;
        let window = self.bounds.policy.stall;
        let (since, n_since) = self.counted.unwrap_or((Instant::now(), 0));
        let n_since = n_since + n_bytes;
        if since.elapsed() < window {
            self.counted = Some((since, n_since));
            return Ok(());
        }
        self.counted = Some((Instant::now(), 0));
        let least = self.bounds.policy.least_bytes_per_s;
        let seconds = since.elapsed().as_secs_f64();
        match (n_since as f64) < f64::from(least) * seconds {
            true => Err(self.stalled(&format!(
                "too slow: {n_since} bytes in {seconds:.0} s, where {least} in one are expected"
            ))),
            false => Ok(()),
        }
    }

    fn stalled(&self, what: &str) -> Broken {
        Broken::Stalled(format!("{what}; {} bytes had come", self.n_bytes))
    }
}

/// Bytes, up to a largest number.
struct Bounded {
    bytes: Vec<u8>,
    n_most: usize,
    is_full: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = self.n_most - self.bytes.len();
        let n = piece.len().min(room);
        self.bytes.extend_from_slice(&piece[..n]);
        if n < piece.len() {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A body as it comes.
enum Body {
    Plain(Bounded),
    Packed(Box<MultiGzDecoder<Bounded>>),
}

impl Body {
    fn new(is_packed: bool, n_most: usize) -> Self {
        let bytes = Bounded {
            bytes: Vec::new(),
            n_most,
            is_full: false,
        };
        match is_packed {
            true => Self::Packed(Box::new(MultiGzDecoder::new(bytes))),
            false => Self::Plain(bytes),
        }
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(bytes) => bytes.write_all(piece),
            Self::Packed(packed) => packed.write_all(piece),
        }
    }

    fn is_full(&self) -> bool {
        match self {
            Self::Plain(bytes) => bytes.is_full,
            Self::Packed(packed) => packed.get_ref().is_full,
        }
    }

    /// The whole body; with the error of one that is not, what there is of it.
    fn finish(self) -> Result<Vec<u8>, (io::Error, Vec<u8>)> {
        match self {
            Self::Plain(bytes) => Ok(bytes.bytes),
            Self::Packed(mut packed) => match packed.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut packed.get_mut().bytes)),
                Err(error) => Err((error, std::mem::take(&mut packed.get_mut().bytes))),
            },
        }
    }
}

/// The innermost cause: "connection refused" says more than "error sending request".
pub(super) fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
