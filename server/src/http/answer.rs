//! Bodies of answers.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use lightning_store_client::wire::{BatchedSpan, Page, SpanRecord, to_json};
use serde::Serialize;
use serde_json::json;

use super::error::ApiError;
use crate::service::add_spans::SpanOutcome;

/// An answer with its body.
pub type Answer = Response<Body>;

/// What handlers return.
pub type Outcome = Result<Answer, ApiError>;

/// A body of a given type.
pub fn bytes(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Body::from(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A JSON body.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    match to_json(value) {
        Ok(body) => bytes(status, "application/json", body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            let mut answer = Response::new(Body::empty());
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            answer.extensions_mut().insert(ApiError::Internal);
            answer
        }
    }
}

/// 200 with a JSON body.
pub fn ok<T: Serialize>(value: &T) -> Answer {
    json(StatusCode::OK, value)
}

/// 201 with a JSON body.
pub fn created<T: Serialize>(value: &T) -> Answer {
    json(StatusCode::CREATED, value)
}

/// 201 with a span, or with null.
pub fn created_span(span: Option<&SpanRecord>) -> Answer {
    let mut body = Vec::new();
    match span {
        Some(span) => span.write_json(&mut body),
        None => body.extend_from_slice(b"null"),
    }
    bytes(StatusCode::CREATED, "application/json", body)
}

/// 201 with what became of each of some spans.
pub fn created_spans(spans: &[BatchedSpan], outcomes: &[SpanOutcome]) -> Answer {
    let size = spans.iter().map(|new| size_of_span(&new.span)).sum::<usize>();
    let mut body = Vec::with_capacity(size + 64);
    body.push(b'[');
    for (index, (new, outcome)) in spans.iter().zip(outcomes).enumerate() {
        if index > 0 {
            body.push(b',');
        }
        match outcome {
            SpanOutcome::Stored(number) => new.span.write_numbered(*number, &mut body),
            SpanOutcome::Duplicate => body.extend_from_slice(b"null"),
            SpanOutcome::Refused(missing) => {
                let refused = json!({"error": missing.to_string()}).to_string();
                body.extend_from_slice(refused.as_bytes());
            }
        }
    }
    body.push(b']');
    bytes(StatusCode::CREATED, "application/json", body)
}

/// 200 with a span.
pub fn span(span: &SpanRecord) -> Answer {
    let mut body = Vec::with_capacity(size_of_span(span));
    span.write_json(&mut body);
    bytes(StatusCode::OK, "application/json", body)
}

/// 200 with a page of spans, whose texts are passed through.
pub fn spans(page: &Page<SpanRecord>) -> Answer {
    let mut body = Vec::with_capacity(size_of_spans(&page.items));
    body.extend_from_slice(b"{\"items\":");
    push_spans(&mut body, &page.items);
    let Page { limit, offset, total, .. } = page;
    body.extend_from_slice(format!(",\"limit\":{limit},\"offset\":{offset},\"total\":{total}}}").as_bytes());
    bytes(StatusCode::OK, "application/json", body)
}

/// 200 with a plain list of spans.
pub fn span_list(spans: &[SpanRecord]) -> Answer {
    let mut body = Vec::with_capacity(size_of_spans(spans));
    push_spans(&mut body, spans);
    bytes(StatusCode::OK, "application/json", body)
}

fn size_of_spans(spans: &[SpanRecord]) -> usize {
    spans.iter().map(size_of_span).sum::<usize>() + 64
}

fn size_of_span(span: &SpanRecord) -> usize {
    span.rest.len() + 512
}

fn push_spans(body: &mut Vec<u8>, spans: &[SpanRecord]) {
    body.push(b'[');
    for (index, span) in spans.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        span.write_json(body);
    }
    body.push(b']');
}
