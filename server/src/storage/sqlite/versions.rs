//! Sets of resources with their superseded versions, and what came of the rollouts that name them.

use std::sync::LazyLock;

use lightning_store_client::wire::{NamedResources, ResourcesId, ResourcesUpdate, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::rows;
use crate::storage::error::TxResult;
use crate::storage::{Outcomes, ResourcesRecord, VersionRecord};

/// Copies the version that is about to be replaced, and drops those beyond the `most` that are kept.
pub(super) fn keep_version(
    connection: &Connection,
    resources_id: &ResourcesId,
    next: i64,
    most: u32,
) -> TxResult<()> {
    const KEEP: &str = "-- keep_version\nINSERT INTO resource_versions (resources, version, update_time, content) \
                        SELECT key, version, update_time, resources FROM resources WHERE resources_id = ?1";
    const DROP: &str = "-- drop_versions\nDELETE FROM resource_versions WHERE version < ?2 \
                        AND resources = (SELECT key FROM resources WHERE resources_id = ?1)";
    if most > 0 {
        connection.prepare_cached(KEEP)?.execute([resources_id.as_str()])?;
    }
    let oldest = next.saturating_sub(i64::from(most));
    connection.prepare_cached(DROP)?.execute(params![resources_id.as_str(), oldest])?;
    Ok(())
}

/// The sets whose id holds a text, each with what came of the rollouts that name it, in the order in which they were
/// first stored.
pub(super) fn resources_records(
    connection: &Connection,
    contains: Option<&str>,
) -> TxResult<Vec<ResourcesRecord>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- resources_records\nSELECT {}, written = (SELECT max(written) FROM resources) FROM resources \
             WHERE ?1 IS NULL OR instr(resources_id, ?1) > 0 ORDER BY key",
            rows::RESOURCES
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut cursor = statement.query(params![contains])?;
    let mut found = Vec::new();
    while let Some(row) = cursor.next()? {
        let update = rows::resources(row)?;
        let outcomes = outcomes(connection, &update.resources_id, None, None)?;
        found.push(ResourcesRecord { update, is_latest: row.get(5)?, outcomes });
    }
    Ok(found)
}

/// A set with its versions that are kept, the current one first.
pub(super) fn resources_versions(
    connection: &Connection,
    resources_id: &ResourcesId,
) -> TxResult<Option<(ResourcesUpdate, Vec<VersionRecord>)>> {
    static CURRENT: LazyLock<String> = LazyLock::new(|| {
        format!("-- current_version\nSELECT {}, key FROM resources WHERE resources_id = ?1", rows::RESOURCES)
    });
    const OLDER: &str = "-- older_versions\nSELECT version, update_time, content FROM resource_versions \
                         WHERE resources = ?1 ORDER BY version DESC";
    let mut statement = connection.prepare_cached(&CURRENT)?;
    let current = statement.query_row([resources_id.as_str()], |row| Ok((rows::resources(row), row.get(5)?)));
    let Some((current, key)) = current.optional()? else { return Ok(None) };
    let (current, key): (ResourcesUpdate, i64) = (current?, key);
    let mut end = None;
    let mut record =
        |version, update_time: Timestamp, resources: NamedResources| -> TxResult<VersionRecord> {
            // A version was current until the next one came.
            let until = end.replace(update_time);
            let outcomes = outcomes(connection, resources_id, Some(update_time), until)?;
            Ok(VersionRecord { version, update_time, resources, outcomes })
        };
    let mut versions = vec![record(current.version, current.update_time, current.resources.clone())?];
    let mut statement = connection.prepare_cached(OLDER)?;
    let mut cursor = statement.query([key])?;
    while let Some(row) = cursor.next()? {
        versions.push(record(row.get(0)?, rows::time(row, 1)?, rows::json(row.get_ref(2)?)?)?);
    }
    Ok(Some((current, versions)))
}

/// What came of the rollouts that name a set and were made from `since` on, before `until`.
fn outcomes(
    connection: &Connection,
    resources_id: &ResourcesId,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> TxResult<Outcomes> {
    const SQL: &str = "-- count_rollouts_of_resources\nSELECT count(*) FROM rollouts r WHERE r.resources_id = ?1 \
                       AND (?2 IS NULL OR r.start_time >= ?2) AND (?3 IS NULL OR r.start_time < ?3)";
    let moments = (rows::seconds(since), rows::seconds(until));
    let count: i64 = connection
        .prepare_cached(SQL)?
        .query_row(params![resources_id.as_str(), moments.0, moments.1], |row| row.get(0))?;
    Ok(Outcomes { rollouts: u64::try_from(count).unwrap_or(0), mean_reward: None })
}
