//! Calls that have an effect once, however often they are repeated.
//!
//! A call may come with an idempotency key. In the transaction of its effect the key is remembered together with what
//! its answer can be made of again, so either both are there after a crash or neither is. A second call with the key is
//! answered from memory and does nothing.
//!
//! A memo is small: what lies in the store already (tasks, metadata, spans) is looked up when the answer is needed, and
//! what the repeated request says anyway is taken from it, as it is the same request by its fingerprint.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::error::{StorageFailure, StoreError};
use crate::storage::rows::{AnswerRow, Fingerprint};
use crate::storage::tx::{Needs, Operation, Tx};

/// What names a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The same for all repetitions of the call, and for no other call to this store.
    pub key: String,
    /// What was asked for, to notice a key that is used for something else.
    pub fingerprint: Fingerprint,
}

/// An operation that can answer again what it has answered before.
pub trait Replay: Operation {
    /// What is remembered of an answer. Later versions read it: new members need defaults.
    type Memo: Serialize + DeserializeOwned + Send + 'static;

    /// What to remember of an answer. None: nothing was done, so the operation may as well run again.
    fn memo(&self, output: &Self::Output) -> Option<Self::Memo>;

    /// Makes the answer again, for an operation that is the same as the one that was answered.
    fn recall<T: Tx>(
        &self,
        tx: &mut T,
        memo: Self::Memo,
    ) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;

    /// This operation, carried out once for a call. Without a call it is carried out each time.
    fn once(self, call: Option<Call>) -> Once<Self>
    where
        Self: Sized,
    {
        Once { operation: self, call }
    }
}

/// An operation that is carried out once for a call. Refusals are not remembered: a repetition may fare better.
#[derive(Debug)]
pub struct Once<O> {
    operation: O,
    call: Option<Call>,
}

impl<O: Replay> Operation for Once<O> {
    const NAME: &'static str = O::NAME;
    const IS_TAKING: bool = O::IS_TAKING;
    const IS_ALONE: bool = O::IS_ALONE;
    type Output = O::Output;

    fn needs(&self) -> Needs<'_> {
        let mut needs = self.operation.needs();
        needs.answers.extend(self.call.iter().map(|call| call.key.as_str()));
        needs
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<O::Output, StoreError> {
        let Some(Call { key, fingerprint }) = &self.call else { return self.operation.run(tx).await };
        if let Some(known) = tx.get_answer(key).await? {
            if known.fingerprint != *fingerprint {
                return Err(StoreError::KeyReused);
            }
            let memo = serde_json::from_str(&known.memo).map_err(|error| unreadable(&error))?;
            return self.operation.recall(tx, memo).await;
        }
        let output = self.operation.run(tx).await?;
        if let Some(memo) = self.operation.memo(&output) {
            let memo = serde_json::to_string(&memo).map_err(|error| unreadable(&error))?;
            tx.put_answer(key, &AnswerRow { fingerprint: *fingerprint, memo }).await?;
        }
        Ok(output)
    }
}

fn unreadable(error: &serde_json::Error) -> StorageFailure {
    StorageFailure::Unreadable(format!("what was answered to a call: {error}"))
}
