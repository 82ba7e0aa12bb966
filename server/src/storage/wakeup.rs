//! Signals from writes to those who wait: nobody polls.
//!
//! Signals are given after the write is committed, so whoever is woken finds it by reading.

use std::collections::HashMap;
use std::sync::Arc;

use lightning_store_client::wire::RolloutId;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// What a transaction has brought about that somebody may be waiting for.
#[derive(Debug, Default)]
pub struct Signals {
    /// Rollouts that were finished.
    pub finished: Vec<RolloutId>,
}

impl Signals {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.finished.is_empty()
    }
}

/// Who waits for what.
#[derive(Debug, Clone, Default)]
pub struct Wakeups {
    waiters: Arc<Mutex<HashMap<RolloutId, Vec<Listener>>>>,
}

#[derive(Debug)]
struct Listener {
    token: u64,
    sender: mpsc::UnboundedSender<RolloutId>,
}

impl Wakeups {
    /// Listens for the end of rollouts, from now on until the subscription is dropped.
    pub fn subscribe(&self, rollouts: impl IntoIterator<Item = RolloutId>) -> Subscription {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut waiters = self.waiters.lock();
        let token = rand::random();
        let mut ids: Vec<RolloutId> = rollouts.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        for id in &ids {
            waiters.entry(id.clone()).or_default().push(Listener { token, sender: sender.clone() });
        }
        drop(waiters);
        Subscription { wakeups: self.clone(), token, ids, receiver }
    }

    /// For how many rollouts somebody is listening.
    pub fn listened_for(&self) -> usize {
        self.waiters.lock().len()
    }

    /// Tells everybody concerned.
    pub fn publish(&self, signals: &Signals) {
        let waiters = self.waiters.lock();
        if waiters.is_empty() {
            return;
        }
        for id in &signals.finished {
            for listener in waiters.get(id).into_iter().flatten() {
                // A listener that has just gone away misses nothing.
                let _ = listener.sender.send(id.clone());
            }
        }
    }
}

/// A place in [`Wakeups`].
#[derive(Debug)]
pub struct Subscription {
    wakeups: Wakeups,
    token: u64,
    ids: Vec<RolloutId>,
    receiver: mpsc::UnboundedReceiver<RolloutId>,
}

impl Subscription {
    /// The next rollout that was finished.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    pub async fn finished(&mut self) -> RolloutId {
        match self.receiver.recv().await {
            Some(id) => id,
            // Without rollouts to listen for nothing ever happens.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut waiters = self.wakeups.waiters.lock();
        for id in &self.ids {
            if let Some(listeners) = waiters.get_mut(id) {
                listeners.retain(|listener| listener.token != self.token);
                if listeners.is_empty() {
                    waiters.remove(id);
                }
            }
        }
    }
}
