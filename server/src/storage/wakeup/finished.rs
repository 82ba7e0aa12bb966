//! Waiting for the end of rollouts.

use std::collections::HashMap;
use std::sync::Arc;

use lightning_store_client::wire::RolloutId;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// Who waits for which rollouts. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    waiters: Arc<Mutex<HashMap<RolloutId, Vec<Listener>>>>,
}

#[derive(Debug)]
struct Listener {
    token: u64,
    sender: mpsc::UnboundedSender<RolloutId>,
}

impl Finished {
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
        Subscription { finished: self.clone(), token, ids, receiver }
    }

    /// For how many rollouts somebody is listening.
    pub fn listened_for(&self) -> usize {
        self.waiters.lock().len()
    }

    /// The rollouts for which somebody is listening.
    pub fn awaited(&self) -> Vec<RolloutId> {
        self.waiters.lock().keys().cloned().collect()
    }

    /// Tells everybody concerned.
    pub(super) fn publish(&self, finished: &[RolloutId]) {
        if finished.is_empty() {
            return;
        }
        let waiters = self.waiters.lock();
        if waiters.is_empty() {
            return;
        }
        for id in finished {
            for listener in waiters.get(id).into_iter().flatten() {
                // A listener that has just gone away misses nothing.
                let _ = listener.sender.send(id.clone());
            }
        }
    }
}

/// A place in [`Finished`].
#[derive(Debug)]
pub struct Subscription {
    finished: Finished,
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
        let mut waiters = self.finished.waiters.lock();
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
