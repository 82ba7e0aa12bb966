//! What a store holds, and whether its server is alive.

use serde::{Deserialize, Serialize};

/// Answer of `GET /v1/agl/statistics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statistics {
    /// What kind of store answers.
    pub name: String,
    /// Rollouts of any status.
    pub total_rollouts: u64,
    /// Attempts of any status.
    pub total_attempts: u64,
    /// Spans.
    pub total_spans: u64,
    /// Sets of resources, each counted once whatever its version.
    pub total_resources: u64,
    /// Workers that were ever seen.
    pub total_workers: u64,
    /// Seconds since the server was started.
    pub uptime: f64,
}

/// Answer of `GET /v1/agl/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `ok` while the process serves.
    pub status: String,
}
