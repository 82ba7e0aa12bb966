//! Rollouts: starting, finding, changing and awaiting them.

use std::collections::HashSet;
use std::time::Duration;

use futures_core::Stream;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::Client;
use super::call::Prepared;
use super::rounds::Rounds;
use crate::api::v1_agl;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{
    AttemptedRollout, Page, QueryRollouts, Rollout, RolloutId, RolloutWithAttempt, StartRollout,
    UpdateRollout, WaitForRollouts,
};

impl<T: Transport> Client<T> {
    /// Creates a rollout and starts its first attempt at once, without the queue.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn start_rollout(&self, rollout: &StartRollout) -> Result<AttemptedRollout, ClientError> {
        self.ask(Prepared::new(v1_agl::START_ROLLOUT).json(rollout)?).await
    }

    /// One rollout with its newest attempt. None if there is no such rollout.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn get_rollout(
        &self,
        rollout_id: &RolloutId,
    ) -> Result<Option<RolloutWithAttempt>, ClientError> {
        self.get_rollout_as(rollout_id.as_str()).await
    }

    /// The same, whatever the rollout is read as.
    pub(super) async fn get_rollout_as<R: DeserializeOwned>(
        &self,
        rollout_id: &str,
    ) -> Result<Option<R>, ClientError> {
        match self.ask(Prepared::at(v1_agl::GET_ROLLOUT, &[rollout_id])?).await {
            Ok(rollout) => Ok(rollout),
            Err(ClientError::Refused { refusal, .. }) if refusal.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page of rollouts, each with its newest attempt. Like [`Client::search_rollouts`] but with the conditions in
    /// the URL, which can say less.
    ///
    /// # Errors
    /// See [`Client`]; [`ClientError::Invalid`] also if a list of the conditions is empty.
    pub async fn query_rollouts(
        &self,
        query: &QueryRollouts,
    ) -> Result<Page<RolloutWithAttempt>, ClientError> {
        self.ask(Prepared::new(v1_agl::QUERY_ROLLOUTS).conditions(query)?).await
    }

    /// One page of rollouts, each with its newest attempt.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn search_rollouts(
        &self,
        query: &QueryRollouts,
    ) -> Result<Page<RolloutWithAttempt>, ClientError> {
        self.ask(Prepared::new(v1_agl::SEARCH_ROLLOUTS).json(query)?).await
    }

    /// All rollouts that match, each with its newest attempt, fetched page by page as they are asked for.
    ///
    /// Pages are counted off from the first match. In the order stored, which is the default, new rollouts come last
    /// and are not missed, and a change moves nothing. But where changes decide what matches (a condition on the
    /// status) or in what order, a rollout may be skipped or come twice while others change.
    ///
    /// # Errors
    /// See [`Client`]. The stream ends after an error.
    pub fn stream_rollouts(
        &self,
        query: QueryRollouts,
    ) -> impl Stream<Item = Result<RolloutWithAttempt, ClientError>> + use<T> {
        let client = self.clone();
        self.pages(query, move |query| {
            let client = client.clone();
            async move { client.search_rollouts(&query).await }
        })
    }

    /// Changes a rollout; with the status `queuing` or `requeuing` it is queued again.
    ///
    /// # Errors
    /// See [`Client`]; a refusal with the status 404 if there is no such rollout.
    pub async fn update_rollout(
        &self,
        rollout_id: &RolloutId,
        update: &UpdateRollout,
    ) -> Result<Rollout, ClientError> {
        self.ask(Prepared::at(v1_agl::UPDATE_ROLLOUT, &[rollout_id.as_str()])?.json(update)?).await
    }

    /// Waits until these rollouts are finished, for any time; None: for as long as it takes. Answers those that are
    /// finished, in the order asked for. Rollouts that do not exist are not waited for.
    ///
    /// # Errors
    /// See [`Client`].
    ///
    /// # Cancel safety
    /// Waiting has no effect, so it can be dropped and begun again.
    pub async fn wait_for_rollouts(
        &self,
        rollout_ids: &[RolloutId],
        timeout: Option<Duration>,
    ) -> Result<Vec<Rollout>, ClientError> {
        self.wait_for_rollouts_as(rollout_ids, timeout, |rollout: &Rollout| Some(rollout.rollout_id.clone()))
            .await
    }

    /// The same, whatever the rollouts are read as.
    pub(super) async fn wait_for_rollouts_as<R: DeserializeOwned>(
        &self,
        rollout_ids: &[RolloutId],
        timeout: Option<Duration>,
        id: impl Fn(&R) -> Option<RolloutId>,
    ) -> Result<Vec<R>, ClientError> {
        let transport = &self.shared.transport;
        let rounds = Rounds::new(transport.now(), timeout);
        let wanted: HashSet<&RolloutId> = rollout_ids.iter().collect();
        let body =
            WaitForRollouts { rollout_ids: rollout_ids.to_vec(), timeout: Some(rounds.length.as_secs_f64()) };
        let prepared = Prepared::new(v1_agl::WAIT_FOR_ROLLOUTS).json(&body)?.patience(rounds.length);
        loop {
            let began = transport.now();
            let finished: Vec<R> = self.ask(prepared.clone()).await?;
            let known: HashSet<RolloutId> = finished.iter().filter_map(&id).collect();
            let missing: Vec<RolloutId> =
                wanted.iter().filter(|id| !known.contains(**id)).map(|id| (*id).clone()).collect();
            if missing.is_empty() || timeout.is_some_and(|timeout| timeout.is_zero()) {
                return Ok(finished);
            }
            // An answer before its time: either none of those that are missing exists, or the server is going down.
            let early = rounds.is_early(began, transport.now());
            if early && self.count_rollouts(&QueryRollouts::default().ids(missing).limit(1)).await? == 0 {
                return Ok(finished);
            }
            if !self.another_round(&rounds, began).await {
                return Ok(finished);
            }
        }
    }

    async fn count_rollouts(&self, query: &QueryRollouts) -> Result<u64, ClientError> {
        let page: Page<IgnoredAny> = self.ask(Prepared::new(v1_agl::SEARCH_ROLLOUTS).json(query)?).await?;
        Ok(page.total)
    }
}
