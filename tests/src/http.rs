//! A small HTTP/1.1 client that sends what it is given.
//!
//! Method, path and query go out unchanged (`BREW`, `//`, `..`, percent-encoding), nothing is followed, retried or
//! decoded. One [`Client`] is one keep-alive connection, opened again only when the server has closed it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::clock;

/// Longer than any answer takes that a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request as it goes over the wire, except for `Host` and the length, which are added.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, or anything
    pub method: String,
    /// Path and query
    pub target: String,
    /// Names and values
    pub headers: Vec<(String, String)>,
    /// The body; empty means none
    pub body: Bytes,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// With one more header
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With these bytes as its body
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = bytes.into();
        self
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        self.body = body.to_string().into();
        self
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code
    pub status: u16,
    /// Names (in lower case) and values
    pub headers: Vec<(String, String)>,
    /// The body as it came
    pub body: Bytes,
    /// From sending to the end of the body
    pub took: Duration,
}

impl Answer {
    /// The values of a header, joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{} with a body that is no JSON ({error}): {}", self.status, self.text())
        })
    }

    /// The body as JSON of an answer that must have this status.
    ///
    /// # Panics
    /// If it has another one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.value()
    }
}

/// One keep-alive connection.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
    opened: usize,
}

impl Client {
    /// A client of the server at this address; it connects with the first request.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, connection: None, opened: 0 }
    }

    /// How many connections were opened so far.
    pub fn connections_opened(&self) -> usize {
        self.opened
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Says why there was none.
    pub async fn try_send(&mut self, request: Request) -> Result<Answer, String> {
        tokio::time::timeout(PATIENCE, self.exchange(request)).await.map_err(|_| "no answer".to_owned())?
    }

    async fn exchange(&mut self, request: Request) -> Result<Answer, String> {
        let mut connection = self.connect().await?;
        let mut message = hyper::Request::builder().method(request.method.as_bytes()).uri(&request.target);
        message = message.header("Host", self.address.to_string());
        for (name, value) in &request.headers {
            message = message.header(name, value);
        }
        let message = message.body(Full::new(request.body)).map_err(|error| error.to_string())?;
        let start = clock::now();
        let answer = connection.send_request(message).await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let headers = headers.collect();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let answer = Answer { status, headers, body, took: start.elapsed() };
        // A server may close after an internal error without saying so; Python's does.
        let reusable = status < 500 && answer.header("connection").as_deref() != Some("close");
        self.connection = reusable.then_some(connection);
        Ok(answer)
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>, String> {
        if let Some(mut open) = self.connection.take()
            && open.ready().await.is_ok()
        {
            return Ok(open);
        }
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        self.opened += 1;
        Ok(sender)
    }

    /// Sends a request that must be answered.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn send(&mut self, request: Request) -> Answer {
        let what = format!("{} {}", request.method, request.target);
        self.try_send(request).await.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// `GET`
    pub async fn get(&mut self, target: &str) -> Answer {
        self.send(Request::new("GET", target)).await
    }

    /// `POST` with a JSON body
    pub async fn post(&mut self, target: &str, body: &Value) -> Answer {
        self.send(Request::new("POST", target).json(body)).await
    }
}
