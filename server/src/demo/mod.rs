//! `lightning-store demo`: a store that is filled with a believable training run, to look around in, and to test what
//! shows it.
//!
//! [`schedule`] says what comes into the queue when, [`plan`] what each rollout is about and how it will go. [`story`]
//! lets the workers of [`fleet`] take rollouts and work on them; everything that happens is told to the store through
//! the operations that requests come to, with the moment at which it happened ([`Told`](crate::service::told::Told)):
//! waits, run times and the order of the queue are those of a real run. An [`attempt`] is a [`script`] that one of the
//! agents ([`math`], [`sql`]) plays; [`dialects`] write it down as spans, with a [`pen`]. [`tree`] is the trace of
//! 10,000 spans.
//!
//! Everything is drawn from a seed ([`random`]) but the ids that the store itself gives: those of rollouts and attempts.

mod attempt;
mod dialects;
mod errors;
mod fleet;
mod math;
mod pen;
mod picture;
mod plan;
mod random;
mod schedule;
mod script;
mod sql;
mod story;
mod texts;
mod tree;

use std::sync::Arc;
use std::time::Duration;

use self::plan::Agent;
use self::story::Story;
use crate::clock::Clock;
use crate::config::{Demo, StoreLocation};
use crate::storage::Store;
use crate::storage::error::StoreError;

/// Why a store cannot be filled. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// It is somebody's.
    #[error(
        "the store {store} holds {rollouts} rollouts that no demo has made, so it is left alone; choose a new file with \
         --store sqlite:PATH, or --store memory"
    )]
    Foreign {
        /// Where it is kept.
        store: StoreLocation,
        /// How many rollouts it has.
        rollouts: u64,
    },
    /// The store fails.
    #[error("the store could not be filled: {0}; see the lines before")]
    Store(#[from] StoreError),
}

/// A training run of which the past has been told.
pub struct Run {
    story: Story,
    clock: Arc<dyn Clock>,
}

/// Fills a store, unless a demo has done so already. It must not be served yet.
///
/// # Errors
/// [`DemoError`]; its text says what to do.
pub async fn fill(store: &Store, clock: &Arc<dyn Clock>, options: &Demo) -> Result<Run, DemoError> {
    let begun = clock.now();
    let totals = store.totals().await?;
    let mark = store.get_resources(Agent::Math.resources_id()).await?;
    if totals.rollouts > 0 && mark.is_none() {
        return Err(DemoError::Foreign { store: options.serve.store.clone(), rollouts: totals.rollouts });
    }
    let present = begun.seconds();
    let mut run = Story::new(store.clone(), options.seed, present);
    if totals.rollouts > 0 {
        tracing::info!(
            rollouts = totals.rollouts,
            "the store holds the run of a demo already; it is served as it is"
        );
        schedule::onward(&mut run, present, options.live);
        return Ok(Run { story: run, clock: clock.clone() });
    }
    let rollouts = usize::try_from(options.rollouts).unwrap_or(usize::MAX);
    schedule::past(&mut run, rollouts, present, options.live);
    run.tell_the_past().await?;
    if !options.live {
        run.stand_still();
    }
    let totals = store.totals().await?;
    let milliseconds = ((clock.now().seconds() - present) * 1_000.0).round();
    tracing::info!(
        rollouts = totals.rollouts,
        attempts = totals.attempts,
        spans = totals.spans,
        milliseconds,
        "the store is filled with a training run"
    );
    Ok(Run { story: run, clock: clock.clone() })
}

impl Run {
    /// Lets the run go on until the store is closed: everything of it, or only the signs of life of the workers.
    pub async fn go_on(mut self) {
        while let Some(next) = self.story.next() {
            let wait = Duration::try_from_secs_f64(next - self.clock.now().seconds()).unwrap_or_default();
            tokio::time::sleep(wait).await;
            match self.story.happen().await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                // Somebody may have changed what it was about.
                Err(error) => tracing::debug!(%error, "something in the demo did not happen"),
            }
        }
    }
}
