//! Sequence counters, one per rollout. In memory, with blocks of numbers reserved on disk: after a crash a counter
//! goes on behind its block, so numbers only ever rise.

use std::collections::HashMap;

use lightning_store_client::wire::RolloutId;
use parking_lot::Mutex;

use crate::storage::rows::RowKey;

/// So many numbers are reserved at a time: at most so many are skipped after a crash.
const BLOCK: i64 = 64;

/// So many counters of rollouts that do not exist are remembered. Beyond that all of them start anew.
const MAX_UNKNOWN: usize = 10_000;

/// So many counters are kept in memory before the idle ones are let go.
const MAX_KNOWN: usize = 200_000;

#[derive(Debug, Clone, Copy)]
struct Counter {
    last: i64,
    /// On disk: no number up to here is given out after a crash.
    reserved: i64,
    rollout: RowKey,
}

/// The counters. Requests take numbers from reserved blocks without the writer.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    known: Mutex<HashMap<RolloutId, Counter>>,
    unknown: Mutex<HashMap<RolloutId, i64>>,
}

/// A reservation that has to be written before the number is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reservation {
    /// Whose counter.
    pub rollout: RowKey,
    /// No number up to here may be given out again.
    pub reserved: i64,
}

impl Sequences {
    /// The next number, if one is reserved.
    pub(super) fn next_reserved(&self, rollout: &RolloutId) -> Option<i64> {
        let mut known = self.known.lock();
        let counter = known.get_mut(rollout).filter(|counter| counter.last < counter.reserved)?;
        counter.last += 1;
        Some(counter.last)
    }

    /// Whether the counter of an existing rollout is in memory.
    pub(super) fn is_known(&self, rollout: &RolloutId) -> bool {
        self.known.lock().contains_key(rollout)
    }

    /// Takes up the counter of a rollout as it is on disk.
    pub(super) fn load(&self, id: RolloutId, rollout: RowKey, reserved: i64) {
        self.known.lock().entry(id).or_insert(Counter { last: reserved, reserved, rollout });
    }

    /// Takes `count` numbers of a known counter; the first one, and what has to be written for it.
    /// `pending` is what this transaction has reserved before.
    pub(super) fn take(
        &self,
        id: &RolloutId,
        count: i64,
        pending: Option<i64>,
    ) -> Option<(i64, Option<Reservation>)> {
        let mut known = self.known.lock();
        let counter = known.get_mut(id)?;
        let first = counter.last.saturating_add(1);
        counter.last = counter.last.saturating_add(count);
        Some((first, counter.reservation(pending)))
    }

    /// Raises a known counter to `seen`; what has to be written for it.
    pub(super) fn raise(&self, id: &RolloutId, seen: i64, pending: Option<i64>) -> Option<Reservation> {
        let mut known = self.known.lock();
        let counter = known.get_mut(id)?;
        counter.last = counter.last.max(seen);
        counter.reservation(pending)
    }

    /// A reservation is on disk: its numbers may be given out.
    pub(super) fn reserved(&self, id: &RolloutId, reserved: i64) {
        if let Some(counter) = self.known.lock().get_mut(id) {
            counter.reserved = counter.reserved.max(reserved);
        }
    }

    /// Takes `count` numbers of a rollout that does not exist; the first one.
    pub(super) fn take_unknown(&self, id: &RolloutId, count: i64) -> i64 {
        let mut unknown = self.unknown.lock();
        let last = remembered(&mut unknown, id);
        let first = last.saturating_add(1);
        *last = last.saturating_add(count);
        first
    }

    /// Raises the counter of a rollout that does not exist.
    pub(super) fn raise_unknown(&self, id: &RolloutId, seen: i64) {
        let mut unknown = self.unknown.lock();
        let last = remembered(&mut unknown, id);
        *last = (*last).max(seen);
    }

    /// Gives counters back, with what is to be written so that not a single number is skipped: all of them when
    /// `closing`, else only when there are too many.
    pub(super) fn release(&self, closing: bool) -> Vec<Reservation> {
        let mut known = self.known.lock();
        if !closing && known.len() <= MAX_KNOWN {
            return Vec::new();
        }
        let counters = std::mem::take(&mut *known);
        let exact = counters.into_values().filter(|counter| counter.last < counter.reserved);
        exact.map(|counter| Reservation { rollout: counter.rollout, reserved: counter.last }).collect()
    }
}

impl Counter {
    fn reservation(&self, pending: Option<i64>) -> Option<Reservation> {
        let reserved = pending.map_or(self.reserved, |pending| pending.max(self.reserved));
        (self.last > reserved)
            .then(|| Reservation { rollout: self.rollout, reserved: self.last.saturating_add(BLOCK) })
    }
}

fn remembered<'a>(unknown: &'a mut HashMap<RolloutId, i64>, id: &RolloutId) -> &'a mut i64 {
    if unknown.len() >= MAX_UNKNOWN && !unknown.contains_key(id) {
        unknown.clear();
    }
    unknown.entry(id.clone()).or_insert(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_out_only_once_they_are_reserved_on_disk() {
        let sequences = Sequences::default();
        let id = RolloutId::from("ro-1");
        sequences.load(id.clone(), RowKey(7), 0);
        assert_eq!(sequences.next_reserved(&id), None);
        let (first, reservation) = sequences.take(&id, 1, None).unwrap();
        let reservation = reservation.unwrap();
        assert_eq!((first, reservation.clone()), (1, Reservation { rollout: RowKey(7), reserved: 65 }));
        assert_eq!(sequences.next_reserved(&id), None);
        // The same transaction need not reserve again.
        assert_eq!(sequences.take(&id, 2, Some(65)), Some((2, None)));
        sequences.reserved(&id, reservation.reserved);
        assert_eq!(sequences.next_reserved(&id), Some(4));
        assert_eq!(sequences.raise(&id, 100, None).unwrap().reserved, 164);
        assert_eq!(sequences.raise(&id, 50, Some(164)), None);
        assert_eq!(sequences.release(true), []);
    }

    #[test]
    fn a_clean_end_skips_no_number() {
        let sequences = Sequences::default();
        let id = RolloutId::from("ro-1");
        sequences.load(id.clone(), RowKey(7), 0);
        sequences.take(&id, 3, None);
        sequences.reserved(&id, 65);
        assert_eq!(sequences.release(true), [Reservation { rollout: RowKey(7), reserved: 3 }]);
    }
}
