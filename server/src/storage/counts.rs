//! How many there are of what, by name: numbers that are kept, so that nobody has to count.

use lightning_store_client::wire::dashboard::{AnyMode, NewestStatus};
use lightning_store_client::wire::{AttemptStatus, Mode, RolloutStatus, Word};

use super::Totals;

/// The words that tell one kind of rollouts from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its status.
    pub status: RolloutStatus,
    /// The status of its newest attempt. Null: it has none.
    pub newest: Option<AttemptStatus>,
    /// Its mode.
    pub mode: Option<Mode>,
}

/// Numbers of rollouts by status, status of the newest attempt, and mode, in the order of the words.
pub type ByWords = [[[i64; AnyMode::ALL.len()]; NewestStatus::ALL.len()]; RolloutStatus::ALL.len()];

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rollouts.
    pub rollouts: ByWords,
    /// Attempts.
    pub attempts: i64,
    /// Spans.
    pub spans: i64,
    /// Sets of resources.
    pub resources: i64,
}

const ATTEMPTS: &str = "attempts";
const SPANS: &str = "spans";
const RESOURCES: &str = "resources";

impl Counts {
    /// Rollouts of any status.
    pub fn all_rollouts(&self) -> i64 {
        RolloutStatus::ALL.iter().map(|status| self.rollouts(*status)).sum()
    }

    /// Rollouts with a status.
    pub fn rollouts(&self, status: RolloutStatus) -> i64 {
        self.rollouts[position(&status)].iter().flatten().sum()
    }

    /// Rollouts that wait.
    pub fn waiting(&self) -> u64 {
        u64::try_from(self.waiting_change()).unwrap_or(0)
    }

    /// By how many more wait, of numbers that are changes.
    pub fn waiting_change(&self) -> i64 {
        self.rollouts(RolloutStatus::Queuing) + self.rollouts(RolloutStatus::Requeuing)
    }

    fn of(&mut self, kind: Kind) -> &mut i64 {
        let Kind { status, newest, mode } = kind;
        &mut self.rollouts[position(&status)][position(&NewestStatus(newest))][position(&AnyMode(mode))]
    }

    /// A rollout was added.
    pub fn rollout_added(&mut self, kind: Kind) {
        *self.of(kind) += 1;
    }

    /// A rollout has become one of another kind.
    pub fn rollout_moved(&mut self, from: Kind, to: Kind) {
        *self.of(from) -= 1;
        *self.of(to) += 1;
    }

    /// The number with this name is so much. Names that nobody knows are those of later versions.
    pub fn set(&mut self, name: &str, amount: i64) {
        match name {
            ATTEMPTS => self.attempts = amount,
            SPANS => self.spans = amount,
            RESOURCES => self.resources = amount,
            name => {
                if let Some([status, newest, mode]) = places(name) {
                    self.rollouts[status][newest][mode] = amount;
                }
            }
        }
    }

    /// Those that differ from `before`, each with its name and both amounts: before and now.
    pub fn changes(&self, before: &Self) -> Vec<(String, i64, i64)> {
        let mut changes = Vec::new();
        for (status, (by_newest, old_by_newest)) in self.rollouts.iter().zip(&before.rollouts).enumerate() {
            for (newest, (by_mode, old_by_mode)) in by_newest.iter().zip(old_by_newest).enumerate() {
                for (mode, (amount, old)) in by_mode.iter().zip(old_by_mode).enumerate() {
                    if amount != old {
                        changes.push((name([status, newest, mode]), *old, *amount));
                    }
                }
            }
        }
        for (name, amount, old) in [
            (ATTEMPTS, self.attempts, before.attempts),
            (SPANS, self.spans, before.spans),
            (RESOURCES, self.resources, before.resources),
        ] {
            if amount != old {
                changes.push((name.to_owned(), old, amount));
            }
        }
        changes
    }

    /// All of them, as they are told.
    pub fn totals(&self, workers: u64) -> Totals {
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Totals {
            rollouts: number(self.all_rollouts()),
            attempts: number(self.attempts),
            spans: number(self.spans),
            resources: number(self.resources),
            workers,
        }
    }
}

/// The place of a word among all of its kind.
fn position<W: Word + PartialEq>(word: &W) -> usize {
    W::ALL.iter().position(|other| other == word).unwrap_or_default()
}

/// The name of a number of rollouts: its three words.
fn name([status, newest, mode]: [usize; 3]) -> String {
    let (status, newest, mode) = (RolloutStatus::ALL[status], NewestStatus::ALL[newest], AnyMode::ALL[mode]);
    format!("{}/{}/{}", status.as_str(), newest.as_str(), mode.as_str())
}

fn places(name: &str) -> Option<[usize; 3]> {
    fn place<W: Word>(word: Option<&str>) -> Option<usize> {
        W::ALL.iter().position(|known| Some(known.as_str()) == word)
    }
    let mut words = name.split('/');
    let status = place::<RolloutStatus>(words.next())?;
    let newest = place::<NewestStatus>(words.next())?;
    Some([status, newest, place::<AnyMode>(words.next())?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for status in 0..RolloutStatus::ALL.len() {
            for newest in 0..NewestStatus::ALL.len() {
                for mode in 0..AnyMode::ALL.len() {
                    let places_of = [status, newest, mode];
                    assert_eq!(places(&name(places_of)), Some(places_of));
                }
            }
        }
        assert_eq!((places("running"), places("attempts")), (None, None));
    }
}
