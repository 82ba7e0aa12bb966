//! Every bound of the server, with its reason. A request that passes one is refused with an answer that names it.

use std::time::Duration;

/// Largest body of a request. A long conversation in one span has some megabytes.
pub const MAX_BODY_BYTES: usize = 64 << 20;

/// Largest body once it is decompressed: what a small gzip stream may grow to.
pub const MAX_DECOMPRESSED_BYTES: usize = 256 << 20;

/// Deepest nesting of JSON, so that a small body cannot exhaust whoever reads it later.
pub const MAX_JSON_DEPTH: usize = 64;

/// Most operations that wait to be written. Beyond it the disk is hopelessly behind, and a refusal that can be
/// retried is better than an answer after minutes.
pub const MAX_WAITING_WRITES: usize = 16_384;

/// Most operations in one commit: they are answered together, so none should wait for too many others.
pub const MAX_WRITES_PER_COMMIT: usize = 512;

/// Most time that running requests get to finish when the server is told to stop.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);

/// Most rollouts that the watchdog looks at in one transaction.
pub const MAX_CHECKS_PER_COMMIT: usize = 256;

/// How long heartbeats may be kept in memory before they are written. They are at most 10 s old after a crash.
pub const SOFT_STATE_INTERVAL: Duration = Duration::from_secs(3);
