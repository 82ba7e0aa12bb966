//! Operations that go wrong, and more of them than the store can hold.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};

use lightning_store_client::wire::{RolloutConfig, RolloutId, Timestamp};
use lightning_store_server::service::next_sequence_id::next_sequence_id;
use lightning_store_server::storage::error::{StorageFailure, StoreError};
use lightning_store_server::storage::tx::{Operation, Tx};

use crate::fixture::{Fixture, ids, taken};

crate::sentences! {
    an_operation_that_panics_fails_alone_and_leaves_nothing,
    a_batch_that_fails_does_not_lose_the_checks_it_took,
    a_closed_store_refuses_everything,
}

mod one_writer {
    use super::more_operations_than_can_wait_are_refused_and_the_others_are_carried_out;

    crate::sentences_of_one_writer! {
        more_operations_than_can_wait_are_refused_and_the_others_are_carried_out,
    }
}

/// Takes a rollout and then falls over.
struct Broken;

impl Operation for Broken {
    const NAME: &'static str = "broken";
    type Output = ();

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<(), StoreError> {
        tx.claim_queued(1).await?;
        tx.claim_due(10).await?;
        panic!("on purpose");
    }
}

async fn an_operation_that_panics_fails_alone_and_leaves_nothing(f: Fixture) {
    let queued = ids(&f.enqueue(2).await);
    let broken = f.store.transact(Broken).await;
    assert!(matches!(broken, Err(StoreError::Storage(StorageFailure::Panicked))));
    assert_eq!(taken(&f.dequeue(10, None).await), queued);
}

async fn a_batch_that_fails_does_not_lose_the_checks_it_took(f: Fixture) {
    let config = RolloutConfig { timeout_seconds: Some(1.0), ..RolloutConfig::default() };
    f.started(config, None).await;
    f.advance(2.0);
    assert!(f.store.transact(Broken).await.is_err());
    assert_eq!(f.store.transact(lightning_store_server::service::watchdog::Check).await.unwrap(), 1);
}

/// Holds the store up until it is told to go on.
struct HoldUp {
    held: Arc<AtomicBool>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Operation for HoldUp {
    const NAME: &'static str = "hold_up";
    type Output = Timestamp;

    async fn run<T: Tx>(&self, tx: &mut T) -> Result<Timestamp, StoreError> {
        self.held.store(true, Ordering::SeqCst);
        // Here nothing may wait; but this is the point of it.
        let _ = self.go_on.lock().unwrap().recv();
        Ok(tx.now())
    }
}

async fn more_operations_than_can_wait_are_refused_and_the_others_are_carried_out(f: Fixture) {
    let (go_on, told) = mpsc::channel();
    let held = Arc::new(AtomicBool::new(false));
    let operation = HoldUp { held: held.clone(), go_on: Mutex::new(told) };
    let store = f.store.clone();
    let holding = tokio::spawn(async move { store.transact(operation).await });
    while !held.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    let limit = lightning_store_server::limits::MAX_WAITING_WRITES;
    let (mut waiting, mut refused) = (Vec::new(), 0);
    for _ in 0..limit + 10 {
        let mut call = Box::pin(next_sequence_id(&f.store, RolloutId::from("ro-none")));
        // Asked once, an operation waits in the channel or is refused.
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => waiting.push(call),
            Poll::Ready(Err(StoreError::Overloaded { limit: named })) => {
                assert_eq!(named, limit);
                refused += 1;
            }
            Poll::Ready(other) => panic!("{other:?}"),
        }
    }
    go_on.send(()).unwrap();
    let mut done = 0;
    for call in waiting {
        call.await.unwrap();
        done += 1;
    }
    assert_eq!((done, refused), (limit, 10));
    holding.await.unwrap().unwrap();
}

async fn a_closed_store_refuses_everything(f: Fixture) {
    f.store.close().await;
    assert!(matches!(f.store.totals().await, Err(StoreError::Closed)));
    assert!(matches!(f.store.transact(Broken).await, Err(StoreError::Closed)));
    f.store.close().await;
}
