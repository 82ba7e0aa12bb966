//! Moves the write-ahead log into the database, beside the requests.

use crossbeam_channel::Receiver;

use super::open::{Place, open_checkpointer};

/// The log is moved when it has grown to this.
const LOG_BYTES: u64 = 64 << 20;

/// A log that keeps growing, as somebody is always reading, is cut off even if writers must wait for that.
const TOO_LONG_LOG_BYTES: u64 = 192 << 20;

/// Works until nobody can tell of commits any more.
pub(super) fn run(place: &Place, committed: &Receiver<()>) {
    let connection = match open_checkpointer(place) {
        Ok(connection) => connection,
        Err(error) => {
            tracing::error!(%error, "the write-ahead log cannot be moved into the database; it will keep growing");
            return;
        }
    };
    // A log that was moved keeps its size and is written again from its start, so its size alone does not tell
    // whether there is something to move.
    let mut moved_at = 0;
    while committed.recv().is_ok() {
        let bytes = place.log_bytes();
        if bytes < LOG_BYTES.max(moved_at) {
            continue;
        }
        let mode = if bytes >= TOO_LONG_LOG_BYTES { "TRUNCATE" } else { "PASSIVE" };
        let moved = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        });
        match moved {
            Ok((frames, done)) if frames == done => moved_at = 0,
            Ok(_) => moved_at = bytes + LOG_BYTES / 4,
            Err(error) => {
                tracing::warn!(%error, "moving the write-ahead log into the database failed; trying again");
            }
        }
    }
}
