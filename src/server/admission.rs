//! Whose requests are answered: those of programs on this machine, not those of web pages.
//!
//! A page in the reader's browser can send requests to loopback too. It cannot help naming its own host,
//! its origin, or that it lies on another site (Fetch Metadata, W3C 2021). A name that somebody else lets lead to
//! this machine (DNS rebinding) is not one of loopback's, and so refused. Its port is not compared: behind a tunnel
//! or a container's port it is another than the server's, and no page of elsewhere can make its host loopback.

use axum::extract::Request;
use axum::http::{Version, header};

use super::refusal::Refusal;

const ELSEWHERE: &str =
    "this server answers only requests to 127.0.0.1, and no request of a web page";

/// # Errors
/// [`Refusal::Forbidden`] for a request to another host or from a web page, [`Refusal::Bad`] for one of
/// HTTP/1.1 that does not name one host.
pub(super) fn admit(request: &Request) -> Result<(), Refusal> {
    let headers = request.headers();
    let hosts: Vec<_> = headers.get_all(header::HOST).iter().collect();
    if hosts.len() > 1 || (hosts.is_empty() && request.version() >= Version::HTTP_11) {
        return Err(Refusal::bad("one Host header was expected"));
    }
    // `GET http://host/path` names a host too.
    let target = request
        .uri()
        .authority()
        .map(|host| host.as_str().as_bytes());
    let named = hosts.iter().map(|host| host.as_bytes()).chain(target);
    let origins = headers.get_all(header::ORIGIN).iter();
    let mut origins = origins.map(|origin| host_of_origin(origin.as_bytes()));
    // Someone who follows a link sees the answer, and nobody else does.
    let value = |name: &str| headers.get(name).map(|value| value.as_bytes());
    let is_of_page = value("sec-fetch-site") == Some(b"cross-site")
        && value("sec-fetch-dest") != Some(b"document")
        && value("origin").is_none();
    let are_of_loopback = named.map(Some).all(|host| host.is_some_and(is_loopback))
        && origins.all(|host| host.is_some_and(is_loopback));
    match are_of_loopback && !is_of_page {
        true => Ok(()),
        false => Err(Refusal::Forbidden(ELSEWHERE)),
    }
}

fn host_of_origin(origin: &[u8]) -> Option<&[u8]> {
    let rest = origin.strip_prefix(b"http://");
    rest.or_else(|| origin.strip_prefix(b"https://"))
}

/// Whether a host is this machine, with or without a port.
fn is_loopback(host: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"127.0.0.1", b"localhost", b"[::1]"];
    names.iter().any(|name| {
        let Some((begin, rest)) = host.split_at_checked(name.len()) else {
            return false;
        };
        let is_end = match rest {
            [] => true,
            [b':'] => true,
            [b':', port @ ..] => is_port(port),
            _ => false,
        };
        begin.eq_ignore_ascii_case(name) && is_end
    })
}

fn is_port(text: &[u8]) -> bool {
    let port = str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<u16>().ok());
    port.is_some() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn is_admitted(uri: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        admit(&request.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn hosts_other_than_loopback_are_refused() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "LocalHost:1",
            "[::1]:80",
            "localhost:",
        ] {
            assert!(is_admitted("/", &[("host", host)]), "{host}");
            assert!(
                is_admitted(&format!("http://{host}/"), &[("host", host)]),
                "{host}"
            );
        }
        for host in [
            "",
            "example.org",
            "127.0.0.1.example.org",
            "127.0.0.1:80.example.org",
            "localhost.example.org:80",
            "127.0.0.1@example.org",
            "127.0.0.12",
            "127.0.0.1:80808080",
            "localhost:+80",
            "0.0.0.0",
        ] {
            assert!(!is_admitted("/", &[("host", host)]), "{host}");
        }
        let loopback = ("host", "127.0.0.1");
        assert!(!is_admitted("http://example.org/", &[loopback]));
        assert!(!is_admitted("/", &[loopback, ("host", "127.0.0.1")]));
        assert!(!is_admitted("/", &[]));
    }

    #[test]
    fn requests_of_web_pages_are_refused() {
        let sent = |headers: &[(&str, &str)]| {
            let host = [("host", "127.0.0.1:8080")];
            is_admitted("/", &[&host, headers].concat())
        };
        for origin in ["http://localhost:8888", "http://127.0.0.1:8080"] {
            assert!(sent(&[("origin", origin)]), "{origin}");
            assert!(sent(&[
                ("origin", origin),
                ("sec-fetch-site", "cross-site")
            ]));
        }
        for origin in [
            "https://example.org",
            "null",
            "file://",
            "http://localhost.example.org",
        ] {
            assert!(!sent(&[("origin", origin)]), "{origin}");
        }
        let site = |site| ("sec-fetch-site", site);
        assert!(sent(&[site("none")]) && sent(&[site("same-origin")]));
        assert!(!sent(&[site("cross-site"), ("sec-fetch-dest", "image")]));
        assert!(!sent(&[site("cross-site")]));
        assert!(sent(&[site("cross-site"), ("sec-fetch-dest", "document")]));
    }
}
