//! How many there are of what. Kept in memory by the writer and written with each commit that changes them.

use lightning_store_client::wire::dashboard::{AnyMode, NewestStatus};
use lightning_store_client::wire::{AttemptStatus, Mode, RolloutStatus, Word};
use rusqlite::{Connection, params};

/// The words that tell one kind of rollouts from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its status.
    pub status: RolloutStatus,
    /// The status of its newest attempt. Null: it has none.
    pub newest: Option<AttemptStatus>,
    /// Its mode.
    pub mode: Option<Mode>,
}

/// Numbers of rollouts by status, status of the newest attempt, and mode, in the order of the words.
pub(super) type ByWords = [[[i64; AnyMode::ALL.len()]; NewestStatus::ALL.len()]; RolloutStatus::ALL.len()];

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
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
    pub(super) fn all_rollouts(&self) -> i64 {
        RolloutStatus::ALL.iter().map(|status| self.rollouts(*status)).sum()
    }

    /// Rollouts with a status.
    pub(super) fn rollouts(&self, status: RolloutStatus) -> i64 {
        self.rollouts[position(&status)].iter().flatten().sum()
    }

    fn of(&mut self, kind: Kind) -> &mut i64 {
        let Kind { status, newest, mode } = kind;
        &mut self.rollouts[position(&status)][position(&NewestStatus(newest))][position(&AnyMode(mode))]
    }

    /// A rollout was added.
    pub(super) fn rollout_added(&mut self, kind: Kind) {
        *self.of(kind) += 1;
    }

    /// A rollout has become one of another kind.
    pub(super) fn rollout_moved(&mut self, from: Kind, to: Kind) {
        *self.of(from) -= 1;
        *self.of(to) += 1;
    }

    /// Reads them.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        const SQL: &str = "-- load_counts\nSELECT name, amount FROM counts";
        let mut counts = Self::default();
        let mut statement = connection.prepare_cached(SQL)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let amount: i64 = row.get(1)?;
            match row.get_ref(0)?.as_str()? {
                ATTEMPTS => counts.attempts = amount,
                SPANS => counts.spans = amount,
                RESOURCES => counts.resources = amount,
                name => {
                    if let Some([status, newest, mode]) = places(name) {
                        counts.rollouts[status][newest][mode] = amount;
                    }
                }
            }
        }
        Ok(counts)
    }

    /// Writes those that differ from `before`.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn save(&self, before: &Self, connection: &Connection) -> rusqlite::Result<()> {
        const SQL: &str = "-- save_count\nINSERT INTO counts (name, amount) VALUES (?1, ?2) \
                           ON CONFLICT (name) DO UPDATE SET amount = excluded.amount";
        let mut statement = connection.prepare_cached(SQL)?;
        for (status, (by_newest, old_by_newest)) in self.rollouts.iter().zip(&before.rollouts).enumerate() {
            for (newest, (by_mode, old_by_mode)) in by_newest.iter().zip(old_by_newest).enumerate() {
                for (mode, (amount, old)) in by_mode.iter().zip(old_by_mode).enumerate() {
                    if amount != old {
                        statement.execute(params![name([status, newest, mode]), amount])?;
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
                statement.execute(params![name, amount])?;
            }
        }
        Ok(())
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
