//! Spans: making, storing and finding them.

use futures_core::Stream;
use serde::Serialize;

use super::Client;
use super::call::Prepared;
use crate::api::v1_agl;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{
    AddedSpan, Attempt, AttemptId, NextSequenceId, Page, QuerySpans, RolloutId, SequenceId, Span,
};

impl<T: Transport> Client<T> {
    /// A span of an attempt with new ids, which begins and ends now. Nothing is sent: [`Client::add_spans`] does.
    pub fn span(&self, attempt: &Attempt, name: impl Into<String>) -> Span {
        self.span_of(attempt.rollout_id.clone(), attempt.attempt_id.clone(), name)
    }

    pub(super) fn span_of(
        &self,
        rollout_id: RolloutId,
        attempt_id: AttemptId,
        name: impl Into<String>,
    ) -> Span {
        let transport = &self.shared.transport;
        let trace_id = format!("{:016x}{:016x}", transport.random(), transport.random());
        let span_id = format!("{:016x}", transport.random());
        Span::new(rollout_id, attempt_id, trace_id, span_id, name, self.now())
    }

    /// A span that says what an attempt is worth. The last one of a rollout counts. Nothing is sent:
    /// [`Client::add_spans`] does.
    pub fn reward(&self, attempt: &Attempt, value: f64) -> Span {
        self.span(attempt, "").rewarding(value)
    }

    /// Stores one span under the number that it has. None if its attempt has a span with this id already, which is kept
    /// as it is.
    ///
    /// `span` is a [`Span`], or anything that is written like one.
    ///
    /// # Errors
    /// See [`Client`]; a refusal with the status 404 if there is no such rollout or attempt.
    pub async fn add_span<S: Serialize>(&self, span: &S) -> Result<Option<Span>, ClientError> {
        self.ask(Prepared::new(v1_agl::ADD_SPAN).json(span)?).await
    }

    /// Stores spans in one transaction. Those without a number (0) get the next ones of their rollouts. A span that is
    /// refused does not keep the others out: the answer says what became of each, in order.
    ///
    /// A batch is one request, so the server's bounds on requests bound it.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn add_spans<S: Serialize>(&self, spans: &[S]) -> Result<Vec<AddedSpan>, ClientError> {
        #[derive(Serialize)]
        struct Body<'a, S> {
            spans: &'a [S],
        }
        self.ask(Prepared::new(v1_agl::ADD_SPANS).json(&Body { spans })?).await
    }

    /// The next number for a span of a rollout, which needs not exist yet. Numbers may be left out when this call is
    /// repeated, but none is given twice.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn next_sequence_id(
        &self,
        rollout_id: &RolloutId,
        attempt_id: &AttemptId,
    ) -> Result<i64, ClientError> {
        let body = NextSequenceId { rollout_id: rollout_id.clone(), attempt_id: attempt_id.clone() };
        let SequenceId { sequence_id } =
            self.ask(Prepared::new(v1_agl::NEXT_SEQUENCE_ID).json(&body)?).await?;
        Ok(sequence_id)
    }

    /// One page of the spans of a rollout. Like [`Client::search_spans`] but with the conditions in the URL, which can
    /// say less.
    ///
    /// # Errors
    /// See [`Client`]; [`ClientError::Invalid`] also for the order stored.
    pub async fn query_spans(&self, query: &QuerySpans) -> Result<Page<Span>, ClientError> {
        self.ask(Prepared::new(v1_agl::QUERY_SPANS).conditions(query)?).await
    }

    /// One page of the spans of a rollout; an empty one if there is no such rollout.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn search_spans(&self, query: &QuerySpans) -> Result<Page<Span>, ClientError> {
        self.ask(Prepared::new(v1_agl::SEARCH_SPANS).json(query)?).await
    }

    /// All spans of a rollout that match, fetched page by page.
    ///
    /// Pages are counted off from the first match. By number, which is the default, a span that arrives late with a low
    /// number shifts the others, so one of them comes twice; [`QuerySpans::in_order_stored`] does not shift.
    ///
    /// # Errors
    /// See [`Client`]. The stream ends after an error.
    pub fn stream_spans(&self, query: QuerySpans) -> impl Stream<Item = Result<Span, ClientError>> + use<T> {
        let client = self.clone();
        self.pages(query, move |query| {
            let client = client.clone();
            async move { client.search_spans(&query).await }
        })
    }
}
