//! Rollouts and attempts as tables show them.

use lightning_store_client::wire::dashboard::{
    AttemptBrief, AttemptRow, RolloutDetail, RolloutRow, SpanFacts,
};
use lightning_store_client::wire::{
    Attempt, Mode, ResourcesId, Rollout, RolloutConfig, RolloutId, RolloutStatus, Timestamp,
};

use crate::domain::shown;

/// An attempt and what its spans say.
pub(in crate::storage) type AttemptWithFacts = (Attempt, SpanFacts);

/// What is kept of a rollout that a table shows.
#[derive(Debug)]
pub(in crate::storage) struct RolloutParts<'a> {
    pub(in crate::storage) rollout_id: RolloutId,
    pub(in crate::storage) status: RolloutStatus,
    pub(in crate::storage) mode: Option<Mode>,
    pub(in crate::storage) resources_id: Option<ResourcesId>,
    pub(in crate::storage) start_time: Timestamp,
    pub(in crate::storage) end_time: Option<Timestamp>,
    pub(in crate::storage) attempts: u64,
    pub(in crate::storage) first_start: Option<Timestamp>,
    pub(in crate::storage) config: RolloutConfig,
    pub(in crate::storage) input: &'a str,
    pub(in crate::storage) metadata: Option<&'a str>,
}

/// A rollout as a table shows it, and its newest attempt. The attempts are in order, the oldest first.
pub(in crate::storage) fn rollout(
    parts: RolloutParts<'_>,
    mut attempts: Vec<AttemptWithFacts>,
) -> (RolloutRow, Option<Attempt>) {
    let row = RolloutRow {
        rollout_id: parts.rollout_id,
        status: parts.status,
        mode: parts.mode,
        resources_id: parts.resources_id,
        input: shown::input_line(parts.input),
        start_time: parts.start_time,
        end_time: parts.end_time,
        attempts: parts.attempts,
        max_attempts: u64::try_from(parts.config.max_attempts).unwrap_or(0),
        timeout_seconds: parts.config.timeout_seconds,
        unresponsive_seconds: parts.config.unresponsive_seconds,
        attempt: None,
        queue_wait: parts.first_start.map(|first| first.seconds() - parts.start_time.seconds()),
        run_time: None,
        facts: SpanFacts::default(),
        metadata: shown::metadata(parts.metadata),
    };
    let row = with_attempts(row, &attempts);
    (row, attempts.pop().map(|(newest, _)| newest))
}

/// A row with what its attempts say: rewards and the last error of the newest one, sums for the rest.
fn with_attempts(mut row: RolloutRow, attempts: &[AttemptWithFacts]) -> RolloutRow {
    let Some((newest, last)) = attempts.last() else { return row };
    row.run_time = shown::run_time(newest, row.end_time);
    row.attempt = Some(AttemptBrief {
        attempt_id: newest.attempt_id.clone(),
        sequence_id: newest.sequence_id,
        status: newest.status,
        start_time: newest.start_time,
        end_time: newest.end_time,
        worker_id: newest.worker_id.clone(),
        last_heartbeat_time: newest.last_heartbeat_time,
    });
    row.facts = last.clone();
    let earlier = attempts.split_last().map_or(&[][..], |(_, earlier)| earlier);
    if !earlier.is_empty() {
        row.facts.models.clear();
        for (_, facts) in attempts {
            let new = facts.models.iter().filter(|model| !row.facts.models.contains(model));
            let new: Vec<String> = new.cloned().collect();
            row.facts.models.extend(new);
        }
        row.facts.models.truncate(8);
    }
    for (_, facts) in earlier {
        row.facts.spans += facts.spans;
        row.facts.errors += facts.errors;
        row.facts.input_tokens += facts.input_tokens;
        row.facts.output_tokens += facts.output_tokens;
        if let Some(cost) = facts.cost {
            row.facts.cost = Some(row.facts.cost.unwrap_or(0.0) + cost);
        }
    }
    row
}

/// An attempt as a table shows it.
pub(in crate::storage) fn attempt_row(
    (attempt, facts): AttemptWithFacts,
    timeout_seconds: Option<f64>,
    unresponsive_seconds: Option<f64>,
) -> AttemptRow {
    let error = facts.last_error.as_deref();
    let reason = shown::reason(&attempt, timeout_seconds, unresponsive_seconds, error);
    AttemptRow { attempt, facts, reason }
}

/// A rollout with all its attempts.
pub(in crate::storage) fn detail(
    rollout: Rollout,
    row: RolloutRow,
    attempts: Vec<AttemptWithFacts>,
    behind: u64,
) -> RolloutDetail {
    let (timeout, silence) = (rollout.config.timeout_seconds, rollout.config.unresponsive_seconds);
    let attempts = attempts.into_iter().map(|attempt| attempt_row(attempt, timeout, silence)).collect();
    RolloutDetail { attempts, rollout, row, behind }
}
