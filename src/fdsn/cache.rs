//! Answers kept on disk, one file a request.
//!
//! A file begins with a head of six lines and an empty one; the body follows as it came:
//!
//! ```text
//! quakebook answer 2
//! provider: usgs
//! fetched: 2026-11-25T17:45:00.000000Z
//! request: https://earthquake.usgs.gov/fdsnws/event/1/query?starttime=...
//! answer: data
//! sha256: (of the body)
//! ```
//!
//! `answer` is `data`, `nothing` (status 204 is kept too) or `too large` (ask for less). A file that is
//! damaged, or of another form, is asked for again.

use std::path::{Path, PathBuf};

use crate::atomic_file::write_whole;
use crate::error::Result;
use crate::hash::sha256;
use crate::time::{self, Time};

const FORM: &str = "quakebook answer 2";

/// A folder of answers of one provider.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// What a data centre answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    Data(Vec<u8>),
    Nothing,
    TooLarge,
}

impl Kept {
    fn kind(&self) -> &'static str {
        match self {
            Self::Data(_) => "data",
            Self::Nothing => "nothing",
            Self::TooLarge => "too large",
        }
    }

    fn body(&self) -> &[u8] {
        match self {
            Self::Data(body) => body,
            Self::Nothing | Self::TooLarge => &[],
        }
    }
}

impl Cache {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The answer to that request and when it was fetched, or `None` where it is not kept.
    pub fn get(&self, request: &str) -> Option<(Kept, Time)> {
        let file = std::fs::read(self.path(request)).ok()?;
        let end_of_head = file.windows(2).position(|pair| pair == b"\n\n")?;
        let head = std::str::from_utf8(&file[..end_of_head]).ok()?;
        let body = &file[end_of_head + 2..];
        let mut lines = head.lines();
        let is_ours = lines.next() == Some(FORM);
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(": ");
        let _provider = field("provider")?;
        let fetched = time::parse(field("fetched")?).ok()?;
        let same = field("request")? == request;
        let kept = match field("answer")? {
            "data" => Kept::Data(body.to_vec()),
            "nothing" => Kept::Nothing,
            "too large" => Kept::TooLarge,
            _ => return None,
        };
        let whole = field("sha256")? == sha256(body) && kept.body() == body;
        (is_ours && same && whole).then_some((kept, fetched))
    }

    /// Keeps an answer. The file is replaced whole, so that no reader sees half of it, whatever
    /// interrupts it and however many processes write it at once.
    ///
    /// # Errors
    /// [`crate::Error::Io`] naming the path.
    pub fn put(&self, provider: &str, request: &str, kept: &Kept, now: Time) -> Result<()> {
        let body = kept.body();
        let head = format!(
            "{FORM}\nprovider: {provider}\nfetched: {}\nrequest: {request}\nanswer: {}\nsha256: {}\n\n",
            time::iso(now),
            kept.kind(),
            sha256(body)
        );
        write_whole(self.path(request), [head.as_bytes(), body].concat())
    }

    fn path(&self, request: &str) -> PathBuf {
        self.folder.join(sha256(request.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "https://example.org/query?a=1";

    #[test]
    fn every_answer_is_kept_with_its_date() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("provider"));
        let now = time::parse("2026-01-02T03:04:05.678").unwrap();
        assert_eq!(cache.get(REQUEST), None);
        let data = |bytes: &[u8]| Kept::Data(bytes.to_vec());
        for kept in [
            Kept::Nothing,
            Kept::TooLarge,
            data(b"two\nlines\n"),
            data(b"\n\nblank lines\n\n\xff"),
        ] {
            cache.put("example", REQUEST, &kept, now).unwrap();
            assert_eq!(cache.get(REQUEST), Some((kept, now)));
        }
        let file = std::fs::read(cache.path(REQUEST)).unwrap();
        assert!(
            file.starts_with(b"quakebook answer 2\nprovider: example\nfetched: 2026-01-02T03:")
        );
        assert_eq!(std::fs::read_dir(cache.folder()).unwrap().count(), 1);
    }

    /// A file that was cut anywhere, or in which a bit of any byte was flipped, is no answer, or the
    /// same one (where the byte lies in the date or the provider's name).
    #[test]
    fn no_damage_is_ever_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().into());
        let kept = Kept::Data(b"#EventID|Time\n1|2014\n".to_vec());
        cache
            .put("example", REQUEST, &kept, Time::UNIX_EPOCH)
            .unwrap();
        let path = cache.path(REQUEST);
        let whole = std::fs::read(&path).unwrap();
        for n in 0..whole.len() {
            std::fs::write(&path, &whole[..n]).unwrap();
            assert_eq!(cache.get(REQUEST), None, "cut after {n} bytes");
        }
        for n in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[n] ^= 1 << (n % 8);
            std::fs::write(&path, damaged).unwrap();
            if let Some((found, _)) = cache.get(REQUEST) {
                assert_eq!(found, kept, "byte {n}");
            }
        }
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        // A file stands where the cache's folder should be.
        let blocked = folder.path().join("blocked");
        std::fs::write(&blocked, "in the way").unwrap();
        let cache = Cache::new(blocked.join("provider"));
        let put = cache.put("example", REQUEST, &Kept::Nothing, Time::UNIX_EPOCH);
        assert!(put.unwrap_err().to_string().contains("blocked"));
        assert_eq!(cache.get(REQUEST), None);
        assert_eq!(std::fs::read(&blocked).unwrap(), b"in the way");
    }
}
