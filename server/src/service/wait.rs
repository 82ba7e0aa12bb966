//! Wait until rollouts are finished.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use lightning_store_client::wire::{Rollout, RolloutId, WaitForRollouts};
use tokio_util::sync::CancellationToken;

use crate::storage::Store;
use crate::storage::error::StoreError;

/// Waits until all of the rollouts are finished, `timeout` is over or `stop` is given. Answers those that are
/// finished then, in the order asked for. Rollouts that do not exist are not waited for.
///
/// # Errors
/// [`StoreError`].
///
/// # Cancel safety
/// Dropping the future leaves nothing behind.
pub async fn wait(
    store: &Store,
    request: WaitForRollouts,
    stop: &CancellationToken,
) -> Result<Vec<Rollout>, StoreError> {
    let WaitForRollouts { rollout_ids, timeout } = request;
    let over = async {
        match timeout {
            None => std::future::pending().await,
            // Longer than any duration is for ever, negative is at once.
            Some(seconds) => match Duration::try_from_secs_f64(seconds) {
                Ok(duration) => tokio::time::sleep(duration).await,
                Err(_) if seconds > 0.0 => std::future::pending().await,
                Err(_) => {}
            },
        }
    };
    tokio::pin!(over);
    let mut last_look = timeout.is_some_and(|seconds| seconds <= 0.0);
    // Listening starts before the first look, so that nothing happens unseen in between.
    let mut subscription =
        if last_look { None } else { Some(store.wakeups().subscribe(rollout_ids.iter().cloned())) };
    loop {
        let found = look(store, &rollout_ids).await?;
        let mut open: HashSet<RolloutId> = found
            .iter()
            .filter(|rollout| !rollout.status.is_finished())
            .map(|r| r.rollout_id.clone())
            .collect();
        let subscription = match &mut subscription {
            Some(subscription) if !last_look && !open.is_empty() => subscription,
            _ => return Ok(answer(&rollout_ids, found)),
        };
        // All of them have to be heard of before it is worth looking again. One that was queued anew meanwhile is
        // found open then.
        while !open.is_empty() && !last_look {
            tokio::select! {
                id = subscription.finished() => {
                    open.remove(&id);
                }
                () = &mut over => last_look = true,
                () = stop.cancelled() => last_look = true,
            }
        }
    }
}

async fn look(store: &Store, ids: &[RolloutId]) -> Result<Vec<Rollout>, StoreError> {
    let mut seen = HashSet::new();
    let distinct = ids.iter().filter(|id| seen.insert(*id)).cloned().collect();
    store.get_rollouts(distinct).await
}

fn answer(ids: &[RolloutId], found: Vec<Rollout>) -> Vec<Rollout> {
    let finished: HashMap<RolloutId, Rollout> = found
        .into_iter()
        .filter(|rollout| rollout.status.is_finished())
        .map(|rollout| (rollout.rollout_id.clone(), rollout))
        .collect();
    ids.iter().filter_map(|id| finished.get(id).cloned()).collect()
}
