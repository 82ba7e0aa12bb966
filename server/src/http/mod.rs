//! HTTP: parse, call a use case, shape the answer.
//!
//! A request passes through [`App::respond`], in this order: a request id is drawn; a preflight is answered ([`cors`]);
//! the method and the path are brought into the form that the router knows; the router calls a handler; what it
//! answers becomes an [`Answer`], errors by the one table in [`error`], a panic like any other trouble of our own; the
//! request id and the CORS headers are added; what happened is logged ([`access_log`]).
//!
//! - [`v1_agl`]: the dialect of the published Python package.
//! - [`agl_v1`]: the dialect of the specification, over the same use cases.
//! - [`dashboard`]: what people look at.
//! - [`otlp`]: OpenTelemetry ingest.
//! - [`ops`]: the readiness probe, for load balancers.
//! - [`openapi`]: the API described, for programs and for people.
//! - [`page`]: what browsers get for everything else: the dashboard.
//! - [`extract`], [`answer`]: bodies, paths and query strings in and out. [`mod@file`]: files that are compiled in.
//! - [`keyed`]: calls that have an effect once. [`packed`]: answers that are compressed.

pub mod access_log;
mod agl_v1;
pub mod answer;
pub mod cors;
mod dashboard;
pub mod error;
pub mod extract;
mod file;
pub mod keyed;
pub mod openapi;
mod ops;
mod otlp;
mod packed;
pub mod page;
mod v1_agl;

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use tower::Service as _;

use self::answer::{Answer, Outcome};
use self::cors::Cors;
use self::error::ApiError;
use self::page::Pages;
use crate::app::AppState;
use crate::ids;
use crate::limits::{Limits, MAX_HEADERS};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything that answers requests. Clones share it.
#[derive(Debug, Clone)]
pub struct App {
    router: Router,
    cors: Option<Cors>,
    limits: Limits,
    access_log: bool,
}

impl App {
    /// All routes over `state`, and `pages` for all other paths.
    pub fn new(state: AppState, cors: Option<Cors>, limits: Limits, access_log: bool, pages: Pages) -> Self {
        let mut router = Router::new()
            .merge(v1_agl::routes())
            .merge(agl_v1::routes())
            .merge(dashboard::routes())
            .merge(otlp::routes())
            .merge(ops::routes())
            .merge(openapi::routes());
        if access_log {
            router = router.route_layer(axum::middleware::from_fn(access_log::note_route));
        }
        let other = move |method: Method, uri: Uri, headers: HeaderMap| {
            let answer = no_route(&pages, &method, uri.path(), &headers);
            async move { answer }
        };
        Self { router: router.fallback(other).with_state(state), cors, limits, access_log }
    }

    /// Answers a request that came from `peer`.
    pub async fn respond(&self, mut request: Request<Body>, peer: SocketAddr) -> Answer {
        let request_id = ids::request();
        let record = access_log::Record::start(&request, peer);
        let origin = request.headers().get(header::ORIGIN).cloned();
        request.extensions_mut().insert(self.limits);
        let preflight = self.cors.as_ref().and_then(|cors| cors.preflight(&request));
        let mut answer = if let Some(answer) = preflight {
            answer
        } else {
            let mut answer = self.route(request, &request_id).await;
            if let Some(cors) = &self.cors {
                cors.mark(origin.as_ref(), answer.headers_mut());
            }
            answer
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            answer.headers_mut().insert(X_REQUEST_ID, id);
        }
        record.finish(&mut answer, &request_id, self.access_log);
        answer
    }

    async fn route(&self, mut request: Request<Body>, request_id: &str) -> Answer {
        if request.headers().len() > MAX_HEADERS {
            let detail = format!("the request has too many headers (limit: {MAX_HEADERS})");
            return ApiError::HeadTooLarge(detail).render(request_id);
        }
        let is_get = request.method() == Method::GET;
        let below_v1 = request.uri().path().starts_with("/v1/");
        if request.method() == Method::HEAD {
            // Compat: HEAD is not allowed anywhere. The router would take it for GET.
            *request.method_mut() = Method::OPTIONS;
        }
        decode_slashes(&mut request);
        let answer = finish(call(self.router.clone(), request).await, request_id);
        // Compat: a GET below /v1/ that no GET route takes finds nothing.
        if is_get && below_v1 && answer.status() == StatusCode::METHOD_NOT_ALLOWED {
            return ApiError::NoRoute.render(request_id);
        }
        answer
    }
}

/// What the router answers. A handler that panics fails alone: its request is answered, and the server goes on.
async fn call(mut router: Router, request: Request<Body>) -> Answer {
    match AssertUnwindSafe(router.call(request)).catch_unwind().await {
        // The router never fails.
        Ok(Ok(answer)) => answer,
        Err(_) => ApiError::Internal.into_response(),
    }
}

/// Renders errors, and gives the router's own "method not allowed" its body.
fn finish(mut answer: Answer, request_id: &str) -> Answer {
    if let Some(error) = answer.extensions_mut().remove::<ApiError>() {
        let mut rendered = error.render(request_id);
        if let Some(route) = answer.extensions_mut().remove::<MatchedPath>() {
            rendered.extensions_mut().insert(route);
        }
        if let Some(allow) = answer.headers_mut().remove(header::ALLOW) {
            rendered.headers_mut().insert(header::ALLOW, allow);
        }
        return rendered;
    }
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allow =
            answer.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
        let allow: Vec<&str> = allow.split(',').map(str::trim).filter(|method| *method != "HEAD").collect();
        let mut rendered = ApiError::NoMethod.render(request_id);
        if let Ok(allow) = HeaderValue::from_str(&allow.join(", ")) {
            rendered.headers_mut().insert(header::ALLOW, allow);
        }
        return rendered;
    }
    answer
}

/// Compat: an encoded slash is a slash, so an id that has one leads to another route.
fn decode_slashes(request: &mut Request<Body>) {
    let path = request.uri().path();
    if !path.contains("%2F") && !path.contains("%2f") {
        return;
    }
    let mut decoded = path.replace("%2F", "/").replace("%2f", "/");
    if let Some(query) = request.uri().query() {
        decoded.push('?');
        decoded.push_str(query);
    }
    if let Ok(uri) = decoded.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

/// Below `/v1/` and `/agl/v1/` there is nothing else; everywhere else a GET finds the page.
fn no_route(pages: &Pages, method: &Method, path: &str, headers: &HeaderMap) -> Outcome {
    if path == "/agl/v1" || path.starts_with("/agl/v1/") {
        Err(ApiError::NoRoute)
    } else if method != Method::GET {
        let mut answer = ApiError::NoMethod.into_response();
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        Ok(answer)
    } else if path.starts_with("/v1/") {
        Err(ApiError::NoRoute)
    } else {
        pages.answer(path, headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_500_with_the_request_id_and_nothing_of_the_cause() {
        async fn broken() -> Answer {
            panic!("a secret");
        }

        let router = Router::new().route("/broken", axum::routing::get(broken));
        let request = Request::get("/broken").body(Body::empty()).unwrap();
        let answer = finish(call(router, request).await, "some-id");
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("\"request_id\":\"some-id\"") && !text.contains("secret"), "{text}");
    }
}
