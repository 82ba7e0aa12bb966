//! Memos that several operations share: rollouts and attempts as they were answered, without what users keep in them.

use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, AttemptedRollout, Mode, ResourcesId, Rollout, RolloutConfig,
    RolloutId, RolloutStatus, Timestamp, WorkerId,
};
use serde::{Deserialize, Serialize};

use super::require_rollout;
use crate::storage::error::StoreError;
use crate::storage::tx::Tx;

/// A rollout as it was answered, without its task and metadata.
#[derive(Debug, Serialize, Deserialize)]
pub struct RolloutMemo {
    rollout_id: RolloutId,
    status: RolloutStatus,
    start_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resources_id: Option<ResourcesId>,
    /// Null: the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<RolloutConfig>,
}

impl RolloutMemo {
    /// What to remember of a rollout.
    pub(super) fn of(rollout: &Rollout) -> Self {
        let config = &rollout.config;
        Self {
            rollout_id: rollout.rollout_id.clone(),
            status: rollout.status,
            start_time: rollout.start_time,
            end_time: rollout.end_time,
            mode: rollout.mode,
            resources_id: rollout.resources_id.clone(),
            config: (*config != RolloutConfig::default()).then(|| config.clone()),
        }
    }

    /// The rollout, with its task and metadata as they are now.
    pub(super) async fn recall<T: Tx>(self, tx: &mut T) -> Result<Rollout, StoreError> {
        let row = require_rollout(tx, &self.rollout_id).await?;
        let body = tx.get_body(&row).await?;
        Ok(Rollout {
            rollout_id: self.rollout_id,
            input: body.input,
            start_time: self.start_time,
            end_time: self.end_time,
            mode: self.mode,
            resources_id: self.resources_id,
            status: self.status,
            config: self.config.unwrap_or_default(),
            metadata: body.metadata,
        })
    }
}

/// An attempt as it was answered, without its metadata.
#[derive(Debug, Serialize, Deserialize)]
pub struct AttemptMemo {
    attempt_id: AttemptId,
    sequence_id: i64,
    status: AttemptStatus,
    start_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker_id: Option<WorkerId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_heartbeat_time: Option<Timestamp>,
}

impl AttemptMemo {
    /// What to remember of an attempt.
    pub(super) fn of(attempt: &Attempt) -> Self {
        Self {
            attempt_id: attempt.attempt_id.clone(),
            sequence_id: attempt.sequence_id,
            status: attempt.status,
            start_time: attempt.start_time,
            end_time: attempt.end_time,
            worker_id: attempt.worker_id.clone(),
            last_heartbeat_time: attempt.last_heartbeat_time,
        }
    }

    /// Which attempt it is.
    pub(super) fn attempt_id(&self) -> &AttemptId {
        &self.attempt_id
    }

    /// The attempt of this rollout. Its metadata are null, as they are of every attempt that has just begun.
    pub(super) fn recall(self, rollout_id: RolloutId) -> Attempt {
        Attempt {
            rollout_id,
            attempt_id: self.attempt_id,
            sequence_id: self.sequence_id,
            start_time: self.start_time,
            end_time: self.end_time,
            status: self.status,
            worker_id: self.worker_id,
            last_heartbeat_time: self.last_heartbeat_time,
            metadata: None,
        }
    }
}

/// A rollout with the attempt that was started.
#[derive(Debug, Serialize, Deserialize)]
pub struct StartedMemo {
    rollout: RolloutMemo,
    attempt: AttemptMemo,
}

impl StartedMemo {
    /// What to remember of a start.
    pub(super) fn of(started: &AttemptedRollout) -> Self {
        Self { rollout: RolloutMemo::of(&started.rollout), attempt: AttemptMemo::of(&started.attempt) }
    }

    /// What was started, as it was then.
    pub(super) async fn recall<T: Tx>(self, tx: &mut T) -> Result<AttemptedRollout, StoreError> {
        let rollout = self.rollout.recall(tx).await?;
        let attempt = self.attempt.recall(rollout.rollout_id.clone());
        Ok(AttemptedRollout { rollout, attempt })
    }
}
