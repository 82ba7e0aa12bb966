//! The queue: who waits, and who was taken last.

use deadpool_postgres::Client;
use lightning_store_client::wire::Timestamp;
use lightning_store_client::wire::dashboard::{FindWaiting, QueueView};

use super::super::queue::depth;
use super::super::row;
use super::super::rows::Columns;
use super::{rows, workers};
use crate::storage::dashboard::queue::{self as shared, Known, MOST_LOOKED_AT};
use crate::storage::dashboard::workers::counts;
use crate::storage::error::TxResult;
use crate::storage::history::Moves;

/// A part of the queue. `moves` is what has happened within the last minute.
pub(super) async fn view(
    client: &Client,
    wanted: FindWaiting,
    moves: Moves,
    now: Timestamp,
) -> TxResult<QueueView> {
    const ITEMS: &str = "/* waiting_rollouts */ SELECT key FROM rollouts WHERE queue_place IS NOT NULL \
                         AND status IN ('queuing', 'requeuing') ORDER BY queue_place, rollout_id LIMIT $1 OFFSET $2";
    const PLACES: &str = "/* count_places */ SELECT count(*) FROM rollouts WHERE queue_place IS NOT NULL";
    const TAKEN: &str = "/* taken_rollouts */ SELECT r.key FROM (SELECT rollout_id, start_time FROM attempts \
                         ORDER BY start_time DESC LIMIT $1) a JOIN rollouts r ON r.rollout_id = a.rollout_id \
                         ORDER BY a.start_time DESC, r.key DESC";
    let waiting = rows::keys(client, ITEMS, &[&wanted.limit, &wanted.offset]).await?;
    let taken = shared::taken(rows::keys(client, TAKEN, &[&MOST_LOOKED_AT]).await?);
    let known = Known {
        queue: depth(client).await?,
        places: row(client, PLACES, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).count())?,
        waiting: rows::with_newest(client, &waiting).await?,
        taken: rows::rollouts(client, &taken).await?,
        workers: counts(&workers::all(client, now).await?),
    };
    Ok(shared::view(wanted, known, moves, now))
}
