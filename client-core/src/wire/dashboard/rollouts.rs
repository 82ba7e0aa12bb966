//! The table of rollouts.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{AttemptBrief, AttemptRow, SpanFacts};
use crate::wire::{Mode, ResourcesId, Rollout, RolloutId, RolloutStatus, Timestamp};

/// Most rollouts on one page.
pub const MAX_ROLLOUT_ROWS: i64 = 500;

/// Rollouts on a page, if nothing else is asked for.
pub const DEFAULT_ROLLOUT_ROWS: i64 = 100;

/// One rollout as a table shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutRow {
    /// Its id.
    pub rollout_id: RolloutId,
    /// Where it is in its life.
    pub status: RolloutStatus,
    /// What it is for.
    pub mode: Option<Mode>,
    /// The resources it is to be run with. Null: the latest.
    pub resources_id: Option<ResourcesId>,
    /// One line of its input: its `task`, `question`, `prompt` or `input`, else the input as JSON; at most 200 characters.
    pub input: String,
    /// When it was made.
    pub start_time: Timestamp,
    /// When it ended. Null: it has not.
    pub end_time: Option<Timestamp>,
    /// How many attempts there are.
    pub attempts: u64,
    /// How many there may be.
    pub max_attempts: u64,
    /// Seconds after which an attempt is ended. Null: never.
    pub timeout_seconds: Option<f64>,
    /// Seconds of silence after which an attempt is given up. Null: never.
    pub unresponsive_seconds: Option<f64>,
    /// The newest attempt. Null: there is none.
    pub attempt: Option<AttemptBrief>,
    /// Seconds from its start to that of its first attempt. Null: it has none yet.
    pub queue_wait: Option<f64>,
    /// Seconds that the newest attempt took. Null: there is none, or it runs.
    pub run_time: Option<f64>,
    /// What spans say: rewards and the last error of the newest attempt, sums over all attempts for the rest.
    pub facts: SpanFacts,
    /// Scalar members of its metadata, as text of at most 100 characters each; at most 16.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, String>))]
    pub metadata: IndexMap<String, String>,
}

/// A page of rollouts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutRows {
    /// The rollouts.
    pub items: Vec<RolloutRow>,
    /// How many match in all.
    pub total: u64,
    /// The limit that was asked for.
    pub limit: i64,
    /// How many come before the first one of this page. Null: the page was asked for by a cursor.
    pub offset: Option<i64>,
    /// What to send as `after` for the next page. Null: this is the last one.
    pub next: Option<String>,
    /// How many match by status, status of the newest attempt, and mode: each list as if it had no condition of its own.
    /// Null: not asked for.
    pub facets: Option<RolloutFacets>,
    /// Spans that the facts do not know yet.
    pub behind: u64,
}

/// Numbers of rollouts by words. A word without rollouts may be missing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutFacets {
    /// By status.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, u64>))]
    pub status: IndexMap<String, u64>,
    /// By the status of the newest attempt; `none`: there is no attempt.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, u64>))]
    pub attempt_status: IndexMap<String, u64>,
    /// By mode; `none`: it has none.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, u64>))]
    pub mode: IndexMap<String, u64>,
}

/// One rollout with all its attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutDetail {
    /// The rollout.
    pub rollout: Rollout,
    /// The same as a row.
    pub row: RolloutRow,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
    /// Spans that the facts do not know yet.
    pub behind: u64,
}
