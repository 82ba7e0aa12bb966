//! Waits of any length, made of rounds of bounded length.
//!
//! A request that is open for minutes is cut somewhere on its way, so the server is asked to wait for a while, again and
//! again. A server may answer before the round is over: because it is shutting down, or because it is one that does not
//! know how to wait. It is left alone for a moment then.

use std::time::Duration;

use super::Client;
use crate::transport::Transport;
use crate::wire::MAX_WAIT_SECONDS;

/// The longest time for which a server is asked to wait at once: shorter than the patience of common proxies.
pub const MAX_ROUND: Duration = Duration::from_secs(25);

const _: () = assert!(MAX_ROUND.as_secs_f64() < MAX_WAIT_SECONDS, "servers refuse longer waits");

/// For how long a server is left alone that answered too soon.
const PAUSE: Duration = Duration::from_secs(1);

/// How a wait is cut into rounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounds {
    /// When the wait is over. None: never.
    end: Option<Duration>,
    /// How long each round is. All are equal, so that all send the same request: a key stands for one request only.
    pub(super) length: Duration,
}

impl Rounds {
    /// A wait from `now` on. None: without end.
    pub(super) fn new(now: Duration, wait: Option<Duration>) -> Self {
        let Some(wait) = wait else { return Self { end: None, length: MAX_ROUND } };
        let count = wait.as_nanos().div_ceil(MAX_ROUND.as_nanos()).max(1);
        // What is too long to be divided is cut into whole rounds.
        let length = u32::try_from(count).map_or(MAX_ROUND, |count| wait / count);
        Self { end: now.checked_add(wait), length }
    }

    /// Clocks differ a little, and timers fire a little early.
    fn tolerance(&self) -> Duration {
        self.length / 10
    }

    /// Whether a round from `began` to `now` was answered before its time.
    pub(super) fn is_early(&self, began: Duration, now: Duration) -> bool {
        now.saturating_sub(began) + self.tolerance() < self.length
    }
}

impl<T: Transport> Client<T> {
    /// After a round that began at `began` and was not enough: whether there is another. Sleeps before it if this one
    /// was answered too soon.
    pub(super) async fn another_round(&self, rounds: &Rounds, began: Duration) -> bool {
        let transport = &self.shared.transport;
        let now = transport.now();
        let left = rounds.end.map(|end| end.saturating_sub(now));
        if left.is_some_and(|left| left <= rounds.tolerance()) {
            return false;
        }
        if rounds.is_early(began, now) {
            transport.sleep(left.map_or(PAUSE, |left| left.min(PAUSE))).await;
        }
        true
    }
}
