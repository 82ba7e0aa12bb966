//! What went wrong, for JavaScript.

use lightning_store_client::ClientError;
use lightning_store_client::error::FieldIssue;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client says so.
    Client(ClientError),
    /// Its signal says so, for this reason.
    Aborted(JsValue),
}

impl Failure {
    /// Something that makes no sense; nothing was sent.
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Client(ClientError::Invalid { reason: reason.into() })
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

/// The fields of a `LightningStoreError`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fields {
    message: String,
    kind: &'static str,
    status: Option<u16>,
    detail: Option<String>,
    retryable: bool,
    issues: Vec<IssueFields>,
    call: Option<&'static str>,
    request_id: Option<String>,
    idempotency_key: Option<String>,
}

#[derive(Serialize)]
struct IssueFields {
    kind: String,
    place: String,
    message: String,
}

impl From<&FieldIssue> for IssueFields {
    fn from(issue: &FieldIssue) -> Self {
        Self { kind: issue.kind.clone(), place: issue.place.clone(), message: issue.message.clone() }
    }
}

impl From<&ClientError> for Fields {
    fn from(error: &ClientError) -> Self {
        let refusal = error.refusal();
        Self {
            message: error.to_string(),
            kind: error.kind(),
            status: error.status(),
            detail: error.detail().map(str::to_owned),
            retryable: error.is_retryable(),
            issues: refusal.into_iter().flat_map(|refusal| &refusal.issues).map(IssueFields::from).collect(),
            call: error.call().map(|call| call.name),
            request_id: refusal.and_then(|refusal| refusal.request_id.clone()),
            idempotency_key: error.idempotency_key().map(ToString::to_string),
        }
    }
}

/// What a promise is rejected with: the fields of an error as JSON text, or the reason of a signal in a list of one, so
/// that neither can be taken for the other or for an exception from elsewhere.
impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Aborted(reason) => js_sys::Array::of1(&reason).into(),
            Failure::Client(error) => serde_json::to_string(&Fields::from(&error)).unwrap_or_default().into(),
        }
    }
}
