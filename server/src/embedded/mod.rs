//! The server inside another program: started in the background, stopped with it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use lightning_store_server::config::{Serve, StoreLocation};
//! use lightning_store_server::embedded::Embedded;
//!
//! let config = Serve { port: 0, store: StoreLocation::Memory, ..Serve::default() };
//! let server = Embedded::start(config).await?;
//! let store = server.handle(); // no HTTP between this program and its own store
//! println!("others reach it at {}", store.address());
//! assert_eq!(store.statistics().await?.total_rollouts, 0);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The server has a thread and a runtime of its own: a program that is busy, or that has no runtime at all, does not
//! hold it up. [`StoreHandle`] is what the program and its child processes use: see [`handle`].

pub mod handle;
pub mod route;

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::handle::StoreHandle;
use crate::app::{Server, StartError};
use crate::config::Serve;
use crate::http::page::Pages;

/// How long a start may take until the server answers.
pub const START_TIME: Duration = Duration::from_secs(10);

/// Why a server could not be started within another program. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// It could not be started at all: the port is taken, there is no permission, the store cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It was started and does not answer.
    #[error(
        "the server at {address} did not answer within {} s; see its log, and whether something keeps this program from \
         connecting to itself",
        START_TIME.as_secs()
    )]
    Unhealthy {
        /// Where it listens.
        address: SocketAddr,
    },
    /// Opening the store took too long.
    #[error("the store could not be opened within {} s; see the log", START_TIME.as_secs())]
    TimedOut,
    /// The system gives no thread.
    #[error("the server's thread could not be started: {0}; see the limits of this process (ulimit -u)")]
    Thread(#[from] io::Error),
    /// The store's own client cannot be made.
    #[error(transparent)]
    Client(#[from] lightning_store_client::ClientError),
    /// It ended while it was being started.
    #[error("the server's thread ended while it was being started; its log says why")]
    Ended,
}

/// A server that runs in this process, beside the program. Dropping it tells it to stop, without waiting for that.
#[derive(Debug)]
pub struct Embedded {
    handle: StoreHandle,
    address: SocketAddr,
    stop: CancellationToken,
    ended: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Starts a server in the background and waits until it answers, [`START_TIME`] at the most.
    ///
    /// Runs under any executor. The options for logs are not looked at: the program decides where its logs go.
    ///
    /// # Errors
    /// [`EmbeddedError`]; its text says what to do.
    ///
    /// # Cancel safety
    /// When the future is dropped, the server stops again.
    pub async fn start(config: Serve) -> Result<Self, EmbeddedError> {
        let starting = Starting::launch(config)?;
        let outcome = starting.outcome.await;
        Self::take_up(outcome, starting.stop, starting.ended, starting.thread)
    }

    /// The same for programs without an executor. Must not be called from asynchronous code.
    ///
    /// # Errors
    /// [`EmbeddedError`]; its text says what to do.
    pub fn start_blocking(config: Serve) -> Result<Self, EmbeddedError> {
        let starting = Starting::launch(config)?;
        let outcome = starting.outcome.blocking_recv();
        Self::take_up(outcome, starting.stop, starting.ended, starting.thread)
    }

    fn take_up(
        outcome: Result<Result<Started, EmbeddedError>, oneshot::error::RecvError>,
        stop: DropGuard,
        ended: watch::Receiver<bool>,
        thread: JoinHandle<()>,
    ) -> Result<Self, EmbeddedError> {
        let Started { address, handle } = outcome.unwrap_or(Err(EmbeddedError::Ended))?;
        Ok(Self { handle, address, stop: stop.disarm(), ended, thread: Mutex::new(Some(thread)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The store, for this program and, serialised, for its child processes.
    pub fn handle(&self) -> StoreHandle {
        self.handle.clone()
    }

    /// Waits until the server has ended, whoever stopped it.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn run_forever(&self) {
        // An error means that the thread is gone.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Stops it: nothing new is accepted, running requests get [`DRAIN_TIME`](crate::limits::DRAIN_TIME) and are cut
    /// off then, and the store is
    /// closed. Does nothing if it has ended already.
    ///
    /// # Cancel safety
    /// Once polled, the server stops also when the future is dropped.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.run_forever().await;
        // It has said that it is done: there is nothing left to wait for.
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the server's thread panicked");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A thread that is starting a server.
struct Starting {
    outcome: oneshot::Receiver<Result<Started, EmbeddedError>>,
    stop: DropGuard,
    ended: watch::Receiver<bool>,
    thread: JoinHandle<()>,
}

struct Started {
    address: SocketAddr,
    handle: StoreHandle,
}

impl Starting {
    fn launch(config: Serve) -> Result<Self, EmbeddedError> {
        let (started, outcome) = oneshot::channel();
        let (ending, ended) = watch::channel(false);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("lightning-store".to_owned()).spawn(move || {
            serve(config, started, &stopped);
            // Whoever asked may have gone.
            let _ = ending.send(true);
        })?;
        Ok(Self { outcome, stop: stop.drop_guard(), ended, thread })
    }
}

/// The thread: a runtime, the server on it, and a look whether it answers.
fn serve(config: Serve, started: oneshot::Sender<Result<Started, EmbeddedError>>, stop: &CancellationToken) {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .thread_name("lightning-store-io")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error.into()))),
    };
    runtime.block_on(async {
        // On a task of its own, as opening a store may block.
        let opening = tokio::spawn(async move { Server::start(&config, Pages::plain()).await });
        let server = match tokio::time::timeout(START_TIME, opening).await {
            Ok(Ok(Ok(server))) => server,
            Ok(Ok(Err(error))) => return drop(started.send(Err(error.into()))),
            Ok(Err(_)) => return drop(started.send(Err(EmbeddedError::Ended))),
            Err(_) => return drop(started.send(Err(EmbeddedError::TimedOut))),
        };
        let address = server.address();
        let (handle, registration) = match StoreHandle::owned(server.app(), address) {
            Ok(owned) => owned,
            Err(error) => return drop(started.send(Err(error.into()))),
        };
        let running = tokio::spawn(server.run(stop.clone().cancelled_owned()));
        let outcome = if handle::answers(address).await {
            Ok(Started { address, handle })
        } else {
            stop.cancel();
            Err(EmbeddedError::Unhealthy { address })
        };
        if started.send(outcome).is_err() {
            // Nobody is there to use it.
            stop.cancel();
        }
        if running.await.is_err() {
            tracing::error!("the server panicked");
        }
        drop(registration);
    });
    // What still runs had its time.
    runtime.shutdown_timeout(Duration::from_secs(1));
}
