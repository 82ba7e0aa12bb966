//! What is exported: its keys first, 16 bytes each, and then its rows in pieces.

use std::sync::LazyLock;

use lightning_store_client::wire::{AttemptId, RolloutId, SpanRecord};
use parking_lot::RwLock;
use rusqlite::Connection;

use super::super::queries;
use super::super::rows;
use super::super::soft::SoftState;
use crate::storage::error::TxResult;
use crate::storage::rows::SpanKey;

/// The keys of the spans of a rollout, or of one of its attempts, in the order in which they came. None: there is no such
/// rollout or attempt.
pub(in super::super) fn span_keys(
    connection: &Connection,
    soft: &RwLock<SoftState>,
    rollout: &RolloutId,
    attempt: Option<&AttemptId>,
) -> TxResult<Option<Vec<SpanKey>>> {
    const SQL: &str = "-- span_keys\nSELECT key FROM spans WHERE attempt = ?1";
    let Some(attempts) = queries::attempts_of(connection, soft, rollout, attempt)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(SQL)?;
    let mut keys = Vec::new();
    for attempt in attempts {
        for key in statement.query_map([attempt.0], |row| row.get(0))? {
            keys.push(SpanKey { key: key?, attempt: attempt.0 });
        }
    }
    keys.sort_unstable();
    Ok(Some(keys))
}

/// The first of these spans, at least one and until they have `bytes` together.
pub(in super::super) fn spans(
    connection: &Connection,
    rollout: &RolloutId,
    keys: &[SpanKey],
    bytes: usize,
) -> TxResult<Vec<SpanRecord>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "-- get_span_by_key\nSELECT {} FROM spans s JOIN attempts a ON a.key = s.attempt WHERE s.key = ?1",
            rows::SPAN
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let (mut found, mut size) = (Vec::new(), 0);
    for key in keys {
        let span = statement.query_row([key.key], |row| Ok(rows::span(row, rollout)))??;
        size += span.rest.len();
        found.push(span);
        if size >= bytes {
            break;
        }
    }
    Ok(found)
}
