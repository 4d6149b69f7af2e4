//! FDSN web services 1.2 over the simulated ground, on loopback only.
//!
//! Event, station and dataselect answer as a data centre does: the same parameters, the same
//! refusals, status 204 for nothing, the end sample included. What is not simulated (channels
//! other than HH and LH, availability, radius searches) is refused as unknown, with status 400.

mod channels;
mod dataselect;
mod event;
mod query;
mod station;
mod stationxml;
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

use super::Ground;
use crate::catalog::Catalog;
use crate::error::{Result, fail};
use crate::fdsn::SIMULATING_SERVER;
use query::Refusal;

/// The version of FDSN Web Service Specifications.
const VERSION: &str = "1.2.0";

/// What the services serve.
#[derive(Clone)]
pub(super) struct Served {
    pub truth: Arc<Catalog>,
    pub published: Arc<Catalog>,
    pub ground: Arc<dyn Ground>,
}

type Answer = std::result::Result<Response, Refusal>;

/// Starts the services on a thread of their own, which ends with the process. Port 0 takes a free
/// one; the address in use is returned.
///
/// # Errors
/// [`crate::Error::Classroom`] where the port is taken or no thread can be had.
pub(super) fn start(served: Served, port: u16) -> Result<SocketAddr> {
    let failed = |error: std::io::Error| {
        fail!(
            Classroom,
            format!("127.0.0.1:{port}"),
            error,
            "Choose another port, or 0 for a free one"
        )
    };
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(failed)?;
    let serve = async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        // Without the delay a small answer would wait for the acknowledgement of its head.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        axum::serve(listener, routes(served)).await
    };
    std::thread::Builder::new()
        .name("classroom".into())
        .spawn(move || runtime.block_on(serve))
        .map_err(failed)?;
    Ok(address)
}

fn routes(served: Served) -> Router {
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
    routes
        .layer(middleware::from_fn(say_who))
        .with_state(served)
}

/// Every answer says that its data are simulated.
async fn say_who(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let name = HeaderValue::from_static(SIMULATING_SERVER);
    response.headers_mut().insert(header::SERVER, name);
    response
}

/// The parameters of an address.
type Asked = Pairs<Vec<(String, String)>>;

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}
