//! What handlers need of a request, read as the published Python server reads it.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use lightning_store_client::lax::{Issue, MAX_ID_BYTES, Part, Place, Query, ReadJson, Reader, Step, Tape};
use lightning_store_client::wire::{AttemptId, ResourcesId, RolloutId, WorkerId};

use tokio::time::Instant;

use super::error::ApiError;
use crate::limits::{BODY_TIME, JSON, Limits, MIN_BODY_BYTES_PER_SECOND};

/// A JSON body that must be there.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body that may be absent, empty or null.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

/// A body that is not looked at.
#[derive(Debug)]
pub struct Ignored;

/// What a handler wants of a body.
pub trait FromBody: Sized {
    /// Whether there is anything to read.
    const IS_READ: bool = true;

    /// Reads it.
    ///
    /// # Errors
    /// 400, 413 or 422.
    fn from_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError>;
}

impl<T: ReadJson> FromBody for Json<T> {
    fn from_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        if body.is_empty() {
            return Err(refuse("missing", "Field required"));
        }
        parse(headers, body, |tape| {
            let mut reader = Reader::new(Part::Body);
            let value = T::read(tape.root(), &mut reader);
            reader.finish(value).map(Self).map_err(ApiError::from)
        })
    }
}

impl<T: ReadJson> FromBody for OptionalJson<T> {
    fn from_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        if body.is_empty() {
            return Ok(Self(None));
        }
        parse(headers, body, |tape| {
            if tape.root().is_null() {
                return Ok(Self(None));
            }
            let mut reader = Reader::new(Part::Body);
            let value = T::read(tape.root(), &mut reader);
            reader.finish(value).map(Some).map(Self).map_err(ApiError::from)
        })
    }
}

impl FromBody for Ignored {
    const IS_READ: bool = false;

    fn from_body(_: &HeaderMap, _: &[u8]) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

impl<T: ReadJson, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        Self::from_body(&parts.headers, &collect(&parts, body).await?)
    }
}

impl<T: ReadJson, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        Self::from_body(&parts.headers, &collect(&parts, body).await?)
    }
}

/// A whole body.
///
/// # Errors
/// 413 if it is too large, 408 if it comes too slowly, 400 if it breaks off.
pub async fn collect(parts: &Parts, mut body: Body) -> Result<Bytes, ApiError> {
    let limit = limits(parts).max_body_bytes;
    let too_large =
        || ApiError::TooLarge(format!("the body is too large (limit: {limit} bytes, --max-body-bytes)"));
    // Said before anything is read, if the client has said how long it will be.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let start = Instant::now();
    let mut collected = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        let received = collected.len() + more.len();
        let patience = BODY_TIME + Duration::from_secs(received as u64 / MIN_BODY_BYTES_PER_SECOND);
        let Ok(frame) = tokio::time::timeout_at(start + patience, body.frame()).await else {
            return Err(ApiError::TooSlow(format!(
                "the body came too slowly (limit: {MIN_BODY_BYTES_PER_SECOND} bytes per second after {} s)",
                BODY_TIME.as_secs()
            )));
        };
        match frame {
            None if more.is_empty() => return Ok(collected),
            None => return Ok(more.freeze()),
            Some(Err(_)) => return Err(ApiError::unreadable_body()),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                if received + data.len() > limit {
                    return Err(too_large());
                }
                // Most bodies come in one piece, which need not be copied.
                if collected.is_empty() && more.is_empty() {
                    collected = data;
                } else {
                    if more.is_empty() {
                        more.extend_from_slice(&std::mem::take(&mut collected));
                    }
                    more.extend_from_slice(&data);
                }
            }
        }
    }
}

/// The limits of this server.
pub fn limits(parts: &Parts) -> Limits {
    parts.extensions.get::<Limits>().copied().unwrap_or_default()
}

fn parse<T>(
    headers: &HeaderMap,
    body: &[u8],
    read: impl FnOnce(&Tape<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    if !is_json(headers) {
        let msg = "Input should be a valid dictionary or object to extract fields from \
                   (the body is read as JSON only if its content type says so)";
        return Err(refuse("model_attributes_type", msg));
    }
    let text = std::str::from_utf8(body).map_err(|_| ApiError::unreadable_body())?;
    // A byte order mark is no part of the text.
    read(&Tape::parse(text.strip_prefix('\u{feff}').unwrap_or(text), JSON)?)
}

/// `application/json` or `application/…+json`, or nothing said.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.strip_prefix("application/") {
        Some(subtype) => subtype == "json" || subtype.ends_with("+json"),
        None => false,
    }
}

fn refuse(kind: &'static str, msg: &str) -> ApiError {
    ApiError::Invalid(vec![Issue { kind, loc: Place::of(Part::Body), msg: msg.to_owned(), input: None }])
}

/// The query string.
#[derive(Debug)]
pub struct Parameters(Query);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(Query::new(form_urlencoded::parse(query.as_bytes()).into_owned())))
    }
}

impl Parameters {
    /// Reads a request from it.
    ///
    /// # Errors
    /// 422 with everything that is wrong.
    pub fn read<T>(mut self, read: impl FnOnce(&mut Query) -> Option<T>) -> Result<T, ApiError> {
        let value = read(&mut self.0);
        self.0.finish(value).map_err(ApiError::from)
    }
}

/// The ids in the path.
#[derive(Debug)]
pub struct Ids(Vec<(&'static str, String)>);

const ROLLOUT_ID: &str = "rollout_id";
const ATTEMPT_ID: &str = "attempt_id";
const RESOURCES_ID: &str = "resources_id";
const WORKER_ID: &str = "worker_id";
const SPAN_ID: &str = "span_id";

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NoRoute)?;
        let mut ids = Vec::new();
        let mut issues = Vec::new();
        for (name, value) in &params {
            let names = [ROLLOUT_ID, ATTEMPT_ID, RESOURCES_ID, WORKER_ID, SPAN_ID];
            let Some(name) = names.into_iter().find(|known| *known == name) else { continue };
            let fault = if value.contains('\0') {
                Some(("string_nul", "Input should not contain the character \\u0000".to_owned()))
            } else if value.len() > MAX_ID_BYTES {
                let msg = format!("Input should have at most {MAX_ID_BYTES} bytes (limit: id length)");
                Some(("string_too_long", msg))
            } else {
                None
            };
            if let Some((kind, msg)) = fault {
                let loc = Place::of(Part::Path).then(Step::Field(name.into()));
                issues.push(Issue { kind, loc, msg, input: None });
            }
            ids.push((name, value.to_owned()));
        }
        if issues.is_empty() { Ok(Self(ids)) } else { Err(issues.into()) }
    }
}

impl Ids {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The rollout's.
    pub fn rollout(&self) -> RolloutId {
        self.get(ROLLOUT_ID).into()
    }

    /// The attempt's.
    pub fn attempt(&self) -> AttemptId {
        self.get(ATTEMPT_ID).into()
    }

    /// The set of resources'.
    pub fn resources(&self) -> ResourcesId {
        self.get(RESOURCES_ID).into()
    }

    /// The span's.
    pub fn span(&self) -> String {
        self.get(SPAN_ID).to_owned()
    }

    /// The worker's.
    pub fn worker(&self) -> WorkerId {
        self.get(WORKER_ID).into()
    }
}
