//! One request and what its answer means.

use std::sync::Once;
use std::time::Duration;

use reqwest::Url;
use reqwest::blocking;

use crate::error::{Error, Result};

/// Long enough for a large catalog on a slow line.
const TIME_OUT: Duration = Duration::from_secs(120);

/// The answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub url: String,
    /// Nothing where the data centre has nothing (204 or 404).
    pub body: Option<Vec<u8>>,
    /// Whether the server says that its data are simulated.
    pub simulated: bool,
}

impl Answer {
    /// The body as text, or nothing where the data centre has nothing.
    pub fn text(&self) -> Result<Option<String>> {
        let text = self.body.clone().map(String::from_utf8).transpose();
        text.map_err(|_| refused(&self.url, 200, "bytes where text was expected"))
    }

    /// The error for an answer that could not be read.
    pub fn disbelieved(&self, error: Error) -> Error {
        match error {
            named @ Error::Request {
                status: Some(_), ..
            } => named,
            other => refused(&self.url, 200, &other.to_string()),
        }
    }
}

/// What the classroom's server calls itself; its data are simulated whatever address it has.
pub(crate) const SIMULATING_SERVER: &str = "quakebook-classroom (simulated)";

/// An HTTP client that keeps its connections. `tls` is for real data centres: it loads the
/// system's certificates, which a machine without network may not have.
pub(super) fn client(tls: bool) -> Result<blocking::Client> {
    static TLS: Once = Once::new();
    // A failure means that the program chose a provider before: that one serves as well.
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut builder = blocking::Client::builder()
        .timeout(TIME_OUT)
        .user_agent(concat!("quakebook/", env!("CARGO_PKG_VERSION")));
    if !tls {
        builder = builder.tls_certs_only([]).no_proxy();
    }
    builder.build().map_err(|error| Error::Request {
        url: "https".into(),
        status: None,
        what: cause(&error),
        remedy: "Install the system's certificates (package ca-certificates)".into(),
    })
}

/// The address of a query, its parameters escaped.
pub(super) fn address(query: &str, parameters: &[(&str, String)]) -> Result<String> {
    let url = Url::parse_with_params(query, parameters);
    url.map(String::from).map_err(|error| Error::Request {
        url: query.into(),
        status: None,
        what: error.to_string(),
        remedy: "Correct the provider's address".into(),
    })
}

/// Asks, and looks at the answer before it is believed.
///
/// # Errors
/// [`Error::Request`] where no answer came or it broke off, for a status other than 200, 204 and
/// 404, and for HTML in place of data.
pub(super) fn get(client: &blocking::Client, url: &str) -> Result<Answer> {
    let lost = |error: reqwest::Error| Error::Request {
        url: url.into(),
        status: error.status().map(|status| status.as_u16()),
        what: cause(&error),
        remedy: "Check the network and run this again, or take the provider \"classroom\"".into(),
    };
    let response = client.get(url).send().map_err(lost)?;
    let status = response.status().as_u16();
    let server = response.headers().get(reqwest::header::SERVER);
    let simulated = server.is_some_and(|server| server == SIMULATING_SERVER);
    let body = response.bytes().map_err(lost)?.to_vec();
    let body = match status {
        200 if is_html(&body) => {
            return Err(refused(url, status, "HTML where data were expected"));
        }
        200 => Some(body).filter(|body| !body.is_empty()),
        204 | 404 => None,
        _ => return Err(refused(url, status, &first_line(&body))),
    };
    Ok(Answer {
        url: url.into(),
        body,
        simulated,
    })
}

/// The error for an answer that is not what was asked for.
pub(super) fn refused(url: &str, status: u16, what: &str) -> Error {
    let remedy = match status {
        200 => "The data centre answered something else than data: run this again later",
        400 | 422 => "The data centre does not understand the request: check the study's values",
        401 | 403 => "These data are restricted: ask the data centre for access",
        413 => "The answer would be too large: choose a shorter time span",
        429 | 503 => "The data centre is busy: wait some minutes and run this again",
        500.. => "The data centre has a fault: run this again later",
        _ => "Look the status up in the data centre's documentation",
    };
    Error::Request {
        url: url.into(),
        status: Some(status),
        what: what.into(),
        remedy: remedy.into(),
    }
}

fn is_html(body: &[u8]) -> bool {
    let start: Vec<u8> = body
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace())
        .take(9)
        .map(u8::to_ascii_lowercase)
        .collect();
    start.starts_with(b"<html") || start.starts_with(b"<!doctype")
}

/// The first line that says anything, at most 200 characters.
fn first_line(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    match line {
        Some(line) => line.chars().take(200).collect(),
        None => "an answer without a word".into(),
    }
}

/// The innermost cause: "connection refused" says more than "error sending request".
fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
