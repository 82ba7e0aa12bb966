//! Numbers for spans.

use lightning_store_client::wire::RolloutId;

use crate::storage::Store;
use crate::storage::error::StoreError;
use crate::storage::tx::{Needs, Operation, Tx};

#[derive(Debug)]
struct NextSequenceId {
    rollout_id: RolloutId,
}

impl Operation for NextSequenceId {
    const NAME: &'static str = "next_sequence_id";
    type Output = i64;

    fn needs(&self) -> Needs<'_> {
        Needs { counters: vec![&self.rollout_id], ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<i64, StoreError> {
        Ok(tx.next_sequence_ids(&self.rollout_id, 1).await?)
    }
}

/// The next number of a rollout: larger than every one it has seen. The rollout need not exist (Compat).
///
/// # Errors
/// [`StoreError`].
pub async fn next_sequence_id(store: &Store, rollout_id: RolloutId) -> Result<i64, StoreError> {
    match store.next_reserved_sequence_id(&rollout_id) {
        Some(number) => Ok(number),
        None => store.transact(NextSequenceId { rollout_id }).await,
    }
}
