//! Answers kept on disk, one file a request.
//!
//! A file begins with four lines (form, address, `data` or `nothing`, SHA-256 of what follows), so
//! that an answer of nothing is kept too, and a damaged file is asked for again.

use std::io::Write;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const FORM: &str = "quakebook answer 1";

/// A folder of answers of one provider.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The answer to that address, or `None` where it is not kept; an answer of nothing is
    /// `Some(None)`.
    pub fn get(&self, url: &str) -> Option<Option<Vec<u8>>> {
        let file = std::fs::read(self.path(url)).ok()?;
        let mut parts = file.splitn(5, |&byte| byte == b'\n');
        let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok());
        let (form, address, kind, hash) =
            (line()?, line()?, line()?.to_string(), line()?.to_string());
        if form != FORM || address != url {
            return None;
        }
        let body = parts.next()?;
        (hex_sha256(body) == hash).then(|| (kind == "data").then(|| body.to_vec()))
    }

    /// Keeps an answer: written beside, then renamed, so that no reader sees half of it.
    ///
    /// # Errors
    /// [`Error::Io`] naming the path.
    pub fn put(&self, url: &str, body: Option<&[u8]>) -> Result<()> {
        std::fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder))?;
        let path = self.path(url);
        let kind = if body.is_some() { "data" } else { "nothing" };
        let body = body.unwrap_or_default();
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(Error::io(&path))?;
        write!(file, "{FORM}\n{url}\n{kind}\n{}\n", hex_sha256(body))
            .and_then(|()| file.write_all(body))
            .map_err(Error::io(&path))?;
        file.persist(&path).map_err(|e| Error::io(&path)(e.error))?;
        Ok(())
    }

    fn path(&self, url: &str) -> PathBuf {
        self.folder.join(hex_sha256(url.as_bytes()))
    }
}

fn hex_sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_and_nothing_are_kept_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("provider"));
        let url = "https://example.org/query?a=1";
        assert_eq!(cache.get(url), None);
        cache.put(url, None).unwrap();
        assert_eq!(cache.get(url), Some(None));
        cache.put(url, Some(b"two\nlines\n")).unwrap();
        assert_eq!(cache.get(url), Some(Some(b"two\nlines\n".to_vec())));

        let path = cache.path(url);
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(cache.get(url), None);
    }
}
