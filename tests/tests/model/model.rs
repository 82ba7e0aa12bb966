//! What a store must do, in the simplest form that can be thought of: lists in memory, one after the other looked
//! through. It is the specification in code; nothing of the server is used here but the words for what is asked and
//! answered.
//!
//! Two things the model cannot know: the ids that a store draws, which are handed to it, and which of several rollouts
//! comes first in the queue when their time was up in the same check. Those share a place, and the store may choose.

use std::collections::{BTreeMap, VecDeque};

use lightning_store_client::wire::{
    Attempt, AttemptId, AttemptStatus, AttemptedRollout, DequeueRollouts, NamedResources, NewRollout, Patch,
    RawJson, ResourcesId, ResourcesUpdate, Rollout, RolloutId, RolloutStatus, SpanRecord, StartRollout,
    Timestamp, UpdateAttempt, UpdateRollout, UpdateWorker, Worker, WorkerId, WorkerStatus,
};

/// Why something is refused, in the words of the answer.
pub(crate) type Refusal = String;

/// What becomes of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is kept under this number.
    Stored(i64),
    /// Its attempt has one with this id, which stays as it is.
    Duplicate,
    /// There is nothing that it belongs to.
    Refused(Refusal),
}

/// A rollout with all that belongs to it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub rollout: Rollout,
    /// Oldest first; the number of the n-th is n.
    pub attempts: Vec<Attempt>,
    /// Of all attempts, in the order stored.
    pub spans: Vec<SpanRecord>,
    /// The highest number that was issued or seen.
    counter: i64,
    /// Silence of the newest attempt counts from here at the earliest: when the store was started while it was being
    /// worked on. Its next sign of life ends that.
    silent_since: Option<Timestamp>,
}

/// An entry of the queue. It stays when its rollout no longer waits, until the queue gets to it.
#[derive(Debug)]
struct Place {
    number: u64,
    rollout: usize,
}

/// Everything that can be seen of a store.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub rollouts: Vec<Entry>,
    /// In the order in which they were first heard of.
    pub workers: Vec<Worker>,
    /// In the order of their first versions.
    pub resources: Vec<ResourcesUpdate>,
    pub latest_resources: Option<ResourcesId>,
    queue: Vec<Place>,
    next_place: u64,
    /// Numbers are counted for rollouts that do not exist, too, until the store is closed.
    unknown_counters: BTreeMap<RolloutId, i64>,
    /// The store is shared: the counters of rollouts that do not exist last, and no silence counts from before a start, whatever
    /// was going on then.
    is_shared: bool,
    /// The ids that the store has drawn for this operation and that the model has yet to give out.
    drawn: VecDeque<String>,
}

impl Model {
    /// Of a store that several servers may share, or not.
    pub(crate) fn of(is_shared: bool) -> Self {
        Self { is_shared, ..Self::default() }
    }

    /// The ids that the store has drawn for the operation that comes next.
    pub(crate) fn draw_from(&mut self, ids: Vec<String>) {
        self.drawn = ids.into();
    }

    /// The next drawn id, or one that no store answers.
    fn draw(&mut self) -> String {
        self.drawn.pop_front().unwrap_or_else(|| "an id that the store has not drawn".to_owned())
    }

    /// Rollouts wait in this order from now on.
    pub(crate) fn enqueue(&mut self, requests: &[NewRollout], now: Timestamp) -> Vec<Rollout> {
        requests
            .iter()
            .map(|request| {
                let index = self.create(request, RolloutStatus::Queuing, now);
                self.keep_in_queue(index);
                self.rollouts[index].rollout.clone()
            })
            .collect()
    }

    /// A rollout that starts at once, past the queue.
    pub(crate) fn start_rollout(&mut self, request: &StartRollout, now: Timestamp) -> AttemptedRollout {
        let index = self.create(&request.rollout, RolloutStatus::Preparing, now);
        self.start(index, request.worker_id.clone(), now)
    }

    /// Rollouts from the front of the queue. Those that no longer wait are passed over.
    pub(crate) fn dequeue(&mut self, request: &DequeueRollouts, now: Timestamp) -> Vec<AttemptedRollout> {
        if request.limit <= 0 {
            return Vec::new();
        }
        let mut taken = Vec::new();
        while (taken.len() as u64) < request.limit.unsigned_abs() && !self.queue.is_empty() {
            let index = self.leave_queue();
            if is_waiting(&self.rollouts[index].rollout) {
                self.drawn.pop_front();
                taken.push(self.begin_attempt(index, request.worker_id.clone(), now));
            }
        }
        if let Some(worker) = self.worker(request.worker_id.as_ref()) {
            worker.last_dequeue_time = Some(now);
            match taken.last() {
                Some(last) => report(worker, &last.attempt, now),
                // What it was doing stays.
                None if worker.status != WorkerStatus::Idle => {
                    worker.status = WorkerStatus::Idle;
                    worker.last_idle_time = Some(now);
                }
                None => {}
            }
        }
        taken
    }

    /// Another attempt, whatever the rollout's status and however many it has had.
    pub(crate) fn start_attempt(
        &mut self,
        id: &RolloutId,
        worker: Option<WorkerId>,
        now: Timestamp,
    ) -> Result<AttemptedRollout, Refusal> {
        let index = self.find(id).ok_or(format!("Rollout {id} not found"))?;
        Ok(self.start(index, worker, now))
    }

    /// Any status may follow any other.
    pub(crate) fn update_rollout(
        &mut self,
        id: &RolloutId,
        request: &UpdateRollout,
        now: Timestamp,
    ) -> Result<Rollout, Refusal> {
        refuse_null("status", &request.status)?;
        refuse_null("config", &request.config)?;
        let missing = format!("Item does not exist with primary key(s): rollout_id='{id}'");
        let index = self.find(id).ok_or(missing)?;
        let rollout = &mut self.rollouts[index].rollout;
        match &request.input {
            Patch::Keep => {}
            Patch::Clear => rollout.input = RawJson::null(),
            Patch::Set(input) => rollout.input = input.clone(),
        }
        request.mode.clone().apply(&mut rollout.mode);
        request.resources_id.clone().apply(&mut rollout.resources_id);
        request.metadata.clone().apply(&mut rollout.metadata);
        if let Patch::Set(config) = &request.config {
            rollout.config = config.clone();
        }
        if let Patch::Set(status) = request.status {
            set_status(rollout, status, now);
        }
        let answer = rollout.clone();
        self.end_if_overdue(index, now);
        self.keep_in_queue(index);
        Ok(answer)
    }

    /// The newest attempt takes its rollout along, with every update; the worker learns how its attempt stands.
    pub(crate) fn update_attempt(
        &mut self,
        id: &RolloutId,
        attempt_id: &AttemptId,
        request: &UpdateAttempt,
        now: Timestamp,
    ) -> Result<Attempt, Refusal> {
        refuse_null("status", &request.status)?;
        refuse_null("worker_id", &request.worker_id)?;
        refuse_null("last_heartbeat_time", &request.last_heartbeat_time)?;
        refuse_null("metadata", &request.metadata)?;
        let index = self.find(id).ok_or(format!("Rollout {id} not found"))?;
        let entry = &mut self.rollouts[index];
        if entry.attempts.is_empty() {
            return Err(format!("No attempts found for rollout {id}"));
        }
        let newest = entry.attempts.len() - 1;
        let which = if attempt_id.as_str() == "latest" { Some(newest) } else { entry.find(attempt_id) };
        let which = which.ok_or(format!("Attempt {attempt_id} not found for rollout {id}"))?;
        let attempt = &mut entry.attempts[which];
        if let Patch::Set(status) = request.status {
            attempt.status = status;
            if matches!(status, AttemptStatus::Failed | AttemptStatus::Succeeded) {
                attempt.end_time = Some(now);
            }
        }
        request.worker_id.clone().apply(&mut attempt.worker_id);
        request.last_heartbeat_time.clone().apply(&mut attempt.last_heartbeat_time);
        request.metadata.clone().apply(&mut attempt.metadata);
        let answer = attempt.clone();
        let floor = entry.silent_since;
        if which == newest && request.last_heartbeat_time != Patch::Keep {
            entry.silent_since = None;
        }
        if which == newest {
            follow(&mut entry.rollout, &answer, now);
        }
        if request.status != Patch::Keep || request.worker_id != Patch::Keep {
            self.report_to_worker(&answer, now);
        }
        if which == newest {
            self.end_if_overdue(index, now);
            self.keep_in_queue(index);
        }
        if self.is_shared {
            self.rollouts[index].silent_since = floor;
        }
        Ok(answer)
    }

    /// Spans, each by itself. The flag beside each says whether it brings its own number.
    pub(crate) fn add_spans(&mut self, spans: &[(SpanRecord, bool)], now: Timestamp) -> Vec<Fate> {
        // Numbers are issued before those that are given count.
        let mut numbered = Vec::new();
        for (span, has_number) in spans {
            let sequence_id =
                if *has_number { span.sequence_id } else { self.next_sequence_id(&span.rollout_id) };
            numbered.push(SpanRecord { sequence_id, ..span.clone() });
        }
        let mut moved = Vec::new();
        let fates = numbered.into_iter().map(|span| self.add_span(span, now, &mut moved)).collect();
        for index in moved {
            self.end_if_overdue(index, now);
            self.keep_in_queue(index);
        }
        fates
    }

    /// One span. Notes its rollout if that or its newest attempt has another status now.
    fn add_span(&mut self, span: SpanRecord, now: Timestamp, moved: &mut Vec<usize>) -> Fate {
        let is_shared = self.is_shared;
        // Its number counts whatever becomes of it.
        let counter = self.counter(&span.rollout_id);
        *counter = span.sequence_id.max(*counter);
        let (id, attempt_id) = (&span.rollout_id, &span.attempt_id);
        let Some(index) = self.find(id) else { return Fate::Refused(format!("Rollout {id} not found")) };
        let entry = &mut self.rollouts[index];
        let Some(which) = entry.find(attempt_id) else {
            return Fate::Refused(format!("Attempt {attempt_id} not found for rollout {id}"));
        };
        let same = |known: &SpanRecord| known.attempt_id == *attempt_id && known.span_id == span.span_id;
        if entry.spans.iter().any(same) {
            return Fate::Duplicate;
        }
        // A sign of life.
        let is_newest = which == entry.attempts.len() - 1;
        let attempt = &mut entry.attempts[which];
        attempt.last_heartbeat_time = Some(now);
        if is_newest {
            entry.silent_since.take_if(|_| !is_shared);
        }
        let revived = matches!(attempt.status, AttemptStatus::Preparing | AttemptStatus::Unresponsive);
        if revived {
            attempt.status = AttemptStatus::Running;
        }
        // A rollout that is queuing stays so, unlike one that is requeuing.
        let runs = matches!(entry.rollout.status, RolloutStatus::Preparing | RolloutStatus::Requeuing);
        if is_newest && runs {
            set_status(&mut entry.rollout, RolloutStatus::Running, now);
        }
        if is_newest && (revived || runs) {
            moved.push(index);
        }
        let number = span.sequence_id;
        entry.spans.push(span);
        Fate::Stored(number)
    }

    /// The next number of a rollout, which need not exist.
    pub(crate) fn next_sequence_id(&mut self, id: &RolloutId) -> i64 {
        let counter = self.counter(id);
        *counter = counter.saturating_add(1);
        *counter
    }

    /// A heartbeat says nothing about the worker's status.
    pub(crate) fn update_worker(
        &mut self,
        id: &WorkerId,
        request: &UpdateWorker,
        now: Timestamp,
    ) -> Result<Worker, Refusal> {
        refuse_null("heartbeat_stats", &request.heartbeat_stats)?;
        let worker = self.worker(Some(id)).ok_or("a heartbeat of nobody")?;
        worker.last_heartbeat_time = Some(now);
        request.heartbeat_stats.clone().apply(&mut worker.heartbeat_stats);
        Ok(worker.clone())
    }

    /// A new set of resources, or the next version of one. It is the latest from now on.
    pub(crate) fn put_resources(
        &mut self,
        id: Option<&ResourcesId>,
        resources: &NamedResources,
        now: Timestamp,
    ) -> ResourcesUpdate {
        let resources_id = id.cloned().unwrap_or_else(|| self.draw().into());
        self.latest_resources = Some(resources_id.clone());
        let resources = resources.clone();
        if let Some(known) = self.resources.iter_mut().find(|known| known.resources_id == resources_id) {
            known.version += 1;
            known.update_time = now;
            known.resources = resources;
            return known.clone();
        }
        let (create_time, update_time, version) = (now, now, 1);
        let update = ResourcesUpdate { resources_id, create_time, update_time, version, resources };
        self.resources.push(update.clone());
        update
    }

    /// Ends all attempts whose time is up; how many those were.
    pub(crate) fn check(&mut self, now: Timestamp) -> usize {
        let place = self.next_place;
        self.next_place += 1;
        let mut ended = 0;
        for index in 0..self.rollouts.len() {
            if self.end_if_overdue(index, now) {
                ended += 1;
                self.keep_in_queue_at(index, place);
            }
        }
        ended
    }

    /// A clean end and a new start. All stays, but silence counts from now, as nobody could be heard meanwhile.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        if !self.is_shared {
            self.unknown_counters.clear();
        }
        for entry in &mut self.rollouts {
            entry.silent_since = (self.is_shared || is_watched(&entry.rollout)).then_some(now);
        }
        self.check(now);
    }

    /// The statuses of all rollouts.
    pub(crate) fn statuses(&self) -> Vec<RolloutStatus> {
        self.rollouts.iter().map(|entry| entry.rollout.status).collect()
    }

    /// When the time of a rollout's newest attempt is up, if it is watched at all.
    pub(crate) fn deadline(&self, index: usize) -> Option<Timestamp> {
        let entry = &self.rollouts[index];
        let (timeout, silence) = entry.deadlines()?;
        timeout.into_iter().chain(silence).min()
    }

    /// Whether the store was free to choose the order of some of the queue.
    pub(crate) fn is_order_open(&self) -> bool {
        self.queue.windows(2).any(|pair| pair[0].number == pair[1].number)
    }

    /// Where a rollout is, if it exists.
    pub(crate) fn find(&self, id: &RolloutId) -> Option<usize> {
        self.rollouts.iter().position(|entry| entry.rollout.rollout_id == *id)
    }

    fn create(&mut self, request: &NewRollout, status: RolloutStatus, now: Timestamp) -> usize {
        let request = request.clone();
        let rollout = Rollout {
            rollout_id: self.draw().into(),
            input: request.input,
            start_time: now,
            end_time: None,
            mode: request.mode,
            resources_id: request.resources_id.or_else(|| self.latest_resources.clone()),
            status,
            config: request.config.unwrap_or_default(),
            metadata: Some(request.metadata.unwrap_or_else(RawJson::empty_object)),
        };
        let (attempts, spans) = (Vec::new(), Vec::new());
        self.rollouts.push(Entry { rollout, attempts, spans, counter: 0, silent_since: None });
        self.rollouts.len() - 1
    }

    /// An attempt that was not taken from the queue.
    fn start(&mut self, index: usize, worker: Option<WorkerId>, now: Timestamp) -> AttemptedRollout {
        let started = self.begin_attempt(index, worker, now);
        self.report_to_worker(&started.attempt, now);
        started
    }

    fn begin_attempt(
        &mut self,
        index: usize,
        worker_id: Option<WorkerId>,
        now: Timestamp,
    ) -> AttemptedRollout {
        let is_shared = self.is_shared;
        let attempt_id = AttemptId::from(self.draw());
        let entry = &mut self.rollouts[index];
        set_status(&mut entry.rollout, RolloutStatus::Preparing, now);
        let attempt = Attempt {
            rollout_id: entry.rollout.rollout_id.clone(),
            attempt_id,
            sequence_id: i64::try_from(entry.attempts.len()).unwrap_or(i64::MAX) + 1,
            start_time: now,
            end_time: None,
            status: AttemptStatus::Preparing,
            worker_id,
            last_heartbeat_time: None,
            metadata: None,
        };
        entry.attempts.push(attempt.clone());
        entry.silent_since.take_if(|_| !is_shared);
        AttemptedRollout { rollout: entry.rollout.clone(), attempt }
    }

    /// Whoever is named, known from now on. The empty name is nobody.
    fn worker(&mut self, id: Option<&WorkerId>) -> Option<&mut Worker> {
        let id = id.filter(|id| !id.as_str().is_empty())?;
        if !self.workers.iter().any(|worker| worker.worker_id == *id) {
            self.workers.push(Worker::new(id.clone()));
        }
        self.workers.iter_mut().find(|worker| worker.worker_id == *id)
    }

    fn report_to_worker(&mut self, attempt: &Attempt, now: Timestamp) {
        if let Some(worker) = self.worker(attempt.worker_id.as_ref()) {
            report(worker, attempt, now);
        }
    }

    fn counter(&mut self, id: &RolloutId) -> &mut i64 {
        match self.find(id) {
            Some(index) => &mut self.rollouts[index].counter,
            None => self.unknown_counters.entry(id.clone()).or_default(),
        }
    }

    /// Ends the newest attempt of a rollout if its time is up; the rollout follows and the worker learns of it.
    fn end_if_overdue(&mut self, index: usize, now: Timestamp) -> bool {
        let entry = &mut self.rollouts[index];
        let Some((timeout, silence)) = entry.deadlines() else { return false };
        // All of the time may be used.
        let status = if timeout.is_some_and(|deadline| now > deadline) {
            AttemptStatus::Timeout
        } else if silence.is_some_and(|deadline| now > deadline) {
            AttemptStatus::Unresponsive
        } else {
            return false;
        };
        let Some(newest) = entry.attempts.last_mut() else { return false };
        newest.status = status;
        let newest = newest.clone();
        follow(&mut entry.rollout, &newest, now);
        self.report_to_worker(&newest, now);
        true
    }

    /// A rollout that waits has a place in the queue: the one that it still has, or one at the end.
    fn keep_in_queue(&mut self, index: usize) {
        let number = self.next_place;
        self.next_place += 1;
        self.keep_in_queue_at(index, number);
    }

    fn keep_in_queue_at(&mut self, rollout: usize, number: u64) {
        let has_place = self.queue.iter().any(|place| place.rollout == rollout);
        if is_waiting(&self.rollouts[rollout].rollout) && !has_place {
            self.queue.push(Place { number, rollout });
        }
    }

    /// Takes out the first entry of the queue; of those that share its place the one that the store has taken.
    fn leave_queue(&mut self) -> usize {
        let first = self.queue[0].number;
        let wanted = self.drawn.front();
        let is_wanted = |place: &Place| {
            Some(self.rollouts[place.rollout].rollout.rollout_id.as_str()) == wanted.map(String::as_str)
        };
        let shared = self.queue.iter().take_while(|place| place.number == first);
        let chosen = shared.into_iter().position(is_wanted).unwrap_or(0);
        self.queue.remove(chosen).rollout
    }
}

impl Entry {
    /// Where an attempt of this rollout is.
    fn find(&self, id: &AttemptId) -> Option<usize> {
        self.attempts.iter().position(|attempt| attempt.attempt_id == *id)
    }

    /// When the newest attempt has taken too long, and when it has been silent for too long. None while nobody is
    /// supposed to work on it.
    fn deadlines(&self) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
        let newest = self.attempts.last().filter(|_| is_watched(&self.rollout))?;
        let config = &self.rollout.config;
        let timeout = config.timeout_seconds.and_then(|seconds| newest.start_time.after(seconds));
        let heard = newest.last_heartbeat_time.unwrap_or(newest.start_time);
        let since = self.silent_since.map_or(heard, |start| start.max(heard));
        // A heartbeat of 0 means: never take it for unresponsive.
        let heeds = newest.last_heartbeat_time != Some(Timestamp::EPOCH);
        let silence = config.unresponsive_seconds.filter(|_| heeds).and_then(|seconds| since.after(seconds));
        Some((timeout, silence))
    }
}

/// Exactly a finished rollout has an end: when it was last finished.
fn set_status(rollout: &mut Rollout, status: RolloutStatus, now: Timestamp) {
    use RolloutStatus::{Cancelled, Failed, Succeeded};
    rollout.status = status;
    rollout.end_time = matches!(status, Failed | Succeeded | Cancelled).then_some(now);
}

/// What its newest attempt means for a rollout. A cancelled one does not care.
fn follow(rollout: &mut Rollout, newest: &Attempt, now: Timestamp) {
    if rollout.status == RolloutStatus::Cancelled {
        return;
    }
    let config = &rollout.config;
    let again = config.retry_condition.contains(&newest.status) && newest.sequence_id < config.max_attempts;
    let status = match newest.status {
        AttemptStatus::Preparing => RolloutStatus::Preparing,
        AttemptStatus::Running => RolloutStatus::Running,
        AttemptStatus::Succeeded => RolloutStatus::Succeeded,
        AttemptStatus::Failed | AttemptStatus::Timeout | AttemptStatus::Unresponsive if again => {
            RolloutStatus::Requeuing
        }
        AttemptStatus::Failed | AttemptStatus::Timeout | AttemptStatus::Unresponsive => RolloutStatus::Failed,
    };
    set_status(rollout, status, now);
}

/// What the state of one of its attempts means for a worker, be it an old one.
fn report(worker: &mut Worker, attempt: &Attempt, now: Timestamp) {
    let status = match attempt.status {
        AttemptStatus::Preparing | AttemptStatus::Running => WorkerStatus::Busy,
        AttemptStatus::Failed | AttemptStatus::Succeeded => WorkerStatus::Idle,
        AttemptStatus::Timeout | AttemptStatus::Unresponsive => WorkerStatus::Unknown,
    };
    let is_busy = status == WorkerStatus::Busy;
    worker.status = status;
    *(if is_busy { &mut worker.last_busy_time } else { &mut worker.last_idle_time }) = Some(now);
    worker.current_rollout_id = is_busy.then(|| attempt.rollout_id.clone());
    worker.current_attempt_id = is_busy.then(|| attempt.attempt_id.clone());
}

fn is_waiting(rollout: &Rollout) -> bool {
    matches!(rollout.status, RolloutStatus::Queuing | RolloutStatus::Requeuing)
}

fn is_watched(rollout: &Rollout) -> bool {
    matches!(rollout.status, RolloutStatus::Preparing | RolloutStatus::Running)
}

fn refuse_null<T>(field: &str, value: &Patch<T>) -> Result<(), Refusal> {
    match value {
        Patch::Clear => Err(format!("{field} is invalid; it cannot be a null value.")),
        Patch::Keep | Patch::Set(_) => Ok(()),
    }
}
