//! What went wrong with a request, in a sentence.

use std::error::Error as _;

use object_store::Error as StoreError;
use object_store::client::HttpError;

use crate::error::{Error, fail};

/// Letters of what a server says, at most.
const N_LETTERS: usize = 200;

/// The error, with the place that was asked for.
pub(super) fn of(error: &StoreError, place: &str) -> Error {
    let text = error.to_string();
    let (status, said) = answer(&text);
    let access = "Look at the keys in the environment (such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); a public bucket is read with --anonymous";
    let again = "Run this again later: what was done stays done";
    let (what, remedy) = match (error, status) {
        (StoreError::InvalidPath { source }, _) => (
            format!("a key that is no path: {source}"),
            "Remove or rename that object, or give a prefix that does not hold it",
        ),
        (StoreError::NotFound { .. }, _) | (_, Some(404)) => (
            format!("not there (404){said}"),
            "Look at the name of the bucket and the prefix; an object that was listed before was removed meanwhile",
        ),
        (_, Some(401)) => (
            format!("the server wants to know who asks (401){said}"),
            access,
        ),
        (_, Some(403)) => (format!("not allowed (403){said}"), access),
        (_, Some(301 | 302 | 307 | 308)) => (
            format!("the bucket is elsewhere{said}"),
            "Give its region in AWS_REGION, or its address in AWS_ENDPOINT_URL",
        ),
        (_, Some(405 | 501)) if place.starts_with("http") => (
            format!("the server does not list its folders: it answers no PROPFIND{said}"),
            "Give a server with WebDAV, a bucket (s3://, gs://, az://), or a copy on a disk",
        ),
        (_, Some(429 | 503)) => (
            format!("the server is too busy ({}){said}", status.unwrap_or(503)),
            again,
        ),
        (_, Some(status)) => (format!("the server failed ({status}){said}"), again),
        (StoreError::NotSupported { .. }, None) => (
            "the server sends whole objects alone, where a part was asked for".into(),
            "Give a server that answers requests with Range, or a copy on a disk",
        ),
        _ if text.contains("redirect without LOCATION") => (
            "the bucket is elsewhere".into(),
            "Give its region in AWS_REGION, or its address in AWS_ENDPOINT_URL",
        ),
        _ if is_of_credentials(&text) => (
            format!("no keys of access were found: {}", deepest(error)),
            access,
        ),
        _ => (
            deepest(error),
            "Look at the network, the address (AWS_ENDPOINT_URL, if it is not Amazon's; AWS_ALLOW_HTTP=true for http), and run this again",
        ),
    };
    fail!(Storage, place, what, remedy)
}

/// The status of a server's answer and what it says, as the client's errors have them in their text.
fn answer(text: &str) -> (Option<u16>, String) {
    let told = text.split_once("status code: ");
    let answer = told.and_then(|(_, rest)| {
        let status = rest.get(..3)?.parse().ok()?;
        let body = rest.split_once(": ").map_or("", |(_, body)| body);
        Some((status, said(body)))
    });
    answer.map_or((None, String::new()), |(status, said)| (Some(status), said))
}

/// Without keys in the environment, the client asks the machine it runs on (169.254.169.254), which most have not.
fn is_of_credentials(text: &str) -> bool {
    text.contains("169.254.169.254") || text.contains("metadata.google.internal")
}

/// What caused all of it: errors name their cause last.
fn deepest(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.is::<HttpError>() || cause.source().is_none() {
            text = cause.to_string();
        }
        next = cause.source();
    }
    shortened(&text)
}

/// The code and the message of a service's answer, or how it begins.
fn said(body: &str) -> String {
    let part = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>"))
            .map(|(text, _)| text.trim())
    };
    let text = match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(text), None) | (None, Some(text)) => text.into(),
        (None, None) => body.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    match text.is_empty() {
        true => String::new(),
        false => format!(": it says \"{}\"", shortened(&text)),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(N_LETTERS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.into(),
    }
}
