//! Tell the store of something that happened earlier: its effects carry that moment instead of the present one.
//!
//! For whoever fills a store with a past. What is told must be told in order, and before anything happens at present:
//! no moment of a store is earlier than the one before it.

use lightning_store_client::wire::Timestamp;

use crate::storage::error::StoreError;
use crate::storage::tx::{Needs, Operation, Tx};

/// An operation, and when it happened.
#[derive(Debug)]
pub struct Told<O> {
    /// When.
    pub moment: Timestamp,
    /// What.
    pub operation: O,
}

impl<O: Operation> Operation for Told<O> {
    const NAME: &'static str = O::NAME;
    const IS_ALONE: bool = true;
    type Output = O::Output;

    fn needs(&self) -> Needs<'_> {
        self.operation.needs()
    }

    fn moment(&self) -> Option<Timestamp> {
        Some(self.moment)
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<O::Output, StoreError> {
        self.operation.run(tx).await
    }
}
