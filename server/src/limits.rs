//! Every bound of the server, with its reason. A request that passes one is refused with an answer that names it.
//! Those that somebody may have to change are options of the command line: see [`Limits`].

use std::time::Duration;

use clap::Args;
use lightning_store_client::lax::Bounds;

use crate::storage::Keep;

/// The bounds that can be set.
#[derive(Debug, Clone, Copy, Args)]
pub struct Limits {
    /// Largest body of a request, in bytes. A long conversation in one span has some megabytes.
    #[arg(long, env = "LIGHTNING_STORE_MAX_BODY_BYTES", default_value_t = 64 << 20, value_name = "BYTES")]
    pub max_body_bytes: usize,

    /// Largest body once it is decompressed, in bytes: what a small gzip stream may grow to.
    #[arg(long, env = "LIGHTNING_STORE_MAX_DECOMPRESSED_BYTES", default_value_t = 256 << 20, value_name = "BYTES")]
    pub max_decompressed_bytes: usize,

    /// Most connections at a time. Each idle one costs some kilobytes and a file descriptor.
    #[arg(long, env = "LIGHTNING_STORE_MAX_CONNECTIONS", default_value_t = 20_000, value_name = "COUNT")]
    pub max_connections: usize,

    /// Most connections at a time from one address, so that one machine cannot lock out the others.
    #[arg(
        long,
        env = "LIGHTNING_STORE_MAX_CONNECTIONS_PER_PEER",
        default_value_t = 10_000,
        value_name = "COUNT"
    )]
    pub max_connections_per_peer: usize,

    /// How many idempotency keys are remembered, each for 24 hours at the longest; beyond it the oldest are forgotten.
    /// Each takes some hundred bytes on disk.
    #[arg(
        long,
        env = "LIGHTNING_STORE_IDEMPOTENCY_KEYS",
        default_value_t = IDEMPOTENCY_KEYS,
        value_name = "COUNT",
        value_parser = idempotency_keys
    )]
    pub idempotency_keys: u32,

    /// How many superseded versions are kept of each set of resources, for people to compare; beyond it the oldest are
    /// dropped when the set is updated. 0 keeps none.
    #[arg(
        long,
        env = "LIGHTNING_STORE_RESOURCE_VERSIONS",
        default_value_t = RESOURCE_VERSIONS,
        value_name = "COUNT"
    )]
    pub resource_versions: u32,
}

/// How many idempotency keys are remembered unless it is said otherwise.
pub const IDEMPOTENCY_KEYS: u32 = 1_000_000;

/// How many superseded versions of a set of resources are kept unless it is said otherwise.
pub const RESOURCE_VERSIONS: u32 = 100;

fn idempotency_keys(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(0) => Err("the least is 1: without memory no repeated call would be known as one".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("expected a number from 1 to {}", u32::MAX)),
    }
}

impl Limits {
    /// What a store keeps of what is over.
    pub fn keep(&self) -> Keep {
        Keep { idempotency_keys: self.idempotency_keys, resource_versions: self.resource_versions }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            max_decompressed_bytes: 256 << 20,
            max_connections: 20_000,
            max_connections_per_peer: 10_000,
            idempotency_keys: IDEMPOTENCY_KEYS,
            resource_versions: RESOURCE_VERSIONS,
        }
    }
}

/// How much JSON is taken: nesting, so that a small body cannot exhaust whoever reads it later, and the number of
/// values, which cost memory while they are read.
pub const JSON: Bounds = Bounds { max_depth: 64, max_values: 4_000_000 };

/// Largest head of a request, its line and its headers, give or take what comes in one piece. Beyond it the answer is
/// 431.
pub const MAX_HEAD_BYTES: usize = 64 << 10;

/// Most headers of a request. Beyond it the answer is 431.
pub const MAX_HEADERS: usize = 128;

/// Most time for the head of a request, from its first byte. An idle connection waits for that as long as it likes.
pub const HEAD_TIME: Duration = Duration::from_secs(10);

/// Most time in which nothing of a body has to come; from then on it has to come at [`MIN_BODY_BYTES_PER_SECOND`].
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// Slowest body: what is slower holds a connection and memory for nothing.
pub const MIN_BODY_BYTES_PER_SECOND: u64 = 1_000;

/// Most operations that wait to be written. Beyond it the disk is hopelessly behind, and a refusal that can be
/// retried is better than an answer after minutes.
pub const MAX_WAITING_WRITES: usize = 16_384;

/// Most queries that wait for a reader, for the same reason.
pub const MAX_WAITING_READS: usize = 16_384;

/// Most connections to PostgreSQL of one server, unless it is said otherwise: as many transactions run at a time.
pub const POSTGRES_CONNECTIONS: usize = 20;

/// How long PostgreSQL may take to connect.
pub const DATABASE_CONNECT_TIME: Duration = Duration::from_secs(3);

/// How long PostgreSQL may take to answer a statement of a transaction, or to have a connection free for one. Beyond it the
/// connection is given up.
pub const DATABASE_ANSWER_TIME: Duration = Duration::from_secs(10);

/// How long PostgreSQL may take to answer what people look at, which may have to read much.
pub const DATABASE_READ_TIME: Duration = Duration::from_mins(1);

/// How long a call is held while PostgreSQL is away before it is refused. Python clients give up 8 s after the first
/// refusal, and on no answer after 30 s.
pub const DATABASE_PATIENCE: Duration = Duration::from_secs(20);

/// How long the store may take to answer whether it is ready.
pub const READY_TIME: Duration = Duration::from_secs(2);

/// How often a transaction is run again because of others before that is an error.
pub const MAX_TRANSACTION_RUNS: u32 = 12;

/// Most operations that share a transaction on PostgreSQL.
pub const MAX_OPERATIONS_PER_TRANSACTION: usize = 256;

/// No more operations join a transaction on PostgreSQL that is about to add so many rows.
pub const MAX_ROWS_PER_TRANSACTION: usize = 2_048;

/// Most operations in one commit on SQLite: they are answered together, so none should wait for too many others.
pub const MAX_WRITES_PER_COMMIT: usize = 512;

/// Most time that running requests get to finish when the server is told to stop.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Most rollouts that the watchdog looks at in one transaction.
pub const MAX_CHECKS_PER_COMMIT: usize = 256;

/// How long heartbeats may be kept in memory before they are written. They are at most 10 s old after a crash.
pub const SOFT_STATE_INTERVAL: Duration = Duration::from_secs(3);

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_KEY_TIME: Duration = Duration::from_hours(24);

/// So many idempotency keys whose time is over are forgotten at a time while no new ones come, so that the writer is
/// never held up for long.
pub const MAX_KEYS_PER_SWEEP: i64 = 1_000;

/// So many changes are kept for listeners that are slow or were cut off; whoever is further behind is told to look
/// anew.
pub const MAX_KEPT_CHANGES: usize = 10_000;

/// For so long after the last listener has gone changes are recorded for its return.
pub const RESUME_TIME: Duration = Duration::from_mins(1);

/// The pause between two batches of events to one listener, so that a busy store does not keep pages redrawing.
pub const EVENT_PAUSE: Duration = Duration::from_millis(250);

/// After so much silence a listener gets a sign of life.
pub const EVENT_HEARTBEAT: Duration = Duration::from_secs(15);

/// Events are sent in pieces of about so many bytes.
pub const EVENT_PIECE_BYTES: usize = 16 << 10;

/// Most spans that are taken into account in one step of the projection, most bytes of them, and most attempts, each of
/// which is a row or two to write: a step holds a reader for some milliseconds, and the writer for less.
pub const MAX_FACTS_SPANS: usize = 1_000;

/// See [`MAX_FACTS_SPANS`].
pub const MAX_FACTS_BYTES: usize = 8 << 20;

/// See [`MAX_FACTS_SPANS`].
pub const MAX_FACTS_ATTEMPTS: usize = 256;

/// How long facts about spans wait for more spans while somebody looks.
pub const FACTS_DELAY: Duration = Duration::from_millis(100);

/// The same while nobody looks.
pub const FACTS_DELAY_UNSEEN: Duration = Duration::from_secs(2);

/// For so long after it has asked for something somebody counts as looking at the dashboard.
pub const INTEREST_TIME: Duration = Duration::from_mins(1);

/// Listeners are told at most so often that numbers have changed.
pub const SUMMARY_PAUSE: Duration = Duration::from_secs(1);

/// Exports are sent in pieces of about so many bytes, or so many rollouts.
pub const EXPORT_PIECE_BYTES: usize = 256 << 10;

/// See [`EXPORT_PIECE_BYTES`].
pub const EXPORT_PIECE_ROLLOUTS: usize = 200;

/// Answers to a page from so many bytes on are packed for those who take that. What is smaller leaves in the first ten
/// packets of a connection anyway, for which nobody waits.
pub const MIN_PACKED_BYTES: u64 = 14 << 10;

/// A request that takes longer is logged as slow; those that wait by their nature are not meant.
pub const SLOW_REQUEST: Duration = Duration::from_secs(1);
