//! Marks, by which a transaction whose answer was lost is found again: each that has to survive a crash writes a token of its own
//! into a row that it has for itself on this server.

use deadpool_postgres::Client;
use lightning_store_client::wire::Timestamp;
use parking_lot::Mutex;
use tokio_postgres::error::SqlState;

use super::transaction::{Values, in_time};
use crate::storage::error::{StorageFailure, TxResult};

/// Rows of servers that have not written for so many seconds are forgotten: they have long known.
const FORGOTTEN_AFTER: f64 = 86_400.0;

/// The rows of this server.
#[derive(Debug)]
pub(super) struct Marks {
    server: String,
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    places: Vec<i32>,
    next: i32,
}

impl Marks {
    pub(super) fn of(server: String) -> Self {
        Self { server, free: Mutex::default() }
    }

    /// One for a transaction, which has its row until it is dropped.
    pub(super) fn lend(&self) -> Mark<'_> {
        let mut free = self.free.lock();
        let place = free.places.pop().unwrap_or_else(|| {
            free.next += 1;
            free.next
        });
        Mark { marks: self, place, token: rand::random() }
    }

    /// Forgets those of servers that are no more.
    pub(super) async fn forget(client: &Client, now: Timestamp) -> TxResult<()> {
        const SQL: &str = "/* forget_marks */ DELETE FROM marks WHERE time < $1";
        let statement = in_time(client.prepare_cached(SQL)).await?;
        in_time(client.execute(&statement, &[&(now.seconds() - FORGOTTEN_AFTER)])).await.map(drop)
    }
}

/// That of one transaction.
#[derive(Debug)]
pub(super) struct Mark<'a> {
    marks: &'a Marks,
    place: i32,
    token: i64,
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        self.marks.free.lock().places.push(self.place);
    }
}

impl Mark<'_> {
    /// The statement that writes it.
    pub(super) fn written(&self, now: Timestamp) -> (&'static str, Values) {
        const SQL: &str = "/* put_mark */ INSERT INTO marks (server, place, token, time) VALUES ($1, $2, $3, $4) \
                           ON CONFLICT (server, place) DO UPDATE SET token = excluded.token, time = excluded.time";
        let server = self.marks.server.clone();
        (SQL, vec![Box::new(server), Box::new(self.place), Box::new(self.token), Box::new(now.seconds())])
    }

    /// Whether the transaction was committed; null while it may still be.
    pub(super) async fn is_there(&self, client: &Client, number: i64) -> TxResult<Option<bool>> {
        const STATUS: &str = "/* status */ SELECT txid_status($1)";
        const MARK: &str = "/* mark */ SELECT 1 FROM marks WHERE server = $1 AND place = $2 AND token = $3";
        let statement = in_time(client.prepare_cached(STATUS)).await?;
        match in_time(client.query_one(&statement, &[&number])).await {
            // Another one may have the number; then it is that one that is waited for.
            Ok(row) if row.try_get::<_, Option<&str>>(0)? == Some("in progress") => return Ok(None),
            Ok(_) => {}
            // The database has forgotten it in a crash, and has not come to its number again.
            Err(StorageFailure::Postgres(error))
                if error.code() == Some(&SqlState::INVALID_PARAMETER_VALUE) => {}
            Err(failure) => return Err(failure),
        }
        // It has ended, so that a statement that begins now sees what it has written.
        let statement = in_time(client.prepare_cached(MARK)).await?;
        let found =
            in_time(client.query(&statement, &[&self.marks.server, &self.place, &self.token])).await?;
        Ok(Some(!found.is_empty()))
    }
}
