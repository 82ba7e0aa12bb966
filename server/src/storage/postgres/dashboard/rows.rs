//! Rollouts and attempts as tables show them.

use std::collections::HashMap;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use futures_util::future::try_join;
use lightning_store_client::wire::dashboard::{RolloutDetail, RolloutRow};
use lightning_store_client::wire::{Attempt, RolloutId};
use tokio_postgres::types::ToSql;

use super::super::rows::{self, Columns};
use super::super::text::pack;
use super::super::{queries, row, rows as all_rows};
use super::facts;
use crate::storage::dashboard::rows::{self as shared, AttemptWithFacts, RolloutParts};
use crate::storage::error::TxResult;
use crate::storage::rows::RowKey;

/// The keys of rollouts that a statement finds.
pub(super) async fn keys(
    client: &Client,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> TxResult<Vec<RowKey>> {
    let found = all_rows(client, sql, values).await?;
    found.iter().map(|row| Ok(RowKey(row.try_get(0)?))).collect()
}

/// What is shown of these rollouts, in this order. Those that are gone are left out.
pub(super) async fn rollouts(client: &Client, keys: &[RowKey]) -> TxResult<Vec<RolloutRow>> {
    Ok(with_newest(client, keys).await?.into_iter().map(|(row, _)| row).collect())
}

/// The same, each with its newest attempt.
pub(super) async fn with_newest(
    client: &Client,
    keys: &[RowKey],
) -> TxResult<Vec<(RolloutRow, Option<Attempt>)>> {
    const SQL: &str = "/* get_rollout_rows */ SELECT r.rollout_id, r.status, r.mode, r.resources_id, r.start_time, \
                       r.end_time, r.attempts, r.first_start, r.config, b.input, b.metadata \
                       FROM unnest($1::bigint[]) WITH ORDINALITY AS w (key, place) JOIN rollouts r ON r.key = w.key \
                       JOIN rollout_bodies b ON b.rollout_id = r.rollout_id ORDER BY w.place";
    let numbers: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let values: [&(dyn ToSql + Sync); 1] = [&numbers];
    let (found, mut attempts) = try_join(all_rows(client, SQL, &values), attempts(client, keys)).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        let parts = RolloutParts {
            rollout_id: columns.id()?,
            status: columns.word()?,
            mode: columns.optional_word()?,
            resources_id: columns.optional_id()?,
            start_time: columns.time()?,
            end_time: columns.optional_time()?,
            attempts: columns.count()?,
            first_start: columns.optional_time()?,
            config: columns.optional_json()?.unwrap_or_default(),
            input: columns.str()?,
            metadata: columns.value()?,
        };
        let attempts = attempts.remove(&parts.rollout_id).unwrap_or_default();
        Ok(shared::rollout(parts, attempts))
    };
    found.iter().map(read).collect()
}

/// The attempts of rollouts, those of each the oldest first.
async fn attempts(client: &Client, keys: &[RowKey]) -> TxResult<HashMap<RolloutId, Vec<AttemptWithFacts>>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* get_attempt_rows */ SELECT {}, {} FROM rollouts r JOIN attempts a ON a.rollout_id = r.rollout_id \
             LEFT JOIN attempt_facts f ON f.rollout_id = a.rollout_id AND f.attempt_id = a.attempt_id \
             WHERE r.key = ANY($1) ORDER BY a.rollout_id, a.sequence_id",
            rows::ATTEMPT,
            facts::TOLD
        )
    });
    let keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let mut found: HashMap<RolloutId, Vec<AttemptWithFacts>> = HashMap::new();
    for row in all_rows(client, &SQL, &[&keys]).await? {
        let mut columns = Columns::of(&row);
        let attempt = rows::attempt(&mut columns)?;
        let facts = facts::told(&mut columns)?;
        found.entry(attempt.rollout_id.clone()).or_default().push((attempt, facts));
    }
    Ok(found)
}

/// One rollout with all its attempts.
pub(super) async fn detail(client: &Client, id: &RolloutId) -> TxResult<Option<RolloutDetail>> {
    const SQL: &str = "/* get_rollout_key */ SELECT key FROM rollouts WHERE rollout_id = $1";
    let Some(key) = row(client, SQL, &[&pack(id.as_str())]).await? else { return Ok(None) };
    let key = RowKey(key.try_get(0)?);
    let Some(found) = queries::get_rollout(client, id).await? else { return Ok(None) };
    let Some(row) = rollouts(client, &[key]).await?.pop() else { return Ok(None) };
    let attempts = attempts(client, &[key]).await?.remove(id).unwrap_or_default();
    Ok(Some(shared::detail(found.rollout, row, attempts, facts::behind(client).await?)))
}
