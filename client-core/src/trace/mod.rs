//! Trace.
pub mod attributes;
pub mod facts;
pub mod filter;
pub mod json;
pub mod kind;
pub mod layout;
pub mod link;
pub mod minimap;
pub mod python;
mod repair;
pub mod reward;
pub mod row;
pub mod secrets;
pub mod store;
pub mod tree;
pub mod usage;
pub mod waterfall;
