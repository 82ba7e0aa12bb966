//! Recorded exchanges with the Python server, played against ours.
//!
//! - [`recording`] reads the lines of `tests/golden/*.jsonl`;
//! - [`placeholder`] binds ids and times that differ from run to run;
//! - [`compare`] says in words where an answer differs, [`validation`] does so for the 422 answers, whose texts are free;
//! - [`protobuf`] reads the two small messages that OTLP answers with;
//! - [`difference`] holds the answers that differ on purpose, each with its reason;
//! - [`replay`] plays a file from top to bottom.

pub mod compare;
pub mod difference;
pub mod placeholder;
pub mod protobuf;
pub mod recording;
pub mod replay;
pub mod validation;
