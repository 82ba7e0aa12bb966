//! Change an attempt.

use lightning_store_client::wire::{Attempt, AttemptId, Patch, RolloutId, UpdateAttempt as Request};

use super::memo::AttemptMemo;
use super::once::Replay;
use super::{report_to_worker, require_attempt, require_rollout, watchdog};
use crate::domain;
use crate::storage::error::{NotFound, StoreError};
use crate::storage::tx::{Needs, Operation, Tx};

/// Changes an attempt. The newest one takes its rollout along, and its worker learns of it.
#[derive(Debug)]
pub struct UpdateAttempt {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// One of its attempts, or `latest`.
    pub attempt_id: AttemptId,
    /// What to change.
    pub request: Request,
}

impl Operation for UpdateAttempt {
    const NAME: &'static str = "update_attempt";
    type Output = Attempt;

    fn needs(&self) -> Needs<'_> {
        let mut needs = Needs { rollouts: vec![&self.rollout_id], ..Needs::default() };
        match &self.request.worker_id {
            Patch::Set(worker_id) => needs.workers.push(worker_id),
            _ if !self.request.status.is_keep() => needs.workers_of.push(&self.rollout_id),
            _ => {}
        }
        needs
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Attempt, StoreError> {
        let Request { status, worker_id, last_heartbeat_time, metadata } = &self.request;
        // Null is refused before anything is looked up.
        status.not_null("status")?;
        worker_id.not_null("worker_id")?;
        last_heartbeat_time.not_null("last_heartbeat_time")?;
        metadata.not_null("metadata")?;
        let now = tx.now();
        let mut rollout = require_rollout(tx, &self.rollout_id).await?;
        let no_attempts = || NotFound::NoAttempts(self.rollout_id.clone());
        let newest = tx.get_newest_attempt(&rollout).await?.ok_or_else(no_attempts)?;
        let is_newest = self.attempt_id.is_latest() || self.attempt_id == newest.attempt.attempt_id;
        let mut row =
            if is_newest { newest } else { require_attempt(tx, &rollout, &self.attempt_id).await? };
        domain::attempt::update(&mut row, self.request.clone(), now)?;
        let answer = row.attempt.clone();
        if !(status.is_keep() && worker_id.is_keep()) {
            report_to_worker(tx, &answer).await?;
        }
        if is_newest {
            domain::rollout::follow(&mut rollout, answer.status, answer.sequence_id, now);
            watchdog::settle(tx, rollout, row, true).await?;
        } else {
            tx.put_attempts(&[row]).await?;
        }
        Ok(answer)
    }
}

impl Replay for UpdateAttempt {
    type Memo = AttemptMemo;

    fn memo(&self, output: &Attempt) -> Option<AttemptMemo> {
        Some(AttemptMemo::of(output))
    }

    async fn recall<T: Tx>(&self, tx: &mut T, memo: AttemptMemo) -> Result<Attempt, StoreError> {
        let rollout = require_rollout(tx, &self.rollout_id).await?;
        let row = require_attempt(tx, &rollout, memo.attempt_id()).await?;
        let mut attempt = Attempt { metadata: row.attempt.metadata, ..memo.recall(self.rollout_id.clone()) };
        // A later update may have changed again what this one has set. Times that were given keep every digit.
        let Request { last_heartbeat_time, metadata, .. } = self.request.clone();
        metadata.apply(&mut attempt.metadata);
        last_heartbeat_time.apply(&mut attempt.last_heartbeat_time);
        Ok(attempt)
    }
}
