//! One request, sent once, and what its answer means.

use std::borrow::Cow;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Client, Url, redirect};

use super::transfer::{Bounds, Broken, Whole, cause, transfer};
use crate::error::{Error, Result};
use crate::printable;
use crate::simulated;
use crate::time::Time;
use crate::tls;

/// An error text is looked for in so many bytes of an answer.
const N_BYTES_OF_WORDS: usize = 4096;

/// Characters of an error text that a message holds at most.
const N_CHARACTERS_MOST: usize = 300;

/// Redirects of one request at most.
const N_REDIRECTS_MOST: usize = 5;

/// An answer that may be believed once it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub url: String,
    pub status: u16,
    /// Nothing where the data centre has nothing.
    pub body: Option<Vec<u8>>,
    /// Whether the server said beforehand how long the body would be, or where it ends. Where it did
    /// not, a connection that broke looks like the end.
    pub measured: bool,
    /// Whether the server says that its data are simulated.
    pub simulated: bool,
}

/// What came of one request, by what can be done about it.
#[derive(Debug)]
pub(super) enum HttpOutcome {
    /// 200 with a body, 204, or 404 in the words of a data centre.
    Answer(Answer),
    /// Ask for less: 413, or 400 where the USGS says so.
    TooLarge(Refusal),
    /// Ask by POST: 414.
    AddressTooLong(Refusal),
    /// Ask again after a while, of the length that the server gave: 408, 429, 500, 502, 503, 504,
    /// no answer at all, one that broke off, and a page in place of data.
    Passing(Refusal, Option<Duration>),
    /// The same, but it took long: nothing came, or too little.
    Stalled(Refusal),
    /// It is no use to ask again: 400, 401, 403, 404, 422 and whatever else there is.
    Final(Refusal),
}

/// Says that it was not the data centre that refused.
const OWN_LIMIT: &str = "which is the limit of this client itself";

/// Whether an answer was too large for the client, not for the data centre.
pub(super) fn is_own_limit(what: &str) -> bool {
    what.contains(OWN_LIMIT)
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    /// `None` where the line failed, not the data centre.
    pub status: Option<u16>,
    pub what: String,
}

impl Refusal {
    /// As the error of that address, which was asked `n_asked` times.
    pub fn into_error(self, url: &str, n_asked: u32) -> Error {
        let remedy = match self.status {
            None if is_own_limit(&self.what) => {
                "No data centre said so: ask for a shorter time or for fewer channels at once"
            }
            None => "Check the network and run this again, or take the provider \"classroom\"",
            Some(200) => {
                "The data centre answered something else than what was asked: run this again later"
            }
            Some(300..=399) => {
                "Such an address is never followed: ask the data centre, or take another one"
            }
            Some(400 | 422) => {
                "The data centre does not understand the request: check the study's values"
            }
            Some(401 | 403) => "These data are restricted: ask the data centre for access",
            Some(404) => "Check the provider's address: no service answers there",
            Some(413) => "The answer would be too large: choose a shorter time span",
            Some(414) => "The address is too long: name fewer streams at once",
            Some(429 | 503) => "The data centre is busy: wait some minutes and run this again",
            Some(500..) => "The data centre has a fault: run this again later",
            Some(_) => "Look the status up in the data centre's documentation",
        };
        let asked = match n_asked {
            0 | 1 => String::new(),
            n => format!(" (asked {n} times)"),
        };
        Error::Request {
            url: printable::line(url, 2000),
            status: self.status,
            what: printable::line(&self.what, N_CHARACTERS_MOST) + &asked,
            remedy: remedy.into(),
        }
    }
}

impl Answer {
    /// The body as text, or nothing where the data centre has nothing.
    pub fn text(&self) -> Result<Option<&str>> {
        let Some(body) = &self.body else {
            return Ok(None);
        };
        let invalid_response = |what: &str| {
            let status = Some(self.status);
            let what = what.to_string();
            Err(Refusal { status, what }.into_error(&self.url, 1))
        };
        let Ok(text) = std::str::from_utf8(body) else {
            return invalid_response("bytes where text was expected");
        };
        // XML shows by itself that it is whole. Of a row one cannot tell 2.25 from 2.2, and a header that
        // was cut looks like one without rows, whatever length was told.
        if !text.ends_with('\n') && !text.trim_start().starts_with('<') {
            if !self.measured {
                return invalid_response(
                    "the text ends within a row, and the connection was closed",
                );
            }
            if !text.trim_end().contains(['\n', '\r']) {
                return invalid_response("the text ends within its first line");
            }
        }
        Ok(Some(text))
    }
}

/// An HTTP client that keeps its connections. `local` is for servers on this machine: it takes no
/// proxy, and no certificates of the system, which a machine without network may not have.
pub(super) fn client(local: bool) -> Result<Client> {
    tls::install();
    // The time that each step may take is in `transfer`.
    let mut builder = Client::builder()
        .redirect(redirect::Policy::custom(follow))
        .user_agent(concat!("quakebook/", env!("CARGO_PKG_VERSION")));
    if local {
        builder = builder.tls_certs_only([]).no_proxy();
    }
    builder.build().map_err(|error| Error::Request {
        url: "https".into(),
        status: None,
        what: cause(&error),
        remedy: "Install the system's certificates (package ca-certificates)".into(),
    })
}

/// Follows a redirect on the same host, and from http to https; no other one.
///
/// Another host could be anyone, and https must not become http. A POST goes on by 307 and 308, which keep its
/// body.
fn follow(attempt: redirect::Attempt) -> redirect::Action {
    let stays = |from: &Url, to: &Url| {
        let is_same_port = from.port_or_known_default() == to.port_or_known_default();
        let is_safer = from.scheme() == "http" && to.scheme() == "https";
        let is_same_scheme = from.scheme() == to.scheme() && is_same_port;
        from.host() == to.host() && (is_same_scheme || is_safer)
    };
    let previous = attempt.previous();
    let may = previous
        .last()
        .is_none_or(|from| stays(from, attempt.url()));
    // A question without parameters in its address is a POST.
    let is_post = previous.first().is_some_and(|url| url.query().is_none());
    let drops_body = is_post && !matches!(attempt.status().as_u16(), 307 | 308);
    let why = match (may, drops_body, previous.len() <= N_REDIRECTS_MOST) {
        (true, false, true) => return attempt.follow(),
        (false, ..) => "at another host or without https",
        (_, true, _) => "by a status that drops what was asked",
        _ => "after more redirects than are followed",
    };
    let what = format!("the data centre sends to {}, {why}", attempt.url());
    attempt.error(format!(
        "{what}: name that address as the provider if you trust it"
    ))
}

/// Sends a GET, or a POST where there is a body, and sorts the answer. `now` is for a `Retry-After`
/// that is a date.
pub(super) fn send(
    client: &Client,
    url: &str,
    post: Option<String>,
    bounds: &Bounds,
    now: Time,
    say: &dyn Fn(&str),
) -> HttpOutcome {
    let unanswered = |what| Refusal { status: None, what };
    match transfer(client, url, post, bounds, say) {
        Ok(whole) => sort(url, whole, now),
        Err(Broken::Never(what)) => HttpOutcome::Final(unanswered(what)),
        Err(Broken::Line(what)) => HttpOutcome::Passing(unanswered(what), None),
        Err(Broken::Stalled(what)) => HttpOutcome::Stalled(unanswered(what)),
        Err(Broken::TooLarge) => HttpOutcome::TooLarge(Refusal {
            status: None,
            what: format!(
                "an answer of more than {} bytes, {OWN_LIMIT}",
                bounds.n_bytes_most
            ),
        }),
    }
}

fn sort(url: &str, whole: Whole, now: Time) -> HttpOutcome {
    let Whole {
        status,
        headers,
        body,
        measured,
    } = whole;
    let because = |what: &str| Refusal {
        status: Some(status),
        what: what.into(),
    };
    let in_its_words = || because(&first_line(&body));
    let server = headers.get(header::SERVER);
    let answer = |body| {
        HttpOutcome::Answer(Answer {
            url: url.into(),
            status,
            body,
            measured: measured || status != 200,
            simulated: server.is_some_and(|server| server == simulated::SERVER_NAME),
        })
    };
    match status {
        200 if body.is_empty() => {
            let what = "no byte, where status 204 would say that there is nothing";
            HttpOutcome::Passing(because(what), None)
        }
        200 if is_html(&body) => {
            HttpOutcome::Passing(because("HTML where data were expected"), None)
        }
        200 if broke_off(&body) => {
            let what = "the data centre broke off and says so at the end";
            HttpOutcome::Passing(because(what), None)
        }
        200 => answer(Some(body)),
        204 => answer(None),
        404 if says_nothing(&body) => answer(None),
        404 => HttpOutcome::Final(because("no FDSN service at this address")),
        400 if exceeds_a_limit(&body) => HttpOutcome::TooLarge(in_its_words()),
        413 => HttpOutcome::TooLarge(in_its_words()),
        414 => HttpOutcome::AddressTooLong(in_its_words()),
        // What leads to http or https is followed, or refused, before.
        300..=399 => HttpOutcome::Final(because(&format!(
            "the data centre sends to {:?}, where an address of http or https was expected",
            headers
                .get(header::LOCATION)
                .map_or("nowhere".into(), |to| String::from_utf8_lossy(
                    to.as_bytes()
                ))
        ))),
        408 | 429 | 500 | 502 | 503 | 504 => {
            HttpOutcome::Passing(in_its_words(), retry_after(&headers, now))
        }
        _ => HttpOutcome::Final(in_its_words()),
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    // A date that has passed means now.
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

/// The beginning of an answer that should be an error text.
fn words(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&body[..body.len().min(N_BYTES_OF_WORDS)])
}

/// Whether a 404 speaks of data, as FDSN services do when they are asked to: any other server
/// answers 404 to an address that it does not know.
fn says_nothing(body: &[u8]) -> bool {
    let text = words(body).to_lowercase();
    let text = text.trim_start();
    !is_html(body) && (text.starts_with("error 404") || text.contains("no data"))
}

/// "20160 matching events exceeds search limit of 20000": what the USGS answers in place of 413.
fn exceeds_a_limit(body: &[u8]) -> bool {
    let text = words(body).to_lowercase();
    text.contains("exceeds") && text.contains("limit")
}

/// What EarthScope's services append when they fail after status 200 was sent (256 bytes; the
/// constant `miniseedStreamInterruptionIndicator` of its Web Service Shell).
fn broke_off(body: &[u8]) -> bool {
    let word = b"STREAMERROR##STREAMERROR";
    let end = &body[body.len().saturating_sub(256)..];
    end.windows(word.len()).any(|window| window == word)
}

fn is_html(body: &[u8]) -> bool {
    let start: Vec<u8> = body
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace())
        .take(14)
        .map(u8::to_ascii_lowercase)
        .collect();
    start.starts_with(b"<html") || start.starts_with(b"<!doctype html")
}

/// The first line that says anything, at most 200 characters; the line after it too where the first
/// only repeats the status, as FDSN's error messages do.
fn first_line(body: &[u8]) -> String {
    let text = words(body);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return "an answer without a word".into();
    };
    let line = match lines.next() {
        Some(second) if first.to_lowercase().starts_with("error ") => format!("{first}: {second}"),
        _ => first.to_string(),
    };
    printable::line(&line, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = crate::time::parse("2026-01-01T00:00:00").unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Thu, 01 Jan 2026 00:01:30 GMT", Some(90)),
            ("Wed, 31 Dec 2025 23:59:59 GMT", Some(0)),
            ("-3", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]);
            let wait = retry_after(&headers, now);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
