//! The queue.

use lightning_store_client::wire::{AttemptStatus, RolloutStatus};

use crate::fixture::{Fixture, ids, taken};

crate::sentences! {
    rollouts_leave_the_queue_in_the_order_they_entered_it,
    a_limit_of_nothing_touches_nothing,
    a_dequeued_rollout_is_preparing_with_its_first_attempt,
    a_finished_rollout_is_skipped_and_does_not_use_up_the_limit,
    queued_twice_is_queued_once_at_its_place,
    a_place_in_the_queue_survives_an_end_and_a_new_start_of_waiting,
    an_attempt_started_by_hand_makes_the_place_stale,
    attempts_are_numbered_on_across_requeues,
    the_queue_survives_a_restart,
    many_claimants_share_the_queue_without_overlap,
}

async fn rollouts_leave_the_queue_in_the_order_they_entered_it(f: Fixture) {
    let (first, second) = (f.enqueue(3).await, f.enqueue(2).await);
    assert_eq!(taken(&f.dequeue(2, None).await), ids(&first[..2]));
    assert_eq!(taken(&f.dequeue(10, None).await), [ids(&first[2..]), ids(&second)].concat());
    assert!(f.dequeue(10, None).await.is_empty());
}

async fn a_limit_of_nothing_touches_nothing(f: Fixture) {
    f.enqueue(1).await;
    for limit in [0, -1, i64::MIN] {
        assert!(f.dequeue(limit, Some("w")).await.is_empty());
    }
    assert_eq!(f.worker("w").await, None);
    assert_eq!(f.dequeue(i64::MAX, Some("w")).await.len(), 1);
}

async fn a_dequeued_rollout_is_preparing_with_its_first_attempt(f: Fixture) {
    let queued = f.enqueue(1).await.remove(0);
    f.advance(1.0);
    let taken = f.dequeue(1, Some("w")).await.remove(0);
    assert_eq!(taken.rollout.status, RolloutStatus::Preparing);
    assert_eq!((&taken.rollout.input, taken.rollout.start_time), (&queued.input, queued.start_time));
    assert_eq!((taken.attempt.sequence_id, taken.attempt.status), (1, AttemptStatus::Preparing));
    assert_eq!(taken.attempt.worker_id.as_ref().map(AsRef::as_ref), Some("w"));
    assert!(taken.attempt.start_time > queued.start_time);
    let stored = f.store.get_rollout(queued.rollout_id).await.unwrap().unwrap();
    assert_eq!((stored.rollout, stored.attempt), (taken.rollout, Some(taken.attempt)));
}

async fn a_finished_rollout_is_skipped_and_does_not_use_up_the_limit(f: Fixture) {
    let queued = ids(&f.enqueue(4).await);
    f.set_status(&queued[0], RolloutStatus::Cancelled).await;
    f.set_status(&queued[2], RolloutStatus::Failed).await;
    assert_eq!(taken(&f.dequeue(2, None).await), [queued[1].clone(), queued[3].clone()]);
}

async fn queued_twice_is_queued_once_at_its_place(f: Fixture) {
    let queued = ids(&f.enqueue(2).await);
    f.set_status(&queued[0], RolloutStatus::Queuing).await;
    f.set_status(&queued[0], RolloutStatus::Requeuing).await;
    assert_eq!(taken(&f.dequeue(10, None).await), queued);
    f.set_status(&queued[1], RolloutStatus::Requeuing).await;
    f.set_status(&queued[0], RolloutStatus::Queuing).await;
    assert_eq!(taken(&f.dequeue(10, None).await), [queued[1].clone(), queued[0].clone()]);
}

async fn a_place_in_the_queue_survives_an_end_and_a_new_start_of_waiting(f: Fixture) {
    let queued = ids(&f.enqueue(2).await);
    f.set_status(&queued[0], RolloutStatus::Failed).await;
    f.set_status(&queued[0], RolloutStatus::Queuing).await;
    assert_eq!(taken(&f.dequeue(10, None).await), queued);
}

async fn an_attempt_started_by_hand_makes_the_place_stale(f: Fixture) {
    let queued = ids(&f.enqueue(2).await);
    let started = f.start_attempt(&queued[0]).await;
    assert_eq!((started.attempt.sequence_id, started.rollout.status), (1, RolloutStatus::Preparing));
    assert_eq!(taken(&f.dequeue(10, None).await), [queued[1].clone()]);
    // The queue has passed its place, so it gets a new one.
    f.set_status(&queued[0], RolloutStatus::Requeuing).await;
    assert_eq!(taken(&f.dequeue(10, None).await), [queued[0].clone()]);
}

async fn attempts_are_numbered_on_across_requeues(f: Fixture) {
    let id = ids(&f.enqueue(1).await).remove(0);
    for number in 1..=3 {
        let taken = f.dequeue(1, None).await.remove(0);
        assert_eq!(taken.attempt.sequence_id, number);
        let requeued = f.set_status(&id, RolloutStatus::Requeuing).await;
        assert_eq!((requeued.status, requeued.end_time), (RolloutStatus::Requeuing, None));
    }
}

async fn the_queue_survives_a_restart(f: Fixture) {
    let queued = ids(&f.enqueue(5).await);
    f.set_status(&queued[1], RolloutStatus::Cancelled).await;
    f.dequeue(1, None).await;
    f.set_status(&queued[0], RolloutStatus::Requeuing).await;
    let f = f.restarted().await;
    let more = ids(&f.enqueue(1).await);
    let expected = [&queued[2..], &queued[..1], &more[..]].concat();
    assert_eq!(taken(&f.dequeue(10, None).await), expected);
}

async fn many_claimants_share_the_queue_without_overlap(f: Fixture) {
    let queued = ids(&f.enqueue(500).await);
    let claims = (0..10).map(|_| {
        let store = f.store.clone();
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let request = lightning_store_client::wire::DequeueRollouts {
                    limit: 7,
                    worker_id: None,
                    wait_seconds: None,
                };
                let batch = store
                    .transact(lightning_store_server::service::dequeue::Dequeue { request })
                    .await
                    .unwrap();
                if batch.is_empty() {
                    return claimed;
                }
                claimed.extend(taken(&batch));
            }
        })
    });
    let mut all = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        all.extend(claim.await.unwrap());
    }
    all.sort_unstable();
    let mut expected = queued;
    expected.sort_unstable();
    assert_eq!(all, expected);
}
