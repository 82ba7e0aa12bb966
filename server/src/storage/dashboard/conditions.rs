//! The statements that find rollouts.
//!
//! They join only what the conditions and the order need, and leave to their reader what databases cannot do well: looking
//! into inputs and metadata.

use lightning_store_client::wire::dashboard::{
    Between, FindRollouts, Has, PageStart, RolloutConditions, RolloutSort,
};
use lightning_store_client::wire::{RolloutId, SortOrder, Word};

use crate::storage::cursor::{Cursor, SortPlace, SortValue};
use crate::storage::error::TxResult;
use crate::storage::rows::to_json;

/// How long the newest attempt took.
const RUN_TIME: &str = "CASE WHEN a.status IN ('failed', 'succeeded') THEN a.end_time \
                        WHEN a.status IN ('timeout', 'unresponsive') THEN r.end_time END - a.start_time";

/// How long it waited for its first attempt.
const QUEUE_WAIT: &str = "r.first_start - r.start_time";

/// What one database says differently from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Dialect {
    /// That of SQLite.
    Sqlite,
    /// That of PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A statement with its name.
    fn named(self, name: &str, sql: &str) -> String {
        match self {
            Self::Sqlite => format!("-- {name}\n{sql}"),
            Self::Postgres => format!("/* {name} */ {sql}"),
        }
    }

    /// The place of a value, numbered from 1.
    fn mark(self, place: usize, value: &Value) -> String {
        match (self, value) {
            (Self::Sqlite, _) => format!("?{place}"),
            (Self::Postgres, Value::Id(_) | Value::Json(_)) => format!("${place}::text"),
            (Self::Postgres, Value::Ids(_)) => format!("${place}::text[]"),
            (Self::Postgres, Value::Number(_)) => format!("${place}::float8"),
            (Self::Postgres, Value::Whole(_)) => format!("${place}::bigint"),
        }
    }

    /// Whether a column has a text in it.
    fn has_part(self, column: &str, mark: &str) -> String {
        match self {
            Self::Sqlite => format!("instr({column}, {mark}) > 0"),
            Self::Postgres => format!("strpos({column}, {mark}) > 0"),
        }
    }

    /// Whether a column has one of some texts.
    fn is_one_of(self, column: &str, mark: &str) -> String {
        match self {
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each({mark}))"),
            Self::Postgres => format!("{column} = ANY({mark})"),
        }
    }

    /// The reward of the newest attempt.
    fn reward(self) -> &'static str {
        match self {
            Self::Sqlite => "CASE WHEN f.newest = r.newest_attempt THEN f.reward END",
            Self::Postgres => "CASE WHEN f.newest = r.attempts THEN f.reward END",
        }
    }

    /// Joins of the newest attempt, of facts, and of bodies to rollouts.
    fn joins(self) -> [&'static str; 3] {
        match self {
            Self::Sqlite => [
                " LEFT JOIN attempts a ON a.key = r.newest_attempt",
                " LEFT JOIN rollout_facts f ON f.rollout = r.key",
                " LEFT JOIN rollout_bodies b ON b.rollout = r.key",
            ],
            Self::Postgres => [
                " LEFT JOIN attempts a ON a.rollout_id = r.rollout_id AND a.sequence_id = r.attempts",
                " LEFT JOIN rollout_facts f ON f.rollout_id = r.rollout_id",
                " LEFT JOIN rollout_bodies b ON b.rollout_id = r.rollout_id",
            ],
        }
    }
}

/// A value in a statement.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::storage) enum Value {
    /// An id, or a part of one.
    Id(String),
    /// Some ids.
    Ids(Vec<String>),
    /// JSON, or a part of it.
    Json(String),
    /// A number or a time.
    Number(f64),
    /// A whole number.
    Whole(i64),
}

/// A statement and its parameters.
#[derive(Debug)]
pub(in crate::storage) struct Statement {
    pub(in crate::storage) sql: String,
    pub(in crate::storage) values: Vec<Value>,
}

struct Draft {
    dialect: Dialect,
    conditions: Vec<String>,
    values: Vec<Value>,
    joins_attempt: bool,
    joins_facts: bool,
}

impl Draft {
    fn of(dialect: Dialect) -> Self {
        Self { dialect, conditions: Vec::new(), values: Vec::new(), joins_attempt: false, joins_facts: false }
    }

    /// Takes a value; what stands for it in the statement.
    fn value(&mut self, value: Value) -> String {
        let mark = self.dialect.mark(self.values.len() + 1, &value);
        self.values.push(value);
        mark
    }

    fn has_part(&mut self, column: &str, part: Value) {
        let mark = self.value(part);
        self.conditions.push(self.dialect.has_part(column, &mark));
    }

    fn is(&mut self, column: &str, id: &str) {
        let mark = self.value(Value::Id(id.to_owned()));
        self.conditions.push(format!("{column} = {mark}"));
    }

    fn compare(&mut self, expression: &str, sign: &str, number: f64) {
        let mark = self.value(Value::Number(number));
        self.conditions.push(format!("{expression} {sign} {mark}"));
    }

    fn between(&mut self, expression: &str, between: Between) {
        for (bound, sign) in [(between.least, ">="), (between.most, "<=")] {
            if let Some(bound) = bound {
                self.compare(expression, sign, bound);
            }
        }
    }

    fn words<W: Word>(&mut self, expression: &str, words: &[W]) {
        let marks: Vec<String> = words.iter().map(|word| format!("'{}'", word.as_str())).collect();
        self.conditions.push(format!("{expression} IN ({})", marks.join(", ")));
    }
}

/// The statement for some conditions. Its columns: key, status, mode, status of the newest attempt, what to sort by, input,
/// metadata, id. Columns that are not needed are null. With `facets`, conditions on statuses and modes are left to its
/// reader, who counts what there would be without each of them.
pub(in crate::storage) fn matching(
    dialect: Dialect,
    wanted: &RolloutConditions,
    sort: RolloutSort,
    facets: bool,
) -> TxResult<Statement> {
    let mut draft = Draft::of(dialect);
    if !facets {
        words(&mut draft, wanted);
    }
    texts(&mut draft, wanted)?;
    numbers(&mut draft, wanted);
    let key = sort_key(&mut draft, sort);
    let attempt = if facets { "a.status" } else { "NULL" };
    draft.joins_attempt |= facets;
    let reads_input = wanted.text.is_some();
    let reads_metadata = !wanted.metadata.is_empty();
    let body = |reads: bool, column: &'static str| if reads { column } else { "NULL" };
    let mut sql = format!(
        "SELECT r.key, r.status, r.mode, {attempt}, {key}, {}, {}, r.rollout_id FROM rollouts r",
        body(reads_input, "b.input"),
        body(reads_metadata, "b.metadata")
    );
    let needed = [draft.joins_attempt, draft.joins_facts, reads_input || reads_metadata];
    for (join, _) in dialect.joins().into_iter().zip(needed).filter(|(_, is_needed)| *is_needed) {
        sql.push_str(join);
    }
    if !draft.conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&draft.conditions.join(" AND "));
    }
    Ok(Statement { sql: dialect.named("find_rollouts", &sql), values: draft.values })
}

/// The statement for a page of all rollouts, from an index. Its columns: key, what to sort by.
pub(in crate::storage) fn page_of_all(
    dialect: Dialect,
    wanted: &FindRollouts,
    after: Option<&Cursor>,
    count: usize,
) -> Statement {
    let column = if wanted.sort_by == RolloutSort::StartTime { "start_time" } else { "rollout_id" };
    let (direction, sign) = if wanted.sort_order == SortOrder::Desc { ("DESC", '<') } else { ("ASC", '>') };
    let mut draft = Draft::of(dialect);
    let offset = match (after, &wanted.from) {
        (None, PageStart::Offset(offset)) => *offset,
        _ => 0,
    };
    let limit = draft.value(Value::Whole(i64::try_from(count).unwrap_or(i64::MAX)));
    let offset = draft.value(Value::Whole(offset));
    let condition = match after.map(|after| &after.place) {
        None => String::new(),
        Some(SortPlace { value, key }) => {
            let value = match value {
                SortValue::Number(number) if column == "start_time" => Some(Value::Number(*number)),
                SortValue::Text(text) if column == "rollout_id" => Some(Value::Id(text.clone())),
                _ => None,
            };
            // Nothing comes after a place that no row of this list has.
            value.map_or("WHERE 1 = 0".to_owned(), |value| {
                let (value, key) = (draft.value(value), draft.value(Value::Whole(key.0)));
                format!("WHERE {column} {sign}= {value} AND ({column} {sign} {value} OR key {sign} {key})")
            })
        }
    };
    let sql = format!(
        "SELECT key, {column} FROM rollouts {condition} ORDER BY {column} {direction}, key {direction} \
         LIMIT {limit} OFFSET {offset}"
    );
    Statement { sql: dialect.named("page_of_all_rollouts", &sql), values: draft.values }
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
        let ids = ids.iter().map(RolloutId::to_string).collect();
        let mark = draft.value(Value::Ids(ids));
        draft.conditions.push(draft.dialect.is_one_of("r.rollout_id", &mark));
    }
    if let Some(part) = &wanted.rollout_id_contains {
        draft.has_part("r.rollout_id", Value::Id(part.clone()));
    }
    if let Some(worker) = &wanted.worker_id {
        draft.joins_attempt = true;
        draft.is("a.worker_id", worker);
    }
    if let Some(resources) = &wanted.resources_id {
        draft.is("r.resources_id", resources);
    }
    if let Some(model) = &wanted.model {
        draft.joins_facts = true;
        // A list of JSON strings has this string in it or it has not: a quote within one is escaped.
        draft.has_part("f.models", Value::Json(to_json(model)?));
    }
    Ok(())
}

fn numbers(draft: &mut Draft, wanted: &RolloutConditions) {
    let reward = draft.dialect.reward();
    if let Some(since) = wanted.since {
        draft.compare("r.start_time", ">=", since.seconds());
    }
    if let Some(until) = wanted.until {
        draft.compare("r.start_time", "<", until.seconds());
    }
    for has in &wanted.has {
        draft.joins_facts |= *has != Has::Retry;
        draft.conditions.push(match has {
            Has::Error => "(f.errors > 0 OR r.status = 'failed')".to_owned(),
            Has::Reward => format!("{reward} IS NOT NULL"),
            Has::Retry => "r.attempts > 1".to_owned(),
        });
    }
    draft.joins_facts |= [wanted.reward, wanted.spans, wanted.tokens].iter().any(|range| range.is_bound());
    draft.joins_attempt |= wanted.run_time.is_bound();
    draft.between(&format!("({reward})"), wanted.reward);
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
                RolloutSort::Reward => draft.dialect.reward(),
                RolloutSort::Spans => "coalesce(f.spans, 0)",
                RolloutSort::Errors => "coalesce(f.errors, 0)",
                _ => "coalesce(f.tokens, 0)",
            }
        }
    }
}
