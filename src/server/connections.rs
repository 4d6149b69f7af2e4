//! Connections: how many there are at once, and how long each may take.

use std::io;
use std::net::Ipv4Addr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Sleep, sleep};

use super::routes::routes;
use super::workers::Workers;

/// Connections at once; more wait. A process may often open no more than 1024 files.
const N_CONNECTIONS: usize = 512;

/// Connections that wait to be taken.
const N_WAITING: u32 = 1024;

/// A connection is closed where the head of its first or next request does not come whole in this time.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The same while more than half of all connections are taken.
const HEAD_TIMEOUT_IN_CROWD: Duration = Duration::from_secs(2);

/// A connection is closed where nothing of an answer is taken in this time.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Until the next try where a connection could not be taken, mostly for too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Bytes of a request's head at most.
const MAX_HEAD: usize = 64 << 10;

/// Takes a port of loopback; 0 takes a free one.
pub(super) fn listen(runtime: &Runtime, port: u16) -> io::Result<TcpListener> {
    let _context = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    // Else a port that was in use a minute ago is taken; elsewhere than on Unix, one that is in use is not.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(N_WAITING)
}

/// Serves until it is stopped.
pub(super) async fn serve(listener: TcpListener, workers: Arc<Workers>, stopped: Arc<Notify>) {
    let serving = pin!(accept(listener, workers));
    future::select(serving, pin!(stopped.notified())).await;
}

async fn accept(listener: TcpListener, workers: Arc<Workers>) {
    let routes = routes(workers.clone());
    let places = Arc::new(Semaphore::new(N_CONNECTIONS));
    loop {
        let place = places.clone().acquire_owned().await;
        let place = place.expect("it is never closed");
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                workers.note(format!("a connection could not be taken: {error}"));
                sleep(PAUSE).await;
                continue;
            }
        };
        // Without the delay a small answer would wait for the acknowledgement of its head.
        let _ = stream.set_nodelay(true);
        let is_crowded = places.available_permits() < N_CONNECTIONS / 2;
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(match is_crowded {
                true => HEAD_TIMEOUT_IN_CROWD,
                false => HEAD_TIMEOUT,
            })
            .max_buf_size(MAX_HEAD);
        let service = TowerToHyperService::new(routes.clone());
        let connection = http.serve_connection(TokioIo::new(Patient::with(stream)), service);
        tokio::spawn(async move {
            // Whoever breaks off or is too slow knows it.
            let _ = connection.await;
            drop(place);
        });
    }
}

/// A connection that ends where the other side takes nothing for a time.
struct Patient {
    stream: TcpStream,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn with(stream: TcpStream) -> Self {
        Self {
            stream,
            waiting: None,
        }
    }

    fn within_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
        let is_over = waiting.as_mut().poll(context).is_ready();
        match is_over {
            true => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            false => Poll::Pending,
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.within_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
