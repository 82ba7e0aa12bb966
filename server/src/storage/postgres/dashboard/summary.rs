//! The overview: the statements of [`summary`](crate::storage::dashboard::summary) on a connection.

use deadpool_postgres::Client;
use lightning_store_client::wire::Timestamp;
use lightning_store_client::wire::dashboard::{StoreSummary, SummaryWindow};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::queue::depth;
use super::super::rows::{ATTEMPT, Columns, attempt};
use super::super::{queries, row, rows as all_rows};
use super::{facts, rows, workers};
use crate::storage::dashboard::summary::{
    AttemptWithConfig, LATEST, MOST_ATTENTION, MOST_FOR_MEDIAN, Noticed, Parts, Piece, Step, Steps, since,
    summary as put_together,
};
use crate::storage::error::TxResult;
use crate::storage::history::History;

/// The overview. `started` is when the server was.
pub(super) async fn summary(
    client: &Client,
    window: SummaryWindow,
    (history, steps): (&History, &Steps),
    started: Timestamp,
    now: Timestamp,
) -> TxResult<StoreSummary> {
    const LATEST_SQL: &str = "/* latest_rollouts */ SELECT key FROM rollouts WHERE end_time IS NOT NULL \
                              ORDER BY end_time DESC, key DESC LIMIT $1";
    const BYTES: &str = "/* database_size */ SELECT pg_database_size(current_database())";
    let behind = facts::behind(client).await?;
    let (mut pieces, missing) = steps.known(window, now);
    let read = read(client, &missing).await?;
    for (piece, step) in missing.into_iter().zip(read) {
        steps.learn(&mut pieces, piece, step, behind, now);
    }
    let latest = rows::keys(client, LATEST_SQL, &[&LATEST]).await?;
    let parts = Parts {
        history,
        started,
        counts: queries::counts(client).await?,
        behind,
        queue: depth(client).await?,
        workers: workers::all(client, now).await?,
        known_workers: queries::known_workers(client).await?,
        pieces,
        noticed: noticed(client, since(window, now)).await?,
        latest: rows::rollouts(client, &latest).await?,
        bytes: row(client, BYTES, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).count())?,
    };
    Ok(put_together(parts, window, now))
}

/// What happened within pieces of time.
async fn read(client: &Client, pieces: &[Piece]) -> TxResult<Vec<Step>> {
    const FINISHED: &str = "/* finished_rollouts */ SELECT p.place, r.status, r.mode, count(*), count(f.reward), \
                            coalesce(sum(f.reward), 0) FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY \
                            AS p (first, next, place) JOIN rollouts r ON r.end_time >= p.first AND r.end_time < p.next \
                            LEFT JOIN rollout_facts f ON f.rollout_id = r.rollout_id AND f.newest = r.attempts \
                            GROUP BY p.place, r.status, r.mode";
    const ENQUEUED: &str = "/* enqueued_rollouts */ SELECT p.place, count(*) FROM unnest($1::float8[], $2::float8[]) \
                            WITH ORDINALITY AS p (first, next, place) JOIN rollouts r ON r.start_time >= p.first \
                            AND r.start_time < p.next GROUP BY p.place";
    const BEGUN: &str = "/* begun_attempts */ SELECT p.place, count(*) FROM unnest($1::float8[], $2::float8[]) \
                         WITH ORDINALITY AS p (first, next, place) JOIN attempts a ON a.start_time >= p.first \
                         AND a.start_time < p.next GROUP BY p.place";
    fn at<'s>(columns: &mut Columns<'_>, steps: &'s mut [Step]) -> TxResult<Option<&'s mut Step>> {
        let place: i64 = columns.value()?;
        Ok(usize::try_from(place - 1).ok().and_then(|place| steps.get_mut(place)))
    }
    let mut steps = vec![Step::default(); pieces.len()];
    if pieces.is_empty() {
        return Ok(steps);
    }
    let first: Vec<f64> = pieces.iter().map(|piece| piece.start()).collect();
    let next: Vec<f64> = pieces.iter().map(|piece| piece.end()).collect();
    let values: [&(dyn ToSql + Sync); 2] = [&first, &next];
    for row in all_rows(client, FINISHED, &values).await? {
        let mut columns = Columns::of(&row);
        let Some(step) = at(&mut columns, &mut steps)? else { continue };
        let (status, mode) = (columns.word()?, columns.optional_word()?);
        let count = columns.count()?;
        step.finish(status, mode, count, (columns.count()?, columns.value()?));
    }
    for (sql, is_enqueued) in [(ENQUEUED, true), (BEGUN, false)] {
        for row in all_rows(client, sql, &values).await? {
            let mut columns = Columns::of(&row);
            let Some(step) = at(&mut columns, &mut steps)? else { continue };
            *(if is_enqueued { &mut step.enqueued } else { &mut step.begun }) = columns.count()?;
        }
    }
    Ok(steps)
}

/// What somebody may have to look at.
async fn noticed(client: &Client, since: Timestamp) -> TxResult<Noticed> {
    const EXPIRED: &str = "attempts a JOIN rollouts r ON r.rollout_id = a.rollout_id \
                           WHERE a.status IN ('timeout', 'unresponsive') ORDER BY a.start_time DESC LIMIT 32";
    const RUNNING: &str = "rollouts r JOIN attempts a ON a.rollout_id = r.rollout_id AND a.sequence_id = r.attempts \
                           WHERE r.status = 'running' ORDER BY a.start_time LIMIT 8";
    const FAILED: &str = "/* failed_rollouts */ SELECT key FROM rollouts WHERE end_time >= $1 AND status = 'failed' \
                          ORDER BY end_time DESC LIMIT $2";
    const TIMES: &str = "/* run_times */ SELECT end_time - start_time FROM attempts WHERE end_time >= $1 \
                         ORDER BY end_time DESC LIMIT $2";
    let most = i64::try_from(MOST_ATTENTION).unwrap_or(i64::MAX);
    let failed = rows::keys(client, FAILED, &[&since.seconds(), &most]).await?;
    let times = all_rows(client, TIMES, &[&since.seconds(), &MOST_FOR_MEDIAN]).await?;
    Ok(Noticed {
        expired: attempts(client, EXPIRED).await?,
        failed: rows::rollouts(client, &failed).await?,
        run_times: times.iter().map(|row| Ok(row.try_get(0)?)).collect::<TxResult<_>>()?,
        running: attempts(client, RUNNING).await?,
    })
}

/// Attempts by the rest of a statement, with the settings of their rollouts.
async fn attempts(client: &Client, rest: &str) -> TxResult<Vec<AttemptWithConfig>> {
    let sql = format!("/* noticed_attempts */ SELECT {ATTEMPT}, r.config FROM {rest}");
    let read = |row: &Row| {
        let mut columns = Columns::of(row);
        Ok((attempt(&mut columns)?, columns.optional_json()?.unwrap_or_default()))
    };
    all_rows(client, &sql, &[]).await?.iter().map(read).collect()
}
