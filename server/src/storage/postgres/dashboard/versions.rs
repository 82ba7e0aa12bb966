//! Sets of resources with their superseded versions, and what came of the rollouts that name them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::LazyLock;

use deadpool_postgres::Client;
use futures_util::TryStreamExt as _;
use lightning_store_client::wire::{ResourcesId, ResourcesUpdate};
use tokio_postgres::Row;

use super::super::rows::{self, Columns};
use super::super::text::pack;
use super::super::{row, rows as all_rows};
use crate::storage::dashboard::versions::{Sum, Versions};
use crate::storage::error::TxResult;
use crate::storage::{Outcomes, ResourcesRecord, VersionRecord};

/// The sets whose id holds a text, each with what came of the rollouts that name it, in the order in which they were
/// first stored.
pub(super) async fn resources_records(
    client: &Client,
    contains: Option<&str>,
) -> TxResult<Vec<ResourcesRecord>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "/* resources_records */ SELECT {}, written = (SELECT max(written) FROM resources) FROM resources \
             WHERE $1::text IS NULL OR strpos(resources_id, $1) > 0 ORDER BY key",
            rows::RESOURCES
        )
    });
    // One pass over all of them is quicker than one look for each set, and there is no index to keep.
    const OUTCOMES: &str = "/* outcomes_of_all */ SELECT r.resources_id, count(*), count(f.reward), \
                            coalesce(sum(f.reward), 0) FROM rollouts r LEFT JOIN rollout_facts f \
                            ON f.rollout_id = r.rollout_id AND f.newest = r.attempts \
                            WHERE r.resources_id IS NOT NULL GROUP BY r.resources_id";
    let found = all_rows(client, &SQL, &[&contains.map(pack)]).await?;
    let mut sums: HashMap<ResourcesId, Sum> = HashMap::new();
    for row in all_rows(client, OUTCOMES, &[]).await? {
        let mut columns = Columns::of(&row);
        let id = columns.id()?;
        let sum = Sum { rollouts: columns.count()?, rewards: columns.count()?, total: columns.value()? };
        sums.insert(id, sum);
    }
    let record = |row: &Row| {
        let mut columns = Columns::of(row);
        let update = rows::resources(&mut columns)?;
        let outcomes = sums.get(&update.resources_id).copied().unwrap_or_default().outcomes();
        Ok(ResourcesRecord { update, is_latest: columns.value()?, outcomes })
    };
    found.iter().map(record).collect()
}

/// A set with its versions that are kept, the current one first.
pub(super) async fn resources_versions(
    client: &Client,
    id: &ResourcesId,
) -> TxResult<Option<(ResourcesUpdate, Vec<VersionRecord>)>> {
    static CURRENT: LazyLock<String> = LazyLock::new(|| {
        format!("/* current_version */ SELECT {} FROM resources WHERE resources_id = $1", rows::RESOURCES)
    });
    const OLDER: &str = "/* older_versions */ SELECT version, update_time, content FROM resource_versions \
                         WHERE resources_id = $1 ORDER BY version DESC";
    const OUTCOMES: &str = "/* outcomes_of_set */ SELECT r.start_time, f.reward FROM rollouts r \
                            LEFT JOIN rollout_facts f ON f.rollout_id = r.rollout_id AND f.newest = r.attempts \
                            WHERE r.resources_id = $1";
    let id = pack(id.as_str());
    let Some(current) = row(client, &CURRENT, &[&id]).await? else { return Ok(None) };
    let current = rows::resources(&mut Columns::of(&current))?;
    let mut versions = Versions::of(&current);
    for row in all_rows(client, OLDER, &[&id]).await? {
        let mut columns = Columns::of(&row);
        versions.push(VersionRecord {
            version: columns.value()?,
            update_time: columns.time()?,
            resources: columns.json()?,
            outcomes: Outcomes::default(),
        });
    }
    let statement = client.prepare_cached(OUTCOMES).await?;
    let mut stream = pin!(client.query_raw(&statement, [&id]).await?);
    while let Some(row) = stream.try_next().await? {
        let mut columns = Columns::of(&row);
        versions.count(columns.time()?, columns.value()?);
    }
    Ok(Some((current, versions.records())))
}
