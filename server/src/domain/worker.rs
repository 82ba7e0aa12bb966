//! What the store knows of workers from what they do.

use lightning_store_client::wire::{
    Attempt, AttemptStatus, NullNotAllowed, Timestamp, UpdateWorker, Worker, WorkerStatus,
};

/// The worker asked for work and got `last`, the last attempt of the batch.
pub fn dequeued(worker: &mut Worker, last: &Attempt, now: Timestamp) {
    worker.last_dequeue_time = Some(now);
    reported(worker, last, now);
}

/// The worker asked for work and there was none. What it was working on stays (Compat).
pub fn found_nothing(worker: &mut Worker, now: Timestamp) {
    worker.last_dequeue_time = Some(now);
    if worker.status != WorkerStatus::Idle {
        worker.status = WorkerStatus::Idle;
        worker.last_idle_time = Some(now);
    }
}

/// The state of one of the worker's attempts was set, be it an old one and the worker busy elsewhere (Compat).
pub fn reported(worker: &mut Worker, attempt: &Attempt, now: Timestamp) {
    worker.status = match attempt.status {
        AttemptStatus::Preparing | AttemptStatus::Running => WorkerStatus::Busy,
        AttemptStatus::Failed | AttemptStatus::Succeeded => WorkerStatus::Idle,
        AttemptStatus::Timeout | AttemptStatus::Unresponsive => WorkerStatus::Unknown,
    };
    if worker.status == WorkerStatus::Busy {
        worker.last_busy_time = Some(now);
        worker.current_rollout_id = Some(attempt.rollout_id.clone());
        worker.current_attempt_id = Some(attempt.attempt_id.clone());
    } else {
        worker.last_idle_time = Some(now);
        worker.current_rollout_id = None;
        worker.current_attempt_id = None;
    }
}

/// The worker sent a heartbeat, which says nothing about its status.
///
/// # Errors
/// [`NullNotAllowed`] for null stats.
pub fn heartbeat(worker: &mut Worker, request: UpdateWorker, now: Timestamp) -> Result<(), NullNotAllowed> {
    request.heartbeat_stats.not_null("heartbeat_stats")?;
    request.heartbeat_stats.apply(&mut worker.heartbeat_stats);
    worker.last_heartbeat_time = Some(now);
    Ok(())
}

#[cfg(test)]
mod tests {
    use lightning_store_client::wire::{AttemptId, Patch, RawJson, RolloutId, Word as _, WorkerId};

    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn attempt(status: AttemptStatus) -> Attempt {
        Attempt {
            rollout_id: RolloutId::from("ro-1"),
            attempt_id: AttemptId::from("at-1"),
            sequence_id: 1,
            start_time: at(1.0),
            end_time: None,
            status,
            worker_id: Some(WorkerId::from("w")),
            last_heartbeat_time: None,
            metadata: None,
        }
    }

    #[test]
    fn attempts_make_their_worker_busy_idle_or_unknown() {
        for &status in AttemptStatus::ALL {
            let mut worker = Worker::new(WorkerId::from("w"));
            dequeued(&mut worker, &attempt(AttemptStatus::Preparing), at(2.0));
            reported(&mut worker, &attempt(status), at(3.0));
            let (expected, busy) = match status {
                AttemptStatus::Preparing | AttemptStatus::Running => (WorkerStatus::Busy, true),
                AttemptStatus::Failed | AttemptStatus::Succeeded => (WorkerStatus::Idle, false),
                AttemptStatus::Timeout | AttemptStatus::Unresponsive => (WorkerStatus::Unknown, false),
            };
            assert_eq!(worker.status, expected);
            assert_eq!(worker.current_attempt_id.is_some(), busy);
            assert_eq!(worker.last_busy_time, Some(at(if busy { 3.0 } else { 2.0 })));
            assert_eq!(worker.last_idle_time, (!busy).then(|| at(3.0)));
            assert_eq!(worker.last_dequeue_time, Some(at(2.0)));
        }
    }

    #[test]
    fn an_empty_queue_makes_idle_once_and_keeps_the_current_attempt() {
        let mut worker = Worker::new(WorkerId::from("w"));
        dequeued(&mut worker, &attempt(AttemptStatus::Preparing), at(2.0));
        found_nothing(&mut worker, at(3.0));
        found_nothing(&mut worker, at(4.0));
        assert_eq!(worker.status, WorkerStatus::Idle);
        assert_eq!((worker.last_dequeue_time, worker.last_idle_time), (Some(at(4.0)), Some(at(3.0))));
        assert_eq!(worker.current_attempt_id, Some(AttemptId::from("at-1")));
    }

    #[test]
    fn heartbeats_leave_the_status_and_absent_stats_leave_the_old_ones() {
        let mut worker = Worker::new(WorkerId::from("w"));
        let stats = RawJson::trusted("{\"cpu\":0.5}");
        heartbeat(&mut worker, UpdateWorker { heartbeat_stats: Patch::Set(stats.clone()) }, at(2.0)).unwrap();
        heartbeat(&mut worker, UpdateWorker::default(), at(3.0)).unwrap();
        assert_eq!(worker.status, WorkerStatus::Unknown);
        assert_eq!(
            (worker.heartbeat_stats.clone(), worker.last_heartbeat_time),
            (Some(stats), Some(at(3.0)))
        );
        let refused = heartbeat(&mut worker, UpdateWorker { heartbeat_stats: Patch::Clear }, at(4.0));
        assert_eq!(refused, Err(NullNotAllowed("heartbeat_stats")));
        assert_eq!(worker.last_heartbeat_time, Some(at(3.0)));
    }
}
