//! Waiting for rollouts.

use std::time::Duration;

use lightning_store_client::wire::{RolloutId, RolloutStatus, WaitForRollouts};
use lightning_store_server::service::wait::wait;
use lightning_store_server::storage::Store;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, ids};

crate::sentences! {
    a_look_answers_what_is_finished_in_the_order_asked_for,
    a_wait_ends_with_the_last_of_its_rollouts,
    a_rollout_that_runs_again_is_waited_for,
    unknown_rollouts_are_not_waited_for,
    a_wait_that_is_stopped_answers_what_there_is,
    a_wait_that_is_dropped_leaves_nothing_behind,
}

async fn look(store: &Store, rollout_ids: Vec<RolloutId>, timeout: Option<f64>) -> Vec<RolloutId> {
    let request = WaitForRollouts { rollout_ids, timeout };
    ids(&wait(store, request, &CancellationToken::new()).await.unwrap())
}

fn waiting(f: &Fixture, rollout_ids: Vec<RolloutId>) -> tokio::task::JoinHandle<Vec<RolloutId>> {
    let store = f.store.clone();
    tokio::spawn(async move { look(&store, rollout_ids, None).await })
}

async fn a_look_answers_what_is_finished_in_the_order_asked_for(f: Fixture) {
    let all = ids(&f.enqueue(3).await);
    f.set_status(&all[0], RolloutStatus::Succeeded).await;
    f.set_status(&all[2], RolloutStatus::Cancelled).await;
    let asked = vec![all[2].clone(), all[1].clone(), "ro-none".into(), all[0].clone(), all[2].clone()];
    let expected = [all[2].clone(), all[0].clone(), all[2].clone()];
    for timeout in [0.0, -1.0, 0.01] {
        assert_eq!(look(&f.store, asked.clone(), Some(timeout)).await, expected);
    }
    assert!(look(&f.store, Vec::new(), None).await.is_empty());
}

async fn a_wait_ends_with_the_last_of_its_rollouts(f: Fixture) {
    let all = ids(&f.enqueue(2).await);
    let waits: Vec<_> = (0..20).map(|_| waiting(&f, all.clone())).collect();
    f.set_status(&all[1], RolloutStatus::Failed).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(waits.iter().all(|wait| !wait.is_finished()));
    f.set_status(&all[0], RolloutStatus::Succeeded).await;
    for wait in waits {
        assert_eq!(wait.await.unwrap(), all);
    }
}

async fn a_rollout_that_runs_again_is_waited_for(f: Fixture) {
    let all = ids(&f.enqueue(2).await);
    let wait = waiting(&f, all.clone());
    tokio::task::yield_now().await;
    f.set_status(&all[0], RolloutStatus::Succeeded).await;
    f.set_status(&all[0], RolloutStatus::Running).await;
    f.set_status(&all[1], RolloutStatus::Succeeded).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!wait.is_finished());
    f.set_status(&all[0], RolloutStatus::Failed).await;
    assert_eq!(wait.await.unwrap(), all);
}

async fn unknown_rollouts_are_not_waited_for(f: Fixture) {
    assert!(look(&f.store, vec!["ro-none".into()], None).await.is_empty());
    let known = ids(&f.enqueue(1).await);
    let wait = waiting(&f, vec!["ro-none".into(), known[0].clone()]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!wait.is_finished());
    f.set_status(&known[0], RolloutStatus::Failed).await;
    assert_eq!(wait.await.unwrap(), known);
}

async fn a_wait_that_is_stopped_answers_what_there_is(f: Fixture) {
    let all = ids(&f.enqueue(2).await);
    f.set_status(&all[1], RolloutStatus::Failed).await;
    let stop = CancellationToken::new();
    let request = WaitForRollouts { rollout_ids: all.clone(), timeout: None };
    let waiting = wait(&f.store, request, &stop);
    let (answer, ()) = tokio::join!(waiting, async { stop.cancel() });
    assert_eq!(ids(&answer.unwrap()), all[1..]);
}

async fn a_wait_that_is_dropped_leaves_nothing_behind(f: Fixture) {
    let all = ids(&f.enqueue(1).await);
    let wait = waiting(&f, all.clone());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(f.store.wakeups().listened_for(), 1);
    wait.abort();
    assert!(wait.await.is_err());
    assert_eq!(f.store.wakeups().listened_for(), 0);
}
