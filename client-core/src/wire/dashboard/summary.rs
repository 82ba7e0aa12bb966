//! The overview.

use serde::{Deserialize, Serialize};

use super::RolloutRow;
use crate::wire::{AttemptId, Mode, RolloutId, Timestamp, WorkerId};

/// Answer of `GET /v1/agl/dashboard/summary`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreSummary {
    /// When this was true.
    pub time: Timestamp,
    /// Rollouts there are now, by status.
    pub rollouts: RolloutCounts,
    /// Rollouts that ended within the window.
    pub finished: FinishedCounts,
    /// Who waits.
    pub queue: QueueDepth,
    /// Who works.
    pub workers: WorkerCounts,
    /// Rewards of the rollouts that succeeded within the window, by mode.
    pub rewards: Vec<ModeReward>,
    /// The window in equal steps, oldest first; the last one is not over.
    pub steps: Vec<SummaryStep>,
    /// Seconds that a step has.
    pub step_seconds: f64,
    /// What somebody should look at: the newest of the window, at most 8.
    pub attention: Vec<Attention>,
    /// The rollouts that ended last; at most 10.
    pub latest: Vec<RolloutRow>,
    /// What the store holds.
    pub totals: StoreTotals,
    /// Spans that the facts do not know yet.
    pub behind: u64,
}

/// How far back a summary looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SummaryWindow {
    /// 15 minutes, in steps of 15 seconds.
    #[serde(rename = "15m")]
    QuarterHour,
    /// An hour, in steps of a minute.
    #[default]
    #[serde(rename = "1h")]
    Hour,
    /// 6 hours, in steps of 5 minutes.
    #[serde(rename = "6h")]
    SixHours,
    /// 24 hours, in steps of 15 minutes.
    #[serde(rename = "24h")]
    Day,
}

/// Numbers of rollouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutCounts {
    /// Waiting for their first attempt.
    pub queuing: u64,
    /// Taken, without a span yet.
    pub preparing: u64,
    /// Being carried out.
    pub running: u64,
    /// Waiting for another attempt.
    pub requeuing: u64,
    /// Ended well.
    pub succeeded: u64,
    /// Ended without success.
    pub failed: u64,
    /// Called off.
    pub cancelled: u64,
}

/// Numbers of rollouts that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FinishedCounts {
    /// Well.
    pub succeeded: u64,
    /// Without success.
    pub failed: u64,
    /// Called off.
    pub cancelled: u64,
}

/// The queue in two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueDepth {
    /// Rollouts that wait, for their first or another attempt.
    pub depth: u64,
    /// Since when the first of them has been waiting. Null: none does.
    pub oldest: Option<Timestamp>,
}

/// Numbers of workers. The silent ones are among the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerCounts {
    /// Waiting for work.
    pub idle: u64,
    /// At work.
    pub busy: u64,
    /// Neither is known.
    pub unknown: u64,
    /// Not heard of for too long; see [`super::WorkerRow::silent`].
    pub silent: u64,
}

/// The rewards of one mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModeReward {
    /// The mode.
    pub mode: Option<Mode>,
    /// How many rollouts have a reward.
    pub rollouts: u64,
    /// The mean of their final rewards.
    pub mean: f64,
}

/// What happened in one step of time. Null: not known, such as for the time before a start of the server.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SummaryStep {
    /// When it begins.
    pub start: Timestamp,
    /// Rollouts that ended.
    pub finished: FinishedCounts,
    /// Rollouts that were made.
    pub enqueued: u64,
    /// Attempts that were begun.
    pub begun: u64,
    /// Spans that came.
    pub spans: Option<u64>,
    /// Their tokens, of prompts and answers.
    pub tokens: Option<u64>,
    /// Rollouts that waited at its end, or wait now.
    pub queue_depth: Option<u64>,
    /// Workers that were busy at its end, or are now.
    pub busy_workers: Option<u64>,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attention {
    /// What it is.
    pub kind: AttentionKind,
    /// Since when.
    pub time: Timestamp,
    /// It in words.
    pub text: String,
    /// The rollout it is about.
    pub rollout_id: Option<RolloutId>,
    /// The attempt it is about.
    pub attempt_id: Option<AttemptId>,
    /// The worker it is about.
    pub worker_id: Option<WorkerId>,
}

/// Why something should be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// An attempt ended by its timeout.
    AttemptTimeout,
    /// An attempt was given up because nothing was heard of it.
    AttemptUnresponsive,
    /// A rollout failed and has no attempt left.
    RolloutFailed,
    /// A worker has not been heard of for too long.
    WorkerSilent,
    /// An attempt has been running for more than three times the median of the window.
    RunningLong,
    /// Rollouts fail more than twice as often in the last tenth of the window as before, and at least 5 have.
    FailuresRise,
}

/// What the store holds in all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreTotals {
    /// Rollouts.
    pub rollouts: u64,
    /// Attempts.
    pub attempts: u64,
    /// Spans.
    pub spans: u64,
    /// Sets of resources.
    pub resources: u64,
    /// Workers.
    pub workers: u64,
    /// Bytes that the database takes on disk, or in memory. Null: not known.
    pub bytes: Option<u64>,
    /// Seconds since the server was started.
    pub uptime: f64,
}

/// Answer of `GET /v1/agl/dashboard/capabilities`: what this server can do that the Python server cannot. A page that gets
/// a 404 here does without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Capabilities {
    /// `lightning-store`
    pub name: String,
    /// The server's version.
    pub version: String,
    /// What kind of store it has: `sqlite`, `memory`.
    pub store: String,
    /// Superseded versions that are kept of each set of resources.
    pub resource_versions: u64,
    /// Whether rollouts may be called off or queued again from the dashboard.
    pub actions: bool,
}
