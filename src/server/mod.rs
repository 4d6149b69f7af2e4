//! FDSN web services 1.2 of a data centre within this process, on loopback only.
//!
//! A data centre says what there is; event, station and dataselect then answer as those of others
//! do: the same parameters, the same refusals, status 204 for nothing, the end sample included.
//! What is not served (availability, radius searches) is refused as unknown, with status 400.
//!
//! | Data centre | Events | Stations | Waveforms |
//! |---|---|---|---|
//! | the [`classroom`](crate::classroom) | simulated | simulated | computed |
//! | an SDS archive, [`ServedArchive`] | a catalog file | a station file | its day files |
//!
//! The way of a request: `connections` takes it within a time, `admission` refuses what comes from web
//! pages, `query` reads each parameter once into a bounded value, and `workers` does what takes long
//! on a few threads, so that the others are answered meanwhile. No answer names a file of the disk: what could
//! not be read is told by [`Server::faults`].
//!
//! ```
//! use quakebook::server::ServedArchive;
//! let folder = tempfile::tempdir().unwrap();
//! let server = ServedArchive::open(folder.path()).unwrap().start(0).unwrap();
//! assert!(server.base_url().starts_with("http://127.0.0.1:"));
//! server.stop();
//! assert!(server.check().is_err());
//! ```

mod admission;
mod archive;
mod connections;
mod dataselect;
mod event;
mod faults;
mod query;
mod refusal;
mod routes;
mod station;
mod wadl;
mod workers;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use crate::catalog::Catalog;
use crate::code_pattern::NslcPattern;
use crate::error::{Result, fail};
use crate::station::Inventory;
use crate::time::Time;
use workers::Workers;

pub use archive::{Contents, ServedArchive};

/// The version of FDSN Web Service Specifications.
const VERSION: &str = "1.2.0";

/// What a data centre has.
pub(crate) trait DataCentre: Send + Sync + 'static {
    /// Whether its data are simulated: every answer then says so.
    fn simulated(&self) -> bool;

    /// The catalogs by their names; the first one answers where a query names none.
    fn catalogs(&self) -> Vec<(&'static str, Arc<Catalog>)>;

    /// Its stations and channels, with what is known of their responses. `None` where nobody knows where
    /// they stand.
    fn inventory(&self) -> Option<Inventory>;

    /// The samples of the selections, one selection after another.
    ///
    /// # Errors
    /// Where it cannot be found out what there is.
    fn waveforms(&self, selections: Vec<Selection>) -> Result<Portions>;

    /// What was left out of its answers so far.
    fn faults(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Streams, and a span with both its ends.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub streams: NslcPattern,
    pub start: Time,
    pub end: Time,
}

/// miniSEED in portions: each a few megabytes or less, made when its turn comes, and empty where nothing
/// was recorded.
pub(crate) type Portions = Box<dyn Iterator<Item = Result<Vec<u8>>> + Send>;

/// What a service answers.
enum Answer {
    Whole {
        content_type: &'static str,
        body: String,
    },
    Waveforms {
        portions: Portions,
        /// Where all portions are empty.
        nothing: refusal::Refusal,
    },
}

impl Answer {
    fn text(body: String) -> Self {
        let content_type = "text/plain; charset=utf-8";
        Self::Whole { content_type, body }
    }

    fn xml(body: String) -> Self {
        let content_type = "application/xml";
        Self::Whole { content_type, body }
    }
}

/// A running server. It runs as long as its process, or until [`Server::stop`].
#[derive(Clone)]
pub struct Server {
    base_url: String,
    workers: Arc<Workers>,
    stopped: Arc<Notify>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Server {
    /// `http://127.0.0.1:PORT`, before `/fdsnws/`: what ObsPy's `Client` takes.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether requests are answered.
    ///
    /// # Errors
    /// [`crate::Error::Server`] where the server was stopped, or its thread ended by a fault of the
    /// program.
    pub fn check(&self) -> Result<()> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        match &*thread {
            Some(thread) if !thread.is_finished() => Ok(()),
            _ => Err(fail!(
                Server,
                self.base_url,
                "it has ended: requests are refused",
                "Start it again; where nobody stopped it, report this as a fault of the program"
            )),
        }
    }

    /// Ends the server: its port is free and its connections are closed when this returns.
    pub fn stop(&self) {
        self.stopped.notify_one();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // A panic in it has ended it as well.
            let _ = thread.join();
        }
    }

    /// What was left out of answers (damaged records, files that cannot be read) and what could not be
    /// answered so far, each thing once and the first thousand: file, byte and reason.
    pub fn faults(&self) -> Vec<String> {
        self.workers.faults()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut server = f.debug_struct("Server");
        server.field("base_url", &self.base_url);
        server.finish_non_exhaustive()
    }
}

/// Starts the services on a thread of their own. Port 0 takes a free one.
///
/// # Errors
/// [`crate::Error::Server`] where the port is taken or no thread can be had.
pub(crate) fn start(centre: Arc<dyn DataCentre>, port: u16) -> Result<Server> {
    let failed = |error: std::io::Error| {
        fail!(
            Server,
            format!("127.0.0.1:{port}"),
            error,
            "Choose another port, or 0 for a free one"
        )
    };
    let runtime = workers::runtime().map_err(failed)?;
    let listener = connections::listen(&runtime, port).map_err(failed)?;
    let address: SocketAddr = listener.local_addr().map_err(failed)?;
    let (workers, stopped) = (Arc::new(Workers::of(centre)), Arc::new(Notify::new()));
    let serving = connections::serve(listener, workers.clone(), stopped.clone());
    let thread = std::thread::Builder::new()
        .name("fdsn-server".into())
        .spawn(move || {
            runtime.block_on(serving);
            // Work that is under way ends by itself.
            runtime.shutdown_background();
        })
        .map_err(failed)?;
    Ok(Server {
        base_url: format!("http://{address}"),
        workers,
        stopped,
        thread: Arc::new(Mutex::new(Some(thread))),
    })
}

/// Status and body of an answer, without a connection: for the fuzzer.
#[cfg(fuzzing)]
pub fn answer_at_once(archive: &ServedArchive, service: &str, text: &str) -> (u16, Vec<u8>) {
    let service: workers::Service = match service {
        "event" => event::query,
        "station" => station::query,
        "dataselect" => dataselect::query,
        _ => dataselect::bulk,
    };
    workers::answer_at_once(archive, service, text)
}
