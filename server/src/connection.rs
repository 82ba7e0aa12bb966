//! One connection after the other is let in, watched, and served.
//!
//! An idle connection stays open as long as the client likes: the published Python client keeps its connections in a
//! pool, and a server that closes them races with it. What is bounded is the time that the head of a request takes from
//! its first byte, and the number of connections.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use crate::http::App;
use crate::limits::{HEAD_TIME, Limits, MAX_HEAD_BYTES, MAX_HEADERS};

/// Counts connections.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    per_peer: HashMap<IpAddr, usize>,
}

/// The right to be connected, given back when it is dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Gate>,
    peer: IpAddr,
}

impl Gate {
    /// Nobody is connected yet.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// Lets a connection in.
    ///
    /// # Errors
    /// Why not: the limit that is reached.
    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Result<Pass, String> {
        let Limits { max_connections, max_connections_per_peer, .. } = self.limits;
        let mut open = self.open.lock();
        if open.total >= max_connections {
            return Err(format!(
                "too many connections (limit: {max_connections} in total, --max-connections)"
            ));
        }
        let from_peer = open.per_peer.get(&peer).copied().unwrap_or(0);
        if from_peer >= max_connections_per_peer {
            return Err(format!(
                "too many connections from this address (limit: {max_connections_per_peer}, \
                 --max-connections-per-peer)"
            ));
        }
        open.total += 1;
        open.per_peer.insert(peer, from_peer + 1);
        Ok(Pass { gate: self.clone(), peer })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.gate.open.lock();
        open.total -= 1;
        if let Some(count) = open.per_peer.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.per_peer.remove(&self.peer);
            }
        }
    }
}

/// Tells why a connection is not served, and closes it.
pub async fn refuse(mut stream: TcpStream, status: &str, detail: &str) {
    let body =
        serde_json::json!({"detail": detail, "error_type": "LimitExceeded", "request_id": ""}).to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 1\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    // Whoever does not read it loses nothing.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    // Closing with bytes unread would take the answer back before the client has seen it.
    let drained = async {
        let mut bytes = [0; 4096];
        while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
    };
    let _ = tokio::time::timeout(LINGER, drained).await;
}

/// How long a refused client may take to read why.
const LINGER: Duration = Duration::from_secs(1);

/// Answers the requests of one connection, one after the other, until the client closes it or the server stops.
pub async fn serve(stream: TcpStream, peer: SocketAddr, app: App, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let phase = Arc::new(AtomicU8::new(IDLE));
    let watched = Watched { stream, phase: phase.clone(), head_bytes: 0, timer: None };
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        phase.store(ANSWERING, Ordering::Relaxed);
        let (app, phase) = (app.clone(), phase.clone());
        // Boxed, as the stream can only be had back from a connection that may be moved.
        Box::pin(async move {
            let request = request.map(|body| axum::body::Body::new(body.map_err(axum::Error::new)));
            let answer = app.respond(request, peer).await;
            phase.store(IDLE, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(answer)
        })
    });
    let mut connection = http1::Builder::new()
        // More than is taken: these answers of the library would not name the limit.
        .max_buf_size(4 * MAX_HEAD_BYTES)
        .max_headers(2 * MAX_HEADERS)
        .serve_connection(TokioIo::new(watched), service);
    let mut stopping = false;
    let outcome = loop {
        tokio::select! {
            outcome = std::future::poll_fn(|context| connection.poll_without_shutdown(context)) => break outcome,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let mut watched = connection.into_parts().io.into_inner();
    match outcome {
        Ok(()) => drop(watched.stream.shutdown().await),
        Err(error) => {
            tracing::debug!(%error, %peer, "a connection ended early");
            let (status, detail) = match watched.phase.load(Ordering::Relaxed) {
                LATE => (
                    "408 Request Timeout",
                    format!("the head of the request came too slowly (limit: {} s)", HEAD_TIME.as_secs()),
                ),
                LARGE => (
                    "431 Request Header Fields Too Large",
                    format!("the head of the request is too large (limit: {MAX_HEAD_BYTES} bytes)"),
                ),
                _ => return,
            };
            refuse(watched.stream, status, &detail).await;
        }
    }
}

/// Nothing of the next request has come yet.
const IDLE: u8 = 0;
/// The head of a request is coming.
const HEAD: u8 = 1;
/// A request is being answered.
const ANSWERING: u8 = 2;
/// The head of a request took too long.
const LATE: u8 = 3;

/// The head of a request is too large.
const LARGE: u8 = 4;

/// A stream that fails when the head of a request takes longer than [`HEAD_TIME`] from its first byte, or is larger
/// than [`MAX_HEAD_BYTES`].
struct Watched {
    stream: TcpStream,
    phase: Arc<AtomicU8>,
    head_bytes: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Asked for more although so much has come: the head has not ended yet.
        if self.phase.load(Ordering::Relaxed) == HEAD && self.head_bytes > MAX_HEAD_BYTES {
            self.phase.store(LARGE, Ordering::Relaxed);
            return Poll::Ready(Err(io::Error::from(io::ErrorKind::InvalidData)));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let count = buffer.filled().len() - before;
        match self.phase.load(Ordering::Relaxed) {
            IDLE if count > 0 => {
                self.phase.store(HEAD, Ordering::Relaxed);
                self.head_bytes = count;
                self.timer = None;
            }
            HEAD if count > 0 => self.head_bytes += count,
            HEAD if read.is_pending() => {
                let timer = self
                    .timer
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + HEAD_TIME)));
                if timer.as_mut().poll(context).is_ready() {
                    self.phase.store(LATE, Ordering::Relaxed);
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)));
                }
            }
            _ => {}
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_counts_in_total_and_per_peer_and_counts_back() {
        let gate = Gate::new(Limits { max_connections: 3, max_connections_per_peer: 2, ..Limits::default() });
        let (a, b) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = gate.enter(a).unwrap();
        let _second = gate.enter(a).unwrap();
        assert!(gate.enter(a).unwrap_err().contains("--max-connections-per-peer"));
        let _third = gate.enter(b).unwrap();
        assert!(gate.enter(b).unwrap_err().contains("limit: 3 in total"));
        drop(first);
        assert!(gate.enter(a).is_ok());
    }
}
