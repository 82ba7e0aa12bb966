//! Sets of resources with their superseded versions, and what came of the rollouts that name them.

use std::collections::HashMap;
use std::sync::LazyLock;

use lightning_store_client::wire::{ResourcesId, ResourcesUpdate};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::rows;
use crate::storage::dashboard::versions::{Sum, Versions};
use crate::storage::error::TxResult;
use crate::storage::{Outcomes, ResourcesRecord, VersionRecord};

/// Copies the version that is about to be replaced, and drops those beyond the `most` that are kept.
pub(in crate::storage::sqlite) fn keep_version(
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
pub(in crate::storage::sqlite) fn resources_records(
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
    static OUTCOMES: LazyLock<String> =
        LazyLock::new(|| format!("-- outcomes_of_all\n{OUTCOME} WHERE r.resources_id IS NOT NULL"));
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut cursor = statement.query(params![contains])?;
    let mut found = Vec::new();
    while let Some(row) = cursor.next()? {
        found.push((rows::resources(row)?, row.get(5)?, Sum::default()));
    }
    let mut places = HashMap::new();
    for (place, (update, ..)) in found.iter().enumerate() {
        places.insert(update.resources_id.as_str().to_owned(), place);
    }
    // One pass over all of them is quicker than one look for each set, and there is no index to keep.
    let mut statement = connection.prepare_cached(&OUTCOMES)?;
    let mut cursor = statement.query([])?;
    while let Some(row) = cursor.next()? {
        let id = row.get_ref(0)?.as_str().unwrap_or_default();
        if let Some(place) = places.get(id) {
            found[*place].2.add(row.get(2)?);
        }
    }
    let record = |(update, is_latest, sum): (ResourcesUpdate, bool, Sum)| ResourcesRecord {
        update,
        is_latest,
        outcomes: sum.outcomes(),
    };
    Ok(found.into_iter().map(record).collect())
}

/// A set with its versions that are kept, the current one first.
pub(in crate::storage::sqlite) fn resources_versions(
    connection: &Connection,
    resources_id: &ResourcesId,
) -> TxResult<Option<(ResourcesUpdate, Vec<VersionRecord>)>> {
    static CURRENT: LazyLock<String> = LazyLock::new(|| {
        format!("-- current_version\nSELECT {}, key FROM resources WHERE resources_id = ?1", rows::RESOURCES)
    });
    static OUTCOMES: LazyLock<String> =
        LazyLock::new(|| format!("-- outcomes_of_set\n{OUTCOME} WHERE r.resources_id = ?1"));
    const OLDER: &str = "-- older_versions\nSELECT version, update_time, content FROM resource_versions \
                         WHERE resources = ?1 ORDER BY version DESC";
    let mut statement = connection.prepare_cached(&CURRENT)?;
    let current = statement.query_row([resources_id.as_str()], |row| Ok((rows::resources(row), row.get(5)?)));
    let Some((current, key)) = current.optional()? else { return Ok(None) };
    let (current, key): (ResourcesUpdate, i64) = (current?, key);
    let mut versions = Versions::of(&current);
    let mut statement = connection.prepare_cached(OLDER)?;
    let mut cursor = statement.query([key])?;
    while let Some(row) = cursor.next()? {
        versions.push(VersionRecord {
            version: row.get(0)?,
            update_time: rows::time(row, 1)?,
            resources: rows::json(row.get_ref(2)?)?,
            outcomes: Outcomes::default(),
        });
    }
    let mut statement = connection.prepare_cached(&OUTCOMES)?;
    let mut cursor = statement.query([resources_id.as_str()])?;
    while let Some(row) = cursor.next()? {
        versions.count(rows::time(row, 1)?, row.get(2)?);
    }
    Ok(Some((current, versions.records())))
}

/// A rollout's set, when it was made, and what its newest attempt was worth.
const OUTCOME: &str = "SELECT r.resources_id, r.start_time, f.reward FROM rollouts r \
                       LEFT JOIN rollout_facts f ON f.rollout = r.key AND f.newest = r.newest_attempt";
