//! What a viewer and a trainer work out from the spans of an attempt.
//!
//! Everything here is a pure function of spans: a page calls it through WebAssembly, a worker natively. Nothing fails on
//! what a span holds: attributes may be anything, parents may be missing, times may be absent, and an instrumentation
//! that nobody knows yet is shown as the JSON it wrote.
//!
//! From text to what is looked at:
//!
//! 1. [`store::Trace`] takes spans in any order and keeps their text, with a few facts of each: its [`kind`], its label,
//!    its [`usage`], its [`reward`]. Spans may come without attributes and bring these facts along ([`light`]); whole
//!    ones complete them.
//! 2. [`tree::Tree`] puts them below each other and repairs what is wrong; [`layout::Layout`] flattens the visible part
//!    into columns of numbers, [`minimap::Minimap`] all of it into pixels, and [`row::Row`] says what one row reads.
//!    [`waterfall::Waterfall`] holds these together while spans arrive.
//! 3. Of one span, [`summary::Summary`] tells what is known, [`messages`] what was said to a model and answered, and
//!    [`inspect`] shows its attributes, with [`secrets`] masked.
//! 4. Of a span that is only counted, [`gist::Gist`] is all that sums and lists need.
//! 5. Of the whole attempt, [`messages::Conversation`] is what was said, [`triplets::Training`] what a trainer gets,
//!    [`triplets::FinalReward`] its worth, and [`compare::Comparison`] how it differs from another one.
//!
//! [`text`] writes all of these for a viewer in another language, and a [`Document`] is any JSON text to look into.
//!
//! Below lie [`json`] (numbers stay text), [`python`] (literals) and [`attributes`] (dotted keys).
//!
//! To teach it a new instrumentation: signs of the kind go to [`kind`], names of token counts to [`usage`], the place of
//! messages to [`messages::dialect`], and a new shape of a message to [`messages::read`].

pub mod attributes;
mod chains;
pub mod compare;
mod compare_lists;
pub mod document;
mod draft;
pub mod facts;
pub mod filter;
pub mod gist;
pub mod inspect;
pub mod json;
pub mod kind;
pub mod layout;
pub mod light;
pub mod link;
pub mod messages;
pub mod minimap;
pub mod navigate;
pub mod python;
mod related;
mod repair;
pub mod reward;
pub mod row;
pub mod secrets;
mod sort;
pub mod store;
pub mod summary;
pub mod text;
pub mod tree;
pub mod triplets;
pub mod usage;
pub mod waterfall;

pub use compare::Comparison;
pub use document::Document;
pub use inspect::Shape;
pub use json::Json;
pub use kind::Kind;
pub use layout::{Layout, View};
pub use messages::{Conversation, SpanMessages};
pub use minimap::Minimap;
pub use row::Row;
pub use store::{Order, Trace};
pub use summary::Summary;
pub use triplets::{FinalReward, Training, TripletOptions};
pub use waterfall::Waterfall;
