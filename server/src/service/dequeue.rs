//! Take rollouts from the queue.

use std::time::Duration;

use lightning_store_client::wire::{AttemptedRollout, DequeueRollouts};
use tokio_util::sync::CancellationToken;

use super::memo::StartedMemo;
use super::once::{Call, Replay};
use super::{begin_attempt, named_worker};
use crate::domain;
use crate::storage::Store;
use crate::storage::error::StoreError;
use crate::storage::tx::{Durability, Needs, Operation, Tx};

/// Takes up to `limit` rollouts from the front of the queue and starts an attempt of each. Nobody else gets them, and
/// they are never half taken: queue, rollout, attempt and worker change together.
#[derive(Debug)]
pub struct Dequeue {
    /// How many, and for whom.
    pub request: DequeueRollouts,
}

impl Operation for Dequeue {
    const NAME: &'static str = "dequeue";
    const IS_TAKING: bool = true;
    type Output = Vec<AttemptedRollout>;

    fn needs(&self) -> Needs<'_> {
        let limit = usize::try_from(self.request.limit).unwrap_or(0);
        Needs {
            queued: limit,
            adds: limit,
            workers: self.request.worker_id.iter().filter(|_| limit > 0).collect(),
            ..Needs::default()
        }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<AttemptedRollout>, StoreError> {
        let Ok(limit @ 1..) = usize::try_from(self.request.limit) else { return Ok(Vec::new()) };
        let now = tx.now();
        let worker_id = self.request.worker_id.as_ref();
        let claimed = tx.claim_queued(limit).await?;
        let mut attempts = Vec::with_capacity(claimed.len());
        let mut answer = Vec::with_capacity(claimed.len());
        for (mut rollout, body) in claimed {
            let attempt = begin_attempt(&mut rollout, worker_id, now);
            answer.push(AttemptedRollout { rollout: rollout.with(body), attempt: attempt.clone() });
            attempts.push((rollout, attempt));
        }
        tx.insert_attempts(&attempts).await?;
        if let Some(mut worker) = named_worker(tx, worker_id).await? {
            if let Some(last) = answer.last() {
                domain::worker::dequeued(&mut worker, &last.attempt, now);
                tx.put_worker(&worker, Durability::Durable).await?;
            } else {
                domain::worker::found_nothing(&mut worker, now);
                tx.put_worker(&worker, Durability::Soft).await?;
            }
        }
        Ok(answer)
    }
}

impl Replay for Dequeue {
    type Memo = Vec<StartedMemo>;

    /// A look into an empty queue is not remembered: the next one may find something.
    fn memo(&self, output: &Vec<AttemptedRollout>) -> Option<Vec<StartedMemo>> {
        (!output.is_empty()).then(|| output.iter().map(StartedMemo::of).collect())
    }

    async fn recall<T: Tx>(
        &self,
        tx: &mut T,
        memo: Vec<StartedMemo>,
    ) -> Result<Vec<AttemptedRollout>, StoreError> {
        let mut output = Vec::with_capacity(memo.len());
        for started in memo {
            output.push(started.recall(tx).await?);
        }
        Ok(output)
    }
}

/// Takes rollouts from the queue; if there are none, waits for them as long as the request says, or until `stop` is
/// given. All looks belong to the same call.
///
/// # Errors
/// [`StoreError`].
///
/// # Cancel safety
/// Dropping the future ends the wait; a look that is on its way is carried out.
pub async fn dequeue(
    store: &Store,
    request: DequeueRollouts,
    call: Option<Call>,
    stop: &CancellationToken,
) -> Result<Vec<AttemptedRollout>, StoreError> {
    let look = || store.transact(Dequeue { request: request.clone() }.once(call.clone()));
    let Some(patience) = patience(&request) else { return look().await };
    let over = tokio::time::sleep(patience);
    tokio::pin!(over);
    // In line before the first look, so that nothing happens unseen in between.
    let mut place = store.wakeups().stand_in_line();
    loop {
        let found = look().await?;
        if !found.is_empty() {
            return Ok(found);
        }
        tokio::select! {
            () = place.turn() => {}
            () = &mut over => return Ok(found),
            () = stop.cancelled() => return Ok(found),
        }
    }
}

/// How long to wait; none for a request that does not wait.
fn patience(request: &DequeueRollouts) -> Option<Duration> {
    let seconds = request.wait_seconds.filter(|seconds| *seconds > 0.0 && request.limit > 0)?;
    Duration::try_from_secs_f64(seconds).ok()
}
