//! The vocabulary of lightning-store, shared by its server and its clients.
//!
//! - [`wire`]: every request and answer as a type.
//! - [`api`]: every operation as data: method and path.
//! - [`lax`]: how a server reads requests: forgiving about types, complete about mistakes.
//!
//! Nothing here does input or output, so it compiles for every target, `wasm32-unknown-unknown` included.

pub mod api;
pub mod lax;
pub mod wire;
