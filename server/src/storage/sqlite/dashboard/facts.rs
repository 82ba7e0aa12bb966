//! What spans say: read for those who look, and worked out of new spans.

use std::sync::LazyLock;

use indexmap::IndexMap;
use lightning_store_client::trace::gist::Gist;
use lightning_store_client::wire::dashboard::SpanFacts;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::super::counts;
use super::super::rows::{self, seconds};
use crate::domain::facts::{AttemptFacts, SpanPlace};
use crate::limits::{MAX_FACTS_ATTEMPTS, MAX_FACTS_BYTES};
use crate::storage::error::{StorageFailure, TxResult};
use crate::storage::facts::{
    FactsBatch, FoldedAttempt, Mark, RolloutFacts, answer_bytes, answers, list_text, signed,
};
use crate::storage::rows::RowKey;

/// The columns of [`told`].
pub(super) const TOLD: &str =
    "f.spans, f.errors, f.input_tokens, f.output_tokens, f.cost, f.models, f.rewards, f.last_error";

/// What is told of an attempt, from eight columns; nothing if they are null.
pub(super) fn told(row: &Row<'_>, from: usize) -> TxResult<SpanFacts> {
    let Some(spans) = rows::optional(row, from, rows::count)? else { return Ok(SpanFacts::default()) };
    let rewards: Vec<_> = list(row, from + 6)?;
    Ok(SpanFacts {
        spans,
        errors: rows::count(row, from + 1)?,
        input_tokens: rows::count(row, from + 2)?,
        output_tokens: rows::count(row, from + 3)?,
        cost: row.get(from + 4)?,
        models: list(row, from + 5)?,
        reward: rewards
            .first()
            .map(|reward: &lightning_store_client::wire::dashboard::RewardDimension| reward.value),
        rewards,
        last_error: row.get(from + 7)?,
    })
}

/// A list as JSON; null is an empty one.
fn list<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> TxResult<Vec<T>> {
    let list = rows::optional(row, column, |row, column| rows::json(row.get_ref(column)?))?;
    Ok(list.unwrap_or_default())
}

/// By which rules the facts were made, up to which span they go, and how many spans that are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Progress {
    pub(in super::super) version: i64,
    pub(in super::super) watermark: i64,
    pub(in super::super) spans: i64,
}

/// How far the facts are.
pub(in super::super) fn progress(connection: &Connection) -> TxResult<Progress> {
    const SQL: &str = "-- get_projection\nSELECT version, watermark, spans FROM projection";
    let mut statement = connection.prepare_cached(SQL)?;
    Ok(statement.query_row([], |row| {
        Ok(Progress { version: row.get(0)?, watermark: row.get(1)?, spans: row.get(2)? })
    })?)
}

/// Spans that the facts do not know yet.
pub(super) fn behind(connection: &Connection) -> TxResult<u64> {
    let spans = counts::load(connection)?.spans;
    Ok(u64::try_from(spans - progress(connection)?.spans).unwrap_or(0))
}

/// What the next spans change, up to so many of them.
pub(in super::super) fn next(connection: &Connection, most: usize) -> TxResult<FactsBatch> {
    const SQL: &str = "-- next_spans\nSELECT key, attempt, span_id, sequence_id, name, start_time, rest FROM spans \
                       WHERE key > ?1 ORDER BY key LIMIT ?2";
    let Progress { watermark, spans, .. } = progress(connection)?;
    let mut last = watermark;
    let mut batch = FactsBatch {
        mark: None,
        attempts: Vec::new(),
        rollouts: Vec::new(),
        tokens: Vec::new(),
        more: false,
    };
    let mut touched: IndexMap<i64, Touched> = IndexMap::new();
    let mut statement = connection.prepare_cached(SQL)?;
    let mut cursor = statement.query(params![watermark, i64::try_from(most).unwrap_or(i64::MAX)])?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(row) = cursor.next()? {
        let attempt: i64 = row.get(1)?;
        let rest = rows::text(row, 6)?;
        bytes += rest.len();
        let is_full = touched.len() >= MAX_FACTS_ATTEMPTS && !touched.contains_key(&attempt);
        if is_full || (bytes > MAX_FACTS_BYTES && count > 0) {
            batch.more = true;
            break;
        }
        let touched = match touched.entry(attempt) {
            indexmap::map::Entry::Occupied(entry) => entry.into_mut(),
            indexmap::map::Entry::Vacant(entry) => entry.insert(Touched::load(connection, attempt)?),
        };
        let place = SpanPlace {
            number: row.get(3)?,
            start: rows::optional_time(row, 5)?,
            span_id: rows::text_owned(row, 2)?,
        };
        let tokens = touched.now.add(Gist::of(rows::text(row, 4)?, rest), &place);
        last = row.get(0)?;
        if tokens > 0 {
            batch.tokens.push((last, tokens));
        }
        count += 1;
    }
    batch.more |= count == most;
    let spans = u64::try_from(spans).unwrap_or(0) + count as u64;
    batch.mark = Some(Mark { from: watermark, to: last, spans });
    join(connection, touched, &mut batch)?;
    Ok(batch)
}

/// An attempt that has new spans.
struct Touched {
    rollout: i64,
    before: SpanFacts,
    now: AttemptFacts,
}

impl Touched {
    fn load(connection: &Connection, attempt: i64) -> TxResult<Self> {
        const ROLLOUT: &str = "-- get_rollout_of_attempt\nSELECT rollout FROM attempts WHERE key = ?1";
        let rollout = connection.prepare_cached(ROLLOUT)?.query_row([attempt], |row| row.get(0))?;
        let now = load(connection, attempt)?;
        Ok(Self { rollout, before: now.facts.clone(), now })
    }
}

/// All that is kept of an attempt.
fn load(connection: &Connection, attempt: i64) -> TxResult<AttemptFacts> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_attempt_facts\nSELECT {TOLD}, f.reward_number, f.reward_time, f.reward_span, f.error_number, \
             f.error_time, f.error_span, f.answers FROM attempt_facts f WHERE f.attempt = ?1"
        )
    });
    let read = |row: &Row<'_>| -> TxResult<AttemptFacts> {
        let place = |from: usize| -> TxResult<Option<SpanPlace>> {
            let Some(number) = row.get::<_, Option<i64>>(from)? else { return Ok(None) };
            let start = rows::optional_time(row, from + 1)?;
            Ok(Some(SpanPlace { number, start, span_id: rows::text_owned(row, from + 2)? }))
        };
        let kept: Option<Vec<u8>> = row.get(14)?;
        Ok(AttemptFacts {
            facts: told(row, 0)?,
            reward_at: place(8)?,
            error_at: place(11)?,
            answers: answers(&kept.unwrap_or_default()),
        })
    };
    let mut statement = connection.prepare_cached(&SQL)?;
    let found = statement.query_row([attempt], |row| Ok(read(row))).optional()?;
    found.unwrap_or_else(|| Ok(AttemptFacts::default()))
}

/// Brings what has changed together with what is known of the rollouts.
fn join(connection: &Connection, touched: IndexMap<i64, Touched>, batch: &mut FactsBatch) -> TxResult<()> {
    const SQL: &str = "-- get_rollout_facts\nSELECT newest, spans, errors, tokens, reward, models FROM rollout_facts \
                       WHERE rollout = ?1";
    let mut rollouts: IndexMap<i64, RolloutFacts> = IndexMap::new();
    for (attempt, Touched { rollout, before, now }) in touched {
        if !rollouts.contains_key(&rollout) {
            let read = |row: &Row<'_>| -> TxResult<RolloutFacts> {
                Ok(RolloutFacts {
                    newest: row.get(0)?,
                    spans: rows::count(row, 1)?,
                    errors: rows::count(row, 2)?,
                    tokens: rows::count(row, 3)?,
                    reward: row.get(4)?,
                    models: list(row, 5)?,
                })
            };
            let mut statement = connection.prepare_cached(SQL)?;
            let known = statement.query_row([rollout], |row| Ok(read(row))).optional()?.transpose()?;
            rollouts.insert(rollout, known.unwrap_or_default());
        }
        if let Some(sums) = rollouts.get_mut(&rollout) {
            sums.follow(RowKey(attempt), &before, &now.facts);
        }
        batch.attempts.push(FoldedAttempt { key: RowKey(attempt), place: None, before, now });
    }
    batch.rollouts = rollouts.into_iter().map(|(key, facts)| (RowKey(key), facts)).collect();
    Ok(())
}

/// Writes what has changed.
pub(in super::super) fn put(connection: &Connection, batch: &FactsBatch) -> TxResult<()> {
    const MARK: &str =
        "-- put_projection\nUPDATE projection SET watermark = ?2, spans = ?3 WHERE watermark = ?1";
    const ATTEMPT: &str = "-- put_attempt_facts\nINSERT OR REPLACE INTO attempt_facts (attempt, spans, errors, \
                           input_tokens, output_tokens, cost, models, rewards, reward_number, reward_time, reward_span, \
                           last_error, error_number, error_time, error_span, answers) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    const ROLLOUT: &str = "-- put_rollout_facts\nINSERT OR REPLACE INTO rollout_facts (rollout, newest, spans, errors, \
                           tokens, reward, models) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let apart = || StorageFailure::Unreadable("facts do not follow those that are there".to_owned());
    let Mark { from, to, spans } = batch.mark.ok_or_else(apart)?;
    if connection.prepare_cached(MARK)?.execute(params![from, to, signed(spans)])? != 1 {
        return Err(apart());
    }
    let mut statement = connection.prepare_cached(ATTEMPT)?;
    for FoldedAttempt { key, now, .. } in &batch.attempts {
        let AttemptFacts { facts, reward_at, error_at, answers } = now;
        let place = |place: &Option<SpanPlace>| {
            let place = place.as_ref();
            (
                place.map(|place| place.number),
                seconds(place.and_then(|place| place.start)),
                place.map(|place| place.span_id.clone()),
            )
        };
        let (reward, error) = (place(reward_at), place(error_at));
        statement.execute(params![
            key.0,
            signed(facts.spans),
            signed(facts.errors),
            signed(facts.input_tokens),
            signed(facts.output_tokens),
            facts.cost,
            list_text(&facts.models)?,
            list_text(&facts.rewards)?,
            reward.0,
            reward.1,
            reward.2,
            facts.last_error,
            error.0,
            error.1,
            error.2,
            answer_bytes(answers),
        ])?;
    }
    let mut statement = connection.prepare_cached(ROLLOUT)?;
    for (key, facts) in &batch.rollouts {
        let (spans, errors, tokens) = (signed(facts.spans), signed(facts.errors), signed(facts.tokens));
        let models = list_text(&facts.models)?;
        statement.execute(params![key.0, facts.newest, spans, errors, tokens, facts.reward, models])?;
    }
    Ok(())
}

/// Forgets all facts, to make them anew by the rules with this number.
pub(in super::super) fn clear(connection: &Connection, version: i64) -> TxResult<()> {
    const MARK: &str = "-- reset_projection\nUPDATE projection SET version = ?1, watermark = 0, spans = 0";
    connection.prepare_cached("-- clear_attempt_facts\nDELETE FROM attempt_facts")?.execute([])?;
    connection.prepare_cached("-- clear_rollout_facts\nDELETE FROM rollout_facts")?.execute([])?;
    connection.prepare_cached(MARK)?.execute([version])?;
    Ok(())
}
