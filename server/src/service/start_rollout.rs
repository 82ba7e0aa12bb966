//! Create a rollout that starts at once.

use lightning_store_client::wire::{
    AttemptedRollout, NewRollout, RawJson, Rollout, RolloutStatus, StartRollout as Request,
};

use super::memo::StartedMemo;
use super::once::Replay;
use super::{begin_attempt, report_to_worker};
use crate::domain;
use crate::ids;
use crate::storage::error::{StorageFailure, StoreError};
use crate::storage::tx::{Needs, Operation, Tx};

/// Creates a rollout with its first attempt, past the queue.
#[derive(Debug)]
pub struct StartRollout {
    /// What it is made of, and who works on it.
    pub request: Request,
}

impl Operation for StartRollout {
    const NAME: &'static str = "start_rollout";
    type Output = AttemptedRollout;

    fn needs(&self) -> Needs<'_> {
        let workers = self.request.worker_id.iter().collect();
        Needs { workers, latest_resources: true, adds: 1, ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<AttemptedRollout, StoreError> {
        let now = tx.now();
        let Request { rollout, worker_id } = &self.request;
        let latest = tx.get_latest_resources_id().await?;
        let created = domain::rollout::create(
            ids::rollout(),
            rollout.clone(),
            latest.as_ref(),
            RolloutStatus::Preparing,
            now,
        );
        tx.insert_rollouts(std::slice::from_ref(&created)).await?;
        let missing = || StorageFailure::Unreadable("a new rollout is missing".to_owned());
        let mut row = tx.get_rollout(&created.rollout_id).await?.ok_or_else(missing)?;
        let attempt = begin_attempt(&mut row, worker_id.as_ref(), now);
        tx.insert_attempts(&[(row, attempt.clone())]).await?;
        report_to_worker(tx, &attempt).await?;
        Ok(AttemptedRollout { rollout: created, attempt })
    }
}

impl Replay for StartRollout {
    type Memo = StartedMemo;

    fn memo(&self, output: &AttemptedRollout) -> Option<StartedMemo> {
        Some(StartedMemo::of(output))
    }

    async fn recall<T: Tx>(&self, tx: &mut T, memo: StartedMemo) -> Result<AttemptedRollout, StoreError> {
        let AttemptedRollout { rollout, attempt } = memo.recall(tx).await?;
        // An update may have changed these since; the request says what they were.
        let NewRollout { input, metadata, .. } = self.request.rollout.clone();
        let metadata = Some(metadata.unwrap_or_else(RawJson::empty_object));
        Ok(AttemptedRollout { rollout: Rollout { input, metadata, ..rollout }, attempt })
    }
}
