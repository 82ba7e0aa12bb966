//! The statement that finds rollouts.
//!
//! It joins only what the conditions and the order need, and leaves to its reader what SQLite cannot do well: looking
//! into inputs and metadata.

use lightning_store_client::wire::dashboard::{Between, Has, RolloutConditions, RolloutSort};
use lightning_store_client::wire::{RolloutId, Word};
use rusqlite::types::Value;

use crate::storage::error::TxResult;
use crate::storage::rows::to_json;

/// The reward of the newest attempt.
const REWARD: &str = "CASE WHEN f.newest = r.newest_attempt THEN f.reward END";

/// How long the newest attempt took.
const RUN_TIME: &str = "CASE WHEN a.status IN ('failed', 'succeeded') THEN a.end_time \
                        WHEN a.status IN ('timeout', 'unresponsive') THEN r.end_time END - a.start_time";

/// How long it waited for its first attempt.
const QUEUE_WAIT: &str = "r.first_start - r.start_time";

/// A statement and its parameters. Its columns: key, status, mode, status of the newest attempt, what to sort by, input,
/// metadata. Columns that are not needed are null.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

#[derive(Default)]
struct Draft {
    conditions: Vec<String>,
    values: Vec<Value>,
    joins_attempt: bool,
    joins_facts: bool,
}

impl Draft {
    fn value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn text(&mut self, condition: &str, text: &str) {
        let place = self.value(Value::Text(text.to_owned()));
        self.conditions.push(condition.replace('?', &format!("?{place}")));
    }

    fn between(&mut self, expression: &str, between: Between) {
        for (bound, sign) in [(between.least, ">="), (between.most, "<=")] {
            if let Some(bound) = bound {
                let place = self.value(Value::Real(bound));
                self.conditions.push(format!("{expression} {sign} ?{place}"));
            }
        }
    }

    fn words<W: Word>(&mut self, expression: &str, words: &[W]) {
        let marks: Vec<String> = words.iter().map(|word| format!("'{}'", word.as_str())).collect();
        self.conditions.push(format!("{expression} IN ({})", marks.join(", ")));
    }
}

/// The statement for some conditions. With `facets`, those on statuses and modes are left to its reader, who counts what
/// there would be without each of them.
pub(super) fn statement(
    wanted: &RolloutConditions,
    sort: Option<RolloutSort>,
    facets: bool,
) -> TxResult<Statement> {
    let mut draft = Draft::default();
    if !facets {
        words(&mut draft, wanted);
    }
    texts(&mut draft, wanted)?;
    numbers(&mut draft, wanted);
    let key = sort.map_or("NULL", |sort| sort_key(&mut draft, sort));
    let attempt = if facets { "a.status" } else { "NULL" };
    draft.joins_attempt |= facets;
    let reads_input = wanted.text.is_some();
    let reads_metadata = !wanted.metadata.is_empty();
    let body = |reads: bool, column: &'static str| if reads { column } else { "NULL" };
    let mut sql = format!(
        "-- find_rollouts\nSELECT r.key, r.status, r.mode, {attempt}, {key}, {}, {}, r.rollout_id FROM rollouts r",
        body(reads_input, "b.input"),
        body(reads_metadata, "b.metadata")
    );
    if draft.joins_attempt {
        sql.push_str(" LEFT JOIN attempts a ON a.key = r.newest_attempt");
    }
    if draft.joins_facts {
        sql.push_str(" LEFT JOIN rollout_facts f ON f.rollout = r.key");
    }
    if reads_input || reads_metadata {
        sql.push_str(" LEFT JOIN rollout_bodies b ON b.rollout = r.key");
    }
    if !draft.conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&draft.conditions.join(" AND "));
    }
    Ok(Statement { sql, values: draft.values })
}

fn words(draft: &mut Draft, wanted: &RolloutConditions) {
    if let Some(statuses) = &wanted.status_in {
        draft.words("r.status", statuses);
    }
    if let Some(statuses) = &wanted.attempt_status_in {
        draft.joins_attempt = true;
        draft.words("coalesce(a.status, 'none')", statuses);
    }
    if let Some(modes) = &wanted.mode_in {
        draft.words("coalesce(r.mode, 'none')", modes);
    }
}

fn texts(draft: &mut Draft, wanted: &RolloutConditions) -> TxResult<()> {
    if let Some(ids) = &wanted.rollout_id_in {
        let ids: Vec<&str> = ids.iter().map(RolloutId::as_str).collect();
        draft.text("r.rollout_id IN (SELECT value FROM json_each(?))", &to_json(&ids)?);
    }
    if let Some(part) = &wanted.rollout_id_contains {
        draft.text("instr(r.rollout_id, ?) > 0", part);
    }
    if let Some(worker) = &wanted.worker_id {
        draft.joins_attempt = true;
        draft.text("a.worker_id = ?", worker);
    }
    if let Some(resources) = &wanted.resources_id {
        draft.text("r.resources_id = ?", resources);
    }
    if let Some(model) = &wanted.model {
        draft.joins_facts = true;
        // A list of JSON strings has this string in it or it has not: a quote within one is escaped.
        draft.text("instr(f.models, ?) > 0", &to_json(model)?);
    }
    Ok(())
}

fn numbers(draft: &mut Draft, wanted: &RolloutConditions) {
    if let Some(since) = wanted.since {
        let place = draft.value(Value::Real(since.seconds()));
        draft.conditions.push(format!("r.start_time >= ?{place}"));
    }
    if let Some(until) = wanted.until {
        let place = draft.value(Value::Real(until.seconds()));
        draft.conditions.push(format!("r.start_time < ?{place}"));
    }
    for has in &wanted.has {
        draft.joins_facts |= *has != Has::Retry;
        draft.conditions.push(match has {
            Has::Error => "(f.errors > 0 OR r.status = 'failed')".to_owned(),
            Has::Reward => format!("{REWARD} IS NOT NULL"),
            Has::Retry => "r.attempts > 1".to_owned(),
        });
    }
    draft.joins_facts |= [wanted.reward, wanted.spans, wanted.tokens].iter().any(|range| range.is_bound());
    draft.joins_attempt |= wanted.run_time.is_bound();
    draft.between(&format!("({REWARD})"), wanted.reward);
    draft.between(&format!("({RUN_TIME})"), wanted.run_time);
    draft.between(&format!("({QUEUE_WAIT})"), wanted.queue_wait);
    draft.between("coalesce(f.spans, 0)", wanted.spans);
    draft.between("coalesce(f.tokens, 0)", wanted.tokens);
}

fn sort_key(draft: &mut Draft, sort: RolloutSort) -> &'static str {
    match sort {
        RolloutSort::StartTime => "r.start_time",
        RolloutSort::EndTime => "r.end_time",
        RolloutSort::RolloutId => "r.rollout_id",
        RolloutSort::Status => "r.status",
        RolloutSort::Mode => "r.mode",
        RolloutSort::Attempts => "r.attempts",
        RolloutSort::QueueWait => QUEUE_WAIT,
        RolloutSort::RunTime => {
            draft.joins_attempt = true;
            RUN_TIME
        }
        RolloutSort::Reward | RolloutSort::Spans | RolloutSort::Errors | RolloutSort::Tokens => {
            draft.joins_facts = true;
            match sort {
                RolloutSort::Reward => REWARD,
                RolloutSort::Spans => "coalesce(f.spans, 0)",
                RolloutSort::Errors => "coalesce(f.errors, 0)",
                _ => "coalesce(f.tokens, 0)",
            }
        }
    }
}
