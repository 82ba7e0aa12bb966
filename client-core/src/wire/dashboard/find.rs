//! What is asked for in the query strings of `/v1/agl/dashboard/*`.

use super::{DEFAULT_ROLLOUT_ROWS, MAX_ROLLOUT_ROWS, SummaryWindow};
use crate::lax::{MAX_ID_BYTES, Query};
use crate::wire::{AttemptId, AttemptStatus, Mode, RolloutId, RolloutStatus, SortOrder, WorkerStatus};
use crate::wire::{Timestamp, Word};

/// Most ids in one request for rows by their ids.
pub const MAX_ROLLOUT_IDS: usize = 500;

/// Most conditions on metadata in one request.
pub const MAX_METADATA_CONDITIONS: usize = 16;

/// Longest text to look for, in bytes.
pub const MAX_TEXT_BYTES: usize = 1_000;

/// Most items on a page of the queue or of workers.
pub const MAX_PAGE_ROWS: i64 = 500;

macro_rules! words {
    ($name:ident: $($value:expr => $text:literal),* $(,)?) => {
        impl Word for $name {
            const ALL: &'static [Self] = &[$($value),*];

            fn as_str(&self) -> &'static str {
                match *self {
                    $(value if value == $value => $text,)*
                    _ => "",
                }
            }
        }
    };
}

/// The status of the newest attempt, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewestStatus(pub Option<AttemptStatus>);

words! { NewestStatus:
    Self(Some(AttemptStatus::Preparing)) => "preparing",
    Self(Some(AttemptStatus::Running)) => "running",
    Self(Some(AttemptStatus::Failed)) => "failed",
    Self(Some(AttemptStatus::Succeeded)) => "succeeded",
    Self(Some(AttemptStatus::Unresponsive)) => "unresponsive",
    Self(Some(AttemptStatus::Timeout)) => "timeout",
    Self(None) => "none",
}

/// A mode, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnyMode(pub Option<Mode>);

words! { AnyMode:
    Self(Some(Mode::Train)) => "train",
    Self(Some(Mode::Val)) => "val",
    Self(Some(Mode::Test)) => "test",
    Self(None) => "none",
}

/// Something that a rollout has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Has {
    /// A span that failed or holds an exception, or it failed itself.
    Error,
    /// A reward.
    Reward,
    /// More than one attempt.
    Retry,
}

words! { Has:
    Self::Error => "error",
    Self::Reward => "reward",
    Self::Retry => "retry",
}

/// What rows of rollouts are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RolloutSort {
    /// When it was made.
    #[default]
    StartTime,
    /// When it ended.
    EndTime,
    /// Its id.
    RolloutId,
    /// Its status as text.
    Status,
    /// Its mode as text.
    Mode,
    /// How many attempts it had.
    Attempts,
    /// How long it waited for its first attempt.
    QueueWait,
    /// How long its newest attempt took.
    RunTime,
    /// Its final reward.
    Reward,
    /// Its spans.
    Spans,
    /// Those that failed.
    Errors,
    /// Its tokens, of prompts and answers.
    Tokens,
}

words! { RolloutSort:
    Self::StartTime => "start_time",
    Self::EndTime => "end_time",
    Self::RolloutId => "rollout_id",
    Self::Status => "status",
    Self::Mode => "mode",
    Self::Attempts => "attempts",
    Self::QueueWait => "queue_wait",
    Self::RunTime => "run_time",
    Self::Reward => "reward",
    Self::Spans => "spans",
    Self::Errors => "errors",
    Self::Tokens => "tokens",
}

/// What rows of workers are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WorkerSort {
    /// Its id.
    #[default]
    WorkerId,
    /// Its status as text.
    Status,
    /// Its last heartbeat.
    LastHeartbeatTime,
    /// How many attempts it finished lately.
    Finished,
    /// How long they took.
    MeanRunTime,
}

words! { WorkerSort:
    Self::WorkerId => "worker_id",
    Self::Status => "status",
    Self::LastHeartbeatTime => "last_heartbeat_time",
    Self::Finished => "finished",
    Self::MeanRunTime => "mean_run_time",
}

words! { SummaryWindow:
    Self::QuarterHour => "15m",
    Self::Hour => "1h",
    Self::SixHours => "6h",
    Self::Day => "24h",
}

impl SummaryWindow {
    /// Seconds from its beginning to now, and seconds of a step.
    pub fn seconds(self) -> (i64, i64) {
        match self {
            Self::QuarterHour => (900, 15),
            Self::Hour => (3_600, 60),
            Self::SixHours => (21_600, 300),
            Self::Day => (86_400, 900),
        }
    }

    /// Reads it from a query string; an hour if it says nothing.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        query.word("window", Self::default())
    }
}

/// Numbers between two, both included; null: no bound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Between {
    /// The least.
    pub least: Option<f64>,
    /// The most.
    pub most: Option<f64>,
}

impl Between {
    fn parameters(query: &mut Query, least: &'static str, most: &'static str) -> Option<Self> {
        let (least, most) = (query.finite(least), query.finite(most));
        Some(Self { least: least?, most: most? })
    }

    /// Whether there is a bound at all.
    pub fn is_bound(self) -> bool {
        self.least.is_some() || self.most.is_some()
    }

    /// Whether `value` lies between. A missing value only does if there is no bound.
    pub fn holds(self, value: Option<f64>) -> bool {
        match value {
            None => !self.is_bound(),
            Some(value) => {
                self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
            }
        }
    }
}

/// Which rollouts: all of the conditions must hold. Null: no such condition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RolloutConditions {
    /// With one of these statuses.
    pub status_in: Option<Vec<RolloutStatus>>,
    /// Whose newest attempt has one of these statuses.
    pub attempt_status_in: Option<Vec<NewestStatus>>,
    /// With one of these modes.
    pub mode_in: Option<Vec<AnyMode>>,
    /// With one of these ids.
    pub rollout_id_in: Option<Vec<RolloutId>>,
    /// With this in the id.
    pub rollout_id_contains: Option<String>,
    /// With this in the id or in the line that is shown of the input, whatever the case of ASCII letters.
    pub text: Option<String>,
    /// Whose newest attempt this worker carries out.
    pub worker_id: Option<String>,
    /// With these resources.
    pub resources_id: Option<String>,
    /// In which this model answered.
    pub model: Option<String>,
    /// Made at this time or later.
    pub since: Option<Timestamp>,
    /// Made earlier.
    pub until: Option<Timestamp>,
    /// That have all of these.
    pub has: Vec<Has>,
    /// Final reward.
    pub reward: Between,
    /// Seconds.
    pub run_time: Between,
    /// Seconds.
    pub queue_wait: Between,
    /// Spans of all attempts.
    pub spans: Between,
    /// Tokens of prompts and answers of all attempts.
    pub tokens: Between,
    /// Members of the metadata with their values as text.
    pub metadata: Vec<(String, String)>,
}

impl RolloutConditions {
    fn parameters(query: &mut Query) -> Option<Self> {
        let status_in = query.words("status_in");
        let attempt_status_in = query.words("attempt_status_in");
        let mode_in = query.words("mode_in");
        let rollout_id_in = query.strings_up_to("rollout_id_in", MAX_ROLLOUT_IDS, MAX_ID_BYTES);
        let rollout_id_contains = query.text("rollout_id_contains", MAX_TEXT_BYTES);
        let text = query.text("text", MAX_TEXT_BYTES);
        let worker_id = query.text("worker_id", MAX_TEXT_BYTES);
        let resources_id = query.text("resources_id", MAX_TEXT_BYTES);
        let model = query.text("model", MAX_TEXT_BYTES);
        let (since, until) = (query.finite("since"), query.finite("until"));
        let has = query.words("has");
        let reward = Between::parameters(query, "reward_min", "reward_max");
        let run_time = Between::parameters(query, "run_time_min", "run_time_max");
        let queue_wait = Between::parameters(query, "queue_wait_min", "queue_wait_max");
        let spans = Between::parameters(query, "spans_min", "spans_max");
        let tokens = Between::parameters(query, "tokens_min", "tokens_max");
        let metadata = metadata(query);
        Some(Self {
            status_in: status_in?,
            attempt_status_in: attempt_status_in?,
            mode_in: mode_in?,
            rollout_id_in: rollout_id_in?.map(|ids| ids.into_iter().map(RolloutId::from).collect()),
            rollout_id_contains: rollout_id_contains?,
            text: text?,
            worker_id: worker_id?,
            resources_id: resources_id?,
            model: model?,
            since: since?.and_then(Timestamp::from_seconds),
            until: until?.and_then(Timestamp::from_seconds),
            has: has?.unwrap_or_default(),
            reward: reward?,
            run_time: run_time?,
            queue_wait: queue_wait?,
            spans: spans?,
            tokens: tokens?,
            metadata: metadata?,
        })
    }

    /// Whether every rollout fits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `metadata=key:value`, as often as wanted. The first colon parts the two.
fn metadata(query: &mut Query) -> Option<Vec<(String, String)>> {
    let texts = query.strings_up_to("metadata", MAX_METADATA_CONDITIONS, MAX_TEXT_BYTES)?;
    let pair = |text: String| match text.split_once(':') {
        Some((key, value)) if !key.is_empty() => Some((key.to_owned(), value.to_owned())),
        _ => query.refuse_value("metadata", "Input should be <key>:<value>, such as step:4"),
    };
    let pairs: Vec<_> = texts.unwrap_or_default().into_iter().map(pair).collect();
    pairs.into_iter().collect()
}

/// `GET /v1/agl/dashboard/rollouts`: which rollouts, in what order, which part of them.
#[derive(Debug, Clone, PartialEq)]
pub struct FindRollouts {
    /// Which.
    pub conditions: RolloutConditions,
    /// By what they are sorted. Missing values come last in both directions; equal ones by when they were made.
    pub sort_by: RolloutSort,
    /// In which direction.
    pub sort_order: SortOrder,
    /// At most so many rows.
    pub limit: i64,
    /// Where the page begins.
    pub from: PageStart,
    /// Whether numbers by words are wanted.
    pub facets: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageStart {
    /// After so many rows.
    Offset(i64),
    /// After the row that this cursor names: `next` of the page before.
    After(String),
}

impl Default for FindRollouts {
    fn default() -> Self {
        Self {
            conditions: RolloutConditions::default(),
            sort_by: RolloutSort::StartTime,
            sort_order: SortOrder::Desc,
            limit: DEFAULT_ROLLOUT_ROWS,
            from: PageStart::Offset(0),
            facets: false,
        }
    }
}

impl FindRollouts {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let list = Self::list(query);
        let limit = query.bounded("limit", DEFAULT_ROLLOUT_ROWS, 0, MAX_ROLLOUT_ROWS);
        let offset = query.bounded("offset", 0, 0, i64::MAX);
        let facets = query.flag("facets", false);
        let after = query.text("after", 2 * MAX_TEXT_BYTES);
        let from = match (offset, after?) {
            (Some(_), Some(_)) if query.string("offset").is_some() => {
                query.refuse_value("after", "Input should be either offset or after, not both")
            }
            (_, Some(after)) => Some(PageStart::After(after)),
            (offset, None) => offset.map(PageStart::Offset),
        };
        Some(Self { limit: limit?, from: from?, facets: facets?, ..list? })
    }

    /// Reads which rollouts and in what order, for an export of all of them.
    pub fn list(query: &mut Query) -> Option<Self> {
        let conditions = RolloutConditions::parameters(query);
        let sort_by = query.word("sort_by", RolloutSort::StartTime);
        let sort_order = query.word("sort_order", SortOrder::Desc);
        Some(Self { conditions: conditions?, sort_by: sort_by?, sort_order: sort_order?, ..Self::default() })
    }
}

/// `GET /v1/agl/dashboard/export/spans.jsonl`: of which attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSpans {
    /// The rollout.
    pub rollout_id: RolloutId,
    /// Only this attempt; `latest` is the newest one. Null: all.
    pub attempt_id: Option<AttemptId>,
}

impl ExportSpans {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let rollout_id = query.required("rollout_id");
        let attempt_id = query.string("attempt_id").map(AttemptId::from);
        Some(Self { rollout_id: rollout_id?.into(), attempt_id })
    }
}

/// `GET /v1/agl/dashboard/queue`: which part of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindWaiting {
    /// At most so many.
    pub limit: i64,
    /// Leave out so many first.
    pub offset: i64,
}

impl FindWaiting {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let limit = query.bounded("limit", DEFAULT_ROLLOUT_ROWS, 1, MAX_PAGE_ROWS);
        let offset = query.bounded("offset", 0, 0, i64::MAX);
        Some(Self { limit: limit?, offset: offset? })
    }
}

/// `GET /v1/agl/dashboard/workers`: which workers, in what order, which part of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindWorkers {
    /// Only with this in the id.
    pub worker_id_contains: Option<String>,
    /// Only with one of these statuses.
    pub status_in: Option<Vec<WorkerStatus>>,
    /// By what they are sorted. Missing values come last in both directions.
    pub sort_by: WorkerSort,
    /// In which direction.
    pub sort_order: SortOrder,
    /// At most so many.
    pub limit: i64,
    /// Leave out so many first.
    pub offset: i64,
}

impl FindWorkers {
    /// Reads it from a query string.
    pub fn parameters(query: &mut Query) -> Option<Self> {
        let worker_id_contains = query.text("worker_id_contains", MAX_TEXT_BYTES);
        let status_in = query.words("status_in");
        let sort_by = query.word("sort_by", WorkerSort::WorkerId);
        let sort_order = query.word("sort_order", SortOrder::Asc);
        let limit = query.bounded("limit", DEFAULT_ROLLOUT_ROWS, 1, MAX_PAGE_ROWS);
        let offset = query.bounded("offset", 0, 0, i64::MAX);
        Some(Self {
            worker_id_contains: worker_id_contains?,
            status_in: status_in?,
            sort_by: sort_by?,
            sort_order: sort_order?,
            limit: limit?,
            offset: offset?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FindRollouts, Vec<String>> {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let mut query = Query::new(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let found = FindRollouts::parameters(&mut query);
        query.finish(found).map_err(|issues| {
            issues
                .iter()
                .map(|issue| format!("{} {}", serde_json::to_string(&issue.loc).unwrap(), issue.msg))
                .collect()
        })
    }

    #[test]
    fn nothing_said_is_the_newest_page() {
        assert_eq!(read(""), Ok(FindRollouts::default()));
    }

    #[test]
    fn conditions_are_read() {
        let found = read(
            "status_in=failed&status_in=queuing&attempt_status_in=none&mode_in=train&mode_in=none&rollout_id_in=a&text=X\
             &since=1.5&has=error&has=reward&reward_min=-0.5&tokens_max=7&metadata=a:b:c&limit=0&offset=3&facets=true\
             &sort_by=reward&sort_order=asc",
        );
        let expected = FindRollouts {
            conditions: RolloutConditions {
                status_in: Some(vec![RolloutStatus::Failed, RolloutStatus::Queuing]),
                attempt_status_in: Some(vec![NewestStatus(None)]),
                mode_in: Some(vec![AnyMode(Some(Mode::Train)), AnyMode(None)]),
                rollout_id_in: Some(vec!["a".into()]),
                text: Some("X".to_owned()),
                since: Timestamp::from_seconds(1.5),
                has: vec![Has::Error, Has::Reward],
                reward: Between { least: Some(-0.5), most: None },
                tokens: Between { least: None, most: Some(7.0) },
                metadata: vec![("a".to_owned(), "b:c".to_owned())],
                ..RolloutConditions::default()
            },
            sort_by: RolloutSort::Reward,
            sort_order: SortOrder::Asc,
            limit: 0,
            from: PageStart::Offset(3),
            facets: true,
        };
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn every_mistake_is_told_with_what_is_allowed() {
        let issues = read(
            "status_in=failed&status_in=nope&mode_in=x&limit=501&offset=-1&sort_by=id&has=x&reward_min=nan&since=soon\
             &facets=perhaps&metadata=novalue",
        )
        .unwrap_err();
        let expected = [
            r#"["query","status_in",1] Input should be 'queuing', 'preparing', 'running', 'failed', 'succeeded', 'cancelled' or 'requeuing'"#,
            r#"["query","mode_in",0] Input should be 'train', 'val', 'test' or 'none'"#,
            r#"["query","since"] Input should be a valid number, unable to parse string as a number"#,
            r#"["query","has",0] Input should be 'error', 'reward' or 'retry'"#,
            r#"["query","reward_min"] Input should be a finite number"#,
            r#"["query","metadata"] Value error, Input should be <key>:<value>, such as step:4"#,
            r#"["query","sort_by"] Input should be 'start_time', 'end_time', 'rollout_id', 'status', 'mode', 'attempts', 'queue_wait', 'run_time', 'reward', 'spans', 'errors' or 'tokens'"#,
            r#"["query","limit"] Input should be from 0 to 500 (limit: limit)"#,
            r#"["query","offset"] Input should be 0 or more (limit: offset)"#,
            r#"["query","facets"] Input should be 'true' or 'false'"#,
        ];
        assert_eq!(issues, expected);
    }

    #[test]
    fn a_page_begins_at_one_place_only() {
        assert_eq!(read("after=c").unwrap().from, PageStart::After("c".to_owned()));
        assert_eq!(
            read("after=c&offset=0").unwrap_err(),
            [r#"["query","after"] Value error, Input should be either offset or after, not both"#]
        );
        let many: Vec<String> = (0..501).map(|id| format!("rollout_id_in=r{id}")).collect();
        assert_eq!(read(&many[..500].join("&")).unwrap().conditions.rollout_id_in.unwrap().len(), 500);
        assert_eq!(
            read(&many.join("&")).unwrap_err(),
            [r#"["query","rollout_id_in"] Input should have at most 500 values (limit: rollout_id_in)"#]
        );
    }
}
