//! How the queue stands.

use std::sync::LazyLock;

use deadpool_postgres::Client;
use lightning_store_client::wire::dashboard::QueueDepth;
use lightning_store_client::wire::{Event, QueueEvent, RolloutConfig};

use super::rows::{self, Columns};
use super::{queries, row};
use crate::domain::shown;
use crate::storage::error::TxResult;

/// What is told of it.
pub(super) async fn event(client: &Client) -> TxResult<Event> {
    let QueueDepth { depth, oldest } = depth(client).await?;
    Ok(Event::Queue(QueueEvent { depth, oldest, seq: 0 }))
}

/// How many wait, and since when the first one has.
pub(super) async fn depth(client: &Client) -> TxResult<QueueDepth> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* first_waiting */ SELECT r.start_time, r.config, {} FROM rollouts r LEFT JOIN attempts a \
             ON a.rollout_id = r.rollout_id AND a.sequence_id = r.attempts WHERE r.queue_place IS NOT NULL \
             AND r.status IN ('queuing', 'requeuing') ORDER BY r.queue_place, r.rollout_id LIMIT 1",
            rows::ATTEMPT
        )
    });
    let depth = queries::counts(client).await?.waiting();
    let first = row(client, &SQL, &[]).await?;
    let since = |row: &tokio_postgres::Row| -> TxResult<_> {
        let mut columns = Columns::of(row);
        let start = columns.time()?;
        let config: RolloutConfig = columns.optional_json()?.unwrap_or_default();
        let newest = rows::optional_attempt(&mut columns)?;
        Ok(shown::waiting_since(start, newest.as_ref(), config.timeout_seconds, config.unresponsive_seconds))
    };
    Ok(QueueDepth { depth, oldest: first.as_ref().map(since).transpose()? })
}
