//! Measures the server: operations per second, latency, and what an operation costs the server's CPU.
//!
//! `bench [--connections 16,64] [--seconds 2] [--rounds 3] [--scenarios enqueue,otlp] [--python-rounds 1] [--no-python]`
//! starts the real binary on a database beside itself, so on a disk and not in memory, for each scenario anew. In turn it
//! measures two others, since only ratios of one run can be compared between machines:
//!
//! - *limit*, a bare server that reads and writes the same bodies and stores nothing;
//! - *python*, the server of the published package, in memory: in one round and at 16 connections only, as it is slow.
//!   `LIGHTNING_STORE_PYTHON` names the interpreter.
//!
//! Figures are medians of the rounds, printed as a Markdown table. A second one shows how soon those who wait are told
//! (`--scenarios delays` for that alone), a third one several servers on PostgreSQL (`--scenarios postgres`).
//!
//! - `load` drives connections, `scenario` says with which `requests`, whose contents are in `bodies`;
//! - `delays` measures how soon those who wait are told, `postgres` several servers on one database;
//! - `target` starts the servers, `limit` is the bare one, `cpu` reads what they use; `table` prints.

mod bodies;
mod cpu;
mod delays;
mod limit;
mod load;
mod postgres;
mod requests;
mod scenario;
mod table;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use lightning_store_e2e::server::Server;
use tempfile::TempDir;

use crate::load::Measured;
use crate::scenario::Scenario;
use crate::table::{Round, Row};
use crate::target::Target;

/// Where the Python server is measured: more connections make it no faster.
const PYTHON_CONNECTIONS: usize = 16;

/// The name of the second table on the command line.
const DELAYS: &str = "delays";

/// The name of the third one.
const POSTGRES: &str = "postgres";

struct Options {
    connections: Vec<usize>,
    scenarios: Vec<Scenario>,
    delays: bool,
    postgres: bool,
    time: Duration,
    rounds: usize,
    python_rounds: usize,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        connections: vec![16, 64],
        scenarios: Scenario::ALL.to_vec(),
        delays: true,
        postgres: true,
        time: Duration::from_secs(2),
        rounds: 3,
        python_rounds: 1,
    };
    while let Some(argument) = arguments.next() {
        if argument == "--no-python" {
            options.python_rounds = 0;
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        let fault = |what: &str| format!("{argument}: {value} is not {what}");
        let number = || value.parse().ok().filter(|&number| number > 0).ok_or_else(|| fault("a number"));
        match argument.as_str() {
            "--connections" => {
                let numbers = value.split(',').map(|number| number.parse().ok().filter(|&number| number > 0));
                options.connections =
                    numbers.collect::<Option<_>>().ok_or_else(|| fault("a list of numbers"))?;
            }
            "--scenarios" => {
                options.delays = value.split(',').any(|name| name == DELAYS);
                options.postgres = value.split(',').any(|name| name == POSTGRES);
                let scenarios = value.split(',').filter(|name| ![DELAYS, POSTGRES].contains(name));
                let scenarios = scenarios.map(Scenario::named);
                options.scenarios = scenarios.collect::<Option<_>>().ok_or_else(|| {
                    let names = Scenario::ALL.map(Scenario::name).join(",");
                    fault(&format!("a list of some of {names},{DELAYS},{POSTGRES}"))
                })?;
            }
            "--seconds" => options.time = Duration::from_secs(value.parse().map_err(|_| fault("a number"))?),
            "--rounds" => options.rounds = number()?,
            "--python-rounds" => options.python_rounds = number()?,
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    if options.python_rounds > 0 && target::python().is_none() {
        return Err(
            "LIGHTNING_STORE_PYTHON names no interpreter: run `make bench`, or add --no-python".into()
        );
    }
    Ok(options)
}

/// A folder on the disk beside this program, not in memory.
fn folder() -> TempDir {
    let here = std::env::current_exe().expect("the path of this program");
    let folder = here.parent().map_or_else(|| PathBuf::from("."), PathBuf::from);
    tempfile::tempdir_in(folder).expect("a folder beside this program")
}

async fn measured(target: Target, scenario: Scenario, connections: usize, time: Duration) -> Measured {
    let folder = folder();
    let server = target.start(folder.path());
    let requests = scenario.prepare((target, &server), connections, time).await;
    let servers = [server];
    let measured = load::run(&servers, None, requests, time).await;
    servers.into_iter().for_each(Server::kill);
    measured
}

/// Measures each server once, in an order that changes from round to round.
async fn measured_round(options: &Options, scenario: Scenario, connections: usize, round: usize) -> Round {
    eprintln!("{} with {connections} connections, round {round}", scenario.name());
    let measure = |target| measured(target, scenario, connections, options.time);
    let (limit, store) = if round % 2 == 1 {
        let limit = measure(Target::Limit).await;
        (limit, measure(Target::Store).await)
    } else {
        let store = measure(Target::Store).await;
        (measure(Target::Limit).await, store)
    };
    let with_python = connections == PYTHON_CONNECTIONS && round <= options.python_rounds;
    let python = if with_python { Some(measure(Target::Python).await) } else { None };
    Round { limit, store, python }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq("limit-server").is_some() {
        // This runtime only drives the load, so the bare server gets a full one of its own.
        std::thread::spawn(limit::serve).join().expect("the bare server runs until it is killed");
        return;
    }
    let options = match options(arguments) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::exit(2);
        }
    };
    let mut rows = Vec::new();
    for &connections in &options.connections {
        for &scenario in &options.scenarios {
            let mut rounds = Vec::new();
            for round in 1..=options.rounds {
                rounds.push(measured_round(&options, scenario, connections, round).await);
            }
            rows.push(Row { scenario: scenario.name(), connections, rounds });
        }
    }
    if !rows.is_empty() {
        println!("{}", table::markdown(&rows));
    }
    if options.delays {
        let folder = folder();
        println!("{}", delays::table(&Target::Store.start(folder.path())).await);
    }
    if options.postgres {
        println!("{}", postgres::table(options.time, options.rounds).await);
    }
}
