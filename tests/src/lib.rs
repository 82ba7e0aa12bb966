//! What the end-to-end tests and the benchmark share: they start the real binary and talk to it over a socket.
//!
//! - [`server`] starts and stops the program, [`http`] talks to it, [`clock`] is the only place that asks for the time;
//! - [`golden`] replays recorded exchanges of the Python server and says where the answers differ;
//! - [`span`] is the body of a span;
//! - [`crash`] kills the server under load and looks for what is lost; [`namespace`] gives a test disks of its own,
//!   [`trace`] the system calls of the server;
//! - [`postgres`] is a PostgreSQL server to test with;
//! - [`proxy`] breaks connections between a client and the server;
//! - [`sse`] listens to events;
//! - [`json`] reads JSON without losing how a number was written, which [`golden`] compares.
//!
//! Nothing here knows the inside of the server. Build the program first (`make build`); `LIGHTNING_STORE_BIN` names
//! another one.

pub mod clock;
pub mod crash;
pub mod golden;
pub mod http;
pub mod json;
pub mod namespace;
pub mod postgres;
pub mod proxy;
pub mod server;
pub mod span;
pub mod sse;
pub mod trace;
