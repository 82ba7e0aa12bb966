//! Attempts that take too long or have fallen silent.
//!
//! Every rollout whose attempt may run out of time carries the moment of its next check. A timer sleeps until the
//! earliest of them and acts then; nobody has to call for it. Besides, every write that changes a rollout or its newest
//! attempt looks at them, so that a deadline that has passed shows in the very next read. Signs of life do not move the next check:
//! a check that comes too early finds that there is time left and asks again for later.

use std::sync::Arc;
use std::time::Duration;

use lightning_store_client::wire::{RolloutId, Timestamp};
use tokio_util::sync::CancellationToken;

use super::report_to_worker;
use crate::clock::Clock;
use crate::domain;
use crate::limits::MAX_CHECKS_PER_COMMIT;
use crate::storage::Store;
use crate::storage::error::{StoreError, TxResult};
use crate::storage::rows::{AttemptRow, RolloutRow};
use crate::storage::tx::{Operation, Tx};

/// Ends the newest attempt if its time is up. Answers whether it did.
async fn expire<T: Tx>(tx: &mut T, rollout: &mut RolloutRow, newest: &mut AttemptRow) -> TxResult<bool> {
    let now = tx.now();
    let Some(status) = domain::health::verdict(rollout, newest, now) else { return Ok(false) };
    domain::attempt::set_status(&mut newest.attempt, status, now);
    domain::rollout::follow(rollout, status, newest.attempt.sequence_id, now);
    report_to_worker(tx, &newest.attempt).await?;
    Ok(true)
}

/// Writes a rollout, and its newest attempt if that has changed, after looking whether its time is up.
pub(super) async fn settle<T: Tx>(
    tx: &mut T,
    mut rollout: RolloutRow,
    mut newest: AttemptRow,
    attempt_changed: bool,
) -> TxResult<()> {
    let expired = expire(tx, &mut rollout, &mut newest).await?;
    rollout.check_time = domain::health::next_check(&rollout, &newest);
    if attempt_changed || expired {
        tx.put_attempts(&[newest]).await?;
    }
    tx.put_rollouts(&[rollout]).await
}

/// Ends the newest attempt if its time is up, else remembers when to look again. Answers whether it was ended.
async fn look<T: Tx>(tx: &mut T, mut rollout: RolloutRow, mut newest: AttemptRow) -> TxResult<bool> {
    let expired = expire(tx, &mut rollout, &mut newest).await?;
    rollout.check_time = domain::health::next_check(&rollout, &newest);
    if expired {
        tx.put_attempts(&[newest]).await?;
        tx.put_rollouts(&[rollout]).await?;
    } else {
        tx.watch(&rollout, &newest).await?;
    }
    Ok(expired)
}

/// Looks at the rollouts whose next check has come. Answers how many attempts were ended.
#[derive(Debug)]
pub struct Check;

impl Operation for Check {
    const NAME: &'static str = "check";
    const IS_ALONE: bool = true;
    type Output = usize;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<usize, StoreError> {
        let mut ended = 0;
        for id in tx.claim_due(MAX_CHECKS_PER_COMMIT).await? {
            let Some((rollout, newest)) = with_newest(tx, &id).await? else { continue };
            ended += usize::from(look(tx, rollout, newest).await?);
        }
        Ok(ended)
    }
}

/// Takes up the watch after a start. Timeouts go on while the server is down; but nothing could be heard then, so
/// silence counts from now.
#[derive(Debug)]
pub struct Resume;

impl Operation for Resume {
    const NAME: &'static str = "resume";
    const IS_ALONE: bool = true;
    type Output = ();

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), StoreError> {
        let now = tx.now();
        for id in tx.get_active().await? {
            let Some((rollout, mut newest)) = with_newest(tx, &id).await? else { continue };
            newest.silent_since = Some(now);
            look(tx, rollout, newest).await?;
        }
        Ok(())
    }
}

async fn with_newest<T: Tx>(tx: &mut T, id: &RolloutId) -> TxResult<Option<(RolloutRow, AttemptRow)>> {
    let Some(rollout) = tx.get_rollout(id).await? else { return Ok(None) };
    let newest = tx.get_newest_attempt(&rollout).await?;
    Ok(newest.map(|newest| (rollout, newest)))
}

/// Runs the timer until `stop`.
pub async fn run(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut next_check = store.next_check();
    let watch = async {
        loop {
            let due: Option<Timestamp> = *next_check.borrow_and_update();
            let sleep = async {
                match due {
                    Some(due) => tokio::time::sleep(until(due, clock.now())).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = next_check.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = sleep => {
                    if !check(&store).await {
                        return;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = watch => {}
        () = stop.cancelled() => {}
    }
}

/// Looks once. False when the store is closed.
async fn check(store: &Store) -> bool {
    const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
    match store.transact(Check).await {
        Ok(ended) => {
            if ended > 0 {
                tracing::info!(ended, "attempts ran out of time");
            }
            true
        }
        Err(StoreError::Closed) => false,
        Err(error) => {
            tracing::warn!(%error, "looking for attempts that ran out of time failed; trying again");
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            true
        }
    }
}

/// How long to sleep: a little past the deadline, as an attempt may use its whole time.
fn until(due: Timestamp, now: Timestamp) -> Duration {
    const LONGEST: Duration = Duration::from_hours(1);
    const PAST: f64 = 0.000_5;
    let seconds = due.seconds() - now.seconds() + PAST;
    Duration::try_from_secs_f64(seconds)
        .map_or(if seconds > 0.0 { LONGEST } else { Duration::ZERO }, |duration| duration.min(LONGEST))
}
