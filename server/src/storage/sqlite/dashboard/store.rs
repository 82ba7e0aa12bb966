//! The queries as methods of the store.

use std::sync::atomic::Ordering;

use lightning_store_client::wire::dashboard::{
    FindRollouts, FindTrace, FindWaiting, FindWorkers, LightTrace, QueueView, RolloutDetail, RolloutRow,
    RolloutRows, StoreSummary, SummaryWindow, WorkerDetail, WorkerRows,
};
use lightning_store_client::wire::{
    AttemptId, ResourcesId, ResourcesUpdate, RolloutId, SpanRecord, Timestamp, WorkerId,
};

use super::super::SqliteStore;
use super::summary::Around;
use super::{export, facts, find, light, queue, rows, summary, versions, workers};
use crate::storage::cursor::Cursor;
use crate::storage::error::{NotFound, StoreError};
use crate::storage::facts::FactsBatch;
use crate::storage::history::History;
use crate::storage::rows::{RowKey, SpanKey};
use crate::storage::{ResourcesRecord, VersionRecord};

type Answer<T> = Result<T, StoreError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike: see `Store`")]
impl SqliteStore {
    /// What has happened lately.
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// A page of rollouts.
    pub async fn find_rollouts(&self, wanted: FindRollouts, after: Option<Cursor>) -> Answer<RolloutRows> {
        self.query(move |connection, soft| find::find_rollouts(connection, soft, &wanted, after.as_ref()))
            .await
    }

    /// The keys of all rollouts that match.
    pub async fn find_rollout_keys(&self, wanted: FindRollouts) -> Answer<Vec<RowKey>> {
        self.query(move |connection, _| find::find_keys(connection, &wanted)).await
    }

    /// What is shown of these rollouts.
    pub async fn rollout_rows(&self, keys: Vec<RowKey>) -> Answer<Vec<RolloutRow>> {
        self.query(move |connection, soft| rows::rollouts(connection, soft, &keys)).await
    }

    /// One rollout with all its attempts.
    pub async fn rollout_detail(&self, id: RolloutId) -> Answer<Option<RolloutDetail>> {
        self.query(move |connection, soft| rows::detail(connection, soft, &id)).await
    }

    /// A part of the queue.
    pub async fn view_queue(&self, wanted: FindWaiting, now: Timestamp) -> Answer<QueueView> {
        let moves = self.0.history.last_minute(now);
        self.query(move |connection, soft| queue::view(connection, soft, wanted, moves, now)).await
    }

    /// A page of workers.
    pub async fn find_workers(&self, wanted: FindWorkers, now: Timestamp) -> Answer<WorkerRows> {
        self.query(move |connection, soft| workers::find(connection, soft, &wanted, now)).await
    }

    /// One worker with its attempts of the last hour.
    pub async fn worker_detail(&self, id: WorkerId, now: Timestamp) -> Answer<Option<WorkerDetail>> {
        self.query(move |connection, soft| workers::detail(connection, soft, &id, now)).await
    }

    /// The overview.
    pub async fn summary(
        &self,
        window: SummaryWindow,
        started: Timestamp,
        now: Timestamp,
    ) -> Answer<StoreSummary> {
        let (history, steps) = (self.0.history.clone(), self.0.steps.clone());
        let workers = self.0.known_workers.load(Ordering::Relaxed);
        self.query(move |connection, soft| {
            let around = Around { history: &history, steps: &steps, workers, started };
            summary::summary(connection, soft, window, &around, now)
        })
        .await
    }

    /// The keys of the spans of a rollout.
    pub async fn span_keys(
        &self,
        rollout: RolloutId,
        attempt: Option<AttemptId>,
    ) -> Answer<Option<Vec<SpanKey>>> {
        self.query(move |connection, soft| export::span_keys(connection, soft, &rollout, attempt.as_ref()))
            .await
    }

    /// The first of these spans.
    pub async fn spans_by_key(
        &self,
        rollout: RolloutId,
        keys: Vec<SpanKey>,
        bytes: usize,
    ) -> Answer<Vec<SpanRecord>> {
        self.query(move |connection, _| export::spans(connection, &rollout, &keys, bytes)).await
    }

    /// By which rules facts were made.
    pub async fn facts_version(&self) -> Answer<i64> {
        self.query(|connection, _| Ok(facts::progress(connection)?.version)).await
    }

    /// What the next spans change.
    pub async fn next_facts(&self, most: usize) -> Answer<FactsBatch> {
        self.query(move |connection, _| facts::next(connection, most)).await
    }

    /// Spans of an attempt without their attributes.
    pub async fn light_trace(
        &self,
        rollout: RolloutId,
        attempt: AttemptId,
        wanted: FindTrace,
    ) -> Answer<Result<LightTrace, NotFound>> {
        self.query(move |connection, _| light::light_trace(connection, &rollout, &attempt, &wanted)).await
    }

    /// One span of an attempt.
    pub async fn get_span(
        &self,
        rollout: RolloutId,
        attempt: AttemptId,
        span_id: String,
    ) -> Answer<Result<SpanRecord, NotFound>> {
        self.query(move |connection, _| light::get_span(connection, &rollout, &attempt, &span_id)).await
    }

    /// Sets of resources and what came of them.
    pub async fn resources_records(&self, contains: Option<String>) -> Answer<Vec<ResourcesRecord>> {
        self.query(move |connection, _| versions::resources_records(connection, contains.as_deref())).await
    }

    /// A set of resources with its versions.
    pub async fn resources_versions(
        &self,
        id: ResourcesId,
    ) -> Answer<Option<(ResourcesUpdate, Vec<VersionRecord>)>> {
        self.query(move |connection, _| versions::resources_versions(connection, &id)).await
    }
}
