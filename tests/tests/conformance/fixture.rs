//! A store of its own for each test, with a clock that stands still until it is told otherwise.

use std::sync::Arc;
use std::time::Duration;

use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, AttemptedRollout, DequeueRollouts, NewRollout, Patch, RawJson,
    Rollout, RolloutConfig, RolloutId, RolloutStatus, SpanRecord, UpdateAttempt as AttemptChange,
    UpdateRollout as RolloutChange, Worker, WorkerId,
};
use lightning_store_e2e::postgres::Cluster;
use lightning_store_server::clock::ManualClock;
use lightning_store_server::service::add_spans::{AddSpans, NewSpan, SpanOutcome};
use lightning_store_server::service::dequeue::Dequeue;
use lightning_store_server::service::enqueue::Enqueue;
use lightning_store_server::service::start_attempt::StartAttempt;
use lightning_store_server::service::update_attempt::UpdateAttempt;
use lightning_store_server::service::update_rollout::UpdateRollout;
use lightning_store_server::storage::error::StoreError;
use lightning_store_server::storage::{Keep, Store, postgres};

/// A store and its clock.
pub(crate) struct Fixture {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    place: Place,
}

/// Where a store is kept.
enum Place {
    Memory,
    File(tempfile::TempDir),
    Database(postgres::Address),
}

impl Fixture {
    pub(crate) fn memory() -> Self {
        let clock = ManualClock::at(1_000_000);
        Self { store: Store::memory(clock.clone(), Keep::default()).unwrap(), clock, place: Place::Memory }
    }

    pub(crate) fn sqlite() -> Self {
        let clock = ManualClock::at(1_000_000);
        let folder = tempfile::tempdir().unwrap();
        let store = Store::sqlite(&folder.path().join("store.db"), clock.clone(), Keep::default()).unwrap();
        Self { store, clock, place: Place::File(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        let clock = ManualClock::at(1_000_000);
        let address: postgres::Address = Cluster::shared().database().parse().unwrap();
        let store = open(&address, &clock, Keep::default()).await;
        Self { store, clock, place: Place::Database(address) }
    }

    /// The same store after a clean end and a new start; itself if it does not outlive its process.
    pub(crate) async fn restarted(self) -> Self {
        if matches!(self.place, Place::Memory) { self } else { self.keeping(Keep::default()).await }
    }

    /// A store that remembers so many idempotency keys; the same one if it outlives its process.
    pub(crate) async fn remembering(self, idempotency_keys: u32) -> Self {
        self.keeping(Keep { idempotency_keys, ..Keep::default() }).await
    }

    /// A store that keeps so much of what is over; the same one if it outlives its process.
    pub(crate) async fn keeping(self, keep: Keep) -> Self {
        self.store.close().await;
        let store = match &self.place {
            Place::File(folder) => {
                Store::sqlite(&folder.path().join("store.db"), self.clock.clone(), keep).unwrap()
            }
            Place::Memory => Store::memory(self.clock.clone(), keep).unwrap(),
            Place::Database(address) => open(address, &self.clock, keep).await,
        };
        Self { store, ..self }
    }

    pub(crate) fn advance(&self, seconds: f64) {
        self.clock.advance(Duration::try_from_secs_f64(seconds).unwrap());
    }

    pub(crate) async fn enqueue_with(&self, count: usize, config: RolloutConfig) -> Vec<Rollout> {
        let rollouts =
            (0..count).map(|number| new_rollout(&number.to_string(), Some(config.clone()))).collect();
        self.store.transact(Enqueue { rollouts }).await.unwrap()
    }

    pub(crate) async fn enqueue(&self, count: usize) -> Vec<Rollout> {
        self.enqueue_with(count, RolloutConfig::default()).await
    }

    pub(crate) async fn dequeue(&self, limit: i64, worker: Option<&str>) -> Vec<AttemptedRollout> {
        let request = DequeueRollouts { limit, worker_id: worker.map(WorkerId::from), wait_seconds: None };
        self.store.transact(Dequeue { request }).await.unwrap()
    }

    /// One rollout with these settings and its first attempt.
    pub(crate) async fn started(&self, config: RolloutConfig, worker: Option<&str>) -> AttemptedRollout {
        self.enqueue_with(1, config).await;
        self.dequeue(1, worker).await.remove(0)
    }

    pub(crate) async fn start_attempt(&self, id: &RolloutId) -> AttemptedRollout {
        self.store.transact(StartAttempt { rollout_id: id.clone(), worker_id: None }).await.unwrap()
    }

    pub(crate) async fn set_status(&self, id: &RolloutId, status: RolloutStatus) -> Rollout {
        let request = RolloutChange { status: Patch::Set(status), ..RolloutChange::default() };
        self.store.transact(UpdateRollout { rollout_id: id.clone(), request }).await.unwrap()
    }

    pub(crate) async fn report(&self, id: &RolloutId, attempt: &str, status: AttemptStatus) -> Attempt {
        let request = AttemptChange { status: Patch::Set(status), ..AttemptChange::default() };
        self.change(id, attempt, request).await.unwrap()
    }

    pub(crate) async fn change(
        &self,
        id: &RolloutId,
        attempt: &str,
        request: AttemptChange,
    ) -> Result<Attempt, StoreError> {
        let attempt_id = AttemptId::from(attempt);
        self.store.transact(UpdateAttempt { rollout_id: id.clone(), attempt_id, request }).await
    }

    pub(crate) async fn add_span(&self, attempt: &Attempt, number: i64, span_id: &str) -> SpanOutcome {
        let span = NewSpan { span: span(attempt, number, span_id), numbered: true };
        self.store.transact(AddSpans { spans: [span].into() }).await.unwrap().remove(0)
    }

    pub(crate) async fn status(&self, id: &RolloutId) -> RolloutStatus {
        self.store.get_rollout(id.clone()).await.unwrap().unwrap().rollout.status
    }

    pub(crate) async fn latest(&self, id: &RolloutId) -> Attempt {
        self.store.get_latest_attempt(id.clone()).await.unwrap().unwrap()
    }

    pub(crate) async fn worker(&self, id: &str) -> Option<Worker> {
        self.store.get_worker(WorkerId::from(id)).await.unwrap()
    }
}

async fn open(address: &postgres::Address, clock: &Arc<ManualClock>, keep: Keep) -> Store {
    let source = postgres::Source::Process(clock.clone());
    Store::postgres(address.clone(), 4, source, keep).await.unwrap()
}

pub(crate) fn new_rollout(input: &str, config: Option<RolloutConfig>) -> NewRollout {
    NewRollout { input: RawJson::trusted(input), mode: None, resources_id: None, config, metadata: None }
}

/// Three attempts, after any bad end.
pub(crate) fn retrying() -> RolloutConfig {
    RolloutConfig {
        max_attempts: 3,
        retry_condition: vec![AttemptStatus::Failed, AttemptStatus::Timeout, AttemptStatus::Unresponsive],
        ..RolloutConfig::default()
    }
}

pub(crate) fn span(attempt: &Attempt, number: i64, span_id: &str) -> SpanRecord {
    SpanRecord {
        rollout_id: attempt.rollout_id.clone(),
        attempt_id: attempt.attempt_id.clone(),
        sequence_id: number,
        trace_id: "trace".to_owned(),
        span_id: span_id.to_owned(),
        parent_id: None,
        name: format!("name of {span_id}"),
        start_time: None,
        end_time: None,
        rest: "\"status\":{\"status_code\":\"OK\",\"description\":null}".to_owned(),
    }
}

pub(crate) fn ids(rollouts: &[Rollout]) -> Vec<RolloutId> {
    rollouts.iter().map(|rollout| rollout.rollout_id.clone()).collect()
}

pub(crate) fn taken(rollouts: &[AttemptedRollout]) -> Vec<RolloutId> {
    rollouts.iter().map(|taken| taken.rollout.rollout_id.clone()).collect()
}
