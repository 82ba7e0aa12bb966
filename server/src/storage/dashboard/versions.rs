//! What came of the rollouts that name sets of resources.

use lightning_store_client::wire::{ResourcesUpdate, Timestamp};

use crate::storage::{Outcomes, VersionRecord};

/// Outcomes that are being counted.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::storage) struct Sum {
    pub(in crate::storage) rollouts: u64,
    pub(in crate::storage) rewards: u64,
    pub(in crate::storage) total: f64,
}

impl Sum {
    /// Counts what the newest attempt of one more rollout was worth.
    pub(in crate::storage) fn add(&mut self, reward: Option<f64>) {
        self.rollouts += 1;
        if let Some(reward) = reward {
            self.rewards += 1;
            self.total += reward;
        }
    }

    /// What has come of all of them.
    pub(in crate::storage) fn outcomes(self) -> Outcomes {
        #[expect(clippy::cast_precision_loss, reason = "counts, which are far below 2^53")]
        let mean = self.total / self.rewards as f64;
        Outcomes { rollouts: self.rollouts, mean_reward: Some(mean).filter(|mean| mean.is_finite()) }
    }
}

/// The versions of a set that are kept, the current one first.
#[derive(Debug)]
pub(in crate::storage) struct Versions {
    records: Vec<VersionRecord>,
    sums: Vec<Sum>,
}

impl Versions {
    /// The current one.
    pub(in crate::storage) fn of(current: &ResourcesUpdate) -> Self {
        let record = VersionRecord {
            version: current.version,
            update_time: current.update_time,
            resources: current.resources.clone(),
            outcomes: Outcomes::default(),
        };
        Self { records: vec![record], sums: vec![Sum::default()] }
    }

    /// The one before.
    pub(in crate::storage) fn push(&mut self, record: VersionRecord) {
        self.records.push(record);
        self.sums.push(Sum::default());
    }

    /// Counts a rollout, for the version that was there when it was made. Those of versions that are no longer kept count
    /// for none.
    pub(in crate::storage) fn count(&mut self, made: Timestamp, reward: Option<f64>) {
        let version = self.records.partition_point(|version| version.update_time > made);
        if let Some(sum) = self.sums.get_mut(version) {
            sum.add(reward);
        }
    }

    /// All of them, with what came of them.
    pub(in crate::storage) fn records(self) -> Vec<VersionRecord> {
        let both = self.records.into_iter().zip(self.sums);
        both.map(|(record, sum)| VersionRecord { outcomes: sum.outcomes(), ..record }).collect()
    }
}
