//! Start another attempt of a rollout.

use lightning_store_client::wire::{AttemptedRollout, RolloutId, WorkerId};

use super::memo::StartedMemo;
use super::once::Replay;
use super::{begin_attempt, report_to_worker, require_rollout};
use crate::storage::error::StoreError;
use crate::storage::tx::{Needs, Operation, Tx};

/// Starts an attempt whatever the rollout's status and however many it has had. A place in the queue becomes stale.
#[derive(Debug)]
pub struct StartAttempt {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// Who works on it.
    pub worker_id: Option<WorkerId>,
}

impl Operation for StartAttempt {
    const NAME: &'static str = "start_attempt";
    type Output = AttemptedRollout;

    fn needs(&self) -> Needs<'_> {
        let workers = self.worker_id.iter().collect();
        Needs { rollouts: vec![&self.rollout_id], workers, adds: 1, ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<AttemptedRollout, StoreError> {
        let now = tx.now();
        let mut rollout = require_rollout(tx, &self.rollout_id).await?;
        let body = tx.get_body(&rollout).await?;
        let attempt = begin_attempt(&mut rollout, self.worker_id.as_ref(), now);
        let answer = AttemptedRollout { rollout: rollout.with(body), attempt: attempt.clone() };
        tx.insert_attempts(&[(rollout, attempt)]).await?;
        report_to_worker(tx, &answer.attempt).await?;
        Ok(answer)
    }
}

impl Replay for StartAttempt {
    type Memo = StartedMemo;

    fn memo(&self, output: &AttemptedRollout) -> Option<StartedMemo> {
        Some(StartedMemo::of(output))
    }

    async fn recall<T: Tx>(&self, tx: &mut T, memo: StartedMemo) -> Result<AttemptedRollout, StoreError> {
        memo.recall(tx).await
    }
}
