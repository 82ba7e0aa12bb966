//! Reading requests the way the published Python server does: lax about types, complete about mistakes.
//!
//! Numbers in strings are numbers, `true` is 1, 2.0 is an integer, `NaN` is null, the last of two equal keys
//! wins. All faulty fields of a request are found in one pass and reported together, each with its place; that is
//! why requests are not read with serde, which stops at the first mistake and refuses the rest of this list.
//!
//! - [`tape`]: JSON text → tokens; nothing is copied.
//! - [`reader`]: tokens → values, collecting [`Issue`]s. [`ReadJson`] is what a request type implements.
//! - [`query`]: the same for query strings.
//!
//! This module knows no request type; those are in [`crate::wire`].

#[cfg_attr(
    not(any(test, all(target_arch = "wasm32", feature = "js"))),
    expect(dead_code, reason = "for pages")
)]
pub(crate) mod double;
pub mod number;
mod parser;
pub mod query;
pub mod reader;
pub mod tape;

pub use query::Query;
pub use reader::{Issue, Object, Part, Place, ReadJson, Reader, Step};
pub use tape::{Bounds, JsonError, Kind, Node, OwnedTape, Tape};

/// Longest id that is taken, in bytes.
pub const MAX_ID_BYTES: usize = 256;
