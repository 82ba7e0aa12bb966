//! Everything that can be read, compared with the model.

use std::collections::BTreeSet;

use lightning_store_client::wire::{
    Attempt, FilterLogic, Page, ResourcesFilter, ResourcesId, Rollout, RolloutFilter, RolloutId,
    RolloutStatus, RolloutWithAttempt, Sort, SortOrder, SpanField, SpanFilter, SpanRecord, WaitForRollouts,
    Window, Word as _, Worker, WorkerFilter, WorkerStatus,
};
use lightning_store_server::service::wait::wait;
use lightning_store_server::storage::error::StoreError;
use lightning_store_server::storage::{Store, Totals};
use tokio_util::sync::CancellationToken;

use crate::model::{Entry, Model};
use crate::play::{Difference, differ};

/// Compares everything.
pub(crate) async fn look(store: &Store, model: &Model) -> Result<(), Difference> {
    are_ids_in_order(model)?;
    totals(store, model).await?;
    rollouts(store, model).await?;
    for entry in &model.rollouts {
        attempts(store, entry).await?;
        spans(store, entry).await?;
    }
    workers(store, model).await?;
    resources(store, model).await
}

/// Ids are of the right shape, and none was drawn twice.
fn are_ids_in_order(model: &Model) -> Result<(), Difference> {
    let mut seen = BTreeSet::new();
    let mut check = |id: &str, prefix: &str, length: usize| {
        let digits = id.strip_prefix(prefix).unwrap_or_default();
        let is_hex = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let is_good = digits.len() == length && is_hex && seen.insert(id.to_owned());
        differ(&(id, true), &(id, is_good))
    };
    for entry in &model.rollouts {
        check(entry.rollout.rollout_id.as_str(), "ro-", 12)?;
        for attempt in &entry.attempts {
            check(attempt.attempt_id.as_str(), "at-", 8)?;
        }
    }
    Ok(())
}

async fn totals(store: &Store, model: &Model) -> Result<(), Difference> {
    let count = |of: fn(&Entry) -> usize| model.rollouts.iter().map(of).sum::<usize>() as u64;
    let expected = Totals {
        rollouts: model.rollouts.len() as u64,
        attempts: count(|entry| entry.attempts.len()),
        spans: count(|entry| entry.spans.len()),
        resources: model.resources.len() as u64,
        workers: model.workers.len() as u64,
    };
    same(&expected, store.totals().await)
}

async fn rollouts(store: &Store, model: &Model) -> Result<(), Difference> {
    let all: Vec<RolloutWithAttempt> = model.rollouts.iter().map(with_newest).collect();
    let query = async |filter| store.query_rollouts(filter, None, Window::default()).await;
    list(all.clone(), query(RolloutFilter::default()).await)?;
    for &status in RolloutStatus::ALL {
        let expected = all.iter().filter(|item| item.rollout.status == status).cloned().collect();
        let status_in = Some(vec![status]);
        list(expected, query(RolloutFilter { status_in, ..RolloutFilter::default() }).await)?;
    }
    for item in &all {
        same(&Some(item.clone()), store.get_rollout(item.rollout.rollout_id.clone()).await)?;
    }
    // Those that are finished, in the order asked for, repeated ones repeatedly.
    let mut ids: Vec<RolloutId> = all.iter().map(|item| item.rollout.rollout_id.clone()).rev().collect();
    ids.extend(ids.first().cloned());
    ids.push("ro-none".into());
    let finished: Vec<Rollout> = ids
        .iter()
        .filter_map(|id| all.iter().find(|item| item.rollout.rollout_id == *id))
        .filter(|item| item.rollout.end_time.is_some())
        .map(|item| item.rollout.clone())
        .collect();
    let request = WaitForRollouts { rollout_ids: ids, timeout: Some(0.0) };
    same(&finished, wait(store, request, &CancellationToken::new()).await)
}

fn with_newest(entry: &Entry) -> RolloutWithAttempt {
    RolloutWithAttempt { rollout: entry.rollout.clone(), attempt: entry.attempts.last().cloned() }
}

async fn attempts(store: &Store, entry: &Entry) -> Result<(), Difference> {
    let id = &entry.rollout.rollout_id;
    list::<Attempt>(entry.attempts.clone(), store.query_attempts(id.clone(), None, Window::default()).await)?;
    same(&entry.attempts.last().cloned(), store.get_latest_attempt(id.clone()).await)
}

async fn spans(store: &Store, entry: &Entry) -> Result<(), Difference> {
    let filter = |attempt_id: Option<&str>| {
        SpanFilter::of(entry.rollout.rollout_id.as_str(), attempt_id.map(str::to_owned))
    };
    let query = async |attempt, sort| store.query_spans(filter(attempt), sort, Window::default()).await;
    list(entry.spans.clone(), query(None, None).await)?;
    if entry.spans.is_empty() {
        return Ok(());
    }
    // Equal numbers keep the order in which they were stored.
    let mut sorted = entry.spans.clone();
    sorted.sort_by_key(|span| span.sequence_id);
    let by_number = Sort { by: SpanField::SequenceId, order: SortOrder::Asc };
    list(sorted, query(None, Some(by_number)).await)?;
    let newest = entry.attempts.last().map(|attempt| &attempt.attempt_id);
    let of_newest = |span: &&SpanRecord| Some(&span.attempt_id) == newest;
    let of_newest: Vec<SpanRecord> = entry.spans.iter().filter(of_newest).cloned().collect();
    list(of_newest, query(Some("latest"), None).await)
}

async fn workers(store: &Store, model: &Model) -> Result<(), Difference> {
    let query = async |status_in| {
        let filter = WorkerFilter { status_in, worker_id_contains: None, logic: FilterLogic::And };
        store.query_workers(filter, None, Window::default()).await
    };
    list(model.workers.clone(), query(None).await)?;
    let busy = |worker: &&Worker| worker.status == WorkerStatus::Busy;
    let expected = model.workers.iter().filter(busy).cloned().collect();
    list(expected, query(Some(vec![WorkerStatus::Busy])).await)?;
    for worker in &model.workers {
        same(&Some(worker.clone()), store.get_worker(worker.worker_id.clone()).await)?;
    }
    same(&None, store.get_worker("".into()).await)
}

async fn resources(store: &Store, model: &Model) -> Result<(), Difference> {
    let found = store.query_resources(ResourcesFilter::default(), None, Window::default());
    list(model.resources.clone(), found.await)?;
    let is_latest = |id: &ResourcesId| model.resources.iter().find(|update| update.resources_id == *id);
    same(&model.latest_resources.as_ref().and_then(is_latest).cloned(), store.get_latest_resources().await)
}

/// The list is this one, and says so itself.
fn list<T: Clone + PartialEq + std::fmt::Debug>(
    expected: Vec<T>,
    got: Result<Page<T>, StoreError>,
) -> Result<(), Difference> {
    let total = expected.len() as u64;
    same(&Page { items: expected, limit: -1, offset: 0, total }, got)
}

fn same<T: PartialEq + std::fmt::Debug>(expected: &T, got: Result<T, StoreError>) -> Result<(), Difference> {
    match got {
        Ok(got) => differ(expected, &got),
        Err(error) => Err(Difference { expected: format!("{expected:?}"), got: error.to_string() }),
    }
}
