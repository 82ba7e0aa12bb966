//! Change a rollout.

use std::sync::Arc;

use lightning_store_client::wire::{Patch, RawJson, Rollout, RolloutId, UpdateRollout as Request};

use super::watchdog;
use crate::domain;
use crate::storage::error::{NotFound, StoreError};
use crate::storage::tx::{Operation, Tx};

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

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Rollout, StoreError> {
        let Request { input, mode, resources_id, status, config, metadata } = self.request.clone();
        status.not_null("status")?;
        config.not_null("config")?;
        let now = tx.now();
        let Some(mut rollout) = tx.get_rollout(&self.rollout_id).await? else {
            return Err(NotFound::RolloutToUpdate(self.rollout_id.clone()).into());
        };
        let mut body = tx.get_body(rollout.key).await?;
        let body_changes = !(input.is_keep() && metadata.is_keep());
        match input {
            Patch::Keep => {}
            Patch::Clear => body.input = RawJson::null(),
            Patch::Set(input) => body.input = input,
        }
        metadata.apply(&mut body.metadata);
        if body_changes {
            tx.put_body(rollout.key, &body).await?;
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
