//! Objects in a bucket, or on a web server that lists its folders (WebDAV): listed, and read by ranges.
//!
//! Nothing is ever written. Every request has a time limit, is tried again when the line or the server fails, and is
//! counted ([`Bucket::traffic`]). What a server answers is checked: keys, lengths, and which version of an object it is.
//!
//! | What | Where |
//! |---|---|
//! | `s3://bucket/prefix` and the like, and the service behind it | `address` |
//! | listings, and their limits | `list` |
//! | a folder of a web server | `webdav` |
//! | how often a request is sent again | `retry` |
//! | bytes of an object | `read` |
//! | requests and bytes, counted and limited | `metered` |
//! | what went wrong, in a sentence | `fault` |

mod address;
mod fault;
mod list;
mod metered;
mod read;
mod retry;
mod webdav;

use std::future::Future;
use std::sync::{Arc, OnceLock};

use object_store::ObjectStore;
use object_store::list::PaginatedListStore;
use object_store::path::Path as Key;
use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};

pub use address::is_url;
use metered::Counts;
pub use metered::Traffic;
use webdav::WebDav;

/// The objects below a prefix of a bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// `s3://bucket/prefix`, without a slash at its end.
    url: String,
    prefix: Key,
    service: Service,
    counts: Arc<Counts>,
}

/// A service, as its client.
#[derive(Debug, Clone)]
struct Service {
    objects: Arc<dyn ObjectStore>,
    lister: Lister,
}

/// What lists its folders.
#[derive(Debug, Clone)]
enum Lister {
    Pages(Pages),
    /// A folder is listed in one answer.
    WebDav(WebDav),
}

/// The client of a service that lists page by page.
#[derive(Clone)]
struct Pages(Arc<dyn PaginatedListStore>);

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

/// What a listing says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub n_bytes: u64,
    /// Its ETag, without quotes; `None` where the service has none.
    pub tag: Option<String>,
    /// When it was changed.
    pub changed: String,
}

impl About {
    /// Another one is another object.
    pub fn version(&self) -> &str {
        self.tag.as_ref().unwrap_or(&self.changed)
    }
}

impl Bucket {
    /// The address of the prefix, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Requests sent and bytes received so far.
    pub fn traffic(&self) -> Traffic {
        self.counts.traffic()
    }

    /// The key of a name below the prefix.
    fn key(&self, name: &str) -> Result<Key> {
        let whole = match self.prefix.is_root() {
            true => name.to_string(),
            false => format!("{}/{name}", self.prefix),
        };
        Key::parse(whole).map_err(|error| fault::of(&error.into(), &self.place(name)))
    }

    /// What an error calls a name below the prefix.
    fn place(&self, name: &str) -> String {
        match name {
            "" => self.url.clone(),
            name => format!("{}/{name}", self.url),
        }
    }
}

/// Waits for what is done on the thread of all requests.
fn wait<T>(work: impl Future<Output = T>) -> Result<T> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if RUNTIME.get().is_none() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(Error::io("the thread of requests"))?;
        // Another thread may have been faster: its runtime serves as well.
        let _ = RUNTIME.set(runtime);
    }
    let runtime = RUNTIME.get().expect("it was set above");
    Ok(runtime.block_on(work))
}
