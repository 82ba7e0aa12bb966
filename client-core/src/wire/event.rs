//! Changes as they happen: the messages of `GET /v1/agl/events`, a stream of server-sent events.
//!
//! A message has an id, `<instance>.<number>`, a name ([`Event::name`]) and JSON data. Whoever comes back with
//! `Last-Event-ID` gets what was missed, or [`Event::Reset`] if that is no longer known. Changes of one thing that
//! follow each other closely are told once, as it stands in the end, under the number of the first of them: messages say
//! where to look, and are no history. A block that has an id and nothing else tells up to where everything was told.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    AttemptId, AttemptStatus, ResourcesId, RolloutId, RolloutStatus, Timestamp, WorkerId, WorkerStatus,
};
use crate::lax::Query;

/// What a listener wants to hear of: one word of the query parameter `topics`, which joins them with commas.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// `rollouts`: rollouts and their newest attempts.
    Rollouts,
    /// `workers`
    Workers,
    /// `resources`
    Resources,
    /// `queue`: how many wait.
    Queue,
    /// `summary`: that numbers have changed, at most once a second.
    Summary,
    /// `spans:<rollout>/<attempt>`: new spans of one attempt.
    Spans {
        /// The rollout.
        rollout_id: RolloutId,
        /// Its attempt; `latest` is not resolved.
        attempt_id: AttemptId,
    },
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollouts => f.write_str("rollouts"),
            Self::Workers => f.write_str("workers"),
            Self::Resources => f.write_str("resources"),
            Self::Queue => f.write_str("queue"),
            Self::Summary => f.write_str("summary"),
            Self::Spans { rollout_id, attempt_id } => write!(f, "spans:{rollout_id}/{attempt_id}"),
        }
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        match text {
            "rollouts" => Ok(Self::Rollouts),
            "workers" => Ok(Self::Workers),
            "resources" => Ok(Self::Resources),
            "queue" => Ok(Self::Queue),
            "summary" => Ok(Self::Summary),
            _ => match text.strip_prefix("spans:").and_then(|rest| rest.split_once('/')) {
                Some((rollout, attempt)) if !rollout.is_empty() && !attempt.is_empty() => {
                    Ok(Self::Spans { rollout_id: rollout.into(), attempt_id: attempt.into() })
                }
                _ => Err(UnknownTopic(text.to_owned())),
            },
        }
    }
}

/// Most topics of one listener.
pub const MAX_TOPICS: usize = 64;

/// The query of `GET /v1/agl/events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// What to hear of: one at least, [`MAX_TOPICS`] at the most.
    pub topics: Vec<Topic>,
    /// Where listening has ended, for clients that cannot send the header `Last-Event-ID`, which counts otherwise.
    pub last_event_id: Option<String>,
}

impl Listen {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let topics = query.joined("topics", MAX_TOPICS)?;
        Some(Self { topics, last_event_id: query.string("last_event_id") })
    }
}

/// A word that is no topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTopic(pub String);

impl fmt::Display for UnknownTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no topic; there are rollouts, workers, resources, queue, summary and spans:<rollout>/<attempt>",
            self.0
        )
    }
}

impl std::error::Error for UnknownTopic {}

/// One message of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `rollout`: a rollout is new or has changed, or its newest attempt has.
    Rollout(RolloutEvent),
    /// `worker`: a worker is new or has changed.
    Worker(WorkerEvent),
    /// `resources`: a set of resources has a new version.
    Resources(ResourcesEvent),
    /// `spans`: an attempt has new spans.
    Spans(SpansEvent),
    /// `queue`: how many wait has changed, or since when the first one does.
    Queue(QueueEvent),
    /// `summary`: numbers have changed, or are known that were not (tokens, rewards): fetch again what is shown of them.
    Summary(SummaryEvent),
    /// `reset`: what was missed is not known. Fetch anew what is shown.
    Reset,
}

impl Event {
    /// The name of the message.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rollout(_) => "rollout",
            Self::Worker(_) => "worker",
            Self::Resources(_) => "resources",
            Self::Spans(_) => "spans",
            Self::Queue(_) => "queue",
            Self::Summary(_) => "summary",
            Self::Reset => "reset",
        }
    }

    /// The number of the change. None for [`Event::Reset`], which is none.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Rollout(event) => Some(event.seq),
            Self::Worker(event) => Some(event.seq),
            Self::Resources(event) => Some(event.seq),
            Self::Spans(event) => Some(event.seq),
            Self::Queue(event) => Some(event.seq),
            Self::Summary(event) => Some(event.seq),
            Self::Reset => None,
        }
    }

    /// The same with this number.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Self {
        match &mut self {
            Self::Rollout(event) => event.seq = number,
            Self::Worker(event) => event.seq = number,
            Self::Resources(event) => event.seq = number,
            Self::Spans(event) => event.seq = number,
            Self::Queue(event) => event.seq = number,
            Self::Summary(event) => event.seq = number,
            Self::Reset => {}
        }
        self
    }

    /// The data of the message.
    ///
    /// # Errors
    /// None that is known: the parts can all be written as JSON.
    pub fn data(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Rollout(event) => serde_json::to_string(event),
            Self::Worker(event) => serde_json::to_string(event),
            Self::Resources(event) => serde_json::to_string(event),
            Self::Spans(event) => serde_json::to_string(event),
            Self::Queue(event) => serde_json::to_string(event),
            Self::Summary(event) => serde_json::to_string(event),
            Self::Reset => Ok("{}".to_owned()),
        }
    }

    /// Reads a message. None for a name that this version does not know: skip it.
    ///
    /// # Errors
    /// If the data is not what the name says.
    pub fn parse(name: &str, data: &str) -> Result<Option<Self>, serde_json::Error> {
        Ok(Some(match name {
            "rollout" => Self::Rollout(serde_json::from_str(data)?),
            "worker" => Self::Worker(serde_json::from_str(data)?),
            "resources" => Self::Resources(serde_json::from_str(data)?),
            "spans" => Self::Spans(serde_json::from_str(data)?),
            "queue" => Self::Queue(serde_json::from_str(data)?),
            "summary" => Self::Summary(serde_json::from_str(data)?),
            "reset" => Self::Reset,
            _ => return Ok(None),
        }))
    }
}

/// The queue as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueEvent {
    /// How many wait.
    pub depth: u64,
    /// Since when the first one has. Null: none does.
    pub oldest: Option<Timestamp>,
    /// The number of the change, as in the message's id; of several told at once that of the first.
    pub seq: u64,
}

/// Numbers have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SummaryEvent {
    /// The number of the last change that is meant, as in the message's id.
    pub seq: u64,
}

/// A rollout as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutEvent {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// Where it is in its life.
    pub status: RolloutStatus,
    /// Its newest attempt. Null: it has none.
    pub attempt_id: Option<AttemptId>,
    /// Where that is in its life.
    pub attempt_status: Option<AttemptStatus>,
    /// The number of the change, as in the message's id; of several told at once that of the first.
    pub seq: u64,
}

/// A worker as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkerEvent {
    /// The worker.
    pub worker_id: WorkerId,
    /// What it is doing.
    pub status: WorkerStatus,
    /// The rollout of its attempt.
    pub current_rollout_id: Option<RolloutId>,
    /// Its attempt.
    pub current_attempt_id: Option<AttemptId>,
    /// The number of the change, as in the message's id; of several told at once that of the first.
    pub seq: u64,
}

/// A set of resources, which is the latest from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourcesEvent {
    /// The set.
    pub resources_id: ResourcesId,
    /// Its version.
    pub version: i64,
    /// The number of the change, as in the message's id; of several told at once that of the first.
    pub seq: u64,
}

/// New spans of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpansEvent {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The lowest `sequence_id` among the new ones. There may be older spans above it.
    pub from_seq: i64,
    /// How many there are.
    pub count: u64,
    /// The number of the change, as in the message's id; of several told at once that of the first.
    pub seq: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_as_they_are_written() {
        let spans = Topic::Spans { rollout_id: "ro-1".into(), attempt_id: "at-2".into() };
        for topic in [Topic::Rollouts, Topic::Workers, Topic::Resources, spans] {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        for wrong in ["", "rollout", "spans", "spans:", "spans:ro-1", "spans:/at-1", "spans:ro-1/"] {
            assert!(wrong.parse::<Topic>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn topics_are_joined_or_repeated_and_every_mistake_is_told() {
        let read = |topics: &[&str]| {
            let mut query = Query::new(topics.iter().map(|text| ("topics".to_owned(), (*text).to_owned())));
            let listen = Listen::parameters(&mut query);
            query.finish(listen).map(|listen| listen.topics.len()).map_err(|issues| issues.len())
        };
        assert_eq!(read(&["rollouts,spans:ro-1/at-1", "workers"]), Ok(3));
        assert_eq!(read(&[]), Err(1));
        assert_eq!(read(&["", "news,rollouts,spans:"]), Err(3));
        assert_eq!(read(&vec!["rollouts"; MAX_TOPICS]), Ok(MAX_TOPICS));
        assert_eq!(read(&vec!["rollouts"; MAX_TOPICS + 1]), Err(1));
    }

    #[test]
    fn messages_are_read_as_they_are_written() {
        let event = Event::Spans(SpansEvent {
            rollout_id: "ro-1".into(),
            attempt_id: "at-2".into(),
            from_seq: 3,
            count: 4,
            seq: 5,
        });
        let data = event.data().unwrap();
        assert_eq!(Event::parse(event.name(), &data).unwrap(), Some(event));
        assert_eq!(Event::parse("reset", "{}").unwrap(), Some(Event::Reset));
        assert_eq!(Event::parse("news", "{}").unwrap(), None);
        assert!(Event::parse("rollout", "{}").is_err());
    }
}
