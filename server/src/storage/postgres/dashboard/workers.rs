//! Workers and what they did within the last hour.

use std::collections::HashMap;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use lightning_store_client::wire::dashboard::{AttemptRow, FindWorkers, WorkerDetail, WorkerRows};
use lightning_store_client::wire::{RolloutConfig, Timestamp, WorkerId};
use tokio_postgres::Row;

use super::super::rows::{self, Columns};
use super::super::text::pack;
use super::super::{row, rows as all_rows};
use super::facts;
use crate::storage::dashboard::rows::attempt_row;
use crate::storage::dashboard::workers::{Current, Done, HOUR, MAX_ATTEMPTS, Seen, page};
use crate::storage::error::TxResult;

/// Workers, each with the attempt that it is at.
static SEEN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {}, workers.heartbeat_interval, current.begun, current.sign FROM workers LEFT JOIN LATERAL (SELECT a.start_time AS begun, \
         a.last_heartbeat_time AS sign FROM attempts a WHERE a.rollout_id = workers.current_rollout_id \
         AND a.attempt_id = workers.current_attempt_id) current ON true",
        rows::WORKER
    )
});

fn seen(row: &Row, now: Timestamp) -> TxResult<Seen> {
    let mut columns = Columns::of(row);
    let worker = rows::worker(&mut columns)?;
    let interval = columns.value()?;
    let (start, sign) = (columns.optional_time()?, columns.optional_time()?);
    Ok(Seen::of(worker, start.map(|start| Current { start, sign }), interval, now))
}

/// All workers, in the order in which they came.
pub(super) async fn all(client: &Client, now: Timestamp) -> TxResult<Vec<Seen>> {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("/* see_workers */ {} ORDER BY key, worker_id", *SEEN));
    all_rows(client, &SQL, &[]).await?.iter().map(|row| seen(row, now)).collect()
}

/// By worker: what was done since, by all or by one.
async fn done(client: &Client, since: f64, id: Option<&WorkerId>) -> TxResult<HashMap<WorkerId, Done>> {
    const SQL: &str = "/* attempts_done */ SELECT worker_id, count(*), count(*) FILTER (WHERE status = 'succeeded'), \
                       coalesce(sum(end_time - start_time), 0) FROM attempts WHERE end_time >= $1 \
                       AND status IN ('failed', 'succeeded') AND worker_id IS NOT NULL \
                       AND ($2::text IS NULL OR worker_id = $2) GROUP BY worker_id";
    let mut done = HashMap::new();
    for row in all_rows(client, SQL, &[&since, &id.map(|id| pack(id.as_str()))]).await? {
        let mut columns = Columns::of(&row);
        let id: WorkerId = columns.id()?;
        let one = Done { finished: columns.count()?, succeeded: columns.count()?, seconds: columns.value()? };
        done.insert(id, one);
    }
    Ok(done)
}

/// A page of workers.
pub(super) async fn find(client: &Client, wanted: &FindWorkers, now: Timestamp) -> TxResult<WorkerRows> {
    let all = all(client, now).await?;
    let done = done(client, now.seconds() - HOUR, None).await?;
    Ok(page(wanted, all, &done, now))
}

/// One worker with its attempts of the last hour.
pub(super) async fn detail(client: &Client, id: &WorkerId, now: Timestamp) -> TxResult<Option<WorkerDetail>> {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("/* see_worker */ {} WHERE worker_id = $1", *SEEN));
    let Some(found) = row(client, &SQL, &[&pack(id.as_str())]).await? else { return Ok(None) };
    let since = now.seconds() - HOUR;
    let done = done(client, since, Some(id)).await?.remove(id).unwrap_or_default();
    let worker = seen(&found, now)?.row(done);
    Ok(Some(WorkerDetail { time: now, worker, attempts: attempts(client, id, since).await? }))
}

/// The attempts of a worker that began or ended since, oldest first; the newest [`MAX_ATTEMPTS`].
async fn attempts(client: &Client, id: &WorkerId, since: f64) -> TxResult<Vec<AttemptRow>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* attempts_of_worker */ SELECT {}, {}, r.config FROM (SELECT * FROM attempts WHERE worker_id = $1 \
             AND (end_time >= $2 OR start_time >= $2) ORDER BY start_time DESC LIMIT $3) a \
             JOIN rollouts r ON r.rollout_id = a.rollout_id LEFT JOIN attempt_facts f \
             ON f.rollout_id = a.rollout_id AND f.attempt_id = a.attempt_id ORDER BY a.start_time, r.key",
            rows::ATTEMPT,
            facts::TOLD
        )
    });
    let most = i64::try_from(MAX_ATTEMPTS).unwrap_or(i64::MAX);
    let read = |row: &Row| {
        let mut columns = Columns::of(row);
        let attempt = rows::attempt(&mut columns)?;
        let facts = facts::told(&mut columns)?;
        let config: RolloutConfig = columns.optional_json()?.unwrap_or_default();
        Ok(attempt_row((attempt, facts), config.timeout_seconds, config.unresponsive_seconds))
    };
    all_rows(client, &SQL, &[&pack(id.as_str()), &since, &most]).await?.iter().map(read).collect()
}
