//! Hear what changes.
//!
//! To add a topic: a variant of `Topic` and of `Event` in the vocabulary, its line in [`Topics::wants`], and the verb
//! that records it (`storage/sqlite`, `storage/postgres`).

use std::collections::HashSet;

use indexmap::IndexMap;
use indexmap::map::Entry;
use lightning_store_client::wire::{AttemptId, Event, ResourcesId, RolloutId, SummaryEvent, Topic, WorkerId};
use tokio::time::Instant;

use crate::limits::SUMMARY_PAUSE;
use crate::storage::Store;
use crate::storage::error::StoreError;
use crate::storage::tx::{Operation, Tx};
use crate::storage::wakeup::feed::{Commit, Listener, Position};
use crate::storage::wakeup::interest::Listening;

/// What somebody wants to hear of.
#[derive(Debug)]
pub struct Topics(HashSet<Topic>);

impl Topics {
    fn wants_numbers(&self) -> bool {
        self.0.contains(&Topic::Summary) || self.0.contains(&Topic::Queue)
    }

    fn wants(&self, event: &Event) -> bool {
        match event {
            Event::Rollout(_) => self.0.contains(&Topic::Rollouts),
            Event::Worker(_) => self.0.contains(&Topic::Workers),
            Event::Resources(_) => self.0.contains(&Topic::Resources),
            Event::Spans(spans) => self.0.contains(&Topic::Spans {
                rollout_id: spans.rollout_id.clone(),
                attempt_id: spans.attempt_id.clone(),
            }),
            Event::Queue(_) => self.0.contains(&Topic::Queue),
            // Any change is one of numbers: see [`Events::next`].
            Event::Summary(_) => false,
            Event::Reset => true,
        }
    }
}

/// What a change is about.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Subject {
    Rollout(RolloutId),
    Worker(WorkerId),
    Resources(ResourcesId),
    Spans(RolloutId, AttemptId),
    Queue,
    Summary,
    Everything,
}

impl Subject {
    fn of(event: &Event) -> Self {
        match event {
            Event::Rollout(event) => Self::Rollout(event.rollout_id.clone()),
            Event::Worker(event) => Self::Worker(event.worker_id.clone()),
            Event::Resources(event) => Self::Resources(event.resources_id.clone()),
            Event::Spans(event) => Self::Spans(event.rollout_id.clone(), event.attempt_id.clone()),
            Event::Queue(_) => Self::Queue,
            Event::Summary(_) => Self::Summary,
            Event::Reset => Self::Everything,
        }
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub struct Events {
    topics: Topics,
    listener: Listener,
    /// While numbers are wanted, they are worked out at once.
    _interest: Option<Listening>,
    /// The last change that numbers may have changed with and that was not told.
    changed: Option<u64>,
    /// When that may be told.
    next_summary: Instant,
}

/// Does nothing, after all that was begun before it.
struct Barrier;

impl Operation for Barrier {
    const NAME: &'static str = "listen";
    type Output = ();

    async fn run<T: Tx>(&self, _: &mut T) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Listens to some topics from now on, or from where somebody was cut off. What a read shows that is begun after this
/// has answered will either be there already or be told.
///
/// # Errors
/// [`StoreError`].
pub async fn listen(
    store: &Store,
    topics: Vec<Topic>,
    from: Option<&Position>,
) -> Result<Events, StoreError> {
    let listener = store.wakeups().feed().listen(from);
    // Operations that run already may not have noticed that somebody listens.
    store.transact(Barrier).await?;
    let topics = Topics(topics.into_iter().collect());
    let interest = topics.wants_numbers().then(|| store.wakeups().interest().listen());
    Ok(Events { topics, listener, _interest: interest, changed: None, next_summary: Instant::now() })
}

impl Events {
    /// Up to where everything was told.
    pub fn position(&self) -> Position {
        self.listener.position()
    }

    /// What has happened since the last call, in the order of its beginnings; waits until something has. May be empty,
    /// if none of it is wanted.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Vec<Event> {
        let heard = self.position().number;
        let news = tokio::select! {
            news = self.listener.news() => Some(news),
            () = tokio::time::sleep_until(self.next_summary), if self.changed.is_some() => None,
        };
        let mut told = match news {
            None => Vec::new(),
            Some(None) => vec![Event::Reset],
            Some(Some(commits)) => {
                let last = commits.last().and_then(|commit| commit.numbered().last());
                if let Some((last, _)) = last.filter(|_| self.topics.0.contains(&Topic::Summary)) {
                    self.changed = Some(last);
                }
                coalesce(&commits, heard, &self.topics)
            }
        };
        let now = Instant::now();
        if self.next_summary <= now
            && let Some(seq) = self.changed.take()
        {
            told.push(Event::Summary(SummaryEvent { seq }));
            self.next_summary = now + SUMMARY_PAUSE;
        }
        told
    }
}

/// The changes after `heard` that are wanted: those of one thing as one, under the number of the first of them. So
/// whoever is cut off after any of them and comes back with its number is told the rest.
fn coalesce(commits: &[Commit], heard: u64, topics: &Topics) -> Vec<Event> {
    let mut told: IndexMap<Subject, Event> = IndexMap::new();
    let changes = commits.iter().flat_map(Commit::numbered);
    for (number, event) in changes.filter(|(number, event)| *number > heard && topics.wants(event)) {
        match told.entry(Subject::of(event)) {
            Entry::Vacant(entry) => {
                entry.insert(event.clone().numbered(number));
            }
            Entry::Occupied(mut entry) => {
                let joined = join(entry.get(), event);
                entry.insert(joined);
            }
        }
    }
    told.into_values().collect()
}

/// A change and a later one of the same thing.
fn join(earlier: &Event, later: &Event) -> Event {
    let mut joined = later.clone();
    if let (Event::Spans(joined), Event::Spans(earlier)) = (&mut joined, earlier) {
        joined.from_seq = joined.from_seq.min(earlier.from_seq);
        joined.count += earlier.count;
    }
    joined.numbered(earlier.seq().unwrap_or_default())
}
