//! Change a rollout.

use std::sync::Arc;

use lightning_store_client::wire::{Patch, RawJson, Rollout, RolloutId, UpdateRollout as Request};

use super::memo::RolloutMemo;
use super::once::Replay;
use super::watchdog;
use crate::domain;
use crate::storage::error::{NotFound, StoreError};
use crate::storage::tx::{Needs, Operation, Tx};

/// Changes a rollout. Any status may follow any other; one that waits puts it into the queue, once.
#[derive(Debug)]
pub struct UpdateRollout {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// What to change.
    pub request: Request,
}

impl Operation for UpdateRollout {
    const NAME: &'static str = "update_rollout";
    type Output = Rollout;

    fn needs(&self) -> Needs<'_> {
        Needs { rollouts: vec![&self.rollout_id], ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Rollout, StoreError> {
        let Request { input, mode, resources_id, status, config, metadata } = self.request.clone();
        status.not_null("status")?;
        config.not_null("config")?;
        let now = tx.now();
        let Some(mut rollout) = tx.get_rollout(&self.rollout_id).await? else {
            return Err(NotFound::RolloutToUpdate(self.rollout_id.clone()).into());
        };
        let mut body = tx.get_body(&rollout).await?;
        let body_changes = !(input.is_keep() && metadata.is_keep());
        change_body(input, metadata, &mut body.input, &mut body.metadata);
        if body_changes {
            tx.put_body(&rollout, &body).await?;
        }
        mode.apply(&mut rollout.mode);
        resources_id.apply(&mut rollout.resources_id);
        if let Patch::Set(status) = status {
            domain::rollout::set_status(&mut rollout, status, now);
        }
        if let Patch::Set(config) = config {
            rollout.config = Arc::new(config);
        }
        let answer = rollout.with(body);
        match tx.get_newest_attempt(&rollout).await? {
            Some(newest) => watchdog::settle(tx, rollout, newest, false).await?,
            None => tx.put_rollouts(&[rollout]).await?,
        }
        Ok(answer)
    }
}

fn change_body(
    input: Patch<RawJson>,
    metadata: Patch<RawJson>,
    old_input: &mut RawJson,
    old_metadata: &mut Option<RawJson>,
) {
    match input {
        Patch::Keep => {}
        Patch::Clear => *old_input = RawJson::null(),
        Patch::Set(input) => *old_input = input,
    }
    metadata.apply(old_metadata);
}

impl Replay for UpdateRollout {
    type Memo = RolloutMemo;

    fn memo(&self, output: &Rollout) -> Option<RolloutMemo> {
        Some(RolloutMemo::of(output))
    }

    async fn recall<T: Tx>(&self, tx: &mut T, memo: RolloutMemo) -> Result<Rollout, StoreError> {
        let mut rollout = memo.recall(tx).await?;
        // A later update may have changed again what this one has set.
        let Request { input, metadata, config, .. } = self.request.clone();
        change_body(input, metadata, &mut rollout.input, &mut rollout.metadata);
        config.apply_mandatory("config", &mut rollout.config)?;
        Ok(rollout)
    }
}
