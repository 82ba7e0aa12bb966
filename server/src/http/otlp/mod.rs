//! OpenTelemetry ingest: OTLP over HTTP, as protobuf or JSON.
//!
//! - [`convert`]: OTLP spans → spans of the store.
//! - [`json`](mod@json): the JSON form.

mod convert;
mod json;

use std::fmt::Write as _;
use std::io::Read as _;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::IntoResponse as _;
use axum::routing::post;
use flate2::Compression;
use flate2::read::GzDecoder;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lightning_store_client::api::otlp as api;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;

use super::answer::{self, Answer};
use super::error::ApiError;
use super::extract::{collect, limits};
use super::file::accepts;
use super::packed::gzip;
use crate::app::AppState;
use crate::service::add_spans::{AddSpans, SpanOutcome};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(api::TRACES.path, post(traces))
        .route(api::METRICS.path, post(not_implemented))
        .route(api::LOGS.path, post(not_implemented))
        .route(api::PROFILES.path, post(not_implemented))
}

/// The store keeps spans only.
async fn not_implemented() -> StatusCode {
    StatusCode::NOT_IMPLEMENTED
}

/// `google.rpc.Status`, of which OTLP uses the message only.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

async fn traces(State(state): State<AppState>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(encoding) = Encoding::of(content_type) else {
        // Compat: the text of the Python server, which knows protobuf only.
        let message = format!("Unsupported Content-Type '{content_type}', expected '{PROTOBUF}'");
        return Encoding::Protobuf.refuse(&parts.headers, message);
    };
    match export(&state, encoding, &parts, body).await {
        Ok(rejected) => encoding.accept(&parts.headers, partial_success(rejected)),
        Err(Refusal::Bad(message)) => encoding.refuse(&parts.headers, message),
        Err(Refusal::Other(error)) => error.into_response(),
    }
}

/// The two forms of OTLP. A request is answered in its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    fn of(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            PROTOBUF => Some(Self::Protobuf),
            JSON => Some(Self::Json),
            _ => None,
        }
    }

    /// The request as far as it makes sense, and why spans of it do not.
    fn decode(self, body: &[u8]) -> Result<(ExportTraceServiceRequest, Vec<String>), Refusal> {
        let decoded = match self {
            Self::Protobuf => ExportTraceServiceRequest::decode(body)
                .map(|request| (request, Vec::new()))
                .map_err(|error| error.to_string()),
            Self::Json => json::read(body),
        };
        decoded.map_err(|error| Refusal::Bad(format!("Unable to parse OTLP traces payload: {error}")))
    }

    fn accept(self, request: &HeaderMap, partial: Option<ExportTracePartialSuccess>) -> Answer {
        let body = match self {
            Self::Protobuf => ExportTraceServiceResponse { partial_success: partial }.encode_to_vec(),
            Self::Json => match partial {
                None => b"{}".to_vec(),
                Some(partial) => {
                    let partial = json!({
                        // 64-bit numbers are strings in the JSON form of protobuf.
                        "rejectedSpans": partial.rejected_spans.to_string(),
                        "errorMessage": partial.error_message,
                    });
                    json!({"partialSuccess": partial}).to_string().into_bytes()
                }
            },
        };
        self.answer(request, StatusCode::OK, body)
    }

    fn refuse(self, request: &HeaderMap, message: String) -> Answer {
        let body = match self {
            Self::Protobuf => Status { message }.encode_to_vec(),
            Self::Json => json!({"message": message}).to_string().into_bytes(),
        };
        self.answer(request, StatusCode::BAD_REQUEST, body)
    }

    /// A body, compressed if the client takes that.
    fn answer(self, request: &HeaderMap, status: StatusCode, body: Vec<u8>) -> Answer {
        let content_type = match self {
            Self::Protobuf => PROTOBUF,
            Self::Json => JSON,
        };
        let packed = if accepts(request, "gzip") { gzip(&body, Compression::fast()) } else { None };
        let Some(packed) = packed else { return answer::bytes(status, content_type, body) };
        let mut answer = answer::bytes(status, content_type, packed);
        answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer
    }
}

/// Why an export is not taken.
enum Refusal {
    /// 400: it will never be taken.
    Bad(String),
    /// Anything that is not about OTLP.
    Other(ApiError),
}

/// Stores what can be stored; why the rest cannot.
async fn export(
    state: &AppState,
    encoding: Encoding,
    parts: &Parts,
    body: axum::body::Body,
) -> Result<Vec<String>, Refusal> {
    let body = collect(parts, body).await.map_err(Refusal::Other)?;
    let is_gzip =
        parts.headers.get(header::CONTENT_ENCODING).is_some_and(|value| value.as_bytes() == b"gzip");
    let (request, mut rejected) = if is_gzip {
        encoding.decode(&gunzip(&body, limits(parts).max_decompressed_bytes)?)?
    } else {
        encoding.decode(&body)?
    };
    let (spans, inconvertible) = convert::spans(request);
    rejected.extend(inconvertible);
    if !spans.is_empty() {
        let outcomes = state
            .store
            .transact(AddSpans { spans: spans.into() })
            .await
            .map_err(|error| Refusal::Other(error.into()))?;
        rejected.extend(outcomes.into_iter().filter_map(|outcome| match outcome {
            SpanOutcome::Refused(missing) => Some(missing.to_string()),
            SpanOutcome::Stored(_) | SpanOutcome::Duplicate => None,
        }));
    }
    Ok(rejected)
}

/// How many spans were rejected and why: each reason once.
fn partial_success(rejected: Vec<String>) -> Option<ExportTracePartialSuccess> {
    const MOST_REASONS: usize = 10;
    if rejected.is_empty() {
        return None;
    }
    let rejected_spans = i64::try_from(rejected.len()).unwrap_or(i64::MAX);
    let mut reasons = rejected;
    reasons.sort_unstable();
    reasons.dedup();
    let more = reasons.len().saturating_sub(MOST_REASONS);
    reasons.truncate(MOST_REASONS);
    let mut error_message = reasons.join("; ");
    if more > 0 {
        // Writing into a string cannot fail.
        let _ = write!(error_message, "; and {more} more reasons");
    }
    Some(ExportTracePartialSuccess { rejected_spans, error_message })
}

/// Unpacks a body, but not for longer than it may become.
fn gunzip(body: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut decoded = Vec::new();
    let read = GzDecoder::new(body).take(limit as u64 + 1).read_to_end(&mut decoded);
    if read.is_err() {
        return Err(Refusal::Bad(
            "Unable to parse OTLP traces payload: the body is not valid gzip".to_owned(),
        ));
    }
    if decoded.len() > limit {
        let text =
            format!("the decompressed body is too large (limit: {limit} bytes, --max-decompressed-bytes)");
        return Err(Refusal::Other(ApiError::TooLarge(text)));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_success_counts_spans_and_names_each_reason_once() {
        let partial = partial_success(vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]).unwrap();
        assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (3, "a; b"));
        assert_eq!(partial_success(Vec::new()), None);
    }
}
