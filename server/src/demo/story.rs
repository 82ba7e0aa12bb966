//! The training run as it unfolds: what happens is kept in the order of its moments and told to the store one by one,
//! through the same operations that requests come to.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::pin::Pin;

use futures_util::FutureExt as _;
use lightning_store_client::wire::{
    AttemptId, AttemptStatus, BatchedSpan, DequeueRollouts, Patch, RolloutId, RolloutStatus, UpdateAttempt,
    UpdateRollout as RolloutChange, UpdateWorker as Beat,
};

use super::attempt::{Course, End, course};
use super::fleet::{self, BEAT, Worker};
use super::pen::{Sent, time};
use super::plan::{Agent, Fate, Plan, Task};
use super::random::Random;
use super::schedule;
use crate::service::add_spans::AddSpans;
use crate::service::dequeue::Dequeue;
use crate::service::enqueue::Enqueue;
use crate::service::resources::PutResources;
use crate::service::told::Told;
use crate::service::update_attempt::UpdateAttempt as EndAttempt;
use crate::service::update_rollout::UpdateRollout;
use crate::service::watchdog::Check;
use crate::service::workers::UpdateWorker;
use crate::storage::Store;
use crate::storage::error::StoreError;
use crate::storage::tx::Operation;

/// Something that is to happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A new version of the resources of an agent.
    Improve(Agent, usize),
    /// Rollouts come into the queue.
    Enqueue(Vec<Plan>),
    /// A rollout is called off, if nobody has taken it.
    Cancel(RolloutId),
    /// A worker looks for work.
    Look(usize),
    /// A worker has given up an attempt that the store has given up, too, and looks for work.
    Free(usize),
    /// Spans arrive.
    Spans(Vec<BatchedSpan>),
    /// A worker says how its attempt ended.
    End(usize, RolloutId, AttemptId, AttemptStatus),
    /// The store gives up attempts whose time is over; this one is among them.
    Check(RolloutId),
    /// A worker gives a sign of life.
    Beat(usize),
    /// Nobody hears of a worker any more.
    Die(usize),
    /// The training takes its next step.
    Step,
}

/// An event with its moment, in microseconds since 1970. Those of one moment happen in the order of their numbers.
#[derive(Debug)]
struct Due {
    at: i64,
    number: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

type Pending = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// The run.
pub(super) struct Story {
    store: Store,
    pub(super) random: Random,
    events: BinaryHeap<Reverse<Due>>,
    numbers: u64,
    fleet: Vec<Worker>,
    plans: HashMap<RolloutId, Plan>,
    /// Those that wait, as far as they came from here.
    waiting: HashSet<RolloutId>,
    /// The moment up to which the past is told; what happens later happens at present.
    present: f64,
    /// On their way into the store.
    pending: Vec<Pending>,
    /// Steps of training that have been taken.
    pub(super) steps: usize,
}

impl Story {
    /// Of which nothing has happened yet, up to this moment.
    pub(super) fn new(store: Store, seed: u64, present: f64) -> Self {
        Self {
            store,
            random: Random::new(seed),
            events: BinaryHeap::new(),
            numbers: 0,
            fleet: fleet::workers(),
            plans: HashMap::new(),
            waiting: HashSet::new(),
            present,
            pending: Vec::new(),
            steps: 0,
        }
    }

    /// Something will happen at `at`.
    pub(super) fn will(&mut self, at: f64, event: Event) {
        self.numbers += 1;
        self.events.push(Reverse(Due { at: time(at).micros(), number: self.numbers, event }));
    }

    /// When something happens next.
    pub(super) fn next(&self) -> Option<f64> {
        self.events.peek().map(|Reverse(due)| seconds(due.at))
    }

    /// Forgets everything that is to happen but the signs of life.
    pub(super) fn stand_still(&mut self) {
        self.events.retain(|Reverse(due)| matches!(due.event, Event::Beat(_)));
    }

    /// Tells what happened up to the present.
    pub(super) async fn tell_the_past(&mut self) -> Result<(), StoreError> {
        while self.next().is_some_and(|at| at <= self.present) {
            self.happen().await?;
        }
        self.settle().await
    }

    /// Lets the next event happen.
    pub(super) async fn happen(&mut self) -> Result<(), StoreError> {
        let Some(Reverse(Due { at, event, .. })) = self.events.pop() else { return Ok(()) };
        let at = seconds(at);
        match event {
            Event::Improve(agent, version) => {
                let (id, resources) = (agent.resources_id(), agent.resources(version));
                self.send(at, PutResources { resources_id: Some(id), resources }).await
            }
            Event::Enqueue(plans) => self.enqueue(at, plans).await,
            Event::Cancel(rollout_id) => {
                if !self.waiting.remove(&rollout_id) {
                    return Ok(());
                }
                let request = RolloutChange {
                    status: Patch::Set(RolloutStatus::Cancelled),
                    ..RolloutChange::default()
                };
                self.send(at, UpdateRollout { rollout_id, request }).await
            }
            Event::Look(worker) => self.look(at, worker).await,
            Event::Free(worker) => {
                self.fleet[worker].is_busy = false;
                self.look(at, worker).await
            }
            Event::Spans(spans) => self.send(at, AddSpans { spans: spans.into() }).await,
            Event::End(worker, rollout_id, attempt_id, status) => {
                self.fleet[worker].is_busy = false;
                if status == AttemptStatus::Failed {
                    self.wait_again(at, &rollout_id);
                }
                let request = UpdateAttempt { status: Patch::Set(status), ..UpdateAttempt::default() };
                self.send(at, EndAttempt { rollout_id, attempt_id, request }).await?;
                self.will(at + 0.4, Event::Look(worker));
                Ok(())
            }
            Event::Check(rollout_id) => {
                self.wait_again(at, &rollout_id);
                self.send(at, Check).await
            }
            Event::Beat(worker) => self.beat(at, worker).await,
            Event::Die(worker) => {
                self.fleet[worker].is_dead = true;
                Ok(())
            }
            Event::Step => {
                schedule::step(self, at);
                Ok(())
            }
        }
    }

    async fn enqueue(&mut self, at: f64, plans: Vec<Plan>) -> Result<(), StoreError> {
        let rollouts = plans.iter().map(|plan| plan.rollout(&mut self.random)).collect();
        let created = self.ask(at, Enqueue { rollouts }).await?;
        for (rollout, plan) in created.into_iter().zip(plans) {
            if plan.fate == Fate::Cancelled {
                self.will(at + 2.0, Event::Cancel(rollout.rollout_id.clone()));
            }
            self.waiting.insert(rollout.rollout_id.clone());
            self.plans.insert(rollout.rollout_id, plan);
        }
        self.wake(at);
        Ok(())
    }

    /// A rollout may be tried again, as its attempt has ended badly.
    fn wait_again(&mut self, at: f64, rollout_id: &RolloutId) {
        let may = self.plans.get(rollout_id).is_some_and(|plan| plan.is_limited);
        if may {
            self.waiting.insert(rollout_id.clone());
            self.wake(at + 0.01);
        }
    }

    /// Whoever has nothing to do looks for work.
    fn wake(&mut self, at: f64) {
        for worker in 0..self.fleet.len() {
            if !self.fleet[worker].is_busy && !self.fleet[worker].is_dead {
                let at = at + self.random.between(0.05, 2.0);
                self.will(at, Event::Look(worker));
            }
        }
    }

    async fn look(&mut self, at: f64, worker: usize) -> Result<(), StoreError> {
        let Worker { id, is_busy, is_dead, .. } = &self.fleet[worker];
        let is_past = at <= self.present;
        if *is_busy || *is_dead || (is_past && self.waiting.is_empty()) {
            return Ok(());
        }
        let request = DequeueRollouts { limit: 1, worker_id: Some(id.clone()), ..DequeueRollouts::default() };
        let Some(taken) = self.ask(at, Dequeue { request }).await?.pop() else { return Ok(()) };
        let attempt = taken.attempt;
        self.waiting.remove(&attempt.rollout_id);
        self.fleet[worker].is_busy = true;
        let foreign = || schedule::foreign(&mut self.random.clone(), taken.rollout.mode);
        let plan = self.plans.get(&attempt.rollout_id).cloned().unwrap_or_else(foreign);
        let mut random = self.random.fork();
        let Course { sent, end, free } = course(&plan, &attempt, &self.fleet[worker], at, &mut random);
        let is_over = sent.last().is_some_and(|last| last.at < self.present);
        let many = matches!(plan.task, Task::Repository);
        self.will_arrive(
            sent,
            if many {
                4.0
            } else if is_over {
                8.0
            } else {
                0.0
            },
        );
        match end {
            End::Reported(status) => {
                self.will(free, Event::End(worker, attempt.rollout_id, attempt.attempt_id, status));
            }
            End::GivenUp(at) => {
                self.will(at, Event::Check(attempt.rollout_id));
                self.will(free, Event::Free(worker));
            }
            End::Never => self.will(at + 20.0, Event::Die(worker)),
        }
        Ok(())
    }

    /// Spans arrive, those within so many seconds together.
    fn will_arrive(&mut self, sent: Vec<Sent>, together: f64) {
        let mut batch = Vec::new();
        let mut first = None;
        let mut last = 0.0;
        for Sent { at, span } in sent {
            if first.is_some_and(|first| at - first > together) {
                self.will(last, Event::Spans(std::mem::take(&mut batch)));
                first = None;
            }
            first = first.or(Some(at));
            last = at;
            batch.push(span);
        }
        if !batch.is_empty() {
            self.will(last, Event::Spans(batch));
        }
    }

    async fn beat(&mut self, at: f64, worker: usize) -> Result<(), StoreError> {
        if self.fleet[worker].is_dead {
            return Ok(());
        }
        let next = at + BEAT + self.random.between(-0.2, 0.2);
        self.will(next, Event::Beat(worker));
        let stats = self.fleet[worker].stats(at, &mut self.random);
        let worker_id = self.fleet[worker].id.clone();
        self.send(at, UpdateWorker { worker_id, request: Beat { heartbeat_stats: Patch::Set(stats) } }).await
    }

    /// Carries out an operation and waits for its answer.
    async fn ask<O: Operation>(&mut self, at: f64, operation: O) -> Result<O::Output, StoreError> {
        // Operations are carried out in the order in which they were sent: those before are done then.
        let answer = if at <= self.present {
            self.store.transact(Told { moment: time(at), operation }).await
        } else {
            self.store.transact(operation).await
        };
        self.settle().await?;
        answer
    }

    /// Carries out an operation. Those of the past are not waited for, so that many are written together.
    async fn send<O: Operation>(&mut self, at: f64, operation: O) -> Result<(), StoreError> {
        if at > self.present {
            return self.store.transact(operation).await.map(drop);
        }
        let store = self.store.clone();
        let told = Told { moment: time(at), operation };
        let mut sent: Pending = Box::pin(async move { store.transact(told).await.map(drop) });
        if let Some(outcome) = (&mut sent).now_or_never() {
            return outcome;
        }
        self.pending.push(sent);
        Ok(())
    }

    /// Waits for everything that was sent.
    async fn settle(&mut self) -> Result<(), StoreError> {
        for pending in std::mem::take(&mut self.pending) {
            pending.await?;
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact until the year 2255")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
