//! The schema, in steps. Whoever takes one holds a lock, so that many servers may start at once.

use deadpool_postgres::Client;
use tokio_postgres::error::SqlState;

use super::OpenError;

/// The lock under which the schema is changed, and no other: "lightni" in ASCII.
pub(super) const LOCK: i64 = 0x006c_6967_6874_6e69;

/// Each is taken once, in this order. A step that was released is never changed.
const STEPS: &[&str] =
    &[include_str!("migrations/0001_initial.sql"), include_str!("migrations/0002_marks.sql")];

/// Takes the steps that are missing.
///
/// # Errors
/// [`OpenError::Newer`] if a later version was here; else what PostgreSQL says.
pub(super) async fn migrate(client: &Client) -> Result<(), OpenError> {
    const TABLE: &str =
        "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, time timestamptz NOT NULL)";
    const VERSION: &str = "SELECT coalesce(max(version), 0) FROM schema_version";
    const TAKEN: &str = "INSERT INTO schema_version (version, time) VALUES ($1, clock_timestamp())";
    let latest = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    // Most servers find everything in place, and take no lock.
    match client.query_one(VERSION, &[]).await.map(|row| row.get::<_, i32>(0)) {
        Ok(version) if version == latest => return Ok(()),
        Ok(_) => {}
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {}
        Err(error) => return Err(error.into()),
    }
    client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK}); {TABLE}")).await?;
    let version: i32 = client.query_one(VERSION, &[]).await?.get(0);
    if version > latest {
        client.batch_execute("ROLLBACK").await?;
        return Err(OpenError::Newer { version, latest });
    }
    for (number, step) in (1..).zip(STEPS).filter(|(number, _)| *number > version) {
        tracing::info!(step = number, of = latest, "the database's schema is brought up to date");
        client.batch_execute(step).await?;
        client.execute(TAKEN, &[&number]).await?;
    }
    client.batch_execute("COMMIT").await?;
    Ok(())
}
