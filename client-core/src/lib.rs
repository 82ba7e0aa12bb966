//! The client of lightning-store, and the vocabulary that it shares with the server.

pub mod api;
mod base_url;
pub mod client;
pub mod error;
pub mod key;
pub mod lax;
mod percent;
pub mod retry;
mod sse;
pub mod transport;
pub mod wire;

pub use client::{Client, ClientBuilder, Dequeue, EventItem};
pub use error::ClientError;
pub use key::IdempotencyKey;
pub use retry::RetryPolicy;
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
pub use transport::fetch::Fetch;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub use transport::native::Native;
