//! What people look at.
#![allow(
    unused_variables,
    missing_docs,
    clippy::unused_async,
    clippy::missing_errors_doc,
    clippy::allow_attributes
)]
use super::PostgresStore;
use crate::storage::cursor::Cursor;
use crate::storage::error::{NotFound, StorageFailure, StoreError};
use crate::storage::facts::FactsBatch;
use crate::storage::rows::RowKey;
use crate::storage::{ResourcesRecord, VersionRecord};
use lightning_store_client::wire::dashboard::{
    FindRollouts, FindWaiting, FindWorkers, LightTrace, QueueView, RolloutDetail, RolloutRow, RolloutRows,
    StoreSummary, SummaryWindow, WorkerDetail, WorkerRows,
};
use lightning_store_client::wire::{
    AttemptId, ResourcesId, ResourcesUpdate, RolloutId, SpanRecord, Timestamp, WorkerId,
};
type Answer<T> = Result<T, StoreError>;
fn not_yet() -> StoreError {
    StorageFailure::Unreadable("not there yet".to_owned()).into()
}
impl PostgresStore {
    pub async fn light_trace(
        &self,
        rollout: RolloutId,
        attempt: AttemptId,
        after: Option<i64>,
        limit: usize,
    ) -> Answer<Result<LightTrace, NotFound>> {
        Err(not_yet())
    }
    pub async fn get_span(
        &self,
        rollout: RolloutId,
        attempt: AttemptId,
        span_id: String,
    ) -> Answer<Result<SpanRecord, NotFound>> {
        Err(not_yet())
    }
    pub async fn resources_records(&self, contains: Option<String>) -> Answer<Vec<ResourcesRecord>> {
        Err(not_yet())
    }
    pub async fn resources_versions(
        &self,
        id: ResourcesId,
    ) -> Answer<Option<(ResourcesUpdate, Vec<VersionRecord>)>> {
        Err(not_yet())
    }
    pub async fn find_rollouts(&self, wanted: FindRollouts, after: Option<Cursor>) -> Answer<RolloutRows> {
        Err(not_yet())
    }
    pub async fn find_rollout_keys(&self, wanted: FindRollouts) -> Answer<Vec<RowKey>> {
        Err(not_yet())
    }
    pub async fn rollout_rows(&self, keys: Vec<RowKey>) -> Answer<Vec<RolloutRow>> {
        Err(not_yet())
    }
    pub async fn rollout_detail(&self, id: RolloutId) -> Answer<Option<RolloutDetail>> {
        Err(not_yet())
    }
    pub async fn view_queue(&self, wanted: FindWaiting, now: Timestamp) -> Answer<QueueView> {
        Err(not_yet())
    }
    pub async fn find_workers(&self, wanted: FindWorkers, now: Timestamp) -> Answer<WorkerRows> {
        Err(not_yet())
    }
    pub async fn worker_detail(&self, id: WorkerId, now: Timestamp) -> Answer<Option<WorkerDetail>> {
        Err(not_yet())
    }
    pub async fn summary(
        &self,
        window: SummaryWindow,
        started: Timestamp,
        now: Timestamp,
    ) -> Answer<StoreSummary> {
        Err(not_yet())
    }
    pub async fn span_keys(
        &self,
        rollout: RolloutId,
        attempt: Option<AttemptId>,
    ) -> Answer<Option<Vec<crate::storage::rows::SpanKey>>> {
        Err(not_yet())
    }
    pub async fn spans_by_key(
        &self,
        rollout: RolloutId,
        keys: Vec<crate::storage::rows::SpanKey>,
        bytes: usize,
    ) -> Answer<Vec<SpanRecord>> {
        Err(not_yet())
    }
    pub async fn facts_version(&self) -> Answer<i64> {
        Err(not_yet())
    }
    pub async fn next_facts(&self, most: usize) -> Answer<FactsBatch> {
        Err(not_yet())
    }
}
