//! The queries of the dashboard, on connections that only read.
//!
//! - [`facts`]: what spans say: read for those who look, and worked out of new spans.
//! - [`find`]: which rollouts, in what order.
//! - [`rows`]: what is shown of those that were found.
//! - [`queue`], [`workers`], [`summary`]: the other pages.
//! - [`light`]: traces and single spans; [`versions`]: resources with what they held before.
//! - [`store`]: all of them as methods.
//! - [`export`]: the keys of what is exported, and then its rows in pieces.

pub(super) mod export;
pub(super) mod facts;
pub(super) mod find;
mod light;
pub(super) mod queue;
pub(super) mod rows;
mod store;
pub(super) mod summary;
pub(super) mod versions;
pub(super) mod workers;
