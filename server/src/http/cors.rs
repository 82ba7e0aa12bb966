//! Cross-origin requests. Off unless origins are configured.

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

use super::answer::{self, Answer};

const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY";
const MAX_AGE_SECONDS: &str = "600";
const PREFLIGHT_VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
                              Access-Control-Request-Private-Network";

/// Which origins a browser may use the store from.
#[derive(Debug, Clone)]
pub struct Cors {
    any: bool,
    origins: Vec<HeaderValue>,
}

impl Cors {
    /// From the command line; `*` stands for all. None if there are no origins.
    ///
    /// # Errors
    /// The origin that cannot stand in a header.
    pub fn new(origins: &[String]) -> Result<Option<Self>, String> {
        if origins.is_empty() {
            return Ok(None);
        }
        let any = origins.iter().any(|origin| origin == "*");
        let parse = |origin: &String| HeaderValue::from_str(origin).map_err(|_| origin.clone());
        Ok(Some(Self { any, origins: origins.iter().map(parse).collect::<Result<_, _>>()? }))
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.any || self.origins.contains(origin)
    }

    /// The answer to a preflight; none if the request is none.
    pub fn preflight(&self, request: &Request<Body>) -> Option<Answer> {
        let headers = request.headers();
        let (origin, method) = (headers.get(ORIGIN)?, headers.get(ACCESS_CONTROL_REQUEST_METHOD)?);
        if request.method() != Method::OPTIONS {
            return None;
        }
        let mut faults = Vec::new();
        if !self.allows(origin) {
            faults.push("origin");
        }
        if !METHODS.split(", ").any(|known| known.as_bytes() == method.as_bytes()) {
            faults.push("method");
        }
        let (status, text) = if faults.is_empty() {
            (StatusCode::OK, "OK".to_owned())
        } else {
            (StatusCode::BAD_REQUEST, format!("Disallowed CORS {}", faults.join(", ")))
        };
        let mut answer = answer::bytes(status, "text/plain; charset=utf-8", text);
        let out = answer.headers_mut();
        out.insert(VARY, HeaderValue::from_static(PREFLIGHT_VARY));
        out.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        out.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
        out.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if self.allows(origin) {
            out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            out.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        Some(answer)
    }

    /// Marks the answer to a request that came with `origin`, or without one.
    pub fn mark(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        if self.allows(origin) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }
}
