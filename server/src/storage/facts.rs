//! What the spans say, on its way into the storage.

use lightning_store_client::wire::dashboard::SpanFacts;
use lightning_store_client::wire::{AttemptId, RolloutId};

use super::error::TxResult;
use super::rows::{RowKey, to_json};
use crate::domain::facts::{Answers, AttemptFacts};

/// What some spans have changed, and up to which span that goes: of all spans, where they have one order, or of those of each
/// attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct FactsBatch {
    /// How far that goes, where all spans have one order.
    pub mark: Option<Mark>,
    /// The attempts as they are now.
    pub attempts: Vec<FoldedAttempt>,
    /// Their rollouts as they are now; none where that is known only when it is written.
    pub rollouts: Vec<(RowKey, RolloutFacts)>,
    /// The tokens that each span has added: only those that have.
    pub tokens: Vec<(i64, u64)>,
    /// There were more spans than were looked at.
    pub more: bool,
}

/// Up to which of all spans they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The last span that was known before.
    pub from: i64,
    /// The last span that is known now.
    pub to: i64,
    /// How many spans are known now.
    pub spans: u64,
}

/// An attempt with more of its spans taken into account.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedAttempt {
    /// Where it is kept.
    pub key: RowKey,
    /// Its ids and how far its spans are known, where spans have an order only within their attempt.
    pub place: Option<AttemptPlace>,
    /// What was known before.
    pub before: SpanFacts,
    /// What is known now.
    pub now: AttemptFacts,
}

/// An attempt by its ids, and up to which of its spans they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptPlace {
    /// Its rollout.
    pub rollout_id: RolloutId,
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The last span that was known before.
    pub from: i64,
    /// The last span that is known now.
    pub to: i64,
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

impl RolloutFacts {
    /// Brings together what is known of the rollout with what has changed of one of its attempts. The numbers of attempts
    /// are in the order in which they began.
    pub fn follow(&mut self, attempt: RowKey, before: &SpanFacts, now: &SpanFacts) {
        let tokens = |facts: &SpanFacts| facts.input_tokens + facts.output_tokens;
        self.spans += now.spans - before.spans;
        self.errors += now.errors - before.errors;
        self.tokens += tokens(now) - tokens(before);
        if attempt.0 >= self.newest {
            self.newest = attempt.0;
            self.reward = now.reward;
        }
        for model in &now.models {
            if !self.models.contains(model) {
                self.models.push(model.clone());
            }
        }
    }
}

/// A list as it is kept: as JSON; an empty one is null.
pub(in crate::storage) fn list_text<T: serde::Serialize>(list: &[T]) -> TxResult<Option<String>> {
    if list.is_empty() { Ok(None) } else { to_json(&list).map(Some) }
}

/// Answers as they are kept: 8 bytes each; none are null.
pub(in crate::storage) fn answer_bytes(answers: &Answers) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = answers.0.iter().flat_map(|hash| hash.to_be_bytes()).collect();
    (!bytes.is_empty()).then_some(bytes)
}

/// Answers from what is kept of them.
pub(in crate::storage) fn answers(bytes: &[u8]) -> Answers {
    let hash = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    Answers(bytes.chunks_exact(8).map(hash).collect())
}

/// A number as it is kept.
pub(in crate::storage) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
