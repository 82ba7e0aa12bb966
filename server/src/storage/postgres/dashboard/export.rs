//! What is exported: its keys first, 16 bytes each, and then its rows in pieces.

use std::pin::pin;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use futures_util::TryStreamExt as _;
use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::rows::{self, Columns};
use super::super::text::pack;
use super::super::{queries, row, rows as all_rows, spans};
use crate::storage::error::TxResult;
use crate::storage::rows::SpanKey;

/// The keys of the spans of a rollout, or of one of its attempts, in the order in which they came. None: there is no such
/// rollout or attempt.
pub(super) async fn span_keys(
    client: &Client,
    rollout: &RolloutId,
    attempt: Option<&AttemptId>,
) -> TxResult<Option<Vec<SpanKey>>> {
    const SQL: &str = "/* span_keys */ SELECT s.key, a.sequence_id FROM attempts a JOIN spans s ON s.day = $1 \
                       AND s.rollout_id = a.rollout_id AND s.attempt_id = a.attempt_id \
                       WHERE a.rollout_id = $2 AND a.attempt_id = ANY($3) ORDER BY s.key, a.sequence_id";
    let Some((day, attempts)) = queries::attempts_of(client, rollout, attempt).await? else {
        return Ok(None);
    };
    let attempts: Vec<_> = attempts.iter().map(|id| pack(id.as_str())).collect();
    let found = all_rows(client, SQL, &[&day, &pack(rollout.as_str()), &attempts]).await?;
    let key = |row: &Row| Ok(SpanKey { key: row.try_get(0)?, attempt: row.try_get(1)? });
    found.iter().map(key).collect::<TxResult<_>>().map(Some)
}

/// The first of these spans, at least one and until they have `bytes` together.
pub(super) async fn spans_by_key(
    client: &Client,
    rollout: &RolloutId,
    keys: &[SpanKey],
    bytes: usize,
) -> TxResult<Vec<SpanRecord>> {
    const DAY: &str = "/* rollout_start */ SELECT start_time FROM rollouts WHERE rollout_id = $1";
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* spans_by_key */ SELECT {} FROM unnest($3::bigint[], $4::bigint[]) WITH ORDINALITY \
             AS w (key, attempt, place) JOIN attempts a ON a.rollout_id = $2 AND a.sequence_id = w.attempt \
             JOIN spans s ON s.day = $1 AND s.rollout_id = $2 AND s.attempt_id = a.attempt_id AND s.key = w.key \
             ORDER BY w.place",
            rows::SPAN
        )
    });
    let id = pack(rollout.as_str());
    let Some(start) = row(client, DAY, &[&id]).await? else { return Ok(Vec::new()) };
    let day = spans::day(Columns::of(&start).time()?);
    let wanted: Vec<i64> = keys.iter().map(|key| key.key).collect();
    let attempts: Vec<i64> = keys.iter().map(|key| key.attempt).collect();
    let values: [&(dyn ToSql + Sync); 4] = [&day, &id, &wanted, &attempts];
    let statement = client.prepare_cached(&SQL).await?;
    let mut stream = pin!(client.query_raw(&statement, values).await?);
    let (mut found, mut size) = (Vec::new(), 0);
    while let Some(row) = stream.try_next().await? {
        let span = rows::span(&mut Columns::of(&row), rollout)?;
        size += span.rest.len();
        found.push(span);
        if size >= bytes {
            break;
        }
    }
    Ok(found)
}
