//! What listeners are told of a change. Numbers are given when it is published.

use lightning_store_client::wire::{
    AttemptId, AttemptStatus, Event, ResourcesEvent, ResourcesUpdate, RolloutEvent, RolloutId, RolloutStatus,
    SpanRecord, SpansEvent, Worker, WorkerEvent,
};

/// A rollout and its newest attempt.
pub fn rollout(id: &RolloutId, status: RolloutStatus, newest: Option<(&AttemptId, AttemptStatus)>) -> Event {
    Event::Rollout(RolloutEvent {
        rollout_id: id.clone(),
        status,
        attempt_id: newest.map(|(id, _)| id.clone()),
        attempt_status: newest.map(|(_, status)| status),
        seq: 0,
    })
}

/// Spans of one attempt with their numbers, as far as they were new.
pub fn spans(spans: &[(i64, &SpanRecord)], added: &[bool]) -> Option<Event> {
    let new = spans.iter().zip(added).filter(|(_, added)| **added).map(|(span, _)| span);
    let (from_seq, first) = new.clone().min_by_key(|(number, _)| *number)?;
    Some(Event::Spans(SpansEvent {
        rollout_id: first.rollout_id.clone(),
        attempt_id: first.attempt_id.clone(),
        from_seq: *from_seq,
        count: new.count() as u64,
        seq: 0,
    }))
}

/// A worker.
pub fn worker(worker: &Worker) -> Event {
    Event::Worker(WorkerEvent {
        worker_id: worker.worker_id.clone(),
        status: worker.status,
        current_rollout_id: worker.current_rollout_id.clone(),
        current_attempt_id: worker.current_attempt_id.clone(),
        seq: 0,
    })
}

/// A set of resources.
pub fn resources(update: &ResourcesUpdate) -> Event {
    let (resources_id, version) = (update.resources_id.clone(), update.version);
    Event::Resources(ResourcesEvent { resources_id, version, seq: 0 })
}
