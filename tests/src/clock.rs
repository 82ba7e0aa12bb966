//! The time, for deadlines and for stamps in answers. Tests ask here and nowhere else.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A point in time to measure from.
#[expect(clippy::disallowed_methods, reason = "the one place of the tests that reads the monotonic clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970, as the store writes them.
#[expect(clippy::disallowed_methods, reason = "the one place of the tests that reads the wall clock")]
pub fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
