//! The document as pages for people: Swagger UI and ReDoc, compiled in (`server/assets`).
//!
//! Neither page loads anything from elsewhere, and its content security policy lets it do nothing but what it needs.
//! All links are relative, so the server may stand below any path.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use lightning_store_client::api::ops;

use crate::app::AppState;
use crate::http::answer::{Answer, Outcome};
use crate::http::error::ApiError;
use crate::http::otlp::accepts_gzip;

/// What both pages may do: run and show what this server sends, and ask this server. Images are parts of style sheets.
macro_rules! policy {
    ($($more:literal),*) => {
        concat!(
            "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; ",
            "form-action 'none'; frame-ancestors 'none'; style-src 'self'",
            $($more),*
        )
    };
}

const DOCS_POLICY: &str = policy!();

/// ReDoc makes style elements: empty ones, which it fills through the object model, and one with the style of its
/// scroll bar. They are allowed by what is in them (a new version of it may need another second hash). Its search runs in
/// a worker that it makes itself, which may do no more than the page.
const REDOC_POLICY: &str = policy!(
    " 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    " 'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
    "; worker-src blob:"
);

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The files of a page, by name; the page itself has the empty one.
type Files = Vec<(&'static str, File)>;

static DOCS: LazyLock<Files> = LazyLock::new(|| {
    vec![
        ("", File::page(include_bytes!("../../../assets/docs.html"), DOCS_POLICY)),
        ("start.js", File::asset(SCRIPT, include_bytes!("../../../assets/docs.js"))),
        ("swagger-ui.css", File::packed(STYLE, include_bytes!("../../../assets/swagger-ui.css.gz"))),
        (
            "swagger-ui-bundle.js",
            File::packed(SCRIPT, include_bytes!("../../../assets/swagger-ui-bundle.js.gz")),
        ),
        (
            "swagger-ui-bundle.js.LICENSE.txt",
            File::asset(TEXT, include_bytes!("../../../assets/swagger-ui-bundle.js.LICENSE.txt")),
        ),
    ]
});

static REDOC: LazyLock<Files> = LazyLock::new(|| {
    vec![
        ("", File::page(include_bytes!("../../../assets/redoc.html"), REDOC_POLICY)),
        ("start.js", File::asset(SCRIPT, include_bytes!("../../../assets/redoc.js"))),
        ("page.css", File::asset(STYLE, include_bytes!("../../../assets/redoc.css"))),
        (
            "redoc.standalone.js",
            File::packed(SCRIPT, include_bytes!("../../../assets/redoc.standalone.js.gz")),
        ),
        (
            "redoc.standalone.js.LICENSE.txt",
            File::asset(TEXT, include_bytes!("../../../assets/redoc.standalone.js.LICENSE.txt")),
        ),
    ]
});

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(ops::DOCS.path, get(|headers: HeaderMap| async move { send(&DOCS, "", &headers) }))
        .route(
            "/docs/{file}",
            get(|Path(name): Path<String>, headers: HeaderMap| async move { send(&DOCS, &name, &headers) }),
        )
        .route(ops::REDOC.path, get(|headers: HeaderMap| async move { send(&REDOC, "", &headers) }))
        .route(
            "/redoc/{file}",
            get(|Path(name): Path<String>, headers: HeaderMap| async move { send(&REDOC, &name, &headers) }),
        )
}

fn send(files: &Files, name: &str, headers: &HeaderMap) -> Outcome {
    let file = files.iter().find(|(known, _)| *known == name);
    file.map(|(_, file)| file.answer(headers)).ok_or(ApiError::NoRoute)
}

/// Something that is sent as it is, and not again to those who have it.
#[derive(Debug)]
pub(super) struct File {
    content_type: &'static str,
    body: Bytes,
    /// Whether the body is gzipped; those who do not accept that get it unpacked.
    is_packed: bool,
    tag: HeaderValue,
    /// The content security policy, and headers of the kind.
    policy: Option<&'static str>,
    /// Browsers ask each time whether it is still the same.
    is_asset: bool,
}

impl File {
    /// Without headers of its own.
    pub(super) fn plain(content_type: &'static str, body: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let tag = HeaderValue::try_from(format!("\"{:016x}\"", hasher.finish()));
        let tag = tag.unwrap_or(HeaderValue::from_static("\"\""));
        Self { content_type, body, is_packed: false, tag, policy: None, is_asset: false }
    }

    fn page(body: &'static [u8], policy: &'static str) -> Self {
        Self { policy: Some(policy), ..Self::plain(HTML, Bytes::from_static(body)) }
    }

    fn asset(content_type: &'static str, body: &'static [u8]) -> Self {
        Self { is_asset: true, ..Self::plain(content_type, Bytes::from_static(body)) }
    }

    fn packed(content_type: &'static str, body: &'static [u8]) -> Self {
        Self { is_packed: true, ..Self::asset(content_type, body) }
    }

    /// The file, or that the client has it already.
    pub(super) fn answer(&self, request: &HeaderMap) -> Answer {
        let has_it =
            request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| {
                tags.split(',')
                    .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == self.tag.as_bytes())
            });
        let mut answer = Response::new(Body::empty());
        let headers = answer.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        if self.is_asset {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        if self.is_packed {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if has_it {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
            return answer;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(policy) = self.policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        let body = if !self.is_packed {
            self.body.clone()
        } else if accepts_gzip(request) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            self.body.clone()
        } else {
            unpacked(&self.body)
        };
        *answer.body_mut() = Body::from(body);
        answer
    }
}

fn unpacked(body: &[u8]) -> Bytes {
    let mut unpacked = Vec::new();
    // What is compiled in is whole: a test reads all of it.
    let _ = GzDecoder::new(body).read_to_end(&mut unpacked);
    unpacked.into()
}
