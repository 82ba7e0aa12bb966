//! The queries, on connections that only read.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use lightning_store_client::wire::{
    Attempt, AttemptField, AttemptId, FilterLogic, Page, ResourcesField, ResourcesFilter, ResourcesId,
    ResourcesUpdate, Rollout, RolloutField, RolloutFilter, RolloutId, RolloutStatus, RolloutWithAttempt,
    Sort, SortOrder, SpanField, SpanFilter, SpanRecord, Window, Word as _, Worker, WorkerField, WorkerFilter,
    WorkerId,
};
use parking_lot::RwLock;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::counts;
use super::rows;
use super::soft::SoftState;
use crate::storage::error::TxResult;
use crate::storage::reads::{sort, wants_span, wants_worker};
use crate::storage::rows::{RowKey, to_json};

/// A rollout and its newest attempt: nine columns each.
static ROLLOUT: LazyLock<String> = LazyLock::new(|| format!("{}, {}", rows::ANSWERED, rows::ATTEMPT));

/// What belongs to a rollout `r`.
const BODY_AND_ATTEMPT: &str =
    "JOIN rollout_bodies b ON b.rollout = r.key LEFT JOIN attempts a ON a.key = r.newest_attempt";

fn rollout_with_attempt(row: &Row<'_>, soft: &RwLock<SoftState>) -> TxResult<RolloutWithAttempt> {
    let rollout = rows::answered(row)?;
    let attempt = if row.get_ref(9)? == ValueRef::Null {
        None
    } else {
        let (key, mut attempt) = rows::attempt(row, 9, &rollout.rollout_id)?;
        soft.read().cover(key, &mut attempt);
        Some(attempt)
    };
    Ok(RolloutWithAttempt { rollout, attempt })
}

/// One rollout.
pub(super) fn get_rollout(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &RolloutId,
) -> TxResult<Option<RolloutWithAttempt>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_rollout\nSELECT {} FROM rollouts r {BODY_AND_ATTEMPT} WHERE r.rollout_id = ?1",
            *ROLLOUT
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    statement.query_row([id.as_str()], |row| Ok(rollout_with_attempt(row, soft))).optional()?.transpose()
}

/// Those of the rollouts that exist, in the order asked for.
pub(super) fn get_rollouts(connection: &Connection, ids: &[RolloutId]) -> TxResult<Vec<Rollout>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_rollouts\nSELECT {} FROM rollouts r JOIN rollout_bodies b ON b.rollout = r.key \
             WHERE r.rollout_id = ?1",
            rows::ANSWERED
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let rollout = statement.query_row([id.as_str()], |row| Ok(rows::answered(row))).optional()?;
        found.extend(rollout.transpose()?);
    }
    Ok(found)
}

/// So many items are made room for at once, if so many are asked for.
const COMMON_PAGE: usize = 100;

/// A list of rollouts.
pub(super) fn query_rollouts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    filter: &RolloutFilter,
    order: Option<Sort<RolloutField>>,
    window: Window,
) -> TxResult<Page<RolloutWithAttempt>> {
    let nothing = filter.status_in.as_ref().is_some_and(Vec::is_empty)
        || filter.rollout_id_in.as_ref().is_some_and(Vec::is_empty);
    if nothing {
        return Ok(window.page(Vec::new(), 0));
    }
    let (condition, mut values) = rollout_condition(filter)?;
    let total = if filter.rollout_id_in.is_none() && filter.rollout_id_contains.is_none() {
        // Nobody has to count what the writer counts anyway.
        let counts = counts::load(connection)?;
        let wanted =
            |status: &RolloutStatus| filter.status_in.as_ref().is_none_or(|list| list.contains(status));
        RolloutStatus::ALL.iter().filter(|status| wanted(status)).map(|status| counts.rollouts(*status)).sum()
    } else {
        let sql = format!("-- count_rollouts\nSELECT count(*) FROM rollouts r WHERE {condition}");
        connection.prepare_cached(&sql)?.query_row(params_from_iter(&values), |row| row.get::<_, i64>(0))?
    };
    values.extend([Value::Integer(window.limit), Value::Integer(window.offset)]);
    let sql = page_of_rollouts(&condition, order, values.len());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut cursor = statement.query(params_from_iter(&values))?;
    let mut items = Vec::with_capacity(window.count().min(COMMON_PAGE));
    while let Some(row) = cursor.next()? {
        items.push(rollout_with_attempt(row, soft)?);
    }
    Ok(window.page(items, u64::try_from(total).unwrap_or(0)))
}

/// The condition that every rollout fulfils.
const ALL: &str = "true";

fn rollout_condition(filter: &RolloutFilter) -> TxResult<(String, Vec<Value>)> {
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    if let Some(statuses) = &filter.status_in {
        let marks: Vec<String> = statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
        conditions.push(format!("r.status IN ({})", marks.join(", ")));
    }
    if let Some(ids) = &filter.rollout_id_in {
        values.push(Value::Text(to_json(ids)?));
        conditions.push(format!("r.rollout_id IN (SELECT value FROM json_each(?{}))", values.len()));
    }
    if let Some(part) = &filter.rollout_id_contains {
        // Not LIKE, which ignores case.
        values.push(Value::Text(part.clone()));
        conditions.push(format!("instr(r.rollout_id, ?{}) > 0", values.len()));
    }
    let joint = if filter.logic == FilterLogic::And { " AND " } else { " OR " };
    let condition = if conditions.is_empty() { ALL.to_owned() } else { conditions.join(joint) };
    Ok((condition, values))
}

/// The text of a query of which the last two of so many parameters are limit and offset.
fn page_of_rollouts(condition: &str, order: Option<Sort<RolloutField>>, parameters: usize) -> String {
    let mut terms = String::new();
    push_rollout_order(&mut terms, order);
    let wanted = format!("{condition} ORDER BY {terms} LIMIT ?{} OFFSET ?{parameters}", parameters - 1);
    if condition == ALL && is_order_of_an_index(order) {
        return format!(
            "-- query_rollouts\nSELECT {} FROM rollouts r {BODY_AND_ATTEMPT} WHERE {wanted}",
            *ROLLOUT
        );
    }
    // Only the page is read as a whole: what has to be sorted for it is narrow.
    format!(
        "-- query_rollouts_sorted\nSELECT {} FROM (SELECT r.key AS wanted FROM rollouts r WHERE {wanted}) \
         CROSS JOIN rollouts r ON r.key = wanted {BODY_AND_ATTEMPT} ORDER BY {terms}",
        *ROLLOUT
    )
}

/// Whether all rollouts can be had in this order, down to ties, without sorting.
fn is_order_of_an_index(order: Option<Sort<RolloutField>>) -> bool {
    match order {
        None | Some(Sort { by: RolloutField::RolloutId, .. }) => true,
        Some(Sort { by: RolloutField::StartTime, order }) => order == SortOrder::Desc,
        Some(_) => false,
    }
}

fn push_rollout_order(sql: &mut String, order: Option<Sort<RolloutField>>) {
    if let Some(Sort { by, order }) = order {
        let direction = if order == SortOrder::Desc { "DESC" } else { "ASC" };
        let key = match by {
            RolloutField::RolloutId => "r.rollout_id",
            RolloutField::StartTime => "r.start_time",
            RolloutField::Status => "r.status",
            RolloutField::Mode => "coalesce(r.mode, '')",
            RolloutField::ResourcesId => "coalesce(r.resources_id, '')",
            RolloutField::EndTime => {
                // No end is later than every end.
                let _ = write!(sql, "r.end_time IS NULL {direction}, ");
                "r.end_time"
            }
        };
        let _ = write!(sql, "{key} {direction}, ");
    }
    sql.push_str("r.key");
}

/// The attempts of a rollout, oldest first.
fn attempts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &RolloutId,
) -> TxResult<Vec<(RowKey, Attempt)>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_attempts\nSELECT {} FROM attempts a \
             WHERE a.rollout = (SELECT key FROM rollouts WHERE rollout_id = ?1) ORDER BY a.key",
            rows::ATTEMPT
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut cursor = statement.query([id.as_str()])?;
    let mut items = Vec::new();
    while let Some(row) = cursor.next()? {
        let (key, mut attempt) = rows::attempt(row, 0, id)?;
        soft.read().cover(key, &mut attempt);
        items.push((key, attempt));
    }
    Ok(items)
}

/// The keys of the attempts of a rollout, or of the one that is named. None: there is no such rollout or attempt.
pub(super) fn attempts_of(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    rollout: &RolloutId,
    attempt: Option<&AttemptId>,
) -> TxResult<Option<Vec<RowKey>>> {
    let attempts = attempts(connection, soft, rollout)?;
    let keys = |attempts: &[(RowKey, Attempt)]| attempts.iter().map(|(key, _)| *key).collect::<Vec<_>>();
    let found = match attempt.map(AttemptId::as_str) {
        None if attempts.is_empty() => get_rollout(connection, soft, rollout)?.map(|_| Vec::new()),
        None => Some(keys(&attempts)),
        Some(AttemptId::LATEST) => attempts.last().map(|(key, _)| vec![*key]),
        Some(id) => {
            attempts.iter().find(|(_, known)| known.attempt_id.as_str() == id).map(|(key, _)| vec![*key])
        }
    };
    Ok(found)
}

/// A list of attempts.
pub(super) fn query_attempts(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &RolloutId,
    order: Option<Sort<AttemptField>>,
    window: Window,
) -> TxResult<Page<Attempt>> {
    let mut items: Vec<Attempt> =
        attempts(connection, soft, id)?.into_iter().map(|(_, attempt)| attempt).collect();
    sort(&mut items, order);
    Ok(window.cut(items))
}

/// The newest attempt of a rollout.
pub(super) fn get_latest_attempt(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &RolloutId,
) -> TxResult<Option<Attempt>> {
    Ok(attempts(connection, soft, id)?.pop().map(|(_, attempt)| attempt))
}

/// A list of spans.
pub(super) fn query_spans(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    filter: &SpanFilter,
    order: Option<Sort<SpanField>>,
    window: Window,
) -> TxResult<Page<SpanRecord>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- query_spans\nSELECT {}, s.key FROM spans s JOIN attempts a ON a.key = s.attempt WHERE s.attempt = ?1",
            rows::SPAN
        )
    });
    let rollout_id = RolloutId::from(filter.rollout_id.as_str());
    let mut wanted = attempts(connection, soft, &rollout_id)?;
    match filter.attempt_id.as_deref() {
        Some(AttemptId::LATEST) => drop(wanted.drain(..wanted.len().saturating_sub(1))),
        Some(id) => wanted.retain(|(_, attempt)| attempt.attempt_id.as_str() == id),
        None => {}
    }
    let mut found: Vec<(i64, SpanRecord)> = Vec::new();
    let mut statement = connection.prepare_cached(&SQL)?;
    for (key, _) in wanted {
        let mut cursor = statement.query(params![key.0])?;
        while let Some(row) = cursor.next()? {
            let span = rows::span(row, &rollout_id)?;
            if wants_span(filter, &span) {
                found.push((row.get(9)?, span));
            }
        }
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    let mut items: Vec<SpanRecord> = found.into_iter().map(|(_, span)| span).collect();
    sort(&mut items, order);
    Ok(window.cut(items))
}

/// One set of resources.
pub(super) fn get_resources(connection: &Connection, id: &ResourcesId) -> TxResult<Option<ResourcesUpdate>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!("-- get_resources\nSELECT {} FROM resources WHERE resources_id = ?1", rows::RESOURCES)
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    statement.query_row([id.as_str()], |row| Ok(rows::resources(row))).optional()?.transpose()
}

/// The resources that were written last.
pub(super) fn get_latest_resources(connection: &Connection) -> TxResult<Option<ResourcesUpdate>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_latest_resources\nSELECT {} FROM resources ORDER BY written DESC LIMIT 1",
            rows::RESOURCES
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    statement.query_row([], |row| Ok(rows::resources(row))).optional()?.transpose()
}

/// A list of sets of resources.
pub(super) fn query_resources(
    connection: &Connection,
    filter: &ResourcesFilter,
    order: Option<Sort<ResourcesField>>,
    window: Window,
) -> TxResult<Page<ResourcesUpdate>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- query_resources\nSELECT {} FROM resources WHERE (?1 IS NULL OR resources_id = ?1) \
             AND (?2 IS NULL OR instr(resources_id, ?2) > 0) ORDER BY key",
            rows::RESOURCES
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut cursor = statement.query(params![filter.resources_id, filter.resources_id_contains])?;
    let mut items = Vec::new();
    while let Some(row) = cursor.next()? {
        items.push(rows::resources(row)?);
    }
    sort(&mut items, order);
    Ok(window.cut(items))
}

/// One worker.
pub(super) fn get_worker(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    id: &WorkerId,
) -> TxResult<Option<Worker>> {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("-- get_worker\nSELECT {} FROM workers WHERE worker_id = ?1", rows::WORKER));
    if let Some((_, worker)) = soft.read().worker(id) {
        return Ok(Some(worker.clone()));
    }
    let mut statement = connection.prepare_cached(&SQL)?;
    let found = statement.query_row([id.as_str()], |row| Ok(rows::worker(row))).optional()?.transpose()?;
    Ok(found.map(|(_, worker)| worker))
}

/// A list of workers.
pub(super) fn query_workers(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    filter: &WorkerFilter,
    order: Option<Sort<WorkerField>>,
    window: Window,
) -> TxResult<Page<Worker>> {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("-- query_workers\nSELECT {} FROM workers ORDER BY key", rows::WORKER));
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut cursor = statement.query([])?;
    // One look at the soft state: it may change while the rows are read.
    let mut found: Vec<(RowKey, Worker)> = soft.read().workers().cloned().collect();
    let covered: HashSet<RowKey> = found.iter().map(|(key, _)| *key).collect();
    while let Some(row) = cursor.next()? {
        let (key, worker) = rows::worker(row)?;
        if !covered.contains(&key) {
            found.push((key, worker));
        }
    }
    found.sort_unstable_by_key(|(key, _)| key.0);
    let wanted = found.into_iter().map(|(_, worker)| worker).filter(|worker| wants_worker(filter, worker));
    let mut items: Vec<Worker> = wanted.collect();
    sort(&mut items, order);
    Ok(window.cut(items))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::super::open::{Place, open_writer};
    use super::*;

    /// What SQLite does for a page of rollouts.
    fn plan(connection: &Connection, condition: &str, order: Option<Sort<RolloutField>>) -> Vec<String> {
        let sql = format!("EXPLAIN QUERY PLAN {}", page_of_rollouts(condition, order, 2));
        let mut statement = connection.prepare(&sql).unwrap();
        let steps = statement.query_map([50, 0], |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect()
    }

    #[test]
    fn pages_in_the_order_of_an_index_are_read_without_sorting() {
        let place = Place::memory().unwrap();
        let connection = open_writer(&place).unwrap();
        for by in [RolloutField::RolloutId, RolloutField::StartTime, RolloutField::Mode] {
            for order in [SortOrder::Asc, SortOrder::Desc] {
                let sort = Some(Sort { by, order });
                let steps = plan(&connection, ALL, sort);
                let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
                assert_eq!(sorts, !is_order_of_an_index(sort), "{sort:?}: {steps:?}");
            }
        }
        assert!(!plan(&connection, ALL, None).iter().any(|step| step.contains("TEMP B-TREE")));
        place.release();
    }

    #[test]
    fn other_values_do_not_prepare_a_statement_anew() {
        let place = Place::memory().unwrap();
        let connection = open_writer(&place).unwrap();
        let mut statement = connection.prepare(&page_of_rollouts(ALL, None, 2)).unwrap();
        for limit in 1..5 {
            assert!(statement.query([limit, 0]).unwrap().next().unwrap().is_none());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        drop(statement);
        place.release();
    }
}
