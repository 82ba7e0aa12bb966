//! What spans say, worked out beside the requests that bring them.
//!
//! Facts follow the spans behind a watermark, the key of the last span that they know: one of all spans where they have one
//! order, one of each attempt where several servers write. One task reads the spans after it on a connection that only
//! reads, works out what they change ([`crate::domain::facts`]), and writes that together with the new watermark in one
//! small operation. So facts and watermark go together through every crash, and a span counts once.
//!
//! It sleeps until spans have come. While somebody looks at the dashboard it goes on at once; otherwise it waits a little,
//! so that many spans of an attempt are one change, and takes no more than a tenth of one processor.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::facts::VERSION;
use crate::limits::{FACTS_DELAY, FACTS_DELAY_UNSEEN, MAX_FACTS_SPANS};
use crate::storage::Store;
use crate::storage::error::StoreError;
use crate::storage::facts::FactsBatch;
use crate::storage::tx::{Needs, Operation, Tx};

/// Of so many parts of its time, one is spent at work while nobody looks.
const UNSEEN_SHARE: u32 = 10;

/// The pause after a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Writes what some spans say.
#[derive(Debug)]
pub struct PutFacts(pub FactsBatch);

impl Operation for PutFacts {
    const NAME: &'static str = "put_facts";
    const IS_ALONE: bool = true;
    type Output = ();

    fn needs(&self) -> Needs<'_> {
        let places = self.0.attempts.iter().filter_map(|attempt| attempt.place.as_ref());
        Needs { rollouts: places.map(|place| &place.rollout_id).collect(), ..Needs::default() }
    }

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), StoreError> {
        Ok(tx.put_facts(&self.0).await?)
    }
}

/// Forgets what spans say, to work it out anew by other rules.
#[derive(Debug)]
pub struct ClearFacts {
    /// The rules.
    pub version: i64,
}

impl Operation for ClearFacts {
    const NAME: &'static str = "clear_facts";
    const IS_ALONE: bool = true;
    type Output = ();

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), StoreError> {
        Ok(tx.clear_facts(self.version).await?)
    }
}

/// Sees to it that the facts that are there were made by the rules of this version.
async fn take_up(store: &Store) -> Result<(), StoreError> {
    let found = store.facts_version().await?;
    if found != VERSION {
        if found != 0 {
            tracing::info!(found, version = VERSION, "facts about spans are made anew");
        }
        store.transact(ClearFacts { version: VERSION }).await?;
    }
    Ok(())
}

/// Works out what some more spans say. Whether there are still more.
async fn step(store: &Store) -> Result<bool, StoreError> {
    let batch = store.next_facts(MAX_FACTS_SPANS).await?;
    if batch.attempts.is_empty() {
        return Ok(false);
    }
    let (more, tokens) = (batch.more, batch.tokens.clone());
    store.transact(PutFacts(batch)).await?;
    store.history().tokens(&tokens);
    Ok(more)
}

/// Works out what all spans say that are there.
///
/// # Errors
/// [`StoreError`].
pub async fn catch_up(store: &Store) -> Result<(), StoreError> {
    take_up(store).await?;
    while step(store).await? {}
    Ok(())
}

/// Follows the spans until `stop`.
pub async fn run(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    tokio::select! {
        () = follow(&store, &*clock) => {}
        () = stop.cancelled() => {}
    }
}

async fn follow(store: &Store, clock: &dyn Clock) {
    let interest = store.wakeups().interest();
    let mut spans = interest.spans();
    let mut is_taken_up = false;
    loop {
        spans.mark_unchanged();
        let start = Instant::now();
        let outcome = async {
            if !is_taken_up {
                take_up(store).await?;
            }
            step(store).await
        }
        .await;
        let pause = match outcome {
            Ok(more) => {
                is_taken_up = true;
                if !more && spans.changed().await.is_err() {
                    return;
                }
                match (more, interest.is_there(clock.now())) {
                    (true, true) => continue,
                    (false, true) => FACTS_DELAY,
                    (true, false) => start.elapsed() * (UNSEEN_SHARE - 1),
                    (false, false) => FACTS_DELAY_UNSEEN,
                }
            }
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::warn!(%error, "working out what spans say failed; trying again");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                continue;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = interest.awakened() => {}
        }
    }
}
