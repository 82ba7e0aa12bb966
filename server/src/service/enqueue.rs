//! Create rollouts and queue them.

use lightning_store_client::wire::{NewRollout, Rollout, RolloutStatus};

use crate::domain;
use crate::ids;
use crate::storage::error::StoreError;
use crate::storage::tx::{Operation, Tx};

/// Creates rollouts that wait in the queue in this order: all of them or none.
#[derive(Debug)]
pub struct Enqueue {
    /// What they are made of.
    pub rollouts: Vec<NewRollout>,
}

impl Operation for Enqueue {
    const NAME: &'static str = "enqueue";
    type Output = Vec<Rollout>;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<Rollout>, StoreError> {
        let now = tx.now();
        let latest = tx.get_latest_resources_id().await?;
        let create = |request: &NewRollout| {
            domain::rollout::create(
                ids::rollout(),
                request.clone(),
                latest.as_ref(),
                RolloutStatus::Queuing,
                now,
            )
        };
        let rollouts: Vec<Rollout> = self.rollouts.iter().map(create).collect();
        tx.insert_rollouts(&rollouts).await?;
        Ok(rollouts)
    }
}
