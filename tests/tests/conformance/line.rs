//! Waiting for rollouts in the queue.

use std::time::Duration;

use lightning_store_client::wire::{
    AttemptStatus, DequeueRollouts, RolloutConfig, RolloutId, RolloutStatus, WorkerStatus,
};
use lightning_store_server::service::dequeue::dequeue;
use lightning_store_server::service::once::Call;
use lightning_store_server::service::watchdog::Check;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Fixture, ids, retrying, taken};

crate::sentences! {
    what_waits_already_is_taken_at_once,
    an_enqueue_ends_the_wait_of_as_many_as_it_has_rollouts,
    who_waits_longest_is_served_first,
    a_rollout_that_is_queued_anew_ends_a_wait,
    a_rollout_that_the_watchdog_requeues_ends_a_wait,
    a_wait_that_is_dropped_claims_nothing_and_leaves_the_line,
    a_wait_without_success_ends_with_nothing_and_was_a_look,
    a_stopped_wait_answers_what_there_is,
    a_wait_for_nothing_does_not_wait,
    waits_of_the_same_call_end_with_the_same_rollouts_and_take_no_others,
}

fn waiting(f: &Fixture, limit: i64, call: Option<Call>) -> JoinHandle<Vec<RolloutId>> {
    let store = f.store.clone();
    let request = DequeueRollouts { limit, worker_id: None, wait_seconds: Some(30.0) };
    tokio::spawn(
        async move { taken(&dequeue(&store, request, call, &CancellationToken::new()).await.unwrap()) },
    )
}

/// Until so many stand in line and have looked into the queue.
async fn in_line(f: &Fixture, count: usize) {
    while f.store.wakeups().standing_in_line() < count {
        tokio::task::yield_now().await;
    }
    // Each has looked before this look is answered, or its look has ended by itself.
    assert!(f.dequeue(1, None).await.is_empty());
    while f.store.running() > 0 {
        tokio::task::yield_now().await;
    }
}

async fn what_waits_already_is_taken_at_once(f: Fixture) {
    let queued = ids(&f.enqueue(3).await);
    assert_eq!(waiting(&f, 2, None).await.unwrap(), queued[..2]);
    assert_eq!(f.store.wakeups().standing_in_line(), 0);
}

async fn an_enqueue_ends_the_wait_of_as_many_as_it_has_rollouts(f: Fixture) {
    let mut waits: Vec<_> = (0..20).map(|_| waiting(&f, 1, None)).collect();
    in_line(&f, 20).await;
    let queued = ids(&f.enqueue(7).await);
    let mut served = Vec::new();
    while served.len() < 7 {
        tokio::task::yield_now().await;
        let (done, open): (Vec<_>, Vec<_>) = waits.into_iter().partition(JoinHandle::is_finished);
        waits = open;
        for wait in done {
            served.extend(wait.await.unwrap());
        }
    }
    served.sort_unstable();
    let mut expected = queued;
    expected.sort_unstable();
    assert_eq!(served, expected);
    in_line(&f, 13).await;
    assert!(waits.iter().all(|wait| !wait.is_finished()));
    f.enqueue(13).await;
    for wait in waits {
        assert_eq!(wait.await.unwrap().len(), 1);
    }
}

async fn who_waits_longest_is_served_first(f: Fixture) {
    let mut waits = Vec::new();
    for number in 1..=5 {
        waits.push(waiting(&f, 1, None));
        in_line(&f, number).await;
    }
    for (left, wait) in (0..5).rev().zip(waits) {
        let queued = ids(&f.enqueue(1).await);
        assert_eq!(wait.await.unwrap(), queued);
        in_line(&f, left).await;
    }
}

async fn a_rollout_that_is_queued_anew_ends_a_wait(f: Fixture) {
    let started = f.started(retrying(), None).await;
    let id = started.rollout.rollout_id;
    let wait = waiting(&f, 1, None);
    in_line(&f, 1).await;
    f.report(&id, "latest", AttemptStatus::Failed).await;
    assert_eq!(wait.await.unwrap(), std::slice::from_ref(&id));
    f.set_status(&id, RolloutStatus::Cancelled).await;
    let wait = waiting(&f, 1, None);
    in_line(&f, 1).await;
    f.set_status(&id, RolloutStatus::Queuing).await;
    assert_eq!(wait.await.unwrap(), [id]);
}

async fn a_rollout_that_the_watchdog_requeues_ends_a_wait(f: Fixture) {
    let config = RolloutConfig { timeout_seconds: Some(5.0), ..retrying() };
    let id = f.started(config, None).await.rollout.rollout_id;
    let wait = waiting(&f, 1, None);
    in_line(&f, 1).await;
    f.advance(6.0);
    assert_eq!(f.store.transact(Check).await.unwrap(), 1);
    assert_eq!(wait.await.unwrap(), [id]);
}

async fn a_wait_that_is_dropped_claims_nothing_and_leaves_the_line(f: Fixture) {
    let (gone, stays) = (waiting(&f, 1, None), waiting(&f, 1, None));
    in_line(&f, 2).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(f.store.wakeups().standing_in_line(), 1);
    let queued = ids(&f.enqueue(2).await);
    assert_eq!(stays.await.unwrap(), queued[..1]);
    assert_eq!(taken(&f.dequeue(9, None).await), queued[1..]);
}

async fn a_wait_without_success_ends_with_nothing_and_was_a_look(f: Fixture) {
    let request = DequeueRollouts { limit: 1, worker_id: Some("w".into()), wait_seconds: Some(0.05) };
    let found = dequeue(&f.store, request, None, &CancellationToken::new()).await.unwrap();
    assert!(found.is_empty());
    assert_eq!(f.worker("w").await.unwrap().status, WorkerStatus::Idle);
    assert_eq!(f.store.wakeups().standing_in_line(), 0);
}

async fn a_stopped_wait_answers_what_there_is(f: Fixture) {
    let stop = CancellationToken::new();
    let request = DequeueRollouts { wait_seconds: Some(30.0), ..DequeueRollouts::default() };
    let (store, stopped) = (f.store.clone(), stop.clone());
    let wait = tokio::spawn(async move { dequeue(&store, request, None, &stopped).await });
    in_line(&f, 1).await;
    stop.cancel();
    assert!(wait.await.unwrap().unwrap().is_empty());
    // Who comes later looks once.
    let queued = ids(&f.enqueue(1).await);
    let request = DequeueRollouts { wait_seconds: Some(30.0), ..DequeueRollouts::default() };
    assert_eq!(taken(&dequeue(&f.store, request, None, &stop).await.unwrap()), queued);
}

async fn a_wait_for_nothing_does_not_wait(f: Fixture) {
    for (limit, seconds) in [(0, 30.0), (-1, 30.0), (1, 0.0), (1, -1.0), (1, f64::NEG_INFINITY)] {
        let request = DequeueRollouts { limit, worker_id: None, wait_seconds: Some(seconds) };
        assert!(dequeue(&f.store, request, None, &CancellationToken::new()).await.unwrap().is_empty());
    }
}

/// A client that has given up on an answer asks again while its first wait goes on.
async fn waits_of_the_same_call_end_with_the_same_rollouts_and_take_no_others(f: Fixture) {
    let call = Some(Call { key: "k".to_owned(), fingerprint: [1; 16] });
    let twins = [waiting(&f, 1, call.clone()), waiting(&f, 1, call)];
    in_line(&f, 2).await;
    let other = waiting(&f, 1, None);
    in_line(&f, 3).await;
    let first = ids(&f.enqueue(1).await);
    while f.store.wakeups().standing_in_line() == 3 {
        tokio::task::yield_now().await;
    }
    // One of the twins is woken for this, but it gets what its call has got before: the third one must be woken for it.
    let second = ids(&f.enqueue(1).await);
    for twin in twins {
        assert_eq!(twin.await.unwrap(), first);
    }
    let other = tokio::time::timeout(Duration::from_secs(20), other).await;
    assert_eq!(other.expect("a wake-up").unwrap(), second);
}
