//! What the spans say, on its way into the storage.

use super::rows::RowKey;
use crate::domain::facts::AttemptFacts;

/// What some spans have changed, and up to which span that goes.
#[derive(Debug, Clone, PartialEq)]
pub struct FactsBatch {
    /// The last span that was known before.
    pub from: i64,
    /// The last span that is known now.
    pub to: i64,
    /// How many spans are known now.
    pub spans: u64,
    /// The attempts as they are now.
    pub attempts: Vec<(RowKey, AttemptFacts)>,
    /// Their rollouts as they are now.
    pub rollouts: Vec<(RowKey, RolloutFacts)>,
    /// The tokens that each span has added: only those that have.
    pub tokens: Vec<(i64, u64)>,
    /// There were more spans than were looked at.
    pub more: bool,
}

/// What lists of rollouts are filtered and sorted by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RolloutFacts {
    /// The newest attempt that has spans.
    pub newest: i64,
    /// Spans of all attempts.
    pub spans: u64,
    /// Those that failed.
    pub errors: u64,
    /// Tokens of prompts and answers.
    pub tokens: u64,
    /// The reward of the newest attempt that has spans.
    pub reward: Option<f64>,
    /// The models of all attempts.
    pub models: Vec<String>,
}
