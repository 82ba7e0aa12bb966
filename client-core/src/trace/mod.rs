//! Trace.
pub mod attributes;
pub mod json;
pub mod python;
pub mod secrets;
