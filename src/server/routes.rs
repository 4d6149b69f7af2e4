//! Which path leads to which service.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::admission::admit;
use super::refusal::Refusal;
use super::workers::{Service, Workers};
use super::{VERSION, dataselect, event, station, wadl};
use crate::simulated;

/// What the head of each answer calls the server where the data were recorded.
const RECORDED_SERVER: &str = "quakebook";

/// Bytes of a body at most: some thirty thousand lines.
const MAX_BODY: usize = 2 << 20;

/// A body that has not arrived until then is refused.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn routes(workers: Arc<Workers>) -> Router {
    let name = match workers.simulated() {
        true => simulated::SERVER_NAME,
        false => RECORDED_SERVER,
    };
    let by_address = |service: Service| {
        get(
            move |State(workers): State<Arc<Workers>>, RawQuery(query)| async move {
                workers.answer(service, query.unwrap_or_default()).await
            },
        )
    };
    let by_body = move |State(workers): State<Arc<Workers>>, request: Request| async move {
        match text_of(request.into_body()).await {
            Ok(text) => workers.answer(dataselect::bulk, text).await,
            Err(refusal) => refusal.into_response(),
        }
    };
    let path = |service: &str, resource: &str| format!("/fdsnws/{service}/1/{resource}");
    let mut routes = Router::new()
        .route(&path("event", "query"), by_address(event::query))
        .route(&path("event", "catalogs"), by_address(event::catalogs))
        .route(&path("station", "query"), by_address(station::query))
        .route(
            &path("dataselect", "query"),
            by_address(dataselect::query).post(by_body),
        );
    for service in ["event", "station", "dataselect"] {
        let wadl = wadl::describe(service);
        let wadl = move || async move { ([(header::CONTENT_TYPE, "application/xml")], wadl) };
        routes = routes
            .route(&path(service, "version"), get(|| async { VERSION }))
            .route(&path(service, "application.wadl"), get(wadl));
    }
    routes
        .fallback(|| async { Refusal::NotFound("there is no such service here".into()) })
        .layer(middleware::from_fn(move |request, next| {
            checked(name, request, next)
        }))
        .with_state(workers)
}

/// Every answer says whose it is, and so whether its data are simulated.
async fn checked(name: &'static str, request: Request, next: Next) -> Response {
    let mut response = match admit(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let name = HeaderValue::from_static(name);
    response.headers_mut().insert(header::SERVER, name);
    response
}

async fn text_of(body: Body) -> Result<String, Refusal> {
    let whole = axum::body::to_bytes(body, MAX_BODY);
    let whole = tokio::time::timeout(BODY_TIMEOUT, whole).await;
    let whole = whole.map_err(|_| Refusal::Slow("the body did not arrive within 10 s"))?;
    let whole =
        whole.map_err(|_| Refusal::TooLarge("a whole body of at most 2 MiB was expected"))?;
    String::from_utf8(whole.into()).map_err(|_| Refusal::bad("a body in UTF-8 was expected"))
}
