//! The queries as methods of the store.

use lightning_store_client::wire::dashboard::{
    FindRollouts, FindTrace, FindWaiting, FindWorkers, LightTrace, QueueView, RolloutDetail, RolloutRow,
    RolloutRows, StoreSummary, SummaryWindow, WorkerDetail, WorkerRows,
};
use lightning_store_client::wire::{
    AttemptId, ResourcesId, ResourcesUpdate, RolloutId, SpanRecord, Timestamp, WorkerId,
};

use super::super::{PostgresStore, ask};
use super::{export, facts, find, light, queue, rows, summary, versions, workers};
use crate::storage::cursor::Cursor;
use crate::storage::error::{NotFound, StoreError};
use crate::storage::facts::FactsBatch;
use crate::storage::rows::{RowKey, SpanKey};
use crate::storage::{ResourcesRecord, VersionRecord};

type Answer<T> = Result<T, StoreError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike: see `Store`")]
impl PostgresStore {
    /// A page of rollouts.
    pub async fn find_rollouts(&self, wanted: FindRollouts, after: Option<Cursor>) -> Answer<RolloutRows> {
        ask!(self, |client| find::find_rollouts(client, &wanted, after.as_ref()))
    }

    /// The keys of all rollouts that match.
    pub async fn find_rollout_keys(&self, wanted: FindRollouts) -> Answer<Vec<RowKey>> {
        ask!(self, |client| find::find_keys(client, &wanted))
    }

    /// What is shown of these rollouts.
    pub async fn rollout_rows(&self, keys: Vec<RowKey>) -> Answer<Vec<RolloutRow>> {
        ask!(self, |client| rows::rollouts(client, &keys))
    }

    /// One rollout with all its attempts.
    pub async fn rollout_detail(&self, id: RolloutId) -> Answer<Option<RolloutDetail>> {
        ask!(self, |client| rows::detail(client, &id))
    }

    /// A part of the queue.
    pub async fn view_queue(&self, wanted: FindWaiting, now: Timestamp) -> Answer<QueueView> {
        let moves = self.0.history.last_minute(now);
        ask!(self, |client| queue::view(client, wanted, moves, now))
    }

    /// A page of workers.
    pub async fn find_workers(&self, wanted: FindWorkers, now: Timestamp) -> Answer<WorkerRows> {
        ask!(self, |client| workers::find(client, &wanted, now))
    }

    /// One worker with its attempts of the last hour.
    pub async fn worker_detail(&self, id: WorkerId, now: Timestamp) -> Answer<Option<WorkerDetail>> {
        ask!(self, |client| workers::detail(client, &id, now))
    }

    /// The overview.
    pub async fn summary(
        &self,
        window: SummaryWindow,
        started: Timestamp,
        now: Timestamp,
    ) -> Answer<StoreSummary> {
        let around = (&self.0.history, &self.0.steps);
        ask!(self, |client| summary::summary(client, window, around, started, now))
    }

    /// The keys of the spans of a rollout.
    pub async fn span_keys(
        &self,
        rollout: RolloutId,
        attempt: Option<AttemptId>,
    ) -> Answer<Option<Vec<SpanKey>>> {
        ask!(self, |client| export::span_keys(client, &rollout, attempt.as_ref()))
    }

    /// The first of these spans.
    pub async fn spans_by_key(
        &self,
        rollout: RolloutId,
        keys: Vec<SpanKey>,
        bytes: usize,
    ) -> Answer<Vec<SpanRecord>> {
        ask!(self, |client| export::spans_by_key(client, &rollout, &keys, bytes))
    }

    /// By which rules facts were made.
    pub async fn facts_version(&self) -> Answer<i64> {
        ask!(self, |client| facts::version(client))
    }

    /// What the next spans change.
    pub async fn next_facts(&self, most: usize) -> Answer<FactsBatch> {
        ask!(self, |client| facts::next(client, most))
    }

    /// Spans of an attempt without their attributes.
    pub async fn light_trace(
        &self,
        rollout: RolloutId,
        attempt: AttemptId,
        wanted: FindTrace,
    ) -> Answer<Result<LightTrace, NotFound>> {
        ask!(self, |client| light::light_trace(client, &rollout, &attempt, &wanted))
    }

    /// One span of an attempt.
    pub async fn get_span(
        &self,
        rollout: RolloutId,
        attempt: AttemptId,
        span_id: String,
    ) -> Answer<Result<SpanRecord, NotFound>> {
        ask!(self, |client| light::get_span(client, &rollout, &attempt, &span_id))
    }

    /// Sets of resources and what came of them.
    pub async fn resources_records(&self, contains: Option<String>) -> Answer<Vec<ResourcesRecord>> {
        ask!(self, |client| versions::resources_records(client, contains.as_deref()))
    }

    /// A set of resources with its versions.
    pub async fn resources_versions(
        &self,
        id: ResourcesId,
    ) -> Answer<Option<(ResourcesUpdate, Vec<VersionRecord>)>> {
        ask!(self, |client| versions::resources_versions(client, &id))
    }
}
