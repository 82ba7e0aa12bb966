//! Workers and their heartbeats.

use futures_core::Stream;

use super::Client;
use super::call::Prepared;
use crate::api::v1_agl;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{Page, QueryWorkers, UpdateWorker, Worker, WorkerId};

impl<T: Transport> Client<T> {
    /// A worker's heartbeat. Makes the worker known if it is not.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn update_worker(
        &self,
        worker_id: &WorkerId,
        update: &UpdateWorker,
    ) -> Result<Worker, ClientError> {
        self.ask(Prepared::at(v1_agl::UPDATE_WORKER, &[worker_id.as_str()])?.json(update)?).await
    }

    /// One worker. None if it was never seen.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn get_worker(&self, worker_id: &WorkerId) -> Result<Option<Worker>, ClientError> {
        self.ask(Prepared::at(v1_agl::GET_WORKER, &[worker_id.as_str()])?).await
    }

    /// One page of workers. Like [`Client::search_workers`] but with the conditions in the URL, which can say less.
    ///
    /// # Errors
    /// See [`Client`]; [`ClientError::Invalid`] also if a list of the conditions is empty.
    pub async fn query_workers(&self, query: &QueryWorkers) -> Result<Page<Worker>, ClientError> {
        self.ask(Prepared::new(v1_agl::QUERY_WORKERS).conditions(query)?).await
    }

    /// One page of workers.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn search_workers(&self, query: &QueryWorkers) -> Result<Page<Worker>, ClientError> {
        self.ask(Prepared::new(v1_agl::SEARCH_WORKERS).json(query)?).await
    }

    /// All workers that match, fetched page by page. What [`Client::stream_rollouts`] says about changes holds here too.
    ///
    /// # Errors
    /// See [`Client`]. The stream ends after an error.
    pub fn stream_workers(
        &self,
        query: QueryWorkers,
    ) -> impl Stream<Item = Result<Worker, ClientError>> + use<T> {
        let client = self.clone();
        self.pages(query, move |query| {
            let client = client.clone();
            async move { client.search_workers(&query).await }
        })
    }
}
