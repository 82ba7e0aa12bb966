//! Resources, in versions.

use futures_core::Stream;

use super::Client;
use super::call::Prepared;
use crate::api::v1_agl;
use crate::error::ClientError;
use crate::transport::Transport;
use crate::wire::{NamedResources, Page, QueryResources, ResourcesId, ResourcesUpdate};

impl<T: Transport> Client<T> {
    /// Stores a new set of resources, which is then the latest.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn add_resources(&self, resources: &NamedResources) -> Result<ResourcesUpdate, ClientError> {
        self.ask(Prepared::new(v1_agl::ADD_RESOURCES).json(resources)?).await
    }

    /// Stores a new version of a set of resources, or its first one; it is then the latest.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn update_resources(
        &self,
        resources_id: &ResourcesId,
        resources: &NamedResources,
    ) -> Result<ResourcesUpdate, ClientError> {
        self.ask(Prepared::at(v1_agl::UPDATE_RESOURCES, &[resources_id.as_str()])?.json(resources)?).await
    }

    /// The resources that were written last. None if there are none.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn get_latest_resources(&self) -> Result<Option<ResourcesUpdate>, ClientError> {
        self.ask(Prepared::new(v1_agl::GET_LATEST_RESOURCES)).await
    }

    /// One set of resources. None if there is no such set.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn get_resources(
        &self,
        resources_id: &ResourcesId,
    ) -> Result<Option<ResourcesUpdate>, ClientError> {
        self.ask(Prepared::at(v1_agl::GET_RESOURCES, &[resources_id.as_str()])?).await
    }

    /// One page of sets of resources.
    ///
    /// # Errors
    /// See [`Client`].
    pub async fn query_resources(
        &self,
        query: &QueryResources,
    ) -> Result<Page<ResourcesUpdate>, ClientError> {
        self.ask(Prepared::new(v1_agl::QUERY_RESOURCES).conditions(query)?).await
    }

    /// All sets of resources that match, fetched page by page. In the order stored, which is the default, new sets come
    /// last and are not missed.
    ///
    /// # Errors
    /// See [`Client`]. The stream ends after an error.
    pub fn stream_resources(
        &self,
        query: QueryResources,
    ) -> impl Stream<Item = Result<ResourcesUpdate, ClientError>> + use<T> {
        let client = self.clone();
        self.pages(query, move |query| {
            let client = client.clone();
            async move { client.query_resources(&query).await }
        })
    }
}
