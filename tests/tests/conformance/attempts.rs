//! Attempts and how they move their rollouts.

use lightning_store_client::wire::{
    AttemptField, AttemptStatus, NullNotAllowed, Patch, RawJson, RolloutConfig, RolloutId, RolloutStatus,
    Sort, SortOrder, UpdateAttempt, Window,
};
use lightning_store_server::storage::error::StoreError;

use crate::fixture::{Fixture, retrying};

crate::sentences! {
    a_failed_attempt_requeues_the_rollout_while_attempts_remain,
    only_the_newest_attempt_moves_the_rollout,
    latest_names_the_newest_attempt,
    every_update_of_the_newest_attempt_moves_the_rollout,
    a_cancelled_rollout_stays_cancelled_until_it_is_started_again,
    what_does_not_exist_is_named,
    null_is_refused_and_changes_nothing,
    attempts_are_listed_by_number_and_sorted_stably,
    an_update_is_kept_over_a_restart,
}

async fn a_failed_attempt_requeues_the_rollout_while_attempts_remain(f: Fixture) {
    let id = f.started(retrying(), None).await.rollout.rollout_id;
    for expected in [RolloutStatus::Requeuing, RolloutStatus::Requeuing, RolloutStatus::Failed] {
        let attempt = f.report(&id, "latest", AttemptStatus::Failed).await;
        assert!(attempt.end_time.is_some());
        let rollout = f.store.get_rollout(id.clone()).await.unwrap().unwrap().rollout;
        assert_eq!((rollout.status, rollout.end_time.is_some()), (expected, expected.is_finished()));
        f.dequeue(1, None).await;
    }
    assert_eq!(f.latest(&id).await.sequence_id, 3);
}

async fn only_the_newest_attempt_moves_the_rollout(f: Fixture) {
    let first = f.started(RolloutConfig::default(), None).await;
    let id = first.rollout.rollout_id;
    f.start_attempt(&id).await;
    let old = f.report(&id, first.attempt.attempt_id.as_str(), AttemptStatus::Succeeded).await;
    assert_eq!(old.status, AttemptStatus::Succeeded);
    assert_eq!(f.status(&id).await, RolloutStatus::Preparing);
    f.report(&id, "latest", AttemptStatus::Running).await;
    assert_eq!(f.status(&id).await, RolloutStatus::Running);
}

async fn latest_names_the_newest_attempt(f: Fixture) {
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    let second = f.start_attempt(&id).await.attempt;
    assert_eq!(f.report(&id, "latest", AttemptStatus::Running).await.attempt_id, second.attempt_id);
    assert_eq!(f.latest(&id).await.attempt_id, second.attempt_id);
}

async fn every_update_of_the_newest_attempt_moves_the_rollout(f: Fixture) {
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    f.report(&id, "latest", AttemptStatus::Running).await;
    f.set_status(&id, RolloutStatus::Succeeded).await;
    let metadata = UpdateAttempt { metadata: Patch::Set(RawJson::trusted("{}")), ..UpdateAttempt::default() };
    f.change(&id, "latest", metadata).await.unwrap();
    let rollout = f.store.get_rollout(id).await.unwrap().unwrap().rollout;
    assert_eq!((rollout.status, rollout.end_time), (RolloutStatus::Running, None));
}

async fn a_cancelled_rollout_stays_cancelled_until_it_is_started_again(f: Fixture) {
    let taken = f.started(retrying(), None).await;
    let id = taken.rollout.rollout_id;
    f.set_status(&id, RolloutStatus::Cancelled).await;
    for status in [AttemptStatus::Running, AttemptStatus::Failed, AttemptStatus::Succeeded] {
        f.report(&id, "latest", status).await;
        assert_eq!(f.status(&id).await, RolloutStatus::Cancelled);
    }
    f.add_span(&taken.attempt, 1, "late").await;
    assert_eq!(f.status(&id).await, RolloutStatus::Cancelled);
    assert_eq!(f.start_attempt(&id).await.rollout.status, RolloutStatus::Preparing);
}

async fn what_does_not_exist_is_named(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let queued = f.enqueue(1).await.remove(0).rollout_id;
    let (id, none) = (taken.rollout.rollout_id, RolloutId::from("ro-none"));
    let table = [
        (&none, "latest", "Rollout ro-none not found".to_owned()),
        (&id, "at-none", format!("Attempt at-none not found for rollout {id}")),
        (&queued, "latest", format!("No attempts found for rollout {queued}")),
        (&queued, taken.attempt.attempt_id.as_str(), format!("No attempts found for rollout {queued}")),
    ];
    for (rollout, attempt, text) in table {
        match f.change(rollout, attempt, UpdateAttempt::default()).await {
            Err(StoreError::NotFound(missing)) => assert_eq!(missing.to_string(), text),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(f.store.get_latest_attempt(none).await.unwrap(), None);
}

async fn null_is_refused_and_changes_nothing(f: Fixture) {
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    let before = f.latest(&id).await;
    let request = UpdateAttempt {
        status: Patch::Set(AttemptStatus::Failed),
        worker_id: Patch::Clear,
        ..UpdateAttempt::default()
    };
    let refused = f.change(&id, "latest", request).await;
    assert!(matches!(refused, Err(StoreError::Null(NullNotAllowed("worker_id")))));
    assert_eq!(f.latest(&id).await, before);
}

async fn attempts_are_listed_by_number_and_sorted_stably(f: Fixture) {
    let id = f.started(RolloutConfig::default(), Some("b")).await.rollout.rollout_id;
    f.start_attempt(&id).await;
    f.start_attempt(&id).await;
    let numbers = async |by, order, window| {
        let page = f.store.query_attempts(id.clone(), Some(Sort { by, order }), window).await.unwrap();
        (page.items.iter().map(|attempt| attempt.sequence_id).collect::<Vec<_>>(), page.total)
    };
    let all = Window::default();
    assert_eq!(numbers(AttemptField::SequenceId, SortOrder::Desc, all).await, (vec![3, 2, 1], 3));
    // No worker is the empty string; what ties keeps its order in both directions.
    assert_eq!(numbers(AttemptField::WorkerId, SortOrder::Asc, all).await, (vec![2, 3, 1], 3));
    assert_eq!(numbers(AttemptField::WorkerId, SortOrder::Desc, all).await, (vec![1, 2, 3], 3));
    let page = Window { limit: 1, offset: 1 };
    assert_eq!(numbers(AttemptField::StartTime, SortOrder::Asc, page).await, (vec![2], 3));
    assert_eq!(f.store.query_attempts(RolloutId::from("ro-none"), None, all).await.unwrap().total, 0);
}

async fn an_update_is_kept_over_a_restart(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), Some("w")).await;
    let id = taken.rollout.rollout_id;
    f.add_span(&taken.attempt, 1, "s").await;
    f.advance(1.0);
    f.add_span(&taken.attempt, 2, "t").await;
    let metadata = UpdateAttempt {
        metadata: Patch::Set(RawJson::trusted("{\"n\":12345678901234567890123}")),
        ..UpdateAttempt::default()
    };
    let updated = f.change(&id, "latest", metadata).await.unwrap();
    f.advance(1.0);
    f.add_span(&taken.attempt, 3, "u").await;
    let before = f.latest(&id).await;
    assert!(before.last_heartbeat_time > updated.last_heartbeat_time);
    let f = f.restarted().await;
    assert_eq!(f.latest(&id).await, before);
}
