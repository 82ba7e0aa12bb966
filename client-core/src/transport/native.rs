//! Requests from programs: reqwest on tokio, TLS by rustls.

use std::error::Error as _;
use std::fmt;
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::{Request, Response, Transport, TransportError};
use crate::api::Method;
use crate::client::Client;
use crate::error::ClientError;
use crate::wire::Timestamp;

/// How long to wait for a connection, unless said otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Idle connections are closed after this time, before servers and proxies close them: a request on a connection
/// that is being closed would be lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Sends requests with reqwest. Connections are kept and shared by all clones.
///
/// Works on a tokio runtime with time and network enabled. `HTTP_PROXY` and its kin are obeyed; certificates are
/// checked as the operating system does it.
#[derive(Clone)]
pub struct Native {
    http: reqwest::Client,
    start: Instant,
}

impl Native {
    /// With the usual settings.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] if the operating system's certificates cannot be used.
    pub fn new() -> Result<Self, ClientError> {
        Self::with_connect_timeout(CONNECT_TIMEOUT)
    }

    /// With so long to wait for a connection.
    ///
    /// # Errors
    /// As for [`Native::new`].
    pub fn with_connect_timeout(connect_timeout: Duration) -> Result<Self, ClientError> {
        static PROVIDER: Once = Once::new();
        // A program that has chosen a provider of its own keeps it: then this is refused, rightly.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        reqwest::Client::builder()
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            // Followed, a redirected POST would become a GET.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self::from)
            .map_err(|error| ClientError::invalid(format!("HTTP cannot be set up: {}", reason(error))))
    }
}

impl From<reqwest::Client> for Native {
    /// With settings of your own, e.g. for a proxy or certificates. Let it follow no redirects, and give it no time-out
    /// for whole requests: they have their own.
    fn from(http: reqwest::Client) -> Self {
        Self { http, start: Instant::now() }
    }
}

impl Client<Native> {
    /// A client with the usual settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] if `url` is none.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        Client::builder(url).build(Native::new()?)
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Native")
    }
}

/// The body of a streamed answer.
pub struct NativeBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl fmt::Debug for NativeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeBody")
    }
}

impl Stream for NativeBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl Native {
    fn request(&self, request: Request) -> reqwest::RequestBuilder {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let builder = self.http.request(method, request.url);
        let builder =
            request.headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        match request.body {
            Some(body) => builder.body(body),
            None => builder,
        }
    }
}

impl Transport for Native {
    type Body = NativeBody;

    async fn send(&self, request: Request) -> Result<Response<Bytes>, TransportError> {
        let timeout = request.timeout;
        let failed = |error| failure(error, timeout);
        let response = self.request(request).timeout(timeout).send().await.map_err(failed)?;
        let (status, headers) = head(&response);
        let body = response.bytes().await.map_err(failed)?;
        Ok(Response { status, headers, body })
    }

    async fn open(&self, request: Request) -> Result<Response<NativeBody>, TransportError> {
        let timeout = request.timeout;
        let failed = move |error| failure(error, timeout);
        let response = tokio::time::timeout(timeout, self.request(request).send())
            .await
            .map_err(|_| TransportError::TimedOut(timeout))?
            .map_err(failed)?;
        let (status, headers) = head(&response);
        let body = response.bytes_stream().map(move |piece| piece.map_err(failed));
        Ok(Response { status, headers, body: NativeBody(Box::pin(body)) })
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall_clock(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock of native clients")]
        let now = std::time::SystemTime::now();
        let since_1970 = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
    }

    fn random(&self) -> u64 {
        rand::random()
    }
}

fn head(response: &reqwest::Response) -> (u16, Vec<(String, String)>) {
    let text = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    (response.status().as_u16(), response.headers().iter().filter_map(text).collect())
}

fn failure(error: reqwest::Error, timeout: Duration) -> TransportError {
    // A connection that takes too long is no connection.
    if error.is_timeout() && !error.is_connect() {
        return TransportError::TimedOut(timeout);
    }
    let invalid = error.is_builder();
    let reason = reason(error);
    if invalid { TransportError::Invalid(reason) } else { TransportError::Unreachable(reason) }
}

/// The innermost cause, which says the most.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    reason
}
