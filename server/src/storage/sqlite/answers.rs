//! Answers that are remembered under idempotency keys.
//!
//! They lie in the order of time and are forgotten from the front, when their time is over or when there are too many:
//! each commit that adds some takes out up to twice as many, and an idle writer sweeps now and then. So forgetting
//! costs no more than remembering, whatever the number of keys.

use std::time::Duration;

use lightning_store_client::wire::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::transaction::expect_one;
use crate::limits::IDEMPOTENCY_KEY_TIME;
use crate::storage::error::TxResult;
use crate::storage::rows::AnswerRow;

/// What the writer knows of them without looking.
#[derive(Debug)]
pub(super) struct Answers {
    /// So many are kept at the most.
    most: i64,
    /// The next free place.
    next: i64,
    /// The place and time of the oldest one. As they are forgotten from the front, their number follows from its place.
    oldest: Option<(i64, Timestamp)>,
    /// How many were added since the last commit.
    added: i64,
}

impl Answers {
    /// Looks at those of a database.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn load(connection: &Connection, most: u32) -> rusqlite::Result<Self> {
        let mut answers = Self { most: i64::from(most), next: 1, oldest: None, added: 0 };
        answers.reload(connection)?;
        Ok(answers)
    }

    /// Looks anew, after what was done since the last commit was undone.
    ///
    /// # Errors
    /// What SQLite says; then it knows what it has known before, which does no harm.
    pub(super) fn reload(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        const SQL: &str = "-- last_answer\nSELECT coalesce(max(key), 0) + 1 FROM answers";
        self.added = 0;
        let next: i64 = connection.prepare_cached(SQL)?.query_row([], |row| row.get(0))?;
        let oldest = front(connection, 1)?.first().copied();
        (self.next, self.oldest) = (self.next.max(next), oldest);
        Ok(())
    }

    /// The answer under a key, unless its time is over.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn find(connection: &Connection, key: &str, now: Timestamp) -> TxResult<Option<AnswerRow>> {
        const SQL: &str =
            "-- get_answer\nSELECT fingerprint, memo FROM answers WHERE idempotency_key = ?1 AND time >= ?2";
        let mut statement = connection.prepare_cached(SQL)?;
        let found = statement.query_row(params![key, limit(now).seconds()], |row| {
            Ok(AnswerRow { fingerprint: row.get(0)?, memo: row.get(1)? })
        });
        Ok(found.optional()?)
    }

    /// Remembers an answer. One with this key whose time is over makes way.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        key: &str,
        answer: &AnswerRow,
        now: Timestamp,
    ) -> TxResult<()> {
        const SQL: &str = "-- put_answer\nINSERT INTO answers (key, idempotency_key, fingerprint, time, memo) \
                           VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (idempotency_key) DO UPDATE SET key = excluded.key, \
                           fingerprint = excluded.fingerprint, time = excluded.time, memo = excluded.memo";
        let AnswerRow { fingerprint, memo } = answer;
        let values = params![self.next, key, fingerprint, now.seconds(), memo];
        expect_one(connection.prepare_cached(SQL)?.execute(values)?)?;
        self.oldest.get_or_insert((self.next, now));
        self.next += 1;
        self.added += 1;
        Ok(())
    }

    /// Whether there is one to be forgotten.
    pub(super) fn is_one_over(&self, now: Timestamp) -> bool {
        self.oldest.is_some_and(|oldest| self.is_over(oldest, now))
    }

    fn is_over(&self, (place, time): (i64, Timestamp), now: Timestamp) -> bool {
        self.next - place > self.most || time < limit(now)
    }

    /// Forgets some for those that were added.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn make_room(&mut self, connection: &Connection, now: Timestamp) -> TxResult<()> {
        if self.added > 0 && self.is_one_over(now) {
            self.forget(connection, now, 2 * self.added)?;
        }
        Ok(())
    }

    /// Forgets those that are to be forgotten, up to `most`.
    ///
    /// # Errors
    /// What SQLite says.
    pub(super) fn forget(&mut self, connection: &Connection, now: Timestamp, most: i64) -> TxResult<()> {
        const SQL: &str = "-- forget_answers\nDELETE FROM answers WHERE key <= ?1";
        let front = front(connection, most + 1)?;
        let over = front.iter().take(usize::try_from(most).unwrap_or(0));
        let over = over.take_while(|oldest| self.is_over(**oldest, now)).count();
        if let Some((last, _)) = over.checked_sub(1).and_then(|index| front.get(index)) {
            connection.prepare_cached(SQL)?.execute([last])?;
        }
        self.oldest = front.get(over).copied();
        Ok(())
    }

    /// What was added is there to stay.
    pub(super) fn committed(&mut self) {
        self.added = 0;
    }
}

/// The oldest ones, up to `count`.
fn front(connection: &Connection, count: i64) -> rusqlite::Result<Vec<(i64, Timestamp)>> {
    const SQL: &str = "-- oldest_answers\nSELECT key, time FROM answers ORDER BY key LIMIT ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    let rows = statement.query_map([count], |row| {
        Ok((row.get(0)?, Timestamp::from_seconds(row.get(1)?).unwrap_or(Timestamp::EPOCH)))
    })?;
    rows.collect()
}

/// What is older than this is forgotten.
fn limit(now: Timestamp) -> Timestamp {
    const TIME: Duration = IDEMPOTENCY_KEY_TIME;
    now.after(-TIME.as_secs_f64()).unwrap_or(Timestamp::EPOCH)
}
