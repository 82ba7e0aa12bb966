//! One handle on a store, good in every process.
//!
//! In the process that owns the server, calls go straight to it: through the same routes, without a socket. A handle
//! that is serialised carries only the address, the owner and how calls are repeated, never connections or state; in
//! another process it is a client over HTTP.
//!
//! ```no_run
//! # async fn example(server: lightning_store_server::embedded::Embedded) -> Result<(), Box<dyn std::error::Error>> {
//! use lightning_store_server::embedded::StoreHandle;
//!
//! // The owner hands it to a child process, in whatever way they talk …
//! let text = serde_json::to_string(&server.handle())?;
//! // … and the child takes it up.
//! let store: StoreHandle = serde_json::from_str(&text)?;
//! store.health().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A process that was *forked* from the owner without a new program has the owner's memory but not its threads, so there
//! is nobody to answer it. The handle notices the foreign process id and says so; children must be spawned.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{LazyLock, Weak};
use std::time::Duration;

use lightning_store_client::transport::native::Native;
use lightning_store_client::{Client, ClientError, RetryPolicy};
use parking_lot::Mutex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::START_TIME;
use super::route::{Local, Route};
use crate::http::App;

/// The servers of this process that run, by the address that handles carry.
static RUNNING: LazyLock<Mutex<HashMap<String, Weak<Local>>>> = LazyLock::new(Mutex::default);

/// A store that may be in this process or elsewhere: all methods are those of [`Client`]. Clones share it.
///
/// Calls in the owner's process work under any executor; in other processes they need a tokio runtime.
#[derive(Debug, Clone)]
pub struct StoreHandle {
    client: Client<Route>,
    passport: Passport,
}

/// What crosses the border between processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Passport {
    /// Where the server listens: `http://127.0.0.1:4747`
    address: String,
    /// The process that owns the server.
    owner: u32,
    /// How calls are repeated.
    retry: Retry,
}

/// [`RetryPolicy`] in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Retry {
    delays: Vec<f64>,
    probe_delays: Vec<f64>,
    jitter: f64,
    max_retry_after: f64,
}

impl From<&RetryPolicy> for Retry {
    fn from(policy: &RetryPolicy) -> Self {
        let seconds = |delays: &[Duration]| delays.iter().map(Duration::as_secs_f64).collect();
        Self {
            delays: seconds(&policy.delays),
            probe_delays: seconds(&policy.probe_delays),
            jitter: policy.jitter,
            max_retry_after: policy.max_retry_after.as_secs_f64(),
        }
    }
}

impl From<&Retry> for RetryPolicy {
    fn from(retry: &Retry) -> Self {
        let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Self {
            delays: retry.delays.iter().copied().map(duration).collect(),
            probe_delays: retry.probe_delays.iter().copied().map(duration).collect(),
            jitter: retry.jitter,
            max_retry_after: duration(retry.max_retry_after),
        }
    }
}

impl StoreHandle {
    /// The handle of a server of this process. The guard ends with the server.
    pub(super) fn owned(app: App, address: SocketAddr) -> Result<(Self, Registration), ClientError> {
        let local = Local::new(app);
        let address = url(address);
        RUNNING.lock().insert(address.clone(), std::sync::Arc::downgrade(&local));
        let registration = Registration(address.clone());
        let passport =
            Passport { address, owner: std::process::id(), retry: Retry::from(&RetryPolicy::default()) };
        Ok((Self::new(Route::Local(local), passport)?, registration))
    }

    fn new(route: Route, passport: Passport) -> Result<Self, ClientError> {
        let client =
            Client::builder(&passport.address).retry(RetryPolicy::from(&passport.retry)).build(route)?;
        Ok(Self { client, passport })
    }

    fn admitted(passport: Passport) -> Result<Self, ClientError> {
        let local = RUNNING.lock().get(&passport.address).and_then(Weak::upgrade);
        let route = match local.filter(|_| passport.owner == std::process::id()) {
            Some(local) => Route::Local(local),
            None => Route::Remote(Native::new()?),
        };
        Self::new(route, passport)
    }

    /// The same store, with another way of repeating calls.
    ///
    /// # Errors
    /// As for the client's builder.
    pub fn with_retry(&self, policy: &RetryPolicy) -> Result<Self, ClientError> {
        let passport = Passport { retry: Retry::from(policy), ..self.passport.clone() };
        Self::new(self.client.transport().clone(), passport)
    }

    /// Where others reach the store: `http://127.0.0.1:4747`.
    pub fn address(&self) -> &str {
        &self.passport.address
    }

    /// The process that owns the server.
    pub fn owner(&self) -> u32 {
        self.passport.owner
    }

    /// Whether calls stay within this process.
    pub fn is_local(&self) -> bool {
        matches!(self.client.transport(), Route::Local(_))
    }
}

impl Deref for StoreHandle {
    type Target = Client<Route>;

    fn deref(&self) -> &Client<Route> {
        &self.client
    }
}

impl Serialize for StoreHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.passport.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StoreHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::admitted(Passport::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// As long as this is there, handles that come back to the owner's process go straight to the server.
#[derive(Debug)]
pub(super) struct Registration(String);

impl Drop for Registration {
    fn drop(&mut self) {
        RUNNING.lock().remove(&self.0);
    }
}

/// Where a process on this machine reaches a server that listens there.
fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}

/// Whether the server that listens there answers over a socket, within [`START_TIME`].
pub(super) async fn answers(address: SocketAddr) -> bool {
    const PAUSE: Duration = Duration::from_millis(20);
    let Ok(native) = Native::new() else { return false };
    let client = Client::builder(url(address)).retry(RetryPolicy::never()).build(native);
    let Ok(client) = client else { return false };
    let answered = async {
        while client.health().await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(START_TIME, answered).await.is_ok()
}
