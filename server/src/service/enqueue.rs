//! Create rollouts and queue them.

use lightning_store_client::wire::{NewRollout, ResourcesId, Rollout, RolloutId, RolloutStatus, Timestamp};
use serde::{Deserialize, Serialize};

use super::once::Replay;
use crate::domain;
use crate::ids;
use crate::storage::error::StoreError;
use crate::storage::tx::{Needs, Operation, Tx};

/// Creates rollouts that wait in the queue in this order: all of them or none.
#[derive(Debug)]
pub struct Enqueue {
    /// What they are made of.
    pub rollouts: Vec<NewRollout>,
}

impl Operation for Enqueue {
    const NAME: &'static str = "enqueue";
    type Output = Vec<Rollout>;

    fn needs(&self) -> Needs<'_> {
        Needs { latest_resources: true, adds: self.rollouts.len(), ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<Rollout>, StoreError> {
        let latest = tx.get_latest_resources_id().await?;
        let rollout_ids = self.rollouts.iter().map(|_| ids::rollout()).collect();
        let rollouts = self.create(rollout_ids, latest.as_ref(), tx.now());
        tx.insert_rollouts(&rollouts).await?;
        Ok(rollouts)
    }
}

impl Enqueue {
    fn create(
        &self,
        rollout_ids: Vec<RolloutId>,
        latest: Option<&ResourcesId>,
        now: Timestamp,
    ) -> Vec<Rollout> {
        let each = rollout_ids.into_iter().zip(&self.rollouts);
        each.map(|(id, request)| {
            domain::rollout::create(id, request.clone(), latest, RolloutStatus::Queuing, now)
        })
        .collect()
    }
}

/// What the request does not say.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnqueueMemo {
    rollout_ids: Vec<RolloutId>,
    /// The resources of those that name none.
    latest: Option<ResourcesId>,
    /// When; none if there were no rollouts.
    time: Option<Timestamp>,
}

impl Replay for Enqueue {
    type Memo = EnqueueMemo;

    fn memo(&self, output: &Vec<Rollout>) -> Option<EnqueueMemo> {
        let mut without =
            self.rollouts.iter().zip(output).filter(|(request, _)| request.resources_id.is_none());
        Some(EnqueueMemo {
            rollout_ids: output.iter().map(|rollout| rollout.rollout_id.clone()).collect(),
            latest: without.next().and_then(|(_, rollout)| rollout.resources_id.clone()),
            time: output.first().map(|rollout| rollout.start_time),
        })
    }

    async fn recall<T: Tx>(&self, _: &mut T, memo: EnqueueMemo) -> Result<Vec<Rollout>, StoreError> {
        Ok(self.create(memo.rollout_ids, memo.latest.as_ref(), memo.time.unwrap_or(Timestamp::EPOCH)))
    }
}
