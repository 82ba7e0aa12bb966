//! Attempts: one worker's try at a rollout.

use serde::{Deserialize, Serialize};

use super::{
    AttemptId, AttemptStatus, ListRequest, Patch, RawJson, RolloutId, SortField, Timestamp, WorkerId,
};
use crate::lax::{Node, Query, ReadJson, Reader};

/// One try at a rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// The rollout that is tried.
    pub rollout_id: RolloutId,
    /// Its id, given by the store; unique within the rollout.
    pub attempt_id: AttemptId,
    /// 1 for the rollout's first attempt, then 2, 3, …
    pub sequence_id: i64,
    /// When it was started.
    pub start_time: Timestamp,
    /// When it failed or succeeded. Timeout and unresponsive leave it as it is.
    #[serde(default)]
    pub end_time: Option<Timestamp>,
    /// Where it is in its life.
    pub status: AttemptStatus,
    /// Who works on it.
    #[serde(default)]
    pub worker_id: Option<WorkerId>,
    /// When its last span arrived, or what an update said.
    #[serde(default)]
    pub last_heartbeat_time: Option<Timestamp>,
    /// Anything its worker wants to keep beside it: an object. Null until it is set.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default)]
    pub metadata: Option<RawJson>,
}

/// Body of `POST /v1/agl/rollouts/{rollout_id}/attempts`; may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartAttempt {
    /// Who works on it.
    pub worker_id: Option<WorkerId>,
}

impl ReadJson for StartAttempt {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        Some(Self { worker_id: object.nullable("worker_id", reader, WorkerId::read)? })
    }
}

/// Body of `POST /v1/agl/rollouts/{rollout_id}/attempts/{attempt_id}`. Null is refused for every field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateAttempt {
    /// Where it is in its life. The newest attempt takes its rollout along.
    #[cfg_attr(feature = "openapi", schema(value_type = AttemptStatus, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub status: Patch<AttemptStatus>,
    /// Who works on it.
    #[cfg_attr(feature = "openapi", schema(value_type = WorkerId, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub worker_id: Patch<WorkerId>,
    /// When it was last heard of. 0 means: never take it for unresponsive.
    #[cfg_attr(feature = "openapi", schema(value_type = Timestamp, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub last_heartbeat_time: Patch<Timestamp>,
    /// Replaces the whole metadata.
    #[cfg_attr(feature = "openapi", schema(value_type = Object, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<RawJson>,
}

impl UpdateAttempt {
    /// Sets the status and leaves the rest.
    pub fn status(status: AttemptStatus) -> Self {
        Self { status: Patch::Set(status), ..Self::default() }
    }
}

impl ReadJson for UpdateAttempt {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let status = Patch::member(&object, "status", reader, AttemptStatus::read);
        let worker_id = Patch::member(&object, "worker_id", reader, WorkerId::read);
        let last_heartbeat_time =
            Patch::member(&object, "last_heartbeat_time", reader, |node, reader| reader.time(node));
        let metadata = Patch::member(&object, "metadata", reader, |node, reader| reader.dictionary(node));
        Some(Self {
            status: status?,
            worker_id: worker_id?,
            last_heartbeat_time: last_heartbeat_time?,
            metadata: metadata?,
        })
    }
}

/// A field that attempts can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptField {
    /// By the rollout's id, which is the same for all.
    RolloutId,
    /// By id.
    AttemptId,
    /// By number: the default.
    SequenceId,
    /// By start.
    StartTime,
    /// By end; null comes last in ascending order.
    EndTime,
    /// By status as text.
    Status,
    /// By worker; null is the empty string.
    WorkerId,
    /// By the last sign of life; null comes last in ascending order.
    LastHeartbeatTime,
}

impl SortField for AttemptField {
    const FIELDS: &'static [(&'static str, Option<Self>)] = &[
        ("rollout_id", Some(Self::RolloutId)),
        ("attempt_id", Some(Self::AttemptId)),
        ("sequence_id", Some(Self::SequenceId)),
        ("start_time", Some(Self::StartTime)),
        ("end_time", Some(Self::EndTime)),
        ("status", Some(Self::Status)),
        ("worker_id", Some(Self::WorkerId)),
        ("last_heartbeat_time", Some(Self::LastHeartbeatTime)),
        ("metadata", None),
    ];
}

/// `POST /v1/agl/rollouts/{rollout_id}/attempts/search`, or the query of the `GET` beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryAttempts {
    /// In what order, and which part of the list.
    pub list: ListRequest,
}

impl QueryAttempts {
    const DEFAULT_SORT: Option<&'static str> = Some("sequence_id");

    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        Some(Self { list: ListRequest::parameters(query, Self::DEFAULT_SORT)? })
    }
}

impl ReadJson for QueryAttempts {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        Some(Self { list: ListRequest::members(&object, Self::DEFAULT_SORT, reader)? })
    }
}
