//! Changes as they happen: a stream of events that mends itself.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::{self, Either};
use futures_util::{StreamExt as _, stream};

use super::Client;
use super::call::{Prepared, refused};
use crate::api::v1_agl;
use crate::error::{Call, ClientError};
use crate::percent::encode;
use crate::retry::{Failure, prolong};
use crate::sse::{Message, Parser, TooLong};
use crate::transport::{Response, Transport, TransportError};
use crate::wire::{Event, Topic};

/// A stream that is silent for so long is dead: servers send something every 15 seconds.
pub const SILENCE: Duration = Duration::from_secs(40);

/// The wait before the first attempt to come back; doubled with every failure in a row, up to [`MAX_BACK_OFF`].
const MIN_BACK_OFF: Duration = Duration::from_secs(1);

/// The longest wait before an attempt to come back.
const MAX_BACK_OFF: Duration = Duration::from_secs(30);

/// By what part of itself such a wait is prolonged at most.
const JITTER: f64 = 0.25;

/// At most so much is read of an answer that is no stream.
const MAX_REFUSAL_BYTES: usize = 64 << 10;

/// What [`Client::events`] tells.
#[derive(Debug, Clone, PartialEq)]
pub enum EventItem<E = Event> {
    /// The stream is open. The events that follow are those since the last one, or since now.
    Connected,
    /// Something changed.
    Event {
        /// Where the stream is now: what [`Client::events_after`] goes on from.
        id: Option<String>,
        /// What changed. [`Event::Reset`]: unknown; fetch anew what is shown.
        event: E,
    },
    /// The stream is closed.
    Disconnected {
        /// Why.
        error: ClientError,
        /// After what time it is opened again. None: it is not, and this is the last item, because the server refuses.
        retry_in: Option<Duration>,
    },
}

impl<T: Transport> Client<T> {
    /// What changes from now on in any of `topics`.
    ///
    /// The stream never ends by itself. When the connection is lost, or silent for [`SILENCE`], it is opened again and
    /// goes on where it was: after 1 second, and after up to 30 while that fails. What cannot be told any more is told
    /// as [`Event::Reset`]. Only a refusal, such as a wrong token, ends it.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future of the next item is dropped. Dropping the stream closes the connection.
    pub fn events(&self, topics: &[Topic]) -> impl Stream<Item = EventItem> + use<T> {
        self.listen(topics, None, read)
    }

    /// What has changed since the event with this id, and then what changes. See [`Client::events`].
    pub fn events_after(&self, topics: &[Topic], id: &str) -> impl Stream<Item = EventItem> + use<T> {
        self.listen(topics, Some(id.to_owned()), read)
    }

    /// What `read` makes of messages: of their names and their data. None: nothing that anybody has to know.
    pub(super) fn listen<E: 'static>(
        &self,
        topics: &[Topic],
        id: Option<String>,
        read: fn(&str, &str) -> Option<E>,
    ) -> impl Stream<Item = EventItem<E>> + use<T, E> {
        let listener = Listener {
            client: self.clone(),
            query: query(topics),
            id,
            read,
            connection: None,
            items: VecDeque::new(),
            failures: 0,
            wait: Duration::ZERO,
            is_over: false,
        };
        stream::unfold(listener, |mut listener| async move {
            let item = listener.next().await?;
            Some((item, listener))
        })
    }
}

fn query(topics: &[Topic]) -> String {
    let mut words = String::new();
    for topic in topics {
        let comma = if words.is_empty() { "" } else { "," };
        // Writing into a string cannot fail.
        let _ = write!(words, "{comma}{topic}");
    }
    let mut query = "topics=".to_owned();
    encode(&mut query, &words);
    query
}

struct Listener<T: Transport, E> {
    client: Client<T>,
    query: String,
    /// The last id that was seen.
    id: Option<String>,
    read: fn(&str, &str) -> Option<E>,
    connection: Option<Connection<T::Body>>,
    items: VecDeque<EventItem<E>>,
    /// Attempts in a row that brought nothing.
    failures: u32,
    /// How long to wait before the next attempt.
    wait: Duration,
    is_over: bool,
}

struct Connection<B> {
    body: B,
    parser: Parser,
}

impl<T: Transport, E> Listener<T, E> {
    async fn next(&mut self) -> Option<EventItem<E>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some(item);
            }
            if self.is_over {
                return None;
            }
            let outcome = if self.connection.is_some() { self.read().await } else { self.open().await };
            if let Err((error, failure)) = outcome {
                self.disconnect(error, failure);
            }
        }
    }

    fn call() -> Call {
        Call { name: v1_agl::EVENTS.name, idempotency_key: None }
    }

    fn lost(&self, error: TransportError) -> (ClientError, Failure) {
        let failure = Failure::of_transport(&error);
        (ClientError::transport(Self::call(), self.client.url(), error), failure)
    }

    async fn open(&mut self) -> Result<(), (ClientError, Failure)> {
        let transport = &self.client.shared.transport;
        if !self.wait.is_zero() {
            transport.sleep(self.wait).await;
            // If this future is dropped while the stream is opened, it is opened again at once.
            self.wait = Duration::ZERO;
        }
        let mut request = self.client.request(&Prepared::new(v1_agl::EVENTS).query(self.query.clone()));
        request.headers.retain(|(name, _)| *name != "accept");
        request.headers.push(("accept", "text/event-stream".to_owned()));
        if let Some(id) = &self.id {
            request.headers.push(("last-event-id", id.clone()));
        }
        let timeout = request.timeout;
        let response = transport.open(request).await.map_err(|error| self.lost(error))?;
        if !response.is_success() {
            let Response { status, headers, body } = response;
            let body = match future::select(pin!(read_whole(body)), pin!(transport.sleep(timeout))).await {
                Either::Left((body, _)) => body,
                Either::Right(_) => Vec::new(),
            };
            return Err(refused(Self::call(), &Response { status, headers, body: () }, &body));
        }
        let kind = response.header("content-type").unwrap_or_default();
        if !kind.starts_with("text/event-stream") {
            let reason = format!("it is {kind:?} and no stream of events");
            return Err((ClientError::Undecodable { call: Self::call(), reason }, Failure::Final));
        }
        self.connection = Some(Connection { body: response.body, parser: Parser::after(self.id.clone()) });
        self.items.push_back(EventItem::Connected);
        Ok(())
    }

    async fn read(&mut self) -> Result<(), (ClientError, Failure)> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let silence = self.client.shared.transport.sleep(SILENCE);
        let piece = match future::select(connection.body.next(), pin!(silence)).await {
            Either::Left((Some(Ok(piece)), _)) => piece,
            Either::Left((Some(Err(error)), _)) => return Err(self.lost(error)),
            Either::Left((None, _)) => {
                return Err(self.lost(TransportError::Unreachable("the server ended the stream".to_owned())));
            }
            Either::Right(_) => return Err(self.lost(TransportError::TimedOut(SILENCE))),
        };
        let mut messages = Vec::new();
        let read = connection.parser.push(&piece, &mut messages);
        self.failures = 0;
        for message in messages {
            self.id.clone_from(&message.id);
            let Message { name, data, id } = message;
            self.items.extend((self.read)(&name, &data).map(|event| EventItem::Event { id, event }));
        }
        read.map_err(|TooLong| {
            let reason = "a message has no end".to_owned();
            (ClientError::Undecodable { call: Self::call(), reason }, Failure::Passing(Duration::ZERO))
        })
    }

    fn disconnect(&mut self, error: ClientError, failure: Failure) {
        let asked = self.connection.take().and_then(|connection| connection.parser.retry_millis());
        let retry_in = match failure {
            Failure::Final => None,
            Failure::Passing(least) => {
                let doubled = MIN_BACK_OFF.saturating_mul(1 << self.failures.min(5));
                let least = least.max(asked.map(Duration::from_millis).unwrap_or_default());
                let wait = doubled.max(least).min(MAX_BACK_OFF);
                Some(prolong(wait, JITTER, self.client.shared.transport.random()).min(MAX_BACK_OFF))
            }
        };
        self.failures = self.failures.saturating_add(1);
        self.wait = retry_in.unwrap_or_default();
        self.is_over = retry_in.is_none();
        self.items.push_back(EventItem::Disconnected { error, retry_in });
    }
}

/// What a message tells. None if this version does not know its name.
fn read(name: &str, data: &str) -> Option<Event> {
    // A change that cannot be read is one that is not known.
    Event::parse(name, data).unwrap_or(Some(Event::Reset))
}

async fn read_whole<B>(mut body: B) -> Vec<u8>
where
    B: Stream<Item = Result<bytes::Bytes, TransportError>> + Unpin,
{
    let mut whole = Vec::new();
    while let Some(Ok(piece)) = body.next().await {
        whole.extend_from_slice(&piece);
        if whole.len() > MAX_REFUSAL_BYTES {
            break;
        }
    }
    whole
}
