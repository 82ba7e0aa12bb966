//! Waiting for something to do: who has come first is woken first, and only as many as there is work for.
//!
//! Whoever waits stands in line, asleep. One rule holds after every step: **as many are awake as rollouts wait in the
//! queue, as far as there is anybody**. Who is awake looks into the queue, and goes when it has found something or
//! goes back to its place and sleeps when it has not. So it does not matter why somebody leaves, be it that the client
//! has hung up on the way: if there is still work for it, the next one is woken in its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The line. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Queue(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    /// How many rollouts wait, by the last commit. Some may turn out to be stale, or taken by another server; looking finds
    /// out.
    queued: usize,
    /// How many times some have come.
    arrivals: u64,
    /// How many were woken and have neither gone nor gone back.
    awake: usize,
    sleeping: BTreeMap<u64, oneshot::Sender<()>>,
    next: u64,
}

/// What a commit says of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// So many places are taken now: one writer knows them all.
    Now(usize),
    /// So many came and so many went, by one of several writers.
    Moved(usize, usize),
    /// A look has found nothing, and began when [`Queue::arrivals`] was this number.
    Nothing(u64),
}

impl Default for Queued {
    fn default() -> Self {
        Self::Moved(0, 0)
    }
}

impl Line {
    fn sleep(&mut self, number: u64) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        self.sleeping.insert(number, wake);
        woken
    }

    fn wake(&mut self) {
        while self.awake < self.queued
            && let Some((_, wake)) = self.sleeping.pop_first()
        {
            self.awake += 1;
            // A place that is just being given up is still counted as awake until it is.
            let _ = wake.send(());
        }
    }
}

impl Queue {
    /// Goes to the end of the line.
    pub(super) fn join(&self) -> Place {
        let mut line = self.0.lock();
        let number = line.next;
        line.next += 1;
        let woken = line.sleep(number);
        // What waits already is found by the look that follows.
        drop(line);
        Place { queue: self.clone(), number, woken, is_awake: false }
    }

    /// How many stand in line.
    pub(super) fn waiting(&self) -> usize {
        let line = self.0.lock();
        line.awake + line.sleeping.len()
    }

    /// How many times rollouts have come: whoever finds nothing says since which time.
    pub(super) fn arrivals(&self) -> u64 {
        self.0.lock().arrivals
    }

    /// Something has become of the queue.
    pub(super) fn publish(&self, queued: Queued) {
        let mut line = self.0.lock();
        match queued {
            Queued::Now(queued) => line.queued = queued,
            Queued::Moved(came, went) => {
                line.arrivals += u64::from(came > 0);
                line.queued = (line.queued + came).saturating_sub(went);
            }
            Queued::Nothing(since) if since == line.arrivals => line.queued = 0,
            Queued::Nothing(_) => {}
        }
        line.wake();
    }
}

/// A place in the line, given up when it is dropped.
#[derive(Debug)]
pub struct Place {
    queue: Queue,
    number: u64,
    woken: oneshot::Receiver<()>,
    /// Whether the last wake-up was answered by a look.
    is_awake: bool,
}

impl Place {
    /// Sleeps until it is time to look into the queue: call it after a look that has found nothing.
    ///
    /// # Cancel safety
    /// Dropping the future loses no wake-up.
    pub async fn turn(&mut self) {
        if self.is_awake {
            self.is_awake = false;
            let mut line = self.queue.0.lock();
            line.awake -= 1;
            self.woken = line.sleep(self.number);
            line.wake();
        }
        // The other end is kept until it has sent.
        let _ = (&mut self.woken).await;
        self.is_awake = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut line = self.queue.0.lock();
        if line.sleeping.remove(&self.number).is_none() {
            line.awake -= 1;
        }
        line.wake();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn woken(places: &mut [Place]) -> Vec<bool> {
        places.iter_mut().map(|place| place.is_awake || place.turn().now_or_never().is_some()).collect()
    }

    #[test]
    fn as_many_are_woken_as_rollouts_wait_and_the_first_are_first() {
        let queue = Queue::default();
        let mut places: Vec<Place> = (0..4).map(|_| queue.join()).collect();
        assert_eq!(woken(&mut places), [false; 4]);
        queue.publish(Queued::Now(2));
        assert_eq!(woken(&mut places), [true, true, false, false]);
        queue.publish(Queued::Now(2));
        assert_eq!(woken(&mut places), [true, true, false, false]);
        queue.publish(Queued::Now(3));
        assert_eq!(woken(&mut places), [true, true, true, false]);
    }

    #[test]
    fn who_has_found_nothing_is_the_first_again() {
        let queue = Queue::default();
        let mut places: Vec<Place> = (0..2).map(|_| queue.join()).collect();
        queue.publish(Queued::Now(1));
        assert_eq!(woken(&mut places), [true, false]);
        // Somebody else was quicker.
        queue.publish(Queued::Now(0));
        assert!(places[0].turn().now_or_never().is_none());
        queue.publish(Queued::Now(1));
        assert_eq!(woken(&mut places), [true, false]);
        // Something new came while the first one was looking in vain.
        assert!(places[0].turn().now_or_never().is_some());
    }

    #[test]
    fn who_leaves_while_there_is_work_is_replaced() {
        let queue = Queue::default();
        let mut places: Vec<Place> = (0..4).map(|_| queue.join()).collect();
        drop(places.remove(1));
        queue.publish(Queued::Now(1));
        // Gone before it has noticed.
        drop(places.remove(0));
        assert_eq!(woken(&mut places), [true, false]);
        // Gone with what it has found.
        queue.publish(Queued::Now(0));
        drop(places.remove(0));
        assert_eq!(woken(&mut places), [false]);
        assert_eq!(queue.waiting(), 1);
        drop(places);
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn a_look_in_vain_puts_an_end_to_waking_unless_something_has_come_meanwhile() {
        let queue = Queue::default();
        let mut places: Vec<Place> = (0..2).map(|_| queue.join()).collect();
        queue.publish(Queued::Moved(3, 0));
        assert_eq!(woken(&mut places), [true, true]);
        // Another server has taken all of them.
        let before = queue.arrivals();
        queue.publish(Queued::Nothing(before));
        assert!(places[0].turn().now_or_never().is_none());
        let before = queue.arrivals();
        queue.publish(Queued::Moved(1, 0));
        queue.publish(Queued::Nothing(before));
        // Who has come first is woken in the place of the other one.
        assert!(places[1].turn().now_or_never().is_none());
        assert!(places[0].turn().now_or_never().is_some());
    }
}
