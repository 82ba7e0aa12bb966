//! What has happened lately, in memory: it begins with the process.
//!
//! Nothing ticks: numbers are noted with each commit, and between two commits nothing changes. So the numbers at the end
//! of any span of time are those of the last commit before it.

use std::collections::VecDeque;
use std::sync::Arc;

use lightning_store_client::wire::Timestamp;
use parking_lot::Mutex;

/// Seconds of a slot: the smallest step that is asked for.
const SLOT_SECONDS: i64 = 15;

/// So many slots are kept: a day, and the step that is not over.
const MAX_SLOTS: i64 = 24 * 3_600 / SLOT_SECONDS + 120;

/// Seconds over which rates are told.
const RATE_SECONDS: i64 = 60;

/// The numbers at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Levels {
    /// Spans in all.
    pub spans: u64,
    /// The key of the last one.
    pub last_span: i64,
    /// Rollouts that wait.
    pub waiting: u64,
    /// Workers that are busy.
    pub busy: u64,
}

/// What came into the queue and what was taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moves {
    /// Rollouts that came into the queue.
    pub enqueued: u64,
    /// Rollouts that were taken.
    pub dequeued: u64,
}

/// What is known of a span of time. Null: it began before the process did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stretch {
    /// Spans that came.
    pub spans: Option<u64>,
    /// Their tokens.
    pub tokens: Option<u64>,
    /// Rollouts that waited at its end.
    pub waiting: Option<u64>,
    /// Workers that were busy at its end.
    pub busy: Option<u64>,
}

/// What has happened lately. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Slots>>);

#[derive(Debug, Default)]
struct Slots {
    /// The slot in which the process began, and the numbers then.
    begin: Option<(i64, Levels)>,
    /// Slots in which something was committed, with the numbers at their ends.
    kept: VecDeque<Slot>,
    /// Seconds in which something moved.
    seconds: VecDeque<(i64, Moves)>,
}

#[derive(Debug)]
struct Slot {
    number: i64,
    end: Levels,
    tokens: u64,
}

impl History {
    /// The process has begun.
    pub fn begin(&self, now: Timestamp, levels: Levels) {
        self.0.lock().begin.get_or_insert((slot(now), levels));
    }

    /// Something was committed.
    pub fn committed(&self, now: Timestamp, levels: Levels, moves: Moves) {
        let mut slots = self.0.lock();
        let number = slot(now);
        // Where all of them are known already, nobody knows the last one.
        let before = slots.kept.back().map_or(0, |slot| slot.end.last_span);
        let levels = Levels { last_span: levels.last_span.max(before), ..levels };
        // Somebody tells of the past before anything else happens.
        if let Some((begin, _)) = &mut slots.begin
            && number < *begin
        {
            *begin = number;
        }
        match slots.kept.back_mut() {
            Some(last) if last.number >= number => last.end = levels,
            _ => slots.kept.push_back(Slot { number, end: levels, tokens: 0 }),
        }
        // The last one before the window tells how things stood when it began.
        while slots.kept.get(1).is_some_and(|second| second.number < number - MAX_SLOTS) {
            slots.kept.pop_front();
        }
        if moves != Moves::default() {
            let second = whole(now);
            match slots.seconds.back_mut() {
                Some((last, sum)) if *last >= second => {
                    sum.enqueued += moves.enqueued;
                    sum.dequeued += moves.dequeued;
                }
                _ => slots.seconds.push_back((second, moves)),
            }
            while slots.seconds.front().is_some_and(|(first, _)| *first < second - RATE_SECONDS) {
                slots.seconds.pop_front();
            }
        }
    }

    /// The tokens of spans have become known; by the keys of the spans.
    pub fn tokens(&self, tokens: &[(i64, u64)]) {
        let mut slots = self.0.lock();
        let Some((_, begin)) = slots.begin else { return };
        for (key, tokens) in tokens.iter().filter(|(key, _)| *key > begin.last_span) {
            // What is not behind any end known yet has come after the last one.
            let at = slots.kept.partition_point(|slot| slot.end.last_span < *key);
            let last = slots.kept.len().saturating_sub(1);
            if let Some(slot) = slots.kept.get_mut(at.min(last)) {
                slot.tokens += tokens;
            }
        }
    }

    /// What moved within the last minute.
    pub fn last_minute(&self, now: Timestamp) -> Moves {
        let slots = self.0.lock();
        let from = whole(now) - RATE_SECONDS;
        let recent = slots.seconds.iter().filter(|(second, _)| *second > from);
        recent.fold(Moves::default(), |sum, (_, moves)| Moves {
            enqueued: sum.enqueued + moves.enqueued,
            dequeued: sum.dequeued + moves.dequeued,
        })
    }

    /// What is known of the time from `start` to `end`, both in seconds since 1970 and whole slots.
    pub fn stretch(&self, start: i64, end: i64) -> Stretch {
        let slots = self.0.lock();
        let Some((begin, first)) = slots.begin else { return Stretch::default() };
        let (from, to) = (start.div_euclid(SLOT_SECONDS), end.div_euclid(SLOT_SECONDS));
        if to <= begin {
            return Stretch::default();
        }
        // How things stood when a slot began.
        let at = |number: i64| {
            let before = slots.kept.partition_point(|slot| slot.number < number);
            before.checked_sub(1).and_then(|last| slots.kept.get(last)).map_or(first, |slot| slot.end)
        };
        let levels = at(to);
        let is_known = from >= begin;
        let within = slots.kept.iter().filter(|slot| (from..to).contains(&slot.number));
        Stretch {
            spans: is_known.then(|| levels.spans.saturating_sub(at(from).spans)),
            tokens: is_known.then(|| within.map(|slot| slot.tokens).sum()),
            waiting: Some(levels.waiting),
            busy: Some(levels.busy),
        }
    }
}

fn whole(time: Timestamp) -> i64 {
    time.micros().div_euclid(1_000_000)
}

fn slot(time: Timestamp) -> i64 {
    whole(time).div_euclid(SLOT_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn levels(spans: u64, waiting: u64) -> Levels {
        Levels { spans, last_span: i64::try_from(spans).unwrap(), waiting, busy: 1 }
    }

    #[test]
    fn steps_tell_what_came_in_them_and_how_they_ended() {
        let history = History::default();
        history.begin(at(1_000.0), levels(100, 3));
        history.committed(at(1_001.0), levels(104, 2), Moves::default());
        history.committed(at(1_040.0), levels(110, 7), Moves::default());
        // Known later, and some of a span from before the process.
        history.tokens(&[(99, 1_000), (103, 5), (104, 6), (110, 7)]);
        let told = |start| {
            let stretch = history.stretch(start, start + 15);
            (stretch.spans, stretch.tokens, stretch.waiting)
        };
        assert_eq!(told(975), (None, None, None));
        assert_eq!(told(990), (Some(4), Some(11), Some(2)));
        assert_eq!(told(1_005), (Some(0), Some(0), Some(2)));
        assert_eq!(told(1_035), (Some(6), Some(7), Some(7)));
        assert_eq!(told(1_050), (Some(0), Some(0), Some(7)));
        // It began before the process did.
        assert_eq!(
            history.stretch(960, 1_020),
            Stretch { waiting: Some(2), busy: Some(1), ..Stretch::default() }
        );
    }

    #[test]
    fn what_is_told_of_the_past_is_known() {
        let history = History::default();
        history.begin(at(10_000.0), levels(0, 0));
        history.committed(at(1_000.0), levels(4, 2), Moves::default());
        history.committed(at(1_020.0), levels(6, 1), Moves::default());
        history.tokens(&[(4, 7)]);
        let told = history.stretch(990, 1_005);
        assert_eq!((told.spans, told.tokens, told.waiting), (Some(4), Some(7), Some(2)));
        assert_eq!(history.stretch(975, 990), Stretch::default());
        assert_eq!(history.stretch(1_005, 1_035).spans, Some(2));
    }

    #[test]
    fn rates_are_those_of_the_last_minute() {
        let history = History::default();
        history.begin(at(0.0), levels(0, 0));
        for second in 0..200 {
            let moves = Moves { enqueued: 1, dequeued: u64::from(second % 2 == 0) };
            history.committed(at(f64::from(second)), levels(0, 0), moves);
        }
        assert_eq!(history.last_minute(at(199.5)), Moves { enqueued: 60, dequeued: 30 });
        assert_eq!(history.last_minute(at(300.0)), Moves::default());
        assert!(history.0.lock().seconds.len() <= 62);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let history = History::default();
        history.begin(at(0.0), levels(0, 0));
        for slot in 0..20_000_i32 {
            history.committed(at(f64::from(slot) * 15.0), levels(0, 0), Moves::default());
        }
        assert!(i64::try_from(history.0.lock().kept.len()).unwrap() <= MAX_SLOTS + 2);
    }
}
