//! A past that is told.

use lightning_store_client::wire::{AttemptStatus, DequeueRollouts, RolloutConfig, RolloutStatus, Timestamp};
use lightning_store_server::service::dequeue::Dequeue;
use lightning_store_server::service::enqueue::Enqueue;
use lightning_store_server::service::told::Told;
use lightning_store_server::service::watchdog::Check;
use lightning_store_server::storage::tx::Operation;

use crate::fixture::{Fixture, new_rollout, retrying};

crate::sentences! {
    what_is_told_happened_at_its_moment,
    no_moment_is_earlier_than_the_one_before_it,
}

async fn tell<O: Operation>(f: &Fixture, seconds: f64, operation: O) -> O::Output {
    f.store.transact(Told { moment: at(seconds), operation }).await.unwrap()
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_seconds(seconds).unwrap()
}

async fn what_is_told_happened_at_its_moment(f: Fixture) {
    let config = RolloutConfig { timeout_seconds: Some(60.0), ..retrying() };
    let rollouts = vec![new_rollout("1", Some(config))];
    let told = tell(&f, 999_000.0, Enqueue { rollouts }).await.remove(0);
    assert_eq!(told.start_time, at(999_000.0));
    let request = DequeueRollouts { limit: 1, ..DequeueRollouts::default() };
    let attempt = tell(&f, 999_010.5, Dequeue { request }).await.remove(0).attempt;
    assert_eq!(attempt.start_time, at(999_010.5));
    // Its time is over at that moment, not at present.
    assert_eq!(tell(&f, 999_070.0, Check).await, 0);
    assert_eq!(tell(&f, 999_070.75, Check).await, 1);
    let ended = f.latest(&told.rollout_id).await;
    assert_eq!((ended.status, ended.start_time), (AttemptStatus::Timeout, at(999_010.5)));
    assert_eq!(f.status(&told.rollout_id).await, RolloutStatus::Requeuing);
    let present = f.enqueue(1).await.remove(0);
    assert_eq!(present.start_time, at(1_000_000.0));
}

async fn no_moment_is_earlier_than_the_one_before_it(f: Fixture) {
    let present = f.enqueue(1).await.remove(0);
    let late = tell(&f, 5.0, Enqueue { rollouts: vec![new_rollout("1", None)] }).await.remove(0);
    assert!(late.start_time > present.start_time);
}
