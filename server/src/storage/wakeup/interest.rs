//! Whether somebody looks at the dashboard, and up to where there are spans: what the projection of facts sleeps on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use lightning_store_client::wire::Timestamp;
use tokio::sync::{Notify, watch};

use crate::limits::INTEREST_TIME;

/// Who looks. Clones share it.
#[derive(Debug, Clone)]
pub struct Interest(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The key of the last span.
    spans: watch::Sender<i64>,
    /// When somebody has looked last, in microseconds since 1970.
    looked: AtomicI64,
    listeners: AtomicUsize,
    awakened: Notify,
}

impl Default for Interest {
    fn default() -> Self {
        Self(Arc::new(Shared {
            spans: watch::Sender::new(0),
            looked: AtomicI64::new(i64::MIN),
            listeners: AtomicUsize::new(0),
            awakened: Notify::new(),
        }))
    }
}

impl Interest {
    /// The last span has this key now.
    pub fn spans_are(&self, last: i64) {
        self.0.spans.send_if_modified(|known| std::mem::replace(known, last) != last);
    }

    /// The key of the last span, as it changes.
    pub fn spans(&self) -> watch::Receiver<i64> {
        self.0.spans.subscribe()
    }

    /// Somebody looks.
    pub fn looked(&self, now: Timestamp) {
        if !self.is_there(now) {
            self.0.awakened.notify_one();
        }
        self.0.looked.store(now.micros(), Ordering::Relaxed);
    }

    /// Somebody wants to hear of every change, until what is answered is dropped.
    pub fn listen(&self) -> Listening {
        self.0.listeners.fetch_add(1, Ordering::Relaxed);
        self.0.awakened.notify_one();
        Listening(self.clone())
    }

    /// Whether somebody listens, or has looked lately.
    pub fn is_there(&self, now: Timestamp) -> bool {
        let since = now.micros().saturating_sub(self.0.looked.load(Ordering::Relaxed));
        let lately = i64::try_from(INTEREST_TIME.as_micros()).unwrap_or(i64::MAX);
        self.0.listeners.load(Ordering::Relaxed) > 0 || since < lately
    }

    /// Waits until somebody looks after a time in which nobody did. For one task.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn awakened(&self) {
        self.0.awakened.notified().await;
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub struct Listening(Interest);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn somebody_is_there_while_it_listens_and_for_a_while_after_it_has_looked() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let interest = Interest::default();
        assert!(!interest.is_there(at(1.0)));
        let listening = interest.listen();
        assert!(interest.is_there(at(1.0)));
        drop(listening);
        assert!(!interest.is_there(at(1.0)));
        assert!(interest.awakened().now_or_never().is_some());
        interest.looked(at(2.0));
        assert!(interest.awakened().now_or_never().is_some());
        interest.looked(at(3.0));
        assert!(interest.awakened().now_or_never().is_none());
        assert!(interest.is_there(at(3.0)));
        assert!(!interest.is_there(at(4.0 + INTEREST_TIME.as_secs_f64())));
    }
}
