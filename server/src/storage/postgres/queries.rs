//! The queries, on one state of the database.

use std::fmt::Write as _;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use lightning_store_client::wire::{
    Attempt, AttemptField, AttemptId, FilterLogic, Page, ResourcesField, ResourcesFilter, ResourcesId,
    ResourcesUpdate, Rollout, RolloutField, RolloutFilter, RolloutId, RolloutStatus, RolloutWithAttempt,
    Sort, SortOrder, SpanField, SpanFilter, SpanRecord, Window, Word as _, Worker, WorkerField, WorkerFilter,
    WorkerId,
};
use tokio_postgres::types::ToSql;

use super::rows::{self, Columns};
use super::text::pack;
use super::{PostgresStore, ask, row, rows as all_rows, spans};
use crate::storage::Totals;
use crate::storage::counts::Counts;
use crate::storage::error::{StoreError, TxResult};
use crate::storage::reads::{sort, wants_span, wants_worker};

/// A rollout and its newest attempt.
static ROLLOUT: LazyLock<String> = LazyLock::new(|| format!("{}, {}", rows::ANSWERED, rows::ATTEMPT));

/// What belongs to a rollout `r`.
const BODY_AND_ATTEMPT: &str = "JOIN rollout_bodies b ON b.rollout_id = r.rollout_id LEFT JOIN attempts a \
                                ON a.rollout_id = r.rollout_id AND a.sequence_id = r.attempts";

type Values<'a> = Vec<Box<dyn ToSql + Sync + Send + 'a>>;

fn borrowed<'a>(values: &'a Values<'_>) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
}

fn rollout_with_attempt(row: &tokio_postgres::Row) -> TxResult<RolloutWithAttempt> {
    let mut columns = Columns::of(row);
    Ok(RolloutWithAttempt {
        rollout: rows::answered(&mut columns)?,
        attempt: rows::optional_attempt(&mut columns)?,
    })
}

/// How many there are of what.
pub(super) async fn counts(client: &Client) -> TxResult<Counts> {
    const SQL: &str = "/* counts */ SELECT name, sum(amount)::bigint FROM counts GROUP BY name";
    let mut counts = Counts::default();
    for row in all_rows(client, SQL, &[]).await? {
        let mut columns = Columns::of(&row);
        counts.set(columns.str()?, columns.value()?);
    }
    Ok(counts)
}

/// One rollout.
pub(super) async fn get_rollout(client: &Client, id: &RolloutId) -> TxResult<Option<RolloutWithAttempt>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* get_rollout */ SELECT {} FROM rollouts r {BODY_AND_ATTEMPT} WHERE r.rollout_id = $1",
            *ROLLOUT
        )
    });
    let found = row(client, &SQL, &[&pack(id.as_str())]).await?;
    found.as_ref().map(rollout_with_attempt).transpose()
}

async fn get_rollouts(client: &Client, ids: &[RolloutId]) -> TxResult<Vec<Rollout>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* get_rollouts */ SELECT {} FROM unnest($1::text[]) WITH ORDINALITY AS w (rollout_id, place) \
             JOIN rollouts r ON r.rollout_id = w.rollout_id JOIN rollout_bodies b ON b.rollout_id = r.rollout_id \
             ORDER BY w.place",
            rows::ANSWERED
        )
    });
    let ids: Vec<_> = ids.iter().map(|id| pack(id.as_str())).collect();
    let found = all_rows(client, &SQL, &[&ids]).await?;
    found.iter().map(|row| rows::answered(&mut Columns::of(row))).collect()
}

async fn query_rollouts(
    client: &Client,
    filter: &RolloutFilter,
    order: Option<Sort<RolloutField>>,
    window: Window,
) -> TxResult<Page<RolloutWithAttempt>> {
    let nothing = filter.status_in.as_ref().is_some_and(Vec::is_empty)
        || filter.rollout_id_in.as_ref().is_some_and(Vec::is_empty);
    if nothing {
        return Ok(window.page(Vec::new(), 0));
    }
    let (condition, mut values) = rollout_condition(filter);
    let total: i64 = if filter.rollout_id_in.is_none() && filter.rollout_id_contains.is_none() {
        // Nobody has to count what is counted anyway.
        let counts = counts(client).await?;
        let wanted =
            |status: &RolloutStatus| filter.status_in.as_ref().is_none_or(|list| list.contains(status));
        RolloutStatus::ALL.iter().filter(|status| wanted(status)).map(|status| counts.rollouts(*status)).sum()
    } else {
        let sql = format!("/* count_rollouts */ SELECT count(*) FROM rollouts r WHERE {condition}");
        row(client, &sql, &borrowed(&values)).await?.map_or(Ok(0), |row| row.try_get(0))?
    };
    let mut terms = String::new();
    push_rollout_order(&mut terms, order);
    let (limit, offset) = (values.len() + 1, values.len() + 2);
    values.push(Box::new(window.limit));
    values.push(Box::new(window.offset));
    // Only the page is read as a whole: what has to be sorted for it is narrow.
    let sql = format!(
        "/* query_rollouts */ SELECT {} FROM (SELECT * FROM rollouts r WHERE {condition} ORDER BY {terms} \
         LIMIT NULLIF(${limit}::bigint, -1) OFFSET ${offset}::bigint) r {BODY_AND_ATTEMPT} ORDER BY {terms}",
        *ROLLOUT
    );
    let found = all_rows(client, &sql, &borrowed(&values)).await?;
    let items = found.iter().map(rollout_with_attempt).collect::<TxResult<Vec<_>>>()?;
    Ok(window.page(items, u64::try_from(total).unwrap_or(0)))
}

fn rollout_condition(filter: &RolloutFilter) -> (String, Values<'_>) {
    let mut conditions = Vec::new();
    let mut values: Values<'_> = Vec::new();
    if let Some(statuses) = &filter.status_in {
        let marks: Vec<String> = statuses.iter().map(|status| format!("'{}'", status.as_str())).collect();
        conditions.push(format!("r.status IN ({})", marks.join(", ")));
    }
    if let Some(ids) = &filter.rollout_id_in {
        values.push(Box::new(ids.iter().map(|id| pack(id.as_ref())).collect::<Vec<_>>()));
        conditions.push(format!("r.rollout_id = ANY(${}::text[])", values.len()));
    }
    if let Some(part) = &filter.rollout_id_contains {
        values.push(Box::new(pack(part)));
        conditions.push(format!("strpos(r.rollout_id, ${}::text) > 0", values.len()));
    }
    let joint = if filter.logic == FilterLogic::And { " AND " } else { " OR " };
    let condition = if conditions.is_empty() { "true".to_owned() } else { conditions.join(joint) };
    (condition, values)
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
pub(super) async fn attempts(client: &Client, id: &RolloutId) -> TxResult<Vec<Attempt>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* get_attempts */ SELECT {} FROM attempts a WHERE a.rollout_id = $1 ORDER BY a.sequence_id",
            rows::ATTEMPT
        )
    });
    let found = all_rows(client, &SQL, &[&pack(id.as_str())]).await?;
    found.iter().map(|row| rows::attempt(&mut Columns::of(row))).collect()
}

/// The ids of the attempts of a rollout, or of the one that is named, and the day of its spans. None: there is no such
/// rollout or attempt.
pub(super) async fn attempts_of(
    client: &Client,
    rollout: &RolloutId,
    attempt: Option<&AttemptId>,
) -> TxResult<Option<(i32, Vec<AttemptId>)>> {
    const SQL: &str = "/* attempts_of */ SELECT r.start_time, a.attempt_id FROM rollouts r LEFT JOIN attempts a \
                       ON a.rollout_id = r.rollout_id WHERE r.rollout_id = $1 ORDER BY a.sequence_id";
    let found = all_rows(client, SQL, &[&pack(rollout.as_str())]).await?;
    let Some(first) = found.first() else { return Ok(None) };
    let day = spans::day(Columns::of(first).time()?);
    let mut ids: Vec<AttemptId> = Vec::new();
    for row in &found {
        let mut columns = Columns::of(row);
        columns.skip(1);
        ids.extend(columns.optional_id::<AttemptId>()?);
    }
    match attempt.map(AttemptId::as_str) {
        None => {}
        Some(AttemptId::LATEST) => drop(ids.drain(..ids.len().saturating_sub(1))),
        Some(id) => ids.retain(|known| known.as_str() == id),
    }
    Ok(if attempt.is_some() && ids.is_empty() { None } else { Some((day, ids)) })
}

async fn query_spans(
    client: &Client,
    filter: &SpanFilter,
    order: Option<Sort<SpanField>>,
    window: Window,
) -> TxResult<Page<SpanRecord>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* query_spans */ SELECT {} FROM spans s WHERE s.day = $1 AND s.rollout_id = $2 AND s.attempt_id = ANY($3) \
             ORDER BY s.key",
            rows::SPAN
        )
    });
    let rollout_id = RolloutId::from(filter.rollout_id.as_str());
    let attempt = filter.attempt_id.as_deref().map(AttemptId::from);
    let Some((day, attempts)) = attempts_of(client, &rollout_id, attempt.as_ref()).await? else {
        return Ok(window.page(Vec::new(), 0));
    };
    let attempts: Vec<_> = attempts.iter().map(|id| pack(id.as_str())).collect();
    let mut items = Vec::new();
    for row in all_rows(client, &SQL, &[&day, &pack(rollout_id.as_str()), &attempts]).await? {
        let span = rows::span(&mut Columns::of(&row), &rollout_id)?;
        if wants_span(filter, &span) {
            items.push(span);
        }
    }
    sort(&mut items, order);
    Ok(window.cut(items))
}

async fn get_resources(client: &Client, id: &ResourcesId) -> TxResult<Option<ResourcesUpdate>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!("/* get_resources */ SELECT {} FROM resources WHERE resources_id = $1", rows::RESOURCES)
    });
    let found = row(client, &SQL, &[&pack(id.as_str())]).await?;
    found.map(|row| rows::resources(&mut Columns::of(&row))).transpose()
}

async fn get_latest_resources(client: &Client) -> TxResult<Option<ResourcesUpdate>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* get_latest_resources */ SELECT {} FROM resources ORDER BY written DESC LIMIT 1",
            rows::RESOURCES
        )
    });
    row(client, &SQL, &[]).await?.map(|row| rows::resources(&mut Columns::of(&row))).transpose()
}

async fn query_resources(
    client: &Client,
    filter: &ResourcesFilter,
    order: Option<Sort<ResourcesField>>,
    window: Window,
) -> TxResult<Page<ResourcesUpdate>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* query_resources */ SELECT {} FROM resources WHERE ($1::text IS NULL OR resources_id = $1) \
             AND ($2::text IS NULL OR strpos(resources_id, $2) > 0) ORDER BY key",
            rows::RESOURCES
        )
    });
    let (id, part) = (filter.resources_id.as_deref(), filter.resources_id_contains.as_deref());
    let found = all_rows(client, &SQL, &[&id.map(pack), &part.map(pack)]).await?;
    let mut items =
        found.iter().map(|row| rows::resources(&mut Columns::of(row))).collect::<TxResult<Vec<_>>>()?;
    sort(&mut items, order);
    Ok(window.cut(items))
}

/// One worker.
pub(super) async fn get_worker(client: &Client, id: &WorkerId) -> TxResult<Option<Worker>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!("/* get_worker */ SELECT {} FROM workers WHERE worker_id = $1", rows::WORKER)
    });
    let found = row(client, &SQL, &[&pack(id.as_str())]).await?;
    found.map(|row| rows::worker(&mut Columns::of(&row))).transpose()
}

/// All workers, in the order in which they came.
pub(super) async fn workers(client: &Client) -> TxResult<Vec<Worker>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!("/* get_workers */ SELECT {} FROM workers ORDER BY key, worker_id", rows::WORKER)
    });
    let found = all_rows(client, &SQL, &[]).await?;
    found.iter().map(|row| rows::worker(&mut Columns::of(row))).collect()
}

async fn query_workers(
    client: &Client,
    filter: &WorkerFilter,
    order: Option<Sort<WorkerField>>,
    window: Window,
) -> TxResult<Page<Worker>> {
    let mut items = workers(client).await?;
    items.retain(|worker| wants_worker(filter, worker));
    sort(&mut items, order);
    Ok(window.cut(items))
}

/// How many workers were ever seen.
pub(super) async fn known_workers(client: &Client) -> TxResult<u64> {
    const SQL: &str = "/* count_workers */ SELECT count(*) FROM workers";
    row(client, SQL, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).count())
}

async fn totals(client: &Client) -> TxResult<Totals> {
    Ok(counts(client).await?.totals(known_workers(client).await?))
}

type Answer<T> = Result<T, StoreError>;

#[expect(clippy::missing_errors_doc, reason = "all fail alike: see `Store`")]
impl PostgresStore {
    /// One rollout with its newest attempt.
    pub async fn get_rollout(&self, id: RolloutId) -> Answer<Option<RolloutWithAttempt>> {
        ask!(self, at_once, |client| get_rollout(client, &id))
    }

    /// Those of the rollouts that exist, in the order asked for.
    pub async fn get_rollouts(&self, ids: Vec<RolloutId>) -> Answer<Vec<Rollout>> {
        ask!(self, at_once, |client| get_rollouts(client, &ids))
    }

    /// A list of rollouts.
    pub async fn query_rollouts(
        &self,
        filter: RolloutFilter,
        sort: Option<Sort<RolloutField>>,
        window: Window,
    ) -> Answer<Page<RolloutWithAttempt>> {
        ask!(self, |client| query_rollouts(client, &filter, sort, window))
    }

    /// A list of the attempts of a rollout.
    pub async fn query_attempts(
        &self,
        id: RolloutId,
        order: Option<Sort<AttemptField>>,
        window: Window,
    ) -> Answer<Page<Attempt>> {
        let mut items = ask!(self, at_once, |client| attempts(client, &id))?;
        sort(&mut items, order);
        Ok(window.cut(items))
    }

    /// The newest attempt of a rollout.
    pub async fn get_latest_attempt(&self, id: RolloutId) -> Answer<Option<Attempt>> {
        Ok(ask!(self, at_once, |client| attempts(client, &id))?.pop())
    }

    /// A list of the spans of a rollout.
    pub async fn query_spans(
        &self,
        filter: SpanFilter,
        sort: Option<Sort<SpanField>>,
        window: Window,
    ) -> Answer<Page<SpanRecord>> {
        ask!(self, |client| query_spans(client, &filter, sort, window))
    }

    /// One set of resources.
    pub async fn get_resources(&self, id: ResourcesId) -> Answer<Option<ResourcesUpdate>> {
        ask!(self, at_once, |client| get_resources(client, &id))
    }

    /// The resources that were written last.
    pub async fn get_latest_resources(&self) -> Answer<Option<ResourcesUpdate>> {
        ask!(self, at_once, |client| get_latest_resources(client))
    }

    /// A list of sets of resources.
    pub async fn query_resources(
        &self,
        filter: ResourcesFilter,
        sort: Option<Sort<ResourcesField>>,
        window: Window,
    ) -> Answer<Page<ResourcesUpdate>> {
        ask!(self, at_once, |client| query_resources(client, &filter, sort, window))
    }

    /// One worker.
    pub async fn get_worker(&self, id: WorkerId) -> Answer<Option<Worker>> {
        ask!(self, at_once, |client| get_worker(client, &id))
    }

    /// A list of workers.
    pub async fn query_workers(
        &self,
        filter: WorkerFilter,
        sort: Option<Sort<WorkerField>>,
        window: Window,
    ) -> Answer<Page<Worker>> {
        ask!(self, at_once, |client| query_workers(client, &filter, sort, window))
    }

    /// How many there are of what.
    pub async fn totals(&self) -> Answer<Totals> {
        ask!(self, |client| totals(client))
    }
}
