//! Resources with their superseded versions. Secrets are masked.

use serde::{Deserialize, Serialize};

use super::{DEFAULT_ROLLOUT_ROWS, MAX_PAGE_ROWS, MAX_TEXT_BYTES};
use crate::lax::Query;
use crate::wire::{RawJson, ResourcesId, SortOrder, Timestamp, Word};

/// Most resources of a set that are told in its row.
pub const MAX_RESOURCE_BRIEFS: usize = 16;

/// Answer of `GET /v1/agl/dashboard/resources`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourcesRows {
    /// The sets of resources of this page, in the order asked for.
    pub items: Vec<ResourcesRow>,
    /// How many match in all.
    pub total: u64,
    /// The limit that was asked for.
    pub limit: i64,
    /// How many come before the first one of this page.
    pub offset: i64,
}

/// A set of resources as a table shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourcesRow {
    /// Its id.
    pub resources_id: ResourcesId,
    /// Its version.
    pub version: i64,
    /// When it was first stored.
    pub create_time: Timestamp,
    /// When this version was stored.
    pub update_time: Timestamp,
    /// It was written last of all.
    pub latest: bool,
    /// What it holds, by name; at most 16.
    pub names: Vec<ResourceBrief>,
    /// Rollouts that name this set.
    pub rollouts: u64,
    /// The mean of their final rewards. Null: none has one.
    pub mean_reward: Option<f64>,
}

/// One resource in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceBrief {
    /// Its name in the set.
    pub name: String,
    /// Its type: `llm`, `proxy_llm`, `prompt_template`, or what else was sent. Null: it says none.
    pub resource_type: Option<String>,
    /// Its model and endpoint, or the first line of its template; at most 200 characters. Null: neither.
    pub text: Option<String>,
}

/// Answer of `GET /v1/agl/dashboard/resources/{resources_id}/versions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourcesVersions {
    /// The set.
    pub resources_id: ResourcesId,
    /// When it was first stored.
    pub create_time: Timestamp,
    /// Its versions that are kept, the current one first.
    pub items: Vec<ResourcesVersion>,
}

/// One version of a set of resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourcesVersion {
    /// The version.
    pub version: i64,
    /// When it was stored.
    pub update_time: Timestamp,
    /// What it holds: an object, by name. Secrets are masked.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub resources: RawJson,
    /// Rollouts that name this set and were made while this version was its current one.
    pub rollouts: u64,
    /// The mean of their final rewards. Null: none has one.
    pub mean_reward: Option<f64>,
}

/// What rows of resources are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResourcesSort {
    /// When its version was stored.
    #[default]
    UpdateTime,
    /// When it was first stored.
    CreateTime,
    /// Its id.
    ResourcesId,
    /// Its version.
    Version,
    /// How many rollouts name it.
    Rollouts,
    /// What they were worth.
    MeanReward,
}

impl Word for ResourcesSort {
    const ALL: &'static [Self] = &[
        Self::UpdateTime,
        Self::CreateTime,
        Self::ResourcesId,
        Self::Version,
        Self::Rollouts,
        Self::MeanReward,
    ];

    fn as_str(&self) -> &'static str {
        match self {
            Self::UpdateTime => "update_time",
            Self::CreateTime => "create_time",
            Self::ResourcesId => "resources_id",
            Self::Version => "version",
            Self::Rollouts => "rollouts",
            Self::MeanReward => "mean_reward",
        }
    }
}

/// `GET /v1/agl/dashboard/resources`: which sets, in what order, which part of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindResources {
    /// Only with this in the id.
    pub resources_id_contains: Option<String>,
    /// By what they are sorted. Missing values come last in both directions.
    pub sort_by: ResourcesSort,
    /// In which direction.
    pub sort_order: SortOrder,
    /// At most so many.
    pub limit: i64,
    /// Leave out so many first.
    pub offset: i64,
}

impl FindResources {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let resources_id_contains = query.text("resources_id_contains", MAX_TEXT_BYTES);
        let sort_by = query.word("sort_by", ResourcesSort::default());
        let sort_order = query.word("sort_order", SortOrder::Desc);
        let limit = query.bounded("limit", DEFAULT_ROLLOUT_ROWS, 1, MAX_PAGE_ROWS);
        let offset = query.bounded("offset", 0, 0, i64::MAX);
        Some(Self {
            resources_id_contains: resources_id_contains?,
            sort_by: sort_by?,
            sort_order: sort_order?,
            limit: limit?,
            offset: offset?,
        })
    }
}
