//! The write side: what an operation may do to the store within its transaction.

use std::future::Future;

use lightning_store_client::wire::{
    Attempt, AttemptId, ResourcesId, ResourcesUpdate, Rollout, RolloutId, SpanRecord, Timestamp, Worker,
    WorkerId,
};

use super::error::{StoreError, TxResult};
use super::facts::FactsBatch;
use super::rows::{AnswerRow, AttemptRow, RolloutBody, RolloutRow, RowKey};

/// A use case that writes.
///
/// It is run inside one transaction: all of its effects become durable before its output is answered, or none does.
/// A refusal ([`StoreError::NotFound`] and the like) is an outcome like any other, and what was written before it is
/// kept (Compat: a refused span still uses up its number); only a [`StoreError::Storage`] rolls back.
///
/// `run` takes `&self`, as it is run again when its transaction could not be completed. So it draws ids anew each
/// time, and has no effect but through `tx`.
pub trait Operation: Send + Sync + 'static {
    /// What it is called in logs.
    const NAME: &'static str;
    /// What it answers.
    type Output: Send + 'static;

    /// It takes something for its caller alone: if that has gone before the commit, what it took is given back, where the
    /// storage can tell.
    const IS_TAKING: bool = false;

    /// It is rare or touches much, so that others should not have to wait for it: a storage that runs several operations in
    /// one transaction leaves it out of that.
    const IS_ALONE: bool = false;

    /// What it is about to look at.
    fn needs(&self) -> Needs<'_> {
        Needs::default()
    }

    /// When it happened, if that was earlier: see [`told`](crate::service::told). Its transaction has that moment,
    /// unless one before it had a later one.
    fn moment(&self) -> Option<Timestamp> {
        None
    }

    /// Carries it out.
    fn run<T: Tx>(&self, tx: &mut T) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;
}

/// What an operation is about to look at, by ids: a hint, so that a storage elsewhere can fetch all of it at once, for several
/// operations, and lock it in an order in which no two transactions wait for each other.
#[derive(Debug, Default)]
pub struct Needs<'a> {
    /// Rollouts, and the newest attempt of each.
    pub rollouts: Vec<&'a RolloutId>,
    /// Rollouts whose numbers of spans it takes or raises.
    pub counters: Vec<&'a RolloutId>,
    /// Workers.
    pub workers: Vec<&'a WorkerId>,
    /// Rollouts the worker of whose newest attempt it reports to.
    pub workers_of: Vec<&'a RolloutId>,
    /// Idempotency keys.
    pub answers: Vec<&'a str>,
    /// So many places at the front of the queue.
    pub queued: usize,
    /// The resources that were written last.
    pub latest_resources: bool,
    /// So many rows are about to be added.
    pub adds: usize,
}

impl<'a> Needs<'a> {
    /// Adds what another operation is about to look at.
    pub fn and(&mut self, other: Needs<'a>) {
        self.rollouts.extend(other.rollouts);
        self.counters.extend(other.counters);
        self.workers.extend(other.workers);
        self.workers_of.extend(other.workers_of);
        self.answers.extend(other.answers);
        self.queued = self.queued.saturating_add(other.queued);
        self.latest_resources |= other.latest_resources;
        self.adds = self.adds.saturating_add(other.adds);
    }
}

/// A row together with what belongs to it but is kept elsewhere.
pub type ClaimedRollout = (RolloutRow, RolloutBody);

/// Row verbs. They take and give sets where sets occur, and hold no rules: those are in `domain`.
///
/// Naming: `get_` → `Option`; `insert_` must be new; `put_` replaces what is there; `claim_` takes away from others.
/// Dropping a future before it is done leaves the transaction to be rolled back.
pub trait Tx: Send {
    /// The moment of this transaction, by the store's one clock. Later than that of every transaction before it.
    fn now(&self) -> Timestamp;

    /// The resources that were written last.
    fn get_latest_resources_id(&mut self) -> impl Future<Output = TxResult<Option<ResourcesId>>> + Send;

    /// One set of resources.
    fn get_resources(
        &mut self,
        id: &ResourcesId,
    ) -> impl Future<Output = TxResult<Option<ResourcesUpdate>>> + Send;

    /// Writes a version of a set of resources, which is the latest from then on.
    fn put_resources(&mut self, update: &ResourcesUpdate) -> impl Future<Output = TxResult<()>> + Send;

    /// Stores new rollouts in this order. Those whose status says so are queued, in this order.
    fn insert_rollouts(&mut self, rollouts: &[Rollout])
    -> impl Future<Output = TxResult<Vec<RowKey>>> + Send;

    /// Takes up to `limit` rollouts from the front of the queue. Entries whose rollout no longer waits are dropped
    /// on the way and do not count.
    fn claim_queued(&mut self, limit: usize) -> impl Future<Output = TxResult<Vec<ClaimedRollout>>> + Send;

    /// A rollout.
    fn get_rollout(&mut self, id: &RolloutId) -> impl Future<Output = TxResult<Option<RolloutRow>>> + Send;

    /// The rest of a rollout.
    fn get_body(&mut self, rollout: &RolloutRow) -> impl Future<Output = TxResult<RolloutBody>> + Send;

    /// Replaces rollouts. Those whose status says so are put at the end of the queue, unless they still have a place.
    fn put_rollouts(&mut self, rollouts: &[RolloutRow]) -> impl Future<Output = TxResult<()>> + Send;

    /// Replaces the rest of a rollout.
    fn put_body(
        &mut self,
        rollout: &RolloutRow,
        body: &RolloutBody,
    ) -> impl Future<Output = TxResult<()>> + Send;

    /// Stores new attempts, each with its rollout as it is from then on: a `put_` for the rollouts, too.
    fn insert_attempts(
        &mut self,
        attempts: &[(RolloutRow, Attempt)],
    ) -> impl Future<Output = TxResult<()>> + Send;

    /// An attempt of a rollout.
    fn get_attempt(
        &mut self,
        rollout: &RolloutRow,
        id: &AttemptId,
    ) -> impl Future<Output = TxResult<Option<AttemptRow>>> + Send;

    /// The newest attempt of a rollout.
    fn get_newest_attempt(
        &mut self,
        rollout: &RolloutRow,
    ) -> impl Future<Output = TxResult<Option<AttemptRow>>> + Send;

    /// Replaces attempts.
    fn put_attempts(&mut self, attempts: &[AttemptRow]) -> impl Future<Output = TxResult<()>> + Send;

    /// Records an attempt's sign of life and nothing else. May be lost in a crash, up to some seconds.
    fn put_heartbeat(&mut self, attempt: &AttemptRow) -> impl Future<Output = TxResult<()>> + Send;

    /// Rollouts whose `check_time` has come, up to `limit`. Each is reported once per `check_time`.
    fn claim_due(&mut self, limit: usize) -> impl Future<Output = TxResult<Vec<RolloutId>>> + Send;

    /// The rollouts that are preparing or running.
    fn get_active(&mut self) -> impl Future<Output = TxResult<Vec<RolloutId>>> + Send;

    /// Remembers when the rollout is to be looked at and since when its newest attempt counts as silent, and nothing
    /// else. Lost in a crash: both are made anew at the start.
    fn watch(
        &mut self,
        rollout: &RolloutRow,
        newest: &AttemptRow,
    ) -> impl Future<Output = TxResult<()>> + Send;

    /// Stores spans of one attempt under the given numbers; answers for each whether it was new. Its key is the
    /// attempt and the span's id.
    fn insert_spans(
        &mut self,
        rollout: &RolloutRow,
        attempt: &AttemptRow,
        spans: &[(i64, &SpanRecord)],
    ) -> impl Future<Output = TxResult<Vec<bool>>> + Send;

    /// Takes `count` numbers from a rollout's counter and answers the first. The rollout need not exist.
    fn next_sequence_ids(
        &mut self,
        rollout: &RolloutId,
        count: usize,
    ) -> impl Future<Output = TxResult<i64>> + Send;

    /// Raises a rollout's counter to `seen`, if it is lower. The rollout need not exist.
    fn raise_sequence_id(
        &mut self,
        rollout: &RolloutId,
        seen: i64,
    ) -> impl Future<Output = TxResult<()>> + Send;

    /// What is remembered of the call with this idempotency key. Keys are forgotten after
    /// [`IDEMPOTENCY_KEY_TIME`](crate::limits::IDEMPOTENCY_KEY_TIME), or earlier if there are too many.
    fn get_answer(&mut self, key: &str) -> impl Future<Output = TxResult<Option<AnswerRow>>> + Send;

    /// Remembers the answer to the call with this idempotency key, of which nothing is remembered yet.
    fn put_answer(&mut self, key: &str, answer: &AnswerRow) -> impl Future<Output = TxResult<()>> + Send;

    /// Writes what some spans say, and up to which span that goes.
    fn put_facts(&mut self, batch: &FactsBatch) -> impl Future<Output = TxResult<()>> + Send;

    /// Forgets what spans say, to work it out anew by the rules with this number.
    fn clear_facts(&mut self, version: i64) -> impl Future<Output = TxResult<()>> + Send;

    /// A worker.
    fn get_worker(&mut self, id: &WorkerId) -> impl Future<Output = TxResult<Option<Worker>>> + Send;

    /// Writes a worker.
    fn put_worker(
        &mut self,
        worker: &Worker,
        durability: Durability,
    ) -> impl Future<Output = TxResult<()>> + Send;
}

/// Whether a write has to survive a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on disk before the answer.
    Durable,
    /// It may be lost in a crash for some seconds: heartbeats and looks into an empty queue, so that thousands of
    /// idle workers cost no disk writes.
    Soft,
}
