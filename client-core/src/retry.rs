//! When a failed call is made again: pure decisions. The sleeping is done in [`crate::client`].
//!
//! A call is repeated after trouble of the network or the server, never after a refusal. Between two tries the client
//! waits ([`RetryPolicy::delays`]) and then looks whether the server is alive at all, a few times in quick succession
//! ([`RetryPolicy::probe_delays`]); if not, it gives up at once.

use std::time::Duration;

use crate::error::Refusal;
use crate::transport::TransportError;

/// The longest time for which a server's `Retry-After` is obeyed.
pub const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// How often and after what time failed calls are made again.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// The wait before each repetition. As many as there are; none: calls are made once.
    pub delays: Vec<Duration>,
    /// The waits between the looks at the server's health before a repetition: one look more than there are waits.
    pub probe_delays: Vec<Duration>,
    /// By what part of itself each wait before a repetition is prolonged at random, at most, so that many clients do
    /// not come back at once. From 0 on.
    pub jitter: f64,
    /// The longest time for which `Retry-After` is obeyed.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    /// Three repetitions, after 1, 2 and 5 seconds and up to a quarter more; four looks at the health within 0.8 seconds.
    fn default() -> Self {
        Self {
            delays: [1, 2, 5].map(Duration::from_secs).to_vec(),
            probe_delays: [100, 200, 500].map(Duration::from_millis).to_vec(),
            jitter: 0.25,
            max_retry_after: MAX_RETRY_AFTER,
        }
    }
}

/// What a failure means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It would fail again.
    Final,
    /// It may succeed later, but not before this time is over.
    Passing(Duration),
}

impl Failure {
    /// What it means that no answer came.
    pub fn of_transport(error: &TransportError) -> Self {
        match error {
            TransportError::Unreachable(_) | TransportError::TimedOut(_) => Self::Passing(Duration::ZERO),
            TransportError::Invalid(_) => Self::Final,
        }
    }

    /// What it means that the server refused.
    pub fn of_refusal(refusal: &Refusal) -> Self {
        if refusal.is_retryable() {
            Self::Passing(refusal.retry_after.unwrap_or_default())
        } else {
            Self::Final
        }
    }
}

impl RetryPolicy {
    /// Calls are made once.
    pub fn never() -> Self {
        Self { delays: Vec::new(), ..Self::default() }
    }

    /// How long to wait before the call is made again, after it was repeated `retries` times and failed with `failure`.
    /// None: not again. `random` is any number.
    pub fn decide(&self, retries: usize, failure: Failure, random: u64) -> Option<Duration> {
        let Failure::Passing(asked) = failure else { return None };
        let delay = *self.delays.get(retries)?;
        Some(prolong(delay.max(asked.min(self.max_retry_after)), self.jitter, random))
    }
}

/// `delay` and up to the part `jitter` of it more.
pub(crate) fn prolong(delay: Duration, jitter: f64, random: u64) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a random part needs no 64 bits")]
    let part = jitter.max(0.0) * (random as f64 / u64::MAX as f64);
    Duration::try_from_secs_f64(delay.as_secs_f64() * (1.0 + part)).unwrap_or(delay)
}

/// Reads a `Retry-After` in seconds. Dates are not read: no server of ours sends them.
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, retry_after: Option<u64>) -> Failure {
        let retry_after = retry_after.map(Duration::from_secs);
        Failure::of_refusal(&Refusal { status, retry_after, ..Refusal::default() })
    }

    const AT_ONCE: Failure = Failure::Passing(Duration::ZERO);

    #[test]
    fn failures_are_classified() {
        for status in [408, 500, 502, 503, 504, 599] {
            assert_eq!(refusal(status, None), AT_ONCE, "{status}");
        }
        for status in [301, 307, 400, 401, 403, 404, 405, 409, 413, 422, 429, 499, 501] {
            assert_eq!(refusal(status, None), Failure::Final, "{status}");
        }
        assert_eq!(refusal(503, Some(7)), Failure::Passing(Duration::from_secs(7)));
        assert_eq!(Failure::of_transport(&TransportError::Unreachable(String::new())), AT_ONCE);
        assert_eq!(Failure::of_transport(&TransportError::TimedOut(Duration::from_secs(1))), AT_ONCE);
        assert_eq!(Failure::of_transport(&TransportError::Invalid(String::new())), Failure::Final);
    }

    #[test]
    fn waits_follow_the_policy() {
        let policy = RetryPolicy::default();
        let seconds = |retries, failure, random| {
            policy.decide(retries, failure, random).map(|wait: Duration| wait.as_secs_f64())
        };
        // retries, failure, random → seconds
        let table = [
            (0, AT_ONCE, 0, Some(1.0)),
            (1, AT_ONCE, 0, Some(2.0)),
            (2, AT_ONCE, 0, Some(5.0)),
            (3, AT_ONCE, 0, None),
            (2, AT_ONCE, u64::MAX, Some(6.25)),
            (0, Failure::Final, 0, None),
            // Retry-After prolongs a wait, never shortens it, and is obeyed up to its bound.
            (0, refusal(503, Some(3)), 0, Some(3.0)),
            (2, refusal(503, Some(3)), 0, Some(5.0)),
            (0, refusal(503, Some(100_000)), 0, Some(60.0)),
            (3, refusal(503, Some(3)), 0, None),
        ];
        for (retries, failure, random, expected) in table {
            assert_eq!(seconds(retries, failure, random), expected, "{retries} {failure:?} {random}");
        }
        assert_eq!(RetryPolicy::never().decide(0, AT_ONCE, 0), None);
    }

    #[test]
    fn jitter_never_shortens_a_wait_nor_overflows() {
        let delay = Duration::from_secs(4);
        assert_eq!(prolong(delay, 0.0, u64::MAX), delay);
        assert_eq!(prolong(delay, -1.0, u64::MAX), delay);
        assert_eq!(prolong(delay, f64::NAN, u64::MAX), delay);
        assert_eq!(prolong(Duration::MAX, 0.5, u64::MAX), Duration::MAX);
        assert!(prolong(delay, 0.5, u64::MAX / 2) > delay);
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        assert_eq!(retry_after(" 5 "), Some(Duration::from_secs(5)));
        for text in ["", "-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            assert_eq!(retry_after(text), None, "{text}");
        }
    }
}
