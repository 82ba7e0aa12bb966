//! The one table from what went wrong to what is answered.

use http::{HeaderValue, Response, StatusCode, header};
use lightning_store_client::lax::{Issue, JsonError, Part, Place, Step};
use lightning_store_client::wire::{Detail, ErrorBody, InvalidList, ValidationErrors};

use super::answer::{self, Answer};
use crate::storage::error::StoreError;

/// Anything but a success.
#[derive(Debug, Clone)]
pub enum ApiError {
    /// 422: faulty fields, all of them.
    Invalid(Vec<Issue>),
    /// 400: well-formed but senseless.
    BadRequest(String),
    /// 404: something that the request names is not in the store.
    NotFound(String),
    /// 404: no route.
    NoRoute,
    /// 405: no such method on this route.
    NoMethod,
    /// 413: over a limit, which the text names.
    TooLarge(String),
    /// 431: the head is over a limit, which the text names.
    HeadTooLarge(String),
    /// 408: it came too slowly, which the text says. Clients send it again.
    TooSlow(String),
    /// 503: not now; the text says why. Never 429, which the Python client takes for final.
    Unavailable(String),
    /// 500: trouble of our own, of which only the log knows more.
    Internal,
}

impl ApiError {
    /// A body that could not even be read.
    pub fn unreadable_body() -> Self {
        Self::BadRequest("There was an error parsing the body".to_owned())
    }

    /// What the client gets to see.
    pub fn render(self, request_id: &str) -> Answer {
        let detailed = |status: StatusCode, detail: String, error_type: &str| {
            let request_id = request_id.to_owned();
            answer::json(status, &ErrorBody { detail, error_type: error_type.to_owned(), request_id })
        };
        match self {
            Self::Invalid(detail) => {
                answer::json(StatusCode::UNPROCESSABLE_ENTITY, &ValidationErrors { detail })
            }
            Self::BadRequest(detail) => answer::json(StatusCode::BAD_REQUEST, &Detail { detail }),
            Self::NotFound(detail) => detailed(StatusCode::NOT_FOUND, detail, "ValueError"),
            Self::NoRoute => answer::json(StatusCode::NOT_FOUND, &Detail { detail: "Not Found".to_owned() }),
            Self::NoMethod => {
                let detail = "Method Not Allowed".to_owned();
                answer::json(StatusCode::METHOD_NOT_ALLOWED, &Detail { detail })
            }
            Self::TooLarge(detail) => detailed(StatusCode::PAYLOAD_TOO_LARGE, detail, "LimitExceeded"),
            Self::HeadTooLarge(detail) => {
                detailed(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail, "LimitExceeded")
            }
            Self::TooSlow(detail) => detailed(StatusCode::REQUEST_TIMEOUT, detail, "LimitExceeded"),
            Self::Unavailable(detail) => {
                let mut answer = detailed(StatusCode::SERVICE_UNAVAILABLE, detail, "Unavailable");
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                answer
            }
            Self::Internal => {
                let detail =
                    "Internal server error; the server's log has it under this request id".to_owned();
                detailed(StatusCode::INTERNAL_SERVER_ERROR, detail, "InternalError")
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(missing) => Self::NotFound(missing.to_string()),
            StoreError::Null(null) => Self::BadRequest(null.to_string()),
            StoreError::List(list) => list.into(),
            StoreError::KeyReused => super::keyed::reused(error.to_string()),
            StoreError::Overloaded { .. } | StoreError::Closed => Self::Unavailable(error.to_string()),
            StoreError::Storage(failure) if failure.is_disk_full() => {
                Self::Unavailable("the disk of the store is full; free some space and retry".to_owned())
            }
            StoreError::Storage(failure) if failure.is_disk_failure() => {
                Self::Unavailable("the disk of the store fails; the server's log says how".to_owned())
            }
            StoreError::Storage(failure) if failure.is_away() => {
                Self::Unavailable("the database of the store does not answer; retry soon".to_owned())
            }
            // The storage has logged it.
            StoreError::Storage(_) => Self::Internal,
        }
    }
}

impl From<InvalidList> for ApiError {
    fn from(list: InvalidList) -> Self {
        Self::BadRequest(list.0)
    }
}

impl From<Vec<Issue>> for ApiError {
    fn from(issues: Vec<Issue>) -> Self {
        Self::Invalid(issues)
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Syntax { offset, message } => Self::Invalid(vec![Issue {
                kind: "json_invalid",
                loc: Place::of(Part::Body).then(Step::Index(offset)),
                msg: format!("JSON decode error: {message}"),
                input: None,
            }]),
            JsonError::TooDeep { max_depth } => {
                Self::TooLarge(format!("JSON is nested too deeply (limit: {max_depth} levels)"))
            }
            JsonError::TooMany { max_values } => {
                Self::TooLarge(format!("JSON has too many values (limit: {max_values} values and keys)"))
            }
        }
    }
}

/// Errors travel to the outermost layer as they are, since only that knows the request's id.
impl axum::response::IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.extensions_mut().insert(self);
        response
    }
}
