//! Store spans.

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
pub use lightning_store_client::wire::BatchedSpan as NewSpan;
use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};
use serde::{Deserialize, Serialize};

use super::once::Replay;
use super::{require_attempt, require_rollout, watchdog};
use crate::domain;
use crate::storage::error::{NotFound, StoreError, TxResult};
use crate::storage::rows::{AttemptRow, RolloutRow};
use crate::storage::tx::{Needs, Operation, Tx};

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
    /// The spans. Shared, as callers answer with them.
    pub spans: Arc<[NewSpan]>,
}

impl Operation for AddSpans {
    const NAME: &'static str = "add_spans";
    type Output = Vec<SpanOutcome>;

    fn needs(&self) -> Needs<'_> {
        let mut rollouts: Vec<&RolloutId> = self.spans.iter().map(|new| &new.span.rollout_id).collect();
        rollouts.dedup();
        Needs { counters: rollouts.clone(), rollouts, adds: self.spans.len(), ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Vec<SpanOutcome>, StoreError> {
        // Numbers are issued before the given ones are counted (Compat).
        let mut free: IndexMap<&RolloutId, i64> = IndexMap::new();
        for NewSpan { span, numbered } in &*self.spans {
            if !*numbered {
                *free.entry(&span.rollout_id).or_default() += 1;
            }
        }
        for (rollout_id, next) in &mut free {
            let count = usize::try_from(*next).unwrap_or(usize::MAX);
            *next = tx.next_sequence_ids(rollout_id, count).await?;
        }
        let mut numbers = Vec::with_capacity(self.spans.len());
        for NewSpan { span, numbered } in &*self.spans {
            match free.get_mut(&span.rollout_id) {
                Some(next) if !*numbered => {
                    numbers.push(*next);
                    *next = next.saturating_add(1);
                }
                _ => numbers.push(span.sequence_id),
            }
        }
        // Spans of one attempt that follow each other go in together; the order stored is the order given.
        let mut outcomes = Vec::with_capacity(self.spans.len());
        // Only what is new is a sign of life.
        let mut alive: IndexSet<(&RolloutId, &AttemptId)> = IndexSet::new();
        let mut start = 0;
        for run in self.spans.chunk_by(|a, b| key(a) == key(b)) {
            let numbers = &numbers[start..start + run.len()];
            start += run.len();
            let (rollout_id, attempt_id) = key(&run[0]);
            if let Some(highest) = numbers.iter().max() {
                tx.raise_sequence_id(rollout_id, *highest).await?;
            }
            let spans: Vec<(i64, &SpanRecord)> =
                numbers.iter().copied().zip(run.iter().map(|new| &new.span)).collect();
            match add(tx, rollout_id, attempt_id, &spans).await {
                Ok(stored) => {
                    if stored.contains(&true) {
                        alive.insert((rollout_id, attempt_id));
                    }
                    outcomes.extend(stored.into_iter().zip(numbers).map(|(new, number)| {
                        if new { SpanOutcome::Stored(*number) } else { SpanOutcome::Duplicate }
                    }));
                }
                Err(StoreError::NotFound(missing)) => {
                    outcomes.extend(run.iter().map(|_| SpanOutcome::Refused(missing.clone())));
                }
                Err(error) => return Err(error),
            }
        }
        for (rollout_id, attempt_id) in alive {
            let rollout = require_rollout(tx, rollout_id).await?;
            let attempt = require_attempt(tx, &rollout, attempt_id).await?;
            arrived(tx, rollout, attempt).await?;
        }
        Ok(outcomes)
    }
}

/// An outcome. What it is about stands in the request.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeMemo {
    /// Under this number.
    Stored(i64),
    /// It was there already.
    Duplicate,
    /// There is no such rollout.
    NoRollout,
    /// There is no such attempt.
    NoAttempt,
}

impl Replay for AddSpans {
    type Memo = Vec<OutcomeMemo>;

    fn memo(&self, output: &Vec<SpanOutcome>) -> Option<Vec<OutcomeMemo>> {
        let each = output.iter().map(|outcome| match outcome {
            SpanOutcome::Stored(number) => OutcomeMemo::Stored(*number),
            SpanOutcome::Duplicate => OutcomeMemo::Duplicate,
            SpanOutcome::Refused(NotFound::Attempt(..)) => OutcomeMemo::NoAttempt,
            SpanOutcome::Refused(_) => OutcomeMemo::NoRollout,
        });
        Some(each.collect())
    }

    async fn recall<T: Tx>(&self, _: &mut T, memo: Vec<OutcomeMemo>) -> Result<Vec<SpanOutcome>, StoreError> {
        let outcome = |(new, outcome): (&NewSpan, OutcomeMemo)| {
            let (rollout_id, attempt_id) = key(new);
            match outcome {
                OutcomeMemo::Stored(number) => SpanOutcome::Stored(number),
                OutcomeMemo::Duplicate => SpanOutcome::Duplicate,
                OutcomeMemo::NoRollout => SpanOutcome::Refused(NotFound::Rollout(rollout_id.clone())),
                OutcomeMemo::NoAttempt => {
                    SpanOutcome::Refused(NotFound::Attempt(attempt_id.clone(), rollout_id.clone()))
                }
            }
        };
        Ok(self.spans.iter().zip(memo).map(outcome).collect())
    }
}

/// Stores one span that has a number. Answers whether it was new: false for a duplicate.
#[derive(Debug)]
pub struct AddSpan(AddSpans);

impl AddSpan {
    /// Of this span.
    pub fn new(span: SpanRecord) -> Self {
        Self(AddSpans { spans: [NewSpan { span, numbered: true }].into() })
    }
}

impl Operation for AddSpan {
    const NAME: &'static str = AddSpans::NAME;
    type Output = bool;

    fn needs(&self) -> Needs<'_> {
        self.0.needs()
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<bool, StoreError> {
        match self.0.run(tx).await?.pop() {
            Some(SpanOutcome::Stored(_)) => Ok(true),
            Some(SpanOutcome::Duplicate) | None => Ok(false),
            Some(SpanOutcome::Refused(missing)) => Err(missing.into()),
        }
    }
}

impl Replay for AddSpan {
    type Memo = bool;

    fn memo(&self, output: &bool) -> Option<bool> {
        Some(*output)
    }

    async fn recall<T: Tx>(&self, _: &mut T, memo: bool) -> Result<bool, StoreError> {
        Ok(memo)
    }
}

fn key(new: &NewSpan) -> (&RolloutId, &AttemptId) {
    (&new.span.rollout_id, &new.span.attempt_id)
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
    Ok(tx.insert_spans(&rollout, &attempt, spans).await?)
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
        if is_newest {
            // After a heartbeat of 0 or in the future, silence is over sooner than was foreseen.
            rollout.check_time = domain::health::next_check(&rollout, &attempt);
            tx.watch(&rollout, &attempt).await?;
        }
        tx.put_heartbeat(&attempt).await
    }
}
