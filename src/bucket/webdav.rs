//! Folders of a web server that answers PROPFIND (WebDAV, RFC 4918).
//!
//! The client of `object_store` refuses a whole folder for one name in it that is no path. Here that name alone is left
//! out, and told.

use std::time::Instant;

use hyper::{Method, Request, StatusCode};
use object_store::client::{HttpClient, HttpRequestBody};
use object_store::path::Path as Key;
use object_store::{Error as StoreError, ListResult, ObjectMeta};

use super::retry::{N_RETRIES, RETRIES_LAST, wait_before};
use crate::time::Time;
use crate::xml::{Element, Part, Shape, walk};

/// A server, by its address without a path.
#[derive(Debug, Clone)]
pub(super) struct WebDav {
    pub client: HttpClient,
    pub server: String,
}

/// What lies in a folder.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub folders: Vec<Key>,
    pub objects: Vec<ObjectMeta>,
    /// What nobody can read: names that are no paths, and objects without a size.
    pub odd: Vec<String>,
}

/// The elements of an answer that are looked at.
const SHAPE: Shape = Shape {
    root: "multistatus",
    namespaces: &["DAV:"],
    containers: &["multistatus"],
    wanted: &[
        "response",
        "href",
        "propstat",
        "status",
        "prop",
        "resourcetype",
        "collection",
        "getcontentlength",
        "getlastmodified",
        "getetag",
    ],
    once: &[],
    attributes: &[],
    foreign_attributes: &[],
};

impl WebDav {
    /// What lies in a folder; nothing where there is no such folder.
    pub async fn list(&self, folder: &str) -> object_store::Result<Folder> {
        let (began, mut n_tries) = (Instant::now(), 0);
        loop {
            let (error, may_pass) = match self.answer(folder).await {
                Ok((StatusCode::NOT_FOUND, _)) => return Ok(Folder::default()),
                Ok((status, body)) if status.is_success() => return parsed(&body, folder),
                Ok((status, body)) => {
                    let body = String::from_utf8_lossy(&body);
                    let may_pass =
                        status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                    (failed(format!("status code: {status}: {body}")), may_pass)
                }
                Err(error) => (error, true),
            };
            if !may_pass || n_tries == N_RETRIES || began.elapsed() > RETRIES_LAST {
                return Err(error);
            }
            tokio::time::sleep(wait_before(n_tries)).await;
            n_tries += 1;
        }
    }

    async fn answer(&self, folder: &str) -> object_store::Result<(StatusCode, Vec<u8>)> {
        let slash = if folder.is_empty() { "" } else { "/" };
        let address = format!("{}/{}{slash}", self.server, escaped(folder));
        let method = Method::from_bytes(b"PROPFIND").map_err(failed)?;
        let request = Request::builder().method(method).uri(address);
        let request = request.header("Depth", "1").body(HttpRequestBody::empty());
        let answer = self.client.execute(request.map_err(failed)?).await;
        let answer = answer.map_err(failed)?;
        let status = answer.status();
        let body = answer.into_body().bytes().await.map_err(failed)?;
        Ok((status, body.into()))
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Generic {
        store: "WebDAV",
        source: error.into(),
    }
}

fn parsed(body: &[u8], folder: &str) -> object_store::Result<Folder> {
    // A name may hold what XML cannot.
    let text = String::from_utf8_lossy(body).replace(is_unfit, "\u{fffd}");
    let mut found = Folder::default();
    let walked = walk(text.as_bytes(), &SHAPE, |part| {
        if let Part::Whole(response) = part {
            found.take(response, folder);
        }
        Ok(())
    });
    match walked {
        Ok(()) => Ok(found),
        Err(broken) => {
            let crate::xml::Broken { byte, what } = broken;
            Err(failed(format!(
                "an answer that is no XML of WebDAV, byte {byte}: {what}"
            )))
        }
    }
}

fn is_unfit(c: char) -> bool {
    c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r')
}

impl Folder {
    fn take(&mut self, response: &Element, folder: &str) {
        let Some(address) = response.text_at("href") else {
            return;
        };
        let bytes = unescaped(path_of(address));
        let shown = String::from_utf8_lossy(&bytes);
        let shown = shown.trim_start_matches('/').to_string();
        let key = String::from_utf8(bytes).ok();
        let key = key.filter(|key| !key.contains('\u{fffd}'));
        let Some(key) = key.and_then(|key| Key::parse(key).ok()) else {
            self.odd.push(shown);
            return;
        };
        let below = match folder {
            "" => Some(key.as_ref()),
            _ => key
                .as_ref()
                .strip_prefix(folder)
                .and_then(|below| below.strip_prefix('/')),
        };
        // The folder itself is in its list; what lies elsewhere is none of its names.
        let Some(_) = below.filter(|name| !name.is_empty() && !name.contains('/')) else {
            return;
        };
        match object(response, &key) {
            Some(None) => self.folders.push(key),
            Some(Some(object)) => self.objects.push(object),
            None => self.odd.push(shown),
        }
    }
}

impl From<Folder> for ListResult {
    fn from(folder: Folder) -> Self {
        Self {
            common_prefixes: folder.folders,
            objects: folder.objects,
            extensions: Default::default(),
        }
    }
}

/// What a server says of an object, `Some(None)` of a folder; `None` where it may not be read, or has no size.
fn object(response: &Element, location: &Key) -> Option<Option<ObjectMeta>> {
    let is_told = |told: &&Element| {
        told.text_at("status")
            .is_some_and(|status| status.contains(" 200"))
    };
    let told = response.children("propstat").find(is_told)?.child("prop")?;
    let kind = told.child("resourcetype");
    if kind.is_some_and(|kind| kind.child("collection").is_some()) {
        return Some(None);
    }
    let changed = told
        .text_at("getlastmodified")
        .map(chrono::DateTime::parse_from_rfc2822);
    Some(Some(ObjectMeta {
        location: location.clone(),
        size: told.text_at("getcontentlength")?.parse().ok()?,
        // Its ETag tells versions too.
        last_modified: changed
            .and_then(Result::ok)
            .map_or(Time::UNIX_EPOCH, |time| time.to_utc()),
        e_tag: told.text_at("getetag").map(String::from),
        version: None,
    }))
}

/// The path of an address, which may have its server before it.
fn path_of(address: &str) -> &str {
    match address.split_once("://") {
        Some((_, rest)) if !address.starts_with('/') => rest.find('/').map_or("", |at| &rest[at..]),
        _ => address,
    }
}

/// A key as a part of an address.
fn escaped(key: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let bytes = key.bytes().map(|byte| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// The bytes of an address without its escapes; a `%` that begins none stands for itself.
fn unescaped(address: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let digits = digits.filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(href: &str, of_it: &str) -> String {
        format!(
            "<D:response><D:href>{href}</D:href><D:propstat><D:prop>{of_it}</D:prop><D:status>HTTP/1.1 200 OK</D:status>\
             </D:propstat><D:propstat><D:prop><D:getetag/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>"
        )
    }

    #[test]
    fn odd_names_alone_are_left_out() {
        let file = "<D:resourcetype/><D:getcontentlength>10</D:getcontentlength>";
        let folder = "<D:resourcetype><D:collection/></D:resourcetype>";
        let mut text = "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">".to_string();
        for href in [
            "/sds/2014/a%20b",
            "/sds/2014/100%25",
            "/sds/2014/50% raw",
            "http://host:8080/sds/2014/whole",
            "/sds/2014/%C3%A9",
            // Left out, for nobody can ask for them.
            "/sds/2014/latin%E9",
            "/sds/2014/line%0Aend",
            "/sds/2014//empty",
            "/sds/2014/../up",
            "/sds/2014/bell\u{7}",
            // The folder itself, and others' names.
            "/sds/2014/",
            "/sds/2015/other",
            "/sds/2014/deep/er",
        ] {
            text += &response(href, file);
        }
        text += &response("/sds/2014/XX/", folder);
        text += &response("/sds/2014/no-size", "<D:resourcetype/>");
        text += "<D:response><D:href>/sds/2014/secret</D:href><D:status>HTTP/1.1 403 Forbidden</D:status></D:response>";
        text += "</D:multistatus>";
        let found = parsed(text.as_bytes(), "sds/2014").unwrap();
        let names = |keys: &[&Key]| -> Vec<String> {
            let names = keys
                .iter()
                .map(|key| key.as_ref().strip_prefix("sds/2014/"));
            names.map(|name| name.unwrap().to_string()).collect()
        };
        let objects: Vec<&Key> = found
            .objects
            .iter()
            .map(|object| &object.location)
            .collect();
        assert_eq!(
            names(&objects),
            ["a b", "100%", "50% raw", "whole", "\u{e9}"]
        );
        assert_eq!(names(&found.folders.iter().collect::<Vec<_>>()), ["XX"]);
        assert_eq!(found.odd.len(), 7, "{:?}", found.odd);
        assert!(parsed(b"<html>Hello", "sds").is_err());
        for key in ["a b", "100%", "\u{e9}/#?x"] {
            assert_eq!(unescaped(&escaped(key)), key.as_bytes());
        }
    }
}
