//! What the spans of an attempt say about it.

use serde::{Deserialize, Serialize};

use crate::wire::{Attempt, AttemptId, AttemptStatus, Timestamp, WorkerId};

/// What is worked out from spans.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanFacts {
    /// Spans.
    pub spans: u64,
    /// Those that failed, or are or hold an exception.
    pub errors: u64,
    /// Tokens of prompts. An answer that was observed twice, by an agent and by a proxy, counts once if both say its id.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What it cost, in the currency of those who said so. Null: nobody did.
    pub cost: Option<f64>,
    /// The models that answered, in the order in which they were first heard of; at most 8.
    pub models: Vec<String>,
    /// The primary value of the last reward. Null: there is none.
    pub reward: Option<f64>,
    /// All dimensions of that reward, the primary one first; at most 16.
    pub rewards: Vec<RewardDimension>,
    /// The last exception, or failed span: its type and message, at most 200 characters. Null: there is none.
    pub last_error: Option<String>,
}

/// One dimension of a reward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RewardDimension {
    /// Its name. Null: it has none, as in old data.
    pub name: Option<String>,
    /// Its value.
    pub value: f64,
}

/// An attempt with what its spans say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptRow {
    /// The attempt.
    pub attempt: Attempt,
    /// What its spans say.
    pub facts: SpanFacts,
    /// Why it ended, in words: `timeout 600 s`, `no span for 120 s`, or the type of the last exception of a failed one.
    /// Null: it runs, succeeded, or nobody knows.
    pub reason: Option<String>,
}

/// Of an attempt, what a row of a list needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptBrief {
    /// Its id.
    pub attempt_id: AttemptId,
    /// The how-manieth it is, from 1.
    pub sequence_id: i64,
    /// Where it is in its life.
    pub status: AttemptStatus,
    /// When it began.
    pub start_time: Timestamp,
    /// When it ended. Null: it has not.
    pub end_time: Option<Timestamp>,
    /// Who carries it out. Null: nobody said.
    pub worker_id: Option<WorkerId>,
    /// The last sign of life. Null: none yet.
    pub last_heartbeat_time: Option<Timestamp>,
}
