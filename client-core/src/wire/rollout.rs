//! Rollouts: what is to be done, and how it went.

use std::borrow::Cow;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::page::read_word_or;
use super::{
    Attempt, AttemptStatus, FilterLogic, ListRequest, Mode, Patch, RawJson, ResourcesId, RolloutId,
    RolloutStatus, SortField, Timestamp, WorkerId,
};
use crate::lax::{Node, Query, ReadJson, Reader};

/// How often and for how long a rollout is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutConfig {
    /// An attempt that takes longer, in seconds from its start, is timed out. Null: never.
    #[serde(default)]
    pub timeout_seconds: Option<f64>,
    /// An attempt that is silent for longer, in seconds, is unresponsive. Null: never.
    #[serde(default)]
    pub unresponsive_seconds: Option<f64>,
    /// So many attempts at the most; at least 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, default = 1))]
    #[serde(default = "one")]
    pub max_attempts: i64,
    /// After which ends of an attempt another one is made.
    #[serde(default)]
    pub retry_condition: Vec<AttemptStatus>,
}

fn one() -> i64 {
    1
}

impl Default for RolloutConfig {
    fn default() -> Self {
        Self {
            timeout_seconds: None,
            unresponsive_seconds: None,
            max_attempts: 1,
            retry_condition: Vec::new(),
        }
    }
}

impl ReadJson for RolloutConfig {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let seconds = |node: Node<'_>, reader: &mut Reader| reader.finite(node);
        let timeout_seconds = object.nullable("timeout_seconds", reader, seconds);
        let unresponsive_seconds = object.nullable("unresponsive_seconds", reader, seconds);
        let max_attempts = object.optional("max_attempts", reader, |node, reader| {
            let value = reader.integer(node)?;
            if value < 1 {
                let msg = "Input should be greater than or equal to 1";
                return reader.refuse("greater_than_equal", msg, Some(node));
            }
            Some(value)
        });
        let retry_condition =
            object.optional("retry_condition", reader, |node, reader| reader.list(node, AttemptStatus::read));
        Some(Self {
            timeout_seconds: timeout_seconds?.flatten(),
            unresponsive_seconds: unresponsive_seconds?.flatten(),
            max_attempts: max_attempts?.unwrap_or(1),
            retry_condition: retry_condition?.unwrap_or_default(),
        })
    }
}

/// A rollout, without its attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rollout {
    /// Its id, given by the store.
    pub rollout_id: RolloutId,
    /// The task, any JSON. Never changed or looked into by the store.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub input: RawJson,
    /// When it was created.
    pub start_time: Timestamp,
    /// When it ended. Null while it is not finished.
    pub end_time: Option<Timestamp>,
    /// What it is for.
    pub mode: Option<Mode>,
    /// The resources it is to be done with: those named, or the latest ones when it was created.
    pub resources_id: Option<ResourcesId>,
    /// Where it is in its life.
    pub status: RolloutStatus,
    /// How often and for how long it is tried.
    pub config: RolloutConfig,
    /// Anything its owner wants to keep beside it: an object, or null after it was cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<RawJson>,
}

/// A rollout with one of its attempts: what starting an attempt answers.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptedRollout {
    /// The rollout.
    pub rollout: Rollout,
    /// The attempt that was started.
    pub attempt: Attempt,
}

/// A rollout as queries answer it: with its newest attempt, if there is one. The key `attempt` is absent otherwise
/// (Compat: the Python client decides by its presence which class to make).
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutWithAttempt {
    /// The rollout.
    pub rollout: Rollout,
    /// Its newest attempt.
    pub attempt: Option<Attempt>,
}

fn serialize_with<S: Serializer>(
    serializer: S,
    rollout: &Rollout,
    attempt: Option<&Attempt>,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_struct("Rollout", 9 + usize::from(attempt.is_some()))?;
    object.serialize_field("rollout_id", &rollout.rollout_id)?;
    object.serialize_field("input", &rollout.input)?;
    object.serialize_field("start_time", &rollout.start_time)?;
    object.serialize_field("end_time", &rollout.end_time)?;
    object.serialize_field("mode", &rollout.mode)?;
    object.serialize_field("resources_id", &rollout.resources_id)?;
    object.serialize_field("status", &rollout.status)?;
    object.serialize_field("config", &rollout.config)?;
    object.serialize_field("metadata", &rollout.metadata)?;
    if let Some(attempt) = attempt {
        object.serialize_field("attempt", attempt)?;
    }
    object.end()
}

impl Serialize for AttemptedRollout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_with(serializer, &self.rollout, Some(&self.attempt))
    }
}

impl Serialize for RolloutWithAttempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_with(serializer, &self.rollout, self.attempt.as_ref())
    }
}

/// The same object read with serde: `flatten` would not keep raw JSON.
#[derive(Deserialize)]
struct FlatRollout {
    rollout_id: RolloutId,
    input: RawJson,
    start_time: Timestamp,
    #[serde(default)]
    end_time: Option<Timestamp>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    resources_id: Option<ResourcesId>,
    status: RolloutStatus,
    #[serde(default)]
    config: RolloutConfig,
    #[serde(default)]
    metadata: Option<RawJson>,
    #[serde(default)]
    attempt: Option<Attempt>,
}

impl<'de> Deserialize<'de> for RolloutWithAttempt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let flat = FlatRollout::deserialize(deserializer)?;
        Ok(Self {
            rollout: Rollout {
                rollout_id: flat.rollout_id,
                input: flat.input,
                start_time: flat.start_time,
                end_time: flat.end_time,
                mode: flat.mode,
                resources_id: flat.resources_id,
                status: flat.status,
                config: flat.config,
                metadata: flat.metadata,
            },
            attempt: flat.attempt,
        })
    }
}

impl<'de> Deserialize<'de> for AttemptedRollout {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let RolloutWithAttempt { rollout, attempt } = Deserialize::deserialize(deserializer)?;
        let attempt = attempt.ok_or_else(|| serde::de::Error::missing_field("attempt"))?;
        Ok(Self { rollout, attempt })
    }
}

/// What a new rollout is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewRollout {
    /// The task, any JSON; null is a task too, but the key must be there.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub input: RawJson,
    /// What it is for.
    pub mode: Option<Mode>,
    /// The resources to use. Null: the latest ones at that moment. An unknown id is taken as it is.
    pub resources_id: Option<ResourcesId>,
    /// How often and for how long it is tried. Null: once and for as long as it takes.
    pub config: Option<RolloutConfig>,
    /// Anything to keep beside it. Null: `{}`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<RawJson>,
}

impl NewRollout {
    /// A task, with everything else left to the store.
    pub fn new(input: RawJson) -> Self {
        Self { input, mode: None, resources_id: None, config: None, metadata: None }
    }
}

impl ReadJson for NewRollout {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let input = object.required("input", reader, |node, reader| reader.raw(node));
        let mode = object.nullable("mode", reader, Mode::read);
        let resources_id = object.nullable("resources_id", reader, ResourcesId::read);
        let config = object.nullable("config", reader, RolloutConfig::read);
        let metadata = object.nullable("metadata", reader, |node, reader| reader.dictionary(node));
        Some(Self {
            input: input?,
            mode: mode?,
            resources_id: resources_id?,
            config: config?,
            metadata: metadata?,
        })
    }
}

/// Body of `POST /v1/agl/queues/rollouts/enqueue`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnqueueRollouts {
    /// The rollouts, queued in this order.
    pub rollouts: Vec<NewRollout>,
}

impl ReadJson for EnqueueRollouts {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let rollouts =
            object.required("rollouts", reader, |node, reader| reader.list(node, NewRollout::read))?;
        Some(Self { rollouts })
    }
}

/// Body of `POST /v1/agl/queues/rollouts/dequeue`; may be absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DequeueRollouts {
    /// At most so many rollouts; 0 and less: none, and nothing is touched.
    #[cfg_attr(feature = "openapi", schema(default = 1, required = false))]
    pub limit: i64,
    /// Who asks.
    pub worker_id: Option<WorkerId>,
    /// When there is nothing to take, wait for it up to so many seconds, at most [`MAX_WAIT_SECONDS`]. Null, 0 and
    /// less: look once. Additive.
    #[cfg_attr(feature = "openapi", schema(maximum = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<f64>,
}

/// The longest wait of one dequeue, in seconds: shorter than the patience of proxies. Clients that wait for longer ask
/// again.
pub const MAX_WAIT_SECONDS: f64 = 60.0;

impl Default for DequeueRollouts {
    fn default() -> Self {
        Self { limit: 1, worker_id: None, wait_seconds: None }
    }
}

impl ReadJson for DequeueRollouts {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let limit = object.optional("limit", reader, |node, reader| reader.integer(node));
        let worker_id = object.nullable("worker_id", reader, WorkerId::read);
        let wait_seconds = object.nullable("wait_seconds", reader, wait_seconds);
        Some(Self { limit: limit?.unwrap_or(1), worker_id: worker_id?, wait_seconds: wait_seconds? })
    }
}

fn wait_seconds(node: Node<'_>, reader: &mut Reader) -> Option<f64> {
    let seconds = reader.float(node)?;
    if seconds.is_nan() || seconds > MAX_WAIT_SECONDS {
        let msg =
            format!("Input should be less than or equal to {MAX_WAIT_SECONDS}; ask again to wait for longer");
        return reader.refuse("less_than_equal", msg, Some(node));
    }
    Some(seconds)
}

/// Body of `POST /v1/agl/rollouts`: a rollout that starts at once, without the queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartRollout {
    /// The rollout.
    #[serde(flatten)]
    pub rollout: NewRollout,
    /// Who works on its first attempt.
    pub worker_id: Option<WorkerId>,
}

impl ReadJson for StartRollout {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let rollout = NewRollout::read(node, reader);
        let object = reader.object(node)?;
        let worker_id = object.nullable("worker_id", reader, WorkerId::read);
        Some(Self { rollout: rollout?, worker_id: worker_id? })
    }
}

/// Body of `POST /v1/agl/rollouts/{rollout_id}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateRollout {
    /// The task. Null is a task.
    #[cfg_attr(feature = "openapi", schema(value_type = Value, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub input: Patch<RawJson>,
    /// What it is for. Null clears.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Mode>))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub mode: Patch<Mode>,
    /// The resources to use. Null clears.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ResourcesId>))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub resources_id: Patch<ResourcesId>,
    /// Where it is in its life; any status may follow any other. Null is refused.
    #[cfg_attr(feature = "openapi", schema(value_type = RolloutStatus, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub status: Patch<RolloutStatus>,
    /// Replaces the whole config. Null is refused.
    #[cfg_attr(feature = "openapi", schema(value_type = RolloutConfig, required = false))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub config: Patch<RolloutConfig>,
    /// Replaces the whole metadata. Null clears.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<RawJson>,
}

impl UpdateRollout {
    /// Sets the status and leaves the rest.
    pub fn status(status: RolloutStatus) -> Self {
        Self { status: Patch::Set(status), ..Self::default() }
    }
}

impl ReadJson for UpdateRollout {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let input = Patch::member(&object, "input", reader, |node, reader| reader.raw(node));
        let mode = Patch::member(&object, "mode", reader, Mode::read);
        let resources_id = Patch::member(&object, "resources_id", reader, ResourcesId::read);
        let status = Patch::member(&object, "status", reader, RolloutStatus::read);
        let config = Patch::member(&object, "config", reader, RolloutConfig::read);
        let metadata = Patch::member(&object, "metadata", reader, |node, reader| reader.dictionary(node));
        Some(Self {
            input: input?,
            mode: mode?,
            resources_id: resources_id?,
            status: status?,
            config: config?,
            metadata: metadata?,
        })
    }
}

/// A field that rollouts can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutField {
    /// By id.
    RolloutId,
    /// By creation time.
    StartTime,
    /// By end; unfinished ones come last in ascending order.
    EndTime,
    /// By mode as text; null is the empty string.
    Mode,
    /// By the id of the resources; null is the empty string.
    ResourcesId,
    /// By status as text, not by life cycle.
    Status,
}

impl SortField for RolloutField {
    const FIELDS: &'static [(&'static str, Option<Self>)] = &[
        ("rollout_id", Some(Self::RolloutId)),
        ("input", None),
        ("start_time", Some(Self::StartTime)),
        ("end_time", Some(Self::EndTime)),
        ("mode", Some(Self::Mode)),
        ("resources_id", Some(Self::ResourcesId)),
        ("status", Some(Self::Status)),
        ("config", None),
        ("metadata", None),
    ];
}

/// Which rollouts a query wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutFilter {
    /// Only with one of these statuses. Null: any. Empty: none at all, also with `or`.
    pub status_in: Option<Vec<RolloutStatus>>,
    /// Only with one of these ids. Null: any. Empty: none at all, also with `or`.
    pub rollout_id_in: Option<Vec<RolloutId>>,
    /// Only with this text in the id, case-sensitive.
    pub rollout_id_contains: Option<String>,
    /// How the three are joined.
    pub logic: FilterLogic,
}

impl Default for RolloutFilter {
    fn default() -> Self {
        Self { status_in: None, rollout_id_in: None, rollout_id_contains: None, logic: FilterLogic::And }
    }
}

/// `POST /v1/agl/rollouts/search`, or the query of `GET /v1/agl/rollouts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryRollouts {
    /// Which rollouts.
    pub filter: RolloutFilter,
    /// In what order, and which part of the list.
    pub list: ListRequest,
}

impl ReadJson for QueryRollouts {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let status_in =
            object.nullable("status_in", reader, |node, reader| reader.list(node, RolloutStatus::read));
        // An id in a filter is any string: one that is too long simply matches nothing.
        let rollout_id_in = object.nullable("rollout_id_in", reader, |node, reader| {
            reader.list(node, |node, reader| reader.string(node).map(|id| RolloutId::from(id.as_ref())))
        });
        let contains = object
            .nullable("rollout_id_contains", reader, |node, reader| reader.string(node).map(Cow::into_owned));
        let list = ListRequest::members(&object, None, reader);
        let logic = read_word_or(&object, "filter_logic", FilterLogic::And, reader);
        Some(Self {
            filter: RolloutFilter {
                status_in: status_in?,
                rollout_id_in: rollout_id_in?,
                rollout_id_contains: contains?,
                logic: logic?,
            },
            list: list?,
        })
    }
}

impl QueryRollouts {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let status_in = query.words("status_in");
        let ids = query.strings("rollout_id_in");
        let logic = query.word("filter_logic", FilterLogic::And);
        let list = ListRequest::parameters(query, None);
        Some(Self {
            filter: RolloutFilter {
                status_in: status_in?,
                rollout_id_in: ids.map(|ids| ids.into_iter().map(RolloutId::from).collect()),
                rollout_id_contains: query.string("rollout_id_contains"),
                logic: logic?,
            },
            list: list?,
        })
    }
}

/// Body of `POST /v1/agl/waits/rollouts`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitForRollouts {
    /// The rollouts to wait for. The answer has them in this order, repeated ones repeatedly.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub rollout_ids: Vec<RolloutId>,
    /// At most so many seconds. Null: until all are finished. 0 and less: look once.
    pub timeout: Option<f64>,
}

impl ReadJson for WaitForRollouts {
    fn read(node: Node<'_>, reader: &mut Reader) -> Option<Self> {
        let object = reader.object(node)?;
        let rollout_ids = object.required("rollout_ids", reader, |node, reader| {
            reader.list(node, |node, reader| reader.string(node).map(|id| RolloutId::from(id.as_ref())))
        });
        let timeout = object.nullable("timeout", reader, |node, reader| {
            let seconds = reader.float(node)?;
            if seconds.is_nan() {
                return reader.refuse("finite_number", "Input should be a number", None);
            }
            Some(seconds)
        });
        // An infinite wait is a wait without end.
        Some(Self {
            rollout_ids: rollout_ids?,
            timeout: timeout?.filter(|seconds| *seconds != f64::INFINITY),
        })
    }
}
