//! FDSN web services 1.2 of a data centre within this process, on loopback only.
//!
//! A data centre says what there is; event, station and dataselect then answer as those of others
//! do: the same parameters, the same refusals, status 204 for nothing, the end sample included.
//! What is not served (availability, radius searches) is refused as unknown, with status 400.
//!
//! | Data centre | Events | Stations | Waveforms |
//! |---|---|---|---|
//! | the [`classroom`](crate::classroom) | simulated | simulated | computed |
//! | an SDS archive, [`ServedArchive`] | a catalog file | a station file, or the files' own names | its day files |
//!
//! ```
//! use quakebook::server::ServedArchive;
//! let folder = tempfile::tempdir().unwrap();
//! let server = ServedArchive::open(folder.path()).unwrap().start(0).unwrap();
//! assert!(server.base_url().starts_with("http://127.0.0.1:"));
//! ```

mod archive;
mod dataselect;
mod event;
mod query;
mod station;
mod wadl;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query as Pairs, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;

use crate::catalog::Catalog;
use crate::error::{Result, fail};
use crate::simulated;
use crate::station::Inventory;
use crate::time::Time;
use crate::waveform::Nslc;
use query::QueryError;

pub use archive::ServedArchive;

/// The version of FDSN Web Service Specifications.
const VERSION: &str = "1.2.0";

/// What the head of each answer calls the server where the data were recorded.
const RECORDED_SERVER: &str = "quakebook";

/// What a data centre has.
pub(crate) trait DataCentre: Send + Sync + 'static {
    /// Whether its data are simulated: every answer then says so.
    fn simulated(&self) -> bool;

    /// The catalogs by their names; the first one answers where a query names none.
    fn catalogs(&self) -> Vec<(&'static str, Arc<Catalog>)>;

    /// Its stations and channels, with what is known of their responses.
    fn inventory(&self) -> Result<Inventory>;

    /// The samples of the wanted streams from `start` to `end`, both included, in portions: each a
    /// few megabytes of miniSEED or less, made when its turn comes, and empty where nothing was
    /// recorded.
    fn portions(
        &self,
        wanted: &dyn Fn(&Nslc) -> bool,
        start: Time,
        end: Time,
    ) -> Result<Vec<Portion>>;
}

/// Makes a part of an answer.
pub(crate) type Portion = Box<dyn FnOnce() -> Result<Vec<u8>> + Send>;

/// A running server. It runs as long as its process.
#[derive(Debug, Clone)]
pub struct Server {
    base_url: String,
}

impl Server {
    /// `http://127.0.0.1:PORT`, before `/fdsnws/`: what ObsPy's `Client` takes.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

type Centre = Arc<dyn DataCentre>;
type QueryResult = std::result::Result<Response, QueryError>;

/// Starts the services on a thread of their own, which ends with the process. Port 0 takes a free
/// one.
///
/// # Errors
/// [`crate::Error::Server`] where the port is taken or no thread can be had.
pub(crate) fn start(centre: Centre, port: u16) -> Result<Server> {
    let failed = |error: std::io::Error| {
        fail!(
            Server,
            format!("127.0.0.1:{port}"),
            error,
            "Choose another port, or 0 for a free one"
        )
    };
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address: SocketAddr = listener.local_addr().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(failed)?;
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        // Without the delay a small answer would wait for the acknowledgement of its head.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        axum::serve(listener, routes(centre)).await
    };
    std::thread::Builder::new()
        .name("fdsn-server".into())
        .spawn(move || runtime.block_on(serve))
        .map_err(failed)?;
    Ok(Server {
        base_url: format!("http://{address}"),
    })
}

fn routes(centre: Centre) -> Router {
    let query = "/fdsnws";
    let mut routes = Router::new()
        .route(&format!("{query}/event/1/query"), get(event::query))
        .route(&format!("{query}/event/1/catalogs"), get(event::catalogs))
        .route(&format!("{query}/station/1/query"), get(station::query))
        .route(
            &format!("{query}/dataselect/1/query"),
            get(dataselect::query).post(dataselect::bulk),
        );
    for service in ["event", "station", "dataselect"] {
        let wadl = wadl::describe(service);
        let wadl = move || async move { ([(header::CONTENT_TYPE, "application/xml")], wadl) };
        routes = routes
            .route(
                &format!("{query}/{service}/1/version"),
                get(|| async { VERSION }),
            )
            .route(&format!("{query}/{service}/1/application.wadl"), get(wadl));
    }
    let name = match centre.simulated() {
        true => simulated::SERVER_NAME,
        false => RECORDED_SERVER,
    };
    routes
        .layer(middleware::from_fn(move |request, next| {
            say_who(name, request, next)
        }))
        .with_state(centre)
}

/// Every answer says whose it is, and so whether its data are simulated. Requests that name another host
/// than this machine come from a web page, not from a client: they are refused.
async fn say_who(name: &'static str, request: Request, next: Next) -> Response {
    let mut response = match request.headers().get(header::HOST) {
        Some(host) if !is_loopback(host.as_bytes()) => {
            QueryError::forbidden("this server answers requests to 127.0.0.1 alone").into_response()
        }
        _ => next.run(request).await,
    };
    let name = HeaderValue::from_static(name);
    response.headers_mut().insert(header::SERVER, name);
    response
}

/// Whether a `Host` header names this machine, with or without a port.
fn is_loopback(host: &[u8]) -> bool {
    let names: [&[u8]; 3] = [b"127.0.0.1", b"localhost", b"[::1]"];
    names.iter().any(|name| {
        let rest = host.get(name.len()..);
        rest.is_some_and(|rest| {
            host[..name.len()].eq_ignore_ascii_case(name) && matches!(rest, [] | [b':', ..])
        })
    })
}

/// The parameters of an address.
type Parameters = Pairs<Vec<(String, String)>>;

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}
