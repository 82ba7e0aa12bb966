//! What people look at: answers of `/v1/agl/dashboard/*`, which has no counterpart in the Python server.
//!
//! Rows carry what a table shows, worked out by the server ([`SpanFacts`]), and no bodies: inputs are a line of text, spans
//! have no attributes. What is secret ([`crate::trace::secrets`]) is masked. Whole objects are had from the other
//! operations, which these rows name by their ids.
//!
//! Counts, tokens and rewards follow the spans a moment later: `behind` says how many spans they do not know yet.

mod facts;
mod find;
mod queue;
mod resources;
mod rollouts;
mod summary;
mod trace;
mod workers;

pub use facts::*;
pub use find::*;
pub use queue::*;
pub use resources::*;
pub use rollouts::*;
pub use summary::*;
pub use trace::*;
pub use workers::*;
