//! Sets of resources and what came of them, as the storage tells it.

use lightning_store_client::wire::{NamedResources, ResourcesUpdate, Timestamp};

/// What came of rollouts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outcomes {
    /// How many there are.
    pub rollouts: u64,
    /// The mean of their final rewards. Null: none has one.
    pub mean_reward: Option<f64>,
}

/// A set of resources as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourcesRecord {
    /// The set.
    pub update: ResourcesUpdate,
    /// It was written last of all.
    pub is_latest: bool,
    /// What came of the rollouts that name it.
    pub outcomes: Outcomes,
}

/// One version of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRecord {
    /// The version.
    pub version: i64,
    /// When it was written.
    pub update_time: Timestamp,
    /// What it holds.
    pub resources: NamedResources,
    /// What came of the rollouts that name the set and were made while this version was its current one.
    pub outcomes: Outcomes,
}
