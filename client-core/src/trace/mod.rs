//! Trace.
pub mod attributes;
pub mod facts;
pub mod json;
pub mod kind;
pub mod link;
pub mod python;
pub mod reward;
pub mod secrets;
pub mod store;
pub mod usage;
