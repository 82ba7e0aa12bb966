//! Time. This is the only file that reads a clock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lightning_store_client::wire::Timestamp;

/// A source of time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present moment in microseconds since 1970. Never goes back.
    fn now_micros(&self) -> i64;

    /// The present moment.
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now_micros())
    }
}

/// The machine's time when the process started, and from there by its steady clock: when somebody sets the machine's
/// time, no attempt times out and no age becomes negative.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    start_micros: i64,
}

impl SystemClock {
    /// Starts from the machine's time.
    #[expect(clippy::disallowed_methods, reason = "this is where time is read")]
    pub fn start() -> Arc<Self> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Arc::new(Self { start: Instant::now(), start_micros: micros(since_epoch) })
    }
}

impl Clock for SystemClock {
    fn now_micros(&self) -> i64 {
        self.start_micros + micros(self.start.elapsed())
    }
}

/// A clock that stands still until it is told otherwise, for tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at `seconds` since 1970.
    pub fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(seconds * 1_000_000)))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(micros(by), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
