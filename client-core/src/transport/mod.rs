//! How requests get to a server: the one thing that differs between programs, browsers and tests.
//!
//! A [`Transport`] sends bytes and tells time. It knows no endpoint, repeats nothing and decides nothing: that is all
//! in [`Client`](crate::Client), once for every platform.
//!
//! - `Native`, with the feature `native`: reqwest on tokio.
//! - `Fetch`, with the feature `fetch` on wasm32: the global `fetch` of browsers, workers and Node.
//! - `Fake`, with the feature `fake`: scripted answers and a clock that tests move.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use crate::api::Method;
use crate::wire::Timestamp;

#[cfg(feature = "fake")]
pub mod fake;
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
pub mod fetch;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub mod native;

/// A way to send requests, and the clock and the dice of the platform that they are sent from.
///
/// The futures need not be [`Send`], because those of browsers are not. Where they are, as with `Native`, so are the
/// futures of the [`Client`](crate::Client), which can then be spawned.
pub trait Transport: Clone + 'static {
    /// The body of a streamed answer, in pieces as they arrive. Dropping it closes the connection.
    type Body: Stream<Item = Result<Bytes, TransportError>> + Unpin + 'static;

    /// Sends `request` and reads the whole answer, whatever its status. Redirects are answers like others, where the
    /// platform leaves the choice.
    ///
    /// # Errors
    /// If no whole answer came within [`Request::timeout`].
    ///
    /// # Cancel safety
    /// Dropping the future aborts the request. Whether the server has carried it out is not known then.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response<Bytes>, TransportError>>;

    /// Sends `request` and reads the head of the answer; its body is read bit by bit.
    ///
    /// # Errors
    /// If the head of the answer did not come within [`Request::timeout`], which does not bound the body.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the request.
    fn open(&self, request: Request) -> impl Future<Output = Result<Response<Self::Body>, TransportError>>;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;

    /// The time since some moment in the past, on a clock that is never set back.
    fn now(&self) -> Duration;

    /// The time of day.
    fn wall_clock(&self) -> Timestamp;

    /// 64 random bits, not to be foreseen by chance: ids are made of them.
    fn random(&self) -> u64;
}

/// One HTTP request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Where to: absolute and without credentials.
    pub url: String,
    /// Its headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Its body. None: none at all.
    pub body: Option<Bytes>,
    /// How long to wait for the answer, from the first attempt to connect.
    pub timeout: Duration,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, if *name == "authorization" { "…" } else { value.as_str() }))
            .collect();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &headers)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// One HTTP answer, of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response<B> {
    /// Its status.
    pub status: u16,
    /// Its headers; names in lower case, values that are no text left out.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: B,
}

impl<B> Response<B> {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no answer. The texts name no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// There is no connection, or it broke before the answer was complete.
    #[error("{0}")]
    Unreachable(String),
    /// There was no answer, or no further piece of it, within this time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The platform refuses to send such a request.
    #[error("{0}")]
    Invalid(String),
}
