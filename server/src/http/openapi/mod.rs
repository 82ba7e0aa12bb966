//! The API described by the server itself, for programs and for people, without the network.
//!
//! `/openapi.json` is made once, from the endpoints as data ([`lightning_store_client::api`]), the schemas of the wire
//! types, and one table that says which operation takes and answers what:
//!
//! - [`document`](mod@document): the whole.
//! - [`operations`]: the table, of [`operation`]s. A new endpoint needs its line there; tests find one that is missing.
//! - [`components`]: schemas by name, and what all operations share.
//! - [`queries`]: the conditions of lists, as parameters of a query string and as bodies of searches.
//! - [`dashboard`]: the part of the table that is about what people look at.
//! - [`dashboard_queries`]: the conditions of what people look at.
//! - [`traces`]: the part of the table with which people look at traces and resources.
//! - [`otlp`]: OTLP, whose types are not ours.
//! - [`examples`]: one story from which all examples are taken.
//!
//! `/docs` and `/redoc` are [`pages`] that show it.

mod components;
mod dashboard;
mod dashboard_queries;
mod document;
mod examples;
mod operation;
mod operations;
mod otlp;
mod pages;
mod queries;
mod traces;

use std::sync::LazyLock;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::HeaderMap;
use lightning_store_client::api::ops;

use super::answer::Answer;
use super::file::File;
use crate::app::AppState;

static DOCUMENT: LazyLock<File> =
    LazyLock::new(|| File::plain("application/json", Bytes::from(document().to_string())));

/// The document: OpenAPI 3.1. Its schemas are also what the types of the JavaScript client are made of.
pub fn document() -> serde_json::Value {
    document::document()
}

/// The routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route(ops::OPENAPI.path, get(openapi)).merge(pages::routes())
}

async fn openapi(headers: HeaderMap) -> Answer {
    DOCUMENT.answer(&headers)
}
