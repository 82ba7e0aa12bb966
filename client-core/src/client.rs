//! The client: one method per operation, one loop that repeats failed calls.
//!
//! The methods are in files by noun. What they share is in `call` (from a call to requests, and the only retry loop),
//! `page` (lists as streams) and `rounds` (waits of any length from waits of bounded length).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::api::v1_agl;
use crate::base_url::{Authorization, BaseUrl};
use crate::error::ClientError;
use crate::key::IdempotencyKey;
use crate::retry::RetryPolicy;
use crate::transport::Transport;
use crate::wire::{Health, Statistics, Timestamp};

mod attempts;
mod call;
mod events;
mod page;
mod queue;
mod resources;
mod rollouts;
mod rounds;
mod spans;
mod untyped;
mod workers;

pub use events::{EventItem, SILENCE};
pub use page::DEFAULT_PAGE_SIZE;
pub use queue::Dequeue;
pub use rounds::MAX_ROUND;
pub use untyped::{Untyped, UntypedEvent};

use call::Prepared;

/// How long to wait for an answer, unless said otherwise.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Talks to a server. Cheap to clone; clones share their connections and settings.
///
/// Every method makes one call, repeats it after trouble as the [`RetryPolicy`] says, and has its effect at most once
/// however often that was. See the [crate's documentation](crate) for what that means when a call fails or is dropped.
///
/// # Errors
/// Of all methods: [`ClientError::Invalid`] if the request makes no sense, [`ClientError::Refused`] if the server says
/// no, [`ClientError::Unreachable`], [`ClientError::TimedOut`] or [`ClientError::Unhealthy`] if it could not be asked,
/// [`ClientError::Undecodable`] if its answer makes no sense.
///
/// # Cancel safety
/// Of all methods: dropping the future ends the call, also its repetitions. A call that only reads had no effect. One
/// that writes may or may not have had its effect, as after any error but a refusal: to find out, make it with a key of
/// your own ([`Client::with_key`]) and make it again.
pub struct Client<T> {
    shared: Arc<Shared<T>>,
    key: Option<IdempotencyKey>,
}

struct Shared<T> {
    transport: T,
    url: BaseUrl,
    authorization: Option<Authorization>,
    request_timeout: Duration,
    retry: RetryPolicy,
    user_agent: String,
    page_size: u32,
}

impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), key: self.key.clone() }
    }
}

impl<T> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.shared.url)
            .field("authorization", &self.shared.authorization)
            .field("request_timeout", &self.shared.request_timeout)
            .field("retry", &self.shared.retry)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Client`]. Made by [`Client::builder`].
#[derive(Debug, Clone)]
#[must_use = "settings make no client until they are built"]
pub struct ClientBuilder {
    url: Url,
    token: Option<Token>,
    request_timeout: Duration,
    retry: RetryPolicy,
    user_agent: String,
    page_size: u32,
}

/// A URL as it was given, which may hold a password.
#[derive(Clone)]
struct Url(String);

#[derive(Clone)]
struct Token(String);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(BaseUrl::parse(&self.0).as_ref().map_or("…", |(url, _)| url.as_str()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ClientBuilder {
    /// The server's token, sent as `Authorization: Bearer`.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(Token(token.into()));
        self
    }

    /// How long to wait for each answer; [`REQUEST_TIMEOUT`] otherwise. Where the server is asked to wait for
    /// something, that time is added.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How failed calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// What the client calls itself. Browsers use their own name.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// How many items the streams of lists fetch at a time; at least 1, [`DEFAULT_PAGE_SIZE`] otherwise.
    pub fn page_size(mut self, items: u32) -> Self {
        self.page_size = items.max(1);
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] if the URL or the token is none, or if both a token and a user are given.
    pub fn build<T: Transport>(self, transport: T) -> Result<Client<T>, ClientError> {
        let (url, user) = BaseUrl::parse(&self.url.0)?;
        let token = self.token.map(|token| Authorization::bearer(&token.0)).transpose()?;
        if user.is_some() && token.is_some() {
            return Err(ClientError::invalid("give either a token or a user in the URL, not both"));
        }
        if self.user_agent.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
            return Err(ClientError::invalid("the user agent has characters that are not visible ASCII"));
        }
        let shared = Shared {
            transport,
            url,
            authorization: token.or(user),
            request_timeout: self.request_timeout,
            retry: self.retry,
            user_agent: self.user_agent,
            page_size: self.page_size,
        };
        Ok(Client { shared: Arc::new(shared), key: None })
    }
}

impl Client<()> {
    /// Settings of a client of the server at `url`, to be built with a [`Transport`].
    ///
    /// The URL may have a path (`https://host/store/`), with or without a slash at its end, and a user and password,
    /// which are sent as HTTP Basic: a server with a token takes it as the password.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            url: Url(url.into()),
            token: None,
            request_timeout: REQUEST_TIMEOUT,
            retry: RetryPolicy::default(),
            user_agent: concat!("lightning-store-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            page_size: DEFAULT_PAGE_SIZE,
        }
    }
}

impl<T: Transport> Client<T> {
    /// Where the server is, without credentials.
    pub fn url(&self) -> &str {
        self.shared.url.as_str()
    }

    /// The transport it was built with.
    pub fn transport(&self) -> &T {
        &self.shared.transport
    }

    /// The time of day, for spans.
    pub fn now(&self) -> Timestamp {
        self.shared.transport.wall_clock()
    }

    /// A key for a call that may have to be repeated, even by another process. Nothing is sent.
    pub fn new_key(&self) -> IdempotencyKey {
        IdempotencyKey::make(&self.shared.transport)
    }

    /// A client that sends its writes with `key`: for one call, and for that call again.
    ///
    /// The same call with the same key has its effect once and is answered alike, within 24 hours, also if the first
    /// one came from a process that is gone. A different call with the key is refused.
    ///
    /// ```no_run
    /// # use lightning_store_client::{Client, ClientError, transport::Transport, wire::NewRollout};
    /// # async fn import<T: Transport>(client: Client<T>, tasks: Vec<NewRollout>) -> Result<(), ClientError> {
    /// let key = client.new_key();
    /// // … keep `key` and the tasks where they survive a crash, and take both from there afterwards …
    /// let rollouts = client.with_key(key).enqueue(&tasks).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_key(&self, key: IdempotencyKey) -> Self {
        Self { key: Some(key), ..self.clone() }
    }

    /// Whether the server is alive: asks once and does not repeat.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn health(&self) -> Result<Health, ClientError> {
        let prepared = Prepared::new(v1_agl::HEALTH);
        let response = self.attempt(&prepared).await.map_err(|(error, _)| error)?;
        serde_json::from_slice(&response.body)
            .map_err(|error| ClientError::Undecodable { call: prepared.call(), reason: error.to_string() })
    }

    /// What the store holds.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn statistics(&self) -> Result<Statistics, ClientError> {
        self.ask(Prepared::new(v1_agl::STATISTICS)).await
    }
}
