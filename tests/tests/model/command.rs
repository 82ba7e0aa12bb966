//! What is asked of the store and of the model, and what they answer.
//!
//! A command is made before anybody knows the ids that it will meet. So it names rollouts, attempts and resources as
//! `#5`: the fifth there is by then, counted round and round; `@5` is the fifth rollout that has attempts, if any has.
//! Other names are taken as they are.

use std::time::Duration;

use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptedRollout, DequeueRollouts, NamedResources, NewRollout, Patch, ResourcesId,
    ResourcesUpdate, Rollout, RolloutId, SpanRecord, StartRollout, Timestamp, UpdateAttempt, UpdateRollout,
    UpdateWorker, Worker, WorkerId,
};
use lightning_store_server::service::add_spans::{AddSpans, NewSpan, SpanOutcome};
use lightning_store_server::service::dequeue::Dequeue;
use lightning_store_server::service::enqueue::Enqueue;
use lightning_store_server::service::next_sequence_id::next_sequence_id;
use lightning_store_server::service::resources::PutResources;
use lightning_store_server::service::watchdog::{Check, Resume};
use lightning_store_server::service::{
    start_attempt, start_rollout, update_attempt, update_rollout, workers,
};
use lightning_store_server::storage::Store;
use lightning_store_server::storage::error::StoreError;

use crate::model::{Entry, Fate, Model};

/// How far the clock goes on before a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pause {
    /// Not at all. Operations have their own moments all the same, a microsecond apart.
    None,
    /// This far.
    For(Duration),
    /// To the deadline of a rollout's newest attempt and so many microseconds, if that is still to come.
    UntilDeadline(usize, i64),
}

/// Something to do.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Enqueue(Vec<NewRollout>),
    StartRollout(StartRollout),
    Dequeue(DequeueRollouts),
    StartAttempt(RolloutId, Option<WorkerId>),
    UpdateRollout(RolloutId, UpdateRollout),
    UpdateAttempt(RolloutId, AttemptId, UpdateAttempt),
    /// The flag beside a span says whether it brings its own number.
    AddSpans(Vec<(SpanRecord, bool)>),
    NextSequenceId(RolloutId),
    UpdateWorker(WorkerId, UpdateWorker),
    PutResources(Option<ResourcesId>, NamedResources),
    /// The watchdog looks.
    Check,
    /// A clean end and a new start; the store is opened anew by the one who plays.
    Restart,
    /// Everything that can be read is compared.
    Look,
}

/// What it brought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Rollouts(Vec<Rollout>),
    Started(AttemptedRollout),
    Taken(Vec<AttemptedRollout>),
    Rollout(Rollout),
    Attempt(Attempt),
    Spans(Vec<Fate>),
    Number(i64),
    Worker(Worker),
    Resources(ResourcesUpdate),
    Ended(usize),
    Done,
    /// With the text of the refusal.
    Refused(String),
    /// What no command should bring.
    Broken(String),
}

impl Command {
    /// What kind of command it is.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Enqueue(_) => "enqueue",
            Self::StartRollout(_) => "start_rollout",
            Self::Dequeue(_) => "dequeue",
            Self::StartAttempt(..) => "start_attempt",
            Self::UpdateRollout(..) => "update_rollout",
            Self::UpdateAttempt(..) => "update_attempt",
            Self::AddSpans(_) => "add_spans",
            Self::NextSequenceId(_) => "next_sequence_id",
            Self::UpdateWorker(..) => "update_worker",
            Self::PutResources(..) => "put_resources",
            Self::Check => "check",
            Self::Restart => "restart",
            Self::Look => "look",
        }
    }

    /// The command without one of its parts; nothing if it has no such part.
    pub(crate) fn without(&self, part: usize) -> Option<Self> {
        let mut smaller = self.clone();
        match &mut smaller {
            Self::Enqueue(rollouts) if part < rollouts.len() => drop(rollouts.remove(part)),
            Self::AddSpans(spans) if part < spans.len() => drop(spans.remove(part)),
            _ => return None,
        }
        Some(smaller)
    }

    /// The command with ids that exist in place of `#5`.
    pub(crate) fn resolved(mut self, model: &Model) -> Self {
        match &mut self {
            Self::Enqueue(rollouts) => {
                for rollout in rollouts {
                    resolve_resources(model, rollout.resources_id.as_mut());
                }
            }
            Self::StartRollout(request) => resolve_resources(model, request.rollout.resources_id.as_mut()),
            Self::StartAttempt(id, _) | Self::NextSequenceId(id) => resolve_rollout(model, id),
            Self::UpdateRollout(id, request) => {
                resolve_rollout(model, id);
                if let Patch::Set(id) = &mut request.resources_id {
                    resolve_resources(model, Some(id));
                }
            }
            Self::UpdateAttempt(id, attempt, _) => {
                resolve_rollout(model, id);
                resolve_attempt(model, id, attempt);
            }
            Self::AddSpans(spans) => {
                for (span, _) in spans {
                    resolve_rollout(model, &mut span.rollout_id);
                    resolve_attempt(model, &span.rollout_id, &mut span.attempt_id);
                }
            }
            Self::PutResources(id, _) => resolve_resources(model, id.as_mut()),
            Self::Dequeue(_) | Self::UpdateWorker(..) | Self::Check | Self::Restart | Self::Look => {}
        }
        self
    }

    /// Asks the store.
    pub(crate) async fn ask(self, store: &Store) -> Answer {
        let answer = match self {
            Self::Enqueue(rollouts) => store.transact(Enqueue { rollouts }).await.map(Answer::Rollouts),
            Self::StartRollout(request) => {
                store.transact(start_rollout::StartRollout { request }).await.map(Answer::Started)
            }
            Self::Dequeue(request) => store.transact(Dequeue { request }).await.map(Answer::Taken),
            Self::StartAttempt(rollout_id, worker_id) => {
                let operation = start_attempt::StartAttempt { rollout_id, worker_id };
                store.transact(operation).await.map(Answer::Started)
            }
            Self::UpdateRollout(rollout_id, request) => {
                let operation = update_rollout::UpdateRollout { rollout_id, request };
                store.transact(operation).await.map(Answer::Rollout)
            }
            Self::UpdateAttempt(rollout_id, attempt_id, request) => {
                let operation = update_attempt::UpdateAttempt { rollout_id, attempt_id, request };
                store.transact(operation).await.map(Answer::Attempt)
            }
            Self::AddSpans(spans) => {
                let spans = spans.into_iter().map(|(span, numbered)| NewSpan { span, numbered }).collect();
                let outcomes = store.transact(AddSpans { spans }).await;
                outcomes.map(|outcomes| Answer::Spans(outcomes.into_iter().map(fate).collect()))
            }
            Self::NextSequenceId(id) => next_sequence_id(store, id).await.map(Answer::Number),
            Self::UpdateWorker(worker_id, request) => {
                let operation = workers::UpdateWorker { worker_id, request };
                store.transact(operation).await.map(Answer::Worker)
            }
            Self::PutResources(resources_id, resources) => {
                let operation = PutResources { resources_id, resources };
                store.transact(operation).await.map(Answer::Resources)
            }
            Self::Check => store.transact(Check).await.map(Answer::Ended),
            Self::Restart => store.transact(Resume).await.map(|()| Answer::Done),
            Self::Look => Ok(Answer::Done),
        };
        answer.unwrap_or_else(|error| match error {
            StoreError::NotFound(_) | StoreError::Null(_) => Answer::Refused(error.to_string()),
            other => Answer::Broken(other.to_string()),
        })
    }

    /// Asks the model. Its ids are those in the store's answer.
    pub(crate) fn expect(&self, model: &mut Model, now: Timestamp, answer: &Answer) -> Answer {
        model.draw_from(
            answer.ids(matches!(self, Self::Enqueue(_) | Self::StartRollout(_) | Self::Dequeue(_))),
        );
        let answer = match self {
            Self::Enqueue(rollouts) => Ok(Answer::Rollouts(model.enqueue(rollouts, now))),
            Self::StartRollout(request) => Ok(Answer::Started(model.start_rollout(request, now))),
            Self::Dequeue(request) => Ok(Answer::Taken(model.dequeue(request, now))),
            Self::StartAttempt(id, worker) => {
                model.start_attempt(id, worker.clone(), now).map(Answer::Started)
            }
            Self::UpdateRollout(id, request) => model.update_rollout(id, request, now).map(Answer::Rollout),
            Self::UpdateAttempt(id, attempt, request) => {
                model.update_attempt(id, attempt, request, now).map(Answer::Attempt)
            }
            Self::AddSpans(spans) => Ok(Answer::Spans(model.add_spans(spans, now))),
            Self::NextSequenceId(id) => Ok(Answer::Number(model.next_sequence_id(id))),
            Self::UpdateWorker(id, request) => model.update_worker(id, request, now).map(Answer::Worker),
            Self::PutResources(id, resources) => {
                Ok(Answer::Resources(model.put_resources(id.as_ref(), resources, now)))
            }
            Self::Check => Ok(Answer::Ended(model.check(now))),
            Self::Restart => {
                model.restart(now);
                Ok(Answer::Done)
            }
            Self::Look => Ok(Answer::Done),
        };
        answer.unwrap_or_else(Answer::Refused)
    }
}

impl Answer {
    /// The ids in it, in the order in which they are drawn; those of rollouts only if they are wanted.
    fn ids(&self, rollouts: bool) -> Vec<String> {
        let started = |started: &AttemptedRollout| {
            let rollout = rollouts.then(|| started.rollout.rollout_id.to_string());
            rollout.into_iter().chain([started.attempt.attempt_id.to_string()])
        };
        match self {
            Self::Rollouts(rollouts) => {
                rollouts.iter().map(|rollout| rollout.rollout_id.to_string()).collect()
            }
            Self::Started(one) => started(one).collect(),
            Self::Taken(taken) => taken.iter().flat_map(started).collect(),
            Self::Resources(update) => vec![update.resources_id.to_string()],
            _ => Vec::new(),
        }
    }
}

fn fate(outcome: SpanOutcome) -> Fate {
    match outcome {
        SpanOutcome::Stored(number) => Fate::Stored(number),
        SpanOutcome::Duplicate => Fate::Duplicate,
        SpanOutcome::Refused(missing) => Fate::Refused(missing.to_string()),
    }
}

/// Which of `count` things `name` means, if it is a mark and a number.
fn pick(name: &str, mark: char, count: usize) -> Option<usize> {
    name.strip_prefix(mark)?.parse::<usize>().ok()?.checked_rem(count)
}

fn resolve_rollout(model: &Model, id: &mut RolloutId) {
    let tried: Vec<&Entry> = model.rollouts.iter().filter(|entry| !entry.attempts.is_empty()).collect();
    let any: Vec<&Entry> = model.rollouts.iter().collect();
    let found = [('@', &tried), ('@', &any), ('#', &any)]
        .into_iter()
        .find_map(|(mark, entries)| pick(id.as_str(), mark, entries.len()).map(|index| entries[index]));
    if let Some(entry) = found {
        *id = entry.rollout.rollout_id.clone();
    }
}

fn resolve_attempt(model: &Model, rollout: &RolloutId, id: &mut AttemptId) {
    let Some(entry) = model.find(rollout).map(|index| &model.rollouts[index]) else { return };
    if let Some(index) = pick(id.as_str(), '#', entry.attempts.len()) {
        *id = entry.attempts[index].attempt_id.clone();
    }
}

fn resolve_resources(model: &Model, id: Option<&mut ResourcesId>) {
    let Some(id) = id else { return };
    if let Some(index) = pick(id.as_str(), '#', model.resources.len()) {
        *id = model.resources[index].resources_id.clone();
    }
}
