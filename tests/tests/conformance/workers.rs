//! Workers.

use lightning_store_client::wire::{
    AttemptStatus, FilterLogic, Patch, RawJson, RolloutConfig, Sort, SortOrder, UpdateAttempt,
    UpdateWorker as Heartbeat, Window, WorkerField, WorkerFilter, WorkerStatus,
};
use lightning_store_server::service::workers::UpdateWorker;

use crate::fixture::{Fixture, retrying};

crate::sentences! {
    a_worker_is_busy_with_the_last_of_its_batch,
    an_empty_queue_makes_idle_and_keeps_the_current_attempt,
    a_heartbeat_leaves_the_status_and_the_status_leaves_the_heartbeat,
    attempts_that_end_free_their_worker,
    the_empty_name_is_nobody,
    workers_are_listed_in_the_order_they_were_first_seen,
    workers_survive_a_restart,
}

async fn heartbeat(f: &Fixture, id: &str, stats: Option<&str>) {
    let heartbeat_stats = stats.map_or(Patch::Keep, |stats| Patch::Set(RawJson::trusted(stats)));
    f.store
        .transact(UpdateWorker { worker_id: id.into(), request: Heartbeat { heartbeat_stats } })
        .await
        .unwrap();
}

async fn a_worker_is_busy_with_the_last_of_its_batch(f: Fixture) {
    f.enqueue(2).await;
    let taken = f.dequeue(2, Some("w")).await;
    let worker = f.worker("w").await.unwrap();
    assert_eq!(worker.status, WorkerStatus::Busy);
    assert_eq!(worker.current_attempt_id.as_ref(), Some(&taken[1].attempt.attempt_id));
    assert_eq!(
        (worker.last_dequeue_time, worker.last_busy_time),
        (worker.last_busy_time, Some(taken[1].attempt.start_time))
    );
}

async fn an_empty_queue_makes_idle_and_keeps_the_current_attempt(f: Fixture) {
    f.dequeue(1, Some("w")).await;
    let first = f.worker("w").await.unwrap();
    assert_eq!((first.status, first.last_idle_time), (WorkerStatus::Idle, first.last_dequeue_time));
    f.advance(1.0);
    f.dequeue(1, Some("w")).await;
    let second = f.worker("w").await.unwrap();
    assert_eq!(second.last_idle_time, first.last_idle_time);
    assert!(second.last_dequeue_time > first.last_dequeue_time);
    let taken = f.started(RolloutConfig::default(), Some("w")).await;
    f.dequeue(1, Some("w")).await;
    let third = f.worker("w").await.unwrap();
    assert_eq!(
        (third.status, third.current_attempt_id),
        (WorkerStatus::Idle, Some(taken.attempt.attempt_id))
    );
}

async fn a_heartbeat_leaves_the_status_and_the_status_leaves_the_heartbeat(f: Fixture) {
    heartbeat(&f, "w", Some("{\"cpu\":0.5}")).await;
    assert_eq!(f.worker("w").await.unwrap().status, WorkerStatus::Unknown);
    f.started(RolloutConfig::default(), Some("w")).await;
    heartbeat(&f, "w", None).await;
    let worker = f.worker("w").await.unwrap();
    assert_eq!(worker.status, WorkerStatus::Busy);
    assert_eq!(worker.heartbeat_stats.as_ref().map(RawJson::as_str), Some("{\"cpu\":0.5}"));
    assert!(worker.last_heartbeat_time > worker.last_busy_time);
}

async fn attempts_that_end_free_their_worker(f: Fixture) {
    for (status, expected) in [
        (AttemptStatus::Succeeded, WorkerStatus::Idle),
        (AttemptStatus::Failed, WorkerStatus::Idle),
        (AttemptStatus::Timeout, WorkerStatus::Unknown),
        (AttemptStatus::Unresponsive, WorkerStatus::Unknown),
    ] {
        let id = f.started(retrying(), Some("w")).await.rollout.rollout_id;
        f.advance(1.0);
        f.report(&id, "latest", status).await;
        let worker = f.worker("w").await.unwrap();
        assert_eq!(
            (worker.status, worker.current_rollout_id, worker.current_attempt_id),
            (expected, None, None)
        );
        assert!(worker.last_idle_time > worker.last_busy_time);
        f.set_status(&id, lightning_store_client::wire::RolloutStatus::Cancelled).await;
    }
    // Naming a worker makes it busy with the attempt.
    let id = f.started(RolloutConfig::default(), None).await.rollout.rollout_id;
    let request = UpdateAttempt { worker_id: Patch::Set("v".into()), ..UpdateAttempt::default() };
    f.change(&id, "latest", request).await.unwrap();
    assert_eq!(f.worker("v").await.unwrap().current_rollout_id, Some(id));
}

async fn the_empty_name_is_nobody(f: Fixture) {
    let taken = f.started(RolloutConfig::default(), Some("")).await;
    assert_eq!(taken.attempt.worker_id.as_ref().map(AsRef::as_ref), Some(""));
    assert_eq!(f.worker("").await, None);
    assert_eq!(f.store.totals().await.unwrap().workers, 0);
}

async fn list(f: &Fixture, filter: WorkerFilter, sort: Option<Sort<WorkerField>>) -> Vec<String> {
    let page = f.store.query_workers(filter, sort, Window::default()).await.unwrap();
    page.items.into_iter().map(|worker| worker.worker_id.to_string()).collect()
}

fn any() -> WorkerFilter {
    WorkerFilter { status_in: None, worker_id_contains: None, logic: FilterLogic::And }
}

async fn workers_are_listed_in_the_order_they_were_first_seen(f: Fixture) {
    heartbeat(&f, "soft-1", None).await;
    f.started(RolloutConfig::default(), Some("hard-1")).await;
    heartbeat(&f, "soft-2", None).await;
    f.started(RolloutConfig::default(), Some("hard-2")).await;
    heartbeat(&f, "soft-1", None).await;
    assert_eq!(list(&f, any(), None).await, ["soft-1", "hard-1", "soft-2", "hard-2"]);
    let desc = Some(Sort { by: WorkerField::LastBusyTime, order: SortOrder::Desc });
    assert_eq!(list(&f, any(), desc).await, ["soft-1", "soft-2", "hard-2", "hard-1"]);
    let busy = Some(vec![WorkerStatus::Busy]);
    let named = Some("t-1".to_owned());
    let and = WorkerFilter { status_in: busy.clone(), worker_id_contains: Some("-1".to_owned()), ..any() };
    assert_eq!(list(&f, and, None).await, ["hard-1"]);
    let or = WorkerFilter { status_in: busy, worker_id_contains: named, logic: FilterLogic::Or };
    assert_eq!(list(&f, or, None).await, ["soft-1", "hard-1", "hard-2"]);
    let none = WorkerFilter { status_in: Some(Vec::new()), logic: FilterLogic::Or, ..any() };
    assert_eq!(list(&f, none, None).await, [""; 0]);
    assert_eq!(f.store.totals().await.unwrap().workers, 4);
}

async fn workers_survive_a_restart(f: Fixture) {
    heartbeat(&f, "soft", Some("{\"n\":1}")).await;
    f.started(RolloutConfig::default(), Some("hard")).await;
    f.dequeue(1, Some("idle")).await;
    let before = [f.worker("soft").await, f.worker("hard").await, f.worker("idle").await];
    let f = f.restarted().await;
    assert_eq!([f.worker("soft").await, f.worker("hard").await, f.worker("idle").await], before);
    heartbeat(&f, "soft", None).await;
    assert_eq!(list(&f, any(), None).await, ["soft", "hard", "idle"]);
}
