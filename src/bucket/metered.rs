//! Every request and byte, counted; and answers of which no end is seen, cut off.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};

/// Requests that were sent, those that were sent again among them, and bytes of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    pub n_requests: u64,
    pub n_bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    n_requests: AtomicU64,
    n_bytes: AtomicU64,
}

impl Counts {
    pub fn traffic(&self) -> Traffic {
        Traffic {
            n_requests: self.n_requests.load(Ordering::Relaxed),
            n_bytes: self.n_bytes.load(Ordering::Relaxed),
        }
    }
}

/// A request may take so long, and so long may pass without a byte.
const WHOLE: Duration = Duration::from_mins(5);
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);

/// Bytes of an answer that is no part of an object: a page of a listing has some hundred kilobytes.
const MAX_LISTING_BYTES: u64 = 64 << 20;

/// Makes clients whose requests are counted and limited.
#[derive(Debug)]
pub(super) struct Metered {
    counts: Arc<Counts>,
}

impl Metered {
    pub fn new(counts: Arc<Counts>) -> Self {
        Self { counts }
    }
}

impl HttpConnector for Metered {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let limited = options
            .clone()
            .with_timeout(WHOLE)
            .with_read_timeout(SILENCE)
            .with_connect_timeout(CONNECT);
        Ok(HttpClient::new(Service {
            client: ReqwestConnector::default().connect(&limited)?,
            counts: self.counts.clone(),
        }))
    }
}

#[derive(Debug)]
struct Service {
    client: HttpClient,
    counts: Arc<Counts>,
}

/// What the trait's macro makes of an asynchronous function.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

impl HttpService for Service {
    fn call<'a, 'b>(&'a self, request: HttpRequest) -> Answer<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        self.counts.n_requests.fetch_add(1, Ordering::Relaxed);
        // The bytes of an object are asked for by a range, and counted by whoever asked.
        let is_part = request.headers().contains_key("range");
        let n_left = if is_part { u64::MAX } else { MAX_LISTING_BYTES };
        Box::pin(async move {
            let answer = self.client.execute(request).await?;
            let counts = self.counts.clone();
            Ok(answer.map(|body| {
                HttpResponseBody::new(Counted {
                    body,
                    counts,
                    n_left,
                })
            }))
        })
    }
}

/// The body of an answer, counted as it comes.
struct Counted {
    body: HttpResponseBody,
    counts: Arc<Counts>,
    n_left: u64,
}

impl Body for Counted {
    type Data = <HttpResponseBody as Body>::Data;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, HttpError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            let n = data.len() as u64;
            self.counts.n_bytes.fetch_add(n, Ordering::Relaxed);
            let Some(n_left) = self.n_left.checked_sub(n) else {
                let what = format!("an answer of more than {MAX_LISTING_BYTES} bytes");
                let error = std::io::Error::other(what);
                return Poll::Ready(Some(Err(HttpError::new(HttpErrorKind::Decode, error))));
            };
            self.n_left = n_left;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
