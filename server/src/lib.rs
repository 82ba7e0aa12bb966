//! The lightning-store server: a durable store for agent training by reinforcement learning.
//!
//! An algorithm enqueues *rollouts*; workers take them and execute them in *attempts*; attempts send back *spans*;
//! *resources* (prompts, model endpoints) are versioned beside them. This crate keeps all that and serves it over HTTP in
//! the protocol of the published Python package `agentlightning`.
//!
//! # The layers
//!
//! Data flows one way, and imports point down only:
//!
//! ```text
//!   http/      parse → call → shape: v1_agl, dashboard, otlp, ops, page
//!   service/   one file per use case; those that write are Operations, run inside one transaction
//!   domain/    pure functions (state, now) → next state: no storage, no clock, no async
//!   storage/   Tx (row verbs) · queries · wake-ups           sqlite/ · postgres/
//! ```
//!
//! The vocabulary of all layers is [`lightning_store_client::wire`]; the operations are data in
//! [`lightning_store_client::api`]; requests are read by [`lightning_store_client::lax`]. Beside the layers stand
//! [`app`] (start, accept, drain), [`connection`] (one connection), [`config`] (the command line), [`clock`] (the only
//! place that reads time), [`ids`] and [`limits`] (every bound with its reason). [`demo`] fills a store with a training run
//! to look around in. `embedded` (a feature) starts the server inside another program; its handle
//! is the client of `lightning_store_client` over a transport that hands requests to [`http::App`] without a socket.
//! The API describes itself in [`http::openapi`]; the types of the JavaScript client are made of that description
//! (`client-wasm/bundle`), so that neither can drift from what is served.
//!
//! # One request, followed
//!
//! `POST /v1/agl/queues/rollouts/dequeue`
//!
//! 1. [`app`] accepted the connection, [`connection`] reads from it; [`http::App::respond`] draws a request id and asks
//!    the router.
//! 2. `http/v1_agl/queues.rs` gets the body from [`http::extract::OptionalJson`], which has checked it as the Python
//!    server would, and, if the request has an idempotency key, its fingerprint from [`http::keyed`]; it calls
//!    [`service::dequeue::dequeue`], which calls [`storage::Store::transact`] with [`service::dequeue::Dequeue`],
//!    wrapped into [`service::once::Once`].
//! 3. The SQLite store puts it into the channel of its writer thread (`storage/sqlite/writer.rs`), which takes whatever
//!    is waiting and runs all of it in one transaction.
//! 4. [`service::once`] finds that the key is new. [`service::dequeue`] claims rows from the queue,
//!    [`domain::attempt::begin`] makes each an attempt, and the rows go back; the key is remembered with what the answer
//!    can be made of again: queue, rollout, attempt, worker and key change together or not at all.
//! 5. The writer commits once (one flush to disk for everybody in the batch), publishes wake-ups, and answers.
//! 6. If the queue was empty and the request has `wait_seconds`, its handler sleeps in line
//!    ([`storage::wakeup::queue`]) until there is something, and looks again.
//! 7. The handler answers the list as JSON.
//!
//! # Decisions
//!
//! - **A use case is written once**, over the verbs of [`storage::tx::Tx`], and runs on any database. On SQLite its future
//!   never waits: the writer thread polls it once. Operations can be run again, so a batch needs no savepoints: if
//!   anything in it fails, it is undone and each operation runs by itself.
//! - **An answered write is on disk** (write-ahead log, `synchronous=FULL`). Not promised are signs of life: heartbeats
//!   and looks into an empty queue are *soft*, kept in memory, written every few seconds and laid over what is read, so
//!   that thousands of idle workers cost no disk writes.
//! - **A repeated call has one effect.** A call with an idempotency key leaves, in its own transaction, a small memo that its answer
//!   can be made of again; a second call with the key is answered from it. Services know nothing of HTTP, and the
//!   answer to a repetition is shaped like any other.
//! - **On PostgreSQL a transaction is a unit of work of all who wait.** Operations that come while one is on its way share the
//!   next. What they say that they need is fetched and locked at its beginning, always in the same order, changed in
//!   memory, and written with the commit in one go, each kind of rows by one statement and all statements on their way
//!   before the first is answered. What fails together is run again each by itself; what others make impossible is run again. A
//!   commit whose answer was lost is found by a mark that it has left.
//! - **No server leads.** Time is the database's; what is due is claimed by whoever comes first; wake-ups travel as notes
//!   apart from the transactions, and a look around every second finds what a note has missed.
//! - **Nobody polls.** Waits sleep on signals that are published after the commit. Of those who wait for work only as
//!   many are woken as there is work for. Listeners to events share one ring of changes, which is recorded only while
//!   somebody listens, and have no queue that could overflow or hold up a write. The watchdog sleeps until the earliest
//!   deadline; besides, every write applies deadlines that have passed on the rollouts it changes, so that the next read
//!   shows them. After a start, silence counts from the start.
//! - **Sequence numbers** come from memory out of blocks that are reserved on disk: they only rise, and skip numbers only
//!   after a crash.
//! - **Bodies apart from states.** A rollout's task lies beside the row that changes with each step; spans are appended to
//!   one table with one narrow index, most of their text untouched.
//! - **One moment per transaction**, strictly later than all before it on its server, from a clock that nobody can set back.
//! - **The past can be told.** An operation may carry the moment at which it happened ([`service::told`]); the demo
//!   tells hours of a training run so, through the use cases that requests come to.
//! - **Superseded versions of resources** are kept in the transaction that replaces them, so many of each set.
//! - **What spans say is worked out beside the requests that bring them** ([`service::projection`]): one task follows the
//!   spans behind a watermark, folds new ones into facts of their attempts ([`domain::facts`]), and writes both in one
//!   small operation, so that they go together through a crash. On SQLite there is one watermark; on PostgreSQL each attempt
//!   has its own, and whoever was slower to tell of an attempt leaves it to the other. It sleeps until spans are committed; while nobody looks at
//!   the dashboard it waits for company and takes a tenth of one processor at the most. Rules that change have another
//!   number, and facts are made anew.
//! - **Lists of the dashboard are one pass over narrow rows**, whatever they are filtered and sorted by, and whatever the
//!   page; a place in a list is a value and a key, not a number. What happened when is noted in memory with each commit
//!   ([`storage::history`]), or read from an index of ends, step by step, and remembered when the step is over.
//! - **What is only kept is not read**: JSON of the users is checked when it comes in, stored as text, and copied into
//!   answers ([`lightning_store_client::wire::RawJson`], [`lightning_store_client::wire::to_json`]).
//! - **Numbers of rows are kept, not counted**, so that the first page of a million rollouts is as quick as that of ten.
//! - **The dashboard is compiled into the program, not into this library**: `main` hands its files to [`http::page`], so
//!   that a new build of `web` only links the program again, and the library needs no page to be built or tested. Its
//!   routes are its own; the server answers every other path with it and writes into it where it stands.
//! - Differences from the Python server are deliberate, listed in the README, and each has its line in
//!   `tests/golden/differences.jsonl`. Quirks that are kept for its clients are marked `Compat`.
//!
//! # Where tests are
//!
//! Domain and helpers: beside the code. Stores: `tests/tests/conformance`, the same sentences for every kind. Everything
//! else drives the real binary: recorded exchanges, processes and signals, durability, the real Python package; the
//! dashboard in a real browser from `web/tests`.

pub mod app;
pub mod clock;
pub mod config;
pub mod connection;
pub mod demo;
pub mod domain;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod http;
pub mod ids;
pub mod limits;
pub mod service;
pub mod storage;
