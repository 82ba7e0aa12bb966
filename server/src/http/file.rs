//! Files that are compiled in and sent as they are: packed if the client takes that, and not again to those who have them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;

use axum::body::Body;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::answer::Answer;

/// Something that is sent as it is, and not again to those who have it.
#[derive(Debug, Clone)]
pub(super) struct File {
    content_type: &'static str,
    forms: Forms,
    tag: HeaderValue,
    /// The content security policy, and headers of the kind.
    policy: Option<&'static str>,
    /// How long it may be kept. None: nothing is said.
    keep: Option<Keep>,
}

/// A body in its forms. One of the first two is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Forms {
    /// As it is. None: only packed, and unpacked for those who cannot do that.
    pub(super) plain: Option<Bytes>,
    /// Packed with gzip.
    pub(super) gzip: Option<Bytes>,
    /// Packed with Brotli.
    pub(super) brotli: Option<Bytes>,
}

/// How long a file may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Browsers ask each time whether it is still the same.
    Ask,
    /// Its name says what is in it.
    ForEver,
}

impl File {
    /// Without headers of its own.
    pub(super) fn new(content_type: &'static str, forms: Forms) -> Self {
        let mut hasher = DefaultHasher::new();
        forms.plain.as_ref().or(forms.gzip.as_ref()).hash(&mut hasher);
        let tag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()));
        let tag = tag.unwrap_or(HeaderValue::from_static("\"\""));
        Self { content_type, forms, tag, policy: None, keep: None }
    }

    /// One that is not packed.
    pub(super) fn plain(content_type: &'static str, body: Bytes) -> Self {
        Self::new(content_type, Forms { plain: Some(body), ..Forms::default() })
    }

    /// One that is packed with gzip only.
    pub(super) fn gzipped(content_type: &'static str, body: Bytes) -> Self {
        Self::new(content_type, Forms { gzip: Some(body), ..Forms::default() })
    }

    /// With a content security policy.
    #[must_use]
    pub(super) fn policed(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// With what is said about keeping it.
    #[must_use]
    pub(super) fn kept(mut self, keep: Keep) -> Self {
        self.keep = Some(keep);
        self
    }

    /// The file, or that the client has it already.
    pub(super) fn answer(&self, request: &HeaderMap) -> Answer {
        let mut answer = Response::new(Body::empty());
        let headers = answer.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        if let Some(keep) = self.keep {
            let value = match keep {
                Keep::Ask => "no-cache",
                Keep::ForEver => "public, max-age=31536000, immutable",
            };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
        }
        if self.forms.gzip.is_some() || self.forms.brotli.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if self.is_had(request) {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return answer;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(policy) = self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        let (body, coding) = self.forms.choose(request);
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        *answer.body_mut() = Body::from(body);
        answer
    }

    fn is_had(&self, request: &HeaderMap) -> bool {
        let tags = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        tags.is_some_and(|tags| {
            let mut tags = tags.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
            tags.any(|tag| tag.as_bytes() == self.tag.as_bytes())
        })
    }
}

impl Forms {
    /// The smallest form that the client takes.
    fn choose(&self, request: &HeaderMap) -> (Bytes, Option<&'static str>) {
        for (form, coding) in [(&self.brotli, "br"), (&self.gzip, "gzip")] {
            if let Some(form) = form
                && accepts(request, coding)
            {
                return (form.clone(), Some(coding));
            }
        }
        let unpack = || self.gzip.as_deref().map(unpacked).unwrap_or_default();
        (self.plain.clone().unwrap_or_else(unpack), None)
    }
}

fn unpacked(body: &[u8]) -> Bytes {
    let mut unpacked = Vec::new();
    // What is compiled in is whole: a test reads all of it.
    let _ = GzDecoder::new(body).read_to_end(&mut unpacked);
    unpacked.into()
}

/// Whether `Accept-Encoding` names a coding with a weight above 0.
pub(super) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING);
    values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|named| {
        let mut parts = named.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f64>);
        is_named && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_coding_is_accepted_where_it_is_named_with_weight() {
        for (value, coding, expected) in [
            ("gzip", "gzip", true),
            ("deflate, GZIP;q=0.5", "gzip", true),
            ("gzip;q=0", "gzip", false),
            ("gzip; q=0.000", "gzip", false),
            ("deflate", "gzip", false),
            ("", "gzip", false),
            ("gzip, br", "br", true),
            ("gzip, brotli", "br", false),
        ] {
            assert_eq!(accepts(&accepting(value), coding), expected, "{value} {coding}");
        }
    }

    #[test]
    fn the_smallest_form_that_is_taken_is_sent() {
        let form = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
        let forms = Forms { plain: form("plain"), gzip: form("gzip"), brotli: form("brotli") };
        for (value, body, coding) in
            [("gzip, br", "brotli", Some("br")), ("gzip", "gzip", Some("gzip")), ("deflate", "plain", None)]
        {
            assert_eq!(forms.choose(&accepting(value)), (Bytes::from_static(body.as_bytes()), coding));
        }
    }
}
