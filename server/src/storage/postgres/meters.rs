//! What is counted for those who run the store, as Prometheus reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::Status;
use parking_lot::Mutex;

use super::failure::Again;

/// Numbers that only rise.
#[derive(Debug, Default)]
pub(super) struct Meters {
    again: Mutex<BTreeMap<&'static str, [u64; Again::ALL.len()]>>,
    waited: AtomicU64,
    notes_lost: AtomicU64,
}

impl Meters {
    /// A transaction of this operation is run again.
    pub(super) fn again(&self, operation: &'static str, reason: Again) {
        self.again.lock().entry(operation).or_default()[reason as usize] += 1;
    }

    /// An operation waits because the database is away.
    pub(super) fn waited(&self) {
        self.waited.fetch_add(1, Ordering::Relaxed);
    }

    /// The connection for notes was lost.
    pub(super) fn notes_lost(&self) {
        self.notes_lost.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them.
    pub(super) fn render(&self, pool: &Status) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, values: &[(String, u64)]| {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in values {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        };
        let again = self.again.lock();
        let reruns: Vec<(String, u64)> = again
            .iter()
            .flat_map(|(operation, counts)| {
                let counts = Again::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
                counts.map(move |(reason, count)| {
                    (format!("{{operation=\"{operation}\",reason=\"{}\"}}", reason.as_str()), *count)
                })
            })
            .collect();
        drop(again);
        let plain = |value: u64| [(String::new(), value)];
        family(
            "lightning_store_transactions_run_again_total",
            "counter",
            "Transactions that were run again because of others.",
            &reruns,
        );
        family(
            "lightning_store_database_away_total",
            "counter",
            "Times an operation has waited because PostgreSQL was away.",
            &plain(self.waited.load(Ordering::Relaxed)),
        );
        family(
            "lightning_store_notes_lost_total",
            "counter",
            "Times the connection for notes between servers was lost.",
            &plain(self.notes_lost.load(Ordering::Relaxed)),
        );
        family(
            "lightning_store_database_connections",
            "gauge",
            "Connections of the pool.",
            &[
                ("{state=\"open\"}".to_owned(), pool.size as u64),
                ("{state=\"free\"}".to_owned(), pool.available as u64),
            ],
        );
        family(
            "lightning_store_database_waiting",
            "gauge",
            "Operations that wait for a connection.",
            &plain(pool.waiting as u64),
        );
        text
    }
}
