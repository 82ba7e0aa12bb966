//! Store spans.

use indexmap::IndexMap;
use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};

use super::{require_attempt, require_rollout, watchdog};
use crate::domain;
use crate::storage::error::{NotFound, StoreError, TxResult};
use crate::storage::rows::{AttemptRow, RolloutRow};
use crate::storage::tx::{Operation, Tx};

/// A span to store.
#[derive(Debug)]
pub struct NewSpan {
    /// The span. Its number is only looked at if `numbered`.
    pub span: SpanRecord,
    /// Whether it has a number; else it gets the rollout's next one.
    pub numbered: bool,
}

/// What became of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanOutcome {
    /// It is stored, with this number.
    Stored(i64),
    /// Its attempt has a span with this id already, which is kept as it is.
    Duplicate,
    /// There is no such rollout or attempt. Its number is used up all the same (Compat).
    Refused(NotFound),
}

/// Stores spans, each by itself: a refused one does not keep the others out. Answers in the order given.
#[derive(Debug)]
pub struct AddSpans {
    /// The spans.
    pub spans: Vec<NewSpan>,
}

impl Operation for AddSpans {
    const NAME: &'static str = "add_spans";
    type Output = Vec<SpanOutcome>;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<SpanOutcome>, StoreError> {
        // Numbers are issued before the given ones are counted (Compat).
        let mut numbers = Vec::with_capacity(self.spans.len());
        for NewSpan { span, numbered } in &self.spans {
            let number =
                if *numbered { span.sequence_id } else { tx.next_sequence_ids(&span.rollout_id, 1).await? };
            numbers.push(number);
        }
        let mut groups: IndexMap<(&RolloutId, &AttemptId), Vec<usize>> = IndexMap::new();
        for (index, NewSpan { span, .. }) in self.spans.iter().enumerate() {
            groups.entry((&span.rollout_id, &span.attempt_id)).or_default().push(index);
        }
        let mut outcomes: Vec<Option<SpanOutcome>> = vec![None; self.spans.len()];
        for ((rollout_id, attempt_id), members) in groups {
            if let Some(highest) = members.iter().map(|index| numbers[*index]).max() {
                tx.raise_sequence_id(rollout_id, highest).await?;
            }
            let spans: Vec<(i64, &SpanRecord)> =
                members.iter().map(|index| (numbers[*index], &self.spans[*index].span)).collect();
            let stored = match add(tx, rollout_id, attempt_id, &spans).await {
                Ok(stored) => stored,
                Err(StoreError::NotFound(missing)) => {
                    for index in members {
                        outcomes[index] = Some(SpanOutcome::Refused(missing.clone()));
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            for (index, new) in members.into_iter().zip(stored) {
                let outcome = if new { SpanOutcome::Stored(numbers[index]) } else { SpanOutcome::Duplicate };
                outcomes[index] = Some(outcome);
            }
        }
        Ok(outcomes.into_iter().flatten().collect())
    }
}

/// Stores spans of one attempt; answers for each whether it was new.
async fn add<T: Tx>(
    tx: &mut T,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
    spans: &[(i64, &SpanRecord)],
) -> Result<Vec<bool>, StoreError> {
    let rollout = require_rollout(tx, rollout_id).await?;
    let attempt = require_attempt(tx, &rollout, attempt_id).await?;
    let stored = tx.insert_spans(attempt.key, spans).await?;
    // Only what is new is a sign of life.
    if stored.contains(&true) {
        arrived(tx, rollout, attempt).await?;
    }
    Ok(stored)
}

async fn arrived<T: Tx>(tx: &mut T, mut rollout: RolloutRow, mut attempt: AttemptRow) -> TxResult<()> {
    let now = tx.now();
    let is_newest = attempt.attempt.sequence_id == rollout.attempts;
    let attempt_moved = domain::attempt::span_arrived(&mut attempt, now);
    let rollout_moved = is_newest && domain::rollout::span_arrived(&mut rollout, now);
    if rollout_moved || (is_newest && attempt_moved) {
        watchdog::settle(tx, rollout, attempt, true).await
    } else if attempt_moved {
        tx.put_attempts(&[attempt]).await
    } else {
        tx.put_heartbeat(&attempt).await
    }
}
