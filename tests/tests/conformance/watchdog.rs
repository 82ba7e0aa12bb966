//! Attempts that take too long or fall silent. The timer is not running here: looking is done by hand.

use lightning_store_client::wire::{
    AttemptStatus, Patch, RolloutConfig, RolloutStatus, Timestamp, UpdateAttempt, WorkerStatus,
};
use lightning_store_server::service::watchdog::{Check, Resume};

use crate::fixture::{Fixture, retrying};

crate::sentences! {
    an_attempt_may_use_its_whole_time_and_not_more,
    signs_of_life_put_off_silence_but_not_the_timeout,
    an_attempt_that_ran_out_of_time_is_retried_and_frees_its_worker,
    a_write_applies_a_deadline_that_has_passed_after_taking_its_answer,
    a_span_of_a_timed_out_attempt_is_timed_out_again,
    nothing_is_looked_at_before_its_time,
    after_a_start_silence_counts_from_the_start_but_time_does_not,
    only_the_newest_attempt_of_a_running_rollout_is_watched,
}

fn seconds(timeout: Option<f64>, unresponsive: Option<f64>) -> RolloutConfig {
    RolloutConfig { timeout_seconds: timeout, unresponsive_seconds: unresponsive, ..retrying() }
}

async fn check(f: &Fixture) -> usize {
    f.store.transact(Check).await.unwrap()
}

async fn an_attempt_may_use_its_whole_time_and_not_more(f: Fixture) {
    let id = f.started(seconds(Some(10.0), None), None).await.rollout.rollout_id;
    f.advance(9.9);
    assert_eq!(check(&f).await, 0);
    f.advance(0.2);
    assert_eq!(check(&f).await, 1);
    let attempt = f.latest(&id).await;
    assert_eq!((attempt.status, attempt.end_time), (AttemptStatus::Timeout, None));
    assert_eq!(f.status(&id).await, RolloutStatus::Requeuing);
    assert_eq!(check(&f).await, 0);
}

async fn signs_of_life_put_off_silence_but_not_the_timeout(f: Fixture) {
    let taken = f.started(seconds(Some(100.0), Some(10.0)), None).await;
    let id = taken.rollout.rollout_id;
    for number in 0..19 {
        f.advance(5.0);
        f.add_span(&taken.attempt, number, &number.to_string()).await;
        assert_eq!(check(&f).await, 0);
    }
    f.advance(6.0);
    assert_eq!(check(&f).await, 1);
    assert_eq!(f.latest(&id).await.status, AttemptStatus::Timeout);
    // The second attempt is silent from its start.
    f.dequeue(1, None).await;
    f.advance(11.0);
    assert_eq!(check(&f).await, 1);
    assert_eq!(f.latest(&id).await.status, AttemptStatus::Unresponsive);
}

async fn an_attempt_that_ran_out_of_time_is_retried_and_frees_its_worker(f: Fixture) {
    let id = f.started(seconds(Some(1.0), None), Some("w")).await.rollout.rollout_id;
    for number in 1..=3 {
        f.advance(2.0);
        assert_eq!(check(&f).await, 1);
        let worker = f.worker("w").await.unwrap();
        assert_eq!((worker.status, worker.current_attempt_id), (WorkerStatus::Unknown, None));
        let expected = if number < 3 { RolloutStatus::Requeuing } else { RolloutStatus::Failed };
        assert_eq!(f.status(&id).await, expected);
        assert_eq!(f.dequeue(1, Some("w")).await.len(), usize::from(number < 3));
    }
}

async fn a_write_applies_a_deadline_that_has_passed_after_taking_its_answer(f: Fixture) {
    let id = f.started(seconds(None, Some(1000.0)), None).await.rollout.rollout_id;
    let past = UpdateAttempt {
        last_heartbeat_time: Patch::Set(Timestamp::from_micros(1_000_000)),
        ..UpdateAttempt::default()
    };
    assert_eq!(f.change(&id, "latest", past).await.unwrap().status, AttemptStatus::Preparing);
    assert_eq!(f.latest(&id).await.status, AttemptStatus::Unresponsive);
    assert_eq!(f.status(&id).await, RolloutStatus::Requeuing);
}

async fn a_span_of_a_timed_out_attempt_is_timed_out_again(f: Fixture) {
    let taken = f.started(seconds(Some(1.0), None), None).await;
    let id = taken.rollout.rollout_id;
    f.advance(2.0);
    check(&f).await;
    f.add_span(&taken.attempt, 1, "late").await;
    assert_eq!(f.latest(&id).await.status, AttemptStatus::Timeout);
    assert_eq!(f.status(&id).await, RolloutStatus::Requeuing);
    assert_eq!(f.dequeue(10, None).await.len(), 1);
}

async fn nothing_is_looked_at_before_its_time(f: Fixture) {
    let next_check = f.store.next_check();
    f.started(RolloutConfig::default(), None).await;
    assert_eq!(*next_check.borrow(), None);
    let started = f.started(seconds(Some(10.0), Some(4.0)), None).await.attempt.start_time;
    assert_eq!(*next_check.borrow(), started.after(4.0));
    f.enqueue_with(1, seconds(Some(0.1), None)).await;
    f.advance(1.0);
    assert_eq!(check(&f).await, 0);
}

async fn after_a_start_silence_counts_from_the_start_but_time_does_not(f: Fixture) {
    let silent = f.started(seconds(None, Some(10.0)), None).await.rollout.rollout_id;
    let slow = f.started(seconds(Some(15.0), None), None).await.rollout.rollout_id;
    let f = f.restarted().await;
    f.advance(8.0);
    f.store.transact(Resume).await.unwrap();
    f.advance(8.0);
    check(&f).await;
    assert_eq!(f.latest(&silent).await.status, AttemptStatus::Preparing);
    assert_eq!(f.latest(&slow).await.status, AttemptStatus::Timeout);
    f.advance(3.0);
    check(&f).await;
    assert_eq!(f.latest(&silent).await.status, AttemptStatus::Unresponsive);
}

async fn only_the_newest_attempt_of_a_running_rollout_is_watched(f: Fixture) {
    let taken = f.started(seconds(Some(1.0), None), None).await;
    let id = taken.rollout.rollout_id;
    f.advance(0.9);
    f.start_attempt(&id).await;
    f.advance(0.5);
    assert_eq!(check(&f).await, 0);
    f.set_status(&id, RolloutStatus::Succeeded).await;
    f.advance(5.0);
    assert_eq!(check(&f).await, 0);
    // Running again by hand: its time has long passed.
    f.set_status(&id, RolloutStatus::Running).await;
    assert_eq!(f.latest(&id).await.status, AttemptStatus::Timeout);
}
