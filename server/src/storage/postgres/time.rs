//! The store's one clock, which is the database's, and the order in which rows come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use lightning_store_client::wire::Timestamp;

use crate::clock::Clock;

/// Each microsecond has so many keys.
const KEYS_PER_MICRO: i64 = 1_024;

/// Where time comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// From the database, whose servers agree on it. The clock of this process tells how much has passed since it was last
    /// asked.
    Database(Arc<dyn Clock>),
    /// From a clock of this process alone, for tests.
    Process(Arc<dyn Clock>),
}

/// What this process knows of time.
#[derive(Debug)]
pub(super) struct Time {
    source: Source,
    /// By how much the database is ahead of the clock of this process, in microseconds.
    ahead: AtomicI64,
    last_moment: AtomicI64,
    last_key: AtomicI64,
    last_span: AtomicI64,
    silence_from: AtomicI64,
    was_alone: AtomicBool,
}

impl Time {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            ahead: AtomicI64::new(0),
            last_moment: AtomicI64::new(0),
            last_key: AtomicI64::new(0),
            last_span: AtomicI64::new(0),
            silence_from: AtomicI64::new(0),
            was_alone: AtomicBool::new(false),
        }
    }

    /// The database says that it is so late.
    pub(super) fn heard(&self, database_micros: i64) -> i64 {
        match &self.source {
            Source::Database(clock) => {
                self.ahead.store(database_micros - clock.now_micros(), Ordering::Relaxed);
                database_micros
            }
            Source::Process(clock) => clock.now_micros(),
        }
    }

    /// The moment of a transaction, later than that of every one before it on this server.
    pub(super) fn moment(&self, database_micros: i64, told: Option<Timestamp>) -> Timestamp {
        let now = self.heard(database_micros);
        self.next_moment(told.unwrap_or(Timestamp::from_micros(now)))
    }

    /// `now`, or a moment that is later than that of every transaction and operation before.
    pub(super) fn next_moment(&self, now: Timestamp) -> Timestamp {
        let now = now.micros();
        let next = |last: i64| Some(now.max(last + 1));
        let last = self.last_moment.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        Timestamp::from_micros(last.map_or(now, |last| now.max(last + 1)))
    }

    /// Nothing has happened at this moment after all: it may be the next one, unless there was a later one.
    pub(super) fn give_back(&self, moment: Timestamp) {
        let moment = moment.micros();
        // Where it was not the last one, nothing is to be done.
        let _ = self.last_moment.compare_exchange(moment, moment - 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The first of so many keys for rows that come at this moment.
    pub(super) fn keys(&self, now: Timestamp, count: usize) -> i64 {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let drawn = i64::from(rand::random::<u16>()) % KEYS_PER_MICRO;
        let first = now.micros().saturating_mul(KEYS_PER_MICRO).saturating_add(drawn);
        let next = |last: i64| Some(first.max(last + 1).saturating_add(count - 1));
        let last = self.last_key.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        last.map_or(first, |last| first.max(last + 1))
    }

    /// The first of so many keys for spans that come at this moment to an attempt whose last one has the key `last`: in
    /// microseconds, and rising on this server whatever the attempt.
    pub(super) fn span_keys(&self, now: Timestamp, last: i64, count: usize) -> i64 {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let first = now.micros().max(last.saturating_add(1));
        let next = |given: i64| Some(first.max(given + 1).saturating_add(count - 1));
        let given = self.last_span.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        given.map_or(first, |given| first.max(given + 1))
    }

    /// Keys up to this one were given out before.
    pub(super) fn goes_on_after(&self, key: i64) {
        self.last_key.fetch_max(key, Ordering::Relaxed);
        self.last_moment.fetch_max(key / KEYS_PER_MICRO, Ordering::Relaxed);
    }

    /// Silence does not count from before.
    pub(super) fn silence_from(&self) -> Timestamp {
        Timestamp::from_micros(self.silence_from.load(Ordering::Relaxed))
    }

    /// Nobody could be heard before `from`.
    pub(super) fn was_silent_until(&self, from: Timestamp) {
        self.silence_from.store(from.micros(), Ordering::Relaxed);
    }

    /// Whether no server was at work when this one began.
    pub(super) fn was_alone(&self) -> bool {
        self.was_alone.load(Ordering::Relaxed)
    }

    pub(super) fn is_alone(&self, alone: bool) {
        self.was_alone.store(alone, Ordering::Relaxed);
    }

    /// Whether the database is asked for the time.
    pub(super) fn is_of_database(&self) -> bool {
        matches!(self.source, Source::Database(_))
    }
}

/// The database's time, as far as it is known without asking.
impl Clock for Time {
    fn now_micros(&self) -> i64 {
        match &self.source {
            Source::Database(clock) => clock.now_micros() + self.ahead.load(Ordering::Relaxed),
            Source::Process(clock) => clock.now_micros(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn moments_and_keys_only_rise() {
        let clock = ManualClock::at(1_000);
        let time = Time::new(Source::Process(clock.clone()));
        let first = time.moment(0, None);
        let second = time.moment(0, None);
        assert!(second > first);
        time.give_back(first);
        time.give_back(second);
        assert_eq!(time.moment(0, None), second);
        let key = time.keys(second, 3_000);
        assert!(time.keys(second, 1) >= key + 3_000);
        clock.advance(Duration::from_secs(1));
        assert_eq!(time.moment(0, None), Timestamp::from_micros(1_001_000_000));
        let told = time.moment(0, Timestamp::from_seconds(5.0));
        assert!(told.seconds() > 1_001.0);
    }

    #[test]
    fn the_database_is_asked_and_believed() {
        let time = Time::new(Source::Database(ManualClock::at(1_000)));
        assert_eq!(time.moment(77_000_000, None), Timestamp::from_micros(77_000_000));
        assert_eq!(time.now(), Timestamp::from_micros(77_000_000));
    }
}
