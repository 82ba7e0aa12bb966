//! The client of lightning-store, the store of agent training runs, for programs and for WebAssembly; and the
//! vocabulary that it shares with the server.
//!
//! # A worker in a few lines
//!
//! ```no_run
//! use std::time::Duration;
//! use lightning_store_client::wire::{AttemptStatus, UpdateAttempt};
//! use lightning_store_client::{Client, ClientError, Dequeue};
//!
//! # #[cfg(feature = "native")]
//! # async fn worker() -> Result<(), ClientError> {
//! let client = Client::new("http://127.0.0.1:4747")?;
//! // As long as it takes; the server answers as soon as there is something.
//! let wanted = Dequeue { worker_id: Some("w-1".into()), wait: Duration::from_hours(1), ..Dequeue::default() };
//! for work in client.dequeue(&wanted).await? {
//!     println!("{}: {}", work.rollout.rollout_id, work.rollout.input.as_str());
//!     let span = client.span(&work.attempt, "think").attribute("tokens", 17);
//!     // … the work …
//!     let spans = [span.ended(client.now()), client.reward(&work.attempt, 0.75)];
//!     client.add_spans(&spans).await?;
//!     let ended = UpdateAttempt::status(AttemptStatus::Succeeded);
//!     client.update_attempt(&work.rollout.rollout_id, &work.attempt.attempt_id, &ended).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `examples/worker.rs` is a whole one, with heartbeats, trouble and a proper end.
//!
//! And an algorithm, which puts work in and waits for it; here against scripted answers, so that it runs anywhere:
//!
//! ```
//! use lightning_store_client::transport::fake::{Answer, Fake};
//! use lightning_store_client::wire::{NewRollout, RawJson};
//! use lightning_store_client::{Client, ClientError};
//!
//! # let rollout = |status| format!(
//! #     r#"[{{"rollout_id":"ro-1","input":{{"task":1}},"start_time":1.0,"end_time":null,"mode":null,"resources_id":null,
//! #     "status":"{status}","config":{{}},"metadata":{{}}}}]"#
//! # );
//! # let fake = Fake::new([Answer::json(201, &rollout("queuing")), Answer::json(200, &rollout("succeeded"))]);
//! let client = Client::builder("http://127.0.0.1:4747").build(fake.clone())?;
//! fake.run(async {
//!     let task = NewRollout::new(RawJson::parse(r#"{"task": 1}"#).expect("JSON"));
//!     let queued = client.enqueue(&[task]).await?;
//!     let ids: Vec<_> = queued.into_iter().map(|rollout| rollout.rollout_id).collect();
//!     let finished = client.wait_for_rollouts(&ids, None).await?;
//!     assert!(finished.iter().all(|rollout| rollout.status.is_finished()));
//!     Ok::<(), ClientError>(())
//! })?;
//! # Ok::<(), ClientError>(())
//! ```
//!
//! # What is promised
//!
//! **A call has its effect once.** Every call that writes carries an [`IdempotencyKey`], made once and kept while the
//! call is repeated. A server that has carried out a call answers its repetition from memory and does nothing. So a
//! lost answer neither loses a rollout that was taken from the queue nor queues one twice. Three kinds of calls need no
//! key: those that only read, heartbeats, and numbers for spans, of which a repetition leaves one out. This needs a
//! lightning-store server: the Python one does not know keys, and with it a repeated call may have two effects.
//!
//! **Trouble passes.** After trouble of the network or the server (no connection, no answer in time, 408, 5xx but 501)
//! a call is made again after 1, 2 and 5 seconds, or when `Retry-After` says; see [`RetryPolicy`]. Before each
//! repetition the client looks whether the server is alive, and ends with [`ClientError::Unhealthy`] if it is not.
//! Refusals are final.
//!
//! **An error is no answer.** When a call that writes ends with anything but a refusal, or is dropped, it may have had
//! its effect. [`ClientError::idempotency_key`] names its key: the same call [with that key](Client::with_key), within
//! 24 hours, has the effect if it is still missing and answers what the lost answer said. To be able to do so after a
//! crash of your own, [make the key](Client::new_key) first and keep it.
//!
//! **Waits have any length.** [`Client::dequeue`] and [`Client::wait_for_rollouts`] are composed of requests that are
//! short enough for proxies, and [`Client::events`] mends itself.
//!
//! **Nothing of yours is changed.** Task inputs, metadata and attributes go through as text ([`wire::RawJson`]): big
//! integers and `1.0` survive. Unknown members of answers are ignored, so that a newer server can be used.
//!
//! **Credentials are not shown**, neither by `Debug` nor in errors.
//!
//! # Features
//!
//! | feature | for | what it brings |
//! |---|---|---|
//! | none | servers, other transports | the client over any [`Transport`](transport::Transport), and the vocabulary |
//! | `native` | programs | `Native`: reqwest on tokio, with rustls; the client's futures are `Send` |
//! | `fetch` | `wasm32-unknown-unknown` | `Fetch`: the global `fetch` of browsers, workers and Node ≥ 18 |
//! | `fake` | tests | `Fake`: scripted answers and a clock that jumps, for code that uses the client |
//! | `openapi` | servers | schemas of the wire types |
//!
//! # What is where
//!
//! - [`client`]: the calls, and the only loop that repeats them. [`retry`]: when it does. [`error`]: why it gave up.
//! - [`transport`]: how requests are sent, on each platform.
//! - [`wire`]: every request and answer as a type. [`api`]: every operation as data: method, path, what a repetition
//!   does.
//! - [`lax`]: how a server reads requests: forgiving about types, complete about mistakes.

pub mod api;
mod base_url;
pub mod client;
pub mod error;
pub mod key;
pub mod lax;
mod percent;
pub mod retry;
mod sse;
pub mod transport;
pub mod wire;

pub use client::{Client, ClientBuilder, Dequeue, EventItem};
pub use error::ClientError;
pub use key::IdempotencyKey;
pub use retry::RetryPolicy;
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
pub use transport::fetch::Fetch;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub use transport::native::Native;
