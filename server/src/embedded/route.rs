//! How the calls of a [`StoreHandle`](super::StoreHandle) travel: within the process, or over HTTP.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http_body_util::BodyExt as _;
use lightning_store_client::transport::native::Native;
use lightning_store_client::transport::{Request, Response, Transport, TransportError};
use lightning_store_client::wire::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::clock::{Clock as _, SystemClock};
use crate::http::App;
use crate::http::answer::Answer;

/// Whom the access log names for calls from within.
const OURSELVES: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Pieces of a streamed answer that may wait for whoever reads it.
const PIECES: usize = 16;

/// The way to a store.
#[derive(Debug, Clone)]
pub enum Route {
    /// It is in this process.
    Local(Arc<Local>),
    /// It is elsewhere.
    Remote(Native),
}

/// A server of this process: what answers its requests, and the runtime on which it does.
pub struct Local {
    app: App,
    runtime: Handle,
    process: u32,
    clock: Arc<SystemClock>,
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").field("process", &self.process).finish_non_exhaustive()
    }
}

impl Local {
    /// A server that runs on the present runtime.
    pub(super) fn new(app: App) -> Arc<Self> {
        let (runtime, process) = (Handle::current(), std::process::id());
        Arc::new(Self { app, runtime, process, clock: SystemClock::start() })
    }

    /// Runs something on the server's runtime. It is given up when the future is dropped.
    async fn on_runtime<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, TransportError>> + Send + 'static,
        timeout: Duration,
    ) -> Result<T, TransportError> {
        if self.process != std::process::id() {
            return Err(TransportError::Invalid(format!(
                "this process was forked from process {}, which owns the store, and has none of its threads; start it as \
                 a new program and hand it the serialised handle",
                self.process
            )));
        }
        let work = async move { tokio::time::timeout(timeout, work).await };
        match AbortOnDropHandle::new(self.runtime.spawn(work)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(TransportError::TimedOut(timeout)),
            Err(_) => Err(TransportError::Unreachable("the server of this process has ended".to_owned())),
        }
    }

    async fn send(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        let (app, timeout) = (self.app.clone(), request.timeout);
        let work = async move {
            let (head, body) = split(app.respond(message(request)?, OURSELVES).await);
            let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
            Ok(Response { body, ..head })
        };
        self.on_runtime(work, timeout).await
    }

    async fn open(&self, request: Request) -> Result<Response<Pieces>, TransportError> {
        let (app, timeout) = (self.app.clone(), request.timeout);
        let work = async move {
            let (head, body) = split(app.respond(message(request)?, OURSELVES).await);
            let (sender, receiver) = mpsc::channel(PIECES);
            // The body waits with timers of the server's runtime, so it is read there.
            let pump = tokio::spawn(async move {
                let mut pieces = body.into_data_stream();
                while let Some(piece) = pieces.next().await {
                    if sender.send(piece.map_err(|error| broken(&error))).await.is_err() {
                        return;
                    }
                }
            });
            let body = Pieces::Local { receiver, _pump: AbortOnDropHandle::new(pump) };
            Ok(Response { status: head.status, headers: head.headers, body })
        };
        self.on_runtime(work, timeout).await
    }
}

fn message(request: Request) -> Result<http::Request<Body>, TransportError> {
    let invalid = |error: http::Error| TransportError::Invalid(error.to_string());
    let uri: http::Uri = request.url.parse().map_err(|error| invalid(http::Error::from(error)))?;
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut message = http::Request::builder().method(request.method.as_str()).uri(target);
    for (name, value) in request.headers {
        message = message.header(name, value);
    }
    message.body(request.body.map_or_else(Body::empty, Body::from)).map_err(invalid)
}

fn split(answer: Answer) -> (Response<Bytes>, Body) {
    let (parts, body) = answer.into_parts();
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = parts.headers.iter().filter_map(text).collect();
    (Response { status: parts.status.as_u16(), headers, body: Bytes::new() }, body)
}

fn broken(error: &axum::Error) -> TransportError {
    TransportError::Unreachable(error.to_string())
}

/// The body of a streamed answer.
pub enum Pieces {
    /// From a server of this process.
    Local {
        /// What has been read so far.
        receiver: mpsc::Receiver<Result<Bytes, TransportError>>,
        /// Who reads it.
        _pump: AbortOnDropHandle<()>,
    },
    /// From elsewhere.
    Remote(<Native as Transport>::Body),
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pieces")
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Local { receiver, .. } => receiver.poll_recv(context),
            Self::Remote(body) => Pin::new(body).poll_next(context),
        }
    }
}

impl Transport for Route {
    type Body = Pieces;

    async fn send(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        match self {
            Self::Local(local) => local.send(request).await,
            Self::Remote(native) => native.send(request).await,
        }
    }

    async fn open(&self, request: Request) -> Result<Response<Pieces>, TransportError> {
        match self {
            Self::Local(local) => local.open(request).await,
            Self::Remote(native) => {
                let Response { status, headers, body } = native.open(request).await?;
                Ok(Response { status, headers, body: Pieces::Remote(body) })
            }
        }
    }

    async fn sleep(&self, duration: Duration) {
        match self {
            // Whoever calls may have no timers of tokio's.
            Self::Local(local) => {
                let sleep = async move {
                    tokio::time::sleep(duration).await;
                    Ok(())
                };
                let _ = local.on_runtime(sleep, Duration::MAX).await;
            }
            Self::Remote(native) => native.sleep(duration).await,
        }
    }

    fn now(&self) -> Duration {
        match self {
            Self::Local(local) => {
                Duration::from_micros(u64::try_from(local.clock.now_micros()).unwrap_or_default())
            }
            Self::Remote(native) => native.now(),
        }
    }

    fn wall_clock(&self) -> Timestamp {
        match self {
            Self::Local(local) => local.clock.now(),
            Self::Remote(native) => native.wall_clock(),
        }
    }

    fn random(&self) -> u64 {
        match self {
            Self::Local(_) => rand::random(),
            Self::Remote(native) => native.random(),
        }
    }
}
