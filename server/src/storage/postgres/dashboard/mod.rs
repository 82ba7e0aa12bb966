//! The queries of the dashboard: what [`storage::dashboard`](crate::storage::dashboard) wants of PostgreSQL. Each runs on one
//! state of the database.
//!
//! - [`facts`]: what spans say: read for those who look, and worked out of new spans.
//! - [`find`]: which rollouts, in what order.
//! - [`rows`]: what is shown of those that were found.
//! - [`queue`], [`workers`], [`summary`]: the other pages.
//! - [`light`]: traces and single spans; [`versions`]: resources with what they held before.
//! - [`export`]: the keys of what is exported, and then its rows in pieces.
//! - [`store`]: all of them as methods.

mod export;
pub(super) mod facts;
mod find;
mod light;
mod queue;
mod rows;
mod store;
mod summary;
mod versions;
mod workers;
