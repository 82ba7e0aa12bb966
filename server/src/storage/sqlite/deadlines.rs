//! When which rollout has to be looked at next. In memory: made anew at each start.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use lightning_store_client::wire::{RolloutId, Timestamp};

/// The earliest check of each watched rollout.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// May hold entries that were overtaken by earlier ones of the same rollout.
    heap: BinaryHeap<Reverse<(Timestamp, RolloutId)>>,
    scheduled: HashMap<RolloutId, Timestamp>,
}

impl Deadlines {
    /// Sees to it that the rollout is looked at when `check_time` has passed. An earlier check stays: it will find
    /// that there is time left and ask again.
    pub(super) fn schedule(&mut self, rollout: &RolloutId, check_time: Option<Timestamp>) {
        let Some(time) = check_time else { return };
        let earlier = self.scheduled.get(rollout).is_some_and(|scheduled| *scheduled <= time);
        if !earlier {
            self.scheduled.insert(rollout.clone(), time);
            self.heap.push(Reverse((time, rollout.clone())));
        }
    }

    /// Takes out up to `limit` rollouts whose time has passed, each with that time.
    pub(super) fn claim(&mut self, now: Timestamp, limit: usize) -> Vec<(RolloutId, Timestamp)> {
        let mut due = Vec::new();
        while due.len() < limit {
            match self.heap.peek() {
                Some(Reverse((time, _))) if *time < now => {}
                _ => break,
            }
            let Some(Reverse((time, rollout))) = self.heap.pop() else { break };
            if self.scheduled.get(&rollout) == Some(&time) {
                self.scheduled.remove(&rollout);
                due.push((rollout, time));
            }
        }
        due
    }

    /// The next check, if there is one.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((time, _))| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rollout_is_due_once_at_its_earliest_time() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        let (a, b) = (RolloutId::from("a"), RolloutId::from("b"));
        let mut deadlines = Deadlines::default();
        deadlines.schedule(&a, at(5.0));
        deadlines.schedule(&a, at(3.0));
        deadlines.schedule(&a, at(9.0));
        deadlines.schedule(&b, at(4.0));
        deadlines.schedule(&b, None);
        assert_eq!(deadlines.next(), at(3.0));
        let mut claim = |now, limit| -> Vec<RolloutId> {
            deadlines.claim(at(now).unwrap(), limit).into_iter().map(|(rollout, _)| rollout).collect()
        };
        assert_eq!(claim(3.0, 9), []);
        assert_eq!(claim(10.0, 1), std::slice::from_ref(&a));
        assert_eq!(claim(10.0, 9), [b]);
        deadlines.schedule(&a, at(11.0));
        assert_eq!(deadlines.claim(at(12.0).unwrap(), 9), [(a, at(11.0).unwrap())]);
        assert_eq!(deadlines.next(), None);
    }
}
