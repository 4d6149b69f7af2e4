//! A few threads do the long work, while the server's own thread goes on with other connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::faults::Faults;
use super::refusal::Refusal;
use super::{Answer, DataCentre, Portions};
use crate::error::Result;

/// Threads that search, read, compute and encode.
const N_THREADS: usize = 8;

/// At most so many of them make waveforms: catalogs and stations need not wait for those.
const N_MAKERS: usize = 4;

/// An answer up to this size goes out whole, and with it the fault of any part is known before its
/// status; a longer one goes out turn by turn, so that memory stays flat.
const N_BYTES_WHOLE: usize = 1 << 20;

/// Whoever makes waveforms lets another one take over after this time, once a portion is made.
const TURN: Duration = Duration::from_millis(100);

/// A service answers a query, or the body of a request.
pub(super) type Service = fn(&dyn DataCentre, &str) -> std::result::Result<Answer, Refusal>;

/// The data centre, and what went wrong in its answers.
pub(super) struct Workers {
    centre: Arc<dyn DataCentre>,
    makers: Arc<Semaphore>,
    faults: Faults,
}

/// What was made of an answer in one turn.
struct Turn {
    bytes: Vec<u8>,
    /// What is still to be made.
    rest: Option<Portions>,
}

/// One thread for the connections, and those that work.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(N_THREADS)
        .build()
}

impl Workers {
    pub fn of(centre: Arc<dyn DataCentre>) -> Self {
        Self {
            centre,
            makers: Arc::new(Semaphore::new(N_MAKERS)),
            faults: Faults::default(),
        }
    }

    pub fn simulated(&self) -> bool {
        self.centre.simulated()
    }

    pub fn faults(&self) -> Vec<String> {
        let mut faults = self.faults.list();
        faults.extend(self.centre.faults());
        faults
    }

    /// Tells the person who runs the server.
    pub fn note(&self, fault: impl ToString) {
        self.faults.note(fault);
    }

    fn note_of(&self, refusal: &Refusal) {
        if let Refusal::Fault(cause) = refusal {
            self.note(cause);
        }
    }

    pub async fn answer(self: Arc<Self>, service: Service, text: String) -> Response {
        match self.clone().answered(service, text).await {
            Ok(response) => response,
            Err(refusal) => {
                self.note_of(&refusal);
                refusal.into_response()
            }
        }
    }

    async fn answered(
        self: Arc<Self>,
        service: Service,
        text: String,
    ) -> std::result::Result<Response, Refusal> {
        let centre = self.centre.clone();
        match on_thread(move || service(&*centre, &text)).await?? {
            Answer::Whole { content_type, body } => {
                Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
            }
            Answer::Waveforms { portions, nothing } => self.waveforms(portions, nothing).await,
        }
    }

    async fn waveforms(
        self: Arc<Self>,
        portions: Portions,
        nothing: Refusal,
    ) -> std::result::Result<Response, Refusal> {
        let (mut first, mut rest) = (Vec::new(), Some(portions));
        while first.len() < N_BYTES_WHOLE
            && let Some(portions) = rest.take()
        {
            let turn = self.turn(portions).await?;
            first.extend(turn.bytes);
            rest = turn.rest;
        }
        if first.is_empty() {
            return Err(nothing);
        }
        let body = match rest {
            None => Body::from(first),
            rest => Body::from_stream(stream::once(async { Ok(first) }).chain(self.rest(rest))),
        };
        Ok(([(header::CONTENT_TYPE, "application/vnd.fdsn.mseed")], body).into_response())
    }

    /// The rest of an answer; a fault breaks it off, so that nobody takes it for whole.
    fn rest(
        self: Arc<Self>,
        rest: Option<Portions>,
    ) -> impl Stream<Item = std::result::Result<Vec<u8>, std::io::Error>> {
        stream::unfold(rest, move |rest| {
            let workers = self.clone();
            async move {
                match workers.turn(rest?).await {
                    Ok(turn) => Some((Ok(turn.bytes), turn.rest)),
                    Err(refusal) => {
                        workers.note_of(&refusal);
                        Some((Err(std::io::Error::other("a fault")), None))
                    }
                }
            }
        })
    }

    /// Makes a part of an answer when it is its turn.
    async fn turn(&self, portions: Portions) -> std::result::Result<Turn, Refusal> {
        let makers = self.makers.clone();
        let maker = makers.acquire_owned().await.expect("it is never closed");
        // Whoever stops waiting for it does not make room for another one before it is done.
        let turn = on_thread(move || {
            let _maker = maker;
            Turn::of(portions)
        });
        turn.await?.map_err(Refusal::fault)
    }
}

impl Turn {
    fn of(mut portions: Portions) -> Result<Self> {
        let begun = Instant::now();
        let mut bytes = Vec::new();
        while bytes.len() < N_BYTES_WHOLE && begun.elapsed() < TURN {
            match portions.next() {
                Some(portion) => bytes.extend(portion?),
                None => return Ok(Self { bytes, rest: None }),
            }
        }
        let rest = Some(portions);
        Ok(Self { bytes, rest })
    }
}

/// Does work on one of the threads; a panic there is a fault of this answer alone.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> std::result::Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::fault(format!("server, a worker: {error}")))
}

/// Status and body of an answer that is made here and now; of waveforms the first turn.
#[cfg(fuzzing)]
pub(super) fn answer_at_once(
    centre: &dyn DataCentre,
    service: Service,
    text: &str,
) -> (u16, Vec<u8>) {
    let made = service(centre, text).and_then(|answer| match answer {
        Answer::Whole { body, .. } => Ok(body.into_bytes()),
        Answer::Waveforms { portions, nothing } => {
            let bytes = Turn::of(portions).map_err(Refusal::fault)?.bytes;
            if bytes.is_empty() {
                Err(nothing)
            } else {
                Ok(bytes)
            }
        }
    });
    match made {
        Ok(body) => (200, body),
        Err(refusal) => (refusal.status().as_u16(), refusal.text().into_bytes()),
    }
}
