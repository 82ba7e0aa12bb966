//! Workers: who does the work. Mostly derived from the attempts they report on.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::page::read_word_or;
use super::{
    AttemptId, FilterLogic, ListRequest, Patch, RawJson, RolloutId, SortField, Timestamp, WorkerId,
    WorkerStatus,
};
use crate::lax::{Node, Query, ReadJson, Reader};

/// A worker, as far as the store has seen it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Worker {
    /// What it calls itself.
    pub worker_id: WorkerId,
    /// What it is doing.
    pub status: WorkerStatus,
    /// What its last heartbeat said: an object. Null before the first one.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default)]
    pub heartbeat_stats: Option<RawJson>,
    /// When it last sent a heartbeat.
    #[serde(default)]
    pub last_heartbeat_time: Option<Timestamp>,
    /// When it last asked for work.
    #[serde(default)]
    pub last_dequeue_time: Option<Timestamp>,
    /// When it last became busy.
    #[serde(default)]
    pub last_busy_time: Option<Timestamp>,
    /// When it last became idle or unknown.
    #[serde(default)]
    pub last_idle_time: Option<Timestamp>,
    /// The rollout of its attempt.
    #[serde(default)]
    pub current_rollout_id: Option<RolloutId>,
    /// Its attempt.
    #[serde(default)]
    pub current_attempt_id: Option<AttemptId>,
}

impl Worker {
    /// A worker of which nothing is known yet.
    pub fn new(worker_id: WorkerId) -> Self {
        Self {
            worker_id,
            status: WorkerStatus::Unknown,
            heartbeat_stats: None,
            last_heartbeat_time: None,
            last_dequeue_time: None,
            last_busy_time: None,
            last_idle_time: None,
            current_rollout_id: None,
            current_attempt_id: None,
        }
    }
}

/// Body of `POST /v1/agl/workers/{worker_id}`, a heartbeat; may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateWorker {
    /// Replaces what the last heartbeat said. Null is refused.
    #[cfg_attr(feature = "openapi", schema(value_type = Object, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub heartbeat_stats: Patch<RawJson>,
}

impl ReadJson for UpdateWorker {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let heartbeat_stats =
            Patch::member(&object, "heartbeat_stats", reader, |node, reader| reader.dictionary(node))?;
        Some(Self { heartbeat_stats })
    }
}

/// A field that workers can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerField {
    /// By id.
    WorkerId,
    /// By status as text.
    Status,
    /// By the last heartbeat; null comes last in ascending order, as for all times.
    LastHeartbeatTime,
    /// By the last dequeue.
    LastDequeueTime,
    /// By when it last became busy.
    LastBusyTime,
    /// By when it last became idle.
    LastIdleTime,
    /// By its rollout; null is the empty string.
    CurrentRolloutId,
    /// By its attempt; null is the empty string.
    CurrentAttemptId,
}

impl SortField for WorkerField {
    const FIELDS: &'static [(&'static str, Option<Self>)] = &[
        ("worker_id", Some(Self::WorkerId)),
        ("status", Some(Self::Status)),
        ("heartbeat_stats", None),
        ("last_heartbeat_time", Some(Self::LastHeartbeatTime)),
        ("last_dequeue_time", Some(Self::LastDequeueTime)),
        ("last_busy_time", Some(Self::LastBusyTime)),
        ("last_idle_time", Some(Self::LastIdleTime)),
        ("current_rollout_id", Some(Self::CurrentRolloutId)),
        ("current_attempt_id", Some(Self::CurrentAttemptId)),
    ];
}

/// Which workers a query wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerFilter {
    /// Only with one of these statuses. Null: any. Empty: none at all, also with `or`.
    pub status_in: Option<Vec<WorkerStatus>>,
    /// Only with this text in the id, case-sensitive.
    pub worker_id_contains: Option<String>,
    /// How the two are joined.
    pub logic: FilterLogic,
}

/// `POST /v1/agl/workers/search`, or the query of `GET /v1/agl/workers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryWorkers {
    /// Which workers.
    pub filter: WorkerFilter,
    /// In what order, and which part of the list.
    pub list: ListRequest,
}

impl QueryWorkers {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let status_in = query.words("status_in");
        let logic = query.word("filter_logic", FilterLogic::And);
        let list = ListRequest::parameters(query, None);
        Some(Self {
            filter: WorkerFilter {
                status_in: status_in?,
                worker_id_contains: query.string("worker_id_contains"),
                logic: logic?,
            },
            list: list?,
        })
    }
}

impl ReadJson for QueryWorkers {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let status_in = object.nullable("status_in", reader, |node, reader| {
            reader.list(node, |node, reader| reader.word(node))
        });
        let worker_id_contains = object
            .nullable("worker_id_contains", reader, |node, reader| reader.string(node).map(Cow::into_owned));
        let list = ListRequest::members(&object, None, reader);
        let logic = read_word_or(&object, "filter_logic", FilterLogic::And, reader);
        Some(Self {
            filter: WorkerFilter {
                status_in: status_in?,
                worker_id_contains: worker_id_contains?,
                logic: logic?,
            },
            list: list?,
        })
    }
}
