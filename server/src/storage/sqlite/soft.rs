//! What may be lost in a crash: signs of life and looks into an empty queue. Kept in memory, written every few
//! seconds, and laid over everything that is read.

use std::collections::HashMap;
use std::hash::Hash;

use lightning_store_client::wire::{Attempt, Timestamp, Worker, WorkerId};

use crate::storage::rows::RowKey;

/// Values that are newer than those in the database, or may be.
///
/// Values stay visible for one more round after they were written, so that a reader whose view of the database is
/// older than the write does not see them go back.
#[derive(Debug)]
struct Generations<K, V> {
    unwritten: HashMap<K, V>,
    written: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn new() -> Self {
        Self { unwritten: HashMap::new(), written: HashMap::new() }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.unwritten.get(key).or_else(|| self.written.get(key))
    }

    fn values(&self) -> impl Iterator<Item = &V> {
        let older = self.written.iter().filter(|(key, _)| !self.unwritten.contains_key(key));
        self.unwritten.values().chain(older.map(|(_, value)| value))
    }

    fn rotate(&mut self) {
        self.written = std::mem::take(&mut self.unwritten);
    }
}

/// The soft part of a store's state.
#[derive(Debug)]
pub(super) struct SoftState {
    heartbeats: Generations<RowKey, Timestamp>,
    workers: Generations<WorkerId, (RowKey, Worker)>,
    /// By worker: its last heartbeat, and how far such are apart.
    intervals: HashMap<WorkerId, (Timestamp, Option<f64>)>,
}

/// A change to be shown to readers once its transaction is committed.
#[derive(Debug)]
pub(super) enum SoftChange {
    /// An attempt's sign of life that is not in the database.
    Heartbeat(RowKey, Timestamp),
    /// An attempt was written to the database with this sign of life.
    AttemptWritten(RowKey, Option<Timestamp>),
    /// A worker that is not in the database in this form.
    Worker(RowKey, Worker),
    /// A worker was written to the database in this form.
    WorkerWritten(RowKey, Worker),
}

impl SoftState {
    /// Nothing.
    pub(super) fn new() -> Self {
        Self { heartbeats: Generations::new(), workers: Generations::new(), intervals: HashMap::new() }
    }

    /// Shows a change.
    pub(super) fn apply(&mut self, change: SoftChange) {
        match change {
            SoftChange::Heartbeat(attempt, time) => {
                self.heartbeats.unwritten.insert(attempt, time);
            }
            SoftChange::AttemptWritten(attempt, time) => {
                // What is in the database counts from now on; no older value may cover it.
                for generation in [&mut self.heartbeats.unwritten, &mut self.heartbeats.written] {
                    if let Some(entry) = generation.get_mut(&attempt) {
                        match time {
                            Some(time) => *entry = time,
                            None => drop(generation.remove(&attempt)),
                        }
                    }
                }
            }
            SoftChange::Worker(key, worker) => {
                self.note_interval(&worker);
                self.workers.unwritten.insert(worker.worker_id.clone(), (key, worker));
            }
            SoftChange::WorkerWritten(key, worker) => {
                for generation in [&mut self.workers.unwritten, &mut self.workers.written] {
                    if let Some(entry) = generation.get_mut(&worker.worker_id) {
                        *entry = (key, worker.clone());
                    }
                }
            }
        }
    }

    /// Heartbeats come at intervals that differ from worker to worker; the newest counts for a third.
    fn note_interval(&mut self, worker: &Worker) {
        let Some(time) = worker.last_heartbeat_time else { return };
        let Some((last, usual)) = self.intervals.get_mut(&worker.worker_id) else {
            self.intervals.insert(worker.worker_id.clone(), (time, None));
            return;
        };
        let interval = time.seconds() - last.seconds();
        if interval > 0.0 {
            *usual = Some(usual.map_or(interval, |usual| usual + (interval - usual) / 3.0));
            *last = time;
        }
    }

    /// How far the heartbeats of a worker are apart, in seconds, if two were seen since the start.
    pub(super) fn interval(&self, id: &WorkerId) -> Option<f64> {
        self.intervals.get(id).and_then(|(_, usual)| *usual)
    }

    /// The signs of life that are to be written.
    pub(super) fn unwritten_heartbeats(&self) -> Vec<(RowKey, Timestamp)> {
        self.heartbeats.unwritten.iter().map(|(key, time)| (*key, *time)).collect()
    }

    /// The workers that are to be written.
    pub(super) fn unwritten_workers(&self) -> Vec<(RowKey, Worker)> {
        self.workers.unwritten.values().cloned().collect()
    }

    /// It was written.
    pub(super) fn rotate(&mut self) {
        self.heartbeats.rotate();
        self.workers.rotate();
    }

    /// Brings an attempt that was read up to date.
    pub(super) fn cover(&self, key: RowKey, attempt: &mut Attempt) {
        if let Some(time) = self.heartbeats.get(&key) {
            attempt.last_heartbeat_time = Some(*time);
        }
    }

    /// A worker, if it is newer than the database or may be.
    pub(super) fn worker(&self, id: &WorkerId) -> Option<&(RowKey, Worker)> {
        self.workers.get(id)
    }

    /// All such workers.
    pub(super) fn workers(&self) -> impl Iterator<Item = &(RowKey, Worker)> {
        self.workers.values()
    }
}
