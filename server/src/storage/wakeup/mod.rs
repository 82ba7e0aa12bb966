//! Signals from writes to those who wait: nobody polls.
//!
//! Signals are given after the write is committed, so whoever is woken finds it by reading.
//!
//! - [`finished`]: for those who wait for the end of rollouts.
//! - [`queue`]: for those who wait for something to do.
//! - [`feed`]: for those who listen to all that changes.
//! - [`changes`]: what they are told.
//! - [`interest`]: for what is only worked out for those who look.

pub mod changes;
pub mod feed;
pub mod finished;
pub mod interest;
pub mod queue;

use lightning_store_client::wire::{Event, RolloutId, Timestamp};

use self::feed::Feed;
use self::finished::{Finished, Subscription};
use self::interest::Interest;
pub use self::queue::Queued;
use self::queue::{Place, Queue};

/// What a transaction has brought about that somebody may be waiting for.
#[derive(Debug, Default)]
pub struct Signals {
    /// Rollouts that were finished.
    pub finished: Vec<RolloutId>,
    /// Everything that has changed, in order, if somebody is listening. Numbers are given when they are published.
    pub changes: Vec<Event>,
    /// What became of the queue.
    pub queued: Queued,
}

/// Who waits for what. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Wakeups {
    finished: Finished,
    queue: Queue,
    feed: Feed,
    interest: Interest,
}

impl Wakeups {
    /// Listens for the end of rollouts, from now on until the subscription is dropped.
    pub fn subscribe(&self, rollouts: impl IntoIterator<Item = RolloutId>) -> Subscription {
        self.finished.subscribe(rollouts)
    }

    /// For how many rollouts somebody is listening.
    pub fn listened_for(&self) -> usize {
        self.finished.listened_for()
    }

    /// The rollouts for whose end somebody is listening.
    pub fn awaited(&self) -> Vec<RolloutId> {
        self.finished.awaited()
    }

    /// Waits for rollouts in the queue, from now on until the place is dropped.
    pub fn stand_in_line(&self) -> Place {
        self.queue.join()
    }

    /// How many times rollouts have come into the queue.
    pub fn arrivals(&self) -> u64 {
        self.queue.arrivals()
    }

    /// How many wait for rollouts in the queue.
    pub fn standing_in_line(&self) -> usize {
        self.queue.waiting()
    }

    /// What changes.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Whether somebody looks at the dashboard.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Tells everybody concerned what was committed at `now`.
    pub fn publish(&self, signals: Signals, now: Timestamp) {
        let Signals { finished, changes, queued } = signals;
        self.queue.publish(queued);
        self.finished.publish(&finished);
        self.feed.publish(changes, now);
    }
}
