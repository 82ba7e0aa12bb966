//! The use cases, one file each. Those that write are [`Operation`](crate::storage::tx::Operation)s: they fetch rows,
//! let `domain` decide, and put rows back, all in one transaction. Nothing here knows HTTP or SQL.
//!
//! To add one: a struct with the request, `impl Operation`, `impl Replay` unless repeating it is harmless ([`once`]), a
//! test in the conformance suite (`tests/tests/conformance`), and a handler in `http`.

pub mod add_spans;
pub mod dequeue;
pub mod enqueue;
pub mod events;
pub mod memo;
pub mod next_sequence_id;
pub mod once;
pub mod projection;
pub mod resource_rows;
pub mod resources;
pub mod start_attempt;
pub mod start_rollout;
pub mod told;
pub mod update_attempt;
pub mod update_rollout;
pub mod wait;
pub mod watchdog;
pub mod workers;

use lightning_store_client::wire::{Attempt, AttemptId, RolloutId, Timestamp, Worker, WorkerId};

use crate::domain;
use crate::storage::error::{NotFound, StoreError, TxResult};
use crate::storage::rows::{AttemptRow, RolloutRow, RowKey};
use crate::storage::tx::{Durability, Tx};

/// The rollout, or the refusal that says it is not there.
async fn require_rollout<T: Tx>(tx: &mut T, id: &RolloutId) -> Result<RolloutRow, StoreError> {
    tx.get_rollout(id).await?.ok_or_else(|| NotFound::Rollout(id.clone()).into())
}

/// The attempt, or the refusal that says it is not there.
async fn require_attempt<T: Tx>(
    tx: &mut T,
    rollout: &RolloutRow,
    id: &AttemptId,
) -> Result<AttemptRow, StoreError> {
    let missing = || NotFound::Attempt(id.clone(), rollout.rollout_id.clone()).into();
    tx.get_attempt(rollout, id).await?.ok_or_else(missing)
}

/// The worker with this id, a new one if it was never seen. None for the empty id, which names nobody (Compat).
async fn named_worker<T: Tx>(tx: &mut T, id: Option<&WorkerId>) -> TxResult<Option<Worker>> {
    match id.filter(|id| !id.as_str().is_empty()) {
        Some(id) => Ok(Some(tx.get_worker(id).await?.unwrap_or_else(|| Worker::new(id.clone())))),
        None => Ok(None),
    }
}

/// The worker of an attempt, if it has one, learns how the attempt stands.
async fn report_to_worker<T: Tx>(tx: &mut T, attempt: &Attempt) -> TxResult<()> {
    let now = tx.now();
    if let Some(mut worker) = named_worker(tx, attempt.worker_id.as_ref()).await? {
        domain::worker::reported(&mut worker, attempt, now);
        tx.put_worker(&worker, Durability::Durable).await?;
    }
    Ok(())
}

/// Starts the next attempt of a rollout; not stored yet.
fn begin_attempt(rollout: &mut RolloutRow, worker_id: Option<&WorkerId>, now: Timestamp) -> Attempt {
    let attempt = domain::attempt::begin(rollout, crate::ids::attempt(), worker_id.cloned(), now);
    let row = AttemptRow { key: RowKey(0), attempt, silent_since: None };
    rollout.check_time = domain::health::next_check(rollout, &row);
    row.attempt
}
