//! What can go wrong with a call.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::key::IdempotencyKey;
use crate::transport::TransportError;
use crate::wire::RawJson;

/// Why a call has no result.
///
/// Every text names the call and says what to do next. None of them shows credentials.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// No connection to the server, or it broke, each time the call was tried.
    #[error(
        "{call}: the server at {url} cannot be reached ({reason}); check that it runs and that the URL is right{}",
        call.advice()
    )]
    Unreachable {
        /// The call.
        call: Call,
        /// Where the server was looked for.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// No answer in time, each time the call was tried.
    #[error(
        "{call}: no answer within {after:?}; check the server's load, or allow for a longer request_timeout{}",
        call.advice()
    )]
    TimedOut {
        /// The call.
        call: Call,
        /// How long was waited the last time.
        after: Duration,
    },
    /// The server answered, but not with a success.
    #[error("{call}: {refusal}{}", if refusal.is_retryable() { call.advice() } else { String::new() })]
    Refused {
        /// The call.
        call: Call,
        /// What it said.
        refusal: Box<Refusal>,
    },
    /// The call failed and was not repeated, because the server did not answer that it is alive either.
    #[error("{cause}; it was not tried again, because the server's health cannot be seen ({probe})")]
    Unhealthy {
        /// How the call failed first.
        cause: Box<ClientError>,
        /// What the last look at the server's health said.
        probe: String,
    },
    /// The server's answer is not what this version of the client understands.
    #[error(
        "{call}: the answer cannot be read ({reason}); check that the URL is that of a lightning-store server, and \
         the versions of both"
    )]
    Undecodable {
        /// The call.
        call: Call,
        /// What is wrong with it.
        reason: String,
    },
    /// The call was not made, because it makes no sense: a URL, a setting, an id or a key that cannot be used.
    #[error("{reason}")]
    Invalid {
        /// What is wrong, and what would be right.
        reason: String,
    },
}

/// Which call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation, as [`Endpoint::name`](crate::api::Endpoint::name) has it.
    pub name: &'static str,
    /// The key that it was sent with. Whether the server has carried it out may be unknown: the same call with this
    /// key ([`Client::with_key`](crate::Client::with_key)) finds out, and has no second effect.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Call {
    fn advice(&self) -> String {
        self.idempotency_key
            .as_ref()
            .map(|key| format!("; repeat it with the idempotency key {key} to have its effect once"))
            .unwrap_or_default()
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl ClientError {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { reason: reason.into() }
    }

    pub(crate) fn transport(call: Call, url: &str, error: TransportError) -> Self {
        match error {
            TransportError::Unreachable(reason) => Self::Unreachable { call, url: url.to_owned(), reason },
            TransportError::TimedOut(after) => Self::TimedOut { call, after },
            TransportError::Invalid(reason) => {
                Self::invalid(format!("{call}: the request cannot be sent: {reason}"))
            }
        }
    }

    /// What kind of error it is, in one word that stays the same: `unreachable`, `timed_out`, `refused`, `unhealthy`,
    /// `undecodable`, `invalid`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::Refused { .. } => "refused",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Undecodable { .. } => "undecodable",
            Self::Invalid { .. } => "invalid",
        }
    }

    /// Whether the same call may succeed later: the network or the server had trouble, not the call.
    ///
    /// It *has* been repeated as often as the [`RetryPolicy`](crate::RetryPolicy) says.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Unhealthy { .. } => true,
            Self::Refused { refusal, .. } => refusal.is_retryable(),
            Self::Undecodable { .. } | Self::Invalid { .. } => false,
        }
    }

    /// What the server said, if it said anything; of an unhealthy server, before it fell silent.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Unhealthy { cause, .. } => cause.refusal(),
            _ => None,
        }
    }

    /// The HTTP status of the server's answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// What is wrong in the server's words, if it had any.
    pub fn detail(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.detail.as_str())
    }

    /// The call that failed. None if none was made.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Unreachable { call, .. }
            | Self::TimedOut { call, .. }
            | Self::Refused { call, .. }
            | Self::Undecodable { call, .. } => Some(call),
            Self::Unhealthy { cause, .. } => cause.call(),
            Self::Invalid { .. } => None,
        }
    }

    /// The key to repeat the call with: [`Call::idempotency_key`].
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.call()?.idempotency_key.as_ref()
    }
}

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, for people. Of a list of [`issues`](Self::issues), all of them in one line.
    pub detail: String,
    /// What kind of error the store says it is, such as `ValueError`. None: it is not the store that refuses.
    pub error_type: Option<String>,
    /// Of a request with faulty fields (422): each of them.
    pub issues: Vec<FieldIssue>,
    /// The id under which the server's log has the request.
    pub request_id: Option<String>,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// One faulty field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldIssue {
    /// The kind of mistake, such as `missing`.
    pub kind: String,
    /// Where it is, joined with dots: `body.rollouts.0.input`.
    pub place: String,
    /// What was expected, for people.
    pub message: String,
}

impl fmt::Display for FieldIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// At most so many bytes of a body that is not JSON are quoted, e.g. of a proxy's page.
const MAX_QUOTE_BYTES: usize = 200;

impl Refusal {
    /// Reads an answer; any body will do.
    pub(crate) fn read(
        status: u16,
        content: &[u8],
        request_id: Option<&str>,
        retry_after: Option<Duration>,
    ) -> Self {
        // Untagged enums would do the same, but every program that has one has serde's buffer of values.
        #[derive(Deserialize)]
        struct Body {
            detail: RawJson,
            error_type: Option<String>,
            request_id: Option<String>,
        }
        #[derive(Deserialize)]
        struct Issue {
            #[serde(rename = "type", default)]
            kind: String,
            #[serde(default)]
            loc: Vec<RawJson>,
            #[serde(default)]
            msg: String,
        }
        impl From<Issue> for FieldIssue {
            fn from(issue: Issue) -> Self {
                let steps =
                    issue.loc.iter().map(|step| step.read().unwrap_or_else(|_| step.as_str().to_owned()));
                let place = steps.collect::<Vec<String>>().join(".");
                Self { kind: issue.kind, place, message: issue.msg }
            }
        }

        let mut refusal =
            Self { status, request_id: request_id.map(str::to_owned), retry_after, ..Self::default() };
        let Ok(body) = serde_json::from_slice::<Body>(content) else {
            refusal.detail = quote(content);
            return refusal;
        };
        if let Ok(detail) = body.detail.read() {
            refusal.detail = detail;
        } else if let Ok(issues) = body.detail.read::<Vec<Issue>>() {
            refusal.issues = issues.into_iter().map(FieldIssue::from).collect();
            refusal.detail = refusal.issues.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        } else {
            refusal.detail = quote(content);
            return refusal;
        }
        refusal.error_type = body.error_type;
        refusal.request_id = refusal.request_id.or(body.request_id);
        refusal
    }

    /// Whether the server may answer otherwise later: 408 and 5xx, but not 501.
    pub fn is_retryable(&self) -> bool {
        self.status == 408 || (self.status >= 500 && self.status != 501)
    }

    /// Whether the store says that there is no such rollout or attempt. A 404 without an `error_type` says that there
    /// is no such route: the URL is wrong.
    pub fn is_missing(&self) -> bool {
        self.status == 404 && self.error_type.is_some()
    }

    fn advice(&self) -> &'static str {
        match self.status {
            300..400 => "the server is elsewhere: use the URL that it redirects to",
            401 => "give the client the server's token",
            403 => "the server does not let this client in, see its answer",
            404 | 405 if !self.is_missing() => "check the URL: no lightning-store answers at this path",
            404 => "check the ids",
            408 | 502..=504 => "the server or a proxy before it is overloaded or away, try again later",
            413 => "send less at once, or raise the server's limit",
            400 | 422 => "correct the request",
            500.. => "look for the request id in the server's log",
            _ => "see the server's answer",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.status)?;
        if !self.detail.is_empty() {
            write!(f, " {:?}", self.detail)?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        write!(f, "; {}", self.advice())
    }
}

fn quote(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_QUOTE_BYTES)]);
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if body.len() > MAX_QUOTE_BYTES {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> ClientError {
        let call = Call { name: "get_rollout", idempotency_key: None };
        let refusal = Box::new(Refusal::read(status, body.as_bytes(), Some("r-1"), None));
        ClientError::Refused { call, refusal }
    }

    #[test]
    fn an_error_of_the_store_is_taken_apart() {
        let error =
            refused(404, r#"{"detail":"Rollout ro-1 not found","error_type":"ValueError","request_id":"x"}"#);
        assert_eq!((error.kind(), error.status()), ("refused", Some(404)));
        assert_eq!(error.detail(), Some("Rollout ro-1 not found"));
        assert!(error.refusal().unwrap().is_missing());
        assert!(!error.is_retryable());
        assert_eq!(
            error.to_string(),
            "get_rollout: the server answered 404 \"Rollout ro-1 not found\" (request r-1); check the ids"
        );
    }

    #[test]
    fn faulty_fields_are_listed() {
        let error = refused(
            422,
            r#"{"detail":[{"type":"missing","loc":["body","rollouts",0,"input"],"msg":"Field required","input":{}}]}"#,
        );
        let issue = &error.refusal().unwrap().issues[0];
        assert_eq!((issue.kind.as_str(), issue.place.as_str()), ("missing", "body.rollouts.0.input"));
        assert_eq!(error.detail(), Some("body.rollouts.0.input: Field required"));
    }

    #[test]
    fn a_missing_route_is_no_missing_rollout() {
        for body in [r#"{"detail":"Not Found"}"#, "<html>\n  nginx </html>", ""] {
            for status in [404, 405] {
                let error = refused(status, body);
                assert!(!error.refusal().unwrap().is_missing(), "{body}");
                assert!(error.to_string().contains("check the URL"), "{error}");
            }
        }
        assert_eq!(refused(404, "<html>\n  nginx </html>").detail(), Some("<html> nginx </html>"));
    }

    #[test]
    fn long_pages_are_quoted_in_part() {
        let detail = refused(502, &"x".repeat(5_000)).detail().unwrap().to_owned();
        assert_eq!(detail.chars().count(), MAX_QUOTE_BYTES + 1);
    }
}
