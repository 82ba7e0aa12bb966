//! The client and traces for JavaScript: bindings of [`lightning_store_client`], without logic of their own.
//!
//! The package has two modules, so that a page loads what it shows: this crate is compiled twice, with the feature `client`
//! and with `trace`. The second one, in `trace/`, asks no server: a page hands it what the client has fetched.
//!
//! What goes over the border is JSON text, since it keeps what objects would lose (integers beyond 2^53, null) and costs
//! less code than their conversion. The way of a call of the client:
//!
//! 1. `npm/client.js` has one class for people. It loads this module when it is first needed, hands each call on, reads
//!    the answer with `JSON.parse` and makes `Error`s of failures.
//! 2. The methods of [`client::LightningStoreClient`] are the same, by noun in the files of `client/`. Their comments
//!    and types are what becomes the `.d.ts`.
//! 3. [`input`] writes objects as JSON; ids, options and the shapes of queries are checked before anything is sent, the
//!    rest by the server, which lists all mistakes at once.
//! 4. [`call`] runs the Rust client's future as a promise, until it is done or its `AbortSignal` says no.
//! 5. [`failure`] writes what went wrong.
//!
//! Lists and events are [`items`], fetched one by one. `bundle/` makes the npm package of all this.
#![cfg(target_arch = "wasm32")]

#[cfg(feature = "client")]
mod call;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod failure;
#[cfg(feature = "client")]
mod input;
#[cfg(feature = "client")]
mod items;
#[cfg(feature = "trace")]
mod trace;
#[cfg(feature = "client")]
mod typescript;
