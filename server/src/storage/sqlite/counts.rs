//! Numbers of rows in the database. The writer keeps them in memory and writes them with each commit that changes them.

use rusqlite::{Connection, params};

use crate::storage::counts::Counts;

/// Reads them.
///
/// # Errors
/// What SQLite says.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Counts> {
    const SQL: &str = "-- load_counts\nSELECT name, amount FROM counts";
    let mut counts = Counts::default();
    let mut statement = connection.prepare_cached(SQL)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        counts.set(row.get_ref(0)?.as_str()?, row.get(1)?);
    }
    Ok(counts)
}

/// Writes those that differ from `before`.
///
/// # Errors
/// What SQLite says.
pub(super) fn save(counts: &Counts, before: &Counts, connection: &Connection) -> rusqlite::Result<()> {
    const SQL: &str = "-- save_count\nINSERT INTO counts (name, amount) VALUES (?1, ?2) \
                       ON CONFLICT (name) DO UPDATE SET amount = excluded.amount";
    let mut statement = connection.prepare_cached(SQL)?;
    for (name, _, amount) in counts.changes(before) {
        statement.execute(params![name, amount])?;
    }
    Ok(())
}
