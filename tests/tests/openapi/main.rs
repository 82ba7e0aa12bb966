//! The server's description of itself: `/openapi.json`, `/docs` and `/redoc`.

mod contract;
mod document;
mod pages;
mod recordings;

use lightning_store_e2e::http::Request;
use lightning_store_e2e::server::Launch;
use serde_json::Value;

/// The document as a server sends it.
async fn served() -> Value {
    let server = Launch::default().start();
    let answer = server.client().send(Request::new("GET", "/openapi.json")).await;
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    answer.expect(200)
}
