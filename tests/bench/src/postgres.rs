//! One and three servers on PostgreSQL, beside one on SQLite: what an operation costs the servers and the database.

use std::fmt::Write as _;
use std::time::Duration;

use lightning_store_e2e::postgres::Cluster;
use lightning_store_e2e::server::{Launch, Server};

use crate::load::{self, Measured};
use crate::scenario::Scenario;
use crate::target::Target;

/// The scenarios of the table: those that write, and a list.
const SCENARIOS: [Scenario; 6] = [
    Scenario::Enqueue,
    Scenario::Dequeue,
    Scenario::Span,
    Scenario::SpanNext,
    Scenario::Lifecycle,
    Scenario::QueryRollouts(1_000),
];

/// So many connections drive each of them.
const CONNECTIONS: usize = 64;

/// The table.
pub(crate) async fn table(time: Duration, rounds: usize) -> String {
    let mut table = String::from(
        "| scenario | servers | op/s | server CPU µs/op | database CPU µs/op | p50 ms | p99 ms | SQLite op/s \
         | SQLite CPU µs/op |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for scenario in SCENARIOS {
        let mut sqlite = Vec::new();
        for _ in 0..rounds {
            sqlite.push(crate::measured(Target::Store, scenario, CONNECTIONS, time).await);
        }
        for servers in [1, 3] {
            let mut measured = Vec::new();
            for round in 1..=rounds {
                eprintln!("{} on PostgreSQL with {servers} servers, round {round}", scenario.name());
                measured.push(once(scenario, servers, time).await);
            }
            let ours = |figure: fn(&Measured) -> f64| median(measured.iter().map(figure));
            let theirs = |figure: fn(&Measured) -> f64| median(sqlite.iter().map(figure));
            let _ = writeln!(
                table,
                "| {} | {servers} | {:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {:.0} | {:.1} |",
                scenario.name(),
                ours(|one| one.rate),
                ours(|one| one.cpu_micros),
                ours(|one| one.database_micros),
                ours(|one| one.p50_millis),
                ours(|one| one.p99_millis),
                theirs(|one| one.rate),
                theirs(|one| one.cpu_micros),
            );
        }
    }
    table
}

async fn once(scenario: Scenario, servers: usize, time: Duration) -> Measured {
    // On the disk, every commit waited for.
    let folder = crate::folder();
    let cluster = Cluster::at(folder.path(), &["shared_buffers=512MB", "max_wal_size=4GB"]);
    let url = cluster.database();
    let start = || Launch::postgres(&url).args(["--log-level", "warn"]).start();
    let servers: Vec<Server> = (0..servers).map(|_| start()).collect();
    let requests = scenario.prepare((Target::Postgres, &servers[0]), CONNECTIONS, time).await;
    let measured = load::run(&servers, Some(cluster.pid()), requests, time).await;
    servers.into_iter().for_each(Server::kill);
    measured
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
