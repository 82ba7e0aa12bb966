//! What changes, as server-sent events.
//!
//! A stream begins at once with a comment, so that everybody on the way knows that it is one, and with the id to come
//! back with. Then come batches: the first one at once, the next ones after [`EVENT_PAUSE`] at the earliest, each ended
//! by the id up to which everything was told. It ends when the server stops.
//!
//! A listener costs its place in the shared ring of changes and the batch that it is being sent: what is not read fast
//! enough is not kept for it, and it is told so by `reset`. A queue for each client would hold the same changes once
//! per client, and would overflow just the same.

use std::collections::VecDeque;
use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use lightning_store_client::wire::{Event, Listen};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use crate::http::answer::{self, Outcome};
use crate::http::extract::Parameters;
use crate::limits::{EVENT_HEARTBEAT, EVENT_PAUSE, EVENT_PIECE_BYTES};
use crate::service::events::{Events, listen as begin};
use crate::storage::wakeup::feed::Position;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) async fn listen(
    State(state): State<AppState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Outcome {
    let Listen { topics, last_event_id } = parameters.read(Listen::parameters)?;
    let header =
        headers.get(LAST_EVENT_ID).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let last = header.or(last_event_id).filter(|id| !id.is_empty());
    // What is no id of ours is one of another process.
    let from = last.map(|id| id.parse().unwrap_or_else(|()| Position { instance: "".into(), number: 0 }));
    let events = begin(&state.store, topics, from.as_ref()).await?;
    let stream = Stream::new(events, state.stop.clone());
    let pieces = stream::unfold(stream, |mut stream| async move {
        let piece = stream.piece().await?;
        Some((Ok::<_, std::convert::Infallible>(piece), stream))
    });
    let mut answer = answer::bytes(StatusCode::OK, "text/event-stream", Bytes::new());
    *answer.body_mut() = Body::from_stream(pieces);
    let out = answer.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(answer)
}

/// What is sent to one listener.
struct Stream {
    events: Events,
    stop: CancellationToken,
    /// Of the batch that is being sent.
    left: VecDeque<Event>,
    /// When the next batch may begin.
    next_batch: Instant,
    /// When a sign of life is due.
    heartbeat: Instant,
    has_begun: bool,
}

impl Stream {
    fn new(events: Events, stop: CancellationToken) -> Self {
        let now = Instant::now();
        Self {
            events,
            stop,
            left: VecDeque::new(),
            next_batch: now,
            heartbeat: now + EVENT_HEARTBEAT,
            has_begun: false,
        }
    }

    /// The next piece of text; none at the end.
    async fn piece(&mut self) -> Option<Bytes> {
        let piece = if !std::mem::replace(&mut self.has_begun, true) {
            format!(": listening\n{}", self.told())
        } else if self.left.is_empty() {
            self.wait().await?
        } else {
            self.write()
        };
        self.heartbeat = Instant::now() + EVENT_HEARTBEAT;
        Some(piece.into())
    }

    /// Waits for something to tell.
    async fn wait(&mut self) -> Option<String> {
        loop {
            let news = async {
                tokio::time::sleep_until(self.next_batch).await;
                self.events.next().await
            };
            tokio::select! {
                batch = news => {
                    self.next_batch = Instant::now() + EVENT_PAUSE;
                    if !batch.is_empty() {
                        self.left = batch.into();
                        return Some(self.write());
                    }
                }
                () = tokio::time::sleep_until(self.heartbeat) => return Some(format!(": alive\n{}", self.told())),
                () = self.stop.cancelled() => return None,
            }
        }
    }

    /// The block that tells up to where everything was told.
    fn told(&self) -> String {
        format!("id: {}\n\n", self.events.position())
    }

    /// A part of the batch.
    fn write(&mut self) -> String {
        let Position { instance, number: end } = self.events.position();
        let mut text = String::new();
        while text.len() < EVENT_PIECE_BYTES
            && let Some(event) = self.left.pop_front()
        {
            let number = event.seq().unwrap_or(end);
            match event.data() {
                // Writing into a string cannot fail.
                Ok(data) => {
                    let name = event.name();
                    let _ = write!(text, "id: {instance}.{number}\nevent: {name}\ndata: {data}\n\n");
                }
                Err(error) => tracing::error!(%error, "an event could not be written as JSON"),
            }
        }
        if self.left.is_empty() {
            text.push_str(&self.told());
        }
        text
    }
}
