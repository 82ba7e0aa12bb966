//! The same calls with JSON instead of types, for bindings to other languages: what a program there has as JSON, and wants
//! as JSON, need not become a type on its way.

use std::time::Duration;

use futures_core::Stream;

use super::Client;
use super::call::Prepared;
use super::events::EventItem;
use super::queue::Dequeue;
use crate::api::{Endpoint, Method};
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{AttemptId, Event, JsonQuery, Page, RawJson, RolloutId, Span, Topic};

/// A [`Client`] without types. Made by [`Client::untyped`].
///
/// Requests are not looked into: the server says what is wrong with them. Answers are not either, unless the client has
/// to, so members that this version does not know are kept.
#[derive(Debug, Clone)]
pub struct Untyped<T>(Client<T>);

/// A message of the stream of events, also of a kind that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntypedEvent {
    /// What kind of event it is: [`Event::name`](crate::wire::Event::name).
    pub name: String,
    /// What it says.
    pub data: RawJson,
}

impl UntypedEvent {
    // A change that cannot be read is one that is not known.
    fn reset() -> Self {
        Self { name: Event::Reset.name().to_owned(), data: RawJson::empty_object() }
    }
}

impl<T: Transport> Client<T> {
    /// This client without types.
    #[must_use]
    pub fn untyped(&self) -> Untyped<T> {
        Untyped(self.clone())
    }
}

impl<T: Transport> Untyped<T> {
    /// Makes a call: with ids in the order of the braces of its path, and with its body, if it has one.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn call(
        &self,
        endpoint: Endpoint,
        ids: &[&str],
        body: Option<&RawJson>,
    ) -> Result<RawJson, ClientError> {
        let mut prepared = Prepared::at(endpoint, ids)?;
        if let Some(body) = body {
            prepared = prepared.json(body)?;
        }
        self.0.ask(prepared).await
    }

    /// Asks for one page of a list: with conditions in the URL, or in the body if the endpoint has one.
    ///
    /// # Errors
    /// See [`Client`]; [`ClientError::Invalid`] also if a URL cannot say such a condition.
    pub async fn list(
        &self,
        endpoint: Endpoint,
        ids: &[&str],
        query: &JsonQuery,
    ) -> Result<RawJson, ClientError> {
        self.0.ask(listing(endpoint, ids, query)?).await
    }

    /// Where a `GET` is sent to, with its conditions.
    ///
    /// # Errors
    /// [`ClientError::Invalid`] if a URL cannot say such a condition.
    pub fn url(&self, endpoint: Endpoint, ids: &[&str], query: &JsonQuery) -> Result<String, ClientError> {
        Ok(self.0.url_of(&Prepared::at(endpoint, ids)?.conditions(query)?))
    }

    /// All items of a list, fetched page by page.
    ///
    /// # Errors
    /// See [`Client`]. The stream ends after an error.
    pub fn stream(
        &self,
        endpoint: Endpoint,
        ids: &[&str],
        query: JsonQuery,
    ) -> impl Stream<Item = Result<RawJson, ClientError>> + use<T> {
        let (client, ids) = (self.0.clone(), ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        self.0.pages(query, move |query| {
            let (client, ids) = (client.clone(), ids.clone());
            async move {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                client.ask::<Page<RawJson>>(listing(endpoint, &ids, &query)?).await
            }
        })
    }

    /// [`Client::events`], or, given the id of an event, [`Client::events_after`]
    pub fn events(
        &self,
        topics: &[Topic],
        after: Option<String>,
    ) -> impl Stream<Item = EventItem<UntypedEvent>> + use<T> {
        self.0.listen(topics, after, |name, data| {
            let (name, data) = (name.to_owned(), RawJson::parse(data));
            Some(data.map_or_else(|_| UntypedEvent::reset(), |data| UntypedEvent { name, data }))
        })
    }

    /// [`Client::span`], of an attempt of which no more is known than its ids.
    pub fn span(&self, rollout_id: RolloutId, attempt_id: AttemptId, name: &str) -> Span {
        self.0.span_of(rollout_id, attempt_id, name)
    }

    /// [`Client::reward`], of an attempt of which no more is known than its ids.
    pub fn reward(&self, rollout_id: RolloutId, attempt_id: AttemptId, value: f64) -> Span {
        self.span(rollout_id, attempt_id, "").rewarding(value)
    }

    /// [`Client::get_rollout`]
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn get_rollout(&self, rollout_id: &str) -> Result<Option<RawJson>, ClientError> {
        self.0.get_rollout_as(rollout_id).await
    }

    /// [`Client::dequeue`]
    ///
    /// # Errors
    /// See [`Client::dequeue`].
    pub async fn dequeue(&self, request: &Dequeue) -> Result<Vec<RawJson>, ClientError> {
        self.0.dequeue_as(request).await
    }

    /// [`Client::wait_for_rollouts`]
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn wait_for_rollouts(
        &self,
        rollout_ids: &[RolloutId],
        timeout: Option<Duration>,
    ) -> Result<Vec<RawJson>, ClientError> {
        #[derive(serde::Deserialize)]
        struct Identified {
            rollout_id: RolloutId,
        }
        let id = |rollout: &RawJson| rollout.read::<Identified>().ok().map(|rollout| rollout.rollout_id);
        self.0.wait_for_rollouts_as(rollout_ids, timeout, id).await
    }
}

fn listing(endpoint: Endpoint, ids: &[&str], query: &JsonQuery) -> Result<Prepared, ClientError> {
    let prepared = Prepared::at(endpoint, ids)?;
    match endpoint.method {
        Method::Get => prepared.conditions(query),
        Method::Post => prepared.json(query),
    }
}
