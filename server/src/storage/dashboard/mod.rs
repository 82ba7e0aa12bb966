//! What the queries of the dashboard are on every database: what is to be asked, and what is made of the rows that come back.
//! Statements, and how columns are read, are each store's own.
//!
//! - [`conditions`]: the statements that find rollouts, in either dialect; [`find`]: what is done with what they find.
//! - [`rows`]: what is shown of a rollout and its attempts.
//! - [`queue`], [`workers`], [`summary`]: the other pages.
//! - [`light`]: traces; [`versions`]: what came of resources.

pub(in crate::storage) mod conditions;
pub(in crate::storage) mod find;
pub(in crate::storage) mod light;
pub(in crate::storage) mod queue;
pub(in crate::storage) mod rows;
pub(in crate::storage) mod summary;
pub(in crate::storage) mod versions;
pub(in crate::storage) mod workers;
