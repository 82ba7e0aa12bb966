//! The vocabulary: every request and answer of the store, in both dialects.
//!
//! Rules that hold for all of them:
//! - Answers have all their keys; what is not known is null. The one exception is the key `attempt` of a rollout
//!   ([`RolloutWithAttempt`]), which is absent where there is none.
//! - In updates absent, null and a value are three things: [`Patch`].
//! - Unknown members of requests are ignored, but kept on spans.
//! - JSON that belongs to the user is passed through as text: [`RawJson`].
//! - Times are [`Timestamp`]s, durations seconds as doubles; ids are types of their own.
//! - Requests are read with [`crate::lax`] (by servers) and written with serde (by clients); answers are written
//!   ([`to_json`]) and read with serde. Spans in bulk skip that: [`SpanRecord`].
//!
//! These types know nothing of storage or HTTP.

pub mod agl_v1;
mod attempt;
pub mod dashboard;
mod error;
mod event;
mod id;
mod json_query;
mod page;
mod patch;
mod query;
mod raw;
mod resource;
mod rollout;
#[cfg(feature = "openapi")]
pub mod schema;
mod sequence;
mod span;
mod span_batch;
mod span_build;
mod span_query;
mod span_record;
mod statistics;
mod time;
mod words;
mod worker;
mod write;

pub use attempt::*;
pub use error::*;
pub use event::*;
pub use id::*;
pub use json_query::{JsonQuery, NoQuery};
pub use page::{InvalidList, ListRequest, Page, Sort, SortField, Window};
pub use patch::{NullNotAllowed, Patch};
pub(crate) use query::Conditions;
#[cfg(feature = "trace")]
pub(crate) use raw::push_json_string;
pub use raw::{JsonObject, RawJson};
pub use resource::*;
pub use rollout::*;
pub use sequence::*;
pub use span::*;
pub use span_batch::*;
pub use span_build::IntoAttribute;
pub use span_query::*;
pub use span_record::*;
pub use statistics::*;
pub use time::Timestamp;
pub use words::*;
pub use worker::*;
pub use write::to_json;

pub use crate::lax::reader::Word;
