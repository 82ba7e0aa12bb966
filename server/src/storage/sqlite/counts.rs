//! How many there are of what. Kept in memory by the writer and written with each commit that changes them.

use lightning_store_client::wire::{RolloutStatus, Word as _};
use rusqlite::{Connection, params};

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Rollouts by status, in the order of [`RolloutStatus::ALL`].
    rollouts: [i64; RolloutStatus::ALL.len()],
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
        self.rollouts.iter().sum()
    }

    /// Rollouts with a status.
    pub(super) fn rollouts(&self, status: RolloutStatus) -> i64 {
        self.rollouts[position(status)]
    }

    /// A rollout was added.
    pub(super) fn rollout_added(&mut self, status: RolloutStatus) {
        self.rollouts[position(status)] += 1;
    }

    /// A rollout went from one status to another.
    pub(super) fn rollout_moved(&mut self, from: RolloutStatus, to: RolloutStatus) {
        self.rollouts[position(from)] -= 1;
        self.rollouts[position(to)] += 1;
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
                    if let Some(status) = RolloutStatus::ALL.iter().find(|status| status.as_str() == name) {
                        counts.rollouts[position(*status)] = amount;
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
        let named = |counts: &Self| {
            let statuses =
                RolloutStatus::ALL.iter().map(|status| (status.as_str(), counts.rollouts(*status)));
            let others = [(ATTEMPTS, counts.attempts), (SPANS, counts.spans), (RESOURCES, counts.resources)];
            statuses.chain(others).collect::<Vec<_>>()
        };
        for ((name, amount), (_, old)) in named(self).into_iter().zip(named(before)) {
            if amount != old {
                connection.prepare_cached(SQL)?.execute(params![name, amount])?;
            }
        }
        Ok(())
    }
}

fn position(status: RolloutStatus) -> usize {
    RolloutStatus::ALL.iter().position(|other| *other == status).unwrap_or_default()
}
