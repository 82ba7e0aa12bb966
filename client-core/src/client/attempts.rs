//! Attempts of a rollout.

use futures_core::Stream;

use super::Client;
use super::call::Prepared;
use crate::api::v1_agl;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{
    Attempt, AttemptId, AttemptedRollout, Page, QueryAttempts, RolloutId, StartAttempt, UpdateAttempt,
    WorkerId,
};

impl<T: Transport> Client<T> {
    /// Starts another attempt of a rollout, whatever its status and however many it had.
    ///
    /// # Errors
    /// See [`Client`]; a refusal with the status 404 if there is no such rollout.
    pub async fn start_attempt(
        &self,
        rollout_id: &RolloutId,
        worker_id: Option<&WorkerId>,
    ) -> Result<AttemptedRollout, ClientError> {
        let body = StartAttempt { worker_id: worker_id.cloned() };
        self.ask(Prepared::at(v1_agl::START_ATTEMPT, &[rollout_id.as_str()])?.json(&body)?).await
    }

    /// The newest attempt of a rollout. None if it has none, or if there is no such rollout.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn get_latest_attempt(&self, rollout_id: &RolloutId) -> Result<Option<Attempt>, ClientError> {
        self.ask(Prepared::at(v1_agl::GET_LATEST_ATTEMPT, &[rollout_id.as_str()])?).await
    }

    /// One page of the attempts of a rollout. Like [`Client::search_attempts`] but with the conditions in the URL, which
    /// can say less.
    ///
    /// # Errors
    /// See [`Client`]; [`ClientError::Invalid`] also for the order stored.
    pub async fn query_attempts(
        &self,
        rollout_id: &RolloutId,
        query: &QueryAttempts,
    ) -> Result<Page<Attempt>, ClientError> {
        self.ask(Prepared::at(v1_agl::QUERY_ATTEMPTS, &[rollout_id.as_str()])?.conditions(query)?).await
    }

    /// One page of the attempts of a rollout; an empty one if there is no such rollout.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn search_attempts(
        &self,
        rollout_id: &RolloutId,
        query: &QueryAttempts,
    ) -> Result<Page<Attempt>, ClientError> {
        self.ask(Prepared::at(v1_agl::SEARCH_ATTEMPTS, &[rollout_id.as_str()])?.json(query)?).await
    }

    /// All attempts of a rollout, fetched page by page. New ones come last and are not missed.
    ///
    /// # Errors
    /// See [`Client`]. The stream ends after an error.
    pub fn stream_attempts(
        &self,
        rollout_id: &RolloutId,
        query: QueryAttempts,
    ) -> impl Stream<Item = Result<Attempt, ClientError>> + use<T> {
        let (client, rollout_id) = (self.clone(), rollout_id.clone());
        self.pages(query, move |query| {
            let (client, rollout_id) = (client.clone(), rollout_id.clone());
            async move { client.search_attempts(&rollout_id, &query).await }
        })
    }

    /// Changes an attempt, or the newest one by the id [`AttemptId::LATEST`]. The newest attempt takes its rollout along.
    ///
    /// # Errors
    /// See [`Client`]; a refusal with the status 404 if there is no such rollout or attempt.
    pub async fn update_attempt(
        &self,
        rollout_id: &RolloutId,
        attempt_id: &AttemptId,
        update: &UpdateAttempt,
    ) -> Result<Attempt, ClientError> {
        let ids = [rollout_id.as_str(), attempt_id.as_str()];
        self.ask(Prepared::at(v1_agl::UPDATE_ATTEMPT, &ids)?.json(update)?).await
    }
}
