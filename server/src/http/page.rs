//! The page that a browser gets for every path that is no route.

use http::{HeaderValue, StatusCode, header};

use super::answer::{self, Answer};

const PAGE: &str = include_str!("page.html");

/// The page.
pub(super) fn page() -> Answer {
    let mut answer = answer::bytes(StatusCode::OK, "text/html; charset=utf-8", PAGE);
    answer.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        ),
    );
    answer
}
