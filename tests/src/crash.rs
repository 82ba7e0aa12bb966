//! Killing the server under load, and finding out afterwards whether anything was lost.
//!
//! - [`writer`] sends a mixed load and writes down what was acknowledged, as facts of the [`journal`];
//! - [`inspect`] asks the restarted server about all of them over HTTP;
//! - [`integrity`] checks the file that the crash left behind with SQLite alone;
//! - [`random`] and [`otlp`] serve the writers.

pub mod inspect;
pub mod integrity;
pub mod journal;
pub mod otlp;
pub mod random;
pub mod writer;
