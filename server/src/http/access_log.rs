//! What happened: one line per request where that is wanted, and always for those that were slow or went wrong.
//!
//! Never the body, the query or a header: inputs, spans and secrets are not for logs.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use tokio::time::Instant;

use super::answer::Answer;
use crate::limits::SLOW_REQUEST;

/// A request that is being answered.
#[derive(Debug)]
pub struct Record {
    method: Method,
    path: String,
    peer: SocketAddr,
    start: Instant,
}

impl Record {
    /// Begins.
    pub fn start(request: &Request<Body>, peer: SocketAddr) -> Self {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        Self { method, path, peer, start: Instant::now() }
    }

    /// Ends, and logs what is worth it; `all`: every request.
    pub fn finish(self, answer: &mut Answer, request_id: &str, all: bool) {
        let Self { method, path, peer, start } = self;
        let duration = start.elapsed();
        let status = answer.status().as_u16();
        let milliseconds = (duration.as_secs_f64() * 1e6).round() / 1e3;
        // The template rather than the path, so that lines can be counted.
        let has_waited = answer.extensions_mut().remove::<Waited>().is_some() || waits(&path);
        let matched = answer.extensions_mut().remove::<MatchedPath>();
        let route = matched.as_ref().map_or("", MatchedPath::as_str);
        if all {
            tracing::info!(target: "access", %method, route, path, status, milliseconds, %peer, request_id, "request");
        }
        if status == 500 {
            tracing::error!(%method, path, status, %peer, request_id, "a request failed; the lines before say why");
        } else if duration > SLOW_REQUEST && !has_waited {
            tracing::warn!(%method, path, status, milliseconds, %peer, request_id, "a request was slow");
        }
    }
}

/// Marks an answer that took long because the client has asked for that.
#[derive(Debug, Clone, Copy)]
struct Waited;

/// An answer to somebody who has asked to wait is not slow.
pub(super) fn waited(mut answer: Answer) -> Answer {
    answer.extensions_mut().insert(Waited);
    answer
}

/// Whether requests on this path take long by their nature.
fn waits(path: &str) -> bool {
    path.ends_with("/waits/rollouts")
}

/// Hands the template of the route over to the log.
pub(super) async fn note_route(route: MatchedPath, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route);
    response
}
