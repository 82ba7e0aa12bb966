//! Calls that have an effect once: the header `Idempotency-Key`.
//!
//! A request that has one is known by a fingerprint of its method, path, query and body as they came, taken before the
//! body is read. One without costs nothing. What becomes of the two is up to [`crate::service::once`].

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::request::Parts;
use lightning_store_client::api::IDEMPOTENCY_KEY;
use lightning_store_client::lax::{Issue, MAX_ID_BYTES, Part, Place, Step};
use sha2::{Digest as _, Sha256};

use super::error::ApiError;
use super::extract::{FromBody, collect};
use crate::service::once::Call;
use crate::storage::rows::Fingerprint;

/// A body, and the call that it belongs to, if that has a key.
#[derive(Debug)]
pub struct Keyed<B> {
    /// The call.
    pub call: Option<Call>,
    /// The body.
    pub body: B,
}

impl<B: FromBody, S: Send + Sync> FromRequest<S> for Keyed<B> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers)?;
        if key.is_none() && !B::IS_READ {
            return Ok(Self { call: None, body: B::from_body(&parts.headers, &[])? });
        }
        let bytes = collect(&parts, body).await?;
        let body = B::from_body(&parts.headers, &bytes)?;
        let call = key.map(|key| Call { key, fingerprint: fingerprint(&parts, &bytes) });
        Ok(Self { call, body })
    }
}

/// The key of a request.
fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    let is_visible = value.as_bytes().iter().all(u8::is_ascii_graphic);
    let (kind, msg) = match value.to_str() {
        _ if values.next().is_some() => ("too_many", "A call has one idempotency key: send the header once".to_owned()),
        Ok("") => ("string_too_short", "An idempotency key has at least 1 character".to_owned()),
        Ok(key) if is_visible && key.len() <= MAX_ID_BYTES => return Ok(Some(key.to_owned())),
        Ok(_) if is_visible => {
            ("string_too_long", format!("An idempotency key has at most {MAX_ID_BYTES} bytes (limit: id length)"))
        }
        _ => (
            "string_pattern_mismatch",
            "An idempotency key consists of visible ASCII characters, without spaces: a random UUID, for example"
                .to_owned(),
        ),
    };
    Err(refuse(kind, msg))
}

/// The refusal of a key that was used for another request.
pub(super) fn reused(msg: String) -> ApiError {
    refuse("idempotency_key_reused", msg)
}

fn refuse(kind: &'static str, msg: String) -> ApiError {
    let loc = Place::of(Part::Header).then(Step::Field(IDEMPOTENCY_KEY.into()));
    ApiError::Invalid(vec![Issue { kind, loc, msg, input: None }])
}

/// What tells this request from others. Parts are kept apart by their lengths.
fn fingerprint(parts: &Parts, body: &[u8]) -> Fingerprint {
    let mut hash = Sha256::new();
    let uri = &parts.uri;
    for part in
        [parts.method.as_str().as_bytes(), uri.path().as_bytes(), uri.query().unwrap_or("").as_bytes()]
    {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(body);
    let mut fingerprint = Fingerprint::default();
    for (to, from) in fingerprint.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    fingerprint
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        let key = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
            }
            key(&headers).map_err(|error| match error {
                ApiError::Invalid(issues) => issues[0].kind,
                other => panic!("{other:?}"),
            })
        };
        let longest = "k".repeat(MAX_ID_BYTES);
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&[b"a-1~!"]), Ok(Some("a-1~!".to_owned())));
        assert_eq!(key(&[longest.as_bytes()]), Ok(Some(longest.clone())));
        assert_eq!(key(&[b""]), Err("string_too_short"));
        assert_eq!(key(&[format!("{longest}k").as_bytes()]), Err("string_too_long"));
        assert_eq!(key(&[b"a b"]), Err("string_pattern_mismatch"));
        assert_eq!(key(&["schlüssel".as_bytes()]), Err("string_pattern_mismatch"));
        assert_eq!(key(&[b"a", b"a"]), Err("too_many"));
    }

    #[test]
    fn every_part_of_a_request_counts() {
        let of = |method: &str, target: &str, body: &[u8]| {
            let request = Request::builder().method(method).uri(target).body(()).unwrap();
            fingerprint(&request.into_parts().0, body)
        };
        let first = of("POST", "/a?b=c", b"d");
        assert_eq!(first, of("POST", "/a?b=c", b"d"));
        for other in [
            of("GET", "/a?b=c", b"d"),
            of("POST", "/b?b=c", b"d"),
            of("POST", "/a?b=d", b"d"),
            of("POST", "/a", b"d"),
            of("POST", "/a?b=c", b"e"),
            of("POST", "/a?b=c", b""),
            of("POST", "/a?b=", b"cd"),
        ] {
            assert_ne!(first, other);
        }
    }
}
