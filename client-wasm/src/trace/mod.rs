//! Traces for JavaScript, in the second module of the package: bindings of [`lightning_store_client::trace`], without logic
//! of their own.
//!
//! Spans stay in wasm memory. What goes out are numbers, JSON text of what was asked for, and addresses of columns, which
//! `npm/traces.js` copies into typed arrays. The classes for people are there, and their declarations in `npm/trace.d.ts`;
//! those here are only called by them, with arguments that are in order.

mod document;
mod waterfall;
