//! The vocabulary of lightning-store, shared by its server and its clients.
//!
//! - [`wire`]: every request and answer as a type.
//! - [`api`]: every operation as data: method and path.
//! - [`lax`]: how a server reads requests: forgiving about types, complete about mistakes.
//! - `trace` (a feature): what a viewer and a trainer work out from the spans of an attempt.
//!
//! Nothing here does input or output, so it compiles for every target, `wasm32-unknown-unknown` included.

pub mod api;
pub mod lax;
#[cfg(feature = "trace")]
pub mod trace;
pub mod wire;
