//! Take rollouts from the queue.

use lightning_store_client::wire::{AttemptedRollout, DequeueRollouts};

use super::memo::StartedMemo;
use super::once::Replay;
use super::{begin_attempt, named_worker};
use crate::domain;
use crate::storage::error::StoreError;
use crate::storage::tx::{Durability, Operation, Tx};

/// Takes up to `limit` rollouts from the front of the queue and starts an attempt of each. Nobody else gets them, and
/// they are never half taken: queue, rollout, attempt and worker change together.
#[derive(Debug)]
pub struct Dequeue {
    /// How many, and for whom.
    pub request: DequeueRollouts,
}

impl Operation for Dequeue {
    const NAME: &'static str = "dequeue";
    type Output = Vec<AttemptedRollout>;

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
