//! The command line. Every option has a variable that stands for it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::http::page::PublicPath;
use crate::limits::{Limits, POSTGRES_CONNECTIONS};
use crate::storage::postgres::Address;

/// A durable store for agent training by reinforcement learning.
///
/// Keeps rollouts, attempts, spans and resources, and speaks the protocol of the Python package agentlightning. Without
/// a command it serves.
#[derive(Debug, Parser)]
#[command(name = "lightning-store", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Point a Python program at it with agl.LightningStoreClient(\"http://127.0.0.1:4747\")."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What `serve` takes.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the store over HTTP until SIGTERM or Ctrl-C.
    Serve(Serve),

    /// Look around: serve a store that is filled with a believable training run.
    ///
    /// An agent that solves maths problems and one that writes SQL were trained over the past hours by 12 workers: some
    /// 400 rollouts with attempts, traces and rewards that get better, failures of every kind, prompts in several
    /// versions, and one trace of 10,000 spans. The store is in memory unless --store says otherwise, and must not hold
    /// rollouts of anybody else.
    #[command(mut_arg("store", |store| store.default_value("memory")))]
    Demo(Demo),
}

/// How to show a training run.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Let the run go on: rollouts come, are worked on, send spans one by one, succeed and fail, until the server is
    /// stopped. Without it nothing moves but the signs of life of the workers.
    #[arg(long, env = "LIGHTNING_STORE_DEMO_LIVE")]
    pub live: bool,

    /// Another number makes another run; the same one makes the same run again, but for the ids of rollouts and attempts.
    #[arg(long, env = "LIGHTNING_STORE_DEMO_SEED", default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,

    /// How many rollouts there have been. From 50 on, so that every case is there.
    #[arg(
        long,
        env = "LIGHTNING_STORE_DEMO_ROLLOUTS",
        default_value_t = 400,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(50..=20_000)
    )]
    pub rollouts: u32,

    /// What `serve` takes.
    #[command(flatten)]
    pub serve: Serve,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Address to listen on. Whoever can reach it can read and change everything: there is no authentication yet.
    #[arg(long, env = "LIGHTNING_STORE_HOST", default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub host: IpAddr,

    /// Port to listen on; 0 takes a free one, which the ready line names.
    #[arg(long, env = "LIGHTNING_STORE_PORT", default_value_t = 4747, value_name = "PORT")]
    pub port: u16,

    /// Where to keep the data: `sqlite:PATH` for a file, `postgres://USER:PASSWORD@HOST/DATABASE` for a database that any
    /// number of servers share, `memory` for nothing that lasts.
    #[arg(
        long,
        env = "LIGHTNING_STORE_STORE",
        default_value = "sqlite:./lightning-store.db",
        value_name = "STORE"
    )]
    pub store: StoreLocation,

    /// Most connections to PostgreSQL: so many transactions run at a time. One more carries what servers tell each other.
    /// Together with those of the other servers they must be fewer than PostgreSQL's `max_connections`.
    #[arg(
        long,
        env = "LIGHTNING_STORE_POSTGRES_CONNECTIONS",
        default_value_t = POSTGRES_CONNECTIONS,
        value_name = "COUNT",
        value_parser = postgres_connections
    )]
    pub postgres_connections: usize,

    /// Origin from which browsers may use the store, such as `http://localhost:3000`, or `*` for any. May be repeated; in
    /// the variable, separate with commas. None: no other origin.
    #[arg(long, env = "LIGHTNING_STORE_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub cors_origin: Vec<String>,

    /// Serve no dashboard, only the API and a plain page.
    #[arg(long, env = "LIGHTNING_STORE_NO_DASHBOARD")]
    pub no_dashboard: bool,

    /// Path below which the dashboard is seen from the outside, such as `/store`, if a proxy takes it off requests. Default:
    /// what the proxy says in `X-Forwarded-Prefix`, else `/`.
    #[arg(long, env = "LIGHTNING_STORE_PUBLIC_PATH", value_name = "PATH")]
    pub public_path: Option<PublicPath>,

    /// How much to log to stderr: error, warn, info, debug or trace, or a filter such as
    /// `info,lightning_store_server::storage=debug`.
    #[arg(long, env = "LIGHTNING_STORE_LOG_LEVEL", default_value = "info", value_name = "LEVEL", value_parser = log_level)]
    pub log_level: String,

    /// Log every request: method, route, status, duration, peer and request id. Never bodies.
    #[arg(long, env = "LIGHTNING_STORE_ACCESS_LOG")]
    pub access_log: bool,

    /// Form of the log: text for people, json for machines (one object per line).
    #[arg(long, env = "LIGHTNING_STORE_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,

    /// The bounds that can be set.
    #[command(flatten)]
    pub limits: Limits,
}

/// What the command line means when it says nothing, whatever the environment says.
impl Default for Serve {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 4747,
            store: StoreLocation::Sqlite("./lightning-store.db".into()),
            postgres_connections: POSTGRES_CONNECTIONS,
            cors_origin: Vec::new(),
            no_dashboard: false,
            public_path: None,
            log_level: "info".to_owned(),
            access_log: false,
            log_format: LogFormat::Text,
            limits: Limits::default(),
        }
    }
}

/// Where the data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// In an SQLite file.
    Sqlite(PathBuf),
    /// In memory, gone with the process.
    Memory,
    /// In a PostgreSQL database.
    Postgres(Address),
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Memory => f.write_str("memory"),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

impl FromStr for StoreLocation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => text.parse().map(Self::Postgres),
            None if text == "memory" => Ok(Self::Memory),
            _ => Err("expected sqlite:PATH, postgres://… or memory".to_owned()),
        }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object per line.
    Json,
}

fn postgres_connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 2..=10_000) => Ok(count),
        _ => Err("expected a number from 2 to 10000".to_owned()),
    }
}

fn log_level(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        // The environment of the test may set some of them.
        let command = <Cli as clap::CommandFactory>::command().mut_args(|argument| argument.env(None));
        let matches = command.try_get_matches_from(["lightning-store"]).unwrap();
        let parsed = <Serve as clap::FromArgMatches>::from_arg_matches(&matches).unwrap();
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Serve::default()));
    }
}
