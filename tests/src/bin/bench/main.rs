//! Measures the server: operations per second, latency, and what an operation costs the server's CPU.
//!
//! `bench [--connections 16,64] [--seconds 5] [--rounds 3] [--scenarios enqueue,dequeue,span,health]` starts the real
//! binary on a database beside itself, so on a disk and not in memory, for each scenario anew. In turn it measures
//! `limit`, a bare server that reads and writes the same bodies and stores nothing, since only ratios of one run can be
//! compared between machines. Figures are medians of the rounds, printed as a Markdown table.
//!
//! - `load` drives connections, `scenario` says with which requests, `cpu` reads the server's CPU time;
//! - `limit` is the bare server, which runs as a child process too; `table` prints.

mod cpu;
mod limit;
mod load;
mod scenario;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use lightning_store_e2e::server::{Launch, Server};

use crate::load::Measured;
use crate::scenario::Scenario;
use crate::table::Row;

struct Options {
    connections: Vec<usize>,
    scenarios: Vec<Scenario>,
    time: Duration,
    rounds: usize,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        connections: vec![16, 64],
        scenarios: Scenario::ALL.to_vec(),
        time: Duration::from_secs(5),
        rounds: 3,
    };
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        let fault = |what: &str| format!("{argument}: {value} is not {what}");
        match argument.as_str() {
            "--connections" => {
                let numbers = value.split(',').map(|number| number.parse().ok().filter(|&number| number > 0));
                options.connections =
                    numbers.collect::<Option<_>>().ok_or_else(|| fault("a list of numbers"))?;
            }
            "--scenarios" => {
                let scenarios = value.split(',').map(Scenario::named);
                options.scenarios =
                    scenarios.collect::<Option<_>>().ok_or_else(|| fault("a list of scenarios"))?;
            }
            "--seconds" => options.time = Duration::from_secs(value.parse().map_err(|_| fault("a number"))?),
            "--rounds" => options.rounds = value.parse().map_err(|_| fault("a number"))?,
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    Ok(options)
}

/// Which server is measured.
#[derive(Clone, Copy)]
enum Target {
    Limit,
    Store,
}

async fn measured(target: Target, scenario: Scenario, connections: usize, time: Duration) -> Measured {
    let here = std::env::current_exe().expect("the path of this program");
    let folder = here.parent().map_or_else(|| PathBuf::from("."), PathBuf::from);
    let folder = tempfile::tempdir_in(folder).expect("a folder beside this program");
    let server: Server = match target {
        Target::Limit => Launch::other(here).args(["limit-server"]).start(),
        Target::Store => {
            Launch::sqlite(&folder.path().join("bench.db")).args(["--log-level", "warn"]).start()
        }
    };
    let requests = scenario.prepare(&server, connections, time).await;
    let measured = load::run(&server, requests, time).await;
    server.kill();
    measured
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
                eprintln!("{} with {connections} connections, round {round}", scenario.name());
                let limit = measured(Target::Limit, scenario, connections, options.time).await;
                let store = measured(Target::Store, scenario, connections, options.time).await;
                rounds.push((limit, store));
            }
            rows.push(Row::new(scenario.name(), connections, &rounds));
        }
    }
    print!("{}", table::markdown(&rows));
}
