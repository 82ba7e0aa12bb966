//! The spans of an attempt without their attributes, and one span with them.

use std::sync::LazyLock;

use deadpool_postgres::Client;
use lightning_store_client::wire::dashboard::{FindTrace, LightTrace};
use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};

use super::super::rows::{self, Columns};
use super::super::text::{pack, unpack};
use super::super::{row, rows as all_rows, spans};
use crate::storage::dashboard::light::{LightSpans, SpanParts};
use crate::storage::error::{NotFound, TxResult};

/// An attempt of a rollout, by the day of its spans and its id; `latest` is the newest one.
async fn find_attempt(
    client: &Client,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
) -> TxResult<Result<(i32, AttemptId), NotFound>> {
    const SQL: &str = "/* find_attempt */ SELECT r.start_time, a.attempt_id FROM rollouts r LEFT JOIN attempts a \
                       ON a.rollout_id = r.rollout_id AND CASE WHEN $2::text IS NULL THEN a.sequence_id = r.attempts \
                       ELSE a.attempt_id = $2 END WHERE r.rollout_id = $1";
    let named = (!attempt_id.is_latest()).then(|| pack(attempt_id.as_str()));
    let Some(row) = row(client, SQL, &[&pack(rollout_id.as_str()), &named]).await? else {
        return Ok(Err(NotFound::Rollout(rollout_id.clone())));
    };
    let mut columns = Columns::of(&row);
    let day = spans::day(columns.time()?);
    Ok(match columns.optional_id()? {
        Some(found) => Ok((day, found)),
        None if attempt_id.is_latest() => Err(NotFound::NoAttempts(rollout_id.clone())),
        None => Err(NotFound::Attempt(attempt_id.clone(), rollout_id.clone())),
    })
}

/// Spans of an attempt, in the order in which they were stored.
pub(super) async fn light_trace(
    client: &Client,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
    wanted: &FindTrace,
) -> TxResult<Result<LightTrace, NotFound>> {
    const COUNT: &str =
        "/* count_spans */ SELECT count(*) FROM spans WHERE day = $1 AND rollout_id = $2 AND attempt_id = $3";
    const SPANS: &str = "/* light_spans */ SELECT key, span_id, parent_id, trace_id, name, sequence_id, start_time, \
                         end_time, rest FROM spans WHERE day = $1 AND rollout_id = $2 AND attempt_id = $3 \
                         AND ($4::bigint IS NULL OR key > $4) ORDER BY key LIMIT $5";
    let (day, attempt) = match find_attempt(client, rollout_id, attempt_id).await? {
        Ok(attempt) => attempt,
        Err(missing) => return Ok(Err(missing)),
    };
    let (rollout, attempt) = (pack(rollout_id.as_str()), pack(attempt.as_str()));
    let total = row(client, COUNT, &[&day, &rollout, &attempt]).await?;
    let total = total.map_or(Ok(0), |row| Columns::of(&row).count())?;
    // One more than is told shows whether there are more. Who wants those of one answer may have to look at all.
    let most = wanted.response_id.is_none().then(|| wanted.limit.saturating_add(1));
    let found = all_rows(client, SPANS, &[&day, &rollout, &attempt, &wanted.after, &most]).await?;
    let mut spans = LightSpans::of(wanted);
    for row in &found {
        if !spans.has_room() {
            break;
        }
        let mut columns = Columns::of(row);
        let key = columns.value()?;
        let (span_id, parent_id) = (columns.text()?, columns.optional_text()?);
        let (trace_id, name) = (unpack(columns.str()?), unpack(columns.str()?));
        spans.push(
            key,
            SpanParts {
                span_id,
                parent_id,
                trace_id: &trace_id,
                name: &name,
                sequence_id: columns.value()?,
                start_time: columns.value()?,
                end_time: columns.value()?,
                rest: columns.str()?,
            },
        );
    }
    Ok(Ok(spans.told(total)))
}

/// One span.
pub(super) async fn get_span(
    client: &Client,
    rollout_id: &RolloutId,
    attempt_id: &AttemptId,
    span_id: &str,
) -> TxResult<Result<SpanRecord, NotFound>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* get_span */ SELECT {} FROM spans s WHERE s.day = $1 AND s.rollout_id = $2 AND s.attempt_id = $3 \
             AND s.span_id = $4",
            rows::SPAN
        )
    });
    let (day, attempt) = match find_attempt(client, rollout_id, attempt_id).await? {
        Ok(attempt) => attempt,
        Err(missing) => return Ok(Err(missing)),
    };
    let (rollout, attempt) = (pack(rollout_id.as_str()), pack(attempt.as_str()));
    let found = row(client, &SQL, &[&day, &rollout, &attempt, &pack(span_id)]).await?;
    let found = found.map(|row| rows::span(&mut Columns::of(&row), rollout_id)).transpose()?;
    Ok(found.ok_or_else(|| NotFound::Span(span_id.to_owned(), attempt_id.clone(), rollout_id.clone())))
}
