//! Sequence numbers.

use std::collections::HashSet;

use lightning_store_client::wire::{RolloutConfig, RolloutId};
use lightning_store_server::service::next_sequence_id::next_sequence_id;

use crate::fixture::Fixture;

crate::sentences! {
    numbers_start_at_one_and_are_shared_by_attempts,
    a_span_raises_the_counter_and_never_lowers_it,
    a_rollout_that_does_not_exist_is_counted_too,
    numbers_never_repeat_when_many_ask,
    a_clean_restart_skips_no_number,
    the_counter_stops_at_its_end,
}

async fn next(f: &Fixture, id: &RolloutId) -> i64 {
    next_sequence_id(&f.store, id.clone()).await.unwrap()
}

async fn numbers_start_at_one_and_are_shared_by_attempts(f: Fixture) {
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    assert_eq!((next(&f, &id).await, next(&f, &id).await), (1, 2));
    f.start_attempt(&id).await;
    for expected in 3..200 {
        assert_eq!(next(&f, &id).await, expected);
    }
}

async fn a_span_raises_the_counter_and_never_lowers_it(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    let id = taken.rollout.rollout_id;
    f.add_span(&taken.attempt, 10, "a").await;
    assert_eq!(next(&f, &id).await, 11);
    f.add_span(&taken.attempt, 5, "b").await;
    assert_eq!(next(&f, &id).await, 12);
    // A repeated span counts all the same.
    f.add_span(&taken.attempt, 500, "a").await;
    assert_eq!(next(&f, &id).await, 501);
    f.add_span(&taken.attempt, -3, "c").await;
    assert_eq!(next(&f, &id).await, 502);
}

async fn a_rollout_that_does_not_exist_is_counted_too(f: Fixture) {
    let none = RolloutId::from("ro-none");
    assert_eq!((next(&f, &none).await, next(&f, &none).await), (1, 2));
    assert_eq!(next(&f, &RolloutId::from("")).await, 1);
}

async fn numbers_never_repeat_when_many_ask(f: Fixture) {
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let (store, id) = (f.store.clone(), id.clone());
            tokio::spawn(async move {
                let mut numbers = Vec::new();
                for _ in 0..100 {
                    numbers.push(next_sequence_id(&store, id.clone()).await.unwrap());
                }
                assert!(numbers.is_sorted());
                numbers
            })
        })
        .collect();
    let mut all = HashSet::new();
    for asker in askers {
        all.extend(asker.await.unwrap());
    }
    assert_eq!((all.len(), all.iter().max()), (800, Some(&800)));
}

async fn a_clean_restart_skips_no_number(f: Fixture) {
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    assert_eq!((next(&f, &id).await, next(&f, &id).await), (1, 2));
    let f = f.restarted().await;
    assert_eq!(next(&f, &id).await, 3);
}

async fn the_counter_stops_at_its_end(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), None).await;
    f.add_span(&taken.attempt, i64::MAX, "last").await;
    assert_eq!(next(&f, &taken.rollout.rollout_id).await, i64::MAX);
}
