//! The read side: queries outside of transactions. Each sees everything that was answered before it was asked.

use std::cmp::Ordering;

use lightning_store_client::wire::{
    Attempt, AttemptField, FilterLogic, ResourcesField, ResourcesUpdate, RolloutField, RolloutWithAttempt,
    Sort, SortOrder, SpanField, SpanFilter, SpanRecord, TextFilter, Timestamp, Word as _, Worker,
    WorkerField, WorkerFilter,
};

/// The value of a field to sort by. Null times are later than all others, other nulls are the empty string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SortKey<'a> {
    /// A text, compared by its characters' numbers.
    Text(&'a str),
    /// A whole number.
    Number(i64),
    /// A time, or none.
    Time(Option<Timestamp>),
}

impl SortKey<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => match (a, b) {
                (Some(a), Some(b)) => a.cmp(b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
            _ => Ordering::Equal,
        }
    }
}

/// An item of a list that can be sorted by the fields `F`.
pub trait Sortable<F> {
    /// The value of a field.
    fn sort_key(&self, field: F) -> SortKey<'_>;
}

/// Sorts items that are in the order stored. Equal ones keep that order, in both directions.
pub fn sort<F: Copy, T: Sortable<F>>(items: &mut [T], sort: Option<Sort<F>>) {
    let Some(Sort { by, order }) = sort else { return };
    items.sort_by(|a, b| {
        let ordering = a.sort_key(by).compare(&b.sort_key(by));
        if order == SortOrder::Desc { ordering.reverse() } else { ordering }
    });
}

fn text<T: AsRef<str>>(value: Option<&T>) -> SortKey<'_> {
    SortKey::Text(value.map_or("", AsRef::as_ref))
}

impl Sortable<RolloutField> for RolloutWithAttempt {
    fn sort_key(&self, field: RolloutField) -> SortKey<'_> {
        let rollout = &self.rollout;
        match field {
            RolloutField::RolloutId => SortKey::Text(rollout.rollout_id.as_str()),
            RolloutField::StartTime => SortKey::Time(Some(rollout.start_time)),
            RolloutField::EndTime => SortKey::Time(rollout.end_time),
            RolloutField::Mode => SortKey::Text(rollout.mode.map_or("", |mode| mode.as_str())),
            RolloutField::ResourcesId => text(rollout.resources_id.as_ref()),
            RolloutField::Status => SortKey::Text(rollout.status.as_str()),
        }
    }
}

impl Sortable<AttemptField> for Attempt {
    fn sort_key(&self, field: AttemptField) -> SortKey<'_> {
        match field {
            AttemptField::RolloutId => SortKey::Text(self.rollout_id.as_str()),
            AttemptField::AttemptId => SortKey::Text(self.attempt_id.as_str()),
            AttemptField::SequenceId => SortKey::Number(self.sequence_id),
            AttemptField::StartTime => SortKey::Time(Some(self.start_time)),
            AttemptField::EndTime => SortKey::Time(self.end_time),
            AttemptField::Status => SortKey::Text(self.status.as_str()),
            AttemptField::WorkerId => text(self.worker_id.as_ref()),
            AttemptField::LastHeartbeatTime => SortKey::Time(self.last_heartbeat_time),
        }
    }
}

impl Sortable<WorkerField> for Worker {
    fn sort_key(&self, field: WorkerField) -> SortKey<'_> {
        match field {
            WorkerField::WorkerId => SortKey::Text(self.worker_id.as_str()),
            WorkerField::Status => SortKey::Text(self.status.as_str()),
            WorkerField::LastHeartbeatTime => SortKey::Time(self.last_heartbeat_time),
            WorkerField::LastDequeueTime => SortKey::Time(self.last_dequeue_time),
            WorkerField::LastBusyTime => SortKey::Time(self.last_busy_time),
            WorkerField::LastIdleTime => SortKey::Time(self.last_idle_time),
            WorkerField::CurrentRolloutId => text(self.current_rollout_id.as_ref()),
            WorkerField::CurrentAttemptId => text(self.current_attempt_id.as_ref()),
        }
    }
}

impl Sortable<ResourcesField> for ResourcesUpdate {
    fn sort_key(&self, field: ResourcesField) -> SortKey<'_> {
        match field {
            ResourcesField::ResourcesId => SortKey::Text(self.resources_id.as_str()),
            ResourcesField::CreateTime => SortKey::Time(Some(self.create_time)),
            ResourcesField::UpdateTime => SortKey::Time(Some(self.update_time)),
            ResourcesField::Version => SortKey::Number(self.version),
        }
    }
}

impl Sortable<SpanField> for SpanRecord {
    fn sort_key(&self, field: SpanField) -> SortKey<'_> {
        match field {
            SpanField::RolloutId => SortKey::Text(self.rollout_id.as_str()),
            SpanField::AttemptId => SortKey::Text(self.attempt_id.as_str()),
            SpanField::SequenceId => SortKey::Number(self.sequence_id),
            SpanField::TraceId => SortKey::Text(&self.trace_id),
            SpanField::SpanId => SortKey::Text(&self.span_id),
            SpanField::ParentId => SortKey::Text(self.parent_id.as_deref().unwrap_or("")),
            SpanField::Name => SortKey::Text(&self.name),
            SpanField::StartTime => SortKey::Time(self.start_time),
            SpanField::EndTime => SortKey::Time(self.end_time),
        }
    }
}

/// Whether `worker` is one that the filter wants.
pub fn wants_worker(filter: &WorkerFilter, worker: &Worker) -> bool {
    let status = filter.status_in.as_ref().map(|list| (list.is_empty(), list.contains(&worker.status)));
    let contains = filter.worker_id_contains.as_ref().map(|part| worker.worker_id.as_str().contains(part));
    if status.is_some_and(|(empty, _)| empty) {
        return false;
    }
    joined(filter.logic, true, status.map(|(_, matches)| matches).into_iter().chain(contains))
}

/// Whether `span`, one of the right rollout and attempt, is one that the filter wants.
pub fn wants_span(filter: &SpanFilter, span: &SpanRecord) -> bool {
    let fields: [(&TextFilter, Option<&str>); 4] = [
        (&filter.trace_id, Some(&span.trace_id)),
        (&filter.span_id, Some(&span.span_id)),
        (&filter.parent_id, span.parent_id.as_deref()),
        (&filter.name, Some(&span.name)),
    ];
    let conditions = fields.into_iter().flat_map(|(filter, value)| {
        let exact = filter.exact.as_deref().map(|text| value == Some(text));
        let contains = filter.contains.as_deref().map(|part| value.is_some_and(|text| text.contains(part)));
        exact.into_iter().chain(contains)
    });
    // Compat: "or" over no condition at all matches nothing here, and everything in the other lists.
    joined(filter.logic, false, conditions)
}

fn joined(logic: FilterLogic, without_any: bool, conditions: impl Iterator<Item = bool>) -> bool {
    let mut conditions = conditions.peekable();
    match logic {
        FilterLogic::And => conditions.all(|holds| holds),
        FilterLogic::Or if conditions.peek().is_none() => without_any,
        FilterLogic::Or => conditions.any(|holds| holds),
    }
}
