//! What SQLite itself says about the file that a crash left behind: whole, and consistent across its tables.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

/// Queries whose answer must be 0, and what it means if it is not.
const MUST_BE_ZERO: &[(&str, &str)] = &[
    (
        "attempts without a rollout",
        "SELECT count(*) FROM attempts WHERE rollout NOT IN (SELECT key FROM rollouts)",
    ),
    (
        "spans without an attempt",
        "SELECT count(*) FROM spans WHERE attempt NOT IN (SELECT key FROM attempts)",
    ),
    (
        "rollouts without a body",
        "SELECT count(*) FROM rollouts WHERE key NOT IN (SELECT rollout FROM rollout_bodies)",
    ),
    (
        "bodies without a rollout",
        "SELECT count(*) FROM rollout_bodies WHERE rollout NOT IN (SELECT key FROM rollouts)",
    ),
    (
        "rollouts whose newest attempt is not the newest",
        "SELECT count(*) FROM rollouts r WHERE newest_attempt IS NOT \
         (SELECT key FROM attempts a WHERE a.rollout = r.key ORDER BY sequence_id DESC LIMIT 1)",
    ),
    (
        "rollouts with another number of attempts than they say",
        "SELECT count(*) FROM rollouts r WHERE attempts != \
         (SELECT count(*) FROM attempts a WHERE a.rollout = r.key)",
    ),
    (
        "attempts that are not numbered 1, 2, 3, …",
        "SELECT count(*) FROM (SELECT 1 FROM attempts GROUP BY rollout \
         HAVING min(sequence_id) != 1 OR max(sequence_id) != count(*) OR count(DISTINCT sequence_id) != count(*))",
    ),
    (
        "waiting rollouts without a place in the queue",
        "SELECT count(*) FROM rollouts WHERE status IN ('queuing', 'requeuing') AND queue_place IS NULL",
    ),
    (
        "places in the queue with several rollouts",
        "SELECT count(*) FROM (SELECT 1 FROM rollouts WHERE queue_place IS NOT NULL \
         GROUP BY queue_place HAVING count(*) > 1)",
    ),
    (
        "rollouts that may give out the number of a stored span again",
        "SELECT count(*) FROM rollouts r WHERE sequence_id < \
         (SELECT max(s.sequence_id) FROM attempts a JOIN spans s ON s.attempt = a.key WHERE a.rollout = r.key)",
    ),
    (
        "workers at an attempt that does not exist",
        "SELECT count(*) FROM workers w WHERE current_attempt_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM rollouts r JOIN attempts a ON a.rollout = r.key \
          WHERE r.rollout_id = w.current_rollout_id AND a.attempt_id = w.current_attempt_id)",
    ),
    (
        "kinds of rollouts whose count is not their number",
        "SELECT count(*) FROM (SELECT r.status || '/' || coalesce(a.status, 'none') || '/' || coalesce(r.mode, 'none') \
         AS name, count(*) AS amount FROM rollouts r LEFT JOIN attempts a ON a.key = r.newest_attempt GROUP BY 1) real \
         WHERE amount IS NOT (SELECT amount FROM counts WHERE name = real.name)",
    ),
    (
        "rollouts counted beyond those that exist",
        "SELECT coalesce(sum(amount), 0) - (SELECT count(*) FROM rollouts) FROM counts \
         WHERE name NOT IN ('attempts', 'spans', 'resources')",
    ),
    (
        "attempts miscounted",
        "SELECT coalesce((SELECT amount FROM counts WHERE name = 'attempts'), 0) - (SELECT count(*) FROM attempts)",
    ),
    (
        "spans miscounted",
        "SELECT coalesce((SELECT amount FROM counts WHERE name = 'spans'), 0) - (SELECT count(*) FROM spans)",
    ),
    (
        "rollouts that do not know when their first attempt began",
        "SELECT count(*) FROM rollouts r WHERE first_start IS NOT \
         (SELECT start_time FROM attempts a WHERE a.rollout = r.key ORDER BY a.key LIMIT 1)",
    ),
    (
        "attempts whose facts count other spans than those up to the watermark",
        "SELECT count(*) FROM attempt_facts f, projection p WHERE f.spans != \
         (SELECT count(*) FROM spans s WHERE s.attempt = f.attempt AND s.key <= p.watermark)",
    ),
    (
        "spans up to the watermark that no facts count",
        "SELECT (SELECT count(*) FROM spans s WHERE s.key <= p.watermark) \
         - coalesce((SELECT sum(spans) FROM attempt_facts), 0) FROM projection p",
    ),
    (
        "spans known that are not those up to the watermark",
        "SELECT (SELECT count(*) FROM spans s WHERE s.key <= p.watermark) - p.spans FROM projection p",
    ),
    (
        "rollouts whose facts are not the sum of those of their attempts",
        "SELECT count(*) FROM rollout_facts f WHERE f.spans != (SELECT sum(af.spans) FROM attempts a \
         JOIN attempt_facts af ON af.attempt = a.key WHERE a.rollout = f.rollout)",
    ),
    (
        "keys remembered for rollouts that do not exist",
        "SELECT count(*) FROM answers, json_tree(memo) AS part \
         WHERE (part.key = 'rollout_id' OR part.path LIKE '%rollout_ids%') \
         AND part.atom NOT IN (SELECT rollout_id FROM rollouts)",
    ),
    (
        "keys remembered for attempts that do not exist",
        "SELECT count(*) FROM answers, json_tree(memo) AS part \
         WHERE part.key = 'attempt_id' AND part.atom NOT IN (SELECT attempt_id FROM attempts)",
    ),
    (
        "resources miscounted",
        "SELECT coalesce((SELECT amount FROM counts WHERE name = 'resources'), 0) - (SELECT count(*) FROM resources)",
    ),
];

/// Copies a database with its log, as a crash or a running server has left them, and checks the copy.
///
/// # Panics
/// If the files cannot be copied or opened.
pub fn check(database: &Path) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("copy.db");
    fs::copy(database, &copy).expect("a copy of the database");
    let log = database.with_extension("db-wal");
    if log.exists() {
        fs::copy(log, copy.with_extension("db-wal")).expect("a copy of the log");
    }
    let connection = Connection::open(&copy).expect("the copy opens");
    let mut findings = Vec::new();
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap_or_else(|error| error.to_string());
    if verdict != "ok" {
        findings.push(format!("integrity_check: {verdict}"));
    }
    for (what, query) in MUST_BE_ZERO {
        match connection.query_row(query, [], |row| row.get::<_, i64>(0)) {
            Ok(0) => {}
            Ok(count) => findings.push(format!("{count} {what}")),
            Err(error) => findings.push(format!("{what}: {error}")),
        }
    }
    findings
}
