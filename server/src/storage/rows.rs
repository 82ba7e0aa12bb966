//! Rollouts and attempts as the write side handles them.

use std::sync::{Arc, LazyLock};

use lightning_store_client::wire::{
    Attempt, Mode, RawJson, ResourcesId, Rollout, RolloutConfig, RolloutId, RolloutStatus, Timestamp,
};

use super::error::{StorageFailure, TxResult};

/// Where a storage keeps a row. Means nothing anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowKey(pub i64);

/// Where a storage keeps a span. In the order of their keys, spans of a rollout are in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpanKey {
    /// Among the spans of its attempt.
    pub key: i64,
    /// Its attempt.
    pub attempt: i64,
}

/// The part of a rollout that changes in its life. Its task and metadata, which may be large, are a [`RolloutBody`].
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutRow {
    /// Where it is kept.
    pub key: RowKey,
    /// Its id.
    pub rollout_id: RolloutId,
    /// Where it is in its life.
    pub status: RolloutStatus,
    /// When it was created.
    pub start_time: Timestamp,
    /// When it ended; only of finished rollouts.
    pub end_time: Option<Timestamp>,
    /// What it is for.
    pub mode: Option<Mode>,
    /// The resources to use.
    pub resources_id: Option<ResourcesId>,
    /// How often and for how long it is tried.
    pub config: Arc<RolloutConfig>,
    /// How many attempts it has had.
    pub attempts: i64,
    /// When its first attempt began. Null: it has had none.
    pub first_start: Option<Timestamp>,
    /// When its newest attempt should be looked at next, at the earliest. Null: not at all.
    pub check_time: Option<Timestamp>,
}

/// The rest of a rollout, only read and written where it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutBody {
    /// The task.
    pub input: RawJson,
    /// What its owner keeps beside it.
    pub metadata: Option<RawJson>,
}

impl RolloutRow {
    /// The row of a rollout that is new.
    pub fn new(key: RowKey, rollout: &Rollout) -> Self {
        Self {
            key,
            rollout_id: rollout.rollout_id.clone(),
            status: rollout.status,
            start_time: rollout.start_time,
            end_time: rollout.end_time,
            mode: rollout.mode,
            resources_id: rollout.resources_id.clone(),
            config: if rollout.config == **DEFAULT_CONFIG {
                DEFAULT_CONFIG.clone()
            } else {
                Arc::new(rollout.config.clone())
            },
            attempts: 0,
            first_start: None,
            check_time: None,
        }
    }

    /// The rollout as it is answered.
    pub fn with(&self, body: RolloutBody) -> Rollout {
        Rollout {
            rollout_id: self.rollout_id.clone(),
            input: body.input,
            start_time: self.start_time,
            end_time: self.end_time,
            mode: self.mode,
            resources_id: self.resources_id.clone(),
            status: self.status,
            config: RolloutConfig::clone(&self.config),
            metadata: body.metadata,
        }
    }
}

/// The one default config, which most rollouts share.
pub static DEFAULT_CONFIG: LazyLock<Arc<RolloutConfig>> = LazyLock::new(Arc::default);

/// A config as it is kept: its JSON; none for the default.
///
/// # Errors
/// None but of the program's own making.
pub fn config_text(config: &RolloutConfig) -> TxResult<Option<String>> {
    if *config == **DEFAULT_CONFIG { Ok(None) } else { to_json(config).map(Some) }
}

/// A value as JSON text.
///
/// # Errors
/// None but of the program's own making.
pub fn to_json<T: serde::Serialize>(value: &T) -> TxResult<String> {
    serde_json::to_string(value).map_err(|error| StorageFailure::Unreadable(error.to_string()))
}

/// What tells one request from another that comes with the same idempotency key.
pub type Fingerprint = [u8; 16];

/// What is remembered of a call that had an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// The request that was answered.
    pub fingerprint: Fingerprint,
    /// What its answer can be made of again, as JSON.
    pub memo: String,
}

/// An attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRow {
    /// Where it is kept.
    pub key: RowKey,
    /// The attempt.
    pub attempt: Attempt,
    /// Silence counts from here at the earliest. Set when the server has started while the attempt was running, and
    /// gone with the next sign of life.
    pub silent_since: Option<Timestamp>,
}
