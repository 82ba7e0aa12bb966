//! What each server does on its own: it shows that it is at work, looks around for what notes may have missed, and forgets what
//! is over. No server leads; whatever one does, another may do at the same time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_postgres::Client;
use lightning_store_client::wire::{RolloutId, Timestamp};

use super::marks::Marks;
use super::rows::Columns;
use super::text::pack;
use super::transaction::in_time;
use super::{Shared, queries, row, rows, spans};
use crate::clock::Clock as _;
use crate::limits::MAX_KEYS_PER_SWEEP;
use crate::storage::error::TxResult;
use crate::storage::history::{Levels, Moves};
use crate::storage::wakeup::{Queued, Signals};

/// How often a server looks around.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// No server was at work if none has shown itself for so long, in seconds: several looks around.
const ALONE_AFTER: f64 = 5.0;

/// So many places of the queue are counted for those who wait.
const MOST_COUNTED: i64 = 1_000;

/// A rollout that was due but is held by another server is looked at again after so many microseconds.
const HELD_MICROS: i64 = 100_000;

/// What lies in the future is made ready so many seconds before.
const AHEAD: f64 = 3_600.0;

/// Takes up the work.
pub(super) async fn begin(shared: &Shared, client: &Client) -> TxResult<()> {
    let before = alive(shared, client, true).await?;
    shared.time.is_alone(before);
    let levels = levels(client).await?;
    *shared.levels.lock() = levels;
    shared.history.begin(shared.time.now(), levels);
    shared.wakeups.interest().spans_are(levels.last_span);
    shared.next_check.send_replace(next_check(client).await?);
    shared.time.goes_on_after(last_key(client).await?);
    shared.days.take_up(client).await?;
    shared.days.require(shared, spans::day(shared.time.now())).await
}

/// The last key that was given out: those to come are later, also if the clock of the database has gone back.
async fn last_key(client: &Client) -> TxResult<i64> {
    const SQL: &str = "/* last_key */ SELECT greatest((SELECT max(key) FROM rollouts), \
                       (SELECT max(queue_place) FROM rollouts WHERE queue_place IS NOT NULL), 0)";
    row(client, SQL, &[]).await?.map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

/// Shows that this server is at work. Whether none was lately, so that nobody could be heard.
async fn alive(shared: &Shared, client: &Client, at_start: bool) -> TxResult<bool> {
    // Under the lock of the row: of several servers that come back, one is the first.
    const SQL: &str = "/* alive */ WITH old AS (SELECT alive_at, silence_from FROM store FOR UPDATE), \
                       at AS (SELECT coalesce($1::float8, extract(epoch FROM clock_timestamp())::float8) AS now) \
                       UPDATE store s SET alive_at = greatest(old.alive_at, at.now), silence_from = CASE \
                       WHEN $3 OR ($2 AND old.alive_at < at.now - $4) THEN at.now ELSE old.silence_from END \
                       FROM old, at RETURNING s.silence_from, (at.now * 1000000)::bigint, s.silence_from = at.now";
    let is_of_database = shared.time.is_of_database();
    let given = (!is_of_database).then(|| shared.time.now().seconds());
    let begins_anew = !is_of_database && at_start;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&given, &is_of_database, &begins_anew, &ALONE_AFTER];
    let Some(row) = row(client, SQL, &values).await? else { return Err(super::gone("the row of the store")) };
    let mut columns = Columns::of(&row);
    shared.time.was_silent_until(columns.time()?);
    shared.time.heard(columns.value()?);
    columns.value()
}

/// Looks around until the store is closed.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut is_away = false;
    let mut looks: u64 = 0;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = shared.closed.cancelled() => return,
        }
        match look(&shared, looks).await {
            Ok(()) if is_away => {
                is_away = false;
                tracing::info!("the database is back");
            }
            Err(failure) if !is_away => {
                is_away = true;
                tracing::warn!(error = %failure, "the database does not answer; calls are held until it is back, up to a limit");
            }
            Ok(()) | Err(_) => {}
        }
        looks += 1;
    }
}

/// Looks around once.
async fn look(shared: &Shared, number: u64) -> TxResult<()> {
    const SWEEP_EVERY: u64 = 60;
    let client = shared.connection().await?;
    let outcome = in_turn(shared, &client, number).await;
    match outcome {
        Ok(()) => drop(client),
        Err(ref failure) => super::undo(client, failure).await,
    }
    outcome?;
    if number.is_multiple_of(SWEEP_EVERY) {
        let now = shared.time.now();
        for time in [Some(now), now.after(AHEAD)].into_iter().flatten() {
            shared.days.require(shared, spans::day(time)).await?;
        }
        forget(shared).await?;
    }
    Ok(())
}

async fn in_turn(shared: &Shared, client: &Client, number: u64) -> TxResult<()> {
    const LEVELS_EVERY: u64 = 2;
    alive(shared, client, false).await?;
    let now = shared.time.now();
    if shared.wakeups.standing_in_line() > 0 {
        let queued = usize::try_from(queued(client).await?).unwrap_or(0);
        shared.wakeups.publish(Signals { queued: Queued::Now(queued), ..Signals::default() }, now);
    }
    let awaited = shared.wakeups.awaited();
    if !awaited.is_empty() {
        let finished = finished(client, &awaited).await?;
        shared.wakeups.publish(Signals { finished, ..Signals::default() }, now);
    }
    let noted = shared.checks_noted.load(Ordering::SeqCst);
    let next = next_check(client).await?;
    // What was noted meanwhile may not have been seen.
    if shared.checks_noted.load(Ordering::SeqCst) == noted {
        shared.next_check.send_if_modified(|known| std::mem::replace(known, next) != next);
    }
    if number.is_multiple_of(LEVELS_EVERY) {
        let levels = levels(client).await?;
        *shared.levels.lock() = levels;
        shared.history.committed(now, levels, Moves::default());
        shared.wakeups.interest().spans_are(levels.last_span);
    }
    Ok(())
}

async fn queued(client: &Client) -> TxResult<i64> {
    const SQL: &str =
        "/* queued */ SELECT count(*) FROM (SELECT 1 FROM rollouts WHERE queue_place IS NOT NULL LIMIT $1) q";
    row(client, SQL, &[&MOST_COUNTED]).await?.map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

async fn finished(client: &Client, awaited: &[RolloutId]) -> TxResult<Vec<RolloutId>> {
    const SQL: &str = "/* finished */ SELECT rollout_id FROM rollouts WHERE rollout_id = ANY($1) \
                       AND status IN ('failed', 'succeeded', 'cancelled')";
    let ids: Vec<_> = awaited.iter().map(|id| pack(id.as_str())).collect();
    rows(client, SQL, &[&ids]).await?.iter().map(|row| Columns::of(row).id()).collect()
}

/// When the next rollout has to be looked at.
async fn next_check(client: &Client) -> TxResult<Option<Timestamp>> {
    const SQL: &str = "/* next_check */ SELECT min(check_time) FROM rollouts WHERE check_time IS NOT NULL";
    row(client, SQL, &[]).await?.map_or(Ok(None), |row| Columns::of(&row).optional_time())
}

/// After those were looked at that were due at some moment: when the next one has to be. One that was due then is held by
/// another server.
pub(super) async fn find_next_check(shared: &Shared, looked: Timestamp) {
    let found = async {
        let client = shared.connection().await?;
        in_time(async { Ok(next_check(&client).await) }).await?
    };
    let now = shared.time.now();
    let next = match found.await {
        Ok(Some(check)) if check < looked => Some(Timestamp::from_micros(now.micros() + HELD_MICROS)),
        Ok(check) => check,
        // The next look around finds it.
        Err(_) => return,
    };
    shared.next_check.send_replace(next);
}

/// The numbers that are watched over time.
async fn levels(client: &Client) -> TxResult<Levels> {
    const SQL: &str = "/* levels */ SELECT (SELECT count(*) FROM workers WHERE status = 'busy'), \
                       (SELECT coalesce(max(last_span), 0) FROM attempts WHERE is_dirty)";
    let counts = queries::counts(client).await?;
    let Some(row) = row(client, SQL, &[]).await? else { return Ok(Levels::default()) };
    let mut columns = Columns::of(&row);
    Ok(Levels {
        spans: u64::try_from(counts.spans).unwrap_or(0),
        waiting: counts.waiting(),
        busy: columns.count()?,
        last_span: columns.value()?,
    })
}

/// Forgets idempotency keys, if so many were added since that was last done.
pub(super) async fn forget_answers(shared: &Shared, added: i64) {
    let least = (i64::from(shared.keep.idempotency_keys) / 64).clamp(1, MAX_KEYS_PER_SWEEP);
    if added < least {
        return;
    }
    shared.answers.fetch_sub(added, Ordering::Relaxed);
    if let Err(failure) = forget(shared).await {
        tracing::warn!(error = %failure, "idempotency keys whose time is over could not be forgotten; trying again later");
    }
}

/// Forgets idempotency keys whose time is over, the oldest ones if there are too many, and marks of servers that are no more.
async fn forget(shared: &Shared) -> TxResult<()> {
    const SQL: &str = "/* forget_answers */ DELETE FROM answers WHERE idempotency_key IN (SELECT idempotency_key FROM answers \
                       WHERE time < greatest($1, (SELECT time FROM answers ORDER BY time DESC OFFSET $2::bigint - 1 LIMIT 1)) \
                       ORDER BY time LIMIT $3::bigint FOR UPDATE SKIP LOCKED)";
    let client = shared.connection().await?;
    let before = super::verbs::forgotten_before(shared.time.now());
    let most = i64::from(shared.keep.idempotency_keys);
    let limit = 4 * MAX_KEYS_PER_SWEEP;
    let statement = in_time(client.prepare_cached(SQL)).await?;
    in_time(client.execute(&statement, &[&before, &most, &limit])).await?;
    Marks::forget(&client, shared.time.now()).await
}
