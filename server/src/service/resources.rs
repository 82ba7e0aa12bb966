//! Store resources.

use lightning_store_client::wire::{NamedResources, ResourcesId, ResourcesUpdate, Timestamp};
use serde::{Deserialize, Serialize};

use super::once::Replay;
use crate::ids;
use crate::storage::error::StoreError;
use crate::storage::tx::{Operation, Tx};

/// Writes resources, which are the latest from then on: a new set, or a new version of one that exists.
#[derive(Debug)]
pub struct PutResources {
    /// Which set. Null: a new one. An id that does not exist makes a new set with it.
    pub resources_id: Option<ResourcesId>,
    /// The resources; they replace what was there.
    pub resources: NamedResources,
}

impl Operation for PutResources {
    const NAME: &'static str = "put_resources";
    const IS_ALONE: bool = true;
    type Output = ResourcesUpdate;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<ResourcesUpdate, StoreError> {
        let now = tx.now();
        let (resources_id, existing) = match &self.resources_id {
            Some(id) => (id.clone(), tx.get_resources(id).await?),
            None => loop {
                let id = ids::resources();
                if tx.get_resources(&id).await?.is_none() {
                    break (id, None);
                }
            },
        };
        let update = ResourcesUpdate {
            resources_id,
            create_time: existing.as_ref().map_or(now, |existing| existing.create_time),
            update_time: now,
            version: existing.map_or(1, |existing| existing.version + 1),
            resources: self.resources.clone(),
        };
        tx.put_resources(&update).await?;
        Ok(update)
    }
}

/// What the request does not say.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResourcesMemo {
    resources_id: ResourcesId,
    create_time: Timestamp,
    update_time: Timestamp,
    version: i64,
}

impl Replay for PutResources {
    type Memo = ResourcesMemo;

    fn memo(&self, output: &ResourcesUpdate) -> Option<ResourcesMemo> {
        Some(ResourcesMemo {
            resources_id: output.resources_id.clone(),
            create_time: output.create_time,
            update_time: output.update_time,
            version: output.version,
        })
    }

    async fn recall<T: Tx>(&self, _: &mut T, memo: ResourcesMemo) -> Result<ResourcesUpdate, StoreError> {
        let ResourcesMemo { resources_id, create_time, update_time, version } = memo;
        let resources = self.resources.clone();
        Ok(ResourcesUpdate { resources_id, create_time, update_time, version, resources })
    }
}
