//! The bytes of an object, all or some.

use std::ops::Range;

use futures_util::TryStreamExt;
use object_store::{GetOptions, GetRange, GetResult};

use super::list::about;
use super::{About, Bucket, fault, wait};
use crate::error::{Result, fail};

/// The largest object that is read: larger ones would not fit in memory.
const MAX_BYTES: u64 = 4 << 30;

impl Bucket {
    /// Bytes of an object that a listing told of.
    ///
    /// # Errors
    /// [`crate::Error::Storage`] where it is gone, or another one by now, and where it is cut short.
    pub fn read(&self, name: &str, known: &About, range: Range<u64>) -> Result<Vec<u8>> {
        let place = self.place(name);
        let n_bytes = range.end.saturating_sub(range.start);
        if n_bytes == 0 {
            return Ok(Vec::new());
        }
        if n_bytes > MAX_BYTES {
            let what = format!("{n_bytes} bytes; an object of at most 4 GiB was expected");
            return Err(fail!(
                Storage,
                place,
                what,
                "Split it into one object a day"
            ));
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let key = self.key(name)?;
        let got = wait(async {
            let got = self.service.objects.get_opts(&key, options).await?;
            let found = about(&got.meta);
            Ok((found, collect(got, n_bytes).await?))
        })?;
        let (found, bytes) = got.map_err(|error| fault::of(&error, &place))?;
        // A server need not tell the version with the bytes, but the size it must.
        let tags = known.tag.as_ref().zip(found.tag.as_ref());
        if found.n_bytes != known.n_bytes || tags.is_some_and(|(known, found)| known != found) {
            let what = format!(
                "another object than was listed: {} bytes, version {}; {} bytes, version {} were expected",
                found.n_bytes,
                found.version(),
                known.n_bytes,
                known.version()
            );
            let remedy = "It was replaced meanwhile: run this again";
            return Err(fail!(Storage, place, what, remedy));
        }
        if bytes.len() as u64 != n_bytes {
            let what = format!(
                "{} bytes or more came, {n_bytes} were expected",
                bytes.len()
            );
            let remedy = "The server, or a proxy before it, does not send what it promises: run this again, or tell who runs it";
            return Err(fail!(Storage, place, what, remedy));
        }
        Ok(bytes)
    }

    /// An object that no listing told of; `None` where there is none.
    ///
    /// # Errors
    /// As [`Bucket::read`].
    pub fn find(&self, name: &str, max_bytes: u64) -> Result<Option<Vec<u8>>> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..max_bytes)),
            ..GetOptions::default()
        };
        let key = self.key(name)?;
        let got = wait(async {
            let got = self.service.objects.get_opts(&key, options).await?;
            collect(got, max_bytes).await
        })?;
        match got {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(fault::of(&error, &self.place(name))),
        }
    }
}

/// The bytes of an answer, and a piece more at most where more come than were asked for.
async fn collect(got: GetResult, n_bytes: u64) -> object_store::Result<Vec<u8>> {
    let mut stream = got.into_stream();
    let mut bytes = Vec::with_capacity(n_bytes as usize);
    while let Some(piece) = stream.try_next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > n_bytes {
            break;
        }
    }
    Ok(bytes)
}
