//! The document as pages for people: Swagger UI and ReDoc, compiled in (`server/assets`).
//!
//! Neither page loads anything from elsewhere, and its content security policy lets it do nothing but what it needs.
//! All links are relative, so the server may stand below any path.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use bytes::Bytes;
use http::HeaderMap;
use lightning_store_client::api::ops;

use crate::app::AppState;
use crate::http::answer::Outcome;
use crate::http::error::ApiError;
use crate::http::file::{File, Keep};

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
        ("", page(include_bytes!("../../../assets/docs.html"), DOCS_POLICY)),
        ("start.js", asset(SCRIPT, include_bytes!("../../../assets/docs.js"))),
        ("swagger-ui.css", packed(STYLE, include_bytes!("../../../assets/swagger-ui.css.gz"))),
        ("swagger-ui-bundle.js", packed(SCRIPT, include_bytes!("../../../assets/swagger-ui-bundle.js.gz"))),
        (
            "swagger-ui-bundle.js.LICENSE.txt",
            asset(TEXT, include_bytes!("../../../assets/swagger-ui-bundle.js.LICENSE.txt")),
        ),
    ]
});

static REDOC: LazyLock<Files> = LazyLock::new(|| {
    vec![
        ("", page(include_bytes!("../../../assets/redoc.html"), REDOC_POLICY)),
        ("start.js", asset(SCRIPT, include_bytes!("../../../assets/redoc.js"))),
        ("page.css", asset(STYLE, include_bytes!("../../../assets/redoc.css"))),
        ("redoc.standalone.js", packed(SCRIPT, include_bytes!("../../../assets/redoc.standalone.js.gz"))),
        (
            "redoc.standalone.js.LICENSE.txt",
            asset(TEXT, include_bytes!("../../../assets/redoc.standalone.js.LICENSE.txt")),
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

fn page(body: &'static [u8], policy: &'static str) -> File {
    File::plain(HTML, Bytes::from_static(body)).policed(policy)
}

fn asset(content_type: &'static str, body: &'static [u8]) -> File {
    File::plain(content_type, Bytes::from_static(body)).kept(Keep::Ask)
}

fn packed(content_type: &'static str, body: &'static [u8]) -> File {
    File::gzipped(content_type, Bytes::from_static(body)).kept(Keep::Ask)
}
