//! The servers that are measured.

use std::path::{Path, PathBuf};

use lightning_store_e2e::server::{Launch, Server};

/// Which server is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The bare server, which stores nothing
    Limit,
    /// The server of this project, on a database file
    Store,
    /// The same on PostgreSQL, one of several
    Postgres,
    /// The server of the published Python package, in memory
    Python,
}

impl Target {
    /// Starts it, with its files in this folder.
    ///
    /// # Panics
    /// If it does not start.
    pub(crate) fn start(self, folder: &Path) -> Server {
        match self {
            Self::Limit => {
                let here = std::env::current_exe().expect("the path of this program");
                Launch::other(here).args(["limit-server"]).start()
            }
            Self::Store => Launch::sqlite(&folder.join("bench.db")).args(["--log-level", "warn"]).start(),
            Self::Postgres => unreachable!("started with its database"),
            Self::Python => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/reference_server.py");
                let python = python().expect("the interpreter");
                // Without this the package looks for a list of prices on the network first.
                let launch = Launch::other(python).env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
                launch.args([script]).start()
            }
        }
    }

    /// Whether it keeps what it is told.
    pub(crate) fn stores(self) -> bool {
        self != Self::Limit
    }

    /// How many rollouts are queued per second of measuring; when they are used up, measuring ends early.
    pub(crate) fn dequeues_per_second(self) -> u64 {
        match self {
            Self::Limit => 0,
            Self::Store => 24_000,
            Self::Postgres => 8_000,
            Self::Python => 1_500,
        }
    }
}

/// The interpreter of the environment with the published package.
pub(crate) fn python() -> Option<PathBuf> {
    let python = PathBuf::from(std::env::var_os("LIGHTNING_STORE_PYTHON")?);
    python.exists().then_some(python)
}
