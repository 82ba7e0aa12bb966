//! What differs in the dialect of the specification, `/agl/v1`: one object where `/v1/agl` has a batch, a plain list
//! where it has a page. Everything else is the same, so only the requests that have no twin there are here.
//!
//! | operation | request | answer |
//! |---|---|---|
//! | enqueue | [`NewRollout`](super::NewRollout) | [`Rollout`](super::Rollout) |
//! | dequeue | none | [`AttemptedRollout`](super::AttemptedRollout) or null |
//! | start a rollout | [`NewRollout`](super::NewRollout) | [`AttemptedRollout`](super::AttemptedRollout) |
//! | list or search rollouts | [`SearchRollouts`] | list of [`Rollout`](super::Rollout) |
//! | list attempts | none | list of [`Attempt`](super::Attempt) |
//! | store or get resources | as there | [`Resources`] |
//! | list spans | query `rollout_id`, `attempt_id` | list of [`Span`](super::Span) |

use serde::{Deserialize, Serialize};

use super::{NamedResources, ResourcesId, ResourcesUpdate, RolloutId, RolloutStatus};
use crate::lax::{Node, ReadJson, Reader};

/// Body of `POST /agl/v1/rollouts/search`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchRollouts {
    /// Only with one of these statuses. Null: any.
    pub status: Option<Vec<RolloutStatus>>,
    /// Only with one of these ids. Null: any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub rollout_ids: Option<Vec<RolloutId>>,
}

impl ReadJson for SearchRollouts {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let status = object.nullable("status", reader, |node, reader| reader.list(node, RolloutStatus::read));
        let rollout_ids = object.nullable("rollout_ids", reader, |node, reader| {
            reader.list(node, |node, reader| reader.string(node).map(|id| RolloutId::from(id.as_ref())))
        });
        Some(Self { status: status?, rollout_ids: rollout_ids? })
    }
}

/// A set of resources, without the times and the version that it has there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resources {
    /// The id of the set.
    pub resources_id: ResourcesId,
    /// The resources.
    pub resources: NamedResources,
}

impl From<ResourcesUpdate> for Resources {
    fn from(update: ResourcesUpdate) -> Self {
        Self { resources_id: update.resources_id, resources: update.resources }
    }
}
