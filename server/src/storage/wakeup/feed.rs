//! Everything that changes, for those who listen: one ring of numbered changes that all of them share.
//!
//! A listener has no queue of its own, only the number of the change that it has heard last. It reads on from there
//! when it is ready; when the ring has gone on without it, it learns that it has missed something. So however slow it
//! is, it costs one number, the writer never waits for it, and whoever was cut off reads on in the same way.
//!
//! Changes are recorded only while somebody listens or has listened lately ([`RESUME_TIME`]). Numbers are never used
//! twice, and after a pause of the recording one is left out: a listener from before knows by that that it has missed
//! something.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lightning_store_client::wire::{Event, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::ids;
use crate::limits::{MAX_KEPT_CHANGES, RESUME_TIME};

/// Up to where somebody has listened: `<instance>.<number>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The process that has counted.
    pub instance: Arc<str>,
    /// The last change that was heard of.
    pub number: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.instance, self.number)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (instance, number) = text.split_once('.').ok_or(())?;
        Ok(Self { instance: instance.into(), number: number.parse().map_err(|_| ())? })
    }
}

/// The changes. Clones share them.
#[derive(Debug, Clone)]
pub struct Feed(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    instance: Arc<str>,
    is_recording: AtomicBool,
    ring: Mutex<Ring>,
    /// The number of the last change.
    last: watch::Sender<u64>,
    /// Recording has begun.
    begun: Notify,
}

#[derive(Debug, Default)]
struct Ring {
    commits: VecDeque<Commit>,
    /// The number of changes in them.
    kept: usize,
    /// The number of the last change.
    last: u64,
    listeners: usize,
    /// Since when nobody listens, by the first commit that has noticed.
    idle_since: Option<Timestamp>,
}

/// Changes that became visible together.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The number of the first of them; the others follow.
    first: u64,
    changes: Arc<[Event]>,
}

impl Commit {
    /// The changes with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &Event)> {
        (self.first..).zip(self.changes.iter())
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self(Arc::new(Shared {
            instance: ids::instance().into(),
            is_recording: AtomicBool::new(false),
            ring: Mutex::default(),
            last: watch::Sender::new(0),
            begun: Notify::new(),
        }))
    }
}

impl Feed {
    /// Whether changes are wanted.
    pub fn is_recording(&self) -> bool {
        self.0.is_recording.load(Ordering::Relaxed)
    }

    /// Waits until recording begins. For one task.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn listened(&self) {
        self.0.begun.notified().await;
    }

    /// Something has happened that nobody here has heard of: every listener learns that it has missed something.
    pub fn miss(&self) {
        let mut ring = self.0.ring.lock();
        if !self.is_recording() {
            return;
        }
        ring.forget();
        // What has happened has no numbers; this one stands for it.
        ring.last += 1;
        let last = ring.last;
        drop(ring);
        self.0.last.send_replace(last);
    }

    /// Tells the listeners.
    pub(super) fn publish(&self, changes: Vec<Event>, now: Timestamp) {
        if !self.is_recording() {
            return;
        }
        let mut ring = self.0.ring.lock();
        if ring.listeners == 0 && ring.is_forgotten(now) {
            self.0.is_recording.store(false, Ordering::Relaxed);
            ring.forget();
            return;
        }
        if changes.is_empty() {
            return;
        }
        ring.push(changes.into());
        let last = ring.last;
        drop(ring);
        self.0.last.send_replace(last);
    }

    /// Listens from now on, or from where somebody was cut off. What is committed from now on may be missing until the
    /// operations that are running already have ended.
    pub fn listen(&self, from: Option<&Position>) -> Listener {
        let mut ring = self.0.ring.lock();
        ring.listeners += 1;
        ring.idle_since = None;
        if !self.is_recording() {
            ring.forget();
            // What has happened meanwhile has no numbers; this one stands for it.
            ring.last += 1;
            self.0.is_recording.store(true, Ordering::Relaxed);
            self.0.begun.notify_one();
        }
        let end = ring.last;
        let resumed = from.map(|position| {
            (position.instance == self.0.instance && ring.has_all_since(position.number))
                .then_some(position.number)
        });
        drop(ring);
        let (heard, has_missed) = match resumed {
            None => (end, false),
            Some(Some(number)) => (number, false),
            Some(None) => (end, true),
        };
        Listener { feed: self.clone(), last: self.0.last.subscribe(), heard, has_missed }
    }
}

impl Ring {
    fn push(&mut self, changes: Arc<[Event]>) {
        let first = self.last + 1;
        self.last += changes.len() as u64;
        self.kept += changes.len();
        self.commits.push_back(Commit { first, changes });
        while self.kept > MAX_KEPT_CHANGES
            && let Some(oldest) = self.commits.pop_front()
        {
            self.kept -= oldest.changes.len();
        }
    }

    fn forget(&mut self) {
        self.commits.clear();
        self.kept = 0;
    }

    fn is_forgotten(&mut self, now: Timestamp) -> bool {
        let since = *self.idle_since.get_or_insert(now);
        now.seconds() - since.seconds() > RESUME_TIME.as_secs_f64()
    }

    /// Whether everything after this number is there.
    fn has_all_since(&self, number: u64) -> bool {
        let oldest = self.commits.front().map_or(self.last + 1, |commit| commit.first);
        number <= self.last && number + 1 >= oldest
    }

    fn since(&self, number: u64) -> Option<Vec<Commit>> {
        if !self.has_all_since(number) {
            return None;
        }
        let is_heard = |commit: &Commit| commit.first + commit.changes.len() as u64 <= number + 1;
        let heard = self.commits.partition_point(is_heard);
        Some(self.commits.iter().skip(heard).cloned().collect())
    }
}

/// Somebody who listens, until it is dropped.
#[derive(Debug)]
pub struct Listener {
    feed: Feed,
    last: watch::Receiver<u64>,
    heard: u64,
    has_missed: bool,
}

impl Listener {
    /// Up to where it has listened.
    pub fn position(&self) -> Position {
        Position { instance: self.feed.0.instance.clone(), number: self.heard }
    }

    /// What has happened since the last call; waits until there is something. None: more than is still known, and
    /// listening goes on from now.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn news(&mut self) -> Option<Vec<Commit>> {
        if !std::mem::take(&mut self.has_missed) {
            let heard = self.heard;
            // The other end lives as long as the feed.
            let _ = self.last.wait_for(|last| *last > heard).await;
            let ring = self.feed.0.ring.lock();
            self.heard = ring.last;
            return ring.since(heard);
        }
        None
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.feed.0.ring.lock().listeners -= 1;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use lightning_store_client::wire::{ResourcesEvent, WorkerEvent, WorkerStatus};

    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn change(version: i64) -> Event {
        Event::Resources(ResourcesEvent { resources_id: "rs-1".into(), version, seq: 0 })
    }

    fn publish(feed: &Feed, versions: std::ops::Range<i64>) {
        feed.publish(versions.map(change).collect(), at(1.0));
    }

    /// The versions that a listener hears of, or that it has missed some; none if there is nothing to hear.
    fn news(listener: &mut Listener) -> Option<Result<Vec<i64>, &'static str>> {
        let news = listener.news().now_or_never()?.ok_or("missed");
        Some(news.map(|commits| {
            let changes = commits.iter().flat_map(Commit::numbered);
            changes
                .map(|(_, event)| match event {
                    Event::Resources(event) => event.version,
                    other => panic!("{other:?}"),
                })
                .collect()
        }))
    }

    #[test]
    fn nothing_is_recorded_until_somebody_listens() {
        let feed = Feed::default();
        assert!(!feed.is_recording());
        publish(&feed, 0..3);
        let mut listener = feed.listen(None);
        assert!(feed.is_recording());
        assert_eq!(news(&mut listener), None);
        publish(&feed, 3..5);
        publish(&feed, 5..6);
        assert_eq!(news(&mut listener), Some(Ok(vec![3, 4, 5])));
        assert_eq!(news(&mut listener), None);
    }

    #[test]
    fn who_comes_back_in_time_misses_nothing() {
        let feed = Feed::default();
        let mut listener = feed.listen(None);
        publish(&feed, 0..2);
        assert_eq!(news(&mut listener), Some(Ok(vec![0, 1])));
        let position = listener.position();
        assert_eq!(position.to_string().parse(), Ok(position.clone()));
        drop(listener);
        publish(&feed, 2..4);
        let mut listener = feed.listen(Some(&position));
        publish(&feed, 4..5);
        // From within a commit, too.
        let within = Position { number: position.number + 1, ..position.clone() };
        let first = feed.listen(Some(&within)).news().now_or_never().unwrap().unwrap();
        assert_eq!(first.iter().flat_map(Commit::numbered).count(), 3);
        assert_eq!(news(&mut listener), Some(Ok(vec![2, 3, 4])));
    }

    #[test]
    fn who_comes_back_too_late_or_from_elsewhere_learns_it() {
        let feed = Feed::default();
        let listener = feed.listen(None);
        let position = listener.position();
        drop(listener);
        publish(&feed, 0..1);
        feed.publish(vec![change(1)], at(1.0 + RESUME_TIME.as_secs_f64()));
        assert!(feed.is_recording());
        feed.publish(vec![change(2)], at(2.0 + RESUME_TIME.as_secs_f64()));
        assert!(!feed.is_recording());
        let later = Position { number: position.number + 100, ..position.clone() };
        let elsewhere = Position { instance: "other".into(), ..position.clone() };
        for position in [position, later, elsewhere] {
            let mut listener = feed.listen(Some(&position));
            assert_eq!(news(&mut listener), Some(Err("missed")));
            publish(&feed, 7..8);
            assert_eq!(news(&mut listener), Some(Ok(vec![7])));
        }
    }

    #[test]
    fn who_listens_learns_of_what_nobody_has_heard() {
        let feed = Feed::default();
        let mut listener = feed.listen(None);
        publish(&feed, 0..1);
        feed.miss();
        assert_eq!(news(&mut listener), Some(Err("missed")));
        publish(&feed, 1..2);
        assert_eq!(news(&mut listener), Some(Ok(vec![1])));
    }

    #[test]
    fn a_position_from_before_a_pause_is_too_old_even_if_nothing_was_recorded_since() {
        let feed = Feed::default();
        let position = feed.listen(None).position();
        feed.publish(Vec::new(), at(1.0));
        feed.publish(Vec::new(), at(2.0 + RESUME_TIME.as_secs_f64()));
        assert!(!feed.is_recording());
        assert_eq!(news(&mut feed.listen(Some(&position))), Some(Err("missed")));
    }

    #[test]
    fn who_is_too_slow_learns_it_and_the_ring_stays_bounded() {
        let feed = Feed::default();
        let mut slow = feed.listen(None);
        let mut quick = feed.listen(None);
        let most = i64::try_from(MAX_KEPT_CHANGES).unwrap();
        publish(&feed, 0..most);
        assert_eq!(news(&mut quick).unwrap().unwrap().len(), MAX_KEPT_CHANGES);
        publish(&feed, 0..1);
        assert!(feed.0.ring.lock().kept <= MAX_KEPT_CHANGES);
        assert_eq!(news(&mut slow), Some(Err("missed")));
        assert_eq!(news(&mut quick), Some(Ok(vec![0])));
        // A commit that alone is too large is not kept at all.
        publish(&feed, 0..most + 1);
        assert_eq!(news(&mut quick), Some(Err("missed")));
        assert_eq!(feed.0.ring.lock().kept, 0);
        let idle = WorkerEvent {
            worker_id: "w".into(),
            status: WorkerStatus::Idle,
            current_rollout_id: None,
            current_attempt_id: None,
            seq: 0,
        };
        feed.publish(vec![Event::Worker(idle)], at(1.0));
        assert!(quick.news().now_or_never().unwrap().is_some());
    }
}
