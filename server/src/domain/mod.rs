//! The state machine: pure functions from a state and a moment to the next state.
//!
//! ```text
//!              dequeue, start_attempt           first span, or the worker says so
//!   queuing ────────────────────────▶ preparing ─────────────────────────────────▶ running
//!      ▲                                  │  ▲                                        │
//!      │ enqueue                 ends ill │  │ dequeue                       ends ill │  ends well
//!                                         ▼  │                                        ▼     │
//!                  attempts left:     requeuing ◀──────────────────────────────────────     │
//!                  none left:          failed   ◀──────────────────────────────────────     ▼
//!                                                                                       succeeded
//! ```
//!
//! - *Ends ill*: the newest attempt failed, timed out or became unresponsive. There are attempts left while its number
//!   is below `max_attempts` and its end is listed in `retry_condition`.
//! - Only the newest attempt moves its rollout, and it does so with every update of it. Older attempts live on by
//!   themselves.
//! - A span of the newest attempt makes a rollout that is preparing or requeuing running (not one that is queuing), and
//!   an attempt that is preparing or unresponsive running.
//! - `update_rollout` may set any status at any time.
//! - `cancelled` is left only by `update_rollout` and `start_attempt`.
//! - A rollout has an `end_time` exactly while it is finished: failed, succeeded or cancelled.
//! - An attempt gets an `end_time` when it fails or succeeds, and keeps it.
//!
//! Beside it: [`facts`] is what the spans of an attempt say, [`shown`] what people are told that no row says.
//!
//! No storage, no clock, no logging: time enters as an argument. The tests beside the functions are tables.

pub mod attempt;
pub mod facts;
pub mod health;
pub mod rollout;
pub mod shown;
pub mod worker;
