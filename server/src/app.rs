//! From a configuration to a server that runs and ends well.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use lightning_store_client::wire::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, SystemClock};
use crate::config::{Serve, StoreLocation};
use crate::connection::{self, Gate};
use crate::http::App;
use crate::http::cors::Cors;
use crate::http::page::Pages;
use crate::limits::DRAIN_TIME;
use crate::service::{projection, watchdog};
use crate::storage::error::StoreError;
use crate::storage::sqlite::OpenError;
use crate::storage::{Store, postgres};

/// What handlers share.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When the server was started.
    pub started: Timestamp,
    /// Given when the server is to stop: whoever waits for something answers with what there is.
    pub stop: CancellationToken,
}

/// Why a server could not be started. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database could not be opened.
    #[error(transparent)]
    Postgres(#[from] postgres::OpenError),
    /// The store could not be read.
    #[error(
        "the store {store} could not be taken up: {source}; see the lines before, and restore it from a copy if it is damaged"
    )]
    Resume {
        /// Where it is kept.
        store: StoreLocation,
        /// Why not.
        source: StoreError,
    },
    /// Another program listens there.
    #[error("{0} is already in use; stop the program that listens there, or choose another port with --port")]
    AddressInUse(SocketAddr),
    /// It is not ours to listen there.
    #[error("no permission to listen on {0}; choose a port from 1024 up with --port")]
    NoPermission(SocketAddr),
    /// Anything else that keeps us from listening.
    #[error("cannot listen on {address}: {source}; choose another address with --host and --port")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// An origin that no browser can send.
    #[error("--cors-origin {0:?} is no origin; give one such as http://localhost:3000, or *")]
    Origin(String),
}

/// A server whose store is open, before it takes up what went on in it.
#[derive(Debug)]
pub struct Opened {
    server: Server,
    location: StoreLocation,
}

impl Opened {
    /// Its store, as it was left.
    pub fn store(&self) -> &Store {
        &self.server.state.store
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.server.state.clock
    }

    /// Takes up what went on in the store.
    ///
    /// # Errors
    /// [`StartError::Resume`]
    pub async fn resume(self) -> Result<Server, StartError> {
        let Self { server, location } = self;
        let resumed = server.state.store.transact(watchdog::Resume).await;
        resumed.map_err(|source| StartError::Resume { store: location, source })?;
        Ok(server)
    }
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: AppState,
    app: App,
    gate: Arc<Gate>,
}

impl Server {
    /// Opens the store, takes up what went on in it, and binds the address. Paths that are no route are answered with
    /// `pages`.
    ///
    /// # Errors
    /// [`StartError`]; its text says what to do.
    pub async fn start(config: &Serve, pages: Pages) -> Result<Self, StartError> {
        Self::open(config, pages).await?.resume().await
    }

    /// Opens the store and binds the address, for programs that have something to do before the store is served.
    ///
    /// # Errors
    /// [`StartError`]; its text says what to do.
    pub async fn open(config: &Serve, pages: Pages) -> Result<Opened, StartError> {
        let cors = Cors::new(&config.cors_origin).map_err(StartError::Origin)?;
        raise_file_limit();
        // The address first: a second server on the same one should say so, whatever its database.
        let address = SocketAddr::new(config.host, config.port);
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressInUse(address),
            io::ErrorKind::PermissionDenied => StartError::NoPermission(address),
            _ => StartError::Listen { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let mut clock: Arc<dyn Clock> = SystemClock::start();
        let keep = config.limits.keep();
        let store = match &config.store {
            StoreLocation::Sqlite(path) => Store::sqlite(path, clock.clone(), keep)?,
            StoreLocation::Memory => Store::memory(clock.clone(), keep)?,
            StoreLocation::Postgres(address) => {
                let source = postgres::Source::Database(clock.clone());
                let opened =
                    postgres::PostgresStore::open(address.clone(), config.postgres_connections, source, keep)
                        .await?;
                // All servers go by one clock.
                clock = opened.clock();
                Store::Postgres(opened)
            }
        };
        let state = AppState { store, started: clock.now(), clock, stop: CancellationToken::new() };
        let app = App::new(state.clone(), cors, config.limits, config.access_log, pages);
        let server = Self { listener, address, state, app, gate: Gate::new(config.limits) };
        Ok(Opened { server, location: config.store.clone() })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What answers its requests, for a program that asks without a socket.
    pub fn app(&self) -> App {
        self.app.clone()
    }

    /// Answers requests until `shutdown`, then stops: nothing new is accepted, waits are answered with what there is,
    /// running requests get [`DRAIN_TIME`], and the store is closed.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, state, app, gate, .. } = self;
        let timer = tokio::spawn(watchdog::run(state.store.clone(), state.clock.clone(), state.stop.clone()));
        let projecting =
            tokio::spawn(projection::run(state.store.clone(), state.clock.clone(), state.stop.clone()));
        let connections = TaskTracker::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut shutdown => break,
            };
            match accepted {
                Ok((stream, peer)) => match gate.enter(peer.ip()) {
                    Ok(pass) => {
                        let served = connection::serve(stream, peer, app.clone(), state.stop.clone());
                        connections.spawn(async move {
                            served.await;
                            drop(pass);
                        });
                    }
                    Err(reason) => {
                        tracing::warn!(%peer, reason, "a connection was refused");
                        tokio::spawn(async move {
                            connection::refuse(stream, "503 Service Unavailable", &reason).await;
                        });
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, most likely: some may be free in a moment.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        tracing::info!(connections = connections.len(), "stopping");
        state.stop.cancel();
        connections.close();
        if tokio::time::timeout(DRAIN_TIME, connections.wait()).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "some requests were still running and are cut off"
            );
        }
        if timer.await.is_err() {
            tracing::error!("the watchdog panicked");
        }
        if projecting.await.is_err() {
            tracing::error!("the projection of facts panicked");
        }
        state.store.close().await;
        tracing::info!("stopped");
    }
}

/// Every connection is a file to the system, which often allows few by default.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit of open files could not be raised; many connections may fail");
    }
}
