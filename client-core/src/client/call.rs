//! One call from beginning to end: how it becomes requests, and the only place where a failed one is repeated.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Client;
use crate::api::{Endpoint, IDEMPOTENCY_KEY, Method, Repeat, v1_agl};
use crate::error::{Call, ClientError, Refusal};
use crate::key::IdempotencyKey;
use crate::percent::encode;
use crate::retry::{Failure, retry_after};
use crate::transport::{Request, Response, Transport};
use crate::wire::Conditions;

/// How long to wait for a sign that the server is alive.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// A call that is ready to be sent, as often as it takes.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) endpoint: Endpoint,
    path: String,
    query: String,
    body: Option<Bytes>,
    /// For how long the server may think, on top of the usual time-out.
    patience: Duration,
    pub(super) key: Option<IdempotencyKey>,
}

impl Prepared {
    /// A call without parameters.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let path = endpoint.path.to_owned();
        Self { endpoint, path, query: String::new(), body: None, patience: Duration::ZERO, key: None }
    }

    /// A call with ids in its path, in the order of the path's braces.
    pub(super) fn at(endpoint: Endpoint, ids: &[&str]) -> Result<Self, ClientError> {
        let mut path = String::with_capacity(endpoint.path.len() + 32);
        let mut ids = ids.iter();
        for segment in endpoint.path.split('/').skip(1) {
            path.push('/');
            if !segment.starts_with('{') {
                path.push_str(segment);
                continue;
            }
            let id = ids.next().copied().unwrap_or_default();
            // Dots would be taken for steps up and down the path.
            if matches!(id, "" | "." | "..") {
                return Err(ClientError::invalid(format!("{}: the id {id:?} cannot be used", endpoint.name)));
            }
            encode(&mut path, id);
        }
        if let Some(other) = v1_agl::ALL.iter().find(|other| takes(other, &endpoint, &path)) {
            return Err(ClientError::invalid(format!(
                "{}: an id that cannot be used, because {path} is the route of {}",
                endpoint.name, other.name
            )));
        }
        Ok(Self { path, ..Self::new(endpoint) })
    }

    /// With this body.
    pub(super) fn json(mut self, body: &(impl Serialize + ?Sized)) -> Result<Self, ClientError> {
        let text = serde_json::to_vec(body).map_err(|error| {
            ClientError::invalid(format!(
                "{}: the request cannot be written as JSON: {error}",
                self.endpoint.name
            ))
        })?;
        self.body = Some(text.into());
        Ok(self)
    }

    /// With these conditions in the query string.
    pub(super) fn conditions(mut self, conditions: &impl Conditions) -> Result<Self, ClientError> {
        self.query = conditions.query_string().map_err(|needs| {
            ClientError::invalid(format!(
                "{}: a query string cannot say {} = null or []; leave it out, or search for it instead",
                self.endpoint.name, needs.0
            ))
        })?;
        Ok(self)
    }

    /// With this query string.
    pub(super) fn query(self, query: String) -> Self {
        Self { query, ..self }
    }

    /// With so much time for the server to think, on top of the usual time-out.
    pub(super) fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(super) fn call(&self) -> Call {
        Call { name: self.endpoint.name, idempotency_key: self.key.clone() }
    }
}

/// Whether `other` is meant by a path that was made for `endpoint`: literal routes win over ids.
fn takes(other: &Endpoint, endpoint: &Endpoint, path: &str) -> bool {
    let count = |path: &str| path.split('/').count();
    let mut segments = other.path.split('/').zip(endpoint.path.split('/')).zip(path.split('/'));
    other.path != endpoint.path
        && other.method == endpoint.method
        && count(other.path) == count(path)
        && segments.all(|((other, own), segment)| {
            other == segment || (other.starts_with('{') && own.starts_with('{'))
        })
}

impl<T: Transport> Client<T> {
    /// Makes a call and reads its answer.
    pub(super) async fn ask<R: DeserializeOwned>(&self, prepared: Prepared) -> Result<R, ClientError> {
        let prepared = self.named(prepared);
        let response = self.send(&prepared).await?;
        serde_json::from_slice(&response.body)
            .map_err(|error| ClientError::Undecodable { call: prepared.call(), reason: error.to_string() })
    }

    /// Gives a call its key, if it takes one: for all its repetitions the same.
    fn named(&self, prepared: Prepared) -> Prepared {
        if prepared.endpoint.repeat != Repeat::Keyed || prepared.key.is_some() {
            return prepared;
        }
        Prepared { key: Some(self.key.clone().unwrap_or_else(|| self.new_key())), ..prepared }
    }

    /// Sends a call, again and again as the policy says, until it succeeds. All calls but the health probe and the
    /// stream of events go through here.
    async fn send(&self, prepared: &Prepared) -> Result<Response<Bytes>, ClientError> {
        let transport = &self.shared.transport;
        let policy = &self.shared.retry;
        let mut first_cause = None;
        for retries in 0.. {
            let (error, failure) = match self.attempt(prepared).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            let Some(wait) = policy.decide(retries, failure, transport.random()) else { return Err(error) };
            transport.sleep(wait).await;
            let cause = first_cause.get_or_insert(error);
            if let Err(probe) = self.probe().await {
                return Err(ClientError::Unhealthy { cause: Box::new(cause.clone()), probe });
            }
        }
        unreachable!("the policy ends before the numbers do")
    }

    /// Sends a call once.
    pub(super) async fn attempt(
        &self,
        prepared: &Prepared,
    ) -> Result<Response<Bytes>, (ClientError, Failure)> {
        match self.shared.transport.send(self.request(prepared)).await {
            Ok(response) if response.is_success() => Ok(response),
            Ok(response) => Err(refused(prepared.call(), &response, &response.body)),
            Err(error) => {
                let failure = Failure::of_transport(&error);
                Err((ClientError::transport(prepared.call(), self.url(), error), failure))
            }
        }
    }

    /// Looks whether the server is alive, a few times. The error says how the last look went.
    async fn probe(&self) -> Result<(), String> {
        let prepared = Prepared::new(v1_agl::HEALTH);
        let mut waits = self.shared.retry.probe_delays.iter();
        loop {
            let mut request = self.request(&prepared);
            request.timeout = request.timeout.min(PROBE_TIMEOUT);
            let last = match self.shared.transport.send(request).await {
                Ok(response) if response.status == 200 => return Ok(()),
                Ok(response) => format!("it answers {}", response.status),
                Err(error) => error.to_string(),
            };
            let Some(wait) = waits.next() else { return Err(last) };
            self.shared.transport.sleep(*wait).await;
        }
    }

    /// Where a call is sent to.
    pub(super) fn url_of(&self, prepared: &Prepared) -> String {
        let mut url = self.shared.url.join(&prepared.path);
        if !prepared.query.is_empty() {
            url.push('?');
            url.push_str(&prepared.query);
        }
        url
    }

    /// The request that carries a call.
    pub(super) fn request(&self, prepared: &Prepared) -> Request {
        let shared = &self.shared;
        let url = self.url_of(prepared);
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("user-agent", shared.user_agent.clone())];
        if let Some(authorization) = &shared.authorization {
            headers.push(("authorization", authorization.as_str().to_owned()));
        }
        if let Some(key) = &prepared.key {
            headers.push((IDEMPOTENCY_KEY, key.to_string()));
        }
        if prepared.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        debug_assert!(
            prepared.endpoint.method == Method::Post || prepared.body.is_none(),
            "a GET has no body"
        );
        Request {
            method: prepared.endpoint.method,
            url,
            headers,
            body: prepared.body.clone(),
            timeout: shared.request_timeout.saturating_add(prepared.patience),
        }
    }
}

/// An answer that is no success.
pub(super) fn refused<B>(call: Call, response: &Response<B>, body: &[u8]) -> (ClientError, Failure) {
    let wait = response.header("retry-after").and_then(retry_after);
    let mut refusal = Refusal::read(response.status, body, response.header("x-request-id"), wait);
    if let (300..400, Some(place)) = (response.status, response.header("location")) {
        refusal.detail = format!("see {place}");
    }
    let failure = Failure::of_refusal(&refusal);
    (ClientError::Refused { call, refusal: Box::new(refusal) }, failure)
}
